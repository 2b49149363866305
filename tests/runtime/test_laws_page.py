"""docs/go-laws.md finds each law: what it names exists, and no golden and no law is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.runtime.go_names import CITED, known
from tests.runtime.golden_story import FOLDER

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "go-laws.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| Rule", "| Since"))
]
OLD = re.compile(r"1\.\d+")


def sentences_of(path: Path) -> list[str]:
    """The names of a file's tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def test_every_golden_stands_in_one_row_and_every_golden_of_the_page_exists() -> None:
    shown = [name for row in ROWS for name in re.findall(r"`(\w+)`", row[-1])]
    assert sorted(shown) == sorted(path.stem for path in FOLDER.iterdir())


def test_every_test_that_the_page_names_exists_and_every_law_is_on_it() -> None:
    named = set(re.findall(r"`(\w+\.py)::(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    files_named = {file for file, _ in named}
    here = {path.name: sentences_of(path) for path in (ROOT / "tests").rglob("test_*.py") if path.name in files_named}
    assert [(file, test) for file, test in sorted(named) if test not in here.get(file, [])] == []
    files = [path for path in Path(__file__).parent.glob("test_laws*.py") if path != Path(__file__)]
    files.append(ROOT / "tests" / "policies" / "test_go_versions.py")
    assert len(files) > 2
    assert {(path.name, test) for path in files for test in sentences_of(path)} <= named


def test_every_row_cites_what_go_declares() -> None:
    names = known()
    rules = [row for row in ROWS if not OLD.match(row[0])]
    assert 0 < len(rules) < len(ROWS)
    for row in rules:
        cited = CITED.findall(row[-2])
        assert cited, row
        for path, listed in cited:
            have = names[path if "/" in path else f"runtime/{path}"]
            for name in listed.split(", "):
                assert any(name in (one, one.rpartition(".")[2]) for one in have), f"{path} declares no {name}"
