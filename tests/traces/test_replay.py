"""`run.at(t)` and `run.validate()`: what they rebuild, and that a record which cannot be is refused at its first wrong row."""

from __future__ import annotations

import copy
import struct
from pathlib import Path
from typing import Any

import pytest

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.policies import PRESETS
from gmplab.runtime.recorder import Record
from gmplab.traces.run import Run
from gmplab.traces.snapshot import GState, MState, PState
from gmplab.vocabulary import (
    CALL_MSTART, GC_WORKER, GO_CREATE, GO_EXIT, GO_PARK, GO_READY, GO_START, GO_STOP, GO_SYSCALL, GO_SYSEXIT, HOLD, LEVEL_FULL,
    LOCK_THREAD, LOG, M_CREATE, M_EXIT, M_PARK, M_START, M_WAKE, NETPOLL, P_ACQUIRE, P_BUSY, P_HANDOFF, P_IDLE, P_RELEASE,
    P_RESIZE, P_RETAKE, P_STOP, POLL_BLOCKING, PREEMPT_REQUEST, Q_BATCH, Q_GET, Q_GLOBAL, Q_LOCAL, Q_MOVE, Q_NONE,
    Q_OVERFLOW, Q_PUT, Q_RUNNEXT, SELECT_WAIT, SPIN_START, SPIN_STOP, SRC_GLOBAL, SRC_GLOBAL_TICK, SRC_LOCAL, SRC_RUNNEXT,
    SRC_STEAL, SRC_STEAL_RUNNEXT, STEAL_PASS, STOP_EXITSYSCALL, STOP_GOSCHED, STW_END, STW_START, STW_STOPPED, SYSMON,
    TIMER_FIRE, TIMER_SET, TIMER_STOP, UNLOCK_THREAD, WAIT_IO, WAIT_MUTEX, WAIT_SLEEP, WHY_BOOT,
    WHY_DEEP_SLEEP, WHY_HANDOFFP, WHY_IDLE, WHY_LOCKED, WHY_NETPOLL, WHY_NETPOLL_BREAK, WHY_RETIRED, WHY_START_LOCKED,
    WHY_SYSMON, WHY_WAKEP,
)
from tests.programs import free
from tests.runtime.test_same_bytes import mixed
from tests.traces.records import event_row, schedule_row
from tests.traces.test_agreement import arrivals


FIRST_START = schedule_row(0, 0, 0, 1, caller=CALL_MSTART, source=SRC_RUNNEXT, idle_p=1, n_threads=2)


def by_hand(*rows: bytes, procs: int = 2) -> Run:
    """A run of these events, in which g1 alone may start, at 0 ns."""
    record = Record()
    record.header = {"procs": procs}
    record.level = LEVEL_FULL
    record.tables = {"events": [b"".join(rows)] if rows else [], "schedule": [FIRST_START], "goroutines": [], "calls": []}
    record.processors = [(p, 0, 0, ()) for p in range(procs)]
    record.end_ns = 1_000
    return Run(record)


def row(kind: int, **columns: int) -> bytes:
    """One event, at 10 ns if not said otherwise."""
    return event_row(columns.pop("t", 10), kind, **columns)


def created(g: int, queue: int = Q_RUNNEXT, by: int = -1, **columns: int) -> bytes:
    """g is made by m0 on p0, into a queue of p0."""
    return row(GO_CREATE, **{"g": g, "m": 0, "p": 0, "reason": queue, "aux": 0, "arg": by, **columns})


def got(g: int, source: int, **columns: int) -> bytes:
    """m0 takes g out of a queue, with p0."""
    return row(Q_GET, **{"g": g, "m": 0, "p": 0, "reason": source, "aux": 0, "arg": 1, **columns})


# m0 with p0, p1 idle, sysmon m1.
BOOT = [
    row(M_CREATE, m=0, reason=WHY_BOOT, t=0), row(P_ACQUIRE, m=0, p=0, t=0), row(P_IDLE, m=0, p=1, t=0),
    row(M_CREATE, m=1, reason=WHY_SYSMON, aux=0, t=0),
]
# g1 runs on m0 and p0.
RUNNING = [*BOOT, created(1, t=0), got(1, SRC_RUNNEXT, t=0), row(GO_START, g=1, m=0, p=0, reason=SRC_RUNNEXT, t=0)]
# And m2 spins with p1.
SPINNING = [
    *RUNNING, row(P_BUSY, m=0, p=1), row(M_CREATE, m=2, p=1, reason=WHY_WAKEP, aux=0),
    row(SPIN_START, m=2, p=1, aux=1), row(M_START, m=2), row(P_ACQUIRE, m=2, p=1),
]
# Or m2 has parked on midle, and p1 is idle again.
PARKED = [
    *SPINNING, row(P_RELEASE, m=2, p=1), row(P_IDLE, m=2, p=1), row(SPIN_STOP, m=2), row(M_PARK, m=2, reason=WHY_IDLE, arg=-1),
]
# m0's G is in a syscall.
IN_SYSCALL = [*RUNNING, row(GO_SYSCALL, g=1, m=0, p=0)]
# g1 sleeps until 50 ns.
ASLEEP = [*RUNNING, row(TIMER_SET, g=1, m=0, p=0, arg=50), row(GO_PARK, g=1, m=0, p=0, reason=WAIT_SLEEP, arg=50, aux=0)]
STOPPING = [*RUNNING, row(STW_START, g=1, m=0, p=0)]
STOPPED = [
    *STOPPING, row(P_STOP, m=0, p=0), row(P_BUSY, m=0, p=1), row(P_STOP, m=0, p=1), row(STW_STOPPED, g=1, m=0, p=0),
]

IMPOSSIBLE: dict[str, tuple[list[bytes], str]] = {
    "time goes forward": ([*BOOT, created(1, t=20), created(2, t=19)],
        "row 5: GoCreate at 19 ns .*: time goes back: the row before it is at 20 ns"),
    "ids of Gs are dense": ([*BOOT, created(2)], "row 4: GoCreate .*: ids are given in order: g1 comes next"),
    "ids of Ms are dense": ([*BOOT, row(M_CREATE, m=3, aux=0, reason=WHY_WAKEP)], "ids are given in order: m2 comes next"),
    "a parent runs": ([*BOOT, created(1, by=7)], "g7 must be running, and was never made"),
    "a P is one of the run's": ([*BOOT, created(1, aux=2)], "there is no p2: GOMAXPROCS is 2"),
    "an M was made": ([*BOOT, row(P_ACQUIRE, m=5, p=1)], "there is no m5: 2 Ms were made"),
    "an idle P has no queue": ([*BOOT, created(1, aux=1)], "p1 is idle: an idle P's queue must be empty"),
    "a P with Gs does not idle": (
        [*BOOT, created(1), row(P_RELEASE, m=0, p=0), row(P_IDLE, m=0, p=0)], "p0 has 1 Gs: an idle P's queue must be empty"),
    "a P has one M": ([*RUNNING, row(M_START, m=1), row(P_ACQUIRE, m=1, p=0)], "m0 holds p0"),
    "an M has one P": ([*BOOT, row(P_BUSY, m=0, p=1), row(P_ACQUIRE, m=0, p=1)], "m0 holds p0 already"),
    "an idle P is taken off pidle first": ([*BOOT, row(P_RELEASE, m=0, p=0), row(P_ACQUIRE, m=0, p=1)], "p1 is on pidle"),
    "a P on its way is promised": (
        [*RUNNING, row(P_BUSY, m=0, p=1), row(M_CREATE, m=2, p=1, reason=WHY_WAKEP, aux=0), row(P_IDLE, m=0, p=1)],
        "p1 is promised to m2"),
    "who has no P releases none": ([*BOOT, row(P_RELEASE, m=1, p=0)], "m1 holds no P, and not p0"),
    "a P goes off pidle once": ([*BOOT, row(P_BUSY, m=0, p=0)], "p0 is not on pidle"),
    "only a runnable G starts": (
        [*RUNNING, row(GO_START, g=1, m=0, p=0, reason=SRC_RUNNEXT)], "g1 must be runnable, and is running on m0"),
    "a G starts out of the hands of its M": ([*BOOT, created(1), row(GO_START, g=1, m=0, p=0, reason=SRC_RUNNEXT)],
        "g1 must be in the hands of m0, and is runnable as runnext of p0"),
    "a G that has exited is gone": ([*RUNNING, row(GO_EXIT, g=1, m=0, p=0), row(GO_EXIT, g=1, m=0, p=0)],
        "g1 must be running, and has exited"),
    "a G stops on its own M": ([*RUNNING, row(GO_PARK, g=1, m=1, reason=WAIT_IO)], "g1 must run on m1, and runs on m0"),
    "a row names the M's P": ([*RUNNING, row(GO_EXIT, g=1, m=0, p=1)], "m0 holds p0, and not p1"),
    "an M with more Gs in hand starts none": (
        [*BOOT, created(1), created(2), got(2, SRC_RUNNEXT), got(1, SRC_LOCAL), row(GO_START, g=1, m=0, p=0)],
        "m0 has 1 more Gs in hand"),
    "a spinning M starts no G": (
        [*SPINNING, created(2, by=1), got(2, SRC_STEAL_RUNNEXT, m=2, p=1), row(GO_START, g=2, m=2, p=1)],
        "m2 spins: a SpinStop must come first"),
    "runnext gives what it holds": ([*BOOT, created(1), created(2), got(1, SRC_RUNNEXT)], "the runnext of p0 is g2"),
    "a local queue is first in first out": (
        [*BOOT, created(1, Q_LOCAL), created(2, Q_LOCAL), got(2, SRC_LOCAL)], "g1 is at index 0 of the queue of p0, and not g2"),
    "a position out of order is the true one": ([*BOOT, created(1, Q_LOCAL), created(2, Q_LOCAL), got(2, SRC_LOCAL, arg=3 << 32 | 1)],
        "the queue of p0 holds 2 Gs: none at index 2"),
    "the global queue is first in first out": (
        [*BOOT, created(1, Q_GLOBAL), created(2, Q_GLOBAL), got(2, SRC_GLOBAL_TICK)],
        "g1 is at index 0 of the global queue, and not g2"),
    "a batch is not more than there is": ([*BOOT, created(1, Q_GLOBAL), got(1, SRC_GLOBAL, arg=2)],
        "the global queue holds 0 Gs: 1 cannot leave it"),
    "a thief gets the last that it takes": (
        [*SPINNING, created(2, Q_LOCAL, by=1), created(3, Q_LOCAL, by=1), got(2, SRC_STEAL, m=2, p=1, arg=2)],
        "g3 is at index 0 of the queue of p0, and not g2"),
    "nobody steals from itself": ([*RUNNING, created(2, Q_LOCAL, by=1), got(2, SRC_STEAL, aux=0)], "p0 cannot steal from itself"),
    "a pass tells what it took": ([*SPINNING, row(STEAL_PASS, m=2, p=1, arg=1, aux=3)], "m2 took 0 Gs in this pass, and not 3"),
    "a pass is a spinning M's": ([*RUNNING, row(STEAL_PASS, m=0, p=0, arg=1, aux=0)], "m0 does not spin"),
    "a G in a queue is in no hands": ([*BOOT, created(1, Q_LOCAL), row(Q_PUT, g=1, m=0, p=0, reason=Q_GLOBAL)],
        "g1 must be in the hands of m0, and is runnable in the queue of p0"),
    "a G in hand is in no queue": ([*BOOT, created(1), got(1, SRC_RUNNEXT), got(1, SRC_RUNNEXT)],
        "g1 is in no queue: it is runnable in the hands of m0"),
    "a full queue spills its last": ([*BOOT, created(1, Q_LOCAL), created(2, Q_LOCAL), row(Q_OVERFLOW, g=1, m=0, p=0, arg=1)],
        "g1 must be the last in the queue of p0, and g2 is"),
    "a spill is not more than there is": ([*BOOT, created(1, Q_LOCAL), row(Q_OVERFLOW, g=1, m=0, p=0, arg=1)],
        "the queue of p0 holds 0 Gs: 1 cannot leave it"),
    "no Gs move to an idle P": ([*BOOT, created(1, Q_GLOBAL), row(Q_MOVE, m=0, p=1, arg=1)],
        "p1 is idle: an idle P's queue must be empty"),
    "only a waiting G is readied": ([*RUNNING, row(GO_READY, g=1, m=0, p=0, reason=Q_RUNNEXT, aux=0, arg=-1)],
        "g1 must be waiting, and is running on m0"),
    "a sleeper is readied when its timer has fired": ([*ASLEEP, row(GO_READY, g=1, m=0, p=0, reason=Q_RUNNEXT, aux=0, arg=-1)],
        "g1 sleeps: its timer on p0 has not fired"),
    "no timer fires early": ([*ASLEEP, row(TIMER_FIRE, g=1, m=0, p=0, arg=50, t=49)], "it is due at 50 ns only"),
    "the earliest timer fires first": ([*ASLEEP, row(TIMER_FIRE, g=1, m=0, p=0, arg=60, t=60)],
        "the first timer of p0 is g1, due at 50 ns"),
    "a timer that is stopped was set": ([*RUNNING, row(TIMER_STOP, m=0, p=0, aux=3)], "p0 has no timer for timer#3"),
    "a descriptor is ready before epoll tells of it": (
        [*RUNNING, row(GO_PARK, g=1, m=0, p=0, reason=WAIT_IO), row(GO_READY, g=1, m=0, p=0, reason=Q_BATCH, arg=-1)],
        "g1 waits for its descriptor, and no IOReady came"),
    "epoll gives what was ready": ([*BOOT, row(NETPOLL, m=0, p=0, arg=1)], "0 Gs came out of epoll since the last Netpoll, and not 1"),
    "one M sleeps in epoll": ([*BOOT, row(NETPOLL, m=0, p=0, reason=POLL_BLOCKING, arg=0)], "no M is the one that sleeps in epoll"),
    "only one M sleeps in epoll": (
        [*PARKED, row(M_WAKE, m=2, reason=WHY_WAKEP, aux=0), row(GO_PARK, g=1, m=0, p=0, reason=WAIT_IO),
         row(P_RELEASE, m=0, p=0), row(M_PARK, m=0, reason=WHY_NETPOLL, arg=-1), row(M_PARK, m=2, reason=WHY_NETPOLL, arg=-1)],
        "m0 sleeps in epoll already"),
    "who sleeps does nothing": ([*PARKED, row(P_BUSY, m=0, p=1), row(P_ACQUIRE, m=2, p=1)], r"m2 sleeps \(idle\), and no MWake came"),
    "who is awake is not woken": ([*RUNNING, row(M_WAKE, m=0, reason=WHY_WAKEP, aux=1)], "m0 does not sleep: it is in running"),
    "a sleep ends by itself when it was to end": ([*PARKED[:-1], row(M_PARK, m=2, reason=WHY_NETPOLL, arg=-1),
        row(M_WAKE, m=2, reason=WHY_NETPOLL_BREAK, aux=0), row(NETPOLL, m=2, reason=POLL_BLOCKING, arg=0),
        row(M_PARK, m=2, reason=WHY_RETIRED, arg=70), row(M_WAKE, m=2, t=69)],
        r"m2 sleeps \(retired\) and nobody wakes it: its sleep ends at 70 ns"),
    "the M that parked last is woken first": (
        [*PARKED, row(P_BUSY, m=0, p=1), row(M_CREATE, m=3, p=1, reason=WHY_HANDOFFP, aux=0), row(M_START, m=3),
         row(P_ACQUIRE, m=3, p=1), row(P_RELEASE, m=3, p=1), row(P_IDLE, m=3, p=1), row(M_PARK, m=3, reason=WHY_IDLE, arg=-1),
         row(P_BUSY, m=0, p=1), row(M_WAKE, m=2, p=1, reason=WHY_WAKEP, aux=0)],
        "m3 parked last, and is to be woken first"),
    "an M parks without a P": ([*BOOT, row(M_PARK, m=0, p=0, reason=WHY_IDLE, arg=-1)], "m0 holds p0: it must give it up"),
    "an M does not park spinning": (
        [*SPINNING, row(P_RELEASE, m=2, p=1), row(M_PARK, m=2, reason=WHY_IDLE, arg=-1)], "m2 spins: a SpinStop must come first"),
    "an M does not park with a G in hand": (
        [*BOOT, created(1), got(1, SRC_RUNNEXT), row(P_RELEASE, m=0, p=0), row(M_PARK, m=0, reason=WHY_IDLE, arg=-1)],
        "m0 has 1 Gs in hand"),
    "an M waits for a locked G if it has one": (
        [*BOOT, row(P_RELEASE, m=0, p=0), row(M_PARK, m=0, reason=WHY_LOCKED, arg=-1)], "m0 is locked to no G"),
    "only sysmon sleeps deeply": ([*RUNNING, row(M_PARK, m=0, p=0, reason=WHY_DEEP_SLEEP, arg=-1)], "m0 is not sysmon"),
    "only sysmon does its rounds": ([*RUNNING, row(SYSMON, m=0, arg=20)], "m0 is not sysmon"),
    "a thread starts once": ([*SPINNING, row(M_START, m=2)], "m2 has started already"),
    "an M ends with nothing": ([*RUNNING, row(M_EXIT, m=0)], "m0 cannot end: it holds p0 and g1, 0 Gs in hand"),
    "an M that has ended does nothing": (
        [*PARKED, row(M_WAKE, m=2), row(M_EXIT, m=2, reason=WHY_RETIRED), row(M_START, m=2), ], "m2 has started already"),
    "an M spins once": ([*SPINNING, row(SPIN_START, m=2, p=1, aux=0)], "m2 spins already"),
    "an M that is started spinning has a P promised": (
        [*PARKED, row(M_WAKE, m=2, reason=WHY_WAKEP, aux=0), row(SPIN_START, m=2, p=1, aux=1)], "p1 is not promised to m2"),
    "who does not spin does not stop": ([*RUNNING, row(SPIN_STOP, m=0, p=0)], "m0 does not spin"),
    "a P is taken from a syscall only": ([*RUNNING, row(P_RELEASE, m=0, p=0), row(P_RETAKE, m=1, p=0, aux=0)],
        "m0 is not in a syscall, or has a P: none can be taken from it"),
    "a P that is handed off has no M": ([*IN_SYSCALL, row(P_HANDOFF, m=1, p=0)], "m0 holds p0"),
    "a syscall returns on its M": ([*IN_SYSCALL, row(GO_SYSEXIT, g=1, m=1)], "g1 is in a syscall on m0"),
    "a G without a P stops": (
        [*IN_SYSCALL, row(GO_SYSEXIT, g=1, m=0, p=0), row(GO_STOP, g=1, m=0, p=0, reason=STOP_EXITSYSCALL, arg=Q_GLOBAL)],
        "m0 is in running"),
    "there is such a queue": ([*RUNNING, row(GO_STOP, g=1, m=0, p=0, reason=STOP_GOSCHED, arg=9)], "there is no queue of code 9"),
    "a request to stop is for a running G": ([*IN_SYSCALL, row(PREEMPT_REQUEST, g=1, m=1, p=0)],
        "g1 must be running, and is syscall on m0"),
    "an unlock follows a lock": ([*RUNNING, row(UNLOCK_THREAD, g=1, m=0, p=0)], "m0 is locked to no G"),
    "a locked M runs nobody else": (
        [*RUNNING, row(LOCK_THREAD, g=1, m=0, p=0), row(GO_PARK, g=1, m=0, p=0, reason=WAIT_IO), created(2), got(2, SRC_RUNNEXT),
         row(GO_START, g=2, m=0, p=0)], "m0 is locked to g1"),
    "a locked G is handed over by who has it": (
        [*SPINNING, row(LOCK_THREAD, g=1, m=0, p=0), row(GO_PARK, g=1, m=0, p=0, reason=WAIT_MUTEX, arg=1, aux=0),
         row(P_RELEASE, m=0, p=0), row(M_PARK, m=0, reason=WHY_LOCKED, arg=-1), row(M_WAKE, m=0, reason=WHY_START_LOCKED, aux=2)],
        "g1 must be runnable, and is waiting"),
    "a log line is a running G's": ([*BOOT, created(1), row(LOG, g=1, m=0, p=0)], "g1 must be running, and is runnable as runnext of p0"),
    "select's cases are a select's": (
        [*RUNNING, row(SELECT_WAIT, g=1, m=0, p=0, arg=1, aux=0), row(GO_PARK, g=1, m=0, p=0, reason=WAIT_SLEEP)],
        "g1 queues on the cases of a select, and waits for something else"),
    "a task keeps an M that has no other": (
        [*RUNNING, row(GO_PARK, g=1, m=0, p=0, reason=WAIT_IO), row(HOLD, g=1, m=0, p=0), row(HOLD, g=1, m=0, p=0)],
        "m0 has g1, and g1 is waiting on m0"),
    "a G that keeps its M joins no queue": (
        [*RUNNING, row(GO_PARK, g=1, m=0, p=0, reason=WAIT_MUTEX, arg=1, aux=0), row(HOLD, g=1, m=0, p=0),
         row(GO_READY, g=1, m=0, p=0, reason=Q_LOCAL, aux=0, arg=-1)], "m0 keeps g1: it joins no queue"),
    "a G that keeps no M joins a queue": (
        [*RUNNING, row(GO_PARK, g=1, m=0, p=0, reason=WAIT_MUTEX, arg=1, aux=0), row(GO_READY, g=1, m=0, p=0, reason=Q_NONE, arg=-1)],
        "g1 must join a queue: no M keeps it"),
    "no P stops unasked": ([*RUNNING, row(P_STOP, m=0, p=0)], "no STWStart came"),
    "the world stands when all Ps do": (
        [*STOPPING, row(P_STOP, m=0, p=0), row(STW_STOPPED, g=1, m=0, p=0)], "p1 does not stand: it is idle"),
    "a P stops once": ([*STOPPING, row(P_STOP, m=0, p=0), row(P_STOP, m=0, p=0)], "p0 is gcstop already"),
    "the number of Ps changes while they stand": ([*STOPPING, row(P_RESIZE, m=0, p=0, arg=1)], "no STWStopped came"),
    "there is at least one P": ([*STOPPED, row(P_RESIZE, m=0, p=0, arg=0)], "GOMAXPROCS = 0: must be at least 1"),
    "all Ps go on": ([*STOPPED, row(STW_END, g=1, m=0, p=0)], "p0 still stands"),
    "the world is not stopped twice": ([*STOPPING, row(STW_START, g=1, m=0, p=0)], "the world is being stopped already"),
    "a destroyed P is empty": (
        [*SPINNING, created(2, Q_LOCAL, by=1), row(STW_START, g=1, m=0, p=0), row(P_STOP, m=0, p=0), row(SPIN_STOP, m=2, p=1),
         row(P_RELEASE, m=2, p=1), row(P_STOP, m=2, p=1), row(STW_STOPPED, g=1, m=0, p=0), row(Q_MOVE, m=0, p=1, aux=0, arg=1),
         row(P_RESIZE, m=0, p=0, arg=1), row(STW_END, g=1, m=0, p=0)],
        "p1 is destroyed, and still has an M, Gs or timers"),
    "a GC worker is one": ([*RUNNING, row(GO_PARK, g=1, m=0, p=0, reason=WAIT_IO), row(GC_WORKER, g=1, m=0, p=0, reason=1)],
        "g1 is no GC worker: it waits for IO wait"),
    "an event has a kind": ([*BOOT, row(77)], "row 4: there is no event of kind 77"),
    "a reason is one of its kind's": ([*BOOT, row(GO_CREATE, g=1, reason=99)], "row 4: there is no event of kind 0 and reason 99"),
}


@pytest.mark.parametrize("law", list(IMPOSSIBLE))
def test_a_record_that_breaks_a_law_is_refused(law: str) -> None:
    rows, message = IMPOSSIBLE[law]
    run = by_hand(*rows)
    with pytest.raises(TraceError, match=message) as e:
        run.validate()
    assert str(e.value).startswith("events, row ")
    assert by_hand(*rows[:-1]).at(row=len(rows) - 2).row == len(rows) - 2, "the rows before it can be"


def test_a_refused_row_is_told_in_words() -> None:
    with pytest.raises(TraceError) as e:
        by_hand(*BOOT, created(1, Q_LOCAL), created(2, Q_LOCAL), got(2, SRC_LOCAL, arg=1 << 32 | 1)).validate()
    assert str(e.value) == (
        "events, row 6: QGet at 10 ns (g2 m0 p0, reason local, arg 1 from index 0, aux 0): "
        "g1 is at index 0 of the queue of p0, and not g2"
    )


# --- the other tables and the totals ----------------------------------------------------------------------------------
def changed(table: str, at: int, word: int, add: int) -> Run:
    """A real run's record, with a number added to one stored word of a table."""
    run = gl.run(mixed, procs=4, seed=5)
    record = copy.copy(run.record)
    content = bytearray(b"".join(record.tables[table]))
    place = (at * (32 if table == "events" else 64)) + word * 8
    struct.pack_into("<q", content, place, struct.unpack_from("<q", content, place)[0] + add)
    record.tables = {**record.tables, table: [bytes(content)]}
    return Run(record)


@pytest.mark.parametrize(
    ("table", "at", "word", "add", "message"),
    [
        ("schedule", 3, 0, 1, r"schedule, row 3: t_ns = \d+, and by the events up to row \d+ it is \d+"),
        ("schedule", 3, 1, -1, "schedule, row 3: ready_ns"), ("schedule", 3, 2, 1 << 40, "schedule, row 3: enter_ns"),
        ("schedule", 3, 3, 1, "schedule, row 3: m "), ("schedule", 3, 3, 1 << 32, "schedule, row 3: g "),
        ("schedule", 0, 4, 1 << 16, "schedule, row 0: caller = park, and by the events up to row 8 it is mstart"),
        ("schedule", 0, 4, 1 << 24, "schedule, row 0: source = local, and by the events up to row 8 it is runnext"),
        ("schedule", 3, 4, 1, "schedule, row 3: p "), ("schedule", 3, 4, 1 << 32, "schedule, row 3: victim_p"),
        ("schedule", 3, 5, 1, "schedule, row 3: global_q"), ("schedule", 3, 5, 1 << 32, "schedule, row 3: local_q"),
        ("schedule", 3, 6, 1, "schedule, row 3: idle_p"), ("schedule", 3, 6, 1 << 16, "schedule, row 3: spinning_m"),
        ("schedule", 3, 6, 1 << 32, "schedule, row 3: idle_m"), ("schedule", 3, 7, 1, "schedule, row 3: n_threads"),
        ("schedule", 3, 7, 1 << 32, "schedule, row 3: stolen"),
        ("goroutines", 5, 0, 1, r"goroutines: g\d+ has parent = 2, and by the events it is 1"),
        ("goroutines", 5, 1, 1, "has n_schedules"), ("goroutines", 5, 2, 1, "has created_ns"),
        ("goroutines", 5, 3, 1, "has first_run_ns"), ("goroutines", 5, 4, 1, "has exited_ns"),
        ("goroutines", 5, 5, 1, "has run_ns"), ("goroutines", 5, 6, 1, "has wait_ns"), ("goroutines", 5, 7, 1, "has blocked_ns"),
        ("goroutines", 5, 0, 90 << 32, "has 41 rows, and the events make g1 to g41: one row each"),
    ],
)
def test_a_table_that_disagrees_with_the_events_is_refused(table: str, at: int, word: int, add: int, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        changed(table, at, word, add).validate()


def test_rows_of_schedule_are_as_many_as_goroutines_started() -> None:
    run = gl.run(mixed, procs=4, seed=5)
    rows, n = b"".join(run.record.tables["schedule"]), len(run.schedule)
    for content, message in (
        (rows[:-64], f"schedule, row {n - 1}: is missing: events, row .*, is a GoStart"),
        (rows + rows[-64:], f"schedule, row {n}: the events have {n} GoStarts, and none for it"),
    ):
        record = copy.copy(run.record)
        record.tables = {**run.record.tables, "schedule": [content]}
        with pytest.raises(TraceError, match=message):
            Run(record).validate()


def test_every_counter_that_the_rows_give_is_compared() -> None:
    run = gl.run(mixed, procs=4, seed=5)
    # What a step costs and how often epoll was asked in vain leave no rows; ticks are in another table.
    untold = {"steps", "netpolls"}
    for name in set(run.record.counters) - untold:
        record = copy.copy(run.record)
        record.counters = {**run.record.counters, name: run.record.counters[name] + 1}
        if name == "steal_probes":
            # At the end an M spins, which may have made probes that no row tells.
            record.counters[name] -= 2
        with pytest.raises(TraceError, match=f"counters: {name} = "):
            Run(record).validate()


def test_sums_histograms_fairness_and_the_tables_of_ms_and_ps_are_compared() -> None:
    def refused(message: str, **attributes: Any) -> None:
        record = copy.copy(run.record)
        for name, value in attributes.items():
            setattr(record, name, value)
        with pytest.raises(TraceError, match=message):
            Run(record).validate()

    run = gl.run(mixed, procs=4, seed=5)
    r = run.record
    wait = ("wait", "")
    n, total, most, least = r.sums[wait]
    refused(r"sums: 'wait' of class '' \(count, sum, max, min\)", sums={**r.sums, wait: (n, total + 1, most, least)})
    refused("histograms: that of 'wait' of class ''", histograms={**r.histograms, wait: [1, *r.histograms[wait][1:]]})
    refused("jain: ", jain=(r.jain[0], r.jain[1] + 1, r.jain[2]))
    refused("machines: has 5 rows, and the events make 6 Ms", machines=r.machines[:-1])
    m, tid, born, by, why, *rest = r.machines[2]
    refused("machines: m2 is m2 made at .* by m3 for wakep, ended at -1 ns for nothing, and by the events m2 made at .* by m0",
            machines=[*r.machines[:2], (m, tid, born, 3, why, *rest), *r.machines[3:]])
    p, tick, syscalls, modes = r.processors[1]
    refused(f"processors: p1 has schedtick = {tick + 1}, and by the events it is {tick}",
            processors=[r.processors[0], (p, tick + 1, syscalls, modes), *r.processors[2:]])
    refused(r"processors: the times of p1 in its modes add up to \d+ ns, and it lived", processors=[
        r.processors[0], (p, tick, syscalls, (modes[0] + 1, *modes[1:])), *r.processors[2:]])
    refused(rf"events, row {len(run.events) - 1}: is at \d+ ns, and the run ends at 5 ns", end_ns=5)


# --- real runs --------------------------------------------------------------------------------------------------------
def everything() -> Any:
    """Every kind of wait and every verb, in few goroutines."""
    c, u, mu, rw, sem = gl.Chan(2), gl.Chan(0), gl.Mutex(), gl.RWMutex(), gl.Semaphore(1)
    cond_mu, wg = gl.Mutex(), gl.WaitGroup(8)
    cond = gl.Cond(cond_mu)

    def feeder() -> Any:
        for i in range(6):
            yield gl.select(gl.send_case(u, i), gl.send_case(c, i))
        yield gl.close(c)
        yield gl.done(wg)

    def drain() -> Any:
        while True:
            _, _, ok = yield gl.select(gl.recv_case(u), gl.recv_case(c))
            if not ok:
                break
        yield gl.acquire(cond_mu)
        yield gl.broadcast(cond)
        yield gl.release(cond_mu)
        yield gl.done(wg)

    def waiter() -> Any:
        yield gl.acquire(cond_mu)
        yield gl.wait(cond)
        yield gl.release(cond_mu)
        yield gl.done(wg)

    def worker(i: int) -> Any:
        if i == 1:
            yield gl.lock_os_thread()
        yield gl.read_lock(rw)
        yield gl.syscall(us=30)
        yield gl.read_unlock(rw)
        yield gl.acquire(rw)
        yield gl.compute(us=15)
        yield gl.release(rw)
        yield gl.acquire(sem)
        yield gl.sleep(us=20)
        yield gl.release(sem)
        yield gl.io(us=9)
        yield gl.acquire(mu)
        yield gl.region("hot")
        yield gl.syscall(us=25, blocking=True)
        yield gl.log("done")
        yield gl.region_end("hot")
        yield gl.release(mu)
        yield gl.gosched()
        yield gl.done(wg)

    # First who waits, so that the broadcast, which comes last, finds them.
    for fn in (waiter, waiter, drain, feeder):
        yield gl.go(fn)
    for i in range(4):
        yield gl.go(worker, i)
    yield gl.wait(wg)


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_leaves_a_record_that_can_be(name: str) -> None:
    for workload in (mixed, arrivals(), everything):
        for procs in (1, 4):
            for costs in (gl.Costs.zero(), gl.Costs.linux_vm()):
                run = gl.run(workload, procs=procs, policy=name, seed=5, costs=costs, strict=False)
                found = run.validate()
                assert (found.events, found.schedules) == (len(run.events), len(run.schedule))
                assert (found.goroutines, found.machines) == (len(run.goroutines), len(run.machines))
                assert found.totals > 30 or run.stopped_by == "policy"


def test_a_run_that_was_cut_short_can_be_as_far_as_it_went() -> None:
    def main() -> Any:
        yield gl.go(mixed)
        yield gl.compute(us=300)
        raise RuntimeError("enough")

    run = gl.run(main, procs=2, strict=False)
    assert (run.stopped_by, run.validate().totals) == ("panic", 0)
    assert gl.run(mixed, procs=2, until="200us").validate().totals > 30


def test_files_give_back_runs_that_validate_and_have_the_same_instants(tmp_path: Path) -> None:
    run = gl.run(mixed, procs=4, seed=5)
    for back in (
        gl.read_csv(run.to_csv(tmp_path / "csv")), gl.read_parquet(run.to_parquet(tmp_path / "parquet")),
        Run.load(run.save(tmp_path / "r.gmp")),
    ):
        assert back.validate() == run.validate()
        assert back.at("100us") == run.at("100us")


# --- snapshots --------------------------------------------------------------------------------------------------------
def few() -> Any:
    """A reader waits, a sleeper sleeps, a caller is in a syscall, a locked one computes, and main sends."""
    c = gl.Chan(0)

    def reader() -> Any:
        yield gl.recv(c)

    def sleeper() -> Any:
        yield gl.sleep(us=9)

    def caller() -> Any:
        yield gl.syscall(us=30)

    def locked() -> Any:
        yield gl.lock_os_thread()
        yield gl.compute(us=20)

    for fn in (reader, sleeper, caller, locked, reader):
        yield gl.go(fn)
    yield gl.compute(us=5)
    yield gl.send(c, 1)
    yield gl.send(c, 2)
    yield gl.sleep(us=50)


def test_a_snapshot_has_every_g_p_and_m_at_its_place() -> None:
    s = free(few, procs=2).at("4us")
    assert (s.t_ns, s.row, s.gomaxprocs, s.npidle, s.nmidle, s.nmspinning, s.n_threads) == (4_000, 28, 2, 0, 0, 0, 3)
    assert s.goroutines == {
        1: GState("running", 0, "", "", (), 0), 2: GState("waiting", None, "", "chan receive", ("chan#1 (cap 0)",), 0),
        3: GState("runnable", None, "queue p1", "", (), 0), 4: GState("syscall", 2, "", "", (), 0),
        5: GState("runnable", None, "queue p0", "", (), 0), 6: GState("runnable", None, "runnext p0", "", (), 0),
    }
    assert s.processors == (PState("running", 0, None, 6, (5,), ()), PState("running", 2, None, None, (3,), ()))
    assert s.machines == (
        MState("running", 0, 1, (), False, 0, None, None, False),
        MState("sysmon", None, None, (), False, 0, None, None, False),
        MState("syscall", 1, 4, (), False, 0, None, None, False),
    )
    assert (s.global_queue, s.midle, s.pidle, s.netpoll_ready, s.gcwaiting, s.gc_phase) == ((), (), (), (), False, "off")
    assert s.wait_queues == {"chan#1 (cap 0): chan receive": (2,)}


def test_a_snapshot_prints_as_lines_that_one_can_read() -> None:
    run = free(few, procs=2)
    assert repr(run.at("6us")) == """\
at       6000 ns, after row 39: GOMAXPROCS 2, 0 spinning, 4 threads
P0       running on m0          runnext -     queue g6
P1       running on m2          runnext -     queue g3
M0       running      g5 on p0 locked to g5
M1       sysmon
M2       syscall      g4 on p1
M3       template_thread
global   -
pidle    -
midle    -
waiting  chan#1 (cap 0): chan send: g1"""
    row_ = int((run.events["t_ns"] <= 40_000).sum()) - 1
    assert repr(run.at("40us")) == f"""\
at       40000 ns, after row {row_}: GOMAXPROCS 2, 0 spinning, 5 threads
P0       idle                   runnext -     queue -
P1       idle                   runnext -     queue -  timers g1@70000
M0       exited
M1       sysmon       until 70000
M2       midle
M3       template_thread
M4       midle
M5       netpoll      until 70000
global   -
pidle    p0 p1
midle    m4 m2"""


def test_spinning_pausing_and_waking_ms_are_seen_between_rows_of_one_instant() -> None:
    run = free(few, procs=2)
    spun = int(run.events.index[run.events["kind"] == "SpinStart"][0])
    assert [run.at(row=i).machines[2].place for i in range(spun - 1, spun + 6)] == [
        "starting", "starting", "spinning", "spinning", "spinning", "spinning", "spinning"
    ]
    assert run.at(row=spun).processors[1] == PState("idle", None, 2, None, (), ())
    costly = gl.run(mixed, procs=4, seed=5)
    assert {m.place for row in range(0, len(costly.events), 7) for m in costly.at(row=row).machines} == {
        "running", "sysmon", "starting", "spinning", "schedule", "backoff", "waking", "midle", "netpoll", "syscall",
    }


def test_an_instant_is_after_all_its_rows_and_any_order_of_asking_gives_the_same() -> None:
    run = gl.run(mixed, procs=4, seed=5)
    t = run.events["t_ns"]
    assert run.at(0).row == int((t == 0).sum()) - 1
    assert run.at(run.record.end_ns).row == len(t) - 1
    instants = [int(x) for x in sorted(set(t))]
    forward = [run.at(x) for x in instants]
    again = Run(run.record)
    assert [again.at(x) for x in reversed(instants)][::-1] == forward
    assert [s.row for s in forward] == [int((t <= x).sum()) - 1 for x in instants]


def test_a_long_run_is_replayed_from_keyframes() -> None:
    def main() -> Any:
        wg = gl.WaitGroup(60)

        def worker() -> Any:
            for _ in range(60):
                yield gl.gosched()
            yield gl.done(wg)

        for _ in range(60):
            yield gl.go(worker)
        yield gl.wait(wg)

    run = gl.run(main, procs=2)
    n = len(run.events)
    assert n > 8_192, "or there is no keyframe but the first"
    last = run.at(row=n - 1)
    for row_ in (8_191, 8_192, 8_193, 5, n - 1):
        assert run.at(row=row_) == Run(run.record).at(row=row_)
    assert run.at(row=n - 1) == last


def test_what_at_cannot_answer_is_told_plainly() -> None:
    run = gl.run(mixed, procs=2)
    n, end = len(run.events), run.record.end_ns
    for ask, error, message in (
        (lambda: run.at(), TypeError, r'run.at takes an instant, run.at\("1.2ms"\), or a row'),
        (lambda: run.at(5, row=5), TypeError, "exactly one of them"),
        (lambda: run.at(end + 1), ValueError, f"at: t = {end + 1} ns: the run ends at {end} ns"),
        (lambda: run.at("soon"), ValueError, "at: t"), (lambda: run.at(-1), ValueError, "at: t"),
        (lambda: run.at(row=n), ValueError, f"at: row = {n}: the run has the events 0 to {n - 1}"),
        (lambda: run.at(row=-1), ValueError, "at: row = -1"),
        (lambda: gl.run(mixed, record="schedule").at(0), TraceError, "run.at needs the events of the run, .* level 'schedule'"),
        (lambda: gl.run(mixed, record="off").validate(), TraceError, "run.validate needs the events of the run"),
        (lambda: run.window(0, 500).at(0), TraceError, "run.at needs the events from the start: this run is a window, 0 to 500 ns"),
        (lambda: run.window(0, 500).validate(), TraceError, "run.validate needs the events from the start"),
    ):
        with pytest.raises(error, match=message):
            ask()
