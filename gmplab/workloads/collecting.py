"""A load from outside, and a garbage collector that stops the world beside it."""

from __future__ import annotations

from typing import Final

from gmplab.runtime.program import Program
from gmplab.runtime.durations import as_distribution
from gmplab.runtime.outside import Source
from gmplab.runtime.sim import Plan
from gmplab.runtime.sync import WaitGroup
from gmplab.workloads.parameters import Drawn, at_least, workload

FOR_EVER: Final = 1 << 40
"""More rounds than a run has time for."""


@workload
def gc_pauses(
    *, n: int = 10_000, gap: Drawn = "exp(20us)", service: Drawn = "exp(30us)", every: Drawn = "exp(5ms)", mark: Drawn = "1ms"
) -> Plan:
    """Jobs come as in `open_loop`, of the class "job", while a goroutine collects garbage again and again.

    What does collecting do to the tail of latency: by stopping the world, and by the Ps that mark? Compare "go", where a
    quarter of the Ps mark beside the program, with "go1.2", where all stand still meanwhile.

    Parameters
    ----------
    n : int
        Jobs, at least 1; the run ends with the last.
    gap, service : int (ns), str or Distribution
        Between two arrivals; of each job.
    every : int (ns), str or Distribution
        From the end of one cycle to the begin of the next.
    mark : int (ns), str or Distribution
        CPU time of a cycle's marking, of all workers together.

    Notes
    -----
    On one P, with exponential gaps, services and `every`, a constant `mark` and the world stopped throughout ("go1.2"), it
    is M/M/1 with interruptions; source: Avi-Itzhak and Naor 1963, "Some queuing problems with the service station subject to
    breakdown". "threadpool" needs 3 threads: main and the collector keep theirs.

    Examples
    --------
    >>> run = gmplab.run("gc_pauses", policy="go1.2", record="off")
    >>> run.metrics["gc_cycles"] > 0, run.metrics["stw"] >= run.metrics["gc_cycles"]
    (True, True)
    """
    at_least("gc_pauses: n", n, 1, "job")
    everyone = WaitGroup(n)
    job = Program("job", cls="job").compute(service).done(everyone)
    collector = Program("collector").loop(FOR_EVER).sleep(every).gc(mark).end()
    main = Program("main").go(collector).wait(everyone)
    return Plan(main, sources=(Source(job, as_distribution(gap, "gap"), n),))
