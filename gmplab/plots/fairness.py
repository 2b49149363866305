"""Who got how much of the CPU."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from gmplab.plots.palette import FAINT, line
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, context, entitle, labelled, legend_below, say_empty
from gmplab.plots.units import counted, percent, said
from gmplab.traces.metrics import gini, jain
from gmplab.traces.run import Run


MAIN: Final = 1
"""Main is g1. What it does is another thing than what it starts."""


def fairness(run: Runs, ax: Axes | None = None, cls: str | None = None) -> Plot:
    """The CPU time of each goroutine, from the least to the most, over the mean: a flat line at 1 is equal shares.

    Parameters
    ----------
    run : Run, list or dict of Run
        Recorded at level "schedule" or more; several are laid over one another.
    ax : Axes, optional
        Where to draw; default: a figure of its own.
    cls : str, optional
        Only the goroutines of this class. Main, system goroutines and those that never ran are always left out.

    Returns
    -------
    Plot
        `data`: run, g, run_ns, rank (0 to 1, least to most), relative (run_ns over the mean), a row a goroutine.

    Raises
    ------
    TraceError
        A run was recorded at level "off".

    Notes
    -----
    Jain's index, (sum x)^2 / (n sum x^2), is 1 where all are equal and 1 / n where one has everything (R. Jain, D. Chiu,
    W. Hawe, DEC-TR-301, 1984). The Gini coefficient is 0 where all are equal and 1 - 1 / n where one has everything
    (`gmplab.traces.metrics.gini`). Both are told of what is shown.

    Examples
    --------
    >>> print(gmplab.run("mixed_io", procs=4).plot.fairness().alt)
    CPU time of each goroutine in mixed_io(cpu=4, net=16, files=4, rounds=20, …) under go on 4 Ps, seed 1: 24
    goroutines, least 400 µs, most 20 ms, Jain 0.201, Gini 0.742.
    """
    named = labelled(run)
    data = pd.concat([shares(label, one, cls) for label, one in named.items()], ignore_index=True)
    fig, ax = axes(ax)
    ax.axhline(1.0, color=FAINT, linewidth=0.8)
    for i, label in enumerate(named):
        rows = data[data["run"] == label]
        if len(rows):
            ax.plot(rows["rank"], rows["relative"], linestyle="", marker=".", markersize=4, color=line(i)[0], label=label)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: percent(round(x, 3))))
    ax.set_xlabel("goroutines, from the least CPU time to the most")
    ax.set_ylabel("CPU time, over the mean")
    ax.spines[["top", "right"]].set_visible(False)
    if len(named) > 1:
        legend_below(ax)
    entitle(ax, "Fairness: the CPU time of each goroutine", named)
    if data.empty:
        say_empty(ax, "no goroutine ran")
    return Plot(fig, ax, data, told(named, data, len(named) > 1))


def shares(label: str, run: Run, cls: str | None) -> pd.DataFrame:
    """The CPU time of the goroutines of one run."""
    run.need("goroutines", "plot.fairness")
    rows = run.goroutines
    rows = rows[(rows["kind"].astype(str) == "user") & (rows["run_ns"] > 0) & (rows["g"] != MAIN)]
    if cls is not None:
        rows = rows[rows["cls"].astype(str) == cls]
    rows = rows.sort_values(["run_ns", "g"])
    ns = rows["run_ns"].to_numpy(dtype=np.float64)
    n = len(ns)
    return pd.DataFrame({
        "run": label, "g": rows["g"].to_numpy(), "run_ns": rows["run_ns"].to_numpy(),
        "rank": np.arange(n) / max(n - 1, 1), "relative": ns / ns.mean() if n else ns,
    })


def told(named: dict[str, Run], data: pd.DataFrame, several: bool) -> str:
    """The picture in words."""
    begin = f"CPU time of each goroutine in {context(named)}"
    if data.empty:
        return f"{begin}: no goroutine ran."
    sentences = []
    for label, rows in data.groupby("run", sort=False):
        ns = rows["run_ns"]
        index = jain(len(ns), float(ns.sum()), float((ns.astype(float) ** 2).sum()))
        range_of = f"least {said(float(ns.min()))}, most {said(float(ns.max()))}"
        said_of = f"{counted(len(ns), 'goroutine')}, {range_of}, Jain {index:.3f}, Gini {gini(ns):.3f}"
        sentences.append(f"{label}: {said_of}" if several else said_of)
    return f"{begin}: {'; '.join(sentences)}."
