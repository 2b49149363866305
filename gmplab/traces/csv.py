"""A run as CSV, one file a table, and back again with equal frames."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from gmplab.errors import TraceError
from gmplab.traces.arrow import arrow_type, from_arrow, to_arrow
from gmplab.traces.columns import COLUMNS, dtype_of
from gmplab.traces.folder import read_tables, tables_of, whole_folder, write_meta
from gmplab.traces.lines import head, lines
from gmplab.traces.run import Run

if TYPE_CHECKING:
    from collections.abc import Mapping

SLICE_ROWS: Final = 4_000_000
"""Rows that are in Arrow's form at a time: bounds the memory."""
BITS: Final = {"int64": 64, "int32": 32, "int16": 16}


def to_csv(run: Run, folder: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Write one CSV a table, meta.json and environment.json into a new folder: whole, or not at all.

    The tables and meta.json are the same bytes for the same inputs and seed; environment.json says where and when.

    Parameters
    ----------
    run : Run
        What to write.
    folder : str or path
        A folder that is not there yet.
    overwrite : bool
        Whether a folder that an export made is replaced. One that is not ours never is.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    FileExistsError
        The folder is there.
    OSError
        The disk is full, or the folder cannot be made; nothing is left behind.
    """
    procs = len(run.record.processors)
    with whole_folder(folder, overwrite, "to_csv") as making:
        for name in tables_of(run.record):
            frame: pd.DataFrame = getattr(run, name)
            with (making / f"{name}.csv").open("wb") as out:
                out.write(head(COLUMNS[name]))
                for start in range(0, len(frame), SLICE_ROWS):
                    out.writelines(lines(to_arrow(frame.iloc[start : start + SLICE_ROWS], name, procs)))
        write_meta(run, making, ".csv")
    return Path(folder)


def read_csv(folder: str | os.PathLike[str]) -> Run:
    """The run that `to_csv` wrote: equal frames, types included, and equal metrics.

    Parameters
    ----------
    folder : str or path
        What `to_csv` made.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    TraceError
        It is none that `to_csv` made, of another major schema, or damaged: names the file, the row (from 0, as in the
        frame) and the fact that does not fit.

    Examples
    --------
    >>> run = gmplab.run("fanout", n=20, procs=2)
    >>> run.to_csv("out").name
    'out'
    >>> read_csv("out").schedule.equals(run.schedule)
    True
    """
    return read_tables(Path(folder), ".csv", read_table)


def read_table(path: Path, name: str, procs: int, texts: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """The frame of one file. Raises `TraceError` with the file, the row and what does not fit."""
    columns = COLUMNS[name]
    try:
        table = pacsv.read_csv(
            path,
            # Only goroutines holds words of the user's own, which may have line ends in them.
            parse_options=pacsv.ParseOptions(newlines_in_values=name == "goroutines"),
            convert_options=pacsv.ConvertOptions(
                column_types={c: arrow_type(column, procs) for c, column in columns.items()}, null_values=[""],
                strings_can_be_null=True, quoted_strings_can_be_null=False, include_columns=list(columns),
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError, UnicodeDecodeError) as e:
        raise TraceError(first_fault(path, name, procs) or f"{path}: {e}") from None
    return from_arrow(table, name, procs, texts, str(path))


def first_fault(path: Path, name: str, procs: int) -> str:
    """What is wrong with a CSV that Arrow refused, and in which row; "" if nothing is found.

    Slow and exact: it is only asked after the fast reader has failed.
    """
    columns = COLUMNS[name]
    try:
        with path.open(newline="", encoding="utf-8") as f:
            reader = csv.reader(f, strict=True)
            head = next(reader, None)
            if head is None:
                return f"{path}: is empty"
            missing = [c for c in columns if c not in head]
            if missing:
                return f"{path}: has no column {missing[0]}"
            for row, cells in enumerate(reader):
                if len(cells) != len(head):
                    return f"{path}, row {row}: {len(cells)} values: there are {len(head)} columns"
                for c, cell in zip(head, cells, strict=True):
                    fault = wrong_number(cell, c, name, procs)
                    if fault:
                        return f"{path}, row {row}: {c} = {cell!r}: {fault}"
    except (csv.Error, UnicodeDecodeError) as e:
        return f"{path}: {e}"
    return ""


def wrong_number(cell: str, c: str, name: str, procs: int) -> str:
    """Why a cell cannot be a value of its column, "" if it can."""
    column: Any = COLUMNS[name].get(c)
    if column is None or column.dtype in ("category", "text"):
        return ""
    kind = dtype_of(column, procs)
    if cell == "":
        return "" if column.nullable else "must not be empty"
    try:
        value = int(cell)
    except ValueError:
        return "is no whole number"
    bits = BITS[kind.lower()]
    return "" if -(1 << (bits - 1)) <= value < 1 << (bits - 1) else f"does not fit in {bits} bits"
