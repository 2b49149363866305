"""`run.at(t)` and `run.validate()`: the events are replayed into the state that they tell of.

A `Timeline` keeps copies of the state (keyframes) along the way, so that an instant of a long run is a copy and a few
thousand rows away; it also keeps the state that it came to last, since who steps through a run asks for the next row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from gmplab.errors import TraceError
from gmplab.runtime.durations import duration_ns
from gmplab.runtime.recorder import Record
from gmplab.traces.agreement import Starts, totals
from gmplab.traces.effects import APPLY
from gmplab.traces.frames import FIELDS, REASON_CODES, chunks, lists
from gmplab.traces.snapshot import Snapshot, snapshot
from gmplab.traces.state import Effect, Impossible, Row, State
from gmplab.vocabulary import EVENT_KINDS, GO_START, NO_G, NO_M, NO_P, Q_GET, REASONS_OF, UNTIMED

if TYPE_CHECKING:
    from gmplab.traces.run import Run

KEYFRAME_ROWS: Final = 8_192
"""Rows between two keyframes at least: some ten milliseconds of replay."""
KEYFRAME_SHARE: Final = 4
"""And at least so many rows for each thing that a keyframe copies: keyframes stay in proportion to the rows."""
BLOCK: Final = 8_192
"""Rows that are unpacked at a time."""


_timelines: WeakKeyDictionary[Run, Timeline] = WeakKeyDictionary()
"""Of each run that was asked for an instant, as long as it lives."""


@dataclass(frozen=True)
class Validation:
    """What `validate` looked at and found true.

    Attributes
    ----------
    events, schedules, goroutines, machines : int
        Rows of each table.
    totals : int
        Counters and sums of the record that the rows give again; 0 where the run was cut short in the middle of a step
        (by a panic, a policy's error or an interrupt), so that its totals may be one step ahead of its rows.
    """

    events: int
    schedules: int
    goroutines: int
    machines: int
    totals: int


def at(run: Run, t: int | str | None = None, *, row: int | None = None) -> Snapshot:
    """The whole scheduler at one instant: what every queue holds, where every M is, and whose every P is.

    The first call replays the run's events up to there; later ones start from a keyframe near by.

    Parameters
    ----------
    t : int (ns) or str
        An instant since the start, as 1_200_000 or "1.2ms", at most the end of the run; all rows of that instant count.
    row : int
        Or the number of a row of `run.events`: the state right after it.

    Returns
    -------
    Snapshot

    Raises
    ------
    TypeError
        Not exactly one of t and row is given.
    ValueError
        An instant or a row beyond the run.
    TraceError
        The run was recorded below level "full", or is a window; or a row up to there cannot be.

    Examples
    --------
    >>> run = gmplab.run("fanout", n=20, procs=2)
    >>> run.at("25us").processors[0].queue
    (2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
    """
    timeline = timeline_of(run, "run.at")
    if (t is None) == (row is None):
        raise TypeError("run.at takes an instant, run.at(\"1.2ms\"), or a row, run.at(row=10): exactly one of them")
    if t is not None:
        instant = duration_ns(t, "at: t")
        if instant > run.record.end_ns:
            raise ValueError(f"at: t = {instant} ns: the run ends at {run.record.end_ns} ns")
        row = timeline.events.until(instant) - 1
        return snapshot(timeline.state(row), instant, run.record.objects)
    assert row is not None
    if not 0 <= row < len(timeline.events):
        raise ValueError(f"at: row = {row}: the run has the events 0 to {len(timeline.events) - 1}")
    state = timeline.state(row)
    return snapshot(state, state.now, run.record.objects)


def validate(run: Run) -> Validation:
    """Replay the whole run, and raise at the first row that cannot be.

    Every event must fit the state that the events before it left: a G runs that was runnable, on an M that was awake and
    held that P; queues give what was put into them, in order; an idle P has no queue; and so on, `gmplab.traces.effects`
    has them all. Every row of `schedule` must tell what the events tell of that instant; `goroutines`, `machines`, `processors`
    and the counters, sums and histograms must be those that the rows give.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or "calls".

    Returns
    -------
    Validation

    Raises
    ------
    TraceError
        With the table, the row, what it says, and the fact that contradicts it. Also where the run was recorded below
        level "full", or is a window.

    Examples
    --------
    >>> gmplab.run("fanout", n=20, procs=2).validate().events
    118
    """
    whole(run, "run.validate")
    record = run.record
    timeline = Timeline(record)
    starts = Starts(record)
    effects = list(APPLY)
    effects[GO_START] = starts
    state = timeline.forward(timeline.last, len(timeline.events) - 1, effects)
    starts.finish()
    if state.now > record.end_ns:
        raise TraceError(f"events, row {state.row}: is at {state.now} ns, and the run ends at {record.end_ns} ns")
    return Validation(len(timeline.events), starts.n, state.made, len(state.ms), totals(record, state))


def timeline_of(run: Run, what: str) -> Timeline:
    """The states of a run, kept as long as it lives. Raises `TraceError` where its events do not tell all, as for `what`."""
    whole(run, what)
    timeline = _timelines.get(run)
    if timeline is None:
        timeline = _timelines[run] = Timeline(run.record)
    return timeline


def whole(run: Run, what: str) -> None:
    """Raise `TraceError` where a run's events do not tell all from its start."""
    run.need("events", what)
    if "window_ns" in run.record.header:
        begin, end = run.record.header["window_ns"]
        raise TraceError(f"{what} needs the events from the start: this run is a window, {begin} to {end} ns; ask the whole run")


class Events:
    """The event rows of a record, unpacked where they are asked for."""

    def __init__(self, record: Record) -> None:
        self.parts = chunks(record, "events")
        self.starts = [0, *np.cumsum([len(part) for part in self.parts]).tolist()]

    def __len__(self) -> int:
        return int(self.starts[-1])

    def until(self, t_ns: int) -> int:
        """How many rows are at t_ns or before it."""
        n = 0
        for part in self.parts:
            n += int(np.searchsorted(part[:, 0], t_ns, side="right"))
        return n

    def rows(self, a: int, b: int) -> Iterator[Row]:
        """The rows from a to before b."""
        i = bisect_right(self.starts, a) - 1
        while a < b:
            part, first = self.parts[i], self.starts[i]
            end = min(b, self.starts[i + 1])
            while a < end:
                stop = min(a + BLOCK, end)
                yield from unpack(part[a - first : stop - first], a)
                a = stop
            i += 1


def unpack(words: npt.NDArray[Any], first: int) -> Iterator[Row]:
    """Stored words as rows; `first` is the number of the first of them. Raises `TraceError` where a code is none."""
    kind, code = words.view("u1")[:, FIELDS["events"]["kind"][1]], words.view("<u2")[:, FIELDS["events"]["code"][1]]
    bad = np.flatnonzero((kind >= len(EVENT_KINDS)) | (REASON_CODES[code] == -2))
    if len(bad):
        i = int(bad[0])
        raise TraceError(f"events, row {first + i}: there is no event of kind {int(kind[i])} and reason {int(code[i]) >> 8}")
    t, g, m, p, arg, aux = lists(words, "events", ("t_ns", "g", "m", "p", "arg", "aux"))
    return zip(t, kind.tolist(), g, m, p, arg, (code >> 8).tolist(), aux, strict=True)


def in_words(row: Row) -> str:
    """A row as it reads: GoStart at 60 ns (g2 m2 p1, reason steal, arg 0, aux -1)."""
    t, kind, g, m, p, arg, reason, aux = row
    who = " ".join(f"{letter}{i}" for letter, i, none in (("g", g, NO_G), ("m", m, NO_M), ("p", p, NO_P)) if i != none)
    names = REASONS_OF.get(kind)
    why = f"reason {names[reason] or 'none'}, " if names is not None else f"reason {reason}, " if reason else ""
    packed = kind == Q_GET and arg >> 32
    number = f"arg {arg & 0xFFFFFFFF} from index {(arg >> 32) - 1}" if packed else f"arg {arg}"
    return f"{EVENT_KINDS[kind]} at {t} ns ({who or 'nobody'}, {why}{number}, aux {aux})"


class Timeline:
    """The states of a run, by row."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.events = Events(record)
        self.keyframes = [State(int(record.header["procs"]), record.header.get("costs") != UNTIMED)]
        self.last = self.keyframes[0].copy()

    def state(self, row: int) -> State:
        """The state after a row, -1: before the first. It belongs to the timeline: copy it to keep it.

        Raises `TraceError` at the first row, up to this one, that cannot be.
        """
        while self.keyframes[-1].row + self.gap() <= row:
            last = self.keyframes[-1]
            self.keyframes.append(self.forward(last.copy(), last.row + self.gap()))
        nearest = self.keyframes[bisect_right(self.keyframes, row, key=lambda state: state.row) - 1]
        if not nearest.row <= self.last.row <= row:
            self.last = nearest.copy()
        try:
            return self.forward(self.last, row)
        except TraceError:
            self.last = nearest.copy()
            raise

    def gap(self) -> int:
        """Rows from the last keyframe to the next."""
        return max(KEYFRAME_ROWS, KEYFRAME_SHARE * self.keyframes[-1].size())

    def forward(self, state: State, row: int, effects: Sequence[Effect] = APPLY) -> State:
        """Bring a state forward to a row. Raises `TraceError` at the first row that cannot be."""
        try:
            state.apply(self.events.rows(state.row + 1, row + 1), effects)
        except Impossible as e:
            (bad,) = self.events.rows(state.row, state.row + 1)
            raise TraceError(f"events, row {state.row}: {in_words(bad)}: {e}") from None
        return state
