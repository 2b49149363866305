"""Whole schedulers by name. Each is a value: `go.replace(steal=StealOne())` is another."""

from __future__ import annotations

from gmplab.policies.block import HoldThread, SwitchGoroutine
from gmplab.policies.control import NoControl
from gmplab.policies.handoff import HandoffAtOnce, NoHandoff, RetakeBySysmon
from gmplab.policies.machines import FixedThreads, KeepThreads
from gmplab.policies.place import ChildFirst, PlaceGlobal, PlaceLocal
from gmplab.policies.preempt import AsyncPreempt, CooperativePreempt, NoPreemption
from gmplab.policies.queues import GlobalQueue, GoQueues, LifoQueue, UnboundedQueues
from gmplab.policies.spin import NoSpinning, SpinAlways, SpinHalfBusy
from gmplab.policies.steal import NoStealing, RandomProbes, StealHalf, StealOne
from gmplab.policies.wake import WakeAlways, WakeIfNoneSpinning
from gmplab.runtime.contracts import Policy, Rules

go: Policy = Policy(
    queues=GoQueues(), place=PlaceLocal(), steal=StealHalf(), spin=SpinHalfBusy(), wake=WakeIfNoneSpinning(),
    handoff=RetakeBySysmon(), block=SwitchGoroutine(), preempt=AsyncPreempt(), machines=KeepThreads(),
    control=NoControl(), rules=Rules(), name="go",
    doc="Go 1.27: local queues with runnext, half stealing, spinning Ms, a P per running M, sysmon.",
)

go1_21: Policy = go.replace(
    name="go1.21",
    rules=Rules(recheck_global=False, gosched_wakep=False, injectglist_wakep=False, polling_net=False, stw_runnext=False),
    doc="Go 1.21: no recheck of the global queue after the P was dropped, Gosched and injectglist wake nobody.",
)

go1_14: Policy = go.replace(
    name="go1.14",
    rules=Rules(
        needspinning=False, recheck_global=False, recheck_spinning_only=False, gosched_wakep=False,
        injectglist_wakep=False, polling_net=False, stw_runnext=False, wake_needs_idle=True,
    ),
    doc="Go 1.14: the first with preemption by signals and timers on Ps; every M rechecks, no needspinning.",
)

_BEFORE_1_14: Rules = Rules(
    needspinning=False, recheck_global=False, recheck_spinning_only=False, gosched_wakep=False, injectglist_wakep=False,
    polling_net=False, stw_runnext=False, wake_needs_idle=True, timers_on_p=False, locked_exit=False,
    mutex_starvation=False, any_resetspinning=True,
)

go1_5: Policy = go.replace(
    name="go1.5", rules=_BEFORE_1_14, preempt=CooperativePreempt(),
    steal=RandomProbes(per_p=4, runnext_pass=0, runnext_backoff_ns=100_000),
    doc="Go 1.5: the first in Go, with runnext; 4 random probes a P, a pause of 100 us before a runnext is taken, and Ms "
    "that wake others though they did not spin. Differs: a runnext may be taken from the first probe on, not the "
    "2n-th; timers lie on Ps.",
)

_C_ERA: Rules = Rules(
    needspinning=False, recheck_global=False, recheck_spinning_only=False, gosched_wakep=False, injectglist_wakep=False,
    polling_net=False, stw_runnext=False, wake_needs_idle=True, timers_on_p=False, locked_exit=False,
    mutex_starvation=False, any_resetspinning=True, redistribute=True, gc_workers=False,
)

go1_2: Policy = go.replace(
    name="go1.2", rules=_C_ERA, queues=UnboundedQueues(), steal=RandomProbes(), preempt=CooperativePreempt(),
    doc="Go 1.2 (C): growing local queues without runnext, 2n random probes, the 61st tick, preemption at calls.",
)

go1_1: Policy = go.replace(
    name="go1.1", rules=_C_ERA, queues=UnboundedQueues(fair_tick=0), steal=RandomProbes(), preempt=NoPreemption(),
    doc="Go 1.1 (C): the first with Ps; no preemption and no fairness tick.",
)

go1_0: Policy = go.replace(
    name="go1.0",
    rules=Rules(
        needspinning=False, recheck_global=False, recheck_spinning_only=False, gosched_wakep=False,
        injectglist_wakep=False, polling_net=False, stw_runnext=False, wake_needs_idle=True, timers_on_p=False,
        locked_exit=False, mutex_starvation=False, redistribute=True, gc_workers=False, sysmon=False, netpoll=False,
    ),
    queues=GlobalQueue(), place=PlaceGlobal(), steal=NoStealing(), spin=NoSpinning(), wake=WakeAlways(),
    handoff=HandoffAtOnce(), preempt=NoPreemption(),
    doc="Go 1.0: one global queue under one lock, an M for each runnable G up to GOMAXPROCS, a syscall frees its slot at "
    "once; no sysmon. Differs: what Go 1.0 counted in mcpu are Ps here.",
)

threadpool: Policy = go1_0.replace(
    name="threadpool", handoff=NoHandoff(), block=HoldThread(), machines=FixedThreads(),
    doc="Threads and one task queue: a task keeps its thread until it is done, a blocked task blocks its thread.",
)

segmented: Policy = go1_0.replace(
    name="segmented", handoff=NoHandoff(), machines=FixedThreads(),
    doc="Tasks cut into segments that any thread resumes: waiting frees the thread, a blocking call still holds it.",
)

tokio: Policy = go.replace(
    name="tokio", queues=GoQueues(runnext_limit=3, inherit_slice=False, fair_tick=31), preempt=NoPreemption(),
    handoff=NoHandoff(), steal=StealHalf(passes=1, runnext_pass=-1),
    doc="Tokio's multi-thread runtime: a LIFO slot for at most 3 in a row, a ring of 256, the inject queue every 31 ticks, "
    "half stealing. Source: tokio's idle.rs, worker.rs. Differs: the LIFO slot inherits no budget; block_in_place and the "
    "blocking pool are not modelled.",
)

cilk: Policy = go.replace(
    name="cilk", queues=LifoQueue(capacity=-1, fair_tick=0), place=ChildFirst(), steal=StealOne(passes=1, runnext_pass=-1),
    spin=SpinAlways(), preempt=NoPreemption(), handoff=NoHandoff(),
    doc="Cilk-5: run the child, queue the parent, thieves take one parent from the oldest end and never give up. Source: "
    "Blumofe and Leiserson 1999; Frigo et al. 1998.",
)

PRESETS: dict[str, Policy] = {
    p.name: p for p in (go, go1_21, go1_14, go1_5, go1_2, go1_1, go1_0, threadpool, segmented, tokio, cilk)
}
PRESETS["go1.27"] = go
