"""Work that is all there at the start: jobs at once, forks and joins, graphs and trees with their bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import AT_MOST, MS, Experiment, Row
from gmplab.analysis.truth.measures import JOB, Joins, Latencies, OverBounds, Thefts
from gmplab.analysis.truth.models import CONSERVING, EXPONENTIAL, GO, ONE_QUEUE, UNIT_NS
from gmplab.runtime.contracts import Policy, View
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.sim import Plan


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


ROWS: tuple[Row, ...] = (
    *fan_out(10, 4, CONSERVING, "half stolen", 2_000), *fan_out(10, 4, ONE_QUEUE, "one queue", 2_000),
    *fan_out(100, 8, GO_CONSERVING, "Go without pause", 400), *fan_out(64, 64, CONSERVING, "half stolen", 400),
    pinned_pairs(0.5, 10_000), pinned_pairs(0.8, 10_000),
    *bounded("graphs of 400 tasks, one queue", graphs, ONE_QUEUE, 4, 400),
    *bounded("graphs of 400 tasks, half stolen", graphs, CONSERVING, 8, 400),
    *bounded("the tree of fib(15), half stolen", fib, CONSERVING, 8, 15), *bounded("the tree of fib(18), one queue", fib, ONE_QUEUE, 4, 18),
    thefts(10, 4), thefts(12, 2),
)
