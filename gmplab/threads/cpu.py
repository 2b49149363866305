"""Using the CPU for a given time."""

from __future__ import annotations

import hashlib
import time
from typing import Final

from gmplab.threads.seat import Seat

BLOCK: Final = bytes(4_096)
"""Hashed without the GIL (hashlib does from 2,048 bytes on) in some 3 to 10 us."""
COARSE_NS: Final = 20_000
"""So long before the end the CPU is used in blocks, then by looking at the clock."""


def burn(seat: Seat, ns: int) -> int:
    """Use `ns` of this thread's CPU time, less if the seat is cut; returns how much was used, at most ns.

    Mostly without the GIL, so that Ms compute side by side as far as the machine has CPUs. Refused: a loop in Python alone,
    which would keep every other M off for 5 ms at a time (sys.getswitchinterval).
    """
    begin = time.thread_time_ns()
    end = begin + ns
    now = begin
    while now < end and not seat.cut:
        if end - now > COARSE_NS:
            hashlib.sha256(BLOCK)
        now = time.thread_time_ns()
    return min(now - begin, ns)
