"""What each M, and each P, did from instant to instant, as spans: rebuilt from the events.

The sums of these spans are the core's own sums of time in each mode, to the ns (a test holds the two together), except
sysmon's: it runs by its own clock, and what it spends in a round is no event. Its rounds are the rows Sysmon.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.runtime.recorder import Record
from gmplab.traces.columns import REASONS, P, dtype_of
from gmplab.traces.frames import REASON_CODES, dtype_for, fields, nullable
from gmplab.vocabulary import (
    GO_EXIT, GO_PARK, GO_START, GO_STOP, GO_SYSCALL, GO_SYSEXIT, HOLD, IN_HELD, IN_IDLE, IN_LOCKED, IN_NETPOLL,
    IN_RUNNING, IN_SCHEDULING, IN_SPINNING, IN_STARTING, IN_STOPPED, IN_SYSCALL, M_CREATE, M_EXIT, M_PARK, M_START,
    M_WAKE, MODES, NETPOLL, P_ACQUIRE, P_IDLE, P_RELEASE, P_STOP, POLL_BLOCKING, SPIN_START, SPIN_STOP, WHY_HELD,
    WHY_IDLE, WHY_LOCKED, WHY_LOCKED_EXIT, WHY_NETPOLL, WHY_NETPOLL_BREAK, WHY_RETIRED, WHY_SYSMON,
)

Ints = npt.NDArray[Any]

SAME: Final = -1
"""No new mode."""
GONE: Final = len(MODES)
"""The thread has ended."""

RUNS_ON_A_P: Final = {
    GO_START: IN_RUNNING, GO_PARK: IN_SCHEDULING, GO_STOP: IN_SCHEDULING, GO_EXIT: IN_SCHEDULING, HOLD: IN_HELD,
    GO_SYSCALL: IN_SYSCALL, GO_SYSEXIT: IN_RUNNING, SPIN_START: IN_SPINNING, SPIN_STOP: IN_SCHEDULING,
    P_ACQUIRE: IN_SCHEDULING,
}
"""The mode of an M, and of the P that it has, after an event."""
WITHOUT_A_P: Final = {M_CREATE: IN_STARTING, M_START: IN_SCHEDULING, M_WAKE: IN_STARTING, M_EXIT: GONE}
"""The mode of an M alone."""
P_ALONE: Final = {P_RELEASE: IN_IDLE, P_IDLE: IN_IDLE, P_STOP: IN_STOPPED}
"""The mode of a P that no M has."""
ASLEEP: Final = {
    WHY_IDLE: IN_IDLE, WHY_NETPOLL: IN_NETPOLL, WHY_LOCKED: IN_LOCKED, WHY_HELD: IN_HELD, WHY_RETIRED: IN_IDLE,
    WHY_LOCKED_EXIT: IN_IDLE,
}
"""The mode of an M that sleeps, by the reason; for another reason it stays as it was (it spins, or stops the world)."""


def by_kind(*tables: dict[int, int]) -> Ints:
    """Tables of kind -> mode as one array."""
    found = np.full(256, SAME, dtype=np.int8)
    for table in tables:
        for kind, mode in table.items():
            found[kind] = mode
    return found


def modes_after(e: dict[str, Ints]) -> Ints:
    """For each event: the mode of its M after it, SAME where it changes none."""
    kind, reason = e["kind"], e["code"] >> 8
    mode = by_kind(RUNS_ON_A_P, WITHOUT_A_P)[kind]
    asleep = by_kind(ASLEEP)
    parks = kind == M_PARK
    mode[parks] = asleep[reason[parks]]
    mode[(kind == NETPOLL) & (reason == POLL_BLOCKING)] = IN_SCHEDULING
    mode[(kind == GO_SYSEXIT) & (e["p"] < 0)] = IN_SCHEDULING
    # An M that was started spinning spins from the moment on when it has its P; netpollbreak ends no mode by itself.
    mode[(kind == SPIN_START) & (e["aux"] == 1)] = SAME
    mode[(kind == M_WAKE) & (reason == WHY_NETPOLL_BREAK)] = SAME
    mode[e["m"] < 0] = SAME
    return mode


def acquired_spinning(e: dict[str, Ints], rows: Ints) -> Ints:
    """Which of these rows, ordered by M and then in time, are a P taken by an M that spins."""
    kind, m = e["kind"][rows], e["m"][rows]
    turn = (kind == SPIN_START) | (kind == SPIN_STOP)
    last = np.maximum.accumulate(np.where(turn, np.arange(len(rows)), -1)) if len(rows) else np.empty(0, dtype=np.intp)
    known = (last >= 0) & (m[last] == m) & (kind[last] == SPIN_START)
    return np.asarray(known & (kind == P_ACQUIRE))


def stable_order(ids: Ints) -> Ints:
    """The order by id and then by row; 16-bit ids are sorted ten times faster."""
    narrow = ids.astype(np.int16) if len(ids) and ids.max() < 1 << 15 else ids
    return np.argsort(narrow, kind="stable")


def of_machines(e: dict[str, Ints]) -> tuple[Ints, Ints]:
    """(rows, modes) of the events that change the mode of an M, by M and then in time."""
    mode = modes_after(e)
    sysmon = e["m"][(e["kind"] == M_CREATE) & (e["code"] >> 8 == WHY_SYSMON)]
    of_sysmon = np.isin(e["m"], sysmon) & (e["m"] >= 0)
    mode[of_sysmon & (e["kind"] != M_CREATE)] = SAME
    mode[of_sysmon & (e["kind"] == M_START)] = IN_IDLE
    rows = np.flatnonzero((mode != SAME) | ((e["kind"] == SPIN_START) & (e["m"] >= 0)))
    rows = rows[stable_order(e["m"][rows])]
    mode[rows[acquired_spinning(e, rows)]] = IN_SPINNING
    rows = rows[mode[rows] != SAME]
    return rows, mode[rows]


def of_processors(e: dict[str, Ints], machine_rows: Ints, machine_modes: Ints) -> tuple[Ints, Ints]:
    """(rows, modes) of the events that change the mode of a P, by P and then in time."""
    mode = by_kind(P_ALONE)[e["kind"]]
    shared = by_kind(RUNS_ON_A_P)[e["kind"][machine_rows]] != SAME
    mode[machine_rows[shared]] = machine_modes[shared]
    rows = np.flatnonzero((mode != SAME) & (e["p"] >= 0))
    rows = rows[stable_order(e["p"][rows])]
    return rows, mode[rows]


def spans_of(e: dict[str, Ints], rows: Ints, mode: Ints, lane: Ints, end_ns: int) -> dict[str, Ints]:
    """Columns of the stays in each mode: those of no length left out, those that only go on joined."""
    begin = e["t_ns"][rows]
    end = np.append(begin[1:], end_ns)
    if len(lane):
        end[:-1][lane[1:] != lane[:-1]] = end_ns
    placed = (mode == IN_RUNNING) | (mode == IN_SYSCALL) | (mode == IN_HELD)
    g = np.where(placed, e["g"][rows], -1)
    stays = np.flatnonzero((end > begin) & (mode != GONE))
    lane, mode, g = lane[stays], mode[stays], g[stays]
    fresh = np.ones(len(stays), dtype=bool)
    fresh[1:] = (lane[1:] != lane[:-1]) | (mode[1:] != mode[:-1]) | (g[1:] != g[:-1])
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(stays))[: len(first)] - 1
    return {
        "row": rows[stays][first], "lane": lane[first], "mode": mode[first], "g": g[first],
        "begin_ns": begin[stays][first], "end_ns": end[stays][last],
    }


def machine_spans(record: Record) -> pd.DataFrame:
    """One row per stay of an M in a mode; by M, then in time.

    Returns
    -------
    pandas.DataFrame
        m; mode (vocabulary.MODES); begin_ns, end_ns (of what is still open: the end of the run), duration_ns; g (running,
        syscall, held: whose); p (the P that it had as the stay began, null: none); why (idle, netpoll, locked, held: why
        it sleeps; starting: who made or woke it; vocabulary.WHYS).
    """
    e = fields(record, "events")
    rows, mode = of_machines(e)
    made = spans_of(e, rows, mode, e["m"][rows], record.end_ns)
    row = made["row"]
    kind = e["kind"][row]
    of_threads = (kind == M_CREATE) | (kind == M_PARK) | (kind == M_WAKE)
    p = np.where(by_kind(RUNS_ON_A_P)[kind] != SAME, e["p"][row], -1)
    where = "machine_spans"
    frame = framed(made, "m", "Int32", where)
    frame["p"] = nullable(p, dtype_of(P, len(record.processors)), where)
    why = np.where(of_threads, REASON_CODES[e["code"][row]], -1)
    frame["why"] = pd.Categorical.from_codes(why, dtype=dtype_for(REASONS)).remove_unused_categories()
    return frame


def processor_spans(record: Record) -> pd.DataFrame:
    """One row per stay of a P in a mode; by P, then in time.

    Returns
    -------
    pandas.DataFrame
        p; mode (vocabulary.MODES: that of its M; "idle": no M has it); begin_ns, end_ns, duration_ns; g (running,
        syscall, held: whose); m (its M; null: none).
    """
    e = fields(record, "events")
    rows, mode = of_processors(e, *of_machines(e))
    made = spans_of(e, rows, mode, e["p"][rows], record.end_ns)
    where = "processor_spans"
    frame = framed(made, "p", dtype_of(P, len(record.processors)), where)
    alone = by_kind(P_ALONE)[e["kind"][made["row"]]] != SAME
    frame["m"] = nullable(np.where(alone, -1, e["m"][made["row"]]), "Int32", where)
    return frame


def framed(made: dict[str, Ints], lane: str, dtype: str, where: str) -> pd.DataFrame:
    """The columns that both frames have."""
    return pd.DataFrame(
        {
            lane: nullable(made["lane"], dtype, where),
            "mode": pd.Categorical.from_codes(made["mode"], dtype=dtype_for(MODES)), "begin_ns": made["begin_ns"],
            "end_ns": made["end_ns"], "duration_ns": made["end_ns"] - made["begin_ns"],
            "g": nullable(made["g"], "Int64", where),
        }
    )
