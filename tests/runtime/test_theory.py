"""With zero costs and one global queue the core is the textbook's M/G/c.

Error probability: each test compares the mean of 8 independent runs with theory, and fails beyond 4.8 standard errors
of a t distribution with 7 degrees of freedom (two-sided probability 0.002); five tests, so the family fails by chance
in at most 1 % of draws. Seeds come from the tests' names.
"""

from __future__ import annotations

import hashlib
import statistics
from typing import Any

import gmplab as gl

SERVICE_NS = 1_000_000


def waits(name: str, procs: int, rho: float, service: Any, n: int, policy: Any = None) -> list[float]:
    """Mean waits in units of the mean service, one a run."""
    base = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    one_queue = gl.policy_of("go1.0").replace(handoff=gl.NoHandoff())
    found = []
    for i in range(8):
        job = gl.Program("job").compute(service)
        gap = gl.Exponential(round(SERVICE_NS / (procs * rho)))
        run = gl.run(
            gl.Plan(gl.Program("main").wait_arrivals(), sources=(gl.Source(job, gap, n),)), procs=procs,
            policy=policy or one_queue, costs=gl.Costs.zero(), record="off", seed=base + i, warmup="500ms",
        )
        found.append(run.metrics["wait_mean_ns"] / SERVICE_NS)
    return found


def agree(found: list[float], theory: float) -> None:
    error = statistics.stdev(found) / len(found) ** 0.5
    assert abs(statistics.mean(found) - theory) < 4.8 * error, (statistics.mean(found), theory, error)


def test_mm1_waits_rho_over_one_minus_rho() -> None:
    agree(waits("mm1", 1, 0.5, gl.Exponential(SERVICE_NS), 6_000), 1.0)


def test_mm8_waits_as_erlang_c_says() -> None:
    agree(waits("mm8", 8, 0.8, gl.Exponential(SERVICE_NS), 12_000), 0.28603)


def test_md1_waits_half_as_long_as_mm1() -> None:
    agree(waits("md1", 1, 0.5, gl.Constant(SERVICE_NS), 6_000), 0.5)


def test_mg1_with_bimodal_service_waits_as_pollaczek_and_khinchine_say() -> None:
    # 0.9 at 0.5 and 0.1 at 5.5 of the mean: E[S^2] = 3.25, so Wq = rho * 3.25 / (2 (1 - rho)).
    agree(waits("mg1", 1, 0.5, gl.Bimodal(500_000, 5_500_000, 0.1), 8_000), 1.625)


def test_eight_separate_queues_are_eight_mm1() -> None:
    apart = gl.policy_of("go").replace(
        place=gl.PlaceRandom(), steal=gl.NoStealing(), queues=gl.NoRunnext(capacity=-1), preempt=gl.NoPreemption(),
    )
    agree(waits("partitioned", 8, 0.5, gl.Exponential(SERVICE_NS), 16_000, apart), 1.0)
