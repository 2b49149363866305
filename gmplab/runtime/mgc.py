"""Garbage collection cycles, as the scheduler sees them. Go: mgc.go.

A cycle: the world stops (sweep termination), workers are wanted, the world starts; they mark, beside the program, what
there is to mark; the worker that finds nothing left, and nobody else at it, stops the world again (mark termination),
and whoever waits for the cycle goes on. What there is to mark is an amount of CPU time, and no heap: it is what
`gc(mark)` is given.

Before Go 1.5 (rules.gc_workers is False) all of it happens while the world stands.

Two minutes after the last cycle sysmon has another begun (`forcegchelper`).

Not modelled: assists and write barriers, since both are paid by what a program allocates and writes, and there is no heap:
a workload that is slower while marking goes on says so in its computes; the ragged barriers (forEachP) before and after
mark termination, sweeping, finalizers.
"""

from __future__ import annotations

from typing import Final, Optional

from mypy_extensions import i64

from gmplab.runtime.gcpacer import gcmarkworkavailable, markworkerstop, pollfractionalworkerexit, startcycle
from gmplab.runtime.model import PH_GC_DRAIN, PH_RUN, G, M, P, Sched, charge, price
from gmplab.runtime.proc import gopark, injected, injectglist, newproc, newsystemg, pollall, toready
from gmplab.runtime.runq import runqdrain, runqempty
from gmplab.runtime.stw import gidof, pidof, semrelease, semwait, starttheworld, stoptheworld
from gmplab.runtime.sync import semtake
from gmplab.vocabulary import (
    GC_MARK, GC_OFF, GC_PHASE, GC_TERMINATION, GCW_DEDICATED, GCW_FRACTIONAL, GCW_IDLE, NO_P, POLL_NONBLOCKING, STEP_COMPUTE,
    STEP_ON, STW_GC, STW_MARK_TERM, STW_SWEEP_TERM, WAIT_CHAN_RECEIVE, WAIT_FORCE_GC, WAIT_GC_CYCLE, WAIT_GC_WORKER,
)

OP_GC: Final = 35
OP_GC_WORKER: Final = 36
OP_FORCE_GC: Final = 39
"""Operations of bodies that are performed here; `bodies` holds the others."""

MOST_GC_MS: Final = 8
"""Most Ms that mark while the world stands. Go 1.1: malloc.h: MaxGcproc."""

# Where a G that collects goes on.
WAIT_FOR_CYCLE: Final = 1
ENTER: Final = 2
NEXT: Final = 3
TAKE_WORLD: Final = 4
START_WORKERS: Final = 5
WORKER_READY: Final = 6
STOP: Final = 7
STANDING: Final = 8
START_MARKING: Final = 9
WAIT_FOR_END: Final = 10
BEGIN: Final = 11
"""Of the helper alone: sysmon has woken it."""
# Where a worker goes on.
FIRST: Final = 1
CHOSEN: Final = 2
DRAIN: Final = 3
MARK_DONE: Final = 4
LAST_STOP: Final = 5
TERMINATE: Final = 6
CYCLE_END: Final = 7


def setgcphase(sched: Sched, mp: M, phase: i64) -> None:
    """Go: mgc.go: setGCPhase."""
    sched.gc.phase = phase
    if sched.rec.full:
        wanted: i64 = sched.gc.dedicated_needed if phase == GC_MARK else 0
        sched.rec.event(sched.now_ns, GC_PHASE, gidof(mp), mp.id, pidof(mp), phase, NO_P, wanted)


def gccycle(sched: Sched, mp: M, gp: G, mark_ns: i64) -> i64:
    """The running gp collects: it goes on when a whole cycle, begun after this, has ended. Go: mgc.go: GC.

    Its operands: `a` is what there is to mark, `b` how many cycles had begun before.
    """
    if gp.stage == 0:
        gp.a = mark_ns
        gp.b = sched.gc.cycles
        gp.stage = WAIT_FOR_CYCLE
    if not sched.rules.gc_workers:
        return gcstopped(sched, mp, gp)
    if gp.stage == WAIT_FOR_CYCLE:
        if not gcmarked(sched, gp.b):
            return gcwaitonmark(sched, mp, gp)
        gp.stage = ENTER
    if gp.stage < WAIT_FOR_END:
        return gcstart(sched, mp, gp)
    if not gcmarked(sched, gp.b + 1):
        return gcwaitonmark(sched, mp, gp)
    gp.stage = 0
    return STEP_ON


def forcegchelper(sched: Sched, mp: M, gp: G) -> i64:
    """A cycle that sysmon wants, then gp waits for the next. Go: proc.go: forcegchelper.

    Differs: it waits for the end of the cycle that it has begun, as who calls gc does; there is as much to mark as last
    time.
    """
    if gp.stage == BEGIN:
        gp.stage = 0
    code = gccycle(sched, mp, gp, sched.gc.last_mark_ns)
    if gp.stage != 0:
        return code
    gp.stage = BEGIN
    return gopark(sched, mp, gp, WAIT_FORCE_GC, 0, 0)


def gcmarked(sched: Sched, n: i64) -> bool:
    """Whether cycle n has ended its marking. Go: mgc.go: gcWaitOnMark."""
    gc = sched.gc
    return gc.cycles > n or (gc.cycles == n and gc.phase != GC_MARK)


def gcwaitonmark(sched: Sched, mp: M, gp: G) -> i64:
    """gp waits for the end of the marking under way, or about to begin. Go: mgc.go: gcWaitOnMark."""
    sched.gc.waiters.append(gp)
    return gopark(sched, mp, gp, WAIT_GC_CYCLE, 0, 0)


def gcstart(sched: Sched, mp: M, gp: G) -> i64:
    """Begin a cycle, unless another G has meanwhile. Stages ENTER to START_MARKING. Go: mgc.go: gcStart."""
    gc = sched.gc
    if gp.stage == ENTER:
        if not semtake(gc.start_sema):
            return semwait(sched, mp, gp, gc.start_sema, "work.startSema")
        if gc.cycles > gp.b:
            semrelease(sched, mp, gc.start_sema)
            gp.stage = WAIT_FOR_END
            return STEP_ON
        gp.stage = NEXT
    if gp.stage == NEXT:
        if not semtake(gc.gc_sema):
            return semwait(sched, mp, gp, gc.gc_sema, "gcsema")
        gp.stage = TAKE_WORLD
    if gp.stage == TAKE_WORLD:
        if not semtake(gc.world_sema):
            return semwait(sched, mp, gp, gc.world_sema, "worldsema")
        gp.stage = START_WORKERS
    if gp.stage <= WORKER_READY:
        return gcbgmarkstartworkers(sched, mp, gp)
    if gp.stage == STOP:
        return stoptheworld(sched, mp, gp, STW_SWEEP_TERM, STANDING)
    if gp.stage == STANDING:
        charge(sched, mp, sched.prices.gc_sweep_term)
        gp.stage = START_MARKING
        return STEP_ON
    gc.cycles += 1
    startcycle(sched, gp.a, gp.op == OP_FORCE_GC)
    setgcphase(sched, mp, GC_MARK)
    sched.gc_blacken = True
    starttheworld(sched, mp, sched.gomaxprocs)
    semrelease(sched, mp, gc.world_sema)
    semrelease(sched, mp, gc.start_sema)
    gp.stage = WAIT_FOR_END
    return STEP_ON


def gcbgmarkstartworkers(sched: Sched, mp: M, gp: G) -> i64:
    """See to it that there is a worker a P: each is started, and waited for, one by one. Go: mgc.go: gcBgMarkStartWorkers."""
    gc = sched.gc
    if gp.stage == WORKER_READY:
        if not gc.ready:
            if gc.ready_id == 0:
                sched.objects += 1
                gc.ready_id = sched.objects
                sched.object_names[gc.ready_id] = f"chan#{gc.ready_id}"
            gc.starter = gp
            return gopark(sched, mp, gp, WAIT_CHAN_RECEIVE, gc.ready_id, 0)
        charge(sched, mp, sched.prices.chan_op)
        gc.ready = False
        gc.n_workers += 1
        gp.stage = START_WORKERS
    if gc.n_workers < sched.gomaxprocs:
        newproc(sched, mp, newsystemg(sched, mp, gp, "gcBgMarkWorker", OP_GC_WORKER), gp)
        gp.stage = WORKER_READY
    else:
        gp.stage = STOP
    return STEP_ON


def gcbgmarkworker(sched: Sched, mp: M, gp: G) -> i64:
    """A worker: it waits in the pool, marks when findrunnable has chosen it, and waits again. Go: mgc.go: gcBgMarkWorker."""
    if gp.stage == FIRST:
        workerready(sched, mp)
        return gcworkerparks(sched, mp, gp)
    pp = mp.p
    assert pp is not None
    if gp.stage == CHOSEN:
        pp.gc_worker_since = sched.now_ns
        sched.gc.nworking += 1
        gp.b = 0
        gp.stage = DRAIN
    if gp.stage == DRAIN:
        if gcdrain(sched, mp, gp, pp):
            return STEP_COMPUTE
        markworkerstop(sched, pp, sched.now_ns - pp.gc_worker_since)
        sched.gc.nworking -= 1
        if not gcismarkdone(sched):
            return gcworkerparks(sched, mp, gp)
        gp.stage = MARK_DONE
    return gcmarkdone(sched, mp, gp)


def workerready(sched: Sched, mp: M) -> None:
    """Send on the channel that gcbgmarkstartworkers receives from, of capacity 1."""
    gc = sched.gc
    charge(sched, mp, sched.prices.chan_op)
    gc.ready = True
    if gc.starter is not None:
        toready(mp, gc.starter)
        gc.starter = None


def gcworkerparks(sched: Sched, mp: M, gp: G) -> i64:
    gp.stage = CHOSEN
    sched.gc.pool.append(gp)
    return gopark(sched, mp, gp, WAIT_GC_WORKER, 0, 0)


def gcismarkdone(sched: Sched) -> bool:
    """Nothing is left to mark and nobody marks. Go: mgc.go: gcIsMarkDone, gcEndWork."""
    return sched.gc.nworking == 0 and not gcmarkworkavailable(sched)


def gcdrain(sched: Sched, mp: M, gp: G, pp: P) -> bool:
    """Take a share of what is left and mark it; False if there is none, or the worker is to stop. Go: mgcmark.go: gcDrain.

    A request to stop is seen between two objects, hence at once, and ends the share. Differs: Go looks at whether a
    fractional or idle worker must stop after so much work too, but finds work object by object and not in shares.
    """
    gc = sched.gc
    if sched.exact_slice and pp.slice_end_ns <= sched.now_ns:
        gp.preempt = True
    if pp.gc_worker_mode == GCW_DEDICATED:
        # The first request (b: had it) tells that others want the P: what is queued here may run elsewhere. Then it stays.
        if gp.preempt and gp.b == 0:
            if sched.rules.gc_worker_drains and not runqempty(pp):
                runqdrain(sched, mp, pp)
            gp.b = 1
    elif gp.preempt:
        return False
    if sched.gcwaiting or not gcmarkworkavailable(sched):
        return False
    gp.rest_ns = min(gc.left_ns, max(1, price(sched, sched.prices.gc_drain)))
    gc.left_ns -= gp.rest_ns
    mp.rest_ns = gp.rest_ns
    mp.phase = PH_GC_DRAIN
    return True


def gcdrained(sched: Sched, mp: M) -> i64:
    """The share is marked, or was cut: what is left of it goes back. Then the worker looks at whether to stop."""
    gp = mp.curg
    pp = mp.p
    assert gp is not None and pp is not None
    sched.gc.left_ns += gp.rest_ns
    gp.rest_ns = 0
    mp.phase = PH_RUN
    if pp.gc_worker_mode == GCW_FRACTIONAL and pollfractionalworkerexit(sched, pp):
        gp.preempt = True
    elif pp.gc_worker_mode == GCW_IDLE and pollwork(sched, mp, pp):
        gp.preempt = True
    return gcbgmarkworker(sched, mp, gp)


def pollwork(sched: Sched, mp: M, pp: P) -> bool:
    """Whether there is something better for pp than idle marking. Go: proc.go: pollWork."""
    if sched.runq.size() > 0 or not runqempty(pp):
        return True
    if sched.rules.netpoll and sched.netpoll_waiters > 0 and sched.lastpoll != 0:
        return pollall(sched, mp, POLL_NONBLOCKING)
    return False


def gcmarkdone(sched: Sched, mp: M, gp: G) -> i64:
    """The last worker stops the world and ends the cycle. Go: mgc.go: gcMarkDone, gcMarkTermination.

    Not modelled: the ragged barrier, and marking that goes on because a write barrier found something.
    """
    gc = sched.gc
    if gp.stage == MARK_DONE:
        if not semtake(gc.mark_done_sema):
            return semwait(sched, mp, gp, gc.mark_done_sema, "work.markDoneSema")
        if gc.phase != GC_MARK or not gcismarkdone(sched):
            semrelease(sched, mp, gc.mark_done_sema)
            return gcworkerparks(sched, mp, gp)
        gp.stage = LAST_STOP
    if gp.stage == LAST_STOP:
        if not semtake(gc.world_sema):
            return semwait(sched, mp, gp, gc.world_sema, "worldsema")
        return stoptheworld(sched, mp, gp, STW_MARK_TERM, TERMINATE)
    if gp.stage == TERMINATE:
        sched.gc_blacken = False
        semrelease(sched, mp, gc.mark_done_sema)
        setgcphase(sched, mp, GC_TERMINATION)
        charge(sched, mp, sched.prices.gc_mark_term)
        gp.stage = CYCLE_END
        return STEP_ON
    setgcphase(sched, mp, GC_OFF)
    gc.last_ns = sched.now_ns
    injectwaiters(sched, mp)
    starttheworld(sched, mp, sched.gomaxprocs)
    semrelease(sched, mp, gc.world_sema)
    semrelease(sched, mp, gc.gc_sema)
    return gcworkerparks(sched, mp, gp)


def injectwaiters(sched: Sched, mp: M) -> None:
    """Who waits for the cycle goes on: last come, first queued, as Go's list is a stack. Go: injectglist(&work.sweepWaiters)."""
    head: Optional[G] = None
    for waiter in sched.gc.waiters:
        if waiter.m is not None:
            # It kept its thread (block=HoldThread), which is woken for it.
            toready(mp, waiter)
            continue
        waiter.schedlink = head
        head = waiter
    sched.gc.waiters = []
    at = head
    while at is not None:
        injected(sched, mp, at)
        at = at.schedlink
    if head is not None:
        injectglist(sched, mp, head)


def gcstopped(sched: Sched, mp: M, gp: G) -> i64:
    """A whole collection while the world stands, by as many Ms as idle, at most 8. Go 1.1: mgc0.c: gc; proc.c: gcprocs.

    Not modelled: waking and parking the Ms that help (helpgc).
    """
    gc = sched.gc
    if gp.stage == WAIT_FOR_CYCLE:
        if not semtake(gc.world_sema):
            return semwait(sched, mp, gp, gc.world_sema, "worldsema")
        return stoptheworld(sched, mp, gp, STW_GC, STANDING)
    if gp.stage == STANDING:
        n = min(sched.gomaxprocs, MOST_GC_MS, len(sched.midle) + 1)
        gc.cycles += 1
        setgcphase(sched, mp, GC_MARK)
        charge(sched, mp, (gp.a + n - 1) // n)
        charge(sched, mp, sched.prices.gc_sweep_term)
        charge(sched, mp, sched.prices.gc_mark_term)
        gp.stage = START_MARKING
        return STEP_ON
    setgcphase(sched, mp, GC_OFF)
    gc.last_ns = sched.now_ns
    gc.last_mark_ns = gp.a
    starttheworld(sched, mp, sched.gomaxprocs)
    semrelease(sched, mp, gc.world_sema)
    gp.stage = 0
    return STEP_ON
