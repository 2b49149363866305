"""Small programs and ways to run them, for the tests."""

from __future__ import annotations

from typing import Any

import gmplab as gl
from gmplab.traces.run import Run


def free(main: Any, procs: int = 1, **kw: Any) -> Run:
    """Run with zero costs: only the work of the goroutines takes time."""
    return gl.run(main, procs=procs, costs=gl.Costs.zero(), **kw)


def started(run: Run) -> list[int]:
    """The goroutines in the order in which they got to run, main's turns left out."""
    return [int(g) for g in run.schedule["g"] if g != 1]


def rows(run: Run, kind: str) -> Any:
    """The events of one kind."""
    return run.events[run.events["kind"] == kind]
