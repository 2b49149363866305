"""Channels and select, with Go's wake-up order. Go: chan.go, select.go.

Wait queues are first come first served. A sender that finds a receiver waiting hands the value over and keeps running;
the receiver goes to the sender's runnext. `close` readies the waiters last come first, so the first of them is readied
last, takes runnext and runs first; the others run in reverse order of coming.

Differs: a woken select leaves its other queues at the waker's step, not at its own next one; nobody can see it. Of two
cases of one waiting select on the same channel the first is served, where in Go that follows from the order of its locks.
A select of one case is one too, where Go's compiler makes it a plain send or receive. Not modelled: synctest, the race
detector, the profile of blocking.
"""

from __future__ import annotations

from typing import Any, Optional, final

from mypy_extensions import i64

from gmplab.errors import BodyError, GoPanic
from gmplab.runtime.dice import FOR_SELECT, draw, stream
from gmplab.runtime.model import CHOOSE_SELECT, G, M, Sched, Shared, Sudog, Timed, Waitq, charge, price
from gmplab.runtime.proc import gopark, ready, toready
from gmplab.runtime.runq import pid
from gmplab.vocabulary import (
    SELECT_WAIT, STEP_ON, WAIT_CHAN_RECEIVE, WAIT_CHAN_RECEIVE_NIL, WAIT_CHAN_SEND, WAIT_CHAN_SEND_NIL,
    WAIT_SELECT, WAIT_SELECT_NO_CASES,
)


def whole(what: str, n: Any, least: int, unit: str) -> int:
    """n, where it is an int from `least` up. Typed so, and not as i64, that both builds tell the same."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"{what} = {n!r}: must be an int of at least {least} {unit}")
    if not least <= n < 1 << 62:
        raise ValueError(f"{what} = {n}: must be an int of at least {least} {unit}")
    return n


@final
class Chan(Shared):
    """A channel. Go: chan.go: hchan.

    Parameters
    ----------
    cap : int
        Values that it holds before a sender waits, at least 0; 0: a sender waits for its receiver.

    Examples
    --------
    >>> def main():
    ...     c = Chan(4)
    ...     yield send(c, "x")
    ...     value = yield recv(c)
    """

    def __init__(self, cap: Any = 0) -> None:
        super().__init__()
        self.cap: i64 = whole("Chan: cap", cap, 0, "values")
        self.closed: bool = False
        self.buffer: list[object] = []
        self.head: i64 = 0
        self.recvq: Waitq = Waitq()
        self.sendq: Waitq = Waitq()
        self.timer: Optional[Timed] = None
        """Whose channel it is, of a `Timer`. Go: chan.go: hchan.timer."""

    def renew(self) -> None:
        if self.timer is not None:
            self.timer.renew()
        self.id = 0
        self.closed = False
        self.buffer = []
        self.head = 0
        self.recvq = Waitq()
        self.sendq = Waitq()

    def __len__(self) -> int:
        # A timer's looks unbuffered since Go 1.23. Go: chan.go: chanlen.
        return len(self.buffer) - self.head if self.timer is None else 0

    def __repr__(self) -> str:
        if self.timer is not None:
            return f"the channel of {self.timer!r}"
        return f"chan#{self.id} (cap {self.cap})"

    def take(self) -> object:
        """The oldest buffered value."""
        value = self.buffer[self.head]
        self.buffer[self.head] = None
        self.head += 1
        if self.head > 64 and self.head * 2 > len(self.buffer):
            del self.buffer[: self.head]
            self.head = 0
        return value


@final
class Case:
    """One case of a select: a send of `value`, or a receive. Make them with `recv_case` and `send_case`."""

    def __init__(self, c: Any, send: bool, value: object) -> None:
        if c is not None and not isinstance(c, Chan):
            raise TypeError(f"{'send_case' if send else 'recv_case'}: c = {c!r}: must be a Chan, or None")
        self.c: Optional[Chan] = c
        self.send: bool = send
        self.value: object = value


def recv_case(c: Any) -> Case:
    """A receive from c, for `select`.

    Parameters
    ----------
    c : Chan or None
        None: the nil channel, a case that is never ready.

    Examples
    --------
    >>> def main():
    ...     c = Chan(1)
    ...     yield send(c, 1)
    ...     i, value, ok = yield select(recv_case(c))
    """
    return Case(c, False, None)


def send_case(c: Any, value: object = None) -> Case:
    """A send of value to c, for `select`.

    Parameters
    ----------
    c : Chan or None
        None: the nil channel, a case that is never ready.
    value : object
        What is sent.

    Examples
    --------
    >>> def main():
    ...     c = Chan(1)
    ...     i, value, ok = yield select(send_case(c, 1), default=True)
    """
    return Case(c, True, value)


def adopt(sched: Sched, x: Shared) -> None:
    """x is used for the first time in this run: what an earlier one left in it is gone."""
    if x.run is not None and not x.run.ended:
        raise BodyError(f"{x!r} is used by another run, which goes on: a run inside a body needs channels and locks of its own")
    x.renew()
    x.run = sched.run_token


def chan_id(sched: Sched, c: Chan) -> i64:
    """The channel's id in this run, given at its first use."""
    if c.id == 0:
        sched.objects += 1
        c.id = sched.objects
        sched.object_names[c.id] = f"chan#{c.id} (cap {c.cap})" if c.timer is None else repr(c.timer)
    return c.id


def dequeue(q: Waitq) -> Sudog:
    """The first waiter; if it waits in a select, it leaves that select's other queues too."""
    s = q.first
    assert s is not None
    q.remove(s)
    gp = s.g
    cases = gp.cases
    if cases is not None:
        for other in cases:
            if other.queue is not None:
                other.queue.remove(other)
        gp.cases = None
    gp.sudog = s
    return s


def own_sudog(gp: G) -> Sudog:
    """gp's sudog, for waits on one queue; reused."""
    s = gp.sudog
    if s is None or s.queue is not None or s.case >= 0:
        s = Sudog(gp)
        gp.sudog = s
    s.case = -1
    s.ticket = 0
    return s


def chansend(sched: Sched, mp: M, gp: G, c: Optional[Chan], value: object) -> i64:
    """gp sends; parks if nobody receives and there is no room. Go: chan.go: chansend."""
    if c is None:
        return gopark(sched, mp, gp, WAIT_CHAN_SEND_NIL, 0, 0)
    if c.run is not sched.run_token:
        adopt(sched, c)
    charge(sched, mp, sched.prices.chan_op)
    if c.closed:
        raise GoPanic("send on closed channel")
    if c.recvq.first is not None:
        s = dequeue(c.recvq)
        s.elem = value
        s.success = True
        ready(sched, mp, s.g)
        return STEP_ON
    if len(c.buffer) - c.head < c.cap:
        c.buffer.append(value)
        return STEP_ON
    s = own_sudog(gp)
    s.elem = value
    s.success = True
    c.sendq.enqueue(s)
    gp.stage = 1
    return gopark(sched, mp, gp, WAIT_CHAN_SEND, chan_id(sched, c), 0)


def chansent(gp: G) -> None:
    """gp goes on after a send that parked."""
    s = gp.sudog
    gp.stage = 0
    if s is not None and not s.success:
        raise GoPanic("send on closed channel")


def chanrecv(sched: Sched, mp: M, gp: G, c: Optional[Chan], with_ok: bool) -> i64:
    """gp receives; parks if nobody sends and nothing is buffered. Go: chan.go: chanrecv."""
    if c is None:
        return gopark(sched, mp, gp, WAIT_CHAN_RECEIVE_NIL, 0, 0)
    if c.run is not sched.run_token:
        adopt(sched, c)
    if c.timer is not None:
        c.timer.look(sched, mp)
    charge(sched, mp, sched.prices.chan_op)
    value: object = None
    ok = True
    if c.sendq.first is not None:
        s = dequeue(c.sendq)
        if len(c.buffer) - c.head > 0:
            value = c.take()
            c.buffer.append(s.elem)
        else:
            value = s.elem
        s.elem = None
        s.success = True
        ready(sched, mp, s.g)
    elif len(c.buffer) - c.head > 0:
        value = c.take()
    elif c.closed:
        ok = False
    else:
        s = own_sudog(gp)
        s.elem = None
        s.success = False
        c.recvq.enqueue(s)
        gp.stage = 1
        if c.timer is not None:
            c.timer.block(sched, mp)
        return gopark(sched, mp, gp, WAIT_CHAN_RECEIVE, chan_id(sched, c), 0)
    gp.cold = True
    gp.result = (value, ok) if with_ok else value
    return STEP_ON


def chanreceived(sched: Sched, mp: M, gp: G, c: Optional[Chan], with_ok: bool) -> None:
    """gp goes on after a receive that parked."""
    s = gp.sudog
    assert s is not None
    gp.stage = 0
    if c is not None and c.timer is not None:
        c.timer.unblock(sched, mp)
    gp.result = (s.elem, s.success) if with_ok else s.elem
    s.elem = None


def closechan(sched: Sched, mp: M, c: Optional[Chan]) -> None:
    """Close c: receivers get nothing, senders panic, all are readied. Go: chan.go: closechan."""
    if c is None:
        raise GoPanic("close of nil channel")
    if c.run is not sched.run_token:
        adopt(sched, c)
    if c.closed:
        raise GoPanic("close of closed channel")
    charge(sched, mp, sched.prices.chan_op)
    c.closed = True
    # Go pushes waiters on a stack and readies from its top: last queued first, so the first queued is readied last
    # and takes runnext.
    stack: list[G] = []
    while c.recvq.first is not None:
        s = dequeue(c.recvq)
        s.elem = None
        s.success = False
        stack.append(s.g)
    while c.sendq.first is not None:
        s = dequeue(c.sendq)
        s.elem = None
        s.success = False
        stack.append(s.g)
    while len(stack) > 0:
        toready(mp, stack.pop())


def selectgo(sched: Sched, mp: M, gp: G, cases: list[Case], block: bool) -> i64:
    """gp takes a ready case, in a random order of looking, or waits on all. Go: select.go: selectgo.

    The result is (index, value, ok); index -1: the default case.
    """
    n: i64 = len(cases)
    gp.cold = True
    charge(sched, mp, n * price(sched, sched.prices.select_case))
    if n == 0:
        if not block:
            gp.result = (-1, None, False)
            return STEP_ON
        return gopark(sched, mp, gp, WAIT_SELECT_NO_CASES, 0, 0)
    order: list[i64] = []
    key = stream(sched.seed, FOR_SELECT, gp.key)
    norder: i64 = 0
    for i in range(n):
        # A nil channel is never ready: it takes no place in the order, and no draw.
        if cases[i].c is None:
            continue
        gp.draws += 1
        j = sched.driver.choose(CHOOSE_SELECT, norder + 1, draw(key, gp.draws))
        order.append(i)
        order[norder] = order[j]
        order[j] = i
        norder += 1
    for k in order:
        case = cases[k]
        c = case.c
        assert c is not None
        if c.run is not sched.run_token:
            adopt(sched, c)
        if c.timer is not None:
            c.timer.look(sched, mp)
        if case.send:
            if c.closed:
                raise GoPanic("send on closed channel")
            if c.recvq.first is not None or len(c.buffer) - c.head < c.cap:
                code = chansend(sched, mp, gp, c, case.value)
                gp.result = (k, None, True)
                return code
        elif c.sendq.first is not None or len(c.buffer) - c.head > 0 or c.closed:
            code = chanrecv(sched, mp, gp, c, True)
            got = gp.result
            assert isinstance(got, tuple)
            gp.result = (k, got[0], got[1])
            return code
    if not block:
        gp.result = (-1, None, False)
        return STEP_ON
    charge(sched, mp, sched.prices.chan_op)
    waits: list[Sudog] = []
    for i in range(n):
        case = cases[i]
        c = case.c
        if c is None:
            continue
        s = Sudog(gp)
        s.case = i
        s.elem = case.value
        s.success = case.send
        if case.send:
            c.sendq.enqueue(s)
        else:
            c.recvq.enqueue(s)
        waits.append(s)
        if c.timer is not None:
            c.timer.block(sched, mp)
        if sched.rec.full:
            sched.rec.event(sched.now_ns, SELECT_WAIT, gp.goid, mp.id, pid(mp), 0, 1 if case.send else 0, chan_id(sched, c))
    gp.cases = waits
    gp.stage = 1
    return gopark(sched, mp, gp, WAIT_SELECT, 0, 0)


def selected(sched: Sched, mp: M, gp: G, cases: list[Case]) -> None:
    """gp goes on after a select that parked."""
    s = gp.sudog
    assert s is not None
    gp.stage = 0
    for case in cases:
        c = case.c
        if c is not None and c.timer is not None:
            c.timer.unblock(sched, mp)
    if cases[s.case].send:
        if not s.success:
            raise GoPanic("send on closed channel")
        gp.result = (s.case, None, True)
    else:
        gp.result = (s.case, s.elem, s.success)
    gp.sudog = None
