"""Where each P and each M was, and when: their stays in the modes of `vocabulary.MODES`, rebuilt from the events.

A mode begins at the row of an event and lasts until the next one of the same P or M. The sums of these stays are the
sums that the core keeps (`run.processors`, `run.machines`), but for sysmon's M, whose short sleeps leave no events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gmplab.traces.frames import order_by
from gmplab.vocabulary import (
    GO_EXIT, GO_PARK, GO_START, GO_STOP, GO_SYSCALL, GO_SYSEXIT, HOLD, IN_HELD, IN_IDLE, IN_LOCKED, IN_NETPOLL,
    IN_RUNNING, IN_SCHEDULING, IN_SPINNING, IN_STARTING, IN_STOPPED, IN_SYSCALL, M_CREATE, M_EXIT, M_PARK, M_START, M_WAKE,
    N_MODES, NETPOLL, P_ACQUIRE, P_IDLE, P_RELEASE, P_RESIZE, P_STOP, POLL_BLOCKING, SPIN_START, SPIN_STOP, STW_END,
    STW_START, STW_STOPPED, SYSMON, WHY_BACKOFF, WHY_CLONE_RETRY, WHY_GCSTOP, WHY_HELD, WHY_LOCKED, WHY_NETPOLL, WHY_NETPOLL_BREAK,
    WHY_NONE, WHY_START_WORLD, WHY_STOP_WORLD, WHY_SYSMON,
)

Ints = npt.NDArray[Any]

MONITORING: Final = N_MODES
"""sysmon between its deep sleeps: its rounds, and its short sleeps, which leave no events."""
EXITED: Final = N_MODES + 1
NONE: Final = -1
NOBODY: Final = np.empty(0, dtype=np.int64)

BOTH_ENTER: Final = {
    GO_START: IN_RUNNING, GO_SYSEXIT: IN_RUNNING, GO_SYSCALL: IN_SYSCALL, GO_PARK: IN_SCHEDULING, GO_STOP: IN_SCHEDULING,
    GO_EXIT: IN_SCHEDULING, HOLD: IN_HELD, SPIN_START: IN_SPINNING, SPIN_STOP: IN_SCHEDULING, P_ACQUIRE: IN_SCHEDULING,
    STW_START: IN_STOPPED, STW_STOPPED: IN_STOPPED, STW_END: IN_RUNNING,
}
"""The mode that the M of an event, and its P, are in after it."""
P_ENTERS: Final = {**BOTH_ENTER, P_RELEASE: IN_IDLE, P_IDLE: IN_IDLE, P_STOP: IN_STOPPED}
M_ENTERS: Final = {
    **BOTH_ENTER, M_CREATE: IN_STARTING, M_START: IN_SCHEDULING, M_WAKE: IN_STARTING, M_PARK: IN_IDLE,
    NETPOLL: IN_SCHEDULING, SYSMON: MONITORING, M_EXIT: EXITED,
}
PARKED: Final = {
    WHY_LOCKED: IN_LOCKED, WHY_NETPOLL: IN_NETPOLL, WHY_HELD: IN_HELD, WHY_STOP_WORLD: IN_STOPPED, WHY_GCSTOP: IN_STOPPED,
    WHY_CLONE_RETRY: IN_STARTING, WHY_BACKOFF: NONE,  # it goes on spinning, and keeps its P
}
"""The mode of an M that parks for a reason; idle where the reason is not here."""


@dataclass(frozen=True)
class Stays:
    """Stays in a mode, by P or M and then in time: arrays of one length.

    Parameters
    ----------
    who : array
        The P or the M.
    mode : array
        An index in MODES; MONITORING.
    g : array
        The goroutine that runs, or is in a syscall; -1 in other modes.
    begin, end : array
        The rows of `events` where it begins and ends; `end` is the number of rows where it lasts until the end.
    """

    who: Ints
    mode: Ints
    g: Ints
    begin: Ints
    end: Ints


def entered(kinds: Ints, modes: dict[int, int]) -> Ints:
    """The mode entered by each event, NONE where the mode stays."""
    table = np.full(256, NONE, dtype=np.int8)
    for kind, mode in modes.items():
        table[kind] = mode
    return table[kinds]


def processor_stays(e: dict[str, Ints]) -> Stays:
    """The stays of all Ps, from the fields of `events`."""
    mode = entered(e["kind"], P_ENTERS)
    mode[(e["kind"] == SPIN_START) & (e["aux"] == 1)] = NONE  # of an M that is still to start: its P is on its way
    mode[(e["kind"] == P_ACQUIRE) & spinning(e)] = IN_SPINNING
    of_thread = (e["kind"] == M_WAKE) | (e["kind"] == M_CREATE)
    mode[of_thread & (e["code"] >> 8 == WHY_START_WORLD)] = IN_IDLE  # it stood, and is on its way to an M
    mode[stands_held(e)] = NONE
    rows, gone = destroyed(e)
    return stays(e, e["p"], mode, rows, gone)


def stands_held(e: dict[str, Ints]) -> Ints:
    """For each event, whether it stops the P of a held task, which is held all the same while the world stands."""
    found = np.zeros(len(e["kind"]), dtype=bool)
    if not (e["kind"] == HOLD).any():
        return found
    rows = np.flatnonzero((entered(e["kind"], P_ENTERS) != NONE) & (e["p"] >= 0))
    rows = rows[order_by(e["p"][rows])]
    kind, p = e["kind"][rows], e["p"][rows]
    stops = kind == P_STOP
    # The newest row of all but the stops, -1 where there is none.
    newest = np.maximum.accumulate(np.where(stops, -1, np.arange(len(rows))))
    found[rows] = stops & (newest >= 0) & (p[newest] == p) & (kind[newest] == HOLD)
    return found


def destroyed(e: dict[str, Ints]) -> tuple[Ints, Ints]:
    """(rows, Ps): at each start of the world, the Ps that are not used from then on."""
    resizes, ends = np.flatnonzero(e["kind"] == P_RESIZE), np.flatnonzero(e["kind"] == STW_END)
    if len(resizes) == 0:
        return resizes, resizes
    # The world may not have been started any more when the run ended.
    ends = np.append(ends, resizes[len(ends) :])
    n = int(e["p"].max()) + 1
    gone = [np.arange(min(int(procs), n), n) for procs in e["arg"][resizes]]
    return np.repeat(ends, [len(ps) for ps in gone]), np.concatenate(gone)


def machine_stays(e: dict[str, Ints]) -> Stays:
    """The stays of all Ms, from the fields of `events`."""
    kind, reason = e["kind"], e["code"] >> 8
    mode = entered(kind, M_ENTERS)
    mode[(kind == SPIN_START) & (e["aux"] == 1)] = NONE
    mode[(kind == P_ACQUIRE) & spinning(e)] = IN_SPINNING
    mode[(kind == M_START) & np.isin(e["m"], e["m"][(kind == M_CREATE) & (reason == WHY_SYSMON)])] = MONITORING
    mode[(kind == GO_SYSEXIT) & (e["p"] < 0)] = IN_SCHEDULING
    mode[(kind == NETPOLL) & (reason != POLL_BLOCKING)] = NONE
    # In epoll, or asleep, until it runs; or it was not asleep yet.
    mode[(kind == M_WAKE) & ((reason == WHY_NETPOLL_BREAK) | (reason == WHY_NONE) | (e["arg"] == 1))] = NONE
    parks = kind == M_PARK
    for why, entered_mode in PARKED.items():
        mode[parks & (reason == why)] = entered_mode
    return stays(e, e["m"], mode)


def spinning(e: dict[str, Ints]) -> Ints:
    """For each event, whether its M is spinning: its last SpinStart is newer than its last SpinStop."""
    rows = np.flatnonzero(np.isin(e["kind"], (SPIN_START, SPIN_STOP, P_ACQUIRE)) & (e["m"] >= 0))
    rows = rows[order_by(e["m"][rows])]
    told = e["kind"][rows] != P_ACQUIRE
    first = np.append(True, e["m"][rows][1:] != e["m"][rows][:-1])[: len(rows)]
    # The place of the newest row that tells, not before the M's own first row.
    newest = np.maximum.accumulate(np.where(told | first, np.arange(len(rows)), 0))
    found = np.zeros(len(e["kind"]), dtype=bool)
    found[rows] = e["kind"][rows][newest] == SPIN_START
    return found


def stays(e: dict[str, Ints], who: Ints, mode: Ints, ends: Ints = NOBODY, gone: Ints = NOBODY) -> Stays:
    """Stays from the mode that each event enters for `who`; at the rows `ends`, those of `gone` end."""
    n = len(mode)
    rows = np.flatnonzero((mode != NONE) & (who >= 0))
    w, m = who[rows], mode[rows]
    if len(gone):
        w, m = np.append(w, gone), np.append(m, np.full(len(gone), EXITED, dtype=mode.dtype))
        rows = np.append(rows, ends)
    order = np.lexsort((rows, w)) if len(gone) else order_by(w)
    rows, w, m = rows[order], w[order], m[order]
    g = np.where((m == IN_RUNNING) | (m == IN_SYSCALL), e["g"][rows], -1)
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (w[1:] != w[:-1]) | (m[1:] != m[:-1]) | (g[1:] != g[:-1])
    rows, w, m, g = rows[new], w[new], m[new], g[new]
    end = np.full(len(rows), n, dtype=np.int64)
    end[:-1] = np.where(w[1:] == w[:-1], rows[1:], n)
    alive = m != EXITED
    return Stays(w[alive], m[alive], g[alive], rows[alive], end[alive])
