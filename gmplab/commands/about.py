"""`explain RUN G7` and `explain RUN P2`: where the time of one of them went, who stood in its way, and what is found of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gmplab.analysis.antagonists import antagonists
from gmplab.analysis.findings import findings
from gmplab.commands.results import Listing
from gmplab.commands.texts import WHOM
from gmplab.errors import UsageError
from gmplab.plots.units import counted, percent, said
from gmplab.traces.run import Run

MOST: Final = 5

Rows = list[tuple[str, str]]


def about(run: Run, whom: str) -> Listing:
    """What there is to say of a goroutine or a P, by section."""
    if not WHOM.fullmatch(whom):
        raise UsageError(f"explain {whom}: must be a goroutine or a P, as G7 or P2")
    kind, i = whom[0].upper(), int(whom[1:])
    sections = of_goroutine(run, i) if kind == "G" else of_processor(run, i)
    of_it = [(x.rule, x.message) for x in findings(run) if (x.g if kind == "G" else x.p) == i]
    return Listing({**sections, "findings that name it": of_it or [("none", "")]})


def of_goroutine(run: Run, g: int) -> dict[str, Rows]:
    """When a goroutine lived, what it did, and who ran while it was runnable."""
    rows = run.goroutines[run.goroutines["g"] == g]
    if rows.empty:
        raise UsageError(f"explain G{g}: there is no such goroutine: this run has G1 to G{run.goroutines['g'].max()}")
    one = rows.iloc[0]
    left = run.record.end_ns if one.isna()["exited_ns"] else int(one["exited_ns"])
    lived = left - int(one["created_ns"])
    life = [
        ("made", said(int(one["created_ns"]))), ("ended", said(left) if left != run.record.end_ns else "not in this run"),
        *shares({name: int(one[f"{name}_ns"]) for name in ("run", "wait", "blocked")}, lived),
        ("schedules", f"{int(one['n_schedules']):,}"),
    ]
    others = antagonists(run, g)
    ran = [
        (f"G{who} {name}".strip(), f"{said(ns)}, {percent(round(share, 3))} of its wait")
        for who, name, ns, share in zip(*(others[:MOST][c] for c in ("g", "name", "ran_ns", "share")), strict=True)
    ]
    more = [("", f"and {counted(len(others) - MOST, 'other')}")] if len(others) > MOST else []
    return {f"G{g} {one['name']}".strip(): life, "ran while it was runnable": [*ran, *more] or [("none", "")]}


def of_processor(run: Run, p: int) -> dict[str, Rows]:
    """What a P did, and what thieves took from it and it from others."""
    run.need("spans", f"explain P{p}")
    spans = run.processor_spans[run.processor_spans["p"] == p]
    if spans.empty:
        raise UsageError(f"explain P{p}: there is no such P: this run has P0 to P{len(run.record.processors) - 1}")
    time = spans.groupby(spans["mode"].astype(str))["duration_ns"].sum().sort_values(ascending=False, kind="stable")
    stolen = run.steals
    return {f"P{p}": [
        *shares({str(mode): int(ns) for mode, ns in time.items()}, int(time.sum())),
        ("stole", f"{counted(int((stolen['p'] == p).sum()), 'time')}"),
        ("was stolen from", f"{counted(int((stolen['victim_p'] == p).sum()), 'time')}"),
    ]}


def shares(times: dict[str, int], whole: int) -> Iterable[tuple[str, str]]:
    """Times, and which part of the whole each is."""
    return [(name, f"{said(ns)}, {percent(round(ns / max(whole, 1), 3))}") for name, ns in times.items()]
