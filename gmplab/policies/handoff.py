"""When the P of an M in a syscall is given away."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Handoff, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RetakeBySysmon(Handoff):
    """sysmon takes it at its second look if there is work or nobody else is free, else after `idle_ns`. Go: proc.go: retake."""

    idle_ns: int = 10_000_000

    def at_entry_ns(self, state: object, view: View, p: i64) -> i64:
        return -1

    def retake(self, state: object, view: View, p: i64, syscall_ns: i64) -> bool:
        empty = view.queue_len(p) == 0 and not view.has_runnext(p)
        return not (empty and view.nmspinning() + view.npidle() > 0 and syscall_ns < self.idle_ns)


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class HandoffAtOnce(RetakeBySysmon):
    """At every syscall's entry. Go 1.0, and Go's entersyscallblock."""

    def at_entry_ns(self, state: object, view: View, p: i64) -> i64:
        return 0


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class HandoffAfter(RetakeBySysmon):
    """`after_ns` after the entry, by a timer of its own."""

    after_ns: int = 20_000

    def at_entry_ns(self, state: object, view: View, p: i64) -> i64:
        return self.after_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoHandoff(RetakeBySysmon):
    """Never: a blocked thread keeps its P."""

    def retake(self, state: object, view: View, p: i64, syscall_ns: i64) -> bool:
        return False
