"""The driver in virtual time: the event queue, the only clock.

Events are ordered by (time, serial): equal times run in the order in which they were made. An M goes on without the
queue ("run-ahead") only when its next instant is strictly earlier than the queue's top, which changes nothing but
speed. An M has at most one pending event; a newer one makes the older one void.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Optional, final

from mypy_extensions import i64

from gmplab.errors import SchedError
from gmplab.runtime.boot import boot
from gmplab.runtime.contracts import Policy, check_types
from gmplab.runtime.costs import Costs, Looked, Prices, Topology
from gmplab.runtime.cpus import Cpus
from gmplab.runtime.ending import ending, failed, finish
from gmplab.runtime.events import EventQueue
from gmplab.runtime.model import AT_CPU, AT_STEP, FOREVER, PH_DEAD, Driver, M, Sched, price
from gmplab.runtime.outside import Outside, Source
from gmplab.runtime.proc import timedout
from gmplab.runtime.recorder import Record, Recorder
from gmplab.runtime.steps import step
from gmplab.vocabulary import EVENT_WORDS, NO_P, STEP_COMPUTE, STEP_END, STEP_EXIT, STEP_NETPOLL, STEP_ON, STEP_PARK, STEP_SYSCALL

PULSE_MASK: Final = 0x3FFF
"""Every 16,384 steps, some milliseconds when compiled, `pulse` is called: as Python code it lets an interrupt through."""
STEPS_AT_ONE_INSTANT: Final = 1_000_000

PARTS: Final[dict[str, Any]] = {"args": tuple, "sources": tuple, "name": str, "params": dict}
"""What a plan holds besides the main goroutine's body, by its type."""


@dataclass
class Plan(Looked):
    """What a workload sets up: the main goroutine's body, and arrivals.

    Parameters
    ----------
    main : Program or function
        A Program, or a generator, coroutine or plain function.
    args : tuple
        Arguments of a function.
    sources : tuple of Source
        Arrivals from outside.
    name : str
        What the run's header calls the workload.
    params : dict of str to str
        How it was set up, as reproducible text: for the header too.

    Examples
    --------
    >>> import gmplab
    >>> plan = Plan(gmplab.Program("main").compute("5us"), name="mine", params={"n": "1"})
    >>> gmplab.run(plan).record.header["params"]
    {'n': '1'}
    """

    main: Any
    args: tuple[Any, ...] = ()
    sources: tuple[Source, ...] = ()
    name: str = ""
    params: dict[str, str] = field(default_factory=dict)

    def look(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if name in PARTS and not isinstance(value, PARTS[name]):
                raise TypeError(f"Plan: {name} = {value!r}: must be a {PARTS[name].__name__}")


@final
class Sim(Driver):
    """One run in virtual time."""

    def __init__(
        self, plan: Plan, policy: Policy, costs: Costs, topology: Topology, procs: i64, seed: i64, level: i64,
        until_ns: i64, max_events: i64, warmup_ns: i64, drain: bool, arrive_netpoll: bool, cpus: i64, kernel_threads: i64,
        pulse: Any, when: Any = None, max_rows: i64 = 0,
    ) -> None:
        self.queue: EventQueue = EventQueue()
        self.until_ns: i64 = until_ns
        self.max_events: i64 = max_events
        self.max_rows: i64 = max_rows
        self.n_events: i64 = 0
        self.n_steps: i64 = 0
        self.looked_ns: i64 = -1
        """The instant of the last pulse, and how many pulses were at that one before it."""
        self.pulses: i64 = 0
        self.at_m: Optional[M] = None
        """The M that steps, to tell whose body failed."""
        self.pulse: Any = pulse
        self.watched: bool = when is not None
        self.when: Any = when
        """Asked with the words of the new rows of events after each step that wrote some; True ends the run there."""
        self.rows_seen: i64 = 0
        self.plan: Plan = plan
        self.outside: Outside = Outside(plan.sources, arrive_netpoll)
        self.sched: Sched = Sched(policy, Prices(costs), Recorder(level), self, seed, procs)
        self.sched.warmup_ns = warmup_ns
        self.sched.draining = drain
        self.sched.groups = [g for g in topology.groups]
        self.kernel_threads: i64 = kernel_threads
        """How many threads the kernel grants, 0: any number; and how many were cloned."""
        self.cloned: i64 = 0
        self.cpus: Optional[Cpus] = None
        """The CPUs that Ms share; None: each M has one."""
        if cpus > 0:
            self.sched.ncpu = cpus
            self.cpus = Cpus(cpus, self.sched.prices.kernel_slice_ns, self.queue)

    # --- Driver -------------------------------------------------------------------------------------------------
    def wakeup(self, mp: M, from_p: i64) -> None:
        if mp.cpu_wait_ns >= 0:
            # It is awake for the kernel, and goes on when it gets a CPU.
            return
        sched = self.sched
        prices = sched.prices
        latency = prices.futex_latency
        if len(sched.groups) > 0 and from_p != NO_P and mp.nextp is not None:
            if sched.view.group(from_p) != sched.view.group(mp.nextp.id):
                latency = prices.futex_latency_remote
        at = sched.now_ns + price(sched, latency)
        if at < mp.asleep_ns:
            at = mp.asleep_ns
        if mp.event != 0 and mp.event_ns <= at:
            return
        self.queue.at(at, mp)

    def notice(self, mp: M) -> None:
        if mp.cpu_wait_ns >= 0:
            return
        at = self.sched.now_ns
        if at < mp.asleep_ns:
            at = mp.asleep_ns
        if at < mp.event_ns:
            self.queue.at(at, mp)

    def clone(self, mp: M) -> bool:
        if self.kernel_threads > 0:
            # m0's thread was not cloned, and never ends.
            ended = self.sched.nmfreed - (1 if self.sched.allm[0].phase == PH_DEAD else 0)
            if 1 + self.cloned - ended >= self.kernel_threads:
                return False
            self.cloned += 1
        self.queue.at(self.sched.now_ns + price(self.sched, self.sched.prices.thread_start), mp)
        return True

    def interrupt(self, mp: M) -> None:
        if not mp.computing:
            return
        at = self.sched.now_ns
        if self.sched.preempt.mode == "async" and not (mp.curg is not None and mp.curg.system):
            # The runtime's own Gs look at the request themselves.
            at += price(self.sched, self.sched.prices.preempt_signal)
        if at < mp.began_ns:
            at = mp.began_ns
        if at < mp.event_ns:
            self.queue.at(at, mp)

    def later(self, at_ns: i64, kind: i64, ident: i64) -> None:
        self.queue.push(at_ns, (ident << 3) | kind)

    # --- the run --------------------------------------------------------------------------------------------------
    def boot(self) -> None:
        """Everything is there, and the first events are due."""
        sched = self.sched
        self.queue.at(0, boot(sched, self.plan.main, self.plan.args))
        self.outside.begin(sched)

    def run(self) -> None:
        """Until main returns, or a bound, or the end of all things."""
        sched = self.sched
        queue = self.queue
        while queue.n > 0 and not sched.ended:
            t = queue.pop()
            word = queue.popped_w
            if t > self.until_ns:
                sched.now_ns = self.until_ns
                sched.stopped_by = "until"
                return
            if self.max_events > 0 and self.n_events >= self.max_events:
                sched.stopped_by = "max_events"
                return
            if self.max_rows > 0 and sched.rec.rows() >= self.max_rows:
                sched.stopped_by = "max_rows"
                return
            self.n_events += 1
            kind = word & 7
            if kind == AT_STEP:
                mp = sched.allm[word >> 3]
                if mp.event != queue.popped_s:
                    continue
                mp.event = 0
                sched.now_ns = t
                self.drive(mp)
            elif kind == AT_CPU:
                sched.now_ns = t
                if self.cpus is not None:
                    self.cpus.vacate(sched, sched.allm[word >> 3])
            else:
                sched.now_ns = t
                self.outside.happen(sched, kind, word >> 3)
                if self.watched:
                    self.show_rows()
        if not sched.ended and sched.stopped_by == "":
            sched.stopped_by = "deadlock" if sched.n_runnable == 0 else "policy"

    def show_rows(self) -> None:
        """Show `when` the rows that have come."""
        events = self.sched.rec.events
        n = events.rows - self.rows_seen
        if n == 0:
            return
        self.rows_seen = events.rows
        if self.when(events.newest(n * EVENT_WORDS)) and not self.sched.ended:
            self.sched.stopped_by = "when"
            self.sched.ended = True

    def look_up(self, mp: M) -> None:
        """Now and then: may an interrupt through, and see whether time goes on."""
        if self.pulse is not None:
            self.pulse(self.sched.now_ns, self.sched.n_schedules)
        if 0 < self.max_rows <= self.sched.rec.rows() and not self.sched.ended:
            # An M that runs ahead fills memory between two events.
            self.sched.stopped_by = "max_rows"
            self.sched.ended = True
        now = self.sched.now_ns
        if now != self.looked_ns:
            self.looked_ns = now
            self.pulses = 0
            return
        self.pulses += 1
        if self.pulses * (PULSE_MASK + 1) > STEPS_AT_ONE_INSTANT:
            raise SchedError(f"drive: a million steps at one instant (m={mp.id} phase={mp.phase} t={now})")

    def drive(self, mp: M) -> None:
        """Let mp step until something else is due before it, or it sleeps."""
        sched = self.sched
        queue = self.queue
        cpus = self.cpus
        self.at_m = mp
        if mp.computing:
            mp.computing = False
            gp = mp.curg
            if gp is not None:
                gp.rest_ns -= sched.now_ns - mp.began_ns
                if gp.rest_ns < 0:
                    raise SchedError(f"drive: computed too long (g={gp.goid} t={sched.now_ns})")
        if cpus is not None and not cpus.mine(sched, mp):
            return
        if mp.parked:
            timedout(sched, mp)
        while True:
            self.n_steps += 1
            # Counted in steps: an M that runs ahead may take thousands of them between two events.
            if self.n_steps & PULSE_MASK == 0:
                self.look_up(mp)
            code = step(sched, mp)
            if self.watched:
                self.show_rows()
            if cpus is not None and code != STEP_END and not sched.ended:
                # No running ahead: another M may get the CPU.
                cpus.occupy(sched, mp, code)
                return
            t = sched.now_ns + mp.debt_ns
            mp.debt_ns = 0
            if sched.ended:
                return
            if code == STEP_ON:
                pass
            elif code == STEP_COMPUTE:
                began = t
                t += mp.rest_ns
                if queue.top_ns <= t or t > self.until_ns:
                    # Something may cut it short.
                    mp.began_ns = began
                    mp.computing = True
                else:
                    computing = mp.curg
                    assert computing is not None
                    computing.rest_ns -= mp.rest_ns
            elif code == STEP_SYSCALL:
                t += mp.rest_ns
            elif code == STEP_PARK or code == STEP_NETPOLL:
                mp.asleep_ns = t
                if mp.until_ns >= 0:
                    self.queue.at(mp.until_ns if mp.until_ns > t else t, mp)
                return
            elif code == STEP_EXIT:
                return
            else:
                sched.now_ns = t
                sched.ended = True
                return
            if queue.top_ns <= t or t > self.until_ns:
                self.queue.at(t, mp)
                return
            sched.now_ns = t


def simulate(
    plan: Plan, policy: Policy, *, procs: int, costs: Costs, topology: Topology, seed: int, level: int, until_ns: int,
    max_events: int, warmup_ns: int, drain: bool, arrive: str, cpus: int, kernel_threads: int,
    header: dict[str, Any], pulse: Any, when: Any = None, max_rows: int = 0,
) -> tuple[Record, Optional[BaseException]]:
    """Run a plan in virtual time. Returns the record, whole or up to the failure, and the error to raise, if any."""
    check_types(policy)
    if until_ns < 0:
        until_ns = FOREVER
    error: Optional[BaseException] = None
    sim = Sim(
        plan, policy, costs, topology, procs, seed, level, until_ns, max_events, warmup_ns, drain, arrive == "netpoll",
        cpus, kernel_threads, pulse, when, max_rows,
    )
    sched = sim.sched
    try:
        sim.boot()
        sim.run()
    except (Exception, KeyboardInterrupt) as e:
        error = failed(sched, policy, e, sim.at_m.curg if sim.at_m is not None else None)
    if error is None:
        error = ending(sched, policy)
    return finish(sched, header, sim.n_steps), error
