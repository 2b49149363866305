"""The dashboards in a real JupyterLab: shown without an error of the console, and alive."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import TimeoutError
from rig import Notebook

Opener = Callable[..., Notebook]


def test_the_explorer_shows_everything_and_a_finding_moves_the_timeline(notebook: Opener) -> None:
    book = notebook(["import gmplab as gl\ndash = gl.run('mutex_contention', procs=4).view.dashboard()\ndash"], size=(1280, 2000))
    book.run_all()
    book.page.wait_for_function("() => document.querySelector('.gmplab-timeline')?.gmplab.lastFrame > 0")
    book.find("button:has-text('lock convoy')").click()
    finding = "f = [f for f in dash.found if f.rule == 'lock convoy'][0]\n"
    t0 = book.kernel(f"{finding}print(f.t0_ns)")
    book.page.wait_for_function("t => document.querySelector('.gmplab-timeline').gmplab.model.get('time_ns') === t", arg=int(t0))
    book.screenshot("explorer")
    assert book.errors == []


TIMELINE = "document.querySelector('.gmplab-timeline').gmplab"


def test_in_the_explorer_a_drag_over_a_plot_is_the_time_of_the_timeline_and_a_goroutine_is_shown_there(notebook: Opener) -> None:
    book = notebook(["import gmplab as gl\ndash = gl.run('mixed_io', procs=4, seed=1).view.dashboard()\ndash"], size=(1280, 1600))
    book.run_all()
    book.page.wait_for_function(f"() => {TIMELINE}?.lastFrame > 0")
    book.find(".lm-TabBar-tab:has-text('utilisation')").last.click()
    image = book.find(".gmplab-stage img:visible")
    image.wait_for()
    book.page.wait_for_function("() => document.querySelector('.gmplab-chart').gmplab.drawn > 0")
    box = image.bounding_box()
    assert box is not None
    mouse = book.page.mouse
    mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    mouse.up()
    book.page.wait_for_function(f"() => {{ const [a, b] = {TIMELINE}.model.get('view'); return a > 0 && b - a < 10e6; }}")
    book.screenshot("explorer_brushed")
    # The kernel is told.
    book.kernel_comes_to("print(dash.both.timeline.view == dash.charts['utilisation'].view != [0, dash.run.record.end_ns])", "True")
    book.find("button:has-text('numbers and plots of the time shown')").click()
    book.page.wait_for_selector("text=whole run: 33.4 ms")
    book.page.wait_for_function("() => document.querySelector('.gmplab-chart')?.gmplab.drawn > 0")
    book.screenshot("explorer_part")
    book.find("button:has-text('of the whole run')").click()
    book.page.wait_for_function("() => !document.body.innerText.includes('whole run: 33.4 ms')")
    book.find(".lm-TabBar-tab:has-text('fairness')").last.click()
    spotted = "[...document.querySelectorAll('.gmplab-chart')].map((root) => root.gmplab).find((one) => one.spots && one.drawn)"
    book.page.wait_for_function(f"() => {spotted}")
    x, y, g = book.page.evaluate(f"""() => {{
      const view = {spotted};
      const [i, box] = [view.table.s_g.length - 1, view.image.getBoundingClientRect()];
      return [box.left + view.table.s_x[i] * box.width, box.top + view.table.s_y[i] * box.height, view.table.s_g[i]];
    }}""")
    mouse.click(x, y)
    book.page.wait_for_function(f"g => {TIMELINE}.model.get('selected_g') === g", arg=g)
    book.find(f"text=ran while G{g} was runnable").first.wait_for()
    mouse.dblclick(x, y)
    book.page.wait_for_function(f"() => {TIMELINE}.lanes === 'G'")
    # Its lane is in sight, once the lanes are laid out.
    book.page.wait_for_function(f"""() => {{
      const v = {TIMELINE}, [row, top] = [v.rows[{g} - 1], v.scroller.scrollTop];
      return top <= row * v.step && (row + 1) * v.step <= top + v.high;
    }}""")
    book.screenshot("explorer_lifeline")
    assert book.errors == []


def test_in_the_explorer_a_click_in_the_tail_of_the_latencies_is_where_timeline_and_stepper_go(notebook: Opener) -> None:
    book = notebook(
        ["import gmplab as gl\ndash = gl.run('mixed_io', procs=4, seed=1).view.dashboard()\ndash"], size=(1280, 1600), dark=True
    )
    book.run_all()
    book.page.wait_for_function(f"() => {TIMELINE}?.lastFrame > 0")
    book.find(".lm-TabBar-tab:has-text('latency')").last.click()
    chart = "document.querySelector('.gmplab-chart')?.gmplab"
    book.page.wait_for_function(f"() => {chart}?.drawn > 0 && {chart}.image.complete")
    longest = "w = dash.run.schedule.sort_values(['wait_ns', 't_ns']).iloc[-1]\n"
    g, t, wait = (int(x) for x in book.kernel(f"{longest}print(w['g'], w['t_ns'], w['wait_ns'])").split())
    x, y = book.page.evaluate(f"""() => {{
      const [view, box] = [{chart}, {chart}.image.getBoundingClientRect()];
      const last = view.table.s_x.length - 1;
      return [box.left + view.table.s_x[last] * box.width, box.top + view.table.s_y[last] * box.height];
    }}""")
    book.page.mouse.click(x, y)
    book.page.wait_for_function(f"g => {TIMELINE}.model.get('selected_g') === g", arg=g)
    book.page.wait_for_function("t => document.querySelector('.gmplab-stepper').gmplab.model.get('time_ns') === t", arg=t)
    book.find(f"text=ran while G{g} was runnable").first.wait_for()
    book.screenshot("explorer_latency_dark")
    book.page.mouse.dblclick(x, y)
    book.page.wait_for_function(
        f"([from, to]) => {{ const [a, b] = {TIMELINE}.model.get('view'); return a < from && b > to && b - a < 1.3 * (to - from); }}",
        arg=[t - wait, t],
    )
    book.page.mouse.move(5, 5)
    book.screenshot("explorer_wait_dark")
    book.find(".lm-TabBar-tab:has-text('queues')").last.click()
    queues = "[...document.querySelectorAll('.gmplab-chart')].map((root) => root.gmplab).find((one) => one.cells && one.drawn)"
    book.page.wait_for_function(f"() => {queues}?.image.complete")
    box = book.page.evaluate(f"() => {{ const b = {queues}.image.getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; }}")
    book.page.mouse.move(box[0] + 0.3 * box[2], box[1] + 0.4 * box[3])
    book.page.wait_for_selector(".gmplab-tip:has-text('queued')")
    book.screenshot("explorer_queues_dark")
    assert book.errors == []


def test_a_moved_slider_runs_again_and_shows_the_run_before(notebook: Opener) -> None:
    book = notebook(["import gmplab as gl\nplay = gl.playground('mixed_io')\nplay"], size=(1280, 1400))
    book.run_all()
    book.page.wait_for_function("() => document.querySelector('.gmplab-timeline')?.gmplab.lastFrame > 0")
    book.find(".noUi-handle").first.focus()
    book.page.keyboard.press("ArrowRight")
    book.page.wait_for_selector("text=P=5")
    assert book.kernel("print(play.last.record.header['procs'], play.before.record.header['procs'])") == "5 4"
    timeline_shows_the_last(book, "P")
    book.screenshot("playground")
    # A run that is too large to be within the widget takes another way; what has a lane stays, and others can be had.
    book.kernel("from gmplab.jupyter.settings import settings\nsettings.max_inline_spans = 0")
    book.find("button:has-text('M lanes')").click()
    book.find(".noUi-handle").first.focus()
    book.page.keyboard.press("ArrowRight")
    book.page.wait_for_selector("text=P=6")
    timeline_shows_the_last(book, "M")
    book.find("button:has-text('P lanes')").click()
    timeline_shows_the_last(book, "P")
    assert book.find(".gmplab-timeline").count() == 1
    assert book.errors == []


def timeline_shows_the_last(book: Notebook, lanes: str) -> None:
    """Wait until the Timeline of a Playground shows all of the run that was made last."""
    end = book.kernel("play.wait()\nprint(play.last.record.end_ns)")
    book.page.wait_for_function("""([lanes, end]) => {
      const { table, model, lastFrame } = document.querySelector('.gmplab-timeline').gmplab;
      return lastFrame > 0 && table.meta.lanes === lanes && table.meta.end_ns === end && model.get("view")[1] === end;
    }""", arg=[lanes, int(end)])


@pytest.mark.slow
def test_the_reset_button_brings_everything_back_to_what_it_was_at_first(notebook: Opener) -> None:
    book = notebook(["import gmplab as gl\nplay = gl.playground('fanout')\nplay"])
    book.run_all()
    title = "b:text-is('fanout under go, P=4, seed 1')"
    book.page.wait_for_selector(title)
    first = values(book)
    for name, value in (("workload", "pingpong"), ("policy", "go1.1"), ("spin", "NoSpinning")):
        book.find(f".widget-dropdown:has(label:text-is('{name}')) select").select_option(value)
    for name, value in (("rounds", "7"), ("seed", "3")):
        control = book.find(f".widget-text:has(label:text-is('{name}')) input")
        control.fill(value)
        control.press("Enter")
    book.find(".noUi-handle").first.focus()
    book.page.keyboard.press("ArrowRight")
    book.page.wait_for_selector("b:text-is('pingpong under go1.1(spin=NoSpinning()), P=5, seed 3')")
    assert values(book) != first
    reset = book.find("button:has-text('reset')")
    box = reset.bounding_box()
    assert box is not None and box["y"] + box["height"] < 800
    reset.click()
    book.page.wait_for_selector(title)
    assert values(book) == first
    assert book.kernel("play.wait()\nprint(play.last.digest == gl.run('fanout').digest)") == "True"
    timeline_shows_the_last(book, "P")
    book.screenshot("playground_reset")
    assert book.errors == []


def values(book: Notebook) -> dict[str, str]:
    """What the controls of a Playground say, by their names."""
    found: dict[str, str] = book.page.evaluate("""() => Object.fromEntries(
      [...document.querySelectorAll('.jp-OutputArea .widget-inline-hbox')].map((control) => [
        control.querySelector('.widget-label')?.textContent,
        control.querySelector('select, input')?.value ?? control.querySelector('.widget-readout')?.textContent,
      ]))""")
    return found


def test_the_stop_button_ends_a_run_and_twenty_moves_in_a_second_end_in_the_last(notebook: Opener) -> None:
    book = notebook([
        "import gmplab as gl, gmplab.jupyter.playground as module\nmodule.MOST_EVENTS = 10**9\n"
        "play = gl.playground('gosched_thrash')\nplay"
    ], size=(1280, 1400))
    book.run_all()
    # A run of some hours: the page tells how far it is, and is heard.
    rounds = book.find(".widget-text:has-text('rounds') input")
    rounds.fill("1000000000")
    rounds.press("Enter")
    book.page.wait_for_selector("text=running:")
    book.screenshot("playground_running")
    book.find("button:has-text('stop')").click()
    book.page.wait_for_selector("text=interrupt")
    assert book.kernel("play.wait()\nprint(play.last.stopped_by, play.last.complete)") == "interrupt False"
    rounds.fill("100")
    book.find(".noUi-handle").first.focus()
    for _ in range(20):
        book.page.keyboard.press("ArrowRight")
    book.page.wait_for_selector("text=P=24")
    header = "play.wait()\nh = play.last.record.header\n"
    assert book.kernel(f"{header}print(h['procs'], h['params']['rounds'], play.last.complete)") == "24 100 True"
    book.screenshot("playground_moved")
    assert book.errors == []


def test_policies_side_by_side_zoom_together_and_go_to_their_first_difference(notebook: Opener) -> None:
    book = notebook([
        "import gmplab as gl\ndash = gl.compare(['go', 'go1.1'], 'syscall_storm', n=30, seeds=range(5)).view.dashboard()\ndash"
    ], size=(1280, 1900))
    book.run_all()
    both = "n => { const all = [...document.querySelectorAll('.gmplab-timeline')]; return all.length === 2 && all.every(n); }"
    book.page.wait_for_function(f"() => ({both})(t => t.gmplab.lastFrame > 0)")
    book.screenshot("compare")
    # A wider view of the one is the other's too, without the kernel.
    book.page.evaluate("() => document.querySelector('.gmplab-timeline').gmplab.go([1000, 90000])")
    book.page.wait_for_function(f"() => ({both})(t => t.gmplab.model.get('view')[1] === 90000)")
    book.find("button:has-text('first difference')").click()
    book.page.wait_for_selector("text=and part")
    t = int(book.kernel("print(dash.difference().t_ns)"))
    book.page.wait_for_function(f"t => ({both})(w => w.gmplab.model.get('time_ns') === t)", arg=t)
    book.screenshot("compare_difference")
    assert book.errors == []


def test_a_cell_of_a_sweep_is_opened_by_a_click(notebook: Opener) -> None:
    book = notebook([
        "import gmplab as gl\ndash = gl.sweep({'procs': [1, 2, 4, 8], 'policy': ['go', 'go1.1', 'fifo']}, 'mixed_io', seeds=range(3))"
        ".view.dashboard()\ndash"
    ], size=(1280, 1900))
    book.run_all()
    book.find("button[title='policy=fifo, procs=2']").click()
    book.page.wait_for_function("() => document.querySelector('.gmplab-timeline')?.gmplab.lastFrame > 0")
    header = book.kernel("h = dash.explorer.run.record.header\nprint(h['policy'], h['procs'])")
    assert header == "fifo 2"
    book.screenshot("sweep")
    assert book.errors == []


@pytest.mark.slow
def test_an_interrupt_stops_a_long_run_of_the_playground_which_shows_what_there_is(notebook: Opener) -> None:
    book = notebook([
        # Or a fast machine has done so many before anybody interrupts it.
        "import gmplab as gl, gmplab.jupyter.playground as module\nmodule.MOST_EVENTS = 10**9\nplay = gl.playground('pingpong')\nplay"
    ])
    book.run_all()
    book.page.wait_for_selector("text=pingpong under go, P=4, seed 1")
    rounds, seed = book.find(".widget-text:has-text('rounds') input"), book.find(".widget-text:has-text('seed') input")
    # The first move is answered in the kernel's main thread, the second in a subshell's.
    for control, value, seeded in ((rounds, 10**8, 1), (seed, 2, 2)):
        control.fill(str(value))
        control.press("Enter")
        interrupt_until(book, f"pingpong under go, P=4, seed {seeded}, stopped by interrupt")
        assert book.kernel("print(play.last.stopped_by, play.last.record.header['seed'])") == f"interrupt {seeded}"
    rounds.fill("30")
    rounds.press("Enter")
    book.page.wait_for_selector("b:text-is('pingpong under go, P=4, seed 2')")
    assert book.kernel("print(play.last.complete)") == "True"
    assert book.errors == []


def interrupt_until(book: Notebook, text: str) -> None:
    """Interrupt the kernel as a person would: once the run is under way, and again where nothing has come of it for long."""
    book.page.wait_for_selector("text=running:")
    for _ in range(4):
        book.page.evaluate("() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt(); }")
        if comes(book, text, 20_000):
            return
    raise AssertionError(f"no interrupt led to {text!r}")


def comes(book: Notebook, text: str, within_ms: int) -> bool:
    """Whether a text is on the page by then."""
    try:
        book.page.wait_for_selector(f"text={text}", timeout=within_ms)
    except TimeoutError:
        return False
    return True
