"""How many GC workers mark, of which kind, and on which P. Go: mgcpacer.go.

A quarter of the Ps marks. *Dedicated* workers hold their P until there is nothing left; where a quarter is no whole
number, and rounding would miss it by more than 30 %, a *fractional* worker runs on each P for its share of the time;
*idle* workers run where a P has nothing else to do, and make room as soon as it has.

Not modelled: the heap, so no trigger and no goal of its size; assists; the CPU limiter; enlistWorker, which wakes or
preempts a P when a worker finds that there is more to mark: Ps find that out when they look for a G.
"""

from __future__ import annotations

from typing import Final, Optional

from mypy_extensions import i64

from gmplab.errors import SchedError
from gmplab.runtime.model import G, M, P, Sched, overload
from gmplab.vocabulary import (
    GC_WORKER, GCW_DEDICATED, GCW_FRACTIONAL, GCW_IDLE, GCW_NONE, GO_READY, GRUNNABLE, GWAITING, NO_G, NO_P, Q_NONE,
)

BACKGROUND_UTILIZATION: Final = 0.25
"""The share of the Ps that marks. Go: mgcpacer.go: gcBackgroundUtilization."""
MOST_UTILIZATION_ERROR: Final = 0.3
"""From here on rounding is mended by fractional workers: with 1, 2, 3 or 6 Ps. Go: startCycle: maxUtilError."""
FRACTIONAL_SLACK: Final = 1.2
"""A fractional worker stops this far above its share, or it would be behind again at once. Go: mgc.go: pollFractionalWorkerExit."""


def startcycle(sched: Sched, mark_ns: i64, periodic: bool) -> None:
    """Decide which workers the new cycle wants; `mark_ns` of CPU time are to be marked. Go: mgcpacer.go: startCycle.

    A `periodic` one, which sysmon forces, wants idle workers only where no dedicated one sees to it that it ends (1.19+,
    e1b5f347e7; here under all rules).
    """
    gc = sched.gc
    procs = sched.gomaxprocs
    gc.left_ns = mark_ns
    gc.last_mark_ns = mark_ns
    gc.mark_start_ns = sched.now_ns
    goal = float(procs) * BACKGROUND_UTILIZATION
    dedicated: i64 = int(goal + 0.5)
    error = float(dedicated) / goal - 1.0
    gc.fractional_goal = 0.0
    if error < -MOST_UTILIZATION_ERROR or error > MOST_UTILIZATION_ERROR:
        if float(dedicated) > goal:
            dedicated -= 1
        gc.fractional_goal = (goal - float(dedicated)) / float(procs)
    for pp in sched.allp:
        pp.gc_fractional_ns = 0
    gc.dedicated_needed = dedicated
    gc.most_idle_workers = procs - dedicated if not periodic else 0 if dedicated > 0 else 1


def gcmarkworkavailable(sched: Sched) -> bool:
    """Whether there is something that no worker has taken yet.

    Go: mgc.go: gcShouldScheduleWorker; mgcmark_greenteagc.go: gcMarkWorkAvailable.
    """
    return sched.gc.left_ns > 0


def assignwaitinggcworker(sched: Sched, mp: M, pp: P) -> bool:
    """Choose a worker from the pool as pp's next one, if pp should mark. Go: mgcpacer.go: assignWaitingGCWorker."""
    gc = sched.gc
    if not gcmarkworkavailable(sched) or len(gc.pool) == 0:
        return False
    if gc.dedicated_needed > 0:
        gc.dedicated_needed -= 1
        pp.gc_worker_mode = GCW_DEDICATED
    elif gc.fractional_goal == 0.0:
        return False
    else:
        delta = sched.now_ns - gc.mark_start_ns
        if delta > 0 and float(pp.gc_fractional_ns) / float(delta) > gc.fractional_goal:
            return False
        pp.gc_worker_mode = GCW_FRACTIONAL
    pp.next_gc_worker = gc.pool.pop()
    note_worker(sched, mp, pp, pp.next_gc_worker)
    return True


def note_worker(sched: Sched, mp: M, pp: P, gp: G) -> None:
    if sched.rec.full:
        sched.rec.event(sched.now_ns, GC_WORKER, gp.goid, mp.id, pp.id, pp.gc_worker_mode, NO_P, 0)


def findrunnablegcworker(sched: Sched, mp: M, pp: P) -> Optional[G]:
    """A dedicated or fractional worker to run on pp now, or None. Go: mgcpacer.go: findRunnableGCWorker."""
    if pp.next_gc_worker is None and not assignwaitinggcworker(sched, mp, pp):
        return None
    gp = pp.next_gc_worker
    assert gp is not None
    pp.next_gc_worker = None
    readyworker(sched, mp, gp)
    return gp


def releasenextgcmarkworker(sched: Sched, mp: M, pp: P) -> None:
    """pp stops before its chosen worker ran: back to the pool with it. Go: mgcpacer.go: releaseNextGCMarkWorker."""
    gp = pp.next_gc_worker
    if gp is None:
        return
    markworkerstop(sched, pp, 0)
    pp.next_gc_worker = None
    sched.gc.pool.append(gp)
    note_worker(sched, mp, pp, gp)


def idlegcworker(sched: Sched, mp: M, pp: P) -> Optional[G]:
    """A worker for pp, which has nothing else to do, or None. Go: proc.go: findRunnable; mgcpacer.go: addIdleMarkWorker."""
    gc = sched.gc
    if not needidlemarkworker(sched) or len(gc.pool) == 0:
        return None
    gc.idle_workers += 1
    pp.gc_worker_mode = GCW_IDLE
    gp = gc.pool.pop()
    note_worker(sched, mp, pp, gp)
    readyworker(sched, mp, gp)
    return gp


def needidlemarkworker(sched: Sched) -> bool:
    """Whether an idle P should mark. Go: mgcpacer.go: needIdleMarkWorker; mgc.go: gcShouldScheduleWorker."""
    return gcmarkworkavailable(sched) and sched.gc.idle_workers < sched.gc.most_idle_workers


def readyworker(sched: Sched, mp: M, gp: G) -> None:
    """The worker is runnable, in mp's hands. Go: casgstatus in findRunnableGCWorker and findRunnable."""
    if gp.status != GWAITING:
        raise SchedError(f"readyworker: the worker does not wait (g={gp.goid} status={gp.status} t={sched.now_ns})")
    overload(sched)
    gp.status = GRUNNABLE
    gp.blocked_ns += sched.now_ns - gp.since_ns
    gp.since_ns = sched.now_ns
    gp.waitreason = 0
    sched.n_runnable += 1
    if sched.rec.full:
        p: i64 = mp.p.id if mp.p is not None else NO_P
        sched.rec.event(sched.now_ns, GO_READY, gp.goid, mp.id, p, Q_NONE, NO_P, NO_G)


def markworkerstop(sched: Sched, pp: P, ns: i64) -> None:
    """pp's worker has stopped after `ns`: account for it. Go: mgcpacer.go: markWorkerStop."""
    gc = sched.gc
    if pp.gc_worker_mode == GCW_DEDICATED:
        gc.dedicated_ns += ns
        gc.dedicated_needed += 1
    elif pp.gc_worker_mode == GCW_FRACTIONAL:
        gc.fractional_ns += ns
        pp.gc_fractional_ns += ns
    elif pp.gc_worker_mode == GCW_IDLE:
        gc.idle_ns += ns
        gc.idle_workers -= 1
    else:
        raise SchedError(f"markWorkerStop: unknown mark worker mode (p={pp.id} mode={pp.gc_worker_mode} t={sched.now_ns})")
    pp.gc_worker_mode = GCW_NONE


def pollfractionalworkerexit(sched: Sched, pp: P) -> bool:
    """Whether pp's fractional worker has had more than its share. Go: mgc.go: pollFractionalWorkerExit."""
    delta = sched.now_ns - sched.gc.mark_start_ns
    if delta <= 0:
        return True
    ran = pp.gc_fractional_ns + sched.now_ns - pp.gc_worker_since
    return float(ran) / float(delta) > FRACTIONAL_SLACK * sched.gc.fractional_goal
