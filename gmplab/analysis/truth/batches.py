"""Work that is all there at the start: batches, forks and joins, bags of tasks, graphs, loads that are divided."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import AT_MOST, BETWEEN, EXACT, MS, Experiment, Row
from gmplab.analysis.truth.measures import JOB, Completions, Joins, Latencies, Makespan, OverBounds, Thefts
from gmplab.analysis.truth.models import CONSERVING, EXPONENTIAL, GO, ONE_QUEUE, thieves
from gmplab.runtime.contracts import Policy, View
from gmplab.runtime.dice import Distribution
from gmplab.runtime.sim import Plan

UNIT_NS: Final = 1_000
"""A unit of work of the rows whose work is counted."""


# --- exponential batches --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ForkJoin:
    """In each round main starts `width` jobs at one instant, and waits for all of them.

    Parameters
    ----------
    width : int
    service : Distribution
    """

    width: int
    service: Distribution

    def __call__(self, rounds: int) -> Plan:
        """The plan of so many rounds."""
        joined = gl.WaitGroup()
        part = gl.Program(JOB, cls=JOB).compute(self.service).done(joined)
        main = gl.Program("main").loop(rounds).add(joined, self.width).loop(self.width).go(part).end().wait(joined).end()
        return Plan(main)


GO_CONSERVING: Final[Policy] = GO.replace(
    name="Go without pause", steal=gl.StealHalf(runnext_backoff_ns=0), preempt=gl.NoPreemption()
)
"""Go's own parts; the pause before a runnext is stolen is the one time in which a P idles beside work."""


def fan_out(n: int, c: int, policy: Policy, how: str, rounds: int) -> list[Row]:
    """n exponential jobs on c Ps, all there at once."""
    made = Experiment(
        f"{n} jobs at once on {c} Ps, {how}", ForkJoin(n, EXPONENTIAL), policy, Joins(), rounds, procs=c, record="schedule"
    )
    expected, source = theory.makespan_exponential(n, c), "Renyi 1953; theory.makespan_exponential"
    return [
        Row("fan-out", made, "mean makespan", "the last job is done", expected.mean, source),
        Row(
            "fan-out", made, "mean square makespan", "its spread as well", expected.variance + expected.mean**2, source,
        ),
        Row("fan-out", made, "mean completion", "each job is done", expected.mean_completion, source),
    ]


@dataclass(frozen=True)
class Pinned(gl.Place):  # type: ignore[misc]
    """A goroutine whose class is a number goes to that P, all others to P 2."""

    def place(self, state: object, view: View, why: int, g: int, p: int) -> int:
        """The P of its class."""
        cls = view.cls(g)
        return int(cls) if cls.isdigit() else 2


@dataclass(frozen=True)
class PinnedPairs:
    """Jobs at a load, each of two parts: one for P 0, one for P 1.

    Parameters
    ----------
    load : float
    """

    load: float

    def __call__(self, n: int) -> Plan:
        """The plan of n jobs. Main makes them, since a job must know its own parts."""

        def part(joined: Any) -> Any:
            yield gl.compute(EXPONENTIAL)
            yield gl.done(joined)

        def job() -> Any:
            joined = gl.WaitGroup(2)
            for cls in ("0", "1"):
                yield gl.go(part, joined, cls=cls)
            yield gl.wait(joined)

        def main() -> Any:
            gap = gl.Exponential(round(MS / self.load))
            for _ in range(n):
                yield gl.sleep(gap)
                yield gl.go(job, cls=JOB)

        return Plan(main)


def pinned_pairs(load: float, size: int) -> Row:
    """Two queues that the same arrivals feed."""
    policy = CONSERVING.replace(name="pinned", place=Pinned(), steal=gl.NoStealing())
    made = Experiment(
        f"two pinned parts a job at load {load}", PinnedPairs(load), policy, Latencies(), size, procs=3, warmup="100ms",
        least=round(2 * 100 * load),
    )
    return Row(
        "fork and join", made, "mean sojourn", "a job is done with its later part", theory.fork_join_mean_sojourn(load),
        "Flatto and Hahn 1984; theory.fork_join_mean_sojourn",
    )


# --- bounds ---------------------------------------------------------------------------------------------------------
def bounded(how: str, workload: Any, policy: Policy, c: int, size: int) -> list[Row]:
    """No run is better than the lower bound, and none of a greedy scheduler worse than Graham's."""
    made = Experiment(f"{how} on {c} Ps", workload, policy, OverBounds(), size, runs=16, procs=c, fixed=True)
    source = "Graham 1966, Brent 1974; theory.greedy_makespan_bounds"
    return [
        Row(
            "makespan bounds", made, "makespan / upper bound", "in every run at most work / P + (1 - 1/P) longest way", 1.0, source,
            AT_MOST,
        ),
        Row("makespan bounds", made, "lower bound / makespan", "in every run at least max(work / P, longest way)", 1.0, source, AT_MOST),
    ]


def graphs(size: int) -> Plan:
    """A random graph of so many tasks."""
    return gl.workloads.dag(n=size, layers=max(1, size // 20), parents=3)  # type: ignore[no-any-return]


def fib(n: int) -> Plan:
    """The tree of fib(n), with unit work a call."""
    plan = gl.workloads.fib_tree(n=n, compute=UNIT_NS)
    calls = [1, 1]
    while len(calls) <= n:
        calls.append(calls[-1] + calls[-2] + 1)
    plan.params = {"work": str(calls[n] * UNIT_NS), "longest_way": str(max(n, 1) * UNIT_NS)}
    return plan  # type: ignore[no-any-return]


def tree(height: int) -> Plan:
    """A complete binary tree of tasks: each inner one spawns one child, is the other, and waits for both."""

    def node(level: int) -> Any:
        if level == 0:
            yield gl.compute(UNIT_NS)
            return
        other = gl.WaitGroup(1)
        yield gl.go(spawned, level - 1, other)
        yield from node(level - 1)
        yield gl.wait(other)

    def spawned(level: int, joined: Any) -> Any:
        yield from node(level)
        yield gl.done(joined)

    def main() -> Any:
        yield from node(height)

    return Plan(main)


def thefts(height: int, c: int) -> Row:
    """Cilk's thieves on a binary tree: how often they can succeed is bounded."""
    policy = gl.policy_of("cilk")
    made = Experiment(f"a binary tree of height {height} on {c} Ps, cilk", tree, policy, Thefts(), height, runs=16, procs=c, fixed=True)
    return Row(
        "makespan bounds", made, "thefts", "in every run no more than the tree allows", float(theory.most_steals(2, height, c)),
        "Leiserson, Schardl and Suksompong 2016; theory.most_steals", AT_MOST,
    )


# --- bags and divisible loads ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Bag:
    """Unit tasks, all on the P that makes them.

    Parameters
    ----------
    unit_ns : int
    """

    unit_ns: int = UNIT_NS

    def __call__(self, n: int) -> Plan:
        """The plan of n tasks; it ends with the last."""
        everyone = gl.WaitGroup()
        task = gl.Program("task").compute(self.unit_ns).done(everyone)
        return Plan(gl.Program("main").add(everyone, n).loop(n).go(task).end().wait(everyone))


@dataclass(frozen=True)
class OneAnswerAtATime(gl.RandomVictims):  # type: ignore[misc]
    """A request takes half of what a random victim has, unless that is still sending or receiving.

    Parameters
    ----------
    latency_ns : int
        How long an answer is under way; it holds up the victim's next answer, and the thief has nothing to give before it
        has come. 0: one answer at each instant.
    """

    latency_ns: int = 0

    def start(self, view: View) -> object:
        """Until when each P is busy with an answer."""
        return [-1] * view.procs()

    def amount(self, state: Any, view: View, thief: int, victim: int, queued: int) -> int:
        """Half, rounded up, as Go's thieves take; nothing from who is busy."""
        now = view.now_ns()
        if now < state[victim] or (self.latency_ns == 0 and now == state[victim]):
            return 0
        state[victim] = state[thief] = now + self.latency_ns
        return queued - queued // 2


@dataclass(frozen=True)
class Asking(gl.SpinAlways):  # type: ignore[misc]
    """An idle P asks for ever: the next request arrives one gap after it ran out of work, or two after the last one did.

    What an answer takes is a price of the look, and passes during the gap.
    """

    def again_ns(self, state: object, view: View, m: int, spun_ns: int) -> int:
        """One gap for the first request, two for the others: the answer to the last one, and the way of the next."""
        gap_ns: int = self.gap_ns
        return gap_ns if spun_ns == 0 else 2 * gap_ns


def asking(latency_units: int) -> Policy:
    """A P without work asks a random other one, which takes so long, and so does the answer."""
    latency_ns = latency_units * UNIT_NS
    return thieves(OneAnswerAtATime(at_once=False, latency_ns=latency_ns)).replace(
        name="asking", place=gl.PlaceLocal(), wake=gl.WakeAlways(), spin=Asking(gap_ns=latency_ns),
    )


def divided(p: int, work: int, latency: int, mean: float, sd: float, runs: int) -> Row:
    """A load of so many units on one of p Ps."""
    made = Experiment(
        f"{work} units on one of {p} Ps, latency {latency}", Bag(), asking(latency), Makespan(UNIT_NS), work, procs=p, fixed=True,
        costs=gl.Costs(**{**NOTHING, "steal_probe": latency * UNIT_NS}),
    )
    return Row(
        "divisible load", made, "makespan - work / P", "what stealing with latency adds", mean - work / p,
        f"ws-simulator of Khatiri, Trystram and Wagner, {runs} runs", reference_error=sd / math.sqrt(runs),
    )


NOTHING: Final[dict[str, int]] = {
    name: 0 for name in gl.Costs.__dataclass_fields__ if name not in ("kernel_slice_ns", "gc_drain")
}
"""Costs.zero() as arguments."""


def bag(m: int, log2_work: int, mean: float, sd: float, runs: int) -> list[Row]:
    """Unit tasks on one of m Ps, a step a request."""
    work = 1 << log2_work
    policy = thieves(OneAnswerAtATime(at_once=False)).replace(
        name="a request a step", place=gl.PlaceLocal(), wake=gl.WakeAlways(), spin=gl.SpinAlways(gap_ns=UNIT_NS)
    )
    made = Experiment(f"2^{log2_work} unit tasks on one of {m} Ps", Bag(), policy, Makespan(UNIT_NS), work, procs=m, fixed=True)
    return [
        Row(
            "bag of tasks", made, "makespan - work / P", "on average at most 3.65 log2 work", 0.0,
            "Tchiboukdjian, Gast, Trystram, Roch and Bernard 2010", BETWEEN, 3.65 * log2_work,
            why="a bound, which its authors find about 50 % off",
        ),
        Row(
            "bag of tasks", made, "makespan", "their synchronous model: one success a victim and step", mean,
            f"their model, simulated for this project, {runs} runs", reference_error=sd / math.sqrt(runs),
        ),
    ]


# --- list scheduling, exactly -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ByWeight(gl.GlobalQueue):  # type: ignore[misc]
    """One queue in the order of the weights, small ones first: a list."""

    order: str = "rank"

    def rank(self, state: object, view: View, g: int) -> int:
        """The weight."""
        weight: int = view.weight(g)
        return weight


LIST: Final[Policy] = ONE_QUEUE.replace(name="list", queues=ByWeight())
TIMES: Final = dict(zip(range(1, 10), (3, 2, 2, 2, 4, 4, 4, 4, 9), strict=True))
AFTER: Final = {9: (1,), 5: (4,), 6: (4,), 7: (4,), 8: (4,)}
"""Graham's nine tasks, and which come after which."""


def listed(times: dict[int, int], after: Mapping[int, tuple[int, ...]], order: Sequence[int]) -> Any:
    """A workload: tasks with their works, what they must wait for, and their places in a list."""
    place = {task: k + 1 for k, task in enumerate(order)}

    def plan(size: int) -> Plan:
        def main() -> Any:
            finished = {task: gl.WaitGroup(1) for task in times}

            def work(task: int) -> Any:
                for before in after.get(task, ()):
                    yield gl.wait(finished[before])
                yield gl.compute(times[task] * UNIT_NS)
                yield gl.done(finished[task])

            for task in times:
                yield gl.go(work, task, weight=place[task])
            for task in times:
                yield gl.wait(finished[task])

        return Plan(main)

    return plan


def anomaly(what: str, m: int, workload: Any, expected: float, source: str) -> Row:
    """A list on m Ps: one number, and no chance."""
    made = Experiment(what, workload, LIST, Makespan(UNIT_NS), 1, runs=1, procs=m)
    return Row("list scheduling", made, "makespan", "to the unit", expected, source, EXACT)


def graham() -> list[Row]:
    """Whatever should help, hurts."""
    order = tuple(range(1, 10))
    shorter = {task: t - 1 for task, t in TIMES.items()}
    source = "Graham 1969"
    return [
        anomaly("Graham's nine tasks on 3 Ps", 3, listed(TIMES, AFTER, order), 12, source),
        anomaly("Graham's nine tasks on 4 Ps", 4, listed(TIMES, AFTER, order), 15, source),
        anomaly("Graham's nine tasks on 3 Ps, each shorter by 1", 3, listed(shorter, AFTER, order), 13, source),
        anomaly("Graham's nine tasks on 3 Ps, two constraints fewer", 3, listed(TIMES, {9: (1,), 7: (4,), 8: (4,)}, order), 16, source),
        anomaly("Graham's nine tasks on 3 Ps, another list", 3, listed(TIMES, AFTER, (1, 2, 4, 5, 6, 3, 9, 7, 8)), 14, source),
    ]


def tight(m: int) -> list[Row]:
    """Lists that reach their bounds: first come first served 2m - 1 where m is best, longest first 4m - 1 where 3m is."""
    fifo = [1] * (m * (m - 1)) + [m]
    longest = [2 * m - 1 - i // 2 for i in range(2 * m - 2)] + [m] * 3
    return [
        anomaly(
            f"{len(times)} {what} on {m} Ps", m, listed(dict(enumerate(times)), {}, range(len(times))), expected, "Graham 1966, 1969"
        )
        for what, times, expected in (("short jobs before a long one", fifo, 2 * m - 1.0), ("jobs, longest first,", longest, 4 * m - 1.0))
    ]


@dataclass(frozen=True)
class Given:
    """Jobs of given works, all there at one instant.

    Parameters
    ----------
    works : tuple of int
        In units.
    """

    works: tuple[int, ...]

    def __call__(self, size: int) -> Plan:
        """The plan."""
        sources = tuple(
            gl.Source(gl.Program(JOB, cls=JOB).compute(work * UNIT_NS), gl.Constant(1_000 * UNIT_NS), 1, cls=JOB) for work in self.works
        )
        return Plan(gl.Program("main").wait_arrivals(), sources=sources)


def round_robin(works: tuple[int, ...], switch: int, completions: Sequence[int]) -> list[Row]:
    """One P, slices of 10 units, and a switch that costs something at every dispatch."""
    policy = ONE_QUEUE.replace(name="round robin", preempt=gl.AsyncPreempt(quantum_ns=10 * UNIT_NS, exact=True))
    made = Experiment(
        f"{len(works)} jobs in turns of 10, a switch costs {switch}", Given(works), policy, Completions(UNIT_NS), 1, runs=1,
        record="schedule", costs=gl.Costs(**{**NOTHING, "goroutine_switch": switch * UNIT_NS}),
    )
    return [
        Row("list scheduling", made, f"completion {i}", "to the unit", done, "round robin, by hand", EXACT)
        for i, done in enumerate(completions, 1)
    ]


ROWS: tuple[Row, ...] = (
    *fan_out(10, 4, CONSERVING, "half stolen", 2_000), *fan_out(10, 4, ONE_QUEUE, "one queue", 2_000),
    *fan_out(100, 8, GO_CONSERVING, "Go without pause", 400), *fan_out(64, 64, CONSERVING, "half stolen", 400),
    pinned_pairs(0.5, 10_000), pinned_pairs(0.8, 10_000),
    *bounded("graphs of 400 tasks, one queue", graphs, ONE_QUEUE, 4, 400),
    *bounded("graphs of 400 tasks, half stolen", graphs, CONSERVING, 8, 400),
    *bounded("the tree of fib(15), half stolen", fib, CONSERVING, 8, 15), *bounded("the tree of fib(18), one queue", fib, ONE_QUEUE, 4, 18),
    thefts(10, 4), thefts(12, 2),
    *bag(16, 10, 77.657, 2.3978, 400), *bag(64, 13, 151.19, 2.9026, 400),
    divided(16, 100_000, 10, 6584.24, 49.69, 100), divided(16, 100_000, 262, 11842.93, 972.34, 100),
    divided(64, 100_000, 62, 3636.90, 260.57, 60),
    *graham(), *(row for m in (2, 3, 4) for row in tight(m)),
    *round_robin((5, 15, 25, 35), 1, (6, 45, 73, 90)), *round_robin((30,) * 10, 0, range(210, 301, 10)),
)
