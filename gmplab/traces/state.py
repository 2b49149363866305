"""The state that event rows rebuild: every queue's contents, every M's place, every P's owner, after any row.

What a row does to it is said by its kind's function in `gmplab.traces.effects`. Here is what they change, and what they
ask first: a question with another answer than it must have raises `Impossible` with the fact. So the state is always one
that could be: a runnable G is in one queue or in the hands of one M, a P has at most one M and an M at most one P and one G,
an idle P has no queue. Refused: to rebuild with the core's own functions, which would repeat the core's mistakes and need
its policy.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn

from gmplab.vocabulary import (
    CALL_MSTART, GRUNNABLE, GRUNNING, G_STATUSES, NO_G, NO_M, NO_P, PDEAD, PIDLE, Q_GLOBAL, Q_GLOBAL_HEAD, Q_LOCAL,
    Q_RUNNEXT, WHYS, WHY_NONE,
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

Key = tuple[int, int]
Row = tuple[int, int, int, int, int, int, int, int]
"""(t_ns, kind, g, m, p, arg, reason, aux) of one event."""


class Impossible(Exception):
    """A row contradicts the state before it; the message is the fact."""


def named(letter: str, ident: int) -> str:
    """p3, or "no P"."""
    return f"{letter}{ident}" if ident >= 0 else f"no {letter.upper()}"


def of_program(number: int) -> int:
    """A timer of the program's among the gs whose timers lie in the same heap: below all of them."""
    return -2 - number


def timer_name(whose: int) -> str:
    """The owner of a heap's entry, in words."""
    return f"g{whose}" if whose >= 0 else f"timer#{-2 - whose}"


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

    def apply(self, rows: Iterable[Row], effects: Sequence[Effect]) -> None:
        """Apply rows in order, each by its kind's function: `effects.APPLY`, or what a reader puts in its place.

        Raises `Impossible` at the first that cannot be, and `row` is its number.
        """
        for row in rows:
            self.row += 1
            t = row[0]
            if t < self.now:
                raise Impossible(f"time goes back: the row before it is at {self.now} ns")
            self.now = t
            effects[row[1]](self, row)

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


Effect = Callable[[State, Row], None]
"""What a row of one kind does to a state."""
