"""The metrics of a run: what each means, its formula and unit, and from which record level it is exact.

`measure` uses the counters, sums and histograms that the core keeps at every level, so a run recorded at level "off" has
the same metrics as one at "full". One alone needs more, the Gini coefficient: it compares each goroutine with each other,
which no sum that a core could keep tells. Parks by reason, which only events tell, stand apart. What a source does not
know is nan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.runtime.recorder import Record
from gmplab.traces.frames import chunks, fields
from gmplab.vocabulary import KIND_USER, LEVEL_SCHEDULE, M_PARK, MODES, WHYS

Number = int | float
NAN: Final = math.nan


@dataclass(frozen=True)
class Metric:
    """What a metric is.

    Parameters
    ----------
    unit : str
        "ns", "1" (a count or a ratio), "1/s", "ns P" (time summed over Ps), "ns G", "ns M".
    formula : str
        What it is, and how it is made.
    level : str
        The least record level at which it is known; it is exact there (quantiles: within 3.2 %).
    """

    unit: str
    formula: str
    level: str = "off"


QUANTILES: Final = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999))


def latency(what: str, meaning: str) -> dict[str, Metric]:
    """The metrics of one histogram."""
    return {
        f"{what}_n": Metric("1", f"how many {meaning} were counted"),
        f"{what}_mean_ns": Metric("ns", f"mean of {meaning}: sum / {what}_n; exact"),
        **{
            f"{what}_{name}_ns": Metric("ns", f"{q}-quantile of {meaning}: its bucket's top, at most 3.2 % above")
            for name, q in QUANTILES
        },
        f"{what}_max_ns": Metric("ns", f"greatest of {meaning}; exact"),
    }


METRICS: Final[dict[str, Metric]] = {
    "end_ns": Metric("ns", "when the run ended"),
    **latency("wait", "scheduling latencies (runnable to running) after warmup_ns"),
    **latency("sojourn", "times from creation to exit, of user goroutines created after warmup_ns"),
    "throughput_per_s": Metric("1/s", "sojourn_n / (end_ns - warmup_ns): user goroutines made and done, a second"),
    "n_goroutines": Metric("1", "goroutines made"),
    "n_exited": Metric("1", "goroutines that exited"),
    "n_schedules": Metric("1", "schedule() calls that found a goroutine"),
    "switches": Metric("1", "goroutine switches on an M: execute()"),
    "steal_passes": Metric("1", "steal attempts: passes over the victims"),
    "steal_probes": Metric("1", "victims looked at, in all passes"),
    "steals": Metric("1", "steals that hit: passes that took a goroutine"),
    "stolen": Metric("1", "goroutines that steals moved"),
    "steal_hit_rate": Metric("1", "steals / steal_passes"),
    "stolen_per_steal": Metric("1", "stolen / steals"),
    "overflows": Metric("1", "full local queues that sent part to the global queue"),
    "spins": Metric("1", "Ms that began to spin"),
    "threads_created": Metric("1", "Ms made; [why]: who asked for it"),
    "threads_peak": Metric("1", "most Ms at once, sysmon included"),
    "threads_exited": Metric("1", "Ms retired: threads that ended; [why]: for what reason"),
    "parks_m": Metric("1", "times an M went to sleep on its note; in epoll not counted"),
    "parks_m[why]": Metric("1", "sleeps of Ms by reason, in epoll too: rows MPark", "full"),
    "wakes_m": Metric("1", "times a sleeping M was woken"),
    "handoffs": Metric("1", "handoffp: a P given away"),
    "retakes": Metric("1", "Ps that sysmon took from a system call"),
    "syscalls": Metric("1", "system calls entered"),
    "syscalls_lost_p": Metric("1", "system calls whose P was given away or taken"),
    "preempt_requests": Metric("1", "goroutines asked to stop"),
    "preemptions": Metric("1", "goroutines that stopped because they were asked"),
    "gosched": Metric("1", "goroutines that yielded"),
    "netpolls": Metric("1", "looks into epoll"),
    "timers_fired": Metric("1", "timers that fired"),
    "stw": Metric("1", "stops of the world"),
    "stw_stopping_ns": Metric("ns", "time from asking to stop until all Ps stood, summed over the stops"),
    "stw_total_ns": Metric("ns", "time from asking to stop until the world was started, summed over the stops"),
    "gc_cycles": Metric("1", "garbage collections begun"),
    **{f"p_{mode}_ns": Metric("ns P", f"time of all Ps in the mode {mode!r}, summed") for mode in MODES},
    "utilisation": Metric("1", "p_running_ns / the sum of p_*_ns: share of P time that ran goroutines"),
    **{f"m_{mode}_ns": Metric("ns M", f"time of all Ms in the mode {mode!r}, summed; with sysmon") for mode in MODES},
    "idle_overloaded_wall_ns": Metric("ns", "idle while overloaded: time in which some P was idle and some G runnable"),
    "idle_overloaded_p_ns": Metric("ns P", "the same, each instant times the Ps that were idle"),
    "idle_overloaded_g_ns": Metric("ns G", "the same, each instant times the Gs that were runnable"),
    "jain": Metric("1", "Jain's fairness of x = run time of the user goroutines that exited: (sum x)^2 / (n sum x^2)"),
    "gini": Metric("1", "Gini coefficient of the same x: the sum of |x_i - x_j| over all pairs / (2 n sum x)", "schedule"),
    "cpu_waits": Metric("1", "times an M waited for a CPU; 0 where each M has its own (run(cpus=None))"),
    "cpu_wait_ns": Metric("ns M", "time in which an M could go on and waited for a CPU, summed over Ms; in no mode of its own"),
    "steps": Metric("1", "steps that the driver took: the cost of the simulation, nothing of the program"),
}
"""Every metric: unit, formula, level. A part of one has a name in brackets: a class (`wait_p99_ns[db]`) or a reason."""

COUNTERS: Final = (
    "n_goroutines", "n_exited", "n_schedules", "switches", "steal_passes", "steal_probes", "steals", "stolen",
    "overflows", "spins", "threads_created", "threads_peak", "threads_exited", "parks_m", "wakes_m", "handoffs",
    "retakes", "syscalls", "syscalls_lost_p", "preempt_requests", "preemptions", "gosched", "netpolls", "timers_fired",
    "stw", "stw_stopping_ns", "stw_total_ns", "gc_cycles", "idle_overloaded_wall_ns", "idle_overloaded_p_ns",
    "idle_overloaded_g_ns", "cpu_waits", "cpu_wait_ns", "steps",
)
"""The metrics that are counters of the record as they are."""


def bucket_top(bucket: int) -> int:
    """The greatest value that falls into a bucket of a log-linear histogram.

    >>> bucket_top(63), bucket_top(64), bucket_top(96)
    (63, 65, 131)
    """
    if bucket < 64:
        return bucket
    e = bucket // 32 - 1
    return ((bucket % 32 + 33) << e) - 1


def quantile(counts: Sequence[int], q: float) -> int:
    """The q-quantile of a log-linear histogram: the least bucket edge with at least a share q of the values up to it.

    Parameters
    ----------
    counts : sequence of int
        Counts by bucket (vocabulary.HISTOGRAM_BUCKETS).
    q : float
        0 to 1.

    Returns
    -------
    int
        ns; exact below 64, else at most 3.2 % above the value. 0 where nothing was counted.

    Raises
    ------
    ValueError
        q is no probability.
    """
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"quantile: q = {q!r}: must be 0 to 1")
    # The rank in integers: 0.9 * 10 may be 9.000000000000002 in floats, whose ceiling would be one too many.
    rank = max(1, -(-round(q * 10**9) * sum(counts) // 10**9))
    seen = 0
    for bucket, n in enumerate(counts):
        seen += n
        if n and seen >= rank:
            return bucket_top(bucket)
    return 0


def histogram_metrics(
    what: str, histograms: Iterable[Sequence[int]], sums: Sequence[tuple[int, int, int, int]]
) -> dict[str, Number]:
    """The metrics of one or more histograms together; nan where nothing was counted."""
    counts: list[int] = np.sum(np.array(list(histograms), dtype=np.int64), axis=0).tolist() if sums else []
    n = sum(s[0] for s in sums)
    most = max((s[2] for s in sums), default=0)
    out: dict[str, Number] = {f"{what}_n": n, f"{what}_mean_ns": sum(s[1] for s in sums) / n if n else NAN}
    for name, q in QUANTILES:
        # A bucket's edge may lie beyond the greatest value, which is known exactly.
        out[f"{what}_{name}_ns"] = min(quantile(counts, q), most) if n else NAN
    out[f"{what}_max_ns"] = most if n else NAN
    return out


def jain(n: int, total: float, squares: float) -> float:
    """Jain's fairness index, 1/n (one has all) to 1 (all have the same), from a count, a sum and a sum of squares.

    >>> jain(2, 4.0, 8.0), jain(2, 4.0, 16.0)
    (1.0, 0.5)
    """
    if n == 0:
        return NAN
    return total * total / (n * squares) if squares > 0 else 1.0


def gini(values: npt.ArrayLike) -> float:
    """The Gini coefficient of what each got: 0 (all have the same) to 1 - 1/n (one has all).

    It is half the mean difference of two of them, over the mean. Beside Jain's index, which one that has very much pulls
    down most, it weighs every difference alike: a share that goes from one that has more to one that has less lowers it
    by as much wherever the two lie, for as many as rank between them.

    Parameters
    ----------
    values : array of numbers
        What each has, 0 or more.

    Returns
    -------
    float
        nan of nobody, 0 where nobody has anything.

    Notes
    -----
    With x rising, the sum of ``(2 i - n - 1) x[i] / (n sum x)`` for i from 1 to n; this is the sum of ``|x[i] - x[j]|`` over
    all pairs, each both ways, over 2 n sum x. C. Gini, Sulla misura della concentrazione e della variabilità dei caratteri, Atti del Reale
    Istituto Veneto 73 (1914), 1203-1248; in English in Metron 63 (2005), 3-38.

    Examples
    --------
    One with 10 and one with 30: each differs from the other by 20, which is 40 both ways, over 2 x 2 x 40.

    >>> gini([10, 30]), gini([5, 5, 5]), gini([0, 0, 0, 8])
    (0.25, 0.0, 0.75)
    """
    x = np.sort(np.asarray(values, dtype=np.float64))
    n, total = len(x), float(x.sum())
    if n == 0:
        return NAN
    return float(((2 * np.arange(1, n + 1) - n - 1) * x).sum()) / (n * total) if total > 0 else 0.0


def ended_run_ns(record: Record, t0: int, t1: int) -> npt.NDArray[np.int64]:
    """The run time of each user goroutine that exited from t0 to before t1: what fairness is a matter of."""
    rows = fields(record, "goroutines", ("label", "exited_ns", "run_ns"))
    user = np.array([label[0] == KIND_USER for label in record.labels], dtype=bool)[rows["label"]]
    return rows["run_ns"][user & (rows["exited_ns"] >= t0) & (rows["exited_ns"] < t1)]


def mode_sums(rows: Sequence[Sequence[int]], prefix: str) -> dict[str, Number]:
    """Time in each mode, summed over Ps or Ms; nan where one of them knows none (a window)."""
    known = bool(rows) and all(rows)
    return {f"{prefix}_{mode}_ns": sum(row[i] for row in rows) if known else NAN for i, mode in enumerate(MODES)}


def by_reason(name: str, codes: Iterable[int]) -> dict[str, Number]:
    """How many of each reason, most first."""
    found: dict[str, Number] = {}
    for code in codes:
        key = f"{name}[{WHYS[code]}]"
        found[key] = found.get(key, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def kind_counts(record: Record) -> npt.NDArray[np.int64]:
    """How many events there are of each kind | reason << 8."""
    found = np.zeros(1 << 16, dtype=np.int64)
    for part in chunks(record, "events"):
        found += np.bincount(part.view("<u2")[:, 9], minlength=1 << 16)
    return found


def ratio(a: Number, b: Number) -> float:
    """a / b; nan where b is 0 or unknown."""
    return a / b if b and not math.isnan(b) else NAN


def measure(record: Record) -> dict[str, Number]:
    """All metrics of a record by name, in the order of METRICS, then their parts as `name[part]`.

    Parameters
    ----------
    record : Record
        What a driver, or a window, left.

    Returns
    -------
    dict
        int or float; nan where the record knows none.

    Examples
    --------
    >>> run.metrics["wait_p99_ns"]                                      # doctest: +SKIP
    12287
    """
    out: dict[str, Number] = dict.fromkeys((name for name in METRICS if "[" not in name), NAN)
    out["end_ns"] = record.end_ns
    out.update({name: record.counters[name] for name in COUNTERS if name in record.counters})
    parts: dict[str, Number] = {}
    for what in ("wait", "sojourn"):
        keys = [key for key in record.histograms if key[0] == what]
        out.update(histogram_metrics(what, [record.histograms[k] for k in keys], [record.sums[k] for k in keys]))
        if len(keys) > 1:
            for key in keys:
                of = histogram_metrics(what, [record.histograms[key]], [record.sums[key]])
                parts.update({f"{name}[{key[1] or '-'}]": value for name, value in of.items()})
    began = max(int(record.header.get("warmup_ns", 0)), int(record.header.get("window_ns", (0, 0))[0]))
    out["throughput_per_s"] = ratio(out["sojourn_n"] * 1e9, max(record.end_ns - began, 0))
    out["steal_hit_rate"] = ratio(out["steals"], out["steal_passes"])
    out["stolen_per_steal"] = ratio(out["stolen"], out["steals"])
    out.update(mode_sums([p[3] for p in record.processors], "p"))
    out.update(mode_sums([m[7] for m in record.machines], "m"))
    out["utilisation"] = ratio(out["p_running_ns"], sum(out[f"p_{mode}_ns"] for mode in MODES))
    out["jain"] = jain(*record.jain)
    first, last = record.header.get("window_ns", (0, record.end_ns + 1))
    if record.level >= LEVEL_SCHEDULE:
        out["gini"] = gini(ended_run_ns(record, first, last))
    parts.update(by_reason("threads_created", (m[4] for m in record.machines if first <= m[2] < last)))
    parts.update(by_reason("threads_exited", (m[6] for m in record.machines if first <= m[5] < last)))
    return {**out, **parts}


def parks_by_reason(record: Record) -> dict[str, Number]:
    """`parks_m[why]`: sleeps of Ms by reason, most first; nothing below level "full", where only events know.

    Apart from `measure`, whose names and values are the same at every level.
    """
    found = kind_counts(record)
    parks: dict[str, Number] = {f"parks_m[{why}]": int(found[M_PARK | code << 8]) for code, why in enumerate(WHYS)}
    return {name: n for name, n in sorted(parks.items(), key=lambda item: (-item[1], item[0])) if n}


def metrics_frame(metrics: dict[str, Number]) -> pd.DataFrame:
    """The metrics as one tidy frame, a row a metric.

    Returns
    -------
    pandas.DataFrame
        metric, part (a class or a reason, "" for the whole), value (float64, null: unknown), unit, formula.
    """
    rows = []
    for key, value in metrics.items():
        name, _, part = key.partition("[")
        known = METRICS.get(f"{name}[why]", METRICS[name]) if part else METRICS[name]
        rows.append((name, part.removesuffix("]"), float(value), known.unit, known.formula))
    frame = pd.DataFrame(rows, columns=["metric", "part", "value", "unit", "formula"])
    return frame.astype({"metric": "str", "part": "str", "value": "float64", "unit": "str", "formula": "str"})
