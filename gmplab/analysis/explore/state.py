"""What of a state decides its future: `fingerprint` gives equal numbers for states from which the same may follow.

Left out is what only the record, the sums or the dice use: times, counters, ids of goroutines (they are told apart by
who started them, as which of its children) and of Ms (but where the policy tells m0 from others). So the same state
is known again though it was reached in another order.

A body in Python stands where its frame stands, with the values that its frame holds: locals, what it closes over, and
iterators under way. What is kept elsewhere (globals, attributes of one's own objects) is not seen, and a function
that runs on a greenlet is known by all that it was told so far: explore such bodies with `prune=False`.

Refused: a copy of the whole state (too large to keep), and `pickle` (memory addresses in it).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import count
from types import BuiltinFunctionType, CellType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final

from gmplab.analysis.explore.untimed import CLOCK, Untimed
from gmplab.errors import GmplabError
from gmplab.policies.machines import KeepThreads
from gmplab.policies.place import PlaceLocal
from gmplab.policies.steal import StealOrder
from gmplab.runtime.bodies import FORM_GREENLET, FORM_PROGRAM, Spawn
from gmplab.runtime.chan import Case, Chan
from gmplab.runtime.model import (
    AT_HANDOFF, AT_IO, PH_DEAD, PH_DROPPED, PH_HELD, PH_IDLE, PH_NETPOLL, PH_NETPOLL_DONE, PH_RECHECK, PH_STEAL,
    PH_STEAL_RUNNEXT, G, M, P, Sema, Waitq,
)
from gmplab.runtime.program import OP_GO, Program
from gmplab.runtime.sync import Cond, Mutex, RWMutex, Semaphore, WaitGroup
from gmplab.runtime.timers import Timer

Words = tuple[Any, ...]
SEARCHING: Final = (PH_STEAL, PH_STEAL_RUNNEXT)
BEFORE_SLEEP: Final = (PH_STEAL, PH_STEAL_RUNNEXT, PH_IDLE, PH_DROPPED, PH_RECHECK, PH_NETPOLL, PH_NETPOLL_DONE)
PLAIN: Final = (int, str, bytes, float, complex)
SYNC: Final = (Chan, Mutex, RWMutex, WaitGroup, Cond, Semaphore)
CONCERNS: Final = ("queues", "place", "steal", "spin", "wake", "handoff", "preempt", "machines", "control")
DEEPEST: Final = 8
"""How deep a value is looked into."""
_new = count()


def fingerprint(driver: Untimed) -> tuple[int, dict[int, int]]:
    """A 64-bit number of the state, and for each actor its place in it: the same in equal states, whatever its id."""
    s = driver.sched
    if s.n_stw > 0:
        raise GmplabError("explore: the world was stopped, and what that depends on is not compared: explore it with prune=False")
    told = sorted((machine(driver, mp), mp.id) for mp in s.allm if mp.phase != PH_DEAD)
    places = {mid: i for i, (_, mid) in enumerate(told)}
    places[CLOCK] = CLOCK
    now = s.now_ns
    values = Values(s.run_token, s.now_ns)
    goroutines = [goroutine(driver, values, gp) for gp in sorted((gp for gp in s.allgs if gp is not None), key=key)]
    components = [remembered(driver, values, name) for name in CONCERNS]
    state = (
        tuple(words for words, _ in told), tuple(processor(driver, pp) for pp in s.allp), tuple(goroutines), tuple(components),
        tuple(values.things()), tuple(key(s.runq.at(i)) for i in range(s.runq.size())), tuple(pp.id for pp in s.pidle),
        tuple(told_apart(driver, mp) for mp in s.midle), tuple(place(mp.nextp) for mp in s.handed),
        s.nmidlelocked, s.needspinning, s.lastpoll == 0,
        s.poll_until and s.poll_until - now, s.sysmonwait, s.netpoll_waiters, s.pending_wakes, s.arrivals,
        tuple(key(s.netpoll_ready.at(i)) for i in range(s.netpoll_ready.size())),
        tuple((at - now, kind, about(driver, kind, ident)) for at, _, kind, ident in driver.due),
        tuple(source.come for source in driver.outside.sources), key(s.arrivals_waiter),
    )
    return hash(state), places


def key(gp: G | None) -> int:
    """Who a goroutine is: a number made from the path of go statements that made it; 0 for none."""
    return gp.key if gp is not None else 0


def told_apart(driver: Untimed, mp: M) -> bool:
    """m0 is like any other M, but that its thread cannot end."""
    return mp.id == 0 and (mp.lockedg is not None or not isinstance(driver.policy.machines, KeepThreads))


def machine(driver: Untimed, mp: M) -> Words:
    s = driver.sched
    phase = mp.phase
    words: list[Any] = [
        mp.is_sysmon, phase, place(mp.p), place(mp.nextp), key(mp.curg), key(mp.lockedg), mp.locked_ext, mp.spinning, mp.wakes,
        mp.note, mp.parked, mp.woken, mp.id in driver.ready, mp.id in driver.timed, mp.id in driver.cut, told_apart(driver, mp),
        mp in s.dozing, mp is s.poller, mp is s.template, key(mp.found), place(mp.oldp), mp.computing and mp.rest_ns,
        mp.wake_why if mp.wakes > 0 else 0,
    ]
    if mp.found is not None:
        words += [s.rules.any_resetspinning and mp.source, s.sysmon is not None and mp.inherit_time]
    gp = mp.toready
    while gp is not None:
        words += ["ready", gp.key]
        gp = gp.schedlink
    if phase in SEARCHING:
        words += [mp.pass_, mp.probe, order(driver, mp), mp.ran_timer, mp.look_home, mp.looking and mp.victim]
    if phase == PH_STEAL_RUNNEXT:
        words += [mp.victim, key(mp.seen_runnext)]
    if phase in BEFORE_SLEEP:
        words += [mp.poll_until and mp.poll_until - s.now_ns, mp.was_spinning]
    if phase == PH_HELD:
        words.append(mp.until_ns >= 0 and mp.until_ns - s.now_ns)
    # Sorted with those of other Ms: only numbers, and None nowhere.
    return tuple(int(w) if not isinstance(w, str) else hash(w) for w in words)


def order(driver: Untimed, mp: M) -> int:
    """What is left of the pass under way: the victims yet to come."""
    s, pp = driver.sched, mp.p
    if pp is None:
        return 0
    n = s.steal.probes(s.steal_state, s.view, pp.id)
    return hash(driver.victims(pp.id, mp.pass_, mp.probe, n, mp.roll))


def place(pp: P | None) -> int:
    return pp.id + 1 if pp is not None else 0


def processor(driver: Untimed, pp: P) -> Words:
    s = driver.sched
    timers = sorted((pp.timers.when[i], pp.timers.serial[i], pp.timers.of[i].key) for i in range(pp.timers.n)
                    if pp.timers.of[i].timer == pp.timers.serial[i])
    # That of two looks of sysmon's, and for nobody else.
    seen = (pp.seen_schedtick == pp.schedtick, pp.seen_syscalltick == pp.syscalltick) if s.sysmon is not None else ()
    return (
        pp.status, key(pp.runnext), tuple(key(pp.runq.at(i)) for i in range(pp.runq.size())), seen,
        min(pp.runnext_run, s.runnext_limit), tuple((when - s.now_ns, whose) for when, _, whose in timers),
    )


def goroutine(driver: Untimed, values: Values, gp: G) -> Words:
    drew = driver.drew(gp)
    if drew > 0 and driver.cases.get(gp.key, 0) > 0:
        raise GmplabError(
            f"explore: g{gp.goid} draws numbers (intn, lengths from a distribution), and which it gets depends on how often it "
            "selected, which is not compared: explore it with prune=False"
        )
    waits = gp.sudog if gp.stage != 0 else None
    return (
        gp.key, gp.status, drew, position(values, gp), gp.op, gp.stage, gp.rest_ns, gp.preempt, gp.tight, gp.children, gp.starving,
        gp.awoke, gp.spins, gp.rank, values.plain(gp.result) if gp.op != OP_GO else 0, values.plain(gp.value), values.plain(gp.obj),
        (waits.case, waits.success, values.plain(waits.elem)) if waits is not None else (),
        0 if isinstance(driver.policy.place, PlaceLocal) else gp.last_p + 1,
    )


def position(values: Values, gp: G) -> Words:
    """Where the body stands."""
    if gp.form == FORM_PROGRAM:
        return (values.plain(gp.prog), gp.pc, gp.i, gp.j, gp.arg)
    if gp.form == FORM_GREENLET:
        return (next(_new),)
    words: list[Any] = []
    body = gp.body
    while body is not None:
        frame = getattr(body, "gi_frame", None) or getattr(body, "cr_frame", None)
        if frame is None:
            words.append(values.plain(body))
            break
        below = getattr(body, "gi_yieldfrom", None) or getattr(body, "cr_await", None)
        # Of a suspended one the collector knows all values that its frame holds, those on its stack too.
        held = [value for value in gc.get_referents(body) if value is not below and not isinstance(value, FrameType)]
        words += [frame.f_lasti, *map(values.plain, held)]
        body = below
    return tuple(words)


class Values:
    """The values that goroutines hold, in one state: channels and locks are numbered as they are come upon."""

    def __init__(self, token: object, now_ns: int) -> None:
        self.token = token
        self.now_ns = now_ns
        self.numbers: dict[int, int] = {}
        self.objects: list[Any] = []

    def plain(self, value: Any, depth: int = 0) -> Any:
        """A value as what it is and not where it lies; never equal to another where that cannot be told."""
        if value is None or isinstance(value, PLAIN):
            return value
        if isinstance(value, SYNC):
            number = self.numbers.setdefault(id(value), len(self.objects))
            if number == len(self.objects):
                self.objects.append(value)
            return (type(value).__name__, number)
        if isinstance(value, CodeType | type | ModuleType | BuiltinFunctionType):
            return id(value)
        if depth == DEEPEST:
            return next(_new)
        return self.compound(value, depth + 1)

    def compound(self, value: Any, depth: int) -> Any:
        """A value that is made of others."""
        if isinstance(value, tuple | list):
            return (type(value).__name__, *(self.plain(v, depth) for v in value))
        if isinstance(value, dict):
            return ("dict", *((self.plain(k, depth), self.plain(v, depth)) for k, v in value.items()))
        if isinstance(value, CellType):
            return tuple(self.plain(v, depth) for v in gc.get_referents(value))
        if isinstance(value, FunctionType):
            return (id(value.__code__), *(self.plain(cell, depth) for cell in value.__closure__ or ()))
        if isinstance(value, Program):
            return (id(value), *(self.plain(v, depth) for v in value.objects if isinstance(v, (*SYNC, list, Program))))
        if isinstance(value, Spawn):
            return (self.plain(value.fn, depth), self.plain(value.args, depth))
        if isinstance(value, Timer):
            return (self.plain(value.c, depth), self.plain(value.fn, depth), self.plain(value.args, depth))
        if isinstance(value, Case):
            return (self.plain(value.c, depth), value.send, self.plain(value.value, depth))
        if hasattr(value, "__next__") and not hasattr(value, "send"):
            return ("iterator", *(self.plain(v, depth) for v in value.__reduce__()[1:]))
        return next(_new)

    def things(self) -> Iterator[Words]:
        """The state of each channel and lock, also of those that are come upon on the way."""
        for obj in self.objects:  # it may grow
            yield self.thing(obj)

    def thing(self, obj: Any) -> Words:
        if obj.run is not self.token:
            # Nobody has used it in this run: it is as it was made.
            return ()
        if isinstance(obj, Chan):
            values = tuple(self.plain(obj.buffer[i]) for i in range(obj.head, len(obj.buffer)))
            return (obj.closed, values, self.waiting(obj.recvq), self.waiting(obj.sendq), self.timer(obj.timer))
        if isinstance(obj, Mutex):
            return self.mutex(obj)
        if isinstance(obj, RWMutex):
            semas = (self.semaphore(obj.writer), self.semaphore(obj.readers))
            return (self.mutex(obj.w), semas, obj.reader_count, obj.reader_wait)
        if isinstance(obj, WaitGroup):
            return (obj.count, self.semaphore(obj.sema))
        if isinstance(obj, Cond):
            return (self.plain(obj.mutex), self.waiting(obj.waitq))
        return (obj.n, self.semaphore(obj.sema))

    def timer(self, t: Any) -> Words:
        """When a channel's timer is due, in whose heap, and for how many: what it will do."""
        return () if t is None else (t.when and t.when - self.now_ns, place(t.p), t.blocked, t.key)

    def mutex(self, mu: Mutex) -> Words:
        return (mu.locked, mu.woken, mu.starving, mu.waiters, self.semaphore(mu.sema))

    def semaphore(self, sema: Sema) -> Words:
        return (sema.count, self.waiting(sema.waitq))

    def waiting(self, q: Waitq) -> Words:
        words: list[Any] = []
        sudog = q.first
        while sudog is not None:
            words.append((sudog.g.key, sudog.case, sudog.ticket, self.plain(sudog.elem)))
            sudog = sudog.next
        return tuple(words)


def about(driver: Untimed, kind: int, ident: int) -> int:
    """What something from outside is for."""
    s = driver.sched
    if kind == AT_IO:
        return key(s.allgs[ident])
    if kind == AT_HANDOFF:
        pp = s.allp[ident & 0xFFFF]
        return pp.id if pp.syscalltick == ident >> 16 else -1
    return ident


def remembered(driver: Untimed, values: Values, concern: str) -> Any:
    """What a component of the policy remembers."""
    state = getattr(driver.sched, f"{concern}_state")
    if state is None or isinstance(state, StealOrder):
        return 0
    names = getattr(state, "__dict__", None) or {
        name for name, what in type(state).__dict__.items() if type(what).__name__ == "getset_descriptor"
    }
    return values.plain([(name, getattr(state, name)) for name in sorted(names)]) if names else values.plain(state)
