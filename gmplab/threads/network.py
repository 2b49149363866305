"""Real sockets: the same operations as `gmplab.runtime.sockets` attempts in virtual time.

All under the lock, since none waits: what would block is registered with the poller, and its goroutine parks.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import select
import selectors
import socket
from typing import TYPE_CHECKING, Any, Final

from gmplab.runtime.model import AT_IO, G
from gmplab.runtime.sockets import (
    NET_ACCEPT, NET_CLOSE, NET_CONNECT, NET_LISTEN, NET_RECV, Conn, Listener, one_waits, refuse_closed,
)

if TYPE_CHECKING:
    from gmplab.threads.driver import Threads

BACKLOG: Final = 4_096
READ: Final = selectors.EVENT_READ
WRITE: Final = selectors.EVENT_WRITE


class Network:
    """The sockets of one run, and who waits for which.

    Parameters
    ----------
    driver : Threads
    """

    def __init__(self, driver: Threads) -> None:
        self.driver = driver
        self.open: set[socket.socket] = set()
        self.waiting: dict[tuple[int, int], G] = {}
        """By descriptor and READ or WRITE."""
        self.blocked: dict[int, tuple[int, int]] = {}
        """Where a task keeps its thread, by its M: the descriptor that the thread itself waits for."""

    def transfer(self, gp: G) -> bool:
        """Do what gp asks: True with its result, or False: it waits. Raises OSError."""
        what = gp.a
        x: Any = gp.obj
        if what == NET_LISTEN:
            sock = self.made(x)
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(x)
                sock.listen(BACKLOG)
            except OSError:
                self.drop(sock)
                raise
            gp.result = Listener(sock.getsockname()[:2], sock)
            return True
        if what == NET_CONNECT:
            return self.connect(gp)
        refuse_closed(x.closed)
        if what == NET_CLOSE:
            x.closed = True
            self.drop(x.sock)
            return True
        if what == NET_ACCEPT:
            return self.accept(gp, x)
        return self.recv(gp, x) if what == NET_RECV else self.send(gp, x)

    def made(self, address: Any) -> socket.socket:
        """A socket for an address, non-blocking."""
        try:
            ip = ipaddress.ip_address(address[0])
        except ValueError:
            raise OSError(
                errno.EINVAL, f"{address[0]!r} is no numeric address: to look a name up blocks: syscall(call=socket.getaddrinfo, ...)"
            ) from None
        sock = socket.socket(socket.AF_INET6 if ip.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        self.open.add(sock)
        return sock

    def drop(self, sock: socket.socket) -> None:
        """Close a socket; who waits for it goes on, and sees that it is closed."""
        fd = sock.fileno()
        for event in (READ, WRITE):
            gp = self.waiting.pop((fd, event), None)
            if gp is not None:
                self.driver.outside.happen(self.driver.sched, AT_IO, gp.goid)
        self.watch(fd)
        self.open.discard(sock)
        try:
            # A thread that is blocked in it does not notice that it is closed.
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it was not connected
        sock.close()

    def connect(self, gp: G) -> bool:
        if gp.stage == 0:
            address: Any = gp.obj
            sock = self.made(address)
            gp.value = sock
            if sock.connect_ex(address) == errno.EINPROGRESS:
                return self.wait(sock, WRITE, gp)
        made: Any = gp.value
        failure = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure == 0:
            try:
                made.getpeername()
            except OSError as e:
                failure = e.errno or errno.ECONNREFUSED
        if failure != 0:
            self.drop(made)
            raise OSError(failure, os.strerror(failure))
        gp.result = self.conn(made)
        return True

    def conn(self, sock: socket.socket) -> Conn:
        """A connection over a socket. Go: net.newTCPConn: TCP_NODELAY."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Conn(sock)

    def accept(self, gp: G, listener: Listener) -> bool:
        if gp.stage == 0:
            one_waits(self.waiting.get((listener.sock.fileno(), READ)), "accepts from it")
        try:
            sock, _ = listener.sock.accept()
        except BlockingIOError:
            return self.wait(listener.sock, READ, gp)
        sock.setblocking(False)
        self.open.add(sock)
        gp.result = self.conn(sock)
        return True

    def recv(self, gp: G, conn: Conn) -> bool:
        if gp.stage == 0:
            one_waits(self.waiting.get((conn.sock.fileno(), READ)), "receives from it")
        try:
            gp.result = conn.sock.recv(gp.b)
        except BlockingIOError:
            return self.wait(conn.sock, READ, gp)
        return True

    def send(self, gp: G, conn: Conn) -> bool:
        """All of it; `value` is what is still to be sent."""
        if gp.stage == 0:
            one_waits(self.waiting.get((conn.sock.fileno(), WRITE)), "sends on it")
            gp.value = memoryview(gp.value)  # type: ignore[arg-type]
            gp.b = len(gp.value)
        rest: Any = gp.value
        while len(rest) > 0:
            try:
                rest = rest[conn.sock.send(rest) :]
            except BlockingIOError:
                gp.value = rest
                return self.wait(conn.sock, WRITE, gp)
        gp.result = int(gp.b)
        return True

    # --- waiting ------------------------------------------------------------------------------------------------------
    def wait(self, sock: socket.socket, event: int, gp: G) -> bool:
        """gp goes on when a socket is ready. Returns False: it waits."""
        fd = sock.fileno()
        self.waiting[fd, event] = gp
        if self.driver.sched.hold and gp.m is not None:
            self.blocked[gp.m.id] = fd, event
        else:
            self.watch(fd)
        return False

    def watch(self, fd: int) -> None:
        """Let the poller watch a descriptor for what is waited for, and nothing else."""
        selector = self.driver.poller.selector
        events = sum(event for event in (READ, WRITE) if (fd, event) in self.waiting)
        known = fd in selector.get_map()
        if known and not events:
            selector.unregister(fd)
        elif known:
            selector.modify(fd, events)
        elif events:
            selector.register(fd, events)

    def ready(self, fds: list[tuple[int, int]]) -> None:
        """Descriptors are ready: who waits for them goes on. One may have been taken by another poll meanwhile."""
        for fd, events in fds:
            for event in (READ, WRITE):
                gp = self.waiting.pop((fd, event), None) if events & event else None
                if gp is not None:
                    self.driver.outside.happen(self.driver.sched, AT_IO, gp.goid)
            self.watch(fd)

    def block(self, m: int) -> None:
        """Let the thread of a held task wait for its descriptor, or the end of the run. Outside of the lock."""
        fd, event = self.blocked[m]
        poll = select.poll()
        poll.register(fd, select.POLLIN if event == READ else select.POLLOUT)
        poll.register(self.driver.poller.over_r, select.POLLIN)
        poll.poll()

    def unblock(self, m: int) -> None:
        """Under the lock, after `block`."""
        fd, event = self.blocked.pop(m)
        self.ready([(fd, event)])

    def close(self) -> None:
        """The run is over: what it left open is closed."""
        for sock in self.open:
            sock.close()
