"""A pile of work on one P, and thieves who ask for half of it: bags of tasks, loads that are divided."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Final

import gmplab as gl
from gmplab.analysis.truth.entries import BETWEEN, Experiment, Row
from gmplab.analysis.truth.measures import Makespan
from gmplab.analysis.truth.models import UNIT_NS, thieves
from gmplab.runtime.contracts import Policy, View
from gmplab.runtime.sim import Plan


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
        costs=dataclasses.replace(gl.Costs.zero(), steal_probe=latency * UNIT_NS),
    )
    return Row(
        "divisible load", made, "makespan - work / P", "what stealing with latency adds", mean - work / p,
        f"ws-simulator of Khatiri, Trystram and Wagner, {runs} runs", reference_error=sd / math.sqrt(runs),
    )


class Asked:
    """What `FarAndNear` remembers of each P."""

    def __init__(self, n: int) -> None:
        self.whom: list[int] = [0] * n
        """Whom it asks."""
        self.there: list[bool] = [False] * n
        """Whether its request has come there."""
        self.until_ns: list[int] = [-1] * n
        """Until when it is busy with an answer, sent or received."""


@dataclass(frozen=True)
class FarAndNear(gl.RandomVictims):  # type: ignore[misc]
    """As `OneAnswerAtATime`, of the own group of Ps or now and then of another one, where a message takes longer.

    The first of two passes is the request's way: a look from which nothing is taken, and whose price is the latency. What
    the second costs is the answer's way back.

    Parameters
    ----------
    far_per_mille : int
        How many of 1,000 requests go to another group.
    near_ns, far_ns : int
        Latency of a message.
    """

    passes: int = 2
    far_per_mille: int = 0
    near_ns: int = 0
    far_ns: int = 0

    def start(self, view: View) -> object:
        """Nobody has asked."""
        return Asked(view.procs())

    def victim(self, state: Any, view: View, thief: int, pass_: int, i: int, roll: int) -> int:
        """Whom the request goes to, and in the second pass the same."""
        state.there[thief] = pass_ == 1
        if pass_ == 0:
            far = view.below(1_000) < self.far_per_mille
            others = [p for p in range(view.procs()) if p != thief and (view.group(p) != view.group(thief)) == far]
            state.whom[thief] = others[view.below(len(others))]
        whom: int = state.whom[thief]
        return whom

    def amount(self, state: Any, view: View, thief: int, victim: int, queued: int) -> int:
        """Half, rounded up; nothing while the request is under way, and nothing from who is busy."""
        now = view.now_ns()
        if not state.there[thief] or now < state.until_ns[victim]:
            return 0
        latency_ns = self.near_ns if view.group(victim) == view.group(thief) else self.far_ns
        state.until_ns[victim] = state.until_ns[thief] = now + latency_ns
        return queued - queued // 2


CLUSTERS: Final = gl.Topology(groups=(0,) * 16 + (1,) * 16)
NEAR_NS: Final = UNIT_NS
FAR_NS: Final = 64 * UNIT_NS


def clustered(work: int, far_per_mille: int, mean: float, sd: float, runs: int) -> Row:
    """A load on one of 32 Ps in two clusters: seldom asking the other one leaves it idle, asking it often takes long."""
    steal = FarAndNear(far_per_mille=far_per_mille, near_ns=NEAR_NS, far_ns=FAR_NS)
    policy = thieves(steal).replace(name="clusters", place=gl.PlaceLocal(), wake=gl.WakeAlways(), spin=gl.SpinAlways(gap_ns=0))
    made = Experiment(
        f"{work} units on one of 2 times 16 Ps, {far_per_mille / 10:g} % asked far away", Bag(), policy, Makespan(UNIT_NS), work,
        procs=32, fixed=True, costs=dataclasses.replace(gl.Costs.zero(), steal_probe=NEAR_NS, steal_probe_remote=FAR_NS),
        topology=CLUSTERS,
    )
    return Row(
        "divisible load", made, "makespan - work / P", "what stealing with latency adds", mean - work / 32,
        f"the model of ws-simulator, simulated for this project, {runs} runs; at 10 million units it gives what theirs gave",
        reference_error=sd / math.sqrt(runs),
    )


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


ROWS: tuple[Row, ...] = (
    *bag(16, 10, 77.657, 2.3978, 400), *bag(64, 13, 151.19, 2.9026, 400),
    divided(16, 100_000, 10, 6584.24, 49.69, 100), divided(16, 100_000, 262, 11842.93, 972.34, 100),
    divided(64, 100_000, 62, 3636.90, 260.57, 60),
    clustered(100_000, 10, 3657.39, 88.92, 2_000), clustered(100_000, 80, 3546.06, 75.13, 2_000),
    clustered(100_000, 500, 4203.94, 174.44, 2_000),
)
