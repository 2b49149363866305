"""How a goroutine's code runs: op programs, generators and coroutines, plain functions on greenlets; one set of verbs.

A body never calls the core. A verb writes a request on the current G, found through a thread-local set around every
resume, and the driver performs it as a step. In a generator or coroutine the verb returns a token that must be the
next thing yielded or awaited; in a plain function it switches to the hub and returns the result. Python code in a
body takes no virtual time; `compute` does.
"""

from __future__ import annotations

import inspect
import sys
import threading
from threading import get_ident
from types import CoroutineType, GeneratorType
from typing import Any, Final, Optional, final
from collections.abc import Generator

from mypy_extensions import i64

from gmplab.errors import BodyError, GoPanic
from gmplab.runtime.chan import Case, Chan
from gmplab.runtime.dice import Distribution, as_distribution, below, draw, duration_ns
from gmplab.runtime.mgc import OP_GC
from gmplab.runtime.calls import call
from gmplab.runtime.model import G, M, Sched, Starts
from gmplab.runtime.proc import newproc1
from gmplab.runtime.program import (
    OP_ACQUIRE, OP_CALL, OP_CLOSE, OP_COMPUTE, OP_COND_BROADCAST, OP_COND_SIGNAL, OP_COND_WAIT, OP_EXIT, OP_GO, OP_GOSCHED,
    OP_IO, OP_LOCK, OP_LOCK_THREAD, OP_LOG, OP_NOW, OP_RECV, OP_RECV_OK, OP_REGION, OP_REGION_END, OP_RELEASE, OP_RESET,
    OP_RLOCK, OP_RUNLOCK, OP_SELECT, OP_SEND, OP_SLEEP, OP_STOP, OP_SYSCALL, OP_SYSCALL_BLOCK, OP_UNLOCK, OP_UNLOCK_THREAD,
    OP_WG_ADD, OP_WG_WAIT, OP_WLOCK, OP_WUNLOCK, Program, checked_procs,
)
from gmplab.runtime.recorder import Histogram
from gmplab.runtime.sockets import (
    NET_ACCEPT, NET_CLOSE, NET_CONNECT, NET_LISTEN, NET_RECV, NET_SEND, OP_NET, Conn, Listener,
)
from gmplab.runtime.sync import Cond, Mutex, RWMutex, Semaphore, WaitGroup
from gmplab.runtime.stw import OP_GOMAXPROCS
from gmplab.runtime.timers import Timer
from gmplab.vocabulary import KIND_USER

MAIN_G: Final = 1
"""Main's id: it is made first. Not `sched.main`, which is another G once a draining run has reused it."""
MOST_INTN: Final = 0x7FFFFFFFFFFFFFFF
MOST_BYTES: Final = 65_536
"""Of one `recv` from a connection."""
INFINITE: Final = float("inf")

VERBS: Final = (
    "exit", "compute", "send", "recv", "recv_ok", "close", "select", "go", "sleep", "syscall", "syscall", "gosched", "acquire",
    "release", "read_lock", "read_unlock", "acquire", "release", "add", "wait", "wait", "signal", "broadcast", "acquire",
    "release", "lock_os_thread", "unlock_os_thread", "io", "region", "region_end", "log", "now", "wait_arrivals",
    "gomaxprocs", "update_gomaxprocs", "gc", "gc_worker", "compute",
    "a verb of sockets", "force_gc", "reset", "stop",
)
"""The verb of each op, for messages."""
HOW_TO_ASK: Final = "in a generator write `yield verb(...)`, in a coroutine `await verb(...)`"

# inspect's, as constants: a body's form is asked for at each `go`.
CO_GENERATOR: Final = 0x20
CO_COROUTINE: Final = 0x80
CO_ASYNC_GENERATOR: Final = 0x200

FORM_PROGRAM: Final = 0
FORM_GENERATOR: Final = 1
FORM_GREENLET: Final = 2
FORM_COROUTINE: Final = 3

RUNTIME: Final[str] = __file__.rpartition("bodies")[0]
"""This folder: its frames are none of a body's."""


@final
class Here:
    """Whose body runs in a thread: what a verb must know. Set around every resume."""

    def __init__(self, ident: i64) -> None:
        self.ident: i64 = ident
        self.g: Optional[G] = None
        self.hub: Optional[Hub] = None
        """The greenlets of this thread, made for one run."""


FIRST: Final = Here(get_ident())
"""That of the thread which imports this, mostly the only one: asking a thread-local costs more than a schedule()."""
_others = threading.local()
_ident: Final[Any] = get_ident
"""Not looked up by its name at each verb."""


def here() -> Here:
    """The `Here` of this thread."""
    ident: i64 = _ident()
    if FIRST.ident == ident:
        return FIRST
    mine = getattr(_others, "here", None)
    if mine is None:
        mine = Here(ident)
        _others.here = mine
    assert isinstance(mine, Here)
    return mine



@final
class Token:
    """What a verb returns in a generator or coroutine: yield it, or await it, at once."""

    def __await__(self) -> Generator[Token, object, object]:
        return _awaited(self)

    def __repr__(self) -> str:
        return "<a verb's token: yield it at once>"


def _awaited(token: Token) -> Generator[Token, object, object]:
    result = yield token
    return result


TOKEN: Final = Token()


def nowhere() -> BodyError:
    return BodyError("a verb was called, but no goroutine runs in this thread: call it in a body that gmplab.run() runs")


def current() -> G:
    """The G whose body runs in this thread; `BodyError` if there is none."""
    gp = here().g
    if gp is None:
        raise nowhere()
    return gp


def request(op: i64, a: i64 = 0, b: i64 = 0, obj: object = None, value: object = None) -> Any:
    """Write a request on the current G. Generators get the token; a greenlet waits here for the result."""
    place = here()
    gp = place.g
    if gp is None:
        raise nowhere()
    if gp.asked:
        raise BodyError(f"the verb called before this line was not yielded ({VERBS[gp.op]}): {HOW_TO_ASK}")
    gp.op = op
    gp.a = a
    gp.b = b
    gp.obj = obj
    gp.value = value
    gp.asked = True
    if gp.form == FORM_GREENLET:
        hub = place.hub
        assert hub is not None
        got = hub.main.switch()
        if isinstance(got, Raised):
            raise got.error
        return got
    return TOKEN


def _span(value: Any, ns: Any, us: Any, ms: Any, s: Any, what: str) -> tuple[i64, Optional[Distribution]]:
    """A duration as the timed verbs take it: (ns, None), or (-1, what it is drawn from)."""
    if ns is None and us is None and ms is None and s is None and value is not None:
        if isinstance(value, Distribution):
            return -1, value
        if isinstance(value, int) and not isinstance(value, bool):
            return duration_ns(value, what), None
        return -1, as_distribution(value, what)
    given: Any = None
    unit = ""
    n = 0 if value is None else 1
    scale = 1
    for name, v, of in (("ns", ns, 1), ("us", us, 1_000), ("ms", ms, 1_000_000), ("s", s, 1_000_000_000)):
        if v is not None:
            n += 1
            unit = name
            given = v
            scale = of
    if n != 1:
        raise TypeError(f"{what}: give one duration: an int of ns, a text such as '5us', a distribution, or us=, ms=, s=")
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given < INFINITE:
        raise ValueError(f"{what}: {unit} = {given!r}: must be a number of at least 0")
    return duration_ns(round(given * scale), what), None


def _timed(op: i64, value: Any, ns: Any, us: Any, ms: Any, s: Any, what: str, b: i64) -> Any:
    a, drawn = _span(value, ns, us, ms, s, what)
    return request(op, a, b, drawn)


@final
class Call:
    """A function that a body has called by the runtime, and how long that takes in virtual time."""

    def __init__(self, fn: Any, args: tuple[object, ...], takes: Optional[Distribution]) -> None:
        self.fn: Any = fn
        self.args: tuple[object, ...] = args
        self.takes: Optional[Distribution] = takes


@final
class Raised:
    """The result of a request that failed: its error is raised in the body, at the verb."""

    def __init__(self, error: BaseException) -> None:
        self.error: BaseException = error


def called(gp: G) -> None:
    """Call the function that gp asks for. What it returns is the result, and what it raises is raised in the body."""
    call = gp.obj
    assert isinstance(call, Call)
    try:
        gp.result = call.fn(*call.args)
    except Exception as e:
        gp.result = Raised(e)


def _calling(op: i64, call: Any, args: Any, value: Any, ns: Any, us: Any, ms: Any, s: Any, what: str) -> Any:
    if not callable(call):
        raise TypeError(f"{what}: call = {call!r}: must be a function")
    if form_of(call, what) != FORM_GREENLET:
        raise TypeError(f"{what}: call = {call!r}: must be a plain function: start a body with go(...), or yield from it")
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"{what}: args = {args!r}: must be a tuple of the function's arguments")
    a: i64 = 0
    takes: Optional[Distribution] = None
    if not (value is None and ns is None and us is None and ms is None and s is None):
        a, takes = _span(value, ns, us, ms, s, what)
    return request(op, a, 1, Call(call, tuple(args), takes))


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
        return _calling(OP_CALL, call, args, value, ns, us, ms, s, "compute")
    return _timed(OP_COMPUTE, value, ns, us, ms, s, "compute", 1 if tight else 0)


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
    return _timed(OP_SLEEP, value, ns, us, ms, s, "sleep", 0)


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
    a, drawn = _span(value, ns, us, ms, s, "new_timer")
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
    a, drawn = _span(value, None, None, None, None, "after_func")
    t = Timer(fn, *args, name=name, cls=cls)
    t.site = call_site()
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
    a, drawn = _span(value, ns, us, ms, s, "reset")
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
    op: i64 = OP_SYSCALL_BLOCK if blocking else OP_SYSCALL
    if call is not None:
        return _calling(op, call, args, value, ns, us, ms, s, "syscall")
    return _timed(op, value, ns, us, ms, s, "syscall", 0)


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
    return _timed(OP_IO, value, ns, us, ms, s, "io", 0)


def listen(address: Any) -> Any:
    """Listen at (host, port) for connections: a `Listener`. Port 0: any free one, `listener.address` tells it.

    In virtual time the network is inside of the run: whoever connects is one of its goroutines. On threads it is TCP; the
    host is numeric, since looking a name up blocks.

    Parameters
    ----------
    address : tuple of str and int
        Host and port, 0 to 65535.

    Examples
    --------
    >>> def server(listener):
    ...     conn = yield accept(listener)
    ...     yield send(conn, (yield recv(conn)))
    ...     yield close(conn)
    >>> def main():
    ...     listener = yield listen(("127.0.0.1", 0))
    ...     yield go(server, listener)
    ...     conn = yield connect(listener.address)
    ...     yield send(conn, b"ping")
    ...     answer = yield recv(conn)
    """
    return request(OP_NET, NET_LISTEN, 0, checked_address(address, "listen"))


def accept(listener: Listener) -> Any:
    """Wait for a connection at a listener: a `Conn`.

    Parameters
    ----------
    listener : Listener
        What `listen` gave.

    Examples
    --------
    >>> def server(listener):
    ...     conn = yield accept(listener)
    ...     yield send(conn, (yield recv(conn)))
    ...     yield close(conn)
    >>> def main():
    ...     listener = yield listen(("127.0.0.1", 0))
    ...     yield go(server, listener)
    ...     conn = yield connect(listener.address)
    ...     yield send(conn, b"ping")
    ...     answer = yield recv(conn)
    """
    return request(OP_NET, NET_ACCEPT, 0, checked(listener, Listener, "accept"))


def connect(address: Any) -> Any:
    """Connect to who listens at (host, port): a `Conn`. What fails raises OSError at the verb, as of all verbs of sockets.

    Parameters
    ----------
    address : tuple of str and int
        Host and port, 0 to 65535.

    Examples
    --------
    >>> def server(listener):
    ...     conn = yield accept(listener)
    ...     yield send(conn, (yield recv(conn)))
    ...     yield close(conn)
    >>> def main():
    ...     listener = yield listen(("127.0.0.1", 0))
    ...     yield go(server, listener)
    ...     conn = yield connect(listener.address)
    ...     yield send(conn, b"ping")
    ...     answer = yield recv(conn)
    """
    return request(OP_NET, NET_CONNECT, 0, checked_address(address, "connect"))


def checked_address(address: Any, verb: str) -> tuple[str, int]:
    if (
        not isinstance(address, tuple) or len(address) != 2 or not isinstance(address[0], str)
        or isinstance(address[1], bool) or not isinstance(address[1], int) or not 0 <= address[1] < 65_536
    ):
        raise TypeError(f"{verb}: address = {address!r}: must be (host, port), as ('127.0.0.1', 8080); ports are 0 to 65535")
    return address


def checked(x: Any, kind: Any, verb: str) -> Any:
    """x, which a verb was given; `TypeError` if it is not of a kind that the verb takes."""
    if not isinstance(x, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        raise TypeError(f"{verb}: {x!r}: must be a {', '.join([k.__name__ for k in kinds])}")
    return x


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


def send(c: Optional[Chan | Conn], value: object = None) -> Any:
    """Send on a channel, or all of some bytes on a connection: the result is their number.

    Parameters
    ----------
    c : Chan, Conn or None
        None: the nil channel, which blocks for ever. A closed channel is a panic.
    value : object
        What is sent; bytes on a connection.

    Examples
    --------
    >>> def main():
    ...     c = Chan(1)
    ...     yield send(c, 42)
    """
    if isinstance(c, Conn):
        return request(OP_NET, NET_SEND, 0, c, checked(value, (bytes, bytearray, memoryview), "send"))
    return request(OP_SEND, 0, 0, None if c is None else checked(c, Chan, "send"), value)


def recv(c: Optional[Chan | Conn], n: int = MOST_BYTES) -> Any:
    """Receive from a channel: the value, None from a closed one; or from a connection at most n bytes, b"" at its end.

    Parameters
    ----------
    c : Chan, Conn or None
        None: the nil channel, which blocks for ever.
    n : int
        Of a connection: bytes, 1 to 65536.

    Examples
    --------
    >>> def main():
    ...     c = Chan(1)
    ...     yield send(c, 42)
    ...     value = yield recv(c)
    """
    if isinstance(c, Conn):
        if checked(n, int, "recv") < 1 or n > MOST_BYTES:
            raise ValueError(f"recv: n = {n!r}: must be 1 to {MOST_BYTES} bytes")
        return request(OP_NET, NET_RECV, n, c)
    return request(OP_RECV, 0, 0, None if c is None else checked(c, Chan, "recv"))


def recv_ok(c: Optional[Chan]) -> Any:
    """Receive from a channel: (value, ok); ok is False when it is closed and drained.

    Parameters
    ----------
    c : Chan or None
        None: the nil channel, which blocks for ever.

    Examples
    --------
    >>> def main():
    ...     c = Chan(1)
    ...     yield close(c)
    ...     value, ok = yield recv_ok(c)
    """
    return request(OP_RECV_OK, 0, 0, None if c is None else checked(c, Chan, "recv_ok"))


def close(c: Optional[Chan | Conn | Listener]) -> Any:
    """Close a channel, a connection or a listener.

    Parameters
    ----------
    c : Chan, Conn, Listener or None
        A nil or closed channel is a panic.

    Examples
    --------
    >>> def main():
    ...     c = Chan()
    ...     yield close(c)
    """
    if isinstance(c, (Conn, Listener)):
        return request(OP_NET, NET_CLOSE, 0, c)
    return request(OP_CLOSE, 0, 0, None if c is None else checked(c, Chan, "close"))


def select(*cases: Case, default: bool = False) -> Any:
    """Take one of the cases: the result is (index, value, ok).

    Parameters
    ----------
    *cases : Case
        What `recv_case(c)` and `send_case(c, v)` give. Of several that are ready one is drawn.
    default : bool
        Where none is ready do not wait: the index is -1.

    Examples
    --------
    >>> def main():
    ...     a, b = Chan(1), Chan(1)
    ...     yield send(b, "news")
    ...     i, value, ok = yield select(recv_case(a), recv_case(b))
    ...     i, value, ok = yield select(recv_case(a), default=True)
    """
    return request(OP_SELECT, 1 if default else 0, 0, [checked(case, Case, "select") for case in cases])


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
    return request(OP_WG_ADD, -1, 0, checked(wg, WaitGroup, "done"))


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
    return _timed(OP_GC, mark, None, None, None, None, "gc", 0)


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
    return request(OP_REGION, 0, 0, name)


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
    return request(OP_REGION_END, 0, 0, name)


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
    return request(OP_LOG, 0, 0, text)


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


@final
class Spawn(Starts):
    """What `go` asks for: a body, its arguments and its marks."""

    def __init__(
        self, fn: object, args: tuple[object, ...], name: str, cls: str, weight: i64, deadline_ns: i64, site: str
    ) -> None:
        self.fn: object = fn
        self.args: tuple[object, ...] = args
        self.name: str = name
        self.cls: str = cls
        self.weight: i64 = weight
        self.deadline_ns: i64 = deadline_ns
        self.site: str = site

    def start(self, sched: Sched, mp: Optional[M]) -> G:
        if sched.calls_on:
            call(sched, mp, "newproc")
        return spawn_new(sched, mp, None, self)


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
    if not isinstance(fn, Program) and not callable(fn):
        raise no_body(fn)
    return request(
        OP_GO, 0, 0,
        Spawn(fn, args, name, cls, weight, -1 if deadline is None else duration_ns(deadline, "deadline"), call_site()),
    )


_getframe: Final[Any] = sys._getframe
_sites: Final[dict[tuple[int, int], tuple[object, str]]] = {}
"""By code and instruction, since a frame counts its lines from the start. The code lies beside, so that its id stays its."""


def call_site() -> str:
    """file:line of the body's line that called the verb."""
    frame: Any = _getframe(0)
    while frame is not None:
        code = frame.f_code
        key = (id(code), frame.f_lasti)
        known = _sites.get(key)
        if known is not None:
            return known[1]
        path = code.co_filename
        if not path.startswith(RUNTIME):
            if len(_sites) >= 4_096:
                # A notebook's cells make new code for ever.
                _sites.clear()
            site = f"{path.rsplit('/', 1)[-1]}:{frame.f_lineno}"
            _sites[key] = (code, site)
            return site
        frame = frame.f_back
    return ""


def blame(sched: Sched, gp: G, error: BaseException) -> None:
    """Put into a panic's or a misuse's text whose it was and, where no Python exception tells it, at which line."""
    place = "" if error.__cause__ is not None else raised_at(error) or stands_at(gp.body)
    at = f" ({place})" if place else ""
    error.args = (f"goroutine {gp.goid} [{sched.labels[gp.label][1]}]: {error}{at}",)


def raised_at(error: BaseException) -> str:
    """file:line of the body's line that raised, "" if it was the runtime on a body's behalf."""
    place = ""
    step = error.__traceback__
    while step is not None:
        path = step.tb_frame.f_code.co_filename
        # Compiled functions leave no frame, but an entry in the traceback, under the path that was compiled.
        if not path.startswith((RUNTIME, "gmplab/runtime/")):
            place = f"{path.rsplit('/', 1)[-1]}:{step.tb_lineno}"
        elif place:
            break
        step = step.tb_next
    return place


def stands_at(body: Any) -> str:
    """file:line where a suspended body stands, in what it waits for if it waits; of an ended one, where it is defined."""
    code = getattr(body, "gi_code", None) or getattr(body, "cr_code", None)
    line = 0 if code is None else code.co_firstlineno
    while body is not None:
        frame: Any = getattr(body, "gi_frame", None) or getattr(body, "cr_frame", None) or getattr(body, "gr_frame", None)
        while frame is not None and frame.f_code.co_filename.startswith(RUNTIME):
            frame = frame.f_back
        if frame is not None:
            code = frame.f_code
            line = frame.f_lineno
        body = getattr(body, "gi_yieldfrom", None) or getattr(body, "cr_await", None)
    return "" if code is None else f"{code.co_filename.rsplit('/', 1)[-1]}:{line}"


def form_of(fn: Any, name: str) -> i64:
    """Which form of body a callable is; `BodyError` for an async generator."""
    flags: i64 = 0
    code = getattr(fn, "__code__", None)
    if code is not None:
        flags = code.co_flags
    elif inspect.isasyncgenfunction(fn):
        flags = CO_ASYNC_GENERATOR
    elif inspect.isgeneratorfunction(fn):
        flags = CO_GENERATOR
    elif inspect.iscoroutinefunction(fn):
        flags = CO_COROUTINE
    if flags & CO_ASYNC_GENERATOR != 0:
        raise BodyError(f"go({name}): an async generator cannot be a body; use async def without yield")
    if flags & CO_GENERATOR != 0:
        return FORM_GENERATOR
    if flags & CO_COROUTINE != 0:
        return FORM_COROUTINE
    return FORM_GREENLET


def no_body(fn: object) -> BodyError:
    """The error for what cannot be called, which is mostly a generator that was made too early."""
    told = "a generator or coroutine that is made already" if is_suspended(fn) else repr(fn)
    return BodyError(f"go({told}): must be a function or a Program; its arguments come after it: go(worker, 1, 2)")


def is_suspended(x: object) -> bool:
    """Whether x is a generator or a coroutine, rather than the function that makes one."""
    return isinstance(x, (GeneratorType, CoroutineType))


def made_body(fn: Any, name: str, args: tuple[object, ...]) -> object:
    """The generator or coroutine of a function: none of its code runs yet, so what fails are the arguments."""
    try:
        return fn(*args)
    except TypeError as e:
        raise BodyError(f"go({name}): {e}") from None


def set_body(sched: Sched, gp: G, spawn: Spawn) -> None:
    """Give a new G its code and its label."""
    fn: Any = spawn.fn
    cls = spawn.cls
    if isinstance(fn, Program):
        gp.form = FORM_PROGRAM
        gp.prog = fn
        name = spawn.name or fn.name
        cls = cls or fn.cls
    else:
        if not callable(fn):
            raise no_body(fn)
        name = spawn.name or getattr(fn, "__name__", type(fn).__name__)
        gp.form = form_of(fn, name)
        if sched.apart and gp.form == FORM_GREENLET and not sched.lock_plain:
            raise BodyError(
                f"go({name}): a plain function cannot move between threads: make it a generator (`yield verb(...)`) or a "
                "coroutine (`await verb(...)`), or keep a thread for each: lock_plain=True (--lock-plain)"
            )
        gp.body = (fn, spawn.args) if gp.form == FORM_GREENLET else made_body(fn, name, spawn.args)
    gp.cold = True
    gp.weight = spawn.weight
    gp.deadline_ns = spawn.deadline_ns
    gp.label, gp.cls = intern_label(sched, name, cls, spawn.site)


def intern_label(sched: Sched, name: str, cls: str, site: str) -> tuple[i64, i64]:
    """The label's and the class's index."""
    key = (KIND_USER, name, cls, site)
    label = sched.label_of.get(key, -1)
    if label < 0:
        label = len(sched.labels)
        sched.labels.append(key)
        sched.label_of[key] = label
    index = sched.class_of.get(cls, -1)
    if index < 0:
        index = len(sched.classes)
        sched.classes.append(cls)
        sched.class_of[cls] = index
        sched.wait_hists.append(Histogram())
        sched.sojourn_hists.append(Histogram())
    return label, index


def label_program(sched: Sched, gp: G, prog: Program, parent: Program) -> None:
    """Label gp, which a program spawned: as set_body would, without a look at the table for each of a million Gs."""
    if prog.label_run is not sched.run_token or prog.label_parent is not parent:
        prog.label, prog.label_cls = intern_label(sched, prog.name, prog.cls, parent.name)
        prog.label_run = sched.run_token
        prog.label_parent = parent
    gp.label = prog.label
    gp.cls = prog.label_cls


def spawn_new(sched: Sched, mp: Optional[M], parent: Optional[G], spawn: Spawn) -> G:
    """A new runnable G with its body, not yet in a queue."""
    gp = newproc1(sched, mp, parent)
    set_body(sched, gp, spawn)
    return gp


def fetch(sched: Sched, gp: G) -> None:
    """Let gp's code go on to its next request: op, a, b, obj, value. A program's is `fetch_op`'s."""
    gp.asked = False
    result = gp.result
    gp.result = None
    place = sched.here
    if not isinstance(place, Here):
        # Bodies of a run in virtual time all run in the thread that it began in.
        place = here()
        if not sched.apart:
            sched.here = place
    # A body may make a run of its own: its goroutine goes on after that.
    outer = place.g
    place.g = gp
    try:
        if gp.form == FORM_GREENLET:
            fetch_greenlet(sched, place, gp, result)
        elif not resume(sched, gp, result):
            return
        elif not gp.asked:
            raise misyielded("the same token a second time")
    except (BodyError, GoPanic, KeyboardInterrupt):
        raise
    except BaseException as e:
        # SystemExit and GeneratorExit too: they would leave by the hub, and the record would be lost.
        panic = GoPanic(f"{type(e).__name__}: {e}")
        panic.__cause__ = e  # mypyc drops the cause of `raise ... from`
        raise panic from e
    finally:
        place.g = outer


_next: Final[Any] = next
ENDED: Final = object()


def resume(sched: Sched, gp: G, result: object) -> bool:
    """Let a generator or coroutine go on to its next request; False if it has returned."""
    try:
        if gp.form == FORM_GENERATOR and result is None:
            if gp.goid != MAIN_G:
                # Nobody wants what it returns, and an exception of every G that ends costs more than all else it does.
                got = _next(gp.body, ENDED)
                if got is ENDED:
                    return returned(gp)
            else:
                got = next(gp.body)
        elif isinstance(result, Raised):
            got = gp.body.throw(result.error)
        else:
            got = gp.body.send(result)
    except StopIteration as e:
        keep_result(sched, gp, e.value)
        return returned(gp)
    if got is not TOKEN:
        raise misyielded(repr(got))
    return True


def returned(gp: G) -> bool:
    """The generator or coroutine of gp has returned: False, for `resume`."""
    if gp.asked:
        raise BodyError(f"the last verb of the body was not yielded ({VERBS[gp.op]}): {HOW_TO_ASK}") from None
    gp.op = OP_EXIT
    return False


def misyielded(what: str) -> BodyError:
    return BodyError(f"a body yielded {what}: it must yield what a verb returns, at once and once")


@final
class Hub:
    """Greenlets for plain functions, in one thread and for one run: a pool of finished ones, started at the first resume."""

    def __init__(self, run: object) -> None:
        import greenlet

        self.run: object = run

        self.greenlet: Any = greenlet.greenlet
        self.main: Any = greenlet.getcurrent()
        self.free: list[Any] = []

    def serve(self) -> None:
        """What a pooled greenlet runs: one function after another, each until it returns."""
        job: Any = self.main.switch()
        while True:
            fn, args = job
            job = self.main.switch(Finished(fn(*args)))


@final
class Finished:
    """What a pooled greenlet switches to the hub with when its function has returned."""

    def __init__(self, result: object) -> None:
        self.result: object = result


def keep_result(sched: Sched, gp: G, result: object) -> None:
    """What main returned is the run's result; what another G returns is dropped, as in Go."""
    if gp.goid == MAIN_G:
        sched.result = result


def fetch_greenlet(sched: Sched, place: Here, gp: G, result: object) -> None:
    hub = place.hub
    if hub is None or hub.run is not sched.run_token:
        hub = Hub(sched.run_token)
        place.hub = hub
    if isinstance(gp.body, tuple):
        job = gp.body
        if hub.free:
            worker = hub.free.pop()
        else:
            worker = hub.greenlet(hub.serve, hub.main)
            worker.switch()
        gp.body = worker
        got = worker.switch(job)
    else:
        got = gp.body.switch(result)
    if isinstance(got, Finished):
        hub.free.append(gp.body)
        gp.op = OP_EXIT
        answer: Any = got.result
        if is_suspended(answer):
            # `lambda: worker(1)`: its code would never run, and nobody would be told.
            answer.close()
            raise BodyError(f"the body returned a {type(answer).__name__} that nobody runs: go(worker, 1), not go(lambda: worker(1))")
        keep_result(sched, gp, answer)


