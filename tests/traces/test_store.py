"""A record in one file: whole or absent, the same bytes each time, and nothing of it lost."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.traces import store
from gmplab.traces.frames import kept
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_CALLS
from tests.traces.records import record


def test_a_record_comes_back_whole(tmp_path: Path) -> None:
    r = record(LEVEL_CALLS)
    back = store.load(store.save(r, tmp_path / "a.gmp"))
    for name, value in vars_of(r).items():
        if name != "tables":
            assert getattr(back, name) == value, name
    assert {k: b"".join(v) for k, v in back.tables.items()} == {k: b"".join(kept(r, k)) for k in r.tables}
    assert Run.load(tmp_path / "a.gmp").digest == Run(r).digest


def vars_of(r: Any) -> dict[str, Any]:
    """The attributes of a record, whether it is compiled or not."""
    names = (
        "header", "level", "tables", "labels", "texts", "objects", "machines", "processors", "counters", "histograms",
        "sums", "jain", "end_ns", "complete", "stopped_by",
    )
    return {name: getattr(r, name) for name in names}


def test_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    Run(record()).save(tmp_path / "a.gmp")
    Run(record()).save(tmp_path / "b.gmp")
    assert (tmp_path / "a.gmp").read_bytes() == (tmp_path / "b.gmp").read_bytes()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    path = Run(record()).save(tmp_path / "a.gmp")
    with pytest.raises(FileExistsError, match="save: .* exists: give another file, or overwrite=True"):
        Run(record(0)).save(path)
    assert Run.load(path).record.level == 2
    Run(record(0)).save(path, overwrite=True)
    assert Run.load(path).record.level == 0
    assert [p.name for p in tmp_path.iterdir()] == ["a.gmp"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    r = record()
    r.tables["events"] = [r.tables["events"][0], "no bytes"]  # type: ignore[list-item]
    with pytest.raises(TypeError):
        store.save(r, tmp_path / "a.gmp")
    assert list(tmp_path.iterdir()) == []


def changed(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, bytes]], None]:
    """Damage of the JSON document."""

    def damage(members: dict[str, bytes]) -> None:
        doc = json.loads(members["record.json"])
        change(doc)
        members["record.json"] = json.dumps(doc).encode()

    return damage


@pytest.mark.parametrize(
    ("damage", "fact"),
    [
        (lambda members: members.pop("record.json"), "has no record.json"),
        (lambda members: members.pop("events.rows"), "table events is missing"),
        (lambda members: members.update({"events.rows": b"123"}), "table events has 3 bytes: 27 rows need 864"),
        (lambda members: members.update({"record.json": b"{"}), "record.json: "),
        (changed(lambda doc: doc.update(format="another")), "is no 'gmplab record'"),
        (changed(lambda doc: doc.update(schema=[9, 1])), "schema 9.1: this version of gmplab reads 1.x"),
        (changed(lambda doc: doc.update(schema="new")), "schema = 'new': must be"),
        (changed(lambda doc: doc.pop("header")), "'header' is missing or no dict"),
        (changed(lambda doc: doc["record"].pop("counters")), "'counters' is missing"),
        (changed(lambda doc: doc["record"].update(end_ns="soon")), "record.json: invalid literal"),
        (changed(lambda doc: doc["record"]["histograms"][0].update(buckets=[[5000, 1]])), "bucket 5000: must be 0 to"),
        (changed(lambda doc: doc["machines"][1].pop()), "machines, row 1: must be 7 ints"),
        (changed(lambda doc: doc["rows"].update(secrets=1)), "table 'secrets': there is no such table"),
    ],
)
def test_a_damaged_file_is_told(tmp_path: Path, damage: Callable[[dict[str, bytes]], Any], fact: str) -> None:
    path = Run(record()).save(tmp_path / "a.gmp")
    with zipfile.ZipFile(path) as z:
        members = {name: z.read(name) for name in z.namelist()}
    damage(members)
    with zipfile.ZipFile(path, "w") as z:
        for name, content in members.items():
            z.writestr(name, content)
    with pytest.raises(TraceError, match=fact):
        Run.load(path)


def test_a_file_cut_short_or_flipped_is_told(tmp_path: Path) -> None:
    path = Run(record()).save(tmp_path / "a.gmp")
    whole = path.read_bytes()
    for damaged in (whole[:200], whole[:60] + bytes([whole[60] ^ 255]) + whole[61:], b"", b"not a zip at all"):
        path.write_bytes(damaged)
        with pytest.raises(TraceError, match="a.gmp"):
            Run.load(path)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a.gmp").write_bytes(pickle.dumps({"format": "gmplab record"}))
    with pytest.raises(TraceError, match="is no record of gmplab"):
        Run.load(tmp_path / "a.gmp")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Run.load(tmp_path / "nowhere.gmp")


def test_load_reads_whatever_a_run_was_kept_as(tmp_path: Path) -> None:
    run = gl.run("fanout", n=5)
    for path in (run.save(tmp_path / "r.gmp"), run.to_csv(tmp_path / "csv"), run.to_parquet(tmp_path / "parquet")):
        assert gl.load(path).digest == run.digest
    with pytest.raises(FileNotFoundError):
        gl.load(tmp_path / "nothing")


def test_a_run_gives_the_same_file_and_digest_by_whatever_way_it_came(tmp_path: Path) -> None:
    # The core writes a goroutine's row at its end; a folder has them by id.
    run = gl.run("mixed_io", procs=3, seed=5)
    run.to_csv(tmp_path / "csv")
    run.to_parquet(tmp_path / "parquet")
    ways = {"straight": run, "csv": gl.read_csv(tmp_path / "csv"), "parquet": gl.read_parquet(tmp_path / "parquet")}
    for name, way in ways.items():
        way.save(tmp_path / f"{name}.gmp")
    assert len({(tmp_path / f"{name}.gmp").read_bytes() for name in ways}) == 1
    assert {gl.load(tmp_path / f"{name}.gmp").digest for name in ways} == {run.digest}
