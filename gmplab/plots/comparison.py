"""Policies side by side: the differences to the first one, paired by seed, with their intervals."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gmplab.analysis.compare import Comparison, number, scale_of
from gmplab.plots.palette import FAINT, line
from gmplab.plots.plot import Plot, figure
from gmplab.plots.runs import shortened

COLUMNS: Final = 3


def comparison(compared: Comparison) -> Plot:
    """For each metric a small picture: each policy's mean difference to the first, and the interval of the difference.

    Where an interval does not reach the line at 0, the policies differ in this metric (which at 95 % happens once in 20
    by chance). With one policy the means themselves are shown.

    Parameters
    ----------
    compared : Comparison
        Of `gmplab.compare`.

    Returns
    -------
    Plot
        `ax`: one Axes a metric. `data`: `compared.paired`, or `compared.table` where there is one policy.

    Examples
    --------
    >>> made = gmplab.compare(["go", "go1.1"], "fanout", n=50, seeds=range(3), metrics=["end_ns"])
    >>> print(made.plot().alt)
    fanout, P=4, 3 seeds; mean and its 95 % interval; difference to go, paired by seed: end of go1.1 -17.13 us.
    """
    alone = len(compared.policies) == 1
    table = compared.table if alone else compared.paired
    metrics, shown = compared.metrics, compared.policies if alone else compared.policies[1:]
    rows = math.ceil(len(metrics) / COLUMNS)
    fig = figure(11.0, 0.9 + rows * (0.95 + 0.24 * len(shown)))
    grid: Any = fig.subplots(rows, min(COLUMNS, len(metrics)), squeeze=False)
    axs: list[Axes] = [ax for row in grid for ax in row]
    for ax, metric in zip(axs, metrics, strict=False):
        draw(ax, compared, metric, table[table["metric"] == metric], alone)
    for ax in axs[len(metrics):]:
        ax.set_visible(False)
    for i, ax in enumerate(axs[: len(metrics)]):
        names = [shortened(policy, 30) for policy in shown] if i % COLUMNS == 0 else []
        ax.set_yticks(range(len(shown)), names or [""] * len(shown), fontsize="small")
    what = "means" if alone else f"difference to {shortened(compared.policies[0], 30)}, paired by seed"
    seeds = len(compared.seeds)
    fig.suptitle(
        f"{compared.workload} on {compared.procs} Ps, {seeds} seed{'s' if seeds > 1 else ''}: {what}, with the "
        f"{100 * compared.confidence:g} % interval",
        x=0.01, ha="left", fontsize="medium",
    )
    return Plot(fig, tuple(axs[: len(metrics)]), table, told(compared, table, alone))


def draw(ax: Axes, compared: Comparison, metric: str, rows: Any, alone: bool) -> None:
    """The picture of one metric."""
    means = compared.table[compared.table["metric"] == metric]["mean"].tolist()
    scale, unit = scale_of(metric, means)
    mean, low, high = (rows[name].to_numpy(dtype=np.float64) / scale for name in ("mean", "low", "high"))
    at = np.arange(len(rows))
    if not alone:
        ax.axvline(0.0, color=FAINT, linewidth=0.8)
    known = ~np.isnan(mean)
    for i in at[known]:
        colour = line(int(i) + (0 if alone else 1))[0]
        if not math.isnan(low[i]):
            ax.hlines(i, low[i], high[i], color=colour, linewidth=2)
        ax.plot(mean[i], i, marker="o", color=colour, markersize=5)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.margins(x=0.12)
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", labelsize="small")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.set_title(f"{metric.replace('_ns', '')} {f'({unit})' if unit else ''}".strip(), loc="left", fontsize="small", fontweight="bold")
    ax.spines[["top", "right", "left"]].set_visible(False)
    if not known.any():
        ax.text(0.5, 0.5, "unknown", transform=ax.transAxes, ha="center", va="center", color=FAINT)


def told(compared: Comparison, table: Any, alone: bool) -> str:
    """The picture in words: what differs."""
    begin = f"{compared.title()}"
    sentences = []
    for metric in compared.metrics:
        rows = table[table["metric"] == metric]
        scale, unit = scale_of(metric, compared.table[compared.table["metric"] == metric]["mean"].tolist())
        for row in rows.itertuples():
            differs = alone or row.low > 0 or row.high < 0
            if differs and not math.isnan(row.mean):
                sign = "" if alone else "+"
                sentences.append(f"{metric.replace('_ns', '')} of {row.policy} {number(row.mean / scale, sign)} {unit}".rstrip())
    return f"{begin}: {'; '.join(sentences) if sentences else 'no metric differs beyond its interval'}."
