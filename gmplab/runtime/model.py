"""G, M, P, Sched: fields, and a paragraph on each status; no behaviour but the settling of time sums.

A **G** is idle (just made), runnable (in exactly one queue, or in the hands of one M), running (one M, one P), in a
syscall (one M, perhaps a P), waiting (in wait queues, no M) or dead (free for reuse; its id is never used again).
A **P** is idle (on pidle, or promised to an M as `nextp`; its queue is empty), running (it has an M), stopped (for
stop-the-world; keeps its queue) or dead (GOMAXPROCS shrank). Since Go 1.26 a P whose M is in a syscall stays running.
An **M** is always at one place, which `phase` names. Go: runtime2.go: g, m, p, schedt.

One file, as in Go: each of the four refers to the others, and a queue to the Gs in it.
"""

from __future__ import annotations

from typing import Any, Final, Optional, final

from librt.vecs import append, vec
from mypy_extensions import i64, mypyc_attr

from gmplab.errors import PolicyError
from gmplab.runtime.contracts import (
    ORDERS, Block, Component, Control, Handoff, Machines, Place, Policy, Preempt, Queues, Rules, Spin, Steal, View, Wake,
)
from gmplab.runtime.costs import Prices
from gmplab.runtime.dice import below, draw
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.recorder import Histogram, Recorder
from gmplab.vocabulary import GC_OFF, GCW_NONE, GDEAD, IN_IDLE, IN_STARTING, N_MODES, NO_G, NO_P, PIDLE

# Where an M goes on at its next step.
PH_MSTART: Final = 0
PH_SCHEDULE: Final = 1
PH_FIND: Final = 2
PH_STEAL: Final = 3
PH_STEAL_RUNNEXT: Final = 4
PH_IDLE: Final = 5
PH_RECHECK: Final = 6
PH_NETPOLL: Final = 7
PH_WOKEN: Final = 9
PH_FOUND: Final = 10
PH_EXECUTE: Final = 11
PH_RUN: Final = 12
PH_COMPUTED: Final = 13
PH_SYSCALL_DONE: Final = 14
PH_EXITSYSCALL: Final = 15
PH_SYSMON: Final = 16
PH_SYSMON_ROUND: Final = 17
PH_LOCKED_WOKEN: Final = 18
PH_HELD: Final = 19
PH_NETPOLL_DONE: Final = 20
PH_DEAD: Final = 21
PH_SPIN_GAP: Final = 22
PH_STW_WAIT: Final = 23
PH_GC_DRAIN: Final = 26
PH_FOUND_WORKER: Final = 27
PH_TEMPLATE: Final = 28
PH_FETCHED: Final = 29
PH_DROPPED: Final = 30

FOREVER: Final = 4_000_000_000_000_000_000
"""An instant that never comes."""
LONG_AGO: Final = -(1 << 50)
"""Go's instant 0 is the machine's start: what happened then is no news to a process."""


@final
class Sudog:
    """A G in a wait queue of a channel or a semaphore. Go: runtime2.go: sudog."""

    def __init__(self, gp: G) -> None:
        self.g: G = gp
        self.elem: object = None
        self.success: bool = False
        self.case: i64 = -1
        self.ticket: i64 = 0
        self.front: bool = False
        self.queue: Optional[Waitq] = None
        self.next: Optional[Sudog] = None
        self.prev: Optional[Sudog] = None


@final
class Waitq:
    """A first-come-first-served list of waiting Gs. Go: chan.go: waitq."""

    def __init__(self) -> None:
        self.first: Optional[Sudog] = None
        self.last: Optional[Sudog] = None
        self.size: i64 = 0

    def enqueue(self, s: Sudog) -> None:
        s.queue = self
        s.next = None
        s.prev = self.last
        if self.last is None:
            self.first = s
        else:
            self.last.next = s
        self.last = s
        self.size += 1

    def push_front(self, s: Sudog) -> None:
        s.queue = self
        s.prev = None
        s.next = self.first
        if self.first is None:
            self.last = s
        else:
            self.first.prev = s
        self.first = s
        self.size += 1

    def remove(self, s: Sudog) -> None:
        if s.prev is None:
            self.first = s.next
        else:
            s.prev.next = s.next
        if s.next is None:
            self.last = s.prev
        else:
            s.next.prev = s.prev
        s.next = None
        s.prev = None
        s.queue = None
        self.size -= 1


@final
class RunToken:
    """Stands for one run: what belongs to it holds this."""

    def __init__(self) -> None:
        self.ended: bool = False


class Shared:
    """What goroutines share: a channel or a lock. It belongs to the run that used it last, and is as new in the next."""

    def __init__(self) -> None:
        self.id: i64 = 0
        """Given at the first wait for it in the run, 0 before."""
        self.run: Optional[RunToken] = None

    def renew(self) -> None:
        """Be as it was made, for another run."""
        raise NotImplementedError


class Timed:
    """What a timer heap holds: a G that sleeps, or a `Timer` of the program's. Go: time.go: timer."""

    timer: i64 = 0
    """Serial of its pending entry, 0 if none; a heap entry with another serial is dead."""
    key: i64 = 0
    """The dice's: a G's, made from the path of go statements; a Timer's, that of the G that it will start."""

    def renew(self) -> None:
        """Be as it was made, for another run."""
        raise NotImplementedError

    def fire(self, sched: Sched, mp: M, pp: P, when: i64) -> None:
        """It was due at `when`, and mp has taken it from pp's heap. A G is readied instead. Go: time.go: timer.unlockAndRun."""
        raise NotImplementedError

    def look(self, sched: Sched, mp: M) -> None:
        """mp's G looks at its channel: if it is due and in no heap, it sends now."""
        raise NotImplementedError

    def block(self, sched: Sched, mp: M) -> None:
        """One more G is about to wait on its channel."""
        raise NotImplementedError

    def unblock(self, sched: Sched, mp: M) -> None:
        """A G that waited on its channel goes on."""
        raise NotImplementedError

    def move(self, sched: Sched, mp: M, to: P) -> None:
        """Its P is destroyed: it joins another's heap."""
        raise NotImplementedError


class Starts:
    """What makes a goroutine, for who knows nothing of bodies."""

    def start(self, sched: Sched, mp: Optional[M]) -> G:
        """A new runnable G, not yet in a queue."""
        raise NotImplementedError


@final
class Sema:
    """A counting semaphore with a queue. Go: sema.go: semaRoot, by address there."""

    def __init__(self, count: i64 = 0) -> None:
        self.id: i64 = 0
        """Of the runtime's own only; else the object's that has it."""
        self.count: i64 = count
        self.waitq: Waitq = Waitq()


@final
class G(Timed):
    """A goroutine. Go: runtime2.go: g.

    The fields stand in the order of memory: first what every G uses each time it runs, then what only some do, which
    `gdestroy` leaves alone for a G that never needed it (`cold`). With a million Gs alive that is what time is lost on.
    """

    def __init__(self, goid: i64) -> None:
        self.goid: i64 = goid
        self.status: i64 = GDEAD
        self.since_ns: i64 = 0
        """Since when it has its status: runnable, running, in a syscall, waiting."""
        self.m: Optional[M] = None
        self.schedlink: Optional[G] = None
        self.preempt: bool = False
        self.system: bool = False
        self.asked: bool = False
        self.tight: bool = False
        self.cold: bool = False
        """Whether a field below "rarely" may differ from what the constructor gave it."""
        # The body: what it asks for (op, a, b, obj), and where it goes on.
        self.form: i64 = 0
        self.prog: Any = None
        self.pc: i64 = 0
        self.arg: i64 = 0
        self.i: i64 = 0
        self.op: i64 = 0
        self.a: i64 = 0
        self.b: i64 = 0
        self.obj: object = None
        self.stage: i64 = 0
        """0: fetch the next op; else the op under way goes on at this stage."""
        self.call: i64 = 0
        """Level "calls": the verb that it is in, as in M.calls."""
        self.rest_ns: i64 = 0
        """What is left of the compute or syscall under way."""
        # Dice: the key, and how much was drawn.
        self.key = 0
        self.draws: i64 = 0
        # What its row tells at the end.
        self.parent: i64 = NO_G
        self.label: i64 = 0
        self.cls: i64 = 0
        self.last_p: i64 = NO_P
        self.created_ns: i64 = 0
        self.first_run_ns: i64 = -1
        self.run_ns: i64 = 0
        self.wait_ns: i64 = 0
        self.blocked_ns: i64 = 0
        self.n_schedules: i64 = 0
        # Rarely.
        self.lockedm: Optional[M] = None
        self.body: Any = None
        self.j: i64 = 0
        self.value: object = None
        self.site: object = None
        """Of a `go` of a function: its line, `bodies.Site`."""
        self.result: object = None
        self.children: i64 = 0
        self.children_key: i64 = 0
        """The stream of their keys, once there is one."""
        self.rank: i64 = 0
        self.weight: i64 = 1
        self.deadline_ns: i64 = -1
        self.waitreason: i64 = 0
        self.waitobj: i64 = 0
        self.sudog: Optional[Sudog] = None
        self.cases: Optional[list[Sudog]] = None
        self.timer = 0
        # What Go's lockSlow keeps on its stack.
        self.waiting_since: i64 = 0
        self.starving: bool = False
        self.awoke: bool = False
        self.spins: i64 = 0


@final
class GList:
    """A stack of Gs, linked by schedlink: the dead ones. Go: proc.go: gList."""

    def __init__(self) -> None:
        self.head: Optional[G] = None
        self.size: i64 = 0

    def push(self, gp: G) -> None:
        gp.schedlink = self.head
        self.head = gp
        self.size += 1

    def pop(self) -> G:
        """The one that was pushed last; the stack is not empty."""
        gp = self.head
        assert gp is not None
        self.head = gp.schedlink
        gp.schedlink = None
        self.size -= 1
        return gp


@final
class GQueue:
    """A queue of Gs in a growing ring: the local queues and the global one. Go: proc.go: gQueue; runtime2.go: p.runq."""

    def __init__(self) -> None:
        self.ring: list[Optional[G]] = [None] * 256
        self.mask: i64 = 255
        self.head: i64 = 0
        self.tail: i64 = 0

    def size(self) -> i64:
        return self.tail - self.head

    def push(self, gp: G) -> None:
        if self.tail - self.head > self.mask:
            self.grow()
        self.ring[self.tail & self.mask] = gp
        self.tail += 1

    def push_head(self, gp: G) -> None:
        if self.tail - self.head > self.mask:
            self.grow()
        self.head -= 1
        self.ring[self.head & self.mask] = gp

    def pop(self) -> G:
        # What was popped stays in the ring until another takes its place: dead Gs are kept for reuse anyway.
        gp = self.ring[self.head & self.mask]
        assert gp is not None
        self.head += 1
        return gp

    def at(self, i: i64) -> G:
        gp = self.ring[(self.head + i) & self.mask]
        assert gp is not None
        return gp

    def take(self, i: i64) -> G:
        """Remove the i-th from the head; those before it move up."""
        gp = self.at(i)
        while i > 0:
            self.ring[(self.head + i) & self.mask] = self.ring[(self.head + i - 1) & self.mask]
            i -= 1
        self.head += 1
        return gp

    def grow(self) -> None:
        n = self.mask + 1
        bigger: list[Optional[G]] = [None] * (n * 2)
        for i in range(self.head, self.tail):
            bigger[i & (n * 2 - 1)] = self.ring[i & self.mask]
        self.ring = bigger
        self.mask = n * 2 - 1


@final
class M:
    """A machine: an OS thread. Go: runtime2.go: m."""

    def __init__(self, mid: i64) -> None:
        self.id: i64 = mid
        self.phase: i64 = PH_MSTART
        self.p: Optional[P] = None
        self.nextp: Optional[P] = None
        self.oldp: Optional[P] = None
        self.curg: Optional[G] = None
        self.lockedg: Optional[G] = None
        self.locked_ext: i64 = 0
        self.spinning: bool = False
        self.is_sysmon: bool = False
        self.clones: i64 = 0
        """How often the kernel refused it a thread."""
        self.syscalltick: i64 = 0
        self.exiting: bool = False
        # Operands of the step to come.
        self.debt_ns: i64 = 0
        self.rest_ns: i64 = 0
        self.until_ns: i64 = -1
        self.wakes: i64 = 0
        self.wake_why: i64 = 0
        self.seen_runnext: Optional[G] = None
        self.toready: Optional[G] = None
        self.toready_last: Optional[G] = None
        self.found: Optional[G] = None
        self.source: i64 = 0
        self.inherit_time: bool = False
        self.caller: i64 = 0
        self.victim: i64 = NO_P
        self.stolen: i64 = 0
        self.enter_ns: i64 = 0
        self.spin_since: i64 = 0
        self.rounds: i64 = 0
        """Rounds of steal passes that found nothing since it spins."""
        self.pass_: i64 = 0
        self.probe: i64 = 0
        self.looks: i64 = 0
        """Probes made in the pass under way; one may be made twice, and the thief's own P is none."""
        self.looking: bool = False
        """Whether it is paying for a look at `victim` that it has yet to make (Steal.pays_first)."""
        self.looks_paid: bool = False
        """Whether looks of the round under way took time before they were made."""
        self.roll: i64 = -1
        """The number of the order of victims of the pass under way, -1 until one is asked for."""
        self.ran_timer: bool = False
        """Whether this search ran another P's timers: there may be new work."""
        self.look_home: bool = False
        """Whether timers just ran, whose Gs may be in the own queue."""
        self.was_spinning: bool = False
        self.poll_until: i64 = 0
        self.parked: bool = False
        self.note: bool = False
        self.woken: bool = False
        self.key: i64 = 0
        """The dice's, once it has stolen; and how much was drawn."""
        self.draws: i64 = 0
        # sysmon's own.
        self.idle_rounds: i64 = 0
        self.delay_ns: i64 = 0
        # Time sums, and the driver's mark.
        self.mode: i64 = IN_STARTING
        self.since_ns: i64 = 0
        self.ns: vec[i64] = vec[i64]([0] * N_MODES)
        self.event: i64 = 0
        """The driver's: serial of its pending event, 0 if none."""
        self.event_ns: i64 = 0
        self.asleep_ns: i64 = 0
        """From when on it really sleeps: a wake-up before takes effect then."""
        self.began_ns: i64 = 0
        self.computing: bool = False
        self.on_cpu: bool = False
        """Where Ms share CPUs: whether it has one."""
        self.cpu_end_ns: i64 = 0
        """When it must make room for another that waits."""
        self.cpu_wait_ns: i64 = -1
        """Since when it waits for a CPU, -1 if it does not."""
        self.created_ns: i64 = 0
        self.created_by: i64 = -1
        self.why: i64 = 0
        self.exited_ns: i64 = -1
        self.exit_why: i64 = 0
        # Level "calls": the functions that run on its stacks (id << 8 | function), the one whose wakep and the one whose
        # ready() are put off to a step of their own, and the notewakeup that woke it.
        self.calls: list[i64] = []
        self.wake_call: i64 = 0
        self.ready_call: i64 = 0
        self.woken_by: i64 = 0


@final
class P:
    """A processor: the right to run Go code. Go: runtime2.go: p."""

    def __init__(self, pid: i64) -> None:
        self.id: i64 = pid
        self.status: i64 = PIDLE
        self.m: Optional[M] = None
        self.oldm: Optional[M] = None
        self.runnext: Optional[G] = None
        self.runq: GQueue = GQueue()
        self.schedtick: i64 = 0
        self.syscalltick: i64 = 0
        # sysmon's last look. Go: proc.go: sysmontick.
        self.seen_schedtick: i64 = 0
        self.seen_schedwhen: i64 = 0
        self.seen_syscalltick: i64 = 0
        self.seen_syscallwhen: i64 = LONG_AGO
        self.preempt: bool = False
        self.slice_end_ns: i64 = 0
        self.runnext_run: i64 = 0
        self.gfree: GList = GList()
        self.timers: Timers = Timers()
        self.on_pidle: bool = False
        # GC: what its worker is, which one is chosen for it, and how long fractional ones ran here in this cycle.
        self.gc_worker_mode: i64 = GCW_NONE
        self.next_gc_worker: Optional[G] = None
        self.gc_worker_since: i64 = 0
        self.gc_fractional_ns: i64 = 0
        self.mode: i64 = IN_IDLE
        self.since_ns: i64 = 0
        self.ns: vec[i64] = vec[i64]([0] * N_MODES)


@final
class Timers:
    """A P's timer heap: entries (when, serial, of), least first; an entry whose serial its owner has dropped is dead.

    Go: time.go: timers. Differs: a binary heap; entries of stopped timers leave when they come to the top.
    """

    def __init__(self) -> None:
        self.n: i64 = 0
        self.when: vec[i64] = vec[i64]([])
        self.serial: vec[i64] = vec[i64]([])
        self.of: list[Timed] = []

    def push(self, when: i64, serial: i64, x: Timed) -> None:
        i = self.n
        self.n = i + 1
        if i >= len(self.when):
            self.when = append(self.when, 0)
            self.serial = append(self.serial, 0)
            self.of.append(x)
        w = self.when
        s = self.serial
        of = self.of
        while i > 0:
            j = (i - 1) >> 1
            if w[j] < when or (w[j] == when and s[j] < serial):
                break
            w[i] = w[j]
            s[i] = s[j]
            of[i] = of[j]
            i = j
        w[i] = when
        s[i] = serial
        of[i] = x

    def pop(self) -> Timed:
        w = self.when
        s = self.serial
        of = self.of
        top = of[0]
        n = self.n - 1
        self.n = n
        # The slot stays, with who was in it: a list that shrinks to nothing and grows again is made anew each time.
        x = of[n]
        if n == 0:
            return top
        when = w[n]
        serial = s[n]
        i: i64 = 0
        while True:
            j = 2 * i + 1
            if j >= n:
                break
            if j + 1 < n and (w[j + 1] < w[j] or (w[j + 1] == w[j] and s[j + 1] < s[j])):
                j += 1
            if w[j] > when or (w[j] == when and s[j] > serial):
                break
            w[i] = w[j]
            s[i] = s[j]
            of[i] = of[j]
            i = j
        w[i] = when
        s[i] = serial
        of[i] = x
        return top

    def clean(self) -> None:
        """Drop dead entries from the top."""
        while self.n > 0 and self.of[0].timer != self.serial[0]:
            self.pop()

    def wake_time(self) -> i64:
        """When the earliest timer is due, 0 if there is none. Go: time.go: timers.wakeTime."""
        if self.n == 0:
            return 0
        self.clean()
        if self.n == 0:
            return 0
        return self.when[0]


@final
class GC:
    """The garbage collector, as far as the scheduler sees it. Go: mgc.go: work; mgcpacer.go: gcControllerState.

    Marking is an amount of CPU time. What no worker has taken is `left_ns`; a worker takes a share at a time.
    """

    def __init__(self) -> None:
        self.phase: i64 = GC_OFF
        self.cycles: i64 = 0
        self.left_ns: i64 = 0
        self.last_mark_ns: i64 = 0
        """What the last cycle had to mark, and when it ended, 0 if there was none. Go: memstats.last_gc_nanotime."""
        self.last_ns: i64 = 0
        self.helper: Optional[G] = None
        """The goroutine that begins the cycles which sysmon forces. Go: runtime2.go: forcegcstate."""
        self.nworking: i64 = 0
        """Workers that mark now; Go counts those that do not (work.nwait)."""
        self.mark_start_ns: i64 = 0
        self.dedicated_needed: i64 = 0
        self.fractional_goal: float = 0.0
        self.idle_workers: i64 = 0
        self.most_idle_workers: i64 = 0
        self.n_workers: i64 = 0
        self.pool: list[G] = []
        """Workers that wait to be chosen; last in, first out."""
        self.ready: bool = False
        """The channel on which a new worker says that it is in the pool: whether it has; who waits for it; its id."""
        self.starter: Optional[G] = None
        self.ready_id: i64 = 0
        self.waiters: list[G] = []
        """Gs that wait for the end of a cycle. Go: work.sweepWaiters."""
        self.start_sema: Sema = Sema(1)
        self.gc_sema: Sema = Sema(1)
        """Held through a cycle, and while GOMAXPROCS changes."""
        self.world_sema: Sema = Sema(1)
        """Held while the world stands."""
        self.mark_done_sema: Sema = Sema(1)
        self.dedicated_ns: i64 = 0
        self.fractional_ns: i64 = 0
        self.idle_ns: i64 = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class Driver:
    """What moves time: the core tells it who is to run, never when."""

    def wakeup(self, mp: M, from_p: i64) -> None:
        """mp sleeps on a note, in a gap or in epoll, and is to go on. Go: notewakeup."""
        raise NotImplementedError

    def notice(self, mp: M) -> None:
        """mp spins and waits for its next look at others, and is to go on at once."""
        raise NotImplementedError

    def clone(self, mp: M) -> bool:
        """A thread for mp begins at mstart; False if the kernel grants none now (EAGAIN)."""
        raise NotImplementedError

    def interrupt(self, mp: M) -> None:
        """Cut the compute that mp is in: it is asked to stop. Go: preemptM."""
        raise NotImplementedError

    def later(self, at_ns: i64, kind: i64, ident: i64) -> None:
        """Call back at an instant: AT_* below."""
        raise NotImplementedError

    def transfer(self, gp: G) -> bool:
        """Do what gp asks of a real socket: True with its result, or False: it waits. Only where `sched.apart`."""
        raise NotImplementedError

    def poll(self) -> None:
        """Put the Gs whose descriptors are ready by now into `sched.netpoll_ready`; in virtual time they are there."""

    def choose(self, what: i64, n: i64, bits: i64) -> i64:
        """An open decision, CHOOSE_* below: one of n. The dice gave `bits`, 63 of them; an explorer answers itself."""
        return below(bits, n)

    def roll(self, mp: M, bits: i64) -> i64:
        """The number from which the steal policy takes the order of victims of mp's next pass. The dice gave `bits`."""
        return bits


CHOOSE_SELECT: Final = 0
"""Where the next case stands in the order in which a select looks at them."""
CHOOSE_QUEUED: Final = 1
"""Which G of a queue in random order."""
CHOOSE_POLICY: Final = 2
"""A draw of a policy's own: View.below."""

AT_STEP: Final = 0
AT_WAKEP: Final = 1
AT_IO: Final = 2
AT_HANDOFF: Final = 3
AT_ARRIVAL: Final = 4
AT_CPU: Final = 5
AT_CLONE: Final = 6


@final
class Sched:
    """The whole state of a run. Go: runtime2.go: schedt, and proc.go's globals."""

    def __init__(self, policy: Policy, prices: Prices, recorder: Recorder, driver: Driver, seed: i64, procs: i64) -> None:
        self.policy: Policy = policy
        # The policy's components, their states, and the constants that are read once.
        self.queues: Queues = policy.queues
        self.place: Place = policy.place
        self.steal: Steal = policy.steal
        self.spin: Spin = policy.spin
        self.wake: Wake = policy.wake
        self.handoff: Handoff = policy.handoff
        self.block: Block = policy.block
        self.preempt: Preempt = policy.preempt
        self.machines: Machines = policy.machines
        self.control: Control = policy.control
        self.rules: Rules = policy.rules
        self.queues_state: object = None
        self.place_state: object = None
        self.steal_state: object = None
        self.spin_state: object = None
        self.wake_state: object = None
        self.handoff_state: object = None
        self.preempt_state: object = None
        self.machines_state: object = None
        self.control_state: object = None
        self.capacity: i64 = policy.queues.capacity
        self.spill: i64 = policy.queues.capacity // policy.queues.spill_divisor
        self.has_runnext: bool = policy.queues.runnext
        self.inherit_slice: bool = policy.queues.inherit_slice
        self.runnext_limit: i64 = policy.queues.runnext_limit
        self.fair_tick: i64 = policy.queues.fair_tick
        self.batch_cap: i64 = policy.queues.batch_cap
        self.order: i64 = ORDERS.index(policy.queues.order)
        self.global_order: i64 = 0 if policy.queues.global_fifo else self.order
        self.passes: i64 = policy.steal.passes
        self.runnext_pass: i64 = policy.steal.runnext_pass
        self.timers_pass: i64 = policy.steal.timers_pass
        self.thieves_fire: bool = policy.rules.timers_on_p and 0 <= policy.steal.timers_pass < policy.steal.passes
        own_order = still_claims(policy.steal, "each_once", ("victim", "probes"))
        self.pays_first: bool = policy.steal.pays_first
        self.each_once: bool = own_order and policy.steal.each_once() and prices.steal_probe >= 0 and not self.pays_first
        self.backoff_ns: i64 = policy.steal.runnext_backoff_ns
        self.quantum_ns: i64 = policy.preempt.quantum_ns
        self.exact_slice: bool = policy.preempt.exact and policy.preempt.mode != "none"
        self.hold: bool = policy.block.hold
        self.child_first: bool = policy.place.child_first
        self.overflow_n: i64 = 0
        self.overflow_g: Optional[G] = None
        self.pending_wakes: i64 = 0
        self.prices: Prices = prices
        self.rec: Recorder = recorder
        self.calls_on: bool = recorder.calls_on
        self.calls: list[i64] = []
        """The calls of no M: M.calls for what the driver does."""
        self.driver: Driver = driver
        self.seed: i64 = seed
        self.now_ns: i64 = 0
        self.apart: bool = False
        """Whether bodies, and functions that they call for, run outside of the steps: on real threads."""
        self.here: object = None
        """Else the `bodies.Here` of the run's one thread, once a body has run."""
        self.lock_plain: bool = False
        """Whether a plain function may run there, with its thread locked to it."""
        self.gomaxprocs: i64 = procs
        self.ncpu: i64 = 0
        """CPUs that Ms share, 0: each has one. Go: runtime2.go: numCPUStartup."""
        self.allp: list[P] = []
        self.allm: list[M] = []
        self.allgs: list[Optional[G]] = [None]
        self.runq: GQueue = GQueue()
        self.midle: list[M] = []
        self.nmidlelocked: i64 = 0
        self.nmsys: i64 = 0
        self.nmfreed: i64 = 0
        self.refused: bool = False
        """Whether the machines policy refused an M since the last thread ended."""
        self.pidle: list[P] = []
        self.npidle: i64 = 0
        self.nmspinning: i64 = 0
        self.needspinning: i64 = 0
        self.gfree: GList = GList()
        # netpoll
        self.lastpoll: i64 = 1
        self.poll_until: i64 = 0
        self.poller: Optional[M] = None
        self.polling_until_ns: i64 = 0
        """Until when an M polls without blocking. Go: schedt.pollingNet."""
        self.netpoll_ready: GQueue = GQueue()
        self.netpoll_waiters: i64 = 0
        self.listeners: dict[object, object] = {}
        """In virtual time: who listens at which address."""
        # stop the world
        self.gcwaiting: bool = False
        self.stopwait: i64 = 0
        self.stopper: Optional[M] = None
        self.stop_why: i64 = 0
        self.stop_began_ns: i64 = 0
        self.stood: list[M] = []
        """Ms with a held task that came back while the world stood: they wait for its start."""
        self.n_stw: i64 = 0
        self.stw_stopping_ns: i64 = 0
        self.stw_total_ns: i64 = 0
        # a change of GOMAXPROCS that the control policy ordered. Go: proc.go: updateMaxProcsG.
        self.custom_procs: bool = False
        self.wanted_procs: i64 = 0
        self.updater: Optional[G] = None
        # the garbage collector
        self.gc: GC = GC()
        self.gc_blacken: bool = False
        """Whether workers may mark: tested on the hot path. Go: mgc.go: gcBlackenEnabled."""
        self.sysmon: Optional[M] = None
        self.sysmonwait: bool = False
        # the thread that makes those which Ms locked to a G ask for. Go: proc.go: newmHandoff.
        self.template: Optional[M] = None
        self.handed: list[M] = []
        """Ms that wait for the template thread to make theirs."""
        self.control_due_ns: i64 = policy.control.period_ns
        self.asked_at: i64 = -1
        """How many schedules and exits there had been when the control policy was asked last."""
        # arrivals that are still to come, and their Gs that live
        self.arrivals: i64 = 0
        self.arrivals_waiter: Optional[G] = None
        # ends
        self.ended: bool = False
        self.stopped_by: str = ""
        self.error: Any = None
        self.main: Optional[G] = None
        self.result: object = None
        """What main returned."""
        self.draining: bool = False
        self.n_user: i64 = 0
        self.objects: i64 = 0
        self.object_names: dict[int, str] = {}
        self.timer_serial: i64 = 0
        """How often a timer was set: 0 says that no P has any."""
        self.policy_draws: i64 = 0
        self.groups: list[i64] = []
        self.dozing: list[M] = []
        # labels
        self.labels: list[tuple[int, str, str, str]] = []
        self.label_of: dict[tuple[int, str, str, str], int] = {}
        self.class_of: dict[str, int] = {"": 0}
        self.run_token: RunToken = RunToken()
        """What channels, locks and a Program's cached label belong to: this run."""
        self.texts: list[str] = []
        self.classes: list[str] = [""]
        self.wait_hists: list[Histogram] = [Histogram()]
        self.sojourn_hists: list[Histogram] = [Histogram()]
        self.warmup_ns: i64 = 0
        # exact integrals of "idle while overloaded"
        self.n_runnable: i64 = 0
        self.overload_since: i64 = -1
        self.overload_wall: i64 = 0
        self.overload_p: i64 = 0
        self.overload_g: i64 = 0
        self.jain_n: i64 = 0
        self.jain_sum: float = 0.0
        self.jain_squares: float = 0.0
        # counters
        self.n_schedules: i64 = 0
        self.n_exited: i64 = 0
        self.steal_passes: i64 = 0
        self.steal_probes: i64 = 0
        self.steals: i64 = 0
        self.stolen: i64 = 0
        self.spins: i64 = 0
        self.threads_created: i64 = 0
        self.threads_peak: i64 = 0
        self.parks_m: i64 = 0
        self.wakes_m: i64 = 0
        self.handoffs: i64 = 0
        self.retakes: i64 = 0
        self.preempt_requests: i64 = 0
        self.preemptions: i64 = 0
        self.gosched: i64 = 0
        self.syscalls: i64 = 0
        self.syscalls_lost_p: i64 = 0
        self.netpolls: i64 = 0
        self.timers_fired: i64 = 0
        self.overflows: i64 = 0
        self.cpu_waits: i64 = 0
        self.cpu_wait_ns: i64 = 0
        """What the waits of Ms for a CPU took that are over."""
        self.view: SchedView = SchedView(self)
        view = self.view
        self.queues_state = started(policy.queues, view)
        self.place_state = started(policy.place, view)
        self.steal_state = started(policy.steal, view)
        self.spin_state = started(policy.spin, view)
        self.wake_state = started(policy.wake, view)
        self.handoff_state = started(policy.handoff, view)
        self.preempt_state = started(policy.preempt, view)
        self.machines_state = started(policy.machines, view)
        self.control_state = started(policy.control, view)


def started(component: Component, view: View) -> object:
    """What a component remembers in this run. Raises `PolicyError` where its `start` raises."""
    try:
        return component.start(view)
    except Exception as e:
        raise PolicyError(f"{type(component).__name__}.start raised {type(e).__name__}: {e}") from e


def still_claims(component: object, claim: str, about: tuple[str, ...]) -> bool:
    """Whether no subclass overrides what a method `claim` is about without saying `claim` anew."""
    for cls in type(component).__mro__:
        if claim in cls.__dict__:
            return True
        if any(name in cls.__dict__ for name in about):
            return False
    return False


def price(sched: Sched, cost: i64) -> i64:
    """A price, drawn if it is a distribution. Draws are numbered in the order of the core's steps."""
    if cost >= 0:
        return cost
    return sched.prices.drawn[-cost - 1].sample(policy_bits(sched))


def policy_bits(sched: Sched) -> i64:
    sched.policy_draws += 1
    return draw(sched.seed ^ 0x5DEECE66D, sched.policy_draws)


def charge(sched: Sched, mp: M, cost: i64) -> None:
    """Add a price to what mp must spend before its next step."""
    if cost > 0:
        mp.debt_ns += cost
    elif cost < 0:
        mp.debt_ns += price(sched, cost)


def settle(mp: M, mode: i64, now: i64) -> None:
    """From now on mp, and the P it has, are in `mode`; what was goes into the sums."""
    sums = mp.ns
    sums[mp.mode] += now - mp.since_ns
    mp.mode = mode
    mp.since_ns = now
    pp = mp.p
    if pp is not None:
        settlep(pp, mode, now)


def settlep(pp: P, mode: i64, now: i64) -> None:
    sums = pp.ns
    sums[pp.mode] += now - pp.since_ns
    pp.mode = mode
    pp.since_ns = now


def overload(sched: Sched) -> None:
    """Bring the integrals of "a P idle while a G is runnable" up to now; call before npidle or n_runnable changes."""
    if sched.npidle > 0 and sched.n_runnable > 0:
        d = sched.now_ns - sched.overload_since
        sched.overload_wall += d
        sched.overload_p += d * sched.npidle
        sched.overload_g += d * sched.n_runnable
    sched.overload_since = sched.now_ns


@final
class SchedView(View):
    """The `View` of a running Sched."""

    def __init__(self, sched: Sched) -> None:
        self.s: Sched = sched

    def g(self, g: i64) -> G:
        gp = self.s.allgs[g] if 0 < g < len(self.s.allgs) else None
        if gp is None:
            raise ValueError(f"g = {g}: no such goroutine, or it has exited")
        return gp

    def now_ns(self) -> i64:
        return self.s.now_ns

    def procs(self) -> i64:
        return self.s.gomaxprocs

    def queue_len(self, p: i64) -> i64:
        return self.s.allp[p].runq.size()

    def head(self, p: i64) -> i64:
        queue = self.s.allp[p].runq
        return queue.at(0).goid if queue.size() > 0 else NO_G

    def load(self, p: i64) -> i64:
        pp = self.s.allp[p]
        n = pp.runq.size()
        if pp.runnext is not None:
            n += 1
        mp = pp.m
        if mp is not None and (mp.curg is not None or mp.found is not None):
            n += 1
        return n

    def has_runnext(self, p: i64) -> bool:
        return self.s.allp[p].runnext is not None

    def global_len(self) -> i64:
        return self.s.runq.size()

    def idle(self, p: i64) -> bool:
        return self.s.allp[p].status == PIDLE

    def running_g(self, p: i64) -> i64:
        mp = self.s.allp[p].m
        return mp.curg.goid if mp is not None and mp.curg is not None else NO_G

    def running_ns(self, p: i64) -> i64:
        mp = self.s.allp[p].m
        return self.s.now_ns - mp.curg.since_ns if mp is not None and mp.curg is not None else 0

    def npidle(self) -> i64:
        return self.s.npidle

    def nmspinning(self) -> i64:
        return self.s.nmspinning

    def rounds(self, p: i64) -> i64:
        mp = self.s.allp[p].m
        return mp.rounds if mp is not None and mp.spinning else 0

    def nmidle(self) -> i64:
        return len(self.s.midle)

    def n_threads(self) -> i64:
        return len(self.s.allm) - self.s.nmfreed

    def nmsys(self) -> i64:
        return self.s.nmsys

    def n_runnable(self) -> i64:
        return self.s.n_runnable

    def n_finished(self) -> i64:
        return self.s.n_exited

    def ready_ns(self, g: i64) -> i64:
        return self.g(g).since_ns

    def attained_ns(self, g: i64) -> i64:
        return self.g(g).run_ns

    def remaining_ns(self, g: i64) -> i64:
        gp = self.g(g)
        if gp.rest_ns == 0 and gp.stage == 0 and gp.prog is not None:
            ahead: i64 = gp.prog.ahead_ns(gp)
            return ahead
        return gp.rest_ns

    def weight(self, g: i64) -> i64:
        return self.g(g).weight

    def deadline_ns(self, g: i64) -> i64:
        return self.g(g).deadline_ns

    def cls(self, g: i64) -> str:
        return self.s.classes[self.g(g).cls]

    def last_p(self, g: i64) -> i64:
        return self.g(g).last_p

    def group(self, p: i64) -> i64:
        return self.s.groups[p] if p < len(self.s.groups) else 0

    def below(self, n: i64) -> i64:
        if n < 1:
            raise ValueError(f"below({n}): the bound must be at least 1")
        return self.s.driver.choose(CHOOSE_POLICY, n, policy_bits(self.s))

    def ns(self, distribution: Distribution) -> i64:
        return distribution.sample(policy_bits(self.s))
