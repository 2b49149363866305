"""The site of `make docs`: every page is reached, its code runs, every limit and every public name is on it, and it loads nothing."""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from numpydoc.validate import validate

import gmplab
import gmplab.analysis.theory
import gmplab.analysis.truth
import gmplab.plots
import gmplab.policies
import gmplab.workloads

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
REFERENCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "reference").glob("*.md")))
WITH_CODE = ("tutorial.md", "howto/workload.md", "howto/metric.md", "howto/export.md")


@pytest.fixture(scope="module")
def limits() -> ModuleType:
    """docs/limits.py, which lies in no package."""
    sys.path.insert(0, str(DOCS))
    try:
        return importlib.import_module("limits")
    finally:
        sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def told(limits: ModuleType) -> list[Any]:
    """Every limit that the directive finds."""
    found: list[Any] = limits.all_limits()
    return found


# The pages


def test_the_index_reaches_every_page() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    reached: set[Path] = set()
    for tree in re.findall(r"^:::\{toctree\}\n(.*?)^:::$", index, re.DOTALL | re.MULTILINE):
        for line in re.findall(r"^(?!:)(.+)$", tree, re.MULTILINE):
            name = line.partition("<")[2].rstrip(">") or line
            reached |= {path.resolve() for ending in (".md", ".ipynb") for path in DOCS.glob(name + ending)}
    pages = {*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")} - {DOCS / "index.md"}
    assert {str(path.relative_to(ROOT)) for path in pages - reached} == set()


def test_the_index_tells_the_question_of_every_notebook() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        title = re.search(r'"# ([^\n]*?)(?:\\n)?",?\n', path.read_text(encoding="utf-8"))
        assert title is not None and f"- [{title[1]}](../notebooks/{path.name})" in index, path.name


@pytest.mark.parametrize("page", [path.relative_to(ROOT) for path in sorted(DOCS.rglob("*.md"))], ids=str)
def test_each_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (ROOT / page.parent / link).exists(), link


@pytest.mark.parametrize("page", WITH_CODE)
def test_the_code_of_a_page_runs_and_holds_what_the_page_says(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(importlib.import_module("gmplab.experiment"), "last", None)
    text = (DOCS / page).read_text(encoding="utf-8")
    cells = re.findall(r"^```(?:\{code-cell\} ipython3|python)\n((?::[^\n]*\n)*)(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert cells
    scope: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for options, code in cells:
            if "raises-exception" in options:
                with pytest.raises(TypeError):
                    exec(code, scope)
            else:
                exec(code, scope)


# The limits


def test_every_limit_that_the_sources_tell_is_found(told: list[Any]) -> None:
    all_words = " ".join(f"{limit.kind}: {limit.text}" for limit in told)
    marks = 0
    for path in sorted((ROOT / "gmplab").rglob("*.py")):
        # As text, and not as the directive reads them: strings that stand in a row are joined, and lines too.
        source = re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8"))
        for kind, words in re.findall(r"(Differs(?: from [^:\n]+)?|Not\s+modelled):\s+((?:\S+\s+){3})", source):
            marks += 1
            first = " ".join(f"{kind}: {words}".split()).partition('"')[0]
            assert first in all_words, f"{path}: {first}"
    assert marks == len(told) > 100


def test_the_page_of_limits_has_every_module_that_tells_one(told: list[Any]) -> None:
    shown = re.findall(r"^```\{limits\} (\S+)$", (DOCS / "limits.md").read_text(encoding="utf-8"), re.MULTILINE)
    for limit in told:
        assert sum(f"{limit.module}.".startswith(f"{part}.") for part in shown) == 1, limit


def test_a_limit_ends_at_the_next_mark_the_next_paragraph_and_the_next_parameter(limits: ModuleType) -> None:
    text = """It waits. Differs: Go
    does not. Not modelled: `x`; y. Go: proc.go: park.

    Another paragraph.

    n : int
        How many. Differs from Go's: all.
    m : int
        Another.
    """
    assert list(limits.split("Differs:\n\n- one\n  line;\n- two.\n\nMore.")) == [("Differs", "- one line; - two.")]
    assert list(limits.split(text)) == [("Differs", "Go does not."), ("Not modelled", "`x`; y."), ("Differs from Go's", "all.")]


def test_a_limit_is_its_functions_its_attributes_or_its_presets(told: list[Any]) -> None:
    owners = {(limit.module, limit.owner) for limit in told}
    assert {
        ("gmplab.runtime.proc", "stealwork"), ("gmplab.runtime.cpus", ""), ("gmplab.policies.other_runtimes", "tokio"),
        ("gmplab.policies.place", "PushSurplus"),
    } <= owners


# The reference


def documented() -> dict[str, set[str]]:
    """The modules of the reference, and the names that are asked of each; none: all."""
    found = re.findall(r"^\.\. automodule:: (\S+)\n(?:   :members:(.*)\n)?", REFERENCE, re.MULTILINE)
    assert len({module for module, _ in found}) == len(found), "a module is there twice"
    return {module: {name.strip() for name in names.split(",")} - {""} for module, names in found}


@pytest.mark.parametrize(
    "package", [gmplab, gmplab.policies, gmplab.workloads, gmplab.plots, gmplab.analysis.theory, gmplab.analysis.truth],
    ids=lambda package: package.__name__,
)
def test_the_reference_has_every_public_name(package: ModuleType) -> None:
    modules = documented()
    # A module that says what it offers shows all of it, wherever it was made.
    whole = [module for module, asked in modules.items() if not asked]
    offered = {name: module for module in whole for name in getattr(importlib.import_module(module), "__all__", ())}
    for name in package.__all__:
        thing = getattr(package, name)
        home = offered.get(name, getattr(thing, "__module__", package.__name__))
        if callable(thing) and home.startswith("gmplab"):
            assert home in modules, f"{name}: {home} is on no page"
            assert not modules[home] or name in modules[home], f"{name} is not asked of {home}"
            assert thing.__doc__, f"{name} has no docstring"


LACKS = {
    "PR01": "a parameter that is not told", "PR02": "one that is not there", "PR03": "another order", "PR07": "one without words",
    "PR10": "one without a space before its colon", "SS01": "no summary", "SS03": "a summary without its full stop",
}
"""Of numpydoc's checks those that a reader would miss; PR01 of functions, since a component's fields are told by its base class."""


@pytest.mark.parametrize(
    "package", [gmplab, gmplab.policies, gmplab.workloads, gmplab.plots, gmplab.analysis.theory], ids=lambda package: package.__name__,
)
def test_numpydoc_finds_nothing_lacking_in_the_docstrings_of_public_names(package: ModuleType) -> None:
    things = [getattr(package, name) for name in package.__all__]
    lacking = []
    for thing in things:
        if callable(thing) and thing.__module__.startswith("gmplab"):
            errors = validate(f"{thing.__module__}.{thing.__qualname__}")["errors"]
            asked = set(LACKS) - ({"PR01"} if isinstance(thing, type) else set())
            lacking += [f"{thing.__qualname__}: {code}: {words}" for code, words in errors if code in asked]
    assert lacking == []


def test_every_module_with_a_limit_is_in_the_reference_or_on_the_page_of_presets(told: list[Any]) -> None:
    presets = {"gmplab.policies.go_versions", "gmplab.policies.other_runtimes", "gmplab.policies.textbook"}
    assert {limit.module for limit in told} - presets - set(documented()) == set()


# The whole


@pytest.mark.slow
def test_it_builds_without_a_warning_holds_every_limit_and_loads_nothing_from_elsewhere(told: list[Any], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-c", "docs", "-b", "html", "-E", "-W", "--keep-going", "-q", ".", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")}
    assert {tmp_path / "index.html", tmp_path / "docs" / "index.html", tmp_path / "notebooks" / "14_tracker_questions.html"} <= set(pages)
    for path, page in pages.items():
        assert re.findall(r'<(?:script|img|iframe|source)[^>]*\ssrc="(?:https?:)?//[^"]*"', page) == [], path
        assert re.findall(r'<link[^>]*\shref="(?:https?:)?//[^"]*"', page) == [], path
    for path in (*tmp_path.rglob("*.css"), *tmp_path.rglob("*.js")):
        assert re.findall(r"(?:@import|url\()\s*[\"']?https?://[^)\"' ]*", path.read_text(encoding="utf-8")) == [], path
    page = " ".join(unescape(re.sub(r"<[^>]+>", "", pages[tmp_path / "docs" / "limits.html"])).split())
    for limit in told:
        words = re.sub("(^| )- ", " ", limit.text.replace("`", ""))
        assert " ".join(f"{limit.kind}: {words}".split()) in page, limit
