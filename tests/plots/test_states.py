"""The areas are the mean numbers of goroutines in each state."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes

from gmplab.plots import states
from gmplab.traces.run import Run
from gmplab.traces.spans import SPAN_KINDS
from tests.traces.records import record
from tests.traces.test_agreement import runs


def test_its_words_are_the_means_and_the_greatest() -> None:
    plot = Run(record()).plot.states()
    assert list(plot.data.columns) == ["begin_ns", "end_ns", "running", "syscall", "runnable", "waiting"]
    assert plot.alt == (
        "How many goroutines are in each state in by_hand(n=2) under go on 2 Ps, seed 1, from 0 ns to 200 ns, in the mean: "
        "running 0.6, at most 2; syscall 0.15, at most 1; runnable 1.65, at most 3; waiting 0.1, at most 1."
    )
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.get_legend().get_texts()] == ["running", "syscall", "runnable", "waiting"]


@pytest.mark.parametrize("name", ["go", "threadpool", "tokio"])
def test_the_areas_are_the_time_that_goroutines_spent_in_each_state(name: str) -> None:
    for run in runs(name):
        data = states(run).data
        spent = run.spans.groupby("kind", observed=False)["duration_ns"].sum()
        for state in SPAN_KINDS[:4]:
            assert data[state].mean() * run.record.end_ns == pytest.approx(spent[state], abs=1e-6), state
