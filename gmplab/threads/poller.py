"""netpoll: `selectors` with a descriptor to wake it by. Go: netpoll_epoll.go."""

from __future__ import annotations

import os
import selectors


class Poller:
    """What one M sleeps in, and others ask without sleeping.

    Level-triggered, one-shot: a descriptor is watched from when a goroutine waits for it until it is ready.
    """

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.wake_r, self.wake_w = os.pipe()
        os.set_blocking(self.wake_r, False)
        os.set_blocking(self.wake_w, False)
        self.selector.register(self.wake_r, selectors.EVENT_READ)
        self.over_r, self.over_w = os.pipe()
        """Readable once the run is over: for threads that wait for one descriptor alone."""

    def wake(self) -> None:
        """Bring the M that sleeps in it back, or keep it from falling asleep. Go: netpollBreak."""
        try:
            os.write(self.wake_w, b"\0")
        except BlockingIOError:
            # Full: it will wake all the same.
            return

    def wait(self, timeout_s: float) -> tuple[bool, list[tuple[int, int]]]:
        """Sleep until a descriptor is ready, `wake`, or the time-out; whether it was woken, what is ready, and for what.

        Outside of the lock. The selector rounds a time-out up to whole ms, as Go does.
        """
        ready = self.selector.select(max(timeout_s, 0.0))
        woken = any(key.fd == self.wake_r for key, _ in ready)
        if woken:
            # Only here, as in Go: who asks without sleeping must not take the wake-up from who sleeps.
            os.read(self.wake_r, 4_096)
        return woken, [(key.fd, events) for key, events in ready if key.fd != self.wake_r]

    def now(self) -> list[tuple[int, int]]:
        """What is ready, without sleeping."""
        return [(key.fd, events) for key, events in self.selector.select(0) if key.fd != self.wake_r]

    def close(self) -> None:
        """Give its descriptors back."""
        self.selector.close()
        os.close(self.wake_r)
        os.close(self.wake_w)
        os.close(self.over_r)
        os.close(self.over_w)
