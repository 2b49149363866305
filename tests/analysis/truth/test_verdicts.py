"""What holds and what fails: values against a reference, by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

import gmplab as gl
from gmplab.analysis.truth.entries import AT_MOST, BETWEEN, EXACT, Experiment, Row
from gmplab.analysis.truth.verdicts import FAMILY, judge, limit

SOME = Experiment("some", lambda n: gl.Plan(None), gl.policy_of("go"), lambda run, early: {}, size=100)


def row(expected: float, **kw: Any) -> Row:
    return Row("section", SOME, "statistic", "claim", expected, "source", **kw)


def values(mean: float, spread: float = 1.0) -> list[float]:
    """Eight values around a mean, with standard deviation 1.069 spread and standard error 0.378 spread."""
    return [mean - spread] * 4 + [mean + spread] * 4


def test_the_limit_shares_the_error_probability_among_the_rows() -> None:
    # With 7 degrees of freedom t is beyond 5.408 with probability 0.001.
    assert limit(8, round(FAMILY / 0.001)) == pytest.approx(5.408, abs=1e-3)
    assert limit(8, 200) > limit(8, 100) > limit(32, 100)


@pytest.mark.parametrize(("mean", "holds"), [(10.0, True), (12.0, True), (12.1, False), (7.9, False)])
def test_a_mean_holds_within_so_many_standard_errors(mean: float, holds: bool) -> None:
    # limit(8, 10) = 5.408 times 0.378 is 2.044.
    verdict = judge(row(10.0), values(mean), 100, 10)
    assert verdict.holds is holds
    assert verdict.deviation == pytest.approx((mean - 10.0) / 0.37796, rel=1e-4)
    assert (verdict.low, verdict.high) == pytest.approx((mean - 2.0440, mean + 2.0440), abs=1e-3)


def test_the_error_of_a_reference_that_was_measured_counts_too() -> None:
    assert not judge(row(10.0), values(12.1), 100, 10).holds
    assert judge(row(10.0, reference_error=0.2), values(12.1), 100, 10).holds
    assert not judge(row(10.0, reference_error=0.2), values(12.4), 100, 10).holds


def test_a_tolerance_is_a_share_of_the_reference_beside_the_chance() -> None:
    verdict = judge(row(10.0, tolerance=0.05, why="a limit"), values(12.5), 100, 10)
    assert verdict.holds and verdict.share == pytest.approx(2.5 / (0.5 + 2.0440), rel=1e-4)
    assert not judge(row(10.0, tolerance=0.05, why="a limit"), values(12.6), 100, 10).holds


@pytest.mark.parametrize(("mean", "holds"), [(9.0, False), (11.0, True), (15.0, True), (20.0, True), (23.0, False)])
def test_between_two_references_any_mean_holds(mean: float, holds: bool) -> None:
    assert judge(row(12.0, kind=BETWEEN, most=20.0, why="between"), values(mean, 0.5), 100, 10).holds is holds


def test_an_exact_row_holds_where_every_run_gives_it() -> None:
    assert judge(row(10.0, kind=EXACT), [10.0, 10.0], 100, 10).holds
    wrong = judge(row(10.0, kind=EXACT), [10.0, 10.001], 100, 10)
    assert (wrong.holds, wrong.measured) == (False, 10.001)
    assert math.isnan(wrong.low)


def test_a_bound_holds_where_no_run_exceeds_it() -> None:
    assert judge(row(10.0, kind=AT_MOST), [3.0, 10.0], 100, 10).holds
    assert not judge(row(10.0, kind=AT_MOST), [3.0, 10.1], 100, 10).holds


def test_runs_without_spread_fail_unless_they_hit_the_reference() -> None:
    assert judge(row(10.0), [10.0] * 8, 100, 10).holds
    assert judge(row(10.0), [10.1] * 8, 100, 10).deviation == math.inf
    assert not judge(row(10.0), [10.1] * 8, 100, 10).holds
