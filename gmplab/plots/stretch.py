"""What a plot over time shows: one run, from one instant to another. Eight plots begin with it, and tell it alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gmplab.plots.runs import Runs, context, one_of
from gmplab.plots.units import said
from gmplab.runtime.durations import duration_ns
from gmplab.traces.run import Run


@dataclass(frozen=True)
class Stretch:
    """A run, and the time of it that is shown.

    Parameters
    ----------
    run : Run
        Which.
    t0, t1 : int
        From when to when, ns since the start.
    """

    run: Run
    t0: int
    t1: int

    @property
    def whole(self) -> Run:
        """The run, or of a window the run that it was cut from: spans of a window begin in it, those of the run before."""
        return self.run.whole or self.run

    def told(self, what: str) -> str:
        """How the words of a picture begin: what is shown, of which run, from when to when."""
        return f"{what} in {context(self.run)}, from {said(self.t0)} to {said(self.t1)}"


def stretch_of(runs: Runs, t: Sequence[int | str] | None, fact: str, plot: str) -> Stretch:
    """The run that a plot was given, and the time that was asked for, checked.

    Parameters
    ----------
    runs : Run
        One.
    t : (t0, t1), optional
        As the plot was given it; default: all.
    fact, plot : str
        What the run must know (`Run.provides`), and the plot that needs it.

    Raises
    ------
    TypeError, ValueError
        It is no run, there are more, or t is no time.
    TraceError
        The run does not know the fact.
    """
    run = one_of(runs)
    run.need(fact, f"plot.{plot}")
    return Stretch(run, *between(run, t))


def between(run: Run, t: Sequence[int | str] | None) -> tuple[int, int]:
    """The instants that a picture begins and ends at: those given, or the run's own.

    Raises `ValueError` where they are no two instants, the second after the first.
    """
    if t is None:
        begin = int(run.record.header.get("window_ns", (0,))[0])
        return begin, max(run.record.end_ns, begin + 1)
    if isinstance(t, str) or len(t) != 2:
        raise ValueError(f"t = {t!r}: must be two instants, as (0, '5ms')")
    t0, t1 = (duration_ns(x, "t") for x in t)
    if t1 <= t0:
        raise ValueError(f"t = ({t0} ns, {t1} ns): the second must be after the first")
    return t0, t1
