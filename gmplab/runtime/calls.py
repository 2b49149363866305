"""Which function of the runtime called which, at level "calls": one row a call, with its caller, its thread, its stack.

A step of the core is no call of Go's: a function goes on over many steps, and several functions take one. So each
function tells that it was called (`call`, behind one test of `sched.calls_on`), and never that it returned: an M's
stack is kept in `M.calls`, and a call is pushed above the nearest function on it that can have made it, as Go's source
has it (`CALLED_BY`); what lay above that one has returned. Refused: a begin and an end in every function, which would
stand at every `return` of proc.py.

Ids lead from thread to thread: `clone` is the caller of the new M's `mstart`, and a `notewakeup` of the row `woken`
with which the M that slept goes on. Its own stack then goes on as it was: the sleep was in `stopm`, deep in it.
A goroutine's stack lies with it while it waits (`G.call`): what it does next is called by the verb that it was in.
"""

from __future__ import annotations

from typing import Final, Optional

from mypy_extensions import i64

from gmplab.runtime.model import G, M, Sched
from gmplab.vocabulary import FN, NO_G, NO_M

_PARK: Final = (
    "chansend", "chanrecv", "selectgo", "timesleep", "netpollblock", "mutex.lock", "rwmutex.rlock", "rwmutex.lock",
    "waitgroup.wait", "cond.wait", "semaphore.acquire", "gc", "gomaxprocs", "updatemaxprocs", "gcbgmarkworker",
    "forcegchelper",
)
_TIMER: Final = ("resettimer", "stoptimer")
_WORLD: Final = ("gc", "gomaxprocs", "updatemaxprocs", "gcbgmarkworker", "forcegchelper")
_READY: Final = (
    "chansend", "chanrecv", "closechan", "selectgo", "mutex.unlock", "rwmutex.runlock", "rwmutex.unlock", "waitgroup.add",
    "cond.wait", "cond.signal", "cond.broadcast", "semaphore.release", "gcbgmarkworker", "semrelease",
    "timers.check",
)

CALLED_BY: Final[dict[str, tuple[str, ...]]] = {
    # A goroutine's own stack. "": the goroutine's code, or what else is not recorded.
    "main": ("",), "newproc": ("", "gc", "forcegchelper", "sysmon", "timers.check"),
    "gosched": ("",), "goexit1": ("",), "asyncpreempt": ("",),
    "entersyscall": ("",), "entersyscallblock": ("",), "exitsyscall": ("",), **dict.fromkeys((*_PARK, *_READY[:-2], *_TIMER), ("",)),
    "gopark": _PARK,
    "goyield": ("mutex.unlock", "rwmutex.unlock", "newproc"),
    "mcall": ("gopark", "gosched", "asyncpreempt", "goyield", "goexit1", "exitsyscall"),
    # g0: what mcall and systemstack run there.
    "newstack": ("",), "park_m": ("mcall",), "gosched_m": ("mcall",), "gopreempt_m": ("mcall", "newstack"),
    "goschedimpl": ("gosched_m", "gopreempt_m"), "goyield_m": ("mcall",), "goexit0": ("mcall",), "gdestroy": ("goexit0",),
    "gfput": ("gdestroy",), "newproc1": ("newproc", "arrive"), "gfget": ("newproc1",), "malg": ("newproc1", "allocm"),
    "semrelease": _WORLD, "ready": _READY, "exitsyscalltrygetp": ("exitsyscall",), "exitsyscallnop": ("mcall",),
    # schedule() and what it calls. execute: after HoldThread's wait, and of ChildFirst's child, nothing was searched.
    "schedule": ("mstart1", "park_m", "goschedimpl", "goyield_m", "goexit0", "exitsyscallnop"),
    "findrunnable": ("schedule",), "stealwork": ("findrunnable",), "timers.check": ("findrunnable", "stealwork"),
    "resetspinning": ("schedule",), "startlockedm": ("schedule",), "stoplockedm": ("schedule", "exitsyscallnop"),
    "gcstopm": ("findrunnable",), "execute": ("schedule", "exitsyscallnop", "gopark", "goyield_m"),
    "netpoll": ("findrunnable", "sysmon", "starttheworld", "gcbgmarkworker"),
    "injectglist": ("findrunnable", "sysmon", "starttheworld", "gcbgmarkworker"),
    # Ps and Ms. mexit: a retired M's (no counterpart in Go) leaves stopm.
    "acquirep": ("mstart1", "stopm", "stoplockedm", "exitsyscall", "exitsyscallnop", "findrunnable", "procresize"),
    "releasep": (
        "findrunnable", "stoplockedm", "startlockedm", "gcstopm", "entersyscall", "entersyscallblock", "mexit", "procresize",
    ),
    "takep": ("retake", "exitsyscalltrygetp", "entersyscall", "stoptheworld"),
    "handoffp": ("stoplockedm", "entersyscall", "entersyscallblock", "retake", "mexit"),
    "wakep": (
        "ready", "newproc", "goschedimpl", "resetspinning", "injectglist", "wakenetpoller", "schedule", "starttheworld",
    ),
    "startm": ("wakep", "handoffp", "injectglist", "sysmon", "arrive", "ready", "newproc"),
    "stopm": ("findrunnable", "gcstopm", "startlockedm", "exitsyscallnop"), "mput": ("stopm",),
    "mpark": ("stopm", "stoplockedm", "gopark", "mexit"), "checkdead": ("mput", "stoplockedm", "mexit"),
    "mexit": ("gdestroy", "stopm"),
    "notewakeup": (
        "startm", "startlockedm", "ready", "exitsyscalltrygetp", "exitsyscallnop", "entersyscall", "entersyscallblock",
        "gcstopm", "handoffp", "gopark", "stoptheworld", "starttheworld", "newm",
    ),
    "wakenetpoller": ("park_m", "handoffp", "resettimer", "chanrecv", "selectgo"), "netpollbreak": ("wakenetpoller", "findrunnable"),
    # A new thread, from who asks for it to its own first function; woken: where a thread that slept goes on.
    "newm": ("startm", "main", "starttheworld", "starttemplatethread"),
    "allocm": ("newm",), "newm1": ("newm", "templatethread"), "newosproc": ("newm1",),
    "clone": ("newosproc",), "mstart": ("clone",), "mstart1": ("mstart",), "mstartfn": ("mstart1",), "sysmon": ("mstartfn",),
    "lockosthread": ("",), "starttemplatethread": ("lockosthread",), "templatethread": ("mstartfn",),
    "woken": ("notewakeup", "netpollbreak"),
    # sysmon, and what no M does: arrivals (no counterpart in Go).
    "retake": ("sysmon",), "preemptone": ("retake", "stoptheworld"), "arrive": ("",),
    "stoptheworld": _WORLD, "starttheworld": _WORLD, "procresize": ("starttheworld",),
}
"""Who can call each function, as the source of Go 1.27 has it."""

ON_G: Final = frozenset((
    "main", "newproc", "gosched", "goexit1", "asyncpreempt", "entersyscall", "entersyscallblock", "exitsyscall", "gopark",
    "goyield", "mcall", "lockosthread", "starttemplatethread", *_PARK, *_READY[:-2], *_TIMER,
))
"""The functions that run on the goroutine's own stack; the others run on g0."""

PUT_OFF: Final = frozenset(("ready", "newproc", "goschedimpl", "starttheworld"))
"""The functions whose wakep is a step of its own here."""

_CALLERS: Final[list[frozenset[int]]] = [frozenset(FN[by] for by in CALLED_BY[name] if by) for name in FN]
_FIRST: Final[list[bool]] = ["" in CALLED_BY[name] for name in FN]


def call(sched: Sched, mp: Optional[M], function: str) -> i64:
    """mp (None: no M, as for an arrival) calls a function; returns the call's id. Above it the stack is gone."""
    stack = sched.calls if mp is None else mp.calls
    code: i64 = FN[function]
    callers = _CALLERS[code]
    n: i64 = len(stack)
    while n > 0 and (stack[n - 1] & 255) not in callers:
        n -= 1
    parent: i64 = 0
    if n > 0:
        parent = stack[n - 1] >> 8
    if n > 0 or mp is None or _FIRST[code]:
        del stack[n:]
    # Else its caller is not known, and what the stack holds is still to go on.
    g: i64 = NO_G
    if mp is not None and mp.curg is not None and function in ON_G:
        g = mp.curg.goid
    made = sched.rec.call(sched.now_ns, parent, code, NO_M if mp is None else mp.id, g)
    if function == "execute":
        stack.clear()  # gogo: g0's stack is empty when a goroutine runs
        return made
    frame: i64 = (made << 8) | code
    stack.append(frame)
    if mp is not None and function in PUT_OFF:
        mp.wake_call = frame
    return made


def verb(sched: Sched, mp: M, gp: G, function: str) -> None:
    """gp calls a verb, or goes on in it after it waited."""
    if gp.stage == 0 or gp.call == 0:
        mp.calls.clear()
        call(sched, mp, function)
        gp.call = mp.calls[0]
    else:
        mp.calls = [gp.call]


def called_by_main(sched: Sched, m0: M) -> None:
    """What m0 calls next is called by runtime.main, on the stack of the main goroutine, the first that is made."""
    code: i64 = FN["main"]
    m0.calls = [(sched.rec.call(sched.now_ns, 0, code, m0.id, 1) << 8) | code]


def aside(mp: M, frame: i64) -> list[i64]:
    """mp's next calls come from a function that has put them off to a step of their own; returns mp's stack."""
    stack = mp.calls
    mp.calls = [frame]
    return stack


def cloned(sched: Sched, by: Optional[M], mp: M) -> None:
    """The calls of newm once the M is there, down to the clone from which the new thread comes."""
    for function in ("newm1", "newosproc", "clone"):
        call(sched, by, function)
    stack = sched.calls if by is None else by.calls
    mp.calls = [stack[len(stack) - 1]]


def note(sched: Sched, by: Optional[M], mp: M, function: str) -> None:
    """by wakes mp."""
    mp.woken_by = call(sched, by, function)


def goeson(sched: Sched, mp: M) -> None:
    """mp, which slept, goes on because another woke it; its stack is as it was."""
    if mp.woken_by != 0:
        sched.rec.call(sched.now_ns, mp.woken_by, FN["woken"], mp.id, NO_G)
        mp.woken_by = 0


def lookagain(sched: Sched, mp: M) -> None:
    """stopm has returned into findrunnable or schedule, which looks again, or else to who calls schedule now."""
    stack = mp.calls
    findrunnable: i64 = FN["findrunnable"]
    n: i64 = len(stack)
    while n > 0 and (stack[n - 1] & 255) != findrunnable:
        n -= 1
    if n > 0:
        del stack[n:]
        return
    schedule: i64 = FN["schedule"]
    n = len(stack)
    while n > 0 and (stack[n - 1] & 255) != schedule:
        n -= 1
    if n == 0:
        call(sched, mp, "schedule")
    call(sched, mp, "findrunnable")
