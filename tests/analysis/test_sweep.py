"""Sweeps: every point once, the same numbers whoever runs it, and nothing finished is done again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gmplab as gl
from gmplab.analysis import sweep as module
from gmplab.analysis.fingerprint import fingerprint
from gmplab.analysis.sweep import sweep

VARY: dict[str, Any] = {"procs": [1, 2], "policy": ["go", "go1.1"]}


def small(**options: Any) -> Any:
    return sweep(VARY, "fanout", seeds=[3, 4], n=10, **options)


def test_every_combination_is_a_point_with_each_seed() -> None:
    made = small()
    assert [tuple(row) for row in made.frame[["procs", "policy", "seed"]].itertuples(index=False)] == [
        (1, "go", 3), (1, "go", 4), (1, "go1.1", 3), (1, "go1.1", 4), (2, "go", 3), (2, "go", 4), (2, "go1.1", 3), (2, "go1.1", 4),
    ]
    assert set(made.frame["stopped_by"]) == {""} and made.workload == "fanout" and made.seeds == [3, 4]
    alone = gl.run("fanout", n=10, procs=2, policy="go1.1", seed=4, record="off").metrics
    row = made.frame.iloc[-1]
    del alone["gini"]  # of level "schedule"
    assert {name: row[name] for name in alone} == pytest.approx(alone, nan_ok=True, rel=0, abs=0)


def test_components_costs_bounds_and_parameters_can_be_varied() -> None:
    made = sweep(
        {"steal": [gl.StealHalf(), gl.StealOne()], "costs": [gl.Costs.zero(), gl.Costs.linux_vm()], "n": [2, 3], "until": ["1us", "1s"]},
        "fanout", seeds=[1], policy="go1.14",
    )
    assert made.varied == {
        "steal": ["StealHalf()", "StealOne()"], "costs": ["zero", "linux_vm"], "n": [2, 3], "until": ["1us", "1s"],
    }
    assert set(made.frame[made.frame["until"] == "1us"]["stopped_by"]) == {"until"}
    opened = made.open(steal="StealOne()", costs="zero", n=3, until="1s")
    assert "StealOne" in opened.record.header["policy_repr"] and opened.complete and len(opened.goroutines) == 4


def test_the_number_of_workers_changes_no_number_and_what_is_defined_here_goes_along() -> None:
    class StealTwo(gl.StealHalf):
        def amount(self, state: Any, view: Any, thief: int, victim: int, queued: int) -> int:
            return min(2, queued)

    def main(n: int = 3) -> Any:
        for _ in range(n):
            yield gl.go(worker)
        yield gl.sleep(us=100)

    def worker() -> Any:
        yield gl.compute(us=5)

    vary = {"policy": [gl.policy_of("go").replace(name="two", steal=StealTwo()), "go"], "n": [5, 20]}
    pd.testing.assert_frame_equal(sweep(vary, main, seeds=[1, 2]).frame, sweep(vary, main, seeds=[1, 2], workers=2).frame)


def test_a_finished_point_is_a_whole_file_and_is_not_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = small(folder=tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert len(files) == 4 and files[0].startswith("procs=1-policy=go-")
    (tmp_path / files[0]).unlink()
    (tmp_path / files[1]).write_text('{"rows": [', encoding="utf-8")
    ran: list[Any] = []
    run_point = module.run_point

    def counted(task: Any) -> Any:
        ran.append(module.labels_of({"procs": task[1]["procs"], "policy": task[1]["policy"]}))
        return run_point(task)

    monkeypatch.setattr(module, "run_point", counted)
    pd.testing.assert_frame_equal(small(folder=tmp_path).frame, first.frame)
    assert ran == [{"procs": 1, "policy": "go"}, {"procs": 1, "policy": "go1.1"}], "the missing one and the damaged one"
    small(folder=tmp_path)
    assert len(ran) == 2


def test_an_interrupted_sweep_keeps_what_is_finished_and_goes_on_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_point = module.run_point
    left = [2]

    def interrupted(task: Any) -> Any:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return run_point(task)

    monkeypatch.setattr(module, "run_point", interrupted)
    with pytest.raises(KeyboardInterrupt) as e:
        small(folder=tmp_path)
    assert len(e.value.sweep.points) == 2 and len(e.value.sweep.frame) == 4  # type: ignore[attr-defined]
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.setattr(module, "run_point", run_point)
    pd.testing.assert_frame_equal(small(folder=tmp_path).frame, small().frame)


def test_other_code_other_values_and_another_model_are_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def once() -> Any:
        yield gl.compute(us=5)

    def twice() -> Any:
        yield gl.compute(us=5)
        yield gl.compute(us=5)

    for n, (body, options) in enumerate([(once, {}), (twice, {}), (once, {"until": "1s"}), (once, {"costs": gl.Costs.zero()})], 1):
        sweep({"procs": [1]}, body, seeds=[1], folder=tmp_path, **options)
        assert len(list(tmp_path.iterdir())) == n
    sweep({"procs": [1]}, once, seeds=[1, 2], folder=tmp_path)
    monkeypatch.setattr(module, "MODEL", -1)
    sweep({"procs": [1]}, once, seeds=[1], folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 6


FINGERPRINT = """
from gmplab.analysis.fingerprint import fingerprint
import gmplab as gl
exec(compile('''{space}
class StealTwo(gl.StealHalf):
    def amount(self, state, view, thief, victim, queued):
        return min(2, queued)
def main(n=3):
    def inner():
        yield gl.compute(us=5)
    yield gl.go(inner)
''', {file!r}, "exec"))
print(fingerprint((main, gl.policy_of("go").replace(steal=StealTwo()))))
"""


def test_a_fingerprint_is_the_same_in_another_process_and_wherever_the_code_stands() -> None:
    texts = [FINGERPRINT.format(space=s, file=f) for s, f in (("", "one"), ("\n\n\n", "two"))]
    found = {subprocess.run([sys.executable, "-c", t], check=True, capture_output=True, text=True).stdout for t in texts}
    assert len(found) == 1
    assert fingerprint((1, "a")) != fingerprint((1, "b"))


def test_a_run_that_fails_is_counted_as_it_is() -> None:
    def stuck() -> Any:
        yield gl.recv(gl.Chan())

    made = sweep({"procs": [1, 2]}, stuck, seeds=[1])
    assert list(made.frame["stopped_by"]) == ["deadlock", "deadlock"]


def test_the_table_has_means_with_intervals_and_the_repr_the_points() -> None:
    table = small().table(["wait_mean_ns"])
    assert list(table.columns) == ["procs", "policy", "metric", "runs", "mean", "low", "high", "unit"] and len(table) == 4
    assert (table["low"] <= table["mean"]).all() and (table["mean"] <= table["high"]).all()
    lines = repr(small()).split("\n")
    assert lines[0] == "fanout: 4 points (procs, policy), seeds 3, 4; means"
    assert lines[2].split() == ["procs", "policy", "end", "us", "wait_p99", "us", "utilisation"] and len(lines) == 7


def test_what_a_sweep_does_not_record_is_no_column_and_is_told() -> None:
    made = sweep({"procs": [1, 2]}, "fanout", seeds=[0], n=10)
    assert "jain" in made.frame and "gini" not in made.frame
    with pytest.raises(ValueError, match="metric 'gini': is known from record level 'schedule' on.*see compare"):
        made.plot("gini")


def test_what_cannot_be_is_told() -> None:
    for vary, options, error, told in (
        ({}, {}, ValueError, "vary: nothing is given"),
        ({"procs": []}, {}, ValueError, "procs: no value is given"),
        ({"procs": [1, 1]}, {}, ValueError, "procs: two values are called 1"),
        ({"procs": [1]}, {"procs": 2}, ValueError, "procs: is varied, and given as 2 as well"),
        ({"seed": [1]}, {}, ValueError, "seed: cannot be varied; see `seeds`"),
        ({"policy": ["goo"]}, {}, ValueError, "no such preset; did you mean 'go'"),
        ({"steal": ["StealOne"]}, {}, TypeError, "steal: 'StealOne': must be a Steal component"),
        ({"procs": [1]}, {"seeds": []}, ValueError, "seeds: none given"),
        ({"procs": [1]}, {"workers": 0}, ValueError, "workers = 0: must be an int of at least 1 process"),
        ({"procs": [0]}, {}, ValueError, "procs = 0: must be an int of 1 to 65534"),
        ({"m": [1]}, {}, TypeError, "no parameter 'm'"),
    ):
        with pytest.raises(error, match=told):
            sweep(vary, "fanout", **{"seeds": [1], **options})
    made = small()
    for at, told in (({"procs": 1}, "give procs, policy"), ({"procs": 3, "policy": "go"}, "procs = 3: was not swept; one of 1, 2")):
        with pytest.raises(ValueError, match=told):
            made.open(**at)
    with pytest.raises(ValueError, match="seed = 9: was not swept; one of 3, 4"):
        made.open(seed=9, procs=1, policy="go")


def test_a_point_file_holds_null_for_what_a_run_does_not_know(tmp_path: Path) -> None:
    sweep({"procs": [1]}, "fanout", seeds=[1], folder=tmp_path, n=0 + 1)
    (file,) = tmp_path.iterdir()
    assert "NaN" not in file.read_text(encoding="utf-8") and json.loads(file.read_text(encoding="utf-8"))["rows"][0]["seed"] == 1
