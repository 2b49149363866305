"""What happens by itself: a thread that is no M, as the kernel's timers are none.

It does what the simulator's event queue does: arrivals, descriptors of a given time, put-off wake-ups, handoffs that are
due, and the end of the time that a run may take. It begins when there is something to wait for.
"""

from __future__ import annotations

import heapq
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gmplab.threads.driver import Threads

AT_UNTIL: Final = 7
"""Beside AT_* of the model: the run's time is over."""


class Clock:
    """Calls back at instants.

    Parameters
    ----------
    driver : Threads
        `happens(kind, ident)` is called under its lock.
    """

    def __init__(self, driver: Threads) -> None:
        self.driver = driver
        self.bell = threading.Condition(driver.lock)
        self.heap: list[tuple[int, int, int, int]] = []
        self.serial = 0
        self.thread = threading.Thread(target=self.work, name="gmplab clock", daemon=True)
        self.wanted = False

    def at(self, at_ns: int, kind: int, ident: int) -> None:
        """Call back at an instant. Under the lock."""
        self.serial += 1
        heapq.heappush(self.heap, (at_ns, self.serial, kind, ident))
        if not self.wanted:
            self.wanted = True
            self.driver.unborn.append(self)
        elif self.heap[0][1] == self.serial:
            self.bell.notify()

    def work(self) -> None:
        """What the thread does, until the run ends."""
        driver = self.driver
        goes_on = True
        while goes_on:
            with driver.lock:
                try:
                    goes_on = self.due()
                    if goes_on:
                        _, _, kind, ident = heapq.heappop(self.heap)
                        driver.happens(kind, ident)
                except Exception as e:
                    driver.fail(e, None)
            driver.bear()
        driver.leave()

    def due(self) -> bool:
        """Wait until the first callback is due; False: the run has ended."""
        driver = self.driver
        while not driver.sched.ended:
            left = self.heap[0][0] - driver.tick() if self.heap else -1
            if self.heap and left <= 0:
                return True
            self.bell.wait(min(left / 1e9, threading.TIMEOUT_MAX) if self.heap else None)
        return False
