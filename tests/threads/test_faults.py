"""However a run on threads ends: in bounded time, with its record, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gmplab as gl
from gmplab.errors import PolicyError
from gmplab.traces.run import Run
from tests.threads.watched import descriptors, left_over, live, tasks, watched

ROOT = Path(__file__).resolve().parents[2]


def ended(main: Any, error: type[BaseException], stopped_by: str, **kw: Any) -> Run:
    """A run that fails: nothing of it is left, its record is valid, and another run works."""
    before = tasks(), descriptors()
    with watched(), pytest.raises(error) as raised:
        gl.run(main, on="threads", **kw)
    assert left_over(*before) == ([], [])
    run = raised.value.run  # type: ignore[attr-defined]
    assert isinstance(run, Run)
    assert (run.complete, run.stopped_by) == (False, stopped_by)
    run.validate()
    assert live(quick).result == 10
    return run


def quick() -> Any:
    c = gl.Chan()

    def sends(i: int) -> Any:
        yield gl.send(c, i)

    for i in range(5):
        yield gl.go(sends, i)
    total = 0
    for _ in range(5):
        total += yield gl.recv(c)
    return total


def waits_for_ever() -> Any:
    yield gl.recv(gl.Chan())


def test_a_body_that_raises_on_another_thread_ends_the_run() -> None:
    def worker() -> Any:
        yield gl.syscall(call=time.sleep, args=(0.001,))
        raise KeyError("no such thing")

    def main() -> Any:
        yield gl.lock_os_thread()
        yield gl.go(worker)
        yield gl.sleep("3600s")

    with pytest.raises(gl.GoPanic, match=r"goroutine 2 \[worker\]: KeyError: 'no such thing'") as raised:
        live(main)
    assert isinstance(raised.value.__cause__, KeyError)
    ended(main, gl.GoPanic, "panic")


def test_a_wrong_verb_ends_the_run() -> None:
    def main() -> Any:
        c = gl.Chan()
        yield gl.close(c)
        yield gl.send(c, 1)

    ended(main, gl.GoPanic, "panic")


def test_a_policy_that_raises_ends_the_run() -> None:
    class Broken(gl.PlaceLocal):
        def place(self, state: object, view: gl.View, why: int, g: int, p: int) -> int:
            raise RuntimeError("no idea")

    def main() -> Any:
        yield gl.go(waits_for_ever)
        yield gl.sleep("3600s")

    ended(main, PolicyError, "policy", policy=gl.policy_of("go").replace(place=Broken()))


def test_when_all_are_asleep_it_is_a_deadlock() -> None:
    run = ended(waits_for_ever, gl.DeadlockError, "deadlock")
    assert run.goroutines["exited_ns"].isna().all()


def kill_main() -> None:
    """What Ctrl-C does."""
    os.kill(os.getpid(), signal.SIGINT)


def in_a_loop() -> Any:
    while True:
        pass
    yield gl.gosched()


def in_a_call() -> Any:
    yield gl.syscall(call=time.sleep, args=(3600,))


def in_a_lock() -> Any:
    yield gl.syscall(call=threading.Event().wait)


def in_a_compute() -> Any:
    yield gl.compute("3600s")


def in_a_sleep() -> Any:
    yield gl.sleep("3600s")


EVERYWHERE = [waits_for_ever, in_a_loop, in_a_call, in_a_lock, in_a_compute, in_a_sleep]


@pytest.mark.parametrize("where", EVERYWHERE)
def test_ctrl_c_reaches_m0_wherever_it_is(where: Callable[[], Any]) -> None:
    def killer() -> Any:
        # Once main is where it is to be: Python loses a signal that comes between its last look for one and a call that
        # blocks, and nobody presses again here.
        yield gl.sleep(ms=30)
        yield gl.syscall(call=kill_main)
        yield gl.sleep("3600s")

    def main() -> Any:
        yield gl.lock_os_thread()
        yield gl.go(killer)
        yield from where()

    ended(main, KeyboardInterrupt, "interrupt")


@pytest.mark.parametrize("where", EVERYWHERE)
def test_until_calls_m0_back_wherever_it_is(where: Callable[[], Any]) -> None:
    def main() -> Any:
        yield gl.lock_os_thread()
        yield gl.go(in_a_sleep)  # or it would be a deadlock before
        yield from where()

    run = live(main, until="30ms")
    assert (run.complete, run.stopped_by, run.abandoned) == (False, "until", ())
    assert run.record.end_ns >= 30_000_000
    assert live(quick).result == 10


@pytest.mark.parametrize("where", [waits_for_ever, in_a_loop, in_a_compute, in_a_sleep])
def test_until_ends_a_run_whose_m0_is_not_the_main_thread(where: Callable[[], Any]) -> None:
    def main() -> Any:
        yield gl.lock_os_thread()
        yield gl.go(in_a_sleep)
        yield from where()

    runs: list[Run] = []
    thread = threading.Thread(target=lambda: runs.append(live(main, until="30ms")))
    thread.start()
    thread.join()
    assert [(run.stopped_by, run.abandoned) for run in runs] == [("until", ())]


def test_a_bound_on_steps_ends_a_run() -> None:
    def main() -> Any:
        while True:
            yield gl.gosched()

    run = live(main, max_events=500)
    assert (run.complete, run.stopped_by, run.record.counters["steps"]) == (False, "max_events", 500)


def test_a_bound_on_rows_ends_a_run() -> None:
    def main() -> Any:
        while True:
            yield gl.gosched()

    run = live(main, max_rows=500)
    assert (run.complete, run.stopped_by) == (False, "max_rows")
    assert 500 <= run.record.counters["n_schedules"] + len(run.events) < 520


def test_a_call_that_never_returns_is_left_behind_and_named() -> None:
    release, inside = threading.Event(), threading.Event()

    def never() -> None:
        inside.set()
        release.wait()

    def stuck() -> Any:
        yield gl.syscall(call=never)
        raise AssertionError("a run that is over goes on")

    def main() -> Any:
        yield gl.lock_os_thread()
        yield gl.go(stuck)
        yield gl.syscall(call=inside.wait)
        return "done"

    before = tasks(), descriptors()
    with watched():
        run = gl.run(main, on="threads")
    assert (run.complete, run.result) == (True, "done")
    run.validate()
    (who,) = run.abandoned
    assert "goroutine 2 [stuck] is in a syscall (" in who and "never), at threading.py:" in who
    thread = int(who.partition("thread ")[2].partition(")")[0])
    assert thread in run.machines["tid"].dropna().tolist()
    assert left_over(before[0] + [str(thread)], before[1]) == ([], [])
    assert live(quick).result == 10
    release.set()
    assert left_over(*before) == ([], [])


REFUSED = """
    import resource, threading
    import gmplab as gl

    def attend(meeting, wg):
        yield gl.syscall(call=meeting.wait)
        yield gl.done(wg)

    def crowd(n):
        def main():
            meeting, wg = threading.Barrier(n), gl.WaitGroup(n)
            for _ in range(n):
                yield gl.go(attend, meeting, wg)
            yield gl.wait(wg)
        return main

    gl.run(crowd(2), on="threads")
    threading.stack_size(64 << 20)
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (640 << 20), resource.RLIM_INFINITY))
    try:
        gl.run(crowd(64), on="threads")
    except gl.ThreadLimitError as e:
        run = e.run
    assert not run.complete and run.stopped_by == "threads", run
    run.validate()
    assert "clone_retry" in set(run.events["reason"].dropna())
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert gl.run(crowd(2), on="threads").complete
    print(len(run.abandoned))
"""


def test_where_the_system_refuses_threads_the_run_ends_and_the_next_works() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(REFUSED)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    # Those that hold the barrier's call wait for who never comes: they are named.
    assert int(done.stdout) > 0
