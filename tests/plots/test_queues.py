"""The heat map of run queues holds their mean lengths; the global queue is the row on top."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

import gmplab as gl
from gmplab.plots import queues
from gmplab.plots.overtime import PARTS
from gmplab.traces.run import Run
from tests.programs import free
from tests.traces.records import record


def test_its_rows_are_the_global_queue_and_then_the_ps() -> None:
    plot = Run(record()).plot.queues()
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.get_yticklabels()] == ["global", "P0", "P1"]
    assert plot.data["queue"].tolist() == ["global"] * PARTS + ["P0"] * PARTS + ["P1"] * PARTS
    mean = plot.data.groupby("queue")["n"].mean()
    # Over 200 ns: one in the global queue for 100; in P0's 1, 3, 2, 3 and 2 for 30, 20, 40, 10 and 100.
    assert mean.to_dict() == pytest.approx({"global": 0.5, "P0": (30 + 60 + 80 + 30 + 200) / 200, "P1": 0})
    assert plot.alt == (
        "Run queues in by_hand(n=2) under go on 2 Ps, seed 1, from 0 ns to 200 ns: "
        "mean length of the global queue 0.5; of a P's queue 0 to 2; longest 3, that of P0."
    )


def test_what_is_drawn_is_the_data_and_an_empty_queue_is_left_light() -> None:
    plot = Run(record()).plot.queues()
    assert isinstance(plot.ax, Axes)
    drawn = plot.ax.collections[0].get_array()
    assert np.ma.filled(drawn, 0).ravel().tolist() == plot.data["n"].tolist()
    assert np.ma.getmaskarray(drawn).reshape(3, PARTS)[2].all()


def test_a_part_of_the_time_may_be_shown() -> None:
    plot = Run(record()).plot.queues(t=(0, 20))
    assert plot.data.groupby("queue")["n"].mean().to_dict() == pytest.approx({"global": 0, "P0": 1, "P1": 0})
    assert plot.alt.endswith("longest 1, that of P0.")


def test_where_nobody_waits_the_picture_says_so() -> None:
    def main() -> Any:
        yield gl.compute(us=1)

    plot = queues(free(main, procs=2), t=("100ns", "1us"))
    assert plot.alt == "Run queues in main under go on 2 Ps, seed 1, from 100 ns to 1 µs: no goroutine was queued."
    assert isinstance(plot.ax, Axes)
    assert "no goroutine was queued" in [x.get_text() for x in plot.ax.texts]
