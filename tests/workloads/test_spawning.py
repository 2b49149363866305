"""Fan-out and the bag of tasks: exact counts, exact sequences, and what an empty one says."""

from __future__ import annotations

import pytest

import gmplab as gl
from tests.programs import free, started


def test_fanout_runs_every_worker_once_last_first_then_in_order() -> None:
    run = free("fanout", n=5, compute="10us")
    assert started(run) == [6, 2, 3, 4, 5]
    assert list(run.goroutines["run_ns"][1:]) == [10_000] * 5
    assert run.record.end_ns == 50_000


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
def test_fanout_on_four_ps_takes_a_quarter_or_a_third_of_the_time(policy: str) -> None:
    # Under "threadpool" main keeps its thread while it waits.
    run = free("fanout", procs=4, policy=policy, n=12, compute="10us")
    assert run.record.end_ns == (40_000 if policy == "threadpool" else 30_000)


def test_bag_opens_the_gate_when_all_tasks_are_there() -> None:
    run = free("bag", n=4, compute="10us")
    # First all come to the gate; then close readies the last comer first, and the first comer takes runnext.
    assert started(run) == [5, 2, 3, 4, 5, 4, 3, 2]
    assert run.record.end_ns == 40_000


def test_bag_is_spread_by_stealing_alone() -> None:
    no_runnext = gl.policy_of("go").replace(queues=gl.NoRunnext())  # what lies there is stolen 3 us late
    run = free("bag", procs=4, policy=no_runnext, n=64, compute="10us")
    assert list(run.goroutines["run_ns"][1:]) == [10_000] * 64
    assert run.record.end_ns == 160_000
    assert run.metrics["stolen"] > 0


def test_bag_needs_threads_for_its_waiters() -> None:
    with pytest.raises(gl.DeadlockError, match=r"\[chan receive\]: task"):
        free("bag", procs=4, policy="threadpool", n=8)
    assert free("bag", procs=9, policy="threadpool", n=8, compute="10us").record.end_ns == 10_000


@pytest.mark.parametrize(("name", "unit"), [("fanout", "worker"), ("bag", "task")])
def test_none_is_refused(name: str, unit: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: n = 0: must be at least 1 {unit}"):
        gl.run(name, n=0)


def test_tasks_draw_the_same_work_whatever_the_policy() -> None:
    work = [
        sorted(free("bag", procs=4, policy=policy, n=50, seed=7).goroutines["run_ns"]) for policy in ("go", "segmented", "tokio")
    ]
    assert work[0] == work[1] == work[2]
    assert work[0] != sorted(free("bag", procs=4, n=50, seed=8).goroutines["run_ns"])
