"""Open and closed queues: the same arrivals and services under every policy, and what theory says."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from tests.programs import free


def jobs(**kw: Any) -> Any:
    """The jobs' arrivals and services, in the order of their coming."""
    frame = gl.run("open_loop", n=200, gap="exp(10us)", record="schedule", **kw).goroutines
    return frame.loc[frame["name"] == "job", ["created_ns", "run_ns"]].sort_values("created_ns").to_numpy().tolist()


def test_two_policies_see_the_same_arrivals_and_services() -> None:
    for service in ("exp(30us)", "bimodal(10us,1ms,0.02)", "lognormal(20us,1.0)", "pareto(10us,1.5)"):
        costs = gl.Costs.zero()
        seen = [jobs(service=service, costs=costs, policy=policy) for policy in ("go", "segmented", "threadpool", "go1.1")]
        assert len(seen[0]) == 200
        assert seen[0] == seen[1] == seen[2] == seen[3]
    assert jobs(service="exp(30us)", costs=gl.Costs.zero(), seed=2) != jobs(service="exp(30us)", costs=gl.Costs.zero())


def test_arrivals_do_not_depend_on_the_service_nor_services_on_the_gaps() -> None:
    costs = gl.Costs.zero()
    assert [a for a, _ in jobs(service="1us", costs=costs)] == [a for a, _ in jobs(service="exp(99us)", costs=costs)]


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
def test_an_open_loop_of_constants_is_exact(policy: str) -> None:
    run = free("open_loop", procs=3, policy=policy, n=10, gap="10us", service=gl.Empirical([5_000]))
    assert list(run.goroutines["created_ns"][1:]) == [10_000 * i for i in range(1, 11)]
    assert run.record.end_ns == 105_000


@pytest.mark.parametrize("policy", ["threadpool", "segmented"])
def test_a_closed_loop_whose_calls_keep_the_p_has_the_throughput_of_its_threads(policy: str) -> None:
    procs = 5 if policy == "threadpool" else 4  # main holds a thread there
    run = free("closed", procs=procs, policy=policy, n=8, cycles=10, compute="100us", think="400us")
    assert run.record.end_ns == 8 * 10 * 500_000 // 4
    assert run.metrics["syscalls"] == 80


def test_a_closed_loop_of_handed_off_ps_is_bound_by_the_cpu() -> None:
    at_once = gl.policy_of("go").replace(handoff=gl.HandoffAtOnce())
    run = free("closed", procs=1, policy=at_once, n=8, cycles=10, compute="100us", think="400us")
    # 8 x 100 us of computing a cycle cover the 400 us of the call: the one P never idles until the last calls.
    assert run.record.end_ns == 8 * 10 * 100_000 + 400_000


def test_a_closed_loop_in_netpoll_holds_no_thread() -> None:
    run = free("closed", procs=1, n=8, cycles=10, compute="100us", think="400us", io=True)
    assert run.record.end_ns == 8 * 10 * 100_000 + 400_000
    assert run.metrics["syscalls"] == 0


@pytest.mark.parametrize(
    ("name", "parameter", "unit"), [("open_loop", "n", "job"), ("closed", "n", "goroutine"), ("closed", "cycles", "cycle")]
)
def test_too_few_are_refused(name: str, parameter: str, unit: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: {parameter} = 0: must be at least 1 {unit}$"):
        gl.run(name, **{parameter: 0})
