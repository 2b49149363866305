"""A record in one file, whole or absent: a zip of one JSON document and the raw bytes of each table.

No pickle: a file from a stranger is read as plain values only. The same record gives the same bytes.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gmplab.errors import TraceError
from gmplab.runtime.recorder import Record
from gmplab.traces.frames import ROW_WORDS, kept
from gmplab.vocabulary import HISTOGRAM_BUCKETS, MODES, SCHEMA

FORMAT: Final = "gmplab record"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""A zip member's time: fixed, so that the bytes do not depend on the hour."""


def document(record: Record) -> dict[str, Any]:
    """All of a record but its tables, machines and processors, as values that JSON can hold.

    Histograms are sparse: [bucket, count] of the buckets that count something.
    """
    return {
        "level": record.level, "labels": [list(x) for x in record.labels], "texts": list(record.texts),
        "objects": {str(k): v for k, v in record.objects.items()}, "counters": dict(record.counters),
        "histograms": [
            {
                "what": what, "cls": cls, "buckets": [[b, n] for b, n in enumerate(counts) if n],
                "count": record.sums[(what, cls)][0], "sum_ns": record.sums[(what, cls)][1],
                "max_ns": record.sums[(what, cls)][2], "min_ns": record.sums[(what, cls)][3],
            }
            for (what, cls), counts in record.histograms.items()
        ],
        "jain": list(record.jain), "end_ns": record.end_ns, "complete": record.complete,
        "stopped_by": record.stopped_by,
    }


def record_of(header: dict[str, Any], doc: dict[str, Any], where: str) -> Record:
    """The record that a document tells of, without its tables, machines and processors.

    Raises `TraceError`, naming the file `where`, for a document that lacks something or holds what cannot be.
    """
    record = Record()
    try:
        record.header = dict(header)
        record.level = int(doc["level"])
        record.labels = [(int(kind), str(name), str(cls), str(site)) for kind, name, cls, site in doc["labels"]]
        record.texts = [str(text) for text in doc["texts"]]
        record.objects = {int(k): str(v) for k, v in doc["objects"].items()}
        record.counters = {str(k): int(v) for k, v in doc["counters"].items()}
        for h in doc["histograms"]:
            counts = [0] * HISTOGRAM_BUCKETS
            for bucket, n in h["buckets"]:
                if not 0 <= bucket < HISTOGRAM_BUCKETS:
                    raise ValueError(f"histogram {h['what']}: bucket {bucket}: must be 0 to {HISTOGRAM_BUCKETS - 1}")
                counts[bucket] = int(n)
            key = (str(h["what"]), str(h["cls"]))
            record.histograms[key] = counts
            record.sums[key] = (int(h["count"]), int(h["sum_ns"]), int(h["max_ns"]), int(h["min_ns"]))
        n, total, squares = doc["jain"]
        record.jain = (int(n), float(total), float(squares))
        record.end_ns = int(doc["end_ns"])
        record.complete = bool(doc["complete"])
        record.stopped_by = str(doc["stopped_by"])
    except KeyError as e:
        raise TraceError(f"{where}: {e.args[0]!r} is missing") from None
    except (TypeError, ValueError, AttributeError) as e:
        raise TraceError(f"{where}: {e}") from None
    return record


def check_schema(doc: Any, form: str, where: str) -> None:
    """Raise `TraceError` where a document is not of this form, or of a major SCHEMA that this version cannot read."""
    if not isinstance(doc, dict) or doc.get("format") != form:
        raise TraceError(f"{where}: is no {form!r}")
    schema = doc.get("schema")
    if not isinstance(schema, list) or len(schema) != 2 or not all(isinstance(x, int) for x in schema):
        raise TraceError(f"{where}: schema = {schema!r}: must be [major, minor]")
    if schema[0] != SCHEMA[0]:
        raise TraceError(f"{where}: schema {schema[0]}.{schema[1]}: this version of gmplab reads {SCHEMA[0]}.x")


def save(record: Record, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Write a record into one file: whole, or not at all.

    Parameters
    ----------
    record : Record
        What to keep.
    path : str or path
        The file, by custom `*.gmp`. Its folder must exist.
    overwrite : bool
        Whether a file that is there is replaced.

    Raises
    ------
    FileExistsError
        The file is there and `overwrite` is False.
    """
    doc = {
        "format": FORMAT, "schema": list(SCHEMA), "header": record.header, "record": document(record),
        "machines": [[*m[:7], list(m[7])] for m in record.machines],
        "processors": [[*p[:3], list(p[3])] for p in record.processors],
        "rows": {
            name: sum(len(c) for c in chunks) // (8 * ROW_WORDS[name]) for name, chunks in sorted(record.tables.items())
        },
    }
    with whole_file(path, overwrite, "save") as making:
        # Level 1: rows are mostly zeros, and a higher level gains little for five times the time.
        with zipfile.ZipFile(making, "x", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
            z.writestr(member("record.json"), json.dumps(doc, indent=1) + "\n")
            for name in sorted(record.tables):
                with z.open(member(f"{name}.rows"), "w", force_zip64=True) as out:
                    for chunk in kept(record, name):
                        out.write(chunk)
    return Path(path)


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str], overwrite: bool, what: str) -> Iterator[Path]:
    """A file to make that takes its name when the block ends well, and is gone when it does not.

    Raises `FileExistsError` where the file is there and `overwrite` is False, before anything is written.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{what}: {target} exists: give another file, or overwrite=True")
    making = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        yield making
        os.replace(making, target)
    except BaseException:
        making.unlink(missing_ok=True)
        raise


def member(name: str) -> zipfile.ZipInfo:
    """A zip member whose bytes depend on its content alone."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def load(path: str | os.PathLike[str]) -> Record:
    """Read a record that `save` wrote.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    TraceError
        The file is none of `save`'s, of another major schema, or damaged; names the part that does not fit.
    """
    source = Path(path)
    try:
        with zipfile.ZipFile(source) as z:
            names = set(z.namelist())
            if "record.json" not in names:
                raise TraceError(f"{source}: has no record.json")
            where = f"{source}: record.json"
            try:
                doc = json.loads(z.read("record.json"))
            except ValueError as e:
                raise TraceError(f"{where}: {e}") from None
            check_schema(doc, FORMAT, where)
            parts = (("header", dict), ("record", dict), ("machines", list), ("processors", list), ("rows", dict))
            for part, kind in parts:
                if not isinstance(doc.get(part), kind):
                    raise TraceError(f"{where}: {part!r} is missing or no {kind.__name__}")
            record = record_of(doc["header"], doc["record"], where)
            take_threads(record, doc, where)
            for name, rows in doc["rows"].items():
                if name not in ROW_WORDS:
                    raise TraceError(f"{where}: table {name!r}: there is no such table")
                if f"{name}.rows" not in names:
                    raise TraceError(f"{source}: table {name} is missing")
                content = z.read(f"{name}.rows")
                if not isinstance(rows, int) or len(content) != rows * 8 * ROW_WORDS[name]:
                    raise TraceError(
                        f"{source}: table {name} has {len(content)} bytes: {rows} rows need "
                        f"{rows * 8 * ROW_WORDS[name]}"
                    )
                record.tables[name] = [content] if content else []
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as e:
        raise TraceError(f"{source}: is no record of gmplab, or damaged: {e}") from None
    return record


def take_threads(record: Record, doc: dict[str, Any], where: str) -> None:
    """Put the document's machines and processors into the record; raise `TraceError` for a row that cannot be."""
    for table, width in (("machines", 7), ("processors", 3)):
        for i, row in enumerate(doc[table]):
            whole = isinstance(row, list) and len(row) == width + 1 and all(type(x) is int for x in row[:width])
            if not whole or not isinstance(row[width], list) or len(row[width]) not in (0, len(MODES)):
                raise TraceError(f"{where}: {table}, row {i}: must be {width} ints and a list of {len(MODES)} times")
            if table == "machines":
                m, tid, created, by, why, exited, exit_why = row[:7]
                record.machines.append((m, tid, created, by, why, exited, exit_why, tuple(row[7])))
            else:
                record.processors.append((row[0], row[1], row[2], tuple(row[3])))
