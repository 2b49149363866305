"""A P that GOMAXPROCS has not reached, or has left, is not in use: neither its time nor its lane is idle."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

import gmplab as gl
from gmplab.plots.unused import unused
from gmplab.traces.run import Run
from tests.traces.records import record
from tests.traces.test_agreement import runs


def changing() -> Any:
    yield gl.compute(us=10)
    yield gl.gomaxprocs(3)
    yield gl.compute(us=20)
    yield gl.gomaxprocs(1)
    yield gl.compute(us=30)


def test_a_p_is_not_in_use_before_it_is_made_and_after_it_is_destroyed() -> None:
    run = gl.run(changing, procs=2, seed=1)
    spans = run.processor_spans
    first, last = spans.groupby("p")["begin_ns"].min().tolist(), spans.groupby("p")["end_ns"].max().tolist()
    end = run.record.end_ns
    assert first[:2] == [0, 0] and last[0] == end
    assert unused(run).values.tolist() == [[1, last[1], end], [2, 0, first[2]], [2, last[2], end]]
    assert 10_000 <= first[2] < last[1] == last[2] <= end - 30_000


def test_nobody_knows_what_a_p_did_before_the_begin_of_a_window() -> None:
    run = gl.run(changing, procs=2, seed=1)
    assert (unused(run.window("5us", run.record.end_ns))["begin_ns"] > 10_000).all()


def test_where_gomaxprocs_stays_all_ps_are_in_use() -> None:
    assert unused(Run(record())).empty
    assert unused(runs("go")[0]).empty


def test_pictures_say_which_ps_were_not_in_use() -> None:
    run = runs("go")[2]
    timeline, queues = run.plot.timeline(), run.plot.queues()
    assert ", not in use " in timeline.alt and "stopped " in timeline.alt
    assert queues.alt.endswith("not in use for a part of the time: P2, P3, P4, P5.")
    for plot in (timeline, queues):
        assert isinstance(plot.ax, Axes)
        assert "not in use" in [x.get_text() for x in plot.ax.get_legend().get_texts()]
    assert timeline.data.drop(columns="name").equals(run.processor_spans)
    assert "stopped " in run.plot.machines().alt
