"""The stacked time of Ps adds up to the core's own sums, and the line to its idle-while-overloaded."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes

from gmplab.plots import utilisation
from gmplab.traces.run import Run
from tests.traces.records import record
from tests.traces.test_agreement import runs


def test_its_words_are_the_shares_of_the_whole_time() -> None:
    plot = Run(record()).plot.utilisation()
    assert plot.alt == (
        "What the Ps' time went into in by_hand(n=2) under go on 2 Ps, seed 1, from 0 ns to 200 ns: "
        "running 30 %, scheduling 45 %, syscall 7.5 %, idle 15 %; "
        "some P idle while a goroutine was runnable 7.5 % of the time."
    )
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.get_legend().get_texts()] == [
        "running", "scheduling", "syscall", "idle while overloaded",
    ]
    assert list(plot.data.columns) == ["begin_ns", "end_ns", "running", "scheduling", "syscall", "idle", "idle_overloaded"]


@pytest.mark.parametrize("name", ["go", "threadpool", "tokio", "go1.0"])
def test_the_shares_add_up_to_what_the_core_counted(name: str) -> None:
    for run in runs(name):
        data = utilisation(run).data
        modes = data.drop(columns=["begin_ns", "end_ns", "idle_overloaded"])
        assert modes.sum(axis=1).tolist() == pytest.approx([1.0] * len(data))
        end = run.record.end_ns
        for mode in modes:
            assert modes[mode].mean() * end * 4 == pytest.approx(run.metrics[f"p_{mode}_ns"]), mode
        assert data["idle_overloaded"].mean() * end == pytest.approx(run.metrics["idle_overloaded_wall_ns"], abs=1e-6)


def test_a_part_of_the_time_may_be_shown() -> None:
    data = utilisation(Run(record()), t=(110, 120)).data
    assert data[["running", "scheduling"]].mean().tolist() == pytest.approx([0.5, 0.5])
