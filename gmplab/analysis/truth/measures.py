"""What is measured of a run, as functions from a run to statistics by name. Times are in ms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from gmplab.analysis.theory import greedy_makespan_bounds
from gmplab.analysis.truth.entries import MS
from gmplab.traces.metrics import bucket_top
from gmplab.traces.run import Run

JOB: Final = "job"
"""The class of the goroutines that are measured."""


@dataclass(frozen=True)
class Latencies:
    """Mean wait and sojourn of the jobs, and the shares of them that wait, or stay, longer than so much.

    Parameters
    ----------
    wait_over, sojourn_over : int
        ns; the top of a bucket of the core's histograms (`edge`), at which their counts are exact. 0: not asked.
    """

    wait_over: int = 0
    sojourn_over: int = 0

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """In ms and as shares."""
        record = run.record
        waits, sojourns = record.sums["wait", JOB], record.sums["sojourn", JOB]
        out = {
            "mean wait": waits[1] / waits[0] / MS, "mean sojourn": sojourns[1] / sojourns[0] / MS,
            # The first bucket is the wait of 0 ns, exactly.
            "share that waits": share_over(record.histograms["wait", JOB], 0),
            # From the start on: the sums of the Ps know no warm-up.
            "mean Ps on": (run.metrics["p_running_ns"] + run.metrics["p_spinning_ns"]) / record.end_ns,
        }
        if self.wait_over:
            out["share with a long wait"] = share_over(record.histograms["wait", JOB], self.wait_over)
        if self.sojourn_over:
            out["share with a long sojourn"] = share_over(record.histograms["sojourn", JOB], self.sojourn_over)
        return out


@dataclass(frozen=True)
class EachJob:
    """What only the jobs one by one tell: moments, quantiles, slowdowns by size. Needs the record level "schedule".

    Parameters
    ----------
    split_ns : int
        Jobs shorter than this are short, the others long; 0: not asked.
    quantiles : tuple of float
        Of the sojourn, as "p99 sojourn".
    unit_ns : int
        In what times are told.
    """

    split_ns: int = 0
    quantiles: tuple[float, ...] = ()
    unit_ns: int = MS

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """Of the jobs that came after the warm-up."""
        table = run.goroutines
        jobs = table[(table["cls"] == JOB) & (table["created_ns"] >= run.record.header["warmup_ns"])]
        waits = jobs["wait_ns"].to_numpy(float) / self.unit_ns
        works = jobs["run_ns"].to_numpy(float) / self.unit_ns
        stays = (jobs["exited_ns"] - jobs["created_ns"]).to_numpy(float) / self.unit_ns
        out = {
            "mean wait": float(waits.mean()), "mean square wait": float((waits**2).mean()), "mean sojourn": float(stays.mean()),
            **{f"p{100 * q:g} sojourn": float(np.quantile(stays, q)) for q in self.quantiles},
            "stolen a job": run.metrics["stolen"] / max(1, int(run.metrics["n_exited"]) - 1),
        }
        if self.split_ns:
            short = works < self.split_ns / self.unit_ns
            # Of the sums, not of the ratios: the shortest jobs would rule those.
            out["mean slowdown of short jobs"] = float(stays[short].sum() / works[short].sum()) if short.any() else math.nan
            out["mean slowdown of long jobs"] = float(stays[~short].sum() / works[~short].sum()) if (~short).any() else math.nan
        return out


def between(run: Run, early: Run, metric: str) -> float:
    """By how much a metric grew from the early run's end on."""
    return float(run.metrics[metric] - early.metrics[metric])


@dataclass(frozen=True)
class Rates:
    """How much goes on in a ms, from the early run's end on."""

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """Rounds are told by the calls that they make."""
        assert early is not None
        ms = (run.record.end_ns - early.record.end_ns) / MS
        return {
            "rounds a ms": between(run, early, "syscalls") / ms, "mean Ps at work": between(run, early, "p_running_ns") / MS / ms,
            "threads at most": float(run.metrics["threads_peak"]),
        }


@dataclass(frozen=True)
class Items:
    """How many items a ms a line does, from the early run's last item on."""

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """The workload's parameter n says how many there were."""
        assert early is not None
        n, before = (int(x.record.header["params"]["n"]) for x in (run, early))
        return {"items a ms": (n - before) * MS / (run.record.end_ns - early.record.end_ns)}


@dataclass(frozen=True)
class Joins:
    """Rounds of forks and joins: when the last of a round is done, and each. Needs the record level "schedule"."""

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """In ms. Main runs once at the start and once after each round."""
        table = run.schedule
        ends = table["t_ns"][table["g"] == 1].to_numpy(float)
        rounds = np.diff(ends) / MS
        sojourns = run.record.sums["sojourn", JOB]
        return {
            "mean makespan": float(rounds.mean()), "mean square makespan": float((rounds**2).mean()),
            "mean completion": sojourns[1] / sojourns[0] / MS,
        }


@dataclass(frozen=True)
class Makespan:
    """When all is done, in units of work; and what that is beyond work / P, where each unit is a goroutine.

    Parameters
    ----------
    unit_ns : int
    """

    unit_ns: int

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """In units. Main is a goroutine too, without work."""
        units = run.record.end_ns / self.unit_ns
        work = int(run.metrics["n_exited"]) - 1
        return {"makespan": units, "makespan - work / P": units - work / run.record.header["procs"]}


@dataclass(frozen=True)
class OverBounds:
    """The makespan against `theory.greedy_makespan_bounds`.

    The workload tells "work" and "longest_way" in ns, as its result or as its parameters.
    """

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """Ratios of which none may exceed 1."""
        told = run.result if isinstance(run.result, dict) else run.record.header["params"]
        bounds = greedy_makespan_bounds(float(told["work"]), float(told["longest_way"]), run.record.header["procs"])
        return {
            "makespan / upper bound": run.record.end_ns / bounds.upper, "lower bound / makespan": bounds.lower / run.record.end_ns,
        }


@dataclass(frozen=True)
class Thefts:
    """How many steals hit."""

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """A count."""
        return {"thefts": float(run.metrics["steals"])}


@dataclass(frozen=True)
class Completions:
    """When each job is done, in units, from its creation on: "completion 1" and so on in the order of creation.

    Parameters
    ----------
    unit_ns : int
    """

    unit_ns: int

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """Needs the record level "schedule"."""
        table = run.goroutines
        jobs = table[table["cls"] == JOB].sort_values("g")
        done = (jobs["exited_ns"] - jobs["created_ns"]).to_numpy(float) / self.unit_ns
        return {f"completion {i}": float(x) for i, x in enumerate(done, 1)}


def edge(ns: float) -> int:
    """The top of the first bucket of the core's histograms that reaches up to `ns`.

    >>> edge(100.0), edge(1e6)
    (101, 1015807)
    """
    bucket = 0
    while bucket_top(bucket) < ns:
        bucket += 1
    return bucket_top(bucket)


def share_over(counts: list[int], ns: int) -> float:
    """The share of a histogram's values above `ns`, which is the top of a bucket."""
    over = sum(n for bucket, n in enumerate(counts) if n and bucket_top(bucket) > ns)
    return over / sum(counts)
