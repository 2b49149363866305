"""`make bench`: what gmplab costs, beside its peers, in one run. Ratios count; absolute rates are this machine's, today.

Each row pairs two measures, run in turn A B A B, each time in a new process, and compares the medians of what they do
in a CPU second. `bench/scenarios.py` says what the loads are. `--quick` takes a tenth of each size; `-n` the rounds. The
table is also left as out/bench.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from gmplab.build import describe

PURE = {"GMPLAB_PURE": "1", "GMPLAB_REQUIRE_COMPILED": "0"}


@dataclass(frozen=True)
class Pair:
    """Two measures whose rates are compared: `a` should do at least `goal` times what `b` does."""

    what: str
    a: str
    n_a: int
    b: str
    n_b: int
    goal: float
    pure_b: bool = False


PAIRS = (
    Pair("W1, op programs, to SimPy with tasks as plain data", "gmplab w1", 100_000, "simpy w1 as data", 100_000, 5),
    Pair("W1, op programs, to SimPy with a process a task", "gmplab w1", 100_000, "simpy w1 as processes", 50_000, 50),
    Pair("W2, op programs, to SimPy", "gmplab w2", 1_000_000, "simpy w2", 200_000, 15),
    Pair("W3, op programs, to SimPy", "gmplab w3", 300_000, "simpy w3", 100_000, 15),
    Pair("W1, generators, to SimPy with a process a task", "gmplab w1 generators", 100_000, "simpy w1 as processes", 50_000, 10),
    Pair("W2, generators, to SimPy", "gmplab w2 generators", 200_000, "simpy w2", 100_000, 10),
    Pair("W3, generators, to SimPy", "gmplab w3 generators", 100_000, "simpy w3", 100_000, 10),
    Pair("W1, plain functions, to SimPy with a process a task", "gmplab w1 functions", 50_000, "simpy w1 as processes", 50_000, 3),
    Pair("W2, plain functions, to SimPy", "gmplab w2 functions", 100_000, "simpy w2", 100_000, 3),
    Pair("W3, plain functions, to SimPy", "gmplab w3 functions", 50_000, "simpy w3", 50_000, 3),
    Pair("W1, compiled to uncompiled", "gmplab w1", 100_000, "gmplab w1", 10_000, 10, pure_b=True),
    Pair("W2, compiled to uncompiled", "gmplab w2", 100_000, "gmplab w2", 20_000, 10, pure_b=True),
    Pair("W3, compiled to uncompiled", "gmplab w3", 100_000, "gmplab w3", 10_000, 10, pure_b=True),
    Pair("W1, level full to schedule", "full w1", 100_000, "gmplab w1", 100_000, 0.4),
    Pair("W2, level full to schedule", "full w2", 300_000, "gmplab w2", 300_000, 0.4),
    Pair("W3, level full to schedule", "full w3", 100_000, "gmplab w3", 100_000, 0.4),
    Pair("threads: calls that hand their P off, to ThreadPoolExecutor", "threads handoff", 10_000, "executor handoff", 10_000, 0.2),
    Pair("threads: a token between two threads, to ThreadPoolExecutor", "threads wakeup", 5_000, "executor wakeup", 20_000, 0.02),
    Pair("threads: 64 that sleep 1 ms, to ThreadPoolExecutor", "threads overlap", 6_400, "executor overlap", 6_400, 0.3),
    Pair("threads: tokens over channels, to asyncio", "threads channel", 20_000, "asyncio channel", 50_000, 0.02),
    Pair("threads: goroutines that give way, to asyncio", "threads switch", 20_000, "asyncio switch", 50_000, 0.02),
    Pair("W2, 256 Ps to 8 Ps", "w2 on 256", 300_000, "gmplab w2", 300_000, 0.5),
)


@dataclass(frozen=True)
class Bound:
    """One measure whose figure should be at most `most`."""

    what: str
    measure: str
    n: int
    figure: str
    most: float
    unit: str


BOUNDS = (
    Bound("100,000 schedules, their frame and metrics", "frames", 100_000, "cpu_s", 0.1, "CPU s"),
    Bound("1,000,000 goroutines alive, op programs", "alive ", 1_000_000, "mib", 2048, "MiB"),
    Bound("1,000,000 goroutines alive, generators", "alive generators", 1_000_000, "mib", 2048, "MiB"),
    Bound("100,000 goroutines alive, plain functions", "alive functions", 100_000, "mib", 2048, "MiB"),
    Bound("10,000,000 rows as a frame", "rows", 10_000_000, "cpu_s", 1, "CPU s"),
    Bound("10,000,000 rows as CSV", "rows", 10_000_000, "csv_s", 5, "CPU s"),
    Bound("10,000,000 rows as Parquet", "rows", 10_000_000, "parquet_s", 2.5, "CPU s"),
    Bound("bytes a stored schedule", "rows", 10_000_000, "bytes_a_row", 64, "bytes"),
    Bound("a frame of a Timeline of 1,000,000 spans, zoomed and moved", "redraw", 1_000_000, "ms", 16, "ms"),
    Bound("a slider of the Playground to the picture of 100,000 schedules", "played", 100_000, "ms", 300, "ms"),
    Bound("of it what the kernel does", "played", 100_000, "kernel_ms", 300, "ms"),
    Bound("its CPU time in the kernel", "played", 100_000, "cpu_ms", 170, "CPU ms"),
    Bound("of it the simulation", "played", 100_000, "simulation_ms", 100, "ms"),
    Bound("Ctrl-C to the kept record", "interrupt", 100_000_000, "cpu_s", 0.05, "s"),
)


def measure(name: str, n: int, pure: bool = False) -> dict[str, Any]:
    """One measure in a process of its own, with one BLAS thread: idle ones would count as CPU time."""
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", **(PURE if pure else {})}
    done = subprocess.run(
        [sys.executable, "-m", "bench.measures", name, str(n)], env=env, check=False, capture_output=True, text=True,
    )
    if done.returncode != 0:
        raise SystemExit(f"bench: {name} of {n} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def pair(row: Pair, rounds: int, share: float) -> list[str]:
    """Run one pair and give its line of the table."""
    rates: tuple[list[float], list[float]] = ([], [])
    digests: set[str] = set()
    for _ in range(rounds):
        for k, (name, n, pure) in enumerate(((row.a, row.n_a, False), (row.b, row.n_b, row.pure_b))):
            result = measure(name, max(1_000, int(n * share)), pure)
            rates[k].append(result["count"] / result["cpu_s"])
            if k == 0 and "digest" in result:
                digests.add(result["digest"])
    assert len(digests) <= 1, f"{row.a}: {len(digests)} digests of the same run"
    a, b = median(rates[0]), median(rates[1])
    ratio = a / b
    verdict = "yes" if ratio >= row.goal else "NO"
    return [row.what, f"{a / 1e3:,.0f} k/s", f"{b / 1e3:,.0f} k/s", f"{ratio:.2f}", f">= {row.goal:g}", verdict]


def bounds(rounds: int, share: float) -> list[list[str]]:
    """The lines of the absolute figures; what one measure gives for several lines is measured once."""
    lines: list[list[str]] = []
    kept: dict[str, list[dict[str, Any]]] = {}
    for row in BOUNDS:
        if row.measure not in kept:
            n = row.n if row.measure == "interrupt" else max(1_000, int(row.n * share))
            kept[row.measure] = [measure(row.measure, n) for _ in range(rounds if row.n <= 100_000 else 1)]
        if "missing" in kept[row.measure][0]:
            lines.append([row.what, str(kept[row.measure][0]["missing"]), "", "", f"<= {row.most:g} {row.unit}", "-"])
            continue
        value = median([float(result[row.figure]) for result in kept[row.measure]])
        verdict = "yes" if value <= row.most else "NO"
        lines.append([row.what, f"{value:,.3g} {row.unit}", "", "", f"<= {row.most:g} {row.unit}", verdict])
    return lines


def main() -> int:
    """Measure all, print the table, leave it as CSV."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("-n", type=int, default=3, help="rounds of each pair (3)")
    parser.add_argument("--quick", action="store_true", help="a tenth of each size")
    args = parser.parse_args()
    share = 0.1 if args.quick else 1.0
    print(f"gmplab is {describe()}; rates per CPU second, medians of {args.n}")
    head = ["what", "gmplab", "other", "ratio", "goal", "met"]
    table = [head]
    width = max(len(row.what) for row in (*PAIRS, *BOUNDS))

    def show(line: list[str]) -> None:
        table.append(line)
        print(f"{line[0]:<{width}} {line[1]:>14} {line[2]:>10} {line[3]:>7} {line[4]:>14} {line[5]:>4}", flush=True)

    show(head)
    table.pop()
    for row in PAIRS:
        show(pair(row, args.n, share))
    for line in bounds(args.n, share):
        show(line)
    out = Path("out")
    out.mkdir(exist_ok=True)
    with (out / "bench.csv").open("w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
