"""`gmplab verify` as a page of the documentation: the tables, the reasons and the pictures."""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gmplab.analysis.truth import Verdict, Verification
from gmplab.analysis.truth.catalogue import FAMILY_OF, N_BY_CHANCE
from gmplab.analysis.truth.entries import AT_MOST, EXACT
from gmplab.analysis.truth.verdicts import FAMILY
from gmplab.analysis.truth.verify import digits, said
from gmplab.errors import UsageError
from gmplab.vocabulary import MODEL

MARK: Final = "<!-- Written by `gmplab verify --page`: what is changed here is lost. -->"
INTRODUCTION: Final = """\
# What gmplab was checked against

`gmplab verify` runs experiments whose results are known, and holds what comes out against them: queueing theory, exact Markov
chains, work-stealing mean fields, bounds, and other people's simulators.
Every model is expressed from outside the core, as a workload, a policy and costs, by public names (`gmplab/analysis/truth`); the
formulas are functions that anybody can call (`gmplab/analysis/theory`).

**How a row is judged.** Each is the mean of independent runs, as many and as long as the table says ("32 of 100,000": 32 runs of
100,000 jobs, items or ms), measured after a warm-up of a fixed length (100 to 400 mean services, or the early part of the same run
taken off); its interval is Student's t.
{n} rows can fail by chance. Each gets 1/{n} of an error probability of {percent:g} %, so that with all references right any of them
fails in {percent:g} % of draws of the seeds.
The seeds follow from the rows' names, and nobody chose them: `--seed` draws all anew.
"Off by" is in standard errors, those of a reference that was itself measured included. A tolerance ("of 2 %") is the source's own,
for a model that is a limit or another program. Rows without an interval must hold in every single run.
A row that fails for a reason that is known, and is not the scheduler's fault, is shown as failing, with the reason.
"""


def write_page(found: Verification, path: Path) -> list[str]:
    """Write the page, and its pictures into the folder `img` beside it. Returns the files' names.

    A page that `write_page` wrote is replaced; another file is not.
    """
    from gmplab.plots.verification import deviations, intervals  # matplotlib is slow to load

    check_page(path)
    images = path.parent / "img"
    overview = deviations(found)
    drawn = {f"{path.stem}.png": overview}
    parts = [MARK, "", INTRODUCTION.format(n=N_BY_CHANCE, percent=100 * FAMILY), *heading(found), picture(path.stem, overview.alt), ""]
    for family, verdicts in by_family(found):
        parts += [f"## {family.capitalize()}", ""]
        plot = intervals(verdicts)
        if len(plot.data):
            drawn[f"{path.stem}-{family}.png"] = plot
            parts += [picture(f"{path.stem}-{family}", plot.alt), ""]
        for section, rows in by_section(verdicts):
            parts += [f"### {section[0].upper()}{section[1:]}", "", *table(rows), "", *notes(rows), ""]
    for name, plot in drawn.items():
        plot.save(images / name, overwrite=True)
    written_whole(path, "\n".join(parts).rstrip("\n") + "\n")
    return [str(path), *(str(images / name) for name in drawn)]


def check_page(path: Path) -> None:
    """Refuse a file that is somebody's own, or that has no folder."""
    if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(MARK):
        raise UsageError(f"--page {path}: exists, and is no page of verify: give another file")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"--page {path}: there is no folder {path.parent}")


def written_whole(path: Path, text: str) -> None:
    """A file, whole or not at all."""
    making = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        making.write_text(text, encoding="utf-8")
        os.replace(making, path)
    finally:
        making.unlink(missing_ok=True)


def heading(found: Verification) -> list[str]:
    """What was run, and what failed."""
    lines = [f"**What was run** (model {MODEL}): {found.title()}.", ""]
    failures = (*found.failed, *found.known)
    lines += [f"- *{said(v)}*: {v.row.name}: expected {digits(v.expected)}, measured {digits(v.measured)}." for v in failures]
    reasons = dict.fromkeys(v.row.known for v in found.known)
    return [*lines, *(f"- The reason: {reason}." for reason in reasons), ""] if failures else lines


def picture(name: str, alt: str) -> str:
    """A picture in Markdown."""
    return f"![{alt}](img/{name}.png)"


def by_family(found: Verification) -> Iterable[tuple[str, list[Verdict]]]:
    """The verdicts of each family that has some."""
    for family in dict.fromkeys(FAMILY_OF[v.row.name] for v in found.verdicts):
        yield family, [v for v in found.verdicts if FAMILY_OF[v.row.name] == family]


def by_section(verdicts: Sequence[Verdict]) -> Iterable[tuple[str, list[Verdict]]]:
    """The verdicts of each section, in order."""
    for section in dict.fromkeys(v.row.section for v in verdicts):
        yield section, [v for v in verdicts if v.row.section == section]


def table(rows: Sequence[Verdict]) -> list[str]:
    """A section as a table in Markdown."""
    lines = ["| experiment | statistic | expected | measured | interval | off by | runs | |", "|---|---|---|---|---|---|---|---|"]
    for v in rows:
        expected = digits(v.expected) if v.expected == v.most else f"{digits(v.expected)} to {digits(v.most)}"
        interval = "every run" if math.isnan(v.low) else f"{digits(v.low)} to {digits(v.high)}"
        off = "" if v.row.kind in (EXACT, AT_MOST) else f"{v.deviation:+.1f}"
        if v.row.tolerance:
            off += f" of {100 * v.row.tolerance:g} %"
        cells = (
            v.row.experiment.name, v.row.statistic, f"at most {expected}" if v.row.kind == AT_MOST else expected, digits(v.measured),
            interval, off, f"{v.n_runs} of {v.size:,}" if v.row.experiment.is_random else "1", said(v),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def notes(rows: Sequence[Verdict]) -> list[str]:
    """What a section claims, by whom, and why there are tolerances or two references."""
    claims = list(dict.fromkeys(v.row.claim for v in rows))
    sources = list(dict.fromkeys(v.row.source for v in rows))
    whys = list(dict.fromkeys(v.row.why for v in rows if v.row.why))
    told = [f"Claimed: {'; '.join(claims[:6])}{'; and so on' if len(claims) > 6 else ''}.", f"Source: {'; '.join(sources)}."]
    return [*told, *(f"Why: {why}." for why in whys)]
