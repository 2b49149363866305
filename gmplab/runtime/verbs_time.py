"""Verbs for what takes time: the CPU, a call, a sleep, the network's answer; and timers, which tell when some has passed."""

from __future__ import annotations

from typing import Any

from mypy_extensions import i64

from gmplab.runtime.asking import calling, checked, request, span, timed
from gmplab.runtime.bodies import call_site, no_body
from gmplab.runtime.program import (
    OP_CALL, OP_COMPUTE, OP_IO, OP_RESET, OP_SLEEP, OP_STOP, OP_SYSCALL, OP_SYSCALL_BLOCK, Program,
)
from gmplab.runtime.timers import Timer


def compute(
    value: Any = None, *, ns: Any = None, us: Any = None, ms: Any = None, s: Any = None, tight: bool = False, call: Any = None,
    args: Any = (),
) -> Any:
    """Use the CPU for a duration, or for as long as a function takes.

    Parameters
    ----------
    value : int (ns), str or Distribution
        How long: `5_000`, "5us", "exp(5us)".
    ns, us, ms, s : float
        How long, in this unit, in place of value.
    tight : bool
        Without function calls, so that only a signal can preempt it.
    call : function, optional
        Called by the M. In virtual time it takes the duration, 0 if none is given; on threads as long as it takes, and
        nothing preempts it. The verb's result is what it returns; what it raises is raised at the verb.
    args : tuple
        Arguments of call.

    Examples
    --------
    >>> def main():
    ...     yield compute(us=5)
    ...     total = yield compute("2ms", call=sum, args=([1, 2, 3],))
    """
    if call is not None:
        return calling(OP_CALL, call, args, value, ns, us, ms, s, "compute")
    b: i64 = 0
    if tight:
        b = 1
    return timed(OP_COMPUTE, value, ns, us, ms, s, "compute", b)


def sleep(value: Any = None, *, ns: Any = None, us: Any = None, ms: Any = None, s: Any = None) -> Any:
    """time.Sleep: a timer on this P readies the goroutine.

    Parameters
    ----------
    value : int (ns), str or Distribution
        How long: `5_000`, "5us", "exp(5us)".
    ns, us, ms, s : float
        How long, in this unit, in place of value.

    Examples
    --------
    >>> def main():
    ...     yield sleep("2ms")
    """
    return timed(OP_SLEEP, value, ns, us, ms, s, "sleep", 0)


def new_timer(value: Any = None, *, ns: Any = None, us: Any = None, ms: Any = None, s: Any = None) -> Any:
    """time.NewTimer: a `Timer` on whose channel `c` the instant comes at which it is due.

    Parameters
    ----------
    value : int (ns), str or Distribution
        After how long it is due: `5_000`, "5us", "exp(5us)".
    ns, us, ms, s : float
        How long, in this unit, in place of value.

    Examples
    --------
    >>> def main():
    ...     work = Chan()
    ...     timeout = yield new_timer(us=50)
    ...     i, value, ok = yield select(recv_case(work), recv_case(timeout.c))
    """
    a, drawn = span(value, ns, us, ms, s, "new_timer")
    return request(OP_RESET, a, 1, Timer(), drawn)


def after_func(value: Any, fn: object, *args: object, name: str = "", cls: str = "") -> Any:
    """time.AfterFunc: a `Timer` that starts a goroutine, as `go(fn, *args)` would, on the P that finds it due.

    Parameters
    ----------
    value : int (ns), str or Distribution
        After how long.
    fn : function or Program
        What to start, as `go` takes it. The goroutine has no parent, since none runs then.
    *args : object
        Arguments of fn.
    name, cls : str
        Of the goroutine, as in `go`.

    Examples
    --------
    >>> def give_up(gave_up):
    ...     yield send(gave_up, True)
    >>> def main():
    ...     gave_up = Chan(1)
    ...     alarm = yield after_func("5ms", give_up, gave_up)
    ...     yield compute(ms=1)
    ...     came_in_time = yield stop(alarm)
    """
    if not isinstance(fn, Program) and not callable(fn):
        raise no_body(fn)
    a, drawn = span(value, None, None, None, None, "after_func")
    t = Timer(fn, *args, name=name, cls=cls)
    t.site = call_site().text
    return request(OP_RESET, a, 1, t, drawn)


def reset(t: Any, value: Any = None, *, ns: Any = None, us: Any = None, ms: Any = None, s: Any = None) -> Any:
    """Timer.Reset: it is due after a duration from now; the result is what `stop` would have given.

    Parameters
    ----------
    t : Timer
        Of `new_timer`, `after_func` or `Timer()`.
    value : int (ns), str or Distribution
        After how long it is due: `5_000`, "5us", "exp(5us)".
    ns, us, ms, s : float
        How long, in this unit, in place of value.

    Examples
    --------
    >>> def main():
    ...     timeout = yield new_timer(us=50)
    ...     was_set = yield reset(timeout, us=80)
    ...     at_ns = yield recv(timeout.c)
    """
    a, drawn = span(value, ns, us, ms, s, "reset")
    return request(OP_RESET, a, 0, checked(t, Timer, "reset"), drawn)


def stop(t: Any) -> Any:
    """Timer.Stop: the result is whether that kept it from firing; of a channel's, also whether nobody had received yet.

    Nothing comes from its channel after it. A function that was started goes on.

    Parameters
    ----------
    t : Timer
        Of `new_timer`, `after_func` or `Timer()`.

    Examples
    --------
    >>> def main():
    ...     timeout = yield new_timer(us=50)
    ...     kept = yield stop(timeout)
    """
    return request(OP_STOP, 0, 0, checked(t, Timer, "stop"))


def syscall(
    value: Any = None, *, ns: Any = None, us: Any = None, ms: Any = None, s: Any = None, blocking: bool = False,
    call: Any = None, args: Any = (),
) -> Any:
    """A system call of a duration, or of any function that blocks.

    Parameters
    ----------
    value : int (ns), str or Distribution
        How long: `5_000`, "5us", "exp(5us)".
    ns, us, ms, s : float
        How long, in this unit, in place of value.
    blocking : bool
        Known to block, so the P is handed off at once.
    call : function, optional
        Called by the M, which it blocks; its P is handed off or retaken as the policy says. In virtual time it takes
        the duration, 0 if none is given; on threads as long as it takes. The verb's result is what it returns; what it
        raises is raised at the verb.
    args : tuple
        Arguments of call.

    Examples
    --------
    >>> import os
    >>> def main():
    ...     yield syscall("exp(50us)")
    ...     folder = yield syscall("80us", call=os.getcwd)
    """
    op: i64 = OP_SYSCALL
    if blocking:
        op = OP_SYSCALL_BLOCK
    if call is not None:
        return calling(op, call, args, value, ns, us, ms, s, "syscall")
    return timed(op, value, ns, us, ms, s, "syscall", 0)


def io(value: Any = None, *, ns: Any = None, us: Any = None, ms: Any = None, s: Any = None) -> Any:
    """Wait on a descriptor that is ready after a duration: the goroutine parks on netpoll, no thread is held.

    Parameters
    ----------
    value : int (ns), str or Distribution
        After how long it is ready: `5_000`, "5us", "exp(5us)".
    ns, us, ms, s : float
        How long, in this unit, in place of value.

    Examples
    --------
    >>> def main():
    ...     yield io("exp(200us)")
    """
    return timed(OP_IO, value, ns, us, ms, s, "io", 0)
