"""Go's scheduler, version by version. They differ by `Rules` and by components; each says what it does not model."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gmplab.policies.block import SwitchGoroutine
from gmplab.policies.control import NoControl
from gmplab.policies.handoff import HandoffAtOnce, RetakeBySysmon
from gmplab.policies.machines import KeepThreads
from gmplab.policies.place import PlaceGlobal, PlaceLocal
from gmplab.policies.preempt import AsyncPreempt, CooperativePreempt, NoPreemption
from gmplab.policies.queues import GlobalQueue, GoQueues, UnboundedQueues
from gmplab.policies.spin import NoSpinning, SpinHalfBusy
from gmplab.policies.steal import NoStealing, RandomProbes, StealHalf
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

# What was otherwise, release by release, back from today.
_BEFORE_1_23: Rules = Rules(
    recheck_global=False, gosched_wakep=False, injectglist_wakep=False, polling_net=False, stw_runnext=False, lazy_timers=False,
)
_BEFORE_1_17: Rules = replace(
    _BEFORE_1_23, needspinning=False, recheck_spinning_only=False, wake_needs_idle=True, gc_worker_drains=False,
)
_BEFORE_1_9: Rules = replace(
    _BEFORE_1_17, timers_on_p=False, locked_exit=False, mutex_starvation=False, template_thread=False, any_resetspinning=True,
    slice_in_syscalls=False,
)
_C_ERA: Rules = replace(_BEFORE_1_9, redistribute=True, gc_workers=False)

go1_21: Policy = go.replace(
    name="go1.21",
    rules=_BEFORE_1_23,
    doc="Go 1.21: no recheck of the global queue after the P was dropped, Gosched and injectglist wake nobody.",
)

go1_14: Policy = go.replace(
    name="go1.14", steal=StealHalf(one_draw=True),
    rules=replace(_BEFORE_1_17, timer_wakes=False),
    doc="Go 1.14: the first with preemption by signals and timers on Ps. Every M rechecks, no needspinning, start and "
    "stride of a pass from one number. Differs: any due timer may be stolen, not only where no G runs undisturbed.",
)

go1_5: Policy = go.replace(
    name="go1.5", rules=_BEFORE_1_9, preempt=CooperativePreempt(),
    steal=RandomProbes(passes=2, runnext_pass=1, runnext_backoff_ns=100_000),
    doc="Go 1.5: the first in Go, with runnext. 4n random probes, of which the second half may take a runnext after a "
    "pause of 100 us, and Ms that wake others though they did not spin. Source: proc1.go: findrunnable. Differs: no "
    "pause where the victim does not run. Not modelled: the goroutine, in a system call, that waited for the timers.",
)

go1_2: Policy = go.replace(
    name="go1.2", rules=_C_ERA, queues=UnboundedQueues(), steal=RandomProbes(), preempt=CooperativePreempt(),
    handoff=RetakeBySysmon(idle_ns=FOR_EVER_NS),
    doc="Go 1.2 (C): growing local queues without runnext, 2n random probes, preemption at calls. "
    "It knows the 61st tick; an idle P in a syscall is never retaken while others are free. Source: proc.c. Not modelled: the "
    "goroutine that waited for the timers, and the one that swept memory.",
)

go1_1: Policy = go1_2.replace(
    name="go1.1", queues=UnboundedQueues(fair_tick=0), preempt=NoPreemption(),
    machines=KeepThreads(max_threads=NO_THREAD_LIMIT), rules=replace(_C_ERA, any_resetspinning=False, wake_if_queued=True),
    doc="Go 1.1 (C): the first with Ps (779c45a507); no preemption, no fairness tick, no thread limit. Source: proc.c. An M "
    "that found work wakes another only for what is left in its own queue.",
)

go1_0: Policy = go.replace(
    name="go1.0",
    rules=replace(_C_ERA, redistribute=False, any_resetspinning=False, sysmon=False, netpoll=False),
    queues=GlobalQueue(), place=PlaceGlobal(), steal=NoStealing(), spin=NoSpinning(), wake=WakeAlways(),
    handoff=HandoffAtOnce(), preempt=NoPreemption(), machines=KeepThreads(max_threads=NO_THREAD_LIMIT),
    doc="Go 1.0: one global queue under one lock, an M for each runnable G up to GOMAXPROCS, no sysmon. A "
    "syscall frees its slot at once. Source: proc.c: matchmg, schedule. Differs: what Go 1.0 counted in mcpu are Ps here, and a G "
    "is not handed to its M but found by it in the queue. Not modelled: package net's goroutine that waited for descriptors.",
)
