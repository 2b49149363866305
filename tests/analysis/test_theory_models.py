"""Mean fields, chains and orders by size of `analysis.theory` against tables that were computed or simulated elsewhere.

"Section" is a section of the project's ground-truth page, as in `test_theory_formulas`.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from gmplab.analysis import theory

# Section 1.4: load, best of 2, 3, 5
D_CHOICES = [(0.5, 1.26569, 1.12524, 1.03125), (0.8, 1.94736, 1.58089, 1.32892), (0.95, 3.38305, 2.53513, 1.98877)]

# Section 1.5, N without bound: the model, E[T] at load 0.5, 0.7, 0.8, 0.9, 0.95
STEALING: list[tuple[dict[str, Any], tuple[float, ...]]] = [
    ({}, (1.6180, 2.1073, 2.5616, 3.5414, 4.8875)),
    ({"threshold": 3}, (1.7429, 2.3501, 2.9239, 4.1996, 6.0092)),
    ({"threshold": 6}, (1.9400, 2.8402, 3.6591, 5.4469, 8.0379)),
    ({"victims": 2}, (1.4330, 1.6726, 1.8638, 2.2204, 2.6398)),
    ({"amount": "half"}, (1.5875, 1.9754, 2.2834, 2.8356, 3.4458)),
    ({"amount": "half", "victims": 2}, (1.4149, 1.6166, 1.7644, 2.0148, 2.2759)),
    ({"amount": "all but one"}, (1.6180, 2.1073, 2.5616, 3.5414, 4.8875)),
    ({"retry_rate": 1.0}, (1.3660, 1.6902, 2.0000, 2.6794, 3.6225)),
    ({"retry_rate": 10.0}, (1.0839, 1.1798, 1.2833, 1.5335, 1.9062)),
    ({"on_empty": False, "retry_rate": 1.0}, (1.5000, 2.1667, 3.0000, 5.5000)),
    ({"on_empty": False, "retry_rate": 10.0}, (1.0909, 1.2121, 1.3636, 1.8182, 2.7273)),
    ({"on_empty": False, "retry_rate": 1.0, "amount": "half"}, (1.4768, 2.0250, 2.6095, 3.9997)),
    ({"retry_rate": 1.0, "amount": "half"}, (1.3526, 1.6300, 1.8661, 2.3108, 2.8185)),
]

# Section 1.5, finite N, simulated: the model, N, load, E[T] and its 95 % interval
FINITE: list[tuple[dict[str, Any], int, float, float, float]] = [
    ({}, 16, 0.5, 1.6129, 0.0014), ({}, 16, 0.8, 2.5702, 0.0027), ({}, 32, 0.9, 3.5862, 0.0080), ({}, 128, 0.95, 4.9390, 0.0289),
    ({"amount": "half"}, 32, 0.8, 2.2960, 0.0020), ({"amount": "half"}, 128, 0.9, 2.8543, 0.0052),
    ({"on_empty": False, "retry_rate": 1.0}, 16, 0.8, 3.0584, 0.0101),
    ({"on_empty": False, "retry_rate": 1.0, "amount": "half"}, 32, 0.8, 2.6442, 0.0042),
    ({"on_empty": False, "retry_rate": 10.0}, 128, 0.8, 1.3798, 0.0044),
]

# Section 1.3: load, SJF, PSJF, SRPT
BY_SIZE = [
    (0.5, 1.71269, 1.53138, 1.42537), (0.7, 2.31220, 2.08387, 1.87457), (0.8, 2.88222, 2.65890, 2.35277), (0.9, 4.19691, 4.05177, 3.55213),
    (0.95, 6.26396, 6.26476, 5.54101),
]

# Section 1.2, M/PH/c: the law, c, load, E[wait]
E2 = (((1.0, 0.5), (1.0, 0.5)), True)
P1 = (1.0 + math.sqrt(0.6)) / 2.0
H2 = (((P1, 0.5 / P1), (1.0 - P1, 0.5 / (1.0 - P1))), False)
MPHC = [
    (E2, 2, 0.5, 0.25564), (E2, 2, 0.8, 1.34239), (E2, 4, 0.8, 0.56765), (E2, 8, 0.5, 0.01203), (H2, 2, 0.5, 0.73789),
    (H2, 4, 0.5, 0.16691), (H2, 4, 0.8, 1.71762), (H2, 8, 0.5, 0.02390),
]

# Section 1.7, one server: load, setup rate, off rate (0: at once), E[T], mean on, mean in setup
SETUP = [
    (0.5, 10, 0, 2.10000, 0.5000, 0.0238), (0.5, 1, 0, 3.00000, 0.5000, 0.1667), (0.5, 1, 1, 2.75000, 0.6250, 0.1250),
    (0.5, 1, 0.1, 2.23077, 0.8846, 0.0385), (0.9, 0.1, 1, 19.17431, 0.9083, 0.0826), (0.9, 0.1, 0.1, 15.26316, 0.9474, 0.0474),
]

# Section 1.9: means of the stages, capacity, throughput
TANDEM = [
    ((1, 1), 0, 0.666667), ((1, 1), 16, 0.947368), ((1, 1, 1), 0, 0.564103), ((1, 1, 1), 4, 0.807486), ((1, 1, 1, 1), 0, 0.514775),
    ((1, 1, 1, 1), 2, 0.700713), ((1, 1, 1, 1, 1), 1, 0.607583), ((1, 0.5), 1, 0.933333), ((0.5, 1), 1, 0.933333),
    ((1, 2, 1), 0, 0.394009), ((1, 2, 1), 1, 0.448061), ((1, 2, 1), 4, 0.493069),
]


@pytest.mark.parametrize(("load", "two", "three", "five"), D_CHOICES)
def test_d_choices_gives_the_table_of_section_1_4(load: float, two: float, three: float, five: float) -> None:
    for d, expected in ((2, two), (3, three), (5, five)):
        assert theory.d_choices(load, d).limit == pytest.approx(expected, abs=0.51e-5)


def test_the_refinement_of_two_choices_is_that_of_its_authors() -> None:
    # Gast and Van Houdt 2017: mean queue length 1.2150 at load 0.7 with 10 servers; 1.1301 without bound.
    assert theory.d_choices(0.7, 2, 10).at_n * 0.7 == pytest.approx(1.2150, abs=0.51e-4)
    assert theory.d_choices(0.7, 2).limit * 0.7 == pytest.approx(1.1301, abs=0.51e-4)


@pytest.mark.parametrize(("model", "expected"), STEALING, ids=lambda x: str(x) if isinstance(x, dict) else "")
def test_stealing_gives_the_table_of_section_1_5(model: dict[str, Any], expected: tuple[float, ...]) -> None:
    for load, mean in zip((0.5, 0.7, 0.8, 0.9, 0.95), expected, strict=False):
        assert theory.stealing(load, **model).limit == pytest.approx(mean, abs=0.51e-4)


@pytest.mark.parametrize(("model", "n", "load", "mean", "interval"), FINITE)
def test_the_correction_for_n_is_within_the_simulations_of_section_1_5(
    model: dict[str, Any], n: int, load: float, mean: float, interval: float
) -> None:
    # Beside the intervals: what the correction leaves, of the order of 1 / N^2.
    assert theory.stealing(load, servers=n, **model).at_n == pytest.approx(mean, abs=1.5 * interval + 0.5 / n**2)


@pytest.mark.parametrize(("load", "sjf", "psjf", "srpt"), BY_SIZE)
def test_orders_by_size_give_the_table_of_section_1_3(load: float, sjf: float, psjf: float, srpt: float) -> None:
    assert theory.sjf_mean_sojourn(load) == pytest.approx(sjf, abs=0.51e-5)
    assert theory.psjf_mean_sojourn(load) == pytest.approx(psjf, abs=0.51e-5)
    assert theory.srpt_mean_sojourn(load) == pytest.approx(srpt, abs=0.51e-5)


@pytest.mark.parametrize(("law", "c", "load", "wait"), MPHC)
def test_phases_give_the_table_of_section_1_2(law: tuple[Any, bool], c: int, load: float, wait: float) -> None:
    levels = {2: 300, 4: 250, 8: 80}[c]
    assert theory.mphc_mean_wait(c, c * load, law[0], law[1], levels) == pytest.approx(wait, abs=0.51e-5)


@pytest.mark.parametrize(("load", "alpha", "beta", "sojourn", "on", "starting"), SETUP)
def test_setup_gives_the_table_of_section_1_7(load: float, alpha: float, beta: float, sojourn: float, on: float, starting: float) -> None:
    found = theory.setup_mm1(load, 1.0, 1.0 / alpha, beta)
    assert found.mean_sojourn == pytest.approx(sojourn, abs=0.51e-5)
    assert (found.mean_on, found.mean_starting) == pytest.approx((on, starting), abs=0.51e-4)


def test_with_one_server_no_start_could_be_called_off() -> None:
    assert theory.setup_mmc(1, 0.5, 10.0, 120) == pytest.approx(theory.setup_mm1(0.5, 1.0, 10.0), rel=1e-6)


def test_the_start_of_a_constant_length_adds_at_most_itself() -> None:
    without = theory.mg1(0.5, 1.0, 2.0).mean_wait
    assert theory.setup_mg1_mean_wait(0.5, 1.0, 2.0, 0.0) == without
    assert without < theory.setup_mg1_mean_wait(0.5, 1.0, 2.0, 0.3) < without + 0.3


@pytest.mark.parametrize(("means", "capacity", "throughput"), TANDEM)
def test_a_tandem_gives_the_table_of_section_1_9(means: tuple[float, ...], capacity: int, throughput: float) -> None:
    assert theory.tandem_throughput(means, capacity) == pytest.approx(throughput, abs=0.51e-6)


@pytest.mark.parametrize(
    ("load", "xi", "d", "sojourn"),
    [(0.5, 0.01, 1, 2.05041), (0.5, 0.05, 1, 2.26065), (0.7, 0.05, 1, 4.05211), (0.5, 0.01, 10, 3.45455), (0.8, 0.02, 2, 6.41941)],
)
def test_interruptions_give_the_table_of_section_1_11(load: float, xi: float, d: float, sojourn: float) -> None:
    assert theory.interrupted_mm1_mean_sojourn(load, 1.0, xi, d) == pytest.approx(sojourn, abs=0.51e-5)


@pytest.mark.parametrize(("load", "sojourn"), [(0.5, 2.875), (0.8, 7.0), (0.9, 13.875)])
def test_fork_and_join_gives_the_numbers_of_section_1_10(load: float, sojourn: float) -> None:
    assert theory.fork_join_mean_sojourn(load) == pytest.approx(sojourn)


def test_the_bound_on_thefts_gives_the_numbers_of_section_1_6() -> None:
    assert (theory.most_steals(2, 10, 4), theory.most_steals(2, 16, 4)) == (385, 2516)
    # With one processor nobody steals, but the formula counts the tree's own (k - 1) h.
    assert theory.most_steals(3, 5, 1) == 10


@pytest.mark.parametrize(
    ("function", "args", "told"),
    [
        (theory.d_choices, (1.0, 2), "d_choices: arrival_rate * 1 = 1: must be below 1"),
        (theory.d_choices, (0.5, 1), "d_choices: d = 1: must be a whole number of at least 2"),
        (theory.sjf_mean_sojourn, (0.0,), "sjf_mean_sojourn: load = 0.0: must be a finite number above 0"),
        (theory.tandem_throughput, ([1.0], 0), r"tandem_throughput: service_means = \[1.0\]: must be at least 2 stages"),
        (theory.setup_mm1, (1.0, 1.0, 1.0), "setup_mm1: arrival_rate \\* service_mean = 1: must be below 1"),
        (theory.stationary, (0, lambda n: [(n + 1, 1.0)]), "stationary: more than 3000 states can be reached: cut the chain sooner"),
    ],
)
def test_what_has_no_answer_is_refused(function: Any, args: tuple[Any, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("arrival_rate * 1", r"arrival_rate \* 1")):
        function(*args)


def test_an_amount_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="stealing: amount = 'two': must be 'one', 'half' or 'all but one'"):
        theory.stealing(0.5, amount="two")
