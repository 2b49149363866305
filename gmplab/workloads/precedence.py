"""Tasks that must wait for others: a random graph of precedence, with priorities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gmplab.runtime import verbs as gl
from gmplab.runtime.sim import Plan
from gmplab.runtime.sync import WaitGroup
from gmplab.workloads.parameters import Drawn, at_least, workload


@dataclass
class Graph:
    """Tasks 0 to n - 1; a task comes after its parents, which have smaller numbers."""

    ns: list[int]
    """What each task computes."""
    parents: list[list[int]]
    children: list[list[int]]

    def priorities(self) -> list[int]:
        """For each task the longest way from its start to the end of the graph, in ns: what cannot be done sooner."""
        longest = [0] * len(self.ns)
        for i in reversed(range(len(self.ns))):
            longest[i] = self.ns[i] + max((longest[child] for child in self.children[i]), default=0)
        return longest


@workload
def dag(*, n: int = 200, layers: int = 10, parents: int = 3, compute: Drawn = "exp(100us)") -> Plan:
    """n tasks in layers; each starts when the last of its parents in the layer before is done.

    How near to the bound max(work / P, longest way) does a scheduler come, and does it help to know the longest ways? A
    task is a goroutine, started by whichever parent is done last, and its weight is the length in ns of the longest way
    from it to the end, which a policy sees as `view.weight(g)`. Source: Graham 1969, "Bounds on multiprocessing timing
    anomalies": no order that leaves no P idle is worse than work / P + (1 - 1/P) longest way.

    Parameters
    ----------
    n : int
        Tasks, at least as many as layers.
    layers : int
        At least 1.
    parents : int
        How many parents a task draws from the layer before, at least 1; the same may come twice and counts once.
    compute : int (ns), str or Distribution
        Of a task.

    Notes
    -----
    The graph and the works are drawn by main from the run's seed before the first task starts, so that two policies see the
    same. The run's `result` is a dict of ns: "work" of all tasks together, and "longest_way". A task that starts before a
    parent is done fails the run.

    Examples
    --------
    >>> run = gmplab.run("dag", procs=8)
    >>> run.record.end_ns >= max(run.result["work"] / 8, run.result["longest_way"])
    True
    """
    at_least("dag: layers", layers, 1, "layer")
    at_least("dag: n", n, layers, "task (one a layer)", "tasks (one a layer)")
    at_least("dag: parents", parents, 1, "parent")

    def task(i: int, graph: Graph, priorities: list[int], finished: list[bool], everyone: WaitGroup) -> Any:
        if not all(finished[parent] for parent in graph.parents[i]):
            raise RuntimeError(f"dag: task {i} started before its parents {graph.parents[i]} were done")
        yield gl.compute(graph.ns[i])
        finished[i] = True
        # In one go, before anyone else runs: only the last of a child's parents to be done sees them all done.
        free = [child for child in graph.children[i] if all(finished[parent] for parent in graph.parents[child])]
        for child in free:
            yield gl.go(task, child, graph, priorities, finished, everyone, weight=priorities[child])
        yield gl.done(everyone)

    def main() -> Any:
        graph = drawn_graph(n, layers, parents, compute)
        priorities, everyone = graph.priorities(), WaitGroup(n)
        finished = [False] * n
        for i in range(n):
            if not graph.parents[i]:
                yield gl.go(task, i, graph, priorities, finished, everyone, weight=priorities[i])
        yield gl.wait(everyone)
        return {"work": sum(graph.ns), "longest_way": max(priorities)}

    return Plan(main)


def drawn_graph(n: int, layers: int, parents: int, compute: Drawn) -> Graph:
    """A graph drawn from the running goroutine's stream: the tasks spread evenly over the layers."""
    starts = [layer * n // layers for layer in range(layers + 1)]
    graph = Graph([], [], [[] for _ in range(n)])
    for layer in range(layers):
        for i in range(starts[layer], starts[layer + 1]):
            graph.ns.append(gl.sample(compute))
            before = range(starts[layer - 1], starts[layer]) if layer > 0 else range(0)
            chosen = sorted({before[gl.intn(len(before))] for _ in range(parents)}) if before else []
            graph.parents.append(chosen)
            for parent in chosen:
                graph.children[parent].append(i)
    return graph
