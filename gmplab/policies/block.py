"""What a G that must wait does to its M: the difference between goroutines and a thread a task."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import mypyc_attr

from gmplab.runtime.contracts import Block


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SwitchGoroutine(Block):
    """The M goes on with another G; the one that waits costs no thread. Go: proc.go: gopark, park_m."""


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class HoldThread(Block):
    """The task keeps its thread, and the thread its P, until it is done: a pool of threads, java's before 21.

    A pool whose threads all wait for tasks that are still queued is stuck, as real pools are.
    """

    hold: bool = True
