"""The shipped notebooks in a real JupyterLab: all cells run, and the browser's console stays clean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from rig import ROOT, Notebook

Opener = Callable[..., Notebook]


def test_the_first_notebook_runs_in_jupyterlab_without_a_console_error(notebook: Opener) -> None:
    book = notebook(ROOT / "notebooks" / "01_first_run.ipynb")
    book.run_all()
    assert book.kernel("print(run.complete)") == "True"
    assert book.find(".jp-OutputArea-output img").count() == 2
    book.screenshot("01_first_run")
    assert book.errors == []


WIDER: Final = """() => [...document.querySelectorAll(".jp-NotebookPanel:not(.lm-mod-hidden) :is(.cm-scroller, .jp-OutputArea-output)")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1)
  .map((box) => box.innerText.slice(0, 80))"""
"""What of a notebook is wider than its place, so that a reader must scroll."""


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_each_notebook_runs_in_jupyterlab_with_every_picture_in_words_and_nothing_cut_off(notebook: Opener, path: Path) -> None:
    book = notebook(path)
    book.run_all()
    pictures = book.find(".jp-OutputArea-output img")
    assert all((pictures.nth(i).get_attribute("alt") or "").endswith(".") for i in range(pictures.count()))
    assert book.page.evaluate(WIDER) == []
    book.screenshot(path.stem)
    assert book.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb"))[1:], ids=lambda path: path.name)
def test_every_notebook_runs_in_jupyterlab_without_a_console_error(notebook: Opener, path: Path) -> None:
    book = notebook(path)
    book.run_all()
    figures = sum("image/png" in output.get("data", {}) for outputs in book.outputs() for output in outputs)
    assert book.find(".jp-OutputArea-output img[alt]").count() >= figures
    book.screenshot(path.stem)
    assert book.errors == []


def test_a_failing_cell_is_told_with_its_traceback(notebook: Opener) -> None:
    book = notebook(["1 / 0"])
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        book.run_all()


def test_the_kernel_imports_the_gmplab_of_this_checkout(notebook: Opener) -> None:
    assert notebook([]).kernel("import gmplab; print(gmplab.__file__)") == str(ROOT / "gmplab" / "__init__.py")
