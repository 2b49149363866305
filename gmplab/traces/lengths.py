"""How long the run queues were: by how many goroutines each event changes each queue, and the lengths that follow."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.runtime.recorder import Record
from gmplab.traces.columns import P, dtype_of
from gmplab.traces.frames import fields, nullable
from gmplab.vocabulary import (
    GO_CREATE, GO_READY, GO_STOP, Q_DRAIN, Q_GET, Q_GLOBAL, Q_GLOBAL_HEAD, Q_LOCAL, Q_MOVE, Q_NONE, Q_OVERFLOW, Q_PUT,
    Q_RUNNEXT, SRC_GLOBAL, SRC_GLOBAL_TICK, SRC_LOCAL, SRC_RUNNEXT, SRC_STEAL, SRC_STEAL_RUNNEXT,
)

Ints = npt.NDArray[Any]

GLOBAL: Final = -1
"""The global queue, where a queue is told by its P."""


def queues_frame(record: Record) -> pd.DataFrame:
    """How long each run queue was: one row per instant at which one's length changed; each holds until its next row.

    Returns
    -------
    pandas.DataFrame
        p (whose queue, runnext counted; null: the global queue); t_ns; n (goroutines in it from then on). The global
        queue first, then by P, then in time. A queue that was always empty has no rows.
    """
    e = fields(record, "events")
    rows, whose, delta = changes(e)
    order = np.lexsort((rows, whose))
    rows, whose, delta = rows[order], whose[order], delta[order]
    n = np.cumsum(delta)
    first = np.ones(len(rows), dtype=bool)
    first[1:] = whose[1:] != whose[:-1]
    # Each queue begins empty: take off what the sums over all queues had reached before its first row.
    starts = np.flatnonzero(first)
    before = np.append(0, n)[starts]
    n = n - np.repeat(before, np.diff(np.append(starts, len(rows))))
    t = e["t_ns"][rows]
    # Of several changes at one instant the last holds.
    holds = np.ones(len(rows), dtype=bool)
    holds[:-1] = (t[1:] != t[:-1]) | first[1:]
    whose, t, n = whose[holds], t[holds], n[holds]
    same = np.zeros(len(n), dtype=bool)
    same[1:] = whose[1:] == whose[:-1]
    changed = n != np.where(same, np.roll(n, 1), 0)
    procs = dtype_of(P, len(record.processors))
    return pd.DataFrame(
        {
            "p": nullable(whose[changed], procs, "queues"), "t_ns": t[changed], "n": n[changed].astype(np.int32),
        }
    )


def changes(e: dict[str, Ints]) -> tuple[Ints, Ints, Ints]:
    """(rows of events, whose queue, by how many goroutines each changes it); GLOBAL stands for the global queue."""
    rows, whose, delta = local_changes(e)
    moved = drained(e, rows, whose, delta)
    drains = np.flatnonzero(e["kind"] == Q_DRAIN)
    change = global_changes(e)
    change[drains] += moved
    at = np.flatnonzero(change)
    return (
        np.concatenate([rows, drains, at]), np.concatenate([whose, e["p"][drains].astype(np.int64), np.full(len(at), GLOBAL)]),
        np.concatenate([delta, -moved, change[at]]),
    )


def global_queue_changes(e: dict[str, Ints]) -> Ints:
    """By how many goroutines each event changes the length of the global queue."""
    change = global_changes(e)
    drains = np.flatnonzero(e["kind"] == Q_DRAIN)
    if len(drains):
        change[drains] += drained(e, *local_changes(e))
    return change


def global_changes(e: dict[str, Ints]) -> Ints:
    """The same, but for the QDrains."""
    kind, reason, arg = e["kind"], e["code"] >> 8, e["arg"]
    queue = queue_of(e)
    gets = kind == Q_GET
    change = ((queue == Q_GLOBAL) | (queue == Q_GLOBAL_HEAD)).astype(np.int64)
    change += np.where(kind == Q_OVERFLOW, arg + 1, 0)
    change -= gets & (reason == SRC_GLOBAL_TICK)
    change -= np.where(gets & (reason == SRC_GLOBAL), many(e), 0)
    change -= np.where((kind == Q_MOVE) & (e["aux"] < 0), arg, 0)
    return np.asarray(change)


def many(e: dict[str, Ints]) -> Ints:
    """How many goroutines a QGet takes: the upper half of its arg is a position."""
    return np.asarray(e["arg"] & 0xFFFFFFFF)


def queue_of(e: dict[str, Ints]) -> Ints:
    """The queue that each event puts its goroutine into, a code of QUEUES; 0 for an event that puts none."""
    kind = e["kind"]
    named = (kind == GO_CREATE) | (kind == GO_READY) | (kind == Q_PUT)
    queue: Ints = np.where(named, e["code"] >> 8, np.where(kind == GO_STOP, e["arg"], Q_NONE))
    return queue


def local_changes(e: dict[str, Ints]) -> tuple[Ints, Ints, Ints]:
    """(rows of events, whose queue, by how many) of the queues of Ps, runnext counted; the QDrains left out."""
    kind, reason, arg = e["kind"], e["code"] >> 8, e["arg"]
    p, aux = e["p"].astype(np.int64), e["aux"].astype(np.int64)
    queue, n, one = queue_of(e), many(e), np.ones_like(arg)
    gets = kind == Q_GET
    stolen = gets & (reason == SRC_STEAL)
    moved = kind == Q_MOVE
    # (which events, whose queue, by how many it changes)
    parts = (
        ((queue == Q_RUNNEXT) | (queue == Q_LOCAL), aux, one), (kind == Q_OVERFLOW, p, -(arg + 1)),
        (gets & ((reason == SRC_RUNNEXT) | (reason == SRC_LOCAL)), p, -one), (gets & (reason == SRC_GLOBAL), p, n - 1),
        (stolen, p, n - 1), (stolen, aux, -n), (gets & (reason == SRC_STEAL_RUNNEXT), aux, -one), (moved, p, arg),
        (moved & (aux >= 0), aux, -arg),
    )
    return (
        np.concatenate([np.flatnonzero(which) for which, _, _ in parts]),
        np.concatenate([owner[which] for which, owner, _ in parts]),
        np.concatenate([by[which] for which, _, by in parts]),
    )


def drained(e: dict[str, Ints], rows: Ints, whose: Ints, delta: Ints) -> Ints:
    """How many goroutines each QDrain moved: those that its P's queue had then, which the other changes tell."""
    drains = np.flatnonzero(e["kind"] == Q_DRAIN)
    p = e["p"][drains]
    found = np.zeros(len(drains), dtype=np.int64)
    for one in np.unique(p).tolist():
        mine = np.flatnonzero(whose == one)
        mine = mine[np.argsort(rows[mine], kind="stable")]
        length = np.append(0, np.cumsum(delta[mine]))
        own = np.flatnonzero(p == one)
        at = length[np.searchsorted(rows[mine], drains[own])]
        found[own] = np.diff(at, prepend=0)  # the drain before emptied it
    return found
