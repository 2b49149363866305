"""The event queue of virtual time: what is due when, in the order in which it was made where the time is the same."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final, final

from librt.vecs import append, vec
from mypy_extensions import i64

from gmplab.runtime.model import AT_STEP, FOREVER, M

PY: Final[bool] = __file__.endswith(".py")
FRONT: Final = 16
"""How many events the front has room for: as many as there are busy Ms, mostly."""
NODE: Final = 4
"""Words of an event in front: time, serial, word, and where the next one lies."""


def last_due(front: vec[i64], at: i64, t: i64) -> i64:
    """The last node of a list that is due at t or before; the one at `at`, where the search begins, is.

    Compiled a call of C of the same effect, which trusts the links: they are this file's own.
    """
    after = front[at + 3]
    while front[after] <= t:
        at = after
        after = front[at + 3]
    return at


@final
class EventQueue:
    """Events (time, serial, word): the earliest in a short sorted list, the others in a heap; heapq where uncompiled.

    What an M does next is mostly due among the next few events, of which there are as many as busy Ms: to find its
    place among those costs half of a heap's way up and down. Sleepers and descriptors, of which there may be
    thousands, lie in the heap. Nothing in the heap is due before anything in front.
    """

    def __init__(self) -> None:
        self.n: i64 = 0
        self.serial: i64 = 0
        self.top_ns: i64 = FOREVER
        """Time of the earliest event; `FOREVER` if there is none."""
        self.front: vec[i64] = vec[i64]([0] * (0 if PY else (1 + FRONT) * NODE))
        """Nodes, linked; at 0 the end of the list, which is due after everything."""
        self.head: i64 = 0
        self.free: i64 = 0
        """The first free node, 0 if the front is full."""
        self.t: vec[i64] = vec[i64]([])
        self.s: vec[i64] = vec[i64]([])
        self.w: vec[i64] = vec[i64]([])
        self.behind: i64 = 0
        """How many events are in the heap."""
        self.heap: list[tuple[int, int, int]] = []
        self.popped_s: i64 = 0
        self.popped_w: i64 = 0
        if not PY:
            self.front[0] = 2 * FOREVER
            for i in range(FRONT):
                self.release(NODE + i * NODE)

    def release(self, at: i64) -> None:
        """A node of the front is free."""
        self.front[at + 3] = self.free
        self.free = at

    def push(self, t: i64, word: i64) -> i64:
        """Add an event; returns its serial, from 1."""
        serial = self.serial + 1
        self.serial = serial
        self.n += 1
        if t < self.top_ns:
            self.top_ns = t
        if PY:
            heappush(self.heap, (t, serial, word))
            return serial
        if self.free == 0:
            self.put_back()
        if self.behind > 0 and t >= self.t[0]:
            self.push_behind(t, serial, word)
            return serial
        front = self.front
        new = self.free
        self.free = front[new + 3]
        front[new] = t
        front[new + 1] = serial
        front[new + 2] = word
        at = self.head
        if front[at] > t:
            front[new + 3] = at
            self.head = new
            return serial
        # It is the youngest: of those that are due at the same time it is the last.
        at = last_due(front, at, t)
        front[new + 3] = front[at + 3]
        front[at + 3] = new
        return serial

    def at(self, t: i64, mp: M) -> None:
        """mp's next step is at t; an event that it had is void."""
        mp.event = self.push(t, (mp.id << 3) | AT_STEP)
        mp.event_ns = t

    def pop(self) -> i64:
        """Remove the earliest; its time, with serial and word in `popped_*`. The queue is not empty."""
        self.n -= 1
        if PY:
            first = heappop(self.heap)
            self.popped_s = first[1]
            self.popped_w = first[2]
            self.top_ns = self.heap[0][0] if self.n > 0 else FOREVER
            return first[0]
        if self.head == 0:
            self.bring_forward()
        front = self.front
        at = self.head
        after = front[at + 3]
        self.head = after
        front[at + 3] = self.free
        self.free = at
        self.popped_s = front[at + 1]
        self.popped_w = front[at + 2]
        if after != 0:
            self.top_ns = front[after]
        elif self.behind > 0:
            self.top_ns = self.t[0]
        else:
            self.top_ns = FOREVER
        return front[at]

    def put_back(self) -> None:
        """The front is full: the later half of it goes to the heap."""
        front = self.front
        last = self.head
        for _ in range(FRONT // 2 - 1):
            last = front[last + 3]
        at = front[last + 3]
        front[last + 3] = 0
        while at != 0:
            self.push_behind(front[at], front[at + 1], front[at + 2])
            after = front[at + 3]
            self.release(at)
            at = after

    def bring_forward(self) -> None:
        """The front is empty: the earliest from the heap, which is not, fill half of it."""
        front = self.front
        last: i64 = 0
        i: i64 = 0
        while i < FRONT // 2 and self.behind > 0:
            new = self.free
            self.free = front[new + 3]
            front[new] = self.t[0]
            front[new + 1] = self.s[0]
            front[new + 2] = self.w[0]
            front[new + 3] = 0
            self.pop_behind()
            if last == 0:
                self.head = new
            else:
                front[last + 3] = new
            last = new
            i += 1

    def push_behind(self, t: i64, serial: i64, word: i64) -> None:
        """Add to the heap."""
        i = self.behind
        self.behind = i + 1
        if i >= len(self.t):
            self.t = append(self.t, 0)
            self.s = append(self.s, 0)
            self.w = append(self.w, 0)
        ht = self.t
        hs = self.s
        hw = self.w
        while i > 0:
            j = (i - 1) >> 1
            if ht[j] < t or (ht[j] == t and hs[j] < serial):
                break
            ht[i] = ht[j]
            hs[i] = hs[j]
            hw[i] = hw[j]
            i = j
        ht[i] = t
        hs[i] = serial
        hw[i] = word

    def pop_behind(self) -> None:
        """Remove the heap's root: the last entry goes down from there to its place."""
        n = self.behind - 1
        self.behind = n
        ht = self.t
        hs = self.s
        hw = self.w
        t = ht[n]
        s = hs[n]
        w = hw[n]
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
