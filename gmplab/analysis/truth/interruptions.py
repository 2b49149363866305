"""The world stopped at random: a server that stands still now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import MS, Experiment, Row
from gmplab.analysis.truth.measures import JOB, Latencies
from gmplab.analysis.truth.models import EXPONENTIAL, GO
from gmplab.runtime.contracts import Policy, View
from gmplab.runtime.sim import Plan


@dataclass(frozen=True)
class JobsOnP0(gl.Place):  # type: ignore[misc]
    """Jobs have P 0 for themselves; whoever stops the world is on P 1, so that it need not wait for a job to end."""

    def place(self, state: object, view: View, why: int, g: int, p: int) -> int:
        """P 0 for a job, else P 1."""
        return 0 if view.cls(g) == JOB else 1


PS: Final = 2


@dataclass(frozen=True)
class StoppedJobs:
    """Jobs from outside, and a collector that stops the world for `pause` ms, at rate `often` a ms while it goes on.

    Parameters
    ----------
    load, often, pause : float
    """

    load: float
    often: float
    pause: float

    def __call__(self, n: int) -> Plan:
        """The plan of n jobs; it ends with the last."""
        everyone = gl.WaitGroup(n)
        job = gl.Program(JOB, cls=JOB).compute(EXPONENTIAL).done(everyone)
        every = gl.Exponential(round(MS / self.often))
        # Marking is CPU time, which all Ps give while the world stands.
        mark = round(PS * self.pause * MS)
        collector = gl.Program("collector").loop(1 << 40).sleep(every).gc(mark).end()
        source = gl.Source(job, gl.Exponential(round(MS / self.load)), n, cls=JOB)
        return Plan(gl.Program("main").go(collector).wait(everyone), sources=(source,))


STOPPED: Final[Policy] = GO.replace(
    name="stopped", queues=gl.NoRunnext(capacity=-1), place=JobsOnP0(), steal=gl.NoStealing(),
    preempt=gl.AsyncPreempt(quantum_ns=1 << 50), rules=gl.Rules(gc_workers=False),
)
"""Before Go 1.5 a collection was marked with the world stopped; a signal stops a job at once."""


def stopped(load: float, often: float, pause: float, size: int) -> list[Row]:
    """M/M/1 with pauses, which count whether or not there is a job."""
    made = Experiment(
        f"M/M/1 at load {load}, the world stopped for {pause:g} every {1 / often:g}", StoppedJobs(load, often, pause), STOPPED,
        Latencies(), size, procs=PS, warmup="400ms", least=round(2 * 400 * load),
    )
    return [
        Row(
            "stop the world", made, "mean sojourn", "a job that is stopped goes on afterwards",
            theory.interrupted_mm1_mean_sojourn(load, 1.0, often, pause), "Avi-Itzhak and Naor 1963; theory.interrupted_mm1_mean_sojourn",
        )
    ]


ROWS: tuple[Row, ...] = (
    *stopped(0.5, 0.05, 1.0, 60_000), *stopped(0.5, 0.01, 10.0, 60_000), *stopped(0.7, 0.05, 1.0, 60_000), *stopped(0.8, 0.02, 2.0, 60_000),
)
