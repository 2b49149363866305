"""What each act of the runtime costs, in ns: one field a quantity, each with its source.

A field is an int (ns) or a `Distribution`. There is never a literal in the core. `Costs.zero()` is for theory,
`Costs.linux_vm()` (the default) is what was measured on a 2-vCPU KVM guest with Go 1.25 and 1.27.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, final

from mypy_extensions import i64

from gmplab.runtime.dice import MOST_NS
from gmplab.runtime.distributions import Distribution

Cost = int | Distribution


def given(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The fields that a call of a dataclass gives, by name.

    For its `__new__`, which can name the field that has the wrong type: where that is compiled, a field takes no other,
    and names none.
    """
    names = {field.name for field in fields(cls)}
    each = [*zip(in_order(cls), args, strict=False), *kwargs.items()]
    return {name: value for name, value in each if name in names}


def in_order(cls: Any) -> list[str]:
    """What the constructor of a dataclass takes by position: not all fields, where some are for keywords alone."""
    code = getattr(cls.__init__, "__code__", None)
    # A compiled constructor takes the fields as they are.
    return [field.name for field in fields(cls)] if code is None else list(code.co_varnames[1 : code.co_argcount])


class Looked:
    """A base of dataclasses that look at the values that they are made of, by name, before their constructor takes them.

    A base, since a class whose own `__new__` this was would show it, and not its fields, to whoever asks how it is called.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        made: Any = super().__new__(cls)
        made.look(given(cls, args, kwargs))
        return made

    def look(self, values: dict[str, Any]) -> None:
        """Raise for the first that has the wrong type. Nothing is set yet."""
        raise NotImplementedError


@dataclass(frozen=True)
class Topology(Looked):
    """Which Ps are near one another.

    Parameters
    ----------
    groups : tuple of int
        The group of each P; Ps beyond the end are of group 0. Costs named `*_remote` hold between groups.

    Examples
    --------
    >>> import gmplab
    >>> two_sockets = gmplab.Topology(groups=(0, 0, 1, 1))
    >>> gmplab.run("fanout", n=50, procs=4, topology=two_sockets).complete
    True
    """

    groups: tuple[int, ...] = ()

    def look(self, values: dict[str, Any]) -> None:
        for name, groups in values.items():
            if not isinstance(groups, tuple) or not all([type(g) is int and 0 <= g <= MOST_NS for g in groups]):
                raise TypeError(f"Topology: {name} = {groups!r}: must be a tuple of ints from 0 up, the group of each P")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.groups,)


@dataclass(frozen=True)
class Costs(Looked):
    """The price list of a run. Every field is ns, or a `Distribution`.

    Examples
    --------
    >>> import dataclasses, gmplab
    >>> dear = dataclasses.replace(gmplab.Costs.linux_vm(), goroutine_switch=5_000)
    >>> [gmplab.run("pingpong", rounds=10, procs=1, costs=costs).record.end_ns for costs in (None, dear, gmplab.Costs.zero())]
    [8980, 126580, 0]
    """

    goroutine_switch: Cost = 100
    """execute: gogo and the cold first instructions. Measured: Gosched alone 110-190 ns, of which about half."""
    park: Cost = 60
    """gopark, mcall to g0. Measured: half of an unbuffered ping-pong's turn, less the switch."""
    runq_get: Cost = 20
    """Own runnext or local queue. Estimate: a few cached loads and a CAS."""
    globrunq_get: Cost = 40
    """Global queue, under sched.lock. Source: 15-20 ns uncontended lock (Go commit fd050b3c6d), twice."""
    globrunq_put: Cost = 40
    runq_put: Cost = 15
    ready: Cost = 40
    """goready: status change and systemstack, besides the put."""
    wakep: Cost = 5
    """The check alone; starting an M costs futex_wake or thread_create."""
    chan_op: Cost = 50
    """A channel operation that does not block. Go: proc.go: runqgrab's comment."""
    select_case: Cost = 20
    """Each case of a select, besides chan_op."""
    sync_op: Cost = 20
    """An uncontended atomic operation of Mutex, RWMutex, WaitGroup, Cond."""
    mutex_spin: Cost = 1_800
    """procyield(30). Measured on the VM: 1.7-1.9 us."""
    newproc: Cost = 250
    """go statement with a reused G. Measured: go+exit 190-400 ns."""
    malg: Cost = 400
    """A new G and its stack, besides newproc. Estimate."""
    goexit: Cost = 80
    steal_probe: Cost = 20
    """One victim looked at. Estimate: 10-100 ns cached (go.dev/issue/28808)."""
    steal_probe_remote: Cost = 100
    steal_move: Cost = 5
    """Each G that a theft moves."""
    steal_move_remote: Cost = 15
    futex_wake: Cost = 1_500
    """The waker's part of waking an M. Measured: 275-325 ns without a waiter; with one, an estimate."""
    futex_latency: Cost = 5_000
    """From the wake to the woken M's first step. Measured: 4.6-10 us one way."""
    futex_latency_remote: Cost = 8_000
    futex_sleep: Cost = 1_000
    """Going to sleep on a note. Estimate."""
    thread_create: Cost = 18_000
    """clone, for the caller. Measured: pthread_create 17-21 us."""
    thread_start: Cost = 8_000
    """From clone to the new thread's first step. Measured: create+join 24-48 us."""
    thread_exit: Cost = 5_000
    syscall: Cost = 40
    """entersyscall and exitsyscall on the fast path. Measured: 33-46 ns beyond the raw call."""
    acquirep: Cost = 30
    handoff: Cost = 60
    retake: Cost = 200
    """sysmon takes a P from a syscall. Estimate."""
    netpoll: Cost = 500
    """One epoll_wait. Measured elsewhere: 0.3-0.6 us."""
    netpoll_break: Cost = 600
    """A write to the eventfd. Estimate."""
    preempt_signal: Cost = 4_000
    """From tgkill to the handler's switch to g0. Estimate: 2-10 us."""
    net_latency: Cost = 8_000
    """From a send to its arrival at the other end of a connection, one way. Measured: 8.4 us a byte over the loopback, half
    a round trip between two blocked threads."""
    timer_op: Cost = 80
    """A timer started, or fired. Estimate."""
    usleep_slack: Cost = 50_000
    """Added by the kernel to usleep (sysmon; the 3 us before a runnext is stolen) and to the 100 us after which
    stop-the-world asks again. Linux: timer slack 50 us a thread."""
    epoll_grain: Cost = 1_000_000
    """epoll_wait's time-out is rounded up to this below 1 ms. Go: netpoll_epoll.go: netpoll."""
    sysmon_round: Cost = 1_000
    """Estimate: a scan over allp."""
    stw: Cost = 1_500
    """Stopping and starting the world once all Ps stand. Measured: ReadMemStats 1.1-1.8 us on one P."""
    gc_sweep_term: Cost = 40_000
    """What a GC cycle does while the world stands at its start. Measured with Go 1.27 on 2 Ps: pauses of 29-200 us, of
    which 7-40 us until all Ps stood."""
    gc_mark_term: Cost = 2_500
    """The same at the end of marking. Measured: pauses of 1.3-6 us."""
    gc_drain: Cost = 10_000
    """The work that a GC worker does between two looks at whether to stop. Go: mgcmark.go: drainCheckThreshold."""
    kernel_slice_ns: int = 3_000_000
    """How long an M keeps a CPU while others wait, where Ms share CPUs (run(cpus=n)). Linux 6.6, with 8 CPUs or more:
    kernel/sched/fair.c: sysctl_sched_base_slice, 0.75 ms times 1 + log2(8)."""

    def look(self, values: dict[str, Any]) -> None:
        for name, cost in values.items():
            if name == "kernel_slice_ns" and isinstance(cost, Distribution):
                raise TypeError(f"Costs: kernel_slice_ns = {cost!r}: must be an int of ns")
            if isinstance(cost, bool) or not isinstance(cost, int | Distribution):
                raise TypeError(f"Costs: {name} = {cost!r}: must be an int of ns or a Distribution")

    def __reduce__(self) -> tuple[Any, ...]:
        # By the constructor: nothing else may set the fields of a frozen native object.
        return type(self), tuple([getattr(self, f.name) for f in fields(self)])

    @classmethod
    def linux_vm(cls) -> Costs:
        """What was measured on a 2-vCPU Linux guest; the default."""
        return cls()

    @classmethod
    def zero(cls) -> Costs:
        """No act costs anything: for theory. Only the work of the goroutines takes time.

        epoll's grain and the GC's drain step, which are no prices but grains, are 0 and 10 us.
        """
        return cls(**{f.name: 0 for f in fields(cls) if f.name not in ("kernel_slice_ns", "gc_drain")})


@final
class Prices:
    """`Costs` as the core reads them: one native int a quantity; -(1 + index) stands for a distribution."""

    def __init__(self, costs: Costs) -> None:
        self.drawn: list[Distribution] = []
        self.goroutine_switch: i64 = self.price(costs.goroutine_switch, "goroutine_switch")
        self.park: i64 = self.price(costs.park, "park")
        self.runq_get: i64 = self.price(costs.runq_get, "runq_get")
        self.globrunq_get: i64 = self.price(costs.globrunq_get, "globrunq_get")
        self.globrunq_put: i64 = self.price(costs.globrunq_put, "globrunq_put")
        self.runq_put: i64 = self.price(costs.runq_put, "runq_put")
        self.ready: i64 = self.price(costs.ready, "ready")
        self.wakep: i64 = self.price(costs.wakep, "wakep")
        self.chan_op: i64 = self.price(costs.chan_op, "chan_op")
        self.select_case: i64 = self.price(costs.select_case, "select_case")
        self.sync_op: i64 = self.price(costs.sync_op, "sync_op")
        self.mutex_spin: i64 = self.price(costs.mutex_spin, "mutex_spin")
        self.newproc: i64 = self.price(costs.newproc, "newproc")
        self.malg: i64 = self.price(costs.malg, "malg")
        self.goexit: i64 = self.price(costs.goexit, "goexit")
        self.steal_probe: i64 = self.price(costs.steal_probe, "steal_probe")
        self.steal_probe_remote: i64 = self.price(costs.steal_probe_remote, "steal_probe_remote")
        self.steal_move: i64 = self.price(costs.steal_move, "steal_move")
        self.steal_move_remote: i64 = self.price(costs.steal_move_remote, "steal_move_remote")
        self.futex_wake: i64 = self.price(costs.futex_wake, "futex_wake")
        self.futex_latency: i64 = self.price(costs.futex_latency, "futex_latency")
        self.futex_latency_remote: i64 = self.price(costs.futex_latency_remote, "futex_latency_remote")
        self.futex_sleep: i64 = self.price(costs.futex_sleep, "futex_sleep")
        self.thread_create: i64 = self.price(costs.thread_create, "thread_create")
        self.thread_start: i64 = self.price(costs.thread_start, "thread_start")
        self.thread_exit: i64 = self.price(costs.thread_exit, "thread_exit")
        self.syscall: i64 = self.price(costs.syscall, "syscall")
        self.acquirep: i64 = self.price(costs.acquirep, "acquirep")
        self.handoff: i64 = self.price(costs.handoff, "handoff")
        self.retake: i64 = self.price(costs.retake, "retake")
        self.netpoll: i64 = self.price(costs.netpoll, "netpoll")
        self.netpoll_break: i64 = self.price(costs.netpoll_break, "netpoll_break")
        self.preempt_signal: i64 = self.price(costs.preempt_signal, "preempt_signal")
        self.net_latency: i64 = self.price(costs.net_latency, "net_latency")
        self.timer_op: i64 = self.price(costs.timer_op, "timer_op")
        self.usleep_slack: i64 = self.price(costs.usleep_slack, "usleep_slack")
        self.epoll_grain: i64 = self.price(costs.epoll_grain, "epoll_grain")
        self.sysmon_round: i64 = self.price(costs.sysmon_round, "sysmon_round")
        self.stw: i64 = self.price(costs.stw, "stw")
        self.gc_sweep_term: i64 = self.price(costs.gc_sweep_term, "gc_sweep_term")
        self.gc_mark_term: i64 = self.price(costs.gc_mark_term, "gc_mark_term")
        if costs.gc_drain == 0:
            raise ValueError("Costs: gc_drain = 0: must be at least 1 ns: a GC worker would look for ever at one instant")
        self.gc_drain: i64 = self.price(costs.gc_drain, "gc_drain")
        if costs.kernel_slice_ns < 1:
            raise ValueError(f"Costs: kernel_slice_ns = {costs.kernel_slice_ns}: must be at least 1 ns")
        self.kernel_slice_ns: i64 = self.price(costs.kernel_slice_ns, "kernel_slice_ns")

    def price(self, cost: Cost, name: str) -> i64:
        if isinstance(cost, Distribution):
            self.drawn.append(cost)
            return -len(self.drawn)
        if cost < 0:
            raise ValueError(f"Costs: {name} = {cost}: must be at least 0 ns")
        if cost > MOST_NS:
            raise ValueError(f"Costs: {name} = {cost}: must be at most {MOST_NS} ns")
        return cost
