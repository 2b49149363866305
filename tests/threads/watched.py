"""Runs on threads, for tests: watched, and nothing may be left of them."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gmplab as gl
import gmplab.threads.live
from gmplab.errors import SchedError
from gmplab.threads.driver import Threads
from gmplab.threads.leaving import at_what
from gmplab.traces.run import Run

PATIENCE_S = 60.0
"""A run that is not done by then hangs: no run of `make test` takes a tenth of it on an idle machine."""

BURIAL_S = 10.0
"""How long the kernel may take to bury a thread that was joined."""


def tasks() -> list[str]:
    """The ids of the threads that this process has for the kernel."""
    return sorted(os.listdir("/proc/self/task"))


def left_over(tasks_before: list[str], descriptors_before: list[str]) -> tuple[list[str], list[str]]:
    """Threads and descriptors that were not there before. The kernel is given time to bury a thread that was joined."""
    until = time.monotonic() + BURIAL_S
    while True:
        left = [t for t in tasks() if t not in tasks_before], [d for d in descriptors() if d not in descriptors_before]
        if left == ([], []) or time.monotonic() > until:
            return left
        time.sleep(0.001)


def descriptors() -> list[str]:
    """The open descriptors of this process."""
    return sorted(name for name in os.listdir("/proc/self/fd") if Path("/proc/self/fd", name).exists())


def places(driver: Threads) -> str:
    """Where every M is."""
    lines = []
    for seat in driver.seats.values():
        mp = seat.mp
        p = mp.p.id if mp.p is not None else None
        lines.append(f"{at_what(seat, driver)}; phase {mp.phase}, p {p}, parked {mp.parked}, wakes {mp.wakes}")
    return "\n".join(lines)


@contextmanager
def watched(patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Whoever hangs in here is told where every M is, and fails."""
    drivers: list[Threads] = []

    class Watched(Threads):
        def begin(self) -> Any:
            drivers.append(self)
            return super().begin()

    def hangs() -> None:
        print(f"no end after {patience_s} s:\n{places(drivers[-1])}", file=sys.stderr, flush=True)
        if not drivers[-1].lock.acquire(timeout=5):
            faulthandler.dump_traceback(all_threads=True)
            os._exit(1)
        try:
            drivers[-1].fail(SchedError(f"it hangs:\n{places(drivers[-1])}"), None)
        finally:
            drivers[-1].lock.release()

    dog = threading.Timer(patience_s, hangs)
    dog.daemon = True
    gmplab.threads.live.Threads = Watched
    dog.start()
    try:
        yield
    finally:
        dog.cancel()
        dog.join()
        gmplab.threads.live.Threads = Threads


def live(main: Any, patience_s: float = PATIENCE_S, **kw: Any) -> Run:
    """Run on threads; the record is valid, and no thread and no descriptor is left."""
    before = tasks(), descriptors()
    with watched(patience_s):
        run = gl.run(main, on="threads", **kw)
    assert left_over(*before) == ([], [])
    if run.record.level >= 2:
        run.validate()
    return run
