"""Scheduling latency by the path that a goroutine came by: which of them makes the tail."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from gmplab.plots.latency import Tallies, quantile, tallies
from gmplab.plots.palette import FAINT, INK, line
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, context, entitle, labelled, legend_below, say_empty
from gmplab.plots.units import counted, part, said, time_ticks
from gmplab.traces.run import Run

QUANTILES: Final = {"p1_ns": 0.01, "p25_ns": 0.25, "median_ns": 0.5, "p75_ns": 0.75, "p99_ns": 0.99}
TAIL: Final = 0.99
"""The tail begins where this share of a run's schedules had waited no longer."""
HIGH: Final = 0.6
"""Of a box, of the height that it has."""


def latency_sources(runs: Runs, ax: Axes | None = None) -> Plot:
    """Scheduling latency by source: a box for each place where goroutines were found, and its part in the tail.

    A box reaches from the first quartile to the third, with a line at the median; its whiskers from the 1st percentile to
    the 99th; a cross is the longest. To the right stands how many schedules came by this path, and which share of the slowest
    hundredth did. Schedules before the run's `warmup_ns` are left out.

    Parameters
    ----------
    runs : Run, list of Run, or dict of str to Run
        Recorded at level "schedule" or more; of several each has a box in every source's row.
    ax : Axes, optional
        Where to draw; default: a figure of its own.

    Returns
    -------
    Plot
        `data`: run; source (runnext, local, global, global_tick, steal, steal_runnext, netpoll, ...); n (schedules), share
        (of the run's); min_ns, p1_ns, p25_ns, median_ns, p75_ns, p99_ns, max_ns, each a latency that occurred; tail_share
        (of the run's schedules that waited as long as its 99th percentile or longer).

    Raises
    ------
    TraceError
        A run was recorded at level "off".

    Examples
    --------
    >>> plot = gmplab.run("mixed_io", procs=4).plot.latency_sources()
    >>> plot.data.columns.tolist()
    ['run', 'source', 'n', 'share', 'min_ns', 'p1_ns', 'p25_ns', 'median_ns', 'p75_ns', 'p99_ns', 'max_ns',
    'tail_share']
    """
    named = labelled(runs)
    for run in named.values():
        run.need("schedule", "plot.latency_sources")
    data = pd.concat([boxes(name, tallies(run, "source")) for name, run in named.items()], ignore_index=True)
    present = set(data["source"])
    # In the order of the scheduler's list, which every run's own sources keep.
    order = [str(s) for s in next(iter(named.values())).schedule["source"].cat.categories if str(s) in present]
    fig, ax = axes(ax, height=2.2 + 0.4 * max(len(order), 1) * (0.5 + 0.5 * len(named)))
    draw(ax, data, order, list(named))
    entitle(ax, "Scheduling latency by source", named)
    return Plot(fig, ax, data, told(named, data))


def boxes(name: str, found: Tallies) -> pd.DataFrame:
    """The numbers of one run, a row a source."""
    own = {source: tally for source, tally in found.items() if source}
    if not own:
        columns = ["run", "source", "n", "share", "min_ns", *QUANTILES, "max_ns", "tail_share"]
        return pd.DataFrame(columns=columns)
    everything = np.concatenate([values for values, _ in own.values()])
    order = np.argsort(everything, kind="stable")
    limit = quantile(everything[order], np.concatenate([counts for _, counts in own.values()])[order], TAIL)
    n = {source: int(counts.sum()) for source, (_, counts) in own.items()}
    tail = {source: int(counts[values >= limit].sum()) for source, (values, counts) in own.items()}
    return pd.DataFrame([
        {
            "run": name, "source": source, "n": n[source], "share": n[source] / sum(n.values()), "min_ns": int(values[0]),
            **{column: quantile(values, counts, q) for column, q in QUANTILES.items()}, "max_ns": int(values[-1]),
            "tail_share": tail[source] / sum(tail.values()),
        }
        for source, (values, counts) in own.items()
    ])


def draw(ax: Axes, data: pd.DataFrame, order: list[str], names: list[str]) -> None:
    """The boxes, a row a source, and beside each its part in all schedules and in the slowest."""
    ax.set_yticks(range(len(order)), order)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(len(order), 1) - 0.5, -0.5)
    ax.set_xlabel("waited (runnable until running)")
    ax.spines[["top", "right", "left"]].set_visible(False)
    if data.empty or not data["max_ns"].any():
        ax.set_xticks([])
        say_empty(ax, "nothing was scheduled" if data.empty else "no goroutine waited")
        return
    positive = data[["min_ns", *QUANTILES, "max_ns"]].to_numpy(dtype=np.float64)
    least, most = float(positive[positive > 0].min()), float(positive.max())
    left = least / 1.4
    high = HIGH / len(names)
    style: dict[str, Any] = {
        "xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "fontsize": "small", "color": FAINT,
    }
    for i, name in enumerate(names):
        rows = data[data["run"] == name]
        row: Any
        for row in rows.itertuples():
            # One run: the colours of the lines of `latency(run, by="source")`.
            colour = line(i if len(names) > 1 else rows["source"].tolist().index(row.source))[0]
            y = order.index(str(row.source)) + (i - (len(names) - 1) / 2) * high * 1.25
            # Latencies of 0 ns are not on a logarithmic axis: they lie at its left edge.
            p1, q1, middle, q3, p99, longest = (
                max(float(x), left) for x in (row.p1_ns, row.p25_ns, row.median_ns, row.p75_ns, row.p99_ns, row.max_ns)
            )
            ax.hlines(y, p1, p99, color=colour, linewidth=1.4, zorder=1)
            ax.vlines([p1, p99], y - high / 4, y + high / 4, color=colour, linewidth=1.4, zorder=1)
            named = name if row.source == rows["source"].iloc[0] and len(names) > 1 else None
            ax.barh(y, q3 - q1, left=q1, height=high, color=colour, edgecolor=INK, linewidth=0.8, label=named, zorder=2)
            # Dark in a light rim: to be seen within every colour, and where it is an edge of the box.
            for colour_of, width in (("white", 3.6), (INK, 1.8)):
                ax.vlines(middle, y - high / 2, y + high / 2, color=colour_of, linewidth=width, zorder=3)
            ax.plot(longest, y, marker="x", color=INK, markersize=5, zorder=3)
            for x, text in ((6, f"{row.n:,} ({part(float(row.share))})"), (106, part(float(row.tail_share)))):
                ax.annotate(text, (1, y), xytext=(x, 0), **style)
    for x, head in ((6, "schedules"), (106, "of the slowest 1 %")):
        ax.annotate(head, (1, -0.5), xytext=(x, 7), fontweight="bold", **style)
    ax.set(xscale="log", xlim=(left, most * 1.25))
    ax.xaxis.set_major_formatter(time_ticks())
    ax.xaxis.set_minor_formatter(time_ticks() if most / left < 10 else NullFormatter())
    if len(names) > 1:
        legend_below(ax)


def told(named: dict[str, Run], data: pd.DataFrame) -> str:
    """The picture in words: the path with the greatest part of the tail first."""
    begin = f"Scheduling latency by source in {context(named)}"
    if data.empty:
        return f"{begin}: no schedules."
    sentences = []
    for name, rows in data.groupby("run", sort=False):
        parts = [told_box(row) for row in rows.sort_values("tail_share", ascending=False, kind="stable").itertuples()]
        sentences.append(f"{name}: {'; '.join(parts)}" if len(named) > 1 else "; ".join(parts))
    return f"{begin}: {'. '.join(sentences)}."


def told_box(row: Any) -> str:
    """One box in words."""
    of = f"{part(row.share)} of all and {part(row.tail_share)} of the slowest 1 %"
    times = f"median {said(row.median_ns)}, p99 {said(row.p99_ns)}, longest {said(row.max_ns)}"
    return f"{row.source}: {counted(row.n, 'schedule')}, {of}, {times}"
