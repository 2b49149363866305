"""The driver in virtual time: the event queue, the only clock.

Events are ordered by (time, serial): equal times run in the order in which they were made. An M goes on without the
queue ("run-ahead") only when its next instant is strictly earlier than the queue's top, which changes nothing but
speed. An M has at most one pending event; a newer one makes the older one void.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Final, Optional, final

from librt.vecs import append, vec
from mypy_extensions import i64

from gmplab.errors import BodyError, DeadlockError, GmplabError, GoPanic, PolicyError, SchedError, ThreadLimitError
from gmplab.runtime.bodies import FORM_PROGRAM, Spawn, blame, intern_label, spawn_new
from gmplab.runtime.calls import call, called_by_main
from gmplab.runtime.contracts import Policy, check_types
from gmplab.runtime.costs import Costs, Prices, Topology
from gmplab.runtime.dice import FOR_ARRIVAL, FOR_G, Distribution, draw, stream
from gmplab.runtime.model import (
    AT_ARRIVAL, AT_HANDOFF, AT_IO, AT_WAKEP, FOREVER, PH_SCHEDULE, Driver, M, P, Sched, overload, price, settle, settlep,
)
from gmplab.runtime.proc import acquirep, arrive, checkdead, newm, newproc1, note_goroutine, wakep_due
from gmplab.runtime.program import Program, renew
from gmplab.runtime.recorder import Record, Recorder
from gmplab.runtime.runq import note_put, pid, pidleput, runqput
from gmplab.runtime.steps import step
from gmplab.runtime.syscalls import handoff_due
from gmplab.vocabulary import (
    GO_CREATE, GO_PARK, GRUNNABLE, GRUNNING, GWAITING, IN_SCHEDULING, IO_READY, M_WAKE, NO_G, NO_M, NO_P, PDEAD, Q_NONE,
    STEP_COMPUTE, STEP_EXIT, STEP_NETPOLL, STEP_ON, STEP_PARK, STEP_SYSCALL, WAIT_IO, WAIT_REASONS, WHY_NONE, WHY_SYSMON,
)

PY: Final[bool] = __file__.endswith(".py")
PULSE_MASK: Final = 0x3FFF
"""Every 16,384 steps, some milliseconds when compiled, `pulse` is called: as Python code it lets an interrupt through."""
STEPS_AT_ONE_INSTANT: Final = 1_000_000
AT_STEP: Final = 0


@final
class EventQueue:
    """A binary heap of (time, serial, word), unboxed where compiled; heapq on tuples where not.

    After a pop the root is a hole, which the next push fills: most events bring the next one.
    """

    def __init__(self) -> None:
        self.n: i64 = 0
        self.serial: i64 = 0
        self.top_ns: i64 = FOREVER
        """Time of the earliest event; `FOREVER` if there is none."""
        self.t: vec[i64] = vec[i64]([])
        self.s: vec[i64] = vec[i64]([])
        self.w: vec[i64] = vec[i64]([])
        self.hole: bool = False
        self.heap: list[tuple[int, int, int]] = []
        self.popped_s: i64 = 0
        self.popped_w: i64 = 0

    def push(self, t: i64, word: i64) -> i64:
        """Add an event; returns its serial, from 1."""
        serial = self.serial + 1
        self.serial = serial
        if t < self.top_ns:
            self.top_ns = t
        i = self.n
        self.n = i + 1
        if PY:
            heappush(self.heap, (t, serial, word))
            return serial
        if self.hole:
            self.hole = False
            self.sift_down(i + 1, t, serial, word)
            return serial
        if i >= len(self.t):
            self.t = append(self.t, 0)
            self.s = append(self.s, 0)
            self.w = append(self.w, 0)
        ht = self.t
        hs = self.s
        hw = self.w
        while i > 0:
            j = (i - 1) >> 1
            if ht[j] <= t:
                break
            ht[i] = ht[j]
            hs[i] = hs[j]
            hw[i] = hw[j]
            i = j
        ht[i] = t
        hs[i] = serial
        hw[i] = word
        return serial

    def pop(self) -> i64:
        """Remove the earliest; its time, with serial and word in `popped_*`. The queue is not empty."""
        n = self.n - 1
        self.n = n
        if PY:
            first = heappop(self.heap)
            self.popped_s = first[1]
            self.popped_w = first[2]
            self.top_ns = self.heap[0][0] if n > 0 else FOREVER
            return first[0]
        ht = self.t
        if self.hole:
            # n + 2 entries lie there, the first of them void: the last one fills it.
            self.sift_down(n + 1, ht[n + 1], self.s[n + 1], self.w[n + 1])
        self.hole = True
        self.popped_s = self.s[0]
        self.popped_w = self.w[0]
        if n == 0:
            self.top_ns = FOREVER
        elif n == 1 or ht[1] < ht[2]:
            self.top_ns = ht[1]
        else:
            self.top_ns = ht[2]
        return ht[0]

    def sift_down(self, n: i64, t: i64, s: i64, w: i64) -> None:
        """Put an entry into the void root of a heap of n entries, and down to its place."""
        ht = self.t
        hs = self.s
        hw = self.w
        i: i64 = 0
        while True:
            j = 2 * i + 1
            if j >= n:
                break
            if j + 1 < n and (ht[j + 1] < ht[j] or (ht[j + 1] == ht[j] and hs[j + 1] < hs[j])):
                j += 1
            if ht[j] > t or (ht[j] == t and hs[j] > s):
                break
            ht[i] = ht[j]
            hs[i] = hs[j]
            hw[i] = hw[j]
            i = j
        ht[i] = t
        hs[i] = s
        hw[i] = w


@final
class Source:
    """Goroutines that come from outside: `n` of them, running `program`, `gap` apart.

    Parameters
    ----------
    program : Program
    gap : Distribution
        Between two arrivals; the first comes one gap after the start.
    n : int
        How many in all, at least 1.
    """

    def __init__(self, program: Program, gap: Distribution, n: i64, cls: str = "") -> None:
        if n < 1:
            raise ValueError(f"Source: n = {n}: must be at least 1 arrival")
        self.program: Program = program
        self.gap: Distribution = gap
        self.n: i64 = n
        self.cls: str = cls
        self.come: i64 = 0
        self.key: i64 = 0
        self.due_ns: i64 = 0
        self.label: i64 = 0
        self.label_cls: i64 = 0


@dataclass
class Plan:
    """What a workload sets up: the main goroutine's body, and arrivals.

    Parameters
    ----------
    main : Program or function
        A Program, or a generator, coroutine or plain function.
    args : tuple
        Arguments of a function.
    sources : tuple of Source
    name : str
        What the run's header calls the workload.
    params : dict of str to str
        How it was set up, as reproducible text: for the header too.
    """

    main: Any
    args: tuple[Any, ...] = ()
    sources: tuple[Source, ...] = ()
    name: str = ""
    params: dict[str, str] = field(default_factory=dict)


@final
class Sim(Driver):
    """One run in virtual time."""

    def __init__(
        self, plan: Plan, policy: Policy, costs: Costs, topology: Topology, procs: i64, seed: i64, level: i64,
        until_ns: i64, max_events: i64, warmup_ns: i64, drain: bool, arrive_netpoll: bool, pulse: Any,
    ) -> None:
        self.queue: EventQueue = EventQueue()
        self.until_ns: i64 = until_ns
        self.max_events: i64 = max_events
        self.n_events: i64 = 0
        self.n_steps: i64 = 0
        self.steps_before: i64 = 0
        """How many steps were done before the present instant."""
        self.at_m: Optional[M] = None
        """The M that steps, to tell whose body failed."""
        self.pulse: Any = pulse
        self.plan: Plan = plan
        self.arrive_netpoll: bool = arrive_netpoll
        self.sources: list[Source] = list(plan.sources)
        self.sched: Sched = Sched(policy, Prices(costs), Recorder(level), self, seed, procs)
        self.sched.warmup_ns = warmup_ns
        self.sched.draining = drain
        self.sched.groups = [g for g in topology.groups]

    # --- Driver -------------------------------------------------------------------------------------------------
    def wakeup(self, mp: M, from_p: i64) -> None:
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
        self.at(at, mp)

    def notice(self, mp: M) -> None:
        at = self.sched.now_ns
        if at < mp.asleep_ns:
            at = mp.asleep_ns
        if at < mp.event_ns:
            self.at(at, mp)

    def clone(self, mp: M) -> None:
        self.at(self.sched.now_ns + price(self.sched, self.sched.prices.thread_start), mp)

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
            self.at(at, mp)

    def later(self, at_ns: i64, kind: i64, ident: i64) -> None:
        self.queue.push(at_ns, (ident << 3) | kind)

    def at(self, t: i64, mp: M) -> None:
        """mp's next step is at t; an event that it had is void."""
        mp.event = self.queue.push(t, (mp.id << 3) | AT_STEP)
        mp.event_ns = t

    # --- the run --------------------------------------------------------------------------------------------------
    def boot(self) -> None:
        """What Go does before main.main: Ps, m0 with P0, sysmon, the main goroutine. Go: proc.go: schedinit, main."""
        sched = self.sched
        renew((self.plan.main, self.plan.args, [source.program for source in self.sources]))
        for i in range(sched.gomaxprocs):
            sched.allp.append(P(i))
            # The first G of a P may come from runnext and inherit the slice: it begins now.
            sched.allp[i].slice_end_ns = sched.quantum_ns
        m0 = M(0)
        m0.why = 1
        sched.allm.append(m0)
        sched.threads_created = 1
        sched.threads_peak = 1
        if sched.rec.full:
            sched.rec.event(0, 21, NO_G, 0, NO_P, 1, NO_P, 0)
        acquirep(sched, m0, sched.allp[0])
        for i in range(1, sched.gomaxprocs):
            pidleput(sched, sched.allp[i], m0)
        if sched.rules.sysmon:
            if sched.calls_on:
                called_by_main(sched, m0)
            sysmon = newm(sched, m0, None, False, WHY_SYSMON)
            sysmon.is_sysmon = True
            sched.sysmon = sysmon
            sched.nmsys = 1
        if sched.calls_on:
            call(sched, m0, "newproc")
        main = spawn_new(sched, m0, None, Spawn(self.plan.main, self.plan.args, "main", "", 1, -1, ""))
        main.key = stream(sched.seed, FOR_G, 0)
        sched.main = main
        sched.n_runnable += 1
        dest = runqput(sched, sched.allp[0], main, True)
        note_put(sched, GO_CREATE, main, m0, 0, dest, 0, NO_G)
        if sched.calls_on:
            call(sched, m0, "mstart")
            call(sched, m0, "mstart1")
        m0.debt_ns = 0
        m0.phase = PH_SCHEDULE
        settle(m0, IN_SCHEDULING, 0)
        self.at(0, m0)
        for i in range(len(self.sources)):
            source = self.sources[i]
            source.come = 0
            source.key = stream(sched.seed, FOR_ARRIVAL, i)
            source.due_ns = source.gap.sample(draw(source.key, 0))
            sched.arrivals += source.n
            if self.arrive_netpoll:
                # Its listener waits on the network from the start, so that an idle M sleeps in epoll and not on midle.
                sched.netpoll_waiters += 1
            self.later(source.due_ns, AT_ARRIVAL, i)

    def run(self) -> None:
        """Until main returns, or a bound, or the end of all things."""
        sched = self.sched
        queue = self.queue
        while queue.n > 0 and not sched.ended:
            t = queue.pop()
            word = queue.popped_w
            if t > sched.now_ns:
                self.steps_before = self.n_steps
            if t > self.until_ns:
                sched.now_ns = self.until_ns
                sched.stopped_by = "until"
                return
            if self.max_events > 0 and self.n_events >= self.max_events:
                sched.stopped_by = "max_events"
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
            else:
                sched.now_ns = t
                self.happen(kind, word >> 3)
        if not sched.ended and sched.stopped_by == "":
            sched.stopped_by = "deadlock" if sched.n_runnable == 0 else "policy"

    def drive(self, mp: M) -> None:
        """Let mp step until something else is due before it, or it sleeps."""
        sched = self.sched
        queue = self.queue
        self.at_m = mp
        if mp.parked:
            # Nobody woke it: its time-out passed, or the kernel had something for it.
            mp.parked = False
            if sched.rec.full:
                sched.rec.event(sched.now_ns, M_WAKE, NO_G, mp.id, pid(mp), WHY_NONE, NO_M, 0)
        if mp.computing:
            mp.computing = False
            gp = mp.curg
            if gp is not None:
                gp.rest_ns -= sched.now_ns - mp.began_ns
                if gp.rest_ns < 0:
                    raise SchedError(f"drive: computed too long (g={gp.goid} t={sched.now_ns})")
        while True:
            self.n_steps += 1
            # Counted in steps: an M that runs ahead may take thousands of them between two events.
            if self.n_steps & PULSE_MASK == 0 and self.pulse is not None:
                self.pulse(sched.now_ns, sched.n_schedules)
            if self.n_steps - self.steps_before > STEPS_AT_ONE_INSTANT:
                raise SchedError(f"drive: a million steps at one instant (m={mp.id} phase={mp.phase} t={sched.now_ns})")
            code = step(sched, mp)
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
                    self.at(mp.until_ns if mp.until_ns > t else t, mp)
                return
            elif code == STEP_EXIT:
                return
            else:
                sched.now_ns = t
                sched.ended = True
                return
            if queue.top_ns <= t or t > self.until_ns:
                self.at(t, mp)
                return
            if t > sched.now_ns:
                self.steps_before = self.n_steps
                sched.now_ns = t

    def happen(self, kind: i64, ident: i64) -> None:
        """What no M does."""
        sched = self.sched
        if kind == AT_ARRIVAL:
            self.arrival(ident)
        elif kind == AT_IO:
            gp = sched.allgs[ident]
            if gp is None:
                return
            if sched.rec.full:
                sched.rec.event(sched.now_ns, IO_READY, ident, NO_M, NO_P, 0, NO_P, 0)
            holder = gp.m
            if holder is not None:
                self.wakeup(holder, NO_P)
                return
            sched.netpoll_ready.push(gp)
            if sched.poller is not None:
                self.wakeup(sched.poller, NO_P)
        elif kind == AT_WAKEP:
            wakep_due(sched, ident)
        elif kind == AT_HANDOFF:
            handoff_due(sched, ident)

    def arrival(self, index: i64) -> None:
        """One goroutine comes from outside, and the next is planned."""
        sched = self.sched
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
        if self.arrive_netpoll:
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
                self.wakeup(sched.poller, NO_P)
        else:
            arrive(sched, gp)
        if source.come < source.n:
            source.due_ns += source.gap.sample(draw(source.key, source.come))
            self.later(source.due_ns, AT_ARRIVAL, index)
        if sched.arrivals == 0:
            # Nothing more comes from outside: who sleeps now is woken by nobody else.
            checkdead(sched)

    # --- the result -------------------------------------------------------------------------------------------------
    def finish(self, header: dict[str, Any]) -> Record:
        """Close all sums and give the record."""
        sched = self.sched
        now = sched.now_ns
        overload(sched)
        for mp in sched.allm:
            if mp.exited_ns < 0:
                mp.ns[mp.mode] += now - mp.since_ns
                mp.since_ns = now
        for pp in sched.allp:
            if pp.status != PDEAD:
                settlep(pp, pp.mode, now)
        for gp in sched.allgs:
            if gp is not None:
                if gp.status == GRUNNING:
                    gp.run_ns += now - gp.since_ns
                elif gp.status == GRUNNABLE:
                    gp.wait_ns += now - gp.since_ns
                elif gp.status == GWAITING:
                    gp.blocked_ns += now - gp.since_ns
                note_goroutine(sched, gp, -1)
        record = Record()
        record.header = header
        record.level = sched.rec.level
        record.tables = {
            "schedule": sched.rec.schedule.chunks(), "events": sched.rec.events.chunks(),
            "goroutines": sched.rec.goroutines.chunks(), "calls": sched.rec.calls.chunks(),
        }
        record.labels = sched.labels
        record.texts = sched.texts
        record.objects = sched.object_names
        record.machines = [
            (m.id, -1, m.created_ns, m.created_by, m.why, m.exited_ns, m.exit_why, tuple(m.ns)) for m in sched.allm
        ]
        record.processors = [(p.id, p.schedtick, p.syscalltick, tuple(p.ns)) for p in sched.allp]
        record.counters = self.counters()
        for i in range(len(sched.classes)):
            for what, h in (("wait", sched.wait_hists[i]), ("sojourn", sched.sojourn_hists[i])):
                record.histograms[(what, sched.classes[i])] = list(h.counts)
                record.sums[(what, sched.classes[i])] = (h.n, h.total, h.most, h.least)
        record.jain = (sched.jain_n, sched.jain_sum, sched.jain_squares)
        record.result = sched.result
        self.forget()
        record.end_ns = now
        record.stopped_by = sched.stopped_by
        record.complete = sched.stopped_by == ""
        return record

    def forget(self) -> None:
        """Let go of all Gs: those in cycles (a G and its sudog) would wait for a garbage collection of millions."""
        sched = self.sched
        for gp in sched.allgs:
            if gp is not None:
                gp.sudog = None
                gp.cases = None
                gp.m = None
        sched.allgs = [None]
        sched.gfree = []
        for pp in sched.allp:
            pp.gfree = []

    def counters(self) -> dict[str, int]:
        s = self.sched
        return {
            "n_schedules": s.n_schedules, "n_goroutines": len(s.allgs) - 1, "n_exited": s.n_exited,
            "steal_passes": s.steal_passes, "steal_probes": s.steal_probes, "steals": s.steals, "stolen": s.stolen,
            "spins": s.spins, "threads_created": s.threads_created, "threads_peak": s.threads_peak,
            "threads_exited": s.nmfreed, "parks_m": s.parks_m, "wakes_m": s.wakes_m, "handoffs": s.handoffs,
            "retakes": s.retakes, "preempt_requests": s.preempt_requests, "preemptions": s.preemptions,
            "switches": s.n_schedules, "gosched": s.gosched, "syscalls": s.syscalls,
            "syscalls_lost_p": s.syscalls_lost_p, "netpolls": s.netpolls, "timers_fired": s.timers_fired,
            "stw": s.n_stw, "stw_stopping_ns": s.stw_stopping_ns, "stw_total_ns": s.stw_total_ns, "gc_cycles": s.gc.cycles,
            "overflows": s.overflows, "idle_overloaded_wall_ns": s.overload_wall,
            "idle_overloaded_p_ns": s.overload_p, "idle_overloaded_g_ns": s.overload_g, "steps": self.n_steps,
        }


def asleep(sched: Sched) -> str:
    """Who waits for what, as Go prints a deadlock."""
    lines: list[str] = []
    for gp in sched.allgs:
        if gp is not None and gp.status == GWAITING and not gp.system and len(lines) < 20:
            where = sched.object_names.get(gp.waitobj, "")
            on = f" on {where}" if where else ""
            lines.append(f"goroutine {gp.goid} [{WAIT_REASONS[gp.waitreason]}]: {sched.labels[gp.label][1]}{on}")
    return "\n".join(lines)


def simulate(
    plan: Plan, policy: Policy, *, procs: int, costs: Costs, topology: Topology, seed: int, level: int, until_ns: int,
    max_events: int, warmup_ns: int, drain: bool, arrive: str, header: dict[str, Any], pulse: Any,
) -> tuple[Record, Optional[BaseException]]:
    """Run a plan in virtual time. Returns the record, whole or up to the failure, and the error to raise, if any."""
    check_types(policy)
    if until_ns < 0:
        until_ns = FOREVER
    error: Optional[BaseException] = None
    sim = Sim(
        plan, policy, costs, topology, procs, seed, level, until_ns, max_events, warmup_ns, drain, arrive == "netpoll", pulse
    )
    sched = sim.sched
    try:
        sim.boot()
        sim.run()
    except KeyboardInterrupt as e:
        sched.stopped_by = "interrupt"
        error = e
    except PolicyError as e:
        sched.stopped_by = "policy"
        error = e
    except SchedError as e:
        sched.stopped_by = "error"
        error = e
    except (GoPanic, BodyError) as e:
        sched.stopped_by = "panic"
        error = e
        if sim.at_m is not None and sim.at_m.curg is not None:
            blame(sched, sim.at_m.curg, e)
    except Exception as e:
        sched.stopped_by = "policy"
        error = PolicyError(f"policy {policy.name!r} raised {type(e).__name__}: {e}")
        error.__cause__ = e
    if error is None:
        error = ending(sched, policy)
    return sim.finish(header), error


def ending(sched: Sched, policy: Policy) -> Optional[GmplabError]:
    """The error of a run that ended by itself, but not well."""
    if sched.stopped_by == "deadlock":
        return DeadlockError(f"all goroutines are asleep - deadlock!\n{asleep(sched)}")
    if sched.stopped_by == "threads":
        n = policy.machines.max_threads
        return ThreadLimitError(f"runtime: program exceeds {n}-thread limit: thread exhaustion at t={sched.now_ns} ns")
    if sched.stopped_by == "policy":
        return PolicyError(
            f"policy {policy.name!r}: {sched.n_runnable} goroutines are runnable, all Ms sleep and nobody will wake one "
            f"(t={sched.now_ns} ns): its Wake or Machines component forgets to"
        )
    return None
