"""`make zoo`: every preset on four workloads, as the table and the picture of docs/zoo.md.

The words of the page are written by hand; what stands between its two marks is written here. All of it is virtual time
and seeded, so it is the same on every machine; tests/test_zoo_page.py holds the page to it.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gmplab.analysis.compare import Comparison, compare, number
from gmplab.analysis.intervals import Interval, mean_interval
from gmplab.policies import PRESETS

HERE = Path(__file__).resolve().parent
PAGE = HERE / "zoo.md"
PICTURE = HERE / "img" / "zoo.svg"
BEGIN, END = "<!-- written by docs/zoo.py -->", "<!-- to here -->"
PROCS = 4
SEEDS = range(10)
NAMES = tuple(name for name in PRESETS if name != "go1.27")


@dataclass(frozen=True)
class Column:
    """One number of a workload: its metric, what it is divided by, and how its column is headed."""

    metric: str
    divisor: float
    title: str
    compared: bool = True


@dataclass(frozen=True)
class Load:
    """A workload, its parameters, and its columns; the first one is drawn."""

    title: str
    workload: str
    columns: tuple[Column, ...]
    params: dict[str, Any] = field(default_factory=dict)


LOADS = (
    Load("fork-join", "fork_join", (Column("end_ns", 1e6, "fork-join, ms"),), {"rounds": 100, "width": 16, "compute": "exp(20us)"}),
    Load(
        "syscalls", "syscall_storm", (Column("end_ns", 1e6, "syscalls, ms"), Column("threads_peak", 1, "threads", compared=False)),
        {"n": 64, "calls": 20, "compute": "5us", "syscall": "exp(100us)"},
    ),
    Load(
        "open loop", "open_loop", (Column("sojourn_mean_ns", 1e3, "jobs: mean, us"), Column("sojourn_p99_ns", 1e3, "jobs: p99, us")),
        {"n": 8_000, "gap": "exp(5us)", "service": "bimodal(10us,1ms,0.005)", "arrive": "direct"},
    ),
    Load("ping-pong", "pingpong", (Column("end_ns", 1e6, "ping-pong, us a hop"),), {"rounds": 500, "compute": "1us"}),
)


def measured(load: Load, names: Sequence[str] = NAMES, seeds: Iterable[int] = SEEDS, progress: bool = False) -> Comparison:
    """One workload under the presets; Go's is the first, to which the others are compared."""
    metrics = [column.metric for column in load.columns]
    return compare(names, load.workload, seeds=seeds, metrics=metrics, procs=PROCS, progress=progress, **load.params)


def ratio(found: Comparison, name: str, metric: str) -> Interval:
    """How many times Go's value, seed by seed: the geometric mean and its interval."""
    pairs = zip(found.values(name, metric), found.values("go", metric), strict=True)
    x = mean_interval([math.log(value / base) for value, base in pairs], found.confidence)
    return Interval(x.n, math.exp(x.mean), math.exp(x.low), math.exp(x.high))


def digits(x: float, n: int) -> str:
    """A number with n significant digits."""
    return number(float(f"{x:.{n}g}"))


def cells(found: Comparison, name: str, column: Column) -> list[str]:
    """A preset's mean with its interval, and its ratio to Go's with its own; with a tilde where that holds 1."""
    x = mean_interval(found.values(name, column.metric), found.confidence)
    half = (x.high - x.low) / 2
    text = digits(x.mean / column.divisor, 3) + (f" ± {digits(half / column.divisor, 1)}" if half / x.mean > 1e-3 else "")
    if not column.compared:
        return [number(round(x.mean))]
    if name == "go":
        return [text, "1"]
    r = ratio(found, name, column.metric)
    same = "~ " if r.low <= 1 <= r.high else ""
    return [text, f"{same}{r.mean:.2f}" + (f" ({r.low:.2f}, {r.high:.2f})" if r.high - r.low > 0.005 * r.mean else "")]


def table(found: Sequence[Comparison], loads: Sequence[Load] = LOADS) -> str:
    """The table, a preset a row."""
    head = ["preset"]
    for load in loads:
        for column in load.columns:
            head += [column.title, "of go's"] if column.compared else [column.title]
    rows = [head, ["---", *["---:"] * (len(head) - 1)]]
    for name in found[0].policies:
        row = [f"`{name}`"]
        for load, comparison in zip(loads, found, strict=True):
            for column in load.columns:
                row += cells(comparison, name, column)
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def draw(found: Sequence[Comparison], path: Path) -> None:
    """One panel a workload: each preset's time in Go's, with the interval of the ratio."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    from gmplab.plots.palette import BLUE, FAINT, GREEN, INK, VERMILLION

    def look(name: str) -> tuple[str, str]:
        if name.startswith("go"):
            return BLUE, "o"
        return (GREEN, "s") if PRESETS[name].doc.count("Not modelled:") else (VERMILLION, "D")

    with mpl.rc_context({"svg.hashsalt": "zoo", "svg.fonttype": "none", "font.size": 9}):
        fig, axes = plt.subplots(1, len(LOADS), sharey=True, figsize=(11, 7), layout="constrained")
        for ax, load, comparison in zip(axes, LOADS, found, strict=True):
            ax.axvline(1.0, color=FAINT, linewidth=0.8)
            for y, name in enumerate(NAMES):
                r = ratio(comparison, name, load.columns[0].metric)
                colour, marker = look(name)
                # Where all seeds give the same, rounding may put the mean outside of its interval.
                sides = [[max(0.0, r.mean - r.low)], [max(0.0, r.high - r.mean)]]
                ax.errorbar(r.mean, y, xerr=sides, fmt=marker, color=colour, ecolor=INK, markersize=4, elinewidth=1)
            ax.set_xscale("log")
            low, high = ax.get_xlim()
            ax.xaxis.set_major_locator(FixedLocator([0.25, 0.5, 1, 2, 4, 8] if high > 2 * low else [0.9, 1, 1.1, 1.2, 1.3]))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
            ax.set_title(load.columns[0].title.partition(",")[0])
            ax.grid(axis="y", linewidth=0.3)
        axes[0].set_yticks(range(len(NAMES)), NAMES)
        axes[0].invert_yaxis()
        fig.supxlabel("time relative to go's (log scale; less is better), with the 95 % interval of the ratios seed by seed")
        fig.savefig(path, metadata={"Date": None})
        plt.close(fig)


def page_with(text: str, made: str) -> str:
    """The page with what lies between its marks replaced."""
    before, mark, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{PAGE}: the marks {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main() -> None:
    """Measure, and write the table into the page and the picture beside it."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    found = [measured(load, progress=sys.stderr.isatty()) for load in LOADS]
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), table(found)), encoding="utf-8")
    draw(found, PICTURE)
    print(f"written: {PAGE} and {PICTURE}")


if __name__ == "__main__":
    main()
