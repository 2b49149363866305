"""What a G that must wait does to its M."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import mypyc_attr

from gmplab.runtime.contracts import Block


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SwitchGoroutine(Block):
    """The M goes on with another G. Go: proc.go: gopark."""


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class HoldThread(Block):
    """The task keeps its thread, and the thread its P, until it is done: a thread pool."""

    hold: bool = True
