"""Plots that are touched: where things are on the picture, what a drag, a click and a key do, and what stays without a widget."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from rig import Stand
from test_views import unpacked

import gmplab as gl
from gmplab.plots import PLOTS
from gmplab.traces.run import Run

Show = Callable[..., Stand]
OVER_TIME = {"timeline", "lifelines", "machines", "threads", "spinning", "steals", "steal_rate", "queues", "utilisation", "states"}


@pytest.fixture(scope="module")
def run() -> Run:
    return gl.run("mixed_io", procs=4, seed=1)


# --- what goes to the page --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(PLOTS))
def test_every_plot_is_a_chart_and_those_over_time_know_where_the_time_is(run: Run, name: str) -> None:
    chart = run.view.chart(name)
    head, columns = unpacked(chart.reply({"kind": "need", "part": "chart"}))
    assert columns["png"].tobytes()[16:24] == chart.plot._repr_png_()[16:24]  # the size; matplotlib's layout may still settle
    assert (head["alt"], [head["width"], head["height"]]) == (chart.plot.alt, list(chart.plot.size()))
    assert len(head["times"]) == (1 if name in OVER_TIME else 0)
    for axes in head["times"]:
        assert 0 < axes["left"] < axes["right"] <= 1 and 0 < axes["top"] < axes["bottom"] < 1
        assert (axes["t0"], axes["t1"]) == (0, run.record.end_ns)
    found = [column in columns for column in ("s_g", "s_t", "r_g", "c_n")]
    assert found == [name in ("fairness", "latency"), name == "latency", name == "lifelines", name == "queues"]
    assert html.escape(chart.plot.alt) in chart.twin()
    assert set(chart.inline) == {"chart"}


def test_points_and_lanes_are_where_the_picture_has_them(run: Run) -> None:
    chart = run.view.chart("fairness")
    columns = unpacked(chart.reply({}))[1]
    assert columns["s_g"].tolist() == chart.plot.data["g"].tolist()
    box, (bottom, top) = chart.plot.ax.get_position(), chart.plot.ax.get_ylim()
    x = box.x0 + (chart.plot.data["rank"] + 0.02) / 1.04 * (box.x1 - box.x0)
    y = 1 - (box.y0 + (chart.plot.data["relative"] - bottom) / (top - bottom) * (box.y1 - box.y0))
    assert np.allclose(columns["s_x"], x) and np.allclose(columns["s_y"], y)
    many = gl.run("fanout", n=90, procs=2, seed=1).view.chart("lifelines", by="wait")
    columns = unpacked(many.reply({}))[1]
    lane_of = many.plot.data.drop_duplicates("g").set_index("g")["lane"]
    # 60 lanes, of which every second one is named.
    assert lane_of[columns["r_g"]].tolist() == list(range(60))
    assert (columns["r_top"][1:] == columns["r_bottom"][:-1]).all()


def test_the_values_behind_a_picture_are_those_of_its_data(run: Run) -> None:
    chart = run.view.chart("states", t=("1ms", "9ms"))
    head, columns = unpacked(chart.reply({}))
    assert head["values"] == ["running", "syscall", "runnable", "waiting"]
    assert all(columns[f"v{i}"].tolist() == chart.plot.data[name].tolist() for i, name in enumerate(head["values"]))
    assert (head["times"][0]["t0"], head["times"][0]["t1"]) == (1_000_000, 9_000_000)
    assert unpacked(run.view.chart("queues").reply({}))[0]["values"] == []


def test_each_cell_of_the_queues_is_where_the_picture_has_it(run: Run) -> None:
    chart = run.view.chart("queues", t=("1ms", "9ms"))
    head, columns = unpacked(chart.reply({}))
    data = chart.plot.data
    assert head["cells"] == ["global", "P0", "P1", "P2", "P3"]
    assert columns["c_edge"][[0, -1]].tolist() == [1_000_000, 9_000_000] and len(columns["c_edge"]) == 241
    for name in ("n", "least", "most"):
        assert columns[f"c_{name}"].tolist() == data[name].tolist()
    box = chart.plot.ax.get_position()
    assert np.allclose(columns["c_side"], 1 - box.y1 + np.arange(6) / 5 * (box.y1 - box.y0))


@pytest.mark.parametrize("by", [None, "source"])
def test_each_step_of_the_latencies_is_a_wait_that_was(run: Run, by: str | None) -> None:
    chart = run.view.chart("latency", by=by)
    columns = unpacked(chart.reply({}))[1]
    data = chart.plot.data[chart.plot.data["wait_ns"] > 0]
    waits = run.schedule.set_index(["g", "t_ns"])["wait_ns"]
    assert columns["s_ns"].tolist() == data["wait_ns"].tolist()
    assert [waits[g, t] for g, t in zip(columns["s_g"], columns["s_t"], strict=True)] == columns["s_ns"].tolist()
    # Those that waited as long, on all steps, are all that waited.
    assert columns["s_same"].sum() == (waits > 0).sum()
    assert columns["s_share"].tolist() == data["share"].tolist()
    lines = np.flatnonzero(columns["s_left"] == columns["s_left"].min())
    assert len(lines) == (1 if by is None else data["source"].nunique())
    # A step begins where the one before ends, and falls to where the next one is.
    inner = np.setdiff1d(np.arange(1, len(columns["s_x"])), lines)
    assert np.array_equal(columns["s_left"][inner], columns["s_x"][inner - 1])
    assert np.array_equal(columns["s_foot"][inner - 1], columns["s_y"][inner])
    assert (columns["s_foot"] > columns["s_y"]).all()


def test_latencies_whose_schedules_are_unknown_are_a_picture(run: Run) -> None:
    counted = gl.run("mixed_io", procs=4, seed=1, record="off")
    assert "s_g" not in unpacked(counted.view.chart("latency").reply({}))[1]
    still = gl.run("fanout", n=1, procs=1, costs=gl.Costs.zero())
    assert "s_g" not in unpacked(still.view.chart("latency").reply({}))[1]


def test_an_unknown_plot_names_the_nearest(run: Run) -> None:
    with pytest.raises(ValueError, match="chart: there is no plot 'utilization'.*did you mean 'utilisation'"):
        run.view.chart("utilization")


# --- what the reader does ---------------------------------------------------------------------------------------------
class Touched:
    """A chart on a page, touched at places that are shares of its picture."""

    def __init__(self, page: Stand) -> None:
        self.page = page
        page.page.wait_for_function("() => view.drawn > 0 && view.image.complete")
        box = page.page.locator(".gmplab-stage img").bounding_box()
        assert box is not None
        self.box: Any = box

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.box["x"] + x * self.box["width"], self.box["y"] + y * self.box["height"]

    def drag(self, x0: float, x1: float, y: float = 0.5, release: bool = True) -> None:
        mouse = self.page.page.mouse
        mouse.move(*self.at(x0, y))
        mouse.down()
        mouse.move(*self.at(x1, y), steps=5)
        if release:
            mouse.up()

    def when(self, x: float) -> float:
        """The instant at a share of the width."""
        t: float = self.page.page.evaluate("x => view.instant(view.table.meta.times[0], x)", x)
        return t

    def said(self, what: str) -> str:
        self.page.drawn()
        return self.page.page.inner_text(f".gmplab-{what}")


def digits(x: float) -> str:
    """A number with three digits."""
    return f"{float(f'{x:.3g}'):g}"


def test_a_drag_is_the_time_that_is_shown_and_undo_goes_back(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("utilisation"))
    chart = Touched(page)
    whole = page.get("view")
    assert chart.said("status").startswith("Drag: a time to be shown in all linked views")
    for x0, x1 in ((0.3, 0.6), (0.6, 0.3), (0.3, 1.5)):
        chart.drag(x0, x1)
        pixel = (whole[1] - whole[0]) / chart.box["width"]
        assert page.get("view") == pytest.approx(sorted([chart.when(x0), chart.when(min(x1, 1))]), abs=3 * pixel)
    assert chart.said("status").startswith("shown: ")
    page.screenshot("chart_utilisation")
    keyboard = page.page.keyboard
    for key, share in (("u", None), ("u", None), ("r", None), ("u", None), ("u", 1.0), ("+", 1 / 1.6), ("ArrowRight", 1 / 1.6), ("0", 1.0)):
        keyboard.press(key)
        t0, t1 = page.get("view")
        assert share is None or t1 - t0 == pytest.approx(share * (whole[1] - whole[0]), rel=1e-3)
    # Neither a drag that is given up nor one that begins beside the axes is one.
    chart.drag(0.3, 0.6, release=False)
    keyboard.press("Escape")
    page.page.mouse.up()
    chart.drag(0.3, 0.6, y=0.99)
    assert page.get("view") == whole
    assert page.errors == []


def test_a_click_is_an_instant_and_tells_the_values_there(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("utilisation"))
    chart = Touched(page)
    page.page.mouse.click(*chart.at(0.4, 0.5))
    t, end = page.get("time_ns"), run.record.end_ns
    assert t == pytest.approx(chart.when(0.4), abs=2 * end / chart.box["width"]) and page.get("view") == [0, end]
    data = run.plot.utilisation().data
    row = data[data["begin_ns"] <= t].iloc[-1]
    assert f"\nrunning {digits(100 * row['running'])} %, " in page.page.inner_text(".gmplab-tip")
    assert "running " in chart.said("said")
    # The line below the picture keeps it, and keys go from part to part.
    i = int((data["begin_ns"] <= t).sum()) - 1
    keyboard = page.page.keyboard
    for keys, part in (("", i), ("n", i + 1), ("nn", i + 3), ("p", i + 2), ("ppp", i - 1)):
        for key in keys:
            keyboard.press(key)
        assert page.get("time_ns") == (math.ceil(data.loc[part, "begin_ns"]) if keys else t)
        assert f": running {digits(100 * data.loc[part, 'running'])} %, " in chart.said("status")
    page.screenshot("chart_instant")
    page.page.evaluate("() => model.set('time_ns', 0)")
    keyboard.press("p")
    assert page.get("time_ns") == 0
    page.page.evaluate("t => model.set('time_ns', t)", end)
    keyboard.press("n")
    assert page.get("time_ns") == end
    assert page.errors == []


def test_where_the_data_have_no_parts_keys_go_in_small_steps(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("steals"))
    Touched(page)
    page.page.focus(".gmplab-stage")
    for key in "nnp":
        page.page.keyboard.press(key)
    assert page.get("time_ns") == round(run.record.end_ns / 240)
    assert page.errors == []


def test_a_goroutine_of_the_fairness_plot_is_selected_by_a_click_and_shown_by_a_double_one(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("fairness"))
    chart = Touched(page)
    data = run.plot.fairness().data
    i = len(data) - 2
    one = data.iloc[i]
    spot = page.page.evaluate("i => [view.table.s_x[i], view.table.s_y[i]]", i)
    page.page.mouse.click(*chart.at(*spot))
    assert (page.get("selected_g"), page.get("view"), page.get("lanes")) == (one["g"], [0, run.record.end_ns], "P")
    name = run.goroutines.set_index("g").loc[one["g"], "name"]
    assert chart.said("status").startswith(f"selected: G{one['g']} {name}: ")
    assert page.page.inner_text(".gmplab-tip").endswith(f" {digits(one['relative'])} times the mean")
    page.screenshot("chart_fairness")
    page.page.mouse.dblclick(*chart.at(*spot))
    life = run.goroutines.set_index("g").loc[one["g"]]
    t0, t1 = page.get("view")
    assert page.get("lanes") == "G" and t0 <= life["created_ns"] and life["exited_ns"] <= t1 < run.record.end_ns
    # By keys: the next by rank, its lifeline, back, none.
    keyboard = page.page.keyboard
    keyboard.press("ArrowRight")
    assert page.get("selected_g") == data.iloc[i + 1]["g"] and "selected: " in chart.said("said")
    keyboard.press("Enter")
    assert "lifeline of G" in chart.said("said")
    for _ in range(2):
        keyboard.press("u")
    assert page.get("view") == [0, run.record.end_ns]
    keyboard.press("Escape")
    assert page.get("selected_g") == -1
    page.page.mouse.click(*chart.at(*spot))
    page.page.mouse.click(*chart.at(0.5, 0.5))
    assert page.get("selected_g") == -1
    assert page.errors == []


def test_a_lane_of_the_lifelines_is_selected_too(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("lifelines"))
    chart = Touched(page)
    row = page.page.evaluate("() => [(view.table.r_top[6] + view.table.r_bottom[6]) / 2, view.table.r_g[6]]")
    page.page.mouse.click(*chart.at(0.5, row[0]))
    assert page.get("selected_g") == row[1] and page.get("time_ns") > 0
    page.page.keyboard.press("ArrowDown")
    assert page.get("selected_g") == page.page.evaluate("() => view.table.r_g[7]")
    page.screenshot("chart_lifelines")
    assert page.errors == []


def test_whoever_points_at_the_queues_is_told_how_long_the_one_there_was(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("queues"))
    chart = Touched(page)
    data = run.plot.queues().data
    told = data[(data["queue"] != "global") & (data["least"] < data["most"])].sort_values("n").iloc[-1]
    row = data["queue"].unique().tolist().index(told["queue"])
    y = page.page.evaluate("row => (view.table.c_side[row] + view.table.c_side[row + 1]) / 2", row)
    t = (told["begin_ns"] + told["end_ns"]) / 2
    axes = page.page.evaluate("() => view.table.meta.times[0]")
    x = axes["left"] + (t - axes["t0"]) / (axes["t1"] - axes["t0"]) * (axes["right"] - axes["left"])
    page.page.mouse.move(*chart.at(x, y))
    length = f"{digits(told['n'])} goroutines queued on average, {told['least']} to {told['most']}\n"
    assert chart.said("tip").startswith(f"{told['queue']}: {length}")
    page.screenshot("chart_queues")
    page.page.mouse.click(*chart.at(x, y))
    assert page.get("time_ns") == pytest.approx(t, abs=told["end_ns"] - told["begin_ns"])
    assert chart.said("said") == chart.said("tip").replace("\n", ", ")
    # The line below keeps it; keys go on from there, from queue to queue and from part to part.
    steady = chart.said("status")
    assert steady.startswith(f"{told['queue']}: {length.strip()}, ")
    lengths = data.set_index(["queue", "begin_ns"])["most"]
    begins = data.loc[data["queue"] == "global", "begin_ns"].tolist()
    names, column = data["queue"].unique().tolist(), begins.index(told["begin_ns"])
    for key, at in (("ArrowUp", (row - 1, column)), ("n", (row - 1, column + 1)), ("ArrowDown", (row, column + 1)), ("p", (row, column))):
        page.page.keyboard.press(key)
        queue = names[at[0]]
        status = chart.said("status")
        assert status.startswith(f"{queue}: ")
        assert page.get("time_ns") == pytest.approx(begins[at[1]], abs=told["end_ns"] - told["begin_ns"])
        assert f"{lengths[queue, begins[at[1]]]} goroutine" in status or f" to {lengths[queue, begins[at[1]]]}, " in status
    assert status == steady
    page.screenshot("chart_queues_keys")
    # By keys alone it begins with the topmost.
    page.page.reload()
    page.page.wait_for_function("() => window.started && view.drawn > 0")
    page.page.focus(".gmplab-stage")
    page.page.keyboard.press("ArrowDown")
    assert chart.said("status").startswith("global queue: ")
    assert page.errors == []


def test_a_click_in_the_tail_of_the_latencies_selects_who_waited_so_long(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("latency"))
    chart = Touched(page)
    longest = run.schedule.sort_values(["wait_ns", "t_ns"]).iloc[-1]
    # Where the step that leads to the longest wait is level: far from its point.
    x, y = page.page.evaluate("""() => {
      const {s_x: x, s_left: left, s_y: y} = view.table, last = x.length - 1;
      return [(left[last] + 3 * x[last]) / 4, y[last]];
    }""")
    page.page.mouse.click(*chart.at(x, y))
    assert (page.get("selected_g"), page.get("time_ns")) == (longest["g"], longest["t_ns"])
    assert page.get("view") == [0, run.record.end_ns] and page.get("lanes") == "P"
    name = run.goroutines.set_index("g").loc[longest["g"], "name"]
    assert chart.said("status").startswith(f"selected: G{longest['g']} {name}: runnable for ")
    assert "% waited at least so long" in chart.said("tip")
    page.screenshot("chart_latency")
    page.page.mouse.dblclick(*chart.at(x, y))
    wait, t0, t1 = int(longest["wait_ns"]), *page.get("view")
    assert t0 < longest["t_ns"] - wait and longest["t_ns"] < t1 and t1 - t0 == pytest.approx(1.2 * wait, rel=1e-3)
    keyboard = page.page.keyboard
    keyboard.press("u")
    assert page.get("view") == [0, run.record.end_ns]
    # By keys: a shorter wait is to the left and above, and the longest the first from the right.
    waits = sorted(set(run.schedule["wait_ns"]) - {0})
    for key, wait in (("Left", waits[-2]), ("Up", waits[-3]), ("Right", waits[-2]), ("Down", waits[-1])):
        keyboard.press(f"Arrow{key}")
        assert page.page.evaluate("() => view.table.s_ns[view.spot]") == wait
    keyboard.press("Escape")
    assert page.get("selected_g") == -1
    keyboard.press("ArrowLeft")
    assert page.get("selected_g") == longest["g"]
    keyboard.press("Enter")
    assert "the wait of G" in chart.said("said")
    # Of a goroutine that is selected elsewhere its wait is marked; away from the line none is selected.
    page.page.evaluate("g => model.set('selected_g', g)", int(run.schedule.iloc[0]["g"]))
    page.drawn()
    page.page.mouse.click(*chart.at(0.9, 0.2))
    assert page.get("selected_g") == -1
    assert page.errors == []


def test_a_plot_without_time_or_goroutines_is_a_picture_with_its_words(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("latency_sources"))
    page.page.wait_for_function("() => view.image.complete && view.image.naturalWidth > 0")
    assert page.page.get_attribute("img", "alt") == run.plot.latency_sources().alt
    assert page.page.get_attribute(".gmplab-stage", "tabindex") is None and not page.page.is_visible(".gmplab-status")
    assert page.errors == []


def test_two_views_of_a_chart_leave_nothing_behind(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("fairness"))
    before = page.page.evaluate("() => listening()")
    page.page.evaluate("() => { [window.el2, window.clean2] = render(); }")
    page.page.wait_for_function("n => listening() === n", arg=2 * before)
    page.page.evaluate("() => { clean2(); el2.remove(); clean(); }")
    assert page.page.evaluate("() => listening()") == 0
    assert page.errors == []


def test_a_narrow_page_shrinks_the_picture_and_what_lies_over_it(stand: Show, run: Run) -> None:
    page = stand(run.view.chart("fairness"), size=(480, 800))
    chart = Touched(page)
    assert chart.box["width"] < 480
    assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    spot = page.page.evaluate("() => [view.table.s_x[3], view.table.s_y[3], view.table.s_g[3]]")
    page.page.mouse.click(*chart.at(*spot[:2]))
    assert page.get("selected_g") == spot[2]


def test_undo_of_a_timeline_takes_back_what_was_chosen_elsewhere(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline())
    whole = page.get("view")
    page.page.evaluate("() => { for (let i = 1; i < 9; i++) model.set('view', [i * 1000, i * 2000]); }")
    page.page.focus(".gmplab-scroller")
    page.page.keyboard.press("w")
    page.page.keyboard.press("u")
    assert page.get("view") == [8_000, 16_000]
    page.page.keyboard.press("u")
    assert page.get("view") == whole
    assert page.errors == []


def test_redo_shows_again_what_was_undone_until_another_view_is_chosen(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline())
    page.page.focus(".gmplab-scroller")
    views = [page.get("view")]

    def press(keys: str) -> None:
        for key in keys:
            page.page.keyboard.press(key)

    for key in "wdw":
        press(key)
        views.append(page.get("view"))
    for keys, at in (("r", 3), ("u", 2), ("uuu", 0), ("r", 1), ("rrr", 3), ("uu", 1)):
        press(keys)
        assert page.get("view") == views[at]
    # A press in the strip above that moves nothing chooses nothing.
    page.page.click(".gmplab-overview")
    page.page.get_by_role("button", name="Again the view that was undone").click()
    assert page.get("view") == views[2]
    page.page.get_by_role("button", name="Back to the view before").click()
    page.page.focus(".gmplab-scroller")
    press("+")
    chosen = page.get("view")
    press("r")
    assert page.get("view") == chosen
    press("u")
    assert page.get("view") == views[1]
    # What is chosen elsewhere is a view like any other.
    page.page.evaluate("() => model.set('view', [1000, 2000])")
    press("r")
    assert page.get("view") == [1000, 2000]
    press("ur")
    assert page.get("view") == [1000, 2000]
    page.screenshot("timeline_redo")
    assert page.errors == []
