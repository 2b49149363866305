"""One step of an M: `step(sched, mp)`. What a driver calls, in virtual time or on a thread.

A step takes effect at `sched.now_ns`, leaves its cost in `mp.debt_ns` and returns what the M does next. Boundaries
between steps, each of which may cost nothing and stays a boundary: runqput | wakep; each G readied by one call |
the next; pass | pass; the last pass | pidleput; throttled | pidleput; pidleput | nmspinning-- | recheck; pidleput | sleep;
wake issued | M runs; entersyscall | retake; exitsyscall | P found or not; newm | mstart; preempt requested | taken;
stop of the world requested | each P stopped | the world stands | started.
"""

from __future__ import annotations

from mypy_extensions import i64

from gmplab.errors import SchedError
from gmplab.runtime.calls import aside
from gmplab.runtime.mgc import gcdrained
from gmplab.runtime.model import (
    PH_COMPUTED, PH_DROPPED, PH_EXECUTE, PH_EXITSYSCALL, PH_FETCHED, PH_FIND, PH_FOUND, PH_FOUND_WORKER, PH_GC_DRAIN, PH_HELD, PH_IDLE,
    PH_LOCKED_WOKEN, PH_MSTART, PH_NETPOLL, PH_NETPOLL_DONE, PH_RECHECK, PH_RUN, PH_SCHEDULE, PH_SPIN_GAP, PH_STEAL,
    PH_STEAL_RUNNEXT, PH_STW_WAIT, PH_SYSCALL_DONE, PH_SYSMON, PH_SYSMON_ROUND, PH_TEMPLATE, PH_WOKEN, M, Sched,
)
from gmplab.runtime.perform import computed, fetched, run
from gmplab.runtime.proc import (
    backedoff, blockingnetpoll, dropspinning, execute, findrunnable, lastlook, lockedwoken, mstart, netpolled, ready, recheck,
    schedule, schedule_found, schedule_worker, stealwork, templatethread, wakep, woken,
)
from gmplab.runtime.stw import heldgoeson, stopwoken
from gmplab.runtime.syscalls import exitsyscall, exitsyscallnop
from gmplab.runtime.sysmon import sysmon, sysmon_round
from gmplab.vocabulary import STEP_ON


def step(sched: Sched, mp: M) -> i64:
    """Let mp do its next step at `sched.now_ns`; returns one of vocabulary.STEP_CODES."""
    if mp.wakes > 0:
        return wakenext(sched, mp)
    if mp.toready is not None:
        return readynext(sched, mp)
    phase = mp.phase
    if phase == PH_RUN:
        return run(sched, mp)
    if phase == PH_SCHEDULE:
        return schedule(sched, mp)
    if phase == PH_FOUND:
        return schedule_found(sched, mp)
    if phase == PH_EXECUTE:
        got = mp.found
        assert got is not None
        mp.found = None
        return execute(sched, mp, got)
    if phase == PH_COMPUTED:
        return computed(sched, mp)
    if phase == PH_STEAL:
        return stealwork(sched, mp)
    if phase == PH_FIND:
        return findrunnable(sched, mp)
    if phase == PH_IDLE:
        return lastlook(sched, mp)
    if phase == PH_DROPPED:
        return dropspinning(sched, mp)
    if phase == PH_RECHECK:
        return recheck(sched, mp)
    if phase == PH_NETPOLL:
        return blockingnetpoll(sched, mp)
    if phase == PH_WOKEN:
        return woken(sched, mp)
    if phase == PH_SYSCALL_DONE:
        return exitsyscall(sched, mp)
    return step_rarely(sched, mp, phase)


def wakenext(sched: Sched, mp: M) -> i64:
    """The first of the wake-ups that mp owes."""
    mp.wakes -= 1
    if sched.calls_on:
        stack = aside(mp, mp.wake_call)
        wakep(sched, mp, mp.wake_why)
        mp.calls = stack
        return STEP_ON
    wakep(sched, mp, mp.wake_why)
    return STEP_ON


def readynext(sched: Sched, mp: M) -> i64:
    """The first of the Gs that mp has in hand becomes runnable."""
    gp = mp.toready
    assert gp is not None
    mp.toready = gp.schedlink
    if mp.toready is None:
        mp.toready_last = None
    gp.schedlink = None
    if sched.calls_on:
        stack = aside(mp, mp.ready_call)
        ready(sched, mp, gp)
        mp.calls = stack
        return STEP_ON
    ready(sched, mp, gp)
    return STEP_ON


def step_rarely(sched: Sched, mp: M, phase: i64) -> i64:
    """The phases that are off the hot path."""
    if phase == PH_MSTART:
        if mp.is_sysmon:
            mp.phase = PH_SYSMON
            return sysmon(sched, mp)
        if mp is sched.template:
            return templatethread(sched, mp)
        return mstart(sched, mp)
    if phase == PH_STEAL_RUNNEXT:
        return backedoff(sched, mp)
    if phase == PH_SPIN_GAP:
        mp.pass_ = 0
        mp.probe = 0
        if mp in sched.dozing:
            sched.dozing.remove(mp)
        mp.phase = PH_FIND
        return STEP_ON
    if phase == PH_NETPOLL_DONE:
        return netpolled(sched, mp)
    if phase == PH_EXITSYSCALL:
        return exitsyscallnop(sched, mp)
    if phase == PH_SYSMON:
        return sysmon(sched, mp)
    if phase == PH_SYSMON_ROUND:
        return sysmon_round(sched, mp)
    if phase == PH_LOCKED_WOKEN:
        return lockedwoken(sched, mp)
    if phase == PH_HELD:
        return heldgoeson(sched, mp)
    if phase == PH_FOUND_WORKER:
        return schedule_worker(sched, mp)
    if phase == PH_GC_DRAIN:
        return gcdrained(sched, mp)
    if phase == PH_STW_WAIT:
        return stopwoken(sched, mp)
    if phase == PH_TEMPLATE:
        return templatethread(sched, mp)
    if phase == PH_FETCHED:
        return fetched(sched, mp)
    raise SchedError(f"step: no such phase (m={mp.id} phase={phase} t={sched.now_ns})")
