"""GC cycles: who marks, where, for how long. Each test tells the program, what Go does and which function says so."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import gmplab as gl
from gmplab.traces.run import Run
from tests.programs import free, rows

GO = gl.policy_of("go")


def collect(mark: str, busy: int = 0, ms: int = 50) -> Any:
    """Main collects, beside `busy` goroutines that compute."""

    def worker() -> Any:
        yield gl.compute(ms=ms)

    def main() -> Any:
        for _ in range(busy):
            yield gl.go(worker)
        if busy:
            yield gl.compute(us=100)
        yield gl.gc(mark)

    return main


def marking(run: Run, cycle: int = 0) -> tuple[int, int]:
    """When the marking of a cycle began and ended."""
    phases = rows(run, "GCPhase")
    return int(phases[phases["reason"] == "mark"]["t_ns"].iloc[cycle]), int(
        phases[phases["reason"] == "mark_termination"]["t_ns"].iloc[cycle]
    )


def marked_ns(run: Run) -> int:
    """The CPU time of all workers."""
    return int(run.goroutines[run.goroutines["name"] == "gcBgMarkWorker"]["run_ns"].sum())


def modes(run: Run) -> set[str]:
    return set(rows(run, "GCWorker")["reason"])


@pytest.mark.parametrize(
    ("procs", "dedicated", "fractional"),
    [
        (1, 0, True), (2, 0, True), (3, 0, True), (4, 1, False), (5, 1, False), (6, 1, True), (7, 2, False), (8, 2, False),
        (64, 16, False),
    ],
)
def test_a_quarter_of_the_ps_marks_and_fractional_workers_mend_a_rounding_of_over_30_percent(
    procs: int, dedicated: int, fractional: bool
) -> None:
    # Go: mgcpacer.go: startCycle: for GOMAXPROCS <= 3 or = 6.
    run = free(collect("200us", busy=procs - 1), procs=procs)
    assert int(rows(run, "GCPhase")["arg"].iloc[0]) == dedicated
    assert ("fractional" in modes(run), "dedicated" in modes(run)) == (fractional, dedicated > 0)
    assert marked_ns(run) == 200_000


def test_a_cycle_is_two_stops_with_the_marking_between_and_the_caller_goes_on_after_it() -> None:
    # Go: mgc.go: gcStart, gcMarkDone, gcMarkTermination: the last worker stops the world, in which the waiters are injected.
    def main() -> Any:
        yield gl.gc("1ms")
        yield gl.compute(us=7)

    run = free(main, procs=4)
    kinds = run.events[run.events["kind"].isin({"STWStart", "STWEnd", "GCPhase"})]
    assert [(k, r) for k, r in zip(kinds["kind"], kinds["reason"], strict=True)] == [
        ("STWStart", "GC sweep termination"), ("GCPhase", "mark"), ("STWEnd", "GC sweep termination"),
        ("STWStart", "GC mark termination"), ("GCPhase", "mark_termination"), ("GCPhase", "off"),
        ("STWEnd", "GC mark termination"),
    ]
    assert list(rows(run, "GoPark").query("g == 1")["reason"]) == ["chan receive"] * 4 + ["wait for GC cycle"]
    # Who stops it first is main, then a worker.
    assert int(kinds["g"].iloc[0]) == 1
    stopper = int(kinds[kinds["reason"] == "GC mark termination"]["g"].iloc[0])
    assert run.goroutines.set_index("g")["name"][stopper] == "gcBgMarkWorker"
    end = marking(run)[1]
    assert (run.record.end_ns, run.metrics["gc_cycles"], run.metrics["stw"]) == (end + 7_000, 1, 2)


def test_workers_are_started_one_by_one_at_the_first_cycle_and_when_there_are_more_ps() -> None:
    # Go: mgc.go: gcBgMarkStartWorkers: go gcBgMarkWorker(ready); <-ready, so they bounce in runnext.
    def main() -> Any:
        yield gl.gc("10us")
        yield gl.gc("10us")
        yield gl.gomaxprocs(3)
        yield gl.gc("10us")

    run = free(main, procs=2)
    made = rows(run, "GoCreate").query("g > 1")
    first, _ = marking(run)
    assert [int(g) for g in made["g"]] == [2, 3, 4]
    assert [bool(t <= first) for t in made["t_ns"]] == [True, True, False]
    order = [int(g) for g in run.schedule["g"]][:5]
    assert order == [1, 2, 1, 3, 1]
    system = run.goroutines.query("kind == 'system'")
    assert list(system["name"]) == ["gcBgMarkWorker"] * 3
    assert list(system["parent"]) == [1, 1, 1]
    assert system["exited_ns"].isna().all()


def test_a_dedicated_worker_holds_its_p_until_nothing_is_left() -> None:
    # Go: mgc.go: gcBgMarkWorker, dedicated mode. Four busy goroutines share the other three Ps.
    run = free(collect("3ms", busy=4), procs=4)
    start, end = marking(run)
    assert (end - start, modes(run)) == (3_000_000, {"dedicated"})
    worker = run.schedule[run.schedule["source"] == "gc_worker"]
    assert len(worker) == 1
    p = int(worker["p"].iloc[0])
    inside = run.schedule[(run.schedule["t_ns"] > start) & (run.schedule["t_ns"] < end)]
    assert p not in set(inside["p"])


class FarPlace(gl.PlaceLocal):
    """Puts new goroutines of class "far" on P 1."""

    def place(self, state: object, view: gl.View, why: int, g: int, p: int) -> int:
        return 1 if view.cls(g) == "far" else super().place(state, view, why, g, p)


def test_a_dedicated_worker_that_is_asked_to_stop_sends_its_queue_to_the_global_one_and_stays() -> None:
    # Go 1.17: mgc.go: gcBgMarkWorker: runqdrain (#20011). It is on P 1, those on idle Ps mark too and do
    # not steal, sysmon asks after 10 ms.
    def collector() -> Any:
        yield gl.gc("120ms")

    def far() -> Any:
        yield gl.compute(us=5)

    def main() -> Any:
        yield gl.go(collector)
        yield gl.compute(us=50)
        for _ in range(3):
            yield gl.go(far, cls="far")
        yield gl.compute(ms=100)

    run = free(main, procs=4, policy=GO.replace(place=FarPlace()))
    start, end = marking(run)
    chosen = rows(run, "GCWorker").query("reason == 'dedicated'").iloc[0]
    drain = rows(run, "QDrain")
    assert (int(chosen["p"]), [int(p) for p in drain["p"]], [int(a) for a in drain["arg"]]) == (1, [1], [0])
    assert 10_000_000 <= int(drain["t_ns"].iloc[0]) - start <= 30_000_000
    # It never stopped, although sysmon goes on asking, and what it had queued ran elsewhere.
    assert len(rows(run, "GoPark").query(f"g == {int(chosen['g'])} and t_ns > {start}")) == 1
    assert len(rows(run, "PreemptRequest").query(f"g == {int(chosen['g'])}")) > 1
    assert (run.goroutines.query("name == 'far'")["exited_ns"] < end).all()


def test_a_fractional_worker_takes_its_share_with_a_fifth_of_slack() -> None:
    # Go: mgcpacer.go: findRunnableGCWorker, mgc.go: pollFractionalWorkerExit: on each P 25 %, stop above 1.2 times that.
    def worker() -> Any:
        while True:
            yield gl.compute(us=50)
            yield gl.gosched()

    def main() -> Any:
        for _ in range(4):
            yield gl.go(worker)
        yield gl.compute(us=100)
        yield gl.gc("5ms")

    run = free(main, procs=2)
    start, end = marking(run)
    assert modes(run) == {"fractional"}
    # Up to 30 %, less what is left of a share at the end. Without the slack it is 25 %.
    assert 0.28 <= 5_000_000 / (2 * (end - start)) <= 0.30


def test_idle_ps_mark_too_and_stop_for_other_work_after_each_share() -> None:
    # Go: proc.go: findRunnable, idle-time marking; pollWork every drainCheckThreshold, 10 us of work here.
    alone = free(collect("8ms"), procs=8)
    start, end = marking(alone)
    assert sorted(rows(alone, "GCWorker")["reason"]) == ["dedicated"] * 2 + ["idle"] * 6
    assert end - start == 1_000_000

    def child() -> Any:
        yield gl.compute(us=300)

    def parent() -> Any:
        yield gl.compute(us=200)
        for _ in range(8):
            yield gl.go(child)
        yield gl.gosched()

    def main() -> Any:
        yield gl.go(parent)
        yield gl.gc("4ms")

    # Idle workers look at the global queue and their own, not at what other Ps have: the parent, which went to the
    # global one, waits for one share at most, the children for their P.
    run = free(main, procs=4)
    turns = run.schedule[run.schedule["g"] == 2]
    assert (turns["source"].iloc[-1], int(turns["wait_ns"].iloc[-1]) <= 10_000) == ("global", True)
    assert int(run.goroutines.query("name == 'child'")["wait_ns"].max()) >= 300_000


def test_a_cycle_begins_when_the_one_before_has_ended() -> None:
    # Go: mgc.go: GC: gcWaitOnMark(n), then gcStart.
    def second() -> Any:
        yield gl.sleep(us=100)
        yield gl.gc("100us")

    def main() -> Any:
        yield gl.go(second)
        yield gl.gc("1ms")
        yield gl.sleep(ms=1)

    run = free(main, procs=4)
    assert list(rows(run, "STWStart")["reason"]) == ["GC sweep termination", "GC mark termination"] * 2
    assert marking(run, 1)[0] >= marking(run, 0)[1]


def test_callers_during_a_cycle_share_the_next_one() -> None:
    # Go: mgc.go: GC: a caller wants a cycle that began after its call; gcStart looks again under work.startSema.
    def late() -> Any:
        yield gl.compute(us=50)
        yield gl.gc("200us")
        ends.append((yield gl.now()))

    def main() -> Any:
        for _ in range(3):
            yield gl.go(late)
        yield gl.gc("2ms")
        yield gl.sleep(ms=5)

    ends: list[int] = []
    run = free(main, procs=8)
    assert run.metrics["gc_cycles"] == 2
    assert len(ends) == 3
    assert min(ends) >= marking(run, 1)[1]


def test_gomaxprocs_waits_for_the_end_of_a_cycle() -> None:
    # Go: proc.go: stopTheWorldGC takes gcsema: Ps must not go away while workers are counted by them.
    def resize() -> Any:
        yield gl.sleep(us=100)
        yield gl.gomaxprocs(2)

    def main() -> Any:
        yield gl.go(resize)
        yield gl.gc("4ms")
        yield gl.sleep(ms=1)

    run = free(main, procs=4)
    # The three STW start in order: the cycle's two, then that of the new GOMAXPROCS.
    assert list(rows(run, "STWStart")["reason"]) == ["GC sweep termination", "GC mark termination", "GOMAXPROCS"]
    assert [int(n) for n in rows(run, "PResize")["arg"]] == [4, 4, 2]


def test_a_worker_dealt_to_a_p_that_stops_before_its_m_runs_goes_back_to_the_pool() -> None:
    # Go 1.26: mgcpacer.go: releaseNextGCMarkWorker. Waking takes 50 us; main's own P has marked all of it by then.
    costs = dataclasses.replace(gl.Costs.zero(), futex_latency=50_000, thread_start=50_000)
    run = gl.run(collect("5us"), procs=2, costs=costs)
    told = [(int(p), reason) for p, reason in zip(rows(run, "GCWorker")["p"], rows(run, "GCWorker")["reason"], strict=True)]
    assert told == [(1, "fractional"), (0, "fractional"), (1, "none")]
    assert run.complete


def test_a_p_whose_m_enters_a_known_blocking_call_is_handed_on_to_mark() -> None:
    # Go: proc.go: handoffp: if it has GC work, start it straight away.
    def blocks() -> Any:
        yield gl.compute(us=200)
        yield gl.syscall(ms=1, blocking=True)

    def main() -> Any:
        for _ in range(3):
            yield gl.go(blocks)
        yield gl.compute(us=50)
        yield gl.gc("5ms")

    run = free(main, procs=4)
    assert "gc_work" in set(rows(run, "PHandoff")["reason"])


@pytest.mark.parametrize(("policy", "procs", "idle", "pause"), [("go1.2", 4, 2, 400_000), ("go1.1", 1, 0, 1_200_000)])
def test_before_1_5_all_of_it_happens_while_the_world_stands(policy: str, procs: int, idle: int, pause: int) -> None:
    # Go 1.1: mgc0.c: gc; proc.c: gcprocs: as many Ms mark as idle, and the one that collects.
    def worker() -> Any:
        yield gl.compute(us=1)

    def main() -> Any:
        for _ in range(idle):
            yield gl.go(worker)
        yield gl.sleep(us=50)
        yield gl.gc("1200us")

    run = free(main, procs=procs, policy=policy)
    stop = run.events[run.events["kind"].isin({"STWStart", "STWEnd"})]
    assert list(stop["reason"]) == ["GC", "GC"]
    assert int(stop["t_ns"].iloc[1] - stop["t_ns"].iloc[0]) == pause
    assert set(run.goroutines["kind"]) == {"user"}
    assert (run.metrics["gc_cycles"], run.metrics["stw_total_ns"]) == (1, pause)


def test_a_collection_takes_none_of_the_programs_dice() -> None:
    # So that two runs that differ in when they collect see the same services.
    def worker() -> Any:
        yield gl.compute(gl.Exponential(50_000))

    def program(collects: bool) -> Any:
        def main() -> Any:
            if collects:
                yield gl.gc("100us")
            for _ in range(10):
                yield gl.go(worker)
            yield gl.sleep(ms=5)

        return main

    def services(run: Run) -> list[int]:
        return list(run.goroutines.query("name == 'worker'")["run_ns"])

    assert services(free(program(True), procs=4)) == services(free(program(False), procs=4))


def test_gc_and_gomaxprocs_are_the_same_in_all_forms_of_a_body() -> None:
    def generators() -> Any:
        def worker() -> Any:
            yield gl.compute(us=300)

        yield gl.go(worker)
        yield gl.gc("1ms")
        yield gl.gomaxprocs(2)
        yield gl.gc("50us")

    async def coroutines() -> None:
        async def worker() -> None:
            await gl.compute(us=300)

        await gl.go(worker)
        await gl.gc("1ms")
        await gl.gomaxprocs(2)
        await gl.gc("50us")

    def plain() -> None:
        def worker() -> None:
            gl.compute(us=300)

        gl.go(worker)
        gl.gc("1ms")
        gl.gomaxprocs(2)
        gl.gc("50us")

    ops = gl.Program("main").go(gl.Program("worker").compute("300us")).gc("1ms").gomaxprocs(2).gc("50us")
    tables = [gl.run(body, procs=4).record.tables for body in (generators, coroutines, plain, ops)]
    assert tables[0]["schedule"] == tables[1]["schedule"] == tables[2]["schedule"] == tables[3]["schedule"]
    assert tables[0]["events"] == tables[1]["events"] == tables[2]["events"] == tables[3]["events"]


def test_what_there_is_to_mark_may_be_drawn_and_must_be_a_duration() -> None:
    def main() -> Any:
        for _ in range(3):
            yield gl.gc(gl.Uniform(10_000, 90_000))

    run = free(main, procs=4)
    spans = [end - start for start, end in (marking(run, i) for i in range(3))]
    assert len(set(spans)) == 3
    assert 30_000 <= marked_ns(run) <= 270_000

    def wrong() -> Any:
        yield gl.gc(-1)

    with pytest.raises(gl.GoPanic, match="gc = -1: must not be negative"):
        free(wrong)


def test_a_gc_worker_that_sleeps_is_nobodys_deadlock_partner() -> None:
    # Go: traceback leaves system goroutines out of "all goroutines are asleep".
    c = gl.Chan()

    def main() -> Any:
        yield gl.gc("10us")
        yield gl.recv(c)

    with pytest.raises(gl.DeadlockError) as failure:
        free(main, procs=2)
    assert str(failure.value).splitlines()[1:] == ["goroutine 1 [chan receive]: main on chan#2 (cap 0)"]


def minutes(*verbs: Any) -> Any:
    """A main goroutine that does these."""

    def main() -> Any:
        for verb in verbs:
            yield verb()

    return main


@pytest.mark.parametrize("procs", [1, 4])
def test_two_minutes_after_a_collection_sysmon_has_another_begun(procs: int) -> None:
    # Go: proc.go: sysmon, forcegchelper; mgc.go: gcTrigger.test.
    run = gl.run(minutes(lambda: gl.gc("3ms"), lambda: gl.sleep(s=300)), procs=procs)
    run.validate()
    phases = rows(run, "GCPhase")
    begun = [int(t) for t, phase in zip(phases["t_ns"], phases["reason"], strict=True) if phase == "mark"]
    ended = [int(t) for t, phase in zip(phases["t_ns"], phases["reason"], strict=True) if phase == "off"]
    assert (len(begun), len(ended)) == (3, 3)
    # It looks at least once a minute, and each time when its sleep has ended.
    assert all(120_000_000_000 < b - a < 121_000_000_000 for a, b in zip(ended, begun[1:], strict=False))
    assert set(run.goroutines["name"][run.goroutines["kind"] == "system"]) == {"gcBgMarkWorker", "forcegchelper"}


def test_a_program_that_never_collected_is_not_made_to() -> None:
    run = gl.run(minutes(lambda: gl.sleep(s=300)), procs=2)
    assert run.metrics["gc_cycles"] == 0


def test_a_forced_cycle_marks_as_much_as_the_last_and_leaves_idle_ps_alone() -> None:
    # Go: mgcpacer.go: startCycle: a periodic cycle wants no idle workers where a dedicated one is wanted.
    run = gl.run(minutes(lambda: gl.gc("3ms"), lambda: gl.sleep(s=130)), procs=4)
    worker = rows(run, "GCWorker")
    modes = [(t > 100_000_000_000, mode) for t, mode in zip(worker["t_ns"], worker["reason"], strict=True)]
    assert {mode for late, mode in modes if not late} == {"dedicated", "idle"}
    assert {mode for late, mode in modes if late} == {"dedicated"}
    phases = rows(run, "GCPhase")
    last = phases[phases["t_ns"] > 100_000_000_000]["t_ns"].tolist()
    assert last[1] - last[0] > 3_000_000
