"""A package that is not installed is one line that says which, and how to get it: in a process in which it cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from rig import ROOT

MISSING = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from shells import Shell
shell = None
for line in sys.argv[3:]:
    try:
        shell = shell or Shell(sys.argv[2])
        shell.run(line)
    except BaseException as e:
        print(f"{type(e).__name__}: {e}")
"""
RUN = "%gmp run fanout --set n=3 -q"
TOLD = {
    "matplotlib": ("%gmp plot latency", "%gmp plot latency: matplotlib"),
    "ipywidgets": ("%gmp dash", "%gmp dash: ipywidgets"), "anywidget": ("%gmp step", "%gmp step: anywidget"),
    "greenlet": ("%%gmp -P 2\ncompute(us=1)", "%%gmp -P 2: greenlet"),
    "pyarrow": ("%gmp export --csv out", "%gmp export --csv out: pyarrow"), "cloudpickle": (RUN, "%load_ext gmplab: cloudpickle"),
}


@pytest.mark.parametrize("package", [
    "matplotlib", "greenlet", *(pytest.param(name, marks=pytest.mark.slow) for name in TOLD if name not in ("matplotlib", "greenlet"))
])
def test_what_needs_it_is_one_line_and_all_else_goes_on(package: str, tmp_path: Path) -> None:
    line, told = TOLD[package]
    lines = [RUN, line] if line != RUN else [line]
    said = subprocess.run(
        [sys.executable, "-c", MISSING, package, str(tmp_path), *lines], capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{ROOT}/tests/jupyter", "PATH": "", "GMPLAB_PURE": "1"},
    )
    assert (said.stdout, said.stderr) == (f"UsageError: {told} is not installed: pip install {package}\n", "")


PLAIN = """
import sys
sys.modules["greenlet"] = None
import gmplab as gl

wg = gl.WaitGroup(1)

def worker():
    gl.done(wg)

def main():
    yield gl.go(worker)
    yield gl.wait(wg)

def tried(run):
    try:
        run()
    except ImportError as e:
        print(type(e.__cause__), e.__suppress_context__, gl.last, e)

for strict in (True, False):
    tried(lambda: gl.run(main, on=sys.argv[1], lock_plain=True, strict=strict))
tried(lambda: gl.explore(main))
"""


@pytest.mark.parametrize("on", ["sim", "threads"])
def test_without_greenlet_a_plain_function_is_told_how_to_get_it_however_strict_the_run(on: str) -> None:
    # In a process of its own: a compiled module that has imported a package once does not ask for it again.
    said = subprocess.run([sys.executable, "-c", PLAIN, on], capture_output=True, text=True, cwd=ROOT)
    told = (
        "a body that is a plain function, no generator and no coroutine, needs a package: greenlet is not installed: "
        "pip install greenlet\n"
    )
    assert said.stderr == ""
    assert said.stdout.startswith(f"<class 'NoneType'> True None {told}" * 2) and said.stdout.endswith(told)
    assert said.stdout.count("\n") == 3
