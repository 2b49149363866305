"""The Chart: a plot's own picture, to be touched where it has an axis of time or shows goroutines.

The picture stays matplotlib's, so that what is seen here is what is saved and printed; the page lays over it what is
chosen. Refused: drawing the plots a second time in the browser, where each would have to be kept in step.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from traitlets import Enum, Unicode

from gmplab.jupyter.packing import Columns, ids, packed
from gmplab.jupyter.timeline import LANES
from gmplab.jupyter.widget import Widget, module, style
from gmplab.names import nearest
from gmplab.plots import PLOTS, Plot
from gmplab.plots.lanes import shows_time
from gmplab.traces.run import Run

SHARES: Final = frozenset({"utilisation"})
"""The plots whose data are shares, and no counts."""


class Chart(Widget):
    """A plot of a run, in which one drags over a time to see it everywhere, and clicks on an instant or a goroutine.

    Linked with a Timeline by their traits, a drag is the time that both show, and a click on a goroutine selects it in
    both; a double click goes to its lifeline. In the plot of latencies it is a wait that is clicked on: who waited, and the
    instant at which it ran.

    Parameters
    ----------
    run : Run
        What the plot shows.
    plot : str
        A name of `gmplab.plots.PLOTS`.
    **options
        As the plot takes them.

    Attributes
    ----------
    plot : Plot
        The plot, with its data and its words.
    lanes : {"P", "M", "G"}
        What has a lane in a linked Timeline: "G" once somebody has gone to a lifeline.

    Examples
    --------
    >>> run.view.chart("fairness")                                      # doctest: +SKIP
    """

    _esm = module("buffers.js", "element.js", "keys.js", "past.js", "lanes.js", "places.js", "chart.js")
    _css = style()
    lanes = Enum(LANES, "P").tag(sync=True)
    name = Unicode().tag(sync=True)

    def __init__(self, run: Run, plot: str = "utilisation", **options: Any) -> None:
        if plot not in PLOTS:
            raise ValueError(f"chart: there is no plot {plot!r}{nearest(plot, list(PLOTS))}")
        self.plot = PLOTS[plot](run, **options)
        begin = int(run.record.header.get("window_ns", (0, 0))[0])
        super().__init__(name=plot, view=[begin, max(run.record.end_ns, begin + 1)], time_ns=begin)
        self.run = run
        self._made = drawn(run, plot, self.plot)
        self.offer("chart", self._made)

    def reply(self, question: dict[str, Any]) -> bytes:
        return self._made

    def twin(self) -> str:
        return self.plot._repr_html_()


def drawn(run: Run, name: str, plot: Plot) -> bytes:
    """The picture, and where on it which time and which goroutine is; places are shares of its width and its height."""
    png = np.frombuffer(plot._repr_png_(), dtype=np.uint8)  # draws, and so places the axes
    all_axes = plot.ax if isinstance(plot.ax, tuple) else (plot.ax,)
    timed = [ax for ax in all_axes if shows_time(ax)]
    columns: Columns = {"png": png}
    spots = spots_of(run, name, plot)
    rows = goroutine_rows(name, plot)
    cells, whose = cells_of(name, plot)
    parts, values = parts_of(plot) if timed else ({}, [])
    goroutines, labels = run.goroutines, run.goroutines["name"].cat
    if spots or rows:
        who = ids(goroutines["g"].to_numpy(dtype=np.int64))
        columns |= {**spots, **rows, "who": who, "name": ids(labels.codes.to_numpy())}
        for time in ("created_ns", "exited_ns"):
            columns[time] = goroutines[time].to_numpy(dtype=np.float64, na_value=float(run.record.end_ns))
    width, height = plot.size()
    begin = int(run.record.header.get("window_ns", (0, 0))[0])
    return packed(
        {**columns, **parts, **cells}, alt=plot.alt, width=width, height=height, times=[place_of(ax) for ax in timed], begin_ns=begin,
        end_ns=max(run.record.end_ns, begin + 1), values=values, shares=name in SHARES, cells=whose,
        names=list(labels.categories) if spots or rows else [],
    )


def place_of(ax: Axes) -> dict[str, float]:
    """Where axes of time are, from the top left, and which instants their sides are."""
    box = ax.get_position()
    t0, t1 = ax.get_xlim()
    return {"left": box.x0, "right": box.x1, "top": 1 - box.y1, "bottom": 1 - box.y0, "t0": t0, "t1": t1}


def placed(ax: Axes, x: Any, y: Any) -> tuple[Any, Any]:
    """Where points of the data are on the picture, from the top left."""
    where = ax.figure.transFigure.inverted().transform(ax.transData.transform(np.column_stack([x, y])))
    return where[:, 0], 1 - where[:, 1]


def spots_of(run: Run, name: str, plot: Plot) -> Columns:
    """The goroutines that are points: where each is, and what is told of it; none in most plots."""
    if plot.data.empty:
        return {}
    if name == "latency" and "schedule" in run.provides:
        return waits_of(run, plot)
    if name != "fairness":
        return {}
    assert isinstance(plot.ax, Axes)
    x, y = placed(plot.ax, plot.data["rank"], plot.data["relative"])
    return {
        "s_x": x, "s_y": y, "s_g": ids(plot.data["g"].to_numpy(dtype=np.int64)), "s_ns": plot.data["run_ns"].to_numpy(dtype=np.float64),
        "s_over": plot.data["relative"].to_numpy(dtype=np.float64),
    }


def waits_of(run: Run, plot: Plot) -> Columns:
    """The points of the lines of latencies, with the steps that lead to them: of the schedules that waited so long the first,
    and how many there are.
    """
    assert isinstance(plot.ax, Axes)
    (left, _), (bottom, _) = plot.ax.get_xlim(), plot.ax.get_ylim()
    rows = run.schedule
    rows = rows[rows["t_ns"] >= int(run.record.header.get("warmup_ns", 0))].sort_values(["wait_ns", "t_ns"])
    lines = []
    by_source = "source" in plot.data
    for source, points in plot.data[plot.data["wait_ns"] > 0].groupby("source" if by_source else "run", sort=False, observed=True):
        of = rows[rows["source"] == source] if by_source else rows
        waited, share = points["wait_ns"].to_numpy(), points["share"].to_numpy()
        first, stop = (np.searchsorted(of["wait_ns"], waited, side) for side in ("left", "right"))
        x, y = placed(plot.ax, waited, share)
        begin, foot = placed(plot.ax, np.append(left, waited[:-1]), np.append(share[1:], bottom))
        lines.append({
            "s_x": x, "s_y": y, "s_left": begin, "s_foot": foot, "s_g": of["g"].to_numpy(dtype=np.int64)[first],
            "s_t": of["t_ns"].to_numpy(dtype=np.float64)[first], "s_ns": waited.astype(np.float64), "s_share": share,
            "s_same": stop - first,
        })
    if not lines:
        return {}
    made = {name: np.concatenate([line[name] for line in lines]) for name in lines[0]}
    return {**made, "s_g": ids(made["s_g"]), "s_same": ids(made["s_same"])}


def goroutine_rows(name: str, plot: Plot) -> Columns:
    """The goroutines that are lanes: the upper and the lower side of each; none in other plots than that of lifelines."""
    if name != "lifelines" or plot.data.empty:
        return {}
    assert isinstance(plot.ax, Axes)
    lane_of = plot.data.drop_duplicates("g").sort_values("lane")
    at = lane_of["lane"].to_numpy(dtype=np.float64)
    left = np.full(len(at), plot.ax.get_xlim()[0])
    top, bottom = (placed(plot.ax, left, at + side / 2)[1] for side in (-1, 1))
    return {"r_top": top, "r_bottom": bottom, "r_g": ids(lane_of["g"].to_numpy(dtype=np.int64))}


def cells_of(name: str, plot: Plot) -> tuple[Columns, list[str]]:
    """The cells of a map over time, row by row from the top: how long a queue was in each, and whose it was; none of other
    plots than that of the queues.
    """
    if name != "queues" or plot.data.empty:
        return {}, []
    assert isinstance(plot.ax, Axes)
    data = plot.data
    whose = data["queue"].unique().tolist()
    left = np.full(len(whose) + 1, plot.ax.get_xlim()[0])
    first = data[data["queue"] == whose[0]]
    return {
        "c_side": placed(plot.ax, left, np.arange(len(whose) + 1) - 0.5)[1],
        "c_edge": np.append(first["begin_ns"], first["end_ns"].iloc[-1]).astype(np.float64),
        "c_n": data["n"].to_numpy(dtype=np.float64), **{f"c_{end}": ids(data[end].to_numpy()) for end in ("least", "most")},
    }, whose


def parts_of(plot: Plot) -> tuple[Columns, list[str]]:
    """The values behind a picture of counts over time, a row a part of the time, and their names; none of other plots."""
    data = plot.data
    if data.empty or not {"begin_ns", "end_ns"} <= set(data) or not data["begin_ns"].is_monotonic_increasing:
        return {}, []
    names = [str(name) for name in data if name not in ("begin_ns", "end_ns") and pd.api.types.is_float_dtype(data[name])]
    if not names:
        return {}, []
    values = {f"v{i}": data[name].to_numpy(dtype=np.float64) for i, name in enumerate(names)}
    ends = {"v_begin": data["begin_ns"], "v_end": data["end_ns"]}
    return {**values, **{name: t.to_numpy(dtype=np.float64) for name, t in ends.items()}}, [name.replace("_", " ") for name in names]
