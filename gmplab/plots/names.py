"""Where the time of goroutines went, by what they are called: running, in system calls, runnable, waiting and for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gmplab.plots.palette import FAINT, PATTERN, STATES, Look
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below, say_empty, shortened
from gmplab.plots.stretch import Stretch, stretch_of
from gmplab.plots.units import counted, part, said, share_ticks

WHAT: Final = "Where the time of goroutines went"
MOST_NAMES: Final = 14
"""Names that have a bar, those with the most time; how many others there are is told."""
MOST_REASONS: Final = 5
"""Reasons of waiting with a pattern of their own, those with the most time; the others have one together."""
PATTERNS: Final = ("", "\\\\\\\\", "oo", "++", "--")
OTHERS: Final = "other reasons"
BY: Final = ("name", "cls")


def time_by_name(run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None, by: str = "name") -> Plot:
    """Where the time of goroutines went, by name: a bar a name, and in it the shares of each state; waiting by its reason.

    To the right stands how many goroutines there are of a name, and how long one lived in the mean.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.
    ax : Axes, optional
        Where to draw; default: a figure of its own.
    t : (t0, t1), optional
        The part to show: ints of ns, or strings as "1.5ms".
    by : {"name", "cls"}
        What has a bar: the name, or the class, that `go` was given.

    Returns
    -------
    Plot
        `data`, a row a name, state and reason: name (or cls); state; reason (of waiting; else ""); goroutines (of the
        name); time_ns (of them all together), share (of the time that they lived); mean_ns, least_ns, most_ns (of one
        goroutine, those that never were in that state too).

    Raises
    ------
    TraceError
        The run was recorded below level "full".
    ValueError
        `by` is none of the two.

    Examples
    --------
    >>> gmplab.run("mixed_io", procs=4).plot.time_by_name()             # doctest: +SKIP
    """
    if by not in BY:
        raise ValueError(f"by = {by!r}: must be 'name' or 'cls'")
    shown = stretch_of(run, t, "spans", "time_by_name")
    data = times(shown, by)
    total = data.groupby(by, sort=False)["time_ns"].sum().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in total.index[:MOST_NAMES]]
    fig, ax = axes(ax, 10.0, 1.9 + 0.3 * max(len(names), 2))
    draw(ax, data, by, names)
    entitle(ax, f"{WHAT}, by {'name' if by == 'name' else 'class'}", shown.run)
    if data.empty:
        say_empty(ax, "no goroutine lived then")
    return Plot(fig, ax, data, told(shown, data, by, names, len(total) - len(names)))


def times(shown: Stretch, by: str) -> pd.DataFrame:
    """The time of each name in each state, and the distribution over its goroutines."""
    spans = shown.run.spans
    spans = spans[spans["kind"].isin(list(STATES)) & (spans["end_ns"] > shown.t0) & (spans["begin_ns"] < shown.t1)]
    called = shown.run.goroutines.set_index("g")[by].astype(str)
    rows = pd.DataFrame({
        by: called.reindex(spans["g"]).to_numpy(), "g": spans["g"].to_numpy(dtype=np.int64),
        "state": spans["kind"].astype(str).to_numpy(), "reason": spans["name"].astype(str).to_numpy(),
        "time_ns": spans["end_ns"].clip(upper=shown.t1).to_numpy() - spans["begin_ns"].clip(lower=shown.t0).to_numpy(),
    })
    rows.loc[rows["state"] != "waiting", "reason"] = ""
    n = rows.groupby(by)["g"].nunique()
    each = rows.groupby([by, "state", "reason", "g"], sort=True)["time_ns"].sum()
    found = each.groupby(level=[0, 1, 2]).agg(["sum", "min", "max", "count"]).reset_index()
    found["goroutines"] = n.reindex(found[by]).to_numpy()
    # Who never was in a state was in it for no time.
    least = found["min"].where(found["count"] == found["goroutines"], 0)
    lived = found.groupby(by)["sum"].transform("sum")
    made = pd.DataFrame({
        by: found[by], "state": found["state"], "reason": found["reason"], "goroutines": found["goroutines"], "time_ns": found["sum"],
        "share": found["sum"] / lived.where(lived > 0, 1), "mean_ns": found["sum"] / found["goroutines"], "least_ns": least,
        "most_ns": found["max"],
    })
    order = {state: i for i, state in enumerate(STATES)}
    keys = pd.DataFrame({"name": made[by], "state": made["state"].map(order), "time": -made["time_ns"]})
    return made.loc[keys.sort_values(["name", "state", "time"], kind="stable").index].reset_index(drop=True)


def looks_of(data: pd.DataFrame) -> dict[tuple[str, str], tuple[str, Look]]:
    """(state, reason) to what the legend calls it, and its look: waiting has one colour, and a pattern a reason."""
    waits = data[data["state"] == "waiting"].groupby("reason", sort=False)["time_ns"].sum().sort_values(ascending=False, kind="stable")
    own = [str(reason) for reason in waits.index[: MOST_REASONS if len(waits) <= MOST_REASONS else MOST_REASONS - 1]]
    found = {(state, ""): (state, look) for state, look in STATES.items() if state != "waiting"}
    for i, reason in enumerate(own):
        found["waiting", reason] = (f"waiting: {reason}" if reason else "waiting", Look(STATES["waiting"].face, PATTERNS[i]))
    for reason in map(str, waits.index[len(own):]):
        found["waiting", reason] = (f"waiting: {OTHERS}", Look(STATES["waiting"].face, PATTERNS[-1]))
    return found


def draw(ax: Axes, data: pd.DataFrame, by: str, names: list[str]) -> None:
    """The bars, the names of the most time on top, and beside each how many they are and how long one lived."""
    looks = looks_of(data)
    entries: dict[str, Any] = {}
    style: dict[str, Any] = {
        "xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "fontsize": "small", "color": FAINT,
    }
    for y, name in enumerate(names):
        rows = data[data[by] == name]
        left = 0.0
        row: Any
        for row in rows.itertuples():
            called, look = looks[row.state, row.reason]
            entries[called] = ax.barh(
                y, row.share, left=left, height=0.72, facecolor=look.face, hatch=look.hatch or None,
                edgecolor=PATTERN if look.hatch else "none", linewidth=0, label=called,
            )
            left += row.share
        n = int(rows["goroutines"].iloc[0])
        for x, text in ((6, f"{n:,}"), (84, said(float(rows["time_ns"].sum()) / n))):
            ax.annotate(text, (1, y), xytext=(x, 0), **style)
    for x, head in ((6, "goroutines"), (84, "mean life")):
        ax.annotate(head, (1, -0.5), xytext=(x, 7), fontweight="bold", **style)
    ax.set_yticks(range(len(names)), [shortened(name, 28) or "without a name" for name in names], fontsize="small")
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 1), ylim=(max(len(names), 1) - 0.5, -0.5))
    ax.xaxis.set_major_formatter(share_ticks())
    ax.set_xlabel("share of the time that they lived")
    ax.spines[["top", "right", "left"]].set_visible(False)
    legend_below(ax, [entries[called] for called, _ in dict.fromkeys(looks.values()) if called in entries])


def told(shown: Stretch, data: pd.DataFrame, by: str, names: list[str], left_out: int) -> str:
    """The picture in words, the names of the most time first."""
    begin = shown.told(f"{WHAT}, by {'name' if by == 'name' else 'class'},")
    if data.empty:
        return f"{begin}: no goroutine lived then."
    sentences = []
    for name in names:
        rows = data[data[by] == name]
        ranked: Any = rows[rows["time_ns"] > 0].sort_values("share", ascending=False, kind="stable").itertuples()
        shares = [f"{row.state}{f' for {row.reason}' if row.reason else ''} {part(row.share)}" for row in ranked]
        sentences.append(f"{counted(int(rows['goroutines'].iloc[0]), 'goroutine')} {name or 'without a ' + by}: {', '.join(shares)}")
    if left_out > 0:
        sentences.append(f"{counted(left_out, 'other')} not shown")
    return f"{begin}: {'; '.join(sentences)}."
