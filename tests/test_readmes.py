"""The READMEs: what they show runs, and the Chinese one has the English one's commands."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a language."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [text for kind, text in fenced if kind == language]


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_each_python_block_runs_after_those_before_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for block in blocks(name, "python"):
            exec(block, scope)
    assert (tmp_path / "out" / "first" / "schedule.csv").is_file()


def test_both_name_the_same_two_commands_and_the_same_first_cells() -> None:
    for language, shared in (("", 2), ("python", 1)):
        english, chinese = blocks("README.md", language), blocks("README.zh.md", language)
        assert len(set(english) & set(chinese)) >= shared, language
    targets = re.compile(r"^make (\w+)", re.MULTILINE)
    assert targets.findall(blocks("README.zh.md", "")[0]) == targets.findall(blocks("README.md", "")[0]) == ["demo", "test"]


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_each_link_leads_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_every_notebook_is_linked(name: str) -> None:
    linked = set(re.findall(r"\]\((notebooks/[^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")))
    assert linked == {str(path.relative_to(ROOT)) for path in (ROOT / "notebooks").glob("*.ipynb")}
