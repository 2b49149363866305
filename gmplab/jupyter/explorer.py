"""The Explorer: one run with everything: key numbers, findings, Timeline and Stepper, plots, downloads."""

from __future__ import annotations

import base64
import html
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from ipywidgets import HTML, Button, Dropdown, HBox, Layout, Tab, VBox, jslink

from gmplab.analysis.antagonists import antagonists
from gmplab.analysis.findings import Finding, Findings, findings
from gmplab.errors import TraceError
from gmplab.jupyter.both import SHARED, Both
from gmplab.jupyter.chart import Chart
from gmplab.jupyter.twin import Twinned
from gmplab.plots.keynumbers import heading, numbers, strip, title
from gmplab.plots.stretch import between
from gmplab.plots.units import percent, said
from gmplab.traces.run import Run

STEPPER: Final = "stepper"
TABS: Final = (
    STEPPER, "utilisation", "queues", "latency", "latency_sources", "time_by_name", "lifelines", "fairness", "states", "steals",
    "machines", "threads", "spinning",
)
"""The Stepper and the plots, a tab each; a plot is drawn when its tab is chosen."""
SHORT: Final = {"latency_sources": "by source", "time_by_name": "by name"}
"""A tab's title, where the plot's name does not fit on it."""
ORDERS: Final = {"on any P": "ran_ns", "on the P where it ran next": "ran_there_ns", "by id": "g"}
"""What those who ran instead of a goroutine are sorted by."""
MOST_OTHERS: Final = 8
MARGIN: Final = 0.5
"""Of a finding's time, how much is shown before and after it."""


def others(run: Run, g: int, by: str = "ran_ns") -> str:
    """Who ran while a goroutine waited for a P, as HTML, in the order of a column; nothing where none is selected."""
    if g < 1:
        return ""
    table = antagonists(run, g)
    if table.empty:
        return f"<i>nobody ran while G{g} was runnable</i>"
    shown = table.sort_values([by, "g"], ascending=[by == "g", True]).head(MOST_OTHERS)
    rows = "".join(
        f"<tr><td style='text-align:left'>G{who} {html.escape(str(name))}</td><td>{said(ran)}</td>"
        f"<td>{percent(round(share, 3))}</td><td>{said(there)}</td></tr>"
        for who, name, ran, share, there in zip(*(shown[c] for c in ("g", "name", "ran_ns", "share", "ran_there_ns")), strict=True)
    )
    more = f"<div>and {len(table) - MOST_OTHERS:,} more</div>" if len(table) > MOST_OTHERS else ""
    head = (
        f"<tr><th style='text-align:left'>ran while G{g} was runnable</th><th>for</th><th>share of its wait</th>"
        "<th>on the P where it ran next</th></tr>"
    )
    return f"<table style='border-spacing:14px 0;text-align:right;line-height:1.5'>{head}{rows}</table>{more}"


class Explorer(Twinned, VBox):  # type: ignore[misc]
    """One run with everything.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.

    Attributes
    ----------
    both : Both
        Its Timeline and Stepper, linked.
    found : Findings
        What the run suffers from: a button each, which shows its time.
    tabs : Tab
        Under the Timeline, the Stepper and the plots: what is dragged over or clicked on in one of them, the Timeline shows.
    charts : dict of str to Chart
        The plots that were looked at, by name.
    of : Run
        What the key numbers and the plots tell of: the run, or the part of it that the Timeline showed when its reader asked
        for the numbers of that.

    Examples
    --------
    >>> run.view.dashboard()                                            # doctest: +SKIP
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.both = Both(run)
        self.found: Findings = findings(run)
        self.of = run
        self.charts: dict[str, Chart] = {}
        self.linked: list[Any] = []
        titles = [SHORT.get(name, name) for name in TABS]
        self.tabs = Tab([self.both.stepper, *(VBox() for _ in TABS[1:])], titles=titles, selected_index=0)
        self.tabs.observe(self._chosen, "selected_index")
        self.others, self.sorted = HTML(), Dropdown(options=ORDERS, description="sorted", layout=Layout(display="none"))
        self.both.timeline.observe(lambda _: self._tell_others(), "selected_g")
        self.sorted.observe(lambda _: self._tell_others(), "value")
        self.files = HTML()
        self.head = HTML()
        self.part = Button(description="numbers and plots of the time shown", layout=Layout(width="auto"))
        self.whole = Button(description="of the whole run", layout=Layout(width="auto", display="none"))
        self.part.on_click(lambda _: self.tell(*self.both.timeline.view))
        self.whole.on_click(lambda _: self.tell())
        # Under the tabs: above them what is clicked on would move away from under the pointer.
        waited = VBox([self.sorted, self.others])
        asked = HBox([self.part, self.whole])
        super().__init__([self.head, self._findings(), self.both.timeline, asked, self.tabs, waited, self._downloads()])
        self.tell()

    # --- findings -----------------------------------------------------------------------------------------------------
    def _findings(self) -> VBox:
        rows: list[Any] = []
        for finding in self.found:
            button = Button(description=finding.rule, tooltip="show its time", layout=Layout(width="190px", flex="0 0 auto"))
            button.on_click(partial(self._go, finding))
            rows.append(HBox([button, HTML(f"<span style='line-height:1.4'>{html.escape(finding.message)}</span>")]))
        return VBox(rows or [HTML("<i>nothing to complain of</i>")])

    def _go(self, finding: Finding, _: Any) -> None:
        self.show(finding.t0_ns, finding.t1_ns)
        if finding.g is not None:
            self.both.timeline.selected_g = finding.g

    def show(self, t0_ns: int, t1_ns: int) -> None:
        """Let Timeline and Stepper show a time, with a margin."""
        margin = max(int((t1_ns - t0_ns) * MARGIN), 1)
        begin, end = max(t0_ns - margin, 0), min(t1_ns + margin, max(self.run.record.end_ns, 1))
        for widget in (self.both.timeline, self.both.stepper, *self.charts.values()):
            widget.view = [begin, max(end, begin + 1)]
            widget.time_ns = t0_ns

    def tell(self, t0_ns: int | None = None, t1_ns: int | None = None) -> None:
        """Tell the key numbers, and draw the plots, of a time, or of the whole run."""
        begin, end = between(self.run, None)
        all_of_it = t0_ns is None or t1_ns is None or (t0_ns <= begin and t1_ns >= end)
        self.of = self.run if all_of_it else self.run.window(t0_ns or 0, t1_ns)
        self.whole.layout.display = "none" if all_of_it else None
        of_all = None if all_of_it else numbers(self.run)
        self.head.value = heading(title(self.of)) + strip(numbers(self.of), of_all, "whole run")
        for page in self.tabs.children[1:]:
            page.children = ()
        for link in self.linked:
            link.unlink()
        for chart in self.charts.values():
            chart.close()
        self.linked.clear()
        self.charts.clear()
        self.draw(self.tabs.selected_index or 0)

    # --- who ran while the selected goroutine waited ---------------------------------------------------------------------
    def _tell_others(self) -> None:
        self.others.value = others(self.run, self.both.timeline.selected_g, self.sorted.value)
        self.sorted.layout.display = None if "<table" in self.others.value else "none"

    # --- plots --------------------------------------------------------------------------------------------------------
    def _chosen(self, change: Any) -> None:
        if change["new"] is not None:
            self.draw(change["new"])

    def draw(self, i: int) -> None:
        """Draw the plot of a tab, if it is not there yet, and link it with the Timeline in the browser."""
        name = TABS[i]
        if name == STEPPER or name in self.charts:
            return
        try:
            chart = Chart(self.of, name)
        except TraceError as e:
            self.tabs.set_title(i, f"{name}: {e}")
            return
        timeline = self.both.timeline
        for trait in (*SHARED, "lanes"):
            setattr(chart, trait, getattr(timeline, trait))
            self.linked.append(jslink((timeline, trait), (chart, trait)))
        self.charts[name] = chart
        self.tabs.children[i].children = (chart,)

    # --- downloads ----------------------------------------------------------------------------------------------------
    def _downloads(self) -> HBox:
        makers: dict[str, Callable[[], tuple[str, bytes]]] = {"CSV": self.csv, "Perfetto": self.perfetto}
        buttons = []
        for name, make in makers.items():
            button = Button(description=f"prepare {name}", tooltip=f"make a file of the whole run as {name}, to be saved from the page")
            button.on_click(partial(self._prepare, make))
            buttons.append(button)
        return HBox([*buttons, self.files])

    def _prepare(self, make: Callable[[], tuple[str, bytes]], _: Any) -> None:
        name, content = make()
        data = base64.b64encode(content).decode("ascii")
        self.files.value = (
            f"<a download='{html.escape(name)}' href='data:application/octet-stream;base64,{data}'>{html.escape(name)}</a> "
            f"({len(content) / 1e3:,.0f} kB)"
        )

    def csv(self) -> tuple[str, bytes]:
        """The tables as a zip of CSVs: its name and its bytes."""
        with tempfile.TemporaryDirectory() as folder:
            made = self.run.to_csv(Path(folder, "csv"))
            out = BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
                for path in sorted(made.iterdir()):
                    z.write(path, path.name)
        return f"{self.run.record.header['workload']}.zip", out.getvalue()

    def perfetto(self) -> tuple[str, bytes]:
        """The run for ui.perfetto.dev: its name and its bytes."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "run.pftrace")
            self.run.to_perfetto(path)
            return f"{self.run.record.header['workload']}.pftrace", path.read_bytes()

    # --- where no widget can live -------------------------------------------------------------------------------------
    def twin(self) -> str:
        """The Explorer as HTML without a script: numbers, findings, Timeline, Stepper."""
        return f"<b>{html.escape(title(self.run))}</b>{strip(numbers(self.run))}{self.found._repr_html_()}{self.both.twin()}"
