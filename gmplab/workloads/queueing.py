"""Queues as theory has them: an open one with arrivals from outside, a closed one of jobs that go round."""

from __future__ import annotations

from gmplab.runtime.program import Program
from gmplab.runtime.durations import as_distribution
from gmplab.runtime.outside import Source
from gmplab.runtime.sim import Plan
from gmplab.runtime.sync import WaitGroup
from gmplab.workloads.parameters import Drawn, at_least, workload


@workload
def open_loop(*, n: int = 10_000, gap: Drawn = "exp(10us)", service: Drawn = "exp(30us)") -> Plan:
    """n jobs come from outside, `gap` apart, and need `service`: each is a goroutine.

    What latency does a load give, in the median and in the tail? The arrivals do not wait for the server, as clients that
    wait for an answer would. With exponential gaps, `Costs.zero()` and one global queue it is M/G/c, and
    `gmplab.analysis.theory` knows its means; the default offers 3 busy Ps' worth of work.

    Parameters
    ----------
    n : int
        Jobs, at least 1.
    gap : int (ns), str or Distribution
        Between two arrivals: "exp(10us)" are Poisson arrivals, of 100,000 a second.
    service : int (ns), str or Distribution
        Of each job: "exp(30us)", "bimodal(10us,1ms,0.01)", "lognormal(20us,1.0)", "pareto(10us,1.5)", "30us",
        `Empirical(values)`.

    Notes
    -----
    Two policies see the same arrivals and services (common random numbers), so that their difference is the policies'.
    Arrivals are Gs that no G makes; `run(arrive=...)` says how they enter.

    Examples
    --------
    >>> run = gmplab.run("open_loop", n=500, service="bimodal(10us,1ms,0.01)", record="off")
    >>> run.metrics["sojourn_p99_ns"] > 10 * run.metrics["sojourn_p50_ns"]
    True
    """
    at_least("open_loop: n", n, 1, "job")
    job = Program("job").compute(service)
    return Plan(Program("main").wait_arrivals(), sources=(Source(job, as_distribution(gap, "gap"), n),))


@workload
def closed(
    *, n: int = 32, cycles: int = 100, compute: Drawn = "exp(100us)", think: Drawn = "exp(400us)", io: bool = False
) -> Plan:
    """n goroutines go round between the CPU and a system call.

    How much of the CPU is lost while threads sit in the kernel? If a P is handed off at once, at no cost, this is the
    machine-repair model; if it is kept, the throughput is min(n, P) / (compute + think). Go lies between: sysmon retakes a P
    when it next looks.

    Parameters
    ----------
    n : int
        Goroutines, at least 1.
    cycles : int
        Rounds of each, at least 1.
    compute, think : int (ns), str or Distribution
        On the CPU; in the call.
    io : bool
        True: think on a descriptor, parked in netpoll, which holds no thread.

    Examples
    --------
    >>> gmplab.run("closed", n=16).metrics["n_goroutines"]
    17
    """
    at_least("closed: n", n, 1, "goroutine")
    at_least("closed: cycles", cycles, 1, "cycle")
    everyone = WaitGroup()
    job = Program("job").loop(cycles).compute(compute)
    job = (job.io(think) if io else job.syscall(think)).end().done(everyone)
    return Plan(Program("main").add(everyone, n).loop(n).go(job).end().wait(everyone))
