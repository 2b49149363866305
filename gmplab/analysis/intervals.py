"""Means with their confidence intervals, by Student's t.

scipy is no dependency: for whole degrees of freedom the distribution of t is a finite sum, and its quantile the root of
an increasing function. Refused: approximations of the quantile, which are worst where they matter, at few samples.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A mean and the bounds of its confidence interval; nan where there are too few values to know.

    Parameters
    ----------
    n : int
        How many values.
    mean, low, high : float
        In the unit of the values.
    """

    n: int
    mean: float
    low: float
    high: float


def student_t_between(t: float, df: int) -> float:
    """P(-t < T < t) for Student's t with `df` degrees of freedom.

    The finite sums of Abramowitz and Stegun 1964, 26.7.3 (odd df) and 26.7.4 (even df), with theta = atan(t / sqrt(df)).

    Parameters
    ----------
    t : float
        At least 0.
    df : int
        At least 1.

    Examples
    --------
    >>> student_t_between(1.0, 1)
    0.5
    """
    theta = math.atan(t / math.sqrt(df))
    cos2 = math.cos(theta) ** 2
    odd = df % 2
    term, total = (math.cos(theta), 0.0) if odd else (1.0, 1.0)
    if odd and df > 1:
        total = term
    # Each term is the one before times (k - 1) / k cos^2, k = 3, 5, ... or 2, 4, ... up to df - 2.
    for k in range(3 if odd else 2, df - 1, 2):
        term *= (k - 1) / k * cos2
        total += term
    return 2 / math.pi * (theta + math.sin(theta) * total) if odd else math.sin(theta) * total


def student_t(confidence: float, df: int) -> float:
    """The t with P(-t < T < t) = confidence, for Student's t with `df` degrees of freedom.

    Parameters
    ----------
    confidence : float
        Above 0, below 1.
    df : int
        At least 1.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Examples
    --------
    >>> round(student_t(0.95, 9), 6), round(student_t(0.95, 1), 4)
    (2.262157, 12.7062)
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence = {confidence!r}: must be above 0 and below 1")
    if isinstance(df, bool) or not isinstance(df, int) or df < 1:
        raise ValueError(f"df = {df!r}: must be an int of at least 1 degree of freedom")
    low, high = 0.0, 1.0
    while student_t_between(high, df) < confidence:
        low, high = high, 2 * high
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if student_t_between(middle, df) < confidence:
            low = middle
        else:
            high = middle


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The mean of a sample and its confidence interval, mean +- t s / sqrt(n).

    t is Student's for n - 1 degrees of freedom and s the sample's standard deviation (with n - 1). It holds where the
    values are independent, as runs of different seeds are, and their mean is about normal.

    Parameters
    ----------
    values : sequence of float
        The sample. nan ones (a metric that a run does not know) are left out.

    Returns
    -------
    Interval
        With one value the bounds are nan; with none the mean too.

    Examples
    --------
    >>> mean_interval([1.0, 2.0, 3.0])                                   # doctest: +ELLIPSIS
    Interval(n=3, mean=2.0, low=-0.48..., high=4.48...)
    """
    known = [float(x) for x in values if not math.isnan(x)]
    n = len(known)
    if n == 0:
        return Interval(0, math.nan, math.nan, math.nan)
    # fsum: the sum does not depend on the order of the values.
    mean = math.fsum(known) / n
    if n == 1:
        return Interval(1, mean, math.nan, math.nan)
    s = math.sqrt(math.fsum((x - mean) ** 2 for x in known) / (n - 1))
    half = student_t(confidence, n - 1) * s / math.sqrt(n)
    return Interval(n, mean, mean - half, mean + half)
