"""The Perfetto export, read back by Perfetto's own message types: what the trace says is what the run's frames say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackDescriptor, TrackEvent

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.traces.protobuf import LENGTHS, varint, varints
from gmplab.traces.run import Run
from gmplab.vocabulary import (
    GC_MARK, GC_OFF, GC_PHASE, GC_TERMINATION, LEVEL_SCHEDULE, MODES, P_RETAKE, PREEMPT_REQUEST, RETAKE_SYSMON, STW_END,
    STW_MARK_TERM, STW_START, STW_STOPPED, STW_SWEEP_TERM,
)
from tests.runtime.test_same_bytes import mixed
from tests.traces.records import event_row, record


@dataclass
class Slice:
    """A slice or an instant (begin == end) of a track."""

    track: tuple[str, ...]
    name: str
    category: str
    begin: int
    end: int
    told: dict[str, Any]
    flows: tuple[list[int], list[int]]


@dataclass
class Pictured:
    """A trace as a viewer has it: packets in the order of the file, names looked up."""

    slices: list[Slice] = field(default_factory=list)
    instants: list[Slice] = field(default_factory=list)
    counters: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    orders: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def on(self, *track: str) -> list[Slice]:
        return [s for s in self.slices if s.track == track]

    def marks(self, name: str) -> list[Slice]:
        return [s for s in self.instants if s.name == name]


def pictured(path: Path) -> Pictured:
    """Read a trace as Perfetto's importer does, and refuse what it would drop: an end without a begin, a name unknown."""
    trace = Trace()
    trace.ParseFromString(path.read_bytes())
    out, tracks = Pictured(), dict[int, TrackDescriptor]()
    names, categories, keys, words = (dict[int, str]() for _ in range(4))
    open_: dict[int, list[Slice]] = defaultdict(list)
    at = 0
    for i, packet in enumerate(trace.packet):
        assert packet.trusted_packet_sequence_id == 1
        assert bool(packet.sequence_flags & 1) == packet.first_packet_on_sequence == (i == 0)
        for table, entries in (
            (names, packet.interned_data.event_names), (categories, packet.interned_data.event_categories),
            (keys, packet.interned_data.debug_annotation_names),
        ):
            table.update({entry.iid: entry.name for entry in entries})
        words.update({entry.iid: entry.str.decode() for entry in packet.interned_data.debug_annotation_string_values})
        if packet.HasField("track_descriptor"):
            assert packet.track_descriptor.uuid not in tracks
            tracks[packet.track_descriptor.uuid] = packet.track_descriptor
        if not packet.HasField("track_event"):
            continue
        assert packet.sequence_flags == 2 and packet.timestamp >= at
        at = packet.timestamp
        event = packet.track_event
        track = tracks[event.track_uuid]
        if event.type == TrackEvent.TYPE_COUNTER:
            assert track.HasField("counter")
            out.counters[track.name].append((at, event.counter_value))
        elif event.type == TrackEvent.TYPE_SLICE_END:
            open_[track.uuid].pop().end = at
        else:
            made = Slice(
                tuple(x.name for x in upward(tracks, track)), names[event.name_iid], categories[event.category_iids[0]], at,
                at, {keys[a.name_iid]: words[a.string_value_iid] if a.string_value_iid else a.int_value
                     for a in event.debug_annotations},
                (list(event.flow_ids), list(event.terminating_flow_ids)),
            )
            if event.type == TrackEvent.TYPE_SLICE_BEGIN:
                open_[track.uuid].append(made)
                out.slices.append(made)
            else:
                assert event.type == TrackEvent.TYPE_INSTANT
                out.instants.append(made)
    assert not any(open_.values())
    for track in sorted(tracks.values(), key=lambda t: t.sibling_order_rank):
        if track.parent_uuid:
            out.orders[tracks[track.parent_uuid].name].append(track.name)
    return out


def upward(tracks: dict[int, TrackDescriptor], track: TrackDescriptor) -> list[TrackDescriptor]:
    """The track below its parents, the group first."""
    above = upward(tracks, tracks[track.parent_uuid]) if track.parent_uuid else []
    return [*above, track]


@pytest.fixture(scope="module")
def run() -> Run:
    return gl.run(mixed, procs=4, seed=7)


@pytest.fixture(scope="module")
def picture(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Pictured:
    return pictured(run.to_perfetto(tmp_path_factory.mktemp("perfetto") / "run.pftrace"))


@pytest.fixture
def by_hand(tmp_path: Path) -> Pictured:
    return pictured(Run(record()).to_perfetto(tmp_path / "hand.pftrace"))


# --- the wire format ------------------------------------------------------------------------------------------------------
def test_varints_are_those_of_the_specification() -> None:
    # protobuf.dev: 1 is 01, 150 is 96 01; -2 is ten bytes, the two's complement.
    assert [varint(n).hex() for n in (0, 1, 127, 128, 150, 300, -2)] == [
        "00", "01", "7f", "8001", "9601", "ac02", "feffffffffffffffff01",
    ]
    assert [len(varint((1 << 7 * k) - 1)) for k in range(1, 10)] == list(range(1, 10))


def test_many_varints_at_once_are_the_same_bytes() -> None:
    edges = [0, 5, -1, -(1 << 63), (1 << 63) - 1, *(x for k in range(63) for x in ((1 << k) - 1, 1 << k))]
    assert varints(np.array(edges * 2)) == [varint(n) for n in edges * 2]
    assert varints(np.array([], dtype=np.int64)) == []
    assert LENGTHS[300] == b"\xac\x02"


def test_a_number_of_more_than_64_bits_is_refused() -> None:
    with pytest.raises(ValueError, match=r"varint: 18446744073709551616: must be -2\*\*63 to 2\*\*64 - 1"):
        varint(1 << 64)


# --- a record by hand: the picture, whole -----------------------------------------------------------------------------------
def drawn(slices: list[Slice]) -> list[tuple[str, int, int]]:
    return [(s.name, s.begin, s.end) for s in slices]


def test_the_processors_of_a_small_run_read_as_it_happened(by_hand: Pictured) -> None:
    assert drawn(by_hand.on("Processors (P)", "P0")) == [
        ("main g1", 10, 100), ("scheduling", 100, 110), ("worker g2", 110, 120), ("syscall: worker g2", 120, 150),
        ("worker g2", 150, 160), ("scheduling", 160, 200),
    ]
    assert drawn(by_hand.on("Processors (P)", "P1")) == [("idle", 0, 60), ("worker g2", 60, 70), ("scheduling", 70, 200)]


def test_a_turn_on_a_processor_tells_how_the_goroutine_was_found(by_hand: Pictured) -> None:
    turn = by_hand.on("Processors (P)", "P1")[1]
    assert turn.told == {
        "wait_ns": 30, "search_ns": 15, "source": "steal", "caller": "mstart", "victim_p": 0, "stolen": 1, "m": 2,
    }


def test_a_machine_tells_why_it_was_made_and_why_it_sleeps_and_ends_at_its_exit(by_hand: Pictured) -> None:
    track = by_hand.on("Machines (M)", "M2")
    assert drawn(track) == [("starting", 35, 60), ("worker g2", 60, 70), ("scheduling", 70, 170), ("idle", 170, 190)]
    assert [s.told for s in track] == [{"why": "wakep", "by": "M0"}, {"p": 1}, {}, {"why": "idle"}]
    assert by_hand.on("Machines (M)", "M0")[-1].told == {"why": "netpoll"}


def test_a_goroutine_waits_for_something_by_name_and_its_regions_nest_below(by_hand: Pictured) -> None:
    track = by_hand.on("Goroutines (G)", "worker g2")
    assert drawn(track) == [
        ("runnable", 30, 60), ("running", 60, 70), ("waiting: chan receive", 70, 90), ("runnable", 90, 110),
        ("running", 110, 120), ("syscall", 120, 150), ("running", 150, 160),
    ]
    assert [s.told for s in track[:3]] == [{"by": "main g1"}, {"m": 2, "p": 1}, {"on": "chan#3 (cap 0)"}]
    assert drawn(by_hand.on("Goroutines (G)", "main g1", "regions")) == [
        ("request", 20, 200), ("query, with a comma", 25, 80),
    ]
    assert [(s.track[-1], s.begin) for s in by_hand.marks("a log line")] == [("main g1", 95)]


def test_arrows_lead_from_the_waker_to_the_woken_and_from_the_victim_to_the_thief(by_hand: Pictured) -> None:
    begins = {flow: s for s in by_hand.instants for flow in s.flows[0]}
    ends = {flow: s for s in by_hand.slices for flow in s.flows[1]}
    arrows = [(a.name, a.track[1], a.begin, ends[i].track[1], ends[i].begin) for i, a in begins.items() if i in ends]
    assert arrows == [
        ("create", "P0", 0, "P0", 10), ("create", "P0", 30, "P1", 60), ("stolen", "P0", 50, "P1", 60),
        ("ready", "P0", 90, "P0", 110),
    ]


def test_counters_are_told_where_they_change(by_hand: Pictured) -> None:
    assert by_hand.counters == {
        "runnable goroutines": [(0, 1), (10, 0), (30, 2), (60, 1), (90, 2), (100, 3), (110, 2)],
        "global queue": [(0, 0), (100, 1)], "idle Ps": [(0, 1), (35, 0)], "spinning Ms": [(0, 0)],
        "threads": [(0, 2), (35, 3), (190, 2)],
    }


def test_tracks_stand_in_the_order_of_their_numbers(by_hand: Pictured) -> None:
    assert (by_hand.orders["Processors (P)"], by_hand.orders["Machines (M)"], by_hand.orders["Goroutines (G)"]) == (
        ["P0", "P1"], ["M0", "M1 sysmon", "M2"], ["main g1", "worker g2", "worker g3"],
    )


def test_preemption_retakes_the_stopped_world_and_gc_are_shown(tmp_path: Path) -> None:
    r = record()
    r.tables["events"] = [b"".join((
        event_row(1, PREEMPT_REQUEST, g=2, m=1, p=1), event_row(2, P_RETAKE, m=1, p=0, reason=RETAKE_SYSMON, aux=2),
        event_row(3, GC_PHASE, g=1, m=0, p=0, reason=GC_MARK), event_row(4, STW_START, g=1, m=0, p=0, reason=STW_SWEEP_TERM),
        event_row(5, STW_STOPPED, g=1, m=0, p=0), event_row(6, STW_END, g=1, m=0, p=0),
        event_row(7, GC_PHASE, g=1, m=0, p=0, reason=GC_TERMINATION),
        event_row(8, STW_START, g=1, m=0, p=0, reason=STW_MARK_TERM), event_row(9, GC_PHASE, g=1, m=0, p=0, reason=GC_OFF),
    ))]
    r.tables["schedule"] = []
    picture = pictured(Run(r).to_perfetto(tmp_path / "world.pftrace"))
    assert drawn(picture.on("World", "GC")) == [("mark", 3, 7), ("mark_termination", 7, 9)]
    assert drawn(picture.on("World", "stop the world")) == [
        ("GC sweep termination", 4, 6), ("GC mark termination", 8, 200),
    ]
    assert [(s.name, s.track, s.begin, s.told) for s in picture.instants] == [
        ("preempt request", ("Processors (P)", "P1"), 1, {"g": "worker g2", "by": "M1"}),
        ("retake", ("Processors (P)", "P0"), 2, {"why": "sysmon", "from": "M2"}),
        ("all stopped", ("World", "stop the world"), 5, {}),
    ]


# --- a run of the simulator: the picture against the frames ---------------------------------------------------------------
def test_goroutine_tracks_are_the_spans_of_the_run(run: Run, picture: Pictured) -> None:
    names = run.goroutines.set_index("g")["name"]
    expected = [
        (f"{names[s.g]} g{s.g}", f"{s.kind}: {s.name}" if s.name else s.kind, s.begin_ns, s.end_ns)
        for s in run.spans.itertuples()
    ]
    drawn_ = [(s.track[1], s.name, s.begin, s.end) for s in picture.slices if s.category == "goroutine"]
    assert sorted(drawn_) == sorted(expected)


def test_the_slices_of_each_processor_add_up_to_its_time_in_each_mode(run: Run, picture: Pictured) -> None:
    for row in run.processors.itertuples():
        spent = dict.fromkeys(MODES, 0)
        for s in picture.on("Processors (P)", f"P{row.p}"):
            spent[mode_of(s)] += s.end - s.begin
        assert spent == {mode: getattr(row, f"{mode}_ns") for mode in MODES}


def test_the_slices_of_each_machine_add_up_to_its_time_in_each_mode(run: Run, picture: Pictured) -> None:
    for row in run.machines[run.machines["why"] != "sysmon"].itertuples():
        spent = dict.fromkeys(MODES, 0)
        for s in picture.on("Machines (M)", f"M{row.m}"):
            spent[mode_of(s)] += s.end - s.begin
        assert spent == {mode: getattr(row, f"{mode}_ns") for mode in MODES}


def mode_of(s: Slice) -> str:
    if s.name.startswith("syscall: "):
        return "syscall"
    return s.name if s.name in MODES else "running"


def test_sysmon_shows_its_rounds_and_sleeps_only_when_it_sleeps_deeply(run: Run, picture: Pictured) -> None:
    rounds = run.events[run.events["kind"] == "Sysmon"]
    assert [s.begin for s in picture.marks("round")] == rounds["t_ns"].tolist()
    assert {s.name for s in picture.on("Machines (M)", "M1 sysmon")} <= {"starting", "monitoring", "idle"}


def test_each_turn_on_a_processor_tells_the_row_of_schedule(run: Run, picture: Pictured) -> None:
    turns = [s for s in picture.slices if s.category == "processor" and "source" in s.told]
    turns.sort(key=lambda s: (s.begin, s.track))
    f = run.schedule.sort_values(["t_ns", "p"])
    for column in ("source", "caller", "search_ns", "m"):
        assert [s.told[column] for s in turns] == f[column].tolist()
    assert [s.told["wait_ns"] for s in turns if "wait_ns" in s.told] == [
        wait for wait, s in zip(f["wait_ns"].tolist(), turns, strict=True) if "wait_ns" in s.told
    ]
    assert [(s.told.get("victim_p", -1), s.told.get("stolen", 0)) for s in turns] == list(
        zip(f["victim_p"].fillna(-1).tolist(), f["stolen"].tolist(), strict=True)
    )


def test_every_wake_up_that_led_to_a_turn_is_an_arrow(run: Run, picture: Pictured) -> None:
    ends = {flow: s for s in picture.slices for flow in s.flows[1]}
    begins = [(s.flows[0][0], s) for s in picture.instants if s.name in ("create", "ready")]
    woken = run.wakeups[run.wakeups["start_ns"].notna()]
    arrows = sorted((s.begin, ends[i].begin, ends[i].track[1], ends[i].name) for i, s in begins if i in ends)
    names = run.goroutines.set_index("g")["name"]
    assert arrows == sorted((w.t_ns, w.start_ns, f"P{w.start_p}", f"{names[w.g]} g{w.g}") for w in woken.itertuples())


def test_every_theft_is_an_arrow_from_the_victim(run: Run, picture: Pictured) -> None:
    ends = {flow: s for s in picture.slices for flow in s.flows[1]}
    arrows = [(s.track[1], ends[s.flows[0][0]].track[1], ends[s.flows[0][0]].begin) for s in picture.marks("stolen")]
    f = run.steals
    assert arrows and sorted(arrows) == sorted(zip(
        [f"P{p}" for p in f["victim_p"]], [f"P{p}" for p in f["p"]], f["t_ns"], strict=True
    ))


def test_counters_are_the_series_and_the_global_queue_that_schedule_saw(run: Run, picture: Pictured) -> None:
    series = run.series.set_index("t_ns")
    for column, name in (
        ("runnable", "runnable goroutines"), ("idle_p", "idle Ps"), ("spinning_m", "spinning Ms"), ("threads", "threads"),
    ):
        changed = series[column][series[column].diff() != 0]
        assert picture.counters[name] == list(changed.items())
    instants = [t for t, _ in picture.counters["global queue"]]
    last = run.schedule.groupby("t_ns")["global_q"].last()
    alone = [t for t in last.index if (run.events["t_ns"] == t).sum() == 1]
    at = np.searchsorted(instants, alone, side="right") - 1
    assert [picture.counters["global queue"][i][1] for i in at] == last[alone].tolist()
    assert len(alone) > 50


# --- files -----------------------------------------------------------------------------------------------------------------
def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [gl.run(mixed, procs=2, seed=3).to_perfetto(tmp_path / f"{i}.pftrace") for i in range(2)]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.pftrace"
    path.write_text("precious")
    with pytest.raises(FileExistsError, match="to_perfetto: .*run.pftrace exists: give another file, or overwrite=True"):
        Run(record()).to_perfetto(path)
    assert path.read_text() == "precious"
    Run(record()).to_perfetto(path, overwrite=True)
    assert pictured(path).slices


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gmplab.traces.perfetto.Trace.preamble", full)
    with pytest.raises(OSError, match="No space left"):
        Run(record()).to_perfetto(tmp_path / "run.pftrace")
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_events_says_at_which_level_to_record(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="to_perfetto needs the events .* record at level 'full' or more"):
        Run(record(LEVEL_SCHEDULE)).to_perfetto(tmp_path / "run.pftrace")


def test_events_and_schedule_of_different_runs_are_refused(tmp_path: Path) -> None:
    r = record()
    r.tables["schedule"] = r.tables["schedule"][:1]
    with pytest.raises(TraceError, match="to_perfetto: 3 GoStart events, but 1 rows in schedule"):
        Run(r).to_perfetto(tmp_path / "run.pftrace")


def test_a_window_and_a_run_without_rows_are_traces_too(run: Run, tmp_path: Path) -> None:
    part = pictured(run.window("20us", "60us").to_perfetto(tmp_path / "window.pftrace"))
    assert part.slices and all(20_000 <= s.begin <= s.end <= 60_000 for s in part.slices)
    r = record()
    r.tables = {name: [] for name in r.tables}
    nothing = pictured(Run(r).to_perfetto(tmp_path / "nothing.pftrace"))
    assert (nothing.slices, nothing.instants, dict(nothing.counters)) == ([], [], {})


@pytest.mark.parametrize("policy", ["threadpool", "segmented", "go1.0", "go1.1", "cilk", "tokio"])
def test_every_kind_of_scheduler_adds_up(policy: str, tmp_path: Path) -> None:
    run = gl.run(mixed, procs=4, policy=policy, seed=7)
    picture = pictured(run.to_perfetto(tmp_path / "run.pftrace"))
    test_the_slices_of_each_processor_add_up_to_its_time_in_each_mode(run, picture)
    test_the_slices_of_each_machine_add_up_to_its_time_in_each_mode(run, picture)
