"""Stopping and starting the world, and GOMAXPROCS. Each test tells the program, what Go does and which function says so."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import gmplab as gl
from gmplab.traces.run import Run
from tests.programs import free, rows

GO = gl.policy_of("go")


def told(run: Run, *kinds: str) -> list[tuple[Any, ...]]:
    """(t, kind, g, m, p, reason) of the events of some kinds, None where there is none."""
    events = run.events[run.events["kind"].isin(kinds)]
    picked = events[["t_ns", "kind", "g", "m", "p", "reason"]].astype(object)
    return [tuple(x if x == x else None for x in row) for row in picked.where(picked.notna(), None).to_numpy().tolist()]


def ps(run: Run, kind: str) -> list[int]:
    return [int(p) for p in rows(run, kind)["p"]]


def test_the_stopper_stops_its_own_p_then_takes_the_idle_ones_last_idled_first() -> None:
    # Go: proc.go: stopTheWorldWithSema: own P, Ps in syscalls, pidleget until there is none. pidle is a stack.
    def main() -> Any:
        yield gl.gomaxprocs(3)

    run = free(main, procs=4)
    assert told(run, "STWStart", "PBusy", "PStop", "STWStopped", "PResize", "PIdle", "STWEnd")[3:] == [
        (0, "STWStart", 1, 0, 0, "GOMAXPROCS"),
        (0, "PStop", None, 0, 0, None),
        (0, "PBusy", None, 0, 3, None), (0, "PStop", None, 0, 3, None),
        (0, "PBusy", None, 0, 2, None), (0, "PStop", None, 0, 2, None),
        (0, "PBusy", None, 0, 1, None), (0, "PStop", None, 0, 1, None),
        (0, "STWStopped", 1, 0, 0, "GOMAXPROCS"),
        (0, "PResize", None, 0, 0, None),
        (0, "PIdle", None, 0, 1, None), (0, "PIdle", None, 0, 2, None),
        (0, "STWEnd", 1, 0, 0, "GOMAXPROCS"),
        # startTheWorldWithSema ends with one wakep, which takes the P that idled last.
        (0, "PBusy", None, 0, 2, None),
    ]


def test_a_p_in_a_syscall_is_taken_at_once_and_its_m_finds_the_world_stopped_no_longer() -> None:
    # Go: proc.go: stopTheWorldWithSema: setBlockOnExitSyscall, gcstopP. The call of 500 us is not waited for.
    def caller() -> Any:
        yield gl.syscall(us=500)
        yield gl.compute(us=1)

    def main() -> Any:
        yield gl.go(caller)
        yield gl.compute(us=10)
        yield gl.gomaxprocs(1)
        yield gl.sleep(ms=1)

    run = free(main, procs=2)
    assert told(run, "STWStart", "PRetake", "STWStopped") == [
        (10_000, "STWStart", 1, 0, 0, "GOMAXPROCS"), (10_000, "PRetake", None, 0, 1, "stw"), (10_000, "STWStopped", 1, 0, 0, "GOMAXPROCS"),
    ]
    # The M comes back to an idle P 0, since main sleeps.
    back = rows(run, "GoSysExit").iloc[0]
    assert (int(back["t_ns"]), int(back["p"])) == (500_000 + int(rows(run, "GoSyscall")["t_ns"].iloc[0]), 0)


def test_the_last_p_to_stop_wakes_the_stopper_and_each_one_stops_in_a_step_of_its_own_m() -> None:
    # Go: proc.go: gcstopm: stopwait-- and notewakeup(&sched.stopnote) at 0. The signals arrive 4 us after the request.
    def worker() -> Any:
        yield gl.compute(ms=5)

    def main() -> Any:
        for _ in range(2):
            yield gl.go(worker)
        yield gl.compute(ms=1)
        yield gl.gomaxprocs(4)

    costs = dataclasses.replace(gl.Costs.zero(), preempt_signal=4_000, futex_latency=5_000)
    run = gl.run(main, procs=3, costs=costs)
    start = int(rows(run, "STWStart")["t_ns"].iloc[0])
    stops = rows(run, "PStop")
    assert [(int(t) - start, int(m), int(p)) for t, m, p in zip(stops["t_ns"], stops["m"], stops["p"], strict=True)] == [
        (0, 0, 0), (4_000, 3, 1), (4_000, 2, 2),
    ]
    wake = rows(run, "MWake").query("reason == 'stoptheworld'").iloc[0]
    assert (int(wake["t_ns"]) - start, int(wake["m"]), int(wake["aux"])) == (4_000, 0, 2)
    assert int(rows(run, "STWStopped")["t_ns"].iloc[0]) - start == 9_000
    assert (run.metrics["stw"], run.metrics["stw_stopping_ns"], run.metrics["stw_total_ns"]) == (1, 9_000, 9_000)


def test_the_stopper_asks_again_every_100_us() -> None:
    # Go: proc.go: stopTheWorldWithSema: notetsleep(&sched.stopnote, 100*1000), preemptall. A tight loop hears no
    # cooperative request: before Go 1.14 the world stopped only when it ended (#10958).
    def worker() -> Any:
        yield gl.compute(us=450, tight=True)

    def main() -> Any:
        yield gl.go(worker)
        yield gl.compute(us=100)
        yield gl.gomaxprocs(3)

    run = free(main, procs=2, policy=GO.replace(preempt=gl.CooperativePreempt()))
    sleeps = rows(run, "MPark").query("reason == 'stoptheworld'")
    assert list(sleeps["t_ns"]) == [100_000, 200_000, 300_000, 400_000]
    assert list(rows(run, "PreemptRequest")["t_ns"]) == [100_000, 200_000, 300_000, 400_000]
    assert list(rows(run, "STWStopped")["t_ns"]) == [3_000 + 450_000]
    # With Go's signals it takes no time.
    assert free(main, procs=2).metrics["stw_stopping_ns"] == 0


def two_workers_and_a_stop(procs: int, to: int) -> Any:
    """Main, on P 0, changes GOMAXPROCS while two workers run on other Ps."""

    def worker() -> Any:
        yield gl.compute(ms=1)

    def main() -> Any:
        for _ in range(2):
            yield gl.go(worker)
        yield gl.compute(us=100)
        yield gl.gomaxprocs(to)
        yield gl.compute(ms=1)

    return main


def test_a_g_preempted_for_the_stop_goes_to_runnext_and_runs_on_with_its_p_and_its_m() -> None:
    # Go 1.26: proc.go: goschedImpl (preempted && gcwaiting), procresize (p.oldm).
    run = free(two_workers_and_a_stop(3, 4), procs=3)
    before = run.schedule[run.schedule["t_ns"] < 100_000].groupby("g")[["m", "p"]].last().loc[[2, 3]]
    after = run.schedule[run.schedule["t_ns"] >= 100_000].groupby("g")[["m", "p"]].first().loc[[2, 3]]
    assert before.equals(after)
    assert list(run.schedule[run.schedule["t_ns"] == 100_000]["source"]) == ["runnext", "runnext"]
    assert list(rows(run, "GoStop")["arg"]) == [1, 1]
    # Up to 1.25: to the global queue's tail, and no P is started for it: one spinning M finds the first, and so on.
    old = free(two_workers_and_a_stop(3, 4), procs=3, policy="go1.21")
    assert list(rows(old, "GoStop")["arg"]) == [3, 3]
    assert set(old.schedule[old.schedule["t_ns"] == 100_000]["source"]) == {"global"}


def test_gs_of_destroyed_ps_go_to_the_global_queues_head_in_order_and_timers_to_the_stoppers_p() -> None:
    # Go: proc.go: (*p).destroy: the ring from its tail, then runnext, each to the global head; timers.take.
    def worker() -> Any:
        yield gl.compute(us=10)

    def boss() -> Any:
        for _ in range(4):
            yield gl.go(worker)
        yield gl.compute(ms=1)

    def sleeper() -> Any:
        yield gl.sleep(ms=3)

    def main() -> Any:
        yield gl.go(sleeper)
        yield gl.compute(us=10)
        yield gl.go(boss)
        yield gl.compute(us=100)
        yield gl.gomaxprocs(1)
        yield gl.sleep(ms=5)

    run = free(main, procs=2, policy=GO.replace(steal=gl.StealHalf(runnext_backoff_ns=0)))
    assert told(run, "PResize", "QDrain", "TimerSet")[1:] == [
        (110_000, "PResize", None, 0, 0, None), (110_000, "QDrain", None, 0, 1, None),
        (110_000, "TimerSet", 2, 0, 0, None), (110_000, "TimerSet", 1, 0, 0, None),
    ]
    moved = rows(run, "TimerSet").iloc[1]
    assert (int(moved["aux"]), int(moved["arg"])) == (1, 3_000_000)
    assert list(rows(run, "TimerFire")["t_ns"]) == [3_000_000, 5_110_000]
    # Boss (3) was preempted into runnext and kicked 7 to the tail behind 4, 5, 6.
    assert [int(g) for g in run.schedule[run.schedule["t_ns"] >= 110_000]["g"]][:5] == [3, 4, 5, 6, 7]
    assert list(run.processors["schedtick"].index) == [0, 1]


def test_the_stopper_of_a_p_that_is_destroyed_goes_on_with_p_0() -> None:
    # Go: proc.go: procresize: release the current P and acquire allp[0].
    def stopper() -> Any:
        yield gl.gomaxprocs(1)
        yield gl.compute(us=5)

    def main() -> Any:
        yield gl.go(stopper)
        yield gl.compute(us=50)

    run = free(main, procs=2)
    assert told(run, "STWStart", "PResize", "PRelease", "PAcquire")[2:] == [
        (3_000, "STWStart", 2, 2, 1, "GOMAXPROCS"), (3_000, "PRelease", None, 0, 0, None),
        (3_000, "PResize", None, 2, 1, None), (3_000, "PRelease", None, 2, 1, None), (3_000, "PAcquire", None, 2, 0, None),
    ]
    # Main was preempted into P 0's runnext, and P 0 came to it from the stopper: it ran last.
    assert [int(g) for g in run.schedule["g"]] == [1, 2, 1]


def test_more_ps_come_idle_and_one_is_woken_fewer_keep_their_ids() -> None:
    # Go: proc.go: procresize: a P that was destroyed is reused; new ones start stopped.
    def main() -> Any:
        asked = yield gl.gomaxprocs(0)
        old = yield gl.gomaxprocs(1)
        now = yield gl.gomaxprocs(4)
        same = yield gl.gomaxprocs(4)
        return asked, old, now, same

    run = free(main, procs=3)
    assert run.result == (3, 3, 1, 4)
    assert run.metrics["stw"] == 2
    assert [int(n) for n in rows(run, "PResize")["arg"]] == [1, 4]
    assert list(run.processors.index) == [0, 1, 2, 3]


@pytest.mark.parametrize("n", [-1, 65_535, True, 2.0, "4"])
def test_a_number_of_ps_that_cannot_be_is_told(n: Any) -> None:
    def main() -> Any:
        yield gl.gomaxprocs(n)

    with pytest.raises(gl.GoPanic, match="gomaxprocs: n = .*: must be an int of 0 to 65534 Ps"):
        free(main)


class ThreeThenTwo(gl.Control):
    """Orders three Ps at sysmon's first look and two from the sixth on."""

    def start(self, view: gl.View) -> object:
        return []

    def act(self, state: object, view: gl.View, orders: Any) -> None:
        assert isinstance(state, list)
        state.append(view.procs())
        orders.set_procs(3 if len(state) < 6 else 2)


def test_a_control_policys_ps_come_by_a_goroutine_that_sysmon_readies() -> None:
    # Go: proc.go: sysmonUpdateGOMAXPROCS, updateMaxProcsGoroutine: sysmon has no P and cannot stop the world.
    def main() -> Any:
        yield gl.compute(us=100)
        yield gl.sleep(us=300)

    run = free(main, procs=1, policy=GO.replace(control=ThreeThenTwo(period_ns=20_000)))
    helper = run.goroutines.set_index("g").loc[2]
    assert (helper["name"], helper["kind"]) == ("updateMaxProcsGoroutine", "system")
    assert told(run, "STWStart", "GoPark")[:1] == [(100_000, "GoPark", 1, 0, 0, "sleep")]
    assert [(kind, g, reason) for _, kind, g, _, _, reason in told(run, "STWStart", "GoPark")[1:3]] == [
        ("STWStart", 2, "GOMAXPROCS"), ("GoPark", 2, "GOMAXPROCS updater (idle)"),
    ]
    assert [int(n) for n in rows(run, "PResize")["arg"]] == [3, 2]


def test_a_program_that_sets_gomaxprocs_keeps_what_it_set() -> None:
    # Go: proc.go: sched.customGOMAXPROCS.
    def main() -> Any:
        yield gl.gomaxprocs(4)
        yield gl.sleep(ms=1)

    run = free(main, procs=1, policy=GO.replace(control=ThreeThenTwo(period_ns=20_000)))
    assert [int(n) for n in rows(run, "PResize")["arg"]] == [4]


@pytest.mark.parametrize("n", [-2, 0, 65_535])
def test_an_order_of_no_number_of_ps_is_told(n: int) -> None:
    class Wrong(gl.Control):
        def act(self, state: object, view: gl.View, orders: Any) -> None:
            orders.set_procs(n)

    def main() -> Any:
        yield gl.compute(ms=1)

    with pytest.raises(gl.PolicyError, match=rf"Wrong.act: set_procs\({n}\): must be 1 to 65534 Ps"):
        free(main, policy=GO.replace(control=Wrong(period_ns=20_000)))


def test_before_1_3_each_stop_dealt_all_runnable_gs_out_anew_from_p_1_on() -> None:
    # Go 1.1: proc.c: procresize: all queues to the global one, then round robin over Ps 1, ..., n-1, 0.
    def worker() -> Any:
        yield gl.compute(us=10)

    def main() -> Any:
        for _ in range(7):
            yield gl.go(worker)
        yield gl.gomaxprocs(3)
        yield gl.compute(us=50)

    run = free(main, procs=1, policy="go1.2")
    assert ps(run, "QDrain") == [0]
    assert ps(run, "QMove") == [1, 2, 0, 1, 2, 0, 1]
    first = run.schedule[run.schedule["g"] != 1].groupby("p")["g"].apply(list)
    assert (first[1][:3], first[2][:2]) == ([2, 5, 8], [3, 6])


def test_one_g_at_a_time_stops_the_world() -> None:
    # Go: proc.go: stopTheWorldGC: gcsema, worldsema. Both found 3 Ps when they asked.
    def busy() -> Any:
        yield gl.compute(us=100)

    def other() -> Any:
        yield gl.compute(us=20)
        return (yield gl.gomaxprocs(2))

    def main() -> Any:
        yield gl.go(busy)
        yield gl.go(other)
        yield gl.compute(us=10)
        old = yield gl.gomaxprocs(4)
        yield gl.sleep(ms=1)
        return old

    run = free(main, procs=3, policy=GO.replace(preempt=gl.NoPreemption()))
    assert run.result == 3
    # 3 came by a theft of 2's runnext, 3 us after the thief saw it.
    assert [e for e in told(run, "STWStart", "GoPark", "STWEnd", "GoReady") if e[2] != 2][:6] == [
        (10_000, "STWStart", 1, 0, 0, "GOMAXPROCS"), (23_000, "GoPark", 3, 3, 1, "semacquire"),
        (100_000, "STWEnd", 1, 0, 0, "GOMAXPROCS"), (100_000, "GoReady", 3, 0, 0, "runnext"),
        (100_000, "GoPark", 1, 0, 0, "sleep"), (100_000, "STWStart", 3, 0, 0, "GOMAXPROCS"),
    ]
