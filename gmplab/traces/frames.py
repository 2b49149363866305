"""Stored rows as pandas frames: column by column out of views over the chunks, with narrow types.

A chunk fits in the cache, so each column is taken straight out of it into its final array; the rows are never joined.
Refused: a frame over the two-dimensional rows (five times slower, and every column 8 bytes wide).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.errors import TraceError
from gmplab.runtime.recorder import Record
from gmplab.traces.columns import COLUMNS, REASONS, dtype_of
from gmplab.vocabulary import (
    CALL_WORDS, EVENT_KINDS, EVENT_WORDS, GOROUTINE_WORDS, MODES, Q_GET, REASONS_OF, SCHEDULE_WORDS, STEAL_PASS, WHYS,
)

Ints = npt.NDArray[Any]

ROW_WORDS: Final = {
    "schedule": SCHEDULE_WORDS, "events": EVENT_WORDS, "goroutines": GOROUTINE_WORDS, "calls": CALL_WORDS,
}
"""Words of 8 bytes a stored row."""

# Where each stored field lies in its row: (the type to view the row as, the index in it, what to add, the type to
# keep). An id is stored plus one, so that 0 is "none". Layouts: vocabulary.SCHEDULE_WORDS and the others.
Field = tuple[str, int, int, str]
FIELDS: Final[dict[str, dict[str, Field]]] = {
    "schedule": {
        "t_ns": ("<i8", 0, 0, "i8"), "ready_ns": ("<i8", 1, 0, "i8"), "enter_ns": ("<i8", 2, 0, "i8"),
        "m": ("<i4", 6, -1, "i4"), "g": ("<i4", 7, -1, "i8"), "p": ("<u2", 16, -1, "i4"), "caller": ("u1", 34, 0, "u1"),
        "source": ("u1", 35, 0, "u1"), "victim_p": ("<i4", 9, -1, "i4"), "global_q": ("<i4", 10, 0, "i4"),
        "local_q": ("<i4", 11, 0, "i4"), "idle_p": ("<u2", 24, 0, "i4"), "spinning_m": ("<u2", 25, 0, "i4"),
        "idle_m": ("<i4", 13, 0, "i4"), "n_threads": ("<i4", 14, 0, "i4"), "stolen": ("<i4", 15, 0, "i4"),
    },
    "events": {
        "t_ns": ("<i8", 0, 0, "i8"), "m": ("<i4", 2, -1, "i4"), "g": ("<i4", 3, -1, "i8"), "p": ("<u2", 8, -1, "i4"),
        "kind": ("u1", 18, 0, "u1"), "code": ("<u2", 9, 0, "u2"), "aux": ("<i4", 5, -1, "i4"),
        "arg": ("<i8", 3, 0, "i8"),
    },
    "goroutines": {
        "parent": ("<i4", 0, -1, "i8"), "g": ("<i4", 1, -1, "i8"), "n_schedules": ("<i4", 2, 0, "i4"),
        "label": ("<i4", 3, 0, "i4"), "created_ns": ("<i8", 2, 0, "i8"), "first_run_ns": ("<i8", 3, 0, "i8"),
        "exited_ns": ("<i8", 4, 0, "i8"), "run_ns": ("<i8", 5, 0, "i8"), "wait_ns": ("<i8", 6, 0, "i8"),
        "blocked_ns": ("<i8", 7, 0, "i8"),
    },
    "calls": {
        "t_ns": ("<i8", 0, 0, "i8"), "parent": ("<i4", 2, 0, "i8"), "call": ("<i4", 3, 0, "i8"),
        "m": ("<i4", 4, -1, "i4"), "function": ("<i4", 5, 0, "i4"), "g": ("<i8", 3, -1, "i8"),
    },
}


def reason_codes() -> Ints:
    """For each kind | code << 8: the index in REASONS, -1 where there is no reason, -2 where there is no such code."""
    table = np.full(1 << 16, -1, dtype=np.int16)
    index = {name: i for i, name in enumerate(REASONS)}
    for kind, names in REASONS_OF.items():
        for code in range(256):
            table[kind | code << 8] = -2 if code >= len(names) else index.get(names[code], -1)
    return table


REASON_CODES: Final = reason_codes()


def kept(record: Record, table: str) -> list[bytes]:
    """The stored rows of a table as a file holds them, and `digest` sees them: goroutines by id, as their frame has them.

    The core writes a goroutine's row at its end, and so in another order than a reader of frames could give it back in.
    """
    found = list(record.tables[table])
    if table != "goroutines":
        return found
    rows = np.frombuffer(b"".join(found), dtype="<i8").reshape(-1, GOROUTINE_WORDS)
    return [rows[np.argsort(rows[:, 0] >> 32, kind="stable")].tobytes()] if len(rows) else []


def chunks(record: Record, table: str) -> list[Ints]:
    """The stored chunks of a table as int64 arrays of shape (rows, words).

    Raises `TraceError` where a chunk is no whole number of rows.
    """
    words = ROW_WORDS[table]
    found: list[Ints] = []
    for i, chunk in enumerate(record.tables.get(table, [])):
        if len(chunk) % (words * 8):
            raise TraceError(
                f"table {table}: chunk {i} has {len(chunk)} bytes: no whole number of rows of {words * 8} bytes"
            )
        found.append(np.frombuffer(chunk, dtype="<i8").reshape(-1, words))
    return found


def n_rows(record: Record, table: str) -> int:
    """How many rows of a table are stored."""
    return sum(len(chunk) for chunk in record.tables.get(table, [])) // (8 * ROW_WORDS[table])


def fields(record: Record, table: str, only: Sequence[str] = ()) -> dict[str, Ints]:
    """The stored fields of a table, each an array of its own; `only`: these alone."""
    parts = chunks(record, table)
    places = {name: FIELDS[table][name] for name in only or FIELDS[table]}
    n = sum(len(part) for part in parts)
    made: dict[str, Ints] = {name: np.empty(n, dtype=keep) for name, (_, _, _, keep) in places.items()}
    a = 0
    for part in parts:
        b = a + len(part)
        views: dict[str, Ints] = {}
        for name, (view, at, add, keep) in places.items():
            if view not in views:
                views[view] = part.view(view)
            if add:
                np.add(views[view][:, at], add, out=made[name][a:b], dtype=keep, casting="unsafe")
            else:
                made[name][a:b] = views[view][:, at]
        a = b
    return made


def order_by(ids: Ints) -> Ints:
    """The order of small ids, from -1 up, that leaves equal ones as they stand.

    numpy sorts 16 bits by counting, many times faster than more of them: the lower 16 come first, then the upper ones.
    """
    if not len(ids):
        return np.empty(0, dtype=np.int64)
    most = int(ids.max())
    if most < 1 << 15:
        return np.argsort(ids.astype(np.int16), kind="stable")
    if most > 1 << 30:
        return np.argsort(ids, kind="stable")
    above = ids + 1
    order = np.argsort((above & 0xFFFF).astype(np.uint16), kind="stable")
    return order[np.argsort((above >> 16).astype(np.uint16)[order], kind="stable")]


def lists(part: Ints, table: str, names: Sequence[str]) -> list[list[int]]:
    """Fields of some rows of a table, each a list of ints: for loops over rows, which lists serve faster than arrays."""
    found: list[list[int]] = []
    for view, at, add, keep in (FIELDS[table][name] for name in names):
        values = part.view(view)[:, at]
        found.append((np.add(values, add, dtype=keep, casting="unsafe") if add else values).tolist())
    return found


def nullable(values: Ints, dtype: str, where: str) -> Any:
    """Ints as a nullable column: what is negative is null. Raises `TraceError` where a value does not fit."""
    kind = np.dtype(dtype.lower())
    if values.dtype.itemsize > kind.itemsize and len(values):
        most = int(values.max())
        if most > np.iinfo(kind).max:
            raise TraceError(f"{where}, row {int(values.argmax())}: {most} is beyond the {dtype} of this run")
    mask = values < 0
    return pd.arrays.IntegerArray(values.astype(kind, copy=False), mask)


def category(codes: Ints, names: tuple[str, ...], where: str) -> Any:
    """Codes as a categorical of all names, in the order of their codes; -1 is null.

    Raises `TraceError` where a code has no name.
    """
    if len(codes) and int(codes.max()) >= len(names):
        row = int(codes.argmax())
        raise TraceError(f"{where}, row {row}: code {int(codes[row])}: there are {len(names)}")
    narrow = codes.view(np.int8) if codes.dtype == np.uint8 else codes.astype(np.int8, copy=False)
    return pd.Categorical.from_codes(narrow, dtype=dtype_for(names), validate=False)


def dtype_for(names: Sequence[str]) -> pd.CategoricalDtype:
    """The categorical type of these names."""
    return pd.CategoricalDtype(pd.Index(list(names), dtype="str"))


def texts_of(record: Record, column: str) -> tuple[str, ...]:
    """The categories of a text column of `goroutines`: each word once, in the order of the record's labels."""
    at = {"name": 1, "cls": 2, "site": 3}[column]
    return tuple(dict.fromkeys(str(label[at]) for label in record.labels))


def built(record: Record, table: str, made: dict[str, Any]) -> pd.DataFrame:
    """The frame of a table: the columns of COLUMNS, in order, each of its type."""
    procs = len(record.processors)
    out: dict[str, Any] = {}
    for name, column in COLUMNS[table].items():
        values, where = made[name], f"table {table}, column {name}"
        if column.dtype == "category":
            out[name] = category(values, column.names, where)
        elif column.dtype == "text":
            out[name] = values
        elif column.nullable:
            out[name] = nullable(values, dtype_of(column, procs), where)
        else:
            out[name] = values.astype(column.dtype, copy=False)
    return pd.DataFrame(out, copy=False)


def schedule_frame(record: Record) -> pd.DataFrame:
    """One row per schedule() that found a G; the columns are `COLUMNS["schedule"]`.

    Raises `TraceError` where a row holds a code or an id that cannot be.
    """
    made = fields(record, "schedule")
    made["wait_ns"] = made["t_ns"] - made["ready_ns"]
    made["search_ns"] = made["t_ns"] - made["enter_ns"]
    return built(record, "schedule", made)


def events_frame(record: Record) -> pd.DataFrame:
    """One row per transition; the columns are `COLUMNS["events"]`.

    Raises `TraceError` where a row holds a code or an id that cannot be.
    """
    made = fields(record, "events")
    kind, code, arg = made["kind"], made.pop("code"), made["arg"]
    reason = REASON_CODES[code]
    if len(reason) and int(reason.min()) == -2:
        row = int(reason.argmin())
        raise TraceError(
            f"table events, row {row}: a {EVENT_KINDS[kind[row]]} with reason {int(code[row]) >> 8}: "
            f"there are {len(REASONS_OF[int(kind[row])])}"
        )
    made["reason"] = reason
    position = np.full(len(kind), -1, dtype=np.int32)
    gets = np.flatnonzero(kind == Q_GET)
    packed = arg[gets]
    position[gets] = (packed >> 32) - 1
    arg[gets] = packed & 0xFFFFFFFF
    passes = np.flatnonzero(kind == STEAL_PASS)
    position[passes] = code[passes] >> 8
    made["position"] = position
    return built(record, "events", made)


def goroutines_frame(record: Record) -> pd.DataFrame:
    """One row per G, in the order of their ids; the columns are `COLUMNS["goroutines"]`.

    Raises `TraceError` where a row names a label that the record lacks.
    """
    made: dict[str, Any] = dict(fields(record, "goroutines"))
    order = order_by(made["g"])
    if len(order) and bool((np.diff(order) != 1).any()):
        made = {name: values[order] for name, values in made.items()}
    label = made.pop("label")
    if len(label) and int(label.max()) >= len(record.labels):
        row = int(label.argmax())
        raise TraceError(
            f"table goroutines: g {int(made['g'][row])} has label {int(label[row])}: "
            f"the record has {len(record.labels)}"
        )
    made["kind"] = np.array([x[0] for x in record.labels], dtype=np.int16)[label]
    for at, name in ((1, "name"), (2, "cls"), (3, "site")):
        words = texts_of(record, name)
        index = {word: i for i, word in enumerate(words)}
        codes = np.array([index[str(x[at])] for x in record.labels], dtype=np.int32)[label]
        made[name] = pd.Categorical.from_codes(codes, dtype=dtype_for(words))
    return built(record, "goroutines", made)


def calls_frame(record: Record) -> pd.DataFrame:
    """One row per call of a runtime function (level "calls"); the columns are `COLUMNS["calls"]`."""
    made = fields(record, "calls")
    parent = made["parent"]
    parent[parent == 0] = -1
    return built(record, "calls", made)


def machines_frame(record: Record) -> pd.DataFrame:
    """One row per M: who asked for it and why, its end, and its time in each mode."""
    rows = record.machines
    made: dict[str, Any] = {
        name: np.array([r[at] for r in rows], dtype=np.int64)
        for at, name in enumerate(("m", "tid", "created_ns", "created_by", "why", "exited_ns", "exit_why"))
    }
    for name in ("why", "exit_why"):
        if len(rows) and not 0 <= int(made[name].min()) <= int(made[name].max()) < len(WHYS):
            raise TraceError(f"table machines: {name} holds a code beyond 0 to {len(WHYS) - 1}")
        made[name] = made[name] - 1  # WHYS[0] is "", which is null
    made.update(modes([r[7] for r in rows], "machines"))
    return built(record, "machines", made)


def processors_frame(record: Record) -> pd.DataFrame:
    """One row per P: its ticks and its time in each mode."""
    rows = record.processors
    made: dict[str, Any] = {
        name: np.array([r[at] for r in rows], dtype=np.int64)
        for at, name in enumerate(("p", "schedtick", "syscalltick"))
    }
    made.update(modes([r[3] for r in rows], "processors"))
    return built(record, "processors", made)


def modes(rows: Sequence[Sequence[int]], table: str) -> dict[str, Ints]:
    """The columns of time in each mode; a row without any (a window's) has null in all."""
    times = np.full((len(rows), len(MODES)), -1, dtype=np.int64)
    for i, row in enumerate(rows):
        if row:
            if len(row) != len(MODES):
                raise TraceError(f"table {table}, row {i}: {len(row)} times in modes: there are {len(MODES)} modes")
            times[i] = row
    return {f"{mode}_ns": times[:, i].copy() for i, mode in enumerate(MODES)}


FRAMES: Final = {
    "schedule": schedule_frame, "events": events_frame, "goroutines": goroutines_frame, "machines": machines_frame,
    "processors": processors_frame, "calls": calls_frame,
}
"""The maker of each table's frame."""
