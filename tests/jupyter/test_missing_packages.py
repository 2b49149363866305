"""A package that is not installed is one line that says which, and how to get it: in a process in which it cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rig import ROOT

import gmplab as gl

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


@pytest.mark.parametrize("on", ["sim", "threads"])
def test_without_greenlet_a_plain_function_is_told_how_to_get_it_however_strict_the_run(
    on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wg = gl.WaitGroup(1)

    def worker() -> None:
        gl.done(wg)

    def main() -> Any:
        yield gl.go(worker)
        yield gl.wait(wg)

    monkeypatch.setitem(sys.modules, "greenlet", None)
    before = gl.last
    for strict in (True, False):
        with pytest.raises(ImportError) as e:
            gl.run(main, on=on, lock_plain=True, strict=strict)
        assert str(e.value) == (
            "a body that is a plain function, no generator and no coroutine, needs a package: greenlet is not installed: "
            "pip install greenlet"
        )
        assert e.value.__cause__ is None and e.value.__suppress_context__
    assert gl.last is before
    with pytest.raises(ImportError, match="pip install greenlet"):
        gl.explore(main)
