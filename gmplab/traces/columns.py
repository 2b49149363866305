"""The columns of every table: type, unit and meaning, once, for the frames, the files and the documentation.

A type with a capital ("Int32") is pandas' nullable one: null means "there is none". An enumeration is a categorical of
all its names in the order of their codes, "" left out: null stands for it. Columns are append-only within a major
SCHEMA.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gmplab.vocabulary import (
    CALLERS, EVENT_KINDS, FUNCTIONS, G_KINDS, MODES, REASONS_OF, SOURCES, WHYS,
)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    dtype : str
        "int64", "int32", "Int64", "Int32", "Int16", "category" (a closed enumeration: `names`) or "text" (a categorical
        of the run's own words).
    unit : str
        "ns" (an instant since the start, or a duration), "id", "count" or "".
    what : str
        The meaning.
    names : tuple of str
        The categories of an enumeration.
    required : bool
        Whether an enumeration has a value in every row.
    """

    dtype: str
    unit: str
    what: str
    names: tuple[str, ...] = ()
    required: bool = True

    @property
    def nullable(self) -> bool:
        """Whether the column may hold null."""
        return self.dtype.startswith("Int") or (self.dtype == "category" and not self.required)


def named(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of an enumeration without "", which is null in a frame."""
    return tuple(n for n in names if n)


REASONS: Final = tuple(dict.fromkeys(n for names in REASONS_OF.values() for n in names if n))
"""The words of all kinds' reasons, each once: the categories of `events.reason`."""

G: Final = Column("Int64", "id", "the goroutine")
M: Final = Column("Int32", "id", "the machine (an OS thread)")
P: Final = Column("Int16", "id", "the processor")

_modes: Final = {
    f"{mode}_ns": Column("Int64", "ns", f"time in the mode {mode!r} (vocabulary.MODES); null: the source knows none")
    for mode in MODES
}

COLUMNS: Final[dict[str, dict[str, Column]]] = {
    "schedule": {
        "t_ns": Column("int64", "ns", "when g began to run"),
        "m": M, "p": P, "g": G,
        "caller": Column("category", "", "who called schedule()", CALLERS),
        "source": Column("category", "", "where g was found", SOURCES),
        "victim_p": Column("Int16", "id", "whom g was stolen from; null: it was not stolen"),
        "stolen": Column("int32", "count", "goroutines moved by that theft, g included; 0: none"),
        "ready_ns": Column("int64", "ns", "since when g had been runnable"),
        "wait_ns": Column("int64", "ns", "scheduling latency: t_ns - ready_ns"),
        "enter_ns": Column("int64", "ns", "when schedule() was entered"),
        "search_ns": Column("int64", "ns", "time in schedule(): t_ns - enter_ns"),
        "local_q": Column("int32", "count", "goroutines left in the local queue of p, runnext not counted"),
        "global_q": Column("int32", "count", "goroutines left in the global queue"),
        "idle_p": Column("int32", "count", "idle Ps (npidle)"),
        "spinning_m": Column("int32", "count", "spinning Ms (nmspinning)"),
        "idle_m": Column("int32", "count", "Ms parked on midle"),
        "n_threads": Column("int32", "count", "Ms that exist, sysmon included"),
    },
    "events": {
        "t_ns": Column("int64", "ns", "when"),
        "kind": Column("category", "", "what happened (vocabulary.EVENT_KINDS)", EVENT_KINDS),
        "g": G, "m": M, "p": P,
        "arg": Column("int64", "", "by kind, see vocabulary; an id or an instant that there is none of is -1"),
        "reason": Column(
            "category", "", "a word of the kind's own enumeration (vocabulary.REASONS_OF)", REASONS, required=False
        ),
        "aux": Column("Int32", "", "by kind, see vocabulary: often another M or P"),
        "position": Column("Int32", "", "QGet: g's index from the head, if the order is not FIFO; StealPass: the pass"),
    },
    "goroutines": {
        "g": G,
        "parent": Column("Int64", "id", "the goroutine that made it; null: main, or an arrival"),
        "kind": Column("category", "", "user or system", G_KINDS),
        "name": Column("text", "", "its name"),
        "cls": Column("text", "", 'the class given to go(cls=), "" if none'),
        "site": Column("text", "", 'file:line of its go statement, "" if unknown'),
        "created_ns": Column("int64", "ns", "when it was made"),
        "first_run_ns": Column("Int64", "ns", "when it first ran; null: never"),
        "exited_ns": Column("Int64", "ns", "when it exited; null: alive at the end"),
        "run_ns": Column("int64", "ns", "time running"),
        "wait_ns": Column("int64", "ns", "time runnable, not running"),
        "blocked_ns": Column("int64", "ns", "time waiting for something"),
        "n_schedules": Column("int32", "count", "how often it was scheduled"),
    },
    "machines": {
        "m": M,
        "tid": Column("Int64", "id", "the OS's own id of the thread; null: a simulated one"),
        "created_ns": Column("int64", "ns", "when it was made"),
        "created_by": Column("Int32", "id", "the M that made it; null: none did"),
        "why": Column("category", "", "why it was made", named(WHYS), False),
        "exited_ns": Column("Int64", "ns", "when its thread ended; null: it did not"),
        "exit_why": Column("category", "", "why its thread ended", named(WHYS), False),
        **_modes,
    },
    "processors": {
        "p": P,
        "schedtick": Column("int64", "count", "scheduler calls that did not inherit their slice"),
        "syscalltick": Column("int64", "count", "system calls"),
        **_modes,
    },
    "calls": {
        "t_ns": Column("int64", "ns", "when it was called"),
        "call": Column("int64", "id", "this call, from 1"),
        "parent": Column("Int64", "id", "the call that made it; null: none"),
        "function": Column("category", "", "which function of the runtime", FUNCTIONS),
        "m": M,
        "g": Column("Int64", "id", "the goroutine whose stack it is on; null: g0"),
    },
}
"""The tables of a record and their columns, in their order."""

MOST_NARROW_PS: Final = 32_768
"""A run of more Ps than this (ids beyond an Int16) has its P columns as Int32."""


def dtype_of(column: Column, procs: int) -> str:
    """The column's type in a run that had `procs` Ps: Int16 becomes Int32 where ids do not fit.

    >>> dtype_of(P, 4), dtype_of(P, 50_000)
    ('Int16', 'Int32')
    """
    return "Int32" if column.dtype == "Int16" and procs > MOST_NARROW_PS else column.dtype
