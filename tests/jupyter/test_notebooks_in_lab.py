"""The shipped notebooks in a real JupyterLab: all cells run, and the browser's console stays clean."""

from __future__ import annotations

from collections.abc import Callable

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


def test_a_failing_cell_is_told_with_its_traceback(notebook: Opener) -> None:
    book = notebook(["1 / 0"])
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        book.run_all()


def test_the_kernel_imports_the_gmplab_of_this_checkout(notebook: Opener) -> None:
    assert notebook([]).kernel("import gmplab; print(gmplab.__file__)") == str(ROOT / "gmplab" / "__init__.py")
