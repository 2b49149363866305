"""Work stealing: how often over time, and who steals from whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.ticker import MaxNLocator

from gmplab.plots.lanes import boxes, time_axis
from gmplab.plots.palette import EMPTY, FAINT, SEQUENTIAL, ink_on, line
from gmplab.plots.plot import Plot, axes, figure, figure_of
from gmplab.plots.runs import Runs, context, entitle, labelled, legend_below, one_of, say_empty
from gmplab.plots.units import counted, part, said
from gmplab.traces.run import Run

Ints = npt.NDArray[np.int64]

MOST_BINS: Final = 80
MOST_NUMBERED: Final = 16
"""A matrix of more Ps than this has colours alone, and no numbers."""


def steals(runs: Runs, ax: Sequence[Axes] | None = None) -> Plot:
    """Work stealing in two pictures: steals over time, and beside it, for each run, who stole from whom.

    Parameters
    ----------
    runs : Run, list of Run, or dict of str to Run
        Recorded at level "schedule" or more; at "full" the share of attempts that hit is told too.
    ax : sequence of Axes, optional
        One for the steals over time, then one a run.

    Returns
    -------
    Plot
        `data` is that of `steal_matrix`, with the run in front; `ax` a tuple.

    Raises
    ------
    TraceError
        A run was recorded at level "off".

    Examples
    --------
    >>> print(gmplab.run("fanout", n=100, procs=4).plot.steals().alt)
    Steals over time in fanout(n=100, compute='10us') under go on 4 Ps, seed 1: 11 steals moved 92 goroutines, at
    most 3 in 5 µs, from 310 µs on. Who stole from whom in fanout(n=100, compute='10us') under go on 4 Ps, seed 1:
    11 steals, most by P1 from P0: 3; 26 attempts, 42.3 % hit.
    """
    named = labelled(runs)
    for run in named.values():
        run.need("steals", "plot.steals")
    all_axes = panels(ax, 1 + len(named))
    rate = steal_rate(named, all_axes[0])
    matrices = [steal_matrix({name: run}, on) for (name, run), on in zip(named.items(), all_axes[1:], strict=True)]
    data = pd.concat([m.data.assign(run=name) for name, m in zip(named, matrices, strict=True)], ignore_index=True)
    data = data[["run", *data.columns[:-1]]]
    return Plot(rate.fig, tuple(all_axes), data, " ".join([rate.alt, *(m.alt for m in matrices)]))


def panels(ax: Any, n: int) -> list[Axes]:
    """The axes for n pictures: the given ones, or those of a new figure. Raises where there are not n."""
    if ax is None:
        wide = [5.0] + [4.4] * (n - 1)
        return list(figure(sum(wide), 4.6).subplots(1, n, width_ratios=wide, squeeze=False)[0])
    if not isinstance(ax, (list, tuple, np.ndarray)):
        figure_of(ax)
        raise ValueError(f"ax is one Axes: must be {n}, for the steals over time and for each run's matrix")
    if len(ax) != n:
        raise ValueError(f"ax holds {len(ax)} Axes: must hold {n}, for the steals over time and for each run's matrix")
    for one in ax:
        figure_of(one)
    return list(ax)


def steal_rate(runs: Runs, ax: Axes | None = None) -> Plot:
    """Steals over time: how many passes over victims took goroutines, in equal parts of the time.

    Parameters
    ----------
    runs : Run, list of Run, or dict of str to Run
        One line a run; recorded at level "schedule" or more.
    ax : Axes, optional
        Where to draw; default: a figure of its own.

    Returns
    -------
    Plot
        `data`: run; begin_ns, end_ns (a part of the time); steals (in it); stolen (goroutines moved by them).

    Raises
    ------
    TraceError
        A run was recorded at level "off".

    Examples
    --------
    >>> int(gmplab.run("fanout", n=100, procs=4).plot.steal_rate().data["stolen"].sum())
    92
    """
    named = labelled(runs)
    for run in named.values():
        run.need("steals", "plot.steal_rate")
    end = max(max(run.record.end_ns for run in named.values()), 1)
    width = round_width(end)
    fig, ax = axes(ax)
    data = pd.concat([rates(name, run, width) for name, run in named.items()], ignore_index=True)
    for i, name in enumerate(named):
        rows = data[data["run"] == name]
        colour, dashes = line(i)
        edges = np.append(rows["begin_ns"].to_numpy(), rows["end_ns"].to_numpy()[-1:])
        filled = len(named) == 1
        ax.stairs(
            rows["steals"].to_numpy(), edges, color=colour, linestyle=dashes, linewidth=1.4, fill=filled, label=name,
        )
    time_axis(ax, 0, end)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    ax.set_ylabel(f"steals in each {said(width)}")
    ax.spines[["top", "right"]].set_visible(False)
    if len(named) > 1:
        legend_below(ax)
    if not data["steals"].any():
        ax.set_ylim(0, 1)
        say_empty(ax, "nothing was stolen")
    entitle(ax, "Steals over time", named)
    return Plot(fig, ax, data, f"Steals over time in {context(named)}: {'; '.join(told_rate(data, named))}.")


def round_width(end_ns: int) -> int:
    """The least of 1, 2, 5, 10, ... ns of which MOST_BINS reach to an instant.

    >>> round_width(80), round_width(81), round_width(31_000_000)
    (1, 2, 500000)
    """
    digits, zeros = 1, 0
    while digits * 10**zeros * MOST_BINS < end_ns:
        digits, zeros = {1: (2, zeros), 2: (5, zeros), 5: (1, zeros + 1)}[digits]
    return int(digits * 10**zeros)


def rates(name: str, run: Run, width: int) -> pd.DataFrame:
    """The steals of a run in parts of the time of this width."""
    n = max(-(-run.record.end_ns // width), 1)
    rows = run.steals
    at = np.minimum(rows["t_ns"].to_numpy(dtype=np.int64) // width, n - 1)
    begin = np.arange(n, dtype=np.int64) * width
    stolen = np.bincount(at, rows["stolen"].to_numpy(dtype=np.int64), minlength=n).astype(np.int64)
    return pd.DataFrame(
        {"run": name, "begin_ns": begin, "end_ns": begin + width, "steals": np.bincount(at, minlength=n), "stolen": stolen}
    )


def told_rate(data: pd.DataFrame, named: dict[str, Run]) -> list[str]:
    """Each run's steals over time in words."""
    found = []
    for name in named:
        rows = data[data["run"] == name]
        n = int(rows["steals"].sum())
        words = "none"
        if n:
            most = rows.iloc[int(rows["steals"].argmax())]
            words = (
                f"{counted(n, 'steal')} moved {counted(int(rows['stolen'].sum()), 'goroutine')}, at most "
                f"{int(most['steals']):,} in {said(int(most['end_ns'] - most['begin_ns']))}, from {said(int(most['begin_ns']))} on"
            )
        found.append(f"{name}: {words}" if len(named) > 1 else words)
    return found


def steal_matrix(run: Runs, ax: Axes | None = None) -> Plot:
    """Who stole from whom: a row a thief, a column a victim; to the right, the share of the thief's attempts that hit.

    Parameters
    ----------
    run : Run
        Recorded at level "schedule" or more; attempts are known at "full" alone.
    ax : Axes, optional
        Where to draw; default: a figure of its own.

    Returns
    -------
    Plot
        `data`: p (the thief), victim_p; steals; stolen (goroutines moved); passes (attempts of the thief, on all victims
        together; null below level "full"); hit_rate (the thief's steals, on all victims, over its passes; null where
        there are none).

    Raises
    ------
    TraceError
        The run was recorded at level "off".

    Examples
    --------
    >>> matrix = gmplab.run("fanout", n=100, procs=4).plot.steal_matrix().data
    >>> most = matrix.sort_values("stolen").iloc[-1]
    >>> int(most["p"]), int(most["victim_p"])
    (3, 0)
    """
    chosen = one_of(run)
    chosen.need("steals", "plot.steal_matrix")
    data = matrix(chosen)
    procs = max(len(chosen.record.processors), 1)
    fig, ax = axes(ax, 5.6, 4.8)
    counts = np.zeros((procs, procs), dtype=np.int64)
    counts[data["p"], data["victim_p"]] = data["steals"]
    most = int(counts.max())
    image = ax.imshow(
        np.ma.masked_equal(counts, 0), cmap=SEQUENTIAL, vmin=0, vmax=max(most, 1), interpolation="nearest", aspect="auto"
    )
    ax.set_facecolor(EMPTY)
    own = np.arange(procs)
    ax.add_collection(PolyCollection(boxes(own - 0.5, own + 0.5, own - 0.5, own + 0.5), facecolor="white"))
    ticks = range(0, procs, 1 if procs <= MOST_NUMBERED else -(-procs // 8))
    ax.set_xticks(ticks, [f"P{p}" for p in ticks], fontsize="small")
    ax.set_yticks(ticks, [f"P{p}" for p in ticks], fontsize="small")
    ax.set_xlabel("victim")
    ax.set_ylabel("thief")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if most == 0:
        say_empty(ax, "nothing was stolen")
    elif procs <= MOST_NUMBERED:
        number(ax, counts, image)
        rate_column(ax, data.drop_duplicates("p"))
    else:
        fig.colorbar(image, ax=ax, label="steals", ticks=MaxNLocator(integer=True, nbins=6))
    entitle(ax, "Who stole from whom", chosen)
    return Plot(fig, ax, data, told_matrix(chosen, data))


def matrix(run: Run) -> pd.DataFrame:
    """The steals of each P from each P, and each thief's attempts."""
    procs = max(len(run.record.processors), 1)
    rows = run.steals
    rows = rows[rows["victim_p"].notna() & rows["p"].notna()]
    place = rows["p"].to_numpy(dtype=np.int64) * procs + rows["victim_p"].to_numpy(dtype=np.int64)
    steals = np.bincount(place, minlength=procs * procs)
    thief = np.repeat(np.arange(procs), procs)
    data = pd.DataFrame(
        {
            "p": thief, "victim_p": np.tile(np.arange(procs), procs), "steals": steals,
            "stolen": np.bincount(place, rows["stolen"].to_numpy(dtype=np.int64), procs * procs).astype(np.int64),
        }
    )
    if "events" not in run.provides:
        return others(data.assign(passes=pd.array([pd.NA] * len(data), dtype="Int64"), hit_rate=np.nan))
    passes = run.events[(run.events["kind"] == "StealPass") & run.events["p"].notna()]
    tried = np.bincount(passes["p"].to_numpy(dtype=np.int64), minlength=procs)
    hit = np.bincount(passes["p"].to_numpy(dtype=np.int64), (passes["aux"].fillna(0) > 0).to_numpy(), minlength=procs)
    with np.errstate(invalid="ignore"):
        return others(data.assign(passes=pd.array(tried[thief], dtype="Int64"), hit_rate=(hit / tried)[thief]))


def others(data: pd.DataFrame) -> pd.DataFrame:
    """The rows of a matrix beside its diagonal: no P steals from itself."""
    return data[data["p"] != data["victim_p"]].reset_index(drop=True)


def number(ax: Axes, counts: Ints, image: Any) -> None:
    """Write each count into its cell."""
    procs = len(counts)
    for thief in range(procs):
        for victim in range(procs):
            n = int(counts[thief, victim])
            if thief != victim:
                colour = ink_on(to_hex(image.cmap(image.norm(n)))) if n else FAINT
                size = 8 if procs <= 10 else 6
                ax.text(victim, thief, f"{n:,}", ha="center", va="center", color=colour, fontsize=size)


def rate_column(ax: Axes, thieves: pd.DataFrame) -> None:
    """Write the hit rate of each thief to the right of its row."""
    if not thieves["passes"].notna().any():
        return
    style: dict[str, Any] = {
        "xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "fontsize": "small",
    }
    for p, rate in zip(thieves["p"], thieves["hit_rate"], strict=True):
        ax.annotate("–" if np.isnan(rate) else part(rate), (1, p), xytext=(6, 0), color=FAINT, **style)
    ax.annotate("hits", (1, -0.5), xytext=(6, 7), color=FAINT, fontweight="bold", **style)


def told_matrix(run: Run, data: pd.DataFrame) -> str:
    """The matrix in words."""
    begin = f"Who stole from whom in {context(run)}"
    n = int(data["steals"].sum())
    thieves = data.drop_duplicates("p")
    sentences = []
    if n:
        most = data.iloc[int(data["steals"].argmax())]
        sentences.append(f"{counted(n, 'steal')}, most by P{int(most['p'])} from P{int(most['victim_p'])}: {int(most['steals']):,}")
    else:
        sentences.append("no steals")
    if thieves["passes"].notna().any():
        tried = int(thieves["passes"].sum())
        hits = float((thieves["hit_rate"].fillna(0) * thieves["passes"].astype(float)).sum())
        hit = f", {part(hits / tried)} hit" if tried else ""
        sentences.append(f"{counted(tried, 'attempt')}{hit}")
    return f"{begin}: {'; '.join(sentences)}."
