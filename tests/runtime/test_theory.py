"""With zero costs and one global queue the core is the textbook's M/G/c; `analysis.theory` says what it must give.

Error probability: each of the six tests compares the mean of 8 independent runs with theory, and fails beyond the
quantile of Student's t with 7 degrees of freedom that makes its share, FAMILY / 6, of failures by chance; so the
family fails by chance in at most 1 % of draws of the seeds (Bonferroni). Seeds come from the tests' names.
"""

from __future__ import annotations

import functools
import hashlib
import statistics
from typing import Any

import gmplab as gl
from gmplab.analysis.intervals import student_t
from gmplab.analysis.theory import md1, mg1, mmc, partitioned_mm1

FAMILY = 0.01
TESTS = 6
RUNS = 8
LIMIT = student_t(1.0 - FAMILY / TESTS, RUNS - 1)
MS = 1_000_000

ONE_QUEUE = gl.policy_of("go1.0").replace(handoff=gl.NoHandoff())
APART = gl.policy_of("go").replace(
    place=gl.PlaceRandom(), steal=gl.NoStealing(), queues=gl.NoRunnext(capacity=-1), preempt=gl.NoPreemption(),
)


@functools.cache
def waits(name: str, procs: int, arrivals_a_ms: float, service: Any, n: int, policy: Any) -> tuple[list[float], list[float]]:
    """Of each run: the mean wait in ms, and the fraction of jobs that waited."""
    base = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    means, waited = [], []
    for i in range(RUNS):
        source = gl.Source(gl.Program("job").compute(service), gl.Exponential(round(MS / arrivals_a_ms)), n, cls="job")
        run = gl.run(
            gl.Plan(gl.Program("main").wait_arrivals(), sources=(source,)), procs=procs, policy=policy,
            costs=gl.Costs.zero(), record="off", seed=base + i, warmup="500ms",
        )
        counts = run.record.histograms["wait", "job"]
        means.append(run.metrics["wait_mean_ns[job]"] / MS)
        # The histogram's first bucket is the wait of 0 ns, exactly.
        waited.append(1.0 - counts[0] / sum(counts))
    return means, waited


def agree(found: list[float], theory: float) -> None:
    error = statistics.stdev(found) / len(found) ** 0.5
    assert abs(statistics.mean(found) - theory) < LIMIT * error, (statistics.mean(found), theory, error)


def test_mm1_waits_rho_over_one_minus_rho() -> None:
    means, _ = waits("mm1", 1, 0.5, gl.Exponential(MS), 6_000, ONE_QUEUE)
    agree(means, mmc(1, arrival_rate=0.5, service_mean=1.0).mean_wait)


def test_mm8_waits_as_erlang_c_says() -> None:
    means, _ = waits("mm8", 8, 6.4, gl.Exponential(MS), 12_000, ONE_QUEUE)
    agree(means, mmc(8, arrival_rate=6.4, service_mean=1.0).mean_wait)


def test_mm8_lets_as_many_wait_as_erlang_c_says() -> None:
    _, waited = waits("mm8", 8, 6.4, gl.Exponential(MS), 12_000, ONE_QUEUE)
    agree(waited, mmc(8, arrival_rate=6.4, service_mean=1.0).p_wait)


def test_md1_waits_half_as_long_as_mm1() -> None:
    means, _ = waits("md1", 1, 0.5, gl.Constant(MS), 6_000, ONE_QUEUE)
    agree(means, md1(arrival_rate=0.5, service=1.0).mean_wait)


def test_mg1_with_bimodal_service_waits_as_pollaczek_and_khinchine_say() -> None:
    low, high, p_high = 0.5, 5.5, 0.1
    means, _ = waits("mg1", 1, 0.5, gl.Bimodal(round(low * MS), round(high * MS), p_high), 8_000, ONE_QUEUE)
    mean = low * (1 - p_high) + high * p_high
    agree(means, mg1(0.5, mean, low**2 * (1 - p_high) + high**2 * p_high).mean_wait)


def test_eight_separate_queues_are_eight_mm1() -> None:
    means, _ = waits("partitioned", 8, 4.0, gl.Exponential(MS), 16_000, APART)
    agree(means, partitioned_mm1(8, arrival_rate=4.0, service_mean=1.0).mean_wait)
