"""Which call of the runtime made an event: the path from startm over newm, newosproc and clone to the new M's schedule.

The record has events and calls in two tables, tied by time and M. An event is laid to the call of its M that is known to
write it (`WRITERS`), the first one at that instant that was not taken; else to the M's last call before it.
"""

from __future__ import annotations

from typing import Any, Final

from gmplab.runtime.recorder import Record
from gmplab.traces.frames import fields
from gmplab.vocabulary import (
    FN, FUNCTIONS, GC_WORKER, GO_CREATE, GO_EXIT, GO_PARK, GO_READY, GO_START, GO_STOP, GO_SYSCALL, GO_SYSEXIT, LEVEL_CALLS,
    M_CREATE, M_EXIT, M_PARK, M_START, M_WAKE, NETPOLL, NO_M, P_ACQUIRE, P_HANDOFF, P_RELEASE, P_RESIZE, P_RETAKE,
    PREEMPT_REQUEST, Q_GET, SPIN_STOP, STEAL_PASS, STW_END, STW_START, SYSMON, TIMER_FIRE,
)

WRITERS: Final[dict[int, tuple[str, ...]]] = {
    GO_CREATE: ("newproc1", "newproc"), GO_READY: ("ready", "injectglist"), GO_START: ("execute",), GO_PARK: ("park_m", "gopark"),
    GO_STOP: ("goschedimpl", "goyield_m", "exitsyscallnop"), GO_EXIT: ("gdestroy", "goexit0"),
    GO_SYSCALL: ("entersyscall", "entersyscallblock"), GO_SYSEXIT: ("exitsyscall",), Q_GET: ("stealwork", "findrunnable"),
    P_ACQUIRE: ("acquirep",), P_RELEASE: ("releasep",), P_RETAKE: ("takep", "retake"), P_HANDOFF: ("handoffp",),
    P_RESIZE: ("procresize",), M_CREATE: ("clone",), M_START: ("mstart",), M_PARK: ("mpark", "mput", "stopm", "netpoll"),
    M_WAKE: ("notewakeup", "netpollbreak"), M_EXIT: ("mexit",), SPIN_STOP: ("resetspinning", "findrunnable"),
    STEAL_PASS: ("stealwork",), PREEMPT_REQUEST: ("preemptone",), TIMER_FIRE: ("timers.check",), NETPOLL: ("netpoll",),
    GC_WORKER: ("findrunnable",), STW_START: ("stoptheworld",), STW_END: ("starttheworld",), SYSMON: ("sysmon", "retake"),
}
"""The functions in which an event kind is written, the innermost first."""
CODES: Final = {kind: frozenset(FN[name] for name in names) for kind, names in WRITERS.items()}


class CallPaths:
    """The calls of one record, asked event by event in the order of the rows; empty below level "calls"."""

    def __init__(self, record: Record) -> None:
        self.known = record.level >= LEVEL_CALLS
        self.of_m: dict[int, list[int]] = {}
        self.next: dict[int, int] = {}
        self.used: dict[int, int] = {}
        self.rows: list[list[Any]] = []
        if not self.known:
            return
        table = fields(record, "calls")
        self.t, self.call, self.parent, self.function, self.m, self.g = (
            table[name].tolist() for name in ("t_ns", "call", "parent", "function", "m", "g")
        )
        self.row_of = {call: row for row, call in enumerate(self.call)}
        for row, m in enumerate(self.m):
            self.of_m.setdefault(m, []).append(row)

    def at(self, t: int, kind: int, m: int, aux: int) -> int:
        """The place in `table()` of the call that wrote an event, -1 where none is known."""
        # Of an M that is made or woken, the row's m is whom it happens to; aux does it.
        who = aux if kind in (M_CREATE, M_WAKE) else m
        calls = self.of_m.get(who)
        if not self.known or who == NO_M or calls is None:
            return -1
        i = self.next.get(who, 0)
        while i < len(calls) and self.t[calls[i]] < t:
            i += 1
        wanted = CODES.get(kind, frozenset())
        j = i
        while j < len(calls) and self.t[calls[j]] == t and self.function[calls[j]] not in wanted:
            j += 1
        if j < len(calls) and self.t[calls[j]] == t:
            i = j + 1
        self.next[who] = i
        return self.use(calls[i - 1]) if i > 0 else -1

    def use(self, row: int) -> int:
        """The place of a call in the table, which it and its callers join."""
        path = []
        while row >= 0 and row not in self.used:
            path.append(row)
            row = self.row_of.get(self.parent[row], -1)
        place = self.used.get(row, -1)
        for row in reversed(path):
            self.rows.append([self.function[row], place, self.m[row], self.g[row]])
            place = self.used[row] = len(self.rows) - 1
        return place

    def table(self) -> dict[str, Any]:
        """functions: their names; rows: [function, place of the caller or -1, m, g or -1 (on g0)] a call."""
        return {"functions": list(FUNCTIONS) if self.rows else [], "rows": self.rows}
