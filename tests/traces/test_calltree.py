"""Trees of calls: where they begin, how they print, who the callers were."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.traces.run import Run
from gmplab.vocabulary import FN, GO_START, LEVEL_CALLS, LEVEL_FULL
from tests.traces.records import call_row, event_row, record


def by_hand() -> Run:
    """g1 spawns on M0; M2 is made for it, and executes g2."""
    r = record(LEVEL_CALLS)
    rows = [
        (30, 0, "newproc", 0, 1), (30, 1, "newproc1", 0, -1), (35, 1, "wakep", 0, -1), (35, 3, "startm", 0, -1),
        (35, 4, "newm", 0, -1), (35, 5, "clone", 0, -1), (36, 0, "newproc", 0, 1), (36, 7, "newproc1", 0, -1),
        (60, 6, "mstart", 2, -1), (60, 9, "schedule", 2, -1), (61, 10, "execute", 2, -1), (70, 0, "gopark", 2, 2),
        (70, 12, "schedule", 2, -1),
    ]
    r.tables["calls"] = [b"".join(
        call_row(t, i, parent, FN[name], m, g) for i, (t, parent, name, m, g) in enumerate(rows, start=1)
    )]
    r.tables["events"] = [event_row(61, GO_START, g=2, m=2, p=1)]
    return Run(r)


def test_a_tree_crosses_from_thread_to_thread() -> None:
    assert str(by_hand().calltree("startm")) == """\
t_ns  m   on  call
  35  M0  g0  startm
  35  M0  g0    newm
  35  M0  g0      clone
  60  M2  g0        mstart
  60  M2  g0          schedule
  61  M2  g0            execute g2"""


def test_each_call_comes_before_what_it_called_and_trees_stand_in_the_order_in_which_they_began() -> None:
    f = by_hand().calltree().frame
    assert f["call"].tolist() == [1, 2, 3, 4, 5, 6, 9, 10, 11, 7, 8, 12, 13]
    assert f["depth"].tolist() == [0, 1, 1, 2, 3, 4, 5, 6, 7, 0, 1, 0, 1]
    assert f["runs"].tolist() == [pd.NA] * 8 + [2] + [pd.NA] * 4
    assert list(f.columns) == ["t_ns", "call", "parent", "function", "m", "g", "runs", "depth"]


@pytest.mark.parametrize(("asked", "calls"), [
    ({"function": "newproc", "depth": 1}, [1, 7]), ({"function": "newproc", "depth": 2}, [1, 2, 3, 7, 8]),
    ({"m": 2, "depth": 1}, [9, 12]), ({"g": 2}, [12, 13]), ({"g": "g0", "depth": 1}, [2, 3, 8, 13]),
    ({"t0": 36, "t1": 61, "depth": 1}, [7, 9]), ({"t0": "60ns", "m": 2, "function": "schedule"}, [10, 11, 13]),
    ({"function": "sysmon"}, []),
])
def test_a_tree_begins_where_a_call_matches_that_is_not_below_another(asked: dict[str, Any], calls: list[int]) -> None:
    assert by_hand().calltree(**asked).frame["call"].tolist() == calls


def test_callers_are_counted_by_their_path_on_their_own_thread() -> None:
    run = by_hand()
    assert run.calltree("newproc1").callers.to_dict("list") == {"path": ["newproc"], "count": [2], "first_ns": [30]}
    assert run.calltree("schedule").callers["path"].tolist() == ["mstart", "gopark"]
    assert run.calltree("mstart").callers["path"].tolist() == ["newproc > wakep > startm > newm > clone"]
    assert run.calltree("newproc").callers["path"].tolist() == [""]


def test_a_window_has_the_calls_made_in_it() -> None:
    part = by_hand().window(36, 61)
    assert str(part.calltree()) == """\
t_ns  m   on  call
  36  M0  g1  newproc
  36  M0  g0    newproc1
  60  M2  g0  mstart
  60  M2  g0    schedule"""


def test_where_nothing_matches_the_tree_says_so() -> None:
    tree = by_hand().calltree("sysmon")
    assert (str(tree), len(tree), tree.callers.empty) == ("no such call", 0, True)


def test_a_long_tree_prints_its_beginning_and_keeps_all() -> None:
    r = record(LEVEL_CALLS)
    r.tables["calls"] = [b"".join(call_row(i, i, 0, FN["retake"], 1) for i in range(1, 1_001))]
    tree = Run(r).calltree()
    lines = str(tree).splitlines()
    assert (len(lines), len(tree.frame)) == (402, 1_000)
    assert lines[-1] == "... and 600 calls more: give function, m, g, t0, t1 or depth, or use .frame"


@pytest.mark.parametrize(("asked", "message"), [
    ({"function": "shedule"}, "function 'shedule': there is no such function; did you mean 'schedule'?"),
    ({"function": "xyzzy"}, "function 'xyzzy': there is no such function: see gmplab.vocabulary.FUNCTIONS"),
    ({"depth": 0}, "depth = 0: must be at least 1 call"), ({"g": "g1"}, "g = 'g1': must be a goroutine's id or 'g0'"),
    ({"t0": "5us", "t1": "4us"}, "t0 = 5000 ns, t1 = 4000 ns: t1 must be after t0"),
])
def test_what_cannot_be_asked_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as e:
        by_hand().calltree(**asked)
    assert str(e.value) == f"calltree: {message}"


def test_a_run_without_calls_says_at_which_level_to_record() -> None:
    with pytest.raises(TraceError, match="run.calltree needs the calls .* record at level 'calls' or more"):
        Run(record(LEVEL_FULL)).calltree()


def test_a_run_of_the_simulator_answers_who_calls_schedule() -> None:
    wg = gl.WaitGroup(3)

    def worker() -> Any:
        yield gl.done(wg)

    def main() -> Any:
        for _ in range(3):
            yield gl.go(worker)
        yield gl.wait(wg)

    run = gl.run(main, procs=1, record="calls")
    assert run.calltree("schedule").callers[["path", "count"]].values.tolist() == [
        ["goexit1 > mcall > goexit0", 3], ["mstart > mstart1", 1], ["waitgroup.wait > gopark > mcall > park_m", 1],
    ]
