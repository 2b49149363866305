"""`make demo`, the main job: real work under three schedulers, and system calls under two handoffs.

1. `wordcount` over the source files of Python's own standard library: plain threads with a task queue, the same with
   tasks cut into segments, and Go's G-M-P. The counts must be those of `collections.Counter`.
2. `syscall_storm` under Go's scheduler: once sysmon takes Ps from system calls that last, once each P is given away at
   the call's entry.

It prints both comparisons and leaves tables as CSV and pictures as PNG, whole or not at all.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gmplab.analysis.compare import Comparison, compare
from gmplab.build import describe, is_compiled
from gmplab.experiment import policy_of, run
from gmplab.plots import PLOTS, latency
from gmplab.policies import HandoffAtOnce, RetakeBySysmon
from gmplab.runtime.contracts import Policy
from gmplab.traces.folder import replacing
from gmplab.traces.run import Run

PROCS: Final = 4
FEW_FILES: Final = 40
"""Uncompiled, so many files: the demo stays below a minute."""
ROAD: Final = ("threadpool", "segmented", "go")
"""From plain threads to G, M and P."""
PICTURES: Final = ("timeline", "machines")
"""Of each run; its latencies are shown together with those that it is compared to."""
README: Final = "README.txt"
TITLE: Final = "Made by `make demo` of gmplab; made anew by the next one."


@dataclass(frozen=True)
class Part:
    """One of the two jobs: what was run, its runs at the first seed, and the comparison over all seeds."""

    name: str
    runs: dict[str, Run]
    comparison: Comparison


def sources() -> list[Path]:
    """The modules of Python's standard library that are single files, by name."""
    return sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))


def handoffs() -> dict[str, Policy]:
    """Go's scheduler, with two ways to treat a P whose M is in a system call."""
    go = policy_of("go")
    components = {"RetakeBySysmon": RetakeBySysmon(), "HandoffAtOnce": HandoffAtOnce()}
    return {name: go.replace(name=f"go with {name}", handoff=handoff) for name, handoff in components.items()}


def measured(
    name: str, policies: Mapping[str, str | Policy], seeds: Sequence[int], metrics: Sequence[str], **params: Any
) -> Part:
    """A workload under each policy: recorded in full at the first seed, compared over all."""
    runs = {
        label: run(name, policy=policy, procs=PROCS, seed=seeds[0], progress=sys.stderr.isatty(), **params)
        for label, policy in policies.items()
    }
    compared = compare(
        policies, name, procs=PROCS, seeds=seeds, metrics=metrics, progress=sys.stderr.isatty(), **params
    )
    return Part(name, runs, compared)


# --- files ------------------------------------------------------------------------------------------------------------
def replaced(folder: Path) -> AbstractContextManager[Path]:
    """A folder to write into that takes the place of one that an earlier demo made when the block ends well.

    Raises `FileExistsError` where there is one that no demo made.
    """
    if folder.exists() and not is_ours(folder):
        raise FileExistsError(f"{folder}: exists and was not made by the demo: give another folder")
    return replacing(folder)


def is_ours(folder: Path) -> bool:
    """Whether a folder was made by a demo."""
    try:
        return (folder / README).read_text(encoding="utf-8").startswith(TITLE)
    except OSError:
        return False


def write(part: Part, folder: Path) -> None:
    """The tables and pictures of a part."""
    with replaced(folder) as making:
        part.comparison.frame.to_csv(making / "values.csv", index=False, lineterminator="\n")
        part.comparison.table.to_csv(making / "means.csv", index=False, lineterminator="\n")
        part.comparison.paired.to_csv(making / "differences.csv", index=False, lineterminator="\n")
        latency(part.runs).save(making / "latency.png")
        for label, made in part.runs.items():
            made.to_csv(making / label)
            for name in PICTURES:
                PLOTS[name](made).save(making / f"{name}-{label}.png")
        (making / README).write_text(f"{TITLE}\n\n{part.comparison!r}\n\n{contents(part)}\n", encoding="utf-8")


def contents(part: Part) -> str:
    """What lies in a part's folder."""
    seed = next(iter(part.runs.values())).record.header["seed"]
    return "\n".join([
        "  means.csv        the table above, with its 95 % intervals",
        "  differences.csv  the differences to the first policy, paired by seed",
        "  values.csv       what both were made from: policy, seed, metric, value",
        f"  {', '.join(f'{label}/' for label in part.runs)}: the record of seed {seed}, one CSV a table",
        f"  latency.png      how long goroutines waited in these runs; {' and '.join(f'{name}-*.png' for name in PICTURES)}: each run",
    ])


# --- the job ----------------------------------------------------------------------------------------------------------
WORD_METRICS: Final = ("end_ns", "wait_mean_ns", "wait_p99_ns", "utilisation", "n_schedules", "stolen", "handoffs", "threads_peak")
STORM_METRICS: Final = (
    "end_ns", "wait_mean_ns", "wait_p99_ns", "utilisation", "syscalls_lost_p", "retakes", "threads_peak", "m_syscall_ns",
)


def demo(folder: str | os.PathLike[str], files: Sequence[Path], seeds: Sequence[int]) -> list[Part]:
    """Do both jobs, check the counts, and write what came of it.

    Parameters
    ----------
    folder : str or path
        Its folders `wordcount` and `syscall_storm` are made, in place of those of an earlier demo.
    files : list of Path
        What to count the words of.
    seeds : list of int
        Of the comparisons; tables and pictures are of the first one.

    Raises
    ------
    RuntimeError
        A scheduler lost or doubled a word.
    FileExistsError
        A folder is there that no demo made.
    """
    words = measured("wordcount", {name: name for name in ROAD}, seeds, WORD_METRICS, files=[str(path) for path in files])
    check(words.runs, counted(files))
    storm = measured("syscall_storm", handoffs(), seeds, STORM_METRICS)
    for part in (words, storm):
        write(part, Path(folder) / part.name)
    return [words, storm]


def counted(files: Sequence[Path]) -> Counter[str]:
    """The words of the files, without any scheduler."""
    words = Counter[str]()
    for path in files:
        words.update(re.findall(r"\w+", path.read_text(encoding="utf-8", errors="replace")))
    return words


def check(runs: Mapping[str, Run], expected: Counter[str]) -> None:
    """Raise `RuntimeError` where a run's counts are not the expected ones."""
    for label, made in runs.items():
        if made.result != expected:
            wrong = next(word for word in expected.keys() | made.result.keys() if made.result[word] != expected[word])
            raise RuntimeError(
                f"wordcount under {label}: {wrong!r} came to {made.result[wrong]}: collections.Counter has {expected[wrong]}"
            )


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m gmplab.demo [FOLDER]`; the folder is `out` if none is given."""
    words = list(sys.argv[1:] if argv is None else argv)
    if len(words) > 1 or any(word.startswith("-") for word in words):
        print("usage: python -m gmplab.demo [FOLDER]", file=sys.stderr)
        return 2
    folder = Path(words[0]) if words else Path("out")
    files = sources()
    print(f"gmplab is {describe()}.")
    if not is_compiled():
        print(f"So the demo takes the first {FEW_FILES} of {len(files)} files.")
        files = files[:FEW_FILES]
    parts = demo(folder, files, range(1, 6))
    total = parts[0].runs[ROAD[0]].result
    print(
        f"\n1. wordcount: the words of {len(files)} source files of the standard library of Python "
        f"{platform.python_version()}.\n   {total.total():,} words, {len(total):,} different ones: "
        f"under {', '.join(ROAD)} the same as collections.Counter counts.\n\n{parts[0].comparison!r}"
    )
    print(f"\n2. syscall_storm under go, with two handoffs.\n\n{parts[1].comparison!r}\n")
    for part in parts:
        print(f"{folder / part.name}/ has\n{contents(part)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
