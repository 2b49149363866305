"""What the rows of processors change: who has a P, whether it is on pidle, how many there are."""

from __future__ import annotations

from gmplab.traces.state import SCHEDULE, SYSCALL, WAKING, Impossible, Processor, Row, State
from gmplab.vocabulary import GRUNNING, NO_G, NO_M, NO_P, PDEAD, PGCSTOP, PIDLE, PRUNNING, P_STATUSES


def p_acquire(s: State, row: Row) -> None:
    _, _, _, m, p, _, _, _ = row
    mp = s.awake(m)
    pp = s.processor(p)
    if pp.next_m == m:
        pp.next_m = NO_M
    s.free(p)
    if mp.p != NO_P:
        raise Impossible(f"m{m} holds p{mp.p} already")
    if pp.status != PIDLE:
        raise Impossible(f"p{p} is in status {P_STATUSES[pp.status]}")
    pp.status, pp.m = PRUNNING, m
    mp.p = p
    mp.noted = False
    if mp.place == WAKING:
        mp.place = SCHEDULE


def p_release(s: State, row: Row) -> None:
    _, _, _, m, p, _, _, _ = row
    mp = s.machine(m)
    if p == NO_P:
        raise Impossible("which P?")
    s.holds(m, mp, p)
    mp.p = NO_P
    pp = s.ps[p]
    pp.m, pp.status = NO_M, PIDLE if p < s.gomaxprocs else PDEAD
    if mp.place == SYSCALL:
        s.lost_p += 1


def p_idle(s: State, row: Row) -> None:
    p = row[4]
    pp = s.free(p)
    if pp.queue or pp.runnext != NO_G:
        queued = len(pp.queue) + (pp.runnext != NO_G)
        raise Impossible(f"p{p} has {queued} Gs: an idle P's queue must be empty")
    pp.status = PIDLE
    pp.on_pidle = True
    s.pidle.append(p)


def p_busy(s: State, row: Row) -> None:
    p = row[4]
    pp = s.processor(p)
    if not pp.on_pidle:
        raise Impossible(f"p{p} is not on pidle")
    pp.on_pidle = False
    s.pidle.remove(p)


def p_retake(s: State, row: Row) -> None:
    _, _, _, _, p, _, _, aux = row
    s.free(p)
    mp = s.machine(aux)
    if mp.place != SYSCALL or mp.p != NO_P:
        raise Impossible(f"m{aux} is not in a syscall, or has a P: none can be taken from it")


def p_handoff(s: State, row: Row) -> None:
    s.free(row[4])


def p_stop(s: State, row: Row) -> None:
    m, p = row[3], row[4]
    if not s.stopping:
        raise Impossible("no STWStart came")
    pp = s.processor(p)
    if pp.status == PDEAD or pp.status == PGCSTOP:
        raise Impossible(f"p{p} is {P_STATUSES[pp.status]} already")
    if pp.m == NO_M or not (pp.m == m or keeps_task(s, pp.m)):
        s.free(p)
    pp.status = PGCSTOP


def keeps_task(s: State, m: int) -> bool:
    """Whether m keeps its thread, and its P, for a task that does not run (block=HoldThread)."""
    return s.ms[m].g != NO_G and s.gs[s.ms[m].g].status != GRUNNING


def p_resize(s: State, row: Row) -> None:
    procs = row[5]
    if procs < 1:
        raise Impossible(f"GOMAXPROCS = {procs}: must be at least 1")
    if not s.stopped:
        raise Impossible("no STWStopped came")
    while len(s.ps) < procs:
        s.ps.append(Processor(PGCSTOP))
    for p, pp in enumerate(s.ps):
        pp.status = PDEAD if p >= procs else PIDLE if pp.m == NO_M else PRUNNING
    s.gomaxprocs = procs
