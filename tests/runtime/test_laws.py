"""Go's laws: what follows exactly from its constants and rules, derived step by step, without chance and without costs.

A golden shows one case; a law says what happens for every N, delay or length.
"""

from __future__ import annotations

from dataclasses import replace
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


# Ping-pong over two unbuffered channels, n round trips, on one P. Main sends first and waits: nobody receives yet. From
# then on who runs finds the other waiting: its receive takes what the other's send had brought and readies it; its send
# finds nobody, and it waits. So a round trip is 2 readies, 2 waits and 2 turns, all of them from runnext: one time slice.


@pytest.mark.parametrize("n", [1, 2, 10, 1_000])
def test_n_round_trips_are_2n_readies_in_one_time_slice_and_no_other_queue_is_touched(n: int) -> None:
    # Go: chan.go: chansend, chanrecv; proc.go: ready, runqget, execute.
    a, b = gl.Chan(), gl.Chan()

    def pong() -> Any:
        for _ in range(n):
            yield gl.recv(a)
            yield gl.send(b)

    def main() -> Any:
        yield gl.go(pong)
        for _ in range(n):
            yield gl.send(a)
            yield gl.recv(b)

    run = free(main)
    # The last receive takes pong's value and readies it, and main is done.
    assert (len(rows(run, "GoReady")), len(rows(run, "GoPark"))) == (2 * n, 2 * n)
    assert list(run.schedule["g"]) == [1, *[2, 1] * n]
    assert (set(run.schedule["source"]), list(run.processors["schedtick"])) == ({"runnext"}, [0])
    assert set(rows(run, "GoPark")["reason"]) == {"chan send"}


# Go's own BenchmarkWakeupParallel (proc_test.go) is two Gs that take turns as sender and receiver: the receiver computes
# for d and receives, the sender computes for d + w and sends, w = 5 us. It says: on one core d costs four times; on two
# twice. Exactly, without costs: on one P nothing overlaps, so an iteration takes 4d + 2w.
# On two, after a send the sender goes on at once, for d; the receiver is in its runnext. A thief comes in no time, but
# takes it from there only after 3 us; where d is shorter the sender's P has run it by then: min(d, 3 us) are lost. Then
# the receiver, sender now, computes for d + w, so that the other waits already, and the same again. So a half of an
# iteration takes min(d, 3 us) + d + w.


def alternating(n: int, d: int, w: int) -> Any:
    ping, pong, start, done = gl.Chan(), gl.Chan(), gl.Chan(), gl.Chan()

    def first() -> Any:
        yield gl.recv(start)
        for _ in range(n):
            yield gl.compute(ns=d + w)
            yield gl.send(ping)
            yield gl.compute(ns=d)
            yield gl.recv(pong)
        yield gl.send(done)

    def second() -> Any:
        for _ in range(n):
            yield gl.compute(ns=d)
            yield gl.recv(ping)
            yield gl.compute(ns=d + w)
            yield gl.send(pong)
        yield gl.send(done)

    def main() -> Any:
        yield gl.go(first)
        yield gl.go(second)
        yield gl.send(start)
        yield gl.recv(done)
        yield gl.recv(done)

    return main


@pytest.mark.parametrize("d", [0, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000])
def test_on_one_p_an_iteration_of_wakeup_parallel_takes_four_delays(d: int) -> None:
    # Go: proc_test.go: benchmarkWakeupParallel. Go 1.27.3, asked with GOMAXPROCS=1, best of 400 times 5 iterations: 10.6,
    # 30.6, 90.6 and 410.7 us for delays of 0, 5, 20 and 100 us: this law and 0.6 us.
    assert free(alternating(10, d, 5_000)).record.end_ns == 10 * (4 * d + 2 * 5_000)


@pytest.mark.parametrize("d", [0, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000])
def test_on_two_ps_an_iteration_takes_two_delays_and_the_thiefs_pause(d: int) -> None:
    n, w = 10, 5_000
    one, more = (free(alternating(k, d, w), procs=2).record.end_ns for k in (n, 2 * n))
    assert more - one == n * 2 * (min(d, 3_000) + d + w)


# Syscalls. sysmon takes a P with queued work at its second look at the same call. It looks every 20 us as long as it is
# hot. So a call from t for d is taken iff two looks fall into it: the first after t and one 20 us later, which must come
# before its end.


@pytest.mark.parametrize("begin", [1, 7_000, 19_999, 20_001, 33_000])
@pytest.mark.parametrize("d", [10_000, 19_999, 25_000, 33_001, 39_998, 40_002, 90_000])
def test_a_p_with_work_is_taken_iff_two_looks_fall_into_the_call(begin: int, d: int) -> None:
    # Go: proc.go: retake.
    def waiting() -> Any:
        yield gl.compute(ns=1)

    def main() -> Any:
        yield gl.syscall(ns=1)
        yield gl.go(waiting)
        if begin > 1:
            yield gl.compute(ns=begin - 1)
        yield gl.syscall(ns=d)

    second = (begin // 20_000 + 2) * 20_000
    assert list(rows(free(main), "PRetake")["t_ns"]) == ([second] if second < begin + d else [])


# Timers. Who has nothing to do sleeps in epoll_wait, which counts whole ms: less than one is one, else the rest is cut
# off; an M that wakes too early for its timer sleeps again. So a lonely sleep takes whole ms, rounded up.


@pytest.mark.parametrize("us", [1, 50, 900, 1_000, 1_001, 1_500, 2_000, 2_500, 3_200, 7_999])
def test_a_lonely_sleep_ends_at_a_whole_ms(us: int) -> None:
    # Go: netpoll_epoll.go: netpoll; proc.go: findRunnable. Go 1.27.3, asked: 50 us took 1.05 ms at best, 1.1 ms 2.15, 1.5 ms
    # 2.15, 2 ms 2.05, 2.5 ms 3.15, 3.2 ms 4.15.
    def main() -> Any:
        yield gl.sleep(us=us)

    run = gl.run(main, procs=1, costs=replace(gl.Costs.zero(), epoll_grain=1_000_000))
    assert run.record.end_ns == -(-us // 1_000) * 1_000_000


def test_timers_fire_in_order_of_time_then_of_setting_each_into_runnext_so_of_those_due_at_once_the_last_runs_first() -> None:
    # Go: time.go: timers.run pops one by one; goroutineReady: ready(next = true).
    # Differs: of equal times Go's heap of four may give any first; here who set it first.
    def sleeper(us: int) -> Any:
        yield gl.sleep(us=us)
        yield gl.compute(us=1)

    def main() -> Any:
        for us in (30, 10, 20, 10, 20, 20):
            yield gl.go(sleeper, us)
        yield gl.compute(us=5)
        yield gl.sleep(us=100)

    run = free(main)
    # At 5 us all begin: 7 had runnext, then 2 to 6. So 7 set its timer before 4 and 6.
    assert [int(g) for g in rows(run, "TimerFire")["g"]][:-1] == [3, 5, 7, 4, 6, 2]
    woken = [int(g) for g in run.schedule[run.schedule["t_ns"] > 5_000]["g"]]
    assert woken == [5, 3, 6, 7, 4, 2, 1]


@pytest.mark.parametrize(("procs", "late_us"), [(1, 80), (2, 0)])
def test_a_timer_waits_for_a_p_that_looks_its_own_busy_one_does_not(procs: int, late_us: int) -> None:
    # Go: proc.go: findRunnable: timers.check; stealWork: another P's timers in the last pass.
    def sleeper() -> Any:
        yield gl.sleep(us=20)

    def main() -> Any:
        yield gl.go(sleeper)
        yield gl.sleep(us=1)
        yield gl.compute(us=99)
        yield gl.sleep(us=10)

    run = free(main, procs=procs)
    fired = rows(run, "TimerFire").query("g == 2").iloc[0]
    assert int(fired["t_ns"]) - int(fired["arg"]) == late_us * 1_000


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


@pytest.mark.parametrize("limit", [3, 20])
def test_one_thread_more_than_the_limit_is_gos_error_and_keeps_the_record(limit: int) -> None:
    # Go: debug.SetMaxThreads; proc.go: checkmcount. With the law above limit - 1 calls are one too many.
    def main() -> Any:
        for _ in range(limit - 1):
            yield gl.go(blocking, 50)
        yield gl.sleep(ms=50)

    policy = gl.policy_of("go").replace(machines=gl.KeepThreads(max_threads=limit))
    with pytest.raises(gl.ThreadLimitError, match=f"program exceeds {limit}-thread limit") as failure:
        free(main, policy=policy)
    assert (failure.value.run.stopped_by, len(failure.value.run.machines)) == ("threads", limit + 1)


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
