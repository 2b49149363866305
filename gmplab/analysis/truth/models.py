"""Textbook models as policies, and the workloads that they have in common: public names only, all from outside the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import gmplab as gl
from gmplab.runtime.contracts import Policy, Steal
from gmplab.runtime.costs import Costs
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.sim import Plan

from gmplab.analysis.truth.entries import MS, Experiment, Measure
from gmplab.analysis.truth.measures import JOB

GO: Final[Policy] = gl.policy_of("go")
ONE_QUEUE: Final[Policy] = GO.replace(
    name="one queue", queues=gl.GlobalQueue(), place=gl.PlaceGlobal(), steal=gl.NoStealing(), preempt=gl.NoPreemption(),
)
"""One queue for all Ps, first come first served: M/G/c."""
APART: Final[Policy] = ONE_QUEUE.replace(name="apart", queues=gl.NoRunnext(capacity=-1), place=gl.PlaceRandom())
"""A queue for each P, a random one for each job, and nobody steals: c times M/G/1."""
CONSERVING: Final[Policy] = APART.replace(name="conserving", steal=gl.StealHalf(), wake=gl.WakeIfNoneSpinning())
"""A queue for each P, and thieves who see all of it for nothing: no P idles while a job waits."""


def sharing(slice_ns: int) -> Policy:
    """One queue whose jobs take turns of `slice_ns`: processor sharing, as the slices become short."""
    return ONE_QUEUE.replace(name="sharing", preempt=gl.AsyncPreempt(quantum_ns=slice_ns, exact=True))


NEVER_AGAIN_NS: Final = 1 << 50
"""A gap that no run outlasts."""


def thieves(steal: Steal) -> Policy:
    """A queue for each P; a P that runs out of work tries once to steal. Nobody is woken: an idle P sees its own queue alone."""
    return APART.replace(
        name="thieves", steal=steal, wake=gl.WakeNever(), spin=gl.SpinAlways(gap_ns=NEVER_AGAIN_NS)
    )


def pulling(rate: float, most: int = 0, at_once: bool = False) -> Policy:
    """A queue for each P; an idle P looks at a random other one at a rate a ms, for one or for half."""
    return thieves(gl.RandomVictims(most=most, at_once=at_once)).replace(
        spin=gl.SpinAlways(gap_ns=round(MS / rate), exponential=True)
    )


@dataclass(frozen=True)
class Jobs:
    """n jobs come from outside as a Poisson process, of the class "job".

    Parameters
    ----------
    load : float
        Of each P.
    procs : int
    service : Distribution
        Of 1 ms on average, or of another mean.
    """

    load: float
    procs: int
    service: Distribution

    def within(self, ms: float) -> int:
        """About how many come in so many ms."""
        return round(ms * MS / self.service.mean_ns() * self.load * self.procs)

    def __call__(self, n: int) -> Plan:
        """The plan of n jobs."""
        gap = gl.Exponential(round(self.service.mean_ns() / (self.load * self.procs)))
        job = gl.Program(JOB, cls=JOB).compute(self.service)
        return Plan(gl.Program("main").wait_arrivals(), sources=(gl.Source(job, gap, n, cls=JOB),))


EXPONENTIAL: Final[Distribution] = gl.Exponential(MS)
CONSTANT: Final[Distribution] = gl.Constant(MS)
UNIT_NS: Final = 1_000
"""A unit of work of the rows whose work is counted."""


@dataclass(frozen=True)
class Rounds:
    """Goroutines that go round for ever between the CPU and somewhere else.

    Parameters
    ----------
    n : int
    work, away : float
        Means of exponential times, in ms.
    kind : str
        Where they go: "syscall", "blocking" (one that is known to block), "io" (netpoll), or "lock": they compute for
        `away` ms and then for `work` under one mutex.
    """

    n: int
    work: float
    away: float
    kind: str

    def __call__(self, size: int) -> Plan:
        """The plan, which has no end of its own."""
        work, away = (gl.Exponential(round(x * MS)) for x in (self.work, self.away))
        loop = gl.Program("loop").loop(1 << 40)
        if self.kind == "lock":
            mutex = gl.Mutex()
            loop.compute(away).lock(mutex).compute(work).unlock(mutex)
        else:
            loop.compute(work)
            {"syscall": loop.syscall, "blocking": loop.syscall_block, "io": loop.io}[self.kind](away)
        return Plan(gl.Program("main").loop(self.n).go(loop.end()).end().wait(gl.WaitGroup(1)))


@dataclass(frozen=True)
class Tandem:
    """A saturated line of exponential stages, each a goroutine.

    Parameters
    ----------
    means : tuple of float
        Of the stages, in ms.
    buffer : int
        Capacity of each channel.
    """

    means: tuple[float, ...]
    buffer: int

    def __call__(self, n: int) -> Plan:
        """The plan of n items; it ends when the last stage is done with the last."""
        between = [gl.Chan(self.buffer) for _ in self.means[1:]]
        done, main = gl.WaitGroup(1), gl.Program("main")
        for i, mean in enumerate(self.means):
            stage = gl.Program(f"stage {i}").loop(n)
            if i > 0:
                stage.recv(between[i - 1])
            stage.compute(gl.Exponential(round(mean * MS)))
            if i < len(between):
                stage.send(between[i])
            stage.end()
            main.go(stage.done(done) if i == len(between) else stage)
        return Plan(main.wait(done), params={"n": str(n)})


def loaded(
    name: str, jobs: Jobs, policy: Policy, size: int, measure: Measure, warmup_ms: float = 400.0, costs: Costs | None = None,
    record: str = "off",
) -> Experiment:
    """Jobs from outside, measured after a warm-up that a small run outlasts too."""
    return Experiment(
        name, jobs, policy, measure, size, procs=jobs.procs, warmup=round(warmup_ms * MS), costs=costs or gl.Costs.zero(),
        record=record, least=2 * jobs.within(warmup_ms),
    )
