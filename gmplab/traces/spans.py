"""What follows from the events: the life of each goroutine as spans, who woke whom, and counts over time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.errors import TraceError
from gmplab.runtime.recorder import Record
from gmplab.traces.columns import P, dtype_of
from gmplab.traces.frames import dtype_for, fields, nullable, order_by
from gmplab.traces.lengths import global_queue_changes
from gmplab.vocabulary import (
    GO_CREATE, GO_EXIT, GO_PARK, GO_READY, GO_START, GO_STOP, GO_SYSCALL, GO_SYSEXIT, M_CREATE, M_EXIT, P_BUSY, P_IDLE,
    QUEUES, REGION_BEGIN, REGION_END, SPIN_START, SPIN_STOP, WAIT_REASONS,
)

Ints = npt.NDArray[Any]

RUNNABLE: Final = 0
RUNNING: Final = 1
SYSCALL: Final = 2
WAITING: Final = 3
REGION: Final = 4
GONE: Final = 5
SPAN_KINDS: Final = ("runnable", "running", "syscall", "waiting", "region")

ENTERS: Final = {
    GO_CREATE: RUNNABLE, GO_READY: RUNNABLE, GO_STOP: RUNNABLE, GO_START: RUNNING, GO_SYSCALL: SYSCALL,
    GO_SYSEXIT: RUNNING, GO_PARK: WAITING, GO_EXIT: GONE,
}
"""The state that a goroutine is in after an event."""


def transitions(e: dict[str, Ints]) -> tuple[Ints, Ints, Ints]:
    """(rows, states, following) of the events that change a goroutine's state, ordered by goroutine and then in time.

    `following` is the place, in these arrays, of the same goroutine's next transition, -1 if there is none.
    """
    state_of = np.full(256, -1, dtype=np.int8)
    for kind, entered in ENTERS.items():
        state_of[kind] = entered
    state = state_of[e["kind"]]
    # A GoSysExit without a P leaves the goroutine where it was until its GoStop: it does not run.
    state[(e["kind"] == GO_SYSEXIT) & (e["p"] < 0)] = -1
    rows = np.flatnonzero(state >= 0)
    rows = rows[order_by(e["g"][rows])]
    g = e["g"][rows]
    following = np.arange(1, len(rows) + 1)
    following[:-1][g[1:] != g[:-1]] = -1
    following[-1:] = -1
    return rows, state[rows], following


def spans_frame(record: Record) -> pd.DataFrame:
    """One row per stay of a goroutine in a state, and per region that its code marked; by goroutine, then in time.

    Returns
    -------
    pandas.DataFrame
        g; kind ("runnable", "running", "syscall", "waiting", "region"); name (waiting: for what; region: its text; else
        ""); begin_ns, end_ns (of what is still open: the end of the run), duration_ns; m, p (of running: where; of a
        syscall: its M, and the P at its entry).
    """
    e = fields(record, "events")
    rows, state, following = transitions(e)
    stays = state != GONE
    begin = e["t_ns"][rows]
    end = np.where(following >= 0, begin[following], record.end_ns)
    placed = (state == RUNNING) | (state == SYSCALL)
    # An event's reason is the upper byte of its code.
    names = np.where((state == WAITING), e["code"][rows] >> 8, 0)
    words = tuple(dict.fromkeys([*WAIT_REASONS, *record.texts]))
    regions = region_spans(record, e, words)
    made = {
        "g": e["g"][rows], "kind": state, "name": names, "begin_ns": begin, "end_ns": end,
        "m": np.where(placed, e["m"][rows], -1), "p": np.where(placed, e["p"][rows], -1),
    }
    made = {name: values[stays] for name, values in made.items()}
    if len(regions["g"]):
        made = {name: np.concatenate([values, regions[name]]) for name, values in made.items()}
        order = np.lexsort((made["kind"] == REGION, made["begin_ns"], made["g"]))
        made = {name: values[order] for name, values in made.items()}
    where = "spans"
    return pd.DataFrame(
        {
            "g": nullable(made["g"], "Int64", where),
            "kind": pd.Categorical.from_codes(made["kind"], dtype=dtype_for(SPAN_KINDS)),
            "name": pd.Categorical.from_codes(made["name"], dtype=dtype_for(words)), "begin_ns": made["begin_ns"],
            "end_ns": made["end_ns"], "duration_ns": made["end_ns"] - made["begin_ns"],
            "m": nullable(made["m"], "Int32", where),
            "p": nullable(made["p"], dtype_of(P, len(record.processors)), where),
        },
        copy=False,
    )


def region_spans(record: Record, e: dict[str, Ints], words: tuple[str, ...]) -> dict[str, Ints]:
    """The regions, by their first rows: each RegionEnd closes the newest open region of its goroutine.

    `begin` and `end` are rows of the events; what stays open ends with the run, after the last row.
    """
    index = {word: i for i, word in enumerate(words)}
    opened: dict[int, list[int]] = {}
    found: list[list[int]] = []
    for row in np.flatnonzero((e["kind"] == REGION_BEGIN) | (e["kind"] == REGION_END)).tolist():
        g = int(e["g"][row])
        stack = opened.setdefault(g, [])
        if e["kind"][row] == REGION_BEGIN:
            text = int(e["arg"][row])
            if not 0 <= text < len(record.texts):
                raise TraceError(
                    f"table events, row {row}: a RegionBegin of text {text}: the record has {len(record.texts)}"
                )
            stack.append(len(found))
            found.append([g, index[record.texts[text]], row, len(e["kind"])])
        elif stack:
            found[stack.pop()][3] = row
    table = np.array(found, dtype=np.int64).reshape(-1, 4)
    none = np.full(len(table), -1, dtype=np.int64)
    t = np.append(e["t_ns"], record.end_ns)
    return {
        "g": table[:, 0], "kind": np.full(len(table), REGION, dtype=np.int8), "name": table[:, 1],
        "begin": table[:, 2], "end": table[:, 3], "begin_ns": t[table[:, 2]], "end_ns": t[table[:, 3]], "m": none,
        "p": none,
    }


def wakeups_frame(record: Record) -> pd.DataFrame:
    """One row per goroutine that was made or readied, in time: who did it, and when and where it then ran.

    Returns
    -------
    pandas.DataFrame
        t_ns; g; new (made, not readied); by_g, by_m, by_p (null: nobody, as an arrival or a timer); queue, queue_p
        (where it was put); start_ns, start_m, start_p (null: it never ran); wait_ns = start_ns - t_ns.
    """
    e = fields(record, "events")
    rows, state, following = transitions(e)
    kind = e["kind"][rows]
    woken = np.flatnonzero((kind == GO_CREATE) | (kind == GO_READY))
    woken = woken[order_by(rows[woken])]
    after = following[woken]
    ran = (after >= 0) & (state[after] == RUNNING)
    row, start = rows[woken], rows[after]
    procs = dtype_of(P, len(record.processors))
    t, begin = e["t_ns"][row], np.where(ran, e["t_ns"][start], -1)
    where = "wakeups"
    return pd.DataFrame(
        {
            "t_ns": t, "g": nullable(e["g"][row], "Int64", where), "new": e["kind"][row] == GO_CREATE,
            "by_g": nullable(e["arg"][row], "Int64", where), "by_m": nullable(e["m"][row], "Int32", where),
            "by_p": nullable(e["p"][row], procs, where),
            "queue": pd.Categorical.from_codes((e["code"][row] >> 8).astype(np.int8), dtype=dtype_for(QUEUES)),
            "queue_p": nullable(e["aux"][row], procs, where), "start_ns": nullable(begin, "Int64", where),
            "start_m": nullable(np.where(ran, e["m"][start], -1), "Int32", where),
            "start_p": nullable(np.where(ran, e["p"][start], -1), procs, where),
            "wait_ns": nullable(np.where(ran, begin - t, -1), "Int64", where),
        },
        copy=False,
    )


def series_frame(record: Record) -> pd.DataFrame:
    """Counts over time, one row per instant at which one changed; each holds until the next row.

    Returns
    -------
    pandas.DataFrame
        t_ns; runnable, running, syscall, waiting (goroutines in each state); idle_p, spinning_m, threads; global_q
        (goroutines in the global queue).
    """
    e = fields(record, "events")
    rows, state, following = transitions(e)
    n = len(e["t_ns"])
    change = {name: np.zeros(n, dtype=np.int64) for name in ("runnable", "running", "syscall", "waiting")}
    left = np.flatnonzero(following >= 0)
    for code, name in ((RUNNABLE, "runnable"), (RUNNING, "running"), (SYSCALL, "syscall"), (WAITING, "waiting")):
        change[name][rows[state == code]] += 1
        change[name][rows[following[left[state[left] == code]]]] -= 1
    for name, up, down in (
        ("idle_p", P_IDLE, P_BUSY), ("spinning_m", SPIN_START, SPIN_STOP), ("threads", M_CREATE, M_EXIT),
    ):
        change[name] = (e["kind"] == up).astype(np.int64) - (e["kind"] == down)
    change["global_q"] = global_queue_changes(e)
    changed = np.any([values != 0 for values in change.values()], axis=0)
    t = e["t_ns"][changed]
    last = np.append(t[1:] != t[:-1], True) if len(t) else np.empty(0, dtype=bool)
    counts = {name: np.cumsum(values[changed])[last].astype(np.int32) for name, values in change.items()}
    return pd.DataFrame({"t_ns": t[last], **counts})
