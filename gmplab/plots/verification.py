"""Pictures of what `gmplab verify` found: how far each row is off, and each row's interval around its reference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from gmplab.analysis.truth.entries import AT_MOST, BETWEEN, EXACT
from gmplab.analysis.truth.verdicts import Verdict
from gmplab.analysis.truth.verify import Verification
from gmplab.plots.palette import BLUE, FAINT, GREY, INK, VERMILLION
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import shortened
from gmplab.plots.units import counted

ROW: Final = 0.19
"""Inches a row of text takes."""


def by_chance(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Those that chance can fail, and whose deviation is a number."""
    return [v for v in verdicts if v.row.kind not in (EXACT, AT_MOST) and math.isfinite(v.deviation)]


def deviations(found: Verification, ax: Axes | None = None) -> Plot:
    """How far each row is from its reference, as a share of what chance and its tolerance allow: a dot a row, a line a section.

    Parameters
    ----------
    found : Verification
        Of `gmplab.analysis.truth.verify`.
    ax : Axes, optional

    Returns
    -------
    Plot
        Its data: section, name, share (with its sign), verdict.
    """
    judged = by_chance(found.verdicts)
    data = pd.DataFrame(
        [(v.row.section, v.row.name, v.share, "holds" if v.holds else "fails") for v in judged],
        columns=["section", "name", "share", "verdict"],
    )
    sections = list(dict.fromkeys(data["section"]))
    fig, ax = axes(ax, 8.0, 1.2 + 0.27 * len(sections))
    ax.axvspan(-1.0, 1.0, color=GREY, alpha=0.25, lw=0)
    ax.axvline(0.0, color=FAINT, lw=0.8)
    for verdict, colour, marker in (("holds", BLUE, "o"), ("fails", VERMILLION, "X")):
        part = data[data["verdict"] == verdict]
        # What lies beyond is drawn at the edge: it is far off, and how far the table tells.
        ax.plot(
            part["share"].clip(-1.45, 1.45), [sections.index(s) for s in part["section"]], marker, color=colour, ms=5, alpha=0.7,
            mec="none", label=verdict,
        )
    ax.set_yticks(range(len(sections)), sections, fontsize=8)
    ax.set_ylim(max(len(sections), 1) - 0.5, -0.5)
    ax.set_xlim(-1.5, 1.5)
    ax.set_xlabel("off the reference, as a share of what chance, and the source's tolerance, allow (grey)", fontsize=8)
    ax.set_title(f"{counted(len(data), 'row')} at scale {found.scale:g}", fontsize=9, loc="left")
    fails = int((data["verdict"] == "fails").sum())
    if fails:
        ax.legend(fontsize=8, frameon=False, loc="lower right")
    worst = data["share"].abs().max() if len(data) else 0.0
    alt = (
        f"{counted(len(data), 'row')} of {counted(len(sections), 'section')}: {len(data) - fails} within what is allowed, "
        f"{fails} not; the farthest is at {worst:.2f} of it."
    )
    return Plot(fig, ax, data, alt)


def intervals(verdicts: Sequence[Verdict], ax: Axes | None = None) -> Plot:
    """The interval of each row around its reference, in percent of the reference; not of rows that lie between two.

    Parameters
    ----------
    verdicts : sequence of Verdict
        Of a family, say; rows that chance cannot fail are left out, too.
    ax : Axes, optional

    Returns
    -------
    Plot
        Its data: name, measured, low, high, tolerance (in percent of the reference), verdict.
    """
    rows = []
    for v in by_chance(verdicts):
        if v.row.kind != BETWEEN:
            measured, low, high = (100.0 * (x / v.expected - 1.0) for x in (v.measured, v.low, v.high))
            rows.append((v.row.name, measured, low, high, 100.0 * v.row.tolerance, "holds" if v.holds else "fails"))
    data = pd.DataFrame(rows, columns=["name", "measured", "low", "high", "tolerance", "verdict"])
    fig, ax = axes(ax, 8.0, 0.9 + ROW * max(len(data), 1))
    ax.axvline(0.0, color=FAINT, lw=0.8)
    for i, (_, measured, low, high, tolerance, verdict) in enumerate(rows):
        if tolerance:
            ax.plot([-tolerance, tolerance], [i, i], color=GREY, lw=5, solid_capstyle="butt")
        colour = BLUE if verdict == "holds" else VERMILLION
        ax.plot([low, high], [i, i], color=colour, lw=1.2)
        ax.plot([measured], [i], "o" if verdict == "holds" else "X", color=colour, ms=4)
    ax.set_yticks(range(len(data)), [shortened(name, 74) for name in data["name"]], fontsize=6.5, color=INK)
    ax.set_ylim(max(len(data), 1) - 0.5, -0.5)
    ax.tick_params(axis="x", labelsize=7)
    ax.set_xlabel("percent off the reference; grey: the tolerance of the source", fontsize=7.5)
    fails = int((data["verdict"] == "fails").sum())
    alt = f"{counted(len(data), 'row')} with their intervals: {len(data) - fails} hold, {fails} do not."
    return Plot(fig, ax, data, alt)
