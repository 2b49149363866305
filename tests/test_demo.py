"""The main job at a small size: it counts right, writes everything, and says where."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import gmplab as gl
from gmplab import demo
from gmplab.demo import ROAD, Part, check, counted, replaced, sources


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose words are known."""
    path = tmp_path_factory.mktemp("text") / "text.py"
    path.write_text("to be or not to be\nthat is the question\n" * 3, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(text: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Part]]:
    """The folder that a small demo leaves, and what it returned."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    return folder, demo.demo(folder, [text, *sources()[:2]], [1, 2])


def test_every_scheduler_counts_what_counter_counts(text: Path) -> None:
    assert counted([text]) == Counter({"to": 6, "be": 6, "or": 3, "not": 3, "that": 3, "is": 3, "the": 3, "question": 3})
    for policy in ROAD:
        check({policy: gl.run("wordcount", files=str(text), policy=policy)}, counted([text]))


def test_a_lost_word_is_told_with_the_scheduler_that_lost_it(text: Path) -> None:
    run = gl.run("wordcount", files=str(text))
    with pytest.raises(RuntimeError, match="wordcount under go: 'more' came to 0: collections.Counter has 1"):
        check({"go": run}, counted([text]) + Counter(["more"]))


def test_both_jobs_leave_their_tables_and_pictures(made: tuple[Path, list[Part]]) -> None:
    folder, parts = made
    labels = {"wordcount": ["threadpool", "segmented", "go"], "syscall_storm": ["RetakeBySysmon", "HandoffAtOnce"]}
    assert {part.name: list(part.runs) for part in parts} == labels
    assert sorted(path.name for path in folder.iterdir()) == sorted(labels)
    for part in parts:
        here = folder / part.name
        pictures = ["latency.png", *(f"{name}-{label}.png" for name in demo.PICTURES for label in part.runs)]
        tables = ["README.txt", "differences.csv", "means.csv", "values.csv"]
        assert sorted(path.name for path in here.iterdir()) == sorted([*pictures, *tables, *part.runs])
        assert all((here / name).read_bytes()[:4] == b"\x89PNG" for name in pictures)
        assert {label: gl.read_csv(here / label).digest for label in part.runs} == {
            label: run.digest for label, run in part.runs.items()
        }


def test_the_tables_are_those_of_the_comparison(made: tuple[Path, list[Part]]) -> None:
    folder, parts = made
    for part in parts:
        pd.testing.assert_frame_equal(pd.read_csv(folder / part.name / "values.csv"), part.comparison.frame)
        pd.testing.assert_frame_equal(pd.read_csv(folder / part.name / "means.csv"), part.comparison.table)
        assert repr(part.comparison) in (folder / part.name / "README.txt").read_text(encoding="utf-8")


def test_the_next_demo_takes_the_place_of_this_one_and_of_nothing_else(tmp_path: Path) -> None:
    for content in ("one", "two"):
        with replaced(tmp_path / "part") as making:
            (making / demo.README).write_text(f"{demo.TITLE} {content}", encoding="utf-8")
    assert (tmp_path / "part" / demo.README).read_text(encoding="utf-8").endswith("two")
    assert [path.name for path in tmp_path.iterdir()] == ["part"]
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="exists and was not made by the demo"), replaced(tmp_path / "mine"):
        pass
    with pytest.raises(KeyError), replaced(tmp_path / "part"):
        raise KeyError("on the way")
    assert (tmp_path / "part" / demo.README).read_text(encoding="utf-8").endswith("two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "part"]


@pytest.mark.parametrize("words", [["--help"], ["-x"], ["one", "two"]])
def test_an_option_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo.main(words) == 2
    assert capsys.readouterr().err == "usage: python -m gmplab.demo [FOLDER]\n"
    assert list(tmp_path.iterdir()) == []


def test_it_prints_what_was_counted_compared_and_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], made: tuple[Path, list[Part]]
) -> None:
    folder, parts = made
    monkeypatch.setattr(demo, "demo", lambda *args: parts)
    assert demo.main([str(folder)]) == 0
    out = capsys.readouterr().out
    for part in parts:
        assert repr(part.comparison) in out
        assert f"{folder / part.name}/ has\n" in out
    assert f"{parts[0].runs['go'].result.total():,} words" in out
