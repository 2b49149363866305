"""A lane a goroutine: its stays in each state, and nothing outside of its life."""

from __future__ import annotations

import pytest

import gmplab as gl
from gmplab.plots import lifelines
from gmplab.plots.lifelines import MOST
from gmplab.traces.run import Run
from tests.traces.records import record


def test_its_words_are_the_shares_of_each_state() -> None:
    plot = Run(record()).plot.lifelines()
    assert plot.alt == (
        "What each goroutine did in by_hand(n=2) under go on 2 Ps, seed 1, from 0 ns to 200 ns: 3 goroutines: running 24 %, "
        "syscall 6 %, runnable 66 %, waiting 4 % of their time."
    )
    assert [x.get_text() for x in plot.ax.get_yticklabels()] == ["G1 main", "G2 worker", "G3 worker"]


def test_its_data_are_the_spans_of_the_goroutines_that_are_shown() -> None:
    run = gl.run("fork_join", rounds=2, width=4, procs=2)
    plot = lifelines(run, g=[3, 2])
    spans = run.spans[run.spans["g"].isin([2, 3])]
    assert len(plot.data) == len(spans) and set(plot.data["g"]) == {2, 3}
    assert [x.get_text().split()[0] for x in plot.ax.get_yticklabels()] == ["G3", "G2"]
    assert plot.data.groupby("g")["lane"].unique().map(list).to_dict() == {2: [1], 3: [0]}


@pytest.mark.parametrize("by", ["wait", "run", "blocked"])
def test_many_goroutines_are_chosen_by_what_they_have_most_of(by: str) -> None:
    run = gl.run("fanout", n=200, procs=2)
    plot = lifelines(run, by=by)
    column = {"wait": "wait_ns", "run": "run_ns", "blocked": "blocked_ns"}[by]
    least = run.goroutines.set_index("g").loc[list(plot.data["g"].unique()), column].min()
    assert plot.data["g"].nunique() == MOST and (run.goroutines[column] > least).sum() <= MOST
    assert f"141 others not shown, those with the most {by} time shown" in plot.alt


def test_what_cannot_be_shown_is_told() -> None:
    run = gl.run("fanout", n=2)
    with pytest.raises(ValueError, match="g = 9: there is no such goroutine: this run has 1 to 3"):
        lifelines(run, g=[9])
    with pytest.raises(ValueError, match="by = 'age': must be one of 'created', 'wait', 'run', 'blocked'"):
        lifelines(run, by="age")
    with pytest.raises(gl.TraceError, match="record at level 'full' or more"):
        lifelines(gl.run("fanout", n=2, record="schedule"))
    assert "no goroutine lived then" in lifelines(run, t=("1s", "2s")).alt
