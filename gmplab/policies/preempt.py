"""When a running G must make room."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Preempt, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class AsyncPreempt(Preempt):
    """After 10 ms, as sysmon sees it, by a signal. Go 1.14+: proc.go: retake, preemptone; preempt.go."""

    def should(self, state: object, view: View, p: i64, ran_ns: i64) -> bool:
        return True


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class CooperativePreempt(AsyncPreempt):
    """After 10 ms, at the next function call. Go 1.2 to 1.13."""

    mode: str = "cooperative"


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoPreemption(AsyncPreempt):
    """Never. Go 1.0, 1.1."""

    mode: str = "none"


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PreemptIfWaiting(AsyncPreempt):
    """Only when another G waits and no P is idle (go.dev/issue/60693)."""

    def should(self, state: object, view: View, p: i64, ran_ns: i64) -> bool:
        return view.n_runnable() > 0 and view.npidle() == 0
