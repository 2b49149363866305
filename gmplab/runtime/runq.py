"""Run queues: the local ones with runnext, the global one, and the idle lists of Ps and Ms.

Go keeps these at the end of proc.go (`mput` ... `runqsteal`). A local queue is a ring of 256 in front of which stands
runnext, one slot, last in first out; what does not fit goes to the global queue. midle and pidle are stacks: the M
that parked last, and the P that idled last, have the warmest caches. Where the policy's order is not first come first
served, `pick` chooses the place to take from; stealing takes from the head in every order.
"""

from __future__ import annotations

from typing import Optional

from mypy_extensions import i64

from gmplab.errors import PolicyError, SchedError
from gmplab.runtime.model import CHOOSE_QUEUED, G, GQueue, M, P, Sched, charge, overload, policy_bits
from gmplab.vocabulary import (
    NO_G, NO_M, NO_P, P_BUSY, P_IDLE, PIDLE, Q_BATCH, Q_DRAIN, Q_GET, Q_GLOBAL, Q_LOCAL, Q_OVERFLOW, Q_PUT, Q_RUNNEXT, SRC_GLOBAL,
    SRC_GLOBAL_TICK, SRC_LOCAL, SRC_RUNNEXT,
)


def mid(mp: Optional[M]) -> i64:
    """The id of an M, NO_M for none."""
    if mp is None:
        return NO_M
    return mp.id


def mput(sched: Sched, mp: M) -> None:
    """Put an M on midle. Go: proc.go: mput."""
    sched.midle.append(mp)


def mget(sched: Sched) -> Optional[M]:
    """The M that parked last, or None. Go: proc.go: mget."""
    if len(sched.midle) == 0:
        return None
    return sched.midle.pop()


def rank(sched: Sched, gp: G) -> None:
    """Number gp for a queue in order "rank"."""
    if sched.order == 3:
        gp.rank = sched.queues.rank(sched.queues_state, sched.view, gp.goid)


def pick(sched: Sched, q: GQueue) -> i64:
    """The index from the head of the G that a non-empty queue gives next."""
    n = q.size()
    if sched.order == 1:
        return n - 1
    if sched.order == 2:
        return sched.driver.choose(CHOOSE_QUEUED, n, policy_bits(sched))
    best: i64 = 0
    least = q.at(0).rank
    i: i64 = 1
    while i < n:
        r = q.at(i).rank
        if r < least:
            least = r
            best = i
        i += 1
    return best


def globrunqput(sched: Sched, gp: G) -> None:
    """gp to the global queue's tail. Go: proc.go: globrunqput."""
    rank(sched, gp)
    sched.runq.push(gp)
    undoze(sched)


def globrunqget(sched: Sched, mp: M) -> G:
    """One G from the non-empty global queue, for the fairness tick. Go: proc.go: globrunqget."""
    i: i64 = 0 if sched.global_order == 0 else pick(sched, sched.runq)
    gp = sched.runq.take(i) if i > 0 else sched.runq.pop()
    if sched.rec.full:
        sched.rec.event(
            sched.now_ns, Q_GET, gp.goid, mp.id, pid(mp), SRC_GLOBAL_TICK, NO_P, ((i + 1) << 32) | 1 if sched.order != 0 else 1
        )
    charge(sched, mp, sched.prices.globrunq_get)
    return gp


def globrunqgetbatch(sched: Sched, mp: M, pp: P) -> G:
    """A batch from the non-empty global queue: the first to run, the rest to pp's queue. Go: proc.go: globrunqgetbatch."""
    size = sched.runq.size()
    n = sched.queues.global_batch(sched.queues_state, sched.view, size)
    if n < 1 or n > size:
        raise PolicyError(f"{type(sched.queues).__name__}.global_batch returned {n}: must be 1 to {size}, the queue's size")
    if sched.capacity >= 0 and n > sched.capacity - pp.runq.size() + 1:
        n = max(1, sched.capacity - pp.runq.size() + 1)
    i: i64 = 0 if sched.global_order == 0 else pick(sched, sched.runq)
    if sched.order != 0:
        n = 1
    gp = sched.runq.take(i) if i > 0 else sched.runq.pop()
    k: i64 = 1
    while k < n:
        pp.runq.push(sched.runq.pop())
        k += 1
    if sched.rec.full:
        sched.rec.event(
            sched.now_ns, Q_GET, gp.goid, mp.id, pp.id, SRC_GLOBAL, NO_P, ((i + 1) << 32) | n if sched.order != 0 else n
        )
    charge(sched, mp, sched.prices.globrunq_get)
    return gp


def pid(mp: M) -> i64:
    """The id of the P that mp has, NO_P for none."""
    # Not a conditional expression: of an i64 and a constant mypyc makes an object.
    pp = mp.p
    if pp is None:
        return NO_P
    return pp.id


def pidleput(sched: Sched, pp: P, mp: Optional[M]) -> None:
    """pp goes on pidle; its queue must be empty. Go: proc.go: pidleput."""
    if not runqempty(pp):
        raise SchedError(f"pidleput: P has non-empty run queue (p={pp.id} n={pp.runq.size()} t={sched.now_ns})")
    overload(sched)
    pp.status = PIDLE
    sched.pidle.append(pp)
    pp.on_pidle = True
    sched.npidle += 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, P_IDLE, NO_G, mid(mp), pp.id, 0, NO_P, 0)


def pidleget(sched: Sched, mp: Optional[M]) -> Optional[P]:
    """The P that idled last, or None. Go: proc.go: pidleget."""
    if sched.npidle == 0:
        return None
    overload(sched)
    pp = sched.pidle.pop()
    pp.on_pidle = False
    sched.npidle -= 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, P_BUSY, NO_G, mid(mp), pp.id, 0, NO_P, 0)
    return pp


def pidlegetspinning(sched: Sched, mp: Optional[M]) -> Optional[P]:
    """pidleget for who has found work or will spin; where there is none, notes that work came. Go: proc.go: pidlegetSpinning."""
    pp = pidleget(sched, mp)
    if pp is None:
        sched.needspinning = 1
    return pp


def runqempty(pp: P) -> bool:
    """Go: proc.go: runqempty."""
    return pp.runq.tail == pp.runq.head and pp.runnext is None


def runqput(sched: Sched, pp: P, gp: G, next_: bool) -> i64:
    """gp into pp's runnext or its queue's tail; the full queue spills. Returns the QUEUES code. Go: proc.go: runqput.

    A spill is told by `sched.overflow_n`, for `note_put` to record after the put.
    """
    dest: i64 = Q_LOCAL
    if next_ and sched.has_runnext:
        old = pp.runnext
        pp.runnext = gp
        if old is None:
            undoze(sched)
            return Q_RUNNEXT
        gp = old
        dest = Q_RUNNEXT
    rank(sched, gp)
    if sched.capacity < 0 or pp.runq.size() < sched.capacity:
        pp.runq.push(gp)
    elif sched.capacity == 0 and dest == Q_LOCAL:
        sched.runq.push(gp)
        dest = Q_GLOBAL
    else:
        runqputslow(sched, pp, gp)
    undoze(sched)
    return dest


def runqputslow(sched: Sched, pp: P, gp: G) -> None:
    """The oldest half of pp's full queue, then gp, go to the global queue in order. Go: proc.go: runqputslow."""
    n: i64 = 0
    while n < sched.spill:
        sched.runq.push(pp.runq.pop())
        n += 1
    sched.runq.push(gp)
    sched.overflow_n = n
    sched.overflow_g = gp


def note_put(sched: Sched, kind: i64, gp: G, mp: Optional[M], p: i64, dest: i64, queue_p: i64, arg: i64) -> None:
    """Record a put, and the spill that it caused."""
    spilled = sched.overflow_g
    if spilled is not None:
        sched.overflows += 1
    if sched.rec.full:
        sched.rec.event(sched.now_ns, kind, gp.goid, mid(mp), p, dest, queue_p, arg)
        if spilled is not None:
            sched.rec.event(sched.now_ns, Q_OVERFLOW, spilled.goid, mid(mp), queue_p, 0, NO_P, sched.overflow_n)
    sched.overflow_g = None


def runqput_recorded(sched: Sched, mp: M, pp: P, gp: G) -> None:
    """A G in the hands of mp goes to pp's tail."""
    dest = runqput(sched, pp, gp, False)
    note_put(sched, Q_PUT, gp, mp, pp.id, dest, pp.id, 0)


def globrunqput_recorded(sched: Sched, mp: M, gp: G) -> None:
    """A G in the hands of mp goes to the global tail."""
    globrunqput(sched, gp)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, Q_PUT, gp.goid, mp.id, pid(mp), Q_GLOBAL, NO_P, 0)


def runqget(sched: Sched, mp: M, pp: P) -> Optional[G]:
    """Next of pp: runnext, which inherits the time slice, else the queue. Sets source and inherit_time. Go: proc.go: runqget."""
    gp = pp.runnext
    if gp is not None and (sched.runnext_limit == 0 or pp.runnext_run < sched.runnext_limit or pp.runq.size() == 0):
        pp.runnext = None
        pp.runnext_run += 1
        mp.source = SRC_RUNNEXT
        mp.inherit_time = sched.inherit_slice
        if sched.rec.full:
            sched.rec.event(sched.now_ns, Q_GET, gp.goid, mp.id, pp.id, SRC_RUNNEXT, pp.id, 1)
        return gp
    if pp.runq.tail == pp.runq.head:
        return None
    i: i64 = 0 if sched.order == 0 else pick(sched, pp.runq)
    gp = pp.runq.take(i) if i > 0 else pp.runq.pop()
    pp.runnext_run = 0
    mp.source = SRC_LOCAL
    mp.inherit_time = False
    if sched.rec.full:
        sched.rec.event(
            sched.now_ns, Q_GET, gp.goid, mp.id, pp.id, SRC_LOCAL, pp.id, ((i + 1) << 32) | 1 if sched.order != 0 else 1
        )
    return gp


def runqgrab(sched: Sched, mp: M, pp: P, p2: P, k: i64) -> G:
    """k Gs from the head of p2's queue: the last is returned to run, the others join pp's tail. Go: proc.go: runqgrab."""
    n: i64 = 1
    while n < k:
        pp.runq.push(p2.runq.pop())
        n += 1
    return p2.runq.pop()


def runqdrain(sched: Sched, by: Optional[M], pp: P) -> None:
    """All of pp's Gs go to the global queue's tail, runnext first. Go: proc.go: runqdrain, globrunqputbatch."""
    gp = pp.runnext
    if gp is not None:
        pp.runnext = None
        sched.runq.push(gp)
    while pp.runq.size() > 0:
        sched.runq.push(pp.runq.pop())
    if sched.rec.full:
        sched.rec.event(sched.now_ns, Q_DRAIN, NO_G, mid(by), pp.id, 0, NO_P, 0)


def undoze(sched: Sched) -> None:
    """A queue changed: Ms that spin without cost look again."""
    while len(sched.dozing) > 0:
        mp = sched.dozing.pop()
        mp.woken = True
        sched.driver.wakeup(mp, NO_P)


def note_batch(sched: Sched, mp: Optional[M], gp: G, p: i64) -> None:
    """A waiting G comes off netpoll into the hands of mp."""
    if sched.rec.full:
        from_g: i64 = NO_G
        sched.rec.event(sched.now_ns, 1, gp.goid, mid(mp), p, Q_BATCH, NO_P, from_g)
