"""Where the time of goroutines went, by what they are called."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.axes import Axes

import gmplab as gl
from gmplab.plots import time_by_name
from gmplab.plots.names import MOST_NAMES, MOST_REASONS, OTHERS, looks_of


def sleepers() -> Any:
    """Two that compute, 10 us and 30 us; one of them sleeps for 60 us before."""

    def worker(us: int, sleep: int) -> Any:
        if sleep:
            yield gl.sleep(us=sleep)
        yield gl.compute(us=us)

    yield gl.go(worker, 10, 60)
    yield gl.go(worker, 30, 0)
    yield gl.sleep(ms=1)


def test_a_name_has_its_goroutines_time_in_each_state_and_the_least_and_the_most_of_one() -> None:
    data = time_by_name(gl.run(sleepers, procs=2, costs=gl.Costs.zero())).data
    rows = data[data["name"] == "worker"].set_index(["state", "reason"])
    columns = ["goroutines", "time_ns", "share", "mean_ns", "least_ns", "most_ns"]
    assert rows.loc[("running", ""), columns].tolist() == [2, 40_000, 0.4, 20_000, 10_000, 30_000]
    # The other one never slept.
    assert rows.loc[("waiting", "sleep"), columns].tolist() == [2, 60_000, 0.6, 30_000, 0, 60_000]


def test_the_times_are_those_of_the_spans_and_a_part_is_cut_out() -> None:
    run = gl.run("mixed_io", procs=4, seed=1)
    plot = time_by_name(run)
    spans = run.spans[run.spans["kind"] != "region"]
    assert plot.data["time_ns"].sum() == spans["duration_ns"].sum()
    assert plot.data.groupby("name")["share"].sum().tolist() == pytest.approx([1.0] * plot.data["name"].nunique())
    t0, t1 = 1_000_000, 2_000_000
    part = time_by_name(run, t=(t0, t1)).data
    inside = (spans["end_ns"].clip(upper=t1) - spans["begin_ns"].clip(lower=t0)).clip(lower=0)
    assert part["time_ns"].sum() == inside.sum()
    assert "16 goroutines handler: waiting for IO wait 84.2 %, runnable 14.4 %, running 1.4 %" in plot.alt
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.get_yticklabels()] == ["handler", "cruncher", "reader", "main"]
    assert set(time_by_name(run, by="cls").data["cls"]) == set(run.goroutines["cls"].astype(str))


def test_many_names_are_left_out_and_said_and_many_reasons_have_one_pattern() -> None:
    def worker() -> Any:
        yield gl.compute(us=1)

    def main() -> Any:
        for i in range(20):
            yield gl.go(worker, name=f"w{i}")
        yield gl.sleep(ms=1)

    plot = time_by_name(gl.run(main, procs=2))
    assert isinstance(plot.ax, Axes)
    assert len(plot.ax.get_yticks()) == MOST_NAMES and plot.alt.endswith("; 7 others not shown.")
    data = plot.data.iloc[[0] * 8].assign(state="waiting", reason=[f"r{i}" for i in range(8)], time_ns=range(80, 0, -10))
    looks = looks_of(data)
    called = [looks["waiting", f"r{i}"][0] for i in range(8)]
    assert called == [*(f"waiting: r{i}" for i in range(MOST_REASONS - 1)), *[f"waiting: {OTHERS}"] * 4]
    assert len({look.hatch for _, look in looks.values()}) == len({name for name, _ in looks.values()}) - 1  # running is plain too


def test_nobody_is_told_as_nobody_and_an_unknown_grouping_is_refused() -> None:
    run = gl.run(sleepers, procs=2)
    with pytest.raises(ValueError, match="by = 'site': must be 'name' or 'cls'"):
        time_by_name(run, by="site")
    end = run.record.end_ns
    assert time_by_name(run, t=(end + 10, end + 20)).alt.endswith(": no goroutine lived then.")
