"""Timers of a program: time.NewTimer, time.AfterFunc, Stop and Reset. Go: time.go: timer; time/sleep.go: NewTimer, AfterFunc.

A timer lies in the heap of the P on which it was set, and its function runs on the M that finds it due: it sends on the
timer's channel, or starts a goroutine. Since Go 1.23 a channel's timer is *lazy*: it lies in a heap only while somebody
waits on the channel (`block`, `unblock`), else the next receive looks at the clock itself (`look`); and what it had sent
before a Stop or a Reset is never received after it (`rules.lazy_timers`).

Differs: who is stopped or set anew leaves its place in the heap at once, where Go marks it and cleans up later, so that
a P may wake for it in vain once. Not modelled: tickers.
"""

from __future__ import annotations

from typing import Optional, final

from mypy_extensions import i64

from gmplab.runtime.chan import Chan, adopt, chan_id, dequeue
from gmplab.runtime.contracts import FOR_NEW
from gmplab.runtime.dice import draw, mix
from gmplab.runtime.model import G, M, P, Sched, Starts, Timed, charge, overload
from gmplab.runtime.proc import put_placed, toready, wakenetpoller
from gmplab.vocabulary import GO_CREATE, NO_G, TIMER_FIRE, TIMER_SET, TIMER_STOP


@final
class Timer(Timed):
    """A timer: it sends the instant at which it was due on its channel `c`, or starts `fn(*args)` as a goroutine.

    It is made stopped: `reset` sets it. `new_timer` and `after_func` make one and set it. Go: time/sleep.go: Timer.

    Parameters
    ----------
    fn : body or Program, optional
        What to start, as `go` takes it. Without one the timer has a channel.
    *args : object
        Arguments of fn.
    name, cls : str
        Of the goroutine, as in `go`.

    Examples
    --------
    >>> def main():
    ...     timeout = Timer()
    ...     yield reset(timeout, us=50)
    ...     i, value, ok = yield select(recv_case(work), recv_case(timeout.c))
    ...     yield stop(timeout)
    """

    def __init__(self, fn: object = None, *args: object, name: str = "", cls: str = "") -> None:
        self.fn: object = fn
        self.args: tuple[object, ...] = args
        self.name: str = name
        self.cls: str = cls
        self.site: str = ""
        self.starts: Optional[Starts] = None
        """What makes the goroutine, for a timer with a function. It is given when the timer is set first."""
        self.when: i64 = 0
        """When it is due, 0: it is stopped, or has fired."""
        self.p: Optional[P] = None
        """In whose heap it lies."""
        self.blocked: i64 = 0
        """How many goroutines wait on its channel."""
        self.c: Chan = Chan(1)
        """Its channel; that of a timer with a function stands for the timer alone, and nothing comes from it."""
        self.c.timer = self

    def __repr__(self) -> str:
        return f"timer#{self.c.id}"

    def renew(self) -> None:
        self.timer = 0
        self.when = 0
        self.p = None
        self.blocked = 0

    def fire(self, sched: Sched, mp: M, pp: P, when: i64) -> None:
        if sched.rec.full:
            sched.rec.event(sched.now_ns, TIMER_FIRE, NO_G, mp.id, pp.id, 0, self.c.id, when)
        self.p = None
        self.when = 0
        starts = self.starts
        if starts is None:
            self.deliver(mp, when)
            return
        # On g0, by no goroutine: it has no parent, and its dice are of who set the timer.
        gp = starts.start(sched, mp)
        gp.key = self.key
        charge(sched, mp, sched.prices.newproc)
        overload(sched)
        sched.n_runnable += 1
        put_placed(sched, mp, gp, GO_CREATE, FOR_NEW, NO_G)

    def deliver(self, mp: M, when: i64) -> None:
        """Send `when` if a receiver waits or nothing is there. Go: time/sleep.go: sendTime."""
        c = self.c
        if c.recvq.first is not None:
            s = dequeue(c.recvq)
            s.elem = when
            s.success = True
            toready(mp, s.g)
        elif len(c.buffer) - c.head < c.cap:
            c.buffer.append(when)

    def look(self, sched: Sched, mp: M) -> None:
        """Go: time.go: timer.maybeRunChan."""
        when = self.when
        if self.p is None and 0 < when <= sched.now_ns:
            self.when = 0
            self.deliver(mp, when)

    def block(self, sched: Sched, mp: M) -> None:
        """Go: time.go: blockTimerChan, timer.needsAdd."""
        self.blocked += 1
        pp = mp.p
        if self.p is None and self.when > 0:
            assert pp is not None
            enheap(sched, mp, self, pp)

    def unblock(self, sched: Sched, mp: M) -> None:
        """Go: time.go: unblockTimerChan."""
        self.blocked -= 1
        if self.blocked == 0 and sched.rules.lazy_timers:
            unheap(sched, mp, self)

    def move(self, sched: Sched, mp: M, to: P) -> None:
        unheap(sched, mp, self)
        push(sched, mp, self, to)


def enheap(sched: Sched, mp: M, t: Timer, pp: P) -> None:
    """t joins pp's heap; who sleeps in epoll must wake for it. Go: time.go: timer.maybeAdd.

    Differs: Go 1.16 to 1.22 wake at each timer that is set, a sleeper's too, not only at the first of a heap; and of the
    timers that are set anew in their heap Go wakes at the earliest since it last tidied that heap, not at the heap's first.
    """
    first = pp.timers.wake_time()
    push(sched, mp, t, pp)
    if first == 0 or t.when < first:
        wakenetpoller(sched, mp, t.when)


def push(sched: Sched, mp: M, t: Timer, pp: P) -> None:
    """Go: time.go: timers.addHeap."""
    sched.timer_serial += 1
    t.timer = sched.timer_serial
    t.p = pp
    pp.timers.push(t.when, t.timer, t)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, TIMER_SET, NO_G, mp.id, pp.id, 0, t.c.id, t.when)


def unheap(sched: Sched, mp: M, t: Timer) -> None:
    """t leaves the heap in which it lies, if it does."""
    pp = t.p
    if pp is None:
        return
    t.timer = 0
    t.p = None
    if sched.rec.full:
        sched.rec.event(sched.now_ns, TIMER_STOP, NO_G, mp.id, pp.id, 0, t.c.id, 0)


def own(sched: Sched, t: Timer) -> None:
    """t is used in this run: it has a number in it."""
    if t.c.run is not sched.run_token:
        adopt(sched, t.c)
    chan_id(sched, t.c)


def drained(sched: Sched, t: Timer) -> bool:
    """What a channel's timer had sent and nobody received is taken back. Go: chan.go: timerchandrain."""
    c = t.c
    if not sched.rules.lazy_timers or len(c.buffer) - c.head == 0:
        return False
    c.take()
    return True


def stoptimer(sched: Sched, mp: M, t: Timer) -> bool:
    """t fires no more. Whether it would have: it was set and has not fired, or nobody had received yet. Go: time.go: timer.stop."""
    own(sched, t)
    charge(sched, mp, sched.prices.timer_op)
    pending = t.when > 0
    unheap(sched, mp, t)
    t.when = 0
    return drained(sched, t) or pending


def resettimer(sched: Sched, mp: M, gp: G, t: Timer, ns: i64) -> bool:
    """t is due in `ns`, whatever was before. The answer is that of stoptimer. Go: time.go: timer.modify.

    One that lies in a heap stays in that P's; else it joins the heap of mp's.
    """
    own(sched, t)
    charge(sched, mp, sched.prices.timer_op)
    pending = t.when > 0
    pp = t.p
    unheap(sched, mp, t)
    t.when = max(sched.now_ns + ns, 1)
    if t.starts is not None:
        t.key = draw(mix(gp.key), gp.children)
        gp.children += 1
        gp.cold = True
    elif drained(sched, t):
        pending = True
    if pp is None and (t.starts is not None or t.blocked > 0 or not sched.rules.lazy_timers):
        pp = mp.p
    if pp is not None:
        enheap(sched, mp, t, pp)
    return pending
