"""Records made by hand: rows packed word by word as `gmplab.vocabulary` says, and not by the package's own code."""

from __future__ import annotations

import struct
from typing import Any

from gmplab.runtime.recorder import Record
from gmplab.vocabulary import (
    CALL_GOEXIT, CALL_MSTART, CALL_PARK, FN, GO_CREATE, GO_EXIT, GO_PARK, GO_READY, GO_START, GO_STOP, GO_SYSCALL,
    GO_SYSEXIT, HISTOGRAM_BUCKETS, LEVEL_FULL, LOG, M_CREATE, M_EXIT, M_PARK, MODES, P_BUSY, P_IDLE, Q_GET, Q_LOCAL,
    Q_RUNNEXT, REGION_BEGIN, REGION_END, SRC_LOCAL, SRC_RUNNEXT, SRC_STEAL, STEAL_PASS, STOP_GOSCHED,
    WAIT_CHAN_RECEIVE, WHY_BOOT, WHY_IDLE, WHY_NETPOLL, WHY_RETIRED, WHY_SYSMON, WHY_WAKEP,
)


def schedule_row(
    t: int, m: int, p: int, g: int, *, ready: int = 0, enter: int = 0, caller: int = CALL_PARK, source: int = SRC_LOCAL,
    victim: int = -1, stolen: int = 0, local_q: int = 0, global_q: int = 0, idle_p: int = 0, spinning_m: int = 0,
    idle_m: int = 0, n_threads: int = 2,
) -> bytes:
    """vocabulary.SCHEDULE_WORDS."""
    return struct.pack(
        "<8q", t, ready, enter, (g + 1) << 32 | (m + 1), (victim + 1) << 32 | source << 24 | caller << 16 | (p + 1),
        local_q << 32 | global_q, idle_m << 32 | spinning_m << 16 | idle_p, stolen << 32 | n_threads,
    )


def event_row(
    t: int, kind: int, *, g: int = -1, m: int = -1, p: int = -1, arg: int = 0, reason: int = 0, aux: int = -1
) -> bytes:
    """vocabulary.EVENT_WORDS."""
    return struct.pack("<4q", t, (g + 1) << 32 | (m + 1), (aux + 1) << 32 | reason << 24 | kind << 16 | (p + 1), arg)


def goroutine_row(
    g: int, parent: int, label: int, *, created: int = 0, first: int = -1, exited: int = -1, run: int = 0,
    wait: int = 0, blocked: int = 0, schedules: int = 0,
) -> bytes:
    """vocabulary.GOROUTINE_WORDS."""
    return struct.pack(
        "<8q", (g + 1) << 32 | (parent + 1), label << 32 | schedules, created, first, exited, run, wait, blocked
    )


def call_row(t: int, call: int, parent: int, function: int, m: int, g: int = -1) -> bytes:
    """vocabulary.CALL_WORDS."""
    return struct.pack("<4q", t, call << 32 | parent, function << 32 | (m + 1), g + 1)


def bucket(value: int) -> int:
    """The bucket of a value: exact below 64, then 32 to the octave."""
    if value < 64:
        return value
    e = value.bit_length() - 6
    return e * 32 + (value >> e)


def histogram(*values: int) -> list[int]:
    """A histogram of these values."""
    counts = [0] * HISTOGRAM_BUCKETS
    for value in values:
        counts[bucket(value)] += 1
    return counts


def summed(*values: int) -> tuple[int, int, int, int]:
    """(count, sum, max, min)."""
    return (len(values), sum(values), max(values, default=0), min(values, default=0))


def in_modes(**ns: int) -> tuple[int, ...]:
    """The time in each mode."""
    return tuple(ns.get(mode, 0) for mode in MODES)


EVENTS = [
    event_row(0, M_CREATE, m=0, reason=WHY_BOOT, arg=0),
    event_row(0, P_IDLE, m=0, p=1),
    event_row(0, GO_CREATE, g=1, m=0, p=0, arg=-1, reason=Q_RUNNEXT, aux=0),
    event_row(0, M_CREATE, m=1, reason=WHY_SYSMON, aux=0),
    event_row(10, GO_START, g=1, m=0, p=0, reason=SRC_RUNNEXT),
    event_row(20, REGION_BEGIN, g=1, m=0, p=0, arg=0),
    event_row(25, REGION_BEGIN, g=1, m=0, p=0, arg=1),
    event_row(30, GO_CREATE, g=2, m=0, p=0, arg=1, reason=Q_LOCAL, aux=0),
    event_row(30, GO_CREATE, g=3, m=0, p=0, arg=1, reason=Q_LOCAL, aux=0),
    event_row(35, P_BUSY, m=0, p=1),
    event_row(35, M_CREATE, m=2, p=1, reason=WHY_WAKEP, aux=0),
    event_row(50, STEAL_PASS, m=2, p=1, arg=1, reason=3, aux=1),
    event_row(50, Q_GET, g=2, m=2, p=1, reason=SRC_STEAL, aux=0, arg=1),
    event_row(60, GO_START, g=2, m=2, p=1, reason=SRC_STEAL),
    event_row(70, GO_PARK, g=2, m=2, p=1, reason=WAIT_CHAN_RECEIVE, arg=3),
    event_row(80, REGION_END, g=1, m=0, p=0, arg=1),
    event_row(90, GO_READY, g=2, m=0, p=0, reason=Q_RUNNEXT, aux=0, arg=1),
    event_row(95, LOG, g=1, m=0, p=0, arg=2),
    event_row(100, GO_STOP, g=1, m=0, p=0, reason=STOP_GOSCHED, arg=3),
    event_row(100, Q_GET, g=2, m=0, p=0, reason=SRC_LOCAL, aux=0, arg=(4 + 1) << 32 | 1),
    event_row(110, GO_START, g=2, m=0, p=0, reason=SRC_RUNNEXT),
    event_row(120, GO_SYSCALL, g=2, m=0, p=0),
    event_row(150, GO_SYSEXIT, g=2, m=0, p=0),
    event_row(160, GO_EXIT, g=2, m=0, p=0),
    event_row(170, M_PARK, m=2, reason=WHY_IDLE, arg=-1),
    event_row(180, M_PARK, m=0, reason=WHY_NETPOLL, arg=-1),
    event_row(190, M_EXIT, m=2, reason=WHY_RETIRED),
]
"""Three goroutines on two Ps: g1 makes g2 and g3, g2 is stolen, waits for g1, makes a system call and exits."""

SCHEDULE = [
    schedule_row(10, 0, 0, 1, ready=0, enter=5, caller=CALL_MSTART, source=SRC_RUNNEXT, idle_p=1, n_threads=2),
    schedule_row(
        60, 2, 1, 2, ready=30, enter=45, caller=CALL_MSTART, source=SRC_STEAL, victim=0, stolen=1, local_q=7,
        global_q=9, spinning_m=1, idle_m=4, n_threads=3,
    ),
    schedule_row(110, 0, 0, 2, ready=90, enter=100, caller=CALL_GOEXIT, source=SRC_RUNNEXT, n_threads=3),
]

LABELS = [
    (0, "main", "", ""), (0, "worker", "web", "server.py:12"), (1, 'GC, "the" worker', "", ""),
    (0, "worker", "db\nline two", "server.py:14"),
]


def record(level: int = LEVEL_FULL) -> Record:
    """The record of EVENTS and SCHEDULE, with sums and histograms that fit them, in two chunks a table."""
    r = Record()
    r.header = {
        "workload": "by_hand", "params": {"n": "2"}, "policy": "go", "policy_repr": "Policy()", "procs": 2, "seed": 1,
        "level": ("off", "schedule", "full", "calls")[level], "costs": "Costs()", "arrive": "direct", "warmup_ns": 0,
        "until_ns": -1, "schema": [1, 0], "model": 1, "go_version": "1.27",
    }
    r.level = level
    goroutines = [
        # In the order in which they ended.
        goroutine_row(2, 1, 1, created=30, first=60, exited=160, run=30, wait=50, blocked=20, schedules=2),
        goroutine_row(1, -1, 0, created=0, first=10, run=90, wait=110, schedules=1),
        goroutine_row(3, 1, 3, created=30, wait=170),
    ]
    calls = [call_row(35, 1, 0, FN["startm"], 0, 1), call_row(36, 2, 1, FN["newm"], 0)]
    r.tables = {
        "schedule": halves(SCHEDULE) if level >= 1 else [], "events": halves(EVENTS) if level >= 2 else [],
        "goroutines": halves(goroutines) if level >= 1 else [], "calls": halves(calls) if level >= 3 else [],
    }
    r.labels = list(LABELS)
    r.texts = ["request", "query, with a comma", "a log line"]
    r.objects = {3: "chan#3 (cap 0)"}
    r.machines = [
        (0, -1, 0, -1, WHY_BOOT, -1, 0, in_modes(running=150, scheduling=30, netpoll=20)),
        (1, 4711, 0, 0, WHY_SYSMON, -1, 0, in_modes(idle=200)),
        (2, -1, 35, 0, WHY_WAKEP, 190, WHY_RETIRED, in_modes(starting=10, running=10, spinning=15, idle=120)),
    ]
    r.processors = [(0, 2, 1, in_modes(running=150, scheduling=30, idle=20)), (1, 1, 0, in_modes(running=10, idle=190))]
    r.counters = {
        "n_schedules": 3, "n_goroutines": 3, "n_exited": 1, "steal_passes": 1, "steal_probes": 1, "steals": 1,
        "stolen": 1, "threads_created": 3, "threads_peak": 3, "threads_exited": 1, "parks_m": 1, "switches": 3,
        "gosched": 1, "syscalls": 1, "overflows": 0, "preemptions": 0, "preempt_requests": 0, "retakes": 0,
        "timers_fired": 0,
    }
    for what, cls, values in (
        ("wait", "", (10,)), ("wait", "web", (30, 20)), ("wait", "db\nline two", ()), ("sojourn", "", ()),
        ("sojourn", "web", (130,)), ("sojourn", "db\nline two", ()),
    ):
        r.histograms[(what, cls)] = histogram(*values)
        r.sums[(what, cls)] = summed(*values)
    r.jain = (1, 30.0, 900.0)
    r.end_ns = 200
    r.complete = True
    return r


def halves(rows: list[Any]) -> list[bytes]:
    """Rows in two chunks, as a long run has them."""
    middle = len(rows) // 2
    return [b"".join(rows[:middle]), b"".join(rows[middle:])]
