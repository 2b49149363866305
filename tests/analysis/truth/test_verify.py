"""The catalogue is run: small in `make test`, at its full size in `make test-all`.

Error probability: 1 % that any row of the catalogue fails by chance in a draw of the seeds (see `truth.verdicts`). The
seeds follow from the rows' names, so that a test that passes passes again.
"""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab import experiment
from gmplab.analysis.truth import CATALOGUE, Experiment, Row, Verification, verify
from gmplab.analysis.truth.entries import EXACT
from gmplab.analysis.truth.verdicts import judge
from gmplab.analysis.truth.verify import run_task
from gmplab.build import is_compiled

FEW = ["8 goroutines, 1 Ps, 1 on the CPU, 10 away, P kept", "Graham's nine tasks on 3 Ps"]
"""One that is random and one that is not, both small."""


@pytest.mark.skipif(not is_compiled(), reason="minutes where the core is uncompiled, which other tests hold to the same bytes")
@pytest.mark.parametrize("scale", [0.02, pytest.param(1.0, marks=pytest.mark.slow)])
def test_every_row_of_the_catalogue_holds(scale: float) -> None:
    found = verify(scale=scale)
    assert [v.row.name for v in found.failed] == []
    assert len(found.verdicts) == len(CATALOGUE)
    if scale == 1.0:
        # Who is known to fail and does not is no exception any more.
        assert {v.row.name for v in found.known} == {row.name for row in CATALOGUE if row.known}


def test_the_results_do_not_depend_on_how_many_processes_there_are_nor_on_what_else_is_run() -> None:
    alone = verify(FEW, scale=0.01)
    assert verify(FEW, scale=0.01, workers=2).frame.equals(alone.frame)
    first = verify(FEW[:1], scale=0.01).frame
    assert first.equals(alone.frame[: len(first)])


def test_another_draw_is_another_sample() -> None:
    a, b = (verify(FEW[:1], scale=0.01, draw=draw) for draw in (0, 1))
    assert list(a.frame["expected"]) == list(b.frame["expected"])
    assert not set(a.frame["measured"]) & set(b.frame["measured"])


def test_the_newest_run_is_still_the_users_own() -> None:
    mine = gl.run("fanout", n=2)
    run_task((FEW[0], 0, 0.01, 0))
    assert experiment.last is mine


@pytest.mark.parametrize(
    ("kw", "told"),
    [
        ({"scale": 0.001}, "scale = 0.001: must be 0.01 to 100"), ({"scale": 101}, "scale = 101: must be 0.01 to 100"),
        ({"workers": 0}, "workers = 0: must be at least 1 process"), ({"draw": -1}, "draw = -1: must be at least 0"),
    ],
)
def test_numbers_out_of_bounds_are_told(kw: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        verify(FEW, **kw)


def test_a_smaller_scale_means_fewer_runs_first_and_shorter_ones_then() -> None:
    made = Experiment("x", lambda n: gl.Plan(None), gl.policy_of("go"), lambda run, early: {}, size=1_000, runs=32)
    assert [made.at_scale(scale) for scale in (100, 1, 0.5, 0.25, 0.02)] == [(3200, 1000), (32, 1000), (16, 1000), (8, 1000), (8, 80)]
    alone = Experiment("y", lambda n: gl.Plan(None), gl.policy_of("go"), lambda run, early: {}, size=1_000, runs=1)
    assert alone.at_scale(100) == alone.at_scale(0.02) == (1, 1_000)


def test_the_table_tells_what_was_run_and_how_each_row_came_out() -> None:
    lines = repr(verify(FEW, scale=0.01)).splitlines()
    assert lines[0].startswith(f"2 of {len(CATALOGUE)} rows at scale 0.01: 2 hold, 0 fail; with all references right any of the ")
    assert lines[2].split() == ["row", "expected", "measured", "interval", "off", "by", "verdict"]
    assert lines[3].startswith(FEW[0]) and lines[3].endswith("s.e.  holds")
    assert lines[4].split() == [*FEW[1].split()[:-1], "Ps:", "makespan", "12", "12", "holds"]


def test_who_is_known_to_fail_is_shown_as_failing_with_the_reason_and_is_no_failure() -> None:
    made = Experiment("x", lambda n: gl.Plan(None), gl.policy_of("go"), lambda run, early: {}, size=1_000, runs=1)
    rows = [Row("section", made, name, "claim", 3.0, "source", EXACT, known=why) for name, why in (("a", "they count others"), ("b", ""))]
    found = Verification(tuple(judge(row, [4.0], 1, 10) for row in rows), 1.0, 0)
    assert ([v.row.name for v in found.known], [v.row.name for v in found.failed]) == (["x: a"], ["x: b"])
    lines = repr(found).splitlines()
    assert ": 0 hold, 1 fail for a known reason, 1 fail; " in lines[0]
    assert [line.split("  ")[-1] for line in lines[3:5]] == ["known to fail", "FAILS"]
    assert lines[-1] == "x: a: they count others"
    assert list(found.frame["verdict"]) == ["known to fail", "FAILS"]
