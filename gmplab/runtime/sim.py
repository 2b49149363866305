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
        self.bounded: bool = max_events > 0 or max_rows > 0
        self.n_events: i64 = 0
        self.n_steps: i64 = 0
        self.looked_ns: i64 = -1
        """The instant of the last pulse, and how many pulses were at that one before it."""
        self.pulses: i64 = 0
        self.at_m: i64 = -1
        """The M that steps, to tell whose body failed; -1: none has yet."""
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
        self.apart: bool = self.watched or cpus > 0
        """Whether something is to be done after each step."""
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
        """Until main returns, or a bound, or the end of all things.

        A loop over events, and in it one over the steps of the M whose event is due: as long as nothing else is due before
        its next step, that M goes on and is not queued. One function, since an M does but two or three steps in turn, and
        to enter and leave a function of their own took as long as a step.
        """
        sched = self.sched
        queue = self.queue
        until_ns = self.until_ns
        while queue.n > 0 and not sched.ended:
            t = queue.pop()
            word = queue.popped_w
            if t > until_ns:
                sched.now_ns = until_ns
                sched.stopped_by = "until"
                return
            if self.bounded and self.beyond():
                return
            if word & 7 != AT_STEP:
                sched.now_ns = t
                self.happen(word & 7, word >> 3)
                continue
            mp = sched.allm[word >> 3]
            if mp.event != queue.popped_s:
                continue
            mp.event = 0
            sched.now_ns = t
            self.at_m = mp.id
            if (mp.computing or mp.parked or self.apart) and not self.resumes(mp):
                continue
            while True:
                self.n_steps += 1
                # Counted in steps: an M that runs ahead may take thousands of them between two events.
                if self.n_steps & PULSE_MASK == 0:
                    self.look_up(mp)
                code = step(sched, mp)
                if self.apart and self.took(mp, code):
                    break
                t = sched.now_ns + mp.debt_ns
                mp.debt_ns = 0
                if sched.ended:
                    break
                if code != STEP_ON:
                    t = self.leads_to(mp, code, t)
                    if t < 0:
                        break
                if queue.top_ns <= t or t > until_ns:
                    queue.at(t, mp)
                    break
                sched.now_ns = t
        if not sched.ended and sched.stopped_by == "":
            sched.stopped_by = "deadlock" if sched.n_runnable == 0 else "policy"

    def beyond(self) -> bool:
        """Whether the bound on events, or on rows, is reached; else one more event happens."""
        if self.max_events > 0 and self.n_events >= self.max_events:
            self.sched.stopped_by = "max_events"
            return True
        if self.max_rows > 0 and self.sched.rec.rows() >= self.max_rows:
            self.sched.stopped_by = "max_rows"
            return True
        self.n_events += 1
        return False

    def happen(self, kind: i64, ident: i64) -> None:
        """What is due is no step of an M."""
        if kind == AT_CPU:
            if self.cpus is not None:
                self.cpus.vacate(self.sched, self.sched.allm[ident])
            return
        self.outside.happen(self.sched, kind, ident)
        if self.watched:
            self.show_rows()

    def resumes(self, mp: M) -> bool:
        """What mp did is over: a compute, a sleep. Whether it takes its next step now, or has no CPU for it."""
        sched = self.sched
        if mp.computing:
            mp.computing = False
            gp = mp.curg
            if gp is not None:
                gp.rest_ns -= sched.now_ns - mp.began_ns
                if gp.rest_ns < 0:
                    raise SchedError(f"run: computed too long (g={gp.goid} t={sched.now_ns})")
        if self.cpus is not None and not self.cpus.mine(sched, mp):
            return False
        if mp.parked:
            timedout(sched, mp)
        return True

    def took(self, mp: M, code: i64) -> bool:
        """A step of a run that is watched, or whose Ms share CPUs: whether what comes then is arranged already."""
        if self.watched:
            self.show_rows()
        if self.cpus is None or code == STEP_END or self.sched.ended:
            return False
        # No running ahead: another M may get the CPU.
        self.cpus.occupy(self.sched, mp, code)
        return True

    def leads_to(self, mp: M, code: i64, t: i64) -> i64:
        """When mp, whose step was paid for at t, takes its next one; -1 if it sleeps, or there is none."""
        queue = self.queue
        if code == STEP_COMPUTE:
            end = t + mp.rest_ns
            if queue.top_ns <= end or end > self.until_ns:
                # Something may cut it short.
                mp.began_ns = t
                mp.computing = True
            else:
                computing = mp.curg
                assert computing is not None
                computing.rest_ns -= mp.rest_ns
            return end
        if code == STEP_SYSCALL:
            return t + mp.rest_ns
        if code == STEP_PARK or code == STEP_NETPOLL:
            mp.asleep_ns = t
            if mp.until_ns >= 0:
                queue.at(mp.until_ns if mp.until_ns > t else t, mp)
        elif code != STEP_EXIT:
            self.sched.now_ns = t
            self.sched.ended = True
        return -1

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
            raise SchedError(f"run: a million steps at one instant (m={mp.id} phase={mp.phase} t={now})")


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
        error = failed(sched, policy, e, sched.allm[sim.at_m].curg if sim.at_m >= 0 else None)
    if error is None:
        error = ending(sched, policy)
    return finish(sched, header, sim.n_steps), error
