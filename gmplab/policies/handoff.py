"""When the P of an M in a syscall is given away.

`at_entry_ns` is asked at each syscall's entry, `retake` by sysmon at each look that finds the P in the same syscall
as the look before.
"""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Handoff, View, at_least


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RetakeBySysmon(Handoff):
    """sysmon takes it at its second look if the P has work or nobody else is free, and after `idle_ns` in any case.

    sysmon looks every 20 us when it is hot and every 10 ms when it is not, so a short syscall costs nothing.

    Go: proc.go: retake, handoffp.

    Parameters
    ----------
    idle_ns : int
        How long, in ns since sysmon first saw the syscall, a P without work is left alone while others are free: 10 ms
        since Go 1.3 (179d41fecc, #6673), for ever before.
    """

    idle_ns: int = 10_000_000

    def check(self) -> None:
        super().check()
        at_least(self, 0, "idle_ns")

    def at_entry_ns(self, state: object, view: View, p: i64) -> i64:
        """-1: leave it to sysmon. Go: proc.go: reentersyscall."""
        return -1

    def retake(self, state: object, view: View, p: i64, syscall_ns: i64) -> bool:
        """Not while its queue is empty, some M spins or some P is idle, and `idle_ns` are not over."""
        empty = view.queue_len(p) == 0 and not view.has_runnext(p)
        return not (empty and view.nmspinning() + view.npidle() > 0 and syscall_ns < self.idle_ns)


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class HandoffAtOnce(RetakeBySysmon):
    """At every syscall's entry: the dearest and the most concurrent.

    Go: proc.c of 1.0: entersyscall (mcpu--); what entersyscallblock does for calls known to block.
    """

    def at_entry_ns(self, state: object, view: View, p: i64) -> i64:
        """0."""
        return 0


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class HandoffAfter(RetakeBySysmon):
    """`after_ns` after the entry, by a timer of its own; sysmon's rule holds besides. Like libdispatch's 200 us.

    Parameters
    ----------
    after_ns : int
        The delay, in ns.
    """

    after_ns: int = 20_000

    def check(self) -> None:
        super().check()
        at_least(self, 0, "after_ns")

    def at_entry_ns(self, state: object, view: View, p: i64) -> i64:
        """`after_ns`."""
        return self.after_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoHandoff(RetakeBySysmon):
    """Never: a blocked thread keeps its P. A thread pool, tokio's workers, Cilk's; Go's RawSyscall."""

    def retake(self, state: object, view: View, p: i64, syscall_ns: i64) -> bool:
        """False."""
        return False
