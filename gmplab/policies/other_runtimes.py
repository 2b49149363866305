"""The schedulers of other runtimes, as far as the same parts express them; what they cannot stands in each `doc`.

A P stands for their core, worker, capability or permit, an M for their thread. Where a source counts looks and not time, a
look is taken as 1 us, the length of a `sched_yield` and a walk over some queues; none of them publishes it.
"""

from __future__ import annotations

from typing import Final

from gmplab.policies.control import Balance, GateThread
from gmplab.policies.go_versions import FOR_EVER_NS, go
from gmplab.policies.handoff import HandoffAtOnce, NoHandoff
from gmplab.policies.machines import HillClimbing, SpareThreads
from gmplab.policies.place import ChildFirst, LastRanOn, PlaceGlobal, PushSurplus
from gmplab.policies.preempt import AsyncPreempt, CooperativePreempt, NoPreemption
from gmplab.policies.queues import GlobalQueue, GoQueues, LifoQueue, NoRunnext
from gmplab.policies.spin import SpinAlways, SpinFor
from gmplab.policies.steal import NoStealing, RandomProbes, StealHalf, StealNeighbour, StealOne
from gmplab.policies.wake import WakeAfter, WakeAlways, WakeIfTooFewSpin
from gmplab.runtime.contracts import Policy

LOOK_NS: Final = 1_000
ONE_ROUND_OF_THE_OTHERS: Final = StealOne(passes=1, runnext_pass=-1, timers_pass=0, stride=1)
"""From a random worker on, each once: one task, the oldest."""
OWN_DEQUE: Final = LifoQueue(capacity=-1, fair_tick=0, batch_cap=1, global_fifo=True)
"""Newest first; it grows. The injector's or global queue's turn is when it is empty: one task, the one that came first."""

tokio: Policy = go.replace(
    name="tokio", queues=GoQueues(runnext_limit=3, fair_tick=31), preempt=NoPreemption(), handoff=NoHandoff(),
    steal=StealHalf(passes=1, runnext_pass=-1, timers_pass=0, stride=1),
    doc="Tokio's multi-thread runtime: a LIFO slot, rings of 256, stealing by half. The slot runs at most 3 in a row, which "
    "share a tick; half of a full ring spills; the inject queue has its turn every 31 ticks, else a share of it; thieves "
    "start at a random worker and are fewer than half of the busy ones. Source: tokio's multi_thread/worker.rs: next_task, "
    "run_task, steal_work; idle.rs: transition_worker_to_searching. Differs: after 3 in a row a woken task waits in the slot, "
    "not at the queue's tail; every 31 ticks always, where tokio tunes the number. Not modelled: the budget of 128 "
    "operations, block_in_place, the blocking pool (512 threads, 10 s), that one worker holds the IO driver.",
)

rayon: Policy = go.replace(
    name="rayon", queues=OWN_DEQUE, steal=ONE_ROUND_OF_THE_OTHERS, spin=SpinFor(spin_ns=33 * LOOK_NS, gap_ns=LOOK_NS),
    wake=WakeIfTooFewSpin(), preempt=NoPreemption(), handoff=NoHandoff(),
    doc="Rayon: own deque newest first, thieves take one, the oldest; 33 looks before a worker sleeps. A new job wakes a "
    "sleeper where fewer are awake than jobs wait. Source: rayon-core/src/sleep/mod.rs: ROUNDS_UNTIL_SLEEPY, new_jobs; "
    "registry.rs: WorkerThread::steal. Differs: a look is taken as 1 us; a join that waits frees its worker for any task, "
    "where rayon runs other jobs on top of its stack. Not modelled: the jobs event counter, broadcasts.",
)

cilk: Policy = go.replace(
    name="cilk", queues=LifoQueue(capacity=-1, fair_tick=0), place=ChildFirst(),
    steal=RandomProbes(per_p=1, most=1, timers_pass=0), spin=SpinAlways(), preempt=NoPreemption(), handoff=NoHandoff(),
    doc="Cilk-5: run the child, queue the parent; thieves take one parent and never give up. They take it from the oldest "
    "end of a random deque. Source: Blumofe and Leiserson 1999; Frigo et al. 1998. Differs: a look is taken as 1 us. Not "
    "modelled: the THE protocol's cost, OpenCilk's thieves that sleep.",
)

tbb: Policy = go.replace(
    name="tbb", queues=OWN_DEQUE, steal=RandomProbes(per_p=1, most=1, timers_pass=0),
    spin=SpinFor(spin_ns=100 * LOOK_NS, gap_ns=LOOK_NS), preempt=NoPreemption(), handoff=NoHandoff(),
    doc="oneTBB: own deque newest first, thieves take one child from random slots; 100 yields before a worker leaves. "
    "Source: oneTBB's src/tbb/scheduler_common.h: stealing_loop_backoff; arena_slot.cpp: steal_task. Differs: a yield is taken "
    "as 1 us, and the 2 (workers + 1) pauses before the yields as nothing; one worker is woken, which wakes the next, where "
    "the arena asks for all that it lacks. Not modelled: affinity mailboxes, enqueue streams, isolation, several arenas.",
)

java: Policy = go.replace(
    name="java", queues=OWN_DEQUE, steal=ONE_ROUND_OF_THE_OTHERS, spin=SpinFor(spin_ns=0, gap_ns=0), preempt=NoPreemption(),
    handoff=HandoffAtOnce(), machines=SpareThreads(spares=256, idle_ns=60_000_000_000),
    doc="java's ForkJoinPool: own deque newest first, thieves take one, the oldest; a blocked worker is compensated. A "
    "syscall stands for a ManagedBlocker: a spare thread goes on, up to 256, and ends after 60 s idle. Source: "
    "java.util.concurrent.ForkJoinPool: push, scan, signalWork, tryCompensate, DEFAULT_KEEPALIVE, DEFAULT_COMMON_MAX_SPARES. "
    "Differs: the start of a walk is random, its stride 1. Not "
    "modelled: asyncMode (what virtual threads use: queues=GoQueues(runnext=False)), that a join helps.",
)

kotlin: Policy = go.replace(
    name="kotlin", queues=GoQueues(capacity=128, spill_divisor=129, fair_tick=8, batch_cap=1),
    steal=StealOne(passes=1, runnext_pass=0, runnext_backoff_ns=100_000, timers_pass=0, stride=1),
    spin=SpinFor(spin_ns=0, gap_ns=0), wake=WakeAlways(), preempt=NoPreemption(), handoff=HandoffAtOnce(),
    machines=SpareThreads(spares=64, idle_ns=60_000_000_000),
    doc="Kotlin's coroutine scheduler: CPU permits are Ps, and a blocking task gives its permit away. A slot for the task "
    "dispatched last, a queue of 128 whose overflow goes to the global queue alone, thieves take one, and the slot only when "
    "its task is 100 us old; every dispatch wakes a thread; 64 spare threads (Dispatchers.IO), which end after 60 s idle. "
    "Source: kotlinx.coroutines' CoroutineScheduler.kt: dispatch, findAnyTask, trySteal, tryTerminateWorker; WorkQueue.kt; "
    "Tasks.kt: resolution.ns. Differs: the global queue has its turn every 8th time, where it is by chance, 1 in 2 x cores; a "
    "thief waits 100 us for a slot whatever its age. Not modelled: tasks that are marked as blocking and queue apart.",
)

dotnet: Policy = go.replace(
    name="dotnet", queues=OWN_DEQUE, steal=ONE_ROUND_OF_THE_OTHERS, spin=SpinFor(spin_ns=70 * LOOK_NS, gap_ns=LOOK_NS),
    preempt=NoPreemption(), handoff=HandoffAtOnce(), machines=HillClimbing(), control=GateThread(),
    doc=".NET's thread pool: as many threads as hill climbing and the gate thread allow, own deque newest first. Then the "
    "global queue, then one task from the oldest end of another deque; 70 looks before a worker sleeps. "
    "Source: clrconfignames.h, PortableThreadPool. Differs: a wait is an await, which frees the thread; only a syscall "
    "holds it, and its P, standing for the CPU, goes to another at once; the length of a look is not published: 1 us. Not "
    "modelled: the blocking of a thread by Task.Wait, cooperative blocking.",
)

beam: Policy = go.replace(
    name="beam", queues=NoRunnext(capacity=-1, fair_tick=2, batch_cap=1), place=LastRanOn(),
    steal=StealNeighbour(passes=1, runnext_pass=-1, timers_pass=0, most=1), spin=SpinFor(spin_ns=2_000, gap_ns=LOOK_NS),
    preempt=CooperativePreempt(quantum_ns=1_000_000, exact=True), handoff=HandoffAtOnce(),
    machines=SpareThreads(spares=10, idle_ns=FOR_EVER_NS), control=Balance(period_ns=2_000_000_000),
    doc="Erlang's BEAM: a process stays with its scheduler, idle schedulers steal one, 4000 reductions a turn. A reduction is "
    "a call, so a tight loop (native code) is not stopped; new loads are balanced every 2000 turns; syscalls run on 10 "
    "dirty IO schedulers. Source: erts' beam_emu and erl_vm.h: CONTEXT_REDS; erl_process.c: "
    "ERTS_RUNQ_CHECK_BALANCE_REDS_PER_SCHED, try_steal_task; +sbwt very_short. Differs: 4000 reductions are taken as 1 ms and "
    "the busy wait as 2 us, neither is published as time; who comes back from a call to no scheduler waits in the global queue, "
    "which has every second turn; an 11th blocking call keeps its scheduler's thread. Not modelled: priorities, dirty CPU "
    "schedulers, compaction of load, the wake-up threshold (+swt), the cost of copying messages.",
)

ghc: Policy = go.replace(
    name="ghc", queues=NoRunnext(capacity=-1, fair_tick=2, batch_cap=1), place=PushSurplus(),
    steal=StealHalf(passes=1, runnext_pass=-1, timers_pass=0, threshold=2), spin=SpinFor(spin_ns=0, gap_ns=0),
    preempt=CooperativePreempt(quantum_ns=20_000_000, exact=True), handoff=HandoffAtOnce(),
    doc="GHC's threaded runtime: a capability shares what it cannot run next with the idle ones. A safe foreign call "
    "releases the capability at once; a turn is 20 ms and ends at an allocation. Source: GHC's rts/Schedule.c: "
    "schedulePushWork, suspendThread; user's guide, -C. Differs: surplus is pushed when it appears, and what came while none was "
    "idle is taken by the one that idles, half of two or more, where GHC pushes at the owner's next switch; who comes back from "
    "a foreign call to no capability waits in the global queue, which has every second turn. Not modelled: sparks, bound "
    "threads, the pause of a GC.",
)

shenango: Policy = go.replace(
    name="shenango", queues=NoRunnext(fair_tick=0), steal=StealHalf(passes=1, runnext_pass=-1, timers_pass=0, stride=1),
    spin=SpinFor(spin_ns=2_000, gap_ns=100), wake=WakeAfter(after_ns=5_000), preempt=NoPreemption(), handoff=NoHandoff(),
    doc="Shenango: an idle core steals half, gives up after 2 us, and gets back when work has waited 5 us. Source: shenango's "
    "runtime/sched.c: schedule, steal_work; inc/runtime/defs.h: RUNTIME_SCHED_MIN_POLL_US; iokernel: "
    "IOKERNEL_POLL_INTERVAL. Differs: 5 us run from the put, where the IOKernel looks every 5 us; a core comes back as fast "
    "as an M wakes; a full queue of 256, not 32, spills half. Not modelled: the IOKernel's core, packets that steer "
    "work, hyperthreads, cores that go to another program.",
)

shinjuku: Policy = go.replace(
    name="shinjuku", queues=GlobalQueue(), place=PlaceGlobal(), steal=NoStealing(), spin=SpinAlways(gap_ns=100),
    preempt=AsyncPreempt(quantum_ns=5_000, exact=True), handoff=NoHandoff(),
    doc="Shinjuku: one central queue, turns of 5 us, and workers that never sleep. Source: Kaffes et al., NSDI 2019. "
    "Differs: workers take from the queue, where a dispatcher on a core of its own hands out. Not modelled: that core and "
    "its limit, the cost of its interrupts beyond Costs.preempt_signal, queues for each type of request.",
)
