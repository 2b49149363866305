"""The verbs: what a body asks for. Each writes a request on the G that runs in this thread; see `bodies.py`."""

from __future__ import annotations

from typing import Any, Final, Optional

from mypy_extensions import i64

from gmplab.errors import BodyError
from gmplab.runtime.bodies import (
    FORM_GREENLET, HOW_TO_ASK, TOKEN, VERBS, Call, Here, Raised, Spawn, call_site, current, form_of, function_code, here, no_body,
    nowhere,
)
from gmplab.runtime.chan import Case, Chan
from gmplab.runtime.dice import Distribution, as_distribution, below, draw, duration_ns
from gmplab.runtime.mgc import OP_GC
from gmplab.runtime.model import G
from gmplab.runtime.program import (
    OP_ACQUIRE, OP_CALL, OP_CLOSE, OP_COMPUTE, OP_COND_BROADCAST, OP_COND_SIGNAL, OP_COND_WAIT, OP_GO, OP_GOSCHED, OP_IO,
    OP_LOCK, OP_LOCK_THREAD, OP_LOG, OP_NOW, OP_RECV, OP_RECV_OK, OP_REGION, OP_REGION_END, OP_RELEASE, OP_RESET, OP_RLOCK,
    OP_RUNLOCK, OP_SELECT, OP_SEND, OP_SLEEP, OP_STOP, OP_SYSCALL, OP_SYSCALL_BLOCK, OP_UNLOCK, OP_UNLOCK_THREAD, OP_WG_ADD,
    OP_WG_WAIT, OP_WLOCK, OP_WUNLOCK, Program, checked_procs,
)
from gmplab.runtime.sockets import (
    NET_ACCEPT, NET_CLOSE, NET_CONNECT, NET_LISTEN, NET_RECV, NET_SEND, OP_NET, Conn, Listener,
)
from gmplab.runtime.stw import OP_GOMAXPROCS
from gmplab.runtime.sync import Cond, Mutex, RWMutex, Semaphore, WaitGroup
from gmplab.runtime.timers import Timer

MOST_INTN: Final = 0x7FFFFFFFFFFFFFFF
MOST_BYTES: Final = 65_536
"""Of one `recv` from a connection."""
INFINITE: Final = float("inf")


def request(op: i64, a: i64 = 0, b: i64 = 0, obj: object = None, value: object = None) -> Any:
    """Write a request on the current G. Generators get the token; a greenlet waits here for the result."""
    place = here()
    running = place.g
    if running is None:
        raise nowhere()
    # Held to its type once.
    gp: G = running
    if gp.asked:
        raise not_yielded(gp)
    gp.op = op
    gp.a = a
    gp.b = b
    gp.obj = obj
    gp.value = value
    gp.asked = True
    if gp.form == FORM_GREENLET:
        return switched(place)
    return TOKEN


def not_yielded(gp: G) -> BodyError:
    return BodyError(f"the verb called before this line was not yielded ({VERBS[gp.op]}): {HOW_TO_ASK}")


def switched(place: Here) -> Any:
    """Let the hub perform the request of the greenlet that runs here, and come back with its result."""
    hub = place.hub
    assert hub is not None
    got = hub.switch(hub.main)
    if isinstance(got, Raised):
        raise got.error
    return got


_texts: Final[dict[str, Distribution]] = {}
"""What a body gives as text, often in a loop, is read once."""


def _of_text(text: str, what: str) -> Distribution:
    known = _texts.get(text)
    if known is None:
        known = as_distribution(text, what)
        if len(_texts) >= 1_024:
            _texts.clear()
        _texts[text] = known
    return known


def _whole(n: Any, scale: i64) -> i64:
    """An int as ns, if it is none that has to be looked at more closely: else -1."""
    if type(n) is int and 0 <= n <= 1_000_000:
        small: i64 = n
        return small * scale
    return -1


def _span(value: Any, ns: Any, us: Any, ms: Any, s: Any, what: str) -> tuple[i64, Optional[Distribution]]:
    """A duration as the timed verbs take it: (ns, None), or (-1, what it is drawn from)."""
    if ns is None and us is None and ms is None and s is None and value is not None:
        if isinstance(value, Distribution):
            return -1, value
        if isinstance(value, int) and not isinstance(value, bool):
            return duration_ns(value, what), None
        return -1, _of_text(value, what) if type(value) is str else as_distribution(value, what)
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
    # What is asked for most, first.
    if ns is None and ms is None and s is None:
        if us is None:
            # In a variable: `if isinstance(...)` would have mypyc look at the type a second time.
            drawn_from = isinstance(value, Distribution)
            if drawn_from:
                return request(op, -1, b, value, None)
            a = _whole(value, 1)
            if a >= 0:
                return request(op, a, b, None, None)
        elif value is None:
            a = _whole(us, 1_000)
            if a >= 0:
                return request(op, a, b, None, None)
    a, drawn = _span(value, ns, us, ms, s, what)
    return request(op, a, b, drawn)


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
    b: i64 = 0
    if tight:
        b = 1
    return _timed(OP_COMPUTE, value, ns, us, ms, s, "compute", b)


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
    op: i64 = OP_SYSCALL
    if blocking:
        op = OP_SYSCALL_BLOCK
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
    if isinstance(c, Chan):
        return request(OP_SEND, 0, 0, c, value)
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
    if isinstance(c, Chan):
        return request(OP_RECV, 0, 0, c, None)
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
