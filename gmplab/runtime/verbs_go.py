"""Verbs for goroutines, the process that they run in, and the record of it."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from gmplab.runtime.asking import checked, request, timed
from gmplab.runtime.bodies import Spawn, call_site, current, function_code, here, no_body
from gmplab.runtime.dice import below, draw
from gmplab.runtime.durations import as_distribution, duration_ns
from gmplab.runtime.mgc import OP_GC
from gmplab.runtime.program import (
    OP_GO, OP_GOSCHED, OP_LOCK_THREAD, OP_LOG, OP_NOW, OP_REGION, OP_REGION_END, OP_UNLOCK_THREAD, Program,
    checked_procs,
)
from gmplab.runtime.stw import OP_GOMAXPROCS

MOST_INTN: Final = 0x7FFFFFFFFFFFFFFF


def gosched() -> Any:
    """runtime.Gosched: go to the global queue's tail.

    Examples
    --------
    >>> def main():
    ...     for _ in range(10):
    ...         yield compute(us=5)
    ...         yield gosched()
    """
    return request(OP_GOSCHED)


def lock_os_thread() -> Any:
    """runtime.LockOSThread: from now on this goroutine runs on this M alone, and the M runs nothing else. Calls nest.

    Examples
    --------
    >>> def main():
    ...     yield lock_os_thread()
    ...     yield syscall(us=50)
    ...     yield unlock_os_thread()
    """
    return request(OP_LOCK_THREAD)


def unlock_os_thread() -> Any:
    """runtime.UnlockOSThread: undo one `lock_os_thread`.

    Examples
    --------
    >>> def main():
    ...     yield lock_os_thread()
    ...     yield syscall(us=50)
    ...     yield unlock_os_thread()
    """
    return request(OP_UNLOCK_THREAD)


def gc(mark: Any) -> Any:
    """runtime.GC: collect garbage, and go on when the cycle has ended.

    The world stops; a quarter of the Ps, and idle ones, mark beside the program; the world stops again. With
    `rules.gc_workers=False` (Go before 1.5) all of it happens while the world stands.

    Parameters
    ----------
    mark : int (ns), str or Distribution
        CPU time of marking, shared by all workers. There is no heap: this stands for its size.

    Examples
    --------
    >>> def main():
    ...     yield gc("3ms")
    """
    return timed(OP_GC, mark, None, None, None, None, "gc", 0)


def gomaxprocs(n: Any) -> Any:
    """runtime.GOMAXPROCS: use n Ps from now on; the result is the number before. 0: only ask.

    The world stops for it, and not while a garbage collection is under way. Of Ps that are given up, the queued
    goroutines go to the global queue's head and the timers to the caller's P. From then on `Control` policies change
    the number no more.

    Parameters
    ----------
    n : int
        0 to 65534 Ps.

    Examples
    --------
    >>> def main():
    ...     before = yield gomaxprocs(2)
    """
    return request(OP_GOMAXPROCS, checked_procs(n, 0))


def region(name: str) -> Any:
    """Begin a span, as in Go's runtime/trace; `region_end(name)` ends it.

    Parameters
    ----------
    name : str
        What `run.spans` and Perfetto call it.

    Examples
    --------
    >>> def main():
    ...     yield region("db")
    ...     yield syscall(us=50)
    ...     yield region_end("db")
    """
    return request(OP_REGION, 0, 0, checked(name, str, "region"))


def region_end(name: str) -> Any:
    """End a span that `region` began.

    Parameters
    ----------
    name : str
        The one it began with.

    Examples
    --------
    >>> def main():
    ...     yield region("db")
    ...     yield syscall(us=50)
    ...     yield region_end("db")
    """
    return request(OP_REGION_END, 0, 0, checked(name, str, "region_end"))


def log(text: str) -> Any:
    """Write a line into the record.

    Parameters
    ----------
    text : str
        An event of `run.events` names it.

    Examples
    --------
    >>> def main():
    ...     yield log("half of it is done")
    """
    return request(OP_LOG, 0, 0, checked(text, str, "log"))


def now() -> Any:
    """The current instant, in ns since the start.

    Examples
    --------
    >>> def main():
    ...     begin_ns = yield now()
    ...     yield compute(us=5)
    ...     took_ns = (yield now()) - begin_ns
    """
    return request(OP_NOW)


def intn(n: Any) -> int:
    """A random int of 0 to n - 1 from this goroutine's own stream: at once, nothing to yield. Go: rand.IntN.

    What it gives depends on the run's seed, on who started the goroutine and on how much it drew before, not on when it
    runs: the same under every policy.

    Parameters
    ----------
    n : int
        1 to 2**63 - 1.

    Returns
    -------
    int
        0 to n - 1.

    Examples
    --------
    >>> def main():
    ...     values = [3, 1, 2]
    ...     pivot = values[intn(len(values))]
    ...     yield compute(us=5)
    """
    if isinstance(n, bool) or not isinstance(n, int) or not 0 < n <= MOST_INTN:
        raise ValueError(f"intn: n = {n!r}: must be an int of 1 to 2**63 - 1")
    gp = current()
    bound: i64 = n
    gp.draws += 1
    return below(draw(gp.key, gp.draws), bound)


def sample(value: Any) -> int:
    """One duration, drawn from this goroutine's own stream like `intn`: at once, nothing to yield.

    Parameters
    ----------
    value : int (ns), str or Distribution
        As the timed verbs take it.

    Returns
    -------
    int
        In ns.

    Examples
    --------
    >>> def main():
    ...     service_ns = sample("exp(10us)")
    ...     yield compute(service_ns)
    """
    d = as_distribution(value, "sample")
    gp = current()
    gp.draws += 1
    return d.sample(draw(gp.key, gp.draws))


def go(fn: object, *args: object, name: str = "", cls: str = "", weight: int = 1, deadline: Any = None) -> Any:
    """Start a goroutine; the result is its id.

    Parameters
    ----------
    fn : function or Program
        A generator, coroutine or plain function, or a `Program`.
    *args : object
        Arguments of fn.
    name : str
        What the record calls it; "": the name of fn.
    cls : str
        Groups it in metrics: `wait_p99_ns[db]`.
    weight : int
        For policies: `view.weight(g)`.
    deadline : int (ns) or str, optional
        An instant, for policies: `view.deadline_ns(g)`.

    Examples
    --------
    >>> def worker(n):
    ...     for _ in range(n):
    ...         yield compute(us=5)
    >>> def main():
    ...     g = yield go(worker, 3, cls="batch")
    ...     yield sleep(us=100)
    """
    if deadline is None and weight == 1 and name == "" and cls == "" and function_code(fn) is not None:
        gp = here().g
        if gp is not None and not gp.asked:
            gp.site = call_site()
        return request(OP_GO, 0, 0, fn, args)
    if not isinstance(fn, Program) and not callable(fn):
        raise no_body(fn)
    return request(
        OP_GO, 0, 0,
        Spawn(fn, args, name, cls, weight, -1 if deadline is None else duration_ns(deadline, "deadline"), call_site().text),
    )
