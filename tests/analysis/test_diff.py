"""The first difference of two runs."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl


def jobs() -> Any:
    def worker() -> Any:
        yield gl.compute(gl.Exponential(20_000))

    for _ in range(10):
        yield gl.go(worker)
    yield gl.sleep(ms=1)


def test_two_runs_of_the_same_inputs_have_no_difference() -> None:
    a, b = gl.run(jobs), gl.run(jobs)
    d = gl.diff(a, b)
    assert not d
    assert (d.config, d.ends, d.table) == ({}, {}, "")
    assert repr(d) == (
        f"The runs decided the same: {len(a.events)} rows of events, {len(a.schedule)} rows of schedule, "
        f"{len(a.goroutines)} rows of goroutines."
    )


def test_another_seed_is_told_with_the_first_row_that_it_changed() -> None:
    a, b = gl.run(jobs, seed=1), gl.run(jobs, seed=2)
    d = gl.diff(a, b)
    assert d
    assert d.config == {"seed": (1, 2)}
    rows = [[str(row) for row in x.events.itertuples(index=False)] for x in (a, b)]
    first = next(i for i, (mine, its) in enumerate(zip(*rows, strict=False)) if mine != its)
    assert (d.table, d.row) == ("events", first)
    assert d.a.equals(a.events.iloc[d.row : d.row + 1])
    assert d.b.equals(b.events.iloc[d.row : d.row + 1])
    assert d.before.equals(a.events.iloc[d.row - 3 : d.row])
    assert d.t_ns == min(d.a["t_ns"].iloc[0], d.b["t_ns"].iloc[0])
    assert f"The runs agree on the first {d.row} rows of events, and part at t = {d.t_ns} ns:" in repr(d)
    assert "  seed        a 1\n              b 2" in repr(d)


def test_a_difference_counts_alike_from_both_sides() -> None:
    a, b = gl.run(jobs, seed=1), gl.run(jobs, seed=1, policy=gl.policy_of("go").replace(steal=gl.StealOne()))
    one, other = gl.diff(a, b), gl.diff(b, a)
    assert (one.table, one.row, one.t_ns, one.columns) == (other.table, other.row, other.t_ns, other.columns)
    assert one.columns


def test_a_run_that_stopped_earlier_agrees_as_far_as_it_went() -> None:
    whole, part = gl.run(jobs, record="schedule"), gl.run(jobs, record="schedule", until="50us")
    d = gl.diff(whole, part)
    assert (d.table, d.row, len(d.b), d.columns) == ("schedule", len(part.schedule), 0, ())
    assert "run b has no more rows" in repr(d)
    assert d.ends["stopped_by"] == ("", "until")


def test_runs_of_two_levels_are_compared_on_what_both_recorded() -> None:
    d = gl.diff(gl.run(jobs), gl.run(jobs, record="schedule"))
    assert not d
    assert set(d.compared) == {"schedule", "goroutines"}
    assert d.config == {"level": ("full", "schedule")}


def test_what_has_no_rows_cannot_be_compared() -> None:
    with pytest.raises(gl.TraceError, match="diff: run b needs the schedule of the run"):
        gl.diff(gl.run(jobs), gl.run(jobs, record="off"))
    with pytest.raises(TypeError, match="diff: b = 'x': must be a Run"):
        gl.diff(gl.run(jobs), "x")
