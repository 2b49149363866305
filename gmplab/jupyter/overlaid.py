"""The latencies of a run over those of the run before, in one picture that is drawn again at every move of a slider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from matplotlib.figure import Figure

from gmplab.plots.latency import Drawing, Tallies, tallies, told
from gmplab.plots.plot import image, rendered
from gmplab.traces.run import Run

WIDE: Final = 8.0
HIGH: Final = 4.7
"""Of the picture, in inches."""
LEFT, RIGHT, BELOW, ABOVE = 0.95, 0.55, 1.08, 0.62
"""Of it, what is around the axes: the widest ticks, the names of the quantiles, a legend of two lines, the heading.

Were it measured for each picture, as a plot on its own does, that would take twice as long as all else.
"""


class Overlaid:
    """One figure, which shows the latencies of one run or of two.

    It is an SVG, whose letters are the page's: in half of the time and a third of the bytes of a PNG, which has to be
    painted and compressed.
    """

    def __init__(self) -> None:
        self.fig = Figure(figsize=(WIDE, HIGH))
        ax = self.fig.add_axes((LEFT / WIDE, BELOW / HIGH, (WIDE - LEFT - RIGHT) / WIDE, (HIGH - BELOW - ABOVE) / HIGH))
        self.drawing = Drawing(ax, small=False)
        self.known: dict[Run, Tallies] = {}
        """The latencies of what was shown last: the run of one move is the run before of the next."""

    def html(self, named: Mapping[str, Run]) -> str:
        """Some runs, by their names, as an HTML image with its description."""
        self.known = {run: self.known.get(run) or tallies(run) for run in named.values()}
        lines = {(name, source): tally for name, run in named.items() for source, tally in self.known[run].items()}
        self.drawing.show(named, lines)
        content = rendered(self.fig, "svg", self.fig.dpi, shown=True)
        return image(content, "svg+xml", told(named, lines), (round(WIDE * self.fig.dpi), round(HIGH * self.fig.dpi)))
