"""Mutex, RWMutex, WaitGroup, Cond and Semaphore keep their promises, and say what was misused in Go's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gmplab as gl
from gmplab.policies import PRESETS
from tests.programs import free, rows


@pytest.mark.parametrize(
    ("misuse", "text"),
    [
        (lambda: [gl.release(gl.Mutex())], "fatal error: sync: unlock of unlocked mutex"),
        (lambda: [gl.release(gl.RWMutex())], "fatal error: sync: Unlock of unlocked RWMutex"),
        (lambda: [gl.read_unlock(gl.RWMutex())], "fatal error: sync: RUnlock of unlocked RWMutex"),
        (lambda: [gl.done(gl.WaitGroup())], "sync: negative WaitGroup counter"),
        (lambda: [gl.wait(gl.Cond(gl.Mutex()))], "fatal error: sync: unlock of unlocked mutex"),
        (lambda: [gl.release(gl.Semaphore(2))], "semaphore: released more than held"),
        (lambda: (do(x) for x in [gl.Semaphore(1)] for do in (gl.acquire, gl.release, gl.release)), "semaphore: released more than held"),
    ],
)
def test_a_misuse_is_told_in_gos_words(misuse: Any, text: str) -> None:
    # Go: internal/sync/mutex.go: unlockSlow; sync/rwmutex.go: Unlock, rUnlockSlow; sync/waitgroup.go: Add; x/sync/semaphore: Release.
    def main() -> Any:
        yield from misuse()

    with pytest.raises(gl.GoPanic) as failure:
        free(main)
    assert str(failure.value).startswith(f"goroutine 1 [main]: {text} (")


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: gl.WaitGroup(-1), ValueError, "WaitGroup: n = -1: must be an int of at least 0 goroutines"),
        (lambda: gl.WaitGroup("1"), TypeError, "WaitGroup: n = '1': must be an int"),
        (lambda: gl.Semaphore(0), ValueError, "Semaphore: n = 0: must be an int of at least 1 permits"),
        (lambda: gl.Semaphore(2.0), TypeError, "Semaphore: n = 2.0: must be an int"),
        (lambda: gl.Chan(-1), ValueError, "Chan: cap = -1: must be an int of at least 0 values"),
        (lambda: gl.Chan(True), TypeError, "Chan: cap = True: must be an int"),
        (lambda: gl.Chan(1 << 70), ValueError, "Chan: cap = 1180591620717411303424: must be"),
        (lambda: gl.Cond(gl.RWMutex()), TypeError, "Cond: mutex = rwmutex#0: must be a Mutex"),
    ],
)
def test_what_they_are_made_with_is_told_with_its_bound(make: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        make()


def test_a_waitgroup_that_is_used_again_before_its_waiter_went_on_is_told() -> None:
    # Go: sync/waitgroup.go: Wait.
    wg = gl.WaitGroup(1)

    def waiter() -> Any:
        yield gl.wait(wg)

    def main() -> Any:
        yield gl.go(waiter)
        yield gl.sleep(us=1)
        yield gl.done(wg)
        yield gl.add(wg)
        yield gl.sleep(us=1)

    with pytest.raises(gl.GoPanic, match="goroutine 2 .waiter.: sync: WaitGroup is reused before previous Wait has returned"):
        free(main)


def test_who_waits_for_a_new_round_before_the_waiters_of_the_old_one_went_on_takes_one_of_their_counts_and_is_told() -> None:
    # Go: sync/waitgroup.go: Wait; sema.go: semacquire1: cansemacquire comes before the queue.
    wg = gl.WaitGroup(1)

    def waiter() -> Any:
        yield gl.wait(wg)

    def main() -> Any:
        yield gl.go(waiter)
        yield gl.sleep(us=1)
        yield gl.done(wg)
        yield gl.add(wg)
        yield gl.wait(wg)

    with pytest.raises(gl.GoPanic, match="goroutine 1 .main.: sync: WaitGroup is reused before previous Wait has returned"):
        free(main)


def starved(body_of_hog: Any, mu: gl.Mutex, locked: bool = False) -> Any:
    """Main waits for mu, which a hog takes again and again, until mu is in starvation mode; then body_of_hog goes on."""

    def hog() -> Any:
        if locked:
            yield gl.lock_os_thread()
        yield gl.acquire(mu)
        for _ in range(4):
            yield gl.compute(us=600)
            yield gl.release(mu)
            yield gl.acquire(mu)
            yield gl.gosched()
        yield from body_of_hog()

    return hog


def test_a_signal_between_the_unlock_and_the_wait_of_a_cond_is_not_lost() -> None:
    # Go: sync/cond.go: Wait takes its ticket first; sema.go: notifyListWait. The unlock of a starving Mutex yields, so
    # main, which gets it, signals while the hog does not wait yet.
    mu = gl.Mutex()
    cond = gl.Cond(mu)
    order: list[str] = []

    def waits() -> Any:
        yield gl.wait(cond)
        order.append("signalled")
        yield gl.release(mu)

    def main() -> Any:
        yield gl.go(starved(waits, mu))
        yield gl.sleep(us=1)
        yield gl.acquire(mu)
        order.append("main has it")
        yield gl.signal(cond)
        yield gl.release(mu)

    run = free(main, drain=True)
    assert (run.complete, order) == (True, ["main has it", "signalled"])
    assert "goyield" in set(rows(run, "GoStop")["reason"])
    assert "sync.Cond.Wait" not in set(rows(run, "GoPark")["reason"])


def test_an_unlocker_that_is_locked_to_its_thread_hands_over_too() -> None:
    # Go: sema.go: semrelease1: goyield unless m.locks; a G that is locked to its M yields like any other.
    mu = gl.Mutex()

    def releases() -> Any:
        yield gl.release(mu)

    def main() -> Any:
        yield gl.go(starved(releases, mu, locked=True))
        yield gl.sleep(us=1)
        yield gl.acquire(mu)
        yield gl.release(mu)

    run = free(main, drain=True)
    assert run.complete
    assert [int(g) for g, why in zip(rows(run, "GoStop")["g"], rows(run, "GoStop")["reason"], strict=True) if why == "goyield"] == [2]


class Holders:
    """Who holds what, and whether that may be."""

    def __init__(self, permits: int) -> None:
        self.lock, self.writers, self.readers, self.permits, self.most = 0, 0, 0, 0, permits
        self.ever_shared = False

    def check(self) -> None:
        assert self.lock <= 1 and self.writers <= 1 and not (self.writers and self.readers) and self.permits <= self.most
        self.ever_shared = self.ever_shared or self.readers > 1


ACTS = st.sampled_from(["mutex", "write", "read", "read", "permit"])
WAYS = st.sampled_from(["compute", "sleep", "gosched", "syscall"])


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    lists=st.lists(st.lists(st.tuples(ACTS, WAYS), max_size=5), min_size=1, max_size=8),
    policy=st.sampled_from([name for name in PRESETS if name not in ("threadpool", "segmented")]),
    procs=st.sampled_from([1, 2, 4]), permits=st.integers(1, 3), costs=st.sampled_from([gl.Costs.zero(), gl.Costs.linux_vm()]),
)
def test_nobody_holds_what_another_holds(lists: Any, policy: str, procs: int, permits: int, costs: Any) -> None:
    mu, rw, sem, wg, held = gl.Mutex(), gl.RWMutex(), gl.Semaphore(permits), gl.WaitGroup(len(lists)), Holders(permits)
    takes = {
        "mutex": (lambda: gl.acquire(mu), lambda: gl.release(mu), "lock"),
        "write": (lambda: gl.acquire(rw), lambda: gl.release(rw), "writers"),
        "read": (lambda: gl.read_lock(rw), lambda: gl.read_unlock(rw), "readers"),
        "permit": (lambda: gl.acquire(sem), lambda: gl.release(sem), "permits"),
    }
    spends = {
        "compute": lambda: gl.compute(gl.Uniform(0, 9_000)), "sleep": lambda: gl.sleep(us=3), "gosched": gl.gosched,
        "syscall": lambda: gl.syscall(gl.Uniform(0, 60_000)),
    }

    def worker(acts: Any) -> Any:
        for act, way in acts:
            take, give, count = takes[act]
            yield take()
            setattr(held, count, getattr(held, count) + 1)
            held.check()
            yield spends[way]()
            setattr(held, count, getattr(held, count) - 1)
            yield give()
        yield gl.done(wg)

    def main() -> Any:
        for acts in lists:
            yield gl.go(worker, acts)
        yield gl.wait(wg)

    run = gl.run(main, procs=procs, policy=policy, costs=costs)
    assert (run.complete, held.lock, held.writers, held.readers, held.permits) == (True, 0, 0, 0, 0)


def test_readers_share_a_lock_and_a_writer_that_waits_keeps_new_ones_out() -> None:
    # Go: sync/rwmutex.go: RLock, Lock.
    rw, held = gl.RWMutex(), Holders(0)
    order: list[str] = []

    def reader(name: str) -> Any:
        yield gl.read_lock(rw)
        held.readers += 1
        held.check()
        order.append(name)
        yield gl.sleep(us=10)
        held.readers -= 1
        yield gl.read_unlock(rw)

    def writer() -> Any:
        yield gl.acquire(rw)
        order.append("writer")
        yield gl.release(rw)

    def main() -> Any:
        for body, args in ((reader, ("first",)), (reader, ("second",)), (writer, ()), (reader, ("late",))):
            yield gl.go(body, *args)
            yield gl.sleep(us=1)
        yield gl.sleep(us=50)

    free(main)
    assert (order, held.ever_shared) == (["first", "second", "writer", "late"], True)


@pytest.mark.parametrize(("cpus", "spun_us"), [(None, 4), (2, 4), (1, 0)])
def test_nobody_spins_for_a_mutex_on_one_cpu(cpus: int | None, spun_us: int) -> None:
    # Go: proc.go: internal_sync_runtime_canSpin: numCPUStartup <= 1. Who holds it sleeps, and so another P idles no more than one.
    mu = gl.Mutex()

    def waits() -> Any:
        yield gl.sleep(us=10)
        yield gl.acquire(mu)

    def busy() -> Any:
        yield gl.compute(ms=2)

    def main() -> Any:
        yield gl.acquire(mu)
        yield gl.go(waits)
        yield gl.go(busy)
        yield gl.sleep(ms=1)

    costs = replace(gl.Costs.zero(), mutex_spin=1_000, kernel_slice_ns=20_000)
    run = gl.run(main, procs=2, costs=costs, cpus=cpus)
    woken = int(rows(run, "GoStart").query("g == 2")["t_ns"].iloc[1])
    parked = rows(run, "GoPark").query("reason == 'sync.Mutex.Lock'").iloc[0]
    assert int(parked["t_ns"]) - woken == spun_us * 1_000
