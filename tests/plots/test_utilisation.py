"""The stacked time of Ps adds up to the core's own sums, and the line to its idle-while-overloaded."""

from __future__ import annotations

import pytest
from matplotlib.axes import Axes

from gmplab.plots import utilisation
from gmplab.plots.units import part
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
        # The whole is the time of all Ps that the run ever had; GOMAXPROCS changes in one of the runs.
        whole = run.record.end_ns * len(run.record.processors)
        for mode in modes.columns.drop("not_in_use", errors="ignore"):
            assert modes[mode].mean() * whole == pytest.approx(run.metrics[f"p_{mode}_ns"]), mode
        assert data["idle_overloaded"].mean() * run.record.end_ns == pytest.approx(run.metrics["idle_overloaded_wall_ns"], abs=1e-6)


def test_ps_that_are_not_in_use_are_told_from_idle_ones() -> None:
    run = runs("go")[2]
    plot = utilisation(run)
    absent = 1 - run.processor_spans["duration_ns"].sum() / (run.record.end_ns * len(run.record.processors))
    assert plot.data["not_in_use"].mean() == pytest.approx(absent)
    assert f"not in use {part(absent)}; some P idle" in plot.alt
    assert f"stopped {part(plot.data['stopped'].mean())}" in plot.alt
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.get_legend().get_texts()][-3:] == ["stopped", "not in use", "idle while overloaded"]


def test_a_part_of_the_time_may_be_shown() -> None:
    data = utilisation(Run(record()), t=(110, 120)).data
    assert data[["running", "scheduling"]].mean().tolist() == pytest.approx([0.5, 0.5])
