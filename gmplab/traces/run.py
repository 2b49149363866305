"""`Run`: a record as frames, and what follows from it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from gmplab.runtime.recorder import Record
from gmplab.traces.frames import (
    events_frame, goroutines_frame, machines_frame, processors_frame, schedule_frame,
)

TABLES = ("schedule", "events", "goroutines", "machines", "processors")


def quantile(counts: list[int], q: float) -> int:
    """The q-quantile of a log-linear histogram, in ns: exact below 64, else the upper edge of its bucket (3.2 % wide).

    Raises `ValueError` where q is no probability. 0 where nothing was counted.
    """
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"quantile: q = {q!r}: must be 0 to 1")
    total = sum(counts)
    seen = 0
    for bucket, n in enumerate(counts):
        seen += n
        if n and seen >= q * total:
            if bucket < 64:
                return bucket
            e, v = bucket // 32 - 1, bucket % 32 + 32
            return ((v + 1) << e) - 1
    return 0


class Run:
    """One run: frames made when first asked for, and metrics that are exact at every record level.

    Attributes
    ----------
    record : Record
        The plain record.
    schedule, events, goroutines, machines, processors : pandas.DataFrame
        The tables; times in ns since the start.
    complete : bool
        False where the run ended by a bound or a failure; `stopped_by` says which.
    """

    def __init__(self, record: Record) -> None:
        self.record = record

    @property
    def complete(self) -> bool:
        return self.record.complete

    @property
    def stopped_by(self) -> str:
        return self.record.stopped_by

    @cached_property
    def schedule(self) -> pd.DataFrame:
        return schedule_frame(self.record)

    @cached_property
    def events(self) -> pd.DataFrame:
        return events_frame(self.record)

    @cached_property
    def goroutines(self) -> pd.DataFrame:
        return goroutines_frame(self.record)

    @cached_property
    def machines(self) -> pd.DataFrame:
        return machines_frame(self.record)

    @cached_property
    def processors(self) -> pd.DataFrame:
        return processors_frame(self.record)

    @property
    def steals(self) -> pd.DataFrame:
        """The rows of `schedule` whose G was stolen."""
        return self.schedule[self.schedule["stolen"] > 0]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the stored rows, without the header."""
        h = hashlib.sha256()
        for name in sorted(self.record.tables):
            h.update(name.encode())
            for chunk in self.record.tables[name]:
                h.update(chunk)
        return h.hexdigest()

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Numbers of the run by name: the exact counters, and wait_* and sojourn_* of all classes together, in ns.

        `wait` is the scheduling latency, runnable to running; `sojourn` is created to exited. Quantiles come from
        log-linear histograms and are within 3.2 %; means, max and counts are exact. `jain` is (sum x)**2 / (n sum x**2)
        over the run times of user goroutines.
        """
        r = self.record
        out: dict[str, float] = {"end_ns": r.end_ns, **r.counters}
        for what in ("wait", "sojourn"):
            counts = [sum(c) for c in zip(*(h for (w, _), h in r.histograms.items() if w == what), strict=True)]
            sums = [s for (w, _), s in r.sums.items() if w == what]
            n = sum(s[0] for s in sums)
            out[f"{what}_n"] = n
            out[f"{what}_mean_ns"] = sum(s[1] for s in sums) / n if n else 0.0
            for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)):
                out[f"{what}_{name}_ns"] = quantile(counts, q)
            out[f"{what}_max_ns"] = max((s[2] for s in sums), default=0)
        n, total, squares = r.jain
        out["jain"] = total * total / (n * squares) if squares > 0 else 1.0
        return out

    def to_csv(self, folder: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write one CSV a table, and meta.json, into a new folder: whole, or not at all.

        Raises `FileExistsError` where the folder is there and `overwrite` is False.
        """
        target = Path(folder)
        if target.exists() and not overwrite:
            raise FileExistsError(f"to_csv: {target} exists: give another folder, or overwrite=True")
        target.parent.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            rows: dict[str, int] = {}
            for name in TABLES:
                frame: pd.DataFrame = getattr(self, name)
                rows[name] = len(frame)
                pacsv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), making / f"{name}.csv")
            meta = {**self.record.header, "rows": rows, "units": {"*_ns": "ns since the start, or a duration in ns"}}
            (making / "meta.json").write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            if target.exists():
                shutil.rmtree(target)
            os.chmod(making, 0o755)
            os.rename(making, target)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
        return target

    def __repr__(self) -> str:
        m: dict[str, Any] = self.metrics
        h = self.record.header
        state = "complete" if self.complete else f"stopped by {self.stopped_by}"
        return "\n".join(
            (
                f"run        {h.get('workload', '?')} under {h.get('policy', '?')}, P={h.get('procs', '?')}, "
                f"seed {h.get('seed', '?')}, {state}",
                f"time       {m['end_ns'] / 1e6:.3f} ms virtual",
                f"goroutines {m['n_goroutines']}, {m['n_exited']} done; {m['n_schedules']} schedules",
                f"wait       mean {m['wait_mean_ns'] / 1e3:.1f} us, p50 {m['wait_p50_ns'] / 1e3:.1f}, "
                f"p99 {m['wait_p99_ns'] / 1e3:.1f}, max {m['wait_max_ns'] / 1e3:.1f}",
                f"steals     {m['steals']} of {m['steal_passes']} passes, {m['stolen']} goroutines",
                f"threads    {m['threads_created']} made, {m['threads_peak']} at once, {m['threads_exited']} ended, {m['parks_m']} parks",
                f"syscalls   {m['syscalls']}, {m['syscalls_lost_p']} lost their P, {m['handoffs']} handoffs",
                f"preempted  {m['preemptions']} of {m['preempt_requests']} requests",
            )
        )
