"""Listeners and connections: the objects, and the network in virtual time.

An operation on one never waits: `attempt` does it, or says that it would block, and then the goroutine parks on netpoll and
tries again. On threads the driver attempts the same operations on real sockets (`gmplab.threads.network`).

Modelled: a connection is a pair of byte streams; what is sent arrives `Costs.net_latency` later, in order.
Not modelled: segments, flow control, bandwidth, loss: a send never blocks. Differs: Go's Read and Write pass through
entersyscall; here an attempt costs `Costs.syscall` and keeps the P.
"""

from __future__ import annotations

import errno
import os
from typing import Any, Final, Optional, final

from gmplab.runtime.model import AT_IO, G, Sched, price

OP_NET: Final = 38
"""Operation of bodies that is performed here; which one is the request's `a`:"""
NET_LISTEN: Final = 0
NET_ACCEPT: Final = 1
NET_CONNECT: Final = 2
NET_RECV: Final = 3
NET_SEND: Final = 4
NET_CLOSE: Final = 5
FIRST_PORT: Final = 49_152
"""In virtual time a listener on port 0 gets the next port from here on."""


@final
class Listener:
    """Where connections are accepted; `address` is what others connect to. Made by `listen`."""

    def __init__(self, address: tuple[str, int], sock: Any) -> None:
        self.address: tuple[str, int] = address
        self.sock: Any = sock
        """The real socket, None in virtual time."""
        self.closed: bool = False
        self.accepter: Optional[G] = None
        """Who waits in it."""
        self.due: bool = False
        """Whether it is known when who waits goes on."""
        self.backlog: list[tuple[int, Conn]] = []
        """When each connection arrives."""

    def __repr__(self) -> str:
        return f"<listener on {self.address[0]}:{self.address[1]}>"


@final
class Conn:
    """One end of a connection: made by `connect` and `accept`."""

    def __init__(self, sock: Any) -> None:
        self.sock: Any = sock
        self.closed: bool = False
        self.reader: Optional[G] = None
        self.writer: Optional[G] = None
        self.due: bool = False
        self.peer: Optional[Conn] = None
        self.inbox: list[tuple[int, bytes]] = []
        """What arrives when, in order; b"" is the end."""

    def __repr__(self) -> str:
        return "<connection>"


def attempt(sched: Sched, gp: G) -> bool:
    """Do what gp asks of the network in virtual time: True with its result, or False: it would block. Raises OSError."""
    what = gp.a
    if what == NET_LISTEN:
        gp.result = listen_at(sched, gp.obj)
        return True
    if what == NET_CONNECT:
        return connected(sched, gp)
    if what == NET_CLOSE:
        close_at(sched, gp.obj)
        return True
    if what == NET_ACCEPT:
        listener = gp.obj
        assert isinstance(listener, Listener)
        return accepted(sched, gp, listener)
    conn = gp.obj
    assert isinstance(conn, Conn)
    refuse_closed(conn.closed)
    if what == NET_SEND:
        data: Any = gp.value
        arrive_at(sched, conn.peer, bytes(data))
        gp.result = len(data)
        return True
    return received(sched, gp, conn)


def refuse_closed(closed: bool) -> None:
    if closed:
        raise OSError(errno.EBADF, "use of closed network connection")


def listen_at(sched: Sched, address: Any) -> Listener:
    host, port = address
    if port == 0:
        port = FIRST_PORT + len(sched.listeners)
    if (host, port) in sched.listeners:
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    listener = Listener((host, port), None)
    sched.listeners[(host, port)] = listener
    return listener


def connected(sched: Sched, gp: G) -> bool:
    """The connection is there for both a latency later; for who connects when the answer is back."""
    if gp.stage != 0:
        gp.result = gp.value
        return True
    listener = sched.listeners.get(gp.obj)
    if listener is None:
        raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
    assert isinstance(listener, Listener)
    ours = Conn(None)
    theirs = Conn(None)
    ours.peer = theirs
    theirs.peer = ours
    gp.value = ours
    latency = price(sched, sched.prices.net_latency)
    listener.backlog.append((sched.now_ns + latency, theirs))
    wake_accepter(sched, listener)
    sched.driver.later(sched.now_ns + 2 * latency, AT_IO, gp.goid)
    return False


def accepted(sched: Sched, gp: G, listener: Listener) -> bool:
    if gp.stage != 0:
        listener.accepter = None
        listener.due = False
    refuse_closed(listener.closed)
    if len(listener.backlog) > 0 and listener.backlog[0][0] <= sched.now_ns:
        gp.result = listener.backlog.pop(0)[1]
        return True
    one_waits(listener.accepter, "accepts from it")
    listener.accepter = gp
    wake_accepter(sched, listener)
    return False


def wake_accepter(sched: Sched, listener: Listener) -> None:
    """Who waits in a listener goes on when the first connection has arrived."""
    if listener.accepter is not None and not listener.due and len(listener.backlog) > 0:
        listener.due = True
        sched.driver.later(listener.backlog[0][0], AT_IO, listener.accepter.goid)


def received(sched: Sched, gp: G, conn: Conn) -> bool:
    """At most `b` bytes of what has arrived; b"" at the end."""
    if gp.stage != 0:
        conn.reader = None
        conn.due = False
    if len(conn.inbox) > 0 and conn.inbox[0][0] <= sched.now_ns:
        at, data = conn.inbox[0]
        if len(data) > gp.b:
            conn.inbox[0] = (at, data[gp.b :])
            data = data[: gp.b]
        elif len(data) > 0:
            conn.inbox.pop(0)
        gp.result = data
        return True
    one_waits(conn.reader, "receives from it")
    conn.reader = gp
    wake_reader(sched, conn)
    return False


def one_waits(other: Optional[G], what: str) -> None:
    """Differs: in Go a second one queues for the descriptor (internal/poll: fdMutex)."""
    if other is not None:
        raise OSError(errno.EALREADY, f"goroutine {other.goid} {what} already")


def arrive_at(sched: Sched, peer: Optional[Conn], data: bytes) -> None:
    """Bytes, or the end, are on their way to the other end."""
    assert peer is not None
    if peer.closed:
        if len(data) > 0:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        return
    at = sched.now_ns + price(sched, sched.prices.net_latency)
    if len(peer.inbox) > 0 and peer.inbox[-1][0] > at:
        # Where the latency is drawn: nothing overtakes.
        at = peer.inbox[-1][0]
    peer.inbox.append((at, data))
    wake_reader(sched, peer)


def wake_reader(sched: Sched, conn: Conn) -> None:
    """Who waits for bytes goes on when the first have arrived."""
    if conn.reader is not None and not conn.due and len(conn.inbox) > 0:
        conn.due = True
        sched.driver.later(conn.inbox[0][0], AT_IO, conn.reader.goid)


def close_at(sched: Sched, x: object) -> None:
    """No more of it; who waits in it is told, and the other end reads the end."""
    if isinstance(x, Listener):
        refuse_closed(x.closed)
        x.closed = True
        del sched.listeners[x.address]
        if x.accepter is not None and not x.due:
            x.due = True
            sched.driver.later(sched.now_ns, AT_IO, x.accepter.goid)
        return
    assert isinstance(x, Conn)
    refuse_closed(x.closed)
    x.closed = True
    arrive_at(sched, x.peer, b"")
    if x.reader is not None and not x.due:
        x.due = True
        sched.driver.later(sched.now_ns, AT_IO, x.reader.goid)
