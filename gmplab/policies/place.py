"""Which queue takes a G that became runnable.

The core asks once for each G that is new, readied, arrives from outside, or makes room: it yields, or is preempted. A G
that comes back from a system call to no P is not asked about: it goes to the global queue, as in Go.
"""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import FOR_ARRIVAL, FOR_NEW, FOR_YIELD, Place, View, at_least
from gmplab.vocabulary import NO_P


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PlaceLocal(Place):
    """The P of who made or readied it, into runnext there; an arrival, which has no P, and who yields to the global queue.

    Go: proc.go: newproc, ready, runqput(next=true); proc.go: injectglist without a P; proc.go: goschedImpl.
    """

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        """The P that asks; NO_P for an arrival, and for who yields."""
        if why == FOR_YIELD:
            return NO_P
        return p


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PlaceGlobal(Place):
    """Always the global queue. Go: proc.c of 1.0: gput."""

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        """NO_P, which is the global queue."""
        return NO_P


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PlaceRandom(Place):
    """Any P, each as likely; who yields stays. With `NoStealing` the Ps are independent queues: n times M/M/1."""

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        """One draw of `view.below(procs)`."""
        if why == FOR_YIELD:
            return p
        return view.below(view.procs())


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class LeastLoaded(Place):
    """The least loaded of `d` Ps chosen at random, with replacement: the power of d choices.

    Source: Vvedenskaya, Dobrushin, Karpelevich 1996; Mitzenmacher 1996. `d` = 1 is `PlaceRandom`.

    Parameters
    ----------
    d : int
        Ps that are looked at, at least 1; the first drawn of equals is taken.
    """

    d: int = 2

    def check(self) -> None:
        super().check()
        at_least(self, 1, "d")

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        """`d` draws, the least `view.load` of them; who yields stays."""
        if why == FOR_YIELD:
            return p
        n = view.procs()
        best = view.below(n)
        for _ in range(self.d - 1):
            other = view.below(n)
            if view.load(other) < view.load(best):
                best = other
        return best


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class JoinShortest(Place):
    """The least loaded P of all, the first of equals: JSQ. Source: Winston 1977."""

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        """The P of least `view.load`; who yields stays."""
        if why == FOR_YIELD:
            return p
        best: i64 = 0
        q: i64 = 1
        while q < view.procs():
            if view.load(q) < view.load(best):
                best = q
            q += 1
        return best


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class LastRanOn(Place):
    """The P that the G last ran on, for its caches; a new one, or one whose P is gone, goes where Go would put it.

    What go.dev/issue/65694 discusses. No counterpart in Go, which readies a G on the waker's P.
    """

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        """`view.last_p(g)` where it still exists."""
        last = view.last_p(g)
        if last == NO_P or last >= view.procs():
            return NO_P if why == FOR_ARRIVAL else p
        return last


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PushSurplus(LastRanOn):
    """Home, where the G last ran; but surplus goes to an idle P: sharing by the owner, where others steal.

    Surplus is a new G, whose parent goes on at home, and one that would be the second to wait there.

    Source: GHC's rts/Schedule.c: schedulePushWork. Differs: GHC pushes each time that its scheduler runs, so a little
    later than here, and then also what came while no capability was free; here a thief may take that.
    """

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        """The first idle P after home that has nothing queued, if g is surplus; else home. An arrival's home is drawn."""
        n = view.procs()
        home = view.last_p(g)
        if home == NO_P or home >= n:
            home = p if why != FOR_ARRIVAL else view.below(n)
        if view.npidle() == 0 or (why != FOR_NEW and view.queue_len(home) == 0):
            return home
        i: i64 = 1
        while i < n:
            other = (home + i) % n
            if view.idle(other) and view.queue_len(other) == 0:
                return other
            i += 1
        return home


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class ChildFirst(PlaceLocal):
    """A go statement runs the child at once and queues the parent: Cilk's work-first principle.

    Source: Blumofe and Leiserson 1999; Frigo, Leiserson, Randall 1998. Go does the opposite: proc.go: newproc.
    """

    child_first: bool = True
