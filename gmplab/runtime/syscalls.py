"""Entering and leaving system calls. Go: proc.go: reentersyscall ... exitsyscallNoP.

As in Go since 1.26 a P in a syscall stays running and wired to its M; who wants it (sysmon, stop-the-world, another
exitsyscall) takes it. An M that returns and finds no P puts its G on the global queue and sleeps.
"""

from __future__ import annotations

from typing import Optional

from mypy_extensions import i64

from gmplab.errors import PolicyError
from gmplab.runtime.calls import call
from gmplab.runtime.contracts import MOST_FIELD
from gmplab.runtime.model import AT_HANDOFF, PH_EXECUTE, PH_EXITSYSCALL, PH_RUN, PH_SYSCALL_DONE, G, M, P, Sched, charge, overload, settle
from gmplab.runtime.proc import acquirep, dropg, gcstopp, handoffp, notewakeup, releasep, stoplockedm, stopm
from gmplab.runtime.runq import globrunqput, mid, pid, pidleget
from gmplab.vocabulary import (
    CALL_EXITSYSCALL, GO_STOP, GO_SYSCALL, GO_SYSEXIT, GRUNNABLE, GRUNNING, GSYSCALL, IN_RUNNING,
    IN_SCHEDULING, IN_SYSCALL, NO_G, NO_P, P_RETAKE, PRUNNING, Q_GLOBAL, RETAKE_EXITSYSCALL, RETAKE_POLICY, RETAKE_STW,
    SRC_INJECTED, STEP_ON, STEP_SYSCALL, STOP_EXITSYSCALL, WHY_DEEP_SLEEP,
)


def entersyscall(sched: Sched, mp: M, gp: G, ns: i64) -> i64:
    """gp enters a call of `ns`; its M keeps the P, unless the handoff policy says otherwise. Go: proc.go: reentersyscall.

    Not modelled: safe point functions.
    """
    pp = mp.p
    assert pp is not None
    mp.oldp = pp
    in_syscall_from_now(sched, mp, gp, pp, ns, 0)
    if sched.gcwaiting:
        takep(sched, None, pp, RETAKE_STW)
        gcstopp(sched, mp, pp)
    wakesysmon(sched, mp)
    mp.rest_ns = ns
    d = sched.handoff.at_entry_ns(sched.handoff_state, sched.view, pp.id)
    if d < -1 or d > MOST_FIELD:
        raise PolicyError(
            f"{type(sched.handoff).__name__}.at_entry_ns returned {d}: must be -1 (leave it to sysmon), 0 or ns, at most 2**62"
        )
    if d == 0 and mp.p is pp:
        handoff_now(sched, mp, pp)
    elif d > 0:
        sched.driver.later(sched.now_ns + d, AT_HANDOFF, (pp.syscalltick << 16) | pp.id)
    mp.phase = PH_SYSCALL_DONE
    return STEP_SYSCALL


def entersyscallblock(sched: Sched, mp: M, gp: G, ns: i64) -> i64:
    """A call known to block: the P is handed off at once. Go: proc.go: entersyscallblock.

    Differs: the G is in its syscall when the P is handed off, not a moment later.
    """
    pp = mp.p
    assert pp is not None
    in_syscall_from_now(sched, mp, gp, pp, ns, 1)
    handoff_now(sched, mp, pp)
    mp.phase = PH_SYSCALL_DONE
    mp.rest_ns = ns
    return STEP_SYSCALL


def in_syscall_from_now(sched: Sched, mp: M, gp: G, pp: P, ns: i64, blocking: i64) -> None:
    """What both ways in do to gp, whose M has pp: it has run until now, and has `ns` of its call before it."""
    now = sched.now_ns
    sched.syscalls += 1
    mp.syscalltick = pp.syscalltick
    gp.run_ns += now - gp.since_ns
    gp.status = GSYSCALL
    gp.rest_ns = ns
    settle(mp, IN_SYSCALL, now)
    charge(sched, mp, sched.prices.syscall)
    if sched.rec.full:
        sched.rec.event(now, GO_SYSCALL, gp.goid, mp.id, pp.id, 0, NO_P, blocking)


def handoff_now(sched: Sched, mp: M, pp: P) -> None:
    """The M in a syscall gives its own P away."""
    sched.syscalls_lost_p += 1
    pp.syscalltick += 1
    releasep(sched, mp)
    handoffp(sched, mp, pp)


def handoff_due(sched: Sched, word: i64) -> None:
    """The handoff policy's own timer: take the P if it is still in the same syscall. No counterpart in Go."""
    pp = sched.allp[word & 0xFFFF] if (word & 0xFFFF) < len(sched.allp) else None
    if pp is None or pp.syscalltick != word >> 16 or not insyscall(pp):
        return
    takep(sched, None, pp, RETAKE_POLICY)
    handoffp(sched, None, pp)


def wakesysmon(sched: Sched, mp: Optional[M]) -> None:
    """Wake sysmon from its deep sleep. Go: proc.go: entersyscallWakeSysmon."""
    sysmon = sched.sysmon
    if sched.sysmonwait and sysmon is not None:
        sched.sysmonwait = False
        sysmon.woken = True
        notewakeup(sched, mp, sysmon, WHY_DEEP_SLEEP)


def insyscall(pp: P) -> bool:
    """Whether pp can be taken: its M's G is in a syscall. Go: proc.go: setBlockOnExitSyscall."""
    mp = pp.m
    return pp.status == PRUNNING and mp is not None and mp.curg is not None and mp.curg.status == GSYSCALL


def takep(sched: Sched, by: Optional[M], pp: P, why: i64) -> None:
    """Take pp from its M in a syscall; it is idle then, in the hands of the taker. Go: proc.go: takeP, releaseP."""
    mp = pp.m
    assert mp is not None
    sched.syscalls_lost_p += 1
    releasep(sched, mp)
    pp.syscalltick += 1
    if sched.calls_on:
        call(sched, by, "takep")
    if sched.rec.full:
        sched.rec.event(sched.now_ns, P_RETAKE, NO_G, mid(by), pp.id, why, mp.id, 0)


def exitsyscall(sched: Sched, mp: M) -> i64:
    """The call returned: go on at once with the P it had, or with another. Go: proc.go: exitsyscall, exitsyscallTryGetP."""
    gp = mp.curg
    assert gp is not None
    now = sched.now_ns
    oldp = mp.oldp
    if sched.calls_on:
        call(sched, mp, "exitsyscall")
    mp.oldp = None
    gp.status = GRUNNING
    gp.since_ns = now
    gp.rest_ns = 0
    pp = mp.p
    if pp is None:
        if sched.calls_on:
            call(sched, mp, "exitsyscalltrygetp")
        if oldp is not None and insyscall(oldp):
            takep(sched, mp, oldp, RETAKE_EXITSYSCALL)
            pp = oldp
        else:
            pp = pidleget(sched, mp)
            if pp is not None:
                wakesysmon(sched, mp)
        if pp is not None:
            acquirep(sched, mp, pp)
    if sched.rec.full:
        sched.rec.event(now, GO_SYSEXIT, gp.goid, mp.id, pid(mp), 0, NO_P, 0)
    if pp is not None:
        pp.syscalltick += 1
        settle(mp, IN_RUNNING, now)
        mp.phase = PH_RUN
        return STEP_ON
    settle(mp, IN_SCHEDULING, now)
    mp.phase = PH_EXITSYSCALL
    return STEP_ON


def exitsyscallnop(sched: Sched, mp: M) -> i64:
    """No P: gp becomes runnable; one more look for an idle P, else the global queue. Go: proc.go: exitsyscallNoP.

    When it runs again, `exitedsyscall` is its first step.
    """
    gp = mp.curg
    assert gp is not None
    now = sched.now_ns
    if sched.calls_on:
        call(sched, mp, "mcall")
        call(sched, mp, "exitsyscallnop")
    gp.stage = 1
    overload(sched)
    gp.status = GRUNNABLE
    gp.since_ns = now
    sched.n_runnable += 1
    dropg(mp, gp)
    mp.caller = CALL_EXITSYSCALL
    pp = pidleget(sched, mp)
    if pp is not None:
        wakesysmon(sched, mp)
        if sched.rec.full:
            sched.rec.event(now, GO_STOP, gp.goid, mp.id, NO_P, STOP_EXITSYSCALL, NO_P, 0)
        acquirep(sched, mp, pp)
        mp.found = gp
        mp.source = SRC_INJECTED
        mp.inherit_time = False
        mp.enter_ns = now
        mp.phase = PH_EXECUTE
        return STEP_ON
    globrunqput(sched, gp)
    if sched.rec.full:
        sched.rec.event(now, GO_STOP, gp.goid, mp.id, NO_P, STOP_EXITSYSCALL, NO_P, Q_GLOBAL)
    if gp.lockedm is not None:
        return stoplockedm(sched, mp)
    return stopm(sched, mp)


def exitedsyscall(mp: M, gp: G) -> i64:
    """gp, which had come back from its call without a P, runs again: that P's tick tells it. Go: proc.go: exitsyscall."""
    pp = mp.p
    assert pp is not None
    pp.syscalltick += 1
    gp.stage = 0
    return STEP_ON
