"""The one recorder: packed rows in unboxed chunks, and the plain `Record` that a driver returns.

An event is a method that appends a row; callers never spell an event's layout. The core changes its state first and
records after, in the same function. Row layouts: `vocabulary`. Refused: a Python object a row (50 times the memory),
and columns in separate buffers (eight bounds checks a row, and no gain at 64 bytes).
"""

from __future__ import annotations

from struct import Struct
from typing import Any, Final, final

from librt.vecs import vec
from mypy_extensions import i64

from gmplab.vocabulary import HISTOGRAM_BUCKETS

PY: Final[bool] = __file__.endswith(".py")
CHUNK_WORDS: Final = 65_536
_pack8: Any = Struct("<8q").pack_into
_pack4: Any = Struct("<4q").pack_into


@final
class Table:
    """Rows of 4 or 8 words, in chunks of 512 KiB. 65,536 words hold whole rows of either size."""

    def __init__(self) -> None:
        self.full: list[bytes] = []
        self.used: i64 = 0
        self.rows: i64 = 0
        self.words: vec[i64] = vec[i64]([0] * (0 if PY else CHUNK_WORDS))
        self.buffer: bytearray = bytearray(CHUNK_WORDS * 8 if PY else 0)

    def seal(self) -> None:
        """Move the full chunk away."""
        self.full.append(self.bytes_used())
        self.used = 0

    def bytes_used(self) -> bytes:
        return self.newest(self.used)

    def chunks(self) -> list[bytes]:
        """All rows so far."""
        return [*self.full, self.bytes_used()] if self.used > 0 else list(self.full)

    def newest(self, words: i64) -> bytes:
        """The last words, at most a chunk of them."""
        if words > self.used and len(self.full) > 0:
            before = self.full[len(self.full) - 1]
            return before[len(before) - (words - self.used) * 8 :] + self.bytes_used()
        if PY:
            return bytes(self.buffer[(self.used - words) * 8 : self.used * 8])
        kept: Any = self.words
        return bytes(memoryview(kept).cast("B")[(self.used - words) * 8 : self.used * 8])

    def row8(self, a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64) -> None:
        if self.used == CHUNK_WORDS:
            self.seal()
        i = self.used
        if PY:
            _pack8(self.buffer, i * 8, a, b, c, d, e, f, g, h)
        else:
            w = self.words
            w[i] = a
            w[i + 1] = b
            w[i + 2] = c
            w[i + 3] = d
            w[i + 4] = e
            w[i + 5] = f
            w[i + 6] = g
            w[i + 7] = h
        self.used = i + 8
        self.rows += 1

    def row4(self, a: i64, b: i64, c: i64, d: i64) -> None:
        if self.used == CHUNK_WORDS:
            self.seal()
        i = self.used
        if PY:
            _pack4(self.buffer, i * 8, a, b, c, d)
        else:
            w = self.words
            w[i] = a
            w[i + 1] = b
            w[i + 2] = c
            w[i + 3] = d
        self.used = i + 4
        self.rows += 1


@final
class Histogram:
    """Log-linear counts of ints, exact below 64 and within 3.2 % above; count, sum, max and min are exact."""

    def __init__(self) -> None:
        self.counts: vec[i64] = vec[i64]([0] * HISTOGRAM_BUCKETS)
        self.n: i64 = 0
        self.total: i64 = 0
        self.most: i64 = 0
        self.least: i64 = 0

    def add(self, value: i64) -> None:
        e: i64 = 0
        v = value
        if v >= 64:
            # Halve until below 64, in strides of 16, 8, 4, 2 and 1 halvings.
            while v >= 1 << 22:
                v >>= 16
                e += 16
            if v >= 1 << 14:
                v >>= 8
                e += 8
            if v >= 1 << 10:
                v >>= 4
                e += 4
            if v >= 1 << 8:
                v >>= 2
                e += 2
            while v >= 64:
                v >>= 1
                e += 1
        counts = self.counts
        counts[e * 32 + v] += 1
        if self.n == 0 or value < self.least:
            self.least = value
        if value > self.most:
            self.most = value
        self.n += 1
        self.total += value


class Record:
    """What a run leaves: plain values only, so that it pickles and crosses processes. `traces.Run` gives frames."""

    def __init__(self) -> None:
        self.header: dict[str, Any] = {}
        self.level: int = 0
        self.tables: dict[str, list[bytes]] = {}
        self.labels: list[tuple[int, str, str, str]] = []
        self.texts: list[str] = []
        self.objects: dict[int, str] = {}
        self.machines: list[tuple[int, int, int, int, int, int, int, tuple[int, ...]]] = []
        self.processors: list[tuple[int, int, int, tuple[int, ...]]] = []
        self.counters: dict[str, int] = {}
        self.histograms: dict[tuple[str, str], list[int]] = {}
        self.sums: dict[tuple[str, str], tuple[int, int, int, int]] = {}
        self.jain: tuple[int, float, float] = (0, 0.0, 0.0)
        self.end_ns: int = 0
        self.complete: bool = False
        self.stopped_by: str = ""
        self.result: object = None
        """What the main goroutine returned; no part of what is saved."""


@final
class Recorder:
    """Appends rows as the level asks. `full` and `schedule_on` are read before a row's arguments are gathered."""

    def __init__(self, level: i64) -> None:
        self.level: i64 = level
        self.schedule_on: bool = level >= 1
        self.full: bool = level >= 2
        self.calls_on: bool = level >= 3
        self.schedule: Table = Table()
        self.goroutines: Table = Table()
        self.events: Table = Table()
        self.calls: Table = Table()
        self.n_calls: i64 = 0

    def rows(self) -> i64:
        """How many rows there are, in all tables."""
        return self.schedule.rows + self.goroutines.rows + self.events.rows + self.calls.rows

    def event(self, now: i64, kind: i64, g: i64, m: i64, p: i64, reason: i64, aux: i64, arg: i64) -> None:
        """Append one event row; the caller has looked at `full`."""
        self.events.row4(now, ((g + 1) << 32) | (m + 1), ((aux + 1) << 32) | (reason << 24) | (kind << 16) | (p + 1), arg)

    def call(self, now: i64, parent: i64, function: i64, m: i64, g: i64) -> i64:
        """Append one call row and return its id."""
        self.n_calls += 1
        self.calls.row4(now, (self.n_calls << 32) | parent, (function << 32) | (m + 1), g + 1)
        return self.n_calls
