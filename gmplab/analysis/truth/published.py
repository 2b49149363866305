"""Other people's simulators: McClure and others (NSDI 2022), and schedsim of the authors of ZygOS. Times in us."""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import Any, Final

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import BETWEEN, Row
from gmplab.analysis.truth.measures import EachJob
from gmplab.analysis.truth.models import APART, CONSERVING, ONE_QUEUE, Jobs, loaded, thieves
from gmplab.runtime.contracts import Policy, Steal, View
from gmplab.runtime.costs import Costs
from gmplab.runtime.dice import Distribution

US: Final = 1_000
CORES: Final = 32
LOOK_NS: Final = 100
"""A look at another queue; a theft takes as long once more."""
OWN_LOOKS: Final = 10
"""A core without work looks at its own queue again after so many looks at others: 1,000 ns."""
MCCLURE: Final = "scheduling-policies-sim of McClure, Ousterhout, Shenker and Ratnasamy, NSDI 2022, run for this project"
THEIRS: Final = (
    "another program: what a theft takes is fixed when the thief has come, not when it looks; the source asks for 3 %, and 5 % of "
    "p99 and of the thefts"
)
SPREAD: Final = 1.693 * math.sqrt(3.0)
"""Their means are of three seeds with a spread, greatest less least: divided by this it is their standard error."""


class Search:
    """What the thieves remember of the search that each P is in."""

    def __init__(self, n: int) -> None:
        self.left: list[list[int]] = [[] for _ in range(n)]
        """Whom a P still has to look at."""
        self.on_the_way: list[bool] = [False] * n
        """Whether its first look is still under way: they pay before they see."""


@dataclass(frozen=True)
class InOrder(gl.StealHalf):  # type: ignore[misc]
    """Half of the first other P that has something, in one order for all from a random one on; one P a look.

    Between ten looks the thief does not see its own queue.
    """

    passes: int = OWN_LOOKS
    runnext_pass: int = -1
    timers_pass: int = -1

    def start(self, view: View) -> object:
        """Nobody searches."""
        return Search(view.procs())

    def probes(self, state: object, view: View, thief: int) -> int:
        """One a pass."""
        return 1

    def each_once(self) -> bool:
        """A pass looks at one P."""
        return False

    def victim(self, state: Any, view: View, thief: int, pass_: int, i: int, roll: int) -> int:
        """The next of the search; a search that begins looks at nobody first."""
        state.on_the_way[thief] = pass_ == 0 and view.rounds(thief) == 0
        if state.on_the_way[thief]:
            state.left[thief] = self.searched(view, thief)
            return (thief + 1) % view.procs()
        if not state.left[thief]:
            state.left[thief] = self.searched(view, thief)
        return self.chosen(view, state.left[thief])

    def searched(self, view: View, thief: int) -> list[int]:
        """Whom to look at, the first one last: all others in order from a random one on."""
        n = view.procs()
        first = view.below(n)
        return [(first - k) % n for k in range(n) if (first - k) % n != thief]

    def chosen(self, view: View, left: list[int]) -> int:
        """The next one, which is taken out."""
        return left.pop()

    def amount(self, state: Any, view: View, thief: int, victim: int, queued: int) -> int:
        """Half, rounded up."""
        return 0 if state.on_the_way[thief] else queued - queued // 2


@dataclass(frozen=True)
class AtRandom(InOrder):
    """The same in an order that is drawn anew for each search."""

    def searched(self, view: View, thief: int) -> list[int]:
        """All others, shuffled."""
        left = [p for p in range(view.procs()) if p != thief]
        for i in range(len(left) - 1, 0, -1):
            k = view.below(i + 1)
            left[i], left[k] = left[k], left[i]
        return left


@dataclass(frozen=True)
class OfTwo(AtRandom):
    """The same, of two at each look the one whose first job has waited longer."""

    def chosen(self, view: View, left: list[int]) -> int:
        """Of the next two, both taken out."""
        a = left.pop()
        if not left:
            return a
        b = left.pop()
        return a if waited_ns(view, a) >= waited_ns(view, b) else b


def waited_ns(view: View, p: int) -> int:
    """How long the first job in a queue has waited, 0 where there is none."""
    g = view.head(p)
    return view.now_ns() - view.ready_ns(g) if view.queue_len(p) > 0 else 0


PAID: Final[Costs] = dataclasses.replace(gl.Costs.zero(), steal_probe=LOOK_NS)


def searching(steal: Steal) -> Policy:
    """Every core without work searches without a pause, and none is told of new work."""
    return thieves(steal).replace(name="searching", spin=gl.SpinAlways(gap_ns=0))


ONE_US: Final[Distribution] = gl.Exponential(US)


def balanced(
    how: str, load: float, policy: Policy, mean: float, spread: float, p99: float, steals: float = 0.0, size: int = 30_000,
    costs: Costs | None = None, service: Distribution = ONE_US, of: str = "", fewer: str = "", faster: str = "",
) -> list[Row]:
    """32 cores, jobs of 1 us on average, against a run of theirs.

    `fewer` says why theirs has fewer thefts, and `faster` why ours is faster, where that is known.
    """
    made = loaded(
        f"32 cores, {how}, load {load}{of}", Jobs(load, CORES, service), policy, size, EachJob(quantiles=(0.99,), unit_ns=US), 0.1,
        costs, "schedule",
    )
    section = "NSDI 2022"
    rows = [
        Row(
            section, made, "mean sojourn", f"{how}: so long a job stays", mean / US, MCCLURE,
            reference_error=spread / SPREAD / US, tolerance=0.03, why=THEIRS, known=faster,
        ),
        Row(section, made, "p99 sojourn", f"{how}: one in a hundred stays longer", p99 / US, MCCLURE, tolerance=0.05, why=THEIRS),
    ]
    if steals:
        rows.append(
            Row(
                section, made, "steals a job", f"{how}: thefts, by the jobs", steals, MCCLURE, tolerance=0.05, why=THEIRS,
                known=fewer,
            )
        )
    return rows


AT_ONCE: Final = (
    "a theft takes effect at the look here, and its price is paid afterwards; in theirs 100 ns pass between the look and the "
    "theft, in which the owner or another thief may take the job. That is likely why theirs has fewer, and it is not proved"
)
SOONER: Final = (
    "a theft takes effect at the look here, 100 ns sooner than in theirs. That is likely why it is faster by more than the 3 % that "
    "the source asks for, and it is not proved"
)
PENALTY: Final = (
    "in theirs a core that runs a job pays 100 ns for each job that it sends away, and stops its own for that: dearer than a "
    "placement for nothing. Not expressed here: an arrival has no P that could pay"
)


def enqueued(load: float, theirs: float, size: int) -> Row:
    """The best of two queues, with a price only in theirs."""
    made = loaded(
        f"32 cores, best of two queues for nothing, load {load}", Jobs(load, CORES, ONE_US),
        APART.replace(place=gl.LeastLoaded(d=2)), size, EachJob(quantiles=(0.99,), unit_ns=US), 0.1, None, "schedule",
    )
    return Row(
        "NSDI 2022", made, "mean sojourn", "between a placement that costs nothing and theirs, which costs 100 ns",
        functools.partial(_of_two, load), f"theory.d_choices; {MCCLURE}", BETWEEN, theirs / US, why=PENALTY,
    )


def _of_two(load: float) -> float:
    return theory.d_choices(load, 2, CORES).at_n


SCHEDSIM: Final = "schedsim of Prekas, Kogias and Bugnion, run for this project, 16 cores, mean 10"
ONE_RUN: Final = "one run of another program, whose length is not known"


def schedsim(how: str, load: float, policy: Policy, service: Distribution, mean: float, p99: float, size: int) -> list[Row]:
    """16 cores, jobs of 10 on average: here 1 us is their unit."""
    made = loaded(
        f"16 cores, {how}, load {load}", Jobs(load, 16, service), policy, size, EachJob(quantiles=(0.99,), unit_ns=US), 4.0, None,
        "schedule",
    )
    return [
        Row("schedsim", made, "mean sojourn", how, mean, SCHEDSIM, tolerance=0.03, why=ONE_RUN),
        Row("schedsim", made, "p99 sojourn", how, p99, SCHEDSIM, tolerance=0.05, why=ONE_RUN),
    ]


TEN: Final[Distribution] = gl.Exponential(10 * US)
TENS: Final[Distribution] = gl.Constant(10 * US)

ROWS: tuple[Row, ...] = (
    *balanced("single queue", 0.5, ONE_QUEUE, 997, 5, 4589), *balanced("single queue", 0.8, ONE_QUEUE, 1030, 3, 4609),
    *balanced("no balancing", 0.5, APART, 1994, 59, 9236), *balanced("no balancing", 0.8, APART, 5282, 111, 24802),
    *balanced("stealing for nothing", 0.5, CONSERVING, 1002, 9, 4616), *balanced("stealing for nothing", 0.8, CONSERVING, 1043, 5, 4652),
    *balanced("stealing in order", 0.5, searching(InOrder()), 1310, 14, 4932, 0.713, costs=PAID, fewer=AT_ONCE),
    *balanced("stealing in order", 0.8, searching(InOrder()), 1784, 27, 6007, 0.569, costs=PAID),
    *balanced("stealing at random", 0.5, searching(AtRandom()), 1279, 1, 4870, 0.750, costs=PAID, fewer=AT_ONCE),
    *balanced("stealing at random", 0.8, searching(AtRandom()), 1735, 47, 5839, 0.590, costs=PAID),
    *balanced(
        "stealing from the older of two", 0.5, searching(OfTwo()), 1231, 6, 4864, 0.767, costs=PAID, fewer=AT_ONCE
    ),
    *balanced(
        "stealing from the older of two", 0.8, searching(OfTwo()), 1599, 6, 5482, 0.630, costs=PAID,
        fewer=AT_ONCE, faster=SOONER,
    ),
    *balanced(
        "stealing in order", 0.8, searching(InOrder()), 1650, 6, 3481, 0.529, costs=PAID, service=gl.Constant(US), of=", all alike"
    ),
    enqueued(0.5, 1620, 30_000), enqueued(0.8, 3026, 30_000),
    *schedsim("single queue, exponential", 0.8, ONE_QUEUE, TEN, 10.961, 47.368, 30_000),
    *schedsim("single queue, exponential", 0.9, ONE_QUEUE, TEN, 13.553, 52.370, 30_000),
    *schedsim("single queue, constant", 0.8, ONE_QUEUE, TENS, 10.518, 15.369, 30_000),
    *schedsim("single queue, constant", 0.9, ONE_QUEUE, TENS, 11.879, 22.343, 30_000),
    *schedsim("a queue for each, exponential", 0.5, APART, TEN, 20.130, 93.644, 30_000),
    *schedsim("a queue for each, constant", 0.8, APART, TENS, 29.863, 110.606, 30_000),
)
