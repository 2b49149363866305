"""Stored rows become frames with the types, names and nulls that the columns promise."""

from __future__ import annotations

import struct
import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from gmplab.errors import TraceError
from gmplab.runtime.recorder import Record
from gmplab.traces import frames, rows, spans
from gmplab.traces.card import BINS, busy
from gmplab.traces.columns import COLUMNS, REASONS
from gmplab.traces.frames import FRAMES
from gmplab.traces.run import CONVENIENCES, Run
from gmplab.vocabulary import (
    CALLERS, EVENT_KINDS, GO_CREATE, GO_PARK, GO_READY, GO_STOP, LEVEL_CALLS, LEVEL_OFF, LEVEL_SCHEDULE, Q_DRAIN, Q_GET,
    Q_GLOBAL, Q_LOCAL, Q_OVERFLOW, Q_RUNNEXT, SOURCES, SRC_GLOBAL, SRC_GLOBAL_TICK, STOP_GOSCHED, WAIT_REASONS,
)
from tests.traces.records import EVENTS, SCHEDULE, event_row, record, schedule_row


def test_a_schedule_row_is_what_was_packed() -> None:
    f = Run(record()).schedule
    assert f.iloc[1].to_dict() == {
        "t_ns": 60, "m": 2, "p": 1, "g": 2, "caller": "mstart", "source": "steal", "victim_p": 0, "stolen": 1,
        "ready_ns": 30, "wait_ns": 30, "enter_ns": 45, "search_ns": 15, "local_q": 7, "global_q": 9, "idle_p": 0,
        "spinning_m": 1, "idle_m": 4, "n_threads": 3,
    }
    assert list(f["victim_p"].isna()) == [True, False, True]
    assert list(f["caller"]) == ["mstart", "mstart", "goexit"]


def test_an_event_has_its_kinds_own_reason_and_null_where_there_is_none() -> None:
    f = Run(record()).events
    assert len(f) == len(EVENTS)
    park = f[f["kind"] == "GoPark"].iloc[0]
    assert (park["reason"], park["arg"], park["g"]) == ("chan receive", 3, 2)
    assert f[f["kind"] == "MPark"]["reason"].tolist() == ["idle", "netpoll"]
    assert f[f["kind"] == "GoSyscall"]["reason"].isna().all()
    assert f[f["kind"] == "MCreate"]["aux"].isna().tolist() == [True, False, False]
    assert f[f["kind"] == "PBusy"]["g"].isna().all()
    gets = f[f["kind"] == "QGet"]
    assert gets["arg"].tolist() == [1, 1]
    assert gets["position"].isna().tolist() == [True, False]
    assert gets["position"].iloc[1] == 4
    assert f[f["kind"] == "StealPass"]["position"].tolist() == [3]


def test_goroutines_come_by_id_with_their_labels() -> None:
    f = Run(record()).goroutines
    assert f["g"].tolist() == [1, 2, 3]
    assert f["parent"].isna().tolist() == [True, False, False]
    assert f["exited_ns"].isna().tolist() == [True, False, True]
    assert f["first_run_ns"].isna().tolist() == [False, False, True]
    assert f["cls"].tolist() == ["", "web", "db\nline two"]
    assert f["kind"].tolist() == ["user", "user", "user"]
    assert list(f["kind"].cat.categories) == ["user", "system"]


def test_machines_and_processors_show_why_and_where_the_time_went() -> None:
    run = Run(record())
    assert run.machines["why"].tolist() == ["boot", "sysmon", "wakep"]
    assert run.machines["exit_why"].isna().tolist() == [True, True, False]
    assert run.machines["tid"].isna().tolist() == [True, False, True]
    assert run.machines["idle_ns"].tolist() == [0, 200, 120]
    assert run.processors["running_ns"].tolist() == [150, 10]


@pytest.mark.parametrize("table", list(COLUMNS))
@pytest.mark.parametrize("level", [LEVEL_OFF, LEVEL_CALLS])
def test_columns_types_and_categories_do_not_depend_on_the_rows(table: str, level: int) -> None:
    f = FRAMES[table](record(level))
    assert list(f.columns) == list(COLUMNS[table])
    for name, column in COLUMNS[table].items():
        if column.dtype == "category":
            assert tuple(f[name].cat.categories) == column.names
        elif column.dtype != "text":
            assert str(f[name].dtype) == column.dtype
    empty = FRAMES[table](Record())
    assert {str(t) for t in empty.dtypes if t != "category"} == {str(t) for t in f.dtypes if t != "category"}


def test_the_closed_enumerations_are_the_vocabularys() -> None:
    f = Run(record())
    assert tuple(f.schedule["caller"].cat.categories) == CALLERS
    assert tuple(f.schedule["source"].cat.categories) == SOURCES
    assert tuple(f.events["kind"].cat.categories) == EVENT_KINDS
    assert "" not in REASONS and len(set(REASONS)) == len(REASONS) < 128
    assert f.events["kind"].cat.codes.dtype == np.int8


@pytest.mark.parametrize("table", ["schedule", "events", "goroutines", "calls"])
def test_a_stored_row_is_at_most_64_bytes(table: str) -> None:
    assert frames.ROW_WORDS[table] * 8 <= 64


def test_the_greatest_ids_fit() -> None:
    r = record()
    most = 65_533
    r.tables["schedule"] = [schedule_row(2**62, 2**31 - 2, most, 2**31 - 2, victim=most, ready=1)]
    r.processors = [(p, 0, 0, ()) for p in range(most + 1)]
    f = Run(r).schedule
    assert (f["m"][0], f["p"][0], f["g"][0], f["victim_p"][0]) == (2**31 - 2, most, 2**31 - 2, most)
    assert (str(f["p"].dtype), str(Run(record()).schedule["p"].dtype)) == ("Int32", "Int16")
    assert str(Run(r).processors["p"].dtype) == "Int32"


@pytest.mark.parametrize(
    ("table", "content", "fact"),
    [
        ("events", event_row(1, 77, g=1), f"column kind, row 2: code 77: there are {len(EVENT_KINDS)}"),
        ("events", event_row(1, GO_PARK, g=1, reason=99), f"row 2: a GoPark with reason 99: there are {len(WAIT_REASONS)}"),
        ("schedule", schedule_row(1, 0, 0, 1, caller=200), "column caller, row 2: code 200: there are 10"),
        ("schedule", schedule_row(1, 0, 40_000, 1), "column p, row 2: 40000 is beyond the Int16 of this run"),
        ("schedule", b"abc", "chunk 1 has 3 bytes: no whole number of rows of 64 bytes"),
        ("goroutines", struct.pack("<8q", 8 << 32, 9 << 32, 0, 0, 0, 0, 0, 0), "g 7 has label 9: the record has 4"),
    ],
)
def test_a_row_that_cannot_be_is_named(table: str, content: bytes, fact: str) -> None:
    r = record()
    whole = {"events": EVENTS, "schedule": SCHEDULE}.get(table, [])[:2]
    r.tables[table] = [*([b"".join(whole)] if whole else []), content]
    with pytest.raises(TraceError, match=fact):
        getattr(Run(r), table)


def test_frames_go_back_into_the_same_rows() -> None:
    r = record(LEVEL_CALLS)
    run = Run(r)
    assert rows.schedule_rows(run.schedule) == b"".join(r.tables["schedule"])
    assert rows.event_rows(run.events) == b"".join(r.tables["events"])
    assert rows.call_rows(run.calls) == b"".join(r.tables["calls"])
    by_id = Record()
    by_id.labels, by_id.tables = r.labels, {"goroutines": [rows.goroutine_rows(run.goroutines, r)]}
    pd.testing.assert_frame_equal(frames.goroutines_frame(by_id), run.goroutines)


def test_the_rows_are_the_same_however_many_become_a_chunk_and_a_wrong_one_is_told_by_its_place_in_the_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "CHUNK_ROWS", 2)
    run = Run(record(LEVEL_CALLS))
    made = {name: getattr(run, name) for name in COLUMNS}
    back = Record()
    back.labels = run.record.labels
    rows.fill(back, made)
    assert [len(chunk) for chunk in back.tables["schedule"]] == [128, 64]
    assert Run(back).digest == run.digest
    made["schedule"] = made["schedule"].assign(wait_ns=[10, 30, 21])
    with pytest.raises(TraceError, match="^out/schedule, row 2: wait_ns is not t_ns - ready_ns"):
        rows.fill(Record(), made, "out/")


def test_spans_are_each_goroutines_life_without_a_gap() -> None:
    f = Run(record()).spans
    own = f[(f["g"] == 2) & (f["kind"] != "region")]
    assert own["kind"].tolist() == ["runnable", "running", "waiting", "runnable", "running", "syscall", "running"]
    assert own["begin_ns"].tolist() == [30, 60, 70, 90, 110, 120, 150]
    assert own["end_ns"].tolist() == [60, 70, 90, 110, 120, 150, 160]
    assert own["name"].tolist() == ["", "", "chan receive", "", "", "", ""]
    assert own["p"].tolist() == [pd.NA, 1, pd.NA, pd.NA, 0, 0, 0]
    # What is open at the end of the run ends with it.
    assert f[f["g"] == 3][["kind", "begin_ns", "end_ns"]].to_numpy().tolist() == [["runnable", 30, 200]]


def test_regions_nest_and_an_open_one_ends_with_the_run() -> None:
    f = Run(record()).spans.query("kind == 'region'")
    assert f[["name", "begin_ns", "end_ns", "g"]].to_numpy().tolist() == [
        ["request", 20, 200, 1], ["query, with a comma", 25, 80, 1],
    ]


def test_wakeups_tell_who_woke_whom_and_where_it_ran() -> None:
    f = Run(record()).wakeups
    assert f["g"].tolist() == [1, 2, 3, 2]
    assert f["new"].tolist() == [True, True, True, False]
    assert f["by_g"].tolist() == [pd.NA, 1, 1, 1]
    assert f["queue"].tolist() == ["runnext", "local", "local", "runnext"]
    assert f["start_ns"].tolist() == [10, 60, pd.NA, 110]
    assert f["start_m"].tolist() == [0, 2, pd.NA, 0]
    assert f["wait_ns"].tolist() == [10, 30, pd.NA, 20]


def test_series_count_what_is_in_each_state() -> None:
    f = Run(record()).series.set_index("t_ns")
    assert f.loc[0].to_dict() == {
        "runnable": 1, "running": 0, "syscall": 0, "waiting": 0, "idle_p": 1, "spinning_m": 0, "threads": 2,
        "global_q": 0,
    }
    assert f.loc[70].to_dict() == {
        "runnable": 1, "running": 1, "syscall": 0, "waiting": 1, "idle_p": 0, "spinning_m": 0, "threads": 3,
        "global_q": 0,
    }
    assert f.loc[120, "syscall"] == 1
    assert f.iloc[-1].to_dict()["runnable"] == 2
    assert f.index.is_unique


def test_the_global_queue_gains_what_overflows_and_drains_and_loses_what_is_taken() -> None:
    r = record()
    r.tables["events"] = [b"".join((
        event_row(1, GO_CREATE, g=2, m=0, p=0, reason=Q_RUNNEXT, aux=0),  # P0: g2
        event_row(2, GO_CREATE, g=3, m=0, p=0, reason=Q_RUNNEXT, aux=0),  # P0: g3 g2
        event_row(3, GO_READY, g=4, m=0, p=0, reason=Q_LOCAL, aux=0), event_row(4, Q_DRAIN, m=0, p=0),
        event_row(5, Q_GET, g=3, m=0, p=0, reason=SRC_GLOBAL, arg=2),  # P0: g2
        event_row(6, Q_DRAIN, m=0, p=0),
        event_row(7, GO_STOP, g=3, m=0, p=0, reason=STOP_GOSCHED, arg=Q_GLOBAL),
        event_row(8, Q_GET, g=4, m=0, p=0, reason=SRC_GLOBAL_TICK, arg=1),
        event_row(9, GO_READY, g=5, m=0, p=0, reason=Q_LOCAL, aux=0), event_row(9, Q_OVERFLOW, g=5, m=0, p=0, arg=0),
    ))]
    series = Run(r).series
    assert list(zip(series["t_ns"], series["global_q"], strict=True)) == [
        (1, 0), (2, 0), (3, 0), (4, 3), (5, 1), (6, 2), (7, 3), (8, 2), (9, 3),
    ]


def test_steals_are_the_rows_that_stole() -> None:
    assert Run(record()).steals["t_ns"].tolist() == [60]


def test_what_follows_from_no_rows_is_empty() -> None:
    r = record()
    r.tables = {name: [] for name in r.tables}
    run = Run(r)
    assert [len(run.spans), len(run.wakeups), len(run.series), len(run.steals)] == [0, 0, 0, 0]
    assert spans.wakeups_frame(Record()).empty


def test_a_view_that_lacks_a_fact_says_which() -> None:
    run = Run(record(LEVEL_SCHEDULE))
    assert "events" not in run.provides and "steals" in run.provides
    with pytest.raises(TraceError, match="run.spans needs the spans .*level 'schedule': record at level 'full'"):
        run.spans  # noqa: B018
    with pytest.raises(TraceError, match="run.window needs the schedule .*level 'off'"):
        Run(record(LEVEL_OFF)).window(0)
    r = record()
    r.header["provides"] = ["schedule", "goroutines"]
    with pytest.raises(TraceError, match="run.steals needs the steals .* its source, or window, does not know them"):
        Run(r).steals  # noqa: B018


def test_conveniences_are_found_by_name_and_other_names_are_not() -> None:
    run = Run(record())
    assert set(CONVENIENCES) <= set(dir(run))
    with pytest.raises(AttributeError, match="'Run' object has no attribute 'scedule'"):
        getattr(run, "scedule")  # noqa: B009


def test_a_function_becomes_a_method_and_a_class_an_attribute(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plots:
        def __init__(self, run: Run) -> None:
            self.run = run

    stand_in = ModuleType("stand_in")
    vars(stand_in).update(at=lambda run, t: (run, t), Plots=Plots)
    monkeypatch.setitem(sys.modules, "stand_in", stand_in)
    monkeypatch.setitem(CONVENIENCES, "at", "stand_in:at")
    monkeypatch.setitem(CONVENIENCES, "plot", "stand_in:Plots")
    monkeypatch.setitem(CONVENIENCES, "view", "gmplab.no_such_module:Views")
    run = Run(record())
    assert run.at(5) == (run, 5)
    assert run.plot.run is run
    with pytest.raises(AttributeError, match="run.view needs gmplab.no_such_module, which cannot be imported"):
        run.view  # noqa: B018


def test_a_window_is_the_rows_and_the_lives_of_its_time() -> None:
    run = Run(record()).window(60, "0.111us")
    assert run.schedule["t_ns"].tolist() == [60, 110]
    assert run.events["t_ns"].min() == 60 and run.events["t_ns"].max() == 110
    assert run.goroutines["g"].tolist() == [1, 2, 3]
    assert run.machines["m"].tolist() == [0, 1, 2]
    assert run.machines["running_ns"].isna().all()
    assert Run(record()).window(165).goroutines["g"].tolist() == [1, 3]
    assert Run(record()).window(0, 35).machines["m"].tolist() == [0, 1]
    assert "modes" not in run.provides and "events" in run.provides


@pytest.mark.parametrize(
    ("t0", "t1", "fact"),
    [
        (100, 100, "t1 must be after t0"), ("1ms", None, "t1 must be after t0"),
        (-1, None, "t0 = -1: must not be negative"), (0, "3 parsecs", "needs a number and one of the units"),
    ],
)
def test_a_window_that_cannot_be_is_refused(t0: int | str, t1: int | str | None, fact: str) -> None:
    with pytest.raises(ValueError, match=fact):
        Run(record()).window(t0, t1)


def test_the_digest_is_of_the_rows_and_not_of_their_chunks() -> None:
    one, two = record(), record()
    two.tables = {name: [b"".join(chunks)] for name, chunks in two.tables.items()}
    two.header["seed"] = 99
    assert Run(one).digest == Run(two).digest
    two.tables["events"] = [b"".join(EVENTS[1:])]
    assert Run(one).digest != Run(two).digest


def test_the_stored_position_of_a_get_is_apart_from_its_count() -> None:
    r = record()
    r.tables["events"] = [event_row(1, Q_GET, g=1, m=0, p=0, arg=(1 << 32) | 128)]
    f = Run(r).events
    assert (f["arg"][0], f["position"][0]) == (128, 0)


def test_a_run_shows_itself_in_eight_aligned_lines() -> None:
    lines = repr(Run(record())).splitlines()
    assert len(lines) == 8
    assert all(line[10] == " " and line[11] != " " for line in lines)
    assert lines[0] == "run        by_hand under go, P=2, seed 1, complete"


def test_the_card_is_small_and_runs_nothing() -> None:
    r = record()
    r.header["workload"] = "<script>alert(1)</script>" + "x" * 100_000
    many = [
        schedule_row(t * 10 + p % 7, p, p, p + 1, ready=0, enter=t * 10 - 3, source=2)
        for t in range(1, 400) for p in range(64)
    ]
    r.tables["schedule"] = [b"".join(many)]
    r.processors = [(p, 0, 0, r.processors[0][3]) for p in range(64)]
    r.end_ns = 4_000
    shown = Run(r)._repr_html_()
    assert "<script" not in shown and "&lt;script" in shown
    assert "<svg" in shown and len(shown.encode()) < 60_000


def test_the_picture_has_all_of_the_busy_time() -> None:
    # p0: 10 to 100 (its M enters schedule() again) and 110 to the end; p1: 60 to the end.
    shares = busy(record())
    assert shares.shape == (2, BINS)
    assert (shares.sum(axis=1) * 200 / BINS).tolist() == pytest.approx([90 + 90, 140])


def test_a_record_without_schedules_has_no_picture() -> None:
    assert "<svg" not in Run(record(LEVEL_OFF))._repr_html_()


@pytest.mark.parametrize("most", [7, 1 << 15, 1 << 17, 1 << 31])
def test_ids_are_ordered_as_they_stand_where_they_are_equal(most: int) -> None:
    ids = np.random.default_rng(1).integers(-1, most, 2_000, endpoint=True)
    assert frames.order_by(ids).tolist() == sorted(range(len(ids)), key=lambda i: ids[i])
    assert len(frames.order_by(ids[:0])) == 0
