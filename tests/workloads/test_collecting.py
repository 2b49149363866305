"""Jobs beside a collector: what a pause holds up, and what it leaves alone."""

from __future__ import annotations

import pytest

import gmplab as gl
from tests.programs import free


def test_a_stopped_world_holds_up_the_jobs_that_come_meanwhile() -> None:
    run = free("gc_pauses", policy="go1.2", n=9, gap="10us", service="5us", every="32us", mark="20us")
    jobs = run.goroutines[run.goroutines["name"] == "job"]
    # The collector's timer is due at 32 us, amid the third job: the world stands from 35 to 55, and then from 87 to 107.
    assert list(jobs["first_run_ns"]) == [
        10_000, 20_000, 30_000, 55_000, 60_000, 65_000, 70_000, 80_000, 107_000,
    ]
    assert run.metrics["gc_cycles"] == 2
    assert run.record.end_ns == 112_000


def test_beside_a_running_program_a_quarter_of_the_ps_marks() -> None:
    run = free("gc_pauses", procs=4, n=20, gap="10us", service="5us", every="30us", mark="20us")
    jobs = run.goroutines[run.goroutines["name"] == "job"]
    assert list(jobs["first_run_ns"]) == [10_000 * i for i in range(1, 21)]  # three Ps are more than enough for the jobs
    assert run.metrics["gc_cycles"] >= 3


def test_a_worker_of_the_collector_takes_over_no_class_from_a_dead_job() -> None:
    run = free("gc_pauses", procs=4, n=20, gap="10us", service="5us", every="30us", mark="20us")
    jobs = run.goroutines.loc[run.goroutines["name"] == "job", "g"]
    of_jobs = int(run.schedule["g"].isin(jobs).sum())
    counted = {cls: run.record.sums[("wait", cls)][0] for cls in ("job", "")}
    assert counted == {"job": of_jobs, "": len(run.schedule) - of_jobs}


def test_jobs_are_the_same_whatever_the_collector_does() -> None:
    seen = []
    for policy, every in (("go", "1ms"), ("go1.2", "1ms"), ("segmented", "exp(200us)")):
        run = free("gc_pauses", procs=3, policy=policy, n=100, every=every, mark="50us")
        jobs = run.goroutines[run.goroutines["name"] == "job"].sort_values("created_ns")
        seen.append(jobs[["created_ns", "run_ns"]].to_numpy().tolist())
    assert seen[0] == seen[1] == seen[2]


def test_none_is_refused() -> None:
    with pytest.raises(ValueError, match="gc_pauses: n = 0: must be at least 1 job$"):
        gl.run("gc_pauses", n=0)
