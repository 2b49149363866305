"""The dashboards in a real JupyterLab: shown without an error of the console, and alive."""

from __future__ import annotations

from collections.abc import Callable

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


def test_a_moved_slider_runs_again_and_shows_the_run_before(notebook: Opener) -> None:
    book = notebook(["import gmplab as gl\nplay = gl.playground('mixed_io')\nplay"], size=(1280, 1400))
    book.run_all()
    book.page.wait_for_function("() => document.querySelector('.gmplab-timeline')?.gmplab.lastFrame > 0")
    book.find(".noUi-handle").first.focus()
    book.page.keyboard.press("ArrowRight")
    book.page.wait_for_selector("text=P=5")
    assert book.kernel("print(play.last.record.header['procs'], play.before.record.header['procs'])") == "5 4"
    book.page.wait_for_function("() => document.querySelector('.gmplab-timeline')?.gmplab.lastFrame > 0")
    book.screenshot("playground")
    assert book.errors == []
