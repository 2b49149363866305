"""A sweep as a grid: a cell a point, the brighter the more; a click opens the point's run."""

from __future__ import annotations

import html
import math
from functools import partial
from typing import Any, Final

import matplotlib as mpl
from ipywidgets import HTML, Button, Dropdown, GridBox, HBox, Label, Layout, VBox
from matplotlib.colors import to_hex

from gmplab.analysis.compare import number, scale_of
from gmplab.analysis.sweep import Sweep
from gmplab.errors import GmplabError
from gmplab.jupyter.explorer import Explorer
from gmplab.jupyter.twin import Twinned
from gmplab.plots import sweep_lines
from gmplab.plots.keynumbers import heading
from gmplab.plots.palette import SEQUENTIAL, ink_on
from gmplab.plots.runs import shortened
from gmplab.plots.sweeps import named, numbers_first
from gmplab.traces.metrics import METRICS

MOST_CELLS: Final = 400
"""A button each; of more the first ones are shown, and said."""
FIRST: Final = "wait_p99_ns"


class Grid(Twinned, VBox):  # type: ignore[misc]
    """A sweep: one metric at every point, and the run of any point at a click.

    Parameters
    ----------
    swept : Sweep
        Of `gmplab.sweep`. What is not done yet has an empty cell.

    Attributes
    ----------
    metric, seed : Dropdown
        What is shown, and which seed a click opens.
    held : dict of str to Dropdown
        Of what was varied beyond two things: the value that is looked at.
    cells : dict of tuple to Button
        By the values of the two things that go up and along.
    explorer : Explorer or None
        The run that was opened last.

    Examples
    --------
    >>> gmplab.sweep({"procs": [1, 2, 4], "policy": ["go", "go1.1"]}, "fanout").view.dashboard()      # doctest: +SKIP
    """

    def __init__(self, swept: Sweep) -> None:
        self.swept = swept
        self.explorer: Explorer | None = None
        names = numbers_first(swept)
        self.along, self.up = names[0], names[1] if len(names) > 1 else None
        metrics = [name for name in swept.frame.columns if name in METRICS]
        wide = Layout(width="300px")
        self.metric = Dropdown(options=metrics, value=FIRST if FIRST in metrics else None, description="metric", layout=wide)
        self.seed = Dropdown(options=swept.seeds, description="seed", layout=Layout(width="180px"))
        self.held = {name: Dropdown(options=swept.varied[name], description=name, layout=wide) for name in names[2:]}
        self.cells: dict[tuple[Any, Any], Button] = {}
        self.said, self.place, self.opened = HTML(), VBox(), VBox()
        self.lines = HTML(layout=Layout(max_width="640px"))
        for control in (self.metric, *self.held.values()):
            control.observe(lambda _: self.show(), "value")
        super().__init__([
            HTML(heading(self.title())),
            HBox([self.metric, self.seed, *self.held.values()], layout=Layout(flex_flow="row wrap")),
            self.said, HBox([self.place, self.lines], layout=Layout(flex_flow="row wrap")), self.opened,
        ])
        self.show()

    def title(self) -> str:
        """What was swept, in a line; how much of it is done, where that is not all."""
        swept = self.swept
        whole = math.prod(len(labels) for labels in swept.varied.values())
        done = "" if len(swept.points) == whole else (
            f"; {len(swept.points)} of {whole} points are done: the same call with the same `folder` goes on"
        )
        n = len(swept.seeds)
        return f"{swept.workload}: {', '.join(swept.varied)} varied, {n} seed{'s' if n != 1 else ''}{done}"

    # --- one metric -----------------------------------------------------------------------------------------------------
    def show(self) -> None:
        """Show the chosen metric."""
        if self.metric.value is None:
            self.said.value = "<i>no point is done yet</i>"
            return
        at = self._held_at()
        table = self.swept.table([self.metric.value])
        for name, value in at.items():
            table = table[table[name] == value]
        means = {
            (row[self.up] if self.up is not None else None, row[self.along]): row["mean"] for row in table.to_dict("records")
        }
        scale, unit = scale_of(self.metric.value, list(means.values()))
        what = f"{self.metric.value.replace('_ns', '')}{f' in {unit}' if unit else ''}"
        self.said.value = f"{what}, means over the seeds; a click opens a run"
        self.place.children = [self._grid(means, scale)]
        self.lines.value = sweep_lines(self.swept, self.metric.value, x=self.along, by=self.up, **at)._repr_html_()

    def _grid(self, means: dict[tuple[Any, Any], float], scale: float) -> VBox:
        across = self.swept.varied[self.along]
        upward = [None] if self.up is None else list(reversed(self.swept.varied[self.up]))
        fit = upward[: max(MOST_CELLS // len(across), 1)]
        known = [x for x in means.values() if not math.isnan(x)]
        low, high = (min(known), max(known)) if known else (0.0, 0.0)
        self.cells = {}
        rows: list[Any] = []
        for value in fit:
            rows.append(Label("" if value is None else shortened(str(value), 26), layout=Layout(justify_content="flex-end")))
            for x in across:
                cell = self.cells[value, x] = self._cell(means.get((value, x), math.nan), low, high, scale)
                cell.tooltip = ", ".join(f"{name}={at}" for name, at in self._at(value, x).items())
                cell.on_click(partial(self._clicked, value, x))
                rows.append(cell)
        rows += [Label(""), *(Label(shortened(str(x), 12), layout=Layout(justify_content="center")) for x in across)]
        grid = GridBox(rows, layout=Layout(grid_template_columns=f"max-content repeat({len(across)}, 74px)", grid_gap="2px"))
        left_out = len(upward) - len(fit)
        below = named(self.along) + (f"; {left_out} more rows of {self.up} are left out" if left_out else "")
        foot = f"<div style='text-align:right'><b>{html.escape(below)}</b></div>"
        return VBox([HTML(f"<b>{html.escape(self.up or '')}</b>"), grid, HTML(foot)])

    def _cell(self, mean: float, low: float, high: float, scale: float) -> Button:
        if math.isnan(mean):
            return Button(description="-", disabled=True, layout=Layout(width="74px"))
        share = (mean - low) / (high - low) if high > low else 0.5
        face = to_hex(mpl.colormaps[SEQUENTIAL](share))
        cell = Button(description=number(float(f"{mean / scale:.3g}")), layout=Layout(width="74px"))
        cell.style.button_color, cell.style.text_color = face, ink_on(face)
        return cell

    # --- one point ------------------------------------------------------------------------------------------------------
    def _held_at(self) -> dict[str, Any]:
        return {name: control.value for name, control in self.held.items()}

    def _at(self, up: Any, along: Any) -> dict[str, Any]:
        return {**({} if self.up is None else {self.up: up}), self.along: along, **self._held_at()}

    def _clicked(self, up: Any, along: Any, _: Any) -> None:
        self.show_run(**self._at(up, along))

    def show_run(self, **at: Any) -> None:
        """Run a point again with the chosen seed, recorded in full, and show it."""
        where = ", ".join(f"{name}={value}" for name, value in at.items())
        self.opened.children = [HTML(f"<i>running {html.escape(where)} ...</i>")]
        try:
            self.explorer = Explorer(self.swept.open(seed=self.seed.value, **at))
        except (GmplabError, ValueError) as e:
            self.opened.children = [HTML(f"<b>{html.escape(str(e))}</b>")]
            return
        self.opened.children = [self.explorer]

    # --- where no widget can live ---------------------------------------------------------------------------------------
    def twin(self) -> str:
        """The sweep as HTML without a script."""
        return f"<b>{html.escape(self.title())}</b><pre>{html.escape(repr(self.swept))}</pre>{self.lines.value}"
