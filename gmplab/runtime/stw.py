"""Stopping and starting the world, and changing the number of Ps. Go: proc.go: stopTheWorldWithSema ... procresize.

The M that stops the world asks every running G to stop, takes the Ps of Ms in syscalls and those on pidle, and sleeps
until the rest have stopped by themselves; it asks again every 100 us, since a request may come at a moment when nobody
hears it. Each P stops in a step of its own M: findrunnable's first look, handoffp, entersyscall. The last one wakes
the stopper.

To start it, Ps with work get an M each, the others idle, and one spinning M is woken for what else there may be.
"""

from __future__ import annotations

from typing import Final, Optional

from mypy_extensions import i64

from gmplab.errors import PolicyError, SchedError
from gmplab.runtime.calls import call, goeson
from gmplab.runtime.contracts import FOR_READY
from gmplab.runtime.gcpacer import assignwaitinggcworker, releasenextgcmarkworker
from gmplab.runtime.model import (
    PH_HELD, PH_RUN, PH_STW_WAIT, G, M, P, Sched, Sema, Timers, charge, overload, price, settle, settlep,
)
from gmplab.runtime.proc import (
    acquirep, dropg, gcstopp, goexit0, gopark, heldwoken, injected, injectglist, newm, newsystemg, notewakeup, park,
    pollall, preemptone, releasep, settle_m, stopm, toready, unstart,
)
from gmplab.runtime.runq import globrunqput_recorded, mget, pidleget, pidleput, runqdrain, runqempty
from gmplab.runtime.sync import semqueue, semtake
from gmplab.runtime.syscalls import insyscall, takep, wakesysmon
from gmplab.vocabulary import (
    GO_CREATE, GWAITING, IN_IDLE, IN_RUNNING, IN_STOPPED, MAX_PROCS, NO_G, NO_P, P_RESIZE, PDEAD, PGCSTOP, PIDLE, POLL_START_WORLD,
    PRUNNING, Q_BATCH, Q_DRAIN, Q_MOVE, RETAKE_STW, STEP_ON, STW_END, STW_GOMAXPROCS, STW_START, STW_STOPPED, TIMER_SET,
    WAIT_SEMACQUIRE, WAIT_UPDATE_GOMAXPROCS, WHY_GCSTOP, WHY_START_WORLD, WHY_STOP_WORLD,
)

ASK_AGAIN_NS: Final = 100_000
"""Go: proc.go: stopTheWorldWithSema: notetsleep(&sched.stopnote, 100*1000)."""
OP_GOMAXPROCS: Final = 33
OP_UPDATE_GOMAXPROCS: Final = 34
"""Operations of bodies that are performed here; `bodies` holds the others."""


def semwait(sched: Sched, mp: M, gp: G, sema: Sema, name: str) -> i64:
    """gp waits for a semaphore of the runtime, and tries again at the stage where it is. Go: sema.go: semacquire1."""
    if sema.id == 0:
        sched.objects += 1
        sema.id = sched.objects
        sched.object_names[sema.id] = name
    return semqueue(sched, mp, gp, sema, False, WAIT_SEMACQUIRE, sema.id, gp.stage)


def semrelease(sched: Sched, mp: M, sema: Sema) -> None:
    """Give a semaphore of the runtime back; its first waiter is readied, and must compete. Go: sema.go: semrelease1."""
    if sched.calls_on:
        call(sched, mp, "semrelease")
    sema.count += 1
    s = sema.waitq.first
    if s is not None:
        sema.waitq.remove(s)
        toready(mp, s.g)


def stoptheworld(sched: Sched, mp: M, gp: G, why: i64, stage: i64) -> i64:
    """Ask all Ps to stop; gp goes on at `stage` when they stand. Go: proc.go: stopTheWorldWithSema.

    Differs: Go calls gp waiting meanwhile, so that its stack may be scanned; here it runs.
    """
    pp = mp.p
    if pp is None or sched.gcwaiting:
        raise SchedError(f"stopTheWorld: no p, or already stopping (m={mp.id} g={gp.goid} t={sched.now_ns})")
    if sched.calls_on:
        call(sched, mp, "stoptheworld")
    gp.stage = stage
    sched.n_stw += 1
    sched.stop_why = why
    sched.stop_began_ns = sched.now_ns
    sched.stopwait = sched.gomaxprocs
    sched.gcwaiting = True
    sched.stopper = mp
    if sched.rec.full:
        sched.rec.event(sched.now_ns, STW_START, gp.goid, mp.id, pp.id, why, NO_P, 0)
    preemptall(sched, mp)
    settle_m(mp, IN_STOPPED, sched.now_ns)
    gcstopp(sched, mp, pp)
    for p2 in sched.allp:
        if insyscall(p2):
            charge(sched, mp, sched.prices.retake)
            takep(sched, mp, p2, RETAKE_STW)
            gcstopp(sched, mp, p2)
        elif p2.status == PRUNNING and p2.m is not None and p2.m.phase == PH_HELD:
            gcstopp(sched, mp, p2)
    while sched.npidle > 0:
        idle = pidleget(sched, mp)
        assert idle is not None
        gcstopp(sched, mp, idle)
    mp.phase = PH_STW_WAIT
    return stopwait(sched, mp)


def stopwait(sched: Sched, mp: M) -> i64:
    """The world stands, or mp sleeps until it does and asks again. Go: proc.go: stopTheWorldWithSema."""
    if sched.stopwait > 0:
        until = sched.now_ns + ASK_AGAIN_NS + price(sched, sched.prices.usleep_slack)
        return park(sched, mp, WHY_STOP_WORLD, until)
    sched.stw_stopping_ns += sched.now_ns - sched.stop_began_ns
    for i in range(sched.gomaxprocs):
        if sched.allp[i].status != PGCSTOP:
            raise SchedError(f"stopTheWorld: not stopped (p={i} status={sched.allp[i].status} t={sched.now_ns})")
    if sched.rec.full:
        sched.rec.event(sched.now_ns, STW_STOPPED, gidof(mp), mp.id, pidof(mp), sched.stop_why, NO_P, 0)
    mp.phase = PH_RUN
    return STEP_ON


def stopwoken(sched: Sched, mp: M) -> i64:
    """mp, which stops the world, was woken by the last P to stop, or 100 us are over: ask again."""
    if sched.calls_on:
        goeson(sched, mp)
    settle_m(mp, IN_STOPPED, sched.now_ns)
    if sched.stopwait > 0:
        preemptall(sched, mp)
    return stopwait(sched, mp)


def gidof(mp: M) -> i64:
    return mp.curg.goid if mp.curg is not None else NO_G


def pidof(mp: M) -> i64:
    return mp.p.id if mp.p is not None else NO_P


def preemptall(sched: Sched, mp: M) -> None:
    """Ask every running G but mp's to stop. Go: proc.go: preemptall."""
    for pp in sched.allp:
        if pp.status == PRUNNING:
            preemptone(sched, mp, pp)


def heldgoeson(sched: Sched, mp: M) -> i64:
    """An M that kept its waiting task (block=HoldThread) is back: not while the world stands, and not without a P."""
    pp = mp.p
    if sched.gcwaiting:
        if pp is not None and pp.status == PRUNNING:
            gcstopp(sched, mp, pp)
        sched.stood.append(mp)
        settle_m(mp, IN_STOPPED, sched.now_ns)
        return park(sched, mp, WHY_GCSTOP, -1)
    if pp is None:
        # GOMAXPROCS shrank while the task waited: as after a syscall that lost its P.
        pp = pidleget(sched, mp)
        if pp is None:
            return heldlost(sched, mp)
        acquirep(sched, mp, pp)
    return heldwoken(sched, mp)


def heldlost(sched: Sched, mp: M) -> i64:
    """No P for the task that its M kept: to the global queue with it, and mp sleeps."""
    heldwoken(sched, mp)
    gp = mp.found
    assert gp is not None
    mp.found = None
    dropg(mp, gp)
    globrunqput_recorded(sched, mp, gp)
    return stopm(sched, mp)


def starttheworld(sched: Sched, mp: M, procs: i64) -> None:
    """Let `procs` Ps run: an M for each with work, and one that spins. Go: proc.go: startTheWorldWithSema.

    Differs: the machines policy may refuse an M for a P; its Gs go to the global queue then.
    """
    if sched.calls_on:
        call(sched, mp, "starttheworld")
    if sched.rules.netpoll and sched.netpoll_waiters > 0:
        pollall(sched, mp, POLL_START_WORLD)
    charge(sched, mp, sched.prices.stw)
    runnable = procresize(sched, mp, procs)
    sched.gcwaiting = False
    sched.stopper = None
    wakesysmon(sched, mp)
    for pp in runnable:
        nmp = pp.m
        if nmp is not None:
            pp.m = None
            nmp.nextp = pp
            notewakeup(sched, mp, nmp, WHY_START_WORLD)
        elif sched.machines.may_create(sched.machines_state, sched.view):
            newm(sched, mp, pp, False, WHY_START_WORLD)
        else:
            releasenextgcmarkworker(sched, mp, pp)
            unstart(sched, mp, pp)
    for held in sched.stood:
        notewakeup(sched, mp, held, WHY_GCSTOP)
    sched.stood = []
    sched.stw_total_ns += sched.now_ns - sched.stop_began_ns
    if sched.rec.full:
        sched.rec.event(sched.now_ns, STW_END, gidof(mp), mp.id, pidof(mp), sched.stop_why, NO_P, 0)
    settle(mp, IN_RUNNING, sched.now_ns)
    if not sched.rules.redistribute:
        mp.wakes += 1
        mp.wake_why = FOR_READY


def procresize(sched: Sched, mp: M, nprocs: i64) -> list[P]:
    """Change the number of Ps; returns those with work, each with its M in `pp.m` or none. Go: proc.go: procresize."""
    old = sched.gomaxprocs
    if sched.calls_on:
        call(sched, mp, "procresize")
    if sched.rec.full:
        sched.rec.event(sched.now_ns, P_RESIZE, NO_G, mp.id, pidof(mp), 0, NO_P, nprocs)
    for i in range(old, nprocs):
        if i == len(sched.allp):
            sched.allp.append(P(i))
        pp = sched.allp[i]
        pp.status = PGCSTOP
        pp.mode = IN_STOPPED
        pp.since_ns = sched.now_ns
    keepownp(sched, mp, nprocs)
    for i in range(min(old, nprocs)):
        # A held task's M has kept its P.
        pp = sched.allp[i]
        if pp.m is not None and pp.m is not mp:
            pp.status = PRUNNING
    if sched.rules.redistribute:
        redistribute(sched, mp, old, nprocs)
    for i in range(nprocs, old):
        destroy(sched, mp, sched.allp[i])
    sched.gomaxprocs = nprocs
    if sched.rules.redistribute:
        return assignms_1_1(sched, mp, nprocs)
    if sched.rules.stw_runnext:
        return assignms(sched, mp, nprocs)
    return assignms_1_5(sched, mp, nprocs)


def keepownp(sched: Sched, mp: M, nprocs: i64) -> None:
    """The M that starts the world goes on with its P, or with P 0 where that is destroyed, or always (1.1)."""
    pp = mp.p
    assert pp is not None
    if pp.id < nprocs and (pp.id == 0 or not sched.rules.redistribute):
        pp.status = PRUNNING
        return
    first = sched.allp[0]
    if first.m is not None:
        # Only where tasks keep their threads: P 0 is a held task's, who waits for another then.
        releasep(sched, first.m)
    releasep(sched, mp)
    pp.status = PGCSTOP
    first.status = PIDLE
    acquirep(sched, mp, first)


def redistribute(sched: Sched, mp: M, old: i64, nprocs: i64) -> None:
    """Deal all runnable Gs out anew, beginning with P 1: P 0 goes to the M that runs already. Go 1.1: proc.c: procresize."""
    for i in range(old):
        if not runqempty(sched.allp[i]):
            runqdrain(sched, mp, sched.allp[i])
    n: i64 = sched.runq.size()
    k: i64 = 1
    while k <= n:
        pp = sched.allp[k % nprocs]
        if sched.capacity >= 0 and pp.runq.size() >= sched.capacity:
            return
        pp.runq.push(sched.runq.pop())
        if sched.rec.full:
            sched.rec.event(sched.now_ns, Q_MOVE, NO_G, mp.id, pp.id, 0, NO_P, 1)
        k += 1


def destroy(sched: Sched, mp: M, pp: P) -> None:
    """pp is not used any more: its Gs go to the global queue's head, its timers to mp's P. Go: proc.go: (*p).destroy."""
    if pp.m is not None:
        releasep(sched, pp.m)
    if pp.next_gc_worker is not None:
        raise SchedError(f"procresize: P destroyed while GC is running (p={pp.id} t={sched.now_ns})")
    if not runqempty(pp):
        gs: list[G] = []
        while pp.runq.size() > 0:
            gs.append(pp.runq.pop())
        while len(gs) > 0:
            sched.runq.push_head(gs.pop())
        gp = pp.runnext
        if gp is not None:
            pp.runnext = None
            sched.runq.push_head(gp)
        if sched.rec.full:
            sched.rec.event(sched.now_ns, Q_DRAIN, NO_G, mp.id, pp.id, 0, NO_P, 1)
    taketimers(sched, mp, pp)
    while pp.gfree.size > 0:
        sched.gfree.push(pp.gfree.pop())
    settlep(pp, IN_STOPPED, sched.now_ns)
    pp.status = PDEAD


def taketimers(sched: Sched, mp: M, pp: P) -> None:
    """pp's timers join the heap of mp's P. Go: time.go: timers.take."""
    own = mp.p
    assert own is not None
    timers = pp.timers
    for i in range(timers.n):
        gp = timers.of[i]
        if gp.timer != timers.serial[i]:
            continue
        if not isinstance(gp, G):
            gp.move(sched, mp, own)
        else:
            own.timers.push(timers.when[i], timers.serial[i], gp)
            if sched.rec.full:
                sched.rec.event(sched.now_ns, TIMER_SET, gp.goid, mp.id, own.id, 0, pp.id, timers.when[i])
    pp.timers = Timers()


def standby(sched: Sched, pp: P) -> None:
    """pp stands no more: it idles, or waits for the M that is started for it."""
    pp.status = PIDLE
    settlep(pp, IN_IDLE, sched.now_ns)


def mgetspecific(sched: Sched, mp: M) -> bool:
    """Take mp off midle, if it is there. Go: proc.go: mgetSpecific."""
    if mp not in sched.midle:
        return False
    sched.midle.remove(mp)
    return True


def assignms(sched: Sched, mp: M, nprocs: i64) -> list[P]:
    """An M for each P with work, its last one if that is idle; then GC workers for the others; the rest idles.

    The Ps come back in the order in which Go starts them: its lists are stacks. Go: proc.go: procresize (1.26+).
    """
    with_m: list[P] = []
    without: list[P] = []
    idle: list[P] = []
    for i in range(nprocs):
        pp = sched.allp[i]
        if pp.m is not None:
            continue
        standby(sched, pp)
        if runqempty(pp):
            idle.append(pp)
            continue
        last = pp.oldm
        if last is not None and mgetspecific(sched, last):
            pp.m = last
            with_m.append(pp)
        else:
            without.append(pp)
    runnable: list[P] = []
    for pp in without:
        pp.m = mget(sched)
        runnable.insert(0, pp)
    runnable.extend(with_m)
    n: i64 = 0
    while sched.gc_blacken and n < len(idle) and assignwaitinggcworker(sched, mp, idle[n]):
        idle[n].m = mget(sched)
        runnable.insert(0, idle[n])
        n += 1
    while n < len(idle):
        pidleput(sched, idle[n], mp)
        n += 1
    return runnable


def assignms_1_5(sched: Sched, mp: M, nprocs: i64) -> list[P]:
    """An M from midle for each P with work, from the last on; the others idle. Go 1.5 to 1.25: proc.go: procresize."""
    runnable: list[P] = []
    for i in range(nprocs - 1, -1, -1):
        pp = sched.allp[i]
        if pp.m is not None:
            continue
        standby(sched, pp)
        if runqempty(pp):
            pidleput(sched, pp, mp)
        else:
            pp.m = mget(sched)
            runnable.insert(0, pp)
    return runnable


def assignms_1_1(sched: Sched, mp: M, nprocs: i64) -> list[P]:
    """An M from midle for each P with work, from P 1 on; new Ms come last, in reverse. Go 1.1: proc.c: starttheworld."""
    runnable: list[P] = []
    without: list[P] = []
    for i in range(nprocs - 1, -1, -1):
        if sched.allp[i].m is None:
            standby(sched, sched.allp[i])
            if runqempty(sched.allp[i]):
                pidleput(sched, sched.allp[i], mp)
    for i in range(nprocs):
        pp = sched.allp[i]
        if pp.m is None and not pp.on_pidle:
            pp.m = mget(sched)
            if pp.m is not None:
                runnable.append(pp)
            else:
                without.insert(0, pp)
    return runnable + without


def gomaxprocs(sched: Sched, mp: M, gp: G) -> i64:
    """The running gp sets the number of Ps to gp.a, 0: only asks; its result is the old one. Go: debug.go: GOMAXPROCS."""
    if gp.stage == 0:
        gp.result = sched.gomaxprocs
        if gp.a > 0:
            sched.custom_procs = True
        if gp.a == 0 or gp.a == sched.gomaxprocs:
            return STEP_ON
        gp.stage = 1
    return changeprocs(sched, mp, gp, gp.a)


def changeprocs(sched: Sched, mp: M, gp: G, n: i64) -> i64:
    """Stop the world and start it with n Ps, not while a GC cycle runs. Stages: 1, 2 semaphores; 3 the world stands.

    Go: proc.go: stopTheWorldGC, startTheWorldGC.
    """
    gc = sched.gc
    if gp.stage == 1:
        if not semtake(gc.gc_sema):
            return semwait(sched, mp, gp, gc.gc_sema, "gcsema")
        gp.stage = 2
    if gp.stage == 2:
        if not semtake(gc.world_sema):
            return semwait(sched, mp, gp, gc.world_sema, "worldsema")
        return stoptheworld(sched, mp, gp, STW_GOMAXPROCS, 3)
    starttheworld(sched, mp, n)
    semrelease(sched, mp, gc.world_sema)
    semrelease(sched, mp, gc.gc_sema)
    gp.stage = 0
    return STEP_ON


def sysmonupdategomaxprocs(sched: Sched, mp: M, n: i64) -> None:
    """The control policy wants n Ps: sysmon cannot stop the world, a goroutine does. Go: proc.go: sysmonUpdateGOMAXPROCS.

    A program that sets GOMAXPROCS itself keeps what it set, as in Go. Differs: the goroutine is made when it is first
    needed.
    """
    if n < 1 or n > MAX_PROCS:
        raise PolicyError(f"{type(sched.control).__name__}.act: set_procs({n}): must be 1 to {MAX_PROCS} Ps")
    if sched.custom_procs or n == sched.gomaxprocs:
        return
    gp = system_g_in_hand(sched, mp, sched.updater, "updateMaxProcsGoroutine", OP_UPDATE_GOMAXPROCS, WAIT_UPDATE_GOMAXPROCS)
    if gp is None:
        return
    sched.updater = gp
    sched.wanted_procs = n
    injectglist(sched, mp, gp)


def system_g_in_hand(sched: Sched, mp: M, gp: Optional[G], name: str, op: i64, reason: i64) -> Optional[G]:
    """A goroutine of the system which does something for sysmon now and then, runnable and in the hands of mp.

    Made when it is first needed, gp after that; None if it does not wait for `reason`, since it is still under way.
    """
    if gp is None:
        made = newsystemg(sched, mp, None, name, op)
        overload(sched)
        sched.n_runnable += 1
        if sched.rec.full:
            sched.rec.event(sched.now_ns, GO_CREATE, made.goid, mp.id, NO_P, Q_BATCH, NO_P, NO_G)
        return made
    if gp.status == GWAITING and gp.waitreason == reason:
        injected(sched, mp, gp)
        return gp
    return None


def updatemaxprocs(sched: Sched, mp: M, gp: G) -> i64:
    """What that goroutine does each time, and then it waits again. Go: proc.go: updateMaxProcsGoroutine."""
    if gp.stage == 3 and sched.custom_procs:
        sched.wanted_procs = sched.gomaxprocs
    code = changeprocs(sched, mp, gp, sched.wanted_procs)
    if gp.stage != 0:
        return code
    if sched.custom_procs:
        sched.updater = None
        code = goexit0(sched, mp, gp)
        gp.system = False
        return code
    gp.stage = 1
    return gopark(sched, mp, gp, WAIT_UPDATE_GOMAXPROCS, 0, 0)
