"""The latency plot holds the share of schedules that waited at least so long, and says its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.plots import latency
from gmplab.plots.latency import MOST_POINTS, quantile, survival
from gmplab.runtime.recorder import Record
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_OFF
from tests.programs import free
from tests.traces.records import record


def line_up() -> Any:
    """Four goroutines of 10 us each that one P runs one after the other."""

    def worker() -> Any:
        yield gl.compute(us=10)

    for _ in range(4):
        yield gl.go(worker)
    yield gl.sleep(us=100)


def axes_of(plot: gl.Plot) -> Axes:
    assert isinstance(plot.ax, Axes)
    return plot.ax


def test_the_points_are_the_latencies_that_occurred_and_the_share_that_waited_at_least_so_long() -> None:
    plot = free(line_up).plot.latency()
    expected = pd.DataFrame(
        {
            "run": "line_up under go on 1 P, seed 1", "wait_ns": [0, 10_000, 20_000, 30_000],
            "share": [1, 0.5, 1 / 3, 1 / 6], "n": 6,
        }
    )
    pd.testing.assert_frame_equal(plot.data, expected, check_dtype=False)
    assert plot.alt == (
        "Scheduling latency of line_up under go on 1 P, seed 1: "
        "6 schedules, median 0 ns, p99 30 µs, longest 30 µs."
    )


def test_the_line_runs_through_its_points_and_falls_at_the_longest() -> None:
    ax = axes_of(free(line_up).plot.latency())
    left = ax.get_xlim()[0]
    line, marks = ax.get_lines()[:2]
    assert list(line.get_xdata()) == [left, 10_000, 20_000, 30_000, 30_000]
    assert list(line.get_ydata())[:-1] == [1 / 2, 1 / 2, 1 / 3, 1 / 6]
    assert line.get_ydata()[-1] < ax.get_ylim()[0]
    assert list(marks.get_xdata()) == [left, 30_000]
    assert ax.get_legend().get_texts()[0].get_text() == "p50 0 ns, p99 30 µs, max 30 µs"


def test_runs_are_overlaid_under_what_differs_between_them() -> None:
    runs = [free(line_up, procs=n) for n in (1, 2)]
    plot = latency(runs)
    assert list(plot.data["run"].unique()) == ["on 1 P", "on 2 Ps"]
    assert plot.alt == (
        "Scheduling latency of line_up under go, seed 1: "
        "on 1 P: 6 schedules, median 0 ns, p99 30 µs, longest 30 µs; "
        "on 2 Ps: 6 schedules, median 0 ns, p99 10 µs, longest 10 µs."
    )
    assert [x.get_text() for x in axes_of(plot).get_legend().get_texts()] == [
        "on 1 P: p50 0 ns, p99 30 µs, max 30 µs", "on 2 Ps: p50 0 ns, p99 10 µs, max 10 µs",
    ]


def test_runs_may_have_names_of_their_own_and_equal_ones_are_numbered() -> None:
    run = free(line_up)
    assert list(latency({"mine": run}).data["run"].unique()) == ["mine"]
    assert list(latency([run, run]).data["run"].unique()) == ["run #1", "run #2"]


def test_by_source_there_is_a_line_for_each_place_where_goroutines_were_found() -> None:
    plot = latency(Run(record()), by="source")
    assert plot.data.values.tolist() == [
        ["by_hand(n=2) under go on 2 Ps, seed 1", "runnext", 10, 1.0, 2],
        ["by_hand(n=2) under go on 2 Ps, seed 1", "runnext", 20, 0.5, 2],
        ["by_hand(n=2) under go on 2 Ps, seed 1", "steal", 30, 1.0, 1],
    ]
    assert plot.alt == (
        "Scheduling latency of by_hand(n=2) under go on 2 Ps, seed 1: "
        "found in runnext: 2 schedules, median 10 ns, p99 20 ns, longest 20 ns; "
        "found in steal: 1 schedule, median 30 ns, p99 30 ns, longest 30 ns."
    )


def test_schedules_before_the_warmup_are_left_out() -> None:
    run = Run(record())
    run.record.header["warmup_ns"] = 60
    assert latency(run).data["wait_ns"].tolist() == [20, 30]


def test_a_run_that_recorded_no_rows_is_drawn_from_its_histograms() -> None:
    run = Run(record(LEVEL_OFF))
    assert latency(run).data["wait_ns"].tolist() == [10, 20, 30]
    message = r"plot.latency\(by='source'\) needs the schedule of the run, which was recorded at level 'off'"
    with pytest.raises(TraceError, match=message):
        latency(run, by="source")


def test_given_axes_are_drawn_into_and_come_back() -> None:
    fig = Figure()
    left, right = fig.subplots(1, 2)
    plot = latency(Run(record()), ax=right)
    assert (plot.fig, plot.ax) == (fig, right)
    assert len(left.get_lines()) == 0


def test_a_run_without_schedules_is_an_empty_labelled_picture() -> None:
    r = Record()
    r.level, r.header = 2, {"workload": "nothing", "policy": "go", "procs": 1, "seed": 1}
    plot = latency(Run(r))
    ax = axes_of(plot)
    assert len(plot.data) == 0
    assert plot.alt == "Scheduling latency of nothing under go on 1 P, seed 1: no schedules."
    assert [x.get_text() for x in ax.texts if "nothing was" in x.get_text()] == ["nothing was scheduled"]
    assert ax.get_xlabel() == "waited at least (runnable until running)"


def test_where_nobody_waited_the_picture_says_so() -> None:
    def alone() -> Any:
        yield gl.compute(us=1)

    plot = free(alone).plot.latency()
    assert plot.alt.endswith("1 schedule, median 0 ns, p99 0 ns, longest 0 ns.")
    assert "no goroutine waited" in [x.get_text() for x in axes_of(plot).texts]


def test_a_long_line_is_drawn_through_fewer_points_that_are_all_on_it_and_reach_its_ends() -> None:
    values, counts = np.arange(3, 300_003, 3), np.ones(100_000, dtype=np.int64)
    points = survival(values, counts)
    assert MOST_POINTS / 2 < len(points) <= MOST_POINTS + 1
    assert points["wait_ns"].iloc[[0, -1]].tolist() == [3, 300_000]
    assert np.allclose(points["share"], 1 - (points["wait_ns"] - 3) / 300_000)


def test_quantiles_are_latencies_that_occurred() -> None:
    values, counts = np.array([5, 7, 9]), np.array([50, 49, 1])
    assert [quantile(values, counts, q) for q in (0.5, 0.51, 0.99, 1.0)] == [5, 7, 7, 9]


def test_what_is_no_run_is_refused() -> None:
    with pytest.raises(ValueError, match="runs is empty: give at least one Run"):
        latency([])
    with pytest.raises(TypeError, match="runs holds 4: must hold Runs"):
        latency([4])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="by = 'p': must be None or 'source'"):
        latency(Run(record()), by="p")
