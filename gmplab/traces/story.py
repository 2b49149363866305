"""What happened, in sentences: each event as one, with the rule of the scheduler that decided.

One method an event kind, in the order of `EVENT_KINDS`, beside `gmplab.traces.effects`, which says what a row changes. A
sentence is told from the state *before* its row: how many Gs a thief's victim had is known only then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import pandas as pd

from gmplab.runtime.durations import duration_ns
from gmplab.runtime.recorder import Record
from gmplab.traces.effects import APPLY
from gmplab.traces.frames import dtype_for, fields
from gmplab.traces.replay import Timeline, timeline_of
from gmplab.traces.state import Row, State
from gmplab.vocabulary import (
    EVENT_KINDS, GC_PHASES, GC_WORKER_MODES, HANDOFF_GC, HANDOFF_GCSTOP, HANDOFF_GLOBAL, HANDOFF_IDLE, HANDOFF_LAST_P,
    HANDOFF_NO_SPINNING, HANDOFF_TRACE, HANDOFF_WORK, NO_G, NO_M, NO_P, POLL_BLOCKING, POLL_NONBLOCKING,
    POLL_START_WORLD, POLL_SYSMON, Q_BATCH, Q_GLOBAL, Q_GLOBAL_HEAD, Q_LOCAL, Q_RUNNEXT, RETAKE_EXITSYSCALL, RETAKE_POLICY,
    RETAKE_STW, RETAKE_SYSMON, SPIN_FOUND, SPIN_GAVE_UP, SRC_GC_WORKER, SRC_GLOBAL, SRC_GLOBAL_TICK, SRC_INJECTED,
    SRC_LOCAL, SRC_LOCKED, SRC_NETPOLL, SRC_RUNNEXT, SRC_STEAL, SRC_STEAL_RUNNEXT, SRC_TIMER, STOP_CHILD,
    STOP_EXITSYSCALL, STOP_GOSCHED, STOP_GOYIELD, STOP_PREEMPT, STWS, WAIT_IO, WAIT_REASONS, WAIT_SLEEP, WHY_BACKOFF,
    WHY_BOOT, WHY_CLONE_RETRY, WHY_CONTROL, WHY_DEEP_SLEEP, WHY_DOZE, WHY_GCSTOP, WHY_HANDOFFP, WHY_HELD, WHY_IDLE,
    WHY_INJECT, WHY_LOCKED, WHY_LOCKED_EXIT, WHY_NETPOLL, WHY_NETPOLL_BREAK, WHY_NONE, WHY_QUEUE, WHY_READY, WHY_RETIRED,
    WHY_START_LOCKED, WHY_START_WORLD, WHY_STOP_WORLD, WHY_SYSCALL, WHY_SYSMON, WHY_TIMER, WHY_WAKEP, WHYS,
)

if TYPE_CHECKING:
    from gmplab.traces.run import Run

ASKED: Final = {
    WHY_BOOT: "the process starts", WHY_SYSMON: "for sysmon", WHY_WAKEP: "wakep: there is an idle P, and no M spins",
    WHY_HANDOFFP: "handoffp: its P must not stand idle", WHY_INJECT: "injectglist: Gs became runnable, and Ps are idle",
    WHY_START_WORLD: "the world starts again", WHY_START_LOCKED: "startlockedm: its locked G is to run",
    WHY_NETPOLL_BREAK: "netpollbreak: it sleeps in epoll, and must look again", WHY_STOP_WORLD: "the last P has stopped",
    WHY_READY: "the G that it keeps is ready", WHY_QUEUE: "a queue has changed", WHY_CONTROL: "the control policy asks for it",
    WHY_SYSCALL: "the syscall that it waited for has returned", WHY_CLONE_RETRY: "clone is tried again",
    WHY_TIMER: "sysmon: a timer is overdue, and no P looks at it",
}
"""Why an M is made or woken."""
SLEEPS: Final = {
    WHY_IDLE: "it has no P, and goes on midle (stopm)", WHY_LOCKED: "its locked G does not run, and it may run no other (stoplockedm)",
    WHY_NETPOLL: "it found nothing, and sleeps in epoll until a descriptor or a timer is due",
    WHY_HELD: "it keeps its thread for its G, which waits", WHY_BACKOFF: "a runnext may soon run on its own P: a pause before it is taken",
    WHY_DEEP_SLEEP: "sysmon: all Ps are idle or the world is stopped", WHY_STOP_WORLD: "until all Ps stand",
    WHY_GCSTOP: "the world is being stopped (gcstopm)", WHY_LOCKED_EXIT: "m0 must not end: it sleeps for ever",
    WHY_DOZE: "a pass found nothing and cost nothing: until a queue changes", WHY_CLONE_RETRY: "clone failed: it tries again later",
}
ENDS: Final = {WHY_RETIRED: "the machines policy retires it", WHY_LOCKED_EXIT: "its locked G ended, and the thread with it (mexit)"}
HANDED: Final = {
    HANDOFF_WORK: "it has Gs, or the global queue has: an M is started for it", HANDOFF_TRACE: "the tracer has work for it",
    HANDOFF_GC: "the GC has work for it", HANDOFF_NO_SPINNING: "no M spins and no P is idle: a spinning M is started for it",
    HANDOFF_GCSTOP: "the world is being stopped: it stands", HANDOFF_GLOBAL: "the global queue has Gs",
    HANDOFF_LAST_P: "it is the last running P, and somebody must look into epoll",
    HANDOFF_IDLE: "there is nothing for it: it goes on pidle",
}
RETAKEN: Final = {
    RETAKE_SYSMON: "sysmon's retake: its syscall lasts, and others could use the P", RETAKE_STW: "to stop the world",
    RETAKE_EXITSYSCALL: "another M comes back from a syscall without a P", RETAKE_POLICY: "the handoff policy says so",
}
POLLED: Final = {
    POLL_NONBLOCKING: "looks into epoll without waiting", POLL_BLOCKING: "comes back from its sleep in epoll",
    POLL_SYSMON: "sysmon looks into epoll: nobody did for 10 ms", POLL_START_WORLD: "looks into epoll as the world starts",
}
STOPPED_BY: Final = {
    STOP_GOSCHED: "calls Gosched", STOP_PREEMPT: "is preempted: it has used up its time slice, or the world stops",
    STOP_GOYIELD: "yields to the G that it has readied", STOP_EXITSYSCALL: "is back from its syscall, and there is no P for it",
    STOP_CHILD: "gives way to its child, which runs first",
}


def time(ns: int) -> str:
    """A time in the unit that suits it.

    >>> time(0), time(950), time(12_345), time(5_000_000)
    ('0 ns', '950 ns', '12.345 µs', '5 ms')
    """
    if ns < 1_000:
        return f"{ns} ns"
    if ns < 1_000_000:
        return f"{ns / 1e3:.10g} µs"
    return f"{ns / 1e6:.10g} ms" if ns < 1_000_000_000 else f"{ns / 1e9:.12g} s"


def gs(n: int) -> str:
    """A number of goroutines: 1 G, 3 Gs."""
    return f"{n} G" if n == 1 else f"{n} Gs"


def size(s: State, p: int) -> int:
    """How many Gs are in the local queue of p, runnext left out."""
    return len(s.ps[p].queue) if 0 <= p < len(s.ps) else 0


class Teller:
    """Tells the events of one record: `teller.tell(state_before, row)`.

    Parameters
    ----------
    record : Record
        Whose objects, texts, names of goroutines and fairness tick are used.
    """

    def __init__(self, record: Record) -> None:
        self.objects = record.objects
        self.texts = record.texts
        self.names = names_of(record)
        found = re.search(r"fair_tick=(\d+)", str(record.header.get("policy_repr", "")))
        self.tick = f"schedtick % {found[1]}" if found else "the fairness tick"

    def tell(self, before: State, row: Row) -> str:
        """The sentence of a row; `before`: the state that it is about to change."""
        return TELL[row[1]](self, before, row)

    # --- parts of sentences -------------------------------------------------------------------------------------------
    def named(self, g: int) -> str:
        """G7 (worker), where it has a name."""
        name = self.names.get(g, "")
        return f"G{g} ({name})" if name else f"G{g}"

    def thing(self, obj: int) -> str:
        return self.objects.get(obj, f"object {obj}")

    def put(self, s: State, m: int, queue: int, p: int) -> str:
        """Where a G goes."""
        if queue == Q_RUNNEXT:
            old = s.ps[p].runnext if 0 <= p < len(s.ps) else NO_G
            kicked = f", and G{old}, which was that, goes to the tail of its queue" if old != NO_G else ""
            return f"it becomes the runnext of P{p}{kicked}"
        if queue == Q_LOCAL:
            return f"it goes to the tail of the queue of P{p} ({size(s, p) + 1} now)"
        if queue == Q_GLOBAL:
            return f"it goes to the tail of the global queue ({len(s.runq) + 1} now)"
        if queue == Q_GLOBAL_HEAD:
            return "it goes to the head of the global queue"
        if queue == Q_BATCH:
            return "it joins the list of Gs in hand"
        return f"it stays in the hands of M{m}" if m != NO_M else "it joins no queue yet"

    # --- goroutines ---------------------------------------------------------------------------------------------------
    def go_create(self, s: State, row: Row) -> str:
        _, _, g, m, _, arg, reason, aux = row
        begin = f"G{arg} makes {self.named(g)}" if arg != NO_G else f"{self.named(g)} is made by no G"
        return f"{begin}: {self.put(s, m, reason, aux)}."

    def go_ready(self, s: State, row: Row) -> str:
        _, _, g, m, _, arg, reason, aux = row
        gp = s.gs[g]
        waited = WAIT_REASONS[gp.reason]
        if gp.m != NO_M:
            put = f"M{gp.m} kept its thread for it, and is woken"
        else:
            put = self.put(s, m, reason, aux)
        if arg != NO_G:
            return f"G{arg} readies {self.named(g)}, which waited ({waited}): {put}."
        if gp.reason == WAIT_SLEEP:
            return f"{self.named(g)} has slept to its end: {put}."
        if gp.reason == WAIT_IO:
            return f"The descriptor of {self.named(g)} is ready: {put}."
        return f"{self.named(g)} waits no more ({waited}): {put}."

    def go_start(self, s: State, row: Row) -> str:
        t, _, g, m, p, arg, reason, _ = row
        victim = s.ms[m].victim if 0 <= m < len(s.ms) else NO_P
        rule = {
            SRC_RUNNEXT: "runnext goes before the queue", SRC_LOCAL: "the head of its own queue",
            SRC_GLOBAL: "its own queue was empty, the global queue was not", SRC_GLOBAL_TICK: f"{self.tick}: global queue first",
            SRC_STEAL: f"stolen from P{victim}", SRC_STEAL_RUNNEXT: f"the runnext of P{victim}, stolen",
            SRC_NETPOLL: "its descriptor was ready in epoll", SRC_TIMER: "its timer fired",
            SRC_GC_WORKER: "a GC worker goes before every queue", SRC_LOCKED: "it is locked to this M",
            SRC_INJECTED: "it was in hand, nothing was searched",
        }[reason]
        waited = t - s.gs[g].since if g in s.gs else 0
        slice_ = ", and its G inherits the time slice" if arg == 1 else ""
        return f"M{m} runs {self.named(g)} on P{p}: {rule}{slice_}. It was runnable for {time(waited)}."

    def go_park(self, s: State, row: Row) -> str:
        _, _, g, m, _, arg, reason, _ = row
        what = WAIT_REASONS[reason]
        if reason == WAIT_SLEEP:
            what = f"sleep, until {time(arg)}"
        elif arg in self.objects:
            what = f"{what} on {self.objects[arg]}"
        if m == NO_M:
            return f"{self.named(g)} waits ({what}): it came from outside, and epoll is to tell of it."
        return f"{self.named(g)} waits ({what}): gopark takes it off, and M{m} calls schedule()."

    def go_stop(self, s: State, row: Row) -> str:
        _, _, g, m, _, arg, reason, aux = row
        # Without a P the M sleeps, or finds one after all: the next row tells.
        then = "" if reason == STOP_EXITSYSCALL else f", and M{m} calls schedule()"
        return f"{self.named(g)} {STOPPED_BY[reason]}: {self.put(s, m, arg, aux)}{then}."

    def go_exit(self, s: State, row: Row) -> str:
        return f"{self.named(row[2])} ends: goexit0 runs on the g0 of M{row[3]}, which calls schedule()."

    def go_syscall(self, s: State, row: Row) -> str:
        _, _, g, m, p, arg, _, _ = row
        if p == NO_P or arg == 1:
            return f"{self.named(g)} enters a syscall that will block: M{m} goes with it, and gives its P away before."
        return f"{self.named(g)} enters a syscall: M{m} goes with it and keeps P{p} for now; sysmon may take the P."

    def go_sysexit(self, s: State, row: Row) -> str:
        _, _, g, m, p, _, _, _ = row
        if p == NO_P:
            return f"{self.named(g)} is back from its syscall on M{m}, which has lost its P and finds no other."
        return f"{self.named(g)} is back from its syscall on M{m}, which has P{p}: it goes on at once, without schedule()."

    # --- queues -------------------------------------------------------------------------------------------------------
    def q_get(self, s: State, row: Row) -> str:
        _, _, g, m, p, arg, reason, aux = row
        n = arg & 0xFFFFFFFF
        index = (arg >> 32) - 1 if arg >> 32 else 0
        place = "the head" if index == 0 else f"place {index}"
        if reason == SRC_RUNNEXT:
            return f"M{m} takes G{g}, the runnext of P{p}: it goes before the queue."
        if reason == SRC_LOCAL:
            return f"M{m} takes G{g} from {place} of the queue of P{p} ({size(s, p) - 1} left)."
        if reason == SRC_GLOBAL_TICK:
            return f"{self.tick}: global queue first. M{m} takes G{g} from it ({len(s.runq) - 1} left)."
        if reason == SRC_GLOBAL:
            rest = f"; the other {n - 1} go to the queue of P{p}" if n > 1 else ""
            return f"P{p} had nothing: M{m} takes {n} of {gs(len(s.runq))} from the global queue, G{g} first{rest}."
        if reason == SRC_STEAL_RUNNEXT:
            return f"M{m} stole the runnext of P{aux}, G{g}: the queue of P{aux} was empty."
        rest = f"; the other {n - 1} go to the queue of P{p}" if n > 1 else ""
        return f"M{m} stole {n} of {size(s, aux)} from P{aux}: G{g} is to run{rest}."

    def q_put(self, s: State, row: Row) -> str:
        _, _, g, m, _, _, reason, aux = row
        return f"M{m} lets go of G{g}: {self.put(s, m, reason, aux)}." if m != NO_M else f"G{g} is queued: {self.put(s, m, reason, aux)}."

    def q_overflow(self, s: State, row: Row) -> str:
        _, _, g, _, p, arg, _, _ = row
        return f"The queue of P{p} is full: {arg} from its head, and G{g} behind them, go to the global queue."

    def q_drain(self, s: State, row: Row) -> str:
        p, arg = row[4], row[5]
        if arg == 0:
            return f"P{p} runs a dedicated GC worker: its queue goes to the tail of the global queue."
        return f"P{p} is destroyed: its queue goes to the head of the global queue."

    def q_move(self, s: State, row: Row) -> str:
        _, _, _, _, p, arg, _, aux = row
        return f"{gs(arg)} {'goes' if arg == 1 else 'go'} from {f'P{aux}' if aux != NO_P else 'the global queue'} to the queue of P{p}."

    # --- processors ---------------------------------------------------------------------------------------------------
    def p_acquire(self, s: State, row: Row) -> str:
        return f"acquirep: M{row[3]} has P{row[4]} now, and may run Gs."

    def p_release(self, s: State, row: Row) -> str:
        return f"releasep: M{row[3]} gives up P{row[4]}."

    def p_idle(self, s: State, row: Row) -> str:
        return f"pidleput: P{row[4]} goes on the list of idle Ps ({len(s.pidle) + 1} now)."

    def p_busy(self, s: State, row: Row) -> str:
        m, p = row[3], row[4]
        who = f"M{m} takes P{p}" if m != NO_M else f"P{p} is taken"
        return f"pidleget: {who} off the list of idle Ps ({len(s.pidle) - 1} left)."

    def p_retake(self, s: State, row: Row) -> str:
        return f"P{row[4]} is taken from M{row[7]}, which is in a syscall: {RETAKEN.get(row[6], 'no reason was given')}."

    def p_handoff(self, s: State, row: Row) -> str:
        return f"handoffp of P{row[4]}: {HANDED.get(row[6], 'no reason was given')}."

    def p_stop(self, s: State, row: Row) -> str:
        return f"P{row[4]} stands: the world is being stopped."

    def p_resize(self, s: State, row: Row) -> str:
        n = row[5]
        change = f"GOMAXPROCS is {n} now, it was {s.gomaxprocs}" if n != s.gomaxprocs else f"GOMAXPROCS stays {n}"
        return f"procresize: {change}."

    # --- machines -----------------------------------------------------------------------------------------------------
    def m_create(self, s: State, row: Row) -> str:
        _, _, _, m, p, _, reason, aux = row
        by = f"M{aux} makes M{m}" if aux != NO_M else f"M{m} is made"
        for_p = f", for P{p}" if p != NO_P else ""
        return f"newm: {by}{for_p}; {ASKED.get(reason, WHYS[reason])}."

    def m_start(self, s: State, row: Row) -> str:
        return f"mstart: the thread of M{row[3]} begins."

    def m_park(self, s: State, row: Row) -> str:
        _, _, _, m, _, arg, reason, _ = row
        until = f", until {time(arg)} at the latest" if arg >= 0 else ""
        return f"M{m} sleeps: {SLEEPS.get(reason, WHYS[reason])}{until}."

    def m_wake(self, s: State, row: Row) -> str:
        _, _, _, m, p, arg, reason, aux = row
        if reason == WHY_NONE:
            return f"M{m} wakes: its time is over, or the kernel woke it."
        by = f"M{aux} wakes M{m}" if aux != NO_M else f"M{m} is woken"
        early = ", which was only about to sleep" if arg == 1 else ""
        for_p = f", for P{p}" if p != NO_P else ""
        return f"{by}{early}{for_p}; {ASKED.get(reason, WHYS[reason])}."

    def m_exit(self, s: State, row: Row) -> str:
        return f"The thread of M{row[3]} ends: {ENDS.get(row[6], WHYS[row[6]])}."

    def spin_start(self, s: State, row: Row) -> str:
        m = row[3]
        busy = s.gomaxprocs - len(s.pidle)
        if row[7] == 1:
            return f"M{m} is to spin from its start: who woke it counted it as spinning ({s.nmspinning + 1} now)."
        return f"M{m} spins: it has a P and no G, and looks at the others ({s.nmspinning + 1} spinning, {busy} Ps not idle)."

    def spin_stop(self, s: State, row: Row) -> str:
        left = f"{s.nmspinning - 1} still spinning"
        why = {SPIN_FOUND: "it has found a G", SPIN_GAVE_UP: "it has found nothing"}.get(row[6], "the world is being stopped")
        return f"M{row[3]} spins no more: {why} ({left})."

    def steal_pass(self, s: State, row: Row) -> str:
        _, _, _, m, _, arg, reason, aux = row
        found = f"took {gs(aux)}" if aux else "found nothing"
        return f"Pass {reason + 1} of M{m} over the other Ps: {arg} asked, {found}."

    # --- time, the network, the world ---------------------------------------------------------------------------------
    def preempt_request(self, s: State, row: Row) -> str:
        _, _, g, m, p, _, _, _ = row
        by = f"M{m} asks" if m != NO_M else "The end of its time slice asks"
        return f"{by} G{g} on P{p} to stop: it ran too long, or the world is to stop."

    def timer_set(self, s: State, row: Row) -> str:
        _, _, g, _, p, arg, _, aux = row
        if g == NO_G:
            return f"Timer {aux} of the program goes into the heap of P{p}: due at {time(arg)}."
        moved = f" comes from P{aux}, which is destroyed," if aux != NO_P else ""
        return f"A timer for G{g}{moved} goes into the heap of P{p}: due at {time(arg)}."

    def timer_fire(self, s: State, row: Row) -> str:
        t, _, g, m, p, arg, _, aux = row
        late = f", {time(t - arg)} late" if t > arg else ""
        whose = f"The timer of G{g}" if g != NO_G else f"Timer {aux} of the program"
        return f"{whose} in the heap of P{p} fires on M{m}{late}."

    def timer_stop(self, s: State, row: Row) -> str:
        return f"Timer {row[7]} of the program leaves the heap of P{row[4]}: it is stopped or set anew, or nobody waits for it any more."

    def netpoll(self, s: State, row: Row) -> str:
        m, arg, reason = row[3], row[5], row[6]
        who = f"M{m} " if m != NO_M else ""
        return f"{who}{POLLED[reason]}: {gs(arg)} {'was' if arg == 1 else 'were'} ready."

    def io_readied(self, s: State, row: Row) -> str:
        return f"The descriptor of {self.named(row[2])} is ready; nobody knows until an M looks into epoll."

    def gc_phased(self, s: State, row: Row) -> str:
        wanted = f", {row[5]} dedicated workers wanted" if row[5] > 0 else ""
        return f"The garbage collector is in phase {GC_PHASES[row[6]]}{wanted}."

    def gc_worker(self, s: State, row: Row) -> str:
        _, _, g, _, p, _, reason, _ = row
        if reason == 0:
            return f"G{g} is not wanted as a GC worker any more: P{p} stops."
        return f"P{p} is to run G{g} as a {GC_WORKER_MODES[reason]} GC worker: that goes before every queue."

    def stw_start(self, s: State, row: Row) -> str:
        return f"G{row[2]} on M{row[3]} stops the world ({STWS[row[6]]}): each P is asked to stand."

    def stw_stopped(self, s: State, row: Row) -> str:
        return f"The world is stopped ({STWS[row[6]]}): all Ps stand, G{row[2]} alone runs."

    def stw_end(self, s: State, row: Row) -> str:
        return f"The world runs again ({STWS[row[6]]}): each P with work has an M."

    def lock_thread(self, s: State, row: Row) -> str:
        return f"LockOSThread: G{row[2]} runs on M{row[3]} alone from now on, and M{row[3]} runs nothing else."

    def unlock_thread(self, s: State, row: Row) -> str:
        return f"UnlockOSThread: G{row[2]} and M{row[3]} part, if this was the last lock."

    def text(self, index: int) -> str:
        return repr(self.texts[index]) if 0 <= index < len(self.texts) else f"text {index}"

    def region_begin(self, s: State, row: Row) -> str:
        return f"{self.named(row[2])} enters its region {self.text(row[5])}."

    def region_end(self, s: State, row: Row) -> str:
        return f"{self.named(row[2])} leaves its newest region."

    def logged(self, s: State, row: Row) -> str:
        return f"{self.named(row[2])} logs {self.text(row[5])}."

    def select_wait(self, s: State, row: Row) -> str:
        verb = "send to" if row[7] == 1 else "receive from"
        return f"select: {self.named(row[2])} queues to {verb} {self.thing(row[5])}."

    def sysmon(self, s: State, row: Row) -> str:
        slept = "a deep sleep" if row[7] == 1 else time(row[5])
        return f"sysmon (M{row[3]}, without a P) looks around after {slept}: Ps to retake, Gs to preempt, epoll."

    def wake_wanted(self, s: State, row: Row) -> str:
        return f"The wake policy puts a wakep off until {time(row[5])}."

    def hold(self, s: State, row: Row) -> str:
        return f"M{row[3]} keeps {self.named(row[2])}, which waits: its thread and its P are held for it."

    def cpu_wait(self, s: State, row: Row) -> str:
        return f"M{row[3]} could go on and waits for a CPU: none is free, or its slice of the kernel is over."

    def cpu_run(self, s: State, row: Row) -> str:
        return f"M{row[3]} has a CPU again."


TELL: Final[tuple[Callable[[Teller, State, Row], str], ...]] = (
    Teller.go_create, Teller.go_ready, Teller.go_start, Teller.go_park, Teller.go_stop, Teller.go_exit, Teller.go_syscall,
    Teller.go_sysexit, Teller.q_get, Teller.q_put, Teller.q_overflow, Teller.q_drain, Teller.q_move, Teller.p_acquire,
    Teller.p_release, Teller.p_idle, Teller.p_busy, Teller.p_retake, Teller.p_handoff, Teller.p_stop, Teller.p_resize,
    Teller.m_create, Teller.m_start, Teller.m_park, Teller.m_wake, Teller.m_exit, Teller.spin_start, Teller.spin_stop,
    Teller.steal_pass, Teller.preempt_request, Teller.timer_set, Teller.timer_fire, Teller.timer_stop, Teller.netpoll,
    Teller.io_readied, Teller.gc_phased, Teller.gc_worker, Teller.stw_start, Teller.stw_stopped, Teller.stw_end,
    Teller.lock_thread, Teller.unlock_thread, Teller.region_begin, Teller.region_end, Teller.logged, Teller.select_wait,
    Teller.sysmon, Teller.wake_wanted, Teller.hold, Teller.cpu_wait, Teller.cpu_run,
)
"""The method of each event kind, in the order of EVENT_KINDS."""


def names_of(record: Record) -> dict[int, str]:
    """The names of the goroutines that have one."""
    table = fields(record, "goroutines", ("g", "label"))
    names = [label[1] for label in record.labels]
    return {g: names[i] for g, i in zip(table["g"].tolist(), table["label"].tolist(), strict=True) if 0 <= i < len(names)}


def walk(timeline: Timeline, teller: Teller, first: int, last: int) -> Iterator[tuple[Row, str, State]]:
    """(row, sentence, state after it) of the rows from first to before last. The state is changed by the next step."""
    state = timeline.state(first - 1).copy()
    for row in timeline.events.rows(first, last):
        sentence = teller.tell(state, row)
        state.apply((row,), APPLY)
        yield row, sentence, state


def story(run: Run, t0: int | str = 0, t1: int | str | None = None) -> pd.DataFrame:
    """What happened from t0 to before t1, a sentence an event, with the rule of the scheduler that decided.

    Parameters
    ----------
    t0, t1 : int (ns) or str
        Instants since the start, as 1_500_000 or "1.5ms"; t1 None: to the end.

    Returns
    -------
    pandas.DataFrame
        t_ns, kind, sentence; the index is the row of `run.events`.

    Raises
    ------
    ValueError
        A time is negative or unreadable, or t1 not after t0.
    TraceError
        The run was recorded below level "full", or is a window.

    Examples
    --------
    >>> run = gmplab.run("fanout", n=20, procs=2)
    >>> next(sentence for sentence in run.story()["sentence"] if "stole" in sentence)
    'M2 stole 9 of 17 from P0: G12 is to run; the other 8 go to the queue of P1.'
    """
    timeline = timeline_of(run, "run.story")
    begin = duration_ns(t0, "story: t0")
    end = run.record.end_ns + 1 if t1 is None else duration_ns(t1, "story: t1")
    if end <= begin:
        raise ValueError(f"story: t0 = {begin} ns, t1 = {end} ns: t1 must be after t0")
    first, last = timeline.events.until(begin - 1), timeline.events.until(end - 1)
    told = [(row[0], row[1], sentence) for row, sentence, _ in walk(timeline, Teller(run.record), first, last)]
    return pd.DataFrame(
        {
            "t_ns": pd.Series([t for t, _, _ in told], dtype="int64"),
            "kind": pd.Categorical.from_codes([kind for _, kind, _ in told], dtype=dtype_for(EVENT_KINDS)),
            "sentence": pd.Series([sentence for _, _, sentence in told], dtype="str"),
        }
    ).set_index(pd.RangeIndex(first, last, name="row"))
