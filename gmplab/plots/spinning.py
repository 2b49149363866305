"""Ms that look for work: how many, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from gmplab.plots.overtime import SIZE, Floats, count_axis, greatest, means, parts_frame, parts_of, stacked
from gmplab.plots.palette import INK, MODES, line
from gmplab.plots.plot import Plot, axes
from gmplab.plots.runs import Runs, entitle, legend_below, say_empty
from gmplab.plots.units import about, counted, percent


def spinning(run: Runs, ax: Axes | None = None, t: Sequence[int | str] | None = None) -> Plot:
    """How many Ms were spinning, and how many Ps were idle; crosses where one gave up, dots where one found work.

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
        `data`: begin_ns, end_ns (a 240th of the time); spinning_m, idle_p (mean number over that time), found, gave_up
        (how many stopped spinning then, and with what).

    Raises
    ------
    TraceError
        The run was recorded below level "full", or is a window that was read from a file.

    Examples
    --------
    >>> print(gmplab.run("mixed_io", procs=4).plot.spinning().alt)
    Spinning Ms in mixed_io(cpu=4, net=16, files=4, rounds=20, …) under go on 4 Ps, seed 1, from 0 ns to 33.4 ms:
    0.00904 in the mean, at most 2; 1.15 idle Ps in the mean; spinning ended 198 times, 7.1 % with work.
    """
    shown, edges = parts_of(run, t, "spinning")
    series = shown.run.series
    spin = means(series["t_ns"], series["spinning_m"], edges)
    idle = means(series["t_ns"], series["idle_p"], edges)
    stops = shown.run.events[shown.run.events["kind"] == "SpinStop"]
    ends = {why: ended(stops.loc[stops["reason"] == why, "t_ns"], edges) for why in ("found", "gave_up")}
    fig, ax = axes(ax, *SIZE)
    height = stacked(ax, edges, {"spinning Ms": (MODES["spinning"], spin)} if spin.any() else {})
    ax.stairs(idle, edges, color=line(1)[0], linewidth=1.2, label="idle Ps")
    middle = (edges[:-1] + edges[1:]) / 2
    top = max(float(height.max()), float(idle.max()), 1.0) * 1.15
    for (why, n), marker, y in zip(ends.items(), (".", "x"), (0.97, 0.93), strict=True):
        if n.any():
            ax.plot(
                middle[n > 0], np.full(int((n > 0).sum()), top * y), linestyle="", marker=marker, color=INK, markersize=4,
                label=why.replace("_", " "),
            )
    count_axis(ax, "Ms, Ps", top)
    legend_below(ax)
    entitle(ax, "Spinning Ms, and what they found", shown.run)
    if not spin.any():
        say_empty(ax, "no M was spinning")
    found, gave_up = (int(n.sum()) for n in ends.values())
    hits = f", {percent(round(found / (found + gave_up), 3))} with work" if found + gave_up else ""
    alt = (
        f"{shown.told('Spinning Ms')}: {about(float(spin.mean()))} in the mean, at most "
        f"{greatest(series['t_ns'], series['spinning_m'], edges):,}; {about(float(idle.mean()))} idle Ps in the mean; "
        f"spinning ended {counted(found + gave_up, 'time')}{hits}."
    )
    return Plot(fig, ax, parts_frame(edges, {"spinning_m": spin, "idle_p": idle, **ends}), alt)


def ended(t_ns: object, edges: Floats) -> Floats:
    """How many of some instants lie in each part of the time."""
    return np.histogram(np.asarray(t_ns, dtype=np.float64), edges)[0].astype(np.float64)
