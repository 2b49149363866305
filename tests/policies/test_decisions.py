"""Each component decides otherwise than Go's in a real run: the program, the sequence under Go's, the sequence under it."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import Any

import pytest

import gmplab as gl
from gmplab.traces.run import Run
from gmplab.vocabulary import QUEUES
from tests.programs import free, rows, started

GO = gl.policy_of("go")
SLICES = gl.AsyncPreempt(quantum_ns=10_000, exact=True)


def go_but(**parts: Any) -> gl.Policy:
    """Go's policy with these parts changed."""
    return GO.replace(**parts)


def at(run: Run) -> list[tuple[int, int, int]]:
    """(us, g, p) of each schedule()."""
    s = run.schedule
    return [(int(t) // 1000, int(g), int(p)) for t, g, p in zip(s["t_ns"], s["g"], s["p"], strict=True)]


def fan_out(n: int, us: int = 10) -> Any:
    """Main starts n goroutines of one compute each, g2 to g(n + 1), and waits for them."""

    def main() -> Any:
        wg = gl.WaitGroup(n)

        def worker() -> Any:
            yield gl.compute(us=us)
            yield gl.done(wg)

        for _ in range(n):
            yield gl.go(worker)
        yield gl.wait(wg)

    return main


def jobs(*us: int) -> Any:
    """The same with op programs of these lengths, so that a policy may know them: g2 is the first."""

    def main() -> Any:
        wg = gl.WaitGroup(len(us))
        for n in us:
            yield gl.go(gl.Program("job").compute(n * 1000).done(wg))
        yield gl.wait(wg)

    return main


# --- queues ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queues", "order", "source"),
    [
        (gl.GoQueues(), [6, 2, 3, 4, 5], "local"), (gl.NoRunnext(), [2, 3, 4, 5, 6], "local"),
        (gl.UnboundedQueues(), [2, 3, 4, 5, 6], "local"), (gl.GlobalQueue(), [2, 3, 4, 5, 6], "global"),
        (gl.LifoQueue(), [6, 5, 4, 3, 2], "local"), (gl.RandomOrder(), [6, 5, 4, 2, 3], "local"),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, gl.Queues) else "",
)
def test_queues_order_five_goroutines_made_in_a_loop(queues: gl.Queues, order: list[int], source: str) -> None:
    run = free(fan_out(5), policy=go_but(queues=queues))
    assert started(run) == order
    assert set(run.schedule["source"][2:6]) == {source}


@pytest.mark.parametrize(
    ("queues", "spilled"),
    [(gl.GoQueues(capacity=4), True), (gl.UnboundedQueues(), False), (gl.LifoQueue(capacity=4), True), (gl.LifoQueue(capacity=-1), False)],
)
def test_a_full_queue_spills_unless_it_has_no_bound(queues: gl.Queues, spilled: bool) -> None:
    assert (free(fan_out(9), policy=go_but(queues=queues)).metrics["overflows"] > 0) == spilled


@pytest.mark.parametrize(
    ("queues", "order"),
    [
        # In one global queue: g2 has 30 us to do, g3 20 us, g4 10 us.
        (gl.GlobalQueue(), [2, 3, 4, 2, 3, 2]), (gl.ByRemainingWork(capacity=0, fair_tick=0), [4, 3, 3, 2, 2, 2]),
        (gl.ByAttainedWork(capacity=0, fair_tick=0), [2, 3, 4, 2, 3, 2]), (gl.LifoQueue(capacity=0, fair_tick=0), [4, 3, 3, 2, 2, 2]),
        (gl.LifoQueue(capacity=0, fair_tick=0, global_fifo=True), [2, 3, 4, 2, 3, 2]),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, gl.Queues) else "",
)
def test_queues_order_slices_of_10_us(queues: gl.Queues, order: list[int]) -> None:
    assert started(free(jobs(30, 20, 10), policy=go_but(queues=queues, preempt=SLICES))) == order


def test_least_attained_service_lets_a_newcomer_pass_who_has_had_more() -> None:
    def main() -> Any:
        wg = gl.WaitGroup(2)
        yield gl.go(gl.Program("long").compute(50_000).done(wg))
        yield gl.sleep(us=25)
        yield gl.go(gl.Program("short").compute(20_000).done(wg))
        yield gl.wait(wg)

    def sequence(queues: gl.Queues) -> list[int]:
        return [g for _, g, _ in at(free(main, policy=go_but(queues=queues, preempt=SLICES)))]

    # Main sleeps from 0 to 25 us, and makes g3 when it gets to run.
    assert sequence(gl.GlobalQueue()) == [1, 2, 2, 2, 2, 1, 2, 3, 3, 1]
    assert sequence(gl.ByAttainedWork(capacity=0, fair_tick=0)) == [1, 2, 2, 2, 1, 3, 3, 2, 2, 1]


# --- place -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "ran"),
    [
        # Where g2 to g5 ran, with four Ps that steal nothing. Main is on P0.
        (gl.PlaceLocal(), {2: 0, 3: 0, 4: 0, 5: 0}), (gl.JoinShortest(), {2: 1, 3: 2, 4: 3, 5: 0}),
        (gl.PushSurplus(), {2: 1, 3: 2, 4: 3, 5: 0}),
        (gl.PlaceRandom(), {2: 2, 3: 0, 4: 3, 5: 1}), (gl.LeastLoaded(), {2: 2, 3: 3, 4: 1, 5: 2}),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, gl.Place) else "",
)
def test_place_decides_on_which_p_four_new_goroutines_run(place: gl.Place, ran: dict[int, int]) -> None:
    run = free(fan_out(4), procs=4, policy=go_but(place=place, steal=gl.NoStealing()))
    assert {g: p for _, g, p in at(run) if g != 1} == ran


def test_everything_in_the_global_queue_is_found_there() -> None:
    def puts(place: gl.Place) -> list[str]:
        events = free(fan_out(4), policy=go_but(place=place)).events
        return events["reason"][events["kind"].isin(["GoCreate", "GoReady"])].tolist()[1:]

    assert puts(gl.PlaceLocal()) == ["runnext"] * 5
    assert puts(gl.PlaceGlobal()) == ["global"] * 5
    assert started(free(fan_out(4), policy=go_but(place=gl.PlaceGlobal()))) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("policy", "queues"),
    [("go", {"global"}), ("beam", {"local"}), ("ghc", {"local"}), ("jsq", {"local"}), ("fifo", {"global"})],
)
def test_place_decides_where_a_goroutine_waits_that_makes_room(policy: str, queues: set[str]) -> None:
    # Two that yield, and are stopped after 2 ms where the policy stops any, on one P each.
    def turns() -> Any:
        for _ in range(3):
            yield gl.compute(ms=25)
            yield gl.gosched()

    def main() -> Any:
        for _ in range(4):
            yield gl.go(turns)
        yield gl.sleep(ms=400)

    run = free(main, procs=2, policy=policy)
    run.validate()
    stops = run.events[run.events["kind"] == "GoStop"]
    assert {QUEUES[arg] for arg in stops["arg"]} == queues
    assert ("preempted" in set(stops["reason"])) == (policy in ("go", "beam", "ghc"))


def test_an_answer_may_send_who_makes_room_to_another_p() -> None:
    class Away(gl.PlaceLocal):  # type: ignore[misc, name-defined]
        def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
            return (p + 1) % view.procs() if why == gl.FOR_YIELD else p

    def yields() -> Any:
        yield gl.compute(us=10)
        yield gl.gosched()
        yield gl.compute(us=10)

    def main() -> Any:
        yield gl.go(yields)
        yield gl.sleep(us=1)
        yield gl.sleep(ms=1)

    run = free(main, procs=3, policy=go_but(place=Away(), steal=gl.NoStealing()))
    run.validate()
    # An idle P is started for it.
    assert list(run.schedule.query("g == 2")["p"]) == [0, 1]


def test_a_goroutine_is_readied_on_the_p_that_it_last_ran_on_and_not_on_its_wakers() -> None:
    def main() -> Any:
        c = gl.Chan()

        def receiver() -> Any:
            yield gl.recv(c)
            yield gl.compute(us=1)

        yield gl.go(receiver)
        yield gl.compute(us=50)
        yield gl.send(c)
        yield gl.compute(us=50)

    def turns(place: gl.Place) -> list[tuple[int, str]]:
        run = free(main, procs=2, policy=go_but(place=place, steal=gl.StealHalf(runnext_backoff_ns=0)))
        its = run.schedule[run.schedule["g"] == 2]
        return list(zip(its["p"].tolist(), its["source"], strict=True))

    # P1 stole the new goroutine from P0. When it is readied, on P0, it must be stolen again, or lies there already.
    assert turns(gl.PlaceLocal()) == [(1, "steal_runnext"), (1, "steal_runnext")]
    assert turns(gl.LastRanOn()) == [(1, "steal_runnext"), (1, "local")]


class PlaceOnP0(gl.Place):
    def place(self, state: Any, view: Any, why: int, g: int, p: int) -> int:
        return 0


def test_an_arrival_that_is_placed_behind_another_goroutine_wakes_a_thief() -> None:
    source = gl.Source(gl.Program("job").compute("100us"), gl.Constant(10_000), 2)
    run = free(gl.Plan(gl.Program("main").wait_arrivals(), sources=(source,)), procs=2, policy=go_but(place=PlaceOnP0()))
    jobs_only = run.schedule[run.schedule["g"] > 1]
    assert list(zip(jobs_only["t_ns"], jobs_only["p"], jobs_only["source"], strict=True)) == [(10_000, 0, "local"), (20_000, 1, "steal")]
    asleep = free(
        gl.Plan(gl.Program("main").wait_arrivals(), sources=(source,)), procs=2, policy=go_but(place=PlaceOnP0(), wake=gl.WakeNever())
    )
    assert list(asleep.schedule["t_ns"][asleep.schedule["g"] > 1]) == [10_000, 110_000]


def test_child_first_runs_the_child_and_queues_the_parent() -> None:
    def main() -> Any:
        wg = gl.WaitGroup(3)
        for us in (3, 2, 1):
            yield gl.go(gl.Program("child").compute(us * 1000).done(wg))
        yield gl.wait(wg)

    assert at(free(main)) == [(0, 1, 0), (0, 4, 0), (1, 2, 0), (4, 3, 0), (6, 1, 0)]
    first = at(free(main, policy=go_but(place=gl.ChildFirst())))
    assert first == [(0, 1, 0), (0, 2, 0), (3, 1, 0), (3, 3, 0), (5, 1, 0), (5, 4, 0), (6, 1, 0)]


# --- steal -----------------------------------------------------------------------------------------------------------


def thefts(run: Run) -> list[tuple[int, int, int, int]]:
    """(us, thief, victim, how many) of each theft."""
    s = run.schedule[run.schedule["stolen"] > 0]
    return [(int(t) // 1000, int(p), int(v), int(k)) for t, p, v, k in zip(s["t_ns"], s["p"], s["victim_p"], s["stolen"], strict=True)]


@pytest.mark.parametrize(
    ("steal", "expected"),
    [
        # Nine goroutines of 10 us on P0. At 0 three thieves are started one by one, each by the one before.
        (gl.StealHalf(), [(0, 3, 0, 1), (0, 2, 0, 1), (0, 1, 0, 2), (10, 3, 0, 2), (10, 2, 3, 1)]),
        (gl.StealOne(), [(0, 3, 0, 1), (0, 2, 0, 1), (0, 1, 0, 1), (10, 3, 0, 1), (10, 2, 0, 1), (10, 1, 0, 1)]),
        (gl.StealAll(), [(0, 3, 0, 1), (0, 2, 0, 2), (0, 1, 0, 2), (10, 3, 0, 2)]),
        (gl.StealHalf(threshold=3), [(0, 3, 0, 2), (0, 2, 0, 2), (0, 1, 0, 2)]),
        (gl.NoStealing(), []),
    ],
    ids=["half", "one", "all", "threshold", "none"],
)
def test_how_many_a_thief_takes(steal: gl.Steal, expected: list[tuple[int, int, int, int]]) -> None:
    assert thefts(free(fan_out(9), procs=4, policy=go_but(steal=steal))) == expected


def test_a_queue_that_no_thief_takes_from_keeps_no_m_awake() -> None:
    def main() -> Any:
        yield gl.go(gl.Program("waits").compute(10_000))
        yield gl.compute(ms=1)

    # g2 waits for its P: alone it is no surplus. The M that main woke looks in vain once.
    shy = gl.StealHalf(threshold=2)
    run = gl.run(main, procs=2, policy=go_but(steal=shy, queues=gl.NoRunnext(), preempt=gl.NoPreemption()), drain=True)
    assert [g for g in run.schedule["g"] if g != 1] == [2]
    assert len(rows(run, "SpinStart")) == 1


class OnP(gl.PlaceLocal):  # type: ignore[misc, name-defined]
    """A goroutine's weight is the P that it goes to, and one more; 1: where Go would put it."""

    def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
        return view.weight(g) - 1 if view.weight(g) > 1 else p


def first_victims(steal: gl.Steal, loads: dict[int, int]) -> list[tuple[int, int]]:
    """(thief, victim) of the thefts of the first instant where main, on P0, puts so many goroutines on each P, the rest idle."""

    def main() -> Any:
        # All Ps are busy for 10 us, so that the goroutines lie where they were put.
        for p in range(1, 6):
            yield gl.go(gl.Program("busy").compute(10_000 if p in loads else 5_000), weight=p + 1)
        yield gl.compute(us=1)
        for p, n in loads.items():
            for _ in range(n):
                yield gl.go(gl.Program("queued").compute(50_000), weight=p + 1)
        yield gl.compute(us=100)

    run = free(main, procs=6, policy=go_but(place=OnP(), steal=steal, wake=gl.WakeNever()))
    return [(p, v) for us, p, v, _ in thefts(run) if us == 5]


@pytest.mark.parametrize(
    ("steal", "expected"),
    [
        (gl.StealHalf(), [(1, 4), (3, 2), (5, 4)]), (gl.StealNeighbour(), [(1, 2), (3, 4), (5, 2)]),
        (gl.StealHalf(stride=1), [(1, 2), (3, 4), (5, 4)]), (gl.StealRichest(), [(1, 4), (3, 4), (5, 1)]),
        (gl.TwoChoices(), [(5, 4), (1, 4), (3, 4)]), (gl.RandomProbes(), [(1, 2), (3, 2), (5, 4)]),
        (gl.RandomVictims(), [(3, 2), (5, 2), (1, 4)]),
    ],
    ids=["coprime", "neighbour", "in order", "richest", "two choices", "2n draws", "one draw"],
)
def test_whom_a_thief_robs(steal: gl.Steal, expected: list[tuple[int, int]]) -> None:
    # P1, P3 and P5 run out of work at 5 us; 2 Gs are queued on P2, 8 on P4.
    assert first_victims(steal, {2: 2, 4: 8}) == expected


class LooksNowhere(gl.StealHalf):  # type: ignore[misc, name-defined]
    """A pass without probes, and nothing said of `each_once`."""

    def probes(self, state: Any, view: Any, thief: Any) -> Any:
        return 0


def test_a_subclass_that_probes_otherwise_pays_for_its_own_probes() -> None:
    run = gl.run(idling, procs=4, policy=go_but(steal=LooksNowhere()))
    assert run.metrics["steal_passes"] > 0
    assert (run.metrics["steal_probes"], run.metrics["stolen"]) == (0, 0)


# --- spin ------------------------------------------------------------------------------------------------------------


def idling() -> Any:
    """Main makes one goroutine of 5 us, for which an M is started, and computes 100 us; nothing else ever comes."""
    yield gl.go(gl.Program("short").compute(5_000))
    yield gl.compute(us=100)


def spun_us(spin: gl.Spin) -> list[tuple[float, float | None]]:
    """(from, to) in us of each time that an M spun, None where it goes on; without costs but 100 ns a probe."""
    policy = go_but(spin=spin, rules=gl.Rules(needspinning=False))
    run = gl.run(idling, procs=2, policy=policy, costs=gl.Costs(**ONLY_PROBES))
    since: dict[int, int] = {}
    found: list[tuple[float, float | None]] = []
    for kind, t, m in zip(run.events["kind"], run.events["t_ns"], run.events["m"], strict=True):
        if kind == "SpinStart":
            since[int(m)] = int(t)
        elif kind == "SpinStop":
            found.append((since.pop(int(m)) / 1000, int(t) / 1000))
    return [*found, *[(t / 1000, None) for t in since.values()]]


ONLY_PROBES = {name: 0 for name in gl.Costs.__dataclass_fields__ if name not in ("kernel_slice_ns", "gc_drain")} | {"steal_probe": 100}


@pytest.mark.parametrize(
    ("spin", "expected"),
    [
        # In each the M that is woken spins until it has stolen the goroutine, which takes Go's pause of 3 us. From 8.3 us,
        # when it has run, on: four passes of one probe are 0.4 us.
        (gl.SpinHalfBusy(), [(0, 3.3), (8.3, 8.7)]), (gl.SpinLimit(n=1), [(0, 3.3), (8.3, 8.7)]), (gl.SpinLimit(n=0), [(0, 3.3)]),
        (gl.SpinFor(spin_ns=20_000, gap_ns=1_000), [(0, 3.3), (8.3, 28.7)]), (gl.SpinAlways(), [(0, 3.3), (8.3, None)]),
        (gl.NoSpinning(), [(0, 3.3)]),
    ],
    ids=["half busy", "one", "none may", "20 us", "always", "never"],
)
def test_how_long_an_m_without_work_spins(spin: gl.Spin, expected: list[tuple[float, float | None]]) -> None:
    assert spun_us(spin) == expected


def test_the_bound_on_spinning_counts_busy_ps_or_ms() -> None:
    # Four Ps run out of work at the same instant, while main goes on.
    def main() -> Any:
        for _ in range(4):
            yield gl.go(gl.Program("short").compute(20_000))
        yield gl.compute(us=100)

    def most(spin: gl.Spin) -> int:
        policy = go_but(spin=spin, rules=gl.Rules(needspinning=False))
        run = gl.run(main, procs=5, policy=policy, costs=gl.Costs(**ONLY_PROBES))
        now = peak = 0
        for kind, t in zip(run.events["kind"], run.events["t_ns"], strict=True):
            now += (kind == "SpinStart") - (kind == "SpinStop")
            peak = max(peak, now) if t > 20_000 else peak
        return peak

    assert [most(spin) for spin in (gl.SpinHalfBusy(), gl.SpinLimit(n=1), gl.SpinFor(), gl.NoSpinning())] == [3, 1, 4, 0]


def test_a_spinning_m_sees_its_own_queue_at_once_and_others_only_at_its_next_look() -> None:
    def main() -> Any:
        yield gl.go(gl.Program("short").compute(5_000), weight=2)
        yield gl.compute(us=50)
        yield gl.go(gl.Program("own").compute(1_000), weight=2)
        yield gl.compute(us=10)
        yield gl.go(gl.Program("other").compute(1_000))
        yield gl.compute(us=100)

    # P1 looks at others when it runs out of work, at 5 and 51 us, and 40 us after each.
    spin = gl.SpinAlways(gap_ns=40_000)
    run = free(main, procs=2, policy=go_but(place=OnP(), spin=spin, steal=gl.StealHalf(runnext_backoff_ns=0)))
    assert [(us, g) for us, g, p in at(run) if p == 1] == [(0, 2), (50, 3), (91, 4)]


def looked_at(pays_first: bool, main_ns: int) -> list[tuple[int, int, int]]:
    """P1 runs out of work at 5 us and looks at P0, where "other" is put behind main at 3 or 12 us; a look costs 10 us."""

    def main() -> Any:
        yield gl.go(gl.Program("short").compute(5_000), weight=2)
        yield gl.compute(main_ns)
        yield gl.go(gl.Program("other").compute(1_000))
        yield gl.compute(us=9)

    steal = gl.StealHalf(passes=1, runnext_pass=-1, pays_first=pays_first)
    policy = go_but(place=OnP(), queues=gl.NoRunnext(), spin=gl.SpinAlways(gap_ns=0), steal=steal, wake=gl.WakeNever())
    costs = gl.Costs(**ONLY_PROBES | {"steal_probe": 10_000})
    return [(us, g, p) for us, g, p in at(gl.run(main, procs=2, policy=policy, costs=costs, drain=True)) if g > 1]


@pytest.mark.parametrize(
    ("pays_first", "main_us", "expected"),
    [
        # Seen and taken at 5 us, and paid for until 15: until then it is nobody's. Or paid for, until main's end at 12 us
        # has let P0 run it: at 15 nothing is there.
        (False, 3, [(0, 2, 1), (15, 3, 1)]), (True, 3, [(0, 2, 1), (12, 3, 0)]),
        # The look of 5 us saw nothing, and the next one begins at 15 us. Or it is made then, and sees what came at 12.
        (False, 12, [(0, 2, 1), (25, 3, 1)]), (True, 12, [(0, 2, 1), (15, 3, 1)]),
    ],
)
def test_a_look_that_is_paid_for_first_sees_what_is_there_afterwards(
    pays_first: bool, main_us: int, expected: list[tuple[int, int, int]]
) -> None:
    assert looked_at(pays_first, main_us * 1000) == expected


def test_a_thief_that_pays_first_is_asked_anew_after_each_look() -> None:
    asked: list[str] = []

    class Told(gl.StealHalf):  # type: ignore[misc, name-defined]
        def probes(self, state: Any, view: Any, thief: Any) -> Any:
            asked.append(f"{view.now_ns()} probes")
            return 2

        def each_once(self) -> bool:
            return False

        def victim(self, state: Any, view: Any, thief: Any, pass_: Any, i: Any, roll: Any) -> Any:
            asked.append(f"{view.now_ns()} victim {i}")
            return 1 - thief

        def amount(self, state: Any, view: Any, thief: Any, victim: Any, queued: Any) -> Any:
            asked.append(f"{view.now_ns()} amount of {queued}")
            return queued

    def main() -> Any:
        yield gl.go(gl.Program("short").compute(5_000), weight=2)
        yield gl.compute(us=18)
        yield gl.go(gl.Program("other").compute(1_000))
        yield gl.compute(us=9)

    policy = go_but(
        place=OnP(), queues=gl.NoRunnext(), spin=gl.SpinAlways(gap_ns=0), steal=Told(passes=1, runnext_pass=-1, pays_first=True),
        wake=gl.WakeNever(),
    )
    gl.run(main, procs=2, policy=policy, costs=gl.Costs(**ONLY_PROBES | {"steal_probe": 10_000}))
    assert asked[asked.index("5000 victim 0") - 1:][:6] == [
        "5000 probes", "5000 victim 0", "15000 probes", "15000 victim 1", "25000 amount of 1", "26000 probes",
    ]


def test_a_thief_may_choose_the_queue_whose_first_goroutine_has_waited_longest() -> None:
    class Oldest(gl.StealOne):  # type: ignore[misc, name-defined]
        def probes(self, state: Any, view: Any, thief: Any) -> Any:
            return 1

        def each_once(self) -> bool:
            return False

        def victim(self, state: Any, view: Any, thief: Any, pass_: Any, i: Any, roll: Any) -> Any:
            others = [p for p in range(view.procs()) if p != thief]
            return min(others, key=lambda p: view.ready_ns(view.head(p)) if view.queue_len(p) else view.now_ns())

    def main() -> Any:
        for p, us in ((1, 40), (2, 50), (3, 20)):
            yield gl.go(gl.Program("busy").compute(us * 1000), weight=p + 1)
        yield gl.compute(us=1)
        yield gl.go(gl.Program("older").compute(1_000), weight=3)
        yield gl.compute(us=1)
        for _ in range(2):
            yield gl.go(gl.Program("younger").compute(1_000), weight=2)
        yield gl.compute(us=90)

    # P3 runs out of work at 20 us: P1 has two Gs in its queue, P2 one that has waited longer.
    run = free(main, procs=4, policy=go_but(place=OnP(), steal=Oldest(passes=1, runnext_pass=-1, timers_pass=-1)))
    stolen = run.schedule[(run.schedule["source"] == "steal") & (run.schedule["p"] == 3)]
    assert list(zip(stolen["t_ns"], stolen["victim_p"], strict=True))[:2] == [(20_000, 2), (21_000, 1)]


@pytest.mark.parametrize(("gap_us", "every_us"), [(10, 10), (5, 7), (0, 7)])
def test_what_a_look_costs_passes_during_the_gap_that_follows_it(gap_us: int, every_us: int) -> None:
    def main() -> Any:
        yield gl.go(gl.Program("short").compute(1_000))
        yield gl.compute(us=100)

    costs = dataclasses.replace(gl.Costs.zero(), steal_probe=7_000)
    spin, steal = gl.SpinAlways(gap_ns=gap_us * 1000), gl.StealHalf(passes=1, runnext_pass=-1, timers_pass=-1)
    run = gl.run(main, procs=2, policy=go_but(place=OnP(), spin=spin, steal=steal), costs=costs)
    looks = rows(run, "StealPass")["t_ns"].diff().dropna()
    assert len(looks) > 5 and set(looks) == {every_us * 1000}


# --- wake ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wake", "made"),
    [
        # Main makes three goroutines at 0.8, 1.5 and 2.1 us on P0; a thread takes 18 us to make.
        (gl.WakeIfNoneSpinning(), [0.8, 62.1]), (gl.WakeAlways(), [0.8, 19.5, 27.6]), (gl.WakeNever(), []),
        (gl.WakeAfter(after_ns=10_000), [10.8, 28.9]), (gl.WakeIfTooFewSpin(), [0.8, 19.5, 27.6]),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, gl.Wake) else "",
)
def test_when_ms_are_made_for_three_new_goroutines(wake: gl.Wake, made: list[float]) -> None:
    run = gl.run(fan_out(3, us=30), procs=4, policy=go_but(wake=wake))
    created = rows(run, "MCreate")
    assert [round(t / 1000, 1) for t in created["t_ns"][created["reason"] == "wakep"]] == made


def test_a_wake_up_that_was_put_off_does_not_come_where_another_m_spins_by_then() -> None:
    # All three are put off to 10 us; the first M spins then, so the others are not wanted. Who found work puts off the next.
    run = free(fan_out(3, us=30), procs=4, policy=go_but(wake=gl.WakeAfter(after_ns=10_000)))
    spins = rows(run, "SpinStart")
    assert spins["t_ns"].tolist() == [10_000, 20_000, 30_000, 40_000]


def test_work_that_nobody_is_woken_for_ends_the_run_with_a_word_why() -> None:
    def main() -> Any:
        yield gl.sleep(us=10)

    with pytest.raises(gl.PolicyError, match="nobody will wake one .* its Wake or Machines component forgets to"):
        gl.run(
            gl.Plan(gl.Program("main").wait_arrivals(), sources=(gl.Source(gl.Program("job").compute(1), gl.Constant(1_000), 1),)),
            policy=go_but(wake=gl.WakeNever()), costs=gl.Costs.zero(),
        )


# --- handoff ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handoff", "when_us", "by"),
    [
        # One P: g3 is in syscalls of 1 and 200 us, g2 is queued. sysmon sees the second at 20 us and takes the P at 40.
        (gl.RetakeBySysmon(), 40, 2), (gl.HandoffAtOnce(), 0, 2), (gl.HandoffAfter(after_ns=5_000), 6, 2), (gl.NoHandoff(), 201, 0),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, gl.Handoff) else "",
)
def test_when_the_p_of_an_m_in_a_syscall_runs_the_next_goroutine_and_on_which_m(handoff: gl.Handoff, when_us: int, by: int) -> None:
    def main() -> Any:
        yield gl.go(gl.Program("queued").compute(10_000))
        yield gl.go(gl.Program("caller").syscall(1_000).syscall(200_000))
        yield gl.sleep(us=300)

    schedule = free(main, policy=go_but(handoff=handoff)).schedule
    its = schedule[schedule["g"] == 2]
    assert list(zip(its["t_ns"] // 1000, its["m"], strict=True)) == [(when_us, by)]


@pytest.mark.parametrize(("idle_ns", "taken_us"), [(10_000_000, None), (100_000, 120)])
def test_a_p_in_a_syscall_without_work_is_left_alone_for_idle_ns(idle_ns: int, taken_us: int | None) -> None:
    def main() -> Any:
        yield gl.go(gl.Program("caller").syscall(1_000).syscall(200_000))
        yield gl.compute(us=300)

    run = free(main, procs=3, policy=go_but(handoff=gl.RetakeBySysmon(idle_ns=idle_ns)))
    taken = rows(run, "PRetake")["t_ns"].tolist()
    assert taken == ([] if taken_us is None else [taken_us * 1_000])


# --- block -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        # P1 has g2, which receives, and g3, which sends after 5 us. Main computes 100 us on P0.
        (gl.SwitchGoroutine(), [(0, 2, 1), (0, 3, 1), (5, 2, 1)]), (gl.HoldThread(), [(0, 2, 1)]),
    ],
    ids=["switch", "hold"],
)
def test_a_goroutine_that_waits_leaves_its_thread_to_another_or_keeps_it(block: gl.Block, expected: list[tuple[int, int, int]]) -> None:
    def main() -> Any:
        c = gl.Chan()

        def receiver() -> Any:
            yield gl.recv(c)
            yield gl.compute(us=1)

        def sender() -> Any:
            yield gl.compute(us=5)
            yield gl.send(c)

        yield gl.go(receiver, weight=2)
        yield gl.go(sender, weight=2)
        yield gl.compute(us=100)
        yield gl.sleep(us=100)

    run = free(main, procs=2, policy=go_but(block=block, place=OnP(), steal=gl.NoStealing()))
    assert [row for row in at(run) if row[1] != 1] == expected


# --- preempt ---------------------------------------------------------------------------------------------------------


ASYNC = [(0, 3), (11, 3), (25, 2), (41, 2)]
BY_5 = [(0, 3), (5, 3), (10, 2), (15, 3), (20, 2), (25, 3), (30, 2), (35, 3), (40, 2), (45, 2)]


def slices(preempt: gl.Preempt, tight: bool, procs: int = 1) -> list[tuple[int, int]]:
    """(ms, g) of the turns of two goroutines of 25 ms each."""

    def main() -> Any:
        wg = gl.WaitGroup(2)
        for _ in range(2):
            yield gl.go(gl.Program("loop").compute(25_000_000, tight=tight).done(wg))
        yield gl.wait(wg)

    return [(us // 1000, g) for us, g, _ in at(free(main, procs=procs, policy=go_but(preempt=preempt))) if g != 1]


@pytest.mark.parametrize(
    ("preempt", "calls", "tight"),
    [
        # g3 goes to the global queue, and comes back at once, since P0's schedtick is still 0 (Go: findRunnable).
        (gl.AsyncPreempt(), ASYNC, ASYNC), (gl.CooperativePreempt(), ASYNC, [(0, 3), (25, 3), (25, 2), (50, 2)]),
        (gl.NoPreemption(), [(0, 3), (25, 2)], [(0, 3), (25, 2)]), (gl.AsyncPreempt(quantum_ns=5_000_000, exact=True), BY_5, BY_5),
    ],
    ids=["signals", "at calls", "none", "exactly 5 ms"],
)
def test_when_a_goroutine_must_make_room(preempt: gl.Preempt, calls: list[tuple[int, int]], tight: list[tuple[int, int]]) -> None:
    assert slices(preempt, False) == calls
    assert slices(preempt, True) == tight


def test_where_nobody_waits_preemption_can_be_spared() -> None:
    # From 25 us on g2 is alone.
    assert slices(gl.PreemptIfWaiting(), False) == [(0, 3), (11, 3), (25, 2)]
    # Three Ps for two goroutines: nobody ever waits.
    assert slices(gl.AsyncPreempt(), False, procs=3) == [(0, 2), (0, 3), (11, 3), (11, 2)]
    assert slices(gl.PreemptIfWaiting(), False, procs=3) == [(0, 2), (0, 3)]


# --- machines --------------------------------------------------------------------------------------------------------


def threads(machines: gl.Machines) -> tuple[int, list[int]]:
    """How many Ms were made, sysmon included, and when some ended (us): four calls of 100 us at once, then 1 ms of nothing."""

    def main() -> Any:
        wg = gl.WaitGroup(4)
        for _ in range(4):
            yield gl.go(gl.Program("caller").syscall_block(100_000).done(wg))
        yield gl.wait(wg)
        yield gl.compute(ms=1)

    run = free(main, procs=2, policy=go_but(machines=machines))
    return run.metrics["threads_created"], [int(t) // 1000 for t in rows(run, "MExit")["t_ns"]]


@pytest.mark.parametrize(
    ("machines", "made", "ended_us"),
    [
        (gl.KeepThreads(), 6, []), (gl.RetireAfter(idle_ns=50_000), 6, [50, 150, 150, 150]), (gl.KeepIdle(n=1), 6, [100, 100, 100]),
        (gl.KeepIdle(n=0), 6, [0, 100, 100, 100]), (gl.FixedThreads(n=3), 4, []), (gl.FixedThreads(), 3, []),
        (gl.SpareThreads(), 6, []), (gl.SpareThreads(spares=1, idle_ns=50_000), 4, [150]), (gl.SpareThreads(spares=0), 3, []),
    ],
    ids=["for ever", "50 us", "one", "none", "three in all", "one a P", "spares", "one spare for 50 us", "no spare"],
)
def test_how_many_threads_are_made_and_when_they_end(machines: gl.Machines, made: int, ended_us: list[int]) -> None:
    assert threads(machines) == (made, ended_us)


# --- control ---------------------------------------------------------------------------------------------------------


class Noted(gl.NoControl):  # type: ignore[misc, name-defined]
    """Notes when it is asked, and once tells what to do."""

    looks: list[int] = []

    def act(self, state: Any, view: Any, orders: Any) -> None:
        Noted.looks.append(view.now_ns() // 1000)


@pytest.mark.parametrize("period_us", [5, 100, 3_000])
def test_a_control_is_asked_every_period_and_not_at_each_of_sysmons_looks(period_us: int) -> None:
    Noted.looks = []

    def main() -> Any:
        yield gl.compute(us=period_us * 4 + period_us // 2)

    free(main, policy=go_but(control=Noted(period_ns=period_us * 1_000)))
    assert Noted.looks == [period_us * k for k in (1, 2, 3, 4)]


def test_a_controls_look_takes_sysmons_time_and_no_ps() -> None:
    def main() -> Any:
        yield gl.compute(us=500)

    def looks_and_end(costs: gl.Costs) -> tuple[list[int], int]:
        Noted.looks = []
        run = gl.run(main, policy=go_but(control=Noted(period_ns=100_000)), costs=costs)
        return Noted.looks, run.record.end_ns

    # Each sleep is 50 us too long; the 10 us of a look are spent while the next period runs already. Main does not notice.
    nothing = {name: 0 for name in gl.Costs.__dataclass_fields__ if name not in ("kernel_slice_ns", "gc_drain")}
    assert looks_and_end(gl.Costs(**nothing)) == ([100, 200, 300, 400, 500], 500_000)
    assert looks_and_end(gl.Costs(**nothing | {"usleep_slack": 50_000, "sysmon_round": 10_000})) == ([150, 300, 450], 500_000)


def test_balancing_moves_half_the_difference_of_two_busy_ps() -> None:
    def main() -> Any:
        yield gl.go(gl.Program("long").compute(100_000), weight=2)
        for _ in range(6):
            yield gl.go(gl.Program("queued").compute(10_000))
        yield gl.compute(us=300)

    def turns(control: gl.Control) -> list[tuple[int, int, int]]:
        run = free(main, procs=2, policy=go_but(control=control, place=OnP(), steal=gl.NoStealing()))
        return [row for row in at(run) if row[1] != 1]

    assert turns(gl.NoControl()) == [(0, 2, 1)]
    # g3 to g7 are queued on P0 and g8 is its runnext, while g2 runs on P1: at 50 us g3 and g4 move.
    assert turns(gl.Balance(period_ns=50_000)) == [(0, 2, 1), (100, 3, 1), (110, 4, 1)]


@dataclass(frozen=True)
class Ordering(gl.NoControl):  # type: ignore[misc, name-defined]
    """At its first look: so many Ms to start and to end."""

    start_n: int = 0
    retire_n: int = 0

    def start(self, view: Any) -> Any:
        return [True]

    def act(self, state: Any, view: Any, orders: Any) -> None:
        if state.pop() if state else False:
            orders.start(self.start_n)
            orders.retire(self.retire_n)


def test_a_control_starts_ms_where_ps_idle() -> None:
    def main() -> Any:
        yield gl.compute(us=200)

    run = free(main, procs=3, policy=go_but(control=Ordering(period_ns=100_000, start_n=5)))
    made = rows(run, "MCreate")
    assert [(t // 1000, why) for t, why in zip(made["t_ns"], made["reason"], strict=True)][2:] == [(100, "control")] * 2


def test_a_control_ends_the_ms_that_idle_longest() -> None:
    def main() -> Any:
        for _ in range(3):
            yield gl.go(gl.Program("caller").syscall_block(10_000))
        yield gl.sleep(us=200)

    run = free(main, procs=1, policy=go_but(control=Ordering(period_ns=100_000, retire_n=2)))
    ended = rows(run, "MExit")
    assert [(t // 1000, m) for t, m in zip(ended["t_ns"], ended["m"], strict=True)] == [(100, 2), (100, 3)]


@pytest.mark.parametrize(
    ("control", "told"),
    [
        (Ordering(period_ns=1_000, start_n=-1), r"Ordering.act: start\(-1\), retire\(0\): must be at least 0 Ms"),
        (Ordering(period_ns=1_000, retire_n=-2), r"Ordering.act: start\(0\), retire\(-2\): must be at least 0 Ms"),
    ],
)
def test_orders_that_cannot_be_carried_out_are_named(control: gl.Control, told: str) -> None:
    with pytest.raises(gl.PolicyError, match=told):
        free(fan_out(5), policy=go_but(control=control))


def watched(control: type, **fields: Any) -> tuple[gl.Control, list[int]]:
    """A control, and the number of Ps that it saw at each of its looks."""
    seen: list[int] = []

    class Watched(control):  # type: ignore[valid-type, misc]
        def act(self, state: Any, view: Any, orders: Any) -> None:
            seen.append(view.procs())
            super().act(state, view, orders)

    return Watched(**fields), seen


def quiet_busy_quiet() -> Any:
    """One goroutine for 1 ms, then sixty of 100 us each, then one again."""
    wg = gl.WaitGroup(60)
    yield gl.compute(ms=1)
    for _ in range(60):
        yield gl.go(gl.Program("job").compute(100_000).done(wg))
    yield gl.wait(wg)
    yield gl.compute(ms=1)


@pytest.mark.parametrize(
    ("control", "procs", "end_us"),
    [
        (gl.NoControl, [4], 3_500), (gl.AllocateByDelay, [4, 3, 2, 1, 2, 3, 4, 3, 2, 1], 3_700),
        (gl.AllocateByUtilization, [4, 3, 2, 1, 2, 3, 4, 3, 2, 1], 3_800),
    ],
)
def test_cores_are_given_back_in_quiet_and_taken_when_work_waits(control: type, procs: list[int], end_us: int) -> None:
    # Four Ps at first; a look every 100 us, one P more or less at each.
    allocator, seen = watched(control, period_ns=100_000)
    run = free(quiet_busy_quiet, procs=4, policy=go_but(control=allocator, queues=gl.GoQueues(fair_tick=1)))
    assert [n for n, _ in itertools.groupby(seen)] == procs
    assert run.record.end_ns == end_us * 1_000


def test_hill_climbing_in_ps_goes_down_where_a_lock_lets_one_work_at_a_time() -> None:
    def most(held: bool) -> int:
        """The greatest number of Ps in the last half of the looks."""
        mu, wg = gl.Mutex(), gl.WaitGroup(3_000)
        job = gl.Program("job")
        job = job.lock(mu).compute(30_000).unlock(mu) if held else job.compute(30_000)
        source = gl.Program("source").loop(3_000).go(job.done(wg)).compute(1_000).end()

        def main() -> Any:
            yield gl.go(source)
            yield gl.wait(wg)

        climb, seen = watched(gl.ClimbProcs, period_ns=500_000)
        free(main, procs=8, policy=go_but(control=climb, queues=gl.GoQueues(fair_tick=1)), record="off")
        return max(seen[len(seen) // 2 :])

    assert most(held=False) == 8
    assert most(held=True) < 8


def test_hill_climbing_in_ms_adds_threads_where_they_all_are_in_syscalls() -> None:
    job = gl.Program("call").syscall(gl.Exponential(1_000_000)).compute(10_000)
    main = gl.Program("main").loop(3_000).go(job).end().wait_arrivals()

    def ends(machines: gl.Machines) -> tuple[int, int]:
        """The most threads besides sysmon, and the end in ms."""
        one_queue = go_but(queues=gl.GlobalQueue(), place=gl.PlaceGlobal(), handoff=gl.HandoffAtOnce(), control=gl.GateThread())
        policy = one_queue.replace(machines=machines)
        run = free(main, procs=2, policy=policy)
        return run.metrics["threads_peak"] - 1, run.record.end_ns // 1_000_000

    fixed = ends(gl.FixedThreads())
    climbed = ends(gl.HillClimbing(sample_low_ns=2_000_000, sample_high_ns=4_000_000, max_change_per_second=100))
    assert (fixed, climbed) == ((2, 1_498), (4, 771))


@pytest.mark.parametrize("exact", [False, True])
def test_a_tight_loop_hears_of_no_slice_and_no_request_where_preemption_is_cooperative(exact: bool) -> None:
    def main() -> Any:
        def tight() -> Any:
            yield gl.compute(ms=5, tight=True)

        yield gl.go(tight)
        yield gl.compute(us=500)
        # The world stops when the loop, which a thief began 3 us later, has ended.
        yield gl.gomaxprocs(3)
        return (yield gl.now())

    preempt = gl.CooperativePreempt(quantum_ns=1_000_000, exact=exact)
    run = gl.run(main, procs=2, costs=gl.Costs.zero(), policy=gl.policy_of("go").replace(preempt=preempt))
    run.validate()
    stops = run.events[(run.events["kind"] == "GoStop") & (run.events["g"] == 2)]
    assert (run.result, stops["t_ns"].min()) == (5_003_000, 5_003_000)
