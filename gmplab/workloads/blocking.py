"""Goroutines that leave the CPU: system calls, descriptors, timers."""

from __future__ import annotations

from gmplab.runtime.bodies import Program
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
    >>> gmplab.run("syscall_storm", policy=gmplab.policy_of("go").replace(handoff=gmplab.NoHandoff()))   # doctest: +SKIP
    """
    at_least("syscall_storm: n", n, 1, "goroutine")
    at_least("syscall_storm: calls", calls, 1, "call")
    everyone = WaitGroup()
    caller = Program("caller").loop(calls).compute(compute)
    caller = caller.syscall_block(syscall) if blocking else caller.syscall(syscall)
    caller = caller.end().done(everyone)
    return Plan(Program("main").add(everyone, n).loop(n).go(caller).end().wait(everyone))
