"""The words that writers and readers of a record share: one table each, codes inside, names outside.

Codes are append-only within a major `SCHEMA` version and never reused. This module imports nothing of gmplab,
so that the core, the readers and other programs can all stand on it.
"""

from __future__ import annotations

from typing import Final

SCHEMA: Final = (1, 0)
"""Version of columns, kinds and codes: (major, minor)."""
MODEL: Final = 9
"""Changes whenever the same inputs give other bytes; each change is told in the CHANGELOG."""
GO_VERSION: Final = "1.27"
"""The Go version that the default policy models."""

# "None" ids inside the core and the stored rows; null in the frames.
NO_G: Final = -1
NO_M: Final = -1
NO_P: Final = -1
MAX_PROCS: Final = 65_534
"""Most Ps a run may have: a P's id is stored in 16 bits."""

UNTIMED: Final = "untimed"
"""The costs, in the header, of a run in which time stands still (`gmplab.replay`): its sleeps may end before their instant."""

# --- record levels --------------------------------------------------------------------------------------------
LEVEL_OFF: Final = 0
LEVEL_SCHEDULE: Final = 1
LEVEL_FULL: Final = 2
LEVEL_CALLS: Final = 3
LEVELS: Final = ("off", "schedule", "full", "calls")

# --- statuses of a G. Go: runtime2.go: _Gidle ... --------------------------------------------------------------
GIDLE: Final = 0
GRUNNABLE: Final = 1
GRUNNING: Final = 2
GSYSCALL: Final = 3
GWAITING: Final = 4
GDEAD: Final = 6
G_STATUSES: Final = ("idle", "runnable", "running", "syscall", "waiting", "moribund", "dead")

# --- statuses of a P. Go: runtime2.go: _Pidle ... --------------------------------------------------------------
PIDLE: Final = 0
PRUNNING: Final = 1
PSYSCALL: Final = 2
"""Unused, as in Go since 1.26: a P in a syscall is running, and its M's G is in a syscall."""
PGCSTOP: Final = 3
PDEAD: Final = 4
P_STATUSES: Final = ("idle", "running", "syscall", "gcstop", "dead")

# --- kinds of goroutine ----------------------------------------------------------------------------------------
KIND_USER: Final = 0
KIND_SYSTEM: Final = 1
G_KINDS: Final = ("user", "system")

# --- who called schedule(): the column `caller`. Go 1.27's callers, and the ones only older versions had ---------
CALL_MSTART: Final = 0
CALL_PARK: Final = 1
CALL_GOSCHED: Final = 2
CALL_PREEMPT: Final = 3
CALL_GOYIELD: Final = 4
CALL_GOEXIT: Final = 5
CALL_EXITSYSCALL: Final = 6
CALL_STOPLOCKED: Final = 7
"""No schedule() of its own: an M woken for its locked G goes straight to execute()."""
CALL_CHILD: Final = 8
"""No counterpart in Go: place=ChildFirst runs the child and queues the parent."""
CALL_HELD: Final = 9
"""No counterpart in Go: block=HoldThread, the task kept its thread while it waited."""
CALLERS: Final = (
    "mstart", "park", "gosched", "preempt", "goyield", "goexit", "exitsyscall", "stoplockedm", "child_first", "held",
)

# --- where a G was found: the column `source`, and the reason of Q_GET and GO_START -------------------------------
SRC_RUNNEXT: Final = 0
SRC_LOCAL: Final = 1
SRC_GLOBAL: Final = 2
SRC_GLOBAL_TICK: Final = 3
SRC_STEAL: Final = 4
SRC_STEAL_RUNNEXT: Final = 5
SRC_NETPOLL: Final = 6
SRC_TIMER: Final = 7
"""Reserved: Go readies a timer's G into a runnext, whence it is found as `runnext` or `local`."""
SRC_GC_WORKER: Final = 8
SRC_LOCKED: Final = 9
"""A locked G that its own M runs, after startlockedm or its own wait."""
SRC_INJECTED: Final = 10
"""Nothing was searched: the G was in hand (its syscall ended and an idle P was free; a child; a held task)."""
SOURCES: Final = (
    "runnext", "local", "global", "global_tick", "steal", "steal_runnext", "netpoll", "timer", "gc_worker", "locked",
    "injected",
)

# --- queues that a put names: the reason of GO_CREATE and GO_READY, the arg of GO_STOP ---------------------------
Q_NONE: Final = 0
"""No queue: the G is in the hands of the M that readied it, or its own M is woken."""
Q_RUNNEXT: Final = 1
"""The runnext of `queue_p`; who was there goes to the tail of that P's local queue."""
Q_LOCAL: Final = 2
"""The tail of the local queue of `queue_p`."""
Q_GLOBAL: Final = 3
"""The tail of the global queue."""
Q_GLOBAL_HEAD: Final = 4
Q_BATCH: Final = 5
"""A list in the hands of an M (netpoll's results); Q_PUT says where each goes."""
QUEUES: Final = ("none", "runnext", "local", "global", "global_head", "batch")

# --- why a G waits: the reason of GO_PARK. The strings are Go's (runtime2.go: waitReasonStrings) where Go has one ---
WAIT_NONE: Final = 0
WAIT_CHAN_RECEIVE: Final = 1
WAIT_CHAN_SEND: Final = 2
WAIT_CHAN_RECEIVE_NIL: Final = 3
WAIT_CHAN_SEND_NIL: Final = 4
WAIT_SELECT: Final = 5
WAIT_SELECT_NO_CASES: Final = 6
WAIT_SLEEP: Final = 7
WAIT_IO: Final = 8
WAIT_MUTEX: Final = 9
WAIT_RWMUTEX_RLOCK: Final = 10
WAIT_RWMUTEX_LOCK: Final = 11
WAIT_COND: Final = 12
WAIT_WAITGROUP: Final = 13
WAIT_SEMACQUIRE: Final = 14
WAIT_GC_CYCLE: Final = 15
WAIT_GC_WORKER: Final = 16
WAIT_STW: Final = 17
WAIT_ARRIVALS: Final = 18
WAIT_UPDATE_GOMAXPROCS: Final = 19
WAIT_FORCE_GC: Final = 20
WAIT_REASONS: Final = (
    "", "chan receive", "chan send", "chan receive (nil chan)", "chan send (nil chan)", "select", "select (no cases)",
    "sleep", "IO wait", "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.Cond.Wait",
    "sync.WaitGroup.Wait", "semacquire", "wait for GC cycle", "GC worker (idle)", "stopping the world",
    "wait for arrivals", "GOMAXPROCS updater (idle)", "force gc (idle)",
)

# --- why a running G became runnable again: the reason of GO_STOP -------------------------------------------------
STOP_GOSCHED: Final = 0
STOP_PREEMPT: Final = 1
STOP_GOYIELD: Final = 2
STOP_EXITSYSCALL: Final = 3
STOP_CHILD: Final = 4
STOPS: Final = ("gosched", "preempted", "goyield", "exitsyscall", "child_first")

# --- who asked for an M, and why it sleeps or ends: the reason of M_* events ---------------------------------------
WHY_NONE: Final = 0
WHY_BOOT: Final = 1
WHY_SYSMON: Final = 2
WHY_WAKEP: Final = 3
WHY_HANDOFFP: Final = 4
WHY_INJECT: Final = 5
WHY_START_WORLD: Final = 6
WHY_START_LOCKED: Final = 7
WHY_IDLE: Final = 8
WHY_LOCKED: Final = 9
WHY_NETPOLL: Final = 10
WHY_NETPOLL_BREAK: Final = 11
WHY_STOP_WORLD: Final = 12
WHY_GCSTOP: Final = 13
WHY_HELD: Final = 14
WHY_READY: Final = 15
WHY_RETIRED: Final = 16
WHY_LOCKED_EXIT: Final = 17
WHY_DOZE: Final = 18
WHY_QUEUE: Final = 19
WHY_CONTROL: Final = 20
WHY_DEEP_SLEEP: Final = 21
WHY_BACKOFF: Final = 22
WHY_SYSCALL: Final = 23
WHY_CLONE_RETRY: Final = 24
WHY_TEMPLATE: Final = 25
WHY_TIMER: Final = 26
WHYS: Final = (
    "", "boot", "sysmon", "wakep", "handoffp", "injectglist", "starttheworld", "startlockedm", "idle", "stoplockedm",
    "netpoll", "netpollbreak", "stoptheworld", "gcstopm", "held", "ready", "retired", "locked_exit", "doze", "queue",
    "control", "deep_sleep", "backoff", "syscall", "clone_retry", "template_thread",
    "timer",
)

# --- which condition of handoffp started an M, or that none did: the reason of P_HANDOFF. Go: proc.go: handoffp ------
HANDOFF_WORK: Final = 1
HANDOFF_TRACE: Final = 2
HANDOFF_GC: Final = 3
HANDOFF_NO_SPINNING: Final = 4
HANDOFF_GCSTOP: Final = 5
HANDOFF_GLOBAL: Final = 6
HANDOFF_LAST_P: Final = 7
HANDOFF_IDLE: Final = 8
HANDOFFS: Final = ("", "has_work", "trace", "gc_work", "no_spinning", "gcstop", "global_work", "last_p", "idle")

# --- why a P was taken from a syscall: the reason of P_RETAKE -----------------------------------------------------
RETAKE_SYSMON: Final = 1
RETAKE_STW: Final = 2
RETAKE_EXITSYSCALL: Final = 3
RETAKE_POLICY: Final = 4
RETAKES: Final = ("", "sysmon", "stw", "exitsyscall", "policy")

# --- phases of a GC cycle: the reason of GC_PHASE; modes of a GC worker; kinds of a stop ---------------------------
GC_OFF: Final = 0
GC_MARK: Final = 1
GC_TERMINATION: Final = 2
GC_PHASES: Final = ("off", "mark", "mark_termination")
GCW_NONE: Final = 0
GCW_DEDICATED: Final = 1
GCW_FRACTIONAL: Final = 2
GCW_IDLE: Final = 3
GC_WORKER_MODES: Final = ("none", "dedicated", "fractional", "idle")
STW_SWEEP_TERM: Final = 0
STW_MARK_TERM: Final = 1
STW_GOMAXPROCS: Final = 2
STW_GC: Final = 3
"""The whole collection, as before Go 1.5: rules.gc_workers is False."""
STWS: Final = ("GC sweep termination", "GC mark termination", "GOMAXPROCS", "GC")

# --- whether spinning ended with a G: the reason of SPIN_STOP; kinds of netpoll -------------------------------------
SPIN_FOUND: Final = 0
SPIN_GAVE_UP: Final = 1
SPIN_GCSTOP: Final = 2
SPIN_ENDS: Final = ("found", "gave_up", "gcstop")
POLL_NONBLOCKING: Final = 0
POLL_BLOCKING: Final = 1
POLL_SYSMON: Final = 2
POLL_START_WORLD: Final = 3
POLLS: Final = ("nonblocking", "blocking", "sysmon", "starttheworld")

# --- where the time of an M and of a P goes (exact sums at every level) ---------------------------------------------
IN_RUNNING: Final = 0
IN_SCHEDULING: Final = 1
IN_SPINNING: Final = 2
IN_SYSCALL: Final = 3
IN_IDLE: Final = 4
"""A P on pidle, or on its way to a woken M; an M parked on midle."""
IN_NETPOLL: Final = 5
IN_LOCKED: Final = 6
IN_HELD: Final = 7
IN_STOPPED: Final = 8
IN_STARTING: Final = 9
"""An M between clone or wake-up and its first step."""
MODES: Final = (
    "running", "scheduling", "spinning", "syscall", "idle", "netpoll", "locked", "held", "stopped", "starting",
)
N_MODES: Final = 10

# --- events: one row a transition ------------------------------------------------------------------------------------
# Each row is (t_ns, kind, g, m, p, arg, reason, aux). Beside each kind: what the columns mean where that is not plain.
# A row is written at the instant of the change, after the change, by the M that made it (m, p), unless said otherwise.
GO_CREATE: Final = 0
"""g is new and runnable. reason: QUEUES; aux: the queue's P; arg: the parent g, NO_G for main and arrivals."""
GO_READY: Final = 1
"""g was waiting and is runnable. reason: QUEUES; aux: the queue's P; arg: the g that readied it, or NO_G."""
GO_START: Final = 2
"""execute(): g runs on m and p. reason: SOURCES; arg: 1 if it inherits the time slice."""
GO_PARK: Final = 3
"""g waits. reason: WAIT_REASONS; arg: the id of the object it queues on (timers: the due time in ns); aux: 1 if
it joined the head and not the tail of the object's queue (a Mutex's waiter that lost)."""
GO_STOP: Final = 4
"""g was running and is runnable. reason: STOPS; arg: QUEUES; aux: the queue's P."""
GO_EXIT: Final = 5
GO_SYSCALL: Final = 6
"""entersyscall: arg: 1 if by entersyscallblock; p: the P that it keeps, or NO_P."""
GO_SYSEXIT: Final = 7
"""exitsyscall: p: the P that it has or got, NO_P if none (then a GO_STOP or M_PARK follows)."""
Q_GET: Final = 8
"""g leaves a queue for the hands of m. reason: SOURCES. runnext, local: of p; global_tick: one from the global
queue; global: arg Gs from the global queue, g is the first, the others join the tail of p's queue in order; steal:
arg Gs from the head of the queue of aux, g is the last, the others join p's tail in order; steal_runnext: the
runnext of aux. Where the order is not FIFO, `position` tells g's index from the head (steal: unused)."""
Q_PUT: Final = 9
"""g, in the hands of m, is queued. reason: QUEUES; aux: the queue's P."""
Q_OVERFLOW: Final = 10
"""The local queue of p was full: arg Gs from its head, then g, its last, go to the global queue's tail."""
Q_DRAIN: Final = 11
"""All of p's queue (runnext first) goes to the global queue: its tail (arg 0: a dedicated GC worker) or, in order,
its head (arg 1: p is destroyed)."""
Q_MOVE: Final = 12
"""arg Gs from the head of the queue of aux join the tail of p's queue (control policies; 1.1's redistribution,
where aux is NO_P: the global queue)."""
P_ACQUIRE: Final = 13
P_RELEASE: Final = 14
P_IDLE: Final = 15
"""p goes on pidle."""
P_BUSY: Final = 16
"""p comes off pidle, taken by m (NO_M: by an arrival)."""
P_RETAKE: Final = 17
"""p is taken from the M in a syscall given by aux. reason: RETAKES."""
P_HANDOFF: Final = 18
"""reason: HANDOFFS."""
P_STOP: Final = 19
"""p is stopped for stop-the-world: released before by the M that had it, or taken off pidle, or from a syscall. If no
P_RELEASE came before, its M keeps it: the M that stops the world, or a held task's (block=HoldThread)."""
P_RESIZE: Final = 20
"""Each start of the world. arg: GOMAXPROCS from now on. All Ps are stopped then; Ps from arg on are destroyed: what
they have moves by the rows that follow. Of those kept, one that still has its M runs on with it, the others become
idle or get an M by the rows that follow."""
M_CREATE: Final = 21
"""m is new (newm). aux: the M that asked, NO_M for boot and arrivals; reason: WHYS; p: its nextp."""
M_START: Final = 22
"""m's thread begins at mstart."""
M_PARK: Final = 23
"""m sleeps. reason: WHYS; arg: the instant its sleep ends by itself, -1 if never."""
M_WAKE: Final = 24
"""m, asleep, is woken and will run. aux: the M that wakes it, NO_M: no M; p: its nextp, or the P that it kept. reason:
WHYS; none: its time-out passed or the kernel woke it, and it runs now. arg: 1 if m was on its way to sleep, and will not
(no M_PARK follows)."""
M_EXIT: Final = 25
"""m's thread ends. reason: WHYS."""
SPIN_START: Final = 26
"""becomespinning, or m was started spinning (aux: 1)."""
SPIN_STOP: Final = 27
"""reason: SPIN_ENDS."""
STEAL_PASS: Final = 28
"""One pass over victims ended. arg: probes made, the thief's own P left out; aux: Gs taken; reason: the pass, from 0."""
PREEMPT_REQUEST: Final = 29
"""g on p is asked to stop, by m (NO_M: its own slice timer)."""
TIMER_SET: Final = 30
"""A timer for g joins p's heap. arg: due, in ns; aux: the destroyed P whose heap it leaves, NO_P for a new timer. No g: the
timer of the program's whose number is aux, by m."""
TIMER_FIRE: Final = 31
"""g's timer of p's heap fired on m. arg: due, in ns. No g: the timer of the program's whose number is aux."""
TIMER_STOP: Final = 32
"""The timer of the program's whose number is aux leaves p's heap, by m: it is stopped, set anew, moved from a P that is
destroyed, or nobody waits on its channel any more."""
NETPOLL: Final = 33
"""m asked epoll. reason: POLLS; arg: Gs that came out. A look without waiting that found nothing has no row."""
IO_READY: Final = 34
"""g's descriptor is ready in epoll; nobody knows yet. An arrival through netpoll comes so too."""
GC_PHASE: Final = 35
"""reason: GC_PHASES; arg: dedicated workers wanted."""
GC_WORKER: Final = 36
"""g, waiting, is chosen as GC worker on p; its GO_READY follows when an M of p takes it. reason: GC_WORKER_MODES; none:
it is not wanted any more, p stops first."""
STW_START: Final = 37
"""g on m asks all Ps to stop. reason: STWS."""
STW_STOPPED: Final = 38
"""All Ps stand. reason: STWS."""
STW_END: Final = 39
"""All Ps may run again, those with work have an M. reason: STWS."""
LOCK_THREAD: Final = 40
UNLOCK_THREAD: Final = 41
REGION_BEGIN: Final = 42
"""arg: index in the record's texts."""
REGION_END: Final = 43
LOG: Final = 44
SELECT_WAIT: Final = 45
"""g queues on the channel arg; comes before the GO_PARK of its select. aux: 1 to send, 0 to receive."""
SYSMON: Final = 46
"""sysmon woke for one round. arg: the delay it slept, in ns; aux: 1 if after a deep sleep."""
WAKE_WANTED: Final = 47
"""A wakep put off by the wake policy. arg: the instant it is due."""
HOLD: Final = 48
"""m keeps its waiting g and its p (block=HoldThread)."""
CPU_WAIT: Final = 49
"""m could go on, and waits for a CPU: none is free, or its slice is over and others wait. Only where Ms share CPUs."""
CPU_RUN: Final = 50
"""m, which waited, has a CPU."""
EVENT_KINDS: Final = (
    "GoCreate", "GoReady", "GoStart", "GoPark", "GoStop", "GoExit", "GoSyscall", "GoSysExit", "QGet", "QPut",
    "QOverflow", "QDrain", "QMove", "PAcquire", "PRelease", "PIdle", "PBusy", "PRetake", "PHandoff", "PStop",
    "PResize", "MCreate", "MStart", "MPark", "MWake", "MExit", "SpinStart", "SpinStop", "StealPass",
    "PreemptRequest", "TimerSet", "TimerFire", "TimerStop", "Netpoll", "IOReady", "GCPhase", "GCWorker", "STWStart",
    "STWStopped", "STWEnd", "LockThread", "UnlockThread", "RegionBegin", "RegionEnd", "Log", "SelectWait", "Sysmon",
    "WakeWanted", "Hold", "CpuWait", "CpuRun",
)

REASONS_OF: Final[dict[int, tuple[str, ...]]] = {
    GO_CREATE: QUEUES, GO_READY: QUEUES, GO_START: SOURCES, GO_PARK: WAIT_REASONS, GO_STOP: STOPS, Q_GET: SOURCES,
    Q_PUT: QUEUES, P_RETAKE: RETAKES, P_HANDOFF: HANDOFFS, M_CREATE: WHYS, M_PARK: WHYS, M_WAKE: WHYS, M_EXIT: WHYS,
    SPIN_STOP: SPIN_ENDS, NETPOLL: POLLS, GC_PHASE: GC_PHASES, GC_WORKER: GC_WORKER_MODES, STW_START: STWS,
    STW_STOPPED: STWS, STW_END: STWS,
}
"""Which enumeration names an event kind's `reason`; a kind not listed has none (STEAL_PASS: a number)."""

# --- the runtime's functions at level "calls" -----------------------------------------------------------------------
FUNCTIONS: Final = (
    "main", "schedule", "findrunnable", "stealwork", "execute", "gopark", "park_m", "ready", "wakep", "startm", "newm",
    "newm1", "newosproc", "clone", "mstart", "mstart1", "mstartfn", "stopm", "mput", "handoffp", "acquirep", "releasep",
    "newproc", "newproc1", "malg", "gfget", "goexit1", "goexit0", "gdestroy", "gfput", "gosched_m", "goyield_m",
    "gopreempt_m", "entersyscall", "entersyscallblock", "exitsyscall", "exitsyscallnop", "injectglist", "stoplockedm",
    "startlockedm", "gcstopm", "resetspinning", "retake", "preemptone", "sysmon", "stoptheworld", "starttheworld",
    "procresize", "netpoll", "checkdead", "mexit", "allocm", "mcall", "timers.check", "wakenetpoller", "exitsyscalltrygetp",
    "notewakeup", "woken", "mpark", "takep", "netpollbreak", "goschedimpl", "gosched", "goyield", "asyncpreempt", "newstack",
    "chansend", "chanrecv", "closechan", "selectgo", "timesleep", "netpollblock", "mutex.lock", "mutex.unlock",
    "rwmutex.rlock", "rwmutex.runlock", "rwmutex.lock", "rwmutex.unlock", "waitgroup.add", "waitgroup.wait", "cond.wait",
    "cond.signal", "cond.broadcast", "semaphore.acquire", "semaphore.release", "arrive", "gc", "gomaxprocs",
    "updatemaxprocs", "gcbgmarkworker", "semrelease", "lockosthread", "starttemplatethread", "templatethread",
    "forcegchelper", "resettimer", "stoptimer",
)
"""Go's names, lower-cased; of packages sync and time too. No functions of Go's: "woken", a thread that slept goes on;
"arrive", a goroutine comes from outside."""
FN: Final[dict[str, int]] = {name: code for code, name in enumerate(FUNCTIONS)}

# --- step codes: what an M does next, as a step tells its driver ------------------------------------------------------
STEP_ON: Final = 0
"""Spend `debt_ns`, then step again."""
STEP_COMPUTE: Final = 1
"""Spend `debt_ns`, then the G computes for `rest_ns`, which a preemption may cut."""
STEP_SYSCALL: Final = 2
"""Spend `debt_ns`, then the G is in a syscall for `rest_ns`."""
STEP_PARK: Final = 3
"""Sleep on the note until another M, or the driver at `until_ns` (-1: never), wakes it."""
STEP_NETPOLL: Final = 4
"""Sleep in epoll until `until_ns` (-1: never), a descriptor is ready, or netpollbreak."""
STEP_EXIT: Final = 5
"""The thread ends."""
STEP_END: Final = 6
"""The run ends."""
STEP_BODY: Final = 7
"""Let the body of the G on this M go on to its next request, outside of the step. Only where `sched.apart`."""
STEP_CALL: Final = 8
"""Call the function that the G asked for, outside of the step. Only where `sched.apart`."""
STEP_CODES: Final = ("on", "compute", "syscall", "park", "netpoll", "exit", "end", "body", "call")

# --- stored rows: words of 8 bytes ------------------------------------------------------------------------------------
SCHEDULE_WORDS: Final = 8
"""t | ready | enter | (g+1)<<32, m+1 | (victim+1)<<32, source<<24, caller<<16, p+1 | local_q<<32, global_q |
idle_m<<32, spinning_m<<16, idle_p | stolen<<32, n_threads"""
EVENT_WORDS: Final = 4
"""t | (g+1)<<32, m+1 | (aux+1)<<32, reason<<24, kind<<16, p+1 | arg.
A Q_GET out of FIFO order stores its position: (position+1)<<32 | n in arg."""
GOROUTINE_WORDS: Final = 8
"""(g+1)<<32, parent+1 | label<<32, n_schedules | created | first run or -1 | exit or -1 | run | wait | blocked"""
CALL_WORDS: Final = 4
"""t | call<<32, parent call (ids from 1, 0: none) | function<<32, m+1 | g+1 (0: on g0)"""
HISTOGRAM_SUB_BITS: Final = 5
"""Log-linear histograms: 2**5 buckets an octave, so a bucket is at most 3.2 % wide; values below 64 are exact."""
HISTOGRAM_BUCKETS: Final = 1920
