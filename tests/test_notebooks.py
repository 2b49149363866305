"""The notebooks: valid, kept without outputs; each runs in a kernel from top to bottom and makes a whole page."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[Any]:
    """The cells of a kind."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def words(page: str) -> str:
    """What a page says, whatever its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_there_is_a_notebook_for_make_lab() -> None:
    assert [path.name for path in NOTEBOOKS][0] == "01_first_run.ipynb"


def test_the_first_goes_from_load_ext_to_a_csv_in_five_cells() -> None:
    code = ["".join(cell["source"]) for cell in cells(NOTEBOOKS[0], "code")]
    assert code[0] == "%load_ext gmplab" and ["to_csv" in text for text in code[:5]] == [False, False, False, False, True]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_valid_and_kept_without_outputs(path: Path) -> None:
    book = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(book)
    assert (book.nbformat, book.nbformat_minor) == (4, 5)
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells(path, "code")] == [([], None)] * len(cells(path, "code"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_line_of_a_notebooks_code_is_cut_off_at_a_window_of_1280(path: Path) -> None:
    lines = [line.rstrip("\n") for cell in cells(path, "code") for line in cell["source"]]
    assert [line for line in lines if len(line) > 120] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_holds_its_own_claims(path: Path) -> None:
    assert any(line.lstrip().startswith("assert ") for cell in cells(path, "code") for line in cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_in_a_kernel_leaves_nothing_behind_and_exports_with_every_figure(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    book = nbformat.read(path, as_version=4)
    # A cell that raises, an assert too, raises here, with the cell.
    NotebookClient(
        book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}, store_widget_state=False
    ).execute()
    assert list(tmp_path.iterdir()) == []
    html, _ = HTMLExporter(embed_images=True).from_notebook_node(book)
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    figures = sum("image/png" in output.get("data", {}) for output in outputs)
    images = re.findall(r'<img[^>]* src="([^"]*)"', html)
    assert len([image for image in images if image.startswith("data:image/png;base64,")]) >= figures
    assert [image for image in images if not image.startswith("data:")] == []
    widgets = sum("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs)
    twins = [text for output in outputs if "gmplab-twin" in (text := output.get("data", {}).get("text/html", ""))]
    assert len(twins) == widgets and all(words(twin) in words(html) for twin in twins)
