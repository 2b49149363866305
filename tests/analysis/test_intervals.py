"""Student's t, against printed tables, and intervals of means."""

from __future__ import annotations

import math

import pytest

from gmplab.analysis.intervals import Interval, mean_interval, student_t, student_t_between

# Fisher and Yates, Statistical Tables, table III (also in NIST/SEMATECH e-Handbook 1.3.6.7.2): two-sided 95 % and 99 %.
PRINTED = {
    1: (12.706, 63.657), 2: (4.303, 9.925), 3: (3.182, 5.841), 4: (2.776, 4.604), 5: (2.571, 4.032), 9: (2.262, 3.250),
    10: (2.228, 3.169), 30: (2.042, 2.750), 60: (2.000, 2.660), 120: (1.980, 2.617),
}


@pytest.mark.parametrize("df", PRINTED)
def test_the_quantile_is_that_of_the_printed_tables(df: int) -> None:
    assert (round(student_t(0.95, df), 3), round(student_t(0.99, df), 3)) == PRINTED[df]


def test_with_one_degree_of_freedom_t_is_cauchys() -> None:
    # P(-t < T < t) = 2 / pi atan t.
    for t in (0.1, 1.0, 10.0):
        assert student_t_between(t, 1) == pytest.approx(2 / math.pi * math.atan(t), rel=1e-15)


def test_with_two_degrees_of_freedom_it_is_the_closed_form() -> None:
    # P(-t < T < t) = t / sqrt(2 + t^2).
    for t in (0.1, 1.0, 10.0):
        assert student_t_between(t, 2) == pytest.approx(t / math.sqrt(2 + t * t), rel=1e-15)


def test_with_many_degrees_of_freedom_it_tends_to_the_normal() -> None:
    assert student_t_between(1.0, 100_001) == pytest.approx(math.erf(1 / math.sqrt(2)), abs=1e-5)
    assert student_t_between(1.0, 100_000) == pytest.approx(math.erf(1 / math.sqrt(2)), abs=1e-5)


def test_the_interval_of_a_sample_worked_by_hand() -> None:
    # Mean 5, s = sqrt((9 + 1 + 1 + 9) / 3) = 2.582, t = 3.1824: 5 -+ 3.1824 * 2.582 / 2.
    x = mean_interval([2.0, 4.0, 6.0, 8.0])
    assert (x.n, x.mean) == (4, 5.0)
    assert (x.low, x.high) == pytest.approx((0.8915, 9.1085), abs=1e-4)


def test_values_that_nobody_knows_are_left_out_and_few_values_have_no_bounds() -> None:
    assert mean_interval([1.0, math.nan, 3.0]) == mean_interval([1.0, 3.0])
    one, none = mean_interval([7.0]), mean_interval([math.nan])
    assert (one.n, one.mean, math.isnan(one.low), math.isnan(one.high)) == (1, 7.0, True, True)
    assert none.n == 0 and math.isnan(none.mean)
    assert mean_interval([7.0, 7.0, 7.0]) == Interval(3, 7.0, 7.0, 7.0)


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, 95])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match="must be above 0 and below 1"):
        student_t(confidence, 3)


def test_there_is_at_least_one_degree_of_freedom() -> None:
    with pytest.raises(ValueError, match="df = 0: must be an int of at least 1"):
        student_t(0.95, 0)
