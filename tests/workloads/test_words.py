"""Words are counted as Python counts them, whatever the blocks cut through."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmplab as gl
from gmplab.workloads.words import Words
from tests.programs import free


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, one of them in a folder, one empty."""
    (tmp_path / "a.txt").write_text("to be or not to be\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.md").write_text("naïve Überraschung, to_be\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("")
    return tmp_path


EXPECTED = Counter({"to": 2, "be": 2, "or": 1, "not": 1, "naïve": 1, "Überraschung": 1, "to_be": 1})


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
@pytest.mark.parametrize("block_bytes", [1, 7, 65_536])
def test_the_words_of_a_folder(folder: Path, policy: str, block_bytes: int) -> None:
    run = gl.run("wordcount", files=folder, policy=policy, block_bytes=block_bytes)
    assert run.result == EXPECTED
    assert run.metrics["syscalls"] == -(-19 // block_bytes) + -(-28 // block_bytes)


def test_files_folders_patterns_and_several_of_them(folder: Path) -> None:
    assert gl.run("wordcount", files=str(folder / "**" / "*")).result == EXPECTED
    assert gl.run("wordcount", files=folder / "a.txt").result == Counter("to be or not to be".split())
    assert gl.run("wordcount", files=[folder / "deep", str(folder / "*.txt")]).result == EXPECTED
    assert gl.run("wordcount", files=[folder / "c.txt"]).result == Counter()


def test_time_is_that_of_the_reads_the_bytes_and_the_merge(folder: Path) -> None:
    run = free("wordcount", procs=1, files=folder / "a.txt", block_bytes=10, read="100us", scan="1us", merge="50us")
    assert run.record.end_ns == 2 * 100_000 + 19 * 1_000 + 4 * 50_000


def test_pythons_own_sources_are_counted_right() -> None:
    sources = sorted(Path(os.__file__).parent.glob("json/*.py"))
    expected = Counter(word for path in sources for word in re.findall(r"\w+", path.read_text(encoding="utf-8")))
    assert gl.run("wordcount", files=sources, record="off", block_bytes=4096).result == expected


@settings(max_examples=60, deadline=None)
@given(text=st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode)), block_bytes=st.integers(1, 9))
def test_blocks_may_end_amid_a_word_or_a_character(text: bytes, block_bytes: int) -> None:
    words, found = Words(), []
    for offset in range(0, len(text), block_bytes):
        found += words.feed(text[offset : offset + block_bytes])
    found += words.feed(b"", final=True)
    assert found == re.findall(r"\w+", text.decode("utf-8", "replace"))


def test_a_wrong_count_fails_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmplab.workloads.words.block_at", lambda path, offset, n: b"to be")
    with pytest.raises(gl.GoPanic, match="RuntimeError: wordcount: 'be' came to 1: must be 2; 4 words are wrong"):
        gl.run("wordcount", files=folder / "a.txt")


def test_what_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"wordcount: files: '.*/z\*.txt': no file there"):
        gl.run("wordcount", files=[folder / "a.txt", str(folder / "z*.txt")])
    with pytest.raises(ValueError, match="wordcount: files = 0: must be at least 1 file$"):
        gl.run("wordcount", files=[])
    with pytest.raises(ValueError, match="wordcount: block_bytes = 0: must be at least 1 byte$"):
        gl.run("wordcount", files=folder, block_bytes=0)
    with pytest.raises(TypeError, match="wordcount: the parameter 'files' must be given"):
        gl.run("wordcount")


def test_the_command_lines_files_are_split_at_commas(folder: Path) -> None:
    given = gl.workloads.parse_parameters(gl.workloads.wordcount, {"files": f"{folder / 'a.txt'},{folder / 'deep'}"})
    assert gl.run("wordcount", **given).result == EXPECTED
