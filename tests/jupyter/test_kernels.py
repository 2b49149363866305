"""What a kernel survives: interrupts in a cell, in an `await` cell, in a widget's callback and in a thread; slider storms.

With the installed ipykernel by default, and with 7.3, which answers widgets in another thread, as slow tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from kernels import OLDER, Kernel, older
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from rig import ROOT

LONG = """
import threading
def main():
    print("running", flush=True)
    while True:
        yield gl.compute(us=1)
def long():
    try:
        gl.run(main, record="off")
    except KeyboardInterrupt as e:
        print("ended:", e.run.stopped_by, e.run.complete, e.run is gl.last, "in", threading.current_thread().name, flush=True)
"""
BODIES = """
# Plain functions: each runs on a greenlet, which can be switched to in its own thread only.
def plain():
    done = gl.Chan(3)
    for us in range(1, 4):
        gl.go(lambda us=us: (gl.compute(us=us), gl.send(done, us)))
    return sum(gl.recv(done) for _ in range(3))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    made = Kernel(tmp_path_factory.mktemp("installed"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def older_path(tmp_path_factory: pytest.TempPathFactory) -> object:
    return older(tmp_path_factory.mktemp("older"))


@pytest.fixture(params=["installed", pytest.param("older", marks=pytest.mark.slow)])
def kernel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """The kernel of this module, or one of its own with ipykernel 7.3."""
    if request.param == "installed":
        made = request.getfixturevalue("installed")
        made.heard = ""
        yield made
        return
    made = Kernel(tmp_path_factory.mktemp("kernel"), request.getfixturevalue("older_path"))
    assert made.version == OLDER
    yield made
    made.stop()


def usable(kernel: Kernel) -> None:
    """The kernel goes on, and so does gmplab in it; 7.3 cannot be asked, see kernels.py."""
    if kernel.version != OLDER:
        assert kernel.run("print(gl.run('fanout', n=5, seed=1).complete)") == "True"


@pytest.mark.parametrize("cell", ["long()", "import asyncio\nawait asyncio.sleep(0)\nlong()"], ids=["plain", "await"])
def test_an_interrupt_ends_a_long_run_in_a_cell_and_the_kernel_goes_on(kernel: Kernel, cell: str) -> None:
    kernel.run(LONG)
    kernel.send(cell)
    kernel.until("running")
    kernel.until("ended: interrupt False True in MainThread", interrupting=True)
    usable(kernel)


def test_an_interrupt_ends_a_long_run_in_a_widgets_callback(kernel: Kernel) -> None:
    kernel.run(LONG)
    button = kernel.run("""
import ipywidgets
def clicked(button):
    long()
    button.description += "."
button = ipywidgets.Button()
button.on_click(clicked)
print(button.model_id)
""")
    for first in (True,) if kernel.version == OLDER else (True, False):
        kernel.heard = ""
        kernel.tell(button, {"method": "custom", "content": {"event": "click"}})
        kernel.until("running")
        kernel.until(f"ended: interrupt False True in {kernel.thread(first)}", interrupting=True)
        usable(kernel)


def test_an_interrupt_of_an_idle_kernel_ends_a_long_run_in_a_thread(kernel: Kernel) -> None:
    kernel.run(LONG)
    kernel.run("threading.Thread(target=long, name='beside', daemon=True).start()")
    kernel.until("running")
    kernel.until("ended: interrupt False True in beside", interrupting=True)
    usable(kernel)


@pytest.mark.slow
def test_twenty_moves_of_a_slider_end_with_the_figure_of_the_last(kernel: Kernel) -> None:
    slider = kernel.run(BODIES + """
import ipywidgets, threading
shown = ipywidgets.HTML()
done = []
def moved(change):
    run = gl.run(plain, procs=change["new"], seed=1)
    plot = run.plot.latency()
    plot.fig.set_dpi(20)  # twenty pictures, and who looks at them
    shown.value = plot._repr_html_()
    done.append(change["new"])
    print("moved to", change["new"], run.result, "in", threading.current_thread().name, flush=True)
slider = ipywidgets.IntSlider(min=0, max=20)
slider.observe(moved, "value")
print(slider.model_id)
""").split()[-1]
    for value in range(1, 21):
        kernel.done(kernel.tell(slider, {"method": "update", "state": {"value": value}, "buffer_paths": []}))
        kernel.until(f"moved to {value} 6 in {kernel.thread(value == 1)}")
    said = kernel.run("print(done == list(range(1, 21)), slider.value, shown.value[:80])")
    assert said.startswith('True 20 <img alt="Scheduling latency of plain under go on 20 Ps, seed 1: 7 schedules')


LOADED = """
%load_ext gmplab
print(get_ipython().run_line_magic("gmp", "run fanout --set n=5").complete)
%unload_ext gmplab
try:
    get_ipython().run_line_magic("gmp", "")
except BaseException as e:
    print(e)
"""


def test_the_extension_is_loaded_and_unloaded_twice(installed: Kernel) -> None:
    for _ in range(2):
        loaded, unloaded = installed.run(LOADED).split("\n")
        assert loaded == "True" and "`%gmp` not found" in unloaded


def test_a_wrong_word_and_an_error_in_a_cell_are_errors_of_the_kernel(installed: Kernel) -> None:
    installed.run("%load_ext gmplab")
    reply = installed.asked(installed.send("%gmp run fanuot"))
    assert (reply["status"], reply["ename"]) == ("error", "UsageError")
    assert reply["evalue"] == "workload 'fanuot': no such workload; did you mean 'fanout'?"
    reply = installed.asked(installed.send("%%gmp -P 2\ncompute(us=1)\n1 / 0"))
    assert (reply["status"], reply["ename"]) == ("error", "GoPanic") and any("line 3" in frame for frame in reply["traceback"])


@pytest.mark.parametrize(("line", "some"), [
    ("%gmp ru", {"run"}), ("x = %gmp run fan", {"fanout"}), ("%gmp run fanout --rec", {"--record"}), ("%%gmp pol", {"policy"}),
])
def test_tab_asks_the_kernel_and_gets_what_may_follow(installed: Kernel, line: str, some: set[str]) -> None:
    installed.run("%load_ext gmplab")
    reply = installed.asked(installed.client.complete(line, len(line)))
    assert set(reply["matches"]) == some and line[reply["cursor_start"] :] == line.split()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["%gmp run fanuot", "%%gmp\ncompute(us=1)\n1 / 0"])
def test_a_notebook_with_an_error_in_the_magic_fails_where_it_is_executed(
    cell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cells = [nbformat.v4.new_code_cell(text) for text in ("%load_ext gmplab", cell, "print('not reached')")]
    book = nbformat.v4.new_notebook(cells=cells)
    with pytest.raises(CellExecutionError):
        NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert book.cells[2].outputs == []
