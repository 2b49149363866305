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

from ipywidgets import HTML, Button, HBox, Layout, Tab, VBox

from gmplab.analysis.findings import Finding, Findings, findings
from gmplab.errors import TraceError
from gmplab.jupyter.both import Both
from gmplab.jupyter.twin import Twinned
from gmplab.plots import PLOTS
from gmplab.plots.units import percent, said
from gmplab.traces.run import Run

TABS: Final = ("latency", "lifelines", "queues", "utilisation", "states", "steals", "machines", "spinning", "fairness")
"""The plots, a tab each; the first is drawn at once, another one when its tab is chosen."""
MARGIN: Final = 0.5
"""Of a finding's time, how much is shown before and after it."""


def numbers(run: Run) -> dict[str, str]:
    """The key numbers of a run, by what they are called."""
    m = run.metrics
    overloaded = m["idle_overloaded_wall_ns"] / run.record.end_ns if run.record.end_ns else 0.0
    return {
        "time": said(run.record.end_ns), "schedules": f"{int(m['n_schedules']):,}", "utilisation": percent(round(m["utilisation"], 3)),
        "wait p50": said(m["wait_p50_ns"]), "wait p99": said(m["wait_p99_ns"]), "steals": f"{int(m['steals']):,}",
        "idle while overloaded": percent(round(overloaded, 3)), "threads": f"{int(m['threads_peak'])}",
    }


def strip(figures: dict[str, str], before: dict[str, str] | None = None) -> str:
    """Key numbers in a row, each over its name; where the run before had another, that one stands under it."""
    cells = []
    for name, value in figures.items():
        was = (before or {}).get(name, value)
        ghost = f"<div style='opacity:.6;font-size:85%'>before: {html.escape(was)}</div>" if was != value else ""
        cells.append(
            f"<div style='margin:0 18px 6px 0;line-height:1.25'><div style='opacity:.7;font-size:85%'>{html.escape(name)}</div>"
            f"<div style='font-size:125%;font-weight:600'>{html.escape(value)}</div>{ghost}</div>"
        )
    return f"<div style='display:flex;flex-wrap:wrap;line-height:1.2'>{''.join(cells)}</div>"


def title(run: Run) -> str:
    """What ran, in a line."""
    h = run.record.header
    end = "" if run.complete else f", stopped by {run.stopped_by}"
    return f"{h['workload']} under {h['policy']}, P={h['procs']}, seed {h['seed']}{end}"


class Explorer(Twinned, VBox):  # type: ignore[misc]
    """One run with everything.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.

    Attributes
    ----------
    both : Both
        Its Timeline and Stepper.
    found : Findings
        What the run suffers from: a button each, which shows its time.
    tabs : Tab
        The plots.

    Examples
    --------
    >>> run.view.dashboard()                                            # doctest: +SKIP
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.both = Both(run)
        self.found: Findings = findings(run)
        self.tabs = Tab([HTML() for _ in TABS], titles=TABS)
        self.tabs.observe(self._chosen, "selected_index")
        self.files = HTML()
        head = HTML(f"<b style='font-size:115%'>{html.escape(title(run))}</b>{strip(numbers(run))}")
        super().__init__([head, self._findings(), self.both, self.tabs, self._downloads()])
        self.draw(0)

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
        for widget in (self.both.timeline, self.both.stepper):
            widget.view = [begin, max(end, begin + 1)]
            widget.time_ns = t0_ns

    # --- plots --------------------------------------------------------------------------------------------------------
    def _chosen(self, change: Any) -> None:
        if change["new"] is not None:
            self.draw(change["new"])

    def draw(self, i: int) -> None:
        """Draw the plot of a tab, if it is not there yet."""
        page = self.tabs.children[i]
        if not page.value:
            try:
                page.value = PLOTS[TABS[i]](self.run)._repr_html_()
            except TraceError as e:
                self.tabs.set_title(i, f"{TABS[i]}: {e}")

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
