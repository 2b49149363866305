"""Steals over time and from whom: the same numbers as the rows of the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import gmplab as gl
from gmplab.plots import steal_matrix, steal_rate, steals
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_SCHEDULE
from tests.traces.records import record


def unbalanced() -> Any:
    """Main makes forty goroutines on one P; the others must steal them."""
    wg = gl.WaitGroup(40)

    def worker() -> Any:
        yield gl.compute(us=30)
        yield gl.done(wg)

    for _ in range(40):
        yield gl.go(worker)
    yield gl.wait(wg)


def test_the_matrix_counts_thief_and_victim_and_the_share_of_attempts_that_hit() -> None:
    plot = Run(record()).plot.steal_matrix()
    assert plot.data.astype(object).where(plot.data.notna(), None).values.tolist() == [
        [0, 1, 0, 0, 0, None], [1, 0, 1, 1, 1, 1.0],
    ]
    assert plot.alt == (
        "Who stole from whom in by_hand(n=2) under go on 2 Ps, seed 1: 1 steal, most by P1 from P0: 1; 1 attempt, 100 % hit."
    )
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.texts if x.get_position()[0] in (0, 1)][:2] == ["0", "1"]


def test_the_matrix_has_the_sums_of_the_runs_own_rows() -> None:
    run = gl.run(unbalanced, procs=4)
    data = run.plot.steal_matrix().data
    assert int(data["steals"].sum()) == len(run.steals) == run.metrics["steals"] > 0
    assert int(data["stolen"].sum()) == run.metrics["stolen"]
    thieves = data.drop_duplicates("p")
    assert int(thieves["passes"].sum()) == run.metrics["steal_passes"]
    assert float((thieves["hit_rate"].fillna(0) * thieves["passes"]).sum()) == pytest.approx(run.metrics["steals"])


def test_below_the_level_of_events_attempts_are_unknown() -> None:
    plot = steal_matrix(Run(record(LEVEL_SCHEDULE)))
    assert plot.data["passes"].isna().all()
    assert plot.alt.endswith("1 steal, most by P1 from P0: 1.")


def test_steals_over_time_are_counted_in_equal_parts_of_a_round_width() -> None:
    plot = Run(record()).plot.steal_rate()
    some = plot.data[plot.data["steals"] > 0]
    assert some[["begin_ns", "end_ns", "steals", "stolen"]].values.tolist() == [[60, 65, 1, 1]]
    assert (plot.data["begin_ns"].iloc[0], plot.data["end_ns"].iloc[-1]) == (0, 200)
    assert isinstance(plot.ax, Axes)
    assert plot.ax.get_ylabel() == "steals in each 5 ns"
    assert plot.alt == (
        "Steals over time in by_hand(n=2) under go on 2 Ps, seed 1: "
        "1 steal moved 1 goroutine, at most 1 in 5 ns, from 60 ns on."
    )


def test_runs_are_overlaid_in_parts_of_one_width() -> None:
    runs = [gl.run(unbalanced, procs=4, policy=policy) for policy in ("go", "tokio")]
    plot = steal_rate(runs)
    assert list(plot.data["run"].unique()) == ["go", "tokio"]
    assert len(set((plot.data["end_ns"] - plot.data["begin_ns"]).tolist())) == 1
    for run, name in zip(runs, ("go", "tokio"), strict=True):
        assert int(plot.data.loc[plot.data["run"] == name, "steals"].sum()) == run.metrics["steals"]
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.get_legend().get_texts()] == ["go", "tokio"]


def test_both_pictures_stand_side_by_side_with_a_matrix_for_each_run() -> None:
    runs = {"a": Run(record()), "b": Run(record())}
    plot = steals(runs)
    assert isinstance(plot.ax, tuple)
    assert len(plot.ax) == 3
    assert plot.data["run"].tolist() == ["a", "a", "b", "b"]
    assert list(plot.data.columns) == ["run", "p", "victim_p", "steals", "stolen", "passes", "hit_rate"]


def test_given_axes_must_be_as_many_as_the_pictures() -> None:
    pair = Figure().subplots(1, 2)
    assert steals(Run(record()), ax=pair).ax == tuple(pair)
    with pytest.raises(ValueError, match="ax holds 1 Axes: must hold 2, for the steals over time and for each run's matrix"):
        steals(Run(record()), ax=pair[:1])
    with pytest.raises(ValueError, match="ax is one Axes: must be 2"):
        steals(Run(record()), ax=pair[0])


def test_one_p_has_nobody_to_steal_from_and_the_picture_says_so() -> None:
    run = gl.run(unbalanced, procs=1)
    plot = run.plot.steals()
    assert len(plot.data) == 0
    assert plot.alt == (
        "Steals over time in unbalanced under go on 1 P, seed 1: none. "
        "Who stole from whom in unbalanced under go on 1 P, seed 1: no steals."
    )
    assert isinstance(plot.ax, tuple)
    assert all("nothing was stolen" in [x.get_text() for x in ax.texts] for ax in plot.ax)


def test_a_matrix_of_many_ps_has_colours_and_a_scale_and_no_numbers() -> None:
    run = gl.run(unbalanced, procs=20)
    plot = run.plot.steal_matrix()
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.texts] == ["unbalanced under go on 20 Ps, seed 1"]
    assert len(plot.fig.axes) == 2
    shown = np.asarray(plot.ax.images[0].get_array())
    assert int(shown.sum()) == int(plot.data["steals"].sum())
