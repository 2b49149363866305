"""The life of Ms: when each was made and why, what it did, when it slept and when it ended."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from gmplab.plots import lanes
from gmplab.plots.lanes import NONE, Slices
from gmplab.plots.palette import FAINT, INK, MODES
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below, say_empty
from gmplab.plots.stretch import Stretch, stretch_of
from gmplab.plots.units import counted, part


def machines(run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None) -> Plot:
    """What each M did: a lane an M (an OS thread), named by why it was made; a thin line where it sleeps.

    A lane begins where its M was made, and ends in a cross where its thread ended. sysmon, which runs beside all others,
    is "monitoring" between its deep sleeps. Slices narrower than a pixel are merged: there the height shows the shares.

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
        `data`: the rows of `run.machine_spans` that are shown.

    Raises
    ------
    TraceError
        The run was recorded below level "full".

    Examples
    --------
    >>> print(gmplab.run("fanout", n=50, procs=2).plot.machines().alt)
    What each M did in fanout(n=50, compute='10us') under go on 2 Ps, seed 1, from 0 ns to 321 µs: 3 Ms, made by
    boot 1, sysmon 1, wakep 1; none ended; running 57.7 %, scheduling 1.2 %, spinning 5.6 %, starting 2.4 %,
    monitoring 32.5 %, idle 0.7 % of M time; 55 slices narrower than a pixel merged.
    """
    stretch = stretch_of(run, t, "spans", "machines")
    chosen, t0, t1 = stretch.run, stretch.t0, stretch.t1
    spans = chosen.machine_spans
    data = spans[(spans["end_ns"] > t0) & (spans["begin_ns"] < t1)].reset_index(drop=True)
    alive = chosen.machines
    alive = alive[alive["m"].isin(data["m"])].reset_index(drop=True)
    drawn = alive[: lanes.MOST_LANES]
    fig, ax = axes(ax, 10.0, lanes.tall(len(drawn), each=0.24))
    present = [mode for mode in MODES if (data["mode"] == mode).any()]
    looks = {mode: MODES[mode] for mode in present}
    lane = pd.Series(drawn.index, index=drawn["m"].astype(int)).reindex(data["m"].astype(int)).fillna(-1).to_numpy(dtype=np.int64)
    kinds = data["mode"].map({mode: i for i, mode in enumerate(present)}).astype(object).fillna(NONE)
    slices = Slices(
        lane, data["begin_ns"].to_numpy(), data["end_ns"].to_numpy(), kinds.to_numpy(dtype=np.int64)
    ).where(lane >= 0)
    entries = live(ax, drawn, t0, t1)
    n_merged = lanes.draw(ax, slices, looks, t0, t1)
    lanes.dress(ax, [f"M{m} {why}" for m, why in zip(drawn["m"], reasons(drawn["why"]), strict=True)], t0, t1)
    legend_below(ax, [*lanes.key(looks), *entries])
    entitle(ax, "What each M did, and why it was made", chosen)
    if data.empty:
        say_empty(ax, "nothing was recorded")
    return Plot(fig, ax, data, told(stretch, data, alive, n_merged, len(drawn)))


def reasons(why: pd.Series) -> list[str]:
    """Why each M was made, "?" where nobody knows."""
    return [str(x) for x in why.astype(object).where(why.notna(), "?")]


def live(ax: Axes, drawn: pd.DataFrame, t0: int, t1: int) -> list[Line2D]:
    """A thin line while each M lives, with a tick at its begin and a cross at its end; returns their legend entries."""
    ended = drawn["exited_ns"].fillna(t1).to_numpy(dtype=np.int64)
    made = drawn["created_ns"].to_numpy(dtype=np.int64)
    at = drawn.index.to_numpy()
    ax.hlines(at, np.maximum(made, t0), np.minimum(ended, t1), color=FAINT, linewidth=0.8, zorder=0.5)
    entries = [Line2D([], [], color=FAINT, linewidth=0.8, label="asleep")]
    for what, times, marker in (("made", made, "|"), ("ended", drawn["exited_ns"].to_numpy(np.float64, na_value=np.nan), "x")):
        inside = (times >= t0) & (times <= t1)
        if inside.any():
            entries += ax.plot(
                times[inside], at[inside], linestyle="", marker=marker, color=INK, markersize=6, label=what, clip_on=False,
                zorder=4,
            )
    return entries


def told(stretch: Stretch, data: pd.DataFrame, alive: pd.DataFrame, n_merged: int, drawn: int) -> str:
    """The picture in words."""
    begin, t0, t1 = stretch.told("What each M did"), stretch.t0, stretch.t1
    if data.empty:
        return f"{begin}: nothing was recorded."
    why = pd.Series(reasons(alive["why"])).value_counts(sort=False)
    made = ", ".join(f"{reason} {n}" for reason, n in why.items())
    inside = (data["end_ns"].clip(upper=t1) - data["begin_ns"].clip(lower=t0)).astype(np.int64)
    time = inside.groupby(data["mode"].astype(str)).sum()
    parts = [f"{mode} {part(time[mode] / int(time.sum()))}" for mode in [*MODES, "idle"] if mode in time.index]
    ended = int(((alive["exited_ns"] >= t0) & (alive["exited_ns"] < t1)).sum())
    sentences = [
        f"{begin}: {counted(len(alive), 'M')}, made by {made}", f"{ended} ended" if ended else "none ended",
        f"{', '.join(parts)} of M time",
    ]
    if n_merged:
        sentences.append(f"{counted(n_merged, 'slice')} narrower than a pixel merged")
    if len(alive) > drawn:
        sentences.append(f"the first {drawn} Ms shown")
    return f"{'; '.join(sentences)}."
