"""The formulas of `analysis.theory` against tables, against one another and against brute force.

"Section" is a section of the project's ground-truth page: exact results that were computed independently, and partly
confirmed by simulations that share no code with this one. Its numbers stand here as they stand there, and must agree
to their last digit.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import itertools
import math
import pkgutil
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmplab.analysis import theory

# Section 1.1, M/M/c of mean service 1:
# c, rho, P(wait), E[wait], E[sojourn], wait p50, p90, p99, sojourn p50, p99, p99.9
MMC = [
    (1, 0.8, 0.80000, 4.00000, 5.00000, 2.35002, 10.39721, 21.91013, 3.46574, 23.02585, 34.53878),
    (2, 0.5, 0.33333, 0.33333, 1.33333, 0.00000, 1.20397, 3.50656, 0.97441, 5.66596, 8.22751),
    (2, 0.8, 0.71111, 1.77778, 2.77778, 0.88055, 4.90415, 10.66061, 2.04003, 11.93737, 17.69413),
    (4, 0.5, 0.17391, 0.08696, 1.08696, 0.00000, 0.27669, 1.42799, 0.78341, 4.76425, 7.06797),
    (4, 0.7, 0.42865, 0.35721, 1.35721, 0.00000, 1.21290, 3.13172, 1.02855, 5.49256, 7.90173),
    (4, 0.8, 0.59643, 0.74554, 1.74554, 0.22045, 2.23224, 5.11048, 1.34620, 6.89320, 9.87967),
    (4, 0.9, 0.78775, 1.96938, 2.96938, 1.13644, 5.16004, 10.91650, 2.25450, 12.19317, 17.95001),
    (4, 0.95, 0.89142, 4.45709, 5.45709, 2.89103, 10.93822, 22.45115, 3.98556, 23.56687, 35.07979),
    (8, 0.8, 0.45764, 0.28603, 1.28603, 0.00000, 0.95058, 2.38969, 0.98633, 5.15218, 7.46972),
    (8, 0.9, 0.70153, 0.87692, 1.87692, 0.42332, 2.43512, 5.31335, 1.48936, 7.08735, 10.07826),
    (8, 0.95, 0.84417, 2.11042, 3.11042, 1.30936, 5.33296, 11.08942, 2.41005, 12.36605, 18.12293),
    (16, 0.9, 0.59134, 0.36959, 1.36959, 0.10487, 1.11077, 2.54988, 1.07801, 5.26983, 7.58842),
    (16, 0.95, 0.78019, 0.97524, 1.97524, 0.55617, 2.56796, 5.44619, 1.59617, 7.21661, 10.20935),
    (32, 0.9, 0.45820, 0.14319, 1.14319, 0.00000, 0.47567, 1.19522, 0.85576, 4.79436, 7.09695),
    (32, 0.99, 0.93365, 2.91765, 3.91765, 1.95153, 6.98102, 14.17660, 3.04801, 15.38177, 22.57738),
    (64, 0.95, 0.58801, 0.18375, 1.18375, 0.05067, 0.55362, 1.27318, 0.90050, 4.84204, 7.14463),
]
LAST_DIGIT = 0.51e-5

# Section 1.2, M/D/c of service 1: c, rho, P(wait), E[wait]
MDC = [
    (1, 0.8, 0.80000, 2.00000), (1, 0.9, 0.90000, 4.50000), (2, 0.8, 0.70190, 0.90328), (4, 0.7, 0.40995, 0.18971),
    (4, 0.8, 0.57828, 0.38609), (4, 0.9, 0.77544, 0.99997), (8, 0.8, 0.43380, 0.15195), (8, 0.9, 0.68191, 0.44997),
    (16, 0.9, 0.56534, 0.19247), (16, 0.95, 0.76214, 0.49669),
]

# Section 1.2, M/G/1: E[S^2] of each law of mean 1 from its definition, and E[wait] at rho 0.5, 0.8, 0.9 to five digits.
BIMODAL995_MEAN = 0.995 * 0.5 + 0.005 * 500
MG1 = {
    "exp": (2.0, "1", "4", "9"),
    "det": (1.0, "0.5", "2", "4.5"),
    "erl4": (1 + 1 / 4, "0.625", "2.5", "5.625"),
    "h2_cv4": (1 + 4.0, "2.5", "10", "22.5"),
    "bimodal1": (0.9 * 0.5**2 + 0.1 * 5.5**2, "1.625", "6.5", "14.625"),
    "bimodal2": (0.999 * 0.5**2 + 0.001 * 500.5**2, "125.38", "501.5", "1128.4"),
    "bimodal995": ((0.995 * 0.5**2 + 0.005 * 500**2) / BIMODAL995_MEAN**2, "69.574", "278.3", "626.17"),
}

# Section 1.3: c, rho, E[wait], E[wait^2] under FCFS, SIRO, LCFS, and the standard deviations
SECOND_MOMENTS = [
    (1, 0.5, 1.00000, 4.00000, 5.33333, 8.00000, 1.73205, 2.08167, 2.64575),
    (1, 0.8, 4.00000, 40.00000, 66.66667, 200.00000, 4.89898, 7.11805, 13.56466),
    (4, 0.8, 0.74554, 1.86385, 3.10642, 9.31926, 1.14369, 1.59706, 2.96031),
    (4, 0.9, 1.96938, 9.84692, 17.90348, 98.46916, 2.44304, 3.74500, 9.72577),
    (8, 0.9, 0.87692, 2.19229, 3.98598, 21.92291, 1.19302, 1.79360, 4.59934),
]

# Section 1.8: K, c, S, Z, throughput, time at the servers, utilization, throughput without handoff, ratio of the two
CLOSED = [
    (8, 1, 1, 10, 0.66168, 2.09041, 0.66168, 0.09091, 7.27850),
    (8, 2, 1, 4, 1.46596, 1.45719, 0.73298, 0.40000, 3.66489),
    (16, 4, 1, 4, 3.05384, 1.23930, 0.76346, 0.80000, 3.81730),
    (32, 4, 1, 10, 2.84426, 1.25074, 0.71106, 0.36364, 7.82171),
    (64, 8, 1, 9, 6.29820, 1.16163, 0.78728, 0.80000, 7.87275),
    (100, 4, 1, 50, 1.95799, 1.07289, 0.48950, 0.07843, 24.96432),
    (10, 4, 1, 1, 3.87604, 1.57995, 0.96901, 2.00000, 1.93802),
    (16, 4, 1, 9, 1.59663, 1.02110, 0.39916, 0.40000, 3.99158),
]

# Section 1.8, at most m threads: K, c, S, Z, m, throughput
THREAD_CAP = [
    (16, 4, 1, 4, 4, 0.800000), (16, 4, 1, 4, 5, 0.999920), (16, 4, 1, 4, 6, 1.199568), (16, 4, 1, 4, 8, 1.596683),
    (16, 4, 1, 4, 12, 2.366048), (16, 4, 1, 4, 16, 3.053844), (16, 4, 1, 4, 32, 3.053844), (32, 4, 1, 9, 4, 0.400000),
    (32, 4, 1, 9, 5, 0.499999), (32, 4, 1, 9, 6, 0.599993), (32, 4, 1, 9, 8, 0.799940), (32, 4, 1, 9, 12, 1.199288),
    (32, 4, 1, 9, 16, 1.596630), (32, 4, 1, 9, 32, 3.089233),
]

# Section 1.9, two stages: rates of the stages, capacity, throughput
PIPELINES = [
    (1, 1, 0, 0.666667), (1, 1, 1, 0.750000), (1, 1, 2, 0.800000), (1, 1, 4, 0.857143), (1, 1, 8, 0.909091),
    (1, 1, 16, 0.947368), (1, 2, 0, 0.857143), (1, 2, 1, 0.933333), (1, 2, 4, 0.992126), (2, 1, 0, 0.857143),
    (2, 1, 1, 0.933333), (2, 1, 4, 0.992126),
]

# Section 1.10: n, c, E[makespan], its standard deviation, mean completion
MAKESPANS = [
    (8, 8, 2.71786, 1.23589, 1.00000), (10, 4, 3.58333, 1.34112, 1.52500), (100, 4, 26.08333, 2.72463, 12.64000),
    (100, 8, 14.21786, 1.72189, 6.34750), (1000, 8, 126.71786, 4.12643, 62.56600), (64, 64, 4.74389, 1.27649, 1.00000),
    (1000, 1, 1000.00000, 31.62278, 500.50000), (256, 16, 18.38073, 1.58803, 8.06055),
]


def close(value: float, expected: float) -> Any:
    return value == pytest.approx(expected, rel=1e-12, abs=LAST_DIGIT)


def significant(value: float, expected: str) -> bool:
    """Whether a value prints as a number that was printed with five significant digits."""
    return f"{value:.5g}" == f"{float(expected):.5g}"


def test_every_function_has_an_example_and_it_holds() -> None:
    homes = [importlib.import_module(f"{theory.__name__}.{home.name}") for home in pkgutil.iter_modules(theory.__path__)]
    public = {name for name in theory.__all__ if inspect.isfunction(getattr(theory, name))}
    shown = {test.name.rpartition(".")[2] for home in homes for test in doctest.DocTestFinder().find(home) if test.examples}
    assert public <= shown
    assert [home.__name__ for home in homes if doctest.testmod(home).failed] == []


@pytest.mark.parametrize("row", MMC, ids=lambda row: f"c{row[0]}-rho{row[1]}")
def test_mmc_gives_the_table_of_section_1_1(row: tuple[float, ...]) -> None:
    c, rho, p_wait, wait, sojourn, *quantiles = row
    queue = theory.mmc(int(c), c * rho, 1.0)
    assert close(queue.p_wait, p_wait) and close(queue.mean_wait, wait) and close(queue.mean_sojourn, sojourn)
    found = [queue.wait_quantile(p) for p in (0.5, 0.9, 0.99)] + [queue.sojourn_quantile(p) for p in (0.5, 0.99, 0.999)]
    assert found == pytest.approx(quantiles, abs=LAST_DIGIT)
    assert theory.erlang_c(int(c), c * rho) == queue.p_wait


def test_partitioned_queues_give_the_ratios_of_section_1_1() -> None:
    for c, rho, ratio in ((4, 0.8, 2.8644), (16, 0.9, 7.3014)):
        apart = theory.partitioned_mm1(c, c * rho, 1.0)
        assert apart.mean_sojourn == pytest.approx(1 / (1 - rho))
        assert apart.sojourn_quantile(0.99) == pytest.approx(math.log(100) / (1 - rho))
        # The page cuts 7.30146 off to 7.3014, so a whole unit of its last digit is allowed.
        assert apart.mean_sojourn / theory.mmc(c, c * rho, 1.0).mean_sojourn == pytest.approx(ratio, abs=1e-4)


@pytest.mark.parametrize("row", MDC, ids=lambda row: f"c{row[0]}-rho{row[1]}")
def test_mdc_gives_the_table_of_section_1_2(row: tuple[float, ...]) -> None:
    c, rho, p_wait, wait = row
    queue = theory.mdc(int(c), c * rho, 1.0)
    assert close(queue.p_wait, p_wait) and close(queue.mean_wait, wait)


@pytest.mark.parametrize("law", MG1)
def test_mg1_gives_the_table_of_section_1_2(law: str) -> None:
    second, *waits = MG1[law]
    for rho, wait in zip((0.5, 0.8, 0.9), waits, strict=True):
        queue = theory.mg1(rho, 1.0, second)
        assert significant(queue.mean_wait, wait)
        assert queue.mean_sojourn == pytest.approx(queue.mean_wait + 1.0)


@pytest.mark.parametrize("row", SECOND_MOMENTS, ids=lambda row: f"c{row[0]}-rho{row[1]}")
def test_second_moments_give_the_table_of_section_1_3(row: tuple[float, ...]) -> None:
    c, rho, wait, *rest = row
    mean = theory.mmc(int(c), c * rho, 1.0).mean_wait
    assert close(mean, wait)
    for order, second, deviation in zip(theory.DISCIPLINES, rest[:3], rest[3:], strict=True):
        found = theory.mmc_wait_second_moment(int(c), c * rho, 1.0, order)
        assert close(found, second) and close((found - mean**2) ** 0.5, deviation)


@pytest.mark.parametrize("row", CLOSED, ids=lambda row: f"K{row[0]}-c{row[1]}-Z{row[3]}")
def test_machine_repair_gives_the_table_of_section_1_8(row: tuple[float, ...]) -> None:
    jobs, servers, s, z, throughput, response, busy, held, ratio = row
    network = theory.machine_repair(int(jobs), int(servers), s, z)
    without = theory.held_throughput(int(jobs), int(servers), s, z)
    assert list(network) == pytest.approx([throughput, response, busy], abs=LAST_DIGIT)
    assert close(without, held) and close(network.throughput / without, ratio)


@pytest.mark.parametrize("row", THREAD_CAP, ids=lambda row: f"K{row[0]}-m{row[4]}")
def test_a_thread_cap_gives_the_table_of_section_1_8(row: tuple[float, ...]) -> None:
    jobs, servers, s, z, threads, throughput = row
    found = theory.machine_repair(min(int(jobs), int(threads)), int(servers), s, z).throughput
    assert found == pytest.approx(throughput, abs=0.51e-6)


@pytest.mark.parametrize("row", PIPELINES, ids=lambda row: f"{row[0]}-{row[1]}-b{row[2]}")
def test_pipelines_give_the_table_of_section_1_9(row: tuple[float, ...]) -> None:
    first, second, capacity, throughput = row
    assert theory.pipeline_throughput(int(capacity), 1 / first, 1 / second) == pytest.approx(throughput, abs=0.51e-6)


@pytest.mark.parametrize("row", MAKESPANS, ids=lambda row: f"n{row[0]}-c{row[1]}")
def test_makespans_give_the_table_of_section_1_10(row: tuple[float, ...]) -> None:
    n, c, mean, deviation, completion = row
    found = theory.makespan_exponential(int(n), int(c))
    assert close(found.mean, mean) and close(found.variance**0.5, deviation)
    assert close(found.mean_completion, completion)


def test_greedy_bounds_hold_for_grahams_anomalies_of_section_1_6() -> None:
    # Times 3,2,2,2,4,4,4,4,9; T1 before T9, T4 before T5..T8. Makespans by list scheduling as the section gives them.
    times, span = (3, 2, 2, 2, 4, 4, 4, 4, 9), 3 + 9
    for servers, makespan in ((3, 12), (4, 15)):
        bounds = theory.greedy_makespan_bounds(sum(times), span, servers)
        assert bounds.lower <= makespan <= bounds.upper
    shorter = [t - 1 for t in times]
    bounds = theory.greedy_makespan_bounds(sum(shorter), span - 2, 3)
    assert bounds.lower <= 13 <= bounds.upper


def test_the_greedy_upper_bound_is_reached_by_the_tight_list_of_section_1_6() -> None:
    # m (m - 1) unit jobs, then one of length m: FIFO takes 2 m - 1.
    for m in (2, 3, 4, 7):
        assert theory.greedy_makespan_bounds(m * (m - 1) + m, m, m).upper == pytest.approx(2 * m - 1)


# --- against brute force and against one another --------------------------------------------------------------------

LOADS = st.floats(0.01, 0.97)
SERVERS = st.integers(1, 40)
SCALES = st.floats(1e-6, 1e9)


@given(SERVERS, st.floats(0.0, 100.0))
def test_erlang_b_is_the_truncated_poisson_law(c: int, a: float) -> None:
    terms = [1.0]
    for k in range(1, c + 1):
        terms.append(terms[-1] * a / k)
    assert theory.erlang_b(c, a) == pytest.approx(terms[-1] / math.fsum(terms), rel=1e-9, abs=1e-300)


def test_erlang_b_of_many_servers_neither_overflows_nor_fails() -> None:
    assert 0.0 < theory.erlang_b(20_000, 20_000.0) < 0.01
    assert theory.erlang_b(20_000, 1.0) == 0.0


@given(SERVERS, LOADS)
def test_mmc_is_the_birth_death_chain(c: int, rho: float) -> None:
    weights, n = [1.0], 0
    while weights[-1] > 1e-18 * max(weights) or n < c:
        n += 1
        weights.append(weights[-1] * c * rho / min(n, c))
    total = math.fsum(weights)
    queue = theory.mmc(c, c * rho, 1.0)
    assert queue.p_wait == pytest.approx(math.fsum(weights[c:]) / total, rel=1e-8, abs=1e-15)
    waiting = math.fsum((n - c) * w for n, w in enumerate(weights) if n > c) / total
    assert queue.mean_queue == pytest.approx(waiting, rel=1e-8, abs=1e-15)


@given(st.integers(1, 12), st.floats(0.05, 0.9))
def test_mdc_is_the_chain_from_one_service_to_the_next(c: int, rho: float) -> None:
    """Iterate X' = max(X - c, 0) + Poisson(a) on a truncated state space until it stands."""
    a = c * rho
    size = c + 40 + int(20 / (1 - rho))
    arrivals = [math.exp(-a + k * math.log(a) - math.lgamma(k + 1)) for k in range(size)]
    # Column x: where one goes from x.
    moves = np.zeros((size, size))
    for x in range(size):
        start = max(x - c, 0)
        moves[start:, x] = arrivals[: size - start]
    for _ in range(14):
        moves = moves @ moves
    # Any column will do: after 2**14 services nothing tells where one started.
    state = moves[:, 0] / moves[:, 0].sum()
    queue = theory.mdc(c, a, 1.0)
    assert queue.p_wait == pytest.approx(float(state[c:].sum()), abs=1e-8)
    waiting = float((np.arange(size - c) * state[c:]).sum())
    assert queue.mean_wait * a == pytest.approx(waiting, abs=1e-7)


@given(LOADS)
def test_one_server_is_the_same_by_every_formula(rho: float) -> None:
    single = theory.mm1(rho, 1.0)
    assert single.mean_wait == pytest.approx(rho / (1 - rho))
    assert theory.mg1(rho, 1.0, 2.0).mean_wait == pytest.approx(single.mean_wait)
    assert theory.mmc(1, rho, 1.0) == single
    assert theory.md1(rho, 1.0).mean_wait == pytest.approx(single.mean_wait / 2)
    assert list(theory.mdc(1, rho, 1.0)) == pytest.approx(list(theory.md1(rho, 1.0)), abs=1e-12)


@given(SERVERS, LOADS, SCALES)
def test_the_unit_of_time_is_free(c: int, rho: float, unit: float) -> None:
    one, scaled = theory.mmc(c, c * rho, 1.0), theory.mmc(c, c * rho / unit, unit)
    assert scaled.p_wait == pytest.approx(one.p_wait, rel=1e-9)
    assert scaled.mean_wait == pytest.approx(one.mean_wait * unit, rel=1e-9)
    assert scaled.sojourn_quantile(0.9) == pytest.approx(one.sojourn_quantile(0.9) * unit, rel=1e-9)
    for order in theory.DISCIPLINES:
        second = theory.mmc_wait_second_moment(c, c * rho / unit, unit, order)
        assert second == pytest.approx(theory.mmc_wait_second_moment(c, c * rho, 1.0, order) * unit**2, rel=1e-9)
    assert theory.machine_repair(c, 3, unit, 4 * unit).throughput * unit == pytest.approx(
        theory.machine_repair(c, 3, 1, 4).throughput, rel=1e-9
    )
    assert theory.makespan_exponential(c, 3, unit).variance == pytest.approx(
        theory.makespan_exponential(c, 3).variance * unit**2, rel=1e-9
    )


@given(SERVERS, LOADS, st.floats(0.0, 0.999999))
def test_a_quantile_is_where_the_tail_is(c: int, rho: float, p: float) -> None:
    queue = theory.mmc(c, c * rho, 1.0)
    assert queue.sojourn_tail(queue.sojourn_quantile(p)) == pytest.approx(1 - p, rel=1e-8)
    wait = queue.wait_quantile(p)
    assert queue.wait_tail(wait) == pytest.approx(1 - p, rel=1e-8) if wait > 0 else queue.p_wait <= 1 - p + 1e-12


def test_the_sojourn_tail_is_smooth_where_two_rates_meet() -> None:
    # c (1 - rho) = 1: the general form divides by 0 there, and just beside it by almost 0.
    beside = [theory.mmc(2, 1.0 + e, 1.0).sojourn_tail(3.0) for e in (-1e-2, -1e-6, -1e-12, 0.0, 1e-12, 1e-6, 1e-2)]
    assert beside == sorted(beside)
    assert beside[2] == pytest.approx(beside[3], rel=1e-10) and beside[4] == pytest.approx(beside[3], rel=1e-10)


@given(st.integers(0, 60), st.floats(0.01, 100.0), st.floats(0.01, 100.0))
def test_a_pipeline_is_reversible_and_no_faster_than_its_slow_stage(b: int, first: float, second: float) -> None:
    found = theory.pipeline_throughput(b, first, second)
    assert found == theory.pipeline_throughput(b, second, first)
    assert 1 / (first + second) <= found * (1 + 1e-12) and found <= (1 + 1e-12) / max(first, second)
    assert theory.pipeline_throughput(b + 1, first, second) >= found * (1 - 1e-12)


@given(st.integers(1, 300), st.integers(1, 40), st.floats(0.01, 100.0))
def test_machine_repair_lies_between_its_asymptotes(jobs: int, servers: int, think: float) -> None:
    network = theory.machine_repair(jobs, servers, 1.0, think)
    slack = 1 + 1e-9
    assert theory.held_throughput(jobs, servers, 1.0, think) <= network.throughput * slack
    assert network.throughput <= min(servers, jobs / (1.0 + think)) * slack
    # The response-time law.
    assert jobs / network.throughput - think == pytest.approx(network.mean_response, rel=1e-6)


def test_machine_repair_of_many_jobs_stays_finite() -> None:
    assert theory.machine_repair(100_000, 8, 1e-6, 1e6).utilization < 1.3e-8
    assert theory.machine_repair(100_000, 8, 1.0, 1e-3).throughput == pytest.approx(8.0)


@given(st.integers(1, 60), st.integers(1, 20))
def test_a_makespan_is_the_sum_of_its_stages(n: int, c: int) -> None:
    stages = [1 / min(left, c) for left in range(n, 0, -1)]
    found = theory.makespan_exponential(n, c)
    assert found.mean == pytest.approx(sum(stages)) and found.variance == pytest.approx(sum(s * s for s in stages))
    assert found.mean_completion == pytest.approx(sum(itertools.accumulate(stages)) / n)


@given(SERVERS, LOADS)
def test_means_are_the_same_and_variances_ordered_by_discipline(c: int, rho: float) -> None:
    fcfs, siro, lcfs = (theory.mmc_wait_second_moment(c, c * rho, 1.0, order) for order in theory.DISCIPLINES)
    assert theory.mmc(c, c * rho, 1.0).mean_wait ** 2 <= fcfs <= siro <= lcfs


# --- what is refused ------------------------------------------------------------------------------------------------

NAN = math.nan
ENDLESS = "must be below 1, or the queue grows without end"
# What is called with which arguments, and what follows "name: " in the message.
REFUSED: list[tuple[Any, tuple[Any, ...], str]] = [
    (theory.erlang_b, (0, 1.0), "servers = 0: must be a whole number of at least 1"),
    (theory.erlang_b, (2.5, 1.0), "servers = 2.5: must be a whole number of at least 1"),
    (theory.erlang_b, (True, 1.0), "servers = True: must be a whole number of at least 1"),
    (theory.erlang_b, ("8", 1.0), "servers = '8': must be a whole number of at least 1"),
    (theory.erlang_b, (NAN, 1.0), "servers = nan: must be a whole number of at least 1"),
    (theory.erlang_b, (math.inf, 1.0), "servers = inf: must be a whole number of at least 1"),
    (theory.erlang_b, (2, -0.5), "offered_load = -0.5: must be a finite number at least 0"),
    (theory.erlang_c, (2, 2), "offered_load = 2: must be below servers = 2, or the queue grows without end"),
    (theory.mmc, (4, 5.0, 1.0), f"arrival_rate * service_mean / servers = 1.25: {ENDLESS}"),
    (theory.mmc, (4, 0.0, 1.0), "arrival_rate = 0.0: must be a finite number above 0"),
    (theory.mmc, (4, 1.0, NAN), "service_mean = nan: must be a finite number above 0"),
    (theory.mmc, (4, 1.0, "1ms"), "service_mean = '1ms': must be a finite number above 0"),
    (theory.mmc, (4, 1.0, None), "service_mean = None: must be a finite number above 0"),
    (theory.mmc, (4, math.inf, 1.0), "arrival_rate = inf: must be a finite number above 0"),
    (theory.mm1, (1.0, 1.0), f"arrival_rate * service_mean = 1: {ENDLESS}"),
    (theory.partitioned_mm1, (2, 3.0, 1.0), f"arrival_rate * service_mean / servers = 1.5: {ENDLESS}"),
    (theory.mm1(0.5, 1.0).wait_quantile, (1.0,), "p = 1.0: must be a probability from 0 to below 1"),
    (theory.mm1(0.5, 1.0).sojourn_quantile, (-0.1,), "p = -0.1: must be a probability from 0 to below 1"),
    (theory.mm1(0.5, 1.0).wait_tail, (-1,), "t = -1: must be a finite number at least 0"),
    (theory.mm1(0.5, 1.0).sojourn_tail, (NAN,), "t = nan: must be a finite number at least 0"),
    (theory.mmc_wait_second_moment, (1, 0.5, 1.0, "fifo"), "discipline = 'fifo': must be one of fcfs, siro, lcfs"),
    (theory.mg1, (0.5, 1.0, 0.9), "service_second_moment = 0.9: must be at least service_mean**2 = 1"),
    (theory.md1, (0.5, 2.0), f"arrival_rate * service = 1: {ENDLESS}"),
    (theory.mdc, (3, 0.5, -2.0), "service = -2.0: must be a finite number above 0"),
    (theory.mdc, (3, 2.0, 2.0), f"arrival_rate * service / servers = 1.33333: {ENDLESS}"),
    (theory.makespan_exponential, (0, 4), "jobs = 0: must be a whole number of at least 1"),
    (theory.greedy_makespan_bounds, (10.0, 11.0, 2), "span = 11.0: must be at most work = 10.0"),
    (theory.pipeline_throughput, (-1,), "capacity = -1: must be a whole number of at least 0"),
    (theory.machine_repair, (8, 2, 1.0, 0), "think_mean = 0: must be a finite number above 0"),
    (theory.held_throughput, (8, 0, 1.0, 1.0), "servers = 0: must be a whole number of at least 1"),
]


@pytest.mark.parametrize(("function", "arguments", "message"), REFUSED)
def test_a_bad_value_is_named_with_its_bound(function: Any, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    assert str(caught.value) == f"{function.__name__}: {message}"
