"""Whether an M without work may keep its P and look for more."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Spin, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpinHalfBusy(Spin):
    """At most half as many spinning Ms as busy Ps; one round. Go: proc.go: findRunnable: 2*nmspinning < gomaxprocs-npidle."""

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        return 2 * view.nmspinning() < view.procs() - view.npidle()

    def again_ns(self, state: object, view: View, m: i64, spun_ns: i64) -> i64:
        return -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpinLimit(SpinHalfBusy):
    """At most `n` spinning Ms."""

    n: int = 1

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        return view.nmspinning() < self.n


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpinFor(SpinHalfBusy):
    """Any M may spin; it goes on for `spin_ns`, a look every `gap_ns`."""

    spin_ns: int = 20_000
    gap_ns: int = 1_000

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        return True

    def again_ns(self, state: object, view: View, m: i64, spun_ns: i64) -> i64:
        left = self.spin_ns - spun_ns
        if left <= 0:
            return -1
        return left if left < self.gap_ns else self.gap_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpinAlways(SpinHalfBusy):
    """An M without work looks for ever, every `gap_ns`."""

    gap_ns: int = 1_000

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        return True

    def again_ns(self, state: object, view: View, m: i64, spun_ns: i64) -> i64:
        return self.gap_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoSpinning(SpinHalfBusy):
    """No M becomes spinning by itself; one that was started spinning looks once."""

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        return False
