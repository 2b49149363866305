"""Verbs for channels, and for connections, which are sent to, received from and closed by the same ones."""

from __future__ import annotations

from typing import Any, Final, Optional

from gmplab.runtime.asking import checked, request
from gmplab.runtime.chan import Case, Chan
from gmplab.runtime.program import OP_CLOSE, OP_RECV, OP_RECV_OK, OP_SELECT, OP_SEND
from gmplab.runtime.sockets import (
    NET_ACCEPT, NET_CLOSE, NET_CONNECT, NET_LISTEN, NET_RECV, NET_SEND, OP_NET, Conn, Listener,
)

MOST_BYTES: Final = 65_536
"""Of one `recv` from a connection."""


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
