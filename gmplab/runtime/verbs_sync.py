"""Verbs for locks, wait groups and conditions."""

from __future__ import annotations

from typing import Any

from gmplab.runtime.asking import checked, request
from gmplab.runtime.program import (
    OP_ACQUIRE, OP_COND_BROADCAST, OP_COND_SIGNAL, OP_COND_WAIT, OP_LOCK, OP_RELEASE, OP_RLOCK, OP_RUNLOCK, OP_UNLOCK,
    OP_WG_ADD, OP_WG_WAIT, OP_WLOCK, OP_WUNLOCK,
)
from gmplab.runtime.sync import Cond, Mutex, RWMutex, Semaphore, WaitGroup


def acquire(x: Mutex | RWMutex | Semaphore) -> Any:
    """Lock a Mutex, write-lock an RWMutex, take a permit of a Semaphore.

    Parameters
    ----------
    x : Mutex, RWMutex or Semaphore
        Not held by this goroutine already, which would wait for itself.

    Examples
    --------
    >>> def main():
    ...     m = Mutex()
    ...     yield acquire(m)
    ...     yield compute(us=5)
    ...     yield release(m)
    """
    if isinstance(x, Mutex):
        return request(OP_LOCK, 0, 0, x)
    if isinstance(x, RWMutex):
        return request(OP_WLOCK, 0, 0, x)
    return request(OP_ACQUIRE, 0, 0, checked(x, (Mutex, RWMutex, Semaphore), "acquire"))


def release(x: Mutex | RWMutex | Semaphore) -> Any:
    """Unlock a Mutex, write-unlock an RWMutex, give a permit back.

    Parameters
    ----------
    x : Mutex, RWMutex or Semaphore
        One that is not locked is a fatal error of the program, as in Go.

    Examples
    --------
    >>> def main():
    ...     m = Mutex()
    ...     yield acquire(m)
    ...     yield compute(us=5)
    ...     yield release(m)
    """
    if isinstance(x, Mutex):
        return request(OP_UNLOCK, 0, 0, x)
    if isinstance(x, RWMutex):
        return request(OP_WUNLOCK, 0, 0, x)
    return request(OP_RELEASE, 0, 0, checked(x, (Mutex, RWMutex, Semaphore), "release"))


def read_lock(rw: RWMutex) -> Any:
    """RWMutex.RLock: wait while a writer has it or waits for it.

    Parameters
    ----------
    rw : RWMutex
        To be read.

    Examples
    --------
    >>> def main():
    ...     rw = RWMutex()
    ...     yield read_lock(rw)
    ...     yield compute(us=5)
    ...     yield read_unlock(rw)
    """
    return request(OP_RLOCK, 0, 0, checked(rw, RWMutex, "read_lock"))


def read_unlock(rw: RWMutex) -> Any:
    """RWMutex.RUnlock: the last reader readies the writer that waits.

    Parameters
    ----------
    rw : RWMutex
        Held for reading.

    Examples
    --------
    >>> def main():
    ...     rw = RWMutex()
    ...     yield read_lock(rw)
    ...     yield compute(us=5)
    ...     yield read_unlock(rw)
    """
    return request(OP_RUNLOCK, 0, 0, checked(rw, RWMutex, "read_unlock"))


def add(wg: WaitGroup, n: int = 1) -> Any:
    """WaitGroup.Add: as many more to wait for. A count below 0 is a panic.

    Parameters
    ----------
    wg : WaitGroup
        What others wait on.
    n : int
        How many; negative: fewer.

    Examples
    --------
    >>> def worker(wg):
    ...     yield compute(us=5)
    ...     yield done(wg)
    >>> def main():
    ...     wg = WaitGroup()
    ...     yield add(wg, 2)
    ...     yield go(worker, wg)
    ...     yield go(worker, wg)
    ...     yield wait(wg)
    """
    return request(OP_WG_ADD, checked(n, int, "add"), 0, checked(wg, WaitGroup, "add"))


def done(wg: WaitGroup) -> Any:
    """WaitGroup.Done: one fewer to wait for; at 0 the waiters are readied.

    Parameters
    ----------
    wg : WaitGroup
        What others wait on.

    Examples
    --------
    >>> def worker(wg):
    ...     yield compute(us=5)
    ...     yield done(wg)
    >>> def main():
    ...     wg = WaitGroup()
    ...     yield add(wg, 2)
    ...     yield go(worker, wg)
    ...     yield go(worker, wg)
    ...     yield wait(wg)
    """
    return request(OP_WG_ADD, -1, 0, wg if isinstance(wg, WaitGroup) else checked(wg, WaitGroup, "done"), None)


def wait(x: WaitGroup | Cond) -> Any:
    """WaitGroup.Wait: until its count is 0. Cond.Wait: let go of the mutex, wait for a signal, lock again.

    Parameters
    ----------
    x : WaitGroup or Cond
        Of a Cond the mutex is held.

    Examples
    --------
    >>> def worker(wg):
    ...     yield compute(us=5)
    ...     yield done(wg)
    >>> def main():
    ...     wg = WaitGroup()
    ...     yield add(wg, 2)
    ...     yield go(worker, wg)
    ...     yield go(worker, wg)
    ...     yield wait(wg)
    """
    return request(OP_WG_WAIT if isinstance(x, WaitGroup) else OP_COND_WAIT, 0, 0, checked(x, (WaitGroup, Cond), "wait"))


def signal(cond: Cond) -> Any:
    """Cond.Signal: ready the one that has waited longest, if any.

    Parameters
    ----------
    cond : Cond
        What others wait on.

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
    return request(OP_COND_SIGNAL, 0, 0, checked(cond, Cond, "signal"))


def broadcast(cond: Cond) -> Any:
    """Cond.Broadcast: ready all that wait, in order.

    Parameters
    ----------
    cond : Cond
        What others wait on.

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
    ...     yield broadcast(cond)
    ...     yield sleep(us=20)
    """
    return request(OP_COND_BROADCAST, 0, 0, checked(cond, Cond, "broadcast"))
