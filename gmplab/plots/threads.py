"""How many Ms there are, and what they do: what threads cost, and how many of them sleep."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from gmplab.plots.overtime import SIZE, at_once, count_axis, parts_frame, parts_of, stacked
from gmplab.plots.palette import INK, MODES
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below, say_empty
from gmplab.plots.units import about, counted


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
    >>> print(gmplab.run("syscall_storm", procs=4).plot.threads().alt)
    How many Ms there are in syscall_storm(n=64, calls=20, compute='5us', …) under go on 4 Ps, seed 1, from 0 ns to
    14.6 ms: 14 Ms made, none ended; in the mean 13.7: running 0.445, scheduling 0.00449, spinning 0.00395, syscall
    8.7, starting 0.0446, monitoring 0.999, idle 3.48.
    """
    shown, edges = parts_of(run, t, "threads")
    spans = shown.whole.machine_spans
    counts = {mode: at_once(spans[spans["mode"] == mode], edges) for mode in [*MODES, "idle"]}
    counts = {mode: n for mode, n in counts.items() if n.any()}
    alive = at_once(spans, edges)
    fig, ax = axes(ax, *SIZE)
    stacked(ax, edges, {mode: (MODES[mode], n) for mode, n in counts.items() if mode != "idle"})
    ax.stairs(alive, edges, color=INK, linewidth=1.4, baseline=None, label="all Ms")
    count_axis(ax, "Ms", float(alive.max()) * 1.08)
    legend_below(ax)
    entitle(ax, "How many Ms there are, and what they do", shown.run)
    if not alive.any():
        say_empty(ax, "there was no M")
    born = shown.run.machines
    made, ended = (int(((born[when] >= shown.t0) & (born[when] < shown.t1)).sum()) for when in ("created_ns", "exited_ns"))
    words = [f"{mode} {about(float(n.mean()))}" for mode, n in counts.items()]
    doing = f": {', '.join(words)}" if words else ""
    alt = (
        f"{shown.told('How many Ms there are')}: {counted(made, 'M')} made, {ended or 'none'} ended; in the mean "
        f"{about(float(alive.mean()))}{doing}."
    )
    return Plot(fig, ax, parts_frame(edges, {**counts, "alive": alive}), alt)
