"""The run queues over time: where work piles up while others have none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import PowerNorm
from matplotlib.ticker import MaxNLocator

from gmplab.plots import lanes
from gmplab.plots.overtime import greatest, means, parts_of, ranges
from gmplab.plots.palette import EMPTY, SEQUENTIAL
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below, say_empty
from gmplab.plots.stretch import Stretch, stretch_of
from gmplab.plots.units import about
from gmplab.plots.unused import NOT_IN_USE, UNUSED, unused
from gmplab.traces.run import Run

GLOBAL: Final = "global"


def queues(run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None) -> Plot:
    """How long the run queues were: a row a P, its runnext counted, and the global queue on top; brighter is longer.

    Each cell is the mean length over a 240th of the time. Colours grow with the square root, so that a queue of one is
    seen beside one of hundreds; an empty queue is left light. Where GOMAXPROCS changes, a row is hatched while its P is not
    in use: it has no queue then.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.
    ax : Axes, optional
        Where to draw; default: a figure of its own.
    t : (t0, t1), optional
        The part to show: ints of ns, or strings as "1.5ms".

    Returns
    -------
    Plot
        `data`: queue ("global", or "P" and its id); begin_ns, end_ns; n (mean length over that time); least, most (of the
        length in that time).

    Raises
    ------
    TraceError
        The run was recorded below level "full", or is a window that was read from a file.

    Examples
    --------
    >>> print(gmplab.run("fanout", n=100, procs=4).plot.queues().alt)
    Run queues in fanout(n=100, compute='10us') under go on 4 Ps, seed 1, from 0 ns to 346 µs: mean length of the
    global queue 0; of a P's queue 4.85 to 15.9; longest 66, that of P0.
    """
    shown, edges = parts_of(run, t, "queues")
    procs = min(len(shown.run.record.processors), lanes.MOST_LANES)
    found = by_queue(shown.run, procs)
    names = list(found)
    grid = np.array([means(rows["t_ns"], rows["n"], edges) for rows in found.values()])
    least, longest = np.array([ranges(rows["t_ns"], rows["n"], edges) for rows in found.values()]).swapaxes(0, 1)
    fig, ax = axes(ax, 10.0, lanes.tall(procs + 1, each=0.24, rest=1.5))
    most = float(grid.max())
    ax.set_facecolor(EMPTY)
    image = ax.pcolormesh(
        edges, np.arange(len(names) + 1) - 0.5, np.ma.masked_less_equal(grid, 0), cmap=SEQUENTIAL, rasterized=True,
        norm=PowerNorm(0.5, vmin=0, vmax=max(most, 1.0)),
    )
    absent = unused(shown.whole)
    absent = absent[(absent["p"] < procs) & (absent["end_ns"] > shown.t0) & (absent["begin_ns"] < shown.t1)]
    if len(absent):
        corners = lanes.boxes(absent["begin_ns"], absent["end_ns"], absent["p"] + 0.5, absent["p"] + 1.5)
        ax.add_collection(PolyCollection(corners, **lanes.filled(UNUSED)))
        legend_below(ax, lanes.key({NOT_IN_USE: UNUSED}))
    lanes.dress(ax, names, shown.t0, shown.t1)
    ax.axhline(0.5, color="white", linewidth=2)
    if most > 0:
        fig.colorbar(image, ax=ax, label="goroutines waiting", pad=0.015, ticks=MaxNLocator(nbins=6))
    else:
        say_empty(ax, "no goroutine was queued")
    entitle(ax, "Run queues", shown.run)
    data = pd.DataFrame(
        {
            "queue": np.repeat(names, len(edges) - 1), "begin_ns": np.tile(edges[:-1], len(names)),
            "end_ns": np.tile(edges[1:], len(names)), "n": grid.ravel(), "least": least.ravel(), "most": longest.ravel(),
        }
    )
    return Plot(fig, ax, data, told(shown, found, absent))


def by_queue(run: Run, procs: int) -> dict[str, pd.DataFrame]:
    """The rows of `run.queues` of each queue: the global one, then those of so many Ps."""
    lengths = run.queues
    whose = lengths["p"].to_numpy(dtype=np.int64, na_value=-1)
    return {name: lengths[whose == i - 1] for i, name in enumerate([GLOBAL, *(f"P{p}" for p in range(procs))])}


def in_words(run: Run) -> str:
    """The words of the picture of a whole run, without the picture."""
    return told(stretch_of(run, None, "series", "queues"), by_queue(run, len(run.record.processors)), unused(run.whole or run))


def told(shown: Stretch, found: dict[str, pd.DataFrame], absent: pd.DataFrame) -> str:
    """The picture in words."""
    begin, edges = shown.told("Run queues"), np.array([shown.t0, shown.t1], dtype=np.float64)
    mean = {name: float(means(rows["t_ns"], rows["n"], edges)[0]) for name, rows in found.items()}
    if not any(mean.values()):
        return f"{begin}: no goroutine was queued."
    local = [n for name, n in mean.items() if name != GLOBAL]
    longest = {name: greatest(rows["t_ns"], rows["n"], edges) for name, rows in found.items()}
    deepest = max(longest, key=lambda name: longest[name])
    sentences = [
        f"mean length of the global queue {about(mean[GLOBAL])}",
        f"of a P's queue {about(min(local))} to {about(max(local))}" if len(local) > 1 else f"of P0's queue {about(local[0])}",
        f"longest {longest[deepest]:,}, {'the global one' if deepest == GLOBAL else f'that of {deepest}'}",
    ]
    gone = absent["p"].unique().tolist()
    if gone:
        sentences.append(f"not in use for a part of the time: {', '.join(f'P{p}' for p in gone)}")
    return f"{begin}: {'; '.join(sentences)}."
