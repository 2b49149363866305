"""What is measured of a run, as functions from a run to statistics by name. Times are in ms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

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
    """

    split_ns: int = 0
    quantiles: tuple[float, ...] = ()

    def __call__(self, run: Run, early: Run | None) -> dict[str, float]:
        """In ms, of the jobs that came after the warm-up."""
        table = run.goroutines
        jobs = table[(table["cls"] == JOB) & (table["created_ns"] >= run.record.header["warmup_ns"])]
        waits = jobs["wait_ns"].to_numpy(float) / MS
        works = jobs["run_ns"].to_numpy(float) / MS
        stays = (jobs["exited_ns"] - jobs["created_ns"]).to_numpy(float) / MS
        out = {
            "mean wait": float(waits.mean()), "mean square wait": float((waits**2).mean()), "mean sojourn": float(stays.mean()),
            **{f"p{100 * q:g} sojourn": float(np.quantile(stays, q)) for q in self.quantiles},
        }
        if self.split_ns:
            short = works < self.split_ns / MS
            # Of the sums, not of the ratios: the shortest jobs would rule those.
            out["mean slowdown of short jobs"] = float(stays[short].sum() / works[short].sum()) if short.any() else math.nan
            out["mean slowdown of long jobs"] = float(stays[~short].sum() / works[~short].sum()) if (~short).any() else math.nan
        return out


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
