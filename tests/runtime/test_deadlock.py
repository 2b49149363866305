"""When nobody can go on any more: asleep goroutines, or threads that are all taken."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.traces.run import Run


def lockers(n: int, wait: Any) -> Any:
    """n goroutines that lock their thread and wait three times; main waits for them."""

    def main() -> Any:
        wg = gl.WaitGroup(n)

        def locked() -> Any:
            yield gl.lock_os_thread()
            for _ in range(3):
                yield gl.compute(us=5)
                yield wait()
            yield gl.done(wg)

        for _ in range(n):
            yield gl.go(locked)
        yield gl.wait(wg)

    return main


def ended(policy: str, procs: int, n: int, wait: Any) -> tuple[str, Run]:
    try:
        return "", gl.run(lockers(n, wait), policy=policy, procs=procs, until="20s")
    except gl.DeadlockError as e:
        return str(e), e.run


def test_a_pool_whose_threads_are_all_locked_is_a_deadlock_that_says_so() -> None:
    text, run = ended("segmented", 1, 2, gl.gosched)
    assert text.splitlines()[0] == (
        "all threads are asleep - deadlock! 2 goroutines are runnable and 0 Ps have a timer, but each thread waits with the "
        "goroutine that has locked or keeps it, and FixedThreads makes no more"
    )
    run.validate()


def test_a_timer_that_no_thread_is_left_to_fire_is_no_hope() -> None:
    text, _ = ended("dotnet", 1, 1, lambda: gl.sleep(us=20))
    assert "0 goroutines are runnable and 1 Ps have a timer" in text


@pytest.mark.parametrize("policy", ["dotnet", "segmented", "threadpool", "tokio", "go1.0", "go"])
@pytest.mark.parametrize("wait", [gl.gosched, lambda: gl.io(us=20), lambda: gl.sleep(us=20), lambda: gl.syscall(us=50)])
def test_locked_goroutines_never_end_in_the_policys_fault(policy: str, wait: Any) -> None:
    for procs, n in ((1, 1), (1, 4), (2, 2), (2, 4)):
        text, run = ended(policy, procs, n, wait)
        assert run.complete or "deadlock!" in text
        run.validate()


def test_a_control_policy_may_start_the_thread_that_a_starving_pool_lacks() -> None:
    # .NET's gate thread looks every 500 ms.
    text, run = ended("dotnet", 1, 2, gl.gosched)
    assert (text, run.complete) == ("", True)
    assert run.metrics["threads_created[control]"] >= 1
    assert run.record.end_ns > 500_000_000


def test_a_pool_replaces_the_thread_that_a_locked_goroutine_takes_along() -> None:
    text, run = ended("dotnet", 1, 1, lambda: gl.syscall(us=50))
    assert (text, run.complete) == ("", True)
    assert run.record.end_ns < 1_000_000


def test_who_waits_for_ever_is_asleep_and_no_thread_is_to_blame() -> None:
    def main() -> Any:
        yield gl.lock_os_thread()
        yield gl.recv(gl.Chan())

    for policy in ("go", "segmented"):
        with pytest.raises(gl.DeadlockError, match="all goroutines are asleep - deadlock!"):
            gl.run(main, policy=policy, procs=1)
