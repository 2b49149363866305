"""The Playground: a workload, its parameters, the Ps, each concern of the policy; what is moved runs again at once."""

from __future__ import annotations

import html
import inspect
import threading
import time
from typing import Any, Final

from ipywidgets import HTML, BoundedIntText, Button, Checkbox, Dropdown, HBox, IntSlider, Layout, Text, VBox

from gmplab.commands import texts
from gmplab.errors import GmplabError, UsageError
from gmplab.experiment import components, policies, run, workloads
from gmplab.interrupts import interruptible
from gmplab.jupyter.overlaid import Overlaid
from gmplab.jupyter.timeline import Timeline
from gmplab.jupyter.twin import Twinned
from gmplab.names import nearest
from gmplab.plots.keynumbers import numbers, strip, title
from gmplab.runtime.contracts import CONCERNS
from gmplab.traces.run import Run

AS_IN_POLICY: Final = "as in the policy"
MOST_PROCS: Final = 64
MOST_EVENTS: Final = 3_000_000
"""What a run may take at most: a record of more fills the memory."""
TOLD_WALL_S: Final = 0.2
"""How long a run goes on before it is told how far it is, and from one time to the next."""


class Playground(Twinned, VBox):  # type: ignore[misc]
    """Move something, and see what it does.

    Beside each key number stands that of the run before, where it differs, and the latencies of both lie over one
    another. Interrupt the kernel to stop a long run: what was recorded up to then is shown.

    Parameters
    ----------
    workload : str
        A workload's name.

    Attributes
    ----------
    last : Run or None
        What is shown; `before`: the run before it. After a move from code, `wait()` for it.

    Raises
    ------
    ValueError
        There is no such workload.

    Examples
    --------
    >>> gmplab.playground("mixed_io")                                   # doctest: +SKIP
    """

    def __init__(self, workload: str = "mixed_io") -> None:
        names = [name for name in workloads() if name != "wordcount"]
        if workload not in names:
            raise ValueError(f"workload {workload!r}: is none that can be played with{nearest(workload, names)}")
        wide = Layout(width="280px")
        self.workload = Dropdown(options=names, value=workload, description="workload", layout=wide)
        self.procs = IntSlider(value=4, min=1, max=MOST_PROCS, description="Ps", continuous_update=False, layout=wide)
        self.policy = Dropdown(options=list(policies()), value="go", description="policy", layout=wide)
        self.seed = BoundedIntText(value=1, min=0, max=1 << 30, description="seed", layout=wide)
        self.parts = {
            concern: Dropdown(options=[AS_IN_POLICY, *components(concern)], description=concern, layout=wide)
            for concern in CONCERNS if concern != "rules"
        }
        self.auto = Checkbox(value=True, description="run at once", indent=False)
        self.again = Button(description="run", button_style="primary", tooltip="run with what is set", layout=Layout(width="92px"))
        self.halt = Button(description="stop", tooltip="end the run, and show it as it is then", layout=Layout(width="92px"))
        self.reset = Button(description="reset", tooltip="everything as it was at first", layout=Layout(width="92px"))
        self.parameters = VBox()
        self.said, self.figures, self.place = HTML(), HTML(), VBox()
        self.overlaid = Overlaid()
        self.picture = HTML(layout=Layout(max_width="640px"))
        self.last: Run | None = None
        self.before: Run | None = None
        self.busy = False
        self.worker: threading.Thread | None = None
        self.wanted = False
        self.stopped = False
        self.told_wall_s = 0.0
        self.one = threading.Lock()
        self._first = {"workload": workload}
        self._parameters_of(workload)
        for control in (self.procs, self.policy, self.seed, *self.parts.values()):
            control.observe(self._moved, "value")
        self.workload.observe(self._other_workload, "value")
        self.again.on_click(lambda _: self.begin())
        self.halt.on_click(lambda _: self.stop())
        self.reset.on_click(lambda _: self.as_at_first())
        # The buttons come first: under the controls they would be below the edge of a small window.
        left = VBox([
            HBox([self.again, self.halt, self.reset]), self.auto,
            self.workload, self.parameters, self.procs, self.policy, self.seed, *self.parts.values(),
        ], layout=Layout(flex="0 0 300px"))
        right = VBox([self.said, self.figures, self.place, self.picture], layout=Layout(flex="1 1 auto", min_width="480px"))
        super().__init__([HBox([left, right])])
        self.run_and_show()

    # --- controls -----------------------------------------------------------------------------------------------------
    def _parameters_of(self, workload: str) -> None:
        fn = workloads()[workload]
        made = []
        for parameter in inspect.signature(fn).parameters.values():
            control = Text(
                value=str(parameter.default), description=parameter.name, continuous_update=False, layout=Layout(width="280px"),
            )
            control.observe(self._moved, "value")
            made.append(control)
        self.parameters.children = made

    def _moved(self, _: Any) -> None:
        if self.auto.value and not self.busy:
            self.begin()

    def _other_workload(self, change: Any) -> None:
        self._parameters_of(change["new"])
        self._moved(change)

    def as_at_first(self) -> None:
        """Everything as it was at first, and one run."""
        self.busy = True
        try:
            self.workload.value = self._first["workload"]
            self._parameters_of(self.workload.value)
            self.procs.value, self.policy.value, self.seed.value = 4, "go", 1
            for part in self.parts.values():
                part.value = AS_IN_POLICY
        finally:
            self.busy = False
        self.begin()

    # --- one run ------------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Let what is set run in a thread, one at a time; a run that goes on already ends, and is not shown."""
        with self.one:
            self.wanted = True
            if self.worker is None:
                self.worker = threading.Thread(target=self._work, name="playground", daemon=True)
                self.worker.start()

    def _work(self) -> None:
        while True:
            with self.one:
                if not self.wanted:
                    self.worker = None
                    return
                self.wanted = self.stopped = False
            self.run_and_show()

    def stop(self) -> None:
        """End the run that goes on; what it recorded up to then is shown."""
        self.stopped = True

    def wait(self) -> None:
        """Return when what is set has run and is shown. An interrupt stops the run."""
        while (worker := self.worker) is not None:
            try:
                with interruptible():
                    worker.join()
            except KeyboardInterrupt:
                self.stop()

    def run_and_show(self) -> None:
        """Run with what is set, and show it; what cannot be is said instead, and the run before stays."""
        self.told_wall_s = time.monotonic()
        try:
            made = self.made()
        except (UsageError, ValueError, TypeError, GmplabError) as e:
            self.said.value = f"<b>{html.escape(str(e))}</b>"
            return
        if self.wanted:
            return
        self.before, self.last = self.last, made
        self.said.value = f"<b>{html.escape(title(made))}</b>"
        self.figures.value = strip(numbers(made), numbers(self.before) if self.before is not None else None)
        if self.place.children:
            self.place.children[0].show(made)
        else:
            self.place.children = [Timeline(made)]
        self.picture.value = self.overlaid.html({"before": self.before, "now": made} if self.before is not None else {"now": made})

    def goes_on(self, t_ns: int, n_schedules: int) -> None:
        """Called by the run now and then: end it if somebody asked for that, else say how far it is."""
        if self.wanted or self.stopped:
            raise KeyboardInterrupt
        now_wall_s = time.monotonic()
        if now_wall_s - self.told_wall_s >= TOLD_WALL_S:
            self.told_wall_s = now_wall_s
            self.said.value = f"<i>running: {n_schedules:,} schedules, {t_ns / 1e6:.3f} ms</i>"

    def made(self) -> Run:
        """The run of what is set. Another move, `stop` or an interrupt ends it, and it is returned as it is then."""
        given = {control.description: control.value for control in self.parameters.children}
        known = texts.parameters(self.workload.value, given)
        parts = {
            concern: texts.component(control.value, concern)
            for concern, control in self.parts.items() if control.value != AS_IN_POLICY
        }
        chosen = texts.changed(texts.policy(self.policy.value), parts)
        try:
            return run(
                self.workload.value, procs=self.procs.value, policy=chosen, seed=self.seed.value, strict=False,
                max_events=MOST_EVENTS, progress=self.goes_on, **known,
            )
        except KeyboardInterrupt as e:
            stopped: Run = e.run  # type: ignore[attr-defined]
            return stopped

    def twin(self) -> str:
        """What is shown, as HTML without a script."""
        if self.last is None:
            return str(self.said.value)
        return f"{self.said.value}{self.figures.value}{Timeline(self.last).twin()}"
