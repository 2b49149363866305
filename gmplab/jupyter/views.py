"""`run.view`: the widgets of one run, made when asked for. Nothing here needs ipywidgets until then."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from gmplab.errors import NotInstalled, lacking
from gmplab.traces.when import first_row

if TYPE_CHECKING:
    from gmplab.jupyter.both import Both
    from gmplab.jupyter.chart import Chart
    from gmplab.jupyter.explorer import Explorer
    from gmplab.jupyter.grid import Grid
    from gmplab.jupyter.playground import Playground
    from gmplab.jupyter.sidebyside import SideBySide
    from gmplab.jupyter.stepper import Stepper
    from gmplab.jupyter.timeline import Timeline
    from gmplab.traces.run import Run

class Views:
    """The widgets of one run, as its methods.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more; the Stepper shows the runtime's call path at level "calls".

    Examples
    --------
    >>> run.view.both()                                                 # doctest: +SKIP
    >>> run.view.timeline(lanes="G")                                    # doctest: +SKIP
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def timeline(self, lanes: str = "P", by: str = "name") -> Timeline:
        """A zoomable timeline: a lane a P, an M or a G, arrows of steals, wake-ups and spawns.

        Parameters
        ----------
        lanes : {"P", "M", "G"}
            What has a lane at first; the reader may change it.
        by : {"name", "g"}
            What colours running goroutines at first: their name, or their id.

        Raises
        ------
        ImportError
            anywidget is not installed.
        TraceError
            The run was recorded below level "full".
        ValueError
            lanes is none of the three, or by none of the two.
        """
        made: Timeline = widget("timeline", "Timeline")(self.run, lanes, by=by)
        return made

    def stepper(self, at: int | str = 0, when: str | None = None) -> Stepper:
        """The scheduler event by event, forward and back: all queues, Ms and Ps, and which rule decided.

        Parameters
        ----------
        at : int (ns) or str
            The instant to begin at.
        when : str, optional
            Or a condition, as of `run.when`: it begins at the event at which that first comes true.

        Raises
        ------
        ImportError
            anywidget is not installed.
        TraceError
            The run was recorded below level "full", or is a window.
        ValueError
            The instant is beyond the run, or the condition cannot be read, or never comes true.
        """
        made: Stepper = widget("stepper", "Stepper")(self.run, at, None if when is None else first_row(self.run, when))
        return made

    def both(self, lanes: str = "P", at: int | str = 0) -> Both:
        """Timeline and Stepper, linked in the browser: a click on a span is where the Stepper goes.

        Raises
        ------
        ImportError, TraceError, ValueError
            As `timeline` and `stepper`.
        """
        made: Both = widget("both", "Both")(self.run, lanes, at)
        return made

    def chart(self, plot: str = "utilisation", **options: Any) -> Chart:
        """A plot to be touched: a drag picks a time, a click an instant or a goroutine, in all that is linked with it.

        Parameters
        ----------
        plot : str
            A name of `gmplab.plots.PLOTS`. Those over time can be dragged over; "fairness", "lifelines" and "latency" show
            goroutines, "queues" tells whoever points at a queue how long it was.
        **options
            As the plot takes them.

        Raises
        ------
        ImportError
            anywidget is not installed.
        TraceError
            The run does not know what the plot needs.
        ValueError
            There is no such plot, or an option is none.
        """
        made: Chart = widget("chart", "Chart")(self.run, plot, **options)
        return made

    def dashboard(self) -> Explorer:
        """The run with everything: key numbers, findings with a jump to their time, Timeline, Stepper, plots, downloads.

        Raises
        ------
        ImportError, TraceError
            As `timeline` and `stepper`.
        """
        made: Explorer = widget("explorer", "Explorer")(self.run)
        return made

    def __repr__(self) -> str:
        return "widgets of a run: timeline, stepper, both, chart, dashboard"


DASHBOARDS: Final = {"Comparison": ("sidebyside", "SideBySide"), "Sweep": ("grid", "Grid")}


class Dashboards:
    """The dashboard of a comparison or a sweep.

    Parameters
    ----------
    result : Comparison or Sweep

    Examples
    --------
    >>> gmplab.compare(["go", "go1.1"], "fanout").view.dashboard()      # doctest: +SKIP
    """

    def __init__(self, result: Any) -> None:
        self.result = result

    def dashboard(self) -> SideBySide | Grid:
        """Policies side by side, or a grid of runs, as a widget.

        Raises
        ------
        ImportError
            anywidget or ipywidgets is not installed.
        """
        made: SideBySide | Grid = widget(*DASHBOARDS[type(self.result).__name__])(self.result)
        return made

    def __repr__(self) -> str:
        return f"widgets of a {type(self.result).__name__}: dashboard"


def playground(workload: str = "mixed_io") -> Playground:
    """A workload with sliders: whatever is moved runs again at once, beside the run before.

    Parameters
    ----------
    workload : str
        A workload's name; another one can be chosen there.

    Raises
    ------
    ImportError
        anywidget or ipywidgets is not installed.
    ValueError
        There is no such workload.

    Examples
    --------
    >>> playground("syscall_storm")                                     # doctest: +SKIP
    """
    made: Playground = widget("playground", "Playground")(workload)
    return made


def widget(module: str, name: str) -> Any:
    """A class of a module that needs a package which may be missing. Raises `ImportError` of one line where it is."""
    try:
        return getattr(importlib.import_module(f"gmplab.jupyter.{module}"), name)
    except ModuleNotFoundError as e:
        if not lacking(e):
            raise
        raise NotInstalled("the widgets need", str(e.name).partition(".")[0]) from None
