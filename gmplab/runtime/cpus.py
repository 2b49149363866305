"""CPUs that Ms share, as run(cpus=n) has it: who has one, who waits, and where a slice ends.

An M needs a CPU for each of its steps and for what they cost, for the computing of its G and for spinning. It needs
none while it sleeps on a note, in epoll or in usleep, and while it is in a system call. Who finds no CPU free joins
the end of one queue. Who has had a CPU for `Costs.kernel_slice_ns` goes to that end if others wait, and has another
slice if nobody does; a compute and a gap between two looks of a spinning M are cut for that, a step of the runtime is
not. Nothing of this is Go's: Go does not know that its thread stands, so a G whose M waits for a CPU is running.

Differs: Linux lets a thread that slept run before those that have run much, and cuts the running one for it; here it
waits for its turn. A system call takes no CPU, also where the kernel computes in it.
Not modelled: which CPU it is, and what a change of it costs; priorities; quotas.
"""

from __future__ import annotations

from typing import final

from mypy_extensions import i64

from gmplab.runtime.events import EventQueue
from gmplab.runtime.model import AT_CPU, PH_COMPUTED, PH_GC_DRAIN, PH_SPIN_GAP, M, Sched
from gmplab.vocabulary import (
    CPU_RUN, CPU_WAIT, NO_G, NO_P, STEP_COMPUTE, STEP_EXIT, STEP_NETPOLL, STEP_ON, STEP_PARK, STEP_SYSCALL,
)


@final
class Cpus:
    """The CPUs of a run.

    Parameters
    ----------
    n : int
        How many, at least 1.
    slice_ns : int
        How long an M keeps one while others wait.
    """

    def __init__(self, n: i64, slice_ns: i64, queue: EventQueue) -> None:
        self.n: i64 = n
        self.slice_ns: i64 = slice_ns
        self.queue: EventQueue = queue
        self.running: list[M] = []
        """Ms that have a CPU, at most n."""
        self.waiting: list[M] = []
        """Ms that wait for one, first come, first served."""

    def mine(self, sched: Sched, mp: M) -> bool:
        """Whether mp, whose event is due, does its next step now: it has a CPU, and what was cut is done."""
        if not mp.on_cpu:
            if len(self.running) >= self.n:
                self.wait(sched, mp)
                return False
            self.take(sched, mp)
        elif len(self.waiting) > 0 and mp.cpu_end_ns <= sched.now_ns:
            self.running.remove(mp)
            mp.on_cpu = False
            self.wait(sched, mp)
            self.next(sched)
            return False
        if not unfinished(sched, mp):
            return True
        self.compute(sched, mp)
        return False

    def wait(self, sched: Sched, mp: M) -> None:
        """mp joins those that wait; if it is the only one, the Ms that have a CPU must look up in time."""
        sched.cpu_waits += 1
        mp.cpu_wait_ns = sched.now_ns
        self.waiting.append(mp)
        if sched.rec.full:
            sched.rec.event(sched.now_ns, CPU_WAIT, NO_G, mp.id, NO_P, 0, NO_P, 0)
        if len(self.waiting) > 1:
            return
        for other in self.running:
            late = sched.now_ns - other.cpu_end_ns
            if late >= 0:
                # Nobody waited when its slices ended: it has had others since.
                other.cpu_end_ns += (late // self.slice_ns + 1) * self.slice_ns
            if (other.computing or other.phase == PH_SPIN_GAP) and other.event_ns > other.cpu_end_ns:
                self.queue.at(self.cut(other, other.began_ns, other.event_ns), other)

    def take(self, sched: Sched, mp: M) -> None:
        """mp gets a free CPU."""
        mp.on_cpu = True
        mp.cpu_end_ns = sched.now_ns + self.slice_ns
        self.running.append(mp)

    def next(self, sched: Sched) -> None:
        """A CPU is free: who has waited longest gets it, and goes on."""
        if len(self.waiting) == 0:
            return
        mp = self.waiting.pop(0)
        sched.cpu_wait_ns += sched.now_ns - mp.cpu_wait_ns
        mp.cpu_wait_ns = -1
        self.take(sched, mp)
        if sched.rec.full:
            sched.rec.event(sched.now_ns, CPU_RUN, NO_G, mp.id, NO_P, 0, NO_P, 0)
        self.queue.at(sched.now_ns, mp)

    def vacate(self, sched: Sched, mp: M) -> None:
        """mp, which sleeps or is in a system call, needs its CPU no more."""
        self.running.remove(mp)
        mp.on_cpu = False
        self.next(sched)

    def leave(self, sched: Sched, mp: M, t: i64) -> None:
        """mp needs its CPU until t."""
        if t <= sched.now_ns:
            self.vacate(sched, mp)
        else:
            self.queue.push(t, (mp.id << 3) | AT_CPU)

    def cut(self, mp: M, began: i64, end: i64) -> i64:
        """When mp, busy from `began` to `end`, must look up: at its slice's end if others wait."""
        if len(self.waiting) == 0 or end <= mp.cpu_end_ns:
            return end
        return max(began, mp.cpu_end_ns)

    def occupy(self, sched: Sched, mp: M, code: i64) -> None:
        """mp has done a step: it spends what that cost, and what comes then, until its next event."""
        t = sched.now_ns + mp.debt_ns
        mp.debt_ns = 0
        if code == STEP_ON:
            self.queue.at(t, mp)
        elif code == STEP_COMPUTE:
            self.compute_from(mp, t)
        elif code == STEP_SYSCALL:
            self.leave(sched, mp, t)
            self.queue.at(t + mp.rest_ns, mp)
        elif code == STEP_PARK and mp.phase == PH_SPIN_GAP:
            mp.asleep_ns = t
            mp.began_ns = t
            self.queue.at(self.cut(mp, t, max(t, mp.until_ns)), mp)
        elif code == STEP_PARK or code == STEP_NETPOLL:
            mp.asleep_ns = t
            self.leave(sched, mp, t)
            if mp.until_ns >= 0:
                self.queue.at(max(t, mp.until_ns), mp)
        else:
            assert code == STEP_EXIT
            self.leave(sched, mp, t)

    def compute_from(self, mp: M, began: i64) -> None:
        """mp's G computes from `began` on, until it is done or cut."""
        mp.began_ns = began
        mp.computing = True
        self.queue.at(self.cut(mp, began, began + mp.rest_ns), mp)

    def compute(self, sched: Sched, mp: M) -> None:
        """mp's G goes on with the compute that the kernel had cut."""
        gp = mp.curg
        pp = mp.p
        assert gp is not None and pp is not None
        mp.rest_ns = gp.rest_ns
        if mp.phase == PH_COMPUTED and sched.exact_slice:
            mp.rest_ns = min(mp.rest_ns, pp.slice_end_ns - sched.now_ns)
        self.compute_from(mp, sched.now_ns)


def unfinished(sched: Sched, mp: M) -> bool:
    """Whether mp stands in the midst of a compute that only the kernel has cut, and that goes on."""
    if mp.phase != PH_COMPUTED and mp.phase != PH_GC_DRAIN:
        return False
    gp = mp.curg
    pp = mp.p
    assert gp is not None and pp is not None
    if gp.rest_ns == 0:
        return False
    if gp.preempt and (sched.preempt.mode == "async" or not gp.tight):
        # It was asked to stop meanwhile: the signal reaches it when it runs again.
        return False
    return not (mp.phase == PH_COMPUTED and sched.exact_slice and pp.slice_end_ns <= sched.now_ns)
