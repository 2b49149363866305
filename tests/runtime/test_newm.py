"""Who makes threads: newm itself, the template thread for Ms locked to a G, and again where the kernel refuses."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import gmplab as gl
from gmplab.traces.run import Run
from tests.programs import free, rows
from tests.runtime.test_cpus import each

MS = 1_000_000


def locked(n: int) -> Any:
    """n goroutines that lock their thread and sleep."""

    def main() -> Any:
        wg = gl.WaitGroup(n)

        def worker() -> Any:
            yield gl.lock_os_thread()
            yield gl.sleep(us=20)
            yield gl.done(wg)

        for _ in range(n):
            yield gl.go(worker)
        yield gl.wait(wg)

    return main


def threads(run: Run) -> list[str]:
    """What is told of threads, in order: who makes, wakes and parks whom, and why."""
    told = {
        "MCreate": "{by} makes m{m} ({why})", "MStart": "m{m} begins", "MPark": "m{m} sleeps ({why})", "MWake": "{by} wakes m{m} ({why})",
    }
    events = run.events[run.events["kind"].isin(list(told))]
    return [
        told[kind].format(m=m, by="nobody" if by < 0 else f"m{by}", why=why)
        for kind, m, by, why in zip(events["kind"], events["m"], events["aux"].fillna(-1), events["reason"], strict=True)
    ]


def test_the_first_lock_starts_the_template_thread_and_a_locked_m_has_its_threads_made_by_it() -> None:
    # Go: proc.go: LockOSThread, startTemplateThread, newm, templateThread, stoplockedm, handoffp.
    run = free(locked(1), procs=1)
    run.validate()
    assert threads(run)[3:11] == [
        "m0 makes m2 (template_thread)", "m2 begins", "m2 sleeps (template_thread)",
        # m0's G sleeps: m0 gives its P to an M whose thread m2 makes.
        "m0 makes m3 (handoffp)", "m0 wakes m2 (template_thread)", "m0 sleeps (stoplockedm)", "m3 begins",
        "m2 sleeps (template_thread)",
    ]


def test_there_is_one_template_thread_and_it_counts_as_the_runtimes_own() -> None:
    class Counting(gl.KeepThreads):  # type: ignore[misc, name-defined]
        def may_create(self, state: Any, view: Any) -> Any:
            seen.append(view.nmsys())
            return True

    seen: list[int] = []
    run = gl.run(locked(3), procs=4, policy=gl.policy_of("go").replace(machines=Counting()))
    assert run.metrics["threads_created[template_thread]"] == 1
    assert set(seen) == {1, 2}


@pytest.mark.parametrize("policy", ["go1.5", "go1.2", "go1.0"])
def test_before_go_1_10_a_locked_m_made_its_threads_itself(policy: str) -> None:
    run = gl.run(locked(2), procs=2, policy=policy)
    assert "template_thread" not in set(run.machines["why"])


def test_a_deadlock_is_found_although_the_template_thread_sleeps() -> None:
    def main() -> Any:
        yield gl.lock_os_thread()
        yield gl.recv(gl.Chan())

    with pytest.raises(gl.DeadlockError, match="all goroutines are asleep - deadlock!"):
        gl.run(main)


def test_a_thread_that_the_kernel_refuses_is_asked_for_again_ever_more_rarely() -> None:
    # Go: retry.go: retryOnEAGAIN: after 1 ms, then 2, then 3.
    run = free(each(3, lambda: gl.compute(ms=3)), procs=3, kernel_threads=2)
    run.validate()
    refused = rows(run, "MPark")[rows(run, "MPark")["reason"] == "clone_retry"]
    assert [(int(t), int(m), int(until)) for t, m, until in zip(refused["t_ns"], refused["m"], refused["arg"], strict=True)] == [
        (0, 2, 1 * MS), (1 * MS, 2, 3 * MS), (3 * MS, 2, 6 * MS), (6 * MS, 2, 10 * MS),
    ]
    assert (run.record.end_ns, run.metrics["threads_created"]) == (9 * MS, 3)


def test_a_thread_that_ends_lets_the_next_try_succeed() -> None:
    def main() -> Any:
        def locked() -> Any:
            yield gl.lock_os_thread()
            yield gl.compute(us=500)

        def worker() -> Any:
            yield gl.compute(ms=5)

        yield gl.go(locked)
        yield gl.compute(us=100)
        yield gl.go(worker)
        yield gl.compute(ms=5)

    # m2's G is locked to it, and takes it along after 0.503 ms (the thief had waited 3 us): then there is a thread for m5.
    run = free(main, procs=3, kernel_threads=5)
    run.validate()
    assert [told for told in threads(run) if "m5" in told] == [
        "m2 makes m5 (handoffp)", "m5 sleeps (clone_retry)", "nobody wakes m5 (nan)", "m5 begins", "m5 sleeps (idle)",
    ]
    assert [int(t) for t in rows(run, "MStart")["t_ns"]][-1] == 1_503_000


def test_after_twenty_refusals_the_program_ends() -> None:
    # 1 + 2 + ... + 20 ms.
    with pytest.raises(gl.ThreadLimitError, match=r"failed to create new OS thread \(have 3 already; errno=11\) for m2, 20 times") as e:
        free(each(2, lambda: gl.compute(ms=300)), procs=2, kernel_threads=2)
    assert (e.value.run.record.end_ns, e.value.run.stopped_by) == (210 * MS, "threads")
    e.value.run.validate()


@pytest.mark.parametrize("n", [1, 0, -1, True, 2.0])
def test_the_kernel_grants_at_least_two_threads(n: Any) -> None:
    with pytest.raises(ValueError, match="must be an int of at least 2 threads"):
        gl.run(locked(1), kernel_threads=n)


def test_m0s_thread_never_ends_and_is_not_counted_as_ended() -> None:
    # Go: proc.go: mexit: m0 sleeps for ever, and counts in nmfreed alone. Its goroutine, main, ends locked; the other one goes on.
    def other() -> Any:
        yield gl.sleep(us=50)
        yield gl.compute(us=5)

    def main() -> Any:
        yield gl.lock_os_thread()
        yield gl.go(other)

    run = free(main, drain=True)
    run.validate()
    m0 = run.machines.loc[0]
    assert (run.metrics["threads_exited"], m0["exited_ns"] is pd.NA, len(rows(run, "MExit"))) == (0, True, 0)
    assert rows(run, "MPark").query("m == 0")["reason"].iloc[-1] == "locked_exit"
    # A window counts the same rows.
    assert run.window(0, run.record.end_ns + 1).metrics["threads_exited"] == 0
