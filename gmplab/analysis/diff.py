"""Where two runs part: the first row that differs, with the rows before it.

Two runs of the same inputs are the same bytes, so the first difference is where a change of the policy, of the seed or
of gmplab itself first had an effect; what follows it is consequence, and is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.runtime.recorder import Record
from gmplab.traces.frames import ROW_WORDS, chunks
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVELS

TABLES: Final = ("events", "schedule", "goroutines")
"""Looked at in this order; of those with a time the earliest difference wins, and at equal times `events`."""
CONTEXT: Final = 3
"""Equal rows that are shown before the first difference."""
SHORT: Final = 60
"""Longer values of the configuration are cut in the text."""


@dataclass(frozen=True)
class Difference:
    """The first difference of two runs. True where there is one.

    Parameters
    ----------
    config : dict
        The inputs that differ, as {name: (in a, in b)}: seed, policy, procs, ...
    table : str
        The table of the first row that differs; "" where all rows that both recorded are equal.
    row : int
        Its index, from 0; so many rows are equal.
    t_ns : int
        Its instant: the earlier one, where the two rows have two. -1 where the row has none.
    columns : tuple of str
        The columns in which the two rows differ; empty where one run has no such row.
    a, b : pandas.DataFrame
        That row of each run, one row; empty where the run ended before it.
    before : pandas.DataFrame
        The equal rows just before it, at most three.
    ends : dict
        {"end_ns": (a, b), "stopped_by": (a, b)}, only what differs.
    compared : dict
        How many rows of each table were found equal.

    Examples
    --------
    >>> found = diff(gmplab.run("fanout", n=20), gmplab.run("fanout", n=20, policy="go1.1"))
    >>> bool(found), found.table, sorted(found.config)
    (True, 'events', ['policy', 'policy_repr'])
    """

    config: dict[str, tuple[Any, Any]]
    table: str
    row: int
    t_ns: int
    columns: tuple[str, ...]
    a: pd.DataFrame
    b: pd.DataFrame
    before: pd.DataFrame
    ends: dict[str, tuple[Any, Any]]
    compared: dict[str, int]

    def __bool__(self) -> bool:
        return bool(self.table or self.ends)

    def __repr__(self) -> str:
        lines = []
        if self.table:
            when = f" at t = {self.t_ns} ns" if self.t_ns >= 0 else ""
            agree = f"agree on the first {self.row} rows of {self.table}, and part"
            lines.append(f"The runs {agree if self.row else f'part in the first row of {self.table}'}{when}:")
            parts = [("", self.before), ("a", self.a), ("b", self.b)]
            shown = pd.concat([frame.assign(run=name) for name, frame in parts if len(frame)])
            shown.insert(0, "run", shown.pop("run"))
            lines.append(shown.astype(object).where(shown.notna(), "").to_string())
            missing = [name for name, frame in parts[1:] if not len(frame)]
            lines.append(f"run {missing[0]} has no more rows" if missing else f"They differ in {', '.join(self.columns)}.")
        else:
            rows = ", ".join(f"{n} rows of {table}" for table, n in self.compared.items())
            lines.append(f"The runs decided the same: {rows}.")
        for title, found in (("Their ends differ:", self.ends), ("Their inputs differ:", self.config)):
            if found:
                lines.append(title)
                lines += [f"  {name:<11} a {short(x)}\n  {'':<11} b {short(y)}" for name, (x, y) in found.items()]
        return "\n".join(lines)


def short(value: Any) -> str:
    """A value as text, cut where it is long."""
    text = str(value)
    return text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."


def diff(a: Run, b: Run) -> Difference:
    """The first difference of two runs: of their decisions, not of their headers.

    The stored rows are compared, of the tables that both have recorded: at level "full" every transition, at
    "schedule" every `schedule()`. Runs of different levels are compared on what they share.

    Parameters
    ----------
    a, b : Run
        Of any source and level above "off".

    Returns
    -------
    Difference
        Falsy where the runs decided the same; its repr is to be read.

    Raises
    ------
    TypeError
        An argument is no run.
    TraceError
        A run was recorded at level "off": it has no rows.

    Examples
    --------
    >>> bool(diff(gmplab.run("fanout", n=20), gmplab.run("fanout", n=20)))
    False
    >>> diff(gmplab.run("mixed_io", seed=1), gmplab.run("mixed_io", seed=2)).config
    {'seed': (1, 2)}
    """
    for name, x in (("a", a), ("b", b)):
        if not isinstance(x, Run):
            raise TypeError(f"diff: {name} = {x!r}: must be a Run")
        x.need("schedule", f"diff: run {name}")
    tables = [t for t in TABLES if t != "events" or min(a.record.level, b.record.level) >= LEVELS.index("full")]
    at = {table: first_difference(rows_of(a.record, table), rows_of(b.record, table)) for table in tables}
    compared = {table: len(rows_of(a.record, table)) for table in tables}
    found = [(t_of(a, b, table, row), i, table, row) for i, (table, row) in enumerate(at.items()) if row >= 0]
    config = differing(a.record.header, b.record.header)
    ends = differing(end_of(a), end_of(b))
    if not found:
        none = a.schedule.iloc[:0]
        return Difference(config, "", -1, -1, (), none, none, none, ends, compared)
    t_ns, _, table, row = min(found)
    mine, its = (getattr(x, table).iloc[row : row + 1] for x in (a, b))
    columns = tuple(c for c in mine.columns if len(mine) and len(its) and not mine[c].astype(str).equals(its[c].astype(str)))
    before = getattr(a, table).iloc[max(0, row - CONTEXT) : row]
    return Difference(config, table, row, -1 if table == "goroutines" else t_ns, columns, mine, its, before, ends, compared)


def rows_of(record: Record, table: str) -> npt.NDArray[np.int64]:
    """The stored rows of a table, as an array of (rows, words)."""
    parts = chunks(record, table)
    return np.concatenate(parts) if parts else np.empty((0, ROW_WORDS[table]), dtype=np.int64)


def first_difference(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> int:
    """The first row in which two arrays differ, -1 if none. Where one goes on longer, that is its first further row."""
    n = min(len(a), len(b))
    differ = (a[:n] != b[:n]).any(axis=1)
    if differ.any():
        return int(differ.argmax())
    return -1 if len(a) == len(b) else n


def t_of(a: Run, b: Run, table: str, row: int) -> int:
    """When the row is, in the run where it is earlier. Goroutines come last: they are written when they exit."""
    if table == "goroutines":
        return max(a.record.end_ns, b.record.end_ns) + 1
    return min(int(x["t_ns"].iloc[row]) for x in (getattr(a, table), getattr(b, table)) if row < len(x))


def end_of(run: Run) -> dict[str, Any]:
    """How a run ended."""
    return {"end_ns": run.record.end_ns, "stopped_by": run.stopped_by}


def differing(a: dict[str, Any], b: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What two dicts have different values for, in the order of the first."""
    names = list(dict.fromkeys([*a, *b]))
    return {name: (a.get(name), b.get(name)) for name in names if a.get(name) != b.get(name)}
