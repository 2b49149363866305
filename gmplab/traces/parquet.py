"""A run as Parquet, one file a table, and back again with equal frames."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from gmplab.errors import TraceError
from gmplab.traces.arrow import arrow_type, from_arrow, to_arrow
from gmplab.traces.columns import COLUMNS
from gmplab.traces.folder import read_tables, tables_of, whole_folder, write_meta
from gmplab.traces.run import Run

INSTANTS: Final = ("t_ns", "ready_ns", "enter_ns", "created_ns")
"""Columns of instants without null: kept as differences, they take half the time and a third of the bytes.

A dictionary, which serves every other column, has as many entries as rows there. They alone have statistics, which a
reader of a part of the time can use: rows are nearly in their order.
"""


def to_parquet(run: Run, folder: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Write one Parquet file a table, meta.json and environment.json into a new folder: whole, or not at all.

    Parameters
    ----------
    run : Run
        What to write.
    folder : str or path
        A folder that is not there yet.
    overwrite : bool
        Whether a folder that an export made is replaced. One that is not ours never is.

    Raises
    ------
    FileExistsError
        The folder is there.
    OSError
        The disk is full, or the folder cannot be made; nothing is left behind.
    """
    procs = len(run.record.processors)
    with whole_folder(folder, overwrite, "to_parquet") as making:
        for name in tables_of(run.record):
            frame: pd.DataFrame = getattr(run, name)
            write_table(to_arrow(frame, name, procs), making / f"{name}.parquet")
        write_meta(run, making, ".parquet")
    return Path(folder)


def write_table(table: Any, path: Path) -> None:
    """Write an Arrow table as one Parquet file."""
    instants = [c for c in INSTANTS if c in table.column_names]
    pq.write_table(
        table, path, compression="zstd", use_dictionary=[c for c in table.column_names if c not in instants],
        column_encoding=dict.fromkeys(instants, "DELTA_BINARY_PACKED") or None, write_statistics=instants,
    )


def read_parquet(folder: str | os.PathLike[str]) -> Run:
    """The run that `to_parquet` wrote: equal frames, types included, and equal metrics.

    Parameters
    ----------
    folder : str or path
        What `to_parquet` made.

    Returns
    -------
    Run
        As the one that was written.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    TraceError
        It is none that `to_parquet` made, of another major schema, or damaged: names the file and what does not fit.

    Examples
    --------
    >>> run = gmplab.run("fanout", n=20, procs=2)
    >>> run.to_parquet("out").name
    'out'
    >>> read_parquet("out").schedule.equals(run.schedule)
    True
    """
    return read_tables(Path(folder), ".parquet", read_table)


def read_table(path: Path, name: str, procs: int, texts: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """The frame of one file. Raises `TraceError` with the file and what does not fit."""
    columns = COLUMNS[name]
    try:
        table = pq.read_table(path)
        missing = [c for c in columns if c not in table.column_names]
        if missing:
            raise TraceError(f"{path}: has no column {missing[0]}")
        wanted = pa.schema([(c, arrow_type(column, procs)) for c, column in columns.items()])
        table = table.select(list(columns)).cast(wanted)
    except (pa.ArrowException, OSError) as e:
        raise TraceError(f"{path}: {e}") from None
    frame = from_arrow(table, name, procs, texts, str(path))
    # Else frames, rows and what they were read from would be there at once.
    del table
    pa.default_memory_pool().release_unused()
    return frame
