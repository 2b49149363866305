"""docs/explore.md: its code runs, and each of its commands prints what stands below it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gmplab.cli import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "explore.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"```console\n\$ gmplab (.*?)\n(.*?)```", PAGE, re.DOTALL)


def test_every_command_of_the_page_prints_what_stands_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lost.py").write_text(CODE[0], encoding="utf-8")
    codes = []
    for typed, told in COMMANDS:
        codes.append(main(shlex.split(typed)))
        out, err = capsys.readouterr()
        assert (out if told else "", err) == (told, ""), typed
    assert codes == [0, 1, 0]
    assert sorted(path.name for path in Path().iterdir() if path.suffix != "") == ["lost.json", "lost.py"]
    assert Path("lost/events.csv").exists()


def test_a_bound_that_is_none_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    for typed, told in (
        ("explore fanout --bound depth=x", "gmplab: depth = 'x': must be a whole number\n"),
        ("explore fanout --bound depth=0", "gmplab: Bound: depth = 0: must be an int of at least 1\n"),
        ("explore fanout --walk bfs", "gmplab: walk = 'bfs': must be one of dfs, random, pct"),
    ):
        assert main(shlex.split(typed)) == 2
        assert capsys.readouterr().err.startswith(told)


def test_a_workload_by_name_is_explored_with_its_parameters_and_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split("explore fanout --set n=2 --policy go(wake=WakeNever()) --bound schedules=50 --save x.json")) == 1
    assert main(["replay", "x.json"]) == 0
    assert "fanout" in capsys.readouterr().out
