"""Scheduling latency: how long goroutines that could run waited until they did."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from gmplab.plots.palette import FAINT, line
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, columns_below, context, entitle, labelled, legend_below, say_empty
from gmplab.plots.units import counted, said, share_ticks, time_ticks
from gmplab.traces.metrics import bucket_top
from gmplab.traces.run import Run

Ints = npt.NDArray[np.int64]
Tallies = dict[str, tuple[Ints, Ints]]
"""Source ("": all together) -> (distinct latencies in ns, rising; how often each)."""
Lines = Mapping[tuple[str, str], tuple[Ints, Ints]]
"""The same by (run, source)."""

MARKED: Final = (("p50", 0.5), ("p99", 0.99))
MOST_POINTS: Final = 2_000
"""A line of more distinct latencies than this is drawn through so many of them; the greatest is always one."""


def latency(runs: Runs, ax: Axes | None = None, by: str | None = None) -> Plot:
    """Scheduling latency as a complementary distribution: which share of schedules waited at least so long.

    Both axes are logarithmic, so that the tail, which users feel, is as wide as the middle. p50 and p99 are marked on
    each line and told in the legend. Schedules before the run's `warmup_ns` are left out.

    Parameters
    ----------
    runs : Run, list of Run, or dict of str to Run
        One line a run.
    ax : Axes, optional
        Where to draw; default: a figure of its own.
    by : {None, "source"}
        "source": a line for each place where goroutines were found (runnext, local, global, steal, netpoll, ...).

    Returns
    -------
    Plot
        `data`: run; source (if by it); wait_ns (a latency that occurred); share (of schedules that waited at least so
        long); n (schedules on the line).

    Raises
    ------
    TraceError
        `by` is given, and a run was recorded at level "off", which counts latencies but not where each arose.

    Examples
    --------
    >>> print(gmplab.run("fanout", n=100, procs=4).plot.latency().alt)
    Scheduling latency of fanout(n=100, compute='10us') under go on 4 Ps, seed 1: 102 schedules, median 149 µs, p99
    294 µs, longest 300 µs.
    """
    if by not in (None, "source"):
        raise ValueError(f"by = {by!r}: must be None or 'source'")
    named = labelled(runs)
    lines = {(name, source): tally for name, run in named.items() for source, tally in tallies(run, by).items()}
    fig, ax = axes(ax, height=4.2 + 0.25 * math.ceil(len(lines) / 2))
    columns = ["run", "source"][: 1 if by is None else 2]
    points = [survival(*tally).assign(**dict(zip(columns, key, strict=False))) for key, tally in lines.items()]
    data = pd.concat(points, ignore_index=True)[[*columns, "wait_ns", "share", "n"]]
    Drawing(ax, by).show(named, lines)
    return Plot(fig, ax, data, told(named, lines))


def tallies(run: Run, by: str | None = None) -> Tallies:
    """The lines of one run."""
    run.need("latencies", "plot.latency")
    if by is not None:
        run.need("schedule", f"plot.latency(by={by!r})")
    if "schedule" not in run.provides:
        return {"": counted_latencies(run)}
    rows = run.schedule
    rows = rows[rows["t_ns"] >= int(run.record.header.get("warmup_ns", 0))]
    if by is None or rows.empty:
        return {"": tallied(rows["wait_ns"])}
    groups = rows.groupby(by, observed=True)["wait_ns"]
    return {str(source): tallied(waits) for source, waits in groups}


def tallied(waits: Any) -> tuple[Ints, Ints]:
    """Latencies as distinct values, rising, and how often each occurred."""
    values, counts = np.unique(waits.to_numpy(dtype=np.int64), return_counts=True)
    return values, counts


def counted_latencies(run: Run) -> tuple[Ints, Ints]:
    """The same from the core's histograms, all classes together: each value is its bucket's top, at most 3.2 % above."""
    every = [counts for (what, _), counts in run.record.histograms.items() if what == "wait"]
    total = np.array(every, dtype=np.int64).sum(axis=0) if every else np.zeros(0, dtype=np.int64)
    full = np.flatnonzero(total)
    return np.array([bucket_top(int(b)) for b in full], dtype=np.int64), total[full]


def survival(values: Ints, counts: Ints) -> pd.DataFrame:
    """The points of a line: at each latency that occurred, the share that waited at least so long."""
    wait_ns, share = points_of(values, counts)
    return pd.DataFrame({"wait_ns": wait_ns, "share": share, "n": int(counts.sum())})


def points_of(values: Ints, counts: Ints) -> tuple[Ints, npt.NDArray[np.float64]]:
    """The points of a line as arrays: the latencies, and the share that waited at least so long."""
    share = np.cumsum(counts[::-1])[::-1] / max(int(counts.sum()), 1)
    keep = thinned(values, share)
    return values[keep], share[keep]


def thinned(values: Ints, share: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Which points to draw: all, or MOST_POINTS of them, evenly spread along both axes."""
    if len(values) <= MOST_POINTS:
        return np.arange(len(values))
    half = MOST_POINTS // 2
    along_x = np.searchsorted(values, np.geomspace(max(int(values[0]), 1), values[-1], half))
    along_y = len(share) - 1 - np.searchsorted(share[::-1], np.geomspace(share[-1], share[0], half))
    return np.unique(np.clip(np.concatenate([along_x, along_y, [len(values) - 1]]), 0, len(values) - 1))


def quantile(values: Ints, counts: Ints, q: float) -> int:
    """The least latency that a share q of schedules did not exceed, in ns."""
    reached = np.cumsum(counts)
    # The least rank that covers the share q; a float product may lie a hair above a whole number.
    return int(values[np.searchsorted(reached, math.ceil(q * int(reached[-1]) - 1e-9))])


class Drawing:
    """A latency plot in its axes, which can be given other runs again and again.

    Most of the time of a new picture goes to what stays as it is: ticks, letters, the frame. Here lines that are there
    get other points. Where there are other lines, or none, all is made anew.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    by : {None, "source"}
        What tells lines of one run apart.
    small : bool
        Whether the axes have small ticks, which take half of the time of drawing.
    """

    def __init__(self, ax: Axes, by: str | None = None, small: bool = True) -> None:
        self.ax, self.by, self.small = ax, by, small
        self.keys: list[tuple[str, str]] | None = None
        """The lines that are there."""
        self.begun = False

    def show(self, named: Mapping[str, Run], lines: Lines) -> None:
        """Draw the lines of some runs, their marked quantiles, and a legend that tells them."""
        empty = not any(len(values) and values[-1] for values, _ in lines.values())
        if empty or self.keys != list(lines):
            if self.begun:
                self.ax.clear()
            self.begun = True
            self.ax.set_xlabel("waited at least (runnable until running)")
            self.ax.set_ylabel("share of schedules")
            self.keys = None if empty else list(lines)
            if empty:
                say_empty(self.ax, "no goroutine waited" if any(len(v) for v, _ in lines.values()) else "nothing was scheduled")
            else:
                self._make(list(lines))
            self.heading = entitle(self.ax, "Scheduling latency", named)
        self.heading.set_text(context(named))
        if not empty:
            self._fill(lines)

    def _make(self, keys: list[tuple[str, str]]) -> None:
        """What stays: empty lines, scales, the lines of the quantiles."""
        ax = self.ax
        runs = list(dict.fromkeys(run for run, _ in keys))
        sources = list(dict.fromkeys(source for _, source in keys))
        self.many = len(runs) > 1
        self.drawn, self.legend = [], (0, 0)
        for run, source in keys:
            # By source: a colour a source, dashes a run; else both tell the run.
            colour, dashes = line(sources.index(source) if self.by else runs.index(run))
            if self.many:
                dashes = line(runs.index(run))[1]
            self.drawn.append((
                *ax.step([], [], where="pre", color=colour, linestyle=dashes, linewidth=1.6),
                *ax.plot([], [], linestyle="", marker="o", markersize=5, color=colour),
            ))
        ax.set(xscale="log", yscale="log")
        if not self.small:
            ax.minorticks_off()
        ax.xaxis.set_major_formatter(time_ticks())
        ax.yaxis.set_major_formatter(share_ticks())
        ax.yaxis.set_minor_formatter(NullFormatter())
        self.quantiles = [(
            1 - q, ax.axhline(1 - q, color=FAINT, linewidth=0.8, linestyle=(0, (1, 3)), zorder=0),
            ax.annotate(
                name, (1, 1 - q), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                ha="left", va="center", color=FAINT, fontsize="small",
            ),
        ) for name, q in MARKED]
        ax.spines[["top", "right"]].set_visible(False)

    def _fill(self, lines: Lines) -> None:
        """The points of the lines, and what follows from them."""
        ax = self.ax
        longest = max(int(values[-1]) for values, _ in lines.values() if len(values))
        least = min(int(values[values > 0][0]) for values, _ in lines.values() if (values > 0).any())
        most = max(int(counts.sum()) for _, counts in lines.values())
        left, bottom = least / 1.4, min(0.6 / most, 0.4)
        for (curve, marks), (key, (values, counts)) in zip(self.drawn, lines.items(), strict=True):
            there = bool(len(values))
            curve.set_data(*(outline(*points_of(values, counts), left, bottom / 2) if there else ([], [])))
            curve.set_label(legend_of(key, values, counts, self.many) if there else "")
            at = [max(quantile(values, counts, q), left) for _, q in MARKED] if there else []
            marks.set_data(at, [1 - q for _, q in MARKED][: len(at)])
        ax.set(xlim=(left, longest * 1.25), ylim=(bottom, 1.3))
        ax.xaxis.set_minor_formatter(time_ticks() if longest / left < 10 else NullFormatter())
        for share, rule, name in self.quantiles:
            for artist in (rule, name):
                artist.set_visible(share > bottom)
        self._tell([curve for curve, _ in self.drawn if curve.get_label()])

    def _tell(self, entries: list[Line2D]) -> None:
        """The legend: other words in the one that is there, if they fit."""
        fits = (len(entries), columns_below(self.ax, entries))
        found = self.ax.get_legend()
        if fits != self.legend or found is None:
            self.legend = fits
            legend_below(self.ax, entries)
            return
        for text, entry in zip(found.get_texts(), entries, strict=True):
            text.set_text(str(entry.get_label()))


def outline(wait_ns: Ints, share: npt.NDArray[np.float64], left: float, bottom: float) -> tuple[Any, Any]:
    """The corners of a line from the left edge to below the lower one.

    Latencies of 0 ns are not on a logarithmic axis: up to the first one above 0 the line is level.
    """
    x, y = wait_ns[wait_ns > 0], share[wait_ns > 0]
    if not len(x):
        return [], []
    return np.concatenate([[left], x, x[-1:]]), np.concatenate([y[:1], y, [bottom]])


def legend_of(key: tuple[str, str], values: Ints, counts: Ints, many: bool) -> str:
    """What the legend says of a line: its name, where there is more than one, and its numbers."""
    name = ": ".join(x for x in (key[0] if many else "", key[1]) if x)
    return f"{name}: {numbers(values, counts)}" if name else numbers(values, counts)


def numbers(values: Ints, counts: Ints) -> str:
    """p50, p99 and the longest of a line."""
    marked = [f"{name} {said(quantile(values, counts, q))}" for name, q in MARKED]
    return ", ".join([*marked, f"max {said(int(values[-1]))}"])


def told(named: Mapping[str, Run], lines: Lines) -> str:
    """The picture in words."""
    parts = []
    for (name, source), (values, counts) in lines.items():
        n = int(counts.sum())
        of = " ".join(x for x in (name if len(named) > 1 else "", f"found in {source}" if source else "") if x)
        if n == 0:
            parts.append(f"{of}: no schedules" if of else "no schedules")
            continue
        p50, p99 = (said(quantile(values, counts, q)) for _, q in MARKED)
        told = f"{counted(n, 'schedule')}, median {p50}, p99 {p99}, longest {said(int(values[-1]))}"
        parts.append(f"{of}: {told}" if of else told)
    return f"Scheduling latency of {context(named)}: {'; '.join(parts)}."
