"""Policies side by side on the same workload: means over seeds with intervals, and differences paired by seed.

A seed fixes arrivals, service times and the dice of every goroutine whatever the policy does (common random numbers),
so the difference of two policies at one seed is free of most of the noise that both share. That is why the differences
have intervals of their own: two intervals of means may overlap where the paired difference is far from 0.
"""

from __future__ import annotations

import functools
import html
import importlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import pandas as pd
from tqdm.auto import tqdm

from gmplab.analysis.intervals import Interval, mean_interval
from gmplab.analysis.workers import checked_workers, mapped
from gmplab.errors import GmplabError
from gmplab.experiment import policy_of, run
from gmplab.names import nearest
from gmplab.policies import PRESETS
from gmplab.runtime.contracts import CONCERNS, Policy
from gmplab.traces.metrics import METRICS
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVELS

DEFAULT_METRICS: Final = (
    "end_ns", "wait_mean_ns", "wait_p99_ns", "sojourn_mean_ns", "throughput_per_s", "utilisation", "n_schedules", "stolen",
    "handoffs", "preemptions", "threads_peak",
)
SCALES: Final = ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns"))


@dataclass(frozen=True)
class Comparison:
    """What `compare` measured.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per policy, seed and metric: policy, seed, metric, value (float64; nan where a run does not know it).
        Values are in the metric's own unit (`gmplab.traces.metrics.METRICS`).
    workload : str
        Its name.
    procs : int
        GOMAXPROCS of each run.
    confidence : float
        Of the intervals.
    chosen : dict of str to Policy
        The policies behind the labels.
    fixed : dict
        What was the same for all, as `gmplab.run` takes it, the workload among it.

    Examples
    --------
    >>> made = compare(["go", "go1.1"], "fanout", n=50, procs=2, seeds=range(3), metrics=["stolen"])
    >>> made.policies, made.seeds, made.values("go", "stolen")
    (['go', 'go1.1'], [0, 1, 2], [26.0, 26.0, 26.0])
    >>> made.frame.columns.tolist()
    ['policy', 'seed', 'metric', 'value']
    """

    frame: pd.DataFrame
    workload: str
    procs: int
    confidence: float = 0.95
    chosen: dict[str, Policy] = field(default_factory=dict, repr=False)
    fixed: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def policies(self) -> list[str]:
        """The policies' labels, in the order in which they were given."""
        return [str(x) for x in self.frame["policy"].unique()]

    @property
    def metrics(self) -> list[str]:
        """The metrics, in the order in which they were asked for."""
        return [str(x) for x in self.frame["metric"].unique()]

    @property
    def seeds(self) -> list[int]:
        """The seeds, in the order in which they were given."""
        return [int(x) for x in self.frame["seed"].unique()]

    def values(self, policy: str, metric: str) -> list[float]:
        """The values of one policy and metric, a seed each, in the order of `seeds`."""
        rows = self.frame[(self.frame["policy"] == policy) & (self.frame["metric"] == metric)]
        return [float(x) for x in rows["value"]]

    def differences(self, policy: str, metric: str) -> list[float]:
        """Value minus the first policy's, seed by seed; nan where either is unknown."""
        first = self.values(self.policies[0], metric)
        return [a - b for a, b in zip(self.values(policy, metric), first, strict=True)]

    def difference(self, policy: str, metric: str) -> Interval:
        """A policy's mean difference to the first on one metric, paired by seed, with the bounds of its interval.

        Raises
        ------
        ValueError
            The policy, or the metric, was not compared.

        Examples
        --------
        >>> made = compare(["go", "go1.1"], "fanout", n=50, seeds=range(5), metrics=["end_ns"])
        >>> made.difference("go1.1", "end_ns").high < 0
        True
        """
        for what, name, known in (("policy", policy, self.policies), ("metric", metric, self.metrics)):
            if name not in known:
                raise ValueError(f"difference: {what} {name!r} was not compared{nearest(name, known)}")
        return mean_interval(self.differences(policy, metric), self.confidence)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Means: metric, policy, n, mean, low, high, unit.

        low and high bound the `confidence` interval mean -+ t s / sqrt(n) over the n seeds that know the metric, t
        Student's for n - 1 degrees of freedom; nan for n = 1.
        """
        return self.intervals(self.policies, self.values)

    @cached_property
    def paired(self) -> pd.DataFrame:
        """Differences to the first policy, paired by seed: metric, policy, n, mean, low, high, unit.

        With d = value - the first policy's value at the same seed: mean and interval of d as in `table`. Where the
        interval does not hold 0, the policies differ on this metric, which at 0.95 happens once in 20 by chance.
        """
        return self.intervals(self.policies[1:], self.differences)

    def intervals(self, policies: Sequence[str], sample: Any) -> pd.DataFrame:
        """One row per metric and policy with the interval of `sample(policy, metric)`."""
        rows = []
        for metric in self.metrics:
            for policy in policies:
                x = mean_interval(sample(policy, metric), self.confidence)
                rows.append((metric, policy, x.n, x.mean, x.low, x.high, unit_of(metric)))
        return pd.DataFrame(rows, columns=["metric", "policy", "n", "mean", "low", "high", "unit"])

    def open(self, policy: str, seed: int | None = None, record: str = "full") -> Run:
        """Run one policy with one seed once more, recorded in full.

        Parameters
        ----------
        policy : str
            One of `policies`.
        seed : int, optional
            One of `seeds`; default: the first.
        record : str

        Raises
        ------
        ValueError
            The policy, or the seed, was not compared.

        Examples
        --------
        >>> made = compare(["go", "go1.1"], "fanout", seeds=[3], n=10)
        >>> made.open("go1.1").record.header["seed"]
        3
        """
        if policy not in self.chosen:
            raise ValueError(f"open: policy {policy!r} was not compared{nearest(policy, list(self.chosen))}")
        at = self.seeds[0] if seed is None else seed
        if at not in self.seeds:
            raise ValueError(f"open: seed = {at}: was not compared; one of {', '.join(map(str, self.seeds))}")
        return run(**self.fixed, policy=self.chosen[policy], procs=self.procs, seed=at, record=record, strict=False)

    @property
    def view(self) -> Any:
        """`view.dashboard()`: the policies side by side, in a notebook."""
        return importlib.import_module("gmplab.jupyter").Dashboards(self)

    def plot(self) -> Any:
        """Each policy's difference to the first, metric by metric: `gmplab.plots.comparison`."""
        return importlib.import_module("gmplab.plots").comparison(self)

    # --- how it shows itself ------------------------------------------------------------------------------------------
    def title(self) -> str:
        """What was compared, in a line."""
        n = len(self.seeds)
        which = f"seed {self.seeds[0]}" if n == 1 else f"{n} seeds"
        title = f"{self.workload}, P={self.procs}, {which}; mean and its {100 * self.confidence:g} % interval"
        return f"{title}; difference to {self.policies[0]}, paired by seed" if len(self.policies) > 1 else title

    def rows(self) -> list[list[str]]:
        """The cells of the table for people, header first, scaled to readable units."""
        out = [["metric", "policy", "mean", "interval", "difference", "interval", "relative"]]
        for metric in self.metrics:
            means = {p: mean_interval(self.values(p, metric), self.confidence) for p in self.policies}
            scale, unit = scale_of(metric, [x.mean for x in means.values()])
            for policy, x in means.items():
                name = f"{metric.replace('_ns', '')} {unit}".strip() if policy == self.policies[0] else ""
                cells = [name, policy, number(x.mean / scale), bounds(x, scale)]
                if policy == self.policies[0]:
                    out.append([*cells, "", "", ""])
                    continue
                d = mean_interval(self.differences(policy, metric), self.confidence)
                base = means[self.policies[0]].mean
                out.append([*cells, number(d.mean / scale, "+"), bounds(d, scale, "+"), percent(d.mean, base)])
        # With one policy there is nothing to compare to.
        return out if len(self.policies) > 1 else [row[:4] for row in out]

    def __repr__(self) -> str:
        rows = self.rows()
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [self.title(), ""]
        for row in rows:
            cells = [c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        left, right = 'style="text-align:left"', 'style="text-align:right"'
        head, *rows = self.rows()
        styles = [left, left] + [right] * (len(head) - 2)
        cells = [
            "".join(f"<{tag} {s}>{html.escape(c)}</{tag}>" for c, s in zip(row, styles, strict=True))
            for tag, row in [("th", head), *(("td", row) for row in rows)]
        ]
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        return f'<div class="gmplab-comparison"><p>{html.escape(self.title())}</p><table>{body}</table></div>'


def unit_of(metric: str) -> str:
    """A metric's unit; one that is not ours is a time if its name ends so (`slowest_ns`), else a number."""
    known = METRICS.get(metric.partition("[")[0])
    return known.unit if known else "ns" if metric.endswith("_ns") else "1"


def scale_of(metric: str, means: Sequence[float]) -> tuple[float, str]:
    """What to divide a metric by, and the unit that it then has: times become s, ms, us or ns by the greatest mean."""
    unit = unit_of(metric)
    if not unit.startswith("ns"):
        return 1.0, "" if unit == "1" else unit
    most = max((abs(x) for x in means if not math.isnan(x)), default=0.0)
    scale, name = next(((s, n) for s, n in SCALES if most >= s), SCALES[-1])
    return scale, name + unit.removeprefix("ns")


def number(x: float, sign: str = "") -> str:
    """Four significant digits, no exponent, "-" where unknown.

    >>> number(0.0312345), number(1234567.0), number(-2.5, "+"), number(math.nan)
    ('0.03123', '1234567', '-2.5', '-')
    """
    if math.isnan(x):
        return "-"
    if x == 0:
        return "0"
    digits = max(0, 3 - math.floor(math.log10(abs(x))))
    text = f"{x:{sign}.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bounds(x: Interval, scale: float, sign: str = "") -> str:
    """An interval in brackets, "" where it is unknown."""
    return "" if math.isnan(x.low) else f"[{number(x.low / scale, sign)}, {number(x.high / scale, sign)}]"


def percent(part: float, whole: float) -> str:
    """A difference as a share of the first policy's mean, "" where that is 0 or unknown."""
    if math.isnan(part) or math.isnan(whole) or whole == 0:
        return ""
    return f"{round(100 * part / whole, 1) + 0.0:+.1f} %"  # + 0.0: no "-0.0"


def label_of(policy: Policy) -> str:
    """A policy's name; one that was made from a preset by `replace` is called by what differs.

    Examples
    --------
    >>> label_of(policy_of("go").replace(steal=gmplab.StealOne()))
    'go(steal=StealOne())'
    """
    preset = PRESETS.get(policy.name)
    if preset is None or preset == policy:
        return policy.name or "policy"
    parts = [c for c in CONCERNS if getattr(policy, c) != getattr(preset, c)]
    return f"{policy.name}({', '.join(f'{c}={short_repr(getattr(policy, c))}' for c in parts)})"


def short_repr(value: Any) -> str:
    """A component as its constructor is called, with only the fields that are not its defaults.

    Examples
    --------
    >>> short_repr(gmplab.SpinLimit(2)), short_repr(gmplab.StealOne())
    ('SpinLimit(n=2)', 'StealOne()')
    """
    try:
        default = type(value)()
    except TypeError:  # a third party's component with a field that has no default
        return repr(value)
    given = [f for f in type(value).__dataclass_fields__ if getattr(value, f) != getattr(default, f)]
    return f"{type(value).__name__}({', '.join(f'{f}={getattr(value, f)!r}' for f in given)})"


def labelled(policies: Iterable[str | Policy] | Mapping[str, str | Policy]) -> dict[str, Policy]:
    """The policies by label. Raises `ValueError` for none, and for two that would be called alike."""
    if isinstance(policies, (str, Policy)):
        policies = [policies]
    if isinstance(policies, Mapping):
        pairs = [(str(label), policy_of(policy)) for label, policy in policies.items()]
    else:
        pairs = [(p if isinstance(p, str) else label_of(policy_of(p)), policy_of(p)) for p in policies]
    found: dict[str, Policy] = {}
    for label, policy in pairs:
        if label in found:
            raise ValueError(f"policies: two are called {label!r}: give a dict, {{label: policy}}")
        found[label] = policy
    if not found:
        raise ValueError("policies: none given: give at least one preset's name or gmplab.Policy")
    return found


def checked_metrics(metrics: Iterable[str] | None) -> list[str]:
    """The metrics to compare. Raises `ValueError` for an unknown one, with the nearest."""
    if metrics is None:
        return list(DEFAULT_METRICS)
    if isinstance(metrics, str):
        metrics = [metrics]
    known = [name for name in METRICS if "[" not in name]
    found = list(dict.fromkeys(metrics))
    for name in found:
        if name.partition("[")[0] not in known:
            raise ValueError(f"metric {name!r}: there is no such metric{nearest(name, known)}")
    if not found:
        raise ValueError("metrics: none given: give at least one name of gmplab.traces.metrics.METRICS")
    return found


def measures_of(metrics: Iterable[str | Callable[[Run], float]] | None) -> dict[str, Callable[[Run], float]]:
    """What to measure of a run, by name. Raises `ValueError` for an unknown name, and for a function with a shipped one."""
    given = [metrics] if isinstance(metrics, str) or callable(metrics) else list(DEFAULT_METRICS if metrics is None else metrics)
    names = [metric for metric in given if not callable(metric)]
    if names or not given:
        checked_metrics(names)
    made: dict[str, Callable[[Run], float]] = {}
    for metric in given:
        if not callable(metric):
            made[metric] = functools.partial(shipped, metric)
        elif metric.__name__ in METRICS:
            raise ValueError(f"metric {metric.__name__!r}: is a shipped metric's name: give the function another one")
        else:
            made[metric.__name__] = metric
    return made


def enough(record: str, names: Iterable[str]) -> str:
    """A record level at which the shipped ones of these metrics are known: the given one, or more.

    >>> enough("off", ["jain", "slowest_ns"]), enough("off", ["jain", "gini"]), enough("full", ["gini"])
    ('off', 'schedule', 'full')
    """
    if record not in LEVELS:  # `run` says so
        return record
    needed = [METRICS[name].level for name in names if name in METRICS]
    return max([record, *needed], key=LEVELS.index)


def shipped(metric: str, run: Run) -> float:
    """A metric of `gmplab.traces.metrics`, nan where the run does not know it."""
    return float(run.metrics.get(metric, math.nan))


Task = tuple[str, int, dict[str, Callable[[Run], float]], dict[str, Any]]
"""Of one run: its policy's label, its seed, what to measure of it, and the arguments of `gmplab.run`."""


def measured(task: Task) -> tuple[tuple[str, int], str, list[float]]:
    """One run: whose it is, the workload's name, and what was measured."""
    label, seed, measures, arguments = task
    try:
        made = run(**arguments)
    except GmplabError as e:
        e.add_note(f"in compare: policy {label}, seed {seed}")
        raise
    return (label, seed), str(made.record.header["workload"]), [float(measure(made)) for measure in measures.values()]


def compare(
    policies: Iterable[str | Policy] | Mapping[str, str | Policy], workload: Any, *, seeds: Iterable[int] = range(10),
    metrics: Iterable[str | Callable[[Run], float]] | None = None, procs: int = 4, record: str = "off", confidence: float = 0.95,
    workers: int = 1, progress: bool = False, **params: Any,
) -> Comparison:
    """Run a workload under each policy with each seed, and compare the metrics.

    Parameters
    ----------
    policies : list of (str or Policy), or dict of label to (str or Policy)
        The first one is what the others are compared to.
    workload : str, function, Program or Plan
        As in `gmplab.run`.
    seeds : iterable of int
        Each is run once under each policy: arrivals and services are then the same for all (common random numbers).
    metrics : list of (str or function), optional
        Names from `gmplab.traces.metrics.METRICS`, also of a part as "wait_p99_ns[db]"; default: `DEFAULT_METRICS`.
        A function is a metric of your own: it takes the `Run` and returns a number, and its name says what that is, with
        the unit at its end (`slowest_ns`).
    procs : int
        GOMAXPROCS.
    record : {"off", "schedule", "full", "calls"}
        Metrics are the same at every level, so the default is the fastest; what a metric of your own reads has to be
        recorded. A shipped one that needs more ("gini") gets it.
    confidence : float
        Of the intervals, above 0 and below 1.
    workers : int
        Processes, at least 1, as those of `gmplab.sweep`; what is measured does not depend on it.
    progress : bool
        A bar on stderr, of runs done, once half a second has passed.
    **params : object
        Other arguments of `gmplab.run`, those of the workload among them.

    Returns
    -------
    Comparison
        Its `frame`, `table` (means) and `paired` (differences); shows itself as an aligned table.

    Raises
    ------
    ValueError, TypeError
        An unknown policy, workload or metric (with the nearest name), no seeds, or what `gmplab.run` refuses.
    GmplabError
        A run failed: its error, with a note that says under which policy and seed; its `run` is the record so far. Or a
        worker ended before its run was done.

    Examples
    --------
    >>> compare(["go", "go1.1"], "fanout", n=50, procs=2, seeds=range(5), metrics=["end_ns", "stolen"])
    fanout, P=2, 5 seeds; mean and its 95 % interval; difference to go, paired by seed
    <BLANKLINE>
    metric  policy   mean        interval  difference          interval  relative
    end us  go      320.6  [320.6, 320.6]
            go1.1   288.6  [288.6, 288.6]      -32.06  [-32.06, -32.06]   -10.0 %
    stolen  go         26        [26, 26]
            go1.1      27        [27, 27]          +1          [+1, +1]    +3.8 %
    """
    chosen = labelled(policies)
    measures = measures_of(metrics)
    each = list(dict.fromkeys(seeds))
    if not each:
        raise ValueError("seeds: none given: give at least one int")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence = {confidence!r}: must be above 0 and below 1")
    level = enough(record, measures)
    checked_workers(workers)
    same = {"workload": workload, "procs": procs, "record": level, **params}
    tasks = [(label, seed, measures, {**same, "policy": policy, "seed": seed}) for label, policy in chosen.items() for seed in each]
    done: dict[tuple[str, int], list[float]] = {}
    title = ""
    with tqdm(total=len(tasks), desc="compare", unit="run", delay=0.5, leave=False, disable=not progress) as bar:
        with mapped(measured, tasks, workers) as coming:
            for at, title, values in coming:  # noqa: B007, the last one's name is that of all
                done[at] = values
                bar.update()
    rows = [
        (label, seed, name, value) for label, seed, _, _ in tasks for name, value in zip(measures, done[label, seed], strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["policy", "seed", "metric", "value"])
    return Comparison(frame, title, procs, confidence, chosen, {"workload": workload, **params})
