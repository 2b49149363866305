"""Dead Gs are kept for reuse: a stack a P, and a global one. Go: proc.go: gfput, gfget.

The record numbers Gs anew at each reuse, so only here can one see which comes back.
"""

from __future__ import annotations

from gmplab.runtime.model import G, GList, P, Sched
from gmplab.runtime.proc import gfget, gfput
from tests.programs import booted


def dead(n: int) -> tuple[Sched, P]:
    """n Gs, 1 to n, died on P 0 in this order."""
    sched = booted().sched
    for goid in range(1, n + 1):
        gfput(sched, sched.allp[0], G(goid))
    return sched, sched.allp[0]


def ids(gs: GList) -> list[int]:
    """From the bottom of the stack to its top."""
    found: list[int] = []
    gp = gs.head
    while gp is not None:
        found.insert(0, gp.goid)
        gp = gp.schedlink
    assert len(found) == gs.size
    return found


def test_the_g_that_died_last_is_used_first() -> None:
    sched, p0 = dead(3)
    assert [gp.goid if gp is not None else None for gp in (gfget(sched, p0) for _ in range(4))] == [3, 2, 1, None]


def test_the_64th_dead_g_of_a_p_sends_the_33_that_died_last_to_the_global_stack() -> None:
    # Go: gfput: if pp.gFree.size >= 64, pop while size >= 32.
    sched, p0 = dead(63)
    assert (p0.gfree.size, sched.gfree.size) == (63, 0)
    sched, p0 = dead(64)
    assert (ids(p0.gfree), ids(sched.gfree)) == (list(range(1, 32)), list(range(64, 31, -1)))


def test_a_p_without_dead_gs_takes_up_to_32_from_the_global_stack() -> None:
    # Go: gfget: for pp.gFree.size < 32.
    sched, p0 = dead(64)
    p0.gfree = GList()
    got = gfget(sched, p0)
    assert got is not None
    # The global stack's top was 32; the 32nd that moved, 63, is the P's top.
    assert (got.goid, ids(p0.gfree), ids(sched.gfree)) == (63, list(range(32, 63)), [64])
