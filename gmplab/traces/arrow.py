"""Frames to Arrow tables and back, with the types and categories of `columns` on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from gmplab.errors import TraceError
from gmplab.traces.columns import COLUMNS, Column, dtype_of
from gmplab.traces.frames import dtype_for


def arrow_type(column: Column, procs: int) -> Any:
    """The Arrow type of a column in a run that had `procs` Ps."""
    if column.dtype in ("category", "text"):
        return pa.dictionary(pa.int32(), pa.string())
    return {"int64": pa.int64(), "int32": pa.int32(), "int16": pa.int16()}[dtype_of(column, procs).lower()]


def to_arrow(frame: pd.DataFrame, table: str, procs: int) -> Any:
    """An Arrow table of a frame: nulls as nulls, categories as dictionaries. The numbers are not copied."""
    arrays = []
    for name, column in COLUMNS[table].items():
        values = frame[name].array
        if isinstance(values, pd.Categorical):
            codes = np.asarray(values.codes, dtype=np.int32)
            words = pa.array([str(word) for word in values.categories], type=pa.string())
            arrays.append(pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), words))
        else:
            arrays.append(pa.array(values, type=arrow_type(column, procs)))
    return pa.table(arrays, names=list(COLUMNS[table]))


def from_arrow(table: Any, name: str, procs: int, texts: Mapping[str, tuple[str, ...]], where: str) -> pd.DataFrame:
    """The frame of an Arrow table, equal to the one that was written, types and categories included.

    Parameters
    ----------
    table : pyarrow.Table
        With the columns of COLUMNS[name]; dictionaries need not be those that were written.
    name : str
        Which table.
    procs : int
        How many Ps the run had.
    texts : mapping
        The categories of the text columns.
    where : str
        The file, for messages.

    Raises
    ------
    TraceError
        A null where none may be, or a word that the column's enumeration lacks; with the row, from 0.
    """
    table = table.unify_dictionaries()
    made: dict[str, Any] = {}
    for column_name, column in COLUMNS[name].items():
        array = table.column(column_name).combine_chunks()
        if array.null_count and not column.nullable:
            row = int(np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))[0])
            raise TraceError(f"{where}, row {row}: {column_name} is empty")
        if column.dtype in ("category", "text"):
            words = column.names if column.dtype == "category" else texts[column_name]
            made[column_name] = pd.Categorical.from_codes(
                codes_of(array, words, f"{where}, row {{row}}: {column_name}"), dtype=dtype_for(words)
            )
        elif column.nullable:
            kind = dtype_of(column, procs)
            mask = np.array(array.is_null().to_numpy(zero_copy_only=False))
            values = np.array(array.fill_null(-1).to_numpy(zero_copy_only=False), dtype=kind.lower())
            made[column_name] = pd.arrays.IntegerArray(values, mask)
        else:
            made[column_name] = np.array(array.to_numpy(zero_copy_only=False), dtype=column.dtype)
    return pd.DataFrame(made, copy=False)


def codes_of(array: Any, words: tuple[str, ...], where: str) -> Any:
    """The code of each value in `words`; null is -1. Raises `TraceError` for the first that is none of them."""
    index = {word: i for i, word in enumerate(words)}
    found = [index.get(word, -2) for word in array.dictionary.to_pylist()]
    mapping = np.array([*found, -1], dtype=np.int32)
    codes = mapping[np.asarray(array.indices.fill_null(-1).to_numpy(zero_copy_only=False))]
    if len(codes) and int(codes.min()) == -2:
        row = int(codes.argmin())
        raise TraceError(f"{where.format(row=row)} = {array[row].as_py()!r}: is no name that the column can have")
    return codes
