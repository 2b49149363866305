"""`Run`: a record as frames, and what follows from it."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import MethodType
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from gmplab.errors import TraceError, lacking
from gmplab.runtime.durations import duration_ns
from gmplab.runtime.recorder import Record
from gmplab.traces import card, lengths, modes, spans
from gmplab.traces.frames import (
    calls_frame, events_frame, goroutines_frame, kept, machines_frame, processors_frame, schedule_frame,
)
from gmplab.traces.metrics import Number, measure, metrics_frame, parks_by_reason
from gmplab.traces.window import held, window
from gmplab.vocabulary import LEVELS

CONVENIENCES: Final = {
    "at": "gmplab.traces.replay:at", "validate": "gmplab.traces.replay:validate",
    "when": "gmplab.traces.when:when", "calltree": "gmplab.traces.calltree:calltree", "story": "gmplab.traces.story:story",
    "to_perfetto": "gmplab.traces.perfetto:to_perfetto", "to_html": "gmplab.plots.page:to_html",
    "plot": "gmplab.plots:Plots", "view": "gmplab.jupyter:Views",
    "findings": "gmplab.analysis.findings:findings", "antagonists": "gmplab.analysis.antagonists:antagonists",
}
"""What a run offers that lives elsewhere, and often above this package: found when first asked for.

A function becomes a method, `run.at(t)` is `replay.at(run, t)`; a class an attribute, `run.plot` is `Plots(run)`.
"""

FACTS: Final = (
    frozenset({"counters", "latencies", "machines", "processors", "modes"}),
    frozenset({"schedule", "goroutines", "steals"}),
    frozenset({"events", "wakeups", "spans", "series"}), frozenset({"calls"}),
)
"""What each record level adds to what is known, in the order of LEVELS."""


class Run:
    """One run: frames made when first asked for, and metrics that are exact at every record level.

    Parameters
    ----------
    record : Record
        What a driver returned.

    Attributes
    ----------
    record : Record
        The plain record.
    schedule, events, goroutines, machines, processors, calls : pandas.DataFrame
        The tables; columns, types and units are `gmplab.traces.columns.COLUMNS`. Times are ns since the start.
    result : object
        What the main goroutine returned: of a workload that really computes, its answer.
    complete : bool
        False where the run ended by a bound or a failure; `stopped_by` says which.

    Examples
    --------
    >>> run = gmplab.run("fanout", n=100, procs=4)
    >>> run.complete, len(run.goroutines), run.metrics["utilisation"] > 0.5
    (True, 101, True)
    >>> run.schedule["source"].value_counts().head(2).to_dict()
    {'local': 88, 'steal': 11}
    """

    if TYPE_CHECKING:
        at: Callable[..., Any]
        validate: Callable[..., Any]
        when: Callable[..., Any]
        calltree: Callable[..., Any]
        story: Callable[..., Any]
        to_perfetto: Callable[..., Any]
        to_html: Callable[..., Any]
        findings: Callable[..., Any]
        antagonists: Callable[..., Any]
        plot: Any
        view: Any

    def __init__(self, record: Record) -> None:
        self.record = record
        self.whole: Run | None = None
        """Of a window: the run that it was cut from, which knows the counts at its begin."""

    @classmethod
    def of_frames(cls, record: Record, frames: dict[str, pd.DataFrame], digest: str = "") -> Run:
        """A run whose frames are made already, as a reader of files has them; the record holds the same rows."""
        run = cls(record)
        run.__dict__.update(frames)
        if digest:
            run.__dict__["digest"] = digest
        return run

    if not TYPE_CHECKING:  # or a type checker would believe any name

        def __getattr__(self, name: str) -> Any:
            if name not in CONVENIENCES:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            home, _, what = CONVENIENCES[name].partition(":")
            try:
                found = getattr(importlib.import_module(home), what)
            except ImportError as e:
                raise AttributeError(f"run.{name} needs {home}, which cannot be imported: {lacking(e) or e}") from e
            return found(self) if isinstance(found, type) else MethodType(found, self)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *CONVENIENCES})

    # --- what is known ------------------------------------------------------------------------------------------------
    @property
    def complete(self) -> bool:
        """Whether the run came to its own end."""
        return self.record.complete

    @property
    def stopped_by(self) -> str:
        """What ended the run before its end, "" if nothing did."""
        return self.record.stopped_by

    @property
    def result(self) -> Any:
        """What the main goroutine returned; None where it did not come to its end, and for a run read from a file."""
        return self.record.result

    @property
    def abandoned(self) -> tuple[str, ...]:
        """On threads: who was left behind when the run ended, since it did not return from what it was at; () if nobody."""
        return tuple(self.record.header.get("abandoned", ()))

    @cached_property
    def provides(self) -> frozenset[str]:
        """The facts that are known of this run: what its level recorded, and what its source and window know.

        Of "counters", "latencies", "machines", "processors", "modes" (time in each mode), "schedule", "goroutines",
        "steals", "events", "wakeups", "spans", "series", "calls".
        """
        facts = frozenset().union(*FACTS[: self.record.level + 1])
        if "window_ns" in self.record.header:
            facts -= {"counters", "modes"}
            if self.whole is None:
                facts -= {"series"}
        known = self.record.header.get("provides")
        return facts if known is None else facts & frozenset(known)

    def need(self, fact: str, what: str) -> None:
        """Raise `TraceError` where this run does not know a fact that `what` is made from."""
        if fact not in self.provides:
            known = fact in frozenset().union(*FACTS[: self.record.level + 1])
            least = next(level for level, facts in zip(LEVELS, FACTS, strict=True) if fact in facts)
            why = "its source, or window, does not know them" if known else f"record at level {least!r} or more"
            level = LEVELS[self.record.level]
            raise TraceError(f"{what} needs the {fact} of the run, which was recorded at level {level!r}: {why}")

    # --- the tables ---------------------------------------------------------------------------------------------------
    @cached_property
    def schedule(self) -> pd.DataFrame:
        """One row per schedule() that found a G. Empty at level "off"."""
        return schedule_frame(self.record)

    @cached_property
    def events(self) -> pd.DataFrame:
        """One row per transition. Empty below level "full"."""
        return events_frame(self.record)

    @cached_property
    def goroutines(self) -> pd.DataFrame:
        """One row per G, by id."""
        return goroutines_frame(self.record)

    @cached_property
    def machines(self) -> pd.DataFrame:
        """One row per M: who asked for it and why, its end, and its time in each mode."""
        return machines_frame(self.record)

    @cached_property
    def processors(self) -> pd.DataFrame:
        """One row per P: its ticks and its time in each mode."""
        return processors_frame(self.record)

    @cached_property
    def calls(self) -> pd.DataFrame:
        """One row per call of a function of the runtime. Empty below level "calls"."""
        return calls_frame(self.record)

    # --- what follows from them ---------------------------------------------------------------------------------------
    @cached_property
    def steals(self) -> pd.DataFrame:
        """The rows of `schedule` whose G was stolen, under their own index."""
        self.need("steals", "run.steals")
        return self.schedule[self.schedule["stolen"] > 0]

    @cached_property
    def wakeups(self) -> pd.DataFrame:
        """One row per G that was made or readied: by whom, into which queue, and when and where it then ran."""
        self.need("wakeups", "run.wakeups")
        return spans.wakeups_frame(self.record)

    @cached_property
    def spans(self) -> pd.DataFrame:
        """One row per stay of a G in a state (runnable, running, syscall, waiting), and per region of its code."""
        self.need("spans", "run.spans")
        return spans.spans_frame(self.record)

    @cached_property
    def machine_spans(self) -> pd.DataFrame:
        """One row per stay of an M in a mode (running, scheduling, spinning, syscall, idle, netpoll, ...)."""
        self.need("spans", "run.machine_spans")
        return modes.machine_spans(self.record)

    @cached_property
    def processor_spans(self) -> pd.DataFrame:
        """One row per stay of a P in a mode: that of the M that has it, or idle."""
        self.need("spans", "run.processor_spans")
        return modes.processor_spans(self.record)

    @cached_property
    def series(self) -> pd.DataFrame:
        """Counts over time: Gs in each state, idle Ps, spinning Ms, threads; each row holds until the next."""
        self.need("series", "run.series")
        if self.whole is not None:
            begin, end = self.record.header["window_ns"]
            return held(self.whole.series, begin, end)
        return spans.series_frame(self.record)

    @cached_property
    def queues(self) -> pd.DataFrame:
        """How long each run queue was (null p: the global one): a row per change, which holds until the queue's next."""
        self.need("series", "run.queues")
        if self.whole is not None:
            begin, end = self.record.header["window_ns"]
            return held(self.whole.queues, begin, end, by="p")
        return lengths.queues_frame(self.record)

    @cached_property
    def metrics(self) -> dict[str, Number]:
        """Numbers of the run by name: `gmplab.traces.metrics.METRICS` says each one's formula, unit and level."""
        return measure(self.record)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The metrics, and at level "full" the parks of Ms by reason, tidy: metric, part, value, unit, formula."""
        return metrics_frame({**self.metrics, **parks_by_reason(self.record)})

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the stored rows, goroutines by id, without the header: equal for equal decisions."""
        h = hashlib.sha256()
        for name in sorted(self.record.tables):
            h.update(name.encode())
            for chunk in kept(self.record, name):
                h.update(chunk)
        return h.hexdigest()

    def window(self, t0: int | str, t1: int | str | None = None) -> Run:
        """The part of the run from t0 to before t1.

        Parameters
        ----------
        t0, t1 : int (ns) or str
            Instants since the start, as 1_500_000 or "1.5ms"; t1 None: to the end, the last instant included.

        Returns
        -------
        Run
            Rows of the window; the goroutines and machines alive in it, with the sums of their whole lives; metrics
            counted anew. What rows cannot tell is nan, and not in `provides`. Counts over time (`series`, `queues`) come
            from the whole run; a window that was written and read again does not know them.

        Raises
        ------
        ValueError
            A time is negative, unreadable, t1 not after t0, or t0 after the end of the run.
        TraceError
            The run was recorded at level "off".
        """
        self.need("schedule", "run.window")
        begin = duration_ns(t0, "window: t0")
        end = self.record.end_ns + 1 if t1 is None else duration_ns(t1, "window: t1")
        if end <= begin or begin > self.record.end_ns:
            last = self.record.end_ns
            raise ValueError(f"window: t0 = {begin} ns, t1 = {end} ns: t1 must be after t0, and t0 not after the end, {last} ns")
        part = Run(window(self.record, begin, end))
        part.whole = self
        return part

    # --- files --------------------------------------------------------------------------------------------------------
    def to_csv(self, folder: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write one CSV a table, meta.json and environment.json into a new folder: whole, or not at all.

        Raises `FileExistsError` where the folder is there and `overwrite` is False; `read_csv` gives the run back.
        """
        from gmplab.traces.csv import to_csv  # it builds on this module

        return to_csv(self, folder, overwrite)

    def to_parquet(self, folder: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write one Parquet file a table, meta.json and environment.json into a new folder: whole, or not at all.

        Raises `FileExistsError` where the folder is there and `overwrite` is False; `read_parquet` gives the run back.
        """
        from gmplab.traces.parquet import to_parquet

        return to_parquet(self, folder, overwrite)

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write the whole record into one file: whole, or not at all.

        Raises `FileExistsError` where the file is there and `overwrite` is False; `Run.load` gives the run back.
        """
        from gmplab.traces.store import save

        return save(self.record, path, overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Run:
        """The run that `save` wrote. Raises `TraceError` where the file is damaged or none of `save`'s."""
        from gmplab.traces.store import load

        return cls(load(path))

    # --- how it shows itself ------------------------------------------------------------------------------------------
    def __repr__(self) -> str:
        return card.text(self.record, self.metrics)

    def _repr_html_(self) -> str:
        return card.card(self.record, self.metrics)
