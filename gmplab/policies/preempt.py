"""When a running G must make room.

`should` is asked when the slice is over: by sysmon at the look that finds it so, or, with `exact`, at the very ns.
"""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Preempt, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class AsyncPreempt(Preempt):
    """After 10 ms, as sysmon sees it (so after 10 to 20 ms), by a signal that also stops a tight loop.

    Since Go 1.14 (177a36a5dc, #10958). With `exact=True` and a small `quantum_ns` it is round robin, and in the limit
    processor sharing.

    Go: proc.go: forcePreemptNS, retake, preemptone; preempt.go: asyncPreempt.
    """

    def should(self, state: object, view: View, p: i64, ran_ns: i64) -> bool:
        """Always."""
        return True


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class CooperativePreempt(AsyncPreempt):
    """After 10 ms, at the next function call; a tight loop has none, and is never stopped.

    Go 1.2 (bc31bcccd3) to 1.13: stack.go: newstack.
    """

    mode: str = "cooperative"


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoPreemption(AsyncPreempt):
    """Never: a G runs until it waits, yields or ends. Go 1.0 and 1.1; tokio, Cilk, pools of threads."""

    mode: str = "none"


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class PreemptIfWaiting(AsyncPreempt):
    """Only when another G waits and no P is idle: what go.dev/issue/60693 proposes, since the rest gains nothing."""

    def should(self, state: object, view: View, p: i64, ran_ns: i64) -> bool:
        """n_runnable > 0 and npidle == 0."""
        return view.n_runnable() > 0 and view.npidle() == 0
