"""handoffp, condition by condition, in Go's order: a P that lost its M gets another, stops, or idles.

Go: proc.go: handoffp. The state before is set by hand; in golden/handoff_*.txt the same conditions come about by
themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gmplab.runtime.ending import finish
from gmplab.runtime.model import G, M, P, Sched
from gmplab.runtime.proc import handoffp, releasep
from gmplab.runtime.runq import pidleget
from gmplab.traces.run import Run
from gmplab.vocabulary import PGCSTOP, PIDLE
from tests.programs import booted


def handed(procs: int, before: Callable[[Sched, M, P], object]) -> tuple[Run, Sched, P]:
    """Boot, let m0 release it, set the state, hand P0 off."""
    sim = booted(procs=procs)
    sched = sim.sched
    m0, p0 = sched.allm[0], sched.allp[0]
    releasep(sched, m0)
    before(sched, m0, p0)
    handoffp(sched, m0, p0)
    return Run(finish(sched, {"procs": procs}, sim.n_steps)), sched, p0


def gc_work(sched: Sched, m0: M, p0: P) -> None:
    sched.gc_blacken = True
    sched.gc.left_ns = 1_000


def world_stops(sched: Sched, m0: M, p0: P) -> None:
    sched.gcwaiting = True
    sched.stopwait = 2


def nothing(sched: Sched, m0: M, p0: P) -> None:
    pass


CONDITIONS: list[tuple[str, int, Callable[..., object], str, list[str]]] = [
    ("a G in runnext", 4, lambda sched, m0, p0: setattr(p0, "runnext", G(9)), "has_work", ["handoffp"]),
    ("a G in the local queue", 4, lambda sched, m0, p0: p0.runq.push(G(9)), "has_work", ["handoffp"]),
    ("a G in the global queue", 4, lambda sched, m0, p0: sched.runq.push(G(9)), "has_work", ["handoffp"]),
    ("work for a GC worker", 4, gc_work, "gc_work", ["handoffp"]),
    ("no M spins and no P idles", 1, nothing, "no_spinning", ["handoffp"]),
    ("the world is to stop", 4, world_stops, "gcstop", []),
    ("it is the last P and nobody polls", 4, nothing, "last_p", ["handoffp"]),
    ("another P runs", 4, lambda sched, m0, p0: pidleget(sched, m0), "idle", []),
    ("it is the last P but an M sleeps in epoll", 4, lambda sched, m0, p0: setattr(sched, "lastpoll", 0), "idle", []),
]


@pytest.mark.parametrize(("procs", "before", "reason", "made"), [c[1:] for c in CONDITIONS], ids=[c[0] for c in CONDITIONS])
def test_the_first_condition_that_holds_decides(procs: int, before: Any, reason: str, made: list[str]) -> None:
    run, sched, p0 = handed(procs, before)
    events = run.events
    assert list(events["reason"][events["kind"] == "PHandoff"]) == [reason]
    assert list(events["reason"][events["kind"] == "MCreate"])[2:] == made
    # It is in the hands of the new M, stopped, or on pidle.
    assert (p0.status, p0.on_pidle) == {"gcstop": (PGCSTOP, False), "idle": (PIDLE, True)}.get(reason, (PIDLE, False))
    assert sched.nmspinning == (1 if reason == "no_spinning" else 0)


def test_local_work_comes_before_a_world_that_stops() -> None:
    # Its new M will stop in findrunnable; Go looks at the queues first, too.
    run, _, _ = handed(4, lambda sched, m0, p0: (world_stops(sched, m0, p0), p0.runq.push(G(9))))
    assert list(run.events["reason"][run.events["kind"] == "PHandoff"]) == ["has_work"]


def with_timer(sched: Sched, p0: P) -> None:
    gp = G(9)
    gp.timer = 1
    p0.timers.push(5_000, 1, gp)


def test_a_p_that_idles_with_a_timer_wakes_someone_who_will_sleep_in_epoll_for_it() -> None:
    # Go: proc.go: handoffp, wakeNetPoller: nobody polls, so wakep.
    def before(sched: Sched, m0: M, p0: P) -> None:
        pidleget(sched, m0)
        with_timer(sched, p0)

    run, sched, p0 = handed(4, before)
    assert list(run.events["reason"][run.events["kind"] == "MCreate"]) == ["boot", "sysmon", "wakep"]
    # wakep took the P that idled last: this one.
    assert (p0.on_pidle, sched.nmspinning) == (False, 1)


@pytest.mark.parametrize(("poll_until", "woken"), [(0, [2]), (9_000, [2]), (3_000, [])])
def test_a_p_that_idles_with_a_timer_breaks_a_poll_that_would_sleep_longer(poll_until: int, woken: list[int]) -> None:
    # Go: proc.go: wakeNetPoller; netpoll_epoll.go: netpollBreak. 0: the poller sleeps without end.
    def before(sched: Sched, m0: M, p0: P) -> None:
        poller = M(2)
        poller.parked = True
        sched.allm.append(poller)
        sched.lastpoll, sched.poller, sched.poll_until = 0, poller, poll_until
        with_timer(sched, p0)

    run, _, p0 = handed(4, before)
    wakes = run.events[run.events["kind"] == "MWake"]
    assert (list(wakes["m"]), set(wakes["reason"]) <= {"netpollbreak"}, p0.on_pidle) == (woken, True, True)
