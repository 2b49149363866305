"""The READMEs: what they show runs, and the Chinese one has the English one's commands."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def all_blocks(name: str) -> list[tuple[str, str]]:
    """The code blocks: (language, text)."""
    return FENCED.findall((ROOT / name).read_text(encoding="utf-8"))


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return [text for kind, text in all_blocks(name) if kind == language]


def code_words(name: str) -> set[str]:
    """What stands in `backquotes` outside of the blocks."""
    return set(re.findall(r"`([^`\n]+)`", FENCED.sub("", (ROOT / name).read_text(encoding="utf-8"))))


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_each_python_block_runs_after_those_before_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for block in blocks(name, "python"):
            exec(block, scope)
    assert (tmp_path / "out" / "first" / "schedule.csv").is_file()


def test_the_chinese_readme_shows_every_block_of_the_english_one_in_its_order() -> None:
    english, chinese = (all_blocks(name) for name in ("README.md", "README.zh.md"))
    rest = iter(chinese)
    assert [block for block in english if block not in rest] == []
    assert re.findall(r"^make (\w+)", blocks("README.zh.md", "")[0], re.MULTILINE) == ["demo", "test"]


def test_the_chinese_readme_names_every_command_option_and_name_of_the_english_one() -> None:
    english, chinese = (code_words(name) for name in ("README.md", "README.zh.md"))
    assert english - chinese == set()


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_each_link_leads_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_every_notebook_is_linked(name: str) -> None:
    linked = set(re.findall(r"\]\((notebooks/[^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")))
    assert linked == {str(path.relative_to(ROOT)) for path in (ROOT / "notebooks").glob("*.ipynb")}
