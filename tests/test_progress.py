"""The bar of a long run, and the interrupt that its pulse lets through."""

from __future__ import annotations

import io
import sys
from typing import Any

import pandas as pd
import pytest

import gmplab as gl
from gmplab import experiment, progress
from gmplab.progress import Progress
from gmplab.traces.run import Run


def yielding(n: int) -> Any:
    """A program that one M runs ahead of the event queue: thousands of steps between two events."""
    return gl.Program("yielding").loop(n).gosched().end()


def interrupted(program: Any, monkeypatch: pytest.MonkeyPatch, **kw: Any) -> Run:
    """The record of a run whose second pulse is an interrupt."""
    pulses = []

    def pulse(t_ns: int, n_schedules: int) -> None:
        pulses.append(n_schedules)
        if len(pulses) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "pulse", pulse)
    with pytest.raises(KeyboardInterrupt) as stopped:
        gl.run(program, **kw)
    run = stopped.value.run  # type: ignore[attr-defined]
    assert isinstance(run, Run)
    return run


def test_an_interrupt_reaches_an_m_that_runs_ahead_and_keeps_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    run = interrupted(yielding(100_000), monkeypatch, procs=1, record="schedule", costs=gl.Costs.linux_vm())
    assert (run.complete, run.stopped_by) == (False, "interrupt")
    assert 0 < len(run.schedule) < 100_000
    assert run.metrics["steps"] == 2 * 16_384
    assert experiment.last is run


def test_max_events_is_exact() -> None:
    run = gl.run(gl.Program("sleepy").loop(100).sleep("1us").end(), max_events=50)
    assert (run.complete, run.stopped_by) == (False, "max_events")
    again = gl.run(gl.Program("sleepy").loop(100).sleep("1us").end(), max_events=51)
    assert run.record.end_ns < again.record.end_ns


def test_a_bound_on_rows_ends_a_run_at_the_next_event_and_what_was_recorded_stays() -> None:
    napping = gl.Program("sleepy").loop(1_000).sleep("1us").end()
    run, whole = gl.run(napping, procs=2, max_rows=300), gl.run(napping, procs=2)
    assert (run.complete, run.stopped_by) == (False, "max_rows")
    n = len(run.events)
    assert 300 <= n + len(run.schedule) < 320
    pd.testing.assert_frame_equal(run.events, whole.events[:n])
    assert gl.run(napping, procs=2, record="off", max_rows=1).complete, "where there are no rows there is no bound"


def test_an_m_that_runs_ahead_is_stopped_by_the_rows_that_it_writes() -> None:
    run = gl.run(yielding(100_000), procs=1, costs=gl.Costs.zero(), max_rows=1_000)
    assert (run.stopped_by, run.metrics["steps"]) == ("max_rows", 16_384)
    assert gl.validate(run).schedules == len(run.schedule)


class Clock:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.now_wall_s = 0.0

    def monotonic(self) -> float:
        return self.now_wall_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def test_a_run_below_half_a_second_shows_nothing(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("jobs") as bar:
        clock.now_wall_s = 0.49
        bar(1_000, 10)
    assert capsys.readouterr().err == ""


def test_with_a_bound_the_bar_shows_the_share_of_virtual_time(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("jobs", until_ns=2_000) as bar:
        clock.now_wall_s = 0.6
        bar(500, 10)
        bar.bar.refresh()
        assert (bar.bar.n, bar.bar.total) == (500, 2_000)
    shown = capsys.readouterr().err
    assert "jobs:  25%|" in shown
    assert "10 schedules" in shown


def test_without_a_bound_it_shows_schedules(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("jobs") as bar:
        clock.now_wall_s = 0.6
        bar(1_500_000, 20_000)
        bar.bar.refresh()
    shown = capsys.readouterr().err
    assert "jobs: 20.0k schedules" in shown
    assert "1.500 ms virtual" in shown


def test_a_stderr_that_nobody_reads_stops_the_bar_and_not_the_run(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unread(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stderr", Unread())
    with Progress("jobs") as bar:
        clock.now_wall_s = 0.6
        bar(1_000, 10)
        bar(2_000, 20)
    assert bar.broken


def test_a_bar_changes_nothing_of_the_run() -> None:
    assert gl.run(yielding(1_000), progress=True).digest == gl.run(yielding(1_000)).digest
