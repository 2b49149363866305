"""The P timeline: who ran where, and when a P had nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from gmplab.plots import lanes
from gmplab.plots.lanes import NONE, Slices
from gmplab.plots.palette import HUES, INK, MODES, OTHERS, Look
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below, say_empty, shortened
from gmplab.plots.stretch import Stretch, stretch_of
from gmplab.plots.units import counted, part
from gmplab.plots.unused import NOT_IN_USE, UNUSED, unused
from gmplab.traces.run import Run

Ints = npt.NDArray[np.int64]

WHAT: Final = "What each P did"
MOST_MARKS: Final = 250
"""More marks of a kind than this are left out: they would hide what they mark."""
MARKS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "stolen": (("steal", "steal_runnext"), "^"), "from the global queue": (("global", "global_tick"), "s"),
}
"""What is marked where a goroutine begins to run: (the sources, the marker)."""


def timeline(
    run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None, by: str = "name"
) -> Plot:
    """What each P did: a lane a P, running goroutines coloured by their name, idle time left empty.

    Scheduling, spinning and system calls have looks of their own. A triangle marks where a stolen goroutine begins to
    run, a square where one from the global queue does, unless there are too many. Slices narrower than a pixel are merged:
    there the height shows the shares. Where GOMAXPROCS changes, a lane is hatched while its P is not in use.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.
    ax : Axes, optional
        Where to draw; default: a figure of its own.
    t : (t0, t1), optional
        The part to show: ints of ns, or strings as "1.5ms".
    by : {"name", "cls"}
        What colours running goroutines: the name, or the class, that `go` was given. The five with the most time have
        colours of their own.

    Returns
    -------
    Plot
        `data`: the rows of `run.processor_spans` that are shown, with the goroutine's name (or cls).

    Raises
    ------
    TraceError
        The run was recorded below level "full".

    Examples
    --------
    >>> print(gmplab.run("fanout", n=100, procs=4).plot.timeline(t=("0ms", "0.1ms")).alt)
    What each P did in fanout(n=100, compute='10us') under go on 4 Ps, seed 1, from 0 ns to 100 µs: running 37.7 %,
    scheduling 9.3 %, spinning 13.5 %, idle 39.4 % of P time; running, by name: main 21.3 %, worker 16.5 %; 3
    goroutines stolen; 1 slice narrower than a pixel merged.
    """
    if by not in ("name", "cls"):
        raise ValueError(f"by = {by!r}: must be 'name' or 'cls'")
    stretch = stretch_of(run, t, "spans", "timeline")
    chosen, t0, t1 = stretch.run, stretch.t0, stretch.t1
    data = shown(chosen, by, t0, t1)
    looks, kind = coloured(chosen, data["mode"], data[by].array, by)
    absent = unused(chosen)
    absent = absent[(absent["end_ns"] > t0) & (absent["begin_ns"] < t1)]
    if len(absent):
        kind = np.append(kind, np.full(len(absent), len(looks)))
        looks[NOT_IN_USE] = UNUSED
    columns = [np.append(data[name].to_numpy(dtype=np.int64), absent[name]) for name in ("p", "begin_ns", "end_ns")]
    slices = Slices(columns[0], columns[1], columns[2], kind)
    procs = min(int(slices.lane.max()) + 1 if len(kind) else len(chosen.record.processors), lanes.MOST_LANES)
    slices = slices.where(slices.lane < procs)
    fig, ax = axes(ax, 10.0, lanes.tall(procs))
    n_merged = lanes.draw(ax, slices, looks, t0, t1)
    running = slices.kind < sum(name.startswith("running") for name in looks)
    running &= slices.kind != NONE
    visible = data[(data["p"] < procs).to_numpy()]
    words = [f"g{g}" for g in visible["g"][running[: len(visible)]].tolist()]
    if procs <= 40:
        lanes.label(ax, slices.where(running), words, looks, t0, t1)
    lanes.dress(ax, [f"P{p}" for p in range(procs)], t0, t1)
    marked = mark(ax, chosen, procs, t0, t1)
    legend_below(ax, [*lanes.key(looks), *marked.values()])
    entitle(ax, WHAT, chosen)
    if data.empty:
        say_empty(ax, "nothing was recorded")
    return Plot(fig, ax, data, told(stretch, data, absent, by, n_merged, procs, marks_in(chosen, t0, t1), set(marked)))


def shown(run: Run, by: str, t0: int, t1: int) -> pd.DataFrame:
    """The spans of Ps that lie, at least in part, between two instants, with the name of the goroutine."""
    spans = run.processor_spans
    spans = spans[(spans["end_ns"] > t0) & (spans["begin_ns"] < t1)].reset_index(drop=True)
    return spans.assign(**{by: called(run, spans["g"], by)})


def called(run: Run, g: Any, by: str) -> Any:
    """The name, or class, of each of some goroutines, as a categorical; null where there is none."""
    known: Any = run.goroutines
    ids, wanted = known["g"].to_numpy(dtype=np.int64), g.to_numpy(dtype=np.int64, na_value=-1)
    # The last place is that of -1.
    code_of = np.full(max(int(ids.max(initial=0)), int(wanted.max(initial=0))) + 2, -1, dtype=np.int32)
    code_of[ids] = known[by].cat.codes
    return pd.Categorical.from_codes(code_of[wanted], dtype=known[by].dtype)


def coloured(run: Run, mode: Any, names: Any, by: str) -> tuple[dict[str, Look], Ints]:
    """The looks of spans with such modes and names, by what the legend calls them, and for each span the index of its look.

    Names are ranked by their time in the whole run, so that each keeps its colour in every part that is shown.
    """
    # By their codes: to compare the words of a hundred thousand spans would take longer than all else.
    modes = {str(name): code for code, name in enumerate(mode.cat.categories)}
    mode, name = mode.cat.codes.to_numpy(), names.codes
    known = run.goroutines[by].cat
    time = np.bincount(known.codes, weights=run.goroutines["run_ns"], minlength=len(known.categories))
    ranked = [i for i in np.argsort(-time, kind="stable").tolist() if time[i] > 0]
    looks: dict[str, Look] = {}
    kind = np.full(len(mode), NONE, dtype=np.int64)

    def give(rows: npt.NDArray[np.bool_], called: str, look: Look) -> None:
        if rows.any():
            kind[rows] = len(looks)
            looks[called] = look

    running = mode == modes["running"]
    for hue, i in zip(HUES, ranked, strict=False):
        told = shortened(str(known.categories[i]), 28)
        give(running & (name == i), f"running {told or 'without a ' + by}" if len(ranked) > 1 else "running", Look(hue))
    give(running & (kind == NONE), f"running others ({len(ranked) - len(HUES)})", OTHERS)
    for called, look in MODES.items():
        if called != "running":
            give(mode == modes.get(called), called, look)
    return looks, kind


def marks_in(run: Run, t0: int, t1: int) -> dict[str, pd.DataFrame]:
    """The schedules that are marked between two instants, by what they are."""
    rows = run.schedule
    rows = rows[(rows["t_ns"] >= t0) & (rows["t_ns"] < t1)]
    return {what: rows[rows["source"].isin(sources)] for what, (sources, _) in MARKS.items()}


def mark(ax: Axes, run: Run, procs: int, t0: int, t1: int) -> dict[str, object]:
    """Mark where goroutines came from; returns what was marked and its entry in the legend."""
    marked: dict[str, object] = {}
    for what, rows in marks_in(run, t0, t1).items():
        rows = rows[rows["p"] < procs]
        if 0 < len(rows) <= MOST_MARKS:
            (marked[what],) = ax.plot(
                rows["t_ns"].to_numpy(), rows["p"].to_numpy(dtype=np.int64) + lanes.HEIGHT / 2 - 0.04, linestyle="",
                marker=MARKS[what][1], markersize=4.5, color=INK, markeredgecolor="white", markeredgewidth=0.6, label=what,
                zorder=4,
            )
    return marked


def told(
    stretch: Stretch, data: pd.DataFrame, absent: pd.DataFrame, by: str, n_merged: int, procs: int,
    marks: dict[str, pd.DataFrame], marked: set[str],
) -> str:
    """The picture in words."""
    begin, t0, t1 = stretch.told(WHAT), stretch.t0, stretch.t1
    if data.empty:
        return f"{begin}: nothing was recorded."
    inside = (data["end_ns"].clip(upper=t1) - data["begin_ns"].clip(lower=t0)).astype(np.int64)
    time = inside.groupby(data["mode"].astype(str)).sum()
    if len(absent):
        time[NOT_IN_USE] = int((absent["end_ns"].clip(upper=t1) - absent["begin_ns"].clip(lower=t0)).sum())
    whole = int(time.sum())
    parts = [f"{mode} {part(time[mode] / whole)}" for mode in [*MODES, "idle", NOT_IN_USE] if mode in time.index]
    sentences = [f"{begin}: {', '.join(parts)} of P time"]
    names = inside[data["mode"] == "running"].groupby(data[by].astype(str)).sum()
    if len(names) > 1:
        most = names.sort_values(ascending=False, kind="stable")[: len(HUES)]
        told = ", ".join(f"{name or 'without a ' + by} {part(ns / whole)}" for name, ns in most.items())
        sentences.append(f"running, by {by}: {told}")
    for what, rows in marks.items():
        if len(rows):
            hidden = "" if what in marked else ", too many to mark"
            sentences.append(f"{counted(len(rows), 'goroutine')} {what}{hidden}")
    if n_merged:
        sentences.append(f"{counted(n_merged, 'slice')} narrower than a pixel merged")
    if int(data["p"].max()) >= procs:
        sentences.append(f"the first {procs} of {int(data['p'].max()) + 1} Ps shown")
    return f"{'; '.join(sentences)}."
