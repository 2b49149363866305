"""Textbook models as policies, and the workloads that they have in common: public names only, all from outside the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import gmplab as gl
from gmplab.runtime.contracts import Policy, Steal
from gmplab.runtime.dice import Distribution
from gmplab.runtime.sim import Plan

from gmplab.analysis.truth.entries import MS
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
    """

    load: float
    procs: int
    service: Distribution

    def __call__(self, n: int) -> Plan:
        """The plan of n jobs."""
        gap = gl.Exponential(round(self.service.mean_ns() / (self.load * self.procs)))
        job = gl.Program(JOB, cls=JOB).compute(self.service)
        return Plan(gl.Program("main").wait_arrivals(), sources=(gl.Source(job, gap, n, cls=JOB),))


EXPONENTIAL: Final[Distribution] = gl.Exponential(MS)
CONSTANT: Final[Distribution] = gl.Constant(MS)
