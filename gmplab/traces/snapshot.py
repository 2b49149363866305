"""`Snapshot`: the whole scheduler at one instant of a run, as plain values that a reader can print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from gmplab.traces.state import (
    PARKED, PLACES, SCHEDULE, Goroutine, Machine,
    Processor, State, timer_name,
)
from gmplab.vocabulary import (
    G_STATUSES, GC_PHASES, GRUNNABLE, GWAITING, NO_G, NO_M, NO_P, P_STATUSES, WAIT_REASONS, WHY_BACKOFF, WHY_DEEP_SLEEP,
    WHY_HELD, WHY_IDLE, WHY_LOCKED, WHY_LOCKED_EXIT, WHY_NETPOLL, WHY_STOP_WORLD, WHYS,
)

PARKED_AS: Final = {
    WHY_IDLE: "midle", WHY_LOCKED: "locked", WHY_NETPOLL: "netpoll", WHY_HELD: "held", WHY_BACKOFF: "backoff",
    WHY_DEEP_SLEEP: "sysmon", WHY_STOP_WORLD: "stopping the world", WHY_LOCKED_EXIT: "exited",
}
"""What a sleeping M's place is called; another reason is its own name."""
MOST_LINES: Final = 24
"""More Ps, or Ms, than this are not all printed."""
MOST_IDS: Final = 12


class GState(NamedTuple):
    """A goroutine in a snapshot.

    status: "runnable", "running", "syscall" or "waiting". m: the M that runs it, has it in hand, or keeps its thread for
    it; None: none. queue: where a runnable one is: "runnext p0", "queue p0", "global", "in hand". waits_for: why it
    waits, in Go's words. on: the names of the objects that it queues on. since_ns: when it came into its status.
    """

    status: str
    m: int | None
    queue: str
    waits_for: str
    on: tuple[str, ...]
    since_ns: int


class PState(NamedTuple):
    """A processor in a snapshot.

    status: "idle", "running", "gcstop" or "dead". m: its owner; next_m: the M that it is promised to, which is on its way.
    runnext: a g, or None; queue: its gs from the head. timers: (due_ns, whose), the earliest first:
    "g3" for a sleeper, "timer#1" for a timer of the program's.
    """

    status: str
    m: int | None
    next_m: int | None
    runnext: int | None
    queue: tuple[int, ...]
    timers: tuple[tuple[int, str], ...]


class MState(NamedTuple):
    """A machine in a snapshot.

    place: "starting", "schedule", "spinning", "running", "syscall", "exitsyscall" (its G's call has returned, and there
    is no P), "waking", "midle", "locked", "netpoll", "held", "backoff" (the pause before it takes a runnext), "sysmon",
    "stopping the world" or "exited". p, g: what it holds and runs; hands: the runnable gs that it has in hand. spinning,
    passes: whether it counts in nmspinning, and how many passes of stealing it has made. locked_g: the g that is locked
    to it. until_ns: when its sleep ends by itself, None: never. waits_for_cpu: whether it could go on and has no CPU.
    """

    place: str
    p: int | None
    g: int | None
    hands: tuple[int, ...]
    spinning: bool
    passes: int
    locked_g: int | None
    until_ns: int | None
    waits_for_cpu: bool


@dataclass(frozen=True, repr=False)
class Snapshot:
    """The scheduler after one row of a run's events.

    Attributes
    ----------
    t_ns : int
        The instant, ns since the start.
    row : int
        The last row of `run.events` that has happened, -1: none.
    gomaxprocs, nmspinning, n_threads : int
    gcwaiting : bool
        Whether the world is being stopped, or is.
    gc_phase : str
        "off", "mark" or "mark_termination".
    goroutines : dict of int to GState
        The living ones.
    processors, machines : tuple of PState, of MState
        By id. Ms that have exited are there: ids are never reused.
    global_queue : tuple of int
        gs, from the head.
    midle, pidle : tuple of int
        The idle Ms and Ps, both stacks: the last one is taken first.
    netpoll_ready : tuple of int
        gs whose descriptor is ready in epoll, which nobody has asked yet.
    wait_queues : dict of str to tuple of int
        For each object with waiters, and what they wait for: "chan#3 (cap 0): chan receive"; gs in the order of coming.
        A waiter leaves when it is readied.

    Examples
    --------
    >>> snapshot = gmplab.run("fanout", n=20, procs=2).at("25us")
    >>> snapshot.processors[0].runnext, snapshot.goroutines[2].status, snapshot.machines[1].place
    (12, 'runnable', 'sysmon')
    """

    t_ns: int
    row: int
    gomaxprocs: int
    nmspinning: int
    n_threads: int
    gcwaiting: bool
    gc_phase: str
    goroutines: dict[int, GState]
    processors: tuple[PState, ...]
    machines: tuple[MState, ...]
    global_queue: tuple[int, ...]
    midle: tuple[int, ...]
    pidle: tuple[int, ...]
    netpoll_ready: tuple[int, ...]
    wait_queues: dict[str, tuple[int, ...]]

    @property
    def npidle(self) -> int:
        """Ps on pidle."""
        return len(self.pidle)

    @property
    def nmidle(self) -> int:
        """Ms on midle."""
        return len(self.midle)

    def __repr__(self) -> str:
        return "\n".join(f"{head:<9}{text}".rstrip() for head, text in lines(self))


def snapshot(state: State, t_ns: int, objects: dict[int, str]) -> Snapshot:
    """The values of a state at an instant at or after its last row; `objects` names the objects of the run."""
    queued = {g: "global" for g in state.runq}
    for p, pp in enumerate(state.ps):
        queued.update((g, f"queue p{p}") for g in pp.queue)
        if pp.runnext != NO_G:
            queued[pp.runnext] = f"runnext p{p}"
    hands: dict[int, list[int]] = {}
    for g, gp in state.gs.items():
        if gp.status == GRUNNABLE and gp.m != NO_M and state.ms[gp.m].g != g:
            hands.setdefault(gp.m, []).append(g)
    return Snapshot(
        t_ns=t_ns, row=state.row, gomaxprocs=state.gomaxprocs, nmspinning=state.nmspinning, n_threads=state.threads,
        gcwaiting=state.stopping, gc_phase=GC_PHASES[state.gc_phase],
        goroutines={g: g_state(gp, queued.get(g, "in hand"), objects) for g, gp in state.gs.items()},
        processors=tuple(p_state(pp) for pp in state.ps),
        machines=tuple(m_state(mp, tuple(hands.get(m, ()))) for m, mp in enumerate(state.ms)),
        global_queue=tuple(state.runq), midle=tuple(state.midle), pidle=tuple(state.pidle),
        netpoll_ready=tuple(state.io_ready),
        wait_queues={
            f"{name_of(obj, objects)}: {WAIT_REASONS[reason]}": tuple(gs) for (obj, reason), gs in state.waiters.items()
        },
    )


def name_of(obj: int, objects: dict[int, str]) -> str:
    """The name of an object that Gs wait on."""
    return objects.get(obj, f"object {obj}")


def known(ident: int, none: int) -> int | None:
    """An id, None where there is none."""
    return None if ident == none else ident


def g_state(gp: Goroutine, queue: str, objects: dict[int, str]) -> GState:
    waiting = gp.status == GWAITING
    return GState(
        G_STATUSES[gp.status], known(gp.m, NO_M), queue if gp.status == GRUNNABLE else "",
        WAIT_REASONS[gp.reason] if waiting else "",
        tuple(name_of(obj, objects) for obj, _ in gp.keys) if waiting else (), gp.since,
    )


def p_state(pp: Processor) -> PState:
    return PState(
        P_STATUSES[pp.status], known(pp.m, NO_M), known(pp.next_m, NO_M), known(pp.runnext, NO_G), tuple(pp.queue),
        tuple((due, timer_name(whose)) for due, _, whose in sorted(pp.timers)),
    )


def place_of(mp: Machine) -> str:
    """Where an M is, in a word."""
    if mp.place == PARKED:
        return PARKED_AS.get(mp.why, WHYS[mp.why])
    return "spinning" if mp.place == SCHEDULE and mp.spinning else PLACES[mp.place]


def m_state(mp: Machine, hands: tuple[int, ...]) -> MState:
    return MState(
        place_of(mp), known(mp.p, NO_P), known(mp.g, NO_G), hands, mp.spinning, mp.passes, known(mp.locked_g, NO_G),
        mp.until if mp.place == PARKED and mp.until >= 0 else None, mp.waits_for_cpu,
    )


# --- how it prints ----------------------------------------------------------------------------------------------------
def lines(s: Snapshot) -> Iterable[tuple[str, str]]:
    """The lines of a snapshot: (head, text)."""
    world = "the world is stopped, or stopping" if s.gcwaiting else f"{s.nmspinning} spinning, {s.n_threads} threads"
    phase = f", GC {s.gc_phase}" if s.gc_phase != "off" else ""
    yield "at", f"{s.t_ns} ns, after row {s.row}: GOMAXPROCS {s.gomaxprocs}, {world}{phase}"
    yield from some("P", [p_line(pp) for pp in s.processors])
    yield from some("M", [m_line(mp) for mp in s.machines])
    yield "global", ids("g", s.global_queue)
    yield "pidle", ids("p", s.pidle)
    yield "midle", ids("m", s.midle)
    if s.netpoll_ready:
        yield "netpoll", ids("g", s.netpoll_ready)
    for i, (name, gs) in enumerate(s.wait_queues.items()):
        if i == MOST_LINES:
            yield "waiting", f"... on {len(s.wait_queues) - i} more"
            break
        yield "waiting", f"{name}: {ids('g', gs)}"


def some(letter: str, texts: Sequence[str]) -> Iterable[tuple[str, str]]:
    """A line an id, at most MOST_LINES."""
    for i, text in enumerate(texts[:MOST_LINES]):
        yield f"{letter}{i}", text
    if len(texts) > MOST_LINES:
        yield "", f"... and {len(texts) - MOST_LINES} more"


def ids(letter: str, of: Sequence[int]) -> str:
    """g4 g7 g9, at most MOST_IDS; "-" for none.

    >>> ids("g", (4, 7)), ids("p", ())
    ('g4 g7', '-')
    """
    shown = " ".join(f"{letter}{i}" for i in islice(of, MOST_IDS))
    return f"{shown} ... {len(of) - MOST_IDS} more" if len(of) > MOST_IDS else shown or "-"


def p_line(pp: PState) -> str:
    """One P: its owner, then its runnext, queue and timers."""
    owner = f"on m{pp.m}" if pp.m is not None else f"promised to m{pp.next_m}" if pp.next_m is not None else ""
    runnext = f"g{pp.runnext}" if pp.runnext is not None else "-"
    due = " ".join(f"{whose}@{due}" for due, whose in pp.timers[:MOST_IDS])
    if len(pp.timers) > MOST_IDS:
        due += f" ... {len(pp.timers) - MOST_IDS} more"
    timers = f"  timers {due}" if due else ""
    return f"{pp.status:<8}{owner:<15}runnext {runnext:<6}queue {ids('g', pp.queue)}{timers}"


def m_line(mp: MState) -> str:
    """One M: its place, and what it has."""
    parts = [f"{mp.place:<12}"]
    if mp.g is not None:
        parts.append(f"g{mp.g}")
    if mp.p is not None:
        parts.append(f"on p{mp.p}")
    if mp.hands:
        parts.append(f"with {ids('g', mp.hands)} in hand")
    if mp.spinning:
        parts.append(f"after {mp.passes} passes")
    if mp.locked_g is not None:
        parts.append(f"locked to g{mp.locked_g}")
    if mp.until_ns is not None:
        parts.append(f"until {mp.until_ns}")
    if mp.waits_for_cpu:
        parts.append("waits for a CPU")
    return " ".join(parts)
