"""The widgets' JavaScript in Chromium, on pages without Jupyter: what is merged, what keys and clicks do, and how it looks."""

from __future__ import annotations

from collections.abc import Callable
import re
from pathlib import Path
from typing import Any

import ipywidgets
import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import BrowserContext, Page
from rig import ROOT, SCREENSHOTS, STATIC_TEST, Stand, by_hand
from shells import displayed

import gmplab as gl
from gmplab.plots import PLOTS
from gmplab.traces.run import Run

Show = Callable[..., Stand]
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


@pytest.fixture(scope="module")
def run() -> Run:
    return gl.run("mixed_io", procs=4, seed=1, record="calls")


# --- merging ----------------------------------------------------------------------------------------------------------
MERGE = """([starts, begin, end, kind, t0, t1, width]) => {
  const table = {starts, begin, end, kind};
  const before = view.lib.sums(table, 3);
  const found = [];
  for (let lane = 0; lane + 1 < starts.length; lane++) {
    view.lib.layLane(table, lane, t0, t1, width, (i) => found.push([lane, i, i + 1, null]), (x, i, j) =>
      found.push([lane, i, j, Array.from(view.lib.timeByKind(table, before, i, j, new Float64Array(3)))]));
  }
  return found;
}"""


def test_each_span_of_the_view_is_shown_once_and_merged_times_add_up(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline()).page
    page.evaluate(STATIC_TEST)
    for seed, width in enumerate([50, 7, 400, 3000, 1]):
        merged_as_it_should(page, seed, width)


def merged_as_it_should(page: Page, seed: int, width: int) -> None:
    """Lay out random lanes, and compare with what all spans say."""
    dice = np.random.default_rng(seed)
    starts, begin, end = [0], [], []
    for _ in range(3):
        edges = np.unique(dice.integers(0, 100_000, 800))
        edges = edges[: len(edges) // 2 * 2]
        begin += edges[0::2].tolist()
        end += edges[1::2].tolist()
        starts.append(len(begin))
    kind = dice.integers(0, 3, len(begin)).tolist()
    t0, t1 = sorted(dice.integers(0, 100_000, 2).tolist())
    found = page.evaluate(MERGE, [starts, begin, end, kind, t0, t1, width])
    shown = [k for _, i, j, _ in found for k in range(i, j)]
    seen = [k for k in range(len(begin)) if end[k] > t0 and begin[k] < t1]
    # The last pixel's column may reach past the view.
    assert shown == sorted(set(shown))
    assert set(seen) <= set(shown)
    pixel = (t1 - t0) / width
    assert all(begin[k] < t1 + pixel and end[k] > t0 for k in shown)
    for _, i, j, times in found:
        if times is not None:
            assert times == [sum(end[k] - begin[k] for k in range(i, j) if kind[k] == which) for which in range(3)]
            assert all(end[k] - begin[k] < pixel for k in range(i, j))


def test_the_axis_has_round_marks(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline()).page
    page.evaluate(STATIC_TEST)
    assert page.evaluate("() => view.lib.ticks(0, 1000, 5)") == [0, 200, 400, 600, 800, 1000]
    assert page.evaluate("() => view.lib.ticks(1_234_567, 1_334_567, 4)") == [1_250_000, 1_300_000]
    assert page.evaluate("() => [0, 950, 12345, 5e6].map((t) => view.lib.timeText(t))") == ["0 ns", "950 ns", "12.345 µs", "5 ms"]


# --- the Timeline -----------------------------------------------------------------------------------------------------
def painted(page: Stand) -> float:
    """The share of the lanes that is not background."""
    share: float = page.page.evaluate("""() => {
      const pixels = view.drawing.painter.pixels;
      return pixels.reduce((n, pixel) => n + (pixel !== 0), 0) / pixels.length;
    }""")
    return share


def test_keys_zoom_move_and_come_back(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline())
    page.page.focus(".gmplab-scroller")
    whole = page.get("view")
    for key in ("w", "+", "ArrowRight", "d"):
        page.page.keyboard.press(key)
    t0, t1 = page.get("view")
    assert t1 - t0 == pytest.approx((whole[1] - whole[0]) / 2.56, rel=1e-3)
    page.page.keyboard.press("u")
    page.page.keyboard.press("s")
    page.page.keyboard.press("0")
    assert page.get("view") == whole
    page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("n")
    page.page.keyboard.press("Enter")
    spans = run.processor_spans.query("p == 1 and mode != 'idle'")
    first = spans.iloc[0]
    assert page.get("time_ns") == first["begin_ns"]
    page.page.keyboard.press("l")
    assert page.get("lanes") == "M"
    assert page.errors == []


def test_a_wheel_turns_the_page_until_the_timeline_has_the_focus(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline())
    page.drawn()
    box = page.page.locator(".gmplab-scroller").bounding_box()
    assert box is not None
    whole = page.get("view")
    page.page.mouse.move(box["x"] + 300, box["y"] + 40)
    page.page.mouse.wheel(0, -100)
    page.drawn()
    assert page.get("view") == whole
    page.page.focus(".gmplab-scroller")
    page.page.mouse.wheel(0, -100)
    page.page.wait_for_function("whole => { const [a, b] = model.get('view'); return b - a < whole; }", arg=whole[1] - whole[0])
    assert page.errors == []


def test_a_click_selects_the_span_and_goes_to_its_begin(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline())
    page.drawn()
    spans = run.processor_spans.query("mode == 'running'")
    longest = spans.loc[spans["duration_ns"].idxmax()]
    middle = int(longest["begin_ns"] + longest["end_ns"]) // 2
    x, y = page.page.evaluate("([t, lane]) => [view.x(t), (lane + 0.5) * view.step]", [middle, int(longest["p"])])
    page.page.locator(".gmplab-canvas").click(position={"x": x, "y": y})
    assert (page.get("selected_g"), page.get("time_ns")) == (longest["g"], longest["begin_ns"])
    assert f"selected: G{longest['g']}" in (page.page.text_content(".gmplab-status") or page.page.inner_text(".gmplab-status"))
    page.page.focus(".gmplab-scroller")
    page.page.keyboard.press("Escape")
    assert page.get("selected_g") == -1


def test_what_is_merged_is_said_in_the_status_and_in_the_tooltip(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline())
    page.drawn()
    assert "spans narrower than a pixel are merged (hatched)" in page.page.inner_text(".gmplab-status")
    found = page.page.evaluate("""() => {
      for (let x = view.gutter(); x < view.wide; x++) {
        for (let lane = 0; lane < view.count(); lane++) {
          const text = view.telling.textAt(lane, view.t(x + 0.5));
          if (text.includes('merged')) return [x + 0.5, (lane + 0.5) * view.step, text];
        }
      }
    }""")
    page.page.locator(".gmplab-canvas").hover(position={"x": found[0], "y": found[1]})
    assert "spans merged in this pixel" in page.page.inner_text(".gmplab-tip")


def test_the_range_of_a_value_that_holds_until_the_next(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline()).page
    page.evaluate(STATIC_TEST)
    ranges = "ranges => ranges.map(([t0, t1]) => view.lib.rangeIn([10, 20, 30], [3, 1, 7], 0, 3, t0, t1))"
    assert page.evaluate(ranges, [[0, 5], [0, 15], [10, 11], [12, 20], [12, 21], [12, 99], [40, 50]]) == [
        [0, 0], [0, 3], [3, 3], [3, 3], [1, 3], [1, 7], [7, 7],
    ]


def hover(page: Stand, t: int, row: int) -> str:
    """What the tooltip says of an instant of a row."""
    x, y = page.page.evaluate("([t, row]) => [view.x(t), (row + 0.5) * view.step - view.scroller.scrollTop]", [t, row])
    page.page.locator(".gmplab-canvas").hover(position={"x": x, "y": y})
    return page.page.inner_text(".gmplab-tip")


def test_whoever_points_at_a_p_is_told_how_many_wait_in_its_queue_and_in_the_global_one(stand: Show) -> None:
    run = gl.run("mixed_io", procs=4, seed=1, policy=gl.policy_of("go").replace(steal=gl.NoStealing()))
    page = stand(run.view.timeline())
    page.page.wait_for_function("() => { view.telling.needMore(); return view.telling.queues.q_t && view.telling.found.f_t; }")
    queues, spans = run.queues, run.processor_spans

    def n_at(p: int, t: int) -> int:
        rows = queues[(queues["p"].fillna(-1) == p) & (queues["t_ns"] <= t)]
        return int(rows["n"].iloc[-1]) if len(rows) else 0

    # A P that idles, though others have work: what one points there for.
    idle = spans[(spans["mode"] == "idle") & (spans["duration_ns"] > 1_000)].copy()
    idle["t"] = (idle["begin_ns"] + idle["end_ns"]) // 2
    one = idle.loc[idle["duration_ns"].idxmax()]
    busy = spans[(spans["mode"] == "running") & (spans["duration_ns"] > 1_000)]
    deep = max(busy.itertuples(), key=lambda row: n_at(int(row.p), (row.begin_ns + row.end_ns) // 2))
    for p, t, what in ((int(one["p"]), int(one["t"]), "idle"), (int(deep.p), (deep.begin_ns + deep.end_ns) // 2, "running")):
        page.page.evaluate("([t0, t1]) => model.set('view', [t0, t1])", [t - 400, t + 400])
        page.drawn()
        said = hover(page, t, p)
        assert said.startswith(f"P{p}: {what}")
        assert said.endswith(f"\nqueued: {n_at(p, t)} on P{p}, {n_at(-1, t)} in the global queue")
    assert n_at(int(deep.p), (deep.begin_ns + deep.end_ns) // 2) > 0
    # So is who moves by keys.
    page.page.evaluate("t => model.set('time_ns', t)", int(one["t"]))
    page.page.focus(".gmplab-scroller")
    page.page.evaluate("row => view.toRow(row)", int(one["p"]))
    assert f"P{one['p']}: idle, " in page.page.inner_text(".gmplab-said") and "queued: " in page.page.inner_text(".gmplab-said")
    page.screenshot("timeline_queued")
    assert page.errors == []


def test_a_running_span_of_a_p_says_where_it_was_found_and_how_long_it_had_waited(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline())
    page.page.wait_for_function("() => { view.telling.needMore(); return view.telling.found.f_t; }")
    rows, spans = run.schedule, run.processor_spans
    spans = spans[(spans["mode"] == "running") & (spans["duration_ns"] > 0)]
    ran = rows.merge(spans[["p", "begin_ns", "g"]], left_on=["p", "t_ns", "g"], right_on=["p", "begin_ns", "g"])
    text = "([p, t]) => view.telling.textAt(p, t, 1)"
    for source in ("steal", "runnext", "netpoll"):
        one = ran[ran["source"] == source].iloc[0]
        said = page.page.evaluate(text, [int(one["p"]), int(one["t_ns"])]).split("\n")
        victim = f" from P{one['victim_p']}" if source == "steal" else ""
        assert said[1].startswith(f"found: {source}{victim}, runnable for ") and said[2].startswith("queued: ")
        time, unit = said[1].split()[-2:]
        assert float(time) * {"ns": 1, "µs": 1e3, "ms": 1e6}[unit] == pytest.approx(one["wait_ns"], rel=1e-3)
    # Back from a system call it was not looked for.
    back = spans.merge(rows[["p", "t_ns"]], left_on=["p", "begin_ns"], right_on=["p", "t_ns"], how="left")
    one = back[back["t_ns"].isna()].iloc[0]
    assert "found: " not in page.page.evaluate(text, [int(one["p"]), int(one["begin_ns"])])
    assert page.errors == []


def test_far_out_it_is_the_range_within_the_pixel_and_ms_have_the_global_queue_alone(stand: Show) -> None:
    run = gl.run("fanout", n=2_000, compute="1us", procs=2, seed=1)
    timeline = run.view.timeline()
    asked: list[str] = []
    reply = timeline.reply
    timeline.reply = lambda question: asked.append(question["part"]) or reply(question)
    timeline.inline = {}
    page = stand(timeline)
    page.drawn()
    # Of a long run they are much: nobody asks until somebody points.
    assert asked == ["P"]
    hover(page, run.record.end_ns // 3, 0)
    page.page.wait_for_function("() => view.telling.queues?.q_t && view.telling.found?.f_t")
    assert asked == ["P", "queues", "found"]
    hover(page, run.record.end_ns // 3 + 5_000, 0)
    assert re.search(r"\nqueued: \d+ to \d+ on P0, \d+( to \d+)? in the global queue$", page.page.inner_text(".gmplab-tip"))
    page.page.evaluate("() => model.set('lanes', 'M')")
    page.page.wait_for_function("() => view.lanes === 'M'")
    said = page.page.evaluate("() => view.telling.textAt(1, view.view()[1] / 3)")
    assert re.search(r"^M\d.*\nqueued: \d+( to \d+)? in the global queue$", said, re.S)
    assert asked == ["P", "queues", "found", "M"]


def test_a_goroutines_stay_says_what_it_waits_for_and_who_woke_it(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline("G"))
    spans, woken = run.spans, run.wakeups
    waits = spans[(spans["kind"] == "waiting") & (spans["duration_ns"] > 0)].iloc[-1]
    text = "([g, t]) => view.telling.textAt(g - 1, t, 1)"
    said = page.page.evaluate(text, [int(waits["g"]), int(waits["begin_ns"])])
    assert f": waiting for {waits['name']}, " in said
    woken = woken[woken["by_g"].notna() & (woken["wait_ns"] > 0)]
    names = run.goroutines.set_index("g")["name"].astype(str)
    for new, word in ((True, "made"), (False, "woken")):
        one = woken[woken["new"] == new].iloc[0]
        said = page.page.evaluate(text, [int(one["g"]), int(one["t_ns"])])
        assert f": runnable, {word} by G{one['by_g']} {names[one['by_g']]}".rstrip() + ", " in said
    assert page.errors == []


def test_goroutines_lie_in_the_chosen_order_and_only_those_that_are_asked_for(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline("G"))
    lanes = "() => Array.from(view.order, (lane) => lane + 1)"
    assert page.page.evaluate(lanes) == run.goroutines["g"].tolist()
    spans = run.spans
    for value, kind in (("wait", "runnable"), ("run", "running"), ("blocked", "waiting")):
        page.page.select_option("select[aria-label='Order of the goroutines']", value)
        time = spans[spans["kind"] == kind].groupby("g")["duration_ns"].sum().reindex(run.goroutines["g"], fill_value=0)
        assert page.page.evaluate(lanes) == time.sort_values(ascending=False, kind="stable").index.tolist(), kind
    page.page.fill("input[aria-label='Only goroutines']", "Handler, g2")
    names = run.goroutines.set_index("g")["name"].astype(str)
    wanted = {2, *names.index[names == "handler"]}
    assert set(page.page.evaluate(lanes)) == wanted
    assert f"{len(wanted)} of {len(names)} goroutines shown" in status(page)
    # What is drawn, clicked and walked over is in that order.
    page.page.focus(".gmplab-scroller")
    page.page.keyboard.press("ArrowDown")
    second = page.page.evaluate("() => view.order[1] + 1")
    assert page.page.inner_text(".gmplab-said").startswith(f"lane G{second} ")
    y = page.page.evaluate("() => (view.rows[view.order[1]] + 0.5) * view.step")
    page.page.locator(".gmplab-canvas").click(position={"x": 400, "y": y})
    assert page.get("selected_g") == second
    page.page.fill("input[aria-label='Only goroutines']", "nobody")
    page.drawn()
    assert page.page.evaluate(lanes) == [] and f"0 of {len(names)} goroutines shown" in status(page)
    assert page.errors == []


def test_a_goroutine_that_is_chosen_elsewhere_comes_into_sight(stand: Show) -> None:
    page = stand(gl.run("fanout", n=300, procs=2, seed=1).view.timeline("G"))
    page.page.evaluate("() => model.set('selected_g', 250)")
    page.drawn()
    top, high, step = page.page.evaluate("() => [view.scroller.scrollTop, view.high, view.step]")
    assert top <= 249 * step and 250 * step <= top + high


def status(page: Stand) -> str:
    """The line under a Timeline, once all is drawn."""
    page.drawn()
    return page.page.inner_text(".gmplab-status")


def test_two_views_of_one_model_go_together_and_leave_nothing_behind(stand: Show, run: Run) -> None:
    for widget in (run.view.timeline(), run.view.stepper()):
        page = stand(widget)
        before = page.page.evaluate("() => listening()")
        assert before > 0
        page.page.evaluate("() => { [window.el2, window.clean2] = render(); }")
        assert page.page.evaluate("() => listening()") == 2 * before
        page.page.evaluate("() => { clean2(); el2.remove(); }")
        assert page.page.evaluate("() => listening()") == before
        page.page.evaluate("() => clean()")
        assert page.page.evaluate("() => listening()") == 0
        assert page.errors == []


SIZES = [(1280, 800), (1920, 1080)]
LOOKS: dict[str, tuple[str, dict[str, Any], str]] = {
    "one_p": ("fanout", {"n": 60, "procs": 1}, "P"), "many_ps": ("fanout", {"n": 3000, "procs": 64}, "P"),
    "machines": ("syscall_storm", {"procs": 4}, "M"), "goroutines": ("mixed_io", {"procs": 4}, "G"),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_timeline_fits_its_page(stand: Show, name: str) -> None:
    workload, options, lanes = LOOKS[name]
    page = stand(gl.run(workload, seed=1, **options).view.timeline(lanes))
    for size in SIZES:
        page.resize(size)
        page.screenshot(f"timeline_{name}_{size[0]}")
        assert painted(page) > 0.05
        assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert page.page.evaluate("() => el.getBoundingClientRect().height < 760")
    assert page.errors == []


def test_no_face_is_lost_on_a_dark_page(stand: Show, run: Run) -> None:
    page = stand(run.view.timeline())
    faces = [look["face"] for look in page.page.evaluate("() => view.table.meta.looks")]
    assert "#333333" in faces, "scheduling"
    swatches = "() => [...document.querySelectorAll('.gmplab-swatch[data-hatch]')].map((x) => getComputedStyle(x).backgroundColor)"
    light = page.page.evaluate(swatches)
    assert light == [f"rgb({int(face[1:3], 16)}, {int(face[3:5], 16)}, {int(face[5:], 16)})" for face in faces]
    page.page.evaluate("""() => {
      document.body.style.setProperty("--jp-layout-color0", "#111111");
      document.body.setAttribute("data-jp-theme-light", "false");
    }""")
    page.drawn()
    dark = page.page.evaluate(swatches)
    changed = {faces[i] for i in range(len(faces)) if dark[i] != light[i]}
    assert changed == {"#333333"} and dark[faces.index("#333333")] == "rgb(144, 144, 144)"
    assert page.errors == []


def test_an_empty_run_is_sensible(stand: Show) -> None:
    def main() -> None:
        pass

    empty = gl.run(main, procs=2, seed=1, until=0)
    for name, widget in (("timeline", empty.view.timeline()), ("stepper", empty.view.stepper())):
        page = stand(widget)
        page.drawn()
        page.screenshot(f"{name}_empty")
        assert page.errors == []


@pytest.mark.parametrize("n", [80_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_frame_asks_a_few_spans_a_pixel_and_not_all(stand: Show, n: int) -> None:
    page = stand(by_hand(n))
    page.page.wait_for_function("() => view.table && view.lastFrame > 0")
    page.drawn()
    assert f"{n:,} spans narrower than a pixel are merged" in page.page.inner_text(".gmplab-status")
    # Counted, and not timed: reads of the columns in one frame. The bench has the milliseconds.
    reads = page.page.evaluate("""() => {
      let n = 0;
      const counted = (column) => new Proxy(column, {get: (of, name) => {
        if (typeof name === 'string' && /^\\d+$/.test(name)) n++;
        const value = of[name];
        return typeof value === 'function' ? value.bind(of) : value;
      }});
      const {begin, end, kind} = view.table;
      Object.assign(view.table, {begin: counted(begin), end: counted(end), kind: counted(kind)});
      view.drawing.paint(view.drawing.painter.width);
      Object.assign(view.table, {begin, end, kind});
      return [n, view.drawing.painter.width * 8];
    }""")
    assert reads[0] < 110 * reads[1]
    page.screenshot(f"timeline_{n}")
    assert page.errors == []


@pytest.mark.slow
def test_a_hundred_thousand_goroutines_have_lanes(stand: Show) -> None:
    page = stand(gl.run("fanout", n=100_000, compute="1us", procs=8, seed=1).view.timeline("G"))
    page.page.wait_for_function("() => view.lastFrame > 0")
    page.drawn()
    assert "100,001 lanes" in page.page.inner_text(".gmplab-status")
    page.page.evaluate("() => view.toRow(70_000)")
    page.drawn()
    page.screenshot("timeline_100000_gs")
    assert page.errors == []


TABBED = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const said = at.getAttribute("aria-label") || at.title || at.textContent.trim() || at.labels?.[0]?.textContent || "";
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  return [at.tagName, said, ring, box.height, at.closest(".gmplab") !== null];
}"""


@pytest.mark.parametrize(("name", "lanes", "stops"), [("timeline", "G", 13), ("stepper", "", 12)])
def test_tab_goes_through_a_widget_and_each_stop_has_a_name_a_ring_and_room(
    stand: Show, run: Run, name: str, lanes: str, stops: int
) -> None:
    page = stand(getattr(run.view, name)(*([lanes] if lanes else [])))
    page.drawn()
    seen = []
    for _ in range(60):
        page.page.keyboard.press("Tab")
        at = page.page.evaluate(TABBED)
        if not at[4]:
            break
        seen.append(at)
    assert len(seen) >= stops and at[4] is False, "Tab comes in and out again"
    assert all(said for _, said, _, _, _ in seen), seen
    assert all(ring for _, _, ring, _, _ in seen), seen
    assert all(height >= 24 for tag, _, _, height, _ in seen if tag in ("BUTTON", "SELECT")), seen


@pytest.mark.parametrize("name", ["timeline", "stepper"])
def test_a_list_of_keys_is_shown_when_it_is_asked_for(stand: Show, run: Run, name: str) -> None:
    page = stand(getattr(run.view, name)())
    sheet, button = page.page.locator(".gmplab-help"), page.page.get_by_role("button", name="Keys and mouse")
    assert not sheet.is_visible() and button.get_attribute("aria-expanded") == "false"
    button.click()
    page.screenshot(f"{name}_keys")
    assert sheet.is_visible() and button.get_attribute("aria-expanded") == "true"
    assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    # Each key of it has its row in the how-to.
    howto = (ROOT / "docs/howto/widgets.md").read_text(encoding="utf-8").split("\n## Stepper")
    for keys in sheet.locator("b").all_inner_texts():
        first = re.split("[;,]", keys)[0]
        # What is neither a letter nor a name of a key is done by mouse, or is a control.
        if len(first) == 1 or first in ("left", "right", "up", "Enter", "Home"):
            assert re.search(rf"^\| [^|]*\b{re.escape(first)}\b", howto[name == "stepper"], re.MULTILINE), keys
    page.page.focus(".gmplab-scroller" if name == "timeline" else ".gmplab-stepper")
    page.page.keyboard.press("?")
    assert not sheet.is_visible() and button.get_attribute("aria-expanded") == "false"
    assert page.errors == []


# --- without a widget --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("stored", [False, True], ids=["without its widgets' state", "with it"])
def test_an_exported_notebook_shows_the_twins_with_the_network_off(
    browser: BrowserContext, run: Run, tmp_path: Path, stored: bool
) -> None:
    cells = []
    for widget in (run.view.timeline(), run.view.stepper(), run.view.both()):
        outputs = [nbformat.v4.new_output("display_data", data) for data in displayed(widget)]
        cells.append(nbformat.v4.new_code_cell("run.view", outputs=outputs, execution_count=1))
    state = {"widgets": {WIDGET_STATE: ipywidgets.Widget.get_manager_state()}} if stored else {}
    html, _ = HTMLExporter(embed_images=True).from_notebook_node(nbformat.v4.new_notebook(cells=cells, metadata=state))
    (tmp_path / "exported.html").write_text(html, encoding="utf-8")
    page = browser.new_page()
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto(f"file://{tmp_path}/exported.html", wait_until="domcontentloaded")
    assert page.locator("svg[aria-label^='What each of 4 Ps did']").count() == 2
    assert page.locator(".gmplab-twin >> text=newm: M0 is made; the process starts.").count() == 2
    box = page.locator("svg[aria-label^='What each of 4 Ps did']").first.bounding_box()
    assert box is not None and box["width"] > 400 and box["height"] > 60
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "exported.png")
    page.close()


POINTED = """() => {
  const over = document.querySelector("svg[aria-hidden] rect").closest("svg");
  const [box, image] = [over, over.previousElementSibling].map((what) => what.getBoundingClientRect());
  over.scrollIntoView({block: "center"});
  // Browsers look for whole pixels.
  const found = [...over.querySelectorAll("rect")].filter((rect) => rect.getBoundingClientRect().width >= 4).every((rect) => {
    const {left, top, width, height} = rect.getBoundingClientRect();
    return [0.1, 0.5, 0.9].every((y) => document.elementFromPoint(left + width / 2, top + y * height) === rect);
  });
  window.scrollTo(0, 0);
  const place = [(box.left - image.left) / image.width, (box.top - image.top) / image.height];
  return [found, ...place, box.width / image.width, box.height / image.height];
}"""
"""Whether the cells over the map of the queues are what is pointed at there, and where all of them lie on the picture."""


def test_the_page_of_a_run_shows_all_with_the_network_off_in_both_themes(browser: BrowserContext, run: Run, tmp_path: Path) -> None:
    run.to_html(tmp_path / "run.html")
    plot = run.plot.queues()
    plot._repr_png_()
    axes = plot.ax.get_position()
    queues = [axes.x0, 1 - axes.y1, axes.width, axes.height]
    page = browser.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
    page.on("console", lambda message: errors.append(message.text))
    page.route("http*://**/*", lambda route: route.abort())
    for theme, size in (("light", 1280), ("dark", 700)):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": size, "height": 800})
        page.goto(f"file://{tmp_path}/run.html")
        loaded = page.evaluate("() => Array.from(document.images, (i) => i.complete && i.naturalWidth > 100)")
        assert loaded == [True] * len(PLOTS)
        box = page.locator("svg[aria-label^='What each of 4 Ps did']").bounding_box()
        assert box is not None and box["width"] > 400 and box["height"] > 50
        assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth"), "nothing is cut off"
        found, *shares = page.evaluate(POINTED)
        assert found and np.allclose(shares, queues, atol=2e-3), "the cells lie on the axes, at any size"
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"page-{theme}.png", full_page=True)
    page.locator("summary").first.click()
    assert page.locator("details[open] table").count() == 1
    page.close()
    assert set(asked) - {"data"} == {"file"} and errors == []


# --- the Stepper ------------------------------------------------------------------------------------------------------
def test_steps_by_keyboard_go_forward_and_back_to_the_same_board(stand: Show, run: Run) -> None:
    page = stand(run.view.stepper())
    page.page.focus(".gmplab-stepper")
    told = run.story()["sentence"].tolist()
    seen = []
    for _ in range(6):
        page.page.keyboard.press("ArrowRight")
        seen.append(page.page.inner_text(".gmplab-sentence"))
    assert seen == told[1:7]
    board = page.page.inner_text(".gmplab-board")
    page.page.keyboard.press("End")
    assert page.get("step") == len(told) - 1
    assert page.page.inner_text(".gmplab-sentence") == told[-1]
    page.page.keyboard.press("Home")
    for _ in range(6):
        page.page.keyboard.press(" ")
    assert page.page.inner_text(".gmplab-board") == board
    page.page.keyboard.press("ArrowLeft")
    assert page.page.inner_text(".gmplab-sentence") == told[5]
    assert page.errors == []


def test_the_next_event_of_a_kind_and_of_a_goroutine(stand: Show, run: Run) -> None:
    page = stand(run.view.stepper())
    kinds = run.events["kind"].astype(str).tolist()
    page.page.select_option("select[aria-label='Kind of event']", label="QGet")
    page.page.click("text=next ›")
    assert page.get("step") == kinds.index("QGet")
    page.page.focus(".gmplab-stepper")
    page.page.keyboard.press("n")
    assert page.get("step") == kinds.index("QGet", kinds.index("QGet") + 1)
    page.page.keyboard.press("b")
    assert page.get("step") == kinds.index("QGet")
    page.page.evaluate("() => model.set('selected_g', 3)")
    page.page.keyboard.press("g")
    assert run.events["g"][page.get("step")] == 3


def test_play_stops_at_a_breakpoint(stand: Show, run: Run) -> None:
    page = stand(run.view.stepper())
    page.page.select_option("select[aria-label='Speed']", "30")
    page.page.fill("input[aria-label='Breakpoints']", "GoStart g1, m9")
    page.page.press("input[aria-label='Breakpoints']", "Enter")
    page.page.click("button[aria-label='Play']")
    page.page.wait_for_selector("button[aria-label='Pause']")
    page.page.wait_for_selector("button[aria-label='Play']")
    events = run.events
    assert page.get("step") == events.index[(events["kind"] == "GoStart") & (events["g"] == 1)][0]
    page.page.fill("input[aria-label='Breakpoints']", "GoStrat")
    page.page.press("input[aria-label='Breakpoints']", "Enter")
    assert "unknown: GoStrat" in page.page.evaluate("() => document.querySelector('input[type=text]').validationMessage")


def test_an_instant_from_elsewhere_moves_the_stepper_to_its_goroutine(stand: Show, run: Run) -> None:
    page = stand(run.view.stepper())
    started = run.schedule.iloc[20]
    page.page.evaluate("([t, g]) => { model.set('selected_g', g); model.set('time_ns', t); }", [int(started["t_ns"]), int(started["g"])])
    assert page.page.inner_text(".gmplab-sentence").startswith(f"M{started['m']} runs G{started['g']}")


def test_nothing_moves_by_itself_where_the_reader_wants_no_motion(stand: Show, run: Run) -> None:
    page = stand(run.view.stepper())
    duration = "() => getComputedStyle(document.querySelector('.gmplab-card')).transitionDuration"
    assert page.page.evaluate(duration) != "0s"
    page.page.emulate_media(reduced_motion="reduce")
    assert page.page.evaluate(duration) == "0s"


def test_the_call_path_is_shown_where_it_was_recorded(stand: Show, run: Run) -> None:
    page = stand(run.view.stepper())
    told = run.story()["sentence"]
    step = int(told.index[told.str.startswith("newm: M0 makes M2")][0])
    page.page.evaluate("step => view.to(step)", step)
    assert page.page.inner_text(".gmplab-calls").startswith("called by")
    names = page.page.locator(".gmplab-call").all_inner_texts()
    assert names[-5:] == ["startm", "newm", "newm1", "newosproc", "clone"]
    page.screenshot("stepper_newm")


def test_beyond_its_window_the_stepper_asks_the_kernel(stand: Show, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmplab.jupyter.stepper.MOST_STEPS", 600)
    page = stand(run.view.stepper())
    page.page.focus(".gmplab-stepper")
    page.page.keyboard.press("End")
    last = run.story(run.record.end_ns)["sentence"].iloc[-1]
    page.page.wait_for_function("text => document.querySelector('.gmplab-sentence').textContent === text", arg=last)
    page.page.keyboard.press("Home")
    page.page.wait_for_function("() => document.querySelector('.gmplab-meta').textContent.startsWith('Step 1 of')")
    middle = run.schedule.iloc[200]
    page.page.evaluate("t => model.set('time_ns', t)", int(middle["t_ns"]))
    last = run.story(int(middle["t_ns"]), int(middle["t_ns"]) + 1)["sentence"].iloc[-1]
    page.page.wait_for_function("text => document.querySelector('.gmplab-sentence').textContent === text", arg=last)
    assert page.errors == []


def test_a_kind_that_is_not_in_the_small_window_of_the_begin_is_looked_for_in_a_whole_one(
    stand: Show, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = run.events["kind"].astype(str)
    first = kinds[~kinds.isin(set(kinds[:30]))].index[0]
    monkeypatch.setattr("gmplab.jupyter.stepper.MOST_STEPS", len(kinds) - 1)
    monkeypatch.setattr("gmplab.jupyter.stepper.FIRST_STEPS", 30)
    page = stand(run.view.stepper())
    assert page.page.evaluate("() => [view.steps.t.length, view.small]") == [30, True]
    chosen = page.page.evaluate("() => view.kind.selectedOptions[0].text")
    page.page.evaluate("kind => view.seek(1, (i) => view.steps.kinds[view.steps.kind[i]] === kind)", kinds[first])
    page.page.wait_for_function("step => view.step() === step", arg=int(first))
    offered = page.page.evaluate("() => [...view.kind.options].map((option) => option.text)")
    assert set(offered) == set(kinds[:-1]) and page.page.evaluate("() => view.kind.selectedOptions[0].text") == chosen
    assert page.errors == []


def test_who_goes_elsewhere_while_the_kernel_is_asked_ends_there(
    stand: Show, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmplab.jupyter.stepper.MOST_STEPS", 600)
    page = stand(run.view.stepper())
    t = int(run.schedule.iloc[200]["t_ns"])
    page.page.evaluate("t => { view.to(Infinity); model.set('time_ns', t); }", t)
    page.page.wait_for_function("t => view.steps.has(view.step()) && view.steps.t[view.step() - view.steps.first] === t", arg=t)
    page.drawn()
    assert page.get("time_ns") == t and page.errors == []


@pytest.mark.parametrize("procs", [1, 4, 64])
def test_a_stepper_fits_its_page(stand: Show, procs: int) -> None:
    run = gl.run("fanout", n=500, procs=procs, seed=1)
    page = stand(run.view.stepper(run.record.end_ns // 2))
    for size in SIZES:
        page.resize(size)
        page.screenshot(f"stepper_{procs}_{size[0]}")
        assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert page.page.evaluate("() => el.getBoundingClientRect().height < 760")
    assert page.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["timeline", "stepper"])
def test_a_view_whose_kernel_does_not_answer_says_so_and_what_to_do(stand: Show, run: Run, name: str) -> None:
    widget = getattr(run.view, name)()
    widget.inline = {}
    page = stand(widget)
    page.page.evaluate("""() => {
      const silent = {...model, send() {}};
      document.getElementById("here").textContent = "";
      return import("./widget.js").then(({default: widget}) => {
        const el = document.createElement("div");
        document.getElementById("here").append(el);
        widget.render({model: silent, el});
      });
    }""")
    page.page.wait_for_selector("text=the kernel does not answer: it is busy, or it was started anew and the cell has to be run again")
    assert page.errors == []
