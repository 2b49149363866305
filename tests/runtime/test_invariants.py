"""After each step of each M the scheduler's counters and lists agree, also while the world stops and Ps come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmplab as gl
from gmplab.build import is_compiled
from gmplab.runtime import sim
from gmplab.runtime.model import M, Sched
from gmplab.vocabulary import GRUNNABLE, PDEAD, PGCSTOP, PIDLE, PRUNNING
from tests.test_properties import POLICIES, PROGRAMS, program

pytestmark = pytest.mark.skipif(is_compiled(), reason="a compiled driver cannot be watched step by step")


def agree(s: Sched) -> None:
    """Throw where two places that say the same thing differ. Go: proc.go: checkdead and the throws all over it."""
    assert s.npidle == len(s.pidle) == sum(p.on_pidle for p in s.allp)
    assert s.nmspinning == sum(m.spinning for m in s.allm)
    assert s.n_runnable == sum(g is not None and g.status == GRUNNABLE for g in s.allgs)
    for p in s.allp:
        assert (p.status == PDEAD) == (p.id >= s.gomaxprocs)
        assert p.m is None or (p.m.p is p and p.status in (PRUNNING, PGCSTOP))
        assert p.m is not None or p.status != PRUNNING
        if p.on_pidle or p.status == PDEAD:
            assert (p.runq.size(), p.runnext, p.m, p.next_gc_worker) == (0, None, None, None)
        assert not p.on_pidle or p.status == PIDLE
        assert p.status != PDEAD or p.timers.n == 0
    stopped = sum(p.status == PGCSTOP for p in s.allp)
    assert s.stopwait == s.gomaxprocs - stopped if s.gcwaiting else stopped == 0
    queued = [g.goid for q in (s.runq, *(p.runq for p in s.allp)) for g in (q.at(i) for i in range(q.size()))]
    queued += [p.runnext.goid for p in s.allp if p.runnext is not None]
    assert len(queued) == len(set(queued))
    promised = [m.nextp.id for m in s.allm if m.nextp is not None]
    assert len(promised) == len(set(promised))
    assert all(s.allp[i].m is None and not s.allp[i].on_pidle for i in promised)


def watched(step: Callable[[Sched, M], int]) -> Callable[[Sched, M], int]:
    def stepped(s: Sched, mp: M) -> int:
        code = step(s, mp)
        agree(s)
        return code

    return stepped


@settings(max_examples=40, deadline=None, derandomize=True)
@given(lists=PROGRAMS, policy=POLICIES, procs=st.sampled_from([1, 2, 3, 8]), seed=st.integers(0, 99), free=st.booleans())
def test_counters_and_lists_agree_after_each_step(lists: list[list[str]], policy: Any, procs: int, seed: int, free: bool) -> None:
    costs = gl.Costs.zero() if free else gl.Costs.linux_vm()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sim, "step", watched(sim.step))
        gl.run(program(lists), procs=procs, policy=policy, seed=seed, costs=costs, until="10s", strict=False)
