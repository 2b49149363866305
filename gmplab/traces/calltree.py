"""`run.calltree()`: which function of the runtime called which, over threads, as it happened."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.runtime.durations import duration_ns
from gmplab.traces.frames import FRAMES, fields
from gmplab.vocabulary import FN, FUNCTIONS, GO_START

if TYPE_CHECKING:
    from gmplab.traces.run import Run

Ints = npt.NDArray[Any]

LINES: Final = 400
"""How many calls a tree prints; `frame` has all."""
ARROW: Final = " > "


class CallTree:
    """Calls of the runtime's functions as trees: printed indented, a line a call; `frame` and `callers` as tables.

    Rows hold when a call began. That it has ended shows where a later call on the same M does not lie below it.

    Attributes
    ----------
    frame : pandas.DataFrame
        A row a call, in the order of the lines: t_ns; call, parent (ids); function; m; g (on whose stack; null: on g0);
        runs (of an execute: the goroutine that runs then); depth (0: where a tree begins).
    callers : pandas.DataFrame
        For the calls that the trees were asked for, how they came about: path ("gopark > mcall > park_m", on the thread
        or the goroutine of the caller; "": called by nobody recorded), count, first_ns; the most frequent first.
    """

    def __init__(self, frame: pd.DataFrame, callers: pd.DataFrame) -> None:
        self.frame = frame
        self.callers = callers

    def __len__(self) -> int:
        return len(self.frame)

    def __str__(self) -> str:
        if not len(self.frame):
            return "no such call"
        f = self.frame.head(LINES)
        names = [
            "  " * depth + (function if pd.isna(runs) else f"{function} g{runs}")
            for depth, function, runs in zip(f["depth"], f["function"], f["runs"], strict=True)
        ]
        table = [("t_ns", "m", "on", "call")] + [
            (f"{t}", "" if pd.isna(m) else f"M{m}", "g0" if pd.isna(g) else f"g{g}", name)
            for t, m, g, name in zip(f["t_ns"], f["m"], f["g"], names, strict=True)
        ]
        wide = [max(len(row[i]) for row in table) for i in range(3)]
        lines = [f"{t:>{wide[0]}}  {m:<{wide[1]}}  {on:<{wide[2]}}  {name}" for t, m, on, name in table]
        if len(self.frame) > LINES:
            lines.append(f"... and {len(self.frame) - LINES} calls more: give function, m, g, t0, t1 or depth, or use .frame")
        return "\n".join(lines)

    __repr__ = __str__


def calltree(
    run: Run, function: str | None = None, m: int | None = None, g: int | str | None = None, t0: int | str | None = None,
    t1: int | str | None = None, depth: int | None = None,
) -> CallTree:
    """The calls that match, and all that they called, over threads: from `clone` to the new M's `mstart`, from a
    `notewakeup` to the M that goes on.

    Parameters
    ----------
    function : str, optional
        One of `gmplab.vocabulary.FUNCTIONS`, as "startm"; default: any.
    m : int, optional
        On this M.
    g : int or "g0", optional
        On the stack of this goroutine, or on a g0.
    t0, t1 : int (ns) or str, optional
        From t0 to before t1.
    depth : int, optional
        How many calls deep a tree goes at most, 1 or more; default: to its end.

    Returns
    -------
    CallTree
        A tree begins at each call that matches and is not below another that does.

    Raises
    ------
    TraceError
        The run was not recorded at level "calls".
    ValueError
        There is no such function; a time is unreadable, or t1 not after t0; g or depth cannot be.

    Examples
    --------
    >>> run = gmplab.run("fanout", n=20, procs=2, record="calls")
    >>> print(run.calltree("startm", depth=3))
      t_ns  m   on  call
       805  M0  g0  startm
       805  M0  g0    newm
       805  M0  g0      allocm
       805  M0  g0      newm1
    153900  M2  g0  startm
    153900  M2  g0    notewakeup
    """
    run.need("calls", "run.calltree")
    if function is not None and function not in FN:
        near = difflib.get_close_matches(function, FUNCTIONS, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ": see gmplab.vocabulary.FUNCTIONS"
        raise ValueError(f"calltree: function {function!r}: there is no such function{hint}")
    if depth is not None and depth < 1:
        raise ValueError(f"calltree: depth = {depth}: must be at least 1 call")
    if isinstance(g, str) and g != "g0":
        raise ValueError(f"calltree: g = {g!r}: must be a goroutine's id or 'g0'")
    c = fields(run.record, "calls")
    wanted = np.ones(len(c["call"]), dtype=bool)
    if function is not None:
        wanted &= c["function"] == FN[function]
    if m is not None:
        wanted &= c["m"] == m
    if g is not None:
        wanted &= c["g"] == (-1 if g == "g0" else g)
    wanted &= in_time(c["t_ns"], t0, t1)
    parents = rows_of(c["call"], c["parent"])
    rows, depths = walk(wanted, parents, depth)
    frame = FRAMES["calls"](run.record).iloc[rows].reset_index(drop=True)
    runs = executed(run, c)
    frame["runs"] = pd.arrays.IntegerArray(runs[rows], runs[rows] < 0)
    frame["depth"] = depths
    return CallTree(frame, callers_frame(c, wanted, parents))


def executed(run: Run, c: dict[str, Ints]) -> Ints:
    """The goroutine that each execute() let run, -1 for other calls."""
    runs = np.full(len(c["call"]), -1, dtype=np.int64)
    rows = np.flatnonzero(c["function"] == FN["execute"])
    e = fields(run.record, "events", ("kind", "g"))
    started = e["g"][e["kind"] == GO_START]
    if len(rows) == len(started):  # execute() writes both, in one order; a record by hand may lack the one
        runs[rows] = started
    return runs


def in_time(t: Ints, t0: int | str | None, t1: int | str | None) -> npt.NDArray[np.bool_]:
    """Which instants lie from t0 to before t1."""
    begin = 0 if t0 is None else duration_ns(t0, "calltree: t0")
    if t1 is None:
        return np.asarray(t >= begin)
    end = duration_ns(t1, "calltree: t1")
    if end <= begin:
        raise ValueError(f"calltree: t0 = {begin} ns, t1 = {end} ns: t1 must be after t0")
    return np.asarray((t >= begin) & (t < end))


def rows_of(calls: Ints, parents: Ints) -> list[int]:
    """The row of each call's parent, -1 where there is none (or it lies before a window). Ids rise from row to row."""
    at = np.searchsorted(calls, parents)
    found = (parents > 0) & (at < len(calls))
    found[found] = calls[at[found]] == parents[found]
    return [int(row) for row in np.where(found, at, -1)]


def walk(wanted: npt.NDArray[np.bool_], parents: list[int], depth: int | None) -> tuple[list[int], list[int]]:
    """The rows of the trees and their depths, each call before what it called. A caller's row is before its call's."""
    level: list[int] = []
    below: dict[int, list[int]] = {}
    roots: list[int] = []
    for row, (parent, match) in enumerate(zip(parents, wanted.tolist(), strict=True)):
        above = level[parent] if parent >= 0 else -1
        level.append(above + 1 if above >= 0 else 0 if match else -1)
        if above >= 0:
            below.setdefault(parent, []).append(row)
        elif match:
            roots.append(row)
    rows: list[int] = []
    open_ = roots[::-1]
    while open_:
        row = open_.pop()
        rows.append(row)
        if depth is None or level[row] + 1 < depth:
            open_ += below.get(row, [])[::-1]
    return rows, [level[row] for row in rows]


def callers_frame(c: dict[str, Ints], wanted: npt.NDArray[np.bool_], parents: list[int]) -> pd.DataFrame:
    """How the wanted calls came about: the path of callers on the caller's own thread or goroutine, and how often."""
    paths = [""]
    index: dict[tuple[int, int], int] = {}
    path_of: list[int] = []
    machine, function, goroutine = c["m"].tolist(), c["function"].tolist(), c["g"].tolist()
    for row, parent in enumerate(parents):
        # A goroutine takes its stack along from M to M.
        same = parent >= 0 and (machine[parent] == machine[row] or goroutine[parent] == goroutine[row] >= 0)
        above = path_of[parent] if same else 0
        key = (above, function[row])
        if key not in index:
            index[key] = len(paths)
            name = FUNCTIONS[function[row]]
            paths.append(f"{paths[above]}{ARROW}{name}" if above else name)
        path_of.append(index[key])
    rows = np.flatnonzero(wanted).tolist()
    called = pd.DataFrame({
        "path": [paths[path_of[parents[row]] if parents[row] >= 0 else 0] for row in rows],
        "t_ns": c["t_ns"][rows],
    })
    found = called.groupby("path", sort=False)["t_ns"].agg(count="size", first_ns="min").reset_index()
    return found.sort_values("count", ascending=False, kind="stable").reset_index(drop=True)
