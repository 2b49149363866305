"""Goroutines that leave the CPU: system calls, files and sockets, timers."""

from __future__ import annotations

from gmplab.runtime.program import Program
from gmplab.runtime.sim import Plan
from gmplab.runtime.sync import WaitGroup
from gmplab.workloads.parameters import Drawn, at_least, workload


@workload
def syscall_storm(
    *, n: int = 64, calls: int = 20, compute: Drawn = "5us", syscall: Drawn = "exp(100us)", blocking: bool = False
) -> Plan:
    """n goroutines, each in a loop of computing and a system call.

    Who takes the P of a thread that sits in the kernel, when, and how many threads does that make? Under Go sysmon
    retakes it at its second look, 20 us to 10 ms later.

    Parameters
    ----------
    n : int
        Goroutines, at least 1.
    calls : int
        System calls of each, at least 1.
    compute, syscall : int (ns), str or Distribution
        Before each call; the call's length.
    blocking : bool
        True: the calls are known to block, so the P is handed off at once (Go: entersyscallblock).

    Examples
    --------
    >>> kept = gmplab.policy_of("go").replace(handoff=gmplab.NoHandoff())
    >>> [gmplab.run("syscall_storm", policy=policy).metrics["handoffs"] for policy in ("go", kept)]
    [118, 0]
    """
    at_least("syscall_storm: n", n, 1, "goroutine")
    at_least("syscall_storm: calls", calls, 1, "call")
    everyone = WaitGroup()
    caller = Program("caller").loop(calls).compute(compute)
    caller = caller.syscall_block(syscall) if blocking else caller.syscall(syscall)
    caller = caller.end().done(everyone)
    return Plan(Program("main").add(everyone, n).loop(n).go(caller).end().wait(everyone))


@workload
def mixed_io(
    *, cpu: int = 4, net: int = 16, files: int = 4, rounds: int = 20, burst: Drawn = "1ms", compute: Drawn = "20us",
    wait: Drawn = "exp(500us)", syscall: Drawn = "exp(200us)",
) -> Plan:
    """Computing goroutines beside those of sockets and of files: classes "cpu", "net", "file".

    What do long computations do to the latency of short ones, and what to the threads? Compare `run.metrics`' waits of
    the classes under preemption and without.

    Parameters
    ----------
    cpu, net, files : int
        How many goroutines of each class, at least 0, and 1 in all.
    rounds : int
        Of each goroutine, at least 1.
    burst : int (ns), str or Distribution
        What a "cpu" computes in a round.
    compute : int (ns), str or Distribution
        What a "net" or "file" computes in a round.
    wait : int (ns), str or Distribution
        How long a "net" waits in netpoll, without a thread.
    syscall : int (ns), str or Distribution
        How long a "file" is in a system call, with its thread.

    Examples
    --------
    >>> run = gmplab.run("mixed_io", cpu=2, net=3, files=1)
    >>> run.goroutines["cls"].value_counts().sort_index().to_dict()
    {'': 1, 'cpu': 2, 'net': 3, 'file': 1}
    """
    counts = {"cpu": cpu, "net": net, "files": files}
    for name, count in counts.items():
        at_least(f"mixed_io: {name}", count, 0, "goroutine")
    at_least("mixed_io: cpu + net + files", sum(counts.values()), 1, "goroutine")
    at_least("mixed_io: rounds", rounds, 1, "round")
    everyone = WaitGroup()
    kinds = (
        (cpu, Program("cruncher", cls="cpu").loop(rounds).compute(burst).end().done(everyone)),
        (net, Program("handler", cls="net").loop(rounds).io(wait).compute(compute).end().done(everyone)),
        (files, Program("reader", cls="file").loop(rounds).syscall(syscall).compute(compute).end().done(everyone)),
    )
    main = Program("main").add(everyone, sum(counts.values()))
    for count, program in kinds:
        if count > 0:
            main.loop(count).go(program).end()
    return Plan(main.wait(everyone))


@workload
def timers(*, n: int = 100, ticks: int = 10, period: Drawn = "1ms", compute: Drawn = "5us") -> Plan:
    """n goroutines sleep, compute, and sleep again.

    Who fires a timer, and how late? Since Go 1.14 each P has a heap of its own, and an M that looks for work runs other Ps'
    timers too; before, one goroutine served all. Many timers of one instant are a burst of readied Gs on one P.

    Parameters
    ----------
    n : int
        Goroutines, at least 1.
    ticks : int
        How often each sleeps, at least 1.
    period : int (ns), str or Distribution
        Of each sleep.
    compute : int (ns), str or Distribution
        After each sleep.

    Examples
    --------
    >>> gmplab.run("timers", n=5, period="uniform(1ms,2ms)").metrics["timers_fired"] > 0
    True
    """
    at_least("timers: n", n, 1, "goroutine")
    at_least("timers: ticks", ticks, 1, "tick")
    everyone = WaitGroup()
    ticker = Program("ticker").loop(ticks).sleep(period).compute(compute).end().done(everyone)
    return Plan(Program("main").add(everyone, n).loop(n).go(ticker).end().wait(everyone))
