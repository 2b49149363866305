"""What is left of a run: its record, and the error of one that did not end well."""

from __future__ import annotations

from typing import Any, Optional

from mypy_extensions import i64

from gmplab.errors import BodyError, DeadlockError, GmplabError, GoPanic, NotInstalled, PolicyError, SchedError, ThreadLimitError
from gmplab.runtime.bodies import blame
from gmplab.runtime.contracts import Policy
from gmplab.runtime.model import G, GList, Sched, overload, settlep
from gmplab.runtime.proc import MOST_CLONES, note_goroutine
from gmplab.runtime.recorder import Record
from gmplab.vocabulary import GRUNNABLE, GRUNNING, GWAITING, PDEAD, WAIT_REASONS


def finish(sched: Sched, header: dict[str, Any], steps: i64) -> Record:
    """Close all sums and give the record."""
    sched.run_token.ended = True
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
    record.counters = counters(sched, steps)
    for i in range(len(sched.classes)):
        for what, h in (("wait", sched.wait_hists[i]), ("sojourn", sched.sojourn_hists[i])):
            record.histograms[(what, sched.classes[i])] = list(h.counts)
            record.sums[(what, sched.classes[i])] = (h.n, h.total, h.most, h.least)
    record.jain = (sched.jain_n, sched.jain_sum, sched.jain_squares)
    record.result = sched.result
    forget(sched)
    record.end_ns = now
    record.stopped_by = sched.stopped_by
    record.complete = sched.stopped_by == ""
    return record


def forget(sched: Sched) -> None:
    """Let go of all Gs: those in cycles (a G and its sudog) would wait for a garbage collection of millions."""
    for gp in sched.allgs:
        if gp is not None:
            gp.sudog = None
            gp.cases = None
            gp.m = None
    sched.allgs = [None]
    sched.gfree = GList()
    for pp in sched.allp:
        pp.gfree = GList()


def counters(s: Sched, steps: i64) -> dict[str, int]:
    """The record's counters."""
    return {
        "n_schedules": s.n_schedules, "n_goroutines": len(s.allgs) - 1, "n_exited": s.n_exited,
        "steal_passes": s.steal_passes, "steal_probes": s.steal_probes, "steals": s.steals, "stolen": s.stolen,
        "spins": s.spins, "threads_created": s.threads_created, "threads_peak": s.threads_peak,
        "threads_exited": sum([1 for mp in s.allm if mp.exited_ns >= 0]),
        "parks_m": s.parks_m, "wakes_m": s.wakes_m, "handoffs": s.handoffs,
        "retakes": s.retakes, "preempt_requests": s.preempt_requests, "preemptions": s.preemptions,
        "switches": s.n_schedules, "gosched": s.gosched, "syscalls": s.syscalls,
        "syscalls_lost_p": s.syscalls_lost_p, "netpolls": s.netpolls, "timers_fired": s.timers_fired,
        "stw": s.n_stw, "stw_stopping_ns": s.stw_stopping_ns, "stw_total_ns": s.stw_total_ns, "gc_cycles": s.gc.cycles,
        "overflows": s.overflows, "idle_overloaded_wall_ns": s.overload_wall,
        "idle_overloaded_p_ns": s.overload_p, "idle_overloaded_g_ns": s.overload_g, "steps": steps,
        "cpu_waits": s.cpu_waits,
        "cpu_wait_ns": s.cpu_wait_ns + sum([s.now_ns - mp.cpu_wait_ns for mp in s.allm if mp.cpu_wait_ns >= 0]),
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


def failed(sched: Sched, policy: Policy, e: BaseException, gp: Optional[G]) -> BaseException:
    """Note in `sched` what an exception out of a driver's loop means, and give the one to raise; gp's body was resumed last."""
    if isinstance(e, KeyboardInterrupt):
        sched.stopped_by = "interrupt"
        return e
    if isinstance(e, PolicyError):
        sched.stopped_by = "policy"
        return e
    if isinstance(e, (SchedError, NotInstalled)):
        sched.stopped_by = "error"
        return e
    if isinstance(e, (GoPanic, BodyError)):
        sched.stopped_by = "panic"
        if gp is not None:
            blame(sched, gp, e)
        return e
    sched.stopped_by = "policy"
    error = PolicyError(f"policy {policy.name!r} raised {type(e).__name__}: {e}")
    error.__cause__ = e
    return error


def ending(sched: Sched, policy: Policy) -> Optional[GmplabError]:
    """The error of a run that ended by itself, but not well."""
    pending = sum([1 for pp in sched.allp if pp.timers.wake_time() != 0])
    if sched.stopped_by == "deadlock" and sched.n_runnable + pending > 0:
        return DeadlockError(
            f"all threads are asleep - deadlock! {sched.n_runnable} goroutines are runnable and {pending} Ps have a timer, but each "
            f"thread waits with the goroutine that has locked or keeps it, and {type(policy.machines).__name__} makes no more\n"
            f"{asleep(sched)}"
        )
    if sched.stopped_by == "deadlock":
        return DeadlockError(f"all goroutines are asleep - deadlock!\n{asleep(sched)}")
    refused = [mp for mp in sched.allm if mp.clones == MOST_CLONES]
    if sched.stopped_by == "threads" and refused:
        n = len(sched.allm) - sched.nmfreed
        return ThreadLimitError(
            f"runtime: failed to create new OS thread (have {n} already; errno=11) for m{refused[0].id}, {MOST_CLONES} times, "
            f"at t={sched.now_ns} ns: the kernel grants no more (run: kernel_threads)"
        )
    if sched.stopped_by == "threads":
        n = policy.machines.max_threads
        return ThreadLimitError(f"runtime: program exceeds {n}-thread limit: thread exhaustion at t={sched.now_ns} ns")
    if sched.stopped_by == "policy":
        return PolicyError(
            f"policy {policy.name!r}: {sched.n_runnable} goroutines are runnable, all Ms sleep and nobody will wake one "
            f"(t={sched.now_ns} ns): its Wake or Machines component forgets to"
        )
    return None
