"""Which queue takes a G that became runnable."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import FOR_ARRIVAL, Place, View
from gmplab.vocabulary import NO_P


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PlaceLocal(Place):
    """The P of who made or readied it; an arrival goes to the global queue. Go: proc.go: ready, newproc, injectglist."""

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        return p


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PlaceGlobal(Place):
    """Always the global queue."""

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        return NO_P


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PlaceRandom(Place):
    """Any P, each as likely; without stealing the Ps are independent queues."""

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        return view.below(view.procs())


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class LeastLoaded(Place):
    """The least loaded of `d` Ps chosen at random, with replacement: the power of d choices (Mitzenmacher 1996)."""

    d: int = 2

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
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
    """The least loaded P, the first of equals."""

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
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
    """The P that it last ran on; a new one goes where Go would put it."""

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        last = view.last_p(g)
        if last == NO_P or last >= view.procs():
            return NO_P if why == FOR_ARRIVAL else p
        return last


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class ChildFirst(PlaceLocal):
    """A go statement runs the child and queues the parent. Source: Blumofe and Leiserson 1999 (Cilk's work-first)."""

    child_first: bool = True
