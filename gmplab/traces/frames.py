"""Stored rows as pandas frames, column by column with narrow types: enumerations as categories, "none" as null."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gmplab.runtime.recorder import Record
from gmplab.vocabulary import (
    CALLERS, EVENT_KINDS, EVENT_WORDS, G_KINDS, GOROUTINE_WORDS, MODES, Q_GET, REASONS_OF, SCHEDULE_WORDS, SOURCES, WHYS,
)

Words = Any
LOW = np.int64(0xFFFFFFFF)


def words(record: Record, table: str, per_row: int) -> Words:
    """All rows of a table: an int64 array of shape (rows, per_row)."""
    chunks = record.tables.get(table, [])
    if not chunks:
        return np.empty((0, per_row), dtype="<i8")
    return np.concatenate([np.frombuffer(c, dtype="<i8") for c in chunks]).reshape(-1, per_row)


def nullable(values: Words, dtype: str) -> Any:
    """Ids as nullable ints: -1 is null."""
    mask = values < 0
    kind = {"Int64": "i8", "Int32": "i4", "Int16": "i2"}[dtype]
    return pd.arrays.IntegerArray(np.where(mask, 0, values).astype(kind), mask)


def category(codes: Words, names: tuple[str, ...]) -> Any:
    """Codes as a categorical of all names, in the order of their codes."""
    return pd.Categorical.from_codes(codes.astype(np.int16), categories=pd.Index(names))


def schedule_frame(record: Record) -> pd.DataFrame:
    """One row per schedule() that found a G; columns and units as in the documentation of the record."""
    w = words(record, "schedule", SCHEDULE_WORDS)
    mark = w[:, 4]
    return pd.DataFrame(
        {
            "t_ns": w[:, 0], "m": nullable((w[:, 3] & LOW) - 1, "Int32"), "p": nullable((mark & 0xFFFF) - 1, "Int32"),
            "g": nullable((w[:, 3] >> 32) - 1, "Int64"), "caller": category((mark >> 16) & 0xFF, CALLERS),
            "source": category((mark >> 24) & 0xFF, SOURCES), "victim_p": nullable((mark >> 32) - 1, "Int32"),
            "stolen": (w[:, 7] >> 32).astype("i4"), "ready_ns": w[:, 1], "wait_ns": w[:, 0] - w[:, 1], "enter_ns": w[:, 2],
            "search_ns": w[:, 0] - w[:, 2], "local_q": (w[:, 5] >> 32).astype("i4"), "global_q": (w[:, 5] & LOW).astype("i4"),
            "idle_p": (w[:, 6] & 0xFFFF).astype("i4"), "spinning_m": ((w[:, 6] >> 16) & 0xFFFF).astype("i4"),
            "idle_m": (w[:, 6] >> 32).astype("i4"), "n_threads": (w[:, 7] & LOW).astype("i4"),
        }
    )


def events_frame(record: Record) -> pd.DataFrame:
    """One row per transition. `reason` is a word of the kind's own enumeration, "" where it has none."""
    w = words(record, "events", EVENT_WORDS)
    kind = (w[:, 2] >> 16) & 0xFF
    code = (w[:, 2] >> 24) & 0xFF
    reason = np.full(len(w), "", dtype=object)
    for k, names in REASONS_OF.items():
        rows = kind == k
        reason[rows] = np.asarray(names, dtype=object)[code[rows]]
    arg = np.where(kind == Q_GET, w[:, 3] & LOW, w[:, 3])
    position = np.where(kind == Q_GET, (w[:, 3] >> 32) - 1, -1)
    return pd.DataFrame(
        {
            "t_ns": w[:, 0], "kind": category(kind, EVENT_KINDS), "g": nullable((w[:, 1] >> 32) - 1, "Int64"),
            "m": nullable((w[:, 1] & LOW) - 1, "Int32"), "p": nullable((w[:, 2] & 0xFFFF) - 1, "Int32"), "arg": arg,
            "reason": pd.Categorical(reason), "aux": nullable((w[:, 2] >> 32) - 1, "Int64"),
            "position": nullable(position, "Int64"),
        }
    )


def goroutines_frame(record: Record) -> pd.DataFrame:
    """One row per G, in the order of their ids."""
    w = words(record, "goroutines", GOROUTINE_WORDS)
    w = w[np.argsort(w[:, 0] >> 32, kind="stable")]
    label = (w[:, 1] >> 32).astype(np.int64)
    labels = record.labels or [(0, "", "", "")]
    return pd.DataFrame(
        {
            "g": nullable((w[:, 0] >> 32) - 1, "Int64"), "parent": nullable((w[:, 0] & LOW) - 1, "Int64"),
            "kind": category(np.asarray([x[0] for x in labels])[label], G_KINDS),
            "name": pd.Categorical(np.asarray([x[1] for x in labels], dtype=object)[label]),
            "cls": pd.Categorical(np.asarray([x[2] for x in labels], dtype=object)[label]),
            "site": pd.Categorical(np.asarray([x[3] for x in labels], dtype=object)[label]),
            "created_ns": w[:, 2], "first_run_ns": nullable(w[:, 3], "Int64"), "exited_ns": nullable(w[:, 4], "Int64"),
            "run_ns": w[:, 5], "wait_ns": w[:, 6], "blocked_ns": w[:, 7], "n_schedules": (w[:, 1] & LOW).astype("i4"),
        }
    )


def machines_frame(record: Record) -> pd.DataFrame:
    """One row per M: who asked for it and why, its end, and its time in each mode."""
    rows = record.machines
    frame = pd.DataFrame(
        {
            "m": [r[0] for r in rows], "created_ns": [r[2] for r in rows],
            "created_by": nullable(np.asarray([r[3] for r in rows], dtype="i8"), "Int32"),
            "why": category(np.asarray([r[4] for r in rows], dtype="i8"), WHYS),
            "exited_ns": nullable(np.asarray([r[5] for r in rows], dtype="i8"), "Int64"),
            "exit_why": category(np.asarray([r[6] for r in rows], dtype="i8"), WHYS),
        }
    )
    for i, mode in enumerate(MODES):
        frame[f"{mode}_ns"] = [r[7][i] for r in rows]
    return frame


def processors_frame(record: Record) -> pd.DataFrame:
    """One row per P: its ticks and its time in each mode."""
    rows = record.processors
    frame = pd.DataFrame({"p": [r[0] for r in rows], "schedtick": [r[1] for r in rows], "syscalltick": [r[2] for r in rows]})
    for i, mode in enumerate(MODES):
        frame[f"{mode}_ns"] = [r[3][i] for r in rows]
    return frame
