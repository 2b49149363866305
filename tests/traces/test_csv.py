"""CSV: one file a table, whole or not at all, and equal frames back."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.csv as pacsv
import pytest

from gmplab.errors import TraceError
from gmplab.traces import csv, folder
from gmplab.traces.arrow import to_arrow
from gmplab.traces.csv import read_csv
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_CALLS, LEVEL_FULL, LEVEL_OFF
from tests.traces.records import record

TABLES = ("schedule", "events", "goroutines", "machines", "processors")


@pytest.mark.parametrize("level", [LEVEL_OFF, LEVEL_FULL, LEVEL_CALLS])
def test_what_is_read_equals_what_was_written(tmp_path: Path, level: int) -> None:
    run = Run(record(level))
    back = read_csv(run.to_csv(tmp_path / "out"))
    for table in (*TABLES, "calls"):
        pd.testing.assert_frame_equal(getattr(back, table), getattr(run, table), check_exact=True)
    assert str(back.metrics) == str(run.metrics)
    assert (back.digest, repr(back)) == (run.digest, repr(run))
    assert back.record.texts == run.record.texts and back.record.objects == run.record.objects
    assert back.record.machines == run.record.machines and back.record.processors == run.record.processors
    for table in ("schedule", "events", "calls"):
        assert b"".join(back.record.tables[table]) == b"".join(run.record.tables[table])


def test_a_window_goes_out_and_comes_back(tmp_path: Path) -> None:
    run = Run(record()).window(60, 120)
    back = read_csv(run.to_csv(tmp_path / "out"))
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(back, table), getattr(run, table), check_exact=True)
    # The counts at its begin came from the whole run.
    assert back.provides == run.provides - {"series"}


def test_the_files_are_the_tables_and_two_documents(tmp_path: Path) -> None:
    out = Run(record()).to_csv(tmp_path / "deep" / "out")
    files = [*(f"{t}.csv" for t in TABLES), "meta.json", "environment.json"]
    assert sorted(p.name for p in out.iterdir()) == sorted(files)
    meta = json.loads((out / "meta.json").read_text())
    assert (meta["schema"], meta["model"], meta["config"]["seed"]) == ([1, 0], 1, 1)
    assert meta["rows"] == {"schedule": 3, "events": 27, "goroutines": 3, "machines": 3, "processors": 2}
    assert meta["columns"]["schedule"]["wait_ns"]["unit"] == "ns"
    assert {"python", "build", "host", "written"} <= set(json.loads((out / "environment.json").read_text()))
    assert (out / "schedule.csv").read_text().splitlines()[2] == '60,2,1,2,"mstart","steal",0,1,30,30,45,15,7,9,0,1,4,3'


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    a, b = Run(record()).to_csv(tmp_path / "a"), Run(record()).to_csv(tmp_path / "b")
    for name in (*(f"{t}.csv" for t in TABLES), "meta.json"):
        assert (a / name).read_bytes() == (b / name).read_bytes()


def test_the_bytes_are_those_of_arrows_own_writer_however_many_rows_it_gets_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(record(LEVEL_CALLS))
    whole, parts = run.to_csv(tmp_path / "whole"), tmp_path / "parts"
    monkeypatch.setattr(csv, "SLICE_ROWS", 2)
    run.to_csv(parts)
    for name in (*TABLES, "calls"):
        pacsv.write_csv(to_arrow(getattr(run, name), name, 2), tmp_path / "plain.csv")
        plain = (tmp_path / "plain.csv").read_bytes()
        assert (whole / f"{name}.csv").read_bytes() == (parts / f"{name}.csv").read_bytes() == plain


def test_a_folder_that_is_there_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "out"
    Run(record()).to_csv(out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    with pytest.raises(FileExistsError, match="to_csv: .*out exists: give another folder, or overwrite=True"):
        Run(record(LEVEL_OFF)).to_csv(out)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    Run(record(LEVEL_OFF)).to_csv(out, overwrite=True)
    assert len(read_csv(out).schedule) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_the_users_own_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "meta.json").write_text('{"format": "mine"}')
    with pytest.raises(FileExistsError, match="is not a folder that gmplab wrote: it is never overwritten"):
        Run(record()).to_csv(tmp_path / "thesis", overwrite=True)
    (tmp_path / "note").write_text("x")
    with pytest.raises(FileExistsError, match="is not a folder"):
        Run(record()).to_csv(tmp_path / "note", overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["note", "thesis"]


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("failing", ["write_json", "sha256"])
def test_a_full_disk_leaves_nothing_and_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, failing: str
) -> None:
    out = tmp_path / "out"
    if there:
        Run(record()).to_csv(out)
    before = {p.name: p.read_bytes() for p in out.iterdir()} if there else {}

    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder, failing, full)
    with pytest.raises(OSError, match="No space left"):
        Run(record(LEVEL_OFF)).to_csv(out, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == (["out"] if there else [])
    assert ({p.name: p.read_bytes() for p in out.iterdir()} if there else {}) == before


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(folder, "write_json", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Run(record()).to_csv(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def edited(name: str, old: str, new: str) -> Callable[[Path], None]:
    """Damage: the first `old` of a file is `new`."""

    def edit(out: Path) -> None:
        text = (out / name).read_text()
        assert old in text
        (out / name).write_text(text.replace(old, new, 1))

    return edit


def cut(name: str, lines: int) -> Callable[[Path], None]:
    """Damage: the last lines of a file are gone."""

    def edit(out: Path) -> None:
        (out / name).write_text("".join((out / name).read_text().splitlines(keepends=True)[:-lines]))

    return edit


def unsigned(damage: Callable[[Path], None]) -> Callable[[Path], None]:
    """A damage of a meta.json that does not tell its own SHA-256, as older ones do not."""

    def edit(out: Path) -> None:
        meta = json.loads((out / "meta.json").read_text())
        del meta["sha256"]["meta.json"]
        (out / "meta.json").write_text(json.dumps(meta))
        damage(out)

    return edit


def gone(name: str) -> Callable[[Path], None]:
    """Damage: a file is gone."""
    return lambda out: (out / name).unlink()


def test_a_meta_that_a_tool_sorted_or_somebody_added_to_is_still_the_one_that_was_written(tmp_path: Path) -> None:
    run = Run(record())
    out = run.to_csv(tmp_path / "out")
    meta = json.loads((out / "meta.json").read_text())
    (out / "meta.json").write_text(json.dumps({**meta, "note": "for chapter 3"}, sort_keys=True))
    assert read_csv(out).digest == run.digest


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (gone("meta.json"), "has no meta.json"),
        (gone("events.csv"), "events.csv: is missing"),
        (edited("meta.json", "{", ""), "meta.json: "),
        (edited("meta.json", "gmplab tables", "other tables"), "meta.json: is no 'gmplab tables'"),
        (edited("meta.json", ' "schema": [\n  1,', ' "schema": [\n  2,'), "schema 2.0: this version of gmplab reads"),
        (unsigned(edited("meta.json", '"jain"', '"jane"')), "meta.json: 'jain' is missing"),
        (edited("meta.json", '"jain"', '"jane"'), "meta.json: is not the file that was written"),
        (edited("meta.json", '"seed": 1', '"seed": 2'), "meta.json: is not the file that was written"),
        (edited("schedule.csv", "60,2,1", "sixty,2,1"), "schedule.csv, row 1: t_ns = 'sixty': is no whole number"),
        (edited("schedule.csv", "60,2,1", "60,2,70000"), "schedule.csv, row 1: p = '70000': does not fit in 16 bits"),
        (edited("schedule.csv", "60,2,1", ",2,1"), "schedule.csv, row 1: t_ns is empty"),
        (edited("schedule.csv", ",9,0,1,4,3", ",9,0"), "schedule.csv, row 1: 15 values: there are 18 columns"),
        (edited("schedule.csv", '"steal"', '"stole"'), "schedule.csv, row 1: source = 'stole': is no name"),
        (edited("schedule.csv", "60,2,1,2", "61,2,1,2"), "schedule.csv: is not the file that was written: its SHA-256"),
        (edited("schedule.csv", '"wait_ns"', '"weight_ns"'), "schedule.csv: has no column wait_ns"),
        (edited("events.csv", '"GoExit"', "GoExited"), "events.csv, row 23: kind = 'GoExited': is no name"),
        (cut("events.csv", 1), "events.csv, row 26: the file has 26 rows, meta.json says 27"),
        (cut("processors.csv", 1), "processors.csv, row 1: the file has 1 rows, meta.json says 2"),
        (edited("goroutines.csv", ",90,110", ",91,110"), "goroutines.csv: is not the file that was written"),
        (lambda out: (out / "machines.csv").write_bytes(b""), "machines.csv: "),
        (lambda out: (out / "machines.csv").write_bytes(b"\xff\xfe\x00"), "machines.csv: "),
    ],
)
def test_a_damaged_folder_is_told_by_file_row_and_fact(
    tmp_path: Path, damage: Callable[[Path], None], fact: str
) -> None:
    out = Run(record()).to_csv(tmp_path / "out")
    damage(out)
    with pytest.raises(TraceError, match=fact):
        read_csv(out)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        read_csv(tmp_path / "nowhere")


def test_words_with_commas_quotes_and_line_ends_survive(tmp_path: Path) -> None:
    r = record()
    r.labels = [(0, 'a "quoted", name', "", ""), (0, "", "two\nlines", "\u00fcber.py:1"), (0, "NULL", "NA", "nan")]
    r.labels.append((0, "worker", "", ""))
    back = read_csv(Run(r).to_csv(tmp_path / "out"))
    assert back.goroutines["name"].tolist() == ['a "quoted", name', "", "worker"]
    assert back.goroutines["site"].tolist()[1] == "\u00fcber.py:1"
