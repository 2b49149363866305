"""What these tests share: a shell in this process; one JupyterLab for all, one Chromium a module.

    def test_a_button_does_what_it_says(notebook):
        book = notebook(["import ipywidgets; ipywidgets.Button(description='x')"])
        book.run_all()
        book.find("button:has-text('x')").click()
        assert book.kernel("print(1 + 1)") == "2"
        assert book.errors == []

Without Chromium these tests are skipped, and say how to get it; GMPLAB_REQUIRE_BROWSER=1 (CI) makes that a failure.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from playwright.sync_api import BrowserContext, Page, sync_playwright
from rig import FLAGS, GET_CHROMIUM, Lab, Notebook, Stand, chromium_path
from shells import Shell

from gmplab import experiment, names


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """A window of headless Chromium: `browser.new_page()`.

    One a module and not a session: while Playwright is up an event loop runs in this thread, and tests elsewhere that
    start their own would fail.
    """
    path = chromium_path()
    if path is None:
        why = f"there is no Chromium: {GET_CHROMIUM}"
        if os.environ.get("GMPLAB_REQUIRE_BROWSER") == "1":
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield chromium.new_context()
        chromium.close()


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, started when the first test asks for it."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.wait()
        yield lab
    finally:
        lab.stop()


@pytest.fixture(scope="module")
def lab_page(browser: BrowserContext, lab_server: Lab) -> Page:
    """JupyterLab, loaded."""
    return lab_server.load(browser.new_page())


@pytest.fixture
def notebook(lab_page: Page, lab_server: Lab) -> Iterator[Callable[..., Notebook]]:
    """Opens notebooks, `notebook(cells or path, size=(1280, 800), dark=False)`, and closes them after the test."""
    opened: list[Notebook] = []

    def open_one(cells: Any, **options: Any) -> Notebook:
        opened.append(Notebook(lab_server, lab_page, cells, **options))
        return opened[-1]

    yield open_one
    for book in reversed(opened):
        book.close()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """An IPython shell in this process, gone after the test with all that was registered in it."""
    monkeypatch.setattr(names, "_registered", {})
    monkeypatch.setattr(experiment, "last", None)
    monkeypatch.chdir(tmp_path)
    yield Shell(str(tmp_path / "ipython"))
    InteractiveShell.clear_instance()


@pytest.fixture
def stand(browser: BrowserContext) -> Iterator[Callable[..., Stand]]:
    """Shows widgets on pages of their own, without Jupyter: `stand(run.view.timeline(), size=(1280, 800))`."""
    pages: list[Page] = []

    def show(widget: Any, **options: Any) -> Stand:
        pages.append(browser.new_page())
        return Stand(pages[-1], widget, **options)

    yield show
    for page in pages:
        page.close()
