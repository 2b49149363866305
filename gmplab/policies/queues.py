"""How run queues hold Gs: room, order, runnext, and when the global queue has its turn.

The fields are what the core reads once at the start; the methods are asked: `global_batch` at each look at the global
queue, `rank` at each put where `order` is "rank". Refused: a queue class a discipline. The core owns the queues, so
that a component cannot lose a G.
"""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Queues, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class GoQueues(Queues):
    """A ring of 256 and a runnext on each P; a global queue that is looked at first on every 61st schedtick.

    A full ring sends its oldest 128 and the new G to the global queue. 61 is prime, so that the tick locks with no
    loop of the program's own.

    Examples
    --------
    >>> GoQueues(capacity=64).capacity
    64

    Go: runtime2.go: p.runq, p.runnext; proc.go: runqput, runqputslow, globrunqgetbatch, findRunnable.
    """

    def global_batch(self, state: object, view: View, size: i64) -> i64:
        """min(size, size // procs + 1, batch_cap). Go: proc.go: globrunqgetbatch."""
        n: i64 = size // view.procs() + 1
        cap: i64 = self.batch_cap
        if n > size:
            n = size
        return n if n < cap else cap

    def rank(self, state: object, view: View, g: i64) -> i64:
        """0 for every G: first come, first served."""
        return 0


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoRunnext(GoQueues):
    """Go's queues without runnext: a readied or new G goes to the tail.

    What Go 1.1 to 1.4 did (e870f06c3f brought runnext to 1.5), and wasm since 1.23. Go: proc.go: runqput(next=false).
    """

    runnext: bool = False
    inherit_slice: bool = False


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class GlobalQueue(GoQueues):
    """One first-come-first-served queue for all, and no local ones: Go 1.0, a thread pool, M/G/c of queueing theory.

    Go: proc.c of 1.0: ghead, gtail, schedule. Source for theory: Erlang C (M/M/c), Pollaczek-Khinchine (M/G/1).
    """

    capacity: int = 0
    runnext: bool = False
    inherit_slice: bool = False
    fair_tick: int = 0
    batch_cap: int = 1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class UnboundedQueues(GoQueues):
    """Local queues that grow and never spill, without runnext; no bound on what one look at the global queue takes.

    Go: proc.c of 1.1 and 1.2: runqput, runqgrow, globrunqget. Not modelled: the lock of each queue.
    """

    capacity: int = -1
    runnext: bool = False
    inherit_slice: bool = False
    batch_cap: int = 1 << 40


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class LifoQueue(GoQueues):
    """Newest first on the own queue; thieves take the oldest.

    Cilk's deque (Frigo, Leiserson, Randall 1998: the THE protocol), and LCFS of queueing theory. With the default
    capacity a full queue spills its oldest, as Go's does; `capacity=-1` gives the deque that grows.
    """

    order: str = "lifo"
    runnext: bool = False
    inherit_slice: bool = False


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RandomOrder(GoQueues):
    """Any queued G, each as likely: SIRO (service in random order) of queueing theory. No counterpart in Go."""

    order: str = "random"
    runnext: bool = False
    inherit_slice: bool = False


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class ByRemainingWork(GoQueues):
    """Least remaining work first: SJF, and SRPT where a running G is preempted.

    It knows the future, so it is a bound and no candidate. The rank is asked once, at the put, and is the rest of the
    compute that the G is in, or all of the one that it is about to begin. What a Python body will do next is unknown
    and counts as 0 ns. With `capacity=0, fair_tick=0` all Ps share one queue; SRPT (Schrage 1968) needs
    `AsyncPreempt(quantum_ns=..., exact=True)` besides, with a quantum far below a job, since nothing else makes a G that
    runs give way to a shorter one.
    """

    order: str = "rank"
    runnext: bool = False
    inherit_slice: bool = False

    def rank(self, state: object, view: View, g: i64) -> i64:
        """What is left of the G's compute, in ns."""
        return view.remaining_ns(g)


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class ByAttainedWork(GoQueues):
    """Who has run least so far first: LAS, also called foreground-background.

    Close to what Linux's CFS does with equal weights, which go.dev/issue/51071 asks of Go. As with `ByRemainingWork`,
    only `AsyncPreempt(quantum_ns=..., exact=True)` makes a G that runs give way. Source: Kleinrock, Queueing Systems 2,
    1976, section 4.6 (from memory).
    """

    order: str = "rank"
    runnext: bool = False
    inherit_slice: bool = False

    def rank(self, state: object, view: View, g: i64) -> i64:
        """How long the G has run in all, in ns."""
        return view.attained_ns(g)
