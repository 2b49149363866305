"""Counts over time are means over equal parts, exact and weighted by time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.plots.overtime import PARTS, greatest, means, parts_of, ranges, stacked
from gmplab.plots.palette import BLUE, GREY, Look
from gmplab.plots.plot import axes
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_SCHEDULE
from tests.traces.records import record

EDGES = np.array([0.0, 10.0, 20.0, 30.0])


def test_a_value_holds_from_its_instant_until_the_next_and_is_weighted_by_time() -> None:
    assert means([5, 12, 14], [2, 10, 0], EDGES).tolist() == [1.0, (2 * 2 + 2 * 10) / 10, 0.0]


def test_the_last_value_holds_to_the_end_and_before_the_first_there_is_none() -> None:
    assert means([25], [4], EDGES).tolist() == [0.0, 0.0, 2.0]
    assert means([], [], EDGES).tolist() == [0.0, 0.0, 0.0]


def test_what_holds_since_before_the_time_that_is_shown_counts() -> None:
    assert means([-50, 15, 90], [6, 0, 3], EDGES).tolist() == [6.0, 3.0, 0.0]


def test_the_mean_of_the_parts_is_the_mean_of_the_whole() -> None:
    dice = np.random.default_rng(7)
    t = np.sort(dice.integers(0, 30, 200))
    v = dice.integers(0, 9, 200)
    assert means(t, v, EDGES).mean() == pytest.approx(means(t, v, EDGES[[0, -1]])[0])


def test_the_greatest_counts_what_holds_at_the_begin_and_not_what_comes_at_the_end() -> None:
    t, v = [-5, 4, 30], [7, 2, 9]
    assert greatest(t, v, EDGES) == 7
    assert greatest(t, v, EDGES[1:]) == 2
    assert greatest([], [], EDGES) == 0


def test_the_least_and_the_greatest_of_a_part_are_those_of_what_held_in_it() -> None:
    dice = np.random.default_rng(8)
    for n in (0, 1, 3, 40, 400):
        t, v = np.sort(dice.integers(-5, 40, n)), dice.integers(0, 9, n)
        least, most = ranges(t, v, EDGES)
        for i, (begin, end) in enumerate(zip(EDGES, EDGES[1:], strict=False)):
            held = [*([0, *v[t <= begin]][-1:]), *v[(t > begin) & (t < end)]]
            assert (least[i], most[i]) == (min(held), max(held))
        assert (least <= means(t, v, EDGES)).all() and (means(t, v, EDGES) <= most).all()


def test_the_parts_are_equal_and_span_what_is_shown() -> None:
    shown, edges = parts_of(Run(record()), (20, 68), "states")
    assert (shown.t0, shown.t1) == (20, 68)
    assert (len(edges), edges[0], edges[-1]) == (PARTS + 1, 20, 68)
    assert np.allclose(np.diff(edges), 0.2)


@pytest.mark.parametrize("name", ["states", "spinning", "queues", "utilisation", "threads"])
def test_a_window_shows_that_part_of_its_run(name: str) -> None:
    run = gl.run("mixed_io", procs=3, seed=5)
    begin, end = run.record.end_ns // 3, run.record.end_ns // 2
    part, cut = getattr(run.window(begin, end).plot, name)(), getattr(run.plot, name)(t=(begin, end))
    pd.testing.assert_frame_equal(part.data, cut.data)


def test_a_window_that_was_read_from_a_file_does_not_know_the_counts_at_its_begin(tmp_path: Path) -> None:
    Run(record()).window(50, 90).to_csv(tmp_path / "part")
    with pytest.raises(TraceError, match=r"plot.states needs the series of the run, .*: its source, or window, does not know them"):
        parts_of(gl.read_csv(tmp_path / "part"), None, "states")
    with pytest.raises(TraceError, match="plot.states needs the series of the run"):
        parts_of(Run(record(LEVEL_SCHEDULE)), None, "states")


def test_areas_stand_on_one_another() -> None:
    ax = axes(None)[1]
    low, high = np.array([1.0, 2.0, 0.0]), np.array([3.0, 0.0, 5.0])
    height = stacked(ax, EDGES, {"low": (Look(BLUE), low), "high": (Look(GREY), high)})
    assert height.tolist() == [4, 2, 5]
    drawn = [(str(p.get_label()), np.asarray(p.get_data().baseline).tolist(), p.get_data().values.tolist()) for p in ax.patches]
    assert drawn == [("low", [0, 0, 0], [1, 2, 0]), ("high", [1, 2, 0], [4, 2, 5])]
