"""One workload at every point of a grid: what is varied may be the Ps, the policy, a component, the costs, a parameter.

Each point runs with the same seeds, so points differ by what was varied and by nothing else. Points are independent, and
may run in processes of their own; which process runs which point changes no number. With a folder each finished point
is one whole file, named for everything that its numbers follow from: a sweep that was stopped goes on where it was, and
one whose code has changed does not take up old numbers.
"""

from __future__ import annotations

import importlib
import itertools
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd
from tqdm.auto import tqdm

from gmplab.analysis.compare import checked_metrics, label_of, number, scale_of, short_repr
from gmplab.analysis.fingerprint import fingerprint
from gmplab.analysis.intervals import Interval, mean_interval
from gmplab.analysis.workers import checked_workers, mapped
from gmplab.experiment import policy_of, run
from gmplab.runtime.contracts import CONCERNS, Component, Policy
from gmplab.runtime.costs import Costs
from gmplab.traces.metrics import METRICS
from gmplab.traces.run import Run
from gmplab.traces.store import whole_file
from gmplab.vocabulary import MODEL
from gmplab.workloads.parameters import text_of

SHOWN: Final = ("end_ns", "wait_p99_ns", "utilisation")
"""The metrics that a sweep prints."""
MOST_LINES: Final = 24
"""Points that it prints; the others are in `frame`."""

Point = dict[str, Any]
"""Of each thing that is varied, the value, as `gmplab.run` or a policy takes it."""


@dataclass(frozen=True)
class Sweep:
    """What `sweep` measured.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per point and seed: a column for each thing that was varied (a number, or the label of an object), seed,
        stopped_by ("" where the run came to its end), and a column per metric in its own unit
        (`gmplab.traces.metrics.METRICS`) that level "off" knows, nan where the run does not.
    varied : dict of str to list
        What was varied, and the labels of its values, in order.
    workload : str
        Its name.
    points : list of dict
        The values behind the labels, in the order of the frame.
    fixed : dict
        What was the same everywhere, as `gmplab.run` takes it, the workload among it.

    Examples
    --------
    >>> made = sweep({"procs": [1, 2], "steal": [gmplab.StealOne(), gmplab.StealHalf()]}, "fanout", seeds=[0], n=20)
    >>> made.varied
    {'procs': [1, 2], 'steal': ['StealOne()', 'StealHalf()']}
    >>> made.frame["stolen"].astype(int).tolist()
    [0, 0, 9, 9]
    """

    frame: pd.DataFrame
    varied: dict[str, list[Any]]
    workload: str
    points: list[Point] = field(repr=False)
    fixed: dict[str, Any] = field(repr=False)

    @property
    def seeds(self) -> list[int]:
        """The seeds, in order."""
        return [int(x) for x in self.frame["seed"].unique()]

    def table(self, metrics: Iterable[str] | None = None, confidence: float = 0.95) -> pd.DataFrame:
        """Means over the seeds: a row per point and metric.

        Parameters
        ----------
        metrics : list of str, optional
            Default: end, 99th percentile of the wait, utilisation.
        confidence : float
            Of the intervals mean -+ t s / sqrt(n), Student's t for n - 1 degrees of freedom.

        Returns
        -------
        pandas.DataFrame
            The varied columns, metric, runs (seeds that know it), mean, low, high, unit.

        Raises
        ------
        ValueError
            A metric is unknown, or known only where more is recorded than a sweep does.
        """
        rows = []
        names = checked_metrics(SHOWN if metrics is None else metrics)
        for name in names:
            if not swept(name):
                level = METRICS[name].level
                raise ValueError(f"metric {name!r}: is known from record level {level!r} on, and a sweep records at 'off': see compare")
        for at, part in self.frame.groupby(list(self.varied), sort=False, dropna=False):
            for name in names:
                x = self.interval(part, name, confidence)
                rows.append((*at, name, x.n, x.mean, x.low, x.high, METRICS[name.partition("[")[0]].unit))
        return pd.DataFrame(rows, columns=[*self.varied, "metric", "runs", "mean", "low", "high", "unit"])

    @staticmethod
    def interval(part: pd.DataFrame, metric: str, confidence: float = 0.95) -> Interval:
        """The mean of a metric over some rows, with its interval."""
        values = part[metric] if metric in part else pd.Series(math.nan, index=part.index)
        return mean_interval([float(x) for x in values], confidence)

    def open(self, seed: int | None = None, record: str = "full", **at: Any) -> Run:
        """Run one point once more, recorded in full.

        Parameters
        ----------
        seed : int, optional
            One of `seeds`; default: the first.
        record : str
        **at
            The label of each thing that was varied.

        Raises
        ------
        ValueError
            There is no such point, or no such seed.

        Examples
        --------
        >>> made = sweep({"procs": [1, 2]}, "fanout", seeds=[0], n=10)
        >>> made.open(procs=2).record.header["procs"]
        2
        """
        if set(at) != set(self.varied):
            raise ValueError(f"open: give {', '.join(self.varied)}; got {', '.join(at) or 'nothing'}")
        for name, label in at.items():
            if label not in self.varied[name]:
                raise ValueError(f"open: {name} = {label!r}: was not swept; one of {', '.join(map(repr, self.varied[name]))}")
        chosen = self.seeds[0] if seed is None else seed
        if chosen not in self.seeds:
            raise ValueError(f"open: seed = {chosen}: was not swept; one of {', '.join(map(str, self.seeds))}")
        point = next(p for p in self.points if labels_of(p) == at)
        return run(**arguments_of(point, self.fixed), seed=chosen, record=record, strict=False)

    @property
    def view(self) -> Any:
        """`view.dashboard()`: the grid in a notebook, each point to be opened by a click."""
        return importlib.import_module("gmplab.jupyter").Dashboards(self)

    def plot(self, metric: str = "wait_p99_ns", kind: str = "lines", **options: Any) -> Any:
        """A metric over what was varied: `gmplab.plots.sweep_lines`, or with kind "map" `gmplab.plots.sweep_map`."""
        plots = {"lines": "sweep_lines", "map": "sweep_map"}
        if kind not in plots:
            raise ValueError(f"kind = {kind!r}: must be 'lines' or 'map'")
        return getattr(importlib.import_module("gmplab.plots"), plots[kind])(self, metric, **options)

    def __repr__(self) -> str:
        n = len(self.points)
        lines = [f"{self.workload}: {n} points ({', '.join(self.varied)}), seeds {', '.join(map(str, self.seeds))}; means", ""]
        shown = self.points[:MOST_LINES]
        means = {metric: [self.interval(self.rows(point), metric).mean for point in shown] for metric in SHOWN}
        units = {metric: scale_of(metric, values) for metric, values in means.items()}
        table = [[*self.varied, *(f"{m.replace('_ns', '')} {units[m][1]}".strip() for m in SHOWN)]]
        for i, point in enumerate(shown):
            table.append([*map(str, labels_of(point).values()), *(number(means[m][i] / units[m][0]) for m in SHOWN)])
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        lines += ["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in table]
        return "\n".join(lines + ([f"... and {n - MOST_LINES} more: .frame, .table()"] if n > MOST_LINES else []))

    def rows(self, point: Point) -> pd.DataFrame:
        """The rows of one point."""
        per = len(self.seeds)
        i = self.points.index(point)
        return self.frame.iloc[i * per : (i + 1) * per]


def sweep(
    vary: Mapping[str, Iterable[Any]], workload: Any, *, seeds: Iterable[int] = range(10), workers: int = 1,
    folder: str | os.PathLike[str] | None = None, progress: bool = False, **fixed: Any,
) -> Sweep:
    """Run a workload at every point of a grid, with the same seeds at each.

    Parameters
    ----------
    vary : dict of str to list
        What to vary: "procs", "policy" (names or policies), "cpus", "costs", "until", a concern of the policy ("steal", with components
        for it), or a parameter of the workload. Every combination is a point.
    workload : str, function, Program or Plan
        As in `gmplab.run`.
    seeds : iterable of int
        Each is run once at each point: arrivals and services are then the same for all (common random numbers).
    workers : int
        Processes, at least 1; 1 is this one. They are spawned, so a script needs `if __name__ == "__main__":`. What a
        notebook defines goes along.
    folder : path, optional
        Where each finished point is kept as one whole file, and looked for first.
    progress : bool
        A bar on stderr, or in the notebook, of points done.
    **fixed
        Other arguments of `gmplab.run`, those of the workload among them.

    Returns
    -------
    Sweep
        Its `frame` (a row per point and seed), `table()`, and `open(...)`, which runs a point again.

    Raises
    ------
    ValueError, TypeError
        Nothing is varied, something is varied and fixed, a value cannot be, or two values are called alike.
    GmplabError
        A worker ended before its point was done.
    KeyboardInterrupt
        With `.sweep`, of the points that were finished.

    Notes
    -----
    A run that ends by a failure counts as it is; `stopped_by` tells.

    Examples
    --------
    >>> made = sweep({"procs": [1, 2, 4]}, "fanout", seeds=range(2), n=100)
    >>> list(made.frame["procs"])
    [1, 1, 2, 2, 4, 4]
    """
    checked_workers(workers)
    each = list(dict.fromkeys(seeds))
    if not each:
        raise ValueError("seeds: none given: give at least one int")
    same = {"workload": workload, **fixed}
    grid = points_of(vary, same)
    kept = None if folder is None else Path(folder)
    done: dict[int, list[dict[str, Any]]] = {}
    todo = []
    for i, point in enumerate(grid):
        file = file_of(kept, point, same, each)
        found = read_point(file)
        if found is None:
            todo.append((i, file))
        else:
            done[i] = found
    try:
        with tqdm(total=len(grid), initial=len(done), desc="sweep", unit="point", delay=0.5, leave=False, disable=not progress) as bar:
            with mapped(run_point, [(i, arguments_of(grid[i], same), each) for i, _ in todo], workers) as coming:
                files = dict(todo)
                for i, rows in coming:
                    done[i] = rows
                    write_point(files[i], rows)
                    bar.update()
    except KeyboardInterrupt as e:
        e.sweep = made_of(done, grid, same, each)  # type: ignore[attr-defined]
        raise
    return made_of(done, grid, same, each)


def made_of(done: Mapping[int, list[dict[str, Any]]], grid: Sequence[Point], same: dict[str, Any], seeds: list[int]) -> Sweep:
    """The sweep of the points that are done."""
    order = sorted(done)
    rows = [{**labels_of(grid[i]), **row} for i in order for row in done[i]]
    labels = {name: list(dict.fromkeys(label(point[name]) for point in grid)) for name in grid[0]}
    workload = next((str(row.pop("workload")) for row in rows), "")
    for row in rows:
        row.pop("workload", None)
    frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=[*labels, "seed", "stopped_by"])
    return Sweep(frame, labels, workload, [grid[i] for i in order], same)


# --- points -----------------------------------------------------------------------------------------------------------
def points_of(vary: Mapping[str, Iterable[Any]], same: Mapping[str, Any]) -> list[Point]:
    """Every combination of the values, the last thing varied fastest."""
    axes: dict[str, list[Any]] = {}
    for name, values in vary.items():
        if name in same:
            raise ValueError(f"{name}: is varied, and given as {same[name]!r} as well: keep one")
        if name in ("seed", "seeds", "record", "strict"):
            raise ValueError(f"{name}: cannot be varied" + ("; see `seeds`" if name.startswith("seed") else ""))
        axes[name] = [checked(name, value) for value in ([values] if isinstance(values, str) else values)]
        if not axes[name]:
            raise ValueError(f"{name}: no value is given")
        labels = [label(value) for value in axes[name]]
        for one in labels:
            if labels.count(one) > 1:
                raise ValueError(f"{name}: two values are called {one!r}: give each once, or policies names of their own")
    if not axes:
        raise ValueError("vary: nothing is given: name what to vary, as in {'procs': [1, 2, 4]}")
    return [dict(zip(axes, combination, strict=True)) for combination in itertools.product(*axes.values())]


def checked(name: str, value: Any) -> Any:
    """A value as it is used: a policy by its name becomes one, a component must be of its concern."""
    if name == "policy":
        return policy_of(value)
    if name in CONCERNS and name != "rules" and not isinstance(value, CONCERNS[name]):
        raise TypeError(f"{name}: {value!r}: must be a {CONCERNS[name].__name__} component")
    return value


def label(value: Any) -> Any:
    """What a value is called in the frame: a number is itself."""
    if isinstance(value, Policy):
        return label_of(value)
    if isinstance(value, Component):
        return short_repr(value)
    if isinstance(value, Costs):
        return next((name for name in ("zero", "linux_vm") if getattr(Costs, name)() == value), text_of(value))
    return value if isinstance(value, int | float | str) else text_of(value)


def labels_of(point: Point) -> dict[str, Any]:
    """The labels of a point, by what was varied."""
    return {name: label(value) for name, value in point.items()}


def arguments_of(point: Point, same: Mapping[str, Any]) -> dict[str, Any]:
    """What `gmplab.run` takes at a point: components go into the policy."""
    parts = {name: value for name, value in point.items() if name in CONCERNS}
    given = {**same, **{name: value for name, value in point.items() if name not in CONCERNS}}
    if parts:
        base = policy_of(given.get("policy", "go"))
        given["policy"] = base.replace(**parts)
    return given


# --- running ----------------------------------------------------------------------------------------------------------
Task = tuple[int, dict[str, Any], list[int]]


def swept(metric: str) -> bool:
    """Whether a metric is known at the level that points are recorded at, "off"."""
    return METRICS[metric].level == "off" if metric in METRICS else True


def run_point(task: Task) -> tuple[int, list[dict[str, Any]]]:
    """Run one point with each seed."""
    i, arguments, seeds = task
    rows = []
    for seed in seeds:
        made = run(**arguments, seed=seed, record="off", strict=False)
        rows.append({
            "workload": made.record.header["workload"], "seed": seed, "stopped_by": made.stopped_by,
            **{name: float(value) for name, value in made.metrics.items() if swept(name)},
        })
    return i, rows


# --- files ------------------------------------------------------------------------------------------------------------
def file_of(folder: Path | None, point: Point, same: Mapping[str, Any], seeds: list[int]) -> Path | None:
    """Where a point is kept: by everything that its numbers follow from."""
    if folder is None:
        return None
    at = "-".join(f"{name}={one}" for name, one in labels_of(point).items())
    readable = "".join(c if c.isalnum() or c in "=-._" else "_" for c in at)[:80]
    return folder / f"{readable}-{fingerprint((MODEL, arguments_of(point, same), seeds))[:16]}.json"


def read_point(file: Path | None) -> list[dict[str, Any]] | None:
    """What a file holds; None where it is not there, or none of ours."""
    if file is None or not file.exists():
        return None
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    except (ValueError, KeyError, TypeError):
        return None
    return [{name: math.nan if value is None else value for name, value in row.items()} for row in rows]


def write_point(file: Path | None, rows: list[dict[str, Any]]) -> None:
    """Keep what a point gave; nan as null."""
    if file is not None:
        plain = [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in rows]
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file, True, "sweep") as making:
            making.write_text(json.dumps({"rows": plain}, indent=1) + "\n", encoding="utf-8")


