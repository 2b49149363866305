"""A box for each path that goroutines came by, and which of them makes the tail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import gmplab as gl
from gmplab.plots import latency, latency_sources
from gmplab.plots.sources import boxes
from gmplab.traces.run import Run
from tests.traces.records import record


def tally(waits: list[int]) -> Any:
    return np.unique(np.array(waits), return_counts=True)


def test_a_box_is_the_quantiles_of_one_path_and_its_part_in_the_slowest_hundredth() -> None:
    # 200 schedules: the slowest hundredth are the two of 900 and 1000, and the 700 that bounds them.
    found = {"local": tally(list(range(1, 198)) + [700]), "steal": tally([900, 1000])}
    data = boxes("a", found).set_index("source")
    assert data["n"].tolist() == [198, 2] and data["share"].tolist() == [0.99, 0.01]
    local = data.loc["local"]
    assert (local["min_ns"], local["p25_ns"], local["median_ns"], local["p75_ns"], local["max_ns"]) == (1, 50, 99, 149, 700)
    assert data["tail_share"].tolist() == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    assert boxes("c", {"": found["local"]}).empty


def test_its_numbers_are_those_of_the_runs_rows_and_its_words_begin_with_the_path_that_makes_the_tail() -> None:
    run = gl.run("mixed_io", procs=4, seed=1)
    plot = latency_sources(run)
    waits = run.schedule.groupby("source", observed=True)["wait_ns"]
    data = plot.data.set_index("source")
    assert data["n"].to_dict() == waits.size().to_dict() and data["max_ns"].to_dict() == waits.max().to_dict()
    median = waits.apply(lambda x: int(np.quantile(x, 0.5, method="inverted_cdf")))
    assert data["median_ns"].to_dict() == median.to_dict()
    assert data["tail_share"].sum() == pytest.approx(1)
    assert f"seed 1: {data['tail_share'].idxmax()}: " in plot.alt
    # The rows are those of the lines of the latency plot, in its order and its colours.
    lines = latency(run, by="source").data["source"].unique().tolist()
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.get_yticklabels()] == plot.data["source"].tolist() == lines


def test_several_runs_have_a_box_each_in_every_row_and_a_legend() -> None:
    runs = {policy: gl.run("mixed_io", procs=4, seed=1, policy=policy) for policy in ("go", "go1.0")}
    plot = latency_sources(runs)
    assert set(plot.data["run"]) == set(runs)
    assert isinstance(plot.ax, Axes)
    assert len(plot.ax.patches) == len(plot.data)
    assert [x.get_text() for x in plot.ax.get_legend().get_texts()] == ["go", "go1.0"]


def test_schedules_before_the_warmup_are_left_out_and_nothing_is_told_as_nothing() -> None:
    run = Run(record())
    run.record.header["warmup_ns"] = 60
    assert latency_sources(run).data["n"].sum() == 2
    run.record.header["warmup_ns"] = 10**9
    empty = latency_sources(run)
    assert empty.alt.endswith(": no schedules.") and isinstance(empty.data, pd.DataFrame)


def test_where_nobody_waited_the_picture_says_so() -> None:
    def alone() -> Any:
        yield gl.compute(us=1)

    plot = latency_sources(gl.run(alone, procs=1, costs=gl.Costs.zero()))
    assert isinstance(plot.ax, Axes)
    assert "no goroutine waited" in [x.get_text() for x in plot.ax.texts]
