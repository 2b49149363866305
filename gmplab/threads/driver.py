"""`Threads`: the steps of the core, each M taking its own on its own thread.

One lock. A step runs under it, and the clock is read inside, so the record is in order. Bodies, called functions, computes
and waits run outside of it. Between two steps the lock is free: whatever may come between two steps of an M in the
simulator may come between them here.

Differs from the simulator: nothing is charged, what something costs is what it took; who is asked to stop does at its next
verb (a compute of a given time: at once); a woken thread runs when the operating system, and Python's GIL, let it.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from gmplab.errors import ThreadLimitError
from gmplab.runtime.bodies import called, fetch
from gmplab.runtime.boot import boot
from gmplab.runtime.contracts import Policy
from gmplab.runtime.costs import Costs, Prices
from gmplab.runtime.ending import failed
from gmplab.runtime.model import FOREVER, Driver, G, M, Sched
from gmplab.runtime.outside import Outside
from gmplab.runtime.proc import refusedclone, timedout
from gmplab.runtime.recorder import Recorder
from gmplab.runtime.sim import Plan
from gmplab.runtime.steps import step
from gmplab.threads.clock import AT_UNTIL, Clock
from gmplab.threads.cpu import burn
from gmplab.threads.network import Network
from gmplab.threads.poller import Poller
from gmplab.threads.seat import INSIDE, Seat
from gmplab.vocabulary import (
    STEP_BODY, STEP_CALL, STEP_COMPUTE, STEP_END, STEP_EXIT, STEP_NETPOLL, STEP_ON, STEP_PARK, STEP_SYSCALL,
)

PULSE_MASK: Final = 0x3FF
LONGEST_S: Final = 86_400.0
"""epoll_wait takes at most 24 days. Who wakes for nothing sleeps again."""
LOOK_S: Final = 0.05
"""m0 never sleeps longer at a time: a signal that comes after Python's last look for one, and before the system call that
sleeps, does not interrupt that."""


class Threads(Driver):
    """One run on threads: who calls `work` first, with the seat of m0, is m0."""

    def __init__(
        self, plan: Plan, policy: Policy, procs: int, seed: int, level: int, until_ns: int, max_events: int, max_rows: int,
        warmup_ns: int, drain: bool, by_netpoll: bool, lock_plain: bool, pulse: Any,
    ) -> None:
        self.plan = plan
        self.policy = policy
        self.lock = threading.Lock()
        self.until_ns = until_ns
        self.max_events = max_events
        self.max_rows = max_rows
        self.n_steps = 0
        self.pulse = pulse
        self.error: BaseException | None = None
        self.over = threading.Event()
        """The run has ended: who waits for a given time outside of the lock need not any more."""
        self.ender = 0
        """The thread that ended it; it sees to it that m0 comes home: `leaving` sets how."""
        self.call_m0_back: Callable[[], None] = lambda: None
        self.interrupted = False
        """Ctrl-C came while m0 took a step."""
        self.unborn: deque[Seat | Clock] = deque()
        """Whose thread was made under the lock, to be started outside of it."""
        self.seats: dict[int, Seat] = {}
        """By M."""
        self.poller = Poller()
        self.clock = Clock(self)
        self.network = Network(self)
        self.outside = Outside(plan.sources, by_netpoll)
        self.sched = Sched(policy, Prices(Costs.zero()), Recorder(level), self, seed, procs)
        self.sched.warmup_ns = warmup_ns
        self.sched.draining = drain
        self.sched.apart = True
        self.sched.lock_plain = lock_plain
        self.began_ns = time.perf_counter_ns()

    # --- Driver -----------------------------------------------------------------------------------------------------
    def wakeup(self, mp: M, from_p: int) -> None:
        seat = self.seats[mp.id]
        seat.ring()
        if seat.in_epoll:
            self.poller.wake()

    def notice(self, mp: M) -> None:
        self.seats[mp.id].ring()

    def clone(self, mp: M) -> bool:
        # Whether the system has a thread to give is known when it is started, outside of the lock.
        seat = Seat(mp, self.lock, self.work)
        self.seats[mp.id] = seat
        self.unborn.append(seat)
        return True

    def interrupt(self, mp: M) -> None:
        if mp.computing:
            self.seats[mp.id].cut = True

    def later(self, at_ns: int, kind: int, ident: int) -> None:
        self.clock.at(at_ns, kind, ident)

    def poll(self) -> None:
        if self.network.waiting:
            self.network.ready(self.poller.now())

    def transfer(self, gp: G) -> bool:
        return self.network.transfer(gp)

    # --- under the lock -----------------------------------------------------------------------------------------------
    def tick(self) -> int:
        """Bring the scheduler's instant up to the present; returns it."""
        now = time.perf_counter_ns() - self.began_ns
        self.sched.now_ns = now
        return now

    def begin(self) -> Seat:
        """Everything is there: the seat of m0, for the thread that calls this."""
        with self.lock:
            # Before boot, which may fail: m0 has a seat from the start.
            self.seats[0] = Seat(M(0), self.lock, self.work)
            self.seats[0].mp = boot(self.sched, self.plan.main, self.plan.args)
            self.outside.begin(self.sched)
            if self.until_ns < FOREVER:
                self.clock.at(self.until_ns, AT_UNTIL, 0)
        return self.seats[0]

    def happens(self, kind: int, ident: int) -> None:
        """What no M does is due."""
        if kind == AT_UNTIL:
            self.sched.stopped_by = "until"
            self.sched.ended = True
        else:
            self.outside.happen(self.sched, kind, ident)
        if self.sched.ended:
            self.end()

    def advance(self, seat: Seat) -> int:
        """The next step of an M, now."""
        mp = seat.mp
        sched = self.sched
        self.tick()
        if mp.parked:
            timedout(sched, mp)
        mp.computing = False
        self.n_steps += 1
        if self.n_steps & PULSE_MASK == 0 and self.pulse is not None:
            self.pulse(sched.now_ns, sched.n_schedules)
        code = step(sched, mp)
        mp.debt_ns = 0
        if code == STEP_END:
            sched.ended = True
        elif code == STEP_COMPUTE:
            mp.computing = True
            seat.cut = False
        elif code == STEP_NETPOLL:
            seat.in_epoll = True
        elif 0 < self.max_events <= self.n_steps and not sched.ended:
            sched.stopped_by = "max_events"
            sched.ended = True
        elif 0 < self.max_rows <= sched.rec.rows() and not sched.ended:
            sched.stopped_by = "max_rows"
            sched.ended = True
        if sched.ended:
            self.end()
        return code

    def end(self) -> None:
        """The run has ended: all go home."""
        if self.over.is_set():
            return
        self.over.set()
        self.ender = threading.get_ident()
        for seat in self.seats.values():
            seat.cut = True
            seat.bell.notify()
        self.clock.bell.notify()
        self.poller.wake()
        os.write(self.poller.over_w, b"\0")

    def fail(self, error: BaseException, seat: Seat | None) -> None:
        """An exception out of a step, a body or a policy ends the run, unless it has ended."""
        if self.over.is_set():
            return
        self.tick()
        if isinstance(error, Exception | KeyboardInterrupt):
            self.error = failed(self.sched, self.policy, error, seat.mp.curg if seat is not None else None)
        else:
            # sys.exit() in a body, say.
            self.sched.stopped_by = "interrupt"
            self.error = error
        self.sched.ended = True
        self.end()

    # --- outside of the lock --------------------------------------------------------------------------------------------
    def work(self, seat: Seat) -> None:
        """What the thread of an M does: step after step, and between them what the last one said."""
        try:
            while True:
                with self.lock:
                    if self.sched.ended:
                        return
                    try:
                        code = self.advance(seat)
                    except BaseException as e:
                        # Before another M may step on what this one left half done.
                        self.fail(e, seat)
                        return
                    generation = seat.generation
                if self.interrupted and seat is self.seats[0]:
                    raise KeyboardInterrupt
                if self.unborn:
                    self.bear()
                if code == STEP_ON:
                    continue
                if code == STEP_PARK and seat.mp.id in self.network.blocked:
                    self.network.block(seat.mp.id)
                    with self.lock:
                        self.network.unblock(seat.mp.id)
                elif code == STEP_PARK:
                    self.park(seat, generation)
                elif code == STEP_EXIT:
                    return
                else:
                    self.perform(seat, code)
        except BaseException as e:
            with self.lock:
                self.fail(e, seat)
        finally:
            if seat.mp.id != 0:
                self.leave()

    def leave(self) -> None:
        """By a thread that leaves the run, and is not m0."""
        if self.ender == threading.get_ident():
            self.call_m0_back()

    def park(self, seat: Seat, generation: int) -> None:
        """Sleep until somebody wakes the M, or its time is up; not if it was woken since it had this generation."""
        with self.lock:
            while seat.generation == generation and not self.sched.ended:
                left = self.left_s(seat, seat.mp.until_ns)
                if left <= 0:
                    return
                seat.bell.wait(left)

    def left_s(self, seat: Seat, until_ns: int) -> float:
        """How long an M may sleep now of a time until an instant, -1: for ever; not above 0: it is over."""
        longest = LOOK_S if seat is self.seats[0] else LONGEST_S
        if until_ns < 0:
            return longest
        return min((until_ns - (time.perf_counter_ns() - self.began_ns)) / 1e9, longest)

    def perform(self, seat: Seat, code: int) -> None:
        """What an M does outside of the lock."""
        mp = seat.mp
        gp = mp.curg
        if code == STEP_BODY:
            assert gp is not None
            seat.doing = "runs its body"
            fetch(self.sched, gp)
        elif code == STEP_CALL:
            assert gp is not None
            seat.doing = "computes"
            called(gp)
        elif code == STEP_SYSCALL:
            assert gp is not None
            seat.doing = "is in a syscall"
            if gp.b == 1:
                called(gp)
            else:
                until = time.perf_counter_ns() - self.began_ns + mp.rest_ns
                while (left := self.left_s(seat, until)) > 0 and not self.over.wait(left):
                    pass
        elif code == STEP_COMPUTE:
            assert gp is not None
            seat.doing = "computes"
            gp.rest_ns -= burn(seat, mp.rest_ns)
        elif code == STEP_NETPOLL:
            woken, ready = self.poller.wait(self.left_s(seat, mp.until_ns))
            while not woken and not ready and self.left_s(seat, mp.until_ns) > 0:
                woken, ready = self.poller.wait(self.left_s(seat, mp.until_ns))
            with self.lock:
                seat.in_epoll = False
                if ready and not self.sched.ended:
                    self.tick()
                    self.network.ready(ready)
        seat.doing = INSIDE

    def bear(self) -> None:
        """Start the threads that were made."""
        while self.unborn:
            try:
                child = self.unborn.popleft()
            except IndexError:
                return
            try:
                child.thread.start()
            except RuntimeError as e:
                self.refused(child, e)

    def refused(self, child: Seat | Clock, why: RuntimeError) -> None:
        """The system makes no more threads: an M tries again, as in Go."""
        with self.lock:
            if self.over.is_set():
                return
            self.tick()
            if isinstance(child, Seat):
                refusedclone(self.sched, child.mp)
                return
            self.sched.stopped_by = "threads"
            self.sched.ended = True
            self.error = ThreadLimitError(f"the system has no thread for the clock of a run: {why}")
            self.end()
