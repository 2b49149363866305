"""What the Ps' time went into, and whether any idled while work waited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from gmplab.plots.overtime import SIZE, at_once, means, parts_frame, parts_of, stacked
from gmplab.plots.palette import MODES, PATTERN, VERMILLION
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below
from gmplab.plots.stretch import Stretch
from gmplab.plots.units import part, share_ticks
from gmplab.plots.unused import NOT_IN_USE, UNUSED, unused

WHAT: Final = "What the Ps' time went into"
OVERLOADED: Final = "idle while overloaded"


def utilisation(run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None) -> Plot:
    """How the Ps spent their time, stacked; what is empty above is idle. The line: idle while overloaded.

    The whole is the time of all Ps that the run ever had. Where GOMAXPROCS changes, the Ps that are not in use hang from the
    top.

    The line is the share of time in which at least one P was idle while at least one goroutine was runnable: how far the
    scheduler was from being work-conserving.

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
        `data`: begin_ns, end_ns (a 240th of the time); a share of the Ps' time for each mode that occurs, idle too;
        not_in_use (likewise, where it occurs); idle_overloaded (share of the time).

    Raises
    ------
    TraceError
        The run was recorded below level "full", or is a window that was read from a file.

    Examples
    --------
    >>> print(gmplab.run("fanout", n=100, procs=4).plot.utilisation().alt)
    What the Ps' time went into in fanout(n=100, compute='10us') under go on 4 Ps, seed 1, from 0 ns to 346 µs:
    running 78.7 %, scheduling 4 %, spinning 4 %, idle 13.3 %; some P idle while a goroutine was runnable 20.9 % of
    the time.
    """
    shown, edges = parts_of(run, t, "utilisation")
    procs = max(len(shown.run.record.processors), 1)
    spans = shown.whole.processor_spans
    shares = {mode: at_once(spans[spans["mode"] == mode], edges) / procs for mode in [*MODES, "idle"]}
    shares = {mode: share for mode, share in shares.items() if share.any()}
    gone = at_once(unused(shown.whole), edges) / procs
    series = shown.run.series
    overloaded = means(series["t_ns"], (series["idle_p"] > 0) & (series["runnable"] > 0), edges)
    fig, ax = axes(ax, *SIZE)
    stacked(ax, edges, {mode: (MODES[mode], share) for mode, share in shares.items() if mode != "idle"})
    if gone.any():
        hang(ax, edges, gone)
    # The colour of goroutines that are runnable, on white that parts it from the areas.
    ax.stairs(overloaded, edges, color="white", linewidth=2.6, baseline=None)
    ax.stairs(overloaded, edges, color=VERMILLION, linewidth=1.4, baseline=None, label=OVERLOADED)
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(share_ticks())
    ax.set_ylabel("share of P time")
    legend_below(ax)
    entitle(ax, WHAT, shown.run)
    absent = {NOT_IN_USE: gone} if gone.any() else {}
    columns = {name.replace(" ", "_"): share for name, share in {**shares, **absent}.items()}
    data = parts_frame(edges, {**columns, "idle_overloaded": overloaded})
    return Plot(fig, ax, data, told(shown, {**shares, **absent, OVERLOADED: overloaded}))


def hang(ax: Axes, edges: npt.NDArray[np.float64], share: npt.NDArray[np.float64]) -> None:
    """An area that hangs from the top: the Ps that are not in use."""
    ax.stairs(
        np.ones(len(share)), edges, baseline=1 - share, fill=True, facecolor=UNUSED.face, hatch=UNUSED.hatch,
        edgecolor=PATTERN, linewidth=0, label=NOT_IN_USE,
    )


def told(shown: Stretch, shares: dict[str, npt.NDArray[np.float64]]) -> str:
    """The picture in words; all parts are equally long, so that a mean over them is a share of the whole."""
    words = [f"{mode} {part(float(share.mean()))}" for mode, share in shares.items() if mode != OVERLOADED]
    return (
        f"{shown.told(WHAT)}: {', '.join(words)}; "
        f"some P idle while a goroutine was runnable {part(float(shares[OVERLOADED].mean()))} of the time."
    )
