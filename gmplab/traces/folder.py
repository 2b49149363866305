"""A folder of tables, whole or not at all, with what lies beside them: meta.json and environment.json."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pandas as pd

from gmplab.errors import TraceError
from gmplab.runtime import dice
from gmplab.runtime.recorder import Record
from gmplab.traces.columns import COLUMNS, dtype_of
from gmplab.traces.frames import texts_of
from gmplab.traces.rows import fill
from gmplab.traces.run import Run
from gmplab.traces.store import check_schema, document, record_of
from gmplab.vocabulary import MODEL, SCHEMA

FORMAT: Final = "gmplab tables"


def tables_of(record: Record) -> tuple[str, ...]:
    """The tables that a record of this level has something to say in; `calls` only at its own level."""
    return tuple(name for name in COLUMNS if name != "calls" or record.tables.get("calls"))


@contextlib.contextmanager
def whole_folder(folder: str | os.PathLike[str], overwrite: bool, what: str) -> Iterator[Path]:
    """A folder to write into that takes its name when the block ends well, and is gone when it does not.

    Raises
    ------
    FileExistsError
        The folder is there and `overwrite` is False; or it is none of ours, and then nothing overwrites it.
    """
    target = Path(folder)
    if os.path.lexists(target):
        if not overwrite:
            raise FileExistsError(f"{what}: {target} exists: give another folder, or overwrite=True")
        if not is_ours(target):
            raise FileExistsError(f"{what}: {target} is not a folder that gmplab wrote: it is never overwritten")
    with replacing(target) as making:
        yield making


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A folder to write into that takes the place of `target` when the block ends well, and is gone when it does not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    making.mkdir()
    try:
        yield making
        if target.exists():
            # A folder cannot be renamed over one that has files: the old one steps aside until the new one is in place.
            aside = making.with_name(f"{making.name}-old")
            os.rename(target, aside)
            try:
                os.rename(making, target)
            except BaseException:
                os.rename(aside, target)
                raise
            shutil.rmtree(aside)
        else:
            os.rename(making, target)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


def is_ours(folder: Path) -> bool:
    """Whether a folder is empty, or one that an export made."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    if not any(folder.iterdir()):
        return True
    try:
        return str(json.loads((folder / "meta.json").read_bytes())["format"]) == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write_meta(run: Run, making: Path, suffix: str) -> None:
    """Write meta.json (the reproducible part, with the SHA-256 of each file and of itself) and environment.json (the rest)."""
    record = run.record
    names = tables_of(record)
    meta: dict[str, Any] = {
        "format": FORMAT, "schema": list(SCHEMA), "model": record.header.get("model", MODEL), "config": record.header,
        "digest": run.digest, "rows": {name: len(getattr(run, name)) for name in names},
        "sha256": {f"{name}{suffix}": sha256(making / f"{name}{suffix}") for name in names},
        "columns": {
            name: {
                c: {"dtype": dtype_of(column, len(record.processors)), "unit": column.unit, "what": column.what}
                for c, column in COLUMNS[name].items()
            }
            for name in names
        },
        "units": {
            "ns": "nanoseconds since the start of the run, or a duration", "id": "dense, from 0 (goroutines: from 1)",
        },
        "record": document(record),
    }
    meta["sha256"]["meta.json"] = sha256_of_parts(meta)
    write_json(making / "meta.json", meta)
    write_json(making / "environment.json", environment())


def write_json(path: Path, doc: Any) -> None:
    """Write a document so that equal ones are equal bytes."""
    path.write_text(json.dumps(doc, indent=1) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def sha256_of_parts(meta: Mapping[str, Any]) -> str:
    """The SHA-256 of what meta.json says itself, whatever its white space and order; what somebody adds to it does not count."""
    parts = {name: meta.get(name) for name in ("schema", "model", "config", "digest", "rows", "columns", "units", "record")}
    # Sorted as they are read back: there all keys are texts.
    as_read = json.loads(json.dumps(parts))
    return hashlib.sha256(json.dumps(as_read, sort_keys=True).encode()).hexdigest()


def environment() -> dict[str, Any]:
    """Where and when: all that may differ between two runs that are the same."""
    versions: dict[str, str] = {}
    for package in ("gmplab", "numpy", "pandas", "pyarrow"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "unknown"
    return {
        "versions": versions, "python": platform.python_version(), "implementation": platform.python_implementation(),
        "build": "uncompiled" if dice.PY else "compiled", "platform": platform.platform(),
        "machine": platform.machine(), "host": platform.node(), "cpus": os.cpu_count(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def read_tables(
    folder: Path, suffix: str, read_table: Callable[[Path, str, int, Mapping[str, tuple[str, ...]]], pd.DataFrame]
) -> Run:
    """The run that was written into a folder, one file a table.

    Parameters
    ----------
    folder : Path
    suffix : str
        Of the tables' files.
    read_table : function
        Of the path of one, the table's name, the number of Ps and the texts of goroutines: its frame.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    TraceError
        It is none that an export made, or damaged.
    """
    meta, record = read_meta(folder, suffix)
    procs = meta["rows"]["processors"]
    texts = {name: texts_of(record, name) for name in ("name", "cls", "site")}
    frames: dict[str, pd.DataFrame] = {}
    for name in COLUMNS:
        if name in meta["rows"]:
            path = folder / f"{name}{suffix}"
            frames[name] = read_table(path, name, procs, texts)
            check_rows(len(frames[name]), meta, name, path)
    fill(record, frames, f"{folder}{os.sep}")
    return Run.of_frames(record, frames, str(meta.get("digest", "")))


def read_meta(folder: Path, suffix: str) -> tuple[dict[str, Any], Record]:
    """meta.json, and the record that it tells of (tables, machines and processors are still to be filled).

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    TraceError
        It is none that an export made, or a file is missing or not the one that was written.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder")
    path = folder / "meta.json"
    try:
        meta = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise TraceError(f"{folder}: has no meta.json: not a folder that gmplab wrote, or not whole") from None
    except ValueError as e:
        raise TraceError(f"{path}: {e}") from None
    check_schema(meta, FORMAT, str(path))
    for part in ("config", "rows", "sha256", "record"):
        if not isinstance(meta.get(part), dict):
            raise TraceError(f"{path}: {part!r} is missing or no object")
    # Older ones do not tell it.
    if "meta.json" in meta["sha256"] and meta["sha256"]["meta.json"] != sha256_of_parts(meta):
        raise TraceError(f"{path}: is not the file that was written: its parts do not have the SHA-256 that it tells of them")
    record = record_of(meta["config"], meta["record"], str(path))
    for name in COLUMNS:
        if name not in meta["rows"]:
            if name != "calls":
                raise TraceError(f"{path}: rows: the table {name} is missing")
        elif not isinstance(meta["rows"][name], int):
            raise TraceError(f"{path}: rows of {name} = {meta['rows'][name]!r}: must be an int")
        elif not (folder / f"{name}{suffix}").is_file():
            raise TraceError(f"{folder / f'{name}{suffix}'}: is missing")
    return meta, record


def check_rows(n: int, meta: dict[str, Any], name: str, path: Path) -> None:
    """Raise `TraceError` where a file is not the one that was written: other rows in number, or other bytes."""
    expected = meta["rows"][name]
    if n != expected:
        raise TraceError(f"{path}, row {min(n, expected)}: the file has {n} rows, meta.json says {expected}")
    if sha256(path) != meta["sha256"].get(path.name):
        raise TraceError(f"{path}: is not the file that was written: its SHA-256 is not the one in meta.json")
