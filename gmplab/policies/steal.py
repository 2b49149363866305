"""Whom to steal from, in what order, how often, and how much.

An M asks for a pass at a time: `probes` once, then `victim` for each i, skipping itself, and `amount` where a victim
has something; the first theft ends the search. A victim's runnext and due timers are touched only from the passes that
the fields name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Steal, View, at_least, yes_or_no


def gcd(a: i64, b: i64) -> i64:
    """The greatest common divisor of two positive ints."""
    while b != 0:
        r = a % b
        a = b
        b = r
    return a


@final
class StealOrder:
    """The numbers from 1 to n that are coprime to n: as strides they visit every P once. Go: proc.go: randomOrder."""

    def __init__(self, n: i64) -> None:
        self.n: i64 = 0
        self.coprimes: list[int] = []
        # The pass under way: most of its cost would be to divide anew for each victim.
        self.roll: i64 = -1
        self.first: i64 = 0
        self.step: i64 = 0
        self.reset(n)

    def reset(self, n: i64) -> None:
        """GOMAXPROCS is n now. Go: proc.go: randomOrder.reset."""
        self.n = n
        self.roll = -1
        self.coprimes = [i for i in range(1, n + 1) if gcd(i, n) == 1]


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealHalf(Steal):
    """Go's: up to four passes, each over all Ps once in a random order; half of what the first one with work has.

    Half is rounded up, from the victim's head. Runnexts and other Ps' timers only in the fourth pass.

    Parameters
    ----------
    stride : int
        0: a random stride coprime to the number of Ps, as Go's; else always this one (1: the next P, then the one after
        it, from a random start, as tokio, rayon and .NET do). One that is not coprime to the number of Ps misses some.
    one_draw : bool
        The stride is chosen by the same number as the start, so that n Ps have at most n orders. Go 1.7 to 1.18
        (510ad4561f).
    most : int
        Most Gs that one theft takes; 0: no bound.
    threshold : int
        A victim with fewer queued Gs is left alone. Mitzenmacher's T, which counts the running one too, is one more.

    Examples
    --------
    >>> StealHalf(passes=1, most=8).passes
    1

    Go: proc.go: stealWork, randomOrder, runqsteal, runqgrab.
    """

    stride: int = 0
    one_draw: bool = False
    most: int = 0
    threshold: int = 1

    def check(self) -> None:
        super().check()
        at_least(self, 0, "stride", "most")
        at_least(self, 1, "threshold")
        yes_or_no(self, "one_draw")

    def start(self, view: View) -> object:
        """The coprimes of GOMAXPROCS; recomputed when it changes. Go: proc.go: procresize: stealOrder.reset."""
        return StealOrder(view.procs())

    def probes(self, state: object, view: View, thief: i64) -> i64:
        """As many as there are Ps, the thief's included."""
        return view.procs()

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        """(start + i * stride) mod n. Go: proc.go: randomOrder.start, randomEnum.next."""
        n = view.procs()
        fixed: i64 = self.stride
        if fixed != 0:
            return (roll % n + i * fixed) % n
        assert isinstance(state, StealOrder), "StealHalf.victim: the state must be that of StealHalf.start"
        if state.n != n:
            state.reset(n)
        if state.roll != roll:
            k: i64 = len(state.coprimes)
            at = roll % k if self.one_draw else (roll // n) % k
            state.roll = roll
            state.first = roll % n
            state.step = state.coprimes[at]
        return (state.first + i * state.step) % n

    def each_once(self) -> bool:
        """True for Go's strides; a fixed one may share a divisor with the number of Ps."""
        return self.stride == 0 or self.stride == 1

    def amount(self, state: object, view: View, thief: i64, victim: i64, queued: i64) -> i64:
        """ceil(queued / 2), within `threshold` and `most`. Go: proc.go: runqgrab: n - n/2."""
        return self.bounded(queued - queued // 2, queued)

    def bounded(self, n: i64, queued: i64) -> i64:
        """n, but none below `threshold` and no more than `most`."""
        if queued < self.threshold:
            return 0
        most: i64 = self.most
        return most if 0 < most < n else n


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealOne(StealHalf):
    """One G at a time, the oldest. Source: Blumofe and Leiserson, J. ACM 46 (1999); Mitzenmacher, SPAA 1998."""

    most: int = 1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealAll(StealHalf):
    """All that the victim has queued; what it runs stays. Mitzenmacher's "all but one"."""

    def amount(self, state: object, view: View, thief: i64, victim: i64, queued: i64) -> i64:
        """All of them, within `threshold` and `most`."""
        return self.bounded(queued, queued)


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealRichest(StealHalf):
    """Half of the longest queue, the first of equals; one probe a pass, as if all lengths were known for nothing.

    A bound on what a better choice of victims can win. No counterpart in Go.
    """

    def probes(self, state: object, view: View, thief: i64) -> i64:
        """1."""
        return 1

    def each_once(self) -> bool:
        """False: some Ps may be asked twice and others not at all."""
        return False

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        """The P of the longest queue; where all are empty, one that has a runnext."""
        best = (thief + 1) % view.procs()
        most: i64 = -1
        p: i64 = 0
        while p < view.procs():
            # A runnext counts for less than any queued G, but it counts: else nobody would ever take it.
            has = 2 * view.queue_len(p) + i64(view.has_runnext(p))
            if p != thief and has > most:
                best = p
                most = has
            p += 1
        return best


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class StealNeighbour(StealHalf):
    """The next P, then the one after it, and so on round; always from the thief on, so near Ps share their work.

    Source: diffusion among neighbours, as in locality-aware stealing; go.dev/issue/47831 asks for an order that knows
    sockets. `StealHalf(stride=1)` is the same from a random start.
    """

    def each_once(self) -> bool:
        """False: some Ps may be asked twice and others not at all."""
        return False

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        """(thief + 1 + i) mod n."""
        return (thief + 1 + i) % view.procs()


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class TwoChoices(StealHalf):
    """The longer of two queues chosen at random with replacement; one probe a pass.

    Source: Mitzenmacher 1998, "two victims" (with `most=1`, `passes=1`); McClure et al. 2022.
    """

    def probes(self, state: object, view: View, thief: i64) -> i64:
        """1."""
        return 1

    def each_once(self) -> bool:
        """False: some Ps may be asked twice and others not at all."""
        return False

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        """Two independent parts of `roll` choose, the first drawn of equals wins."""
        n = view.procs()
        a = roll % n
        b = (roll // n) % n
        return a if view.queue_len(a) >= view.queue_len(b) else b


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RandomProbes(StealHalf):
    """Each pass makes 2n random probes with replacement, so that some P may be missed (12.5 % at n = 2, 69 % at 8).

    Go 1.1 to 1.4: one pass. Go 1.5 and 1.6: `RandomProbes(passes=2, runnext_pass=1)`, 4n probes of which the second
    half may take a runnext.

    Go: proc.c of 1.1: findrunnable; proc1.go of 1.5: findrunnable. Replaced in 1.7 (ea0386f85f).

    Parameters
    ----------
    per_p : int
        Probes a pass for each P.
    """

    passes: int = 1
    runnext_pass: int = -1
    timers_pass: int = -1
    per_p: int = 2

    def check(self) -> None:
        super().check()
        at_least(self, 1, "per_p")

    def probes(self, state: object, view: View, thief: i64) -> i64:
        """`per_p` * procs."""
        return self.per_p * view.procs()

    def each_once(self) -> bool:
        """False: some Ps may be asked twice and others not at all."""
        return False

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        """A draw of its own for each probe; it may hit the thief, and is then lost."""
        return view.below(view.procs())


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RandomVictims(StealHalf):
    """`n` other Ps a round, each drawn anew: the thieves of queueing theory, and Cilk's.

    With `most=1` and `SpinAlways(gap_ns=1 << 50)` it is "simple stealing" of Mitzenmacher 1998, one try when the queue
    runs empty; with `SpinAlways(gap_ns=g, exponential=True)` tries at rate 1 / g follow; with `at_once=False` only those
    ("pull" of Minnebo and Van Houdt 2014).

    Parameters
    ----------
    n : int
        Victims a round, at least 1.
    at_once : bool
        Whether an M that has just run out of work looks at others at once; False: only after the first gap.
    """

    passes: int = 1
    runnext_pass: int = -1
    timers_pass: int = -1
    n: int = 1
    at_once: bool = True

    def check(self) -> None:
        super().check()
        at_least(self, 1, "n")
        yes_or_no(self, "at_once")

    def probes(self, state: object, view: View, thief: i64) -> i64:
        """`n`; in the first round none unless `at_once`."""
        return self.n if self.at_once or view.rounds(thief) > 0 else 0

    def each_once(self) -> bool:
        """False: some Ps may be asked twice and others not at all."""
        return False

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        """Any P but the thief, each as likely; with one P the thief, which is skipped."""
        n = view.procs()
        return (thief + 1 + view.below(n - 1)) % n if n > 1 else thief


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoStealing(StealHalf):
    """Nobody steals: what is queued on a P waits for it. Source: partitioned scheduling; n times M/G/1."""

    passes: int = 0
