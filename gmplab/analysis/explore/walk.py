"""Ways through all schedules: depth first, at random, and by priorities that change at few places (PCT).

Each run starts anew and follows the answers of the one before up to where it turns off. Every walk notes the states
that it sees in a `Graph`, so that whichever finds a failure, the shortest way to it among all that was seen is known.
Depth first asks the M that acted last before the others: the first runs are the plain ones, with few switches, and end
soon; it turns back where it comes to a state that it knows.

Sources: stateless search with a bound on preemptions is CHESS's (Musuvathi and Qadeer 2007); PCT is Burckhardt et al.
2010. Refused: sleep sets and dynamic partial order reduction. They need to know which two steps touch the same, and
here nearly all do (nmspinning, npidle, the queues). They spare steps and no states, at most half of the steps where a
state has two; and `Graph.never_runs` needs every step. What is independent of all others is `Untimed.private`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from gmplab.analysis.explore.graph import END, Edge, Graph
from gmplab.analysis.explore.laws import Law, agree, sleeps_beside_work
from gmplab.analysis.explore.state import fingerprint
from gmplab.analysis.explore.untimed import CLOCK, NOBODY, Chooser, Pruned, Untimed
from gmplab.runtime.recorder import Recorder
from gmplab.vocabulary import GRUNNABLE

Step = tuple[int, ...]
"""One step of a schedule: the actor, then the numbers that were chosen in it."""
DEEP: Final = 10_000
"""Deeper than any run of a small case: the bound where none is given."""
FEW: Final = 8
"""In how many steps, at the fewest, a priority of PCT may change: of a run whose length is not known yet."""


@dataclass(frozen=True)
class Bound:
    """Where a walk stops; a walk that none of these stopped has seen everything.

    Parameters
    ----------
    schedules : int
        Most runs.
    depth : int
        Most steps in one run.
    preemptions : int
        Most times that a run turns to another actor though the one that acted last could go on; -1: no bound. For PCT,
        how many times priorities change.

    Examples
    --------
    >>> found = gmplab.explore("fanout", n=3, walk="random", bound=gmplab.Bound(schedules=20))
    >>> found.schedules, found.exhausted
    (20, False)
    """

    schedules: int = 100_000
    depth: int = DEEP
    preemptions: int = -1

    def __post_init__(self) -> None:
        for name, least in (("schedules", 1), ("depth", 1), ("preemptions", -1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"Bound: {name} = {value!r}: must be an int of at least {least}")


class Broken(Pruned):
    """A law does not hold in the state that the last step led to."""


def broken(driver: Untimed, laws: tuple[Law, ...]) -> str:
    """"" if all laws hold in the state that the last step led to; else the first that does not, in words."""
    why = agree(driver.sched) or sleeps_beside_work(driver)
    if why or not laws:
        return why
    rows = new_rows(driver.sched.rec, driver.first_row)
    return next((told for law in laws if (told := law(driver.sched.view, rows) or "")), "")


@dataclass
class Walk(Chooser):
    """What all walks share: they check each state, and note it and the step that led there."""

    bound: Bound
    laws: tuple[Law, ...] = ()
    prune: bool = True
    graph: Graph = field(default_factory=Graph)
    orders: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    schedules: int = 0
    n_steps: int = 0
    drawn: bool = False
    """Whether a goroutine drew a number, in any run."""
    # of the run under way
    steps: list[Step] = field(default_factory=list)
    node: int = 0
    places: dict[int, int] = field(default_factory=dict)
    # of the shortest failure so far
    failed_at: int = 0
    why: str = ""
    length: int = 0

    def begin(self) -> None:
        self.steps, self.node = [], 0
        self.schedules += 1

    def took(self, answer: int) -> int:
        """Note the actor that was chosen."""
        self.steps.append((answer,))
        return answer

    def drew(self, number: int) -> int:
        """Note a number that was chosen in the step under way."""
        self.steps[-1] += (number,)
        return number

    def arrive(self, driver: Untimed) -> bool:
        """Check and note the state that the last step led to; whether it is new. Raises Broken."""
        s = driver.sched
        print_, places = fingerprint(driver) if self.prune else self.another(driver)
        node = self.graph.node_of.get(print_, 0)
        new = node == 0
        if new:
            node = self.graph.add(print_, {g.key: g.goid for g in s.allgs if g is not None and g.status == GRUNNABLE})
        self.link(driver, node)
        self.node, self.places = node, places
        if driver.held_back:
            self.graph.held_back.add(node)
        why = broken(driver, self.laws)
        if why:
            raise Broken(why)
        return new

    def another(self, driver: Untimed) -> tuple[int, dict[int, int]]:
        """As `fingerprint`, where states are not known again: each is another one, but for the first of all runs."""
        places = {i: i for i in (*range(len(driver.sched.allm)), CLOCK)}
        return (-len(self.graph.edges) if self.node else 0), places

    def link(self, driver: Untimed, to: int) -> None:
        """Note that the last step led to a node."""
        if self.node:
            actor, *numbers = self.steps[-1]
            # An M that the step made is in no place of the state before; it did not act.
            edge = Edge(self.places[actor], tuple(numbers), tuple(driver.started), to)
            if edge not in self.graph.edges[self.node]:
                self.graph.edges[self.node].append(edge)

    def end(self, driver: Untimed) -> None:
        """The run is over, by itself or by this walk."""
        self.n_steps += len(self.steps)
        self.drawn = self.drawn or any(gp is not None and driver.drew(gp) > 0 for gp in driver.sched.allgs)
        if isinstance(driver.pruned, Broken):
            self.fail(self.node, str(driver.pruned))
        elif driver.error is not None:
            node = self.graph.dead_end()
            self.link(driver, node)
            self.fail(node, str(driver.error))
        elif driver.sched.ended:
            self.link(driver, END)

    def fail(self, node: int, why: str) -> None:
        if not self.why or len(self.steps) < self.length:
            self.failed_at, self.why, self.length = node, why, len(self.steps)

    def next(self) -> bool:
        """Get ready for another run; False if there is none."""
        raise NotImplementedError

    @property
    def exhausted(self) -> bool:
        """Whether everything was seen."""
        return False


def new_rows(rec: Recorder, first: int) -> list[tuple[int, ...]]:
    """The events from row `first` on."""
    # Imported here: pandas is behind it, and only a user's law needs it.
    import numpy as np

    from gmplab.traces.replay import unpack

    words = np.frombuffer(rec.events.bytes_used(), "<i8").reshape(-1, 4)[first:]
    return list(unpack(words, first))


@dataclass
class Point:
    """An open decision: the answers that there are, and which one is being tried."""

    options: list[int]
    node: int = 0
    places: dict[int, int] = field(default_factory=dict)
    at: int = 0


@dataclass
class DepthFirst(Walk):
    """All schedules, the plain ones first. After a failure, only for shorter ones, for as long again."""

    stack: list[Point] = field(default_factory=list)
    i: int = 0
    preemptions: int = 0
    least: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """By node: with how many steps and preemptions it was reached, as far as these are bounded."""
    done: bool = False
    stop_at: int = 0

    def begin(self) -> None:
        super().begin()
        self.i = self.preemptions = 0

    def actor(self, driver: Untimed) -> int:
        if self.i < len(self.stack):
            point = self.stack[self.i]
            self.node, self.places = point.node, point.places
        else:
            enabled = driver.enabled()
            self.arrive(driver)
            if not enabled:
                return NOBODY
            point = self.turn(driver, enabled)
            self.stack.append(point)
        self.i += 1
        # The one that acted last stands first, if it can go on.
        self.preemptions += point.at > 0 and point.options[0] == driver.last
        return self.took(point.options[point.at])

    def turn(self, driver: Untimed, enabled: list[int]) -> Point:
        """The decision in a state to which no run came by this way before. Raises Pruned if that leads nowhere new."""
        depth = len(self.steps)
        # Reached with more left of a bound, a known state may lead further than before.
        spent = (depth if self.bound.depth < DEEP else 0, self.preemptions if self.bound.preemptions >= 0 else 0)
        known = self.least.setdefault(self.node, [])
        if any(d <= spent[0] and n <= spent[1] for d, n in known):
            raise Pruned
        known.append(spent)
        most = min(self.bound.depth, self.length - 1) if self.why else self.bound.depth
        if depth >= most:
            self.graph.frontier.add(self.node)
            raise Pruned
        self.graph.frontier.discard(self.node)
        last = driver.last
        options = [last] * (last in enabled) + [a for a in enabled if a != last and not asleep(driver, a)]
        options += [a for a in enabled if a not in options]
        if last in enabled and self.preemptions == self.bound.preemptions and len(options) > 1:
            self.graph.frontier.add(self.node)
            options = [last]
        return Point(options, self.node, self.places)

    def number(self, n: int) -> int:
        if self.i == len(self.stack):
            self.stack.append(Point(list(range(n))))
        point = self.stack[self.i]
        self.i += 1
        return self.drew(point.options[point.at])

    def fail(self, node: int, why: str) -> None:
        if not self.stop_at:
            self.stop_at = 2 * self.schedules + 100
        super().fail(node, why)

    def next(self) -> bool:
        while self.stack:
            top = self.stack[-1]
            top.at += 1
            if top.at < len(top.options):
                return self.schedules < (min(self.stop_at, self.bound.schedules) if self.stop_at else self.bound.schedules)
            self.stack.pop()
        self.done = True
        return False

    @property
    def exhausted(self) -> bool:
        return self.done and not self.graph.frontier


def asleep(driver: Untimed, actor: int) -> bool:
    """Whether an actor is no M, or the one that only looks: they come last in a plain run."""
    return actor == CLOCK or driver.sched.allm[actor].is_sysmon


@dataclass
class AtRandom(Walk):
    """Each answer is drawn, all alike."""

    seed: int = 1
    dice: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)

    def actor(self, driver: Untimed) -> int:
        enabled = driver.enabled()
        self.arrive(driver)
        if not enabled:
            return NOBODY
        if len(self.steps) >= self.bound.depth:
            raise Pruned
        return self.took(self.pick(driver, enabled))

    def pick(self, driver: Untimed, enabled: list[int]) -> int:
        return self.dice.choice(enabled)

    def number(self, n: int) -> int:
        return self.drew(self.dice.randrange(n))

    def next(self) -> bool:
        return not self.why and self.schedules < self.bound.schedules


@dataclass
class ByPriority(AtRandom):
    """PCT: each actor has a random priority, the highest that can acts; at some drawn steps the actor's becomes the lowest.

    A fault that needs d ordered steps is found by one run of k steps and n actors with probability 1 / (n * k**(d - 1)) at
    least, with d - 1 changes (`Bound.preemptions`; 3 if it is -1). Source: Burckhardt et al., ASPLOS 2010.
    """

    rank: dict[int, float] = field(default_factory=dict)
    changes: set[int] = field(default_factory=set)
    longest: int = FEW

    def begin(self) -> None:
        self.longest = max(self.longest, len(self.steps))
        super().begin()
        self.rank = {}
        n = self.bound.preemptions if self.bound.preemptions >= 0 else 3
        self.changes = {self.dice.randrange(self.longest) for _ in range(n)}

    def pick(self, driver: Untimed, enabled: list[int]) -> int:
        for actor in enabled:
            if actor not in self.rank:
                self.rank[actor] = self.dice.random()
        best = max(enabled, key=lambda actor: self.rank[actor])
        if len(self.steps) in self.changes:
            self.rank[best] = -float(len(self.steps))
            best = max(enabled, key=lambda actor: self.rank[actor])
        if asleep(driver, best):
            # sysmon could go on for ever before all others; each look makes it the least.
            self.rank[best] = -float(self.bound.depth + len(self.steps))
        return best


WALKS: Final = {"dfs": DepthFirst, "random": AtRandom, "pct": ByPriority}
