"""Goroutines by the number: fan-out, a bag of tasks."""

from __future__ import annotations

from gmplab.runtime.program import Program
from gmplab.runtime.chan import Chan
from gmplab.runtime.sim import Plan
from gmplab.runtime.sync import WaitGroup
from gmplab.workloads.parameters import Drawn, at_least, workload


@workload
def fanout(*, n: int = 1_000, compute: Drawn = "10us") -> Plan:
    """One goroutine starts n others, which compute, and waits for them.

    How fast does work that begins on one P reach the others? Under Go each `go` may wake an M, which steals half.

    Parameters
    ----------
    n : int
        Workers, at least 1.
    compute : int (ns), str or Distribution
        What each computes.

    Examples
    --------
    >>> gmplab.run("fanout", n=1_000, compute="exp(5us)", procs=8).metrics["n_exited"]
    1000
    """
    at_least("fanout: n", n, 1, "worker")
    everyone = WaitGroup()
    worker = Program("worker").compute(compute).done(everyone)
    return Plan(Program("main").add(everyone, n).loop(n).go(worker).end().wait(everyone))


@workload
def bag(*, n: int = 1_000, compute: Drawn = "exp(10us)") -> Plan:
    """n independent tasks become runnable at one instant, on one P.

    How long until stealing has spread a pile of work, and how far is the makespan from n / P? The tasks are started,
    wait at a gate, and are all made runnable when main closes it. Source: Tchiboukdjian et al. 2010, "A tighter
    analysis of work stealing": n unit tasks on one of P processors.

    Parameters
    ----------
    n : int
        Tasks, at least 1.
    compute : int (ns), str or Distribution
        What each computes.

    Notes
    -----
    The task that comes last to the gate readies main before it waits: it may find the gate open. A task at the gate
    blocks: a policy under which a task keeps its thread ("threadpool") needs n + 1 threads.

    Examples
    --------
    >>> run = gmplab.run("bag", n=64, compute="1us", procs=16, costs=gmplab.Costs.zero())
    >>> run.record.end_ns
    7000
    """
    at_least("bag: n", n, 1, "task")
    gate, here, everyone = Chan(), WaitGroup(), WaitGroup()
    task = Program("task").done(here).recv(gate).compute(compute).done(everyone)
    main = Program("main").add(here, n).add(everyone, n).loop(n).go(task).end()
    return Plan(main.wait(here).close(gate).wait(everyone))
