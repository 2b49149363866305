"""Each goroutine's CPU time over the mean."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.plots import fairness


def two(us: int) -> Any:
    def worker(n: int) -> Any:
        yield gl.compute(us=n)

    def main() -> Any:
        yield gl.go(worker, 10)
        yield gl.go(worker, us)
        yield gl.sleep(ms=1)

    return main


def test_equal_goroutines_lie_on_the_line_and_others_over_and_under_it() -> None:
    equal, other = gl.run(two(10), procs=1), gl.run(two(30), procs=1)
    data = fairness({"equal": equal, "other": other}).data
    assert data.groupby("run", sort=False)["relative"].apply(list).tolist() == [pytest.approx([1, 1]), pytest.approx([0.5, 1.5], rel=0.01)]
    assert data["rank"].tolist() == [0, 1, 0, 1]


def test_its_words_have_jains_index_and_ginis_coefficient_and_main_is_left_out() -> None:
    alt = fairness(gl.run(two(30), procs=1)).alt
    assert "2 goroutines, least 10 µs, most 30 µs, Jain 0.800, Gini 0.250." in alt


def test_a_class_can_be_looked_at_alone_and_nothing_is_told_as_nothing() -> None:
    run = gl.run("mixed_io", procs=2)
    assert set(run.goroutines.set_index("g").loc[fairness(run, cls="cpu").data["g"], "cls"].astype(str)) == {"cpu"}
    assert fairness(run, cls="none").alt.endswith("no goroutine ran.")


def test_goroutines_that_come_from_outside_count() -> None:
    assert len(fairness(gl.run("open_loop", n=30, record="schedule")).data) == 30
