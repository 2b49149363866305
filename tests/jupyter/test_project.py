"""What a project's pyproject.toml sets for `%gmp`: read when the extension is loaded, from the folder or above it."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.error import UsageError
from shells import Shell

from gmplab.jupyter.project import settings_in
from gmplab.jupyter.settings import MAX_INLINE_SPANS, settings

TABLE = "[project]\nname = 'mine'\n[tool.gmplab]\nprocs = 3\npolicy = 'go1.1'\nmax_inline_spans = 7\n"


def test_a_project_sets_what_is_not_typed_and_the_card_says_where(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(TABLE)
    (tmp_path / "notebooks").mkdir()
    shell.run("%cd -q notebooks\n%reload_ext gmplab")
    assert f"procs=3, policy=go1.1, seed=1, record=full  (%config GmpMagics; {tmp_path / 'pyproject.toml'})" in repr(shell.run("%gmp"))
    header = shell.run("%gmp run fanout --set n=5").record.header
    assert (header["procs"], header["policy"]) == (3, "go1.1") and settings.max_inline_spans == 7
    # What is typed, or configured later, holds more.
    shell.run("%config GmpMagics.procs = 5")
    assert shell.run("%gmp run fanout --set n=5 --policy go").record.header["policy"] == "go"
    assert shell.run("%gmp run fanout --set n=5").record.header["procs"] == 5
    (tmp_path / "pyproject.toml").unlink()
    shell.run("%reload_ext gmplab")
    # The shell keeps what was configured in it.
    assert "procs=5, policy=go," in repr(shell.run("%gmp")) and settings.max_inline_spans == MAX_INLINE_SPANS


@pytest.mark.parametrize(("text", "told"), [
    ("[tool.gmplab]\nprocz = 3", r"\[tool.gmplab\] has no 'procz'; did you mean 'procs'\?"),
    ("[tool.gmplab]\nprocs = 0", r"\[tool.gmplab\] procs = 0: .* should not be less than 1"),
    ("[tool.gmplab]\npolicy = 4", r"\[tool.gmplab\] policy = 4: .* expected a unicode string"),
    ("[tool]\ngmplab = 4", r"tool.gmplab = 4: must be a table, \[tool.gmplab\]"),
    ("[tool.gmplab\n", r"Expected ']'"),
])
def test_what_cannot_be_set_is_one_line_with_the_file(shell: Shell, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=rf"^%load_ext gmplab: {tmp_path}/pyproject.toml: [^\n]*{told}[^\n]*$"):
        shell.run("%reload_ext gmplab")
    (tmp_path / "pyproject.toml").unlink()
    shell.run("%load_ext gmplab\n%gmp")


def test_a_folder_that_is_gone_sets_nothing(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    shell.run("%cd -q gone")
    (tmp_path / "gone").rmdir()
    shell.run("%reload_ext gmplab")
    assert "procs=4, policy=go," in repr(shell.run("%gmp"))
    shell.run(f"%cd -q {tmp_path}")


def test_the_nearest_file_alone_counts(tmp_path: Path) -> None:
    inner = tmp_path / "inner" / "deeper"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(TABLE)
    assert settings_in(inner) == (tmp_path / "pyproject.toml", {"procs": 3, "policy": "go1.1", "max_inline_spans": 7})
    (inner.parent / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert settings_in(inner) == (None, {})
    (inner.parent / "pyproject.toml").write_text("tool = 3\n")
    assert settings_in(inner) == (None, {})
