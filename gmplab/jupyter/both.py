"""Timeline and Stepper under each other, linked in the browser."""

from __future__ import annotations

from typing import Final

from ipywidgets import VBox, jslink

from gmplab.jupyter.stepper import Stepper
from gmplab.jupyter.timeline import Timeline
from gmplab.jupyter.twin import Twinned
from gmplab.traces.run import Run

SHARED: Final = ("time_ns", "view", "selected_g")
"""The traits that views of one run share."""


class Both(Twinned, VBox):  # type: ignore[misc]
    """A Timeline over a Stepper: where the one is, the other goes, without the kernel.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.
    lanes : {"P", "M", "G"}
        What has a lane in the Timeline at first.
    at : int (ns) or str
        The instant to begin at.

    Attributes
    ----------
    timeline, stepper
        The two.
    """

    def __init__(self, run: Run, lanes: str = "P", at: int | str = 0) -> None:
        self.timeline = Timeline(run, lanes)
        self.stepper = Stepper(run, at)
        self.timeline.time_ns = self.stepper.time_ns
        self.links = [jslink((self.timeline, name), (self.stepper, name)) for name in SHARED]
        super().__init__([self.timeline, self.stepper])

    def twin(self) -> str:
        """Both as HTML without a script."""
        return self.timeline.twin() + self.stepper.twin()
