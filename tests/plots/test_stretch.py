"""What a plot over time shows: one run, and the time that was asked for."""

from __future__ import annotations

import pytest

from gmplab.errors import TraceError
from gmplab.plots.stretch import between, stretch_of
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_SCHEDULE
from tests.traces.records import record


def test_the_time_shown_is_the_whole_run_or_two_instants_in_any_unit() -> None:
    run = Run(record())
    assert between(run, None) == (0, 200)
    assert between(run.window(50, 150), None) == (50, 150)
    assert between(run, (100, "1us")) == (100, 1_000)
    with pytest.raises(ValueError, match=r"t = \(9 ns, 9 ns\): the second must be after the first"):
        between(run, (9, 9))
    for wrong in ("5ms", (1,), (1, 2, 3)):
        with pytest.raises(ValueError, match="must be two instants, as"):
            between(run, wrong)


def test_it_is_one_run_that_knows_what_the_plot_is_made_of() -> None:
    run = Run(record())
    with pytest.raises(ValueError, match="2 runs: this plot shows one run"):
        stretch_of([run, run], None, "spans", "timeline")
    with pytest.raises(TraceError, match="plot.timeline needs the spans of the run"):
        stretch_of(Run(record(LEVEL_SCHEDULE)), None, "spans", "timeline")


def test_it_is_told_alike_by_every_plot_and_a_window_knows_the_run_it_is_of() -> None:
    run = Run(record())
    assert stretch_of(run, None, "spans", "timeline").whole is run
    part = stretch_of(run.window(50, 150), None, "spans", "timeline")
    assert part.whole is run
    assert part.told("What each P did").endswith(", from 50 ns to 150 ns")
