"""What the rows of goroutines change: made, ready, running, waiting, in a syscall, gone."""

from __future__ import annotations

from typing import Final

from gmplab.traces.state import (
    EXITSYSCALL, PLACES, RUNNING, SCHEDULE, SYSCALL, Goroutine, Impossible, Key, Row, State, named,
)
from gmplab.vocabulary import (
    CALL_CHILD, CALL_EXITSYSCALL, CALL_GOEXIT, CALL_GOSCHED, CALL_GOYIELD, CALL_PARK, CALL_PREEMPT, GRUNNABLE, GRUNNING,
    GSYSCALL, GWAITING, NO_G, NO_M, NO_P, QUEUES, Q_BATCH, Q_NONE, STOP_EXITSYSCALL, WAIT_CHAN_RECEIVE, WAIT_CHAN_SEND,
    WAIT_COND, WAIT_GC_WORKER, WAIT_IO, WAIT_MUTEX, WAIT_RWMUTEX_LOCK, WAIT_RWMUTEX_RLOCK, WAIT_SELECT, WAIT_SEMACQUIRE,
    WAIT_WAITGROUP,
)

QUEUED_ON: Final = frozenset({
    WAIT_CHAN_RECEIVE, WAIT_CHAN_SEND, WAIT_MUTEX, WAIT_RWMUTEX_RLOCK, WAIT_RWMUTEX_LOCK, WAIT_COND, WAIT_WAITGROUP,
    WAIT_SEMACQUIRE,
})
"""The wait reasons whose object has a queue; its key is (object, reason)."""
CALLER_OF_STOP: Final = (CALL_GOSCHED, CALL_PREEMPT, CALL_GOYIELD, CALL_EXITSYSCALL, CALL_CHILD)
"""The caller of the schedule() after a GoStop, by its reason."""


def go_create(s: State, row: Row) -> None:
    t, _, g, m, p, arg, reason, aux = row
    if g != s.made + 1:
        raise Impossible(f"ids are given in order: g{s.made + 1} comes next")
    if arg != NO_G:
        s.running_on(arg, m, p)
    s.made = g
    gp = s.gs[g] = Goroutine(GRUNNABLE, NO_M, t)
    s.put(g, gp, m, reason, aux)


def go_ready(s: State, row: Row) -> None:
    t, _, g, m, _, arg, reason, aux = row
    gp = s.goroutine(g, GWAITING)
    if gp.timer_p != NO_P:
        raise Impossible(f"g{g} sleeps: its timer on p{gp.timer_p} has not fired")
    if m != NO_M:
        s.awake(m)
    if arg != NO_G and s.goroutine(arg, GRUNNING).m != m:
        raise Impossible(f"g{arg}, which readies it, does not run on {named('m', m)}")
    for key in gp.keys:
        queue = s.waiters[key]
        del queue[g]
        if not queue:
            del s.waiters[key]
    gp.keys = ()
    waited_for = gp.reason
    gp.status, gp.since, gp.reason = GRUNNABLE, t, 0
    if waited_for == WAIT_IO:
        out_of_epoll(s, g, reason)
    if gp.m != NO_M:
        # Its M kept it, and is woken for it.
        if reason != Q_NONE:
            raise Impossible(f"m{gp.m} keeps g{g}: it joins no queue")
        return
    if reason == Q_NONE and waited_for != WAIT_GC_WORKER:
        raise Impossible(f"g{g} must join a queue: no M keeps it")
    s.put(g, gp, m, reason, aux)


def out_of_epoll(s: State, g: int, queue: int) -> None:
    """g, which waits for its descriptor, is readied."""
    if g not in s.io_ready:
        raise Impossible(f"g{g} waits for its descriptor, and no IOReady came")
    del s.io_ready[g]
    if queue == Q_BATCH:
        s.polled += 1


def go_start(s: State, row: Row) -> None:
    t, _, g, m, p, _, _, _ = row
    gp = s.goroutine(g, GRUNNABLE)
    mp = s.awake(m)
    if gp.m != m:
        s.in_hand(g, m)
    if mp.p != p or p == NO_P:
        s.holds(m, mp, p)
        raise Impossible(f"m{m} holds no P")
    if mp.spinning:
        raise Impossible(f"m{m} spins: a SpinStop must come first")
    if mp.g == NO_G:
        mp.hands -= 1
    elif mp.g != g:
        raise Impossible(f"m{m} has g{mp.g} already")
    if mp.hands:
        raise Impossible(f"m{m} has {mp.hands} more Gs in hand")
    if mp.locked_g != NO_G and mp.locked_g != g:
        raise Impossible(f"m{m} is locked to g{mp.locked_g}")
    s.search = (gp.since, mp.caller, mp.victim, mp.stolen)
    mp.victim, mp.stolen = NO_P, 0
    gp.status, gp.since = GRUNNING, t
    mp.g, mp.place = g, RUNNING


def go_park(s: State, row: Row) -> None:
    t, _, g, m, p, arg, reason, aux = row
    if m == NO_M:
        # An arrival through the network waits for epoll to tell of it.
        gp = s.in_hand(g, NO_M)
    else:
        gp, mp = s.running_on(g, m, p)
        gp.m = NO_M
        mp.g, mp.place, mp.caller = NO_G, SCHEDULE, CALL_PARK
    gp.status, gp.since, gp.reason, gp.obj = GWAITING, t, reason, arg
    if reason in QUEUED_ON:
        join(s, g, gp, (arg, reason), aux == 1)
    elif gp.keys and reason != WAIT_SELECT:
        raise Impossible(f"g{g} queues on the cases of a select, and waits for something else")


def join(s: State, g: int, gp: Goroutine, key: Key, front: bool) -> None:
    """g joins the wait queue of an object."""
    gp.keys += (key,)
    queue = s.waiters.get(key)
    if queue is None:
        s.waiters[key] = {g: None}
    elif front:
        s.waiters[key] = {g: None, **queue}
    else:
        queue[g] = None


def select_wait(s: State, row: Row) -> None:
    _, _, g, m, p, arg, _, aux = row
    gp, _ = s.running_on(g, m, p)
    join(s, g, gp, (arg, WAIT_CHAN_SEND if aux == 1 else WAIT_CHAN_RECEIVE), False)


def go_stop(s: State, row: Row) -> None:
    t, _, g, m, p, arg, reason, aux = row
    gp, mp = s.running_on(g, m, p)
    if (reason == STOP_EXITSYSCALL) != (mp.place == EXITSYSCALL):
        raise Impossible(f"m{m} is in {PLACES[mp.place]}")
    if not 0 <= arg < len(QUEUES):
        raise Impossible(f"there is no queue of code {arg}")
    gp.status, gp.since = GRUNNABLE, t
    mp.g, mp.place, mp.caller = NO_G, SCHEDULE, CALLER_OF_STOP[reason]
    s.put(g, gp, m, arg, aux)


def go_exit(s: State, row: Row) -> None:
    _, _, g, m, p, _, _, _ = row
    _, mp = s.running_on(g, m, p)
    del s.gs[g]
    mp.g, mp.place, mp.caller, mp.locked_g, mp.locks = NO_G, SCHEDULE, CALL_GOEXIT, NO_G, 0


def go_syscall(s: State, row: Row) -> None:
    t, _, g, m, p, _, _, _ = row
    gp, mp = s.running_on(g, m, p)
    gp.status, gp.since = GSYSCALL, t
    mp.place = SYSCALL


def go_sysexit(s: State, row: Row) -> None:
    t, _, g, m, p, _, _, _ = row
    gp = s.goroutine(g, GSYSCALL)
    mp = s.machine(m)
    if gp.m != m:
        raise Impossible(f"g{g} is in a syscall on m{gp.m}")
    s.holds(m, mp, p)
    gp.status, gp.since = GRUNNING, t
    mp.place = RUNNING if p != NO_P else EXITSYSCALL


def preempt_request(s: State, row: Row) -> None:
    g, p = row[2], row[4]
    gp = s.goroutine(g, GRUNNING)
    if s.processor(p).m != gp.m:
        raise Impossible(f"g{g} runs on m{gp.m}, which does not hold p{p}")
