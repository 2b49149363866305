"""When an M is made, retired, refused."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Machines, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class KeepThreads(Machines):
    """One is made whenever none is idle; an idle one stays for ever (go.dev/issue/14592). Go: proc.go: startm, stopm."""

    def may_create(self, state: object, view: View) -> bool:
        return True

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        return -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RetireAfter(KeepThreads):
    """An M that was idle for `idle_ns` ends."""

    idle_ns: int = 50_000_000

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        return self.idle_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class KeepIdle(KeepThreads):
    """At most `n` idle Ms stay; one more ends at once."""

    n: int = 8

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        return 0 if view.nmidle() > self.n else -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class FixedThreads(KeepThreads):
    """`n` Ms besides sysmon, no more; 0: one a P. A P that finds none waits until one is free."""

    n: int = 0

    def may_create(self, state: object, view: View) -> bool:
        limit: i64 = self.n if self.n > 0 else view.procs()
        return view.n_threads() - 1 < limit
