"""Whom to steal from, and how much."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Steal, View


def gcd(a: i64, b: i64) -> i64:
    while b != 0:
        r = a % b
        a = b
        b = r
    return a


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealHalf(Steal):
    """Go's: four passes, each over all Ps in a random coprime order; half of what the first one with work has.

    Go: proc.go: stealWork, randomOrder, runqgrab.
    """

    def start(self, view: View) -> object:
        return [i for i in range(1, view.procs() + 1) if gcd(i, view.procs()) == 1]

    def probes(self, state: object, view: View, thief: i64) -> i64:
        return view.procs()

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        n = view.procs()
        assert isinstance(state, list)
        coprimes: list[i64] = state
        k: i64 = len(coprimes)
        return (roll % n + i * coprimes[(roll // n) % k]) % n

    def amount(self, state: object, view: View, thief: i64, victim: i64, queued: i64) -> i64:
        return queued - queued // 2


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealOne(StealHalf):
    """One G at a time."""

    def amount(self, state: object, view: View, thief: i64, victim: i64, queued: i64) -> i64:
        return 1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealAll(StealHalf):
    """All that the victim has queued."""

    def amount(self, state: object, view: View, thief: i64, victim: i64, queued: i64) -> i64:
        return queued


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealRichest(StealHalf):
    """Half of the longest queue, the first of equals."""

    def probes(self, state: object, view: View, thief: i64) -> i64:
        return 1

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        best = (thief + 1) % view.procs()
        p: i64 = 0
        while p < view.procs():
            if p != thief and view.queue_len(p) > view.queue_len(best):
                best = p
            p += 1
        return best


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealNeighbour(StealHalf):
    """The next P, then the one after it, and so on."""

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        return (thief + 1 + i) % view.procs()


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class TwoChoices(StealHalf):
    """The longer of two queues chosen at random, once a pass."""

    def probes(self, state: object, view: View, thief: i64) -> i64:
        return 1

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        n = view.procs()
        a = roll % n
        b = (roll // n) % n
        return a if view.queue_len(a) >= view.queue_len(b) else b


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RandomProbes(StealHalf):
    """One pass of `per_p` * procs random probes with replacement, so some P may be missed. Go 1.1 to 1.4: 2; 1.5, 1.6: 4."""

    passes: int = 1
    runnext_pass: int = -1
    timers_pass: int = -1
    per_p: int = 2

    def probes(self, state: object, view: View, thief: i64) -> i64:
        return self.per_p * view.procs()

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        return view.below(view.procs())


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoStealing(StealHalf):
    """Nobody steals."""

    passes: int = 0
