"""The delicate dance at the end of findrunnable: who gives up its P looks again at all that came meanwhile.

Go: proc.go: findRunnable, from the look under sched.lock on. The state before is set by hand, as if other Ms had just
left it so: the moments between two of these steps are too short to be met by a program.
"""

from __future__ import annotations

import pytest

import gmplab as gl
from gmplab.runtime.model import PH_DROPPED, PH_FIND, PH_FOUND, PH_NETPOLL, PH_RECHECK, G, M, Sched
from gmplab.runtime.proc import becomespinning, dropspinning, lastlook, recheck, releasep
from gmplab.runtime.runq import pidleget, pidleput
from gmplab.vocabulary import GRUNNABLE, SRC_GLOBAL
from tests.programs import booted


def found_nothing(policy: str | gl.Policy = "go", procs: int = 2) -> tuple[Sched, M]:
    """A process whose m0 has P 0 and found nothing; all other Ps idle."""
    sched = booted(policy, procs).sched
    return sched, sched.allm[0]


def gave_up(policy: str | gl.Policy = "go", procs: int = 2) -> tuple[Sched, M]:
    """m0 spun, found nothing, and has put P 0 on pidle: it is about to look again."""
    sched, m0 = found_nothing(policy, procs)
    becomespinning(sched, m0)
    lastlook(sched, m0)
    assert (m0.p, m0.spinning, sched.nmspinning, m0.phase) == (None, True, 1, PH_DROPPED)
    dropspinning(sched, m0)
    assert (m0.spinning, sched.nmspinning, m0.phase) == (False, 0, PH_RECHECK)
    return sched, m0


def runnable(goid: int) -> G:
    gp = G(goid)
    gp.status = GRUNNABLE
    return gp


def test_the_last_look_under_the_lock_takes_a_batch_from_the_global_queue_and_keeps_the_p() -> None:
    sched, m0 = found_nothing()
    for goid in (7, 8, 9):
        sched.runq.push(runnable(goid))
    lastlook(sched, m0)
    # 3 // 2 + 1 of the three: the first in hand, the other on the own queue.
    assert m0.found is not None
    assert (m0.found.goid, m0.source, sched.allp[0].runq.at(0).goid, sched.runq.size()) == (7, SRC_GLOBAL, 8, 1)


@pytest.mark.parametrize(("policy", "spins"), [("go", True), ("go1.14", False)])
def test_work_that_came_while_no_p_idled_makes_the_next_m_that_would_park_spin(policy: str, spins: bool) -> None:
    # Go 1.20: sched.needspinning; before, that wake-up was lost (#45867).
    sched, m0 = found_nothing(policy)
    sched.needspinning = 1
    lastlook(sched, m0)
    assert (m0.spinning, m0.p is not None, sched.needspinning) == (spins, spins, 0 if spins else 1)


@pytest.mark.parametrize(("policy", "phase"), [("go", PH_NETPOLL), ("go1.14", PH_RECHECK)])
def test_an_m_that_did_not_spin_need_not_look_again(policy: str, phase: int) -> None:
    # Go 1.17, #43997: nobody relied on it, as nmspinning did not count it.
    sched, m0 = found_nothing(policy)
    lastlook(sched, m0)
    assert (m0.p, m0.phase, sched.npidle) == (None, phase, 2)


@pytest.mark.parametrize(("policy", "found"), [("go", True), ("go1.21", False)])
def test_who_stopped_spinning_looks_at_the_global_queue_again(policy: str, found: bool) -> None:
    # Go 1.22, #55160: a G that came to the global queue just before nmspinning dropped.
    sched, m0 = gave_up(policy)
    sched.runq.push(runnable(9))
    recheck(sched, m0)
    assert (m0.phase, m0.spinning, m0.p is not None) == ((PH_FOUND, True, True) if found else (PH_NETPOLL, False, False))
    assert sched.runq.size() == (0 if found else 1)


def test_who_stopped_spinning_looks_at_all_local_queues_again_and_spins_on() -> None:
    sched, m0 = gave_up(procs=3)
    p2 = pidleget(sched, m0)
    assert p2 is not None
    p2.runq.push(runnable(9))
    recheck(sched, m0)
    assert (m0.phase, m0.spinning, m0.p is not None, sched.npidle) == (PH_FIND, True, True, 1)


def test_who_sees_work_and_gets_no_p_tells_the_next_m_that_parks() -> None:
    # Go: proc.go: pidlegetSpinning: sched.needspinning.Store(1).
    sched, m0 = gave_up()
    for p2 in (pidleget(sched, m0), pidleget(sched, m0)):
        assert p2 is not None
        p2.runq.push(runnable(9))
    recheck(sched, m0)
    assert (m0.phase, m0.p, sched.needspinning) == (PH_NETPOLL, None, 1)


@pytest.mark.parametrize(("idle", "needed"), [(1, 0), (0, 1)])
def test_who_sees_gc_work_takes_a_p_before_it_looks_for_a_worker(idle: int, needed: int) -> None:
    # Go: proc.go: checkIdleGCNoP: pidlegetSpinning, then gcBgMarkWorkerPool.pop; no worker is free here.
    sched, m0 = gave_up(procs=1)
    sched.gc_blacken, sched.gc.left_ns, sched.gc.most_idle_workers = True, 1_000, 1
    if idle == 0:
        pidleget(sched, m0)
    recheck(sched, m0)
    assert (m0.p, m0.phase, sched.npidle, sched.needspinning) == (None, PH_NETPOLL, idle, needed)


def test_an_idle_p_has_no_work() -> None:
    # Go: proc.go: pidleput: throw("pidleput: P has non-empty run queue").
    sched, m0 = found_nothing()
    p0 = releasep(sched, m0)
    p0.runq.push(runnable(9))
    with pytest.raises(gl.SchedError, match="pidleput: P has non-empty run queue"):
        pidleput(sched, p0, m0)


class Picky(gl.StealHalf):  # type: ignore[misc, name-defined]
    """Leaves a queue of one alone."""

    def amount(self, state: object, view: gl.View, thief: int, victim: int, queued: int) -> int:
        return 0 if queued == 1 else queued - queued // 2


@pytest.mark.parametrize(("queued", "again"), [(0, PH_FIND), (1, PH_NETPOLL), (2, PH_FIND)])
def test_a_runnext_is_no_reason_to_look_again_where_the_thief_leaves_its_ps_queue_alone(queued: int, again: int) -> None:
    # stealwork takes a runnext from a P whose queue is empty. To look again at another would go on for ever, at one instant.
    sched, m0 = gave_up(gl.policy_of("go").replace(steal=Picky()), procs=3)
    p2 = pidleget(sched, m0)
    assert p2 is not None
    p2.runnext = runnable(9)
    for goid in range(queued):
        p2.runq.push(runnable(10 + goid))
    recheck(sched, m0)
    assert m0.phase == again
