"""Go's scheduler, decision by decision. Each test tells the program, what Go 1.27 does and which function says so."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from tests.programs import free, rows, started


def test_of_several_spawned_on_one_p_the_last_runs_first_then_the_others_in_order() -> None:
    # Go: proc.go: newproc puts each into runnext, which kicks the one before it to the tail.
    def worker() -> Any:
        yield gl.compute(us=1)

    def main() -> Any:
        for _ in range(5):
            yield gl.go(worker)
        yield gl.sleep(us=10)

    assert started(free(main)) == [6, 2, 3, 4, 5]


def blocked_then(n: int, wake: str) -> list[int]:
    """n goroutines wait in the order 2, 3, ...; main wakes them all; the order in which they go on."""
    c, wg, cond = gl.Chan(), gl.WaitGroup(1), gl.Cond(gl.Mutex())
    rw = gl.RWMutex()

    def worker() -> Any:
        if wake == "close":
            yield gl.recv(c)
        elif wake == "waitgroup":
            yield gl.wait(wg)
        elif wake == "rwmutex":
            yield gl.read_lock(rw)
        else:
            yield gl.acquire(cond.mutex)
            yield gl.wait(cond)
            yield gl.release(cond.mutex)

    def main() -> Any:
        if wake == "rwmutex":
            yield gl.acquire(rw)
        for _ in range(n):
            yield gl.go(worker)
            yield gl.sleep(us=1)
        if wake == "close":
            yield gl.close(c)
        elif wake == "waitgroup":
            yield gl.done(wg)
        elif wake == "rwmutex":
            yield gl.release(rw)
        else:
            yield gl.broadcast(cond)
        yield gl.sleep(us=10)

    order = started(free(main))
    assert order[:n] == list(range(2, 2 + n))
    return order[n:]


def test_close_readies_the_first_waiter_last_so_it_runs_first_and_the_others_in_reverse() -> None:
    # Go: chan.go: closechan collects on a stack; each goready kicks the one before from runnext to the tail.
    assert blocked_then(4, "close") == [2, 5, 4, 3]


@pytest.mark.parametrize("wake", ["waitgroup", "rwmutex", "broadcast"])
def test_the_last_released_waiter_runs_first_then_the_others_in_order(wake: str) -> None:
    # Go: sync/waitgroup.go: Add; sync/rwmutex.go: Unlock; sema.go: notifyListNotifyAll: they release one by one, each into runnext.
    assert blocked_then(4, wake) == [5, 2, 3, 4]


def test_a_full_ring_of_256_sends_its_oldest_128_and_the_new_g_to_the_global_queue() -> None:
    # Go: proc.go: runqputslow. Spawn k + 1 Gs: the last is in runnext, k go to the tail; the 257th put spills.
    def worker() -> Any:
        yield gl.compute(ns=1)

    def main() -> Any:
        for _ in range(258):
            yield gl.go(worker)
        yield gl.sleep(us=10)

    run = free(main)
    spill = rows(run, "QOverflow")
    assert list(spill["arg"]) == [128]
    assert list(spill["g"]) == [258]
    # Main inherited its slice, so the tick is still 0 and the global queue comes first; then runnext, then the ring.
    order = started(run)
    assert order[:4] == [2, 259, 130, 131]
    assert sorted(order) == list(range(2, 260))
    from_global = [int(g) for g, s in zip(run.schedule["g"], run.schedule["source"], strict=True) if s == "global_tick"]
    assert from_global[:3] == [2, 3, 4]


def test_a_thief_takes_half_rounded_up_from_the_head_and_runs_the_last_of_them() -> None:
    # Go: proc.go: runqgrab (n - n/2), runqsteal. Main has queued 2..6 and 7 in runnext when the thief looks.
    def worker() -> Any:
        yield gl.compute(us=50)

    def main() -> Any:
        for _ in range(6):
            yield gl.go(worker)
        yield gl.compute(us=100)

    policy = gl.policy_of("go").replace(wake=gl.WakeAfter(after_ns=1_000))
    run = free(main, procs=2, policy=policy)
    theft = rows(run, "QGet").query("reason == 'steal'").iloc[0]
    assert (int(theft["arg"]), int(theft["g"])) == (3, 4)


def test_every_61st_tick_looks_at_the_global_queue_first() -> None:
    # Go: proc.go: findRunnable: schedtick%61 == 0. Gosched puts a G on the global queue; the others keep the ring busy.
    def spinner() -> Any:
        for _ in range(200):
            yield gl.compute(ns=10)
            yield gl.gosched()

    def main() -> Any:
        for _ in range(4):
            yield gl.go(spinner)
        yield gl.sleep(us=50)

    run = free(main)
    ticks = run.schedule.index[run.schedule["source"] == "global_tick"]
    assert len(ticks) > 5
    assert set(ticks.to_series().diff().dropna().astype(int)) == {61}


def test_a_runnext_chain_inherits_its_slice_and_does_not_advance_the_tick() -> None:
    # Go: proc.go: execute: schedtick++ unless inheritTime. An unbuffered ping-pong lives in runnext.
    a, b = gl.Chan(), gl.Chan()

    def pong() -> Any:
        for _ in range(100):
            yield gl.recv(a)
            yield gl.send(b)

    def main() -> Any:
        yield gl.go(pong)
        for _ in range(100):
            yield gl.send(a)
            yield gl.recv(b)

    run = free(main)
    assert set(run.schedule["source"]) == {"runnext"}
    assert int(run.processors["schedtick"][0]) == 0


def test_gosched_goes_to_the_global_tail() -> None:
    # Go: proc.go: goschedImpl.
    def main() -> Any:
        yield gl.gosched()
        yield gl.compute(us=1)

    stop = rows(free(main), "GoStop").iloc[0]
    assert (stop["reason"], int(stop["arg"])) == ("gosched", 3)


def test_a_p_in_a_syscall_with_queued_work_is_retaken_at_sysmons_second_look() -> None:
    # Go: proc.go: retake. sysmon looks at 20, 40, ... us; it sees the syscall first at 20 us and takes the P at 40 us.
    def worker() -> Any:
        yield gl.compute(us=1)

    def main() -> Any:
        # One short call first: sysmon's record of a fresh P says tick 0, which a first call still has.
        yield gl.syscall(ns=1)
        yield gl.go(worker)
        yield gl.syscall(us=500)

    run = free(main)
    assert list(rows(run, "PRetake")["t_ns"]) == [40_000]
    handoff = rows(run, "PHandoff").iloc[0]
    assert handoff["reason"] == "has_work"


def test_a_syscall_takes_its_time_once_and_no_cpu() -> None:
    def main() -> Any:
        yield gl.syscall(us=50)
        yield gl.compute(us=1)

    run = free(main)
    assert (run.record.end_ns, int(run.goroutines["run_ns"][0])) == (51_000, 1_000)


def test_a_p_in_a_syscall_without_work_is_retaken_after_10_ms() -> None:
    # Go: proc.go: retake: runqempty && nmspinning+npidle > 0 && syscallwhen+10ms > now: leave it.
    def main() -> Any:
        yield gl.syscall(ms=50)

    first = int(rows(free(main, procs=2), "PRetake")["t_ns"].iloc[0])
    assert 10_000_000 <= first <= 30_000_000


def test_sysmon_looks_51_times_every_20_us_then_doubles_to_10_ms() -> None:
    # Go: proc.go: sysmon: delay doubles once idle > 50.
    def main() -> Any:
        yield gl.compute(ms=60)

    delays = list(rows(free(main, policy=gl.policy_of("go").replace(preempt=gl.NoPreemption())), "Sysmon")["arg"])
    assert delays[:51] == [20_000] * 51
    assert delays[51:62] == [40_000 << i for i in range(8)] + [10_000_000] * 3


def test_a_g_that_runs_10_ms_is_preempted_to_the_global_tail() -> None:
    # Go: proc.go: retake: the tick is seen unchanged for 10 ms; preempt.go; goschedImpl(preempted).
    def main() -> Any:
        yield gl.compute(ms=40)

    run = free(main)
    stops = rows(run, "GoStop")
    assert set(stops["reason"]) == {"preempted"}
    assert 10_000_000 <= int(stops["t_ns"].iloc[0]) <= 20_030_000
    assert int(run.goroutines["run_ns"][0]) == 40_000_000


def test_a_tight_loop_is_preempted_by_a_signal_but_not_cooperatively() -> None:
    # Go 1.14, #10958.
    def main() -> Any:
        yield gl.compute(ms=40, tight=True)

    assert free(main).metrics["preemptions"] > 0
    late = free(main, policy=gl.policy_of("go").replace(preempt=gl.CooperativePreempt()))
    assert list(rows(late, "GoStop")["t_ns"]) == [40_000_000]


def test_a_new_m_is_made_only_when_none_is_idle_and_an_idle_one_never_exits() -> None:
    # Go: proc.go: startm, mget; go.dev/issue/14592.
    def worker() -> Any:
        yield gl.syscall(ms=1, blocking=True)

    def main() -> Any:
        for _ in range(3):
            for _ in range(5):
                yield gl.go(worker)
            yield gl.sleep(ms=5)

    run = gl.run(main, procs=2)
    made = run.machines["created_ns"]
    assert int(made.max()) < 2_000_000
    assert run.metrics["threads_exited"] == 0
    assert gl.run(main, procs=2, policy=gl.policy_of("go").replace(machines=gl.RetireAfter(idle_ns=1_000_000))).metrics[
        "threads_exited"
    ] > 0


def test_a_locked_g_that_exits_ends_its_m() -> None:
    # Go: proc.go: gdestroy, mexit (1.10+); before, the M stayed.
    def worker() -> Any:
        yield gl.lock_os_thread()
        yield gl.compute(us=5)

    def main() -> Any:
        # Locked to m0 itself, so that the worker runs on another M: m0 cannot end.
        yield gl.lock_os_thread()
        yield gl.go(worker)
        yield gl.sleep(ms=2)

    run = gl.run(main, procs=2)
    assert list(run.machines["exit_why"][run.machines["exited_ns"].notna()]) == ["locked_exit"]
    assert gl.run(main, procs=2, policy="go1.5").metrics["threads_exited"] == 0


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


def test_netpoll_results_do_not_use_runnext() -> None:
    # Go: proc.go: findRunnable, injectglist.
    def main() -> Any:
        yield gl.io(us=100)
        yield gl.compute(us=1)

    run = gl.run(main, procs=2)
    assert run.schedule["source"].iloc[-1] == "netpoll"


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


def test_all_asleep_is_a_deadlock_that_tells_who_waits_for_what() -> None:
    # Go: proc.go: checkdead.
    c = gl.Chan(3)

    def main() -> Any:
        yield gl.recv(c)

    with pytest.raises(gl.DeadlockError, match="all goroutines are asleep - deadlock!\ngoroutine 1 .chan receive.: main on chan#1"):
        free(main, procs=2)


def test_more_threads_than_the_limit_is_gos_error_and_keeps_the_record() -> None:
    # Go: proc.go: checkmcount. The limit is 10000 by default; here 20.
    def worker() -> Any:
        yield gl.syscall(ms=10, blocking=True)

    def main() -> Any:
        for _ in range(30):
            yield gl.go(worker)
        yield gl.sleep(ms=50)

    with pytest.raises(gl.ThreadLimitError, match="program exceeds 20-thread limit") as failure:
        gl.run(main, procs=2, policy=gl.policy_of("go").replace(machines=gl.KeepThreads(max_threads=20)))
    assert failure.value.run.stopped_by == "threads"
    assert len(failure.value.run.machines) == 21
