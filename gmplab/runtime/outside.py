"""What comes from outside: arrivals, descriptors that become ready, and what a policy put off until now.

No M does these. A driver says `happen` when one is due; when that is, is the driver's.
"""

from __future__ import annotations

from typing import Any, final

from mypy_extensions import i64

from gmplab.runtime.bodies import FORM_PROGRAM, intern_label
from gmplab.runtime.calls import call
from gmplab.runtime.chan import whole
from gmplab.runtime.dice import FOR_ARRIVAL, draw, stream
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.model import AT_ARRIVAL, AT_CLONE, AT_HANDOFF, AT_IO, AT_WAKEP, Sched
from gmplab.runtime.proc import arrive, checkdead, cloneagain, newproc1, wakep_due
from gmplab.runtime.program import Program
from gmplab.runtime.syscalls import handoff_due
from gmplab.vocabulary import GO_CREATE, GO_PARK, GWAITING, IO_READY, NO_G, NO_M, NO_P, Q_NONE, WAIT_IO


@final
class Source:
    """Goroutines that come from outside: `n` of them, running `program`, `gap` apart.

    Parameters
    ----------
    program : Program
        What each runs.
    gap : Distribution
        Between two arrivals; the first comes one gap after the start.
    n : int
        How many in all, at least 1.
    cls : str
        Groups them in metrics; "": as the program says.

    Examples
    --------
    >>> import gmplab
    >>> jobs = Source(gmplab.Program("job").compute("5us"), gmplab.Exponential(10_000), n=20)
    >>> main = gmplab.Program("main").compute("1us")
    >>> gmplab.run(gmplab.Plan(main, sources=(jobs,)), drain=True).metrics["n_exited"]
    21
    """

    def __init__(self, program: Any, gap: Any, n: Any, cls: Any = "") -> None:
        if not isinstance(program, Program):
            raise TypeError(f"Source: program = {program!r}: must be a Program")
        if not isinstance(gap, Distribution):
            raise TypeError(f"Source: gap = {gap!r}: must be a Distribution of ns, as Exponential(10_000)")
        self.program: Program = program
        self.gap: Distribution = gap
        self.n: i64 = whole("Source: n", n, 1, "arrivals")
        if not isinstance(cls, str):
            raise TypeError(f"Source: cls = {cls!r}: must be a text")
        self.cls: str = cls
        self.come: i64 = 0
        self.key: i64 = 0
        self.due_ns: i64 = 0
        self.label: i64 = 0
        self.label_cls: i64 = 0


@final
class Outside:
    """The world outside of one run: its sources, and whether their goroutines come through netpoll."""

    def __init__(self, sources: tuple[Source, ...], by_netpoll: bool) -> None:
        self.sources: list[Source] = list(sources)
        self.by_netpoll: bool = by_netpoll

    def begin(self, sched: Sched) -> None:
        """Plan the first arrival of each source."""
        for i in range(len(self.sources)):
            source = self.sources[i]
            source.come = 0
            source.key = stream(sched.seed, FOR_ARRIVAL, i)
            source.due_ns = source.gap.sample(draw(source.key, 0))
            sched.arrivals += source.n
            if self.by_netpoll:
                # Its listener waits on the network from the start, so that an idle M sleeps in epoll and not on midle.
                sched.netpoll_waiters += 1
            sched.driver.later(source.due_ns, AT_ARRIVAL, i)

    def happen(self, sched: Sched, kind: i64, ident: i64) -> None:
        """What no M does."""
        if kind == AT_ARRIVAL:
            self.arrival(sched, ident)
        elif kind == AT_IO:
            gp = sched.allgs[ident]
            if gp is None:
                return
            if sched.rec.full:
                sched.rec.event(sched.now_ns, IO_READY, ident, NO_M, NO_P, 0, NO_P, 0)
            holder = gp.m
            if holder is not None:
                sched.driver.wakeup(holder, NO_P)
                return
            sched.netpoll_ready.push(gp)
            if sched.poller is not None:
                sched.driver.wakeup(sched.poller, NO_P)
        elif kind == AT_WAKEP:
            wakep_due(sched, ident)
        elif kind == AT_HANDOFF:
            handoff_due(sched, ident)
        elif kind == AT_CLONE:
            cloneagain(sched, sched.allm[ident])

    def arrival(self, sched: Sched, index: i64) -> None:
        """One goroutine comes from outside, and the next is planned."""
        source = self.sources[index]
        if sched.calls_on:
            call(sched, None, "arrive")
        gp = newproc1(sched, None, None)
        gp.form = FORM_PROGRAM
        gp.prog = source.program
        if source.come == 0:
            source.label, source.label_cls = intern_label(
                sched, source.program.name, source.cls or source.program.cls, ""
            )
        gp.label = source.label
        gp.cls = source.label_cls
        gp.key = draw(source.key ^ 0x2545F4914F6CDD1D, source.come)
        gp.arg = source.come
        source.come += 1
        sched.arrivals -= 1
        if self.by_netpoll:
            gp.status = GWAITING
            gp.since_ns = sched.now_ns
            sched.netpoll_waiters += 1
            if source.come == source.n:
                sched.netpoll_waiters -= 1
            if sched.rec.full:
                sched.rec.event(sched.now_ns, GO_CREATE, gp.goid, NO_M, NO_P, Q_NONE, NO_P, NO_G)
                sched.rec.event(sched.now_ns, GO_PARK, gp.goid, NO_M, NO_P, WAIT_IO, 0, 0)
                sched.rec.event(sched.now_ns, IO_READY, gp.goid, NO_M, NO_P, 0, NO_P, 0)
            sched.netpoll_ready.push(gp)
            if sched.poller is not None:
                sched.driver.wakeup(sched.poller, NO_P)
        else:
            arrive(sched, gp)
        if source.come < source.n:
            source.due_ns += source.gap.sample(draw(source.key, source.come))
            sched.driver.later(source.due_ns, AT_ARRIVAL, index)
        if sched.arrivals == 0:
            # Nothing more comes from outside: who sleeps now is woken by nobody else.
            checkdead(sched)
