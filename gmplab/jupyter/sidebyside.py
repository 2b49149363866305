"""Policies side by side: what differs, latencies over one another, two timelines on one axis, where two runs part."""

from __future__ import annotations

import html
from typing import Final

from ipywidgets import HTML, Button, Dropdown, HBox, Layout, VBox, jslink

from gmplab.analysis.compare import Comparison
from gmplab.analysis.diff import Difference, diff
from gmplab.jupyter.both import SHARED
from gmplab.plots.picture import picture
from gmplab.jupyter.timeline import Timeline
from gmplab.jupyter.twin import Twinned
from gmplab.plots import latency
from gmplab.plots.keynumbers import heading
from gmplab.plots.units import said
from gmplab.traces.run import Run

AROUND: Final = 50
"""At the first difference the timelines show this part of the whole, half of it on each side."""


class SideBySide(Twinned, VBox):  # type: ignore[misc]
    """Policies side by side on one workload.

    Above: every metric's difference to the first policy, paired by seed, with its interval. Below: the latencies of one
    seed over one another, and the timelines of two policies on one axis, linked in the browser.

    Parameters
    ----------
    compared : Comparison
        Of `gmplab.compare`. The runs of one seed are made again, recorded in full, for what is shown of them.

    Attributes
    ----------
    above, below : Dropdown
        The two policies whose timelines are shown.
    seed : Dropdown
    timelines : tuple of Timeline
        The two.

    Examples
    --------
    >>> gmplab.compare(["go", "go1.1"], "fanout").view.dashboard()      # doctest: +SKIP
    """

    def __init__(self, compared: Comparison) -> None:
        self.compared = compared
        names = compared.policies
        wide = Layout(width="340px")
        self.above = Dropdown(options=names, value=names[0], description="above", layout=wide)
        self.below = Dropdown(options=names, value=names[min(1, len(names) - 1)], description="below", layout=wide)
        self.seed = Dropdown(options=compared.seeds, description="seed", layout=Layout(width="180px"))
        self.part = Button(description="first difference", tooltip="show where the two runs first decide otherwise")
        self.said, self.latency, self.place = HTML(), HTML(layout=Layout(max_width="640px")), VBox()
        self.timelines: tuple[Timeline, Timeline]
        self._runs: dict[str, Run] = {}
        for control in (self.above, self.below):
            control.observe(lambda _: self.show(), "value")
        self.seed.observe(lambda _: self._other_seed(), "value")
        self.part.on_click(lambda _: self.go_to_difference())
        table = HTML(f"<details><summary>all numbers</summary>{compared._repr_html_()}</details>")
        differences = HTML(compared.plot()._repr_html_())
        super().__init__([
            HTML(heading(compared.title())), differences, table,
            HBox([self.seed, self.above, self.below, self.part], layout=Layout(flex_flow="row wrap")),
            self.said, self.place, self.latency,
        ])
        self._other_seed()

    # --- the runs of one seed -------------------------------------------------------------------------------------------
    def run(self, policy: str) -> Run:
        """A policy's run with the chosen seed."""
        if policy not in self._runs:
            self._runs[policy] = self.compared.open(policy, self.seed.value)
        return self._runs[policy]

    def _other_seed(self) -> None:
        self._runs.clear()
        self.latency.value = latency({policy: self.run(policy) for policy in self.compared.policies})._repr_html_()
        self.show()

    def show(self) -> None:
        """Show the timelines of the two policies, on one axis."""
        pair = self.run(self.above.value), self.run(self.below.value)
        until_ns = max(run.record.end_ns for run in pair)
        above, below = (Timeline(run, until_ns=until_ns) for run in pair)
        self.timelines = above, below
        self.links = [jslink((above, name), (below, name)) for name in SHARED]
        self.said.value = ""
        self.place.children = self.timelines

    # --- where they part ------------------------------------------------------------------------------------------------
    def difference(self) -> Difference:
        """The first difference of the two runs."""
        return diff(self.run(self.above.value), self.run(self.below.value))

    def go_to_difference(self) -> None:
        """Say where the two runs part, and let both timelines show that instant."""
        found = self.difference()
        when = f"They part at {said(found.t_ns)}." if found.t_ns >= 0 and found.table else ""
        text = f"<pre style='overflow-x:auto;line-height:1.35'>{html.escape(repr(found))}</pre>"
        self.said.value = f"<b>{when}</b> a is above, b below.{text}"
        if not when:
            return
        end = self.timelines[0].until_ns
        half = max(end // AROUND // 2, 1)
        for timeline in self.timelines:
            timeline.view = [max(found.t_ns - half, 0), min(found.t_ns + half, max(end, 1))]
            timeline.time_ns = found.t_ns

    # --- where no widget can live ---------------------------------------------------------------------------------------
    def twin(self) -> str:
        """All of it as HTML without a script."""
        pair = [self.above.value, *([self.below.value] if self.below.value != self.above.value else [])]
        pictures = "".join(f"<div>{html.escape(policy)}</div>{picture(self.run(policy))}" for policy in pair)
        return f"{self.compared._repr_html_()}{self.children[1].value}{self.latency.value}{pictures}"
