"""The event queue of virtual time: what is due when, in the order in which it was made where the time is the same."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final, final

from librt.vecs import append, vec
from mypy_extensions import i64

from gmplab.runtime.model import AT_STEP, FOREVER, M

PY: Final[bool] = __file__.endswith(".py")


@final
class EventQueue:
    """A binary heap of (time, serial, word), unboxed where compiled; heapq on tuples where not.

    After a pop the root is a hole, which the next push fills: most events bring the next one.
    """

    def __init__(self) -> None:
        self.n: i64 = 0
        self.serial: i64 = 0
        self.top_ns: i64 = FOREVER
        """Time of the earliest event; `FOREVER` if there is none."""
        self.t: vec[i64] = vec[i64]([])
        self.s: vec[i64] = vec[i64]([])
        self.w: vec[i64] = vec[i64]([])
        self.hole: bool = False
        self.heap: list[tuple[int, int, int]] = []
        self.popped_s: i64 = 0
        self.popped_w: i64 = 0

    def push(self, t: i64, word: i64) -> i64:
        """Add an event; returns its serial, from 1."""
        serial = self.serial + 1
        self.serial = serial
        if t < self.top_ns:
            self.top_ns = t
        i = self.n
        self.n = i + 1
        if PY:
            heappush(self.heap, (t, serial, word))
            return serial
        if self.hole:
            self.hole = False
            self.sift_down(i + 1, t, serial, word)
            return serial
        if i >= len(self.t):
            self.t = append(self.t, 0)
            self.s = append(self.s, 0)
            self.w = append(self.w, 0)
        ht = self.t
        hs = self.s
        hw = self.w
        while i > 0:
            j = (i - 1) >> 1
            if ht[j] <= t:
                break
            ht[i] = ht[j]
            hs[i] = hs[j]
            hw[i] = hw[j]
            i = j
        ht[i] = t
        hs[i] = serial
        hw[i] = word
        return serial

    def at(self, t: i64, mp: M) -> None:
        """mp's next step is at t; an event that it had is void."""
        mp.event = self.push(t, (mp.id << 3) | AT_STEP)
        mp.event_ns = t

    def pop(self) -> i64:
        """Remove the earliest; its time, with serial and word in `popped_*`. The queue is not empty."""
        n = self.n - 1
        self.n = n
        if PY:
            first = heappop(self.heap)
            self.popped_s = first[1]
            self.popped_w = first[2]
            self.top_ns = self.heap[0][0] if n > 0 else FOREVER
            return first[0]
        ht = self.t
        if self.hole:
            # n + 2 entries lie there, the first of them void: the last one fills it.
            self.sift_down(n + 1, ht[n + 1], self.s[n + 1], self.w[n + 1])
        self.hole = True
        self.popped_s = self.s[0]
        self.popped_w = self.w[0]
        if n == 0:
            self.top_ns = FOREVER
        elif n == 1 or ht[1] < ht[2]:
            self.top_ns = ht[1]
        else:
            self.top_ns = ht[2]
        return ht[0]

    def sift_down(self, n: i64, t: i64, s: i64, w: i64) -> None:
        """Put an entry into the void root of a heap of n entries, and down to its place."""
        ht = self.t
        hs = self.s
        hw = self.w
        i: i64 = 0
        j: i64 = 1
        # Each look into a vector is checked, so each entry is looked at once.
        while j < n:
            tj = ht[j]
            if j + 1 < n:
                right = ht[j + 1]
                if right < tj or (right == tj and hs[j + 1] < hs[j]):
                    j += 1
                    tj = right
            if tj > t or (tj == t and hs[j] > s):
                break
            ht[i] = tj
            hs[i] = hs[j]
            hw[i] = hw[j]
            i = j
            j = 2 * i + 1
        ht[i] = t
        hs[i] = s
        hw[i] = w
