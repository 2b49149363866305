"""Times and counts as people read them: one place that decides between ns, µs, ms and s."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from matplotlib.ticker import FuncFormatter


@dataclass(frozen=True)
class Unit:
    """A unit of time: its name, and how many ns it is."""

    name: str
    ns: int


UNITS: Final = (Unit("ns", 1), Unit("µs", 1_000), Unit("ms", 1_000_000), Unit("s", 1_000_000_000))


def unit_of(ns: float) -> Unit:
    """The unit in which a time, or an axis that ends there, is told: the greatest that it holds at least once.

    >>> [unit_of(ns).name for ns in (0, 999, 1_000, 2_500_000, 7e9)]
    ['ns', 'ns', 'µs', 'ms', 's']
    """
    return next((unit for unit in reversed(UNITS) if ns >= unit.ns), UNITS[0])


def said(ns: float) -> str:
    """A time with three digits and its unit; of nan, the mean or quantile of no values, "none".

    >>> said(0), said(1_234), said(12_345), said(999_999), said(60e9), said(math.nan)
    ('0 ns', '1.23 µs', '12.3 µs', '1 ms', '60 s', 'none')
    """
    if math.isnan(ns):
        return "none"
    if ns <= 0:
        return "0 ns"
    rounded = round(ns, 2 - math.floor(math.log10(ns)))
    unit = unit_of(rounded)
    return f"{rounded / unit.ns:.10g} {unit.name}"


def counted(n: int, what: str, many: str = "") -> str:
    """A number of things.

    >>> counted(1, "steal"), counted(12_000, "steal"), counted(0, "pass", "passes")
    ('1 steal', '12,000 steals', '0 passes')
    """
    return f"{n:,} {what if n == 1 else many or what + 's'}"


def about(x: float) -> str:
    """A mean number of things, with three digits where it is small.

    >>> about(0.1234), about(12.34), about(3104.6)
    ('0.123', '12.3', '3,105')
    """
    return f"{x:.3g}" if x < 100 else f"{x:,.0f}"


def percent(share: float) -> str:
    """A share in percent with as many digits as it needs; of nan, a share of nothing, "none".

    >>> percent(1), percent(0.035), percent(0.0001), percent(math.nan)
    ('100 %', '3.5 %', '0.01 %', 'none')
    """
    return "none" if math.isnan(share) else f"{100 * share:.3g} %"


def part(share: float) -> str:
    """A part of a whole in percent, as words tell it: with one decimal.

    >>> part(0.4718), part(0.0003), part(0)
    ('47.2 %', 'under 0.1 %', '0 %')
    """
    return "under 0.1 %" if 0 < share < 0.0005 else f"{round(100 * share, 1):g} %"


def time_ticks() -> FuncFormatter:
    """Ticks of a logarithmic axis in ns, each with its unit."""
    return FuncFormatter(lambda ns, _: said(ns))


def share_ticks() -> FuncFormatter:
    """Ticks of an axis of shares, in percent."""
    return FuncFormatter(lambda share, _: percent(share))
