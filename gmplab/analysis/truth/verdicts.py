"""How a row is judged: the mean of independent runs against its reference, with the error probability shared out.

Each row that can fail by chance gets the same share of `FAMILY` (Bonferroni), whichever rows are run: with n of them in
the whole catalogue a row's limit is the quantile of Student's t that its mean exceeds, to either side, with probability
FAMILY / n. So in at most 1 % of draws of all seeds some row fails though all references are right. Refused: 95 % a row,
by which every twentieth fails, and limits that are chosen by looking at the outcome; batch means of one long run, since
neighbouring batches are not independent, and at high load far from it.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gmplab.analysis.intervals import student_t
from gmplab.analysis.truth.entries import AT_MOST, EXACT, Row

FAMILY: Final = 0.01
"""Probability that any row of the catalogue fails by chance."""
EXACTLY: Final = 1e-9
"""Relative difference of two exact values that were computed in floats."""


@functools.cache
def limit(n_runs: int, n_rows: int) -> float:
    """By how many standard errors the mean of so many runs may be off, with n_rows in the catalogue.

    >>> round(limit(32, 100), 2), round(limit(8, 100), 2)
    (4.46, 7.88)
    """
    return student_t(1.0 - FAMILY / n_rows, n_runs - 1)


@dataclass(frozen=True)
class Verdict:
    """What came of a row.

    Parameters
    ----------
    row : Row
    n_runs : int
    size : int
        Of each run.
    expected, most : float
        The reference; where there are two, the bounds between which the mean must lie.
    measured : float
        The mean over the runs; of a bound the greatest value of any run.
    low, high : float
        The interval of the mean at the catalogue's error probability; nan where the row is exact.
    deviation : float
        In standard errors, of the mean and of the reference together; nan where the row is exact.
    share : float
        How far off the mean is, of what chance and the tolerance allow, with its sign: beyond 1 the row fails; nan where the
        row is exact.
    holds : bool
    """

    row: Row
    n_runs: int
    size: int
    expected: float
    most: float
    measured: float
    low: float
    high: float
    deviation: float
    share: float
    holds: bool


def judge(row: Row, values: Sequence[float], size: int, n_rows: int) -> Verdict:
    """The verdict on a row whose statistic came to these values, one a run, in a catalogue of n_rows that chance can fail."""
    low, high = row.references()
    n = len(values)
    nan = math.nan
    if row.kind == AT_MOST:
        most = max(values)
        return Verdict(row, n, size, low, low, most, nan, nan, nan, nan, most <= low)
    if row.kind == EXACT:
        worst = max(values, key=lambda x: abs(x - low))
        return Verdict(row, n, size, low, low, worst, nan, nan, nan, nan, abs(worst - low) <= EXACTLY * abs(low))
    mean = math.fsum(values) / n
    error = statistics.stdev(values) / math.sqrt(n)
    both = math.hypot(error, row.reference_error)
    t = limit(n, n_rows)
    outside = mean - min(max(mean, low), high)
    slack = t * both + row.tolerance * (low if outside < 0 else high)
    return Verdict(
        row, n, size, low, high, mean, mean - t * error, mean + t * error, ratio(outside, both), ratio(outside, slack),
        abs(outside) <= slack,
    )


def ratio(x: float, of: float) -> float:
    """x / of; 0 where x is 0, and without bound where only `of` is.

    >>> ratio(1.0, 2.0), ratio(0.0, 0.0), ratio(-1.0, 0.0)
    (0.5, 0.0, -inf)
    """
    return x / of if of > 0 else (math.copysign(math.inf, x) if x else 0.0)
