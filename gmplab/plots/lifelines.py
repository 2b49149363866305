"""The life of goroutines: where the time of each went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gmplab.plots import lanes
from gmplab.plots.lanes import NONE, Slices
from gmplab.plots.palette import STATES
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below, say_empty, shortened
from gmplab.plots.stretch import Stretch, stretch_of
from gmplab.plots.units import counted, part
from gmplab.traces.run import Run

WHAT: Final = "What each goroutine did"
MOST: Final = 60
"""Goroutines that are shown where none are asked for: more names than that cannot be read."""
ORDERS: Final = {"created": "created_ns", "wait": "wait_ns", "run": "run_ns", "blocked": "blocked_ns"}
"""What goroutines can be chosen by: the column of `run.goroutines`; created: the first, else the most."""


def lifelines(
    run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None, g: Iterable[int] | None = None, by: str = "created",
) -> Plot:
    """What each goroutine did: a lane a G, coloured by its state; empty before it was made and after its end.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.
    ax : Axes, optional
        Where to draw; default: a figure of its own.
    t : (t0, t1), optional
        The part to show: ints of ns, or strings as "1.5ms".
    g : list of int, optional
        The goroutines to show, in this order; default: 60 that lived in that time, chosen by `by`.
    by : {"created", "wait", "run", "blocked"}
        Which: the first that were made, or those with the most time runnable, running or blocked, the most on top.

    Returns
    -------
    Plot
        `data`: the rows of `run.spans` that are shown, regions left out; lane (from the top one, 0).

    Raises
    ------
    TraceError
        The run was recorded below level "full".
    ValueError
        A goroutine is unknown, or `by` is none of the four.

    Examples
    --------
    >>> plot = gmplab.run("mixed_io", procs=2).plot.lifelines(by="wait")
    >>> plot.data.columns.tolist()
    ['g', 'kind', 'name', 'begin_ns', 'end_ns', 'duration_ns', 'm', 'p', 'lane']
    """
    if by not in ORDERS:
        raise ValueError(f"by = {by!r}: must be one of {', '.join(map(repr, ORDERS))}")
    stretch = stretch_of(run, t, "spans", "lifelines")
    chosen, t0, t1 = stretch.run, stretch.t0, stretch.t1
    spans = chosen.spans
    spans = spans[spans["kind"].isin(list(STATES)) & (spans["end_ns"] > t0) & (spans["begin_ns"] < t1)]
    lived = pd.unique(spans["g"])
    shown = picked(chosen, lived.tolist(), by) if g is None else asked_for(chosen, g)
    data = spans[spans["g"].isin(shown)].reset_index(drop=True)
    looks = {state: look for state, look in STATES.items() if (data["kind"] == state).any()}
    data["lane"] = pd.Series(range(len(shown)), index=shown, dtype=np.int64).reindex(data["g"]).to_numpy()
    kinds = data["kind"].astype(str).map({state: i for i, state in enumerate(looks)}).fillna(NONE)
    slices = Slices(
        data["lane"].to_numpy(), data["begin_ns"].to_numpy(), data["end_ns"].to_numpy(), kinds.to_numpy(dtype=np.int64)
    )
    fig, ax = axes(ax, 10.0, lanes.tall(len(shown), each=0.2))
    n_merged = lanes.draw(ax, slices, looks, t0, t1)
    names = chosen.goroutines.set_index("g")["name"].astype(str)
    lanes.dress(ax, [f"G{one} {shortened(names[one], 20)}" for one in shown], t0, t1)
    legend_below(ax, lanes.key(looks))
    entitle(ax, WHAT, chosen)
    if data.empty:
        say_empty(ax, "no goroutine lived then")
    return Plot(fig, ax, data, told(stretch, data, n_merged, len(lived) - len(shown), by if g is None else ""))


def picked(run: Run, lived: Sequence[int], by: str) -> list[int]:
    """The goroutines to show of those that lived."""
    rows = run.goroutines[run.goroutines["g"].isin(lived)]
    if by == "created":
        return [int(x) for x in rows.sort_values(["created_ns", "g"])["g"][:MOST]]
    return [int(x) for x in rows.sort_values([ORDERS[by], "g"], ascending=[False, True])["g"][:MOST]]


def asked_for(run: Run, g: Iterable[int]) -> list[int]:
    """The goroutines that the caller named, each once."""
    wanted = list(dict.fromkeys(g))
    known = set(run.goroutines["g"].tolist())
    for one in wanted:
        if one not in known:
            raise ValueError(f"g = {one!r}: there is no such goroutine: this run has 1 to {max(known, default=0)}")
    if len(wanted) > lanes.MOST_LANES:
        raise ValueError(f"g: {len(wanted)} goroutines: at most {lanes.MOST_LANES} lanes can be told apart")
    return wanted


def told(stretch: Stretch, data: pd.DataFrame, n_merged: int, left_out: int, by: str) -> str:
    """The picture in words."""
    begin, t0, t1 = stretch.told(WHAT), stretch.t0, stretch.t1
    if data.empty:
        return f"{begin}: no goroutine lived then."
    inside = (data["end_ns"].clip(upper=t1) - data["begin_ns"].clip(lower=t0)).astype(np.int64)
    time = inside.groupby(data["kind"].astype(str)).sum()
    parts = [f"{state} {part(time[state] / int(time.sum()))}" for state in STATES if state in time.index]
    sentences = [f"{begin}: {counted(data['g'].nunique(), 'goroutine')}: {', '.join(parts)} of their time"]
    if left_out > 0:
        how = {"created": ", those made first shown", "": ""}.get(by, f", those with the most {by} time shown")
        sentences.append(f"{left_out:,} others not shown{how}")
    if n_merged:
        sentences.append(f"{counted(n_merged, 'slice')} narrower than a pixel merged")
    return f"{'; '.join(sentences)}."
