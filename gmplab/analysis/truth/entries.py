"""What an experiment is, and what a row of the catalogue is: declarations, of which nothing runs here.

An experiment is a workload, a policy, costs and sizes, and how its runs are measured. A row claims one number of it:
what theory, or somebody else's simulator, says that one of the measured statistics must be. Several rows share an
experiment, which is run once for all of them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import gmplab as gl
from gmplab.runtime.contracts import Policy
from gmplab.runtime.costs import Costs, Topology
from gmplab.runtime.sim import Plan
from gmplab.traces.run import Run

MS: Final = 1_000_000
"""Most rows have jobs of 1 ms on average: their unit of time. A ns is then fine enough for theory."""
FEWEST_RUNS: Final = 8
"""However small the scale: fewer independent runs would leave too little to know their spread from."""

Measure = Callable[[Run, Run | None], dict[str, float]]
"""Statistics of one run by name. The second run is the early part of the first: the same one, ended sooner."""


@dataclass(frozen=True)
class Experiment:
    """A workload under a policy, and how often.

    Parameters
    ----------
    name : str
        Unique in the catalogue; the seeds follow from it.
    workload : function
        The plan for a size.
    policy : Policy
    measure : function
        Makes statistics of a run.
    size : int
        Of each run at scale 1: how many jobs, items, rounds, as the workload takes it; with `timed` ms of virtual time.
    runs : int
        Independent runs at scale 1. With 1 nothing in the experiment is random, and no scale changes it.
    procs : int
    costs : Costs
    topology : Topology
    record : str
        As in `gmplab.run`.
    warmup : str or int
        Time from whose end on latencies count, as in `gmplab.run`. It does not shrink with the scale.
    early : int
        Where not 0, each run is made a second time with this size: counts and times of the early part are subtracted, so
        that a statistic is that of the steady state. It does not shrink with the scale.
    least : int
        The least size that leaves something to measure after the warm-up.
    fixed : bool
        The size is part of what is claimed: a scale changes how many runs there are, and nothing else.
    timed : bool
        The workload has no end; a run is cut at `size` ms of virtual time.
    """

    name: str
    workload: Callable[[int], Plan]
    policy: Policy
    measure: Measure
    size: int
    runs: int = 32
    procs: int = 1
    costs: Costs = field(default_factory=Costs.zero)
    topology: Topology = field(default_factory=Topology)
    record: str = "off"
    warmup: int | str = 0
    early: int = 0
    least: int = 1
    fixed: bool = False
    timed: bool = False

    @property
    def is_random(self) -> bool:
        """Whether its runs differ by their seeds."""
        return self.runs > 1

    def at_scale(self, scale: float) -> tuple[int, int]:
        """How many runs, and of what size each.

        The runs keep their length as long as there are enough of them: a short run is less like the steady state.

        >>> some = Experiment("x", lambda n: Plan(None), gl.policy_of("go"), lambda run, early: {}, size=1000, runs=32)
        >>> some.at_scale(1), some.at_scale(10), some.at_scale(0.5), some.at_scale(0.02)
        ((32, 1000), (320, 1000), (16, 1000), (8, 80))
        """
        if not self.is_random:
            return 1, self.size
        runs = max(FEWEST_RUNS, round(self.runs * scale))
        if self.fixed:
            return runs, self.size
        size = min(self.size, math.ceil(self.size * self.runs * scale / runs))
        # Of a run whose early part is subtracted something must be left.
        return runs, max(size, self.least, 2 * self.early)

    def seed(self, i: int, draw: int) -> int:
        """The seed of the i-th run, from the experiment's name: nobody chooses it. Another `draw` gives all others."""
        text = f"{self.name}/{i}" if draw == 0 else f"{self.name}/{i}/{draw}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")

    def made(self, size: int, seed: int) -> dict[str, float]:
        """The statistics of one run."""
        whole = self.run(size, seed)
        return self.measure(whole, self.run(self.early, seed) if self.early > 0 else None)

    def run(self, size: int, seed: int) -> Run:
        """One run of a size."""
        return gl.run(  # type: ignore[no-any-return]
            self.workload(size), policy=self.policy, procs=self.procs, costs=self.costs, topology=self.topology,
            record=self.record, seed=seed, warmup=self.warmup, arrive="direct", until=size * MS if self.timed else None,
        )


EQUAL: Final = "equal"
"""The mean over the runs is the reference, up to chance."""
EXACT: Final = "exact"
"""Every run gives the reference itself."""
AT_MOST: Final = "at most"
"""No run exceeds the reference."""
BETWEEN: Final = "between"
"""The mean over the runs lies between two references, up to chance."""
KINDS: Final = (EQUAL, EXACT, AT_MOST, BETWEEN)


@dataclass(frozen=True)
class Row:
    """One claim.

    Parameters
    ----------
    section : str
        The subject, as "M/M/c".
    experiment : Experiment
    statistic : str
        One of those that the experiment measures.
    claim : str
        What is claimed, in a sentence without the numbers.
    expected : float or function
        The reference, or what computes it when it is asked for.
    source : str
        Where the reference is from.
    kind : str
        One of `KINDS`.
    most : float or function, optional
        With kind "between": the other reference.
    reference_error : float
        Standard error of a reference that was itself measured, by another simulator.
    tolerance : float
        By what share of the reference the model itself is off what is claimed, stated by the source; `why` says why.
    why : str
        The reason of a tolerance, or of there being two references.
    known : str
        Why it is known to fail, and that this is not the scheduler's fault; such a row is shown as failing.
    """

    section: str
    experiment: Experiment
    statistic: str
    claim: str
    expected: float | Callable[[], float]
    source: str
    kind: str = EQUAL
    most: float | Callable[[], float] = math.nan
    reference_error: float = 0.0
    tolerance: float = 0.0
    why: str = ""
    known: str = ""

    @property
    def name(self) -> str:
        """Unique in the catalogue."""
        return f"{self.experiment.name}: {self.statistic}"

    @property
    def is_judged_by_chance(self) -> bool:
        """Whether it can fail by chance: a bound that no run may exceed cannot."""
        return self.kind in (EQUAL, BETWEEN)

    def references(self) -> tuple[float, float]:
        """The reference as an interval: the same number twice where there is one."""
        low = self.expected() if callable(self.expected) else self.expected
        high = self.most() if callable(self.most) else self.most
        return low, (high if self.kind == BETWEEN else low)
