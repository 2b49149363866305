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
    "pyarrow": ("%gmp export --csv out", "%gmp export --csv out: pyarrow"), "cloudpickle": (RUN, "%load_ext gmplab: cloudpickle"),
}


@pytest.mark.parametrize("package", [
    "matplotlib", *(pytest.param(name, marks=pytest.mark.slow) for name in TOLD if name != "matplotlib")
])
def test_what_needs_it_is_one_line_and_all_else_goes_on(package: str, tmp_path: Path) -> None:
    line, told = TOLD[package]
    lines = [RUN, line] if line != RUN else [line]
    said = subprocess.run(
        [sys.executable, "-c", MISSING, package, str(tmp_path), *lines], capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{ROOT}/tests/jupyter", "PATH": "", "GMPLAB_PURE": "1"},
    )
    assert (said.stdout, said.stderr) == (f"UsageError: {told} is not installed: pip install {package}\n", "")
