"""What must hold in every state: the core's own laws, and that nobody sleeps beside work.

A law is a function of the driver that gives "" or what is broken. A user's law gets the `View` that policies get, and
the rows that the last step recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from gmplab.analysis.explore.untimed import Untimed
from gmplab.runtime.contracts import View
from gmplab.runtime.model import P, Sched
from gmplab.vocabulary import GRUNNABLE, PDEAD, PGCSTOP, PIDLE, PRUNNING

BESIDE_WORK: Final = "idle beside work"
"""What `sleeps_beside_work` tells; no other failure has these words."""
Law = Callable[[View, Sequence[Any]], str | None]
"""A user's law: of the view and the rows (t_ns, kind, g, m, p, arg, reason, aux) of the last step; None or "" if it holds."""


def queued(s: Sched) -> list[int]:
    """The Gs in all run queues."""
    gs = [q.at(i).goid for q in (s.runq, *(pp.runq for pp in s.allp)) for i in range(q.size())]
    return gs + [pp.runnext.goid for pp in s.allp if pp.runnext is not None]


def agree(s: Sched) -> str:
    """"" if lists and counters that say the same thing agree. Go: proc.go: checkdead and the throws all over it."""
    if not s.npidle == len(s.pidle) == sum(pp.on_pidle for pp in s.allp):
        return f"npidle is {s.npidle}, and {len(s.pidle)} Ps are on pidle"
    if s.nmspinning != sum(mp.spinning for mp in s.allm):
        return f"nmspinning is {s.nmspinning}, and {sum(mp.spinning for mp in s.allm)} Ms spin"
    runnable = sum(gp is not None and gp.status == GRUNNABLE for gp in s.allgs)
    if s.n_runnable != runnable:
        return f"n_runnable is {s.n_runnable}, and {runnable} goroutines are runnable"
    gs = queued(s)
    if len(gs) != len(set(gs)):
        return f"a goroutine is in two queues: {sorted(gs)}"
    promised = [mp.nextp.id for mp in s.allm if mp.nextp is not None]
    if len(promised) != len(set(promised)):
        return f"a P is promised to two Ms: {sorted(promised)}"
    for p in promised:
        if s.allp[p].m is not None or s.allp[p].on_pidle:
            return f"p{p} is promised to an M, and is not free"
    return next((broken for pp in s.allp if (broken := of_one_p(s, pp))), "")


def of_one_p(s: Sched, pp: P) -> str:
    if (pp.status == PDEAD) != (pp.id >= s.gomaxprocs):
        return f"p{pp.id} has status {pp.status}, and GOMAXPROCS is {s.gomaxprocs}"
    if pp.m is not None and (pp.m.p is not pp or pp.status not in (PRUNNING, PGCSTOP)):
        return f"p{pp.id} has m{pp.m.id}, which has another P, or p{pp.id} does not run"
    if pp.m is None and pp.status == PRUNNING:
        return f"p{pp.id} runs without an M"
    if (pp.on_pidle or pp.status == PDEAD) and (pp.m is not None or pp.runq.size() > 0 or pp.runnext is not None):
        return f"p{pp.id} is idle or dead, and has an M or a goroutine"
    if pp.on_pidle and pp.status != PIDLE:
        return f"p{pp.id} is on pidle with status {pp.status}"
    return ""


def sleeps_beside_work(driver: Untimed) -> str:
    """"" unless a P idles for as long as the goroutines that run like, though there is work that it could take.

    That is so where no M but sysmon has a step of its own to do: each computes, is in a system call, or sleeps. That
    sysmon may come to help is no excuse, as it is up to 10 ms late. Work is what `findrunnable` looks at: queued
    goroutines (those of another P only if the steal policy may take them), what is ready in epoll, and due timers.
    """
    s = driver.sched
    if s.npidle == 0 or s.gcwaiting or s.pending_wakes > 0:
        return ""
    if not all(mp.is_sysmon or driver.at_rest(mp) for mp in s.allm):
        return ""
    if not s.midle and not s.machines.may_create(s.machines_state, s.view):
        return ""
    work = takeable(s)
    if not work:
        return ""
    idle = ", ".join(f"p{pp.id}" for pp in s.pidle)
    return f"{idle} {BESIDE_WORK}: {work}; every M sleeps, computes or is in a system call"


def takeable(s: Sched) -> str:
    """Work that an M with an idle P would find, in words; "" if there is none."""
    if s.runq.size() > 0:
        return f"g{s.runq.at(0).goid} is in the global queue"
    for pp in s.allp:
        if s.passes > 0 and pp.runq.size() > 0:
            return f"g{pp.runq.at(0).goid} is in the queue of p{pp.id}"
        if 0 <= s.runnext_pass < s.passes and pp.runnext is not None:
            return f"g{pp.runnext.goid} is in runnext of p{pp.id}"
        if 0 < pp.timers.wake_time() <= s.now_ns:
            return f"a timer of p{pp.id} is due"
    if s.rules.netpoll and s.netpoll_ready.size() > 0:
        return f"g{s.netpoll_ready.at(0).goid} is ready in epoll"
    return ""
