"""The state that event rows rebuild: every queue's contents, every M's place, every P's owner, after any row.

One method an event kind, as `gmplab.vocabulary` says beside the kind what a row means; `State.apply` dispatches. A method
first asks whether the row can be, and raises `Impossible` with the fact that contradicts it; then it changes the state.
So the state is always one that could be: a runnable G is in one queue or in the hands of one M, a P has at most one M and
an M at most one P and one G, an idle P has no queue. Refused: to rebuild with the core's own functions, which would
repeat the core's mistakes and need its policy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Final, NoReturn

from gmplab.vocabulary import (
    CALL_CHILD, CALL_EXITSYSCALL, CALL_GOEXIT, CALL_GOSCHED, CALL_GOYIELD, CALL_HELD, CALL_MSTART, CALL_PARK,
    CALL_PREEMPT, CALL_STOPLOCKED, G_STATUSES, GRUNNABLE, GRUNNING, GSYSCALL, GWAITING, NO_G, NO_M, NO_P, P_STATUSES,
    PDEAD, PGCSTOP, PIDLE, POLL_BLOCKING, PRUNNING, Q_BATCH, Q_GLOBAL, Q_GLOBAL_HEAD, Q_LOCAL, Q_NONE, Q_RUNNEXT, QUEUES,
    SRC_GLOBAL, SRC_GLOBAL_TICK, SRC_LOCAL, SRC_RUNNEXT, SRC_STEAL, SRC_STEAL_RUNNEXT, STOP_EXITSYSCALL,
    WAIT_CHAN_RECEIVE, WAIT_CHAN_SEND, WAIT_COND, WAIT_GC_WORKER, WAIT_IO, WAIT_MUTEX, WAIT_REASONS, WAIT_RWMUTEX_LOCK,
    WAIT_RWMUTEX_RLOCK, WAIT_SELECT, WAIT_SEMACQUIRE, WAIT_WAITGROUP, WHY_BOOT, WHY_CLONE_RETRY, WHY_CONTROL, WHY_DEEP_SLEEP, WHY_HANDOFFP,
    WHY_HELD, WHY_IDLE, WHY_INJECT, WHY_LOCKED, WHY_LOCKED_EXIT, WHY_NETPOLL, WHY_NETPOLL_BREAK, WHY_NONE,
    WHY_START_LOCKED, WHY_STOP_WORLD, WHY_SYSMON, WHY_TIMER, WHY_WAKEP, WHYS,
)

# Where an M is.
STARTING: Final = 0
SCHEDULE: Final = 1
RUNNING: Final = 2
SYSCALL: Final = 3
EXITSYSCALL: Final = 4
"""Its G's call has returned, and there was no P."""
WAKING: Final = 5
SYSMON_SLEEP: Final = 6
PARKED: Final = 7
"""Asleep; `Machine.why` says on what. Who is here, or further on, does nothing."""
EXITED: Final = 8
PLACES: Final = ("starting", "schedule", "running", "syscall", "exitsyscall", "waking", "sysmon", "parked", "exited")

QUEUED_ON: Final = frozenset({
    WAIT_CHAN_RECEIVE, WAIT_CHAN_SEND, WAIT_MUTEX, WAIT_RWMUTEX_RLOCK, WAIT_RWMUTEX_LOCK, WAIT_COND, WAIT_WAITGROUP,
    WAIT_SEMACQUIRE,
})
"""The wait reasons whose object has a queue; its key is (object, reason)."""
MGET: Final = frozenset({WHY_WAKEP, WHY_HANDOFFP, WHY_INJECT, WHY_CONTROL, WHY_TIMER})
"""Who takes the M that parked last. Go: proc.go: mget."""
CALLER_OF_STOP: Final = (CALL_GOSCHED, CALL_PREEMPT, CALL_GOYIELD, CALL_EXITSYSCALL, CALL_CHILD)
"""The caller of the schedule() after a GoStop, by its reason."""

Key = tuple[int, int]
Row = tuple[int, int, int, int, int, int, int, int]
"""(t_ns, kind, g, m, p, arg, reason, aux) of one event."""


class Impossible(Exception):
    """A row contradicts the state before it; the message is the fact."""


@dataclass(slots=True)
class Goroutine:
    """A living G. `m`: the M that runs it, has it in hand or keeps it while it waits; NO_M where it is queued or waits."""

    status: int
    m: int
    since: int
    reason: int = 0
    obj: int = 0
    keys: tuple[Key, ...] = ()
    timer_p: int = NO_P

    def copy(self) -> Goroutine:
        return Goroutine(self.status, self.m, self.since, self.reason, self.obj, self.keys, self.timer_p)


def of_program(number: int) -> int:
    """A timer of the program's among the gs whose timers lie in the same heap: below all of them."""
    return -2 - number


def timer_name(whose: int) -> str:
    """The owner of a heap's entry, in words."""
    return f"g{whose}" if whose >= 0 else f"timer#{-2 - whose}"


@dataclass(slots=True)
class Processor:
    """A P. `next_m`: the M that it is promised to (its nextp)."""

    status: int = PIDLE
    m: int = NO_M
    next_m: int = NO_M
    on_pidle: bool = False
    runnext: int = NO_G
    queue: deque[int] = field(default_factory=deque)
    timers: list[tuple[int, int, int]] = field(default_factory=list)
    """A heap of (due, order of setting, whose): a g, or a timer of the program's as `of_program` numbers it."""

    def copy(self) -> Processor:
        return Processor(
            self.status, self.m, self.next_m, self.on_pidle, self.runnext, self.queue.copy(), self.timers.copy()
        )


@dataclass(slots=True)
class Machine:
    """An M. `hands`: how many runnable Gs it has in hand; `caller`, `victim`, `stolen`: what its next row of `schedule` tells."""

    place: int
    p: int = NO_P
    g: int = NO_G
    hands: int = 0
    spinning: bool = False
    passes: int = 0
    why: int = WHY_NONE
    until: int = -1
    noted: bool = False
    sysmon: bool = False
    locked_g: int = NO_G
    locks: int = 0
    caller: int = CALL_MSTART
    victim: int = NO_P
    stolen: int = 0
    waits_for_cpu: bool = False

    def copy(self) -> Machine:
        return Machine(
            self.place, self.p, self.g, self.hands, self.spinning, self.passes, self.why, self.until, self.noted, self.sysmon,
            self.locked_g, self.locks, self.caller, self.victim, self.stolen, self.waits_for_cpu,
        )


class State:
    """All that the rows up to one of them tell. Begins before the first row.

    Parameters
    ----------
    procs : int
        GOMAXPROCS at the start.
    timed : bool
        False: time stands still (`gmplab.explore`), so a sleep may end before its instant.
    """

    def __init__(self, procs: int, timed: bool = True) -> None:
        self.timed = timed
        self.row = -1
        self.now = 0
        self.gomaxprocs = procs
        self.gs: dict[int, Goroutine] = {}
        self.made = 0
        self.ps: list[Processor] = [Processor() for _ in range(procs)]
        self.ms: list[Machine] = []
        self.runq: deque[int] = deque()
        self.midle: list[int] = []
        self.pidle: list[int] = []
        self.nmspinning = 0
        self.threads = 0
        self.threads_peak = 0
        self.waiters: dict[Key, dict[int, None]] = {}
        self.io_ready: dict[int, None] = {}
        self.polled = 0
        self.timers_set = 0
        self.poller = NO_M
        self.stopping = False
        self.stopped = False
        self.gc_phase = 0
        self.lost_p = 0
        self.search = (0, CALL_MSTART, NO_P, 0)
        """Of the last GoStart: since when its G had been runnable, who called schedule(), whom it was stolen from, how many."""

    def copy(self) -> State:
        """An equal state that changes by itself."""
        new = State.__new__(State)
        new.__dict__.update(self.__dict__)
        new.gs = {g: gp.copy() for g, gp in self.gs.items()}
        new.ps = [pp.copy() for pp in self.ps]
        new.ms = [mp.copy() for mp in self.ms]
        new.runq = self.runq.copy()
        new.midle, new.pidle = self.midle.copy(), self.pidle.copy()
        new.waiters = {key: gs.copy() for key, gs in self.waiters.items()}
        new.io_ready = self.io_ready.copy()
        return new

    def size(self) -> int:
        """How many things a copy copies."""
        return len(self.gs) + len(self.ps) + len(self.ms) + len(self.waiters)

    def apply(self, rows: Iterable[Row], methods: Sequence[Method]) -> None:
        """Apply rows in order, each by its kind's method: `APPLY`, or what a reader puts in its place.

        Raises `Impossible` at the first that cannot be, and `row` is its number.
        """
        for row in rows:
            self.row += 1
            t = row[0]
            if t < self.now:
                raise Impossible(f"time goes back: the row before it is at {self.now} ns")
            self.now = t
            methods[row[1]](self, row)

    # --- asking -------------------------------------------------------------------------------------------------------
    def goroutine(self, g: int, status: int) -> Goroutine:
        """The living g, which must be of a status."""
        gp = self.gs.get(g)
        if gp is None or gp.status != status:
            self.not_so(g, gp, status)
        return gp

    def not_so(self, g: int, gp: Goroutine | None, status: int) -> NoReturn:
        wanted = G_STATUSES[status]
        if gp is not None:
            raise Impossible(f"g{g} must be {wanted}, and is {self.told(g)}")
        gone = "has exited" if 0 < g <= self.made else "was never made"
        raise Impossible(f"g{g} must be {wanted}, and {gone}")

    def told(self, g: int) -> str:
        """What a living g is, in words."""
        gp = self.gs[g]
        if gp.status == GRUNNABLE:
            return f"runnable {self.place_of(g)}"
        at = f" on m{gp.m}" if gp.m != NO_M else ""
        return f"{G_STATUSES[gp.status]}{at}"

    def place_of(self, g: int) -> str:
        """Where a runnable g is, in words."""
        gp = self.gs[g]
        if gp.m != NO_M:
            return f"in the hands of m{gp.m}"
        if g in self.runq:
            return "in the global queue"
        for p, pp in enumerate(self.ps):
            if pp.runnext == g:
                return f"as runnext of p{p}"
            if g in pp.queue:
                return f"in the queue of p{p}"
        return "in no queue"

    def processor(self, p: int) -> Processor:
        if not 0 <= p < len(self.ps):
            raise Impossible(f"there is no p{p}: GOMAXPROCS is {self.gomaxprocs}")
        return self.ps[p]

    def machine(self, m: int) -> Machine:
        if not 0 <= m < len(self.ms):
            raise Impossible(f"there is no m{m}: {len(self.ms)} Ms were made")
        return self.ms[m]

    def awake(self, m: int) -> Machine:
        """m, which must not sleep, since it does something."""
        mp = self.machine(m)
        if mp.place >= PARKED:
            if mp.place == EXITED:
                raise Impossible(f"m{m} has exited")
            raise Impossible(f"m{m} sleeps ({WHYS[mp.why]}), and no MWake came")
        if mp.waits_for_cpu:
            raise Impossible(f"m{m} waits for a CPU, and no CpuRun came")
        return mp

    def holds(self, m: int, mp: Machine, p: int) -> None:
        """m must hold p, or none where p is NO_P."""
        if mp.p != p:
            raise Impossible(f"m{m} holds {named('p', mp.p)}, and not {named('p', p)}")

    def in_hand(self, g: int, m: int) -> Goroutine:
        """g, which must be runnable and in the hands of m."""
        gp = self.goroutine(g, GRUNNABLE)
        if gp.m != m:
            raise Impossible(f"g{g} must be in the hands of {named('m', m)}, and is {self.told(g)}")
        return gp

    def running_on(self, g: int, m: int, p: int) -> tuple[Goroutine, Machine]:
        """g and m, which must run g and hold p, or no P where p is NO_P."""
        gp = self.gs.get(g)
        if gp is None or gp.status != GRUNNING:
            self.not_so(g, gp, GRUNNING)
        if gp.m != m:
            raise Impossible(f"g{g} must run on {named('m', m)}, and runs on m{gp.m}")
        mp = self.ms[m]
        if mp.p != p:
            self.holds(m, mp, p)
        return gp, mp

    # --- moving Gs ----------------------------------------------------------------------------------------------------
    def put(self, g: int, gp: Goroutine, m: int, queue: int, p: int) -> None:
        """The runnable g, which is nowhere, into a queue, or into the hands of m."""
        if queue == Q_RUNNEXT or queue == Q_LOCAL:
            pp = self.processor(p)
            if pp.on_pidle:
                raise Impossible(f"p{p} is idle: an idle P's queue must be empty")
            gp.m = NO_M
            if queue == Q_LOCAL:
                pp.queue.append(g)
                return
            if pp.runnext != NO_G:
                pp.queue.append(pp.runnext)
            pp.runnext = g
        elif queue == Q_GLOBAL:
            gp.m = NO_M
            self.runq.append(g)
        elif queue == Q_GLOBAL_HEAD:
            gp.m = NO_M
            self.runq.appendleft(g)
        else:
            gp.m = m
            if m != NO_M:
                self.machine(m).hands += 1

    def take(self, g: int, queue: deque[int], name: str, index: int) -> None:
        """g leaves a queue, where it must be at `index` from the head."""
        if index < len(queue) and queue[index] == g:
            if index == 0:
                queue.popleft()
            else:
                del queue[index]
            return
        if index >= len(queue):
            raise Impossible(f"{name} holds {len(queue)} Gs: none at index {index}")
        raise Impossible(f"g{queue[index]} is at index {index} of {name}, and not g{g}")

    def move(self, n: int, source: deque[int], name: str, to: deque[int]) -> None:
        """n Gs from the head of a queue to the tail of another."""
        if not 0 <= n <= len(source):
            raise Impossible(f"{name} holds {len(source)} Gs: {n} cannot leave it")
        for _ in range(n):
            to.append(source.popleft())

    # --- goroutines ---------------------------------------------------------------------------------------------------
    def go_create(self, row: Row) -> None:
        t, _, g, m, p, arg, reason, aux = row
        if g != self.made + 1:
            raise Impossible(f"ids are given in order: g{self.made + 1} comes next")
        if arg != NO_G:
            self.running_on(arg, m, p)
        self.made = g
        gp = self.gs[g] = Goroutine(GRUNNABLE, NO_M, t)
        self.put(g, gp, m, reason, aux)

    def go_ready(self, row: Row) -> None:
        t, _, g, m, _, arg, reason, aux = row
        gp = self.goroutine(g, GWAITING)
        if gp.timer_p != NO_P:
            raise Impossible(f"g{g} sleeps: its timer on p{gp.timer_p} has not fired")
        if m != NO_M:
            self.awake(m)
        if arg != NO_G and self.goroutine(arg, GRUNNING).m != m:
            raise Impossible(f"g{arg}, which readies it, does not run on {named('m', m)}")
        for key in gp.keys:
            queue = self.waiters[key]
            del queue[g]
            if not queue:
                del self.waiters[key]
        gp.keys = ()
        waited_for = gp.reason
        gp.status, gp.since, gp.reason = GRUNNABLE, t, 0
        if waited_for == WAIT_IO:
            self.out_of_epoll(g, reason)
        if gp.m != NO_M:
            # Its M kept it, and is woken for it.
            if reason != Q_NONE:
                raise Impossible(f"m{gp.m} keeps g{g}: it joins no queue")
            return
        if reason == Q_NONE and waited_for != WAIT_GC_WORKER:
            raise Impossible(f"g{g} must join a queue: no M keeps it")
        self.put(g, gp, m, reason, aux)

    def out_of_epoll(self, g: int, queue: int) -> None:
        """g, which waits for its descriptor, is readied."""
        if g not in self.io_ready:
            raise Impossible(f"g{g} waits for its descriptor, and no IOReady came")
        del self.io_ready[g]
        if queue == Q_BATCH:
            self.polled += 1

    def go_start(self, row: Row) -> None:
        t, _, g, m, p, _, _, _ = row
        gp = self.goroutine(g, GRUNNABLE)
        mp = self.awake(m)
        if gp.m != m:
            self.in_hand(g, m)
        if mp.p != p or p == NO_P:
            self.holds(m, mp, p)
            raise Impossible(f"m{m} holds no P")
        if mp.spinning:
            raise Impossible(f"m{m} spins: a SpinStop must come first")
        if mp.g == NO_G:
            mp.hands -= 1
        elif mp.g != g:
            raise Impossible(f"m{m} has g{mp.g} already")
        if mp.hands:
            raise Impossible(f"m{m} has {mp.hands} more Gs in hand")
        if mp.locked_g != NO_G and mp.locked_g != g:
            raise Impossible(f"m{m} is locked to g{mp.locked_g}")
        self.search = (gp.since, mp.caller, mp.victim, mp.stolen)
        mp.victim, mp.stolen = NO_P, 0
        gp.status, gp.since = GRUNNING, t
        mp.g, mp.place = g, RUNNING

    def go_park(self, row: Row) -> None:
        t, _, g, m, p, arg, reason, aux = row
        if m == NO_M:
            # An arrival through the network waits for epoll to tell of it.
            gp = self.in_hand(g, NO_M)
        else:
            gp, mp = self.running_on(g, m, p)
            gp.m = NO_M
            mp.g, mp.place, mp.caller = NO_G, SCHEDULE, CALL_PARK
        gp.status, gp.since, gp.reason, gp.obj = GWAITING, t, reason, arg
        if reason in QUEUED_ON:
            self.join(g, gp, (arg, reason), aux == 1)
        elif gp.keys and reason != WAIT_SELECT:
            raise Impossible(f"g{g} queues on the cases of a select, and waits for something else")

    def join(self, g: int, gp: Goroutine, key: Key, front: bool) -> None:
        """g joins the wait queue of an object."""
        gp.keys += (key,)
        queue = self.waiters.get(key)
        if queue is None:
            self.waiters[key] = {g: None}
        elif front:
            self.waiters[key] = {g: None, **queue}
        else:
            queue[g] = None

    def go_stop(self, row: Row) -> None:
        t, _, g, m, p, arg, reason, aux = row
        gp, mp = self.running_on(g, m, p)
        if (reason == STOP_EXITSYSCALL) != (mp.place == EXITSYSCALL):
            raise Impossible(f"m{m} is in {PLACES[mp.place]}")
        if not 0 <= arg < len(QUEUES):
            raise Impossible(f"there is no queue of code {arg}")
        gp.status, gp.since = GRUNNABLE, t
        mp.g, mp.place, mp.caller = NO_G, SCHEDULE, CALLER_OF_STOP[reason]
        self.put(g, gp, m, arg, aux)

    def go_exit(self, row: Row) -> None:
        _, _, g, m, p, _, _, _ = row
        _, mp = self.running_on(g, m, p)
        del self.gs[g]
        mp.g, mp.place, mp.caller, mp.locked_g, mp.locks = NO_G, SCHEDULE, CALL_GOEXIT, NO_G, 0

    def go_syscall(self, row: Row) -> None:
        t, _, g, m, p, _, _, _ = row
        gp, mp = self.running_on(g, m, p)
        gp.status, gp.since = GSYSCALL, t
        mp.place = SYSCALL

    def go_sysexit(self, row: Row) -> None:
        t, _, g, m, p, _, _, _ = row
        gp = self.goroutine(g, GSYSCALL)
        mp = self.machine(m)
        if gp.m != m:
            raise Impossible(f"g{g} is in a syscall on m{gp.m}")
        self.holds(m, mp, p)
        gp.status, gp.since = GRUNNING, t
        mp.place = RUNNING if p != NO_P else EXITSYSCALL

    # --- queues -------------------------------------------------------------------------------------------------------
    def q_get(self, row: Row) -> None:
        _, _, g, m, p, arg, reason, aux = row
        gp = self.goroutine(g, GRUNNABLE)
        if gp.m != NO_M:
            raise Impossible(f"g{g} is in no queue: it is {self.told(g)}")
        mp = self.awake(m)
        n = arg & 0xFFFFFFFF
        index = (arg >> 32) - 1 if arg >> 32 else 0
        if reason == SRC_RUNNEXT or reason == SRC_STEAL_RUNNEXT:
            victim = p if reason == SRC_RUNNEXT else aux
            pp = self.processor(victim)
            if pp.runnext != g:
                raise Impossible(f"the runnext of p{victim} is {named('g', pp.runnext)}")
            pp.runnext = NO_G
        elif reason == SRC_LOCAL:
            self.take(g, self.processor(p).queue, f"the queue of p{p}", index)
        elif reason == SRC_GLOBAL_TICK:
            self.take(g, self.runq, "the global queue", index)
        elif reason == SRC_GLOBAL:
            self.take(g, self.runq, "the global queue", index)
            self.move(n - 1, self.runq, "the global queue", self.processor(p).queue)
        elif reason == SRC_STEAL:
            queue = self.processor(aux).queue
            self.move(n - 1, queue, f"the queue of p{aux}", self.processor(p).queue)
            self.take(g, queue, f"the queue of p{aux}", 0)
        else:
            raise Impossible("this is no queue")
        if reason == SRC_STEAL or reason == SRC_STEAL_RUNNEXT:
            if aux == p:
                raise Impossible(f"p{p} cannot steal from itself")
            mp.victim, mp.stolen = aux, n
        gp.m = m
        mp.hands += 1

    def q_put(self, row: Row) -> None:
        _, _, g, m, _, _, reason, aux = row
        gp = self.in_hand(g, m)
        if reason == Q_NONE or reason == Q_BATCH:
            raise Impossible("this is no queue")
        mp = self.awake(m)
        if mp.g == g:
            # It kept its thread, which found no P to go on with.
            mp.g = NO_G
        else:
            mp.hands -= 1
        self.put(g, gp, m, reason, aux)

    def q_overflow(self, row: Row) -> None:
        _, _, g, _, p, arg, _, _ = row
        queue = self.processor(p).queue
        if not queue or queue[-1] != g:
            raise Impossible(f"g{g} must be the last in the queue of p{p}, and {f'g{queue[-1]}' if queue else 'nobody'} is")
        queue.pop()
        self.move(arg, queue, f"the queue of p{p}", self.runq)
        self.runq.append(g)

    def q_drain(self, row: Row) -> None:
        _, _, _, _, p, arg, _, _ = row
        pp = self.processor(p)
        moved = [*([pp.runnext] if pp.runnext != NO_G else []), *pp.queue]
        pp.runnext = NO_G
        pp.queue.clear()
        if arg == 0:
            self.runq.extend(moved)
        else:
            self.runq.extendleft(reversed(moved))

    def q_move(self, row: Row) -> None:
        _, _, _, _, p, arg, _, aux = row
        pp = self.processor(p)
        if pp.on_pidle and arg > 0:
            raise Impossible(f"p{p} is idle: an idle P's queue must be empty")
        if aux == NO_P:
            self.move(arg, self.runq, "the global queue", pp.queue)
        else:
            self.move(arg, self.processor(aux).queue, f"the queue of p{aux}", pp.queue)

    # --- processors ---------------------------------------------------------------------------------------------------
    def free(self, p: int) -> Processor:
        """p, which must belong to nobody and not be on pidle: it is in the hands of who gave it up or took it."""
        pp = self.processor(p)
        if pp.m != NO_M:
            raise Impossible(f"m{pp.m} holds p{p}")
        if pp.next_m != NO_M:
            raise Impossible(f"p{p} is promised to m{pp.next_m}")
        if pp.on_pidle:
            raise Impossible(f"p{p} is on pidle")
        if pp.status == PDEAD:
            raise Impossible(f"p{p} is dead: GOMAXPROCS is {self.gomaxprocs}")
        return pp

    def p_acquire(self, row: Row) -> None:
        _, _, _, m, p, _, _, _ = row
        mp = self.awake(m)
        pp = self.processor(p)
        if pp.next_m == m:
            pp.next_m = NO_M
        self.free(p)
        if mp.p != NO_P:
            raise Impossible(f"m{m} holds p{mp.p} already")
        if pp.status != PIDLE:
            raise Impossible(f"p{p} is in status {P_STATUSES[pp.status]}")
        pp.status, pp.m = PRUNNING, m
        mp.p = p
        mp.noted = False
        if mp.place == WAKING:
            mp.place = SCHEDULE

    def p_release(self, row: Row) -> None:
        _, _, _, m, p, _, _, _ = row
        mp = self.machine(m)
        if p == NO_P:
            raise Impossible("which P?")
        self.holds(m, mp, p)
        mp.p = NO_P
        pp = self.ps[p]
        pp.m, pp.status = NO_M, PIDLE if p < self.gomaxprocs else PDEAD
        if mp.place == SYSCALL:
            self.lost_p += 1

    def p_idle(self, row: Row) -> None:
        p = row[4]
        pp = self.free(p)
        if pp.queue or pp.runnext != NO_G:
            queued = len(pp.queue) + (pp.runnext != NO_G)
            raise Impossible(f"p{p} has {queued} Gs: an idle P's queue must be empty")
        pp.status = PIDLE
        pp.on_pidle = True
        self.pidle.append(p)

    def p_busy(self, row: Row) -> None:
        p = row[4]
        pp = self.processor(p)
        if not pp.on_pidle:
            raise Impossible(f"p{p} is not on pidle")
        pp.on_pidle = False
        self.pidle.remove(p)

    def p_retake(self, row: Row) -> None:
        _, _, _, _, p, _, _, aux = row
        self.free(p)
        mp = self.machine(aux)
        if mp.place != SYSCALL or mp.p != NO_P:
            raise Impossible(f"m{aux} is not in a syscall, or has a P: none can be taken from it")

    def p_handoff(self, row: Row) -> None:
        self.free(row[4])

    def p_stop(self, row: Row) -> None:
        m, p = row[3], row[4]
        if not self.stopping:
            raise Impossible("no STWStart came")
        pp = self.processor(p)
        if pp.status == PDEAD or pp.status == PGCSTOP:
            raise Impossible(f"p{p} is {P_STATUSES[pp.status]} already")
        if pp.m == NO_M or not (pp.m == m or self.keeps_task(pp.m)):
            self.free(p)
        pp.status = PGCSTOP

    def keeps_task(self, m: int) -> bool:
        """Whether m keeps its thread, and its P, for a task that does not run (block=HoldThread)."""
        return self.ms[m].g != NO_G and self.gs[self.ms[m].g].status != GRUNNING

    def p_resize(self, row: Row) -> None:
        procs = row[5]
        if procs < 1:
            raise Impossible(f"GOMAXPROCS = {procs}: must be at least 1")
        if not self.stopped:
            raise Impossible("no STWStopped came")
        while len(self.ps) < procs:
            self.ps.append(Processor(PGCSTOP))
        for p, pp in enumerate(self.ps):
            pp.status = PDEAD if p >= procs else PIDLE if pp.m == NO_M else PRUNNING
        self.gomaxprocs = procs

    # --- machines -----------------------------------------------------------------------------------------------------
    def promise(self, m: int, mp: Machine, p: int) -> None:
        """p becomes the nextp of m."""
        pp = self.processor(p)
        if pp.m == m:
            return
        self.free(p)
        if pp.status != PIDLE:
            raise Impossible(f"p{p} is in status {P_STATUSES[pp.status]}")
        pp.next_m = m

    def m_create(self, row: Row) -> None:
        _, _, _, m, p, _, reason, aux = row
        if m != len(self.ms):
            raise Impossible(f"ids are given in order: m{len(self.ms)} comes next")
        if aux != NO_M:
            self.awake(aux)
        mp = Machine(SCHEDULE if reason == WHY_BOOT else STARTING, sysmon=reason == WHY_SYSMON)
        self.ms.append(mp)
        self.threads += 1
        self.threads_peak = max(self.threads_peak, self.threads)
        if p != NO_P:
            self.promise(m, mp, p)

    def m_start(self, row: Row) -> None:
        m = row[3]
        mp = self.machine(m)
        if mp.place != STARTING:
            raise Impossible(f"m{m} has started already")
        mp.place = SYSMON_SLEEP if mp.sysmon else SCHEDULE

    def m_park(self, row: Row) -> None:
        _, _, _, m, p, arg, reason, _ = row
        mp = self.awake(m)
        self.holds(m, mp, p)
        if mp.noted:
            raise Impossible(f"m{m} was woken before it slept: it must not sleep")
        if mp.hands:
            raise Impossible(f"m{m} has {mp.hands} Gs in hand")
        if reason == WHY_IDLE or reason == WHY_LOCKED or reason == WHY_NETPOLL:
            if p != NO_P:
                raise Impossible(f"m{m} holds p{p}: it must give it up before it sleeps")
            if mp.spinning:
                raise Impossible(f"m{m} spins: a SpinStop must come first")
        if reason == WHY_IDLE:
            self.midle.append(m)
        elif reason == WHY_LOCKED and mp.locked_g == NO_G:
            raise Impossible(f"m{m} is locked to no G")
        elif reason == WHY_NETPOLL:
            if self.poller != NO_M:
                raise Impossible(f"m{self.poller} sleeps in epoll already")
            self.poller = m
        elif reason == WHY_HELD and mp.g == NO_G:
            raise Impossible(f"m{m} keeps no G")
        elif reason == WHY_DEEP_SLEEP and not mp.sysmon:
            raise Impossible(f"m{m} is not sysmon")
        elif reason == WHY_LOCKED_EXIT:
            self.threads -= 1
        mp.place, mp.why, mp.until = PARKED, reason, arg
        mp.victim, mp.stolen = NO_P, 0

    def m_wake(self, row: Row) -> None:
        t, _, _, m, p, arg, reason, aux = row
        mp = self.machine(m)
        if aux != NO_M:
            self.awake(aux)
        if arg == 1:
            if mp.place == PARKED:
                raise Impossible(f"m{m} sleeps already ({WHYS[mp.why]})")
            mp.noted = True
        elif mp.place != PARKED:
            raise Impossible(f"m{m} does not sleep: it is in {PLACES[mp.place]}")
        elif mp.why == WHY_IDLE:
            if reason in MGET and self.midle[-1] != m:
                raise Impossible(f"m{self.midle[-1]} parked last, and is to be woken first")
            self.midle.remove(m)
        if reason == WHY_START_LOCKED:
            self.hand_over(m, mp, aux)
        if p != NO_P:
            self.promise(m, mp, p)
        if arg == 1:
            return
        if reason == WHY_NONE:
            if self.timed and not (0 <= mp.until <= t or mp.why in (WHY_IDLE, WHY_HELD, WHY_NETPOLL)):
                raise Impossible(f"m{m} sleeps ({WHYS[mp.why]}) and nobody wakes it: its sleep ends at {mp.until} ns")
            # A clone that is tried again: it has no thread yet.
            mp.place = {WHY_STOP_WORLD: RUNNING, WHY_CLONE_RETRY: STARTING}.get(mp.why, SCHEDULE)
        else:
            mp.place = WAKING
        if reason == WHY_NETPOLL_BREAK and mp.why != WHY_NETPOLL:
            raise Impossible(f"m{m} does not sleep in epoll, but for {WHYS[mp.why]}")
        if mp.sysmon:
            mp.place = SYSMON_SLEEP
        mp.until = -1

    def hand_over(self, m: int, mp: Machine, by: int) -> None:
        """startlockedm: the locked G goes from the hands of `by` to those of its own M."""
        gp = self.in_hand(mp.locked_g, by)
        self.machine(by).hands -= 1
        gp.m = m
        mp.hands += 1
        mp.caller = CALL_STOPLOCKED

    def m_exit(self, row: Row) -> None:
        m = row[3]
        mp = self.awake(m)
        if mp.p != NO_P or mp.g != NO_G or mp.hands or mp.spinning:
            raise Impossible(f"m{m} cannot end: it holds {named('p', mp.p)} and {named('g', mp.g)}, {mp.hands} Gs in hand")
        mp.place = EXITED
        self.threads -= 1

    def spin_start(self, row: Row) -> None:
        _, _, _, m, p, _, _, aux = row
        # One that is started spinning may wait for the kernel to give it a thread.
        mp = self.machine(m) if aux == 1 else self.awake(m)
        if mp.spinning:
            raise Impossible(f"m{m} spins already")
        if aux == 1:
            if self.processor(p).next_m != m:
                raise Impossible(f"p{p} is not promised to m{m}")
        else:
            self.holds(m, mp, p)
        mp.spinning, mp.passes = True, 0
        self.nmspinning += 1

    def spin_stop(self, row: Row) -> None:
        _, _, _, m, p, _, _, _ = row
        mp = self.awake(m)
        if not mp.spinning:
            raise Impossible(f"m{m} does not spin")
        self.holds(m, mp, p)
        mp.spinning, mp.passes = False, 0
        self.nmspinning -= 1

    def steal_pass(self, row: Row) -> None:
        _, _, _, m, p, _, reason, aux = row
        mp = self.awake(m)
        self.holds(m, mp, p)
        if not mp.spinning:
            raise Impossible(f"m{m} does not spin")
        if aux != mp.stolen:
            raise Impossible(f"m{m} took {mp.stolen} Gs in this pass, and not {aux}")
        mp.passes = reason + 1

    # --- timers, the network ------------------------------------------------------------------------------------------
    def timer_set(self, row: Row) -> None:
        _, _, g, m, p, arg, _, aux = row
        if g == NO_G:
            self.awake(m)
            self.timers_set += 1
            heappush(self.processor(p).timers, (arg, self.timers_set, of_program(aux)))
            return
        if aux == NO_P:
            gp, _ = self.running_on(g, m, p)
            self.timers_set += 1
            heappush(self.processor(p).timers, (arg, self.timers_set, g))
        else:
            gp = self.goroutine(g, GWAITING)
            heappush(self.processor(p).timers, self.pull_timer(g, aux))
        gp.timer_p = p

    def pull_timer(self, g: int, p: int) -> tuple[int, int, int]:
        """Take g's timer, or one of the program's, out of p's heap."""
        pp = self.processor(p)
        found = [timer for timer in pp.timers if timer[2] == g]
        if not found:
            raise Impossible(f"p{p} has no timer for {timer_name(g)}")
        pp.timers.remove(found[0])
        heapify(pp.timers)
        return found[0]

    def timer_fire(self, row: Row) -> None:
        t, _, g, m, p, arg, _, aux = row
        self.awake(m)
        timers = self.processor(p).timers
        if g == NO_G:
            g = of_program(aux)
        if not timers or timers[0][2] != g or timers[0][0] != arg:
            first = f"{timer_name(timers[0][2])}, due at {timers[0][0]} ns" if timers else "nobody's"
            raise Impossible(f"the first timer of p{p} is {first}")
        if arg > t:
            raise Impossible(f"it is due at {arg} ns only")
        heappop(timers)
        if g >= 0:
            self.gs[g].timer_p = NO_P

    def timer_stop(self, row: Row) -> None:
        _, _, _, m, p, _, _, aux = row
        self.awake(m)
        self.pull_timer(of_program(aux), p)

    def netpoll(self, row: Row) -> None:
        m, arg, reason = row[3], row[5], row[6]
        if arg != self.polled:
            raise Impossible(f"{self.polled} Gs came out of epoll since the last Netpoll, and not {arg}")
        self.polled = 0
        if reason == POLL_BLOCKING:
            if self.poller != m:
                raise Impossible(f"{named('m', self.poller)} is the one that sleeps in epoll")
            self.poller = NO_M
            self.awake(m).place = SCHEDULE

    def io_readied(self, row: Row) -> None:
        g = row[2]
        self.goroutine(g, GWAITING)
        self.io_ready[g] = None

    # --- the world, and marks -----------------------------------------------------------------------------------------
    def gc_phased(self, row: Row) -> None:
        self.gc_phase = row[6]

    def gc_worker(self, row: Row) -> None:
        gp = self.goroutine(row[2], GWAITING)
        if gp.reason != WAIT_GC_WORKER:
            raise Impossible(f"g{row[2]} is no GC worker: it waits for {WAIT_REASONS[gp.reason]}")

    def stw_start(self, row: Row) -> None:
        _, _, g, m, p, _, _, _ = row
        if self.stopping:
            raise Impossible("the world is being stopped already")
        self.running_on(g, m, p)
        self.stopping = True

    def stw_stopped(self, row: Row) -> None:
        _, _, g, m, p, _, _, _ = row
        if not self.stopping:
            raise Impossible("no STWStart came")
        _, mp = self.running_on(g, m, p)
        mp.place = RUNNING
        for p, pp in enumerate(self.ps):
            if pp.status != PGCSTOP and pp.status != PDEAD:
                raise Impossible(f"p{p} does not stand: it is {P_STATUSES[pp.status]}")
        self.stopped = True

    def stw_end(self, row: Row) -> None:
        if not self.stopped:
            raise Impossible("no STWStopped came")
        for p, pp in enumerate(self.ps):
            if pp.status == PGCSTOP:
                raise Impossible(f"p{p} still stands")
            if pp.status == PDEAD and (pp.m != NO_M or pp.queue or pp.runnext != NO_G or pp.timers):
                raise Impossible(f"p{p} is destroyed, and still has an M, Gs or timers")
        self.stopping = self.stopped = False

    def lock_thread(self, row: Row) -> None:
        _, _, g, m, p, _, _, _ = row
        _, mp = self.running_on(g, m, p)
        mp.locked_g = g
        mp.locks += 1

    def unlock_thread(self, row: Row) -> None:
        _, _, g, m, p, _, _, _ = row
        _, mp = self.running_on(g, m, p)
        if mp.locks == 0:
            raise Impossible(f"m{m} is locked to no G")
        mp.locks -= 1
        if mp.locks == 0:
            mp.locked_g = NO_G

    def by_its_goroutine(self, row: Row) -> None:
        """A region, a line of the log: the G that writes it runs."""
        self.running_on(row[2], row[3], row[4])

    def select_wait(self, row: Row) -> None:
        _, _, g, m, p, arg, _, aux = row
        gp, _ = self.running_on(g, m, p)
        self.join(g, gp, (arg, WAIT_CHAN_SEND if aux == 1 else WAIT_CHAN_RECEIVE), False)

    def preempt_request(self, row: Row) -> None:
        g, p = row[2], row[4]
        gp = self.goroutine(g, GRUNNING)
        if self.processor(p).m != gp.m:
            raise Impossible(f"g{g} runs on m{gp.m}, which does not hold p{p}")

    def sysmon(self, row: Row) -> None:
        m = row[3]
        mp = self.awake(m)
        if not mp.sysmon:
            raise Impossible(f"m{m} is not sysmon")
        mp.place = SYSMON_SLEEP

    def hold(self, row: Row) -> None:
        g, m, p = row[2], row[3], row[4]
        gp = self.goroutine(g, GWAITING)
        mp = self.awake(m)
        self.holds(m, mp, p)
        if mp.g != NO_G or gp.m != NO_M:
            raise Impossible(f"m{m} has {named('g', mp.g)}, and g{g} is {self.told(g)}")
        gp.m, mp.g, mp.caller = m, g, CALL_HELD

    def cpu_wait(self, row: Row) -> None:
        m = row[3]
        mp = self.machine(m)
        if mp.place == EXITED or mp.waits_for_cpu:
            raise Impossible(f"m{m} waits for a CPU already, or has exited")
        mp.waits_for_cpu = True

    def cpu_run(self, row: Row) -> None:
        m = row[3]
        mp = self.machine(m)
        if not mp.waits_for_cpu:
            raise Impossible(f"m{m} does not wait for a CPU")
        mp.waits_for_cpu = False

    def nothing(self, row: Row) -> None:
        """A row that changes nothing of this."""


def named(letter: str, ident: int) -> str:
    """p3, or "no P"."""
    return f"{letter}{ident}" if ident >= 0 else f"no {letter.upper()}"


Method = Callable[[State, Row], None]

APPLY: Final[tuple[Method, ...]] = (
    State.go_create, State.go_ready, State.go_start, State.go_park, State.go_stop, State.go_exit, State.go_syscall,
    State.go_sysexit, State.q_get, State.q_put, State.q_overflow, State.q_drain, State.q_move, State.p_acquire,
    State.p_release, State.p_idle, State.p_busy, State.p_retake, State.p_handoff, State.p_stop, State.p_resize,
    State.m_create, State.m_start, State.m_park, State.m_wake, State.m_exit, State.spin_start, State.spin_stop,
    State.steal_pass, State.preempt_request, State.timer_set, State.timer_fire, State.timer_stop, State.netpoll,
    State.io_readied, State.gc_phased, State.gc_worker, State.stw_start, State.stw_stopped, State.stw_end,
    State.lock_thread, State.unlock_thread, State.by_its_goroutine, State.by_its_goroutine, State.by_its_goroutine,
    State.select_wait, State.sysmon, State.nothing, State.hold,
    State.cpu_wait, State.cpu_run,
)
"""The method of each event kind, in the order of EVENT_KINDS."""
