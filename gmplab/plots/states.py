"""How many goroutines run, wait for a P, are in system calls, or wait for something."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from gmplab.plots.overtime import SIZE, count_axis, greatest, means, parts_frame, parts_of, stacked
from gmplab.plots.palette import STATES
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below, say_empty
from gmplab.plots.units import about


def states(run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None) -> Plot:
    """How many goroutines were in each state, stacked: running, in a system call, runnable, waiting.

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
        `data`: begin_ns, end_ns (a 240th of the time); running, syscall, runnable, waiting (mean number over that time).

    Raises
    ------
    TraceError
        The run was recorded below level "full", or is a window that was read from a file.

    Examples
    --------
    >>> plot = gmplab.run("mixed_io", procs=2).plot.states()
    >>> plot.data.columns.tolist()
    ['begin_ns', 'end_ns', 'running', 'syscall', 'runnable', 'waiting']
    """
    shown, edges = parts_of(run, t, "states")
    series = shown.run.series
    counts = {state: means(series["t_ns"], series[state], edges) for state in STATES}
    fig, ax = axes(ax, *SIZE)
    height = stacked(ax, edges, {state: (STATES[state], n) for state, n in counts.items() if n.any()})
    count_axis(ax, "goroutines", float(height.max()) * 1.05)
    legend_below(ax)
    entitle(ax, "What goroutines do", shown.run)
    if not height.any():
        say_empty(ax, "there was no goroutine")
    most = {state: greatest(series["t_ns"], series[state], edges) for state in STATES}
    words = [f"{state} {about(float(n.mean()))}, at most {most[state]:,}" for state, n in counts.items()]
    alt = f"{shown.told('How many goroutines are in each state')}, in the mean: {'; '.join(words)}."
    return Plot(fig, ax, parts_frame(edges, counts), alt)
