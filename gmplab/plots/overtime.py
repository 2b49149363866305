"""Counts over time: what holds until it changes, as means over equal parts of the time, and stacked areas of them.

A mean over a part is exact, weighted by time: nothing between two samples is lost, however short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gmplab.plots.lanes import time_axis
from gmplab.plots.palette import PATTERN, Look
from gmplab.plots.runs import Runs
from gmplab.plots.stretch import Stretch, stretch_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PARTS: Final = 240
"""Parts of the time that is shown."""
SIZE: Final = (10.0, 4.2)
"""Of a picture of areas over time, in inches."""


def parts_of(runs: Runs, t: Sequence[int | str] | None, plot: str) -> tuple[Stretch, Floats]:
    """What a plot of counts over time shows: the run and the time, and the ends of its parts in ns, PARTS + 1 instants.

    Raises as `stretch_of`; the counts are not known below level "full", and of a window that was read from a file.
    """
    shown = stretch_of(runs, t, "series", plot)
    return shown, np.linspace(shown.t0, shown.t1, PARTS + 1)


def means(t_ns: Any, values: Any, edges: Floats) -> Floats:
    """The mean, over each part, of a value that holds from each instant until the next; 0 before the first.

    >>> means([10, 20], [4, 0], np.array([0.0, 20.0, 40.0])).tolist()
    [2.0, 0.0]
    """
    t = np.asarray(t_ns, dtype=np.float64)
    v = np.asarray(values, dtype=np.float64)
    if not len(t):
        return np.zeros(len(edges) - 1)
    ends = np.append(t, max(edges[-1], t[-1]) + 1)
    # The integral up to each instant; between two it grows evenly, so that it is exact at the edges too.
    integral = np.append(0, np.cumsum(v * np.diff(ends)))
    return np.asarray(np.diff(np.interp(edges, ends, integral)) / np.diff(edges))


def at_once(spans: pd.DataFrame, edges: Floats) -> Floats:
    """How many of some spans there were at once, as means over the parts."""
    t = np.concatenate([spans["begin_ns"], spans["end_ns"]])
    step = np.repeat([1, -1], len(spans))
    order = np.argsort(t, kind="stable")
    return means(t[order], np.cumsum(step[order]), edges)


def ranges(t_ns: Any, values: Any, edges: Floats) -> tuple[Ints, Ints]:
    """The least and the greatest that such a value was in each part.

    >>> least, most = ranges([10, 20], [4, 0], np.array([0.0, 15.0, 20.0, 40.0]))
    >>> least.tolist(), most.tolist()
    ([0, 4, 0], [4, 4, 0])
    """
    t = np.asarray(t_ns)
    # 0 before the first; one more at the end, so that every part ends within.
    v = np.concatenate([[0], np.asarray(values, dtype=np.int64), [0]])
    first, stop = np.searchsorted(t, edges[:-1], side="right"), np.searchsorted(t, edges[1:]) + 1
    ends = np.column_stack([first, np.maximum(stop, first + 1)]).ravel()
    return np.minimum.reduceat(v, ends)[::2], np.maximum.reduceat(v, ends)[::2]


def greatest(t_ns: Any, values: Any, edges: Floats) -> int:
    """The greatest that such a value was in the time that is shown."""
    return int(ranges(t_ns, values, edges[[0, -1]])[1][0])


def parts_frame(edges: Floats, columns: Mapping[str, Floats]) -> pd.DataFrame:
    """One row per part of the time: its begin and end in ns, and the values."""
    return pd.DataFrame({"begin_ns": edges[:-1], "end_ns": edges[1:], **columns})


def stacked(ax: Axes, edges: Floats, areas: Mapping[str, tuple[Look, Floats]]) -> Floats:
    """Draw areas on top of each other, the first at the foot; returns the height of them all."""
    foot = np.zeros(len(edges) - 1)
    for name, (look, values) in areas.items():
        ax.stairs(
            foot + values, edges, baseline=foot, fill=True, facecolor=look.face, hatch=look.hatch or None,
            edgecolor=PATTERN if look.hatch else "none", linewidth=0, label=name,
        )
        foot = foot + values
    time_axis(ax, int(edges[0]), int(edges[-1]))
    ax.spines[["top", "right"]].set_visible(False)
    return foot


def count_axis(ax: Axes, what: str, most: float) -> None:
    """An axis of counts upward, from 0 to the given one or to 1: whole numbers."""
    ax.set_ylim(0, max(most, 1))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    ax.set_ylabel(what)
