"""A run as a Perfetto trace, for ui.perfetto.dev: tracks of Ps, Ms and goroutines, arrows, counters, instants.

Every packet belongs to one row of `events` (or to the end of the run), and lies in the file in the order of these rows,
so that a stay that ends and the one that begins at the same instant do not overlap. Names, categories and words are
interned in the first packets. numpy prepares; what is left to Python is one concatenation a packet.
Source of the field numbers: perfetto.dev/docs/reference/trace-packet-proto.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.errors import TraceError
from gmplab.runtime.recorder import Record
from gmplab.traces.frames import fields
from gmplab.traces.protobuf import LENGTHS, fixed64s, integer, message, text, varints
from gmplab.traces.spans import GONE, RUNNABLE, RUNNING, SPAN_KINDS, WAITING, region_spans, transitions
from gmplab.traces.stays import MONITORING, Stays, machine_stays, processor_stays
from gmplab.traces.store import whole_file
from gmplab.vocabulary import (
    CALLERS, GC_OFF, GC_PHASE, GC_PHASES, GO_CREATE, GO_READY, GO_START, IN_SYSCALL, LOG, M_CREATE, M_PARK, M_WAKE,
    MODES, P_RETAKE, PREEMPT_REQUEST, Q_GET, QUEUES, RETAKES, SOURCES, SRC_STEAL, SRC_STEAL_RUNNEXT, STW_END, STW_START,
    STW_STOPPED, STWS, SYSMON, WAIT_REASONS, WHY_SYSMON, WHYS,
)

if TYPE_CHECKING:
    from gmplab.traces.run import Run

Ints = npt.NDArray[Any]

# The groups of tracks, each a track without events of its own, and the tracks that are there once. An id is the uuid.
PROCESSORS, MACHINES, GOROUTINES, COUNTERS, WORLD = 1, 2, 3, 4, 5
GROUPS: Final = {
    PROCESSORS: "Processors (P)", COUNTERS: "Counters", WORLD: "World", MACHINES: "Machines (M)",
    GOROUTINES: "Goroutines (G)",
}
STW_TRACK, GC_TRACK, ARRIVALS_TRACK = 6, 7, 8
COUNTED: Final = {
    10: ("runnable", "runnable goroutines"), 11: ("global_q", "global queue"), 12: ("idle_p", "idle Ps"),
    13: ("spinning_m", "spinning Ms"), 14: ("threads", "threads"),
}
"""The track of each counter: the column of `run.series`, and its name."""
FIRST_TRACK: Final = 16

SLICE_BEGIN, SLICE_END, INSTANT, COUNTER = 1, 2, 3, 4
SEQUENCE: Final = integer(10, 1) + integer(13, 2)
"""Of every packet after the first: trusted_packet_sequence_id, and that it needs what was interned."""
END, MARK, BEGIN, COUNT = 0, 1, 2, 3
"""The order of packets of one row: what ends, then what happens, then what begins, then what is counted."""
NAMES_A_PACKET: Final = 1_000
PACKETS_A_PART: Final = 1 << 16


def to_perfetto(run: Run, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Write a run as a Perfetto trace, which ui.perfetto.dev opens: whole, or not at all.

    A track a P (which goroutine runs, or the P's mode), a track an M (the same, and why it was made or sleeps), a track a
    goroutine (runnable, running, syscall, waiting for what; its regions on a track below); arrows from who made or readied
    a goroutine to where it then ran, and from a P that was robbed to the thief; counters; instants for preemption
    requests, retakes, logs; stop-the-world and GC phases. Times are ns since the start. The same record gives the same
    bytes.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or "calls".
    path : str or path
        The file, by custom `*.pftrace`. Its folder must exist.
    overwrite : bool
        Whether a file that is there is replaced.

    Raises
    ------
    TraceError
        The run has no events, or events and schedule do not belong together.
    FileExistsError
        The file is there and `overwrite` is False.
    OSError
        The disk is full, or the folder is not there; nothing is left behind.

    Examples
    --------
    >>> gmplab.run(main, procs=4).to_perfetto("run.pftrace")            # doctest: +SKIP
    """
    run.need("events", "to_perfetto")
    with whole_file(path, overwrite, "to_perfetto") as making, making.open("xb") as out:
        for part in Trace(run.record, run.series if "series" in run.provides else None).encoded():
            out.write(part)
    return Path(path)


class Names:
    """Texts that packets name by number: interned names, categories, names of annotations, or their words."""

    def __init__(self, field: int) -> None:
        self.field = field
        self.ids: dict[str, int] = {}

    def iid(self, name: str) -> int:
        """The number of a text, from 1 in the order of first use."""
        return self.ids.setdefault(name, len(self.ids) + 1)

    def entries(self) -> list[bytes]:
        """The entries of an InternedData message. EventName, EventCategory, InternedString: iid is 1, the text 2."""
        return [message(self.field, integer(1, iid) + text(2, name)) for name, iid in self.ids.items()]


class Trace:
    """The packets of one record, gathered track by track, then put in order."""

    def __init__(self, record: Record, series: pd.DataFrame | None) -> None:
        self.record = record
        self.series = series
        """`run.series`; None: not known, so no counters."""
        self.e = fields(record, "events")
        self.n = len(self.e["kind"])
        self.t = np.append(self.e["t_ns"], record.end_ns)
        self.names = Names(2)
        self.categories = Names(1)
        self.annotations = Names(3)
        self.words = Names(29)
        self.tracks: list[bytes] = []
        self.keys: list[Ints] = []
        self.events: list[bytes] = []
        goroutines, e = fields(record, "goroutines", ("g", "label")), self.e
        self.most_g = max(most(goroutines["g"]), most(e["g"]), 0)
        self.most_p = max(len(record.processors) - 1, most(e["p"]))
        self.most_m = max([m[0] for m in record.machines], default=-1)
        self.first_m = FIRST_TRACK + self.most_p + 1
        self.first_g = self.first_m + max(self.most_m, most(e["m"])) + 1
        self.g_names = [f"g{g}" for g in range(self.most_g + 1)]
        for g, label in zip(goroutines["g"].tolist(), goroutines["label"].tolist(), strict=True):
            self.g_names[g] = f"{record.labels[label][1]} g{g}"
        self.describe()
        self.processors()
        self.machines()
        self.goroutines()
        self.instants()
        self.world()
        self.counters()

    # --- tracks -------------------------------------------------------------------------------------------------------
    def track(self, uuid: int, name: str, parent: int = 0, rank: int = 0, counter: bool = False) -> None:
        """Describe a track: TrackDescriptor, in a packet of its own. Children of a group stand in order of their rank."""
        content = integer(1, uuid) + text(2, name)
        if parent:
            content += integer(5, parent) + integer(12, rank)
        if counter:
            content += message(8, integer(3, 2))  # CounterDescriptor: unit UNIT_COUNT
        if uuid in GROUPS:
            content += integer(11, 3) + integer(12, rank)  # child_ordering EXPLICIT
        self.tracks.append(message(60, content))

    def describe(self) -> None:
        """All tracks that may have events."""
        e, kind = self.e, self.e["kind"]
        for rank, (uuid, name) in enumerate(GROUPS.items()):
            self.track(uuid, name, rank=rank)
        for rank, (uuid, (_, name)) in enumerate(COUNTED.items()):
            self.track(uuid, name, COUNTERS, rank, counter=True)
        arrived = np.isin(kind, (GO_CREATE, GO_READY)) & (e["m"] < 0)
        for rank, (uuid, name, there) in enumerate((
            (STW_TRACK, "stop the world", kind == STW_START), (GC_TRACK, "GC", kind == GC_PHASE),
            (ARRIVALS_TRACK, "arrivals", arrived),
        )):
            if bool(there.any()):
                self.track(uuid, name, WORLD, rank)
        for p in range(self.most_p + 1):
            self.track(FIRST_TRACK + p, f"P{p}", PROCESSORS, p)
        sysmon = {m[0] for m in self.record.machines if m[4] == WHY_SYSMON}
        for m in sorted({m[0] for m in self.record.machines} | set(e["m"][e["m"] >= 0].tolist())):
            self.track(self.first_m + m, f"M{m} sysmon" if m in sysmon else f"M{m}", MACHINES, m)
        for g in np.unique(e["g"][e["g"] >= 0]).tolist():
            self.track(self.first_g + 2 * g, self.g_names[g], GOROUTINES, g)

    # --- packets ------------------------------------------------------------------------------------------------------
    def add(self, rows: Ints, order: int, events: Sequence[bytes]) -> None:
        """Packets of TrackEvents, each at its row of `events` (or after the last)."""
        self.keys.append(rows.astype(np.int64) * 4 + order)
        self.events += events

    def slices(self, begin: Ints, end: Ints, track: Ints, heads: Sequence[bytes]) -> None:
        """Slices on tracks; `heads` are the begins' fields but type and track."""
        self.add(begin, BEGIN, [at + head for at, head in zip(on(track, SLICE_BEGIN), heads, strict=True)])
        # Of slices that end together after the last row, the newest ends first, or they would not nest.
        newest = np.argsort(begin, kind="stable")[::-1]
        self.add(end[newest], END, on(track[newest], SLICE_END))

    def marks(self, rows: Ints, track: Ints, heads: Sequence[bytes]) -> None:
        """Instants on tracks."""
        self.add(rows, MARK, [at + head for at, head in zip(on(track, INSTANT), heads, strict=True)])

    def titles(self, category: str, codes: Ints, name: Callable[[int], str]) -> list[bytes]:
        """A category and the name of each code, interned: category_iids and name_iid."""
        different, at = np.unique(codes, return_inverse=True)
        first = integer(3, self.categories.iid(category))
        made = [first + integer(10, self.names.iid(name(code))) for code in different.tolist()]
        return [made[i] for i in at.reshape(-1).tolist()]

    def number(self, name: str, values: Ints, absent: int = -1) -> list[bytes]:
        """An annotation with each value; none where it is absent."""
        first = integer(1, self.annotations.iid(name)) + b"\x20"  # DebugAnnotation: name_iid, int_value
        return self.each(values, lambda i, value: first + value, absent)

    def word(self, name: str, codes: Ints, word: Callable[[int], str], absent: int = -1) -> list[bytes]:
        """An annotation with the word of each code, interned; none where it is absent."""
        first = integer(1, self.annotations.iid(name))
        return self.each(codes, lambda code, _: first + integer(17, self.words.iid(word(code))), absent)

    def each(self, values: Ints, made: Callable[[int, bytes], bytes], absent: int) -> list[bytes]:
        """A DebugAnnotation of each value, made once for values that are equal."""
        different, at = np.unique(values, return_inverse=True)
        encoded = varints(different)
        found = [
            b"" if value == absent else message(4, made(value, encoded[i])) for i, value in enumerate(different.tolist())
        ]
        return [found[i] for i in at.reshape(-1).tolist()]

    # --- content ------------------------------------------------------------------------------------------------------
    def processors(self) -> None:
        """What each P did; a goroutine's stay on it tells why it ran here and how long it waited, and ends its arrows."""
        s, e = self.shown(processor_stays(self.e)), self.e
        heads = self.moded("processor", s)
        starts = np.flatnonzero(e["kind"] == GO_START)
        ready, stolen = self.arrows(starts)
        schedule = fields(self.record, "schedule", ("caller", "enter_ns", "victim_p", "stolen"))
        if len(schedule["caller"]) != len(starts):
            raise TraceError(
                f"to_perfetto: {len(starts)} GoStart events, but {len(schedule['caller'])} rows in schedule: the tables "
                "are not of one run"
            )
        known = np.where(ready >= 0, self.t[starts] - self.t[ready], -1)
        source = e["code"][starts] >> 8
        told = list(zip(
            self.number("wait_ns", known), self.number("search_ns", self.t[starts] - schedule["enter_ns"]),
            self.word("source", source, SOURCES.__getitem__), self.word("caller", schedule["caller"], CALLERS.__getitem__),
            self.number("victim_p", schedule["victim_p"]), self.number("stolen", schedule["stolen"], 0),
            self.number("m", e["m"][starts]), arrow_ends(ready), arrow_ends(np.where(stolen >= 0, stolen + self.n, -1)),
            strict=True,
        ))
        place = np.full(self.n + 1, -1)
        place[starts] = np.arange(len(starts))
        at = place[s.begin].tolist()
        heads = [head if i < 0 else head + b"".join(told[i]) for head, i in zip(heads, at, strict=True)]
        self.slices(s.begin, s.end, FIRST_TRACK + s.who, heads)

    def shown(self, s: Stays) -> Stays:
        """The stays that a picture can show: those of some length, and goroutines' turns that took no time."""
        keep = (self.t[s.end] > self.t[s.begin]) | (s.g >= 0)
        return Stays(s.who[keep], s.mode[keep], s.g[keep], s.begin[keep], s.end[keep])

    def moded(self, category: str, s: Stays) -> list[bytes]:
        """Titles of stays: the goroutine's name where one runs, "syscall: " and its name, or the mode."""
        codes = np.where(s.g >= 0, s.g * 2 + (s.mode == IN_SYSCALL), -1 - s.mode.astype(np.int64))

        def name(code: int) -> str:
            if code < 0:
                return "monitoring" if -1 - code == MONITORING else MODES[-1 - code]
            return f"syscall: {self.g_names[code >> 1]}" if code & 1 else self.g_names[code >> 1]

        return self.titles(category, codes, name)

    def arrows(self, starts: Ints) -> tuple[Ints, Ints]:
        """For each GoStart: the row of the GoCreate or GoReady before it, and of the theft that led to it; -1 if none."""
        e = self.e
        rows, state, following = transitions(e)
        ready, stolen = np.full(self.n + 1, -1), np.full(self.n + 1, -1)
        runnable = np.flatnonzero((state == RUNNABLE) & (following >= 0))
        after = rows[following[runnable]]
        woken = np.isin(e["kind"][rows[runnable]], (GO_CREATE, GO_READY))
        ready[after[woken]] = rows[runnable][woken]
        # A theft belongs to the first transition of its goroutine after it.
        thefts = self.thefts()
        scale = self.n + 1
        at = np.searchsorted(e["g"][rows] * scale + rows, e["g"][thefts] * scale + thefts)
        inside = at < len(rows)
        stolen[rows[at[inside]]] = thefts[inside]
        return ready[starts], stolen[starts]

    def thefts(self) -> Ints:
        """The rows at which a goroutine was stolen."""
        reason = self.e["code"] >> 8
        return np.flatnonzero((self.e["kind"] == Q_GET) & ((reason == SRC_STEAL) | (reason == SRC_STEAL_RUNNEXT)))

    def machines(self) -> None:
        """What each M did, and why it was made or woken and by whom, or why it sleeps."""
        s, e = self.shown(machine_stays(self.e)), self.e
        kind, reason = e["kind"][s.begin], e["code"][s.begin] >> 8
        told = np.isin(kind, (M_CREATE, M_PARK, M_WAKE))
        asked = np.isin(kind, (M_CREATE, M_WAKE)) & (e["aux"][s.begin] >= 0)
        heads = list(map(b"".join, zip(
            self.moded("machine", s), self.word("why", np.where(told, reason, 0), WHYS.__getitem__, 0),
            self.word("by", np.where(asked, e["aux"][s.begin], -1), lambda m: f"M{m}"),
            self.number("p", np.where(s.g >= 0, e["p"][s.begin], -1)), strict=True,
        )))
        self.slices(s.begin, s.end, self.first_m + s.who, heads)

    def goroutines(self) -> None:
        """The life of each goroutine, and the regions that its code marked on a track below."""
        e = self.e
        rows, state, following = transitions(e)
        stays = state != GONE
        begin, kind = rows[stays], state[stays]
        end = np.where(following[stays] >= 0, rows[following[stays]], self.n)
        reason = np.where(kind == WAITING, e["code"][begin] >> 8, 0)

        def name(code: int) -> str:
            words = SPAN_KINDS[code & 7]
            return f"{words}: {WAIT_REASONS[code >> 3]}" if code >> 3 else words

        objects = self.record.objects
        known = np.isin(e["arg"][begin], np.array(list(objects), dtype=np.int64)) & (kind == WAITING)
        made = np.isin(e["kind"][begin], (GO_CREATE, GO_READY))
        placed = kind == RUNNING
        heads = list(map(b"".join, zip(
            self.titles("goroutine", kind.astype(np.int64) | reason.astype(np.int64) << 3, name),
            self.word("on", np.where(known, e["arg"][begin], -1), objects.__getitem__),
            self.word("by", np.where(made, e["arg"][begin], -1), self.g_names.__getitem__),
            self.number("m", np.where(placed, e["m"][begin], -1)), self.number("p", np.where(placed, e["p"][begin], -1)),
            strict=True,
        )))
        self.slices(begin, end, self.first_g + 2 * e["g"][begin], heads)
        self.regions()

    def regions(self) -> None:
        """Regions nest on a track of their own: they begin and end within the states above."""
        texts = tuple(dict.fromkeys(self.record.texts))
        found = region_spans(self.record, self.e, texts)
        track = self.first_g + 2 * found["g"] + 1
        for uuid in np.unique(track).tolist():
            self.track(uuid, "regions", uuid - 1)
        self.slices(found["begin"], found["end"], track, self.titles("region", found["name"], texts.__getitem__))
        logs = np.flatnonzero((self.e["kind"] == LOG) & (self.e["arg"] >= 0) & (self.e["arg"] < len(self.record.texts)))
        heads = self.titles("log", self.e["arg"][logs], self.record.texts.__getitem__)
        self.marks(logs, self.first_g + 2 * self.e["g"][logs], heads)

    def instants(self) -> None:
        """Where arrows begin (go statements, wake-ups, thefts), preemption requests, retakes, sysmon's rounds."""
        e = self.e
        kind, reason = e["kind"], e["code"] >> 8
        woken = np.flatnonzero((kind == GO_CREATE) | (kind == GO_READY))
        by_m = np.where(e["m"][woken] >= 0, self.first_m + e["m"][woken], ARRIVALS_TRACK)
        track = np.where(e["p"][woken] >= 0, FIRST_TRACK + e["p"][woken], by_m)
        self.marks(woken, track, list(map(b"".join, zip(
            self.titles("wake", kind[woken], lambda k: "create" if k == GO_CREATE else "ready"),
            self.word("g", e["g"][woken], self.g_names.__getitem__), self.word("queue", reason[woken], QUEUES.__getitem__),
            self.number("queue_p", e["aux"][woken]), arrow_begins(woken), strict=True,
        ))))
        thefts = self.thefts()
        self.marks(thefts, FIRST_TRACK + e["aux"][thefts], list(map(b"".join, zip(
            self.titles("steal", np.zeros(len(thefts), dtype=np.int64), lambda _: "stolen"),
            self.word("g", e["g"][thefts], self.g_names.__getitem__),
            self.word("by", e["p"][thefts], lambda p: f"P{p}"),
            self.number("taken", e["arg"][thefts] & 0xFFFFFFFF), arrow_begins(thefts + self.n), strict=True,
        ))))
        asked = np.flatnonzero(kind == PREEMPT_REQUEST)
        self.marks(asked, FIRST_TRACK + e["p"][asked], list(map(b"".join, zip(
            self.titles("preempt", np.zeros(len(asked), dtype=np.int64), lambda _: "preempt request"),
            self.word("g", e["g"][asked], self.g_names.__getitem__), self.word("by", e["m"][asked], lambda m: f"M{m}"),
            strict=True,
        ))))
        taken = np.flatnonzero(kind == P_RETAKE)
        self.marks(taken, FIRST_TRACK + e["p"][taken], list(map(b"".join, zip(
            self.titles("retake", np.zeros(len(taken), dtype=np.int64), lambda _: "retake"),
            self.word("why", reason[taken], RETAKES.__getitem__), self.word("from", e["aux"][taken], lambda m: f"M{m}"),
            strict=True,
        ))))
        rounds = np.flatnonzero(kind == SYSMON)
        self.marks(rounds, self.first_m + e["m"][rounds], list(map(b"".join, zip(
            self.titles("sysmon", np.zeros(len(rounds), dtype=np.int64), lambda _: "round"),
            self.number("slept_ns", e["arg"][rounds]), strict=True,
        ))))

    def world(self) -> None:
        """Stop-the-world, from the wish to the end, with the instant at which all stood; the phases of GC."""
        kind, reason = self.e["kind"], self.e["code"] >> 8
        begins, ends = np.flatnonzero(kind == STW_START), np.flatnonzero(kind == STW_END)
        end = np.append(ends, self.n)[np.searchsorted(ends, begins)]
        at = np.full(len(begins), STW_TRACK)
        self.slices(begins, end, at, self.titles("stw", reason[begins], STWS.__getitem__))
        stopped = np.flatnonzero(kind == STW_STOPPED)
        at = np.full(len(stopped), STW_TRACK)
        self.marks(stopped, at, self.titles("stw", at, lambda _: "all stopped"))
        phases = np.flatnonzero(kind == GC_PHASE)
        end = np.append(phases[1:], self.n)[: len(phases)]
        on = reason[phases] != GC_OFF
        begins, end = phases[on], end[on]
        self.slices(begins, end, np.full(len(begins), GC_TRACK), self.titles("gc", reason[begins], GC_PHASES.__getitem__))

    def counters(self) -> None:
        """The columns of `run.series` that a track shows, where they change."""
        series = self.series
        if series is None or self.n == 0:
            return
        # A window's first counts hold from its begin, where no event may be.
        rows = np.maximum(np.searchsorted(self.e["t_ns"], series["t_ns"].to_numpy(), side="right") - 1, 0)
        for uuid, (column, _) in COUNTED.items():
            values = series[column].to_numpy(dtype=np.int64)
            new = np.append(True, values[1:] != values[:-1])[: len(values)]
            first = integer(9, COUNTER) + integer(11, uuid) + b"\xf0\x01"  # and the tag of counter_value
            self.add(rows[new], COUNT, [first + value for value in varints(values[new])])

    # --- the file -----------------------------------------------------------------------------------------------------
    def encoded(self) -> Iterator[bytes]:
        """The bytes of the trace, in parts."""
        yield from self.preamble()
        key = np.concatenate(self.keys)
        order = np.argsort(key, kind="stable")
        times, at = np.unique(self.t[key[order] >> 2], return_inverse=True)
        # TracePacket: timestamp, the sequence, and the tag of a track_event, whose length and content follow.
        stamps = [b"\x40" + stamp + SEQUENCE + b"\x5a" for stamp in varints(times)]
        for a in range(0, len(order), PACKETS_A_PART):
            events = [self.events[i] for i in order[a : a + PACKETS_A_PART].tolist()]
            firsts = [stamps[i] for i in at[a : a + PACKETS_A_PART].tolist()]
            sizes = [LENGTHS[len(event)] for event in events]
            wholes = [
                b"\n" + LENGTHS[len(first) + len(size) + len(event)]
                for first, size, event in zip(firsts, sizes, events, strict=True)
            ]
            yield b"".join(chain.from_iterable(zip(wholes, firsts, sizes, events, strict=True)))

    def preamble(self) -> Iterator[bytes]:
        """The first packet, which begins the sequence; what is interned; the tracks."""
        sequence = integer(10, 1)
        # first_packet_on_sequence, SEQ_INCREMENTAL_STATE_CLEARED
        yield message(1, sequence + integer(13, 1) + integer(87, 1))
        names = [x for table in (self.categories, self.names, self.annotations, self.words) for x in table.entries()]
        for a in range(0, len(names), NAMES_A_PACKET):
            yield message(1, SEQUENCE + message(12, b"".join(names[a : a + NAMES_A_PACKET])))
        for track in self.tracks:
            yield message(1, sequence + track)


def on(track: Ints, kind: int) -> list[bytes]:
    """Type and track of TrackEvents."""
    different, at = np.unique(track, return_inverse=True)
    made = [integer(9, kind) + integer(11, uuid) for uuid in different.tolist()]
    return [made[i] for i in at.reshape(-1).tolist()]


def most(ids: Ints) -> int:
    """The greatest id, -1 if there is none."""
    return int(ids.max()) if len(ids) else -1


def arrow_begins(ids: Ints) -> list[bytes]:
    """flow_ids of instants: an arrow's number is its row, from 1."""
    return fixed64s(47, ids + 1)


def arrow_ends(ids: Ints) -> list[bytes]:
    """terminating_flow_ids of slices; none for -1."""
    ends = fixed64s(48, ids + 1)
    for i in np.flatnonzero(ids < 0).tolist():
        ends[i] = b""
    return ends
