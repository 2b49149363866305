"""A part of a run in time, as a record of its own: rows of [t0, t1) and the counts that can be told from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.runtime.recorder import Record
from gmplab.traces.frames import ROW_WORDS, chunks, fields
from gmplab.traces.metrics import kind_counts
from gmplab.vocabulary import (
    GO_CREATE, GO_EXIT, GO_STOP, GO_SYSCALL, HISTOGRAM_BUCKETS, KIND_USER, LEVEL_FULL, M_CREATE, M_EXIT, M_PARK,
    P_RETAKE, PREEMPT_REQUEST, Q_OVERFLOW, RETAKE_SYSMON, STEAL_PASS, STOP_GOSCHED, STOP_PREEMPT, TIMER_FIRE,
    WHY_NETPOLL,
)

Ints = npt.NDArray[np.int64]


def window(record: Record, t0: int, t1: int) -> Record:
    """The record of the instants from t0 to before t1.

    Rows of schedule, events and calls lie in the window; goroutines and machines are those alive in it, and their sums
    are those of their whole lives. Latencies and counters are counted anew from the rows; what rows cannot tell (time
    of Ps and Ms in each mode, idle while overloaded) is absent, and its metrics are nan.

    Parameters
    ----------
    record : Record
        At level "schedule" or more.
    t0, t1 : int
        ns, t0 < t1.
    """
    part = Record()
    part.header = {**record.header, "window_ns": [t0, t1]}
    part.level, part.labels, part.texts, part.objects = record.level, record.labels, record.texts, record.objects
    for table in ROW_WORDS:
        part.tables[table] = []
        for rows in chunks(record, table):
            if table == "goroutines":
                keep = (rows[:, 2] < t1) & ((rows[:, 4] < 0) | (rows[:, 4] >= t0))
            else:
                keep = (rows[:, 0] >= t0) & (rows[:, 0] < t1)
            kept = rows[keep].tobytes()
            if kept:
                part.tables[table].append(kept)
    part.machines = [(*m[:7], ()) for m in record.machines if m[2] < t1 and (m[5] < 0 or m[5] >= t0)]
    part.processors = [(*p[:3], ()) for p in record.processors]
    part.end_ns, part.complete, part.stopped_by = min(t1, record.end_ns), record.complete, record.stopped_by
    count(part, t0, t1)
    return part


def held(frame: pd.DataFrame, begin: int, end: int, by: str | None = None) -> pd.DataFrame:
    """The rows from `begin` to before `end` of a frame whose values hold until the next row, of `by` if that is a column.

    What held at `begin` has a row there.
    """
    # Of the rows up to the begin the last one holds; a null is a key of its own.
    old = frame["t_ns"] <= begin
    last = frame[old].tail(1) if by is None else frame[old].groupby(by, sort=False, dropna=False).tail(1)
    keep = frame.index.isin(last.index) | (~old & (frame["t_ns"] < end))
    return frame[keep].assign(t_ns=frame["t_ns"][keep].clip(lower=begin)).reset_index(drop=True)


def count(part: Record, t0: int, t1: int) -> None:
    """Fill in the counters, histograms and fairness of a window from its rows."""
    schedule, goroutines = fields(part, "schedule"), fields(part, "goroutines")
    warmup = int(part.header.get("warmup_ns", 0))
    classes = [label[2] for label in part.labels]
    g, label = goroutines["g"], goroutines["label"]
    cls_of: dict[int, str] = dict(zip(g.tolist(), (classes[i] for i in label.tolist()), strict=True))
    counted = schedule["t_ns"] >= warmup
    latencies = (schedule["t_ns"] - schedule["ready_ns"])[counted]
    tally(part, "wait", latencies, [cls_of.get(x, "") for x in schedule["g"][counted].tolist()])
    ended = goroutines["exited_ns"]
    user = np.array([label[0] == KIND_USER for label in part.labels], dtype=bool)[label] & (ended >= t0) & (ended < t1)
    whole = user & (goroutines["created_ns"] >= warmup)
    tally(
        part, "sojourn", (ended - goroutines["created_ns"])[whole], [classes[i] for i in label[whole].tolist()]
    )
    run = goroutines["run_ns"][user].astype(np.float64)
    part.jain = (len(run), float(run.sum()), float((run * run).sum()))
    made = goroutines["created_ns"]
    part.counters = {
        "n_schedules": len(counted), "switches": len(counted), "steals": int((schedule["stolen"] > 0).sum()),
        "stolen": int(schedule["stolen"].sum()), "n_goroutines": int((made >= t0).sum()),
        "n_exited": int(((ended >= t0) & (ended < t1)).sum()),
        "threads_created": sum(t0 <= m[2] for m in part.machines),
        "threads_exited": sum(t0 <= m[5] < t1 for m in part.machines),
    }
    if len(counted):
        part.counters["threads_peak"] = int(schedule["n_threads"].max())
    if part.level >= LEVEL_FULL:
        part.counters.update(counted_events(part))


def counted_events(part: Record) -> dict[str, int]:
    """The counters that the events tell."""
    found = kind_counts(part)
    by_kind = found.reshape(256, 256).sum(axis=0)
    counters = {
        name: int(by_kind[kind])
        for name, kind in (
            ("n_goroutines", GO_CREATE), ("n_exited", GO_EXIT), ("steal_passes", STEAL_PASS), ("syscalls", GO_SYSCALL),
            ("threads_created", M_CREATE), ("threads_exited", M_EXIT), ("overflows", Q_OVERFLOW),
            ("timers_fired", TIMER_FIRE), ("preempt_requests", PREEMPT_REQUEST),
        )
    }
    for name, kind, reason in (
        ("gosched", GO_STOP, STOP_GOSCHED), ("preemptions", GO_STOP, STOP_PREEMPT),
        ("retakes", P_RETAKE, RETAKE_SYSMON),
    ):
        counters[name] = int(found[kind | reason << 8])
    counters["parks_m"] = int(by_kind[M_PARK] - found[M_PARK | WHY_NETPOLL << 8])
    return counters


def tally(part: Record, what: str, values: Ints, classes: Sequence[str]) -> None:
    """Histograms and sums of values by class, as the core keeps them."""
    codes, words = pd.factorize(np.array(classes, dtype=object))
    for code, cls in enumerate([str(word) for word in words] or [""]):
        own = values[codes == code]
        key = (what, cls)
        part.histograms[key] = np.bincount(buckets(own), minlength=HISTOGRAM_BUCKETS).tolist()
        part.sums[key] = (len(own), int(own.sum()), int(own.max()), int(own.min())) if len(own) else (0, 0, 0, 0)


def buckets(values: Ints) -> Ints:
    """The bucket of each value in a log-linear histogram: with e = bit_length - 6, at least 0, e * 32 + (value >> e).

    >>> buckets(np.array([0, 63, 64, 130])).tolist()
    [0, 63, 64, 96]
    """
    # float64 rounds above 2**53, and only upward: such a value's length is taken from its upper half.
    upper = values >> 32
    length = np.where(upper > 0, np.frexp(upper.astype(np.float64))[1] + 32, np.frexp(values.astype(np.float64))[1])
    e = np.maximum(length - 6, 0).astype(np.int64)
    return np.asarray(e * 32 + (values >> e), dtype=np.int64)
