"""Pictures of runs: each function takes a run, or several, and gives a `Plot`.

`run.plot.latency()` is `latency(run)`. Nothing here touches pyplot or matplotlib's settings: with `ax=` a plot draws
into axes of the caller's, else it makes a figure of its own. A run that lacks a fact raises `TraceError`, which says at
what level to record.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any, Final

from gmplab.plots.comparison import comparison
from gmplab.plots.fairness import fairness
from gmplab.plots.latency import latency
from gmplab.plots.lifelines import lifelines
from gmplab.plots.machines import machines
from gmplab.plots.names import time_by_name
from gmplab.plots.plot import Plot
from gmplab.plots.queues import queues
from gmplab.plots.sources import latency_sources
from gmplab.plots.spinning import spinning
from gmplab.plots.states import states
from gmplab.plots.steals import steal_matrix, steal_rate, steals
from gmplab.plots.sweeps import sweep_lines, sweep_map
from gmplab.plots.threads import threads
from gmplab.plots.timeline import timeline
from gmplab.plots.utilisation import utilisation
from gmplab.traces.run import Run

__all__ = [
    "PLOTS", "Plot", "Plots", "comparison", "fairness", "latency", "latency_sources", "lifelines", "machines", "queues", "spinning",
    "states", "steal_matrix", "steal_rate", "steals", "sweep_lines", "sweep_map", "threads", "time_by_name", "timeline", "utilisation",
]

PLOTS: Final[dict[str, Callable[..., Plot]]] = {
    function.__name__: function
    for function in (
        latency, latency_sources, timeline, lifelines, machines, threads, spinning, steals, steal_rate, steal_matrix, queues, utilisation,
        states, time_by_name, fairness,
    )
}
"""Every plot of a run by its name."""


class Plots:
    """The plots of one run, as its methods: `run.plot.latency()`.

    Parameters
    ----------
    run : Run
        The run that each plot shows.

    Examples
    --------
    >>> gmplab.run("fanout", n=50).plot.latency(by="source").save("latency.png").name
    'latency.png'
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def __getattr__(self, name: str) -> Any:
        if name not in PLOTS:
            raise AttributeError(f"there is no plot {name!r}: one of {', '.join(PLOTS)}")
        return MethodType(PLOTS[name], self.run)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *PLOTS})

    def __repr__(self) -> str:
        return f"plots of a run: {', '.join(PLOTS)}"
