"""The states that were seen and the steps between them: shortest ways, and who can still run."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

END = 0
"""The node of all ends that are as they should be."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One step: the actor's place in the state, the numbers that were chosen, who began to run, and where it leads."""

    actor: int
    numbers: tuple[int, ...]
    started: tuple[int, ...]
    to: int


@dataclass
class Graph:
    """Nodes are ints from 1; the first state is 1.

    Attributes
    ----------
    runnable : list of dict
        By node: the goroutines that are runnable in it, key to id.
    edges : list of list of Edge
    frontier : set of int
        Nodes whose steps were not all tried.
    held_back : set of int
        Nodes in which those on their way to sleep came before others; see `Untimed.enabled`.
    """

    node_of: dict[int, int] = field(default_factory=dict)
    runnable: list[dict[int, int]] = field(default_factory=lambda: [{}])
    edges: list[list[Edge]] = field(default_factory=lambda: [[]])
    frontier: set[int] = field(default_factory=set)
    held_back: set[int] = field(default_factory=set)

    def add(self, print_: int, runnable: dict[int, int]) -> int:
        """A new state's node."""
        node = len(self.edges)
        self.node_of[print_] = node
        self.runnable.append(runnable)
        self.edges.append([])
        return node

    def dead_end(self) -> int:
        """A node for an end that is not as it should be."""
        self.runnable.append({})
        self.edges.append([])
        return len(self.edges) - 1

    @property
    def states(self) -> int:
        return len(self.node_of)

    @property
    def steps(self) -> int:
        return sum(map(len, self.edges))

    def way(self, to: int) -> list[Edge]:
        """The steps of a shortest way from the first state."""
        came: dict[int, tuple[int, Edge]] = {}
        queue = deque([1])
        while queue and to not in came:
            node = queue.popleft()
            for edge in self.edges[node]:
                if edge.to not in came and edge.to != 1:
                    came[edge.to] = (node, edge)
                    queue.append(edge.to)
        steps: list[Edge] = []
        while to != 1:
            to, edge = came[to]
            steps.append(edge)
        return steps[::-1]

    def never_runs(self) -> tuple[int, int] | None:
        """A state and a goroutine's id: it is runnable there, and whatever happens then, it never runs. None if there is none.

        The law is "from every state each runnable goroutine can still get to run": no fairness is asked of who decides, so
        only what no schedule can mend is a fault. A run that ends, and a state that was not looked into, count as mended.
        """
        back: list[list[int]] = [[] for _ in self.edges]
        for node, edges in enumerate(self.edges):
            for edge in edges:
                back[edge.to].append(node)
        found: list[tuple[int, int, int]] = []
        for key in {key for runnable in self.runnable for key in runnable}:
            good = {END, *self.frontier}
            good |= {node for node, edges in enumerate(self.edges) if any(key in edge.started for edge in edges)}
            queue = deque(good)
            while queue:
                for node in back[queue.popleft()]:
                    if node not in good:
                        good.add(node)
                        queue.append(node)
            bad = [node for node, runnable in enumerate(self.runnable) if key in runnable and node not in good]
            found += [(node, self.runnable[node][key], key) for node in bad]
        if not found:
            return None
        reached = self.distances()
        node, goid, _ = min(found, key=lambda one: (reached.get(one[0], len(self.edges)), one[1]))
        return node, goid

    def distances(self) -> dict[int, int]:
        """How many steps each node is from the first state."""
        far = {1: 0}
        queue = deque([1])
        while queue:
            node = queue.popleft()
            for edge in self.edges[node]:
                if edge.to not in far:
                    far[edge.to] = far[node] + 1
                    queue.append(edge.to)
        return far
