"""How run queues hold Gs."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Queues, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class GoQueues(Queues):
    """A ring of 256 and runnext on each P, a global queue looked at first on every 61st tick.

    Go: runtime2.go: p.runq, p.runnext; proc.go: runqputslow, globrunqgetbatch.
    """

    def global_batch(self, state: object, view: View, size: i64) -> i64:
        """min(size, size // procs + 1, batch_cap). Go: proc.go: globrunqgetbatch."""
        n: i64 = size // view.procs() + 1
        cap: i64 = self.batch_cap
        if n > size:
            n = size
        return n if n < cap else cap

    def rank(self, state: object, view: View, g: i64) -> i64:
        return 0


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoRunnext(GoQueues):
    """Go's queues without runnext: a readied G goes to the tail, as in Go 1.1 to 1.4."""

    runnext: bool = False
    inherit_slice: bool = False


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class GlobalQueue(GoQueues):
    """One first-come-first-served queue for all, and no local ones: Go 1.0, a thread pool, M/G/c of queueing theory."""

    capacity: int = 0
    runnext: bool = False
    inherit_slice: bool = False
    fair_tick: int = 0
    batch_cap: int = 1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class UnboundedQueues(GoQueues):
    """Local queues that grow and never spill, without runnext. Go 1.1 and 1.2: proc.c: runqput, runqgrow."""

    capacity: int = -1
    runnext: bool = False
    inherit_slice: bool = False


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class LifoQueue(GoQueues):
    """Newest first on the own queue; thieves take the oldest. Cilk's deque, and LCFS of queueing theory."""

    order: str = "lifo"
    runnext: bool = False
    inherit_slice: bool = False


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RandomOrder(GoQueues):
    """Any queued G, each as likely: SIRO of queueing theory."""

    order: str = "random"
    runnext: bool = False
    inherit_slice: bool = False


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class ByRemainingWork(GoQueues):
    """Least remaining work of its present compute first (SRPT among the queued; a new G counts as 0 until it has run)."""

    order: str = "rank"
    runnext: bool = False
    inherit_slice: bool = False

    def rank(self, state: object, view: View, g: i64) -> i64:
        return view.remaining_ns(g)


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class ByAttainedWork(GoQueues):
    """Who has run least so far first: LAS, also called foreground-background."""

    order: str = "rank"
    runnext: bool = False
    inherit_slice: bool = False

    def rank(self, state: object, view: View, g: i64) -> i64:
        return view.attained_ns(g)
