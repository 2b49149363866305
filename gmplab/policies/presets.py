"""Whole schedulers by name. Each is a value: `go.replace(steal=StealOne())` is another.

`threadpool -> segmented -> go` is the road from plain threads to G, M and P. The versions of Go differ by `Rules` and
by components; each names what it does not model.
"""

from __future__ import annotations

from typing import Final

from gmplab.policies.block import HoldThread, SwitchGoroutine
from gmplab.policies.control import GateThread, NoControl
from gmplab.policies.handoff import HandoffAtOnce, NoHandoff, RetakeBySysmon
from gmplab.policies.machines import FixedThreads, HillClimbing, KeepThreads
from gmplab.policies.place import ChildFirst, PlaceGlobal, PlaceLocal
from gmplab.policies.preempt import AsyncPreempt, CooperativePreempt, NoPreemption
from gmplab.policies.queues import GlobalQueue, GoQueues, LifoQueue, UnboundedQueues
from gmplab.policies.spin import NoSpinning, SpinAlways, SpinFor, SpinHalfBusy
from gmplab.policies.steal import NoStealing, RandomProbes, StealHalf, StealOne
from gmplab.policies.wake import WakeAlways, WakeIfNoneSpinning
from gmplab.runtime.contracts import Policy, Rules

FOR_EVER_NS: Final = 1 << 62
NO_THREAD_LIMIT: Final = 1 << 30
"""Before Go 1.2 (665feeedcb, #4056) only the kernel limited threads."""

go: Policy = Policy(
    queues=GoQueues(), place=PlaceLocal(), steal=StealHalf(), spin=SpinHalfBusy(), wake=WakeIfNoneSpinning(),
    handoff=RetakeBySysmon(), block=SwitchGoroutine(), preempt=AsyncPreempt(), machines=KeepThreads(),
    control=NoControl(), rules=Rules(), name="go",
    doc="Go 1.27: local queues with runnext, half stealing, spinning Ms, a P per running M, sysmon. Source: proc.go.",
)

go1_21: Policy = go.replace(
    name="go1.21",
    rules=Rules(
        recheck_global=False, gosched_wakep=False, injectglist_wakep=False, polling_net=False, stw_runnext=False,
    ),
    doc="Go 1.21: no recheck of the global queue after the P was dropped, Gosched and injectglist wake nobody.",
)

go1_14: Policy = go.replace(
    name="go1.14", steal=StealHalf(one_draw=True),
    rules=Rules(
        needspinning=False, recheck_global=False, recheck_spinning_only=False, gosched_wakep=False,
        injectglist_wakep=False, polling_net=False, stw_runnext=False, wake_needs_idle=True,
    ),
    doc="Go 1.14: the first with preemption by signals and timers on Ps; every M rechecks, no needspinning, start and "
    "stride of a pass from one number. Differs: any due timer may be stolen, not only where no G runs undisturbed.",
)

_BEFORE_1_14: Rules = Rules(
    needspinning=False, recheck_global=False, recheck_spinning_only=False, gosched_wakep=False, injectglist_wakep=False,
    polling_net=False, stw_runnext=False, wake_needs_idle=True, timers_on_p=False, locked_exit=False,
    mutex_starvation=False, any_resetspinning=True,
)

go1_5: Policy = go.replace(
    name="go1.5", rules=_BEFORE_1_14, preempt=CooperativePreempt(),
    steal=RandomProbes(passes=2, runnext_pass=1, runnext_backoff_ns=100_000),
    doc="Go 1.5: the first in Go, with runnext; 4n random probes, of which the second half may take a runnext after a "
    "pause of 100 us, and Ms that wake others though they did not spin. Source: proc1.go: findrunnable. Differs: no "
    "pause where the victim does not run.",
)

_C_ERA: Rules = Rules(
    needspinning=False, recheck_global=False, recheck_spinning_only=False, gosched_wakep=False, injectglist_wakep=False,
    polling_net=False, stw_runnext=False, wake_needs_idle=True, timers_on_p=False, locked_exit=False,
    mutex_starvation=False, any_resetspinning=True, redistribute=True, gc_workers=False,
)

go1_2: Policy = go.replace(
    name="go1.2", rules=_C_ERA, queues=UnboundedQueues(), steal=RandomProbes(), preempt=CooperativePreempt(),
    handoff=RetakeBySysmon(idle_ns=FOR_EVER_NS),
    doc="Go 1.2 (C): growing local queues without runnext, 2n random probes, the 61st tick, preemption at calls; an "
    "idle P in a syscall is never retaken while others are free. Source: proc.c.",
)

go1_1: Policy = go1_2.replace(
    name="go1.1", queues=UnboundedQueues(fair_tick=0), preempt=NoPreemption(),
    machines=KeepThreads(max_threads=NO_THREAD_LIMIT),
    doc="Go 1.1 (C): the first with Ps (779c45a507); no preemption, no fairness tick, no thread limit. Source: proc.c. "
    "Differs: an M that found work wakes another also where its queue is empty.",
)

go1_0: Policy = go.replace(
    name="go1.0",
    rules=Rules(
        needspinning=False, recheck_global=False, recheck_spinning_only=False, gosched_wakep=False,
        injectglist_wakep=False, polling_net=False, stw_runnext=False, wake_needs_idle=True, timers_on_p=False,
        locked_exit=False, mutex_starvation=False, gc_workers=False, sysmon=False, netpoll=False,
    ),
    queues=GlobalQueue(), place=PlaceGlobal(), steal=NoStealing(), spin=NoSpinning(), wake=WakeAlways(),
    handoff=HandoffAtOnce(), preempt=NoPreemption(), machines=KeepThreads(max_threads=NO_THREAD_LIMIT),
    doc="Go 1.0: one global queue under one lock, an M for each runnable G up to GOMAXPROCS, a syscall frees its slot "
    "at once; no sysmon. Source: proc.c: matchmg, schedule. Differs: what Go 1.0 counted in mcpu are Ps here, and a G "
    "is not handed to its M but found by it in the queue.",
)

threadpool: Policy = go1_0.replace(
    name="threadpool", handoff=NoHandoff(), block=HoldThread(), machines=FixedThreads(),
    doc="Threads and one task queue: a task keeps its thread until it is done, a blocked task blocks its thread. A "
    "pool whose threads all wait for queued tasks is stuck.",
)

segmented: Policy = go1_0.replace(
    name="segmented", handoff=NoHandoff(), machines=FixedThreads(),
    doc="Tasks cut into segments that any thread resumes: waiting frees the thread, a blocking call still holds it.",
)

tokio: Policy = go.replace(
    name="tokio", queues=GoQueues(runnext_limit=3, fair_tick=31), preempt=NoPreemption(), handoff=NoHandoff(),
    steal=StealHalf(passes=1, runnext_pass=-1, timers_pass=0, stride=1),
    doc="Tokio's multi-thread runtime: a LIFO slot for at most 3 in a row, which share a tick; a ring of 256 whose half "
    "spills; the inject queue every 31 ticks, else a share of it; half stealing from a random worker on, by less than half "
    "of the busy workers. Source: tokio's multi_thread/worker.rs: next_task, run_task, steal_work; idle.rs. Differs: after "
    "3 in a row a woken task waits in the slot, not at the queue's tail; every 31 ticks always, where tokio tunes the "
    "number; no budget of 128 operations, no block_in_place, no blocking pool.",
)

cilk: Policy = go.replace(
    name="cilk", queues=LifoQueue(capacity=-1, fair_tick=0), place=ChildFirst(),
    steal=RandomProbes(per_p=1, most=1, timers_pass=0), spin=SpinAlways(), preempt=NoPreemption(), handoff=NoHandoff(),
    doc="Cilk-5: run the child, queue the parent, thieves take one parent from the oldest end of a random deque and "
    "never give up. Source: Blumofe and Leiserson 1999; Frigo et al. 1998.",
)

dotnet: Policy = go.replace(
    name="dotnet", queues=LifoQueue(capacity=-1, fair_tick=0, batch_cap=1),
    steal=StealOne(passes=1, runnext_pass=-1, timers_pass=0, stride=1), spin=SpinFor(spin_ns=70_000, gap_ns=1_000),
    preempt=NoPreemption(), handoff=HandoffAtOnce(), machines=HillClimbing(), control=GateThread(),
    doc=".NET's thread pool: own deque newest first, then the global queue, then one task from the oldest end of "
    "another deque; 70 looks before a worker sleeps; as many threads as hill climbing and the gate thread allow. "
    "Source: clrconfignames.h, PortableThreadPool. Differs: a wait is an await, which frees the thread; only a syscall "
    "holds it, and its P, standing for the CPU, goes to another at once; the length of a look is not published: 1 us.",
)

PRESETS: dict[str, Policy] = {
    p.name: p for p in (go, go1_21, go1_14, go1_5, go1_2, go1_1, go1_0, threadpool, segmented, tokio, cilk, dotnet)
}
"""The presets by name; "go1.27" is "go"."""
PRESETS["go1.27"] = go
