"""Parquet: one file a table, whole or not at all, and equal frames back."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from gmplab.errors import TraceError
from gmplab.traces import folder
from gmplab.traces.parquet import read_parquet
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_CALLS, LEVEL_FULL, LEVEL_OFF
from tests.traces.records import record


@pytest.mark.parametrize("level", [LEVEL_OFF, LEVEL_FULL, LEVEL_CALLS])
def test_what_is_read_equals_what_was_written(tmp_path: Path, level: int) -> None:
    run = Run(record(level))
    back = read_parquet(run.to_parquet(tmp_path / "out"))
    for table in ("schedule", "events", "goroutines", "machines", "processors", "calls"):
        pd.testing.assert_frame_equal(getattr(back, table), getattr(run, table), check_exact=True)
    assert str(back.metrics) == str(run.metrics)
    assert (back.digest, repr(back)) == (run.digest, repr(run))


def test_any_reader_of_parquet_sees_names_and_nulls(tmp_path: Path) -> None:
    out = Run(record()).to_parquet(tmp_path / "out")
    rows = pq.read_table(out / "schedule.parquet").to_pylist()
    assert (rows[1]["source"], rows[1]["victim_p"], rows[0]["victim_p"]) == ("steal", 0, None)


def test_instants_are_kept_as_differences_and_alone_have_statistics(tmp_path: Path) -> None:
    out = Run(record()).to_parquet(tmp_path / "out")
    group = pq.ParquetFile(out / "schedule.parquet").metadata.row_group(0)
    columns = {c.path_in_schema: c for c in map(group.column, range(group.num_columns))}
    packed = {name for name, c in columns.items() if "DELTA_BINARY_PACKED" in c.encodings}
    assert packed == {name for name, c in columns.items() if c.statistics} == {"t_ns", "ready_ns", "enter_ns"}
    assert (columns["t_ns"].statistics.min, columns["t_ns"].statistics.max) == (10, 110)


def test_a_folder_that_is_there_is_kept(tmp_path: Path) -> None:
    out = Run(record()).to_parquet(tmp_path / "out")
    with pytest.raises(FileExistsError, match="to_parquet: .*give another folder, or overwrite=True"):
        Run(record()).to_parquet(out)
    Run(record(LEVEL_OFF)).to_parquet(out, overwrite=True)
    assert read_parquet(out).events.empty


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder, "write_json", full)
    with pytest.raises(OSError, match="No space left"):
        Run(record()).to_parquet(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    out = Run(record()).to_parquet(tmp_path / "out")
    whole = (out / "events.parquet").read_bytes()
    (out / "events.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TraceError, match="events.parquet: "):
        read_parquet(out)
    pq.write_table(pq.read_table(out / "schedule.parquet").slice(1), out / "schedule.parquet")
    with pytest.raises(TraceError, match="schedule.parquet, row 2: the file has 2 rows, meta.json says 3"):
        read_parquet(out)
    pq.write_table(pq.read_table(out / "schedule.parquet").drop_columns(["p"]), out / "schedule.parquet")
    with pytest.raises(TraceError, match="schedule.parquet: has no column p"):
        read_parquet(out)


def test_a_folder_of_csv_is_none_of_parquet(tmp_path: Path) -> None:
    out = Run(record()).to_csv(tmp_path / "out")
    with pytest.raises(TraceError, match="schedule.parquet: is missing"):
        read_parquet(out)
