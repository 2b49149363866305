"""The timeline shows the spans of Ps, coloured by the names of goroutines, and says their shares."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.plots import timeline
from gmplab.plots.timeline import MOST_MARKS
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_SCHEDULE
from tests.programs import free
from tests.traces.records import record


def legend(plot: gl.Plot) -> list[str]:
    assert isinstance(plot.ax, Axes)
    found = plot.ax.get_legend()
    return [] if found is None else [x.get_text() for x in found.get_texts()]


def written(plot: gl.Plot) -> list[str]:
    assert isinstance(plot.ax, Axes)
    return [x.get_text() for x in plot.ax.texts]


def test_its_data_are_the_spans_of_ps_with_the_names_of_goroutines_and_its_words_are_their_shares() -> None:
    run = Run(record())
    plot = run.plot.timeline()
    assert plot.data.drop(columns="name").equals(run.processor_spans)
    assert plot.data["name"].dropna().tolist() == ["main", "worker", "worker", "worker", "worker"]
    assert plot.alt == (
        "What each P did in by_hand(n=2) under go on 2 Ps, seed 1, from 0 ns to 200 ns: "
        "running 30.8 %, scheduling 46.2 %, syscall 7.7 %, idle 15.4 % of P time; "
        "running, by name: main 23.1 %, worker 7.7 %; 1 goroutine stolen."
    )
    assert legend(plot) == ["running main", "running worker", "scheduling", "syscall", "stolen"]
    assert [x for x in written(plot) if x.startswith("g")] == ["g1", "g2", "g2", "g2"]


def test_a_part_of_the_time_is_cut_out_and_names_keep_their_colours() -> None:
    run = Run(record())
    plot = run.plot.timeline(t=(105, "145ns"))
    assert plot.data[["p", "mode", "begin_ns"]].values.tolist() == [
        [0, "scheduling", 100], [0, "running", 110], [0, "syscall", 120], [1, "scheduling", 70],
    ]
    assert isinstance(plot.ax, Axes)
    assert plot.ax.get_xlim() == (105, 145)
    colours = {h.get_label(): h.get_facecolor() for h in plot.ax.get_legend().legend_handles if hasattr(h, "get_facecolor")}
    every = run.plot.timeline().ax.get_legend().legend_handles
    assert colours["running worker"] == next(h for h in every if h.get_label() == "running worker").get_facecolor()
    assert plot.alt == (
        "What each P did in by_hand(n=2) under go on 2 Ps, seed 1, from 105 ns to 145 ns: "
        "running 12.5 %, scheduling 56.2 %, syscall 31.2 % of P time."
    )


def test_goroutines_may_be_told_apart_by_class() -> None:
    plot = Run(record()).plot.timeline(by="cls")
    assert legend(plot)[:2] == ["running without a cls", "running web"]
    assert "running, by cls: without a cls 23.1 %, web 7.7 %" in plot.alt
    with pytest.raises(ValueError, match="by = 'g': must be 'name' or 'cls'"):
        timeline(Run(record()), by="g")


def test_where_all_have_one_name_they_are_just_running() -> None:
    def main() -> Any:
        yield gl.compute(us=3)

    plot = free(main, procs=2).plot.timeline()
    assert legend(plot) == ["running"]
    assert plot.alt == (
        "What each P did in main under go on 2 Ps, seed 1, from 0 ns to 3 µs: running 50 %, idle 50 % of P time."
    )


def named_workers(n: int, name: str = "") -> Any:
    def main() -> Any:
        wg = gl.WaitGroup(n)

        def worker() -> Any:
            yield gl.compute(us=5)
            yield gl.done(wg)

        for i in range(n):
            yield gl.go(worker, name=name or f"w{i}")
        yield gl.wait(wg)

    return main


def test_five_names_have_colours_of_their_own_and_the_others_one_together() -> None:
    plot = free(named_workers(7)).plot.timeline()
    assert legend(plot)[:6] == [*(f"running w{i}" for i in range(5)), "running others (2)"]


def test_a_long_name_is_cut_in_the_legend() -> None:
    plot = gl.run(named_workers(2, "github.com/a/very/long/package/path.(*Server).serve.func1")).plot.timeline()
    assert legend(plot)[:2] == ["running main", "running github.com/a/very/long/pack…"]


def test_too_many_marks_are_left_out_and_said() -> None:
    n = MOST_MARKS + 40
    run = gl.run(named_workers(n), policy="threadpool", procs=2, costs=gl.Costs.zero())
    plot = run.plot.timeline()
    from_global = int(run.schedule["source"].isin(["global", "global_tick"]).sum())
    assert from_global > MOST_MARKS
    assert f"{from_global} goroutines from the global queue, too many to mark" in plot.alt
    assert "from the global queue" not in legend(plot)


def test_slices_that_were_merged_are_counted() -> None:
    run = gl.run(named_workers(40), procs=2)
    assert "slices narrower than a pixel merged" in run.plot.timeline().alt


def test_it_needs_the_events_and_one_run() -> None:
    with pytest.raises(TraceError, match="plot.timeline needs the spans of the run, which was recorded at level 'schedule'"):
        timeline(Run(record(LEVEL_SCHEDULE)))
    with pytest.raises(ValueError, match="2 runs: this plot shows one run"):
        timeline([Run(record()), Run(record())])


def test_given_axes_are_drawn_into() -> None:
    ax = Figure().add_subplot()
    assert timeline({"mine": Run(record())}, ax=ax).ax is ax


def test_where_nothing_was_recorded_the_picture_is_empty_and_says_so() -> None:
    plot = timeline(Run(record()).window(195, 199))
    assert plot.alt.endswith("from 195 ns to 199 ns: nothing was recorded.")
    assert "nothing was recorded" in written(plot)
