"""What a command gives back. Each shows itself as text; the notebook shows a run or a plot as what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gmplab.analysis.check_policy import Report
from gmplab.analysis.explore.exploration import Exploration
from gmplab.analysis.sweep import Sweep
from gmplab.runtime.contracts import Policy
from gmplab.traces.run import Run

if TYPE_CHECKING:
    from gmplab.analysis.truth import Verification


@dataclass
class Outcome:
    """What came of a run, or of an export.

    Parameters
    ----------
    run : Run
        The record, whole or up to the failure.
    error : BaseException, optional
        Why the run failed; a `KeyboardInterrupt` where somebody stopped it.
    written : list of str
        What was written where, as "csv: out/csv".
    unwritten : list of str
        What could not be, and why.
    stopped_writing : bool
        Whether somebody interrupted the writing.
    """

    run: Run
    error: BaseException | None = None
    written: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)
    stopped_writing: bool = False


@dataclass(frozen=True)
class Listing:
    """Names with what they are, by section, in order.

    Parameters
    ----------
    sections : dict of str to list of (str, str)
    """

    sections: dict[str, list[tuple[str, str]]]

    def __repr__(self) -> str:
        return "\n\n".join(f"{title}\n{columns(rows)}" for title, rows in self.sections.items())


@dataclass(frozen=True)
class Information:
    """What gmplab is here: (what, value), in order."""

    facts: list[tuple[str, str]]

    def __repr__(self) -> str:
        return columns(self.facts, indent="")


@dataclass(frozen=True)
class Checked:
    """What `check` found; no findings: the policy keeps its contract."""

    policy: Policy
    findings: Report

    def __repr__(self) -> str:
        return str(self.findings)


@dataclass(frozen=True)
class Swept:
    """What `sweep` found, and what was written of it where."""

    sweep: Sweep
    written: list[str]

    def __repr__(self) -> str:
        return with_written(repr(self.sweep), self.written)


@dataclass(frozen=True)
class Drawing:
    """A picture of a run, and where it was written, "" if nowhere."""

    plot: Any
    written: str = ""

    def __repr__(self) -> str:
        return f"wrote {self.written}" if self.written else str(self.plot.alt)


@dataclass(frozen=True)
class Code:
    """The Python that does what was typed."""

    text: str

    def __repr__(self) -> str:
        return self.text


def with_written(text: str, written: Sequence[str]) -> str:
    """A text, and below it what was written where."""
    return "\n".join([text, *(f"{'wrote':<11}{what}" for what in written)])


def columns(rows: Sequence[tuple[str, str]], indent: str = "  ") -> str:
    """Names and what they are, below one another; a long name has its text in the next line."""
    width = max([len(name) for name, _ in rows if len(name) <= 34], default=0)
    lines = []
    for name, text in rows:
        if len(name) > width:
            lines += [f"{indent}{name}", f"{indent}{'':<{width}}  {text}"]
        else:
            lines.append(f"{indent}{name:<{width}}  {text}".rstrip())
    return "\n".join(lines)


@dataclass(frozen=True)
class Verified:
    """What `verify` found, and what was written of it where."""

    found: Verification
    written: list[str]

    def __repr__(self) -> str:
        return with_written(repr(self.found), self.written)


@dataclass(frozen=True)
class Explored:
    """What `explore` found, and where its schedule was written, "" if nowhere."""

    found: Exploration
    written: str = ""

    def __repr__(self) -> str:
        return with_written(str(self.found), [f"schedule: {self.written}"] if self.written else [])


Result = Any
"""Explored, Outcome, Comparison, Listing, Information, Checked, Verified, Swept, Drawing, Findings or Code."""
