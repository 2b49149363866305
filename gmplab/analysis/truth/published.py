"""Other people's simulators: McClure and others (NSDI 2022), and schedsim of the authors of ZygOS.

The clock of the first ticks once a ns, and its jobs last 1 us on average: here a tick is a us and a job lasts a ms, so that
nothing is lost by rounding a second time. What theirs rounds away counts: `cut`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import Any, Final

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import BETWEEN, MS, Row
from gmplab.analysis.truth.measures import EachJob
from gmplab.analysis.truth.models import APART, CONSERVING, CONSTANT, ONE_QUEUE, UNIT_NS, Jobs, loaded, sharing, thieves
from gmplab.runtime.contracts import Policy, Steal, View
from gmplab.runtime.costs import Costs
from gmplab.runtime.distributions import Distribution

CORES: Final = 32
TICK_NS: Final = 1_000
"""A tick of their clock."""
LOOK_NS: Final = 100 * TICK_NS
"""A look at another queue; a theft takes as long once more."""
OWN_LOOKS: Final = 10
"""A core without work looks at its own queue again after so many looks at others: 1,000 ticks."""
MCCLURE: Final = "scheduling-policies-sim of McClure, Ousterhout, Shenker and Ratnasamy, NSDI 2022, run for this project"
THEIRS: Final = (
    "another program: its thief runs the oldest job of a theft and queues the others before its own, Go's runs the newest and queues "
    "the others behind; the source asks for 3 %, and 5 % of p99 and of what is stolen"
)
SPREAD: Final = 1.693 * math.sqrt(3.0)
"""Their means are of three seeds with a spread, greatest less least: divided by this it is their standard error."""


class Search:
    """What the thieves remember of the search that each P is in."""

    def __init__(self, n: int) -> None:
        self.left: list[list[int]] = [[] for _ in range(n)]
        """Whom a P still has to look at."""
        self.seen: list[int] = [-1] * n
        """Who had something at the last look, and is stolen from at the next; -1: nobody."""
        self.tried: list[bool] = [False] * n
        """Whether the last look was that theft; here still, it came too late."""
        self.home_ns: list[int] = [-1] * n
        """When a P was last told to look at its own queue."""


@dataclass(frozen=True)
class InOrder(gl.StealHalf):  # type: ignore[misc]
    """A look at each other P, in one order for all from a random one on, until one has something; then a theft.

    Both are paid for first: a theft takes half of what is there when its price has passed, nothing if that is nothing. The
    own queue is looked at after a theft, after ten looks, and when all others were looked at.
    """

    passes: int = OWN_LOOKS
    runnext_pass: int = -1
    timers_pass: int = -1
    pays_first: bool = True

    def start(self, view: View) -> object:
        """Nobody searches."""
        return Search(view.procs())

    def probes(self, state: Any, view: View, thief: int) -> int:
        """One a pass; none before the next look at the own queue."""
        if state.seen[thief] >= 0:
            return 1
        if state.tried[thief] or not state.left[thief]:
            state.tried[thief] = False
            state.left[thief] = self.searched(view, thief)
            state.home_ns[thief] = view.now_ns()
        return 0 if state.home_ns[thief] == view.now_ns() else 1

    def each_once(self) -> bool:
        """A pass looks at one P."""
        return False

    def victim(self, state: Any, view: View, thief: int, pass_: int, i: int, roll: int) -> int:
        """Who had something at the last look, else the next of the search."""
        if pass_ == 0 and view.rounds(thief) == 0:
            state.seen[thief] = -1
            state.left[thief] = self.searched(view, thief)
        seen: int = state.seen[thief]
        state.tried[thief] = seen >= 0
        if seen >= 0:
            state.seen[thief] = -1
            return seen
        return self.chosen(view, thief, state.left[thief])

    def searched(self, view: View, thief: int) -> list[int]:
        """Whom to look at, the first one last: all others in order from a random one on."""
        n = view.procs()
        first = view.below(n)
        return [(first - k) % n for k in range(n) if (first - k) % n != thief]

    def chosen(self, view: View, thief: int, left: list[int]) -> int:
        """The next one, which is taken out."""
        return left.pop()

    def amount(self, state: Any, view: View, thief: int, victim: int, queued: int) -> int:
        """Half, rounded up, if this is the theft; a look takes nothing."""
        if not state.tried[thief]:
            state.seen[thief] = victim
            return 0
        state.tried[thief] = False
        return queued - queued // 2


@dataclass(frozen=True)
class AtRandom(InOrder):
    """The same in an order that is drawn anew for each search."""

    def searched(self, view: View, thief: int) -> list[int]:
        """All others, shuffled."""
        return shuffled(view, [p for p in range(view.procs()) if p != thief])


@dataclass(frozen=True)
class OfTwo(AtRandom):
    """The same, of two at each look the one whose first job has waited longer when the look begins."""

    def searched(self, view: View, thief: int) -> list[int]:
        """All, shuffled, the thief's own too: who is drawn with it is looked at."""
        return shuffled(view, list(range(view.procs())))

    def chosen(self, view: View, thief: int, left: list[int]) -> int:
        """Of the next two, both taken out."""
        a, b = left.pop(), left.pop()
        if a == thief:
            return b
        return a if b == thief or waited_ns(view, a) >= waited_ns(view, b) else b


def shuffled(view: View, ps: list[int]) -> list[int]:
    """The same in a random order."""
    for i in range(len(ps) - 1, 0, -1):
        k = view.below(i + 1)
        ps[i], ps[k] = ps[k], ps[i]
    return ps


def waited_ns(view: View, p: int) -> int:
    """How long the first job in a queue has waited, 0 where there is none."""
    g = view.head(p)
    return view.now_ns() - view.ready_ns(g) if view.queue_len(p) > 0 else 0


PAID: Final[Costs] = dataclasses.replace(gl.Costs.zero(), steal_probe=LOOK_NS)


def searching(steal: Steal) -> Policy:
    """Every core without work searches without a pause, and none is told of new work."""
    return thieves(steal).replace(name="searching", spin=gl.SpinAlways(gap_ns=TICK_NS))


def cut(load: float) -> float:
    """The load that theirs runs at, told that it be `load`: gaps between arrivals are cut to whole ticks.

    Of 39.06 on average 38.57 are left, and 0.8 becomes 0.81. Services are cut too, but one of 0 is drawn anew.

    >>> round(cut(0.5), 4), round(cut(0.8), 4)
    (0.5043, 0.8107)
    """
    gap = 1_000 / (load * CORES)
    return 1_000.5 * math.expm1(1.0 / gap) / CORES


@dataclass(frozen=True)
class Nobody(gl.StealHalf):  # type: ignore[misc]
    """A thief that looks at nobody: an idle core spins, and sees its own queue."""

    passes: int = 1

    def probes(self, state: object, view: View, thief: int) -> int:
        """None."""
        return 0


class Flags:
    """Which core has asked which other one for help, and what each was seen to run."""

    def __init__(self, n: int) -> None:
        self.running: list[int] = [-1] * n
        self.raised_by: list[int] = [-1] * n
        """By whom a core is flagged; -1: by nobody."""
        self.has_raised: list[bool] = [False] * n
        self.due_ns: list[int] = [-1] * n
        """When a core that answers has come there; -1: it does not answer yet."""


@dataclass(frozen=True)
class Flagging(gl.NoControl):  # type: ignore[misc]
    """A core whose first job has waited too long when it begins another flags a random one, which comes for half the difference.

    It comes when it has no job, or between two, and is on its way for as long as a look takes.
    """

    period_ns: int = 50 * TICK_NS
    patience_ns: int = 2_000 * TICK_NS
    way_ns: int = LOOK_NS

    def start(self, view: View) -> object:
        """No flags."""
        return Flags(view.procs())

    def act(self, state: Any, view: View, orders: Any) -> None:
        """Look at each core: jobs that begin, flags to answer, flags to raise."""
        now = view.now_ns()
        for p in range(view.procs()):
            g = view.running_g(p)
            begins, state.running[p] = g != state.running[p], g
            if state.raised_by[p] >= 0:
                if state.due_ns[p] < 0 and (begins or g < 0):
                    # What it is late by, half a look on average at the flag and at the answer, is taken off.
                    state.due_ns[p] = now + self.way_ns - self.period_ns
                if 0 <= state.due_ns[p] <= now:
                    self.help(state, view, orders, p)
            if begins and not state.has_raised[p] and view.queue_len(p) > 0 and now - view.ready_ns(view.head(p)) > self.patience_ns:
                free = [k for k in range(view.procs()) if k != p and state.raised_by[k] < 0]
                if free:
                    state.raised_by[free[view.below(len(free))]] = p
                    state.has_raised[p] = True

    def help(self, state: Any, view: View, orders: Any, p: int) -> None:
        """p takes half of what its flagger has more than itself, and the flag is down. The job that it began counts as its own."""
        flagger = state.raised_by[p]
        more = view.queue_len(flagger) - view.queue_len(p) - int(view.running_g(p) >= 0)
        if more > 0:
            orders.move((more + 1) // 2, flagger, p)
        state.raised_by[p] = state.due_ns[p] = -1
        state.has_raised[flagger] = False


FLAGGED: Final[Policy] = thieves(Nobody()).replace(name="flagged", control=Flagging())


EXPONENTIAL: Final[Distribution] = gl.Exponential(1_000_500 * TICK_NS // 1_000)
"""1,000 ticks on average, of which cutting and drawing anew make 1,000.5."""


def balanced(
    how: str, load: float, policy: Policy, mean: float, spread: float, p99: float, stolen: float = 0.0, size: int = 30_000,
    costs: Costs | None = None, service: Distribution = EXPONENTIAL, of: str = "",
) -> list[Row]:
    """32 cores, jobs of 1 us on average, against a run of theirs."""
    made = loaded(
        f"32 cores, {how}, load {load}{of}", Jobs(cut(load) * service.mean_ns() / EXPONENTIAL.mean_ns(), CORES, service), policy, size,
        EachJob(quantiles=(0.99,)), 100.0, costs, "schedule",
    )
    section = "NSDI 2022"
    rows = [
        Row(
            section, made, "mean sojourn", f"{how}: so long a job stays", mean / 1_000, MCCLURE,
            reference_error=spread / SPREAD / 1_000, tolerance=0.03, why=THEIRS,
        ),
        Row(section, made, "p99 sojourn", f"{how}: one in a hundred stays longer", p99 / 1_000, MCCLURE, tolerance=0.05, why=THEIRS),
    ]
    if stolen:
        rows.append(
            Row(section, made, "stolen a job", f"{how}: jobs that thefts move, by all jobs", stolen, MCCLURE, tolerance=0.05, why=THEIRS)
        )
    return rows


PENALTY: Final = (
    "in theirs a core that runs a job pays 100 ns for each job that it sends away, and stops its own for that: dearer than a "
    "placement for nothing. Not expressed here: an arrival has no P that could pay"
)


def enqueued(load: float, theirs: float, size: int) -> Row:
    """The best of two queues, with a price only in theirs."""
    made = loaded(
        f"32 cores, best of two queues for nothing, load {load}", Jobs(cut(load), CORES, EXPONENTIAL),
        APART.replace(place=gl.LeastLoaded(d=2)), size, EachJob(quantiles=(0.99,)), 100.0, None, "schedule",
    )
    return Row(
        "NSDI 2022", made, "mean sojourn", "between a placement that costs nothing and theirs, which costs 100 ns",
        functools.partial(_of_two, load), f"theory.d_choices; {MCCLURE}", BETWEEN, theirs / 1_000, why=PENALTY,
    )


def _of_two(load: float) -> float:
    return theory.d_choices(cut(load), 2, CORES).at_n * EXPONENTIAL.mean_ns() / MS


SCHEDSIM: Final = "schedsim of Prekas, Kogias and Bugnion, run for this project, 16 cores, mean 10"
ONE_RUN: Final = "one run of another program, whose length is not known"


def schedsim(how: str, load: float, policy: Policy, service: Distribution, mean: float, p99: float, size: int) -> list[Row]:
    """16 cores, jobs of 10 on average: here 1 us is their unit."""
    made = loaded(
        f"16 cores, {how}, load {load}", Jobs(load, 16, service), policy, size, EachJob(quantiles=(0.99,), unit_ns=UNIT_NS), 4.0, None,
        "schedule",
    )
    return [
        Row("schedsim", made, "mean sojourn", how, mean, SCHEDSIM, tolerance=0.03, why=ONE_RUN),
        Row("schedsim", made, "p99 sojourn", how, p99, SCHEDSIM, tolerance=0.05, why=ONE_RUN),
    ]


def schedsim_shared(how: str, load: float, policy: Policy, service: Distribution, mean: float, size: int) -> Row:
    """The same with processor sharing, of which slices of 0.05 mean services are near enough; its p99 is of another sharing."""
    made = loaded(
        f"16 cores, {how}, load {load}", Jobs(load, 16, service), policy.replace(preempt=sharing(UNIT_NS // 2).preempt), size,
        EachJob(unit_ns=UNIT_NS), 1.0, None, "schedule",
    )
    return Row("schedsim", made, "mean sojourn", how, mean, SCHEDSIM, tolerance=0.03, why=ONE_RUN)


TEN: Final[Distribution] = gl.Exponential(10 * UNIT_NS)
TENS: Final[Distribution] = gl.Constant(10 * UNIT_NS)

BIMODAL: Final[Distribution] = gl.Bimodal(MS // 2, 11 * MS // 2, 0.1)

ROWS: tuple[Row, ...] = (
    *balanced("single queue", 0.5, ONE_QUEUE, 997, 5, 4589), *balanced("single queue", 0.8, ONE_QUEUE, 1030, 3, 4609),
    *balanced("no balancing", 0.5, APART, 1994, 59, 9236), *balanced("no balancing", 0.8, APART, 5282, 111, 24802),
    *balanced("stealing for nothing", 0.5, CONSERVING, 1002, 9, 4616), *balanced("stealing for nothing", 0.8, CONSERVING, 1043, 5, 4652),
    *balanced("stealing in order", 0.3, searching(InOrder()), 1230, 14, 4777, 0.745, costs=PAID, size=15_000),
    *balanced("stealing in order", 0.5, searching(InOrder()), 1310, 14, 4932, 0.713, costs=PAID),
    *balanced("stealing in order", 0.8, searching(InOrder()), 1784, 27, 6007, 0.569, costs=PAID),
    *balanced("stealing in order", 0.9, searching(InOrder()), 2576, 126, 8769, 0.429, costs=PAID),
    *balanced("stealing at random", 0.5, searching(AtRandom()), 1279, 1, 4870, 0.750, costs=PAID),
    *balanced("stealing at random", 0.8, searching(AtRandom()), 1735, 47, 5839, 0.590, costs=PAID),
    *balanced("stealing from the older of two", 0.5, searching(OfTwo()), 1231, 6, 4864, 0.767, costs=PAID),
    *balanced("stealing from the older of two", 0.8, searching(OfTwo()), 1599, 6, 5482, 0.630, costs=PAID),
    *balanced("stealing in order", 0.5, searching(InOrder()), 1306, 2, 2162, 0.704, costs=PAID, service=CONSTANT, of=", all alike"),
    *balanced("stealing in order", 0.8, searching(InOrder()), 1650, 6, 3481, 0.529, costs=PAID, service=CONSTANT, of=", all alike"),
    *balanced("stealing in order", 0.5, searching(InOrder()), 1315, 25, 6139, 0.712, costs=PAID, service=BIMODAL, of=", bimodal"),
    *balanced("stealing in order", 0.8, searching(InOrder()), 1875, 22, 7713, 0.591, costs=PAID, service=BIMODAL, of=", bimodal"),
    *balanced("flagging", 0.5, FLAGGED, 1841, 26, 7242, size=15_000), *balanced("flagging", 0.8, FLAGGED, 3180, 83, 9753, size=15_000),
    enqueued(0.5, 1620, 30_000), enqueued(0.8, 3026, 30_000),
    *schedsim("single queue, exponential", 0.5, ONE_QUEUE, TEN, 10.005, 45.912, 30_000),
    *schedsim("single queue, exponential", 0.8, ONE_QUEUE, TEN, 10.961, 47.368, 30_000),
    *schedsim("single queue, exponential", 0.9, ONE_QUEUE, TEN, 13.553, 52.370, 30_000),
    *schedsim("single queue, constant", 0.8, ONE_QUEUE, TENS, 10.518, 15.369, 30_000),
    *schedsim("single queue, constant", 0.9, ONE_QUEUE, TENS, 11.879, 22.343, 30_000),
    *schedsim("a queue for each, exponential", 0.5, APART, TEN, 20.130, 93.644, 30_000),
    *schedsim("a queue for each, exponential", 0.8, APART, TEN, 49.978, 229.800, 30_000),
    *schedsim("a queue for each, constant", 0.5, APART, TENS, 15.004, 43.484, 30_000),
    *schedsim("a queue for each, constant", 0.8, APART, TENS, 29.863, 110.606, 30_000),
    schedsim_shared("single queue shared, exponential", 0.8, ONE_QUEUE, TEN, 10.954, 10_000),
    schedsim_shared("single queue shared, constant", 0.8, ONE_QUEUE, TENS, 11.024, 10_000),
    schedsim_shared("a shared queue for each, exponential", 0.5, APART, TEN, 19.992, 10_000),
    schedsim_shared("a shared queue for each, constant", 0.5, APART, TENS, 19.991, 10_000),
)
