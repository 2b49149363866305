"""What an older Go did otherwise: one program, all versions that are here, what each does; in the order of the releases.

Beside these: tests/runtime/test_findrunnable.py (needspinning, who looks again), test_stw.py (whose Gs are dealt out anew,
who keeps its P), test_gc.py (the world stands while marking), test_netpoll.py (one M polls), test_newm.py (the template
thread), tests/policies/test_steal.py (orders of victims).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import gmplab as gl
from gmplab.runtime.proc import wakep
from tests.programs import booted, free, rows, started


def job(us: int = 1) -> Any:
    yield gl.compute(us=us)


@pytest.mark.parametrize(("policy", "made_us"), [("go1.0", [0, 0, 0]), ("go1.2", [0, 10, 20]), ("go", [0, 10, 20])])
def test_before_1_1_each_new_goroutine_had_an_m_made_for_it_since_then_each_finder_wakes_the_next(
    policy: str, made_us: list[int]
) -> None:
    # Go 1.0: proc.c: matchmg: an M for each runnable G up to GOMAXPROCS. A thread takes 10 us to begin.
    def main() -> Any:
        for _ in range(6):
            yield gl.go(job, 50)
        yield gl.compute(us=200)

    run = gl.run(main, procs=4, policy=policy, costs=replace(gl.Costs.zero(), thread_start=10_000))
    assert [int(t) // 1_000 for t in rows(run, "MCreate").query("reason == 'wakep'")["t_ns"]] == made_us


@pytest.mark.parametrize(("policy", "monitored"), [("go1.0", False), ("go1.1", True), ("go", True)])
def test_sysmon_came_with_1_1(policy: str, monitored: bool) -> None:
    run = free(lambda: gl.compute(ms=1), policy=policy)
    assert (len(rows(run, "Sysmon")), len(run.machines)) == ((50, 2) if monitored else (0, 1))


@pytest.mark.parametrize(("policy", "n"), [("go1.0", 5), ("go1.1", 0), ("go1.2", 0), ("go1.5", 1), ("go", 1)])
def test_a_p_in_a_syscall_beside_idle_ones_was_free_at_once_then_kept_since_1_3_taken_after_10_ms(
    policy: str, n: int
) -> None:
    # Go 1.3: 179d41fecc, #6673. Five calls, of which the last takes 50 ms.
    def main() -> Any:
        for _ in range(4):
            yield gl.syscall(us=1)
        yield gl.syscall(ms=50)

    handed = rows(free(main, procs=2, policy=policy), "PHandoff")
    assert len(handed) == n
    # sysmon notes it at 20 us; the first look 10 ms after that is at 11.22 ms.
    assert n != 1 or list(handed["t_ns"]) == [11_220_000]


@pytest.mark.parametrize(
    ("policy", "calls", "tight"),
    [
        ("go1.0", 100_000, 100_000), ("go1.1", 100_000, 100_000), ("go1.2", 11_220, 100_000), ("go1.5", 31_220, 100_000),
        ("go1.14", 31_220, 31_220), ("go", 31_220, 31_220),
    ],
)
def test_a_goroutine_was_stopped_never_then_at_calls_since_1_2_then_anywhere_since_1_14(policy: str, calls: int, tight: int) -> None:
    # Go 1.2: bc31bcccd3; Go 1.14: 177a36a5dc, #10958. When, in us, the second of two hogs first runs. Since 1.5 the first
    # runs from runnext at tick 0, is stopped at 11.22 ms, and fairness takes it back once.
    for us, in_a_loop in ((calls, False), (tight, True)):

        def hog(in_a_loop: bool = in_a_loop) -> Any:
            yield gl.compute(ms=100, tight=in_a_loop)

        def main(hog: Any = hog) -> Any:
            yield gl.go(hog)
            yield gl.go(hog)
            yield gl.sleep(ms=300)

        assert int(free(main, policy=policy, until="250ms").goroutines["first_run_ns"].max()) == us * 1_000


@pytest.mark.parametrize(("policy", "runs_us"), [("go1.1", 200), ("go1.2", 20), ("go", 20)])
def test_since_1_2_a_thief_wakes_the_next_also_if_it_left_work_behind_at_its_victim(policy: str, runs_us: int) -> None:
    # Go 1.2: 15a1c3d1e4, #5586. A thread takes 10 us to begin: then two wait on main's P, of which it takes one. In 1.1 it has
    # nothing left in its own queue, and the other one waits for main; since then it wakes the next thief.
    def main() -> Any:
        yield gl.go(job, 500)
        yield gl.go(job, 500)
        yield gl.go(job, 500)
        yield gl.compute(us=200)
        yield gl.sleep(ms=2)

    costs = replace(gl.Costs.zero(), thread_start=10_000)
    run = gl.run(main, procs=4, policy=gl.policy_of(policy).replace(steal=gl.StealOne()), costs=costs)
    begins = sorted(int(t) for t in run.goroutines["first_run_ns"].iloc[1:])
    assert (begins[0], begins[1]) == (10_000, runs_us * 1_000)


@pytest.mark.parametrize(("policy", "stopping_ms"), [("go1.0", 49), ("go1.1", 49), ("go1.2", 0), ("go", 0)])
def test_before_1_2_the_world_stopped_when_the_last_goroutine_pleased(policy: str, stopping_ms: int) -> None:
    # Go 1.2: proc.c: runtime.stoptheworld: preemptall.
    def main() -> Any:
        yield gl.go(job, 50_000)
        yield gl.compute(ms=1)
        yield gl.gomaxprocs(3)

    assert free(main, procs=2, policy=policy).metrics["stw_stopping_ns"] == stopping_ms * 1_000_000


@pytest.mark.parametrize(("policy", "turn"), [("go1.1", 203), ("go1.2", 60)])
def test_since_1_2_the_global_queue_has_every_61st_turn(policy: str, turn: int) -> None:
    # Go 1.2: 4bb491b12e, #5639. Two that pass messages keep the local queue busy for 202 turns; a third has yielded.
    def passes(c: gl.Chan, to: gl.Chan) -> Any:
        for _ in range(200):
            yield gl.recv(c)
            yield gl.compute(us=1)
            yield gl.send(to)

    def third() -> Any:
        yield gl.gosched()

    def main() -> Any:
        a, b = gl.Chan(1), gl.Chan(1)
        yield gl.go(third)
        yield gl.go(passes, a, b)
        yield gl.go(passes, b, a)
        yield gl.send(a)
        yield gl.send(b)
        yield gl.sleep(ms=1)

    order = started(free(main, policy=policy))
    assert [i for i, g in enumerate(order) if g == 2] == [0, turn]


@pytest.mark.slow
@pytest.mark.parametrize(("policy", "ends"), [("go1.1", ""), ("go1.2", "threads")])
def test_since_1_2_thread_10001_ends_the_program(policy: str, ends: str) -> None:
    # Go 1.2: 665feeedcb, #4056.
    def call() -> Any:
        yield gl.syscall(ms=50, blocking=True)

    def main() -> Any:
        for _ in range(9_999):
            yield gl.go(call)
        yield gl.sleep(ms=60)

    assert free(main, policy=policy, strict=False).stopped_by == ends


@pytest.mark.parametrize(("policy", "spills"), [("go1.0", 0), ("go1.1", 0), ("go1.2", 0), ("go1.5", 1), ("go", 1)])
def test_local_queues_grew_without_bound_and_since_1_3_hold_256(policy: str, spills: int) -> None:
    def main() -> Any:
        for _ in range(300):
            yield gl.go(job)
        yield gl.sleep(us=500)

    run = free(main, policy=policy)
    assert run.metrics["overflows"] == spills
    assert (started(run) == list(range(2, 302))) == (spills == 0)


@pytest.mark.parametrize(
    ("policy", "order", "source"),
    [
        ("go1.0", [2, 3, 4, 5, 6], "global"), ("go1.1", [2, 3, 4, 5, 6], "local"), ("go1.2", [2, 3, 4, 5, 6], "local"),
        ("go1.5", [6, 2, 3, 4, 5], "runnext"), ("go", [6, 2, 3, 4, 5], "runnext"),
    ],
)
def test_since_1_5_the_last_goroutine_made_runs_first(policy: str, order: list[int], source: str) -> None:
    # Go 1.5: e870f06c3f.
    def main() -> Any:
        for _ in range(5):
            yield gl.go(job)
        yield gl.sleep(us=10)

    run = free(main, policy=policy)
    assert (started(run), run.schedule["source"].iloc[1]) == (order, source)


@pytest.mark.parametrize(("policy", "trips"), [("go1.1", 0), ("go1.2", 299), ("go1.5", 1_000), ("go", 1_000)])
def test_since_1_5_two_that_pass_messages_share_a_slice_and_do_not_queue_behind_a_hog_each_time(policy: str, trips: int) -> None:
    # Go's BenchmarkPingPongHog (e870f06c3f): 684,287 ns an operation before, 825 after. 10 us a trip, for 200 ms.
    done = []

    def pong(a: gl.Chan, b: gl.Chan) -> Any:
        while True:
            yield gl.recv(a)
            yield gl.send(b)

    def main() -> Any:
        a, b = gl.Chan(), gl.Chan()
        yield gl.go(pong, a, b)
        yield gl.go(job, 1_000_000)
        for i in range(1_000):
            yield gl.compute(us=10)
            yield gl.send(a)
            yield gl.recv(b)
            done.append(i)

    free(main, policy=policy, until="200ms")
    assert len(done) == trips


@pytest.mark.parametrize(
    ("policy", "us", "source"), [("go1.2", 0, "steal"), ("go1.5", 100, "steal_runnext"), ("go1.14", 3, "steal_runnext")]
)
def test_a_runnext_was_stolen_after_100_us_and_is_after_3_since_1_7(policy: str, us: int, source: str) -> None:
    # Go 1.7: 3b246fa863, #14790.
    def main() -> Any:
        yield gl.go(job, 50)
        yield gl.compute(us=300)

    turn = free(main, procs=2, policy=policy).schedule.query("g == 2").iloc[0]
    assert (int(turn["t_ns"]), turn["source"]) == (us * 1_000, source)


@pytest.mark.parametrize(
    ("policy", "woken"), [("go1.1", 0), ("go1.2", 99), ("go1.5", 99), ("go1.14", 0), ("go1.21", 0), ("go", 99)]
)
def test_each_gosched_woke_a_thread_not_from_1_6_to_1_21_and_again_since_1_22(policy: str, woken: int) -> None:
    # Go 1.6: fb6f8a96f2, #13527: Ms that did not spin wake nobody; from 1.2 on they did. Since 1.22 goschedImpl itself ends with wakep.
    def main() -> Any:
        for _ in range(100):
            yield gl.compute(us=1)
            yield gl.gosched()

    assert free(main, procs=4, policy=policy).metrics["wakes_m"] == woken


@pytest.mark.parametrize(
    ("policy", "waits"),
    [
        # In turns, each time behind the other, until the hog is done.
        ("go1.5", [(1_200, 1), (1_200, 3), (1_800, 1), (2_400, 3), (3_000, 1), (3_600, 3), (4_200, 1), (4_800, 3)]),
        # 1 in front; after more than 1 ms it turns to starvation mode, and has the Mutex at the next unlock, and 3 after it.
        ("go1.14", [(1_200, 1), (1_200, 3), (1_800, 1), (2_400, 1)]),
    ],
)
def test_since_1_9_a_loser_waits_in_front_and_after_1_ms_is_handed_the_mutex(policy: str, waits: list[tuple[int, int]]) -> None:
    # Go 1.9: 0556e26273, #13086. A hog unlocks the Mutex each 600 us and has it again before the woken waiter runs.
    mu = gl.Mutex()

    def hog() -> Any:
        yield gl.acquire(mu)
        for _ in range(8):
            yield gl.compute(us=600)
            yield gl.release(mu)
            yield gl.acquire(mu)
            yield gl.gosched()
        yield gl.release(mu)

    def waiter() -> Any:
        yield gl.acquire(mu)
        yield gl.release(mu)

    def main() -> Any:
        yield gl.go(hog)
        yield gl.sleep(us=1)
        yield gl.go(waiter)
        yield gl.acquire(mu)
        yield gl.release(mu)
        yield gl.sleep(ms=9)

    parks = rows(free(main, policy=policy), "GoPark").query("reason == 'sync.Mutex.Lock'")
    assert [(int(t) // 1_000, int(g)) for t, g in zip(parks["t_ns"], parks["g"], strict=True)] == waits


@pytest.mark.parametrize(("policy", "ended"), [("go1.2", 0), ("go1.5", 0), ("go1.14", 1), ("go", 1)])
def test_since_1_10_a_locked_goroutine_takes_its_thread_along(policy: str, ended: int) -> None:
    # Go 1.10: 4f34a52913, #20395.
    def locks() -> Any:
        yield gl.lock_os_thread()

    def main() -> Any:
        yield gl.go(locks)
        yield gl.compute(us=200)

    assert rows(free(main, procs=2, policy=policy), "MExit").shape[0] == ended


@pytest.mark.parametrize(("policy", "waited_us"), [("go1.2", 30_000), ("go1.5", 30_000), ("go1.14", 11_220), ("go", 11_220)])
def test_since_1_13_many_short_syscalls_are_no_refuge_from_the_end_of_a_slice(policy: str, waited_us: int) -> None:
    # Go 1.13: 4166ff42c0. Main does nothing but calls of 7 us: whenever sysmon looks it is in one, each time in another.
    def main() -> Any:
        yield gl.go(job)
        for _ in range(4_284):
            yield gl.syscall(ns=7_003)
        yield gl.sleep(us=10)

    run = free(main, policy=policy)
    assert int(run.goroutines["first_run_ns"].iloc[1]) // 1_000 == waited_us


@pytest.mark.parametrize(("policy", "late_us"), [("go1.5", 4), ("go1.14", 507)])
def test_since_1_14_a_timer_lies_on_a_p_and_waits_for_a_thief_if_that_p_is_busy(policy: str, late_us: int) -> None:
    # Go 1.14: 06ac26279c. Before, a goroutine of its own waited for all timers, and was readied on any P.
    def sleeper() -> Any:
        yield gl.sleep(us=500)

    def other() -> Any:
        for _ in range(100):
            yield gl.go(job, 10)
        yield gl.compute(us=3)

    def main() -> Any:
        yield gl.go(sleeper)
        yield gl.sleep(us=1)
        yield gl.go(other)
        yield gl.compute(ms=2)

    fired = rows(free(main, procs=2, policy=policy), "TimerFire").query("g == 2").iloc[0]
    assert int(fired["t_ns"]) - int(fired["arg"]) == late_us * 1_000


@pytest.mark.parametrize(
    ("policy", "fired_us", "maker"), [("go1.14", 21_220, "timer"), ("go1.21", 12_000, "wakep"), ("go", 12_000, "wakep")]
)
def test_since_1_16_setting_a_timer_wakes_an_m_before_sysmon_started_one_when_it_was_overdue(
    policy: str, fired_us: int, maker: str
) -> None:
    # Go 1.16: 8fdc79e18a, #38860. Main's P is busy, the other idles, and nobody sleeps in epoll. sysmon looks at 11.22 ms and
    # then at 21.22 ms.
    def main() -> Any:
        yield gl.after_func("12ms", job)
        yield gl.compute(ms=50)

    run = free(main, procs=2, policy=policy)
    run.validate()
    assert list(rows(run, "TimerFire")["t_ns"]) == [fired_us * 1_000]
    assert rows(run, "MCreate")["reason"].iloc[2] == maker


@pytest.mark.parametrize(("policy", "drained"), [("go1.5", []), ("go1.14", []), ("go1.21", [1]), ("go", [1])])
def test_since_1_17_a_dedicated_gc_worker_sends_its_ps_queue_away(policy: str, drained: list[int]) -> None:
    # Go 1.17: 3b304ce7fe, #20011; the golden gc_a_dedicated_worker_drains_its_queue tells all of it.
    def hog() -> Any:
        yield gl.go(job)
        yield gl.go(job)
        yield gl.compute(s=1)

    def main() -> Any:
        for _ in range(3):
            yield gl.go(hog)
        yield gl.compute(us=100)
        yield gl.go(hog)
        yield gl.gc("40ms")

    assert list(rows(free(main, procs=4, policy=policy, until="40ms"), "QDrain")["p"]) == drained


@pytest.mark.parametrize(("policy", "needed"), [("go1.14", 0), ("go1.21", 1), ("go", 1)])
def test_since_1_20_a_wake_up_that_finds_no_idle_p_leaves_word(policy: str, needed: int) -> None:
    # Go 1.20: 8cb350d69a, #45867: wakep asks pidlegetSpinning; before, it looked at npidle first and left no trace.
    sched = booted(policy).sched
    wakep(sched, sched.allm[0], 0)
    assert sched.needspinning == needed


@pytest.mark.parametrize(("policy", "woken"), [("go1.14", ["injectglist"]), ("go1.21", ["injectglist"]), ("go", ["injectglist", "wakep"])])
def test_since_1_23_who_spreads_what_the_network_brought_wakes_one_more(policy: str, woken: list[str]) -> None:
    # Go 1.23: 24070cf747, #63555.
    def waits() -> Any:
        yield gl.io(us=20)
        yield gl.compute(us=10)

    def main() -> Any:
        yield gl.go(waits)
        yield gl.go(waits)
        yield gl.sleep(us=1)
        yield gl.compute(us=30)
        yield gl.gosched()

    run = free(main, procs=4, policy=policy)
    asked = run.events[run.events["kind"].isin({"MWake", "MCreate"}) & (run.events["t_ns"] == 20_000)]
    assert list(asked["reason"].dropna()) == woken
