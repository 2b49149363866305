"""64 tasks that block in real calls: what a pool of threads, segments, and G, M and P make of them. Counts, no seconds."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import gmplab as gl
from tests.programs import rows
from tests.threads.watched import live, tasks

TASKS = 64
THREADS = 4


class Meeting:
    """Counts who is in it, and lets all go on when `needed` are: a call that blocks until others block too."""

    def __init__(self, needed: int) -> None:
        self.needed = needed
        self.inside = 0
        self.most = 0
        self.done = 0
        self.changed = threading.Condition()

    def attend(self) -> None:
        """Block until enough others have come, or too few are left to come."""
        with self.changed:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most >= self.needed)
            self.inside -= 1
            self.done += 1


def blocked(meeting: Meeting, afterwards: Any = None) -> Any:
    """Main starts 64 tasks, each of which attends the meeting, and waits for them."""

    def task(wg: gl.WaitGroup) -> Any:
        yield gl.syscall("20ms", call=meeting.attend)
        yield gl.done(wg)

    def main() -> Any:
        wg = gl.WaitGroup(TASKS)
        for _ in range(TASKS):
            yield gl.go(task, wg)
        yield gl.wait(wg)
        return (yield from afterwards()) if afterwards is not None else None

    return main


def in_syscalls(run: gl.Run) -> int:
    """The most goroutines that were in a syscall at once, by the record."""
    n = most = 0
    for kind in run.events["kind"]:
        n += 1 if kind == "GoSyscall" else -1 if kind == "GoSysExit" else 0
        most = max(most, n)
    return most


def test_a_pool_of_threads_blocks_as_many_as_it_has_and_the_others_wait() -> None:
    # Main keeps a thread of the pool: it is a task that waits.
    meeting = Meeting(THREADS - 1)
    run = live(blocked(meeting), policy="threadpool", procs=THREADS)
    assert (meeting.most, meeting.done, in_syscalls(run)) == (THREADS - 1, TASKS, THREADS - 1)
    assert run.metrics["threads_created"] == THREADS
    assert run.metrics["handoffs"] == 0


def test_a_pool_of_threads_never_blocks_more_than_it_has() -> None:
    # Here main does not wait in the pool: it is done when the last task is.
    meeting = Meeting(THREADS)

    def task() -> Any:
        yield gl.syscall("20ms", call=meeting.attend)

    def main() -> Any:
        for _ in range(TASKS):
            yield gl.go(task)

    run = live(main, policy="threadpool", procs=THREADS, drain=True)
    assert (meeting.most, meeting.done, in_syscalls(run)) == (THREADS, TASKS, THREADS)
    assert run.metrics["threads_created"] == THREADS


def test_segments_overlap_what_waits_but_a_blocking_call_holds_its_thread() -> None:
    meeting = Meeting(THREADS)
    run = live(blocked(meeting), policy="segmented", procs=THREADS)
    assert (meeting.most, meeting.done, in_syscalls(run)) == (THREADS, TASKS, THREADS)
    assert run.metrics["threads_created"] == THREADS


def waiting_tasks() -> Any:
    """64 tasks sleep on timers and wait on a channel: main sees all of them wait at once, and lets them go."""
    here, gate, wg = gl.Chan(TASKS), gl.Chan(), gl.WaitGroup(TASKS)

    def task() -> Any:
        yield gl.sleep(ms=1)
        yield gl.send(here)
        yield gl.recv(gate)
        yield gl.done(wg)

    for _ in range(TASKS):
        yield gl.go(task)
    for _ in range(TASKS):
        yield gl.recv(here)
    yield gl.close(gate)
    yield gl.wait(wg)


def test_waiting_on_channels_and_timers_overlaps_fully_in_segments() -> None:
    run = live(waiting_tasks, policy="segmented", procs=THREADS)
    assert run.complete
    assert run.metrics["threads_created"] == THREADS


def test_a_pool_whose_threads_all_wait_for_queued_tasks_is_stuck() -> None:
    with pytest.raises(gl.DeadlockError, match="chan receive"):
        live(waiting_tasks, policy="threadpool", procs=THREADS)


def test_under_go_all_overlap_on_new_ms_whose_ps_were_taken() -> None:
    meeting = Meeting(TASKS)
    run = live(blocked(meeting), policy="go", procs=THREADS)
    assert (meeting.most, meeting.done, in_syscalls(run)) == (TASKS, TASKS, TASKS)
    # An M for each that is blocked, main's or sysmon's not among them.
    assert run.metrics["threads_created"] >= TASKS + 1
    # All but the last few, which no goroutine was waiting behind, lost their P.
    assert run.metrics["syscalls_lost_p"] >= TASKS - THREADS
    assert len(rows(run, "PRetake")) + len(rows(run, "PHandoff")) >= TASKS - THREADS


def settled(least: int) -> Any:
    """Wait until this process has at most `least` threads. A goroutine: it sleeps."""
    while len(tasks()) > least:
        yield gl.sleep(ms=5)
    return len(tasks())


def test_afterwards_the_ms_are_parked() -> None:
    run = live(blocked(Meeting(TASKS)), policy="go", procs=THREADS)
    assert run.metrics["threads_exited"] == 0
    # Who comes back from a call and finds no P goes to sleep in that step; at most the Ps' Ms, sysmon and the M in epoll
    # are somewhere else.
    assert len(run.at(row=len(run.events) - 1).midle) >= run.metrics["threads_created"] - THREADS - 2


def test_under_retire_after_they_are_gone_from_the_process() -> None:
    meeting = Meeting(TASKS)
    before = len(tasks())
    policy = gl.policy_of("go").replace(machines=gl.RetireAfter(idle_ns=10_000_000))

    def gone() -> Any:
        return (yield from settled(before + THREADS + 4))

    run = live(blocked(meeting, gone), policy=policy, procs=THREADS)
    assert run.metrics["threads_exited"] >= TASKS - THREADS - 4
    assert run.result <= before + THREADS + 4
