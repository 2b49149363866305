"""Go's laws: what follows exactly from its constants and rules, derived step by step, without chance and without costs.

A golden shows one case; a law says what happens for every N, delay or length.
"""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.runtime.model import G
from gmplab.runtime.runq import runqdrain
from tests.programs import booted, free, rows, started

# Run-queue overflow. One P spawns N Gs, g2 to g(N+1). The last is in runnext, so N - 1 went to the tail, one by one. The
# ring holds 256. The put that finds it full moves the oldest 128 and itself, 129 Gs, to the global queue, and leaves 128
# in the ring: so the 257th put spills, and every 129th after it. With k = N - 1 puts there were
#     spills(k) = 0 for k <= 256, else (k - 257) // 129 + 1
# spills, and the ring holds k - 129 * spills(k).

SPAWNS = [1, 2, 256, 257, 258, 259, 385, 386, 387, 388, 515, 516, 517, 645, 1_000, 3_000]


def spills(k: int) -> int:
    """How often k puts to the tail of an empty ring found it full."""
    return 0 if k <= 256 else (k - 257) // 129 + 1


def spawned(n: int) -> tuple[list[int], list[int]]:
    """The global queue and the ring after n spawns: put by put, by the rule of runqputslow."""
    ring: list[int] = []
    everyone: list[int] = []
    for goid in range(2, n + 1):
        if len(ring) == 256:
            everyone += [*ring[:128], goid]
            ring = ring[128:]
        else:
            ring.append(goid)
    return everyone, ring


def dispatched(n: int) -> list[int]:
    """The order in which one P runs n spawned Gs of which none waits, by findRunnable's order of looking.

    Main inherited the tick, 0: the global queue's head comes first. Runnext advances no tick. Then the ring, and at each
    tick that 61 divides the global head; when the ring is empty a batch of min(128, size, size // 1 + 1) comes over.
    """
    everyone, ring = spawned(n)
    order: list[int] = []
    runnext = [n + 1]
    tick = 0
    while everyone or ring or runnext:
        if tick % 61 == 0 and everyone:
            order.append(everyone.pop(0))
        elif runnext:
            order.append(runnext.pop())
            continue
        else:
            if not ring:
                ring, everyone = everyone[:128], everyone[128:]
            order.append(ring.pop(0))
        tick += 1
    return order


@pytest.mark.parametrize("n", SPAWNS)
def test_of_n_spawned_gs_the_oldest_128_and_a_new_one_overflow_each_129_puts(n: int) -> None:
    # Go: proc.go: runqput, runqputslow, findRunnable, globrunqgetbatch.
    def worker() -> Any:
        yield gl.compute(ns=1)

    def main() -> Any:
        for _ in range(n):
            yield gl.go(worker)
        yield gl.sleep(ms=1)

    run = free(main)
    everyone, ring = spawned(n)
    assert (len(everyone), len(ring)) == (129 * spills(n - 1), n - 1 - 129 * spills(n - 1))
    assert run.metrics["overflows"] == len(rows(run, "QOverflow")) == spills(n - 1)
    assert started(run) == dispatched(n)


def test_a_drained_p_sends_its_runnext_before_its_queue() -> None:
    # Go: proc.go: runqdrain: the dedicated GC worker's P, so that nobody waits behind it (#20011).
    sched = booted().sched
    p0 = sched.allp[0]
    p0.runnext = G(9)
    for goid in (7, 8):
        p0.runq.push(G(goid))
    sched.runq.push(G(6))
    runqdrain(sched, sched.allm[0], p0)
    queue = sched.runq
    assert [queue.at(i).goid for i in range(queue.size())] == [6, 9, 7, 8]


# Thread counts. A call that is known to block gives the P away at its entry; whoever runs next needs an M.


def blocking(ms: int) -> Any:
    yield gl.syscall(ms=ms, blocking=True)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 40, pytest.param(2_000, marks=pytest.mark.slow)])
def test_n_calls_that_block_at_once_take_n_threads_beside_sysmon_and_one_that_waits_and_later_calls_find_them_idle(n: int) -> None:
    # Go: proc.go: entersyscallblock, handoffp, startm, stopm; go.dev/issue/14592: no idle M ever ends.
    def main() -> Any:
        for _ in range(3):
            for _ in range(n):
                yield gl.go(blocking, 1)
            yield gl.sleep(ms=5)

    run = free(main)
    # m0 and sysmon; m0 is the first to block, and each that blocks starts the next; the last waits in epoll for main.
    assert (run.metrics["threads_created"], run.metrics["threads_exited"]) == (n + 2, 0)
    assert run.machines["created_ns"].max() == 0


@pytest.mark.parametrize("limit", [20, pytest.param(10_000, marks=pytest.mark.slow)])
def test_one_thread_more_than_the_limit_is_gos_error_and_keeps_the_record(limit: int) -> None:
    # Go: proc.go: checkmcount; schedinit: sched.maxmcount = 10000. With the law above limit - 1 calls are one too many.
    def main() -> Any:
        for _ in range(limit - 1):
            yield gl.go(blocking, 50)
        yield gl.sleep(ms=50)

    policy = gl.policy_of("go")
    if limit != policy.machines.max_threads:
        policy = policy.replace(machines=gl.KeepThreads(max_threads=limit))
    with pytest.raises(gl.ThreadLimitError, match=f"program exceeds {limit}-thread limit") as failure:
        free(main, policy=policy)
    assert (failure.value.run.stopped_by, len(failure.value.run.machines)) == ("threads", limit + 1)


def test_all_asleep_is_a_deadlock_that_tells_who_waits_for_what() -> None:
    # Go: proc.go: checkdead; traceback of all goroutines.
    c = gl.Chan(3)

    def main() -> Any:
        yield gl.recv(c)

    with pytest.raises(gl.DeadlockError, match="all goroutines are asleep - deadlock!\ngoroutine 1 .chan receive.: main on chan#1"):
        free(main, procs=2)


def test_an_arrival_through_the_network_wakes_the_m_that_sleeps_in_epoll() -> None:
    # Go: proc.go: findRunnable: with waiters one idle M blocks in netpoll; a listener, parked, is such a waiter.
    job = gl.Program("job").compute("20us")
    source = gl.Source(job, gl.Constant(200_000), 5)
    run = gl.run(gl.Plan(gl.Program("main").wait_arrivals(), sources=(source,)), procs=2, arrive="netpoll")
    jobs = run.goroutines[run.goroutines["name"] == "job"]
    assert list(jobs["created_ns"]) == [200_000, 400_000, 600_000, 800_000, 1_000_000]
    # From the descriptor to epoll's return is the one futex wake-up, 5 us.
    assert set(jobs["blocked_ns"]) == {5_000}
    assert list(rows(run, "GoPark")["reason"]) == ["wait for arrivals"] + ["IO wait"] * 5


def test_a_locked_g_always_runs_on_its_m() -> None:
    # Go: proc.go: stoplockedm, startlockedm.
    def worker() -> Any:
        yield gl.lock_os_thread()
        for _ in range(5):
            yield gl.sleep(us=10)

    def noise() -> Any:
        for _ in range(50):
            yield gl.compute(us=3)
            yield gl.gosched()

    def main() -> Any:
        yield gl.go(worker)
        for _ in range(3):
            yield gl.go(noise)
        yield gl.sleep(ms=20)

    run = gl.run(main, procs=2)
    after_lock = run.schedule[run.schedule["g"] == 2].iloc[1:]
    assert len(after_lock) == 5
    assert after_lock["m"].nunique() == 1


def test_a_syscall_takes_its_time_once_and_no_cpu() -> None:
    def main() -> Any:
        yield gl.syscall(us=50)
        yield gl.compute(us=1)

    run = free(main)
    assert (run.record.end_ns, int(run.goroutines["run_ns"][0])) == (51_000, 1_000)
