"""What holds for all workloads: they end, the same way each time; a set up plan runs again; the costs change no answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gmplab as gl
from gmplab.workloads import WORKLOADS

SMALL: dict[str, dict[str, Any]] = {
    "fanout": {"n": 20}, "bag": {"n": 6}, "fork_join": {"rounds": 3, "width": 4}, "fib_tree": {"n": 6},
    "divisible": {"work": "200us"}, "quicksort": {"n": 60, "grain": 4}, "dag": {"n": 20, "layers": 4},
    "pingpong": {"rounds": 5, "pairs": 2}, "pipeline": {"n": 5}, "channel_tandem": {"n": 5, "stages": 3},
    "prime_sieve": {"n": 5}, "mutex_contention": {"n": 4, "rounds": 5}, "gosched_thrash": {"n": 4, "rounds": 5},
    "locked_thread": {"n": 3, "rounds": 4}, "syscall_storm": {"n": 5, "calls": 3},
    "mixed_io": {"cpu": 1, "net": 3, "files": 2, "rounds": 3}, "timers": {"n": 4, "ticks": 3}, "open_loop": {"n": 20},
    "closed": {"n": 4, "cycles": 3}, "wordcount": {"files": Path(__file__).parent, "block_bytes": 4_000},
    "gc_pauses": {"n": 30, "every": "200us", "mark": "50us"},
}
STUCK_IN_A_POOL = {"fib_tree"}
"""Whose every goroutine waits for others of its own making: however many threads a pool has, a larger n needs more."""


def test_every_workload_has_a_small_size_here() -> None:
    assert sorted(SMALL) == sorted(WORKLOADS)


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
@pytest.mark.parametrize("name", sorted(SMALL))
def test_it_ends_and_the_same_way_each_time(name: str, policy: str) -> None:
    if policy == "threadpool" and name in STUCK_IN_A_POOL:
        with pytest.raises(gl.DeadlockError):
            gl.run(name, procs=8, policy=policy, **SMALL[name])
        return
    runs = [gl.run(name, procs=8, policy=policy, seed=seed, **SMALL[name]) for seed in (1, 1, 2)]
    assert all(run.complete for run in runs)
    assert runs[0].digest == runs[1].digest
    assert runs[0].result == runs[1].result
    assert runs[0].record.header == runs[1].record.header
    runs[2].validate()


@pytest.mark.parametrize("name", sorted(SMALL))
def test_its_answer_depends_on_no_policy_and_no_price(name: str) -> None:
    answers = [
        gl.run(name, procs=procs, policy=policy, costs=costs, record="off", **SMALL[name]).result
        for procs, policy, costs in (
            (1, "go", gl.Costs.zero()), (4, "cilk", gl.Costs.linux_vm()), (8, "segmented", gl.Costs.linux_vm()),
        )
    ]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("name", sorted(SMALL))
def test_its_plan_runs_again_and_after_a_run_that_was_cut(name: str) -> None:
    plan = WORKLOADS[name](**SMALL[name])
    first = gl.run(plan)
    gl.run(plan, until=first.record.end_ns // 2)
    assert gl.run(plan).digest == first.digest
