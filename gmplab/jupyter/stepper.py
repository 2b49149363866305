"""The Stepper: the whole scheduler at every event, forward and back, with the rule that decided."""

from __future__ import annotations

import html
import json
import zlib
from typing import Any, Final

from traitlets import Int

from gmplab.jupyter.steps import MOST_STEPS, window
from gmplab.jupyter.widget import Widget, module, style
from gmplab.plots.palette import STATES
from gmplab.runtime.durations import duration_ns
from gmplab.traces.replay import timeline_of
from gmplab.traces.run import Run
from gmplab.vocabulary import EVENT_KINDS

FIRST_STEPS: Final = 3_000
"""Steps in the first window of a run that does not fit into one: it is made while its reader waits for the first picture."""
MOST_TOLD: Final = 40
"""Sentences in the static twin."""


class Stepper(Widget):
    """Step through a run, event by event.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.
    at : int (ns) or str
        The instant to begin at.
    row : int, optional
        Or the row of `run.events` that has just happened.

    Attributes
    ----------
    step : int
        The row of `run.events` that has just happened.

    Notes
    -----
    The browser holds a window of at most 20,000 steps, of a longer run 3,000 at first; others it asks the kernel for.

    Examples
    --------
    >>> run = gmplab.run("fanout", n=5, procs=2)
    >>> run.view.stepper("1us").time_ns, run.view.stepper(when="P[0].depth >= 2").step
    (1000, 18)
    """

    _esm = module("buffers.js", "element.js", "help.js", "keys.js", "lanes.js", "steps.js", "stepper.js")
    _css = style()
    step = Int(0).tag(sync=True)

    def __init__(self, run: Run, at: int | str = 0, row: int | None = None) -> None:
        self.timeline = timeline_of(run, "view.stepper")
        begin = duration_ns(at, "stepper: at") if row is None else self.timeline.state(row).now
        if begin > run.record.end_ns:
            raise ValueError(f"stepper: at = {begin} ns: the run ends at {run.record.end_ns} ns")
        step = row if row is not None else max(self.timeline.events.until(begin) - 1, 0) if begin else 0
        super().__init__(time_ns=begin, step=step, view=[0, max(run.record.end_ns, 1)])
        self.run = run
        self.offer("steps", self.steps(step, MOST_STEPS if len(self.timeline.events) <= MOST_STEPS else min(FIRST_STEPS, MOST_STEPS)))

    def reply(self, question: dict[str, Any]) -> bytes:
        """The window around a step, or around an instant (part "at")."""
        where = int(question.get("step", self.step))
        return self.steps(self.timeline.events.until(where) - 1 if question.get("part") == "at" else where)

    def steps(self, step: int, most: int | None = None) -> bytes:
        """The window of so many steps (None: MOST_STEPS) around one, as zlib-compressed JSON; the whole run where it is short."""
        most, rows = most or MOST_STEPS, len(self.timeline.events)
        first = max(0, min(step - most // 2, rows - most))
        made = window(self.run.record, self.timeline, first, min(first + most, rows))
        meta: dict[str, Any] = {"kinds": list(EVENT_KINDS), "colours": {name: look.face for name, look in STATES.items()}}
        return zlib.compress(json.dumps({**made, **meta}, separators=(",", ":"), ensure_ascii=False).encode(), 3)

    def twin(self) -> str:
        rows = len(self.timeline.events)
        if not rows:
            return "<p>Nothing was recorded.</p>"
        last = min(self.step + MOST_TOLD, rows)
        made = window(self.run.record, self.timeline, self.step, last)
        sentences = "".join(
            f"<tr><td style='text-align:right'>{t}</td><td style='text-align:left'>{html.escape(text)}</td></tr>"
            for t, text in zip(made["t"], made["text"], strict=True)
        )
        now = html.escape(repr(self.run.at(row=self.step)))
        return (
            f"<div class='gmplab-twin'><pre style='font-family:monospace'>{now}</pre>"
            f"<table><thead><tr><th>t_ns</th><th style='text-align:left'>"
            f"events {self.step} to {last - 1} of {rows}</th></tr></thead><tbody>{sentences}</tbody></table></div>"
        )
