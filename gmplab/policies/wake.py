"""Whether an M is woken because a G became runnable."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Wake, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeIfNoneSpinning(Wake):
    """One, if no M spins: it will wake the next when it has found work. Go: proc.go: wakep."""

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        return 0 if view.nmspinning() == 0 else -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeAlways(Wake):
    """One for every G, as long as a P is idle."""

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        return 0


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeNever(Wake):
    """None. Work that arrives while all Ms sleep is stranded, and the run says so."""

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        return -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeAfter(Wake):
    """One after `after_ns`, if there is still work then (go.dev/issue/54622)."""

    after_ns: int = 10_000

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        return self.after_ns if view.nmspinning() == 0 else -1
