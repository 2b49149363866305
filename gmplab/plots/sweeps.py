"""A grid of runs: one metric as lines, or as a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gmplab.analysis.compare import checked_metrics, number, scale_of
from gmplab.analysis.sweep import Sweep
from gmplab.names import nearest
from gmplab.plots.palette import FAINT, SEQUENTIAL, ink_on, line
from gmplab.plots.plot import Plot, axes, size_of
from gmplab.plots.runs import legend_below, shortened

TICK_CHARACTER: Final = 0.095
"""Width of a character under an axis, in inches, about, with some room."""


def sweep_lines(
    swept: Sweep, metric: str = "wait_p99_ns", ax: Axes | None = None, x: str | None = None, by: str | None = None, **at: Any,
) -> Plot:
    """A metric over one thing that was varied, a line for each value of another, with 95 % intervals over the seeds.

    Parameters
    ----------
    swept : Sweep
        Of `gmplab.sweep`.
    metric : str
        A name of `gmplab.traces.metrics.METRICS`.
    ax : Axes, optional
        Where to draw; default: a figure of its own.
    x, by : str, optional
        What goes along, and what makes the lines; default: the first two things varied, numbers first.
    **at
        Of the other things that were varied, the value to look at.

    Returns
    -------
    Plot
        `data`: the rows of `swept.table([metric])` that are shown.

    Raises
    ------
    ValueError
        Something was not varied, or a value not swept; or more than two things are left over.

    Examples
    --------
    >>> made = gmplab.sweep({"procs": [1, 2, 4]}, "fanout", n=50, seeds=range(3))
    >>> print(made.plot("end_ns").alt)
    end of fanout at 3 points: least 206.8 us (procs=4); most 544.9 us (procs=1).
    """
    x, by, table = chosen(swept, metric, x, by, at)
    scale, unit = scale_of(metric, table["mean"].tolist())
    labels = swept.varied[x]
    numeric = all(isinstance(label, int | float) for label in labels)
    place = {label: label if numeric else i for i, label in enumerate(labels)}
    fig, ax = axes(ax)
    groups = [("", table)] if by is None else [(f"{by}={value}", table[table[by] == value]) for value in swept.varied[by]]
    for i, (name, rows) in enumerate(groups):
        colour, dashes = line(i)
        along = np.array([place[label] for label in rows[x]], dtype=float)
        mean, low, high = (rows[c].to_numpy(dtype=float) / scale for c in ("mean", "low", "high"))
        if not numeric:
            # Between two names there is nothing that a line could stand for.
            along, dashes = along + (i - (len(groups) - 1) / 2) * 0.12, ""
            ax.vlines(along, low, high, color=colour, linewidth=2)
        elif not np.isnan(low).all():
            ax.fill_between(along, low, high, color=colour, alpha=0.18, linewidth=0)
        ax.plot(along, mean, color=colour, linestyle=dashes, marker="o", markersize=4, label=shortened(name) or metric)
    if not numeric:
        names_along(ax, labels)
        ax.set_xlim(-0.5, len(labels) - 0.5)
    else:
        ax.set_xticks(labels if len(labels) <= 16 else labels[:: len(labels) // 12])
    ax.set_xlabel(named(x))
    ax.set_ylabel(f"{metric.replace('_ns', '')} {f'({unit})' if unit else ''}".strip())
    ax.set_ylim(bottom=0)
    ax.spines[["top", "right"]].set_visible(False)
    if by is not None:
        legend_below(ax)
    entitle(ax, swept, metric, at, ", 95 % intervals")
    return Plot(fig, ax, table, told(swept, metric, table, scale, unit, at))


def sweep_map(
    swept: Sweep, metric: str = "wait_p99_ns", ax: Axes | None = None, x: str | None = None, y: str | None = None, **at: Any,
) -> Plot:
    """A metric over two things that were varied: a cell a point, brighter is more, with its mean written in.

    Parameters
    ----------
    swept : Sweep
        What `sweep` measured.
    metric : str
        A name of `gmplab.traces.metrics.METRICS`.
    ax : Axes, optional
        Where to draw; default: a figure of its own.
    x, y : str, optional
        What goes along and what goes up; default: the first two things varied, numbers first.
    **at : object
        Of the other things that were varied, the value to look at.

    Returns
    -------
    Plot
        `data`: the rows of `swept.table([metric])` that are shown.

    Raises
    ------
    ValueError
        As `sweep_lines`; or one thing alone was varied.

    Examples
    --------
    >>> made = gmplab.sweep({"procs": [1, 2], "n": [10, 100]}, "fanout", seeds=range(3))
    >>> made.plot("end_ns", kind="map").data.columns.tolist()
    ['procs', 'n', 'metric', 'runs', 'mean', 'low', 'high', 'unit']
    """
    x, y, table = chosen(swept, metric, x, y, at)
    if y is None:
        raise ValueError("sweep_map: one thing alone was varied: see sweep_lines")
    scale, unit = scale_of(metric, table["mean"].tolist())
    across, up = swept.varied[x], swept.varied[y]
    cells = np.full((len(up), len(across)), np.nan)
    for row in table.to_dict("records"):
        cells[up.index(row[y]), across.index(row[x])] = row["mean"] / scale
    fig, ax = axes(ax, max(5.0, min(11.0, 2.6 + 0.8 * len(across))), max(3.0, min(8.0, 1.8 + 0.42 * len(up))))
    image = ax.imshow(cells, cmap=SEQUENTIAL, aspect="auto", origin="lower")
    if len(across) <= 14:
        for i, j in np.argwhere(~np.isnan(cells)):
            r, g, b, _ = image.to_rgba(cells[i, j])
            face = f"#{round(255 * r):02x}{round(255 * g):02x}{round(255 * b):02x}"
            ax.text(int(j), int(i), number(float(f"{cells[i, j]:.3g}")), ha="center", va="center", fontsize=7, color=ink_on(face))
    names_along(ax, across)
    ax.set_yticks(range(len(up)), [shortened(str(label), 26) for label in up])
    ax.set_xlabel(named(x))
    ax.set_ylabel(named(y))
    fig.colorbar(image, ax=ax, label=f"{metric.replace('_ns', '')} {f'({unit})' if unit else ''}".strip())
    entitle(ax, swept, metric, at, "; means")
    return Plot(fig, ax, table, told(swept, metric, table, scale, unit, at))


def chosen(
    swept: Sweep, metric: str, x: str | None, other: str | None, at: Mapping[str, Any]
) -> tuple[str, str | None, pd.DataFrame]:
    """What goes along, what makes the lines, and the rows of the table that are left."""
    checked_metrics([metric])
    for name, label in [*at.items(), *((n, None) for n in (x, other) if n is not None)]:
        if name not in swept.varied:
            raise ValueError(f"{name}: was not varied{nearest(name, list(swept.varied))}")
        if label is not None and label not in swept.varied[name]:
            raise ValueError(f"{name} = {label!r}: was not swept; one of {', '.join(map(repr, swept.varied[name]))}")
    free = [name for name in numbers_first(swept) if name not in at and name not in (x, other)]
    along = x if x is not None else free.pop(0) if free else next(iter(swept.varied))
    second = other if other is not None else free.pop(0) if free else None
    if free:
        raise ValueError(f"{', '.join(free)}: was varied too: say which value to look at, as {free[0]}={swept.varied[free[0]][0]!r}")
    table = swept.table([metric])
    for name, label in at.items():
        table = table[table[name] == label]
    return along, second, table.reset_index(drop=True)


def numbers_first(swept: Sweep) -> list[str]:
    """What was varied, numbers before names: the first goes along, the second up."""
    return sorted(swept.varied, key=lambda name: not all(isinstance(label, int | float) for label in swept.varied[name]))


def named(axis: str) -> str:
    """What is varied, in words."""
    return {"procs": "Ps (GOMAXPROCS)", "n": "n"}.get(axis, axis)


def names_along(ax: Axes, labels: Sequence[Any]) -> None:
    """The values of what was varied under the axes, slanted where they would run into one another."""
    names = [shortened(str(label), 26) for label in labels]
    slanted = max(map(len, names)) * TICK_CHARACTER > size_of(ax)[0] / len(names)
    ax.set_xticks(range(len(names)), names, rotation=20 if slanted else 0, ha="right" if slanted else "center")


def entitle(ax: Axes, swept: Sweep, metric: str, at: Mapping[str, Any], shown: str) -> None:
    """The heading: the metric, and under it the workload, what is held and what is shown of the seeds."""
    ax.set_title(metric, loc="left", fontsize="large", fontweight="bold", pad=22)
    held = "".join(f", {name}={label}" for name, label in at.items())
    n = len(swept.seeds)
    ax.annotate(
        f"{swept.workload}{held}, {n} seed{'s' if n > 1 else ''}{shown}", (0, 1), xytext=(0, 8), xycoords="axes fraction",
        textcoords="offset points", color=FAINT, fontsize="small", va="bottom",
    )


def told(swept: Sweep, metric: str, table: pd.DataFrame, scale: float, unit: str, at: Mapping[str, Any]) -> str:
    """The picture in words: where it is least, and where most."""
    begin = f"{metric.replace('_ns', '')} of {swept.workload} at {len(table)} points"
    known = table[table["mean"].notna()]
    if known.empty:
        return f"{begin}: unknown at all of them."
    ends = []
    by_mean = known.sort_values("mean", kind="stable").to_dict("records")
    for what, row in (("least", by_mean[0]), ("most", by_mean[-1])):
        where = ", ".join(f"{name}={row[name]}" for name in swept.varied)
        ends.append(f"{what} {number(row['mean'] / scale)} {unit} ({where})".replace("  ", " "))
    return f"{begin}: {'; '.join(ends)}."
