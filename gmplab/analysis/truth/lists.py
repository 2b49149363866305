"""List scheduling and round robin, without chance: numbers that must come out to the unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import gmplab as gl
from gmplab.analysis.truth.entries import EXACT, Experiment, Row
from gmplab.analysis.truth.measures import JOB, Completions, Makespan
from gmplab.analysis.truth.models import ONE_QUEUE, UNIT_NS
from gmplab.runtime.contracts import Policy, View
from gmplab.runtime.sim import Plan


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
        record="schedule", costs=dataclasses.replace(gl.Costs.zero(), goroutine_switch=switch * UNIT_NS),
    )
    return [
        Row("list scheduling", made, f"completion {i}", "to the unit", done, "round robin, by hand", EXACT)
        for i, done in enumerate(completions, 1)
    ]


ROWS: tuple[Row, ...] = (
    *graham(), *(row for m in (2, 3, 4) for row in tight(m)),
    *round_robin((5, 15, 25, 35), 1, (6, 45, 73, 90)), *round_robin((30,) * 10, 0, range(210, 301, 10)),
)
