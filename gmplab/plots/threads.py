"""How many Ms there are, and what they do: what threads cost, and how many of them sleep."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from gmplab.plots.overtime import at_once, edges_of, parts_frame, stacked
from gmplab.plots.palette import INK, MODES
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, context, entitle, legend_below, one_of, say_empty
from gmplab.plots.units import about, counted, said


def threads(run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None) -> Plot:
    """How many Ms do what, stacked, and how many there are: what is empty below that line is asleep.

    Where the line rises Ms are made, where it falls their threads end. Under Go it never falls but for Ms that were locked
    to a goroutine: a parked M is kept.

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
        `data`: begin_ns, end_ns (a 240th of the time); the mean number of Ms over that time in each mode that occurs, idle
        too; alive (of all).

    Raises
    ------
    TraceError
        The run was recorded below level "full", or is a window that was read from a file.

    Examples
    --------
    >>> gmplab.run("syscall_storm", procs=4).plot.threads()             # doctest: +SKIP
    """
    named = one_of(run)
    chosen = next(iter(named.values()))
    edges = edges_of(chosen, t, "plot.threads")
    spans = (chosen.whole or chosen).machine_spans  # a window's spans begin in it
    counts = {mode: at_once(spans[spans["mode"] == mode], edges) for mode in [*MODES, "idle"]}
    counts = {mode: n for mode, n in counts.items() if n.any()}
    alive = at_once(spans, edges)
    fig, ax = axes(ax, 10.0, 4.2)
    stacked(ax, edges, {mode: (MODES[mode], n) for mode, n in counts.items() if mode != "idle"})
    ax.stairs(alive, edges, color=INK, linewidth=1.4, baseline=None, label="all Ms")
    ax.set_ylim(0, max(float(alive.max()) * 1.08, 1))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    ax.set_ylabel("Ms")
    legend_below(ax)
    entitle(ax, "How many Ms there are, and what they do", named)
    if not alive.any():
        say_empty(ax, "there was no M")
    begin = f"How many Ms there are in {context(named)}, from {said(float(edges[0]))} to {said(float(edges[-1]))}"
    born = chosen.machines
    made = int(((born["created_ns"] >= edges[0]) & (born["created_ns"] < edges[-1])).sum())
    ended = int(((born["exited_ns"] >= edges[0]) & (born["exited_ns"] < edges[-1])).sum())
    words = [f"{mode} {about(float(n.mean()))}" for mode, n in counts.items()]
    doing = f": {', '.join(words)}" if words else ""
    alt = f"{begin}: {counted(made, 'M')} made, {ended or 'none'} ended; in the mean {about(float(alive.mean()))}{doing}."
    return Plot(fig, ax, parts_frame(edges, {**counts, "alive": alive}), alt)
