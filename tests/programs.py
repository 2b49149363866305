"""Small programs and ways to run them, for the tests."""

from __future__ import annotations

from typing import Any

import gmplab as gl
from gmplab.runtime.sim import Sim
from gmplab.traces.run import Run


def free(main: Any, procs: int = 1, **kw: Any) -> Run:
    """Run with zero costs: only the work of the goroutines takes time."""
    return gl.run(main, procs=procs, costs=gl.Costs.zero(), **kw)


def booted(policy: str | gl.Policy = "go", procs: int = 1) -> Sim:
    """A process that was just started, for tests that set the scheduler's state by hand and call one function of it.

    m0 has P 0, whose queue is empty: main is nowhere. All other Ps idle.
    """
    plan = gl.Plan(gl.Program("main").compute("1us"))
    sim = Sim(plan, gl.policy_of(policy), gl.Costs.zero(), gl.Topology(), procs, 1, 2, 1 << 40, 0, 0, False, False, 0, 0, None)
    sim.boot()
    sim.sched.allp[0].runnext = None
    return sim


def started(run: Run) -> list[int]:
    """The goroutines in the order in which they got to run, main's turns left out."""
    return [int(g) for g in run.schedule["g"] if g != 1]


def rows(run: Run, kind: str) -> Any:
    """The events of one kind."""
    return run.events[run.events["kind"] == kind]


def stopping() -> Any:
    """Goroutines of all kinds, beside collections and changes of GOMAXPROCS."""
    wg = gl.WaitGroup(24)
    c = gl.Chan(3)

    def worker(i: int) -> Any:
        yield gl.compute(gl.Exponential(30_000))
        if i % 4 == 0:
            yield gl.syscall(gl.Uniform(1_000, 90_000))
        elif i % 4 == 1:
            yield gl.sleep(us=40)
        elif i % 4 == 2:
            yield gl.gc(gl.Uniform(20_000, 300_000))
        elif i % 8 == 3:
            yield gl.gomaxprocs(1 + i % 6)
        yield gl.send(c, i)
        yield gl.compute(us=10)
        yield gl.done(wg)

    for i in range(24):
        yield gl.go(worker, i)
    for _ in range(24):
        yield gl.recv(c)
    yield gl.wait(wg)
    yield gl.gomaxprocs(4)
    yield gl.gc("100us")
