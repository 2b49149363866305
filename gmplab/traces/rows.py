"""Frames back into stored rows: what `frames` does, undone, so that a table from a file is a record again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.errors import TraceError
from gmplab.runtime.recorder import Record
from gmplab.traces.columns import REASONS
from gmplab.traces.frames import ROW_WORDS, reason_codes
from gmplab.vocabulary import EVENT_KINDS, MODES, Q_GET, STEAL_PASS

Words = npt.NDArray[np.int64]
MOST_ID = (1 << 31) - 2
"""Ids are stored plus one in 32 bits with a sign."""
CHUNK_ROWS = 32_768
"""Rows of a frame that become a chunk: slicing a frame costs too much for the 8192 of the core's."""


def numbers(frame: pd.DataFrame, name: str, table: str, most: int = 0, least: int = 0) -> Words:
    """A column as int64, null as -1; categories as their codes. `most` > 0: raise `TraceError` beyond least..most."""
    column = frame[name]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.asarray(column.cat.codes, dtype=np.int64)
    masked = column.dtype.name.startswith("Int")
    values = column.to_numpy(dtype=np.int64, na_value=-1) if masked else column.to_numpy(dtype=np.int64)
    if most:
        bad = np.flatnonzero((values > most) | (values < (-1 if masked else least)))
        if len(bad):
            raise TraceError(f"{table}, row {frame.index[bad[0]]}: {name} = {values[bad[0]]}: must be {least} to {most}")
    return values


def agree(wrong: npt.NDArray[np.bool_], frame: pd.DataFrame, table: str, fact: str) -> None:
    """Raise `TraceError` with the first row that is wrong."""
    bad = np.flatnonzero(wrong)
    if len(bad):
        raise TraceError(f"{table}, row {frame.index[bad[0]]}: {fact}")


def schedule_rows(f: pd.DataFrame, where: str = "schedule") -> bytes:
    """The stored rows of a `schedule` frame. Raises `TraceError` with the first row that cannot be."""
    t = numbers(f, "t_ns", where)
    ready, enter = numbers(f, "ready_ns", where), numbers(f, "enter_ns", where)
    agree(numbers(f, "wait_ns", where) != t - ready, f, where, "wait_ns is not t_ns - ready_ns")
    agree(numbers(f, "search_ns", where) != t - enter, f, where, "search_ns is not t_ns - enter_ns")
    w = np.empty((len(f), ROW_WORDS["schedule"]), dtype=np.int64)
    w[:, 0], w[:, 1], w[:, 2] = t, ready, enter
    w[:, 3] = (numbers(f, "g", where, MOST_ID) + 1) << 32 | (numbers(f, "m", where, MOST_ID) + 1)
    w[:, 4] = (
        (numbers(f, "victim_p", where, 65_534) + 1) << 32 | numbers(f, "source", where) << 24
        | numbers(f, "caller", where) << 16 | (numbers(f, "p", where, 65_534) + 1)
    )
    w[:, 5] = numbers(f, "local_q", where, MOST_ID) << 32 | numbers(f, "global_q", where, MOST_ID)
    w[:, 6] = (
        numbers(f, "idle_m", where, MOST_ID) << 32 | numbers(f, "spinning_m", where, 65_535) << 16
        | numbers(f, "idle_p", where, 65_535)
    )
    w[:, 7] = numbers(f, "stolen", where, MOST_ID) << 32 | numbers(f, "n_threads", where, MOST_ID)
    return w.astype("<i8", copy=False).tobytes()


def event_rows(f: pd.DataFrame, where: str = "events") -> bytes:
    """The stored rows of an `events` frame. Raises `TraceError` with the first row that cannot be."""
    kind, reason = numbers(f, "kind", where), numbers(f, "reason", where)
    position, arg = numbers(f, "position", where, MOST_ID), numbers(f, "arg", where)
    # Undo REASON_CODES: the code of each (kind, reason); the first code of a word is the one that the core writes.
    table = reason_codes()
    code_of = np.full((len(EVENT_KINDS), len(REASONS) + 1), -1, dtype=np.int64)
    for k in range(len(EVENT_KINDS)):
        for c in range(255, -1, -1):
            index = int(table[k | c << 8])
            if index >= -1:
                code_of[k, index] = c  # index -1 is the last place: no reason
    code = code_of[kind, reason]
    agree(code < 0, f, where, "the reason is none of its kind's")
    passes = kind == STEAL_PASS
    agree(passes & ((position < 0) | (position > 255)), f, where, "a StealPass needs its pass, 0 to 255, as position")
    code = np.where(passes, position, code)
    gets = kind == Q_GET
    agree(gets & ((arg < 0) | (arg > MOST_ID)), f, where, "the arg of a QGet must be a count")
    agree(~gets & ~passes & (position >= 0), f, where, "only a QGet or a StealPass has a position")
    w = np.empty((len(f), ROW_WORDS["events"]), dtype=np.int64)
    w[:, 0] = numbers(f, "t_ns", where)
    w[:, 1] = (numbers(f, "g", where, MOST_ID) + 1) << 32 | (numbers(f, "m", where, MOST_ID) + 1)
    p, aux = numbers(f, "p", where, 65_534), numbers(f, "aux", where, MOST_ID)
    w[:, 2] = (aux + 1) << 32 | code << 24 | kind << 16 | (p + 1)
    w[:, 3] = np.where(gets, (position + 1) << 32 | arg, arg)
    return w.astype("<i8", copy=False).tobytes()


def goroutine_rows(f: pd.DataFrame, record: Record, where: str = "goroutines") -> bytes:
    """The stored rows of a `goroutines` frame, in its order.

    Raises `TraceError` with the first row that cannot be, or whose label the record lacks.
    """
    index = {label: i for i, label in reversed(list(enumerate(record.labels)))}
    codes = [numbers(f, name, where) for name in ("kind", "name", "cls", "site")]
    words = [list(f[name].cat.categories) for name in ("name", "cls", "site")]
    label = np.full(len(f), -1, dtype=np.int64)
    if len(f):
        tuples, inverse = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
        found = [
            index.get((int(k), str(words[0][n]), str(words[1][c]), str(words[2][s])), -1)
            for k, n, c, s in tuples.tolist()
        ]
        label = np.array(found, dtype=np.int64)[inverse.reshape(-1)]
    agree(label < 0, f, where, "its kind, name, cls and site together are no label of the record")
    w = np.empty((len(f), ROW_WORDS["goroutines"]), dtype=np.int64)
    w[:, 0] = (numbers(f, "g", where, MOST_ID) + 1) << 32 | (numbers(f, "parent", where, MOST_ID) + 1)
    w[:, 1] = label << 32 | numbers(f, "n_schedules", where, MOST_ID)
    for at, name in enumerate(("created_ns", "first_run_ns", "exited_ns", "run_ns", "wait_ns", "blocked_ns"), start=2):
        w[:, at] = numbers(f, name, where)
    return w.astype("<i8", copy=False).tobytes()


def call_rows(f: pd.DataFrame, where: str = "calls") -> bytes:
    """The stored rows of a `calls` frame. Raises `TraceError` with the first row that cannot be."""
    w = np.empty((len(f), ROW_WORDS["calls"]), dtype=np.int64)
    parent = numbers(f, "parent", where, MOST_ID)
    w[:, 0] = numbers(f, "t_ns", where)
    w[:, 1] = numbers(f, "call", where, MOST_ID) << 32 | np.where(parent < 0, 0, parent)
    w[:, 2] = numbers(f, "function", where) << 32 | (numbers(f, "m", where, MOST_ID) + 1)
    w[:, 3] = numbers(f, "g", where, MOST_ID) + 1
    return w.astype("<i8", copy=False).tobytes()


def fill(record: Record, frames: dict[str, pd.DataFrame], where: str = "") -> None:
    """Put frames into a record whose labels are there: tables, machines, processors.

    `where` is put before a table's name in the `TraceError` for a row that cannot be.
    """
    record.tables = {
        "schedule": held(schedule_rows, frames["schedule"], f"{where}schedule"),
        "events": held(event_rows, frames["events"], f"{where}events"),
        "goroutines": held(
            lambda part, name: goroutine_rows(part, record, name), frames["goroutines"], f"{where}goroutines"
        ),
        "calls": held(call_rows, frames["calls"], f"{where}calls") if "calls" in frames else [],
    }
    machines, name = frames["machines"], f"{where}machines"
    # A category's code counts from the first named why; the stored code from "".
    columns: list[Any] = [
        numbers(machines, "m", name), numbers(machines, "tid", name), numbers(machines, "created_ns", name),
        numbers(machines, "created_by", name), numbers(machines, "why", name) + 1, numbers(machines, "exited_ns", name),
        numbers(machines, "exit_why", name) + 1,
    ]
    spent = times(machines, name)
    for i, (m, tid, created, by, why, exited, exit_why) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        record.machines.append((m, tid, created, by, why, exited, exit_why, spent[i]))
    processors, name = frames["processors"], f"{where}processors"
    columns = [numbers(processors, c, name) for c in ("p", "schedtick", "syscalltick")]
    spent = times(processors, name)
    for i, (p, schedtick, syscalltick) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        record.processors.append((p, schedtick, syscalltick, spent[i]))


def held(rows_of: Callable[[pd.DataFrame, str], bytes], frame: pd.DataFrame, where: str) -> list[bytes]:
    """A table's chunks: what is between a frame and its rows fits in the cache, and is never there for all of them."""
    return [rows_of(frame.iloc[a : a + CHUNK_ROWS], where) for a in range(0, len(frame), CHUNK_ROWS)]


def times(frame: pd.DataFrame, table: str) -> list[tuple[int, ...]]:
    """The time in each mode, a tuple a row; () where it is null."""
    spent = np.stack([numbers(frame, f"{mode}_ns", table) for mode in MODES], axis=1)
    return [() if row[0] < 0 else tuple(row) for row in spent.tolist()]
