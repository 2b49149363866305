"""Mutex, RWMutex, WaitGroup, Cond and Semaphore, with Go's wake-up order. Go: sema.go, internal/sync/mutex.go, `sync/*.go`.

In normal mode an unlock wakes one waiter, which must compete and, when it loses, queues at the front. A waiter that
lost for more than 1 ms turns the Mutex to starvation mode: ownership is handed over and the unlocker yields its P.

A verb here returns a step code: STEP_ON (go on: done if `gp.stage` is 0), or what gopark or goyield returned.

Differs: what Go keeps in one atomic word are fields here, since a step is atomic. Not modelled: TryLock and TryRLock; the race
detector's and synctest's checks, profiles; a hash table of semaphores by address (each object has its own).
"""

from __future__ import annotations

from typing import Any, Final, final

from mypy_extensions import i64

from gmplab.errors import GoPanic
from gmplab.runtime.chan import adopt, own_sudog, whole
from gmplab.runtime.model import G, M, Sched, Sema, Shared, Waitq, charge
from gmplab.runtime.proc import gopark, goyield, ready, toready
from gmplab.vocabulary import (
    CALL_GOYIELD, GRUNNING, GWAITING, STEP_ON, STOP_GOYIELD, WAIT_COND, WAIT_MUTEX, WAIT_RWMUTEX_LOCK, WAIT_RWMUTEX_RLOCK, WAIT_SEMACQUIRE,
    WAIT_WAITGROUP,
)

STARVATION_NS: Final = 1_000_000
"""Go: internal/sync/mutex.go: starvationThresholdNs."""
ACTIVE_SPIN: Final = 4
"""Go: lock_spinbit.go: active_spin."""
MAX_READERS: Final = 1 << 30


@final
class Mutex(Shared):
    """sync.Mutex: `acquire` and `release`. Go: internal/sync/mutex.go: Mutex.

    Examples
    --------
    >>> def main():
    ...     m = Mutex()
    ...     yield acquire(m)
    ...     yield compute(us=5)
    ...     yield release(m)
    """

    def __init__(self) -> None:
        super().__init__()
        self.locked: bool = False
        self.woken: bool = False
        self.starving: bool = False
        self.waiters: i64 = 0
        self.sema: Sema = Sema()

    def renew(self) -> None:
        self.id = 0
        self.locked = False
        self.woken = False
        self.starving = False
        self.waiters = 0
        self.sema = Sema()

    def __repr__(self) -> str:
        return f"mutex#{self.id}"


@final
class RWMutex(Shared):
    """sync.RWMutex: `read_lock` and `read_unlock`, `acquire` and `release` to write. Go: sync/rwmutex.go: RWMutex.

    Examples
    --------
    >>> def main():
    ...     rw = RWMutex()
    ...     yield read_lock(rw)
    ...     yield compute(us=5)
    ...     yield read_unlock(rw)
    """

    def __init__(self) -> None:
        super().__init__()
        self.w: Mutex = Mutex()
        self.writer: Sema = Sema()
        self.readers: Sema = Sema()
        self.reader_count: i64 = 0
        self.reader_wait: i64 = 0

    def renew(self) -> None:
        self.id = 0
        self.w.renew()
        self.writer = Sema()
        self.readers = Sema()
        self.reader_count = 0
        self.reader_wait = 0

    def __repr__(self) -> str:
        return f"rwmutex#{self.id}"


@final
class WaitGroup(Shared):
    """sync.WaitGroup: `add`, `done`, `wait`. Go: sync/waitgroup.go: WaitGroup.

    Parameters
    ----------
    n : int
        What it counts already, at least 0.

    Examples
    --------
    >>> def worker(wg):
    ...     yield compute(us=5)
    ...     yield done(wg)
    >>> def main():
    ...     wg = WaitGroup(1)
    ...     yield go(worker, wg)
    ...     yield wait(wg)
    """

    def __init__(self, n: Any = 0) -> None:
        super().__init__()
        self.initial: i64 = whole("WaitGroup: n", n, 0, "goroutines")
        self.count: i64 = self.initial
        self.sema: Sema = Sema()

    def renew(self) -> None:
        self.id = 0
        self.count = self.initial
        self.sema = Sema()

    def __repr__(self) -> str:
        return f"waitgroup#{self.id}"


@final
class Cond(Shared):
    """sync.Cond: `wait`, `signal`, `broadcast`. Go: sync/cond.go: Cond; sema.go: notifyList.

    Parameters
    ----------
    mutex : Mutex
        Held by who waits.

    Examples
    --------
    >>> def waiter(cond, ready):
    ...     yield acquire(cond.mutex)
    ...     while not ready:
    ...         yield wait(cond)
    ...     yield release(cond.mutex)
    >>> def main():
    ...     cond, ready = Cond(Mutex()), []
    ...     yield go(waiter, cond, ready)
    ...     yield sleep(us=20)
    ...     ready.append(True)
    ...     yield signal(cond)
    ...     yield sleep(us=20)
    """

    def __init__(self, mutex: Any) -> None:
        if not isinstance(mutex, Mutex):
            raise TypeError(f"Cond: mutex = {mutex!r}: must be a Mutex")
        super().__init__()
        self.mutex: Mutex = mutex
        self.waitq: Waitq = Waitq()

    def renew(self) -> None:
        # The mutex belongs to a run by itself: it may be locked already.
        self.id = 0
        self.waitq = Waitq()

    def __repr__(self) -> str:
        return f"cond#{self.id}"


@final
class Semaphore(Shared):
    """n permits, first come first served. Source: golang.org/x/sync/semaphore, for weight 1.

    Parameters
    ----------
    n : int
        Permits, at least 1.

    Examples
    --------
    >>> def main():
    ...     desk = Semaphore(2)
    ...     yield acquire(desk)
    ...     yield compute(us=5)
    ...     yield release(desk)
    """

    def __init__(self, n: Any) -> None:
        super().__init__()
        self.initial: i64 = whole("Semaphore: n", n, 1, "permits")
        self.n: i64 = self.initial
        self.sema: Sema = Sema()

    def renew(self) -> None:
        self.id = 0
        self.n = self.initial
        self.sema = Sema()

    def __repr__(self) -> str:
        return f"semaphore#{self.id}"


def object_id(sched: Sched, have: i64, name: str) -> i64:
    """An object's id in this run, given at its first use."""
    if have != 0:
        return have
    sched.objects += 1
    sched.object_names[sched.objects] = f"{name}#{sched.objects}"
    return sched.objects


def semqueue(sched: Sched, mp: M, gp: G, sema: Sema, front: bool, reason: i64, obj: i64, stage: i64) -> i64:
    """gp waits on sema and goes on at `stage`; front: before those who wait already. Go: sema.go: semacquire1, queue."""
    s = own_sudog(gp)
    s.front = front
    if front:
        sema.waitq.push_front(s)
    else:
        sema.waitq.enqueue(s)
    gp.stage = stage
    return gopark(sched, mp, gp, reason, obj, 1 if front else 0)


def semwoken(sched: Sched, mp: M, gp: G, sema: Sema, reason: i64, obj: i64) -> i64:
    """gp was woken on sema: it has the count, or waits again where it waited. Go: sema.go: semacquire1, after the park.

    `gp.stage` is 0 if it has it.
    """
    s = gp.sudog
    assert s is not None
    if s.ticket == 0 and not semtake(sema):
        return semqueue(sched, mp, gp, sema, s.front, reason, obj, gp.stage)
    gp.stage = 0
    return STEP_ON


def semtake(sema: Sema) -> bool:
    """Go: sema.go: cansemacquire."""
    if sema.count > 0:
        sema.count -= 1
        return True
    return False


def semrelease(sched: Sched, mp: M, gp: G, sema: Sema, handoff: bool) -> i64:
    """Release one; wake the first waiter, and under handoff give it the count and the P. Go: sema.go: semrelease1.

    Differs: under block=HoldThread the P is not given, as the waiter has a thread of its own.
    """
    sema.count += 1
    s = sema.waitq.first
    if s is None:
        return STEP_ON
    sema.waitq.remove(s)
    if handoff and semtake(sema):
        s.ticket = 1
    ready(sched, mp, s.g)
    if s.ticket == 1 and not sched.hold:
        return goyield(sched, mp, gp, CALL_GOYIELD, STOP_GOYIELD)
    return STEP_ON


def canspin(sched: Sched, mp: M, i: i64) -> bool:
    """Whether spinning on a Mutex may pay. Go: proc.go: internal_sync_runtime_canSpin."""
    pp = mp.p
    if i >= ACTIVE_SPIN or sched.ncpu == 1 or sched.gomaxprocs <= sched.npidle + sched.nmspinning + 1 or pp is None:
        return False
    return pp.runq.size() == 0 and pp.runnext is None


def lock(sched: Sched, mp: M, gp: G, mu: Mutex) -> i64:
    """gp locks mu. Stages: 0 begin; 1 after a spin; 2 after a wait. Go: internal/sync/mutex.go: Lock, lockSlow."""
    if mu.run is not sched.run_token:
        adopt(sched, mu)
    if gp.stage == 0:
        charge(sched, mp, sched.prices.sync_op)
        if not mu.locked and not mu.woken and not mu.starving and mu.waiters == 0:
            mu.locked = True
            return STEP_ON
        gp.waiting_since = -1
        gp.starving = False
        gp.awoke = False
        gp.spins = 0
    elif gp.stage == 2:
        code = semwoken(sched, mp, gp, mu.sema, WAIT_MUTEX, mu.id)
        if gp.stage != 0:
            return code
        if sched.rules.mutex_starvation and sched.now_ns - gp.waiting_since > STARVATION_NS:
            gp.starving = True
        if mu.starving:
            mu.locked = True
            mu.waiters -= 1
            if not gp.starving or mu.waiters == 0:
                mu.starving = False
            return STEP_ON
        gp.awoke = True
        gp.spins = 0
    gp.stage = 0
    if mu.locked and not mu.starving and canspin(sched, mp, gp.spins):
        if not gp.awoke and not mu.woken and mu.waiters > 0:
            mu.woken = True
            gp.awoke = True
        charge(sched, mp, sched.prices.mutex_spin)
        gp.spins += 1
        gp.stage = 1
        return STEP_ON
    was_locked = mu.locked
    was_starving = mu.starving
    if not was_starving:
        mu.locked = True
    if was_locked or was_starving:
        mu.waiters += 1
    if gp.starving and was_locked:
        mu.starving = True
    if gp.awoke:
        mu.woken = False
        gp.awoke = False
    if not was_locked and not was_starving:
        return STEP_ON
    lost = gp.waiting_since >= 0
    if not lost:
        gp.waiting_since = sched.now_ns
    front = lost and sched.rules.mutex_starvation
    mu.id = object_id(sched, mu.id, "mutex")
    if semtake(mu.sema):
        own_sudog(gp).ticket = 1
        gp.stage = 2
        return STEP_ON
    return semqueue(sched, mp, gp, mu.sema, front, WAIT_MUTEX, mu.id, 2)


def unlock(sched: Sched, mp: M, gp: G, mu: Mutex) -> i64:
    """Go: internal/sync/mutex.go: Unlock, unlockSlow."""
    if mu.run is not sched.run_token:
        adopt(sched, mu)
    charge(sched, mp, sched.prices.sync_op)
    if not mu.locked:
        raise GoPanic("fatal error: sync: unlock of unlocked mutex")
    mu.locked = False
    if mu.starving:
        return semrelease(sched, mp, gp, mu.sema, True)
    if mu.waiters == 0 or mu.woken:
        return STEP_ON
    mu.waiters -= 1
    mu.woken = True
    return semrelease(sched, mp, gp, mu.sema, False)


def rlock(sched: Sched, mp: M, gp: G, rw: RWMutex) -> i64:
    """gp reads; it waits if a writer holds rw or waits for it. Go: sync/rwmutex.go: RLock."""
    if gp.stage != 0:
        return semwoken(sched, mp, gp, rw.readers, WAIT_RWMUTEX_RLOCK, rw.id)
    if rw.run is not sched.run_token:
        adopt(sched, rw)
    charge(sched, mp, sched.prices.sync_op)
    rw.reader_count += 1
    if rw.reader_count < 0:
        rw.id = object_id(sched, rw.id, "rwmutex")
        if semtake(rw.readers):
            return STEP_ON
        return semqueue(sched, mp, gp, rw.readers, False, WAIT_RWMUTEX_RLOCK, rw.id, 1)
    return STEP_ON


def runlock(sched: Sched, mp: M, gp: G, rw: RWMutex) -> i64:
    """gp reads no more; the last reader that a writer waits for wakes it. Go: sync/rwmutex.go: RUnlock, rUnlockSlow."""
    if rw.run is not sched.run_token:
        adopt(sched, rw)
    charge(sched, mp, sched.prices.sync_op)
    rw.reader_count -= 1
    if rw.reader_count < 0:
        if rw.reader_count + 1 == 0 or rw.reader_count + 1 == -MAX_READERS:
            raise GoPanic("fatal error: sync: RUnlock of unlocked RWMutex")
        rw.reader_wait -= 1
        if rw.reader_wait == 0:
            return semrelease(sched, mp, gp, rw.writer, False)
    return STEP_ON


def wlock(sched: Sched, mp: M, gp: G, rw: RWMutex) -> i64:
    """Stages: 0 to 2 those of the inner Mutex; 3 after the wait for the readers. Go: sync/rwmutex.go: Lock."""
    if rw.run is not sched.run_token:
        adopt(sched, rw)
    if gp.stage == 3:
        return semwoken(sched, mp, gp, rw.writer, WAIT_RWMUTEX_LOCK, rw.id)
    code = lock(sched, mp, gp, rw.w)
    if gp.stage != 0:
        return code
    r = rw.reader_count
    rw.reader_count -= MAX_READERS
    rw.reader_wait += r
    if r != 0 and rw.reader_wait != 0:
        rw.id = object_id(sched, rw.id, "rwmutex")
        return semqueue(sched, mp, gp, rw.writer, False, WAIT_RWMUTEX_LOCK, rw.id, 3)
    return STEP_ON


def wunlock(sched: Sched, mp: M, gp: G, rw: RWMutex) -> i64:
    """All waiting readers are readied in order, then, at stage 1, the Mutex is unlocked. Go: sync/rwmutex.go: Unlock."""
    if rw.run is not sched.run_token:
        adopt(sched, rw)
    if gp.stage != 0:
        gp.stage = 0
        return unlock(sched, mp, gp, rw.w)
    if rw.reader_count >= 0:
        raise GoPanic("fatal error: sync: Unlock of unlocked RWMutex")
    rw.reader_count += MAX_READERS
    if rw.reader_count == 0:
        return unlock(sched, mp, gp, rw.w)
    release_all(mp, rw.readers, rw.reader_count)
    gp.stage = 1
    return STEP_ON


def release_all(mp: M, sema: Sema, n: i64) -> None:
    """Release n; the waiters are readied one a step, in order, before mp's G goes on. Go: sema.go: semrelease1.

    None is given its count: who comes before it runs may take that, and it waits again.
    Differs: all n are counted at once; in Go each just before its waiter is readied.
    """
    sema.count += n
    while n > 0 and sema.waitq.first is not None:
        s = sema.waitq.first
        sema.waitq.remove(s)
        toready(mp, s.g)
        n -= 1


def wg_add(sched: Sched, mp: M, wg: WaitGroup, n: i64) -> None:
    """Add n, which may be negative; at zero all waiters are readied in order. Go: sync/waitgroup.go: Add.

    Differs: Go's "Add called concurrently with Wait" cannot happen: Add and Wait are one step each.
    """
    if wg.run is not sched.run_token:
        adopt(sched, wg)
    charge(sched, mp, sched.prices.sync_op)
    wg.count += n
    if wg.count < 0:
        raise GoPanic("sync: negative WaitGroup counter")
    if wg.count == 0:
        release_all(mp, wg.sema, wg.sema.waitq.size)


def wg_wait(sched: Sched, mp: M, gp: G, wg: WaitGroup) -> i64:
    """gp waits until the counter is 0. Go: sync/waitgroup.go: Wait."""
    if gp.stage != 0:
        code = semwoken(sched, mp, gp, wg.sema, WAIT_WAITGROUP, wg.id)
        if gp.stage != 0:
            return code
        if wg.count != 0 or wg.sema.waitq.size > 0:
            raise GoPanic("sync: WaitGroup is reused before previous Wait has returned")
        return STEP_ON
    if wg.run is not sched.run_token:
        adopt(sched, wg)
    charge(sched, mp, sched.prices.sync_op)
    if wg.count == 0:
        return STEP_ON
    wg.id = object_id(sched, wg.id, "waitgroup")
    if semtake(wg.sema):
        # Meant for one who was readied when the counter was 0, and has not run since.
        raise GoPanic("sync: WaitGroup is reused before previous Wait has returned")
    return semqueue(sched, mp, gp, wg.sema, False, WAIT_WAITGROUP, wg.id, 1)


def cond_wait(sched: Sched, mp: M, gp: G, cond: Cond) -> i64:
    """Unlock, wait, lock again. Stages: 4 it yielded at the unlock; 5 woken; 1 and 2 the Mutex's. Go: sync/cond.go: Wait.

    The ticket is taken before the unlock, so a signal that comes between unlock and wait counts.
    """
    if gp.stage == 0:
        if cond.run is not sched.run_token:
            adopt(sched, cond)
        cond.id = object_id(sched, cond.id, "cond")
        cond.waitq.enqueue(own_sudog(gp))
        code = unlock(sched, mp, gp, cond.mutex)
        gp.stage = 4
        if gp.status != GRUNNING:
            return code
    if gp.stage == 4:
        s = gp.sudog
        assert s is not None
        gp.stage = 5
        if s.ticket == 0:
            return gopark(sched, mp, gp, WAIT_COND, cond.id, 0)
    if gp.stage == 5:
        gp.stage = 0
    return lock(sched, mp, gp, cond.mutex)


def cond_signal(sched: Sched, mp: M, cond: Cond, all_: bool) -> None:
    """Ready the first waiter, or all in order. Go: sync/cond.go: Signal, Broadcast; sema.go: notifyListNotifyOne, notifyListNotifyAll.

    Differs: all are readied in the order of their tickets, where in Go who yielded at the unlock before its wait is behind
    those that came to theirs meanwhile.
    """
    if cond.run is not sched.run_token:
        adopt(sched, cond)
    charge(sched, mp, sched.prices.sync_op)
    while cond.waitq.first is not None:
        s = cond.waitq.first
        cond.waitq.remove(s)
        # Go: sema.go: notifyListWait: who has its ticket and does not wait yet will see it and not wait.
        s.ticket = 1
        if s.g.status == GWAITING:
            toready(mp, s.g)
        if not all_:
            return


def sem_acquire(sched: Sched, mp: M, gp: G, sem: Semaphore) -> i64:
    """Take a permit, or wait for one behind those who wait already. Source: x/sync/semaphore: Acquire."""
    if gp.stage != 0:
        gp.stage = 0
        return STEP_ON
    if sem.run is not sched.run_token:
        adopt(sched, sem)
    charge(sched, mp, sched.prices.sync_op)
    if sem.n > 0:
        sem.n -= 1
        return STEP_ON
    sem.id = object_id(sched, sem.id, "semaphore")
    return semqueue(sched, mp, gp, sem.sema, False, WAIT_SEMACQUIRE, sem.id, 1)


def sem_release(sched: Sched, mp: M, sem: Semaphore) -> None:
    """Give a permit back, to the first who waits. Source: x/sync/semaphore: Release."""
    if sem.run is not sched.run_token:
        adopt(sched, sem)
    charge(sched, mp, sched.prices.sync_op)
    s = sem.sema.waitq.first
    if s is None:
        if sem.n == sem.initial:
            raise GoPanic("semaphore: released more than held")
        sem.n += 1
        return
    sem.sema.waitq.remove(s)
    toready(mp, s.g)
