"""The scheduler: G runs on M, M needs P to run Go code. Read it with Go's proc.go beside it: same names, same order.

**Who looks for whom.** M looks for G: an M that holds a P and has no G runs `schedule`, and `findrunnable` is the one
long list of places to look. Nobody looks for an M on behalf of a G, but `wakep`: work that appears wakes at most one
M, and that M, once it has found work, wakes the next. An M without work and without luck gives its P back and sleeps
on midle; Go never ends it.

**The tension** is between waking too many threads and too few. Three ways that fail: one central state that knows all
(does not scale); handing a P directly to each new G (threads thrash, and locality is lost); waking a thread for every
G (too many wakes). Hence *spinning*: an M that holds a P and searches counts in nmspinning, and while one spins no
other is woken.

**The one hard race**: an M stops spinning while another submits work. The submitter puts the G, then looks at
nmspinning; the spinner drops nmspinning, then looks at all queues again. One of the two must see the other. So the
boundary between `nmspinning--` and the recheck is a step of its own here, as is each that `steps` lists.

Every function here takes effect at `sched.now_ns` and charges its cost to the M; none waits. What follows a wait in
Go is a phase here (`M.phase`).
"""

from __future__ import annotations

from typing import Final, Optional

from mypy_extensions import i64

from gmplab.errors import PolicyError, SchedError
from gmplab.runtime.calls import call, cloned, goeson, lookagain, note
from gmplab.runtime.contracts import FOR_ARRIVAL, FOR_NEW, FOR_READY, FOR_YIELD, MAX_PROBES, MOST_FIELD
from gmplab.runtime.dice import FOR_STEAL, draw, mix, stream
from gmplab.runtime.gcpacer import (
    findrunnablegcworker, gcmarkworkavailable, idlegcworker, needidlemarkworker, releasenextgcmarkworker,
)
from gmplab.runtime.model import (
    AT_CLONE, AT_WAKEP, PH_DEAD, PH_DROPPED, PH_EXECUTE, PH_FIND, PH_FOUND, PH_FOUND_WORKER, PH_HELD, PH_IDLE,
    PH_LOCKED_WOKEN, PH_MSTART, PH_NETPOLL, PH_NETPOLL_DONE, PH_RECHECK, PH_RUN, PH_SCHEDULE, PH_SPIN_GAP, PH_STEAL,
    PH_STEAL_RUNNEXT, PH_SYSCALL_DONE, PH_TEMPLATE, PH_WOKEN, G, M, P, Sched, charge, overload, price, settle, settlep,
)
from gmplab.runtime.runq import (
    globrunqget, globrunqgetbatch, globrunqput, globrunqput_recorded, mget, mid, mput, note_batch, note_put, pid,
    pidleget, pidlegetspinning, pidleput, runqdrain, runqempty, runqget, runqgrab, runqput, runqput_recorded,
)
from gmplab.vocabulary import (
    CALL_GOSCHED, CALL_HELD, CALL_MSTART, CALL_PARK, CALL_PREEMPT, CALL_STOPLOCKED, GDEAD, GO_CREATE, GO_PARK,
    GO_READY, GO_START, GO_STOP, GRUNNABLE, GRUNNING, GSYSCALL, GWAITING, HANDOFF_GCSTOP, HANDOFF_IDLE,
    HANDOFF_GC, HANDOFF_LAST_P, HANDOFF_NO_SPINNING, HANDOFF_WORK, HOLD, IN_HELD, IN_IDLE, IN_LOCKED, IN_NETPOLL, IN_RUNNING,
    IN_SCHEDULING, IN_SPINNING, IN_STARTING, IN_STOPPED, M_CREATE, M_PARK, M_START, M_WAKE, NETPOLL, NO_G, NO_M,
    NO_P, P_ACQUIRE, P_HANDOFF, P_RELEASE, P_STOP, PGCSTOP, PIDLE, POLL_BLOCKING, POLL_NONBLOCKING, PRUNNING,
    PREEMPT_REQUEST, Q_GET, Q_GLOBAL, Q_NONE, SPIN_FOUND, SPIN_GAVE_UP, SPIN_GCSTOP, SPIN_START, SPIN_STOP,
    KIND_SYSTEM, SRC_GC_WORKER, SRC_GLOBAL, SRC_GLOBAL_TICK, SRC_INJECTED, SRC_LOCKED, SRC_NETPOLL, SRC_STEAL,
    SRC_STEAL_RUNNEXT, STEAL_PASS,
    STEP_EXIT, STEP_NETPOLL, STEP_ON, STEP_PARK, STOP_GOSCHED, STOP_PREEMPT, TIMER_FIRE, WAIT_IO, WAIT_SLEEP,
    WAKE_WANTED, WHY_BACKOFF, WHY_CLONE_RETRY, WHY_HANDOFFP, WHY_HELD, WHY_IDLE, WHY_INJECT, WHY_LOCKED, WHY_NETPOLL,
    WHY_NETPOLL_BREAK, WHY_NONE, WHY_READY, WHY_START_LOCKED, WHY_STOP_WORLD, WHY_TEMPLATE, WHY_WAKEP,
)

CLONE_AGAIN_NS: Final = 1_000_000
MOST_CLONES: Final = 20
"""Go: retry.go: retryOnEAGAIN: 20 tries, 1 ms longer apart each time."""
DOZE_NS: Final = 1_000
"""How long an M sleeps that would else search for ever at one instant, since nothing costs anything."""


def gopark(sched: Sched, mp: M, gp: G, reason: i64, obj: i64, front: i64) -> i64:
    """The running gp waits; its M goes on to schedule(). Go: proc.go: gopark, park_m.

    Differs: the caller has queued gp where it is to be found; nothing can come between, so no unlock function can veto.
    Under block=HoldThread the M keeps gp and P, and sleeps.
    """
    now = sched.now_ns
    if sched.calls_on:
        call(sched, mp, "gopark")
    gp.status = GWAITING
    gp.cold = True
    gp.waitreason = reason
    gp.waitobj = obj
    gp.run_ns += now - gp.since_ns
    gp.since_ns = now
    charge(sched, mp, sched.prices.park)
    if sched.rec.full:
        sched.rec.event(now, GO_PARK, gp.goid, mp.id, pid(mp), reason, front, obj)
    if sched.hold and not gp.system:
        settle(mp, IN_HELD, now)
        mp.phase = PH_HELD
        if sched.rec.full:
            sched.rec.event(now, HOLD, gp.goid, mp.id, pid(mp), 0, NO_P, 0)
        if sched.gcwaiting and mp.p is not None and mp.p.status == PRUNNING:
            gcstopp(sched, mp, mp.p)
        if sched.calls_on:
            call(sched, mp, "mpark")
        until: i64 = -1
        if reason == WAIT_SLEEP:
            until = obj
        code = park(sched, mp, WHY_HELD, until)
        if reason != WAIT_SLEEP and reason != WAIT_IO:
            sched.nmidlelocked += 1
            checkdead(sched)
        return code
    if sched.calls_on:
        call(sched, mp, "mcall")
        call(sched, mp, "park_m")
    dropg(mp, gp)
    mp.caller = CALL_PARK
    mp.phase = PH_SCHEDULE
    settle(mp, IN_SCHEDULING, now)
    return STEP_ON


def becomespinning(sched: Sched, mp: M) -> None:
    """Go: proc.go: (*m).becomeSpinning."""
    mp.spinning = True
    mp.spin_since = sched.now_ns
    mp.rounds = 0
    sched.nmspinning += 1
    sched.needspinning = 0
    sched.spins += 1
    settle(mp, IN_SPINNING, sched.now_ns)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, SPIN_START, NO_G, mp.id, pid(mp), 0, 0, 0)


def stopspinning(sched: Sched, mp: M, how: i64) -> None:
    """mp spins no more. Go: proc.go: resetspinning, findRunnable, gcstopm, each on its own."""
    mp.spinning = False
    sched.nmspinning -= 1
    if sched.nmspinning < 0:
        raise SchedError(f"stopspinning: negative nmspinning (m={mp.id} t={sched.now_ns})")
    settle(mp, IN_SCHEDULING, sched.now_ns)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, SPIN_STOP, NO_G, mp.id, pid(mp), how, NO_P, 0)


def ready(sched: Sched, mp: M, gp: G) -> None:
    """The waiting gp becomes runnable, by mp: into runnext of its P, or as the place policy says. Go: proc.go: ready.

    The wakep that follows is a step of its own: `mp.wakes`.
    """
    now = sched.now_ns
    if gp.status != GWAITING:
        raise SchedError(f"ready: bad g->status in ready (g={gp.goid} status={gp.status} t={now})")
    if sched.calls_on:
        call(sched, mp, "ready")
    overload(sched)
    gp.status = GRUNNABLE
    gp.blocked_ns += now - gp.since_ns
    gp.since_ns = now
    sched.n_runnable += 1
    charge(sched, mp, sched.prices.ready)
    by: i64 = NO_G
    if mp.curg is not None:
        by = mp.curg.goid
    holder = gp.m
    if holder is not None:
        if sched.rec.full:
            sched.rec.event(now, GO_READY, gp.goid, mp.id, pid(mp), Q_NONE, NO_P, by)
        sched.nmidlelocked -= 1
        notewakeup(sched, mp, holder, WHY_READY)
        return
    put_placed(sched, mp, gp, GO_READY, FOR_READY, by)


def put_placed(sched: Sched, mp: M, gp: G, kind: i64, why: i64, arg: i64) -> None:
    """Queue a runnable gp where the place policy says, record it, and want a wakep."""
    pp = mp.p
    own: i64 = pid(mp)
    to = sched.place.place(sched.place_state, sched.view, why, gp.goid, own)
    if to == own and pp is not None:
        charge(sched, mp, sched.prices.runq_put)
        dest = runqput(sched, pp, gp, True)
        note_put(sched, kind, gp, mp, own, dest, own, arg)
    elif to == NO_P:
        charge(sched, mp, sched.prices.globrunq_put)
        globrunqput(sched, gp)
        note_put(sched, kind, gp, mp, own, Q_GLOBAL, NO_P, arg)
    else:
        put_at(sched, mp, gp, kind, own, to, arg)
    mp.wakes += 1
    mp.wake_why = why


def put_at(sched: Sched, mp: Optional[M], gp: G, kind: i64, own: i64, to: i64, arg: i64) -> bool:
    """gp to the tail of another P's queue; an idle P is started for it, since an idle P's queue must be empty.

    Returns whether it was idle.
    """
    if to < 0 or to >= sched.gomaxprocs:
        raise PolicyError(f"{type(sched.place).__name__}.place returned {to}: must be -1 (global) or a P, 0 to {sched.gomaxprocs - 1}")
    p2 = sched.allp[to]
    if mp is not None:
        charge(sched, mp, sched.prices.runq_put)
    if p2.on_pidle:
        overload(sched)
        sched.pidle.remove(p2)
        p2.on_pidle = False
        sched.npidle -= 1
        if sched.rec.full:
            sched.rec.event(sched.now_ns, 16, NO_G, mid(mp), to, 0, NO_P, 0)
        note_queued(sched, kind, gp, mp, own, runqput(sched, p2, gp, False), to, arg)
        startm(sched, mp, p2, False, WHY_INJECT)
        return True
    note_queued(sched, kind, gp, mp, own, runqput(sched, p2, gp, False), to, arg)
    sees(sched, p2)
    return False


def note_queued(sched: Sched, kind: i64, gp: G, mp: Optional[M], own: i64, dest: i64, to: i64, arg: i64) -> None:
    """Record a put, also that of a G which was running: then `arg` tells why it stopped."""
    if kind == GO_STOP and mp is not None:
        note_stop(sched, mp, gp, arg, dest, to)
    else:
        note_put(sched, kind, gp, mp, own, dest, to, arg)


def sees(sched: Sched, pp: P) -> None:
    """pp got a G: an M that spins on pp sees it in its own queue at once; only its looks at others have gaps."""
    mp = pp.m
    if mp is not None and mp.phase == PH_SPIN_GAP:
        sched.driver.notice(mp)


def arrive(sched: Sched, gp: G) -> None:
    """gp, which no G made, becomes runnable: place decides, then an idle P is woken. No counterpart in Go."""
    to = sched.place.place(sched.place_state, sched.view, FOR_ARRIVAL, gp.goid, NO_P)
    overload(sched)
    sched.n_runnable += 1
    if to != NO_P:
        if not put_at(sched, None, gp, GO_CREATE, NO_P, to, NO_G):
            # It lies behind another G: an idle P could steal it.
            wakep(sched, None, FOR_ARRIVAL)
        return
    globrunqput(sched, gp)
    note_put(sched, GO_CREATE, gp, None, NO_P, Q_GLOBAL, NO_P, NO_G)
    d = wake_delay(sched, FOR_ARRIVAL)
    if d > 0:
        wakep_later(sched, None, FOR_ARRIVAL, d)
    elif d == 0:
        pp = pidlegetspinning(sched, None)
        if pp is not None:
            startm(sched, None, pp, False, WHY_INJECT)


def notewakeup(sched: Sched, by: Optional[M], mp: M, why: i64) -> None:
    """Wake mp, asleep on its note. Go: lock_futex.go: notewakeup."""
    sched.wakes_m += 1
    if sched.calls_on:
        note(sched, by, mp, "notewakeup")
    if by is not None:
        charge(sched, by, sched.prices.futex_wake)
    if not mp.parked:
        # It is on its way to sleep: the note is set, and it will not.
        mp.note = True
        if sched.rec.full:
            sched.rec.event(
                sched.now_ns, M_WAKE, NO_G, mp.id, mp.nextp.id if mp.nextp is not None else NO_P, why, mid(by), 1
            )
        return
    settle_m(mp, IN_STARTING, sched.now_ns)
    mp.parked = False
    if sched.rec.full:
        p2: i64 = mp.nextp.id if mp.nextp is not None else pid(mp)
        sched.rec.event(sched.now_ns, M_WAKE, NO_G, mp.id, p2, why, mid(by), 0)
    from_p: i64 = NO_P
    if by is not None:
        from_p = pid(by)
    sched.driver.wakeup(mp, from_p)


def settle_m(mp: M, mode: i64, now: i64) -> None:
    """settle for an M whose P, if it has one, stays in its mode."""
    mp.ns[mp.mode] += now - mp.since_ns
    mp.mode = mode
    mp.since_ns = now


def park(sched: Sched, mp: M, why: i64, until_ns: i64) -> i64:
    """mp sleeps on its note, until `until_ns` at the latest (-1: no limit)."""
    if mp.note:
        mp.note = False
        return STEP_ON
    sched.parks_m += 1
    mp.until_ns = until_ns
    mp.parked = True
    charge(sched, mp, sched.prices.futex_sleep)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, M_PARK, NO_G, mp.id, pid(mp), why, NO_P, until_ns)
    return STEP_PARK


def timedout(sched: Sched, mp: M) -> None:
    """mp goes on though nobody woke it: its time is up, or the kernel has something for it."""
    mp.parked = False
    if sched.rec.full:
        sched.rec.event(sched.now_ns, M_WAKE, NO_G, mp.id, pid(mp), WHY_NONE, NO_M, 0)


def mstart(sched: Sched, mp: M) -> i64:
    """The first step of a thread. Go: proc.go: mstart, mstart0, mstart1, mspinning. Not modelled: signals, stacks."""
    settle(mp, IN_SCHEDULING, sched.now_ns)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, M_START, NO_G, mp.id, NO_P, 0, NO_P, 0)
    if sched.calls_on:
        call(sched, mp, "mstart")
        call(sched, mp, "mstart1")
        if mp.spinning:
            call(sched, mp, "mstartfn")
    if mp.nextp is not None:
        pp = mp.nextp
        mp.nextp = None
        acquirep(sched, mp, pp)
    if mp.spinning:
        settle(mp, IN_SPINNING, sched.now_ns)
    mp.caller = CALL_MSTART
    mp.phase = PH_SCHEDULE
    return STEP_ON


def mexit(sched: Sched, mp: M, why: i64) -> i64:
    """mp's thread ends; m0's cannot, and sleeps for ever. Its P was handed off before. Go: proc.go: mexit.

    Not modelled: the list of Ms to be freed.
    """
    settle(mp, IN_IDLE, sched.now_ns)
    sched.nmfreed += 1
    if mp.id == 0:
        mp.phase = PH_DEAD
        if sched.calls_on:
            call(sched, mp, "mpark")
        code = park(sched, mp, why, -1)
        replacem(sched)
        checkdead(sched)
        return code
    mp.exited_ns = sched.now_ns
    mp.exit_why = why
    mp.phase = PH_DEAD
    charge(sched, mp, sched.prices.thread_exit)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, 25, NO_G, mp.id, NO_P, why, NO_P, 0)
    replacem(sched)
    checkdead(sched)
    return STEP_EXIT


def replacem(sched: Sched) -> None:
    """A thread ended: if the machines policy had refused one for a P with work, it is asked again. No counterpart in Go."""
    if sched.refused and sched.runq.size() > 0:
        sched.refused = False
        startm(sched, None, None, False, WHY_HANDOFFP)


def newm(sched: Sched, by: Optional[M], pp: Optional[P], spinning: bool, why: i64) -> M:
    """Make an M; its thread is cloned from by's, or by the template thread if that is locked to a G. Go: proc.go: newm, allocm."""
    if sched.calls_on:
        call(sched, by, "newm")
        call(sched, by, "allocm")
        call(sched, by, "malg")
    mp = M(len(sched.allm))
    sched.allm.append(mp)
    sched.threads_created += 1
    mp.created_ns = sched.now_ns
    mp.created_by = mid(by)
    mp.why = why
    mp.since_ns = sched.now_ns
    mp.nextp = pp
    if spinning:
        mp.spinning = True
        mp.spin_since = sched.now_ns
    n: i64 = len(sched.allm) - sched.nmfreed
    if n > sched.threads_peak:
        sched.threads_peak = n
    if sched.rec.full:
        sched.rec.event(sched.now_ns, M_CREATE, NO_G, mp.id, pp.id if pp is not None else NO_P, why, mid(by), 0)
    if n > sched.machines.max_threads:
        sched.ended = True
        sched.stopped_by = "threads"
        return mp
    if by is not None and by.locked_ext != 0 and sched.rules.template_thread:
        template = sched.template
        if template is None:
            raise SchedError(f"newm: on a locked thread with no template thread (m={by.id} t={sched.now_ns})")
        sched.handed.append(mp)
        if template.parked:
            notewakeup(sched, by, template, WHY_TEMPLATE)
        return mp
    newm1(sched, by, mp)
    return mp


def newm1(sched: Sched, by: Optional[M], mp: M) -> None:
    """Make a thread for mp. Go: proc.go: newm1; os_linux.go: newosproc, clone."""
    if sched.calls_on:
        cloned(sched, by, mp)
    if by is not None:
        charge(sched, by, sched.prices.thread_create)
    newosproc(sched, mp)


def newosproc(sched: Sched, mp: M) -> None:
    """Clone a thread for mp; if the kernel has none to give, again after 1 ms, then 2, and so on. Go: os_linux.go: newosproc.

    Differs: the M that asked goes on meanwhile; Go's sleeps there, and keeps its P. Not modelled: the calls of another try.
    """
    if not sched.driver.clone(mp):
        refusedclone(sched, mp)


def refusedclone(sched: Sched, mp: M) -> None:
    """The kernel gave mp no thread: another try is planned. Go: retry.go: retryOnEAGAIN."""
    mp.clones += 1
    until = sched.now_ns + mp.clones * CLONE_AGAIN_NS + price(sched, sched.prices.usleep_slack)
    sched.parks_m += 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, M_PARK, NO_G, mp.id, NO_P, WHY_CLONE_RETRY, NO_P, until)
    sched.driver.later(until, AT_CLONE, mp.id)


def cloneagain(sched: Sched, mp: M) -> None:
    """mp, to which the kernel gave no thread, tries again, or gives up. Go: retry.go: retryOnEAGAIN; os_linux.go: newosproc."""
    if sched.rec.full:
        sched.rec.event(sched.now_ns, M_WAKE, NO_G, mp.id, NO_P, WHY_NONE, NO_M, 0)
    if mp.clones < MOST_CLONES:
        newosproc(sched, mp)
        return
    sched.ended = True
    sched.stopped_by = "threads"


def starttemplatethread(sched: Sched, mp: M) -> None:
    """Once in a run: the thread that makes the threads for which locked Ms ask. Go: proc.go: startTemplateThread.

    Differs: it counts in nmsys from its making on, not from its start.
    """
    if sched.template is not None:
        return
    if sched.calls_on:
        call(sched, mp, "starttemplatethread")
    sched.template = newm(sched, mp, None, False, WHY_TEMPLATE)
    sched.nmsys += 1


def templatethread(sched: Sched, mp: M) -> i64:
    """Make one thread that was asked for, or sleep until one is. Go: proc.go: templateThread."""
    if mp.phase == PH_MSTART:
        if sched.rec.full:
            sched.rec.event(sched.now_ns, M_START, NO_G, mp.id, NO_P, 0, NO_P, 0)
        if sched.calls_on:
            for function in ("mstart", "mstart1", "mstartfn", "templatethread"):
                call(sched, mp, function)
        mp.phase = PH_TEMPLATE
    elif sched.calls_on:
        goeson(sched, mp)
    settle(mp, IN_SCHEDULING, sched.now_ns)
    if len(sched.handed) > 0:
        newm1(sched, mp, sched.handed.pop())
        return STEP_ON
    settle(mp, IN_IDLE, sched.now_ns)
    code = park(sched, mp, WHY_TEMPLATE, -1)
    checkdead(sched)
    return code


def stopm(sched: Sched, mp: M) -> i64:
    """mp, without a P, goes to sleep on midle. Go: proc.go: stopm, mPark.

    Differs: the machines policy may set a time after which its thread ends (Go: never), or have refused an M (Go: never):
    then there may be work of which nobody told mp, since it was not on midle yet.
    """
    if mp.p is not None or mp.spinning:
        raise SchedError(f"stopm: holding p or spinning (m={mp.id} t={sched.now_ns})")
    if sched.refused and (sched.runq.size() > 0 or checkrunqsnop(sched)):
        # As a spinning M, since who is refused was to be one: it may steal whatever the spin policy says.
        pp = pidlegetspinning(sched, mp)
        if pp is not None:
            acquirep(sched, mp, pp)
            becomespinning(sched, mp)
            if sched.calls_on:
                lookagain(sched, mp)
            settle(mp, IN_SCHEDULING, sched.now_ns)
            mp.phase = PH_FIND
            return STEP_ON
    if sched.calls_on:
        call(sched, mp, "stopm")
        call(sched, mp, "mput")
        call(sched, mp, "checkdead")
        call(sched, mp, "mpark")
    mput(sched, mp)
    settle(mp, IN_IDLE, sched.now_ns)
    mp.phase = PH_WOKEN
    d = sched.machines.retire_after_ns(sched.machines_state, sched.view, mp.id)
    if d < -1 or d > MOST_FIELD:
        raise PolicyError(
            f"{type(sched.machines).__name__}.retire_after_ns returned {d}: must be -1 (never) or a time in ns, at most 2**62"
        )
    code = park(sched, mp, WHY_IDLE, sched.now_ns + d if d >= 0 and mp.id != 0 else -1)
    checkdead(sched)
    return code


def startm(sched: Sched, by: Optional[M], pp: Optional[P], spinning: bool, why: i64) -> None:
    """Some M, idle or new, is to run pp, or any idle P. Go: proc.go: startm.

    If spinning, nmspinning is counted here. Differs: the machines policy may refuse a new M; pp is then idle again.
    """
    if sched.calls_on:
        call(sched, by, "startm")
    if pp is None:
        pp = pidleget(sched, by)
        if pp is None:
            return
    nmp = mget(sched)
    if nmp is None:
        if not sched.machines.may_create(sched.machines_state, sched.view):
            unstart(sched, by, pp)
            return
        if spinning:
            sched.nmspinning += 1
            sched.spins += 1
        nmp = newm(sched, by, pp, spinning, why)
    else:
        if spinning:
            if not runqempty(pp):
                raise SchedError(f"startm: p has runnable gs (p={pp.id} t={sched.now_ns})")
            sched.nmspinning += 1
            sched.spins += 1
            nmp.spinning = True
            nmp.spin_since = sched.now_ns
            nmp.rounds = 0
        nmp.nextp = pp
        notewakeup(sched, by, nmp, why)
    if spinning and sched.rec.full:
        sched.rec.event(sched.now_ns, SPIN_START, NO_G, nmp.id, pp.id, 0, 1, 0)


def unstart(sched: Sched, by: Optional[M], pp: P) -> None:
    """No M may be made for pp: its Gs go to the global queue, where a free M finds them, and it idles."""
    runqdrain(sched, by, pp)
    pidleput(sched, pp, by)
    sched.refused = True


def handoffp(sched: Sched, mp: Optional[M], pp: P) -> None:
    """Give away pp, which has lost its M. Go: proc.go: handoffp.

    Must start an M wherever `findrunnable` would find a G for pp: keep the two in step.

    Differs: Go looks at the global queue a second time, under its lock; here nothing can come between.
    Not modelled: the trace reader; safe point functions.
    """
    sched.handoffs += 1
    if sched.calls_on:
        call(sched, mp, "handoffp")
    if mp is not None:
        charge(sched, mp, sched.prices.handoff)
    if not runqempty(pp) or sched.runq.size() > 0:
        note_handoff(sched, mp, pp, HANDOFF_WORK)
        startm(sched, mp, pp, False, WHY_HANDOFFP)
        return
    if sched.gc_blacken and gcmarkworkavailable(sched):
        note_handoff(sched, mp, pp, HANDOFF_GC)
        startm(sched, mp, pp, False, WHY_HANDOFFP)
        return
    if sched.nmspinning + sched.npidle == 0:
        sched.needspinning = 0
        note_handoff(sched, mp, pp, HANDOFF_NO_SPINNING)
        startm(sched, mp, pp, True, WHY_HANDOFFP)
        return
    if sched.gcwaiting:
        note_handoff(sched, mp, pp, HANDOFF_GCSTOP)
        gcstopp(sched, mp, pp)
        return
    if sched.npidle == sched.gomaxprocs - 1 and sched.lastpoll != 0:
        note_handoff(sched, mp, pp, HANDOFF_LAST_P)
        startm(sched, mp, pp, False, WHY_HANDOFFP)
        return
    when = pp.timers.wake_time()
    note_handoff(sched, mp, pp, HANDOFF_IDLE)
    pidleput(sched, pp, mp)
    if when != 0:
        wakenetpoller(sched, mp, when)


def note_handoff(sched: Sched, mp: Optional[M], pp: P, how: i64) -> None:
    """Record which condition of handoffp held."""
    if sched.rec.full:
        sched.rec.event(sched.now_ns, P_HANDOFF, NO_G, mid(mp), pp.id, how, NO_P, 0)


def gcstopp(sched: Sched, mp: Optional[M], pp: P) -> None:
    """pp stands for stop-the-world, by mp; the last one wakes who stops it. Go: proc.go: gcstopm, handoffp."""
    pp.status = PGCSTOP
    if pp.m is None or pp.m is sched.stopper:
        # A held task's P stands where it is: it is held all the same.
        settlep(pp, IN_STOPPED, sched.now_ns)
    sched.stopwait -= 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, P_STOP, NO_G, mid(mp), pp.id, 0, NO_P, 0)
    if sched.stopwait == 0 and sched.stopper is not None and sched.stopper.parked:
        notewakeup(sched, mp, sched.stopper, WHY_STOP_WORLD)


def wake_delay(sched: Sched, why: i64) -> i64:
    """What the wake policy answers. Go has one rule: none if an M spins."""
    d = sched.wake.delay_ns(sched.wake_state, sched.view, why)
    if d < -1 or d > MOST_FIELD:
        raise PolicyError(
            f"{type(sched.wake).__name__}.delay_ns returned {d}: must be -1 (do not wake), 0 or a delay in ns, at most 2**62"
        )
    return d


def wakep_later(sched: Sched, mp: Optional[M], why: i64, d: i64) -> None:
    """A wakep in d ns, as the wake policy wants it. No counterpart in Go."""
    sched.pending_wakes += 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, WAKE_WANTED, NO_G, mid(mp), NO_P, 0, NO_P, sched.now_ns + d)
    sched.driver.later(sched.now_ns + d, AT_WAKEP, why)


def wakep_due(sched: Sched, why: i64) -> None:
    """A wake-up that was put off is due: if there is work, and the policy, asked again, still wants it, it comes now."""
    sched.pending_wakes -= 1
    if sched.n_runnable > 0 and wake_delay(sched, why) >= 0:
        wakep_now(sched, None)


def wakep(sched: Sched, mp: Optional[M], why: i64) -> None:
    """Work appeared: start one spinning M, if the wake policy wants one and a P is idle. Go: proc.go: wakep.

    Differs: that no M may spin already is the wake policy's rule.
    """
    if sched.calls_on:
        call(sched, mp, "wakep")
    if mp is not None:
        charge(sched, mp, sched.prices.wakep)
    d = wake_delay(sched, why)
    if d < 0:
        return
    if d > 0:
        wakep_later(sched, mp, why, d)
        return
    wakep_now(sched, mp)


def wakep_now(sched: Sched, mp: Optional[M]) -> None:
    """Start a spinning M on an idle P; where there is none, note that work came. Go: proc.go: wakep, pidlegetSpinning."""
    if sched.rules.wake_needs_idle and sched.npidle == 0:
        return
    pp = pidlegetspinning(sched, mp)
    if pp is not None:
        startm(sched, mp, pp, True, WHY_WAKEP)


def stoplockedm(sched: Sched, mp: M) -> i64:
    """mp waits for its locked G; its P goes to another. Go: proc.go: stoplockedm."""
    pp = mp.p
    if sched.calls_on:
        call(sched, mp, "stoplockedm")
    if pp is not None:
        releasep(sched, mp)
        handoffp(sched, mp, pp)
    if sched.calls_on:
        call(sched, mp, "checkdead")
        call(sched, mp, "mpark")
    sched.nmidlelocked += 1
    if not mp.note:
        settle(mp, IN_LOCKED, sched.now_ns)
    mp.phase = PH_LOCKED_WOKEN
    code = park(sched, mp, WHY_LOCKED, -1)
    checkdead(sched)
    return code


def startlockedm(sched: Sched, mp: M, gp: G) -> i64:
    """gp, found by mp, is locked to another M: give that M the P, and sleep. Go: proc.go: startlockedm."""
    other = gp.lockedm
    pp = mp.p
    if other is None or other is mp or pp is None or other.nextp is not None:
        raise SchedError(f"startlockedm: locked to me, or m has p (m={mp.id} g={gp.goid} t={sched.now_ns})")
    if sched.calls_on:
        call(sched, mp, "startlockedm")
    sched.nmidlelocked -= 1
    releasep(sched, mp)
    other.nextp = pp
    other.found = gp
    mp.victim = NO_P
    mp.stolen = 0
    notewakeup(sched, mp, other, WHY_START_LOCKED)
    return stopm(sched, mp)


def gcstopm(sched: Sched, mp: M) -> i64:
    """mp stops for stop-the-world. Go: proc.go: gcstopm."""
    pp = mp.p
    if pp is None:
        raise SchedError(f"gcstopm: no p (m={mp.id} t={sched.now_ns})")
    if sched.calls_on:
        call(sched, mp, "gcstopm")
    if mp.spinning:
        stopspinning(sched, mp, SPIN_GCSTOP)
    # Here alone: a P with a chosen worker has just got its M, which looks for no G before this one. Go: in releasep.
    releasenextgcmarkworker(sched, mp, pp)
    releasep(sched, mp)
    gcstopp(sched, mp, pp)
    return stopm(sched, mp)


def execute(sched: Sched, mp: M, gp: G) -> i64:
    """gp runs on mp. The one place where a G becomes running. Go: proc.go: execute.

    Differs: G's status and the P's tick change when the switch is paid for. Not modelled: the profiler.
    """
    now = sched.now_ns
    pp = mp.p
    if pp is None or gp.status != GRUNNABLE:
        raise SchedError(f"execute: no p, or bad status (m={mp.id} g={gp.goid} status={gp.status} t={now})")
    overload(sched)
    sched.n_runnable -= 1
    ready_ns = gp.since_ns
    wait = now - ready_ns
    mp.curg = gp
    gp.m = mp
    gp.status = GRUNNING
    gp.preempt = False
    gp.since_ns = now
    gp.last_p = pp.id
    gp.wait_ns += wait
    gp.n_schedules += 1
    if gp.first_run_ns < 0:
        gp.first_run_ns = now
    if not mp.inherit_time:
        pp.schedtick += 1
        pp.slice_end_ns = now + sched.quantum_ns
    sched.n_schedules += 1
    if now >= sched.warmup_ns:
        sched.wait_hists[gp.cls].add(wait)
    rec = sched.rec
    if rec.schedule_on:
        rec.schedule.row8(
            now, ready_ns, mp.enter_ns, ((gp.goid + 1) << 32) | (mp.id + 1),
            ((mp.victim + 1) << 32) | (mp.source << 24) | (mp.caller << 16) | (pp.id + 1),
            (pp.runq.size() << 32) | sched.runq.size(),
            (len(sched.midle) << 32) | (sched.nmspinning << 16) | sched.npidle,
            (mp.stolen << 32) | (len(sched.allm) - sched.nmfreed),
        )
        if rec.full:
            rec.event(now, GO_START, gp.goid, mp.id, pp.id, mp.source, NO_P, 1 if mp.inherit_time else 0)
    if sched.calls_on:
        call(sched, mp, "execute")
    settle(mp, IN_RUNNING, now)
    mp.victim = NO_P
    mp.stolen = 0
    mp.phase = PH_RUN
    return STEP_ON


def checktimers(sched: Sched, mp: M, pp: P) -> bool:
    """Fire pp's due timers on mp: their Gs are readied by the next steps. True if any. Go: time.go: timers.check, timers.run.

    Differs: all sleepers that are due leave the heap at once, and are readied one a step.
    """
    fired = False
    while True:
        when = pp.timers.wake_time()
        if when == 0 or when > sched.now_ns:
            return fired
        gp = pp.timers.of[0]
        if not isinstance(gp, G) and fired:
            # Those before it are readied first.
            return True
        if sched.calls_on and not fired:
            call(sched, mp, "timers.check")
        pp.timers.pop()
        gp.timer = 0
        sched.timers_fired += 1
        charge(sched, mp, sched.prices.timer_op)
        if not isinstance(gp, G):
            gp.fire(sched, mp, pp, when)
            return True
        if sched.rec.full:
            sched.rec.event(sched.now_ns, TIMER_FIRE, gp.goid, mp.id, pp.id, 0, NO_P, when)
        toready(mp, gp)
        fired = True


def checkalltimers(sched: Sched, mp: M) -> bool:
    """Fire the due timers of all Ps: where no thief looks at them, as before Go 1.14, when one goroutine kept all."""
    fired = False
    for p2 in sched.allp:
        if p2.timers.n > 0 and checktimers(sched, mp, p2):
            fired = True
    return fired


def toready(mp: M, gp: G) -> None:
    """Append gp to the Gs that mp readies in its next steps, one a step."""
    if len(mp.calls) > 0:
        mp.ready_call = mp.calls[len(mp.calls) - 1]
    gp.schedlink = None
    last = mp.toready_last
    if last is None or mp.toready is None:
        mp.toready = gp
    else:
        last.schedlink = gp
    mp.toready_last = gp


def findrunnable(sched: Sched, mp: M) -> i64:
    """Look for a G, in Go's order. Go: proc.go: findRunnable.

    The blocks are entered by phase: this one up to the first pass of stealing, then `stealwork` (a pass a step),
    `lastlook`, `recheck`, `blockingnetpoll`, stopm. `handoffp` must start an M wherever this would find a G.

    Not modelled: trace reader, finalizers, cgo yield.
    """
    pp = mp.p
    if pp is None:
        raise SchedError(f"findrunnable: no p (m={mp.id} t={sched.now_ns})")
    if sched.gcwaiting:
        return gcstopm(sched, mp)
    if pp.timers.n > 0 and checktimers(sched, mp, pp):
        return STEP_ON
    if not sched.thieves_fire and checkalltimers(sched, mp):
        return STEP_ON
    if sched.gc_blacken:
        worker = findrunnablegcworker(sched, mp, pp)
        if worker is not None:
            code = found(sched, mp, worker, SRC_GC_WORKER, False)
            mp.phase = PH_FOUND_WORKER
            return code
    # Fairness: or two Gs that ready one another would own the local queue for ever.
    if sched.runq.tail != sched.runq.head and sched.fair_tick > 0 and pp.schedtick % sched.fair_tick == 0:
        gp = globrunqget(sched, mp)
        pp.runnext_run = 0
        return found(sched, mp, gp, SRC_GLOBAL_TICK, False)
    got = runqget(sched, mp, pp)
    if got is not None:
        charge(sched, mp, sched.prices.runq_get)
        return found(sched, mp, got, mp.source, mp.inherit_time)
    if sched.runq.tail != sched.runq.head:
        return found(sched, mp, globrunqgetbatch(sched, mp, pp), SRC_GLOBAL, False)
    if sched.rules.netpoll and sched.netpoll_waiters > 0 and sched.lastpoll != 0 and sched.polling_until_ns <= sched.now_ns:
        first = pollnow(sched, mp)
        if first is not None:
            return found(sched, mp, first, SRC_NETPOLL, False)
    mp.poll_until = pp.timers.wake_time()
    if sched.passes > 0 and (mp.spinning or sched.spin.may_spin(sched.spin_state, sched.view, mp.id)):
        if not mp.spinning:
            becomespinning(sched, mp)
        mp.pass_ = 0
        mp.ran_timer = False
        mp.look_home = False
        nextpass(sched, mp)
        mp.phase = PH_STEAL
        return STEP_ON
    mp.phase = PH_IDLE
    return STEP_ON


def found(sched: Sched, mp: M, gp: G, source: i64, inherit_time: bool) -> i64:
    """mp has gp in hand; what is left of schedule() follows when the search is paid for."""
    mp.found = gp
    mp.source = source
    mp.inherit_time = inherit_time
    mp.phase = PH_FOUND
    charge(sched, mp, sched.prices.goroutine_switch)
    return STEP_ON


def stealwork(sched: Sched, mp: M) -> i64:
    """One pass over victims. Go: proc.go: stealWork, runqsteal, runqgrab.

    A victim's runnext is taken only from `runnext_pass` on, and after a pause if the victim runs: it is likely about
    to run that G itself. Where a victim's timers ran, their Gs are looked for in the own queue first.

    Differs: stop-the-world is noticed between passes and after a pause, not between victims: Go's thief takes the runnext
    all the same; a victim that is looked at again, after a pause or its timers, counts as another probe, and its timers are
    asked again. With `Steal.pays_first` a look is a step of its own, made when it is paid for.
    """
    pp = mp.p
    assert pp is not None
    if sched.gcwaiting:
        if mp.looks > 0:
            passed(sched, mp, 0)
        if mp.looking:
            mp.looking = False
            mp.victim = NO_P
        mp.phase = PH_FIND
        return STEP_ON
    if sched.calls_on and mp.pass_ == 0 and mp.probe == 0:
        call(sched, mp, "stealwork")
    if mp.look_home:
        mp.look_home = False
        got = runqget(sched, mp, pp)
        if got is not None:
            charge(sched, mp, sched.prices.runq_get)
            passed(sched, mp, 0)
            return found(sched, mp, got, mp.source, mp.inherit_time)
    steal = sched.steal
    paid = mp.looking
    n = mp.probe if paid else steal.probes(sched.steal_state, sched.view, pp.id)
    if n < 0 or n > MAX_PROBES:
        raise PolicyError(f"{type(steal).__name__}.probes returned {n}: must be 0 to {MAX_PROBES}")
    last = mp.pass_ >= sched.runnext_pass and sched.runnext_pass >= 0
    if sched.each_once and mp.probe == 0 and len(sched.groups) == 0 and nothingtosteal(sched, mp, last):
        mp.looks += n - 1
        sched.steal_probes += n - 1
        charge(sched, mp, (n - 1) * sched.prices.steal_probe)
        return passover(sched, mp)
    while mp.looking or mp.probe < n:
        if mp.looking:
            v = mp.victim
            mp.looking = False
            mp.victim = NO_P
            p2 = sched.allp[v]
            near = near_cost(sched, pp, p2)
        else:
            if mp.roll < 0:
                mp.roll = sched.driver.roll(mp, draw(mp.key, mp.draws) >> 1)
            v = steal.victim(sched.steal_state, sched.view, pp.id, mp.pass_, mp.probe, mp.roll)
            if v < 0 or v >= sched.gomaxprocs:
                raise PolicyError(f"{type(steal).__name__}.victim returned {v}: must be a P, 0 to {sched.gomaxprocs - 1}")
            mp.probe += 1
            p2 = sched.allp[v]
            if p2 is pp:
                continue
            sched.steal_probes += 1
            mp.looks += 1
            near = near_cost(sched, pp, p2)
            charge(sched, mp, sched.prices.steal_probe if near else sched.prices.steal_probe_remote)
            if sched.pays_first:
                mp.looking = True
                mp.victim = v
                if mp.debt_ns > 0:
                    mp.looks_paid = True
                return STEP_ON
        if sched.timers_pass >= 0 and mp.pass_ >= sched.timers_pass and p2.timers.n > 0:
            if checktimers(sched, mp, p2):
                # Their Gs are readied in the next steps; then this victim is looked at again.
                mp.ran_timer = True
                mp.look_home = True
                mp.probe -= 1
                return STEP_ON
            when = p2.timers.wake_time()
            if when != 0 and (mp.poll_until == 0 or when < mp.poll_until):
                mp.poll_until = when
        if p2.on_pidle:
            continue
        queued = p2.runq.size()
        if queued > 0:
            k = steal.amount(sched.steal_state, sched.view, pp.id, v, queued)
            if k < 0 or k > queued:
                raise PolicyError(f"{type(steal).__name__}.amount returned {k}: must be 0 to {queued}, what the victim has")
            if sched.capacity > 0 and k > sched.capacity:
                k = sched.capacity
            if k > 0:
                return runqsteal(sched, mp, pp, p2, k, near)
        elif last and p2.runnext is not None:
            m2 = p2.m
            if sched.backoff_ns > 0 and p2.status == PRUNNING and m2 is not None and not (
                m2.curg is not None and m2.curg.status == GSYSCALL
            ):
                mp.seen_runnext = p2.runnext
                mp.victim = v
                mp.phase = PH_STEAL_RUNNEXT
                return park(
                    sched, mp, WHY_BACKOFF, sched.now_ns + sched.backoff_ns + price(sched, sched.prices.usleep_slack)
                )
            return stealrunnext(sched, mp, p2)
    # After a look that was paid for `probes` is asked again: what was seen may be the reason to look no further.
    return STEP_ON if paid else passover(sched, mp)


def nothingtosteal(sched: Sched, mp: M, last: bool) -> bool:
    """Whether this pass can take nothing from anyone, and no timer can be due."""
    timers = sched.timer_serial > 0 and sched.timers_pass >= 0 and mp.pass_ >= sched.timers_pass
    if sched.n_runnable == 0 and not timers:
        return True
    for p2 in sched.allp:
        if p2 is mp.p:
            continue
        if timers and p2.timers.n > 0:
            return False
        if not p2.on_pidle and (p2.runq.tail != p2.runq.head or (last and p2.runnext is not None)):
            return False
    return True


def passover(sched: Sched, mp: M) -> i64:
    """A pass found nothing: the next one, or the end of the round."""
    passed(sched, mp, 0)
    mp.pass_ += 1
    if mp.pass_ < sched.passes:
        nextpass(sched, mp)
        return STEP_ON
    if mp.ran_timer:
        mp.phase = PH_FIND
        return STEP_ON
    return spinagain(sched, mp)


def nextpass(sched: Sched, mp: M) -> None:
    """A pass begins. Go: proc.go: randomOrder.start.

    The number of its order of victims is its own from here on, and drawn when the first is asked for: most passes ask
    for none.
    """
    mp.probe = 0
    if mp.draws == 0:
        mp.key = stream(sched.seed, FOR_STEAL, mp.id)
    mp.draws += 1
    mp.roll = -1


def near_cost(sched: Sched, pp: P, p2: P) -> bool:
    """Whether two Ps are of one group."""
    if len(sched.groups) == 0:
        return True
    return sched.view.group(pp.id) == sched.view.group(p2.id)


def passed(sched: Sched, mp: M, taken: i64) -> None:
    """A pass of mp ended: it found a G, at a victim or at home; the world stops; or there is nobody left to look at."""
    sched.steal_passes += 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, STEAL_PASS, NO_G, mp.id, pid(mp), mp.pass_, taken, mp.looks)
    mp.looks = 0


def runqsteal(sched: Sched, mp: M, pp: P, p2: P, k: i64, near: bool) -> i64:
    """Take k from p2's head; run the last of them. Go: proc.go: runqsteal."""
    gp = runqgrab(sched, mp, pp, p2, k)
    charge(sched, mp, k * price(sched, sched.prices.steal_move if near else sched.prices.steal_move_remote))
    sched.steals += 1
    sched.stolen += k
    mp.victim = p2.id
    mp.stolen = k
    if sched.rec.full:
        sched.rec.event(sched.now_ns, Q_GET, gp.goid, mp.id, pp.id, SRC_STEAL, p2.id, k)
    passed(sched, mp, k)
    return found(sched, mp, gp, SRC_STEAL, False)


def stealrunnext(sched: Sched, mp: M, p2: P) -> i64:
    """Take the G in p2's runnext and run it. Go: proc.go: runqgrab, runqsteal."""
    gp = p2.runnext
    assert gp is not None
    p2.runnext = None
    sched.steals += 1
    sched.stolen += 1
    mp.victim = p2.id
    mp.stolen = 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, Q_GET, gp.goid, mp.id, pid(mp), SRC_STEAL_RUNNEXT, p2.id, 1)
    passed(sched, mp, 1)
    return found(sched, mp, gp, SRC_STEAL_RUNNEXT, False)


def backedoff(sched: Sched, mp: M) -> i64:
    """After the pause: the G is still in the victim's runnext, or that victim is looked at once more. Go: proc.go: runqgrab."""
    seen = mp.seen_runnext
    p2 = sched.allp[mp.victim]
    mp.seen_runnext = None
    mp.victim = NO_P
    if sched.gcwaiting:
        passed(sched, mp, 0)
        mp.phase = PH_FIND
        return STEP_ON
    if p2.runnext is seen and seen is not None:
        return stealrunnext(sched, mp, p2)
    mp.probe -= 1
    mp.phase = PH_STEAL
    return STEP_ON


def spinagain(sched: Sched, mp: M) -> i64:
    """All passes found nothing: another round after a gap, or give up."""
    mp.rounds += 1
    gap = sched.spin.again_ns(sched.spin_state, sched.view, mp.id, sched.now_ns - mp.spin_since)
    if gap < -1 or gap > MOST_FIELD:
        raise PolicyError(f"{type(sched.spin).__name__}.again_ns returned {gap}: must be -1 (give up) or a gap in ns, at most 2**62")
    if gap < 0:
        mp.phase = PH_IDLE
        return STEP_ON
    mp.phase = PH_SPIN_GAP
    mp.until_ns = sched.now_ns + gap
    if gap == 0 and mp.debt_ns == 0 and not mp.looks_paid:
        # Nothing costs anything: it would spin for ever at this instant. It looks again when a queue changes.
        sched.dozing.append(mp)
        mp.until_ns = sched.now_ns + DOZE_NS
    mp.looks_paid = False
    return STEP_PARK


def lastlook(sched: Sched, mp: M) -> i64:
    """The look at the global queue under sched.lock, and the P goes on pidle; before, idle GC work. Go: proc.go: findRunnable.

    Differs: the own queue is looked at too, where a place policy may have put a G meanwhile.
    """
    pp = mp.p
    assert pp is not None
    if sched.gc_blacken:
        worker = idlegcworker(sched, mp, pp)
        if worker is not None:
            return found(sched, mp, worker, SRC_GC_WORKER, False)
    if sched.gcwaiting:
        mp.phase = PH_FIND
        return STEP_ON
    if sched.runq.size() > 0:
        return found(sched, mp, globrunqgetbatch(sched, mp, pp), SRC_GLOBAL, False)
    if not runqempty(pp):
        mp.phase = PH_FIND
        return STEP_ON
    if sched.rules.needspinning and not mp.spinning and sched.needspinning == 1:
        becomespinning(sched, mp)
        mp.phase = PH_FIND
        return STEP_ON
    if not sched.thieves_fire:
        # Nobody steals timers: who had this P before may sleep in epoll, and wake for those of another P alone.
        checktimersnop(sched, mp)
    elif not mp.spinning and sched.nmspinning == 0:
        # Only where the spin policy forbids what Go's always allows: nobody else would look at the other Ps' timers.
        if checkalltimers(sched, mp):
            mp.phase = PH_FIND
            return STEP_ON
        checktimersnop(sched, mp)
    releasep(sched, mp)
    pidleput(sched, pp, mp)
    mp.was_spinning = mp.spinning
    if mp.spinning:
        mp.phase = PH_DROPPED
    else:
        mp.phase = PH_NETPOLL if sched.rules.recheck_spinning_only else PH_RECHECK
    return STEP_ON


def dropspinning(sched: Sched, mp: M) -> i64:
    """mp, which has put its P on pidle, spins no more. Go: proc.go: findRunnable, after sched.lock is released.

    A step of its own: who queues a G just before sees an M that spins and wakes none, so `recheck` must find that G.
    """
    stopspinning(sched, mp, SPIN_GAVE_UP)
    mp.phase = PH_RECHECK
    return STEP_ON


def recheck(sched: Sched, mp: M) -> i64:
    """The delicate dance: nmspinning was dropped, now look at everything again. Go: proc.go: findRunnable, checkTimersNoP."""
    if sched.rules.recheck_global and sched.runq.size() > 0:
        pp = pidlegetspinning(sched, mp)
        if pp is not None:
            gp = globrunqgetbatch(sched, mp, pp)
            acquirep(sched, mp, pp)
            becomespinning(sched, mp)
            return found(sched, mp, gp, SRC_GLOBAL, False)
    if checkrunqsnop(sched):
        pp = pidlegetspinning(sched, mp)
        if pp is not None:
            acquirep(sched, mp, pp)
            becomespinning(sched, mp)
            mp.phase = PH_FIND
            return STEP_ON
    if sched.gc_blacken and needidlemarkworker(sched):
        code = checkidlegcnop(sched, mp)
        if code >= 0:
            return code
    checktimersnop(sched, mp)
    mp.phase = PH_NETPOLL
    return STEP_ON


def checkrunqsnop(sched: Sched) -> bool:
    """Whether any P has work that a thief would take. Go: proc.go: checkRunqsNoP.

    Differs: Go asks which Ps idled when the P was still held; Go's thieves take from any queue, so it need not ask `amount`.
    """
    # Work that no pass may take is no reason to look again: the M would spin for ever.
    if sched.passes == 0 or sched.n_runnable == 0:
        return False
    take_runnext = 0 <= sched.runnext_pass < sched.passes
    for p2 in sched.allp:
        if p2.on_pidle:
            continue
        queued = p2.runq.size()
        if queued > 0:
            # The thief will be the P that idled last. Where none is left, needspinning is to tell that work came.
            if sched.npidle == 0 or sched.steal.amount(sched.steal_state, sched.view, sched.pidle[-1].id, p2.id, queued) > 0:
                return True
        elif take_runnext and p2.runnext is not None:
            # As in stealwork: a runnext is taken from a P whose queue is empty, not from one that keeps what it has.
            return True
    return False


def checktimersnop(sched: Sched, mp: M) -> None:
    """mp, about to sleep, wakes by the earliest timer of any P. Go: proc.go: checkTimersNoP."""
    if sched.timer_serial == 0:
        return
    for p2 in sched.allp:
        when = p2.timers.wake_time()
        if when != 0 and (mp.poll_until == 0 or when < mp.poll_until):
            mp.poll_until = when


def checkidlegcnop(sched: Sched, mp: M) -> i64:
    """mp, without a P, takes an idle one for an idle GC worker; -1 if there is no P or no worker. Go: proc.go: checkIdleGCNoP."""
    pp = pidlegetspinning(sched, mp)
    if pp is None:
        return -1
    if len(sched.gc.pool) == 0:
        pidleput(sched, pp, mp)
        return -1
    acquirep(sched, mp, pp)
    becomespinning(sched, mp)
    worker = idlegcworker(sched, mp, pp)
    assert worker is not None
    return found(sched, mp, worker, SRC_GC_WORKER, False)


def blockingnetpoll(sched: Sched, mp: M) -> i64:
    """Become the one M that sleeps in epoll, or see to it that who does wakes in time. Go: proc.go: findRunnable."""
    if (sched.netpoll_waiters > 0 or mp.poll_until != 0) and sched.lastpoll != 0:
        if sched.calls_on:
            call(sched, mp, "netpoll")
        again = sched.lastpoll == sched.now_ns
        sched.lastpoll = 0
        sched.poll_until = mp.poll_until
        sched.poller = mp
        mp.parked = True
        settle(mp, IN_NETPOLL, sched.now_ns)
        mp.phase = PH_NETPOLL_DONE
        charge(sched, mp, sched.prices.netpoll)
        mp.until_ns = polltimeout(sched, mp.poll_until)
        if again and mp.until_ns == sched.now_ns and mp.debt_ns == 0:
            # Nothing costs anything, and the due timer is another M's to fire: it would poll for ever at this instant.
            mp.until_ns += DOZE_NS
        if sched.netpoll_ready.size() > 0:
            mp.until_ns = sched.now_ns
        sched.netpolls += 1
        if sched.rec.full:
            sched.rec.event(sched.now_ns, M_PARK, NO_G, mp.id, NO_P, WHY_NETPOLL, NO_P, mp.until_ns)
        return STEP_NETPOLL
    if mp.poll_until != 0 and (sched.poll_until == 0 or sched.poll_until > mp.poll_until):
        netpollbreak(sched, mp)
    return stopm(sched, mp)


def polltimeout(sched: Sched, poll_until: i64) -> i64:
    """When epoll_wait gives up, for a timer due at `poll_until`: it counts in ms. Go: netpoll_epoll.go: netpoll."""
    if poll_until == 0:
        return -1
    d = poll_until - sched.now_ns
    grain = price(sched, sched.prices.epoll_grain)
    if d <= 0:
        return sched.now_ns
    if grain > 0:
        d = grain if d < grain else d // grain * grain
    return sched.now_ns + d


def netpolled(sched: Sched, mp: M) -> i64:
    """epoll returned. Go: proc.go: findRunnable, after netpoll(delay)."""
    if sched.calls_on:
        goeson(sched, mp)
    settle(mp, IN_SCHEDULING, sched.now_ns)
    sched.poll_until = 0
    sched.poller = None
    sched.lastpoll = sched.now_ns if sched.now_ns > 0 else 1
    mp.enter_ns = sched.now_ns
    first = netpoll(sched, mp, POLL_BLOCKING)
    pp = pidleget(sched, mp)
    if pp is None:
        if first is not None:
            injectglist(sched, mp, first)
        return stopm(sched, mp)
    acquirep(sched, mp, pp)
    if first is not None:
        rest = first.schedlink
        first.schedlink = None
        if rest is not None:
            injectglist(sched, mp, rest)
        return found(sched, mp, first, SRC_NETPOLL, False)
    if mp.was_spinning:
        becomespinning(sched, mp)
    mp.phase = PH_FIND
    return STEP_ON


def netpoll(sched: Sched, mp: Optional[M], how: i64) -> Optional[G]:
    """Take at most 128 ready Gs out of epoll, linked by schedlink, now runnable. Go: netpoll_epoll.go: netpoll."""
    n: i64 = 0
    head: Optional[G] = None
    while sched.netpoll_ready.size() > 0 and n < 128:
        gp = sched.netpoll_ready.pop()
        gp.schedlink = head
        head = gp
        n += 1
    at = head
    while at is not None:
        injected(sched, mp, at)
        sched.netpoll_waiters -= 1
        at = at.schedlink
    if sched.rec.full:
        sched.rec.event(sched.now_ns, NETPOLL, NO_G, mid(mp), pid(mp) if mp is not None else NO_P, how, NO_P, n)
    return head


def injected(sched: Sched, mp: Optional[M], gp: G) -> None:
    """The waiting gp is runnable, in a list in mp's hands that injectglist will queue. Go: casgstatus in injectglist."""
    overload(sched)
    gp.status = GRUNNABLE
    gp.blocked_ns += sched.now_ns - gp.since_ns
    gp.since_ns = sched.now_ns
    sched.n_runnable += 1
    note_batch(sched, mp, gp, pid(mp) if mp is not None else NO_P)


def pollcharged(sched: Sched, mp: M, how: i64) -> Optional[G]:
    """A non-blocking poll, at mp's cost: the list of what is ready."""
    if sched.calls_on:
        call(sched, mp, "netpoll")
    charge(sched, mp, sched.prices.netpoll)
    sched.netpolls += 1
    sched.driver.poll()
    return netpoll(sched, mp, how) if sched.netpoll_ready.size() > 0 else None


def pollall(sched: Sched, mp: M, how: i64) -> bool:
    """A non-blocking poll: all that is ready is injected. Whether anything was."""
    first = pollcharged(sched, mp, how)
    if first is None:
        return False
    injectglist(sched, mp, first)
    return True


def pollnow(sched: Sched, mp: M) -> Optional[G]:
    """A non-blocking poll: the first G in hand, the rest injected. Until it is paid for nobody else polls so (pollingNet)."""
    first = pollcharged(sched, mp, POLL_NONBLOCKING)
    if sched.rules.polling_net:
        sched.polling_until_ns = sched.now_ns + mp.debt_ns
    if first is not None:
        rest = first.schedlink
        first.schedlink = None
        if rest is not None:
            injectglist(sched, mp, rest)
    return first


def netpollbreak(sched: Sched, mp: Optional[M]) -> None:
    """Wake the M that sleeps in epoll, unless it is on its way already. Go: netpoll_epoll.go: netpollBreak."""
    poller = sched.poller
    if poller is None or not poller.parked:
        return
    if sched.calls_on:
        note(sched, mp, poller, "netpollbreak")
    poller.parked = False
    if mp is not None:
        charge(sched, mp, sched.prices.netpoll_break)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, M_WAKE, NO_G, poller.id, NO_P, WHY_NETPOLL_BREAK, mid(mp), 0)
    sched.driver.wakeup(poller, pid(mp) if mp is not None else NO_P)


def wakenetpoller(sched: Sched, mp: Optional[M], when: i64) -> None:
    """A timer is due at `when`: who sleeps in epoll must wake by then, or else someone must. Go: proc.go: wakeNetPoller."""
    if sched.calls_on:
        call(sched, mp, "wakenetpoller")
    if sched.lastpoll == 0:
        if sched.poll_until == 0 or sched.poll_until > when:
            netpollbreak(sched, mp)
    elif sched.rules.timer_wakes:
        wakep(sched, mp, FOR_READY)


def resetspinning(sched: Sched, mp: M) -> None:
    """mp found work: it stops spinning and wakes the next. Go: proc.go: resetspinning."""
    if sched.calls_on:
        call(sched, mp, "resetspinning")
    stopspinning(sched, mp, SPIN_FOUND)
    wakep(sched, mp, FOR_READY)


def injectglist(sched: Sched, mp: M, head: G) -> None:
    """Queue a list of runnable Gs in mp's hands. Go: proc.go: injectglist.

    Without a P: all to the global queue, and an M for each as long as Ps idle. With one: as many as Ps idle to the
    global queue and an M for each, then the rest to the own queue, and what it has no room for to the global one.

    Differs: the Gs are runnable already (`netpoll`), as this is one step.
    """
    if sched.calls_on:
        call(sched, mp, "injectglist")
    pp = mp.p
    n: i64 = 0
    idle = sched.npidle
    at: Optional[G] = head
    while at is not None and (pp is None or n < idle):
        gp = at
        at = gp.schedlink
        gp.schedlink = None
        globrunqput_recorded(sched, mp, gp)
        n += 1
    while n > 0:
        p2 = pidlegetspinning(sched, mp)
        if p2 is None:
            break
        startm(sched, mp, p2, False, WHY_INJECT)
        n -= 1
    while at is not None and pp is not None:
        gp = at
        at = gp.schedlink
        gp.schedlink = None
        if sched.capacity < 0 or pp.runq.size() < sched.capacity:
            runqput_recorded(sched, mp, pp, gp)
        else:
            globrunqput_recorded(sched, mp, gp)
    if pp is not None and sched.rules.injectglist_wakep:
        wakep(sched, mp, FOR_READY)


def schedule(sched: Sched, mp: M) -> i64:
    """One round of the scheduler: find a runnable G and execute it. Go: proc.go: schedule.

    Not modelled: disabled user scheduling; cgo.
    """
    mp.enter_ns = sched.now_ns
    if sched.calls_on:
        call(sched, mp, "schedule")
    if mp.lockedg is not None:
        return stoplockedm(sched, mp)
    pp = mp.p
    if pp is None:
        raise SchedError(f"schedule: no p (m={mp.id} t={sched.now_ns})")
    if sched.calls_on:
        call(sched, mp, "findrunnable")
    pp.preempt = False
    mp.phase = PH_FIND
    return findrunnable(sched, mp)


def schedule_found(sched: Sched, mp: M) -> i64:
    """The rest of schedule(), with a G in hand. Go: proc.go: schedule."""
    gp = mp.found
    assert gp is not None
    if sched.rules.wake_if_queued:
        foundone(sched, mp)
    elif mp.spinning:
        resetspinning(sched, mp)
    elif sched.rules.any_resetspinning and mp.source != 0 and mp.source != 1 and sched.nmspinning == 0:
        wakep(sched, mp, FOR_READY)
    if gp.lockedm is not None and gp.lockedm is not mp:
        mp.found = None
        return startlockedm(sched, mp, gp)
    mp.phase = PH_EXECUTE
    return STEP_ON


def foundone(sched: Sched, mp: M) -> None:
    """What Go 1.1 did in place of `resetspinning`: another M is woken for what is left in mp's own queue."""
    pp = mp.p
    assert pp is not None
    if mp.spinning:
        stopspinning(sched, mp, SPIN_FOUND)
    if not runqempty(pp) and sched.nmspinning == 0:
        wakep(sched, mp, FOR_READY)


def schedule_worker(sched: Sched, mp: M) -> i64:
    """The rest of schedule(), with a dedicated or fractional GC worker in hand: another M is woken for what mp would
    have run. Go: proc.go: schedule: tryWakeP."""
    if mp.spinning:
        resetspinning(sched, mp)
    wakep(sched, mp, FOR_READY)
    mp.phase = PH_EXECUTE
    return STEP_ON


def lockedwoken(sched: Sched, mp: M) -> i64:
    """mp has a P again and its locked G is in hand. Go: proc.go: stoplockedm, after mPark; schedule."""
    pp = mp.nextp
    gp = mp.lockedg
    if pp is None or gp is None:
        raise SchedError(f"stoplockedm: not runnable (m={mp.id} t={sched.now_ns})")
    if sched.calls_on:
        goeson(sched, mp)
    mp.nextp = None
    mp.enter_ns = sched.now_ns
    mp.caller = CALL_STOPLOCKED
    acquirep(sched, mp, pp)
    settle(mp, IN_SCHEDULING, sched.now_ns)
    mp.found = gp
    mp.source = SRC_LOCKED
    mp.inherit_time = False
    mp.phase = PH_EXECUTE
    charge(sched, mp, sched.prices.goroutine_switch)
    return STEP_ON


def woken(sched: Sched, mp: M) -> i64:
    """mp was on midle and has a P again, or its retirement is due. Go: proc.go: stopm, after mPark."""
    pp = mp.nextp
    if pp is None:
        return retire(sched, mp)
    mp.nextp = None
    if sched.calls_on:
        goeson(sched, mp)
    acquirep(sched, mp, pp)
    if sched.calls_on:
        lookagain(sched, mp)
    settle(mp, IN_SPINNING if mp.spinning else IN_SCHEDULING, sched.now_ns)
    mp.enter_ns = sched.now_ns
    mp.phase = PH_FIND
    return STEP_ON


def retire(sched: Sched, mp: M) -> i64:
    """mp was idle for as long as the machines policy allows: its thread ends. No counterpart in Go (#14592)."""
    sched.midle.remove(mp)
    if sched.calls_on:
        call(sched, mp, "mexit")
        call(sched, mp, "checkdead")
    return mexit(sched, mp, 16)


def heldwoken(sched: Sched, mp: M) -> i64:
    """The task that kept its thread goes on (block=HoldThread)."""
    gp = mp.curg
    assert gp is not None
    if sched.calls_on:
        goeson(sched, mp)
    if gp.status == GWAITING:
        # Its own sleep or descriptor, which the kernel kept for it, is over.
        overload(sched)
        gp.status = GRUNNABLE
        gp.blocked_ns += sched.now_ns - gp.since_ns
        gp.since_ns = sched.now_ns
        sched.n_runnable += 1
        mp.parked = False
        if sched.rec.full:
            sched.rec.event(sched.now_ns, GO_READY, gp.goid, mp.id, pid(mp), Q_NONE, NO_P, NO_G)
    settle(mp, IN_SCHEDULING, sched.now_ns)
    mp.enter_ns = sched.now_ns
    mp.caller = CALL_HELD
    mp.found = gp
    mp.source = SRC_INJECTED
    mp.inherit_time = True
    mp.phase = PH_EXECUTE
    return STEP_ON


def dropg(mp: M, gp: G) -> None:
    """M and G part. Go: proc.go: dropg."""
    gp.m = None
    mp.curg = None


def goschedimpl(sched: Sched, mp: M, gp: G, preempted: bool) -> i64:
    """The running gp makes room: to the global queue's tail. Go: proc.go: goschedImpl, gosched_m, gopreempt_m.

    Differs: where it goes is the place policy's rule, but where the world is to stop.
    """
    now = sched.now_ns
    if sched.calls_on:
        if preempted and sched.preempt.mode == "async":
            call(sched, mp, "asyncpreempt")
        elif preempted:
            call(sched, mp, "newstack")
        if not preempted or sched.preempt.mode == "async":
            call(sched, mp, "mcall")
        call(sched, mp, "gopreempt_m" if preempted else "gosched_m")
        call(sched, mp, "goschedimpl")
    stop(sched, mp, gp)
    pp = mp.p
    assert pp is not None
    reason: i64 = STOP_PREEMPT if preempted else STOP_GOSCHED
    if preempted:
        sched.preemptions += 1
    else:
        sched.gosched += 1
    if preempted and sched.gcwaiting and sched.rules.stw_runnext:
        dest = runqput(sched, pp, gp, True)
        note_stop(sched, mp, gp, reason, dest, pp.id)
    else:
        to = sched.place.place(sched.place_state, sched.view, FOR_YIELD, gp.goid, pp.id)
        if to == NO_P:
            charge(sched, mp, sched.prices.globrunq_put)
            globrunqput(sched, gp)
            note_stop(sched, mp, gp, reason, Q_GLOBAL, NO_P)
        elif to == pp.id:
            charge(sched, mp, sched.prices.runq_put)
            note_stop(sched, mp, gp, reason, runqput(sched, pp, gp, False), to)
        else:
            put_at(sched, mp, gp, GO_STOP, pp.id, to, reason)
    if sched.rules.gosched_wakep:
        mp.wakes += 1
        mp.wake_why = FOR_YIELD
    mp.caller = CALL_PREEMPT if preempted else CALL_GOSCHED
    mp.phase = PH_SCHEDULE
    settle(mp, IN_SCHEDULING, now)
    charge(sched, mp, sched.prices.park)
    return STEP_ON


def stop(sched: Sched, mp: M, gp: G) -> None:
    """The running gp becomes runnable and leaves mp."""
    now = sched.now_ns
    overload(sched)
    gp.status = GRUNNABLE
    gp.run_ns += now - gp.since_ns
    gp.since_ns = now
    sched.n_runnable += 1
    dropg(mp, gp)


def note_stop(sched: Sched, mp: M, gp: G, reason: i64, dest: i64, queue_p: i64) -> None:
    """Record that gp stopped and where it is queued, and the spill that this caused."""
    spilled = sched.overflow_g
    if spilled is not None:
        sched.overflows += 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, GO_STOP, gp.goid, mp.id, pid(mp), reason, queue_p, dest)
        if spilled is not None:
            sched.rec.event(sched.now_ns, 10, spilled.goid, mp.id, queue_p, 0, NO_P, sched.overflow_n)
    sched.overflow_g = None


def goyield(sched: Sched, mp: M, gp: G, caller: i64, reason: i64) -> i64:
    """The running gp goes to its own P's tail. Go: proc.go: goyield, goyield_m."""
    if sched.calls_on:
        call(sched, mp, "goyield")
        call(sched, mp, "mcall")
        call(sched, mp, "goyield_m")
    stop(sched, mp, gp)
    pp = mp.p
    assert pp is not None
    dest = runqput(sched, pp, gp, False)
    note_stop(sched, mp, gp, reason, dest, pp.id)
    mp.caller = caller
    mp.phase = PH_SCHEDULE
    settle(mp, IN_SCHEDULING, sched.now_ns)
    charge(sched, mp, sched.prices.park)
    return STEP_ON


def goexit0(sched: Sched, mp: M, gp: G) -> i64:
    """The running gp is done; a locked one takes its M with it. Go: proc.go: goexit0, gdestroy, mexit."""
    pp = mp.p
    assert pp is not None
    locked = gp.lockedm is not None
    if sched.calls_on:
        call(sched, mp, "goexit1")
        call(sched, mp, "mcall")
        call(sched, mp, "goexit0")
        call(sched, mp, "gdestroy")
        call(sched, mp, "gfput")
        gp.call = 0
    gdestroy(sched, mp, gp)
    charge(sched, mp, sched.prices.goexit)
    settle(mp, IN_SCHEDULING, sched.now_ns)
    gfput(sched, pp, gp)
    if locked and sched.rules.locked_exit:
        if sched.calls_on:
            call(sched, mp, "mexit")
        releasep(sched, mp)
        handoffp(sched, mp, pp)
        if sched.calls_on:
            call(sched, mp, "checkdead")
        return mexit(sched, mp, 17)
    mp.caller = 5
    mp.phase = PH_SCHEDULE
    return STEP_ON


def gdestroy(sched: Sched, mp: M, gp: G) -> None:
    """Account for the end of gp and clear it for reuse. Go: proc.go: gdestroy."""
    now = sched.now_ns
    gp.run_ns += now - gp.since_ns
    gp.status = GDEAD
    sched.n_exited += 1
    if not gp.system:
        sched.n_user -= 1
        sched.jain_n += 1
        sched.jain_sum += float(gp.run_ns)
        sched.jain_squares += float(gp.run_ns) * float(gp.run_ns)
        if gp.created_ns >= sched.warmup_ns:
            sched.sojourn_hists[gp.cls].add(now - gp.created_ns)
    if sched.rec.full:
        sched.rec.event(now, 5, gp.goid, mp.id, pid(mp), 0, NO_P, 0)
    note_goroutine(sched, gp, now)
    sched.allgs[gp.goid] = None
    mp.lockedg = None
    mp.locked_ext = 0
    dropg(mp, gp)
    gp.preempt = False
    gp.tight = False
    gp.asked = False
    gp.prog = None
    gp.pc = 0
    gp.arg = 0
    gp.i = 0
    gp.obj = None
    gp.stage = 0
    gp.rest_ns = 0
    gp.draws = 0
    gp.parent = NO_G
    gp.last_p = NO_P
    gp.first_run_ns = -1
    gp.run_ns = 0
    gp.wait_ns = 0
    gp.blocked_ns = 0
    gp.n_schedules = 0
    if gp.cold:
        clearcold(gp)


def clearcold(gp: G) -> None:
    """The rest of gdestroy, for a G that used more than most do."""
    gp.cold = False
    gp.lockedm = None
    gp.body = None
    gp.j = 0
    gp.value = None
    gp.result = None
    gp.children = 0
    gp.rank = 0
    gp.weight = 1
    gp.deadline_ns = -1
    gp.waitreason = 0
    gp.waitobj = 0
    gp.sudog = None
    gp.cases = None


def note_goroutine(sched: Sched, gp: G, exited_ns: i64) -> None:
    """The row of one G, at its exit or at the end of the run (`exited_ns` -1)."""
    if sched.rec.schedule_on:
        sched.rec.goroutines.row8(
            ((gp.goid + 1) << 32) | (gp.parent + 1), (gp.label << 32) | gp.n_schedules, gp.created_ns, gp.first_run_ns,
            exited_ns, gp.run_ns, gp.wait_ns, gp.blocked_ns,
        )


def malg(sched: Sched, mp: Optional[M]) -> G:
    """A new G with a stack. Go: proc.go: malg. Not modelled: the stack."""
    if sched.calls_on:
        call(sched, mp, "malg")
    if mp is not None:
        charge(sched, mp, sched.prices.malg)
    return G(NO_G)


def newproc(sched: Sched, mp: M, gp: G, parent: G) -> None:
    """Queue the new gp: into runnext, so the last of several spawned runs first. Go: proc.go: newproc."""
    charge(sched, mp, sched.prices.newproc)
    overload(sched)
    sched.n_runnable += 1
    put_placed(sched, mp, gp, GO_CREATE, FOR_NEW, parent.goid)


def newproc1(sched: Sched, mp: Optional[M], parent: Optional[G]) -> G:
    """A runnable G, of a dead one if there is one, with an id of its own; the caller gives it a body. Go: proc.go: newproc1.

    Differs: ids are dense, not in batches of 16 a P.
    """
    if sched.calls_on:
        call(sched, mp, "newproc1")
    gp: Optional[G] = None
    if mp is None:
        # An arrival: no P is at hand, but dead Gs may be.
        if sched.gfree.size > 0:
            gp = sched.gfree.pop()
    elif mp.p is not None:
        if sched.calls_on:
            call(sched, mp, "gfget")
        gp = gfget(sched, mp.p)
    if gp is None:
        gp = malg(sched, mp)
    gp.goid = len(sched.allgs)
    sched.allgs.append(gp)
    gp.status = GRUNNABLE
    gp.created_ns = sched.now_ns
    gp.since_ns = sched.now_ns
    if parent is not None:
        gp.parent = parent.goid
        if parent.children == 0:
            parent.children_key = mix(parent.key)
        gp.key = draw(parent.children_key, parent.children)
        parent.children += 1
        parent.cold = True
    sched.n_user += 1
    return gp


def newsystemg(sched: Sched, mp: M, parent: Optional[G], name: str, op: i64) -> G:
    """A runnable goroutine of the runtime's own, which performs `op` from stage 1 on. Go: newproc1, isSystemGoroutine.

    It takes no number of its parent's children: the dice of the program's own Gs do not depend on it.
    """
    if sched.calls_on:
        call(sched, mp, "newproc")
    gp = newproc1(sched, mp, None)
    if parent is not None:
        gp.parent = parent.goid
    gp.system = True
    gp.op = op
    gp.stage = 1
    sched.n_user -= 1
    key = (KIND_SYSTEM, name, "", "")
    if key not in sched.label_of:
        sched.label_of[key] = len(sched.labels)
        sched.labels.append(key)
    gp.label = sched.label_of[key]
    gp.cls = 0  # it may be a dead G of the program's, which had a class
    return gp


def gfput(sched: Sched, pp: P, gp: G) -> None:
    """Keep a dead G for reuse; the 64th on a P sends all but 31 to the global list. Go: proc.go: gfput.

    Not modelled: stacks, and that Gs with a stack are preferred.
    """
    free = pp.gfree
    free.push(gp)
    if free.size >= 64:
        while free.size >= 32:
            sched.gfree.push(free.pop())


def gfget(sched: Sched, pp: P) -> Optional[G]:
    """A dead G, from the P's list or 32 from the global one. Go: proc.go: gfget."""
    free = pp.gfree
    if free.size == 0:
        while sched.gfree.size > 0 and free.size < 32:
            free.push(sched.gfree.pop())
        if free.size == 0:
            return None
    return free.pop()


def lockosthread(sched: Sched, mp: M, gp: G) -> None:
    """gp and mp run for one another alone from now on. Nests. Go: proc.go: LockOSThread, dolockOSThread."""
    if sched.rules.template_thread:
        starttemplatethread(sched, mp)
    mp.locked_ext += 1
    mp.lockedg = gp
    gp.lockedm = mp
    gp.cold = True
    if sched.rec.full:
        sched.rec.event(sched.now_ns, 40, gp.goid, mp.id, pid(mp), 0, NO_P, 0)


def unlockosthread(sched: Sched, mp: M, gp: G) -> None:
    """Undo one lockosthread. Go: proc.go: UnlockOSThread, dounlockOSThread."""
    if mp.locked_ext == 0:
        return
    mp.locked_ext -= 1
    if mp.locked_ext == 0:
        mp.lockedg = None
        gp.lockedm = None
    if sched.rec.full:
        sched.rec.event(sched.now_ns, 41, gp.goid, mp.id, pid(mp), 0, NO_P, 0)


def acquirep(sched: Sched, mp: M, pp: P) -> None:
    """mp takes pp. Go: proc.go: acquirep, wirep."""
    if mp.p is not None or pp.m is not None or pp.status != PIDLE:
        raise SchedError(f"wirep: already in use (m={mp.id} p={pp.id} status={pp.status} t={sched.now_ns})")
    if sched.calls_on:
        call(sched, mp, "acquirep")
    mp.p = pp
    pp.m = mp
    pp.status = PRUNNING
    settlep(pp, mp.mode, sched.now_ns)
    charge(sched, mp, sched.prices.acquirep)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, P_ACQUIRE, NO_G, mp.id, pp.id, 0, NO_P, 0)


def releasep(sched: Sched, mp: M) -> P:
    """mp gives up its P. Go: proc.go: releasep."""
    pp = mp.p
    if pp is None:
        raise SchedError(f"releasep: invalid arg (m={mp.id} t={sched.now_ns})")
    if sched.calls_on and mp.phase != PH_SYSCALL_DONE:
        # An M in a syscall calls nothing: its P is taken by another (takep).
        call(sched, mp, "releasep")
    mp.p = None
    pp.m = None
    pp.oldm = mp
    pp.status = PIDLE
    settlep(pp, IN_IDLE, sched.now_ns)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, P_RELEASE, NO_G, mp.id, pp.id, 0, NO_P, 0)
    return pp


def checkdead(sched: Sched) -> None:
    """Nobody runs and nothing is to come: the program is dead. Go: proc.go: checkdead.

    Differs: arrivals and put-off wake-ups that are still to come keep it alive; so does a control policy, which may start
    an M for a runnable G, until it has been asked. Where the machines policy makes no more Ms and each waits with its
    locked G, or held task, that is the program's deadlock, also if a G is runnable or a timer pending: no thread is left
    to run or fire it. Else a runnable G here is the policy's fault.
    Not modelled: a main goroutine that called Goexit, fake time, libraries.
    """
    if sched.control.period_ns == 0 or (sched.n_runnable == 0 and sched.netpoll_waiters == 0):
        lookdead(sched)


def lookdead(sched: Sched) -> None:
    """checkdead, also where a control policy might have started an M."""
    run: i64 = len(sched.allm) - sched.nmfreed - len(sched.midle) - sched.nmidlelocked - sched.nmsys
    if run > 0 or sched.ended or sched.arrivals > 0 or sched.pending_wakes > 0:
        return
    if run < 0:
        raise SchedError(f"checkdead: inconsistent counts (run={run} t={sched.now_ns})")
    all_taken = sched.nmidlelocked > 0 and len(sched.midle) == 0
    for pp in sched.allp:
        if pp.timers.wake_time() != 0 and not (all_taken and not sched.machines.may_create(sched.machines_state, sched.view)):
            return
    sched.ended = True
    sched.stopped_by = "policy" if sched.n_runnable > 0 and not all_taken else "deadlock"


def preemptone(sched: Sched, by: Optional[M], pp: P) -> bool:
    """Ask the G on pp to stop: at its next call, or by a signal. Go: proc.go: preemptone; signal_unix.go: preemptM."""
    mp = pp.m
    if mp is None or mp.curg is None or mp is by:
        return False
    gp = mp.curg
    if gp.status != GRUNNING or sched.preempt.mode == "none":
        return False
    if sched.calls_on:
        call(sched, by, "preemptone")
    gp.preempt = True
    pp.preempt = True
    sched.preempt_requests += 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, PREEMPT_REQUEST, gp.goid, mid(by), pp.id, 0, NO_P, 0)
    if sched.preempt.mode == "async" or not gp.tight:
        sched.driver.interrupt(mp)
    return True
