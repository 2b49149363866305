"""Run the catalogue, in worker processes, and judge it.

A worker gets the name of an experiment and the number of a run, and finds the rest in the catalogue: nothing of a policy
or a workload is sent. What comes out depends on the experiment's name, the run's number, the scale and the draw, so not
on how many workers there are, nor on which rows are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pandas as pd
from tqdm.auto import tqdm

from gmplab import experiment as driver
from gmplab.analysis.truth.catalogue import CATALOGUE, N_BY_CHANCE, chosen
from gmplab.analysis.truth.entries import EXACT, AT_MOST, Experiment
from gmplab.analysis.truth.verdicts import FAMILY, Verdict, judge
from gmplab.analysis.workers import mapped

LEAST_SCALE: Final = 0.01
MOST_SCALE: Final = 100.0
Task = tuple[str, int, float, int]
"""An experiment's name, the number of a run, the scale, the draw."""

COLUMNS: Final = (
    "section", "experiment", "statistic", "kind", "expected", "most", "measured", "low", "high", "deviation", "tolerance",
    "reference_error", "runs", "size", "verdict", "claim", "source", "why",
)
"""Of `Verification.frame`; all numbers in the row's own unit, ms for times."""


def run_task(task: Task) -> tuple[str, int, dict[str, float]]:
    """One run, in whatever process; `gmplab.last` stays what it was."""
    name, i, scale, draw = task
    made = experiments()[name]
    before = driver.last
    try:
        return name, i, made.made(made.at_scale(scale)[1], made.seed(i, draw))
    finally:
        driver.last = before


def experiments() -> dict[str, Experiment]:
    """All experiments by name."""
    return {row.experiment.name: row.experiment for row in CATALOGUE}


@dataclass(frozen=True)
class Verification:
    """What `verify` found: a verdict a row.

    Parameters
    ----------
    verdicts : tuple of Verdict
    scale : float
    draw : int
        0: the seeds that follow from the names; else all others.
    """

    verdicts: tuple[Verdict, ...]
    scale: float
    draw: int

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """Those that do not hold, and are not known to fail."""
        return tuple(v for v in self.verdicts if not v.holds and not v.row.known)

    @property
    def known(self) -> tuple[Verdict, ...]:
        """Those that do not hold for a reason that is known and not the scheduler's; `row.known` is the reason."""
        return tuple(v for v in self.verdicts if not v.holds and v.row.known)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a claim, with `COLUMNS`."""
        return pd.DataFrame(
            [
                (
                    v.row.section, v.row.experiment.name, v.row.statistic, v.row.kind, v.expected, v.most, v.measured, v.low,
                    v.high, v.deviation, v.row.tolerance, v.row.reference_error, v.n_runs, v.size,
                    said(v), v.row.claim, v.row.source, v.row.known or v.row.why,
                )
                for v in self.verdicts
            ],
            columns=list(COLUMNS),
        )

    def title(self) -> str:
        """What was run, in a line."""
        n = len(self.verdicts)
        known = f", {len(self.known)} fail for a known reason" if self.known else ""
        return (
            f"{n} of {len(CATALOGUE)} rows at scale {self.scale:g}"
            f"{'' if self.draw == 0 else f', draw {self.draw}'}: "
            f"{n - len(self.failed) - len(self.known)} hold{known}, {len(self.failed)} fail; "
            f"with all references right any of the {N_BY_CHANCE} that chance can fail does so in {100 * FAMILY:g} % of draws"
        )

    def __repr__(self) -> str:
        rows = [HEAD, *(cells_of(v) for v in self.verdicts)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
        lines = []
        for row in rows:
            cells = [c.ljust(w) if c == row[0] else c.rjust(w) for c, w in zip(row[:-1], widths, strict=False)]
            lines.append("  ".join([*cells, row[-1]]).rstrip())
        reasons = [f"{v.row.name}: {v.row.known}" for v in self.known]
        return "\n".join([self.title(), "", *lines, *([""] if reasons else []), *reasons])


HEAD: Final = ("row", "expected", "measured", "interval", "off by", "verdict")


def cells_of(v: Verdict) -> tuple[str, ...]:
    """A verdict as it is printed: its row, what was expected and measured, the interval, the deviation, the verdict."""
    expected = digits(v.expected) if v.expected == v.most else f"{digits(v.expected)} to {digits(v.most)}"
    if v.row.kind == AT_MOST:
        expected = f"<= {expected}"
    interval = "" if math.isnan(v.low) else f"[{digits(v.low)}, {digits(v.high)}]"
    off = "" if v.row.kind in (EXACT, AT_MOST) else f"{v.deviation:+.1f} s.e."
    if v.row.tolerance:
        off += f" of {100 * v.row.tolerance:g} %"
    return v.row.name, expected, digits(v.measured), interval, off, said(v)


def said(v: Verdict) -> str:
    """A verdict in a word or two."""
    return "holds" if v.holds else "known to fail" if v.row.known else "FAILS"


def digits(x: float) -> str:
    """Five significant digits, no exponent, no zeros at the end.

    >>> digits(0.7455434), digits(1234567.0), digits(4.0)
    ('0.74554', '1234567', '4')
    """
    if x == 0 or math.isinf(x) or math.isnan(x):
        return f"{x:g}"
    text = f"{x:.{max(0, 4 - math.floor(math.log10(abs(x))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def verify(names: Sequence[str] = (), *, scale: float = 1.0, workers: int = 1, draw: int = 0, progress: bool = False) -> Verification:
    """Run experiments whose results are known, and hold what comes out against them.

    Parameters
    ----------
    names : sequence of str
        Families, sections, experiments or rows of the catalogue, also with `*`; none: all.
    scale : float
        How much is run, 0.01 to 100; 1 is what the documentation shows.
    workers : int
        Processes, at least 1; 1 is this one. The results do not depend on it.
    draw : int
        0: the seeds follow from the experiments' names alone; another number draws all of them anew.
    progress : bool
        A bar on stderr.

    Returns
    -------
    Verification
        Its `frame`, `failed`, and a table as its repr.

    Raises
    ------
    ValueError
        A name that means no row, or a number out of bounds.
    GmplabError
        A worker ended before its run was done.

    Examples
    --------
    >>> verify(["M/M/c*"], scale=0.1)                                    # doctest: +SKIP
    """
    if not LEAST_SCALE <= scale <= MOST_SCALE:
        raise ValueError(f"scale = {scale!r}: must be {LEAST_SCALE:g} to {MOST_SCALE:g}")
    if workers < 1:
        raise ValueError(f"workers = {workers}: must be at least 1 process")
    if draw < 0:
        raise ValueError(f"draw = {draw}: must be at least 0")
    rows = chosen(names)
    wanted = {row.experiment.name: row.experiment for row in rows}
    tasks = [(name, i, scale, draw) for name, made in wanted.items() for i in range(made.at_scale(scale)[0])]
    found: dict[str, dict[int, dict[str, float]]] = {name: {} for name in wanted}
    with tqdm(total=len(tasks), desc="verify", unit="run", delay=0.5, leave=False, disable=not progress) as bar:
        with mapped(run_task, tasks, workers) as results:
            for name, i, statistics in results:
                found[name][i] = statistics
                bar.update()
    verdicts = []
    for row in rows:
        runs, size = row.experiment.at_scale(scale)
        values = [found[row.experiment.name][i][row.statistic] for i in range(runs)]
        verdicts.append(judge(row, values, size, N_BY_CHANCE))
    return Verification(tuple(verdicts), scale, draw)
