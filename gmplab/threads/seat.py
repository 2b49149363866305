"""What an M has of the operating system: its thread, and a bell to wake it by."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gmplab.runtime.model import M

INSIDE = ""
"""A thread that holds the lock, or waits for it."""


class Seat:
    """The thread of one M.

    Parameters
    ----------
    mp : M
    lock : threading.Lock
        The scheduler's one lock.
    work : function of a Seat
        What the thread runs; for m0, which is the thread that called run(), it is not used.

    Attributes
    ----------
    generation : int
        Counts wake-ups: who parks remembers it under the lock, and sleeps until it is another.
    in_epoll : bool
        Whether only the poller can wake it.
    cut : bool
        Asks a compute of a given time to end.
    doing : str
        What the thread does outside of the lock, "" if nothing: "runs its body", "is in a syscall", ...
    """

    def __init__(self, mp: M, lock: threading.Lock, work: Callable[[Seat], None]) -> None:
        self.mp = mp
        self.bell = threading.Condition(lock)
        self.generation = 0
        self.cut = False
        self.in_epoll = False
        self.doing = INSIDE
        if mp.id == 0:
            self.thread = threading.current_thread()
        else:
            self.thread = threading.Thread(target=work, args=(self,), name=f"gmplab m{mp.id}", daemon=True)

    def ring(self) -> None:
        """Wake the M if it is parked. Under the lock."""
        self.generation += 1
        self.bell.notify()

    @property
    def alive(self) -> bool:
        """Whether the thread was started and has not ended."""
        return self.thread.is_alive()
