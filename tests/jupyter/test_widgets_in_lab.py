"""The widgets in a real JupyterLab: linked in the browser, in both themes, also while the kernel is busy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rig import ROOT, Notebook

Opener = Callable[..., Notebook]

BOTH = ["import gmplab as gl\nrun = gl.run('mixed_io', procs=4, seed=1)\nboth = run.view.both()\nboth"]
LONGEST = """
spans = run.processor_spans.query("mode == 'running'")
row = spans.loc[spans["duration_ns"].idxmax()]
print(row["p"], row["g"], row["m"], row["begin_ns"], (row["begin_ns"] + row["end_ns"]) // 2)
"""
PLACE = """([t, lane]) => {
  const root = document.querySelector('.gmplab-timeline');
  return [root.gmplab.x(t), (lane + 0.5) * root.gmplab.step];
}"""


def shown(book: Notebook) -> None:
    """Wait until both widgets are there."""
    book.page.wait_for_function("() => document.querySelector('.gmplab-timeline')?.gmplab.lastFrame > 0")
    book.page.wait_for_selector(".gmplab-ps")


def test_a_click_on_a_span_moves_the_stepper_the_kernel_knows_and_both_themes_are_clean(notebook: Opener) -> None:
    book = notebook(BOTH)
    book.run_all()
    shown(book)
    p, g, m, begin, middle = (int(x) for x in book.kernel(LONGEST).split())
    x, y = book.page.evaluate(PLACE, [middle, p])
    book.find(".gmplab-canvas").click(position={"x": x, "y": y})
    book.page.wait_for_function("text => document.querySelector('.gmplab-sentence').textContent.startsWith(text)", arg=f"M{m} runs G{g}")
    assert book.find(".gmplab-chip[aria-pressed='true']").first.inner_text() == f"G{g}"
    book.kernel_comes_to("print(both.stepper.time_ns, both.stepper.selected_g, both.timeline.time_ns)", f"{begin} {g} {begin}")
    book.screenshot("both_light")
    book.theme(True)
    book.page.set_viewport_size({"width": 1920, "height": 1080})
    book.page.wait_for_timeout(300)
    book.screenshot("both_dark")
    assert book.errors == []


@pytest.mark.slow
def test_steps_and_dragged_sliders_are_known_to_page_and_kernel(notebook: Opener) -> None:
    book = notebook(BOTH)
    book.run_all()
    shown(book)
    book.find(".gmplab-stepper").focus()
    for _ in range(7):
        book.page.keyboard.press("ArrowRight")
    assert book.find(".gmplab-meta").inner_text().startswith("Step 8 of ")
    book.kernel_comes_to("print(both.stepper.step)", "7")
    slider = book.find(".gmplab-slide input")
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    book.page.mouse.move(box["x"] + 8, y)
    book.page.mouse.down()
    for share in (0.2, 0.4, 0.6):
        book.page.mouse.move(box["x"] + share * box["width"], y)
    book.page.mouse.up()
    step = int(slider.input_value())
    assert 0.5 < step / int(slider.get_attribute("max") or 0) < 0.7
    t = book.page.evaluate("() => document.querySelector('.gmplab-timeline').gmplab.model.get('time_ns')")
    book.kernel_comes_to("print(both.stepper.step, both.timeline.time_ns, run.events['t_ns'][both.stepper.step])", f"{step} {t} {t}")
    assert book.errors == []


@pytest.mark.slow
def test_two_widgets_of_one_run_and_two_views_of_one_widget_live_side_by_side(notebook: Opener) -> None:
    book = notebook([*BOTH, "other = run.view.both()\nother", "both"])
    book.run_all()
    drawn = "[...document.querySelectorAll('.gmplab-timeline')].filter((x) => x.gmplab.lastFrame > 0)"
    book.page.wait_for_function(f"() => {drawn}.length === 3")
    book.page.wait_for_function("() => document.querySelectorAll('.gmplab-ps').length === 3")
    book.find(".gmplab-stepper").nth(2).focus()
    for _ in range(30):
        book.page.keyboard.press("ArrowRight")
    steps = "() => [...document.querySelectorAll('.gmplab-stepper')].map((x) => x.gmplab.step())"
    assert book.page.evaluate(steps) == [30, 0, 30], "the first and the third are one widget"
    sentences = book.find(".gmplab-sentence")
    assert sentences.nth(0).inner_text() == sentences.nth(2).inner_text() != sentences.nth(1).inner_text()
    book.kernel_comes_to("print(both.stepper.step, other.stepper.step)", "30 0")
    assert book.errors == []


def test_by_keyboard_alone_and_while_the_kernel_is_busy(notebook: Opener) -> None:
    book = notebook(BOTH)
    book.run_all()
    shown(book)
    book.page.evaluate("""() => {
      const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
      kernel.requestExecute({code: "import time\\nfor _ in range(600): time.sleep(0.1)", store_history: false});
    }""")
    book.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'busy'")
    book.page.focus(".gmplab-stepper")
    for _ in range(40):
        book.page.keyboard.press("ArrowRight")
    step, t = book.page.evaluate("""() => {
      const stepper = document.querySelector('.gmplab-stepper').gmplab;
      return [stepper.step(), stepper.model.get('time_ns')];
    }""")
    assert step == 40
    assert book.page.evaluate("() => document.querySelector('.gmplab-timeline').gmplab.model.get('time_ns')") == t
    book.page.focus(".gmplab-scroller")
    book.page.keyboard.press("w")
    view = "() => document.querySelector('{}').gmplab.model.get('view')"
    assert book.page.evaluate(view.format(".gmplab-timeline")) == book.page.evaluate(view.format(".gmplab-stepper"))
    assert book.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus") == "busy"
    book.page.evaluate("() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt(); }")
    assert book.errors == []


def only_of_the_gone(errors: list[str]) -> bool:
    """Whether the console says nothing but that a widget is gone, which ipywidgets does on its own."""
    return all("widget model not found" in error for error in errors)


def test_a_notebook_that_is_opened_again_shows_twins_and_figures_with_their_words(notebook: Opener) -> None:
    book = notebook([*BOTH, "run.plot.latency()", "run.view.dashboard()"])
    book.run_all()
    shown(book)
    twins = book.find("svg[aria-label^='What each of 4 Ps did']")
    assert twins.count() == 2 and not any(twin.is_visible() for twin in twins.all()), "hidden while the widgets live"
    assert book.errors == []
    book.reopen()
    book.page.wait_for_function("() => document.querySelectorAll('.jp-OutputArea-output svg').length >= 2")
    assert book.find(".gmplab-timeline").count() == 0 and all(twin.is_visible() for twin in twins.all())
    assert book.find("text=newm: M0 is made; the process starts.").count() == 2
    # JupyterLab drops the alternative text of an image/png; the plot's HTML has it, and a reader's screen says it.
    figure = book.page.get_by_role("img", name="Scheduling latency of mixed_io")
    assert figure.count() == 1 and figure.evaluate("image => image.naturalWidth") == 1600
    book.screenshot("reopened")
    assert only_of_the_gone(book.errors)


@pytest.mark.slow
def test_a_widget_lives_on_when_its_kernel_is_started_anew(notebook: Opener) -> None:
    book = notebook(BOTH)
    book.run_all()
    shown(book)
    book.restart()
    assert book.kernel("print('run' in dir())") == "False"
    book.page.focus(".gmplab-stepper")
    for _ in range(40):
        book.page.keyboard.press("ArrowRight")
    assert book.page.evaluate("() => document.querySelector('.gmplab-stepper').gmplab.step()") == 40
    time = "() => document.querySelector('{}').gmplab.model.get('time_ns')"
    assert book.page.evaluate(time.format(".gmplab-timeline")) == book.page.evaluate(time.format(".gmplab-stepper")) > 0
    book.run_all()
    shown(book)
    assert book.find(".gmplab-timeline").count() == 1 and only_of_the_gone(book.errors)


@pytest.mark.slow
def test_what_is_typed_into_a_widget_is_no_command_of_the_notebook(notebook: Opener) -> None:
    book = notebook([*BOTH, "second = 2", "third = 3"])
    book.run_all()
    shown(book)
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = book.page.evaluate(cells)
    book.find("button:has-text('G lanes')").click()
    for selector in ("input[aria-label='Only goroutines']", "input[aria-label='Breakpoints']"):
        book.find(selector).focus()
        # In the notebook's command mode: a cell above, a cell below, a Markdown cell, delete the cell.
        book.page.keyboard.type("abmdd")
        assert book.find(selector).input_value() == "abmdd"
    for selector in (".gmplab-scroller", ".gmplab-stepper"):
        book.find(selector).focus()
        book.page.keyboard.type("abdd")
    assert book.page.evaluate(cells) == before and book.errors == []


@pytest.mark.slow
def test_a_million_spans_come_from_the_kernel_and_are_zoomed(notebook: Opener) -> None:
    book = notebook([f"import sys\nsys.path.insert(0, {str(ROOT / 'tests' / 'jupyter')!r})\nfrom rig import by_hand\nby_hand(1_000_000)"])
    book.run_all()
    book.page.wait_for_function("() => document.querySelector('.gmplab-timeline')?.gmplab.lastFrame > 0")
    assert "1,000,000 spans narrower than a pixel are merged" in book.find(".gmplab-status").inner_text()
    book.find(".gmplab-scroller").focus()
    for _ in range(20):
        book.page.keyboard.press("w")
    view = "document.querySelector('.gmplab-timeline').gmplab.view()"
    book.page.wait_for_function(f"() => {view}[1] - {view}[0] < 5000")
    book.page.wait_for_function("() => !document.querySelector('.gmplab-status').textContent.includes('merged')")
    book.screenshot("million")
    assert book.errors == []
