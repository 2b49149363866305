"""Who ran while a goroutine waited: added up span by span, by hand."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.errors import TraceError


def by_hand(run: Any, g: int) -> dict[int, tuple[int, int]]:
    """(time, time on the P where g ran next) of each other goroutine while g was runnable, wait by wait."""
    found: dict[int, tuple[int, int]] = {}
    rows = run.spans.to_dict("records")
    own = [row for row in rows if row["g"] == g]
    for wait in (row for row in own if row["kind"] == "runnable"):
        after = [row["p"] for row in own if row["kind"] == "running" and row["begin_ns"] == wait["end_ns"]]
        for row in rows:
            both = min(row["end_ns"], wait["end_ns"]) - max(row["begin_ns"], wait["begin_ns"])
            if row["kind"] == "running" and row["g"] != g and both > 0:
                there = both if after and row["p"] == after[0] else 0
                so = found.get(row["g"], (0, 0))
                found[row["g"]] = (so[0] + both, so[1] + there)
    return found


@pytest.mark.parametrize("g", [1, 6, 12, 24])
def test_it_is_the_overlap_of_each_wait_with_each_span(g: int) -> None:
    run = gl.run("mixed_io", procs=3, seed=1, until="6ms")
    table = run.antagonists(g)
    assert {row.g: (row.ran_ns, row.ran_there_ns) for row in table.itertuples()} == by_hand(run, g)
    assert table["ran_ns"].is_monotonic_decreasing and (table["ran_there_ns"] <= table["ran_ns"]).all()
    names = run.goroutines.set_index("g")["name"]
    assert table["name"].astype(str).tolist() == names.reindex(table["g"]).astype(str).tolist()


def test_on_one_p_those_that_ran_fill_the_wait_but_for_scheduling() -> None:
    run = gl.run("fanout", n=5, procs=1, seed=1, costs=gl.Costs.zero())
    for g in range(2, 7):
        waited = int(run.goroutines.set_index("g")["wait_ns"][g])
        table = run.antagonists(g)
        assert table["ran_ns"].sum() == waited and (table["ran_there_ns"] == table["ran_ns"]).all()
        assert waited == 0 or table["share"].sum() == pytest.approx(1)


def test_who_never_waited_has_none_and_who_is_none_is_told() -> None:
    run = gl.run(lambda: gl.compute(us=1), procs=2, seed=1, costs=gl.Costs.zero())
    assert run.antagonists(1).empty
    with pytest.raises(ValueError, match="g = 7: there is no such goroutine: this run has 1 to 1"):
        run.antagonists(7)
    with pytest.raises(TraceError, match="run.antagonists needs the spans"):
        gl.run("fanout", n=3, record="schedule").antagonists(2)
