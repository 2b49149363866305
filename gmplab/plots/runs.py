"""Which runs a plot shows, what each is called, and what its heading says of them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from matplotlib.transforms import offset_copy

from gmplab.plots.palette import FAINT
from gmplab.plots.plot import size_of
from gmplab.traces.run import Run

Runs = Run | Sequence[Run] | Mapping[str, Run]
"""One run, or several: in a list, where they are told apart by what differs; or under names of the caller's own."""

LONGEST: Final = 48
"""A name in a picture is cut to so many characters."""


def shortened(name: str, most: int = LONGEST) -> str:
    """A name of at most so many characters.

    >>> shortened("a_very_long_name", 10)
    'a_very_lo…'
    """
    return name if len(name) <= most else f"{name[: most - 1]}…"


def workload_of(run: Run) -> str:
    """The workload as it would be called, with as many of its parameters as fit."""
    h = run.record.header
    name = shortened(str(h.get("workload") or "a workload"))
    params = [f"{param}={value}" for param, value in h.get("params", {}).items()]
    fit = [n for n in range(len(params) + 1) if len(name) + len(", ".join(params[:n])) <= LONGEST]
    told = [*params[: fit[-1] if fit else 0], *(["…"] if len(fit) <= len(params) else [])]
    return f"{name}({', '.join(told)})" if told else name


def procs_of(run: Run) -> str:
    """How many Ps it had."""
    procs = run.record.header.get("procs", len(run.record.processors))
    return f"{procs} P" if procs == 1 else f"{procs} Ps"


CHARACTER: Final = 0.068
"""Width of a small character, in inches, about."""

PARTS: Final[dict[str, tuple[str, Callable[[Run], str]]]] = {
    "workload": ("", workload_of), "policy": ("under ", lambda run: str(run.record.header.get("policy", "?"))),
    "procs": ("on ", procs_of), "seed": ("seed ", lambda run: str(run.record.header.get("seed", "?"))),
}
"""What a run is told by: the words before it, and how it is found."""


def labelled(runs: Runs) -> dict[str, Run]:
    """The runs by the names that a legend gives them.

    Raises
    ------
    TypeError
        Something is no Run.
    ValueError
        There is no run.
    """
    if isinstance(runs, Run):
        return {told(runs, list(PARTS)): runs}
    if not isinstance(runs, (Mapping, Sequence)) or isinstance(runs, str):
        raise TypeError(f"runs = {runs!r}: must be a Run, a list of them, or a dict from names to them")
    several = list(runs.values()) if isinstance(runs, Mapping) else list(runs)
    for run in several:
        if not isinstance(run, Run):
            raise TypeError(f"runs holds {run!r}: must hold Runs")
    if not several:
        raise ValueError("runs is empty: give at least one Run")
    if isinstance(runs, Mapping):
        return {shortened(str(name)): run for name, run in runs.items()}
    names = [told(run, differing(several)).removeprefix("under ") for run in several]
    return dict(zip(unique(names), several, strict=True))


def differing(runs: Sequence[Run]) -> list[str]:
    """The parts in which runs differ."""
    return [part for part, (_, of) in PARTS.items() if len({of(run) for run in runs}) > 1]


def told(run: Run, parts: Sequence[str]) -> str:
    """Some parts of a run in words."""
    words = {part: f"{before}{of(run)}" for part, (before, of) in PARTS.items() if part in parts}
    seed = words.pop("seed", "")
    return ", ".join(x for x in (" ".join(words.values()), seed) if x)


def unique(names: Sequence[str]) -> list[str]:
    """Names made unique by numbers where they are not; one that says nothing becomes "run".

    >>> unique(["go", "go", ""])
    ['go #1', 'go #2', 'run']
    """
    bare = [name or "run" for name in names]
    return [f"{name} #{bare[: i + 1].count(name)}" if bare.count(name) > 1 else name for i, name in enumerate(bare)]


def context(runs: Run | Mapping[str, Run]) -> str:
    """What is the same in all runs, in words: "fanout(n=20) under go on 4 Ps, seed 1"."""
    several = [runs] if isinstance(runs, Run) else list(runs.values())
    return told(several[0], [part for part in PARTS if part not in differing(several)])


def entitle(ax: Any, what: str, runs: Run | Mapping[str, Run]) -> Any:
    """Give axes their heading: what is shown, and under it, smaller, of which run or runs; this text is returned."""
    # Told where it is, matplotlib does not measure all ticks to find a place for it.
    ax.set_title(what, loc="left", fontsize="large", fontweight="bold", pad=22, y=1)
    return ax.annotate(
        context(runs), (0, 1), xytext=(0, 8), xycoords="axes fraction", textcoords="offset points", color=FAINT,
        fontsize="small", va="bottom",
    )


def columns_below(ax: Any, entries: Sequence[Any]) -> int:
    """How many columns a legend under the axes has: up to five, as many as the axes are wide enough for."""
    widest = max(len(str(entry.get_label())) for entry in entries) * CHARACTER + 0.55
    return max(min(len(entries), 5, int(size_of(ax)[0] / widest)), 1)


def legend_below(ax: Any, entries: Sequence[Any] | None = None) -> None:
    """A legend under the axes and their label, of what is drawn or of given entries: there it hides nothing."""
    entries = ax.get_legend_handles_labels()[0] if entries is None else entries
    if entries:
        below = offset_copy(ax.transAxes, fig=ax.figure, y=-42, units="points")
        ax.legend(
            handles=entries, loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=below, fontsize="small",
            ncols=columns_below(ax, entries), frameon=False, borderpad=0, borderaxespad=0,
        )


def one_of(runs: Runs) -> Run:
    """The one run that a plot shows. Raises `ValueError` where there are more."""
    named = labelled(runs)
    if len(named) > 1:
        raise ValueError(f"{len(named)} runs: this plot shows one run: give one, and its axes in ax= for each")
    return next(iter(named.values()))


def say_empty(ax: Any, why: str) -> None:
    """Write into empty axes that, and why, there is nothing to see."""
    ax.text(0.5, 0.5, why, transform=ax.transAxes, ha="center", va="center", color=FAINT)
