"""The rows of an Arrow table as lines of CSV: the bytes that Arrow's own writer makes, in two thirds of its time.

Arrow turns each cell into text anew. Most columns of a record have few values, so neighbouring columns are turned into
text together, once for each combination of values that may come, and a row only looks its combination up. Refused:
columns of digits in numpy (as slow as Arrow's, and the fill of narrow numbers to be taken out again).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

BATCH_ROWS: Final = 65_536
"""Rows that are turned into text at a time: their columns stay in the cache."""
ROWS_A_COMBINATION: Final = 16
"""So many rows there are at least for each combination that is turned into text: few are made that no row has."""
LAST: Final = (1 << 63) - 1


@dataclass(frozen=True)
class Values:
    """The values that a column may have: ints from `least` on, or the codes of a dictionary; null comes after the last."""

    least: int
    n: int
    texts: Any

    @property
    def null(self) -> int:
        """What stands for null in a key."""
        return self.least + self.n - 1


@dataclass(frozen=True)
class Neighbours:
    """Columns side by side whose text is looked up: `texts` has one for each combination of their values."""

    columns: tuple[tuple[int, Values], ...]
    texts: Any

    def of(self, batch: Any) -> Any:
        """The text of each row."""
        key: Any = np.zeros(batch.num_rows, dtype=np.int32)
        least = 0
        for at, values in self.columns:
            key *= np.int32(values.n)
            np.add(key, numbers(batch.column(at), values.null), out=key, casting="unsafe", dtype=np.int32)
            least = least * values.n + values.least
        # All modulo 2**32: what overflows on the way is right again here, since the difference is small.
        key -= np.array(least & 0xFFFFFFFF, dtype=np.uint32).astype(np.int32)
        return self.texts.take(pa.array(key))


@dataclass(frozen=True)
class Alone:
    """A column of many values: the text of each cell is made for itself."""

    at: int

    def of(self, batch: Any) -> Any:
        """The text of each row, null for null."""
        array = batch.column(self.at)
        return words(array.dictionary).take(array.indices) if is_words(array.type) else pc.cast(array, pa.string())


def head(names: Iterable[str]) -> bytes:
    """The line of the columns' names."""
    return (",".join(map(quoted, names)) + "\n").encode()


def lines(table: Any) -> Iterator[Any]:
    """The rows as CSV, in buffers of whole lines.

    Parameters
    ----------
    table : pyarrow.Table
        Columns of ints, or of strings as dictionaries, each column with one dictionary.

    Yields
    ------
    bytes-like
        What to write.
    """
    parts = plan(table, table.num_rows // ROWS_A_COMBINATION)
    for batch in table.to_batches(BATCH_ROWS):
        if batch.num_rows:
            texts = [part.of(batch) for part in parts]
            rows = pc.binary_join_element_wise(*texts, ",", null_handling="replace", null_replacement="")
            yield pc.binary_join(pa.ListArray.from_arrays([0, len(rows)], rows), "\n")[0].as_buffer()
            yield b"\n"


def plan(table: Any, most: int) -> list[Neighbours | Alone]:
    """How each column becomes text: with its neighbours, as long as there are at most `most` combinations, or alone."""
    found: list[Neighbours | Alone] = []
    for at, column in enumerate(table.columns):
        values = few(column, most)
        last = found[-1] if found else None
        if values is None:
            found.append(Alone(at))
        elif isinstance(last, Neighbours) and len(last.texts) * values.n <= most:
            found[-1] = Neighbours((*last.columns, (at, values)), products(last.texts, values.texts))
        else:
            found.append(Neighbours(((at, values),), values.texts))
    return found


def few(column: Any, most: int) -> Values | None:
    """The values that a column may have, None where they are more than `most`."""
    if is_words(column.type):
        texts = words(column.chunk(0).dictionary) if column.num_chunks else pa.array([], pa.string())
        return Values(0, len(texts) + 1, pa.concat_arrays([texts, pa.array([""])])) if len(texts) < most else None
    bounds = pc.min_max(column).as_py()
    least, last = (0, -1) if bounds["min"] is None else (bounds["min"], bounds["max"])
    if last - least + 2 > most or last == LAST:  # null needs a number after it
        return None
    texts = pc.cast(pa.array(np.arange(least, last + 1)), pa.string())
    return Values(least, last - least + 2, pa.concat_arrays([texts, pa.array([""])]))


def products(firsts: Any, seconds: Any) -> Any:
    """Each of the first texts with each of the second, the second changing faster."""
    n, m = len(firsts), len(seconds)
    return pc.binary_join_element_wise(
        firsts.take(pa.array(np.repeat(np.arange(n), m))), seconds.take(pa.array(np.tile(np.arange(m), n))), ","
    )


def numbers(array: Any, null: int) -> Any:
    """Ints, or the codes of a dictionary, as numpy has them, with a number for null."""
    ints = array.indices if is_words(array.type) else array
    return (pc.fill_null(ints.cast(pa.int64()), null) if ints.null_count else ints).to_numpy()


def is_words(kind: Any) -> bool:
    """Whether an Arrow type is a dictionary."""
    return bool(pa.types.is_dictionary(kind))


def words(dictionary: Any) -> Any:
    """The words of a dictionary as CSV has them."""
    return pa.array([quoted(word) for word in dictionary.to_pylist()], pa.string())


def quoted(word: str) -> str:
    """A word as CSV has it: always in quotes, or "" could not be told from null.

    >>> quoted('GC, the "idle" worker')
    '"GC, the ""idle"" worker"'
    """
    return '"' + word.replace('"', '""') + '"'
