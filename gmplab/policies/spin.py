"""Whether an M without work may keep its P and look for more, how long, and how far apart its looks are.

`may_spin` is asked by an M that found nothing without stealing; `again_ns` by one that spins, after all its passes
found nothing. An M that is woken spinning is not asked: it looks once in any case, and so does one that is about to
park where work came while no P was idle (`Rules.needspinning`).
"""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Spin, View, at_least, yes_or_no
from gmplab.runtime.distributions import Exponential


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpinHalfBusy(Spin):
    """At most half as many spinning Ms as busy Ps, and one round of passes each.

    Go: proc.go: findRunnable: 2*nmspinning < gomaxprocs - npidle. The bound keeps a mostly idle program with many Ps
    from burning them all.
    """

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        """2 * nmspinning < procs - npidle."""
        return 2 * view.nmspinning() < view.procs() - view.npidle()

    def again_ns(self, state: object, view: View, m: i64, spun_ns: i64) -> i64:
        """-1: one round."""
        return -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpinLimit(SpinHalfBusy):
    """At most `n` spinning Ms, whatever is busy (go.dev/issue/28808 discusses such a bound)."""

    n: int = 1

    def check(self) -> None:
        super().check()
        at_least(self, 0, "n")

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        """nmspinning < n."""
        return view.nmspinning() < self.n


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpinFor(SpinHalfBusy):
    """Any M may spin; it goes on for `spin_ns`, with `gap_ns` between its rounds, and gives up then.

    Source: .NET's and Shenango's workers spin so before they park; "delayed off" of queueing theory.

    Parameters
    ----------
    spin_ns : int
        How long, in ns since it began to spin.
    gap_ns : int
        From the last pass of one round to the first of the next, in ns; what that last pass costs is a part of it.
    """

    spin_ns: int = 20_000
    gap_ns: int = 1_000

    def check(self) -> None:
        super().check()
        at_least(self, 0, "spin_ns", "gap_ns")

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        """Always."""
        return True

    def again_ns(self, state: object, view: View, m: i64, spun_ns: i64) -> i64:
        """`gap_ns`, or what is left of `spin_ns` if that is less; -1 when it is over."""
        left = self.spin_ns - spun_ns
        if left <= 0:
            return -1
        return left if left < self.gap_ns else self.gap_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpinAlways(SpinHalfBusy):
    """An M without work looks for ever: a thief of Cilk, a core of Shinjuku or ZygOS.

    Parameters
    ----------
    gap_ns : int
        Between two rounds, in ns, as in `SpinFor`.
    exponential : bool
        The gaps are exponential with mean `gap_ns`: looks at rate 1 / gap_ns while idle (see `RandomVictims`).
    """

    gap_ns: int = 1_000
    exponential: bool = False

    def check(self) -> None:
        super().check()
        yes_or_no(self, "exponential")
        at_least(self, 1 if self.exponential else 0, "gap_ns")

    def start(self, view: View) -> object:
        """The distribution of the gaps, if they have one."""
        return Exponential(self.gap_ns) if self.exponential else None

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        """Always."""
        return True

    def again_ns(self, state: object, view: View, m: i64, spun_ns: i64) -> i64:
        """The next gap; never -1."""
        if self.exponential:
            assert isinstance(state, Exponential), "SpinAlways.again_ns: the state must be that of SpinAlways.start"
            return view.ns(state)
        return self.gap_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoSpinning(SpinHalfBusy):
    """No M becomes spinning by itself; one that was woken spinning looks once. Go: proc.c of 1.0 knew no spinning."""

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        """Never."""
        return False
