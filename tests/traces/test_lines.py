"""Rows as lines of CSV: byte for byte what Arrow's own writer makes, whichever columns are looked up together."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from gmplab.traces import lines
from gmplab.traces.lines import Alone, Neighbours, plan

LEAST, LAST = -(1 << 63), (1 << 63) - 1


def ours(table: Any) -> bytes:
    """A table as `lines` writes it."""
    return lines.head(table.column_names) + b"".join(lines.lines(table))


def arrows(table: Any) -> bytes:
    """A table as Arrow writes it."""
    out = io.BytesIO()
    pacsv.write_csv(table, out)
    return out.getvalue()


def drawn(rows: int, seed: int) -> Any:
    """A table of columns narrow and wide, with null and without, of every type that a record has."""
    rng = np.random.default_rng(seed)
    names = ["mstart", 'GC, the "idle" worker', "two\nlines", "", "Zürich"]
    none = rng.random(rows) < 0.2

    def ints(low: int, high: int, kind: str, nulls: bool = False) -> Any:
        return pa.array(rng.integers(low, high, rows, dtype=kind, endpoint=True), mask=none if nulls else None)

    def texts(names: list[str], nulls: bool = False) -> Any:
        codes = pa.array(rng.integers(0, len(names), rows, dtype="int32"), mask=none if nulls else None)
        return pa.DictionaryArray.from_arrays(codes, pa.array(names))

    return pa.table({
        "wide": ints(LEAST, LAST, "int64"), "id": ints(-1, 7, "int32", True), "p": ints(-32768, 32767, "int16", True),
        "word": texts(names), "reason": texts(names, True), "count": ints(-3, 3, "int32"), "t": ints(10**15, 10**16, "int64"),
        "late": ints(LAST - 3, LAST, "int64", True), "early": ints(LEAST, LEAST + 3, "int64", True),
        "name": texts([f"g{i}" for i in range(rows + 1)], True), "all_null": pa.nulls(rows, pa.int32()),
    })


@pytest.mark.parametrize("rows", [0, 1, 15, 16, 40, 3_000])
@pytest.mark.parametrize("a_combination", [1, 16])
def test_lines_are_the_bytes_of_arrows_own_writer(rows: int, a_combination: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BATCH_ROWS", 1_024)
    monkeypatch.setattr(lines, "ROWS_A_COMBINATION", a_combination)
    table = drawn(rows, rows)
    assert ours(table) == arrows(table)
    for name in table.column_names:
        assert ours(table.select([name])) == arrows(table.select([name])), name


def test_neighbours_of_few_values_are_looked_up_together_and_others_stay_alone() -> None:
    parts = plan(drawn(3_000, 1), 200)
    found = [[table_at for table_at, _ in part.columns] if isinstance(part, Neighbours) else part.at for part in parts]
    # id has -1 to 7 and null; word, reason five words and null; count -3 to 3, and a place for null.
    assert found == [0, [1], 2, [3, 4], [5], 6, 7, [8], 9, [10]]
    assert [len(part.texts) for part in parts if isinstance(part, Neighbours)] == [10, 36, 8, 5, 1]
    assert isinstance(parts[0], Alone)


def test_a_combination_is_one_text_for_each_pair_in_the_order_of_their_keys() -> None:
    table = pa.table({"a": pa.array([5, 6, None], pa.int32()), "b": pa.array([-1, None, 0], pa.int16())})
    (both,) = plan(table, 100)
    assert isinstance(both, Neighbours)
    assert both.texts.to_pylist() == ["5,-1", "5,0", "5,", "6,-1", "6,0", "6,", ",-1", ",0", ","]
    assert both.of(table.to_batches()[0]).to_pylist() == ["5,-1", "6,", ",0"]
