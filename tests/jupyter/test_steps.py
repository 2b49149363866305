"""The steps that go to the browser: keyframes and changes give every board, and the calls that led to an event."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.jupyter.steps import KEYFRAME, MOST_QUEUED, Watch, board, window
from gmplab.traces.replay import timeline_of
from gmplab.traces.story import Teller, walk

RUNS: dict[str, dict[str, Any]] = {
    "fanout": {"n": 60}, "gc_pauses": {"n": 20, "until": "12ms"}, "mixed_io": {"until": "5ms"}, "syscall_storm": {"until": "3ms"},
    "locked_thread": {"until": "500us"}, "timers": {"until": "3ms"}, "mutex_contention": {"until": "1ms"},
}


def boards(made: dict[str, Any]) -> list[dict[str, Any]]:
    """The board after each step, from the keyframes and the changes alone."""
    shown: dict[str, Any] = {}
    found = []
    for i, changed in enumerate(made["changes"]):
        shown = {**(made["boards"][i // KEYFRAME] if i % KEYFRAME == 0 else shown), **changed}
        found.append(shown)
    return found


@pytest.mark.parametrize("name", RUNS)
def test_keyframes_and_changes_give_the_board_after_every_step(name: str) -> None:
    run = gl.run(name, procs=3, seed=1, **RUNS[name])
    timeline, record = timeline_of(run, "test"), run.record
    n = min(len(run.events), 1500)
    rebuilt = boards(window(record, timeline, 0, n))
    for i, (_, text, state) in enumerate(walk(timeline, Teller(record), 0, n)):
        assert rebuilt[i] == board(state, Watch(state), record.objects), f"step {i}: {text}"


def test_a_board_says_what_the_snapshot_says() -> None:
    run = gl.run("fanout", n=60, procs=3, seed=1)
    made = boards(window(run.record, timeline_of(run, "test"), 0, len(run.events)))
    for row in range(0, len(run.events), 37):
        snapshot = run.at(row=row)
        for p, pp in enumerate(snapshot.processors):
            status, m, _, runnext, queued, first, _ = made[row][f"p{p}"]
            assert (status, m, runnext) == (pp.status, -1 if pp.m is None else pp.m, -1 if pp.runnext is None else pp.runnext)
            assert (queued, tuple(first)) == (len(pp.queue), pp.queue[:MOST_QUEUED])
        assert [made[row][f"m{m}"][0] for m in range(len(snapshot.machines))] == [mp.place for mp in snapshot.machines]
        assert made[row]["runq"][0] == len(snapshot.global_queue)
        assert sum(made[row]["n"]) == len(snapshot.goroutines)


def test_a_window_in_the_middle_is_that_part_of_the_whole() -> None:
    run = gl.run("fanout", n=200, procs=3, seed=1)
    timeline = timeline_of(run, "test")
    whole, part = window(run.record, timeline, 0, len(run.events)), window(run.record, timeline, 100, 500)
    assert (part["first"], part["rows"]) == (100, len(run.events))
    assert part["text"] == whole["text"][100:500]
    assert boards(part) == boards(whole)[100:500]


def test_a_queue_is_cut_and_its_length_told() -> None:
    run = gl.run("fanout", n=200, procs=1, seed=1)
    last = max(boards(window(run.record, timeline_of(run, "test"), 0, len(run.events))), key=lambda shown: shown["p0"][4])
    assert last["p0"][4] > 100
    assert len(last["p0"][5]) == MOST_QUEUED


def path(made: dict[str, Any], step: int) -> list[tuple[str, int]]:
    """The calls that led to a step, the outermost first: (function, m)."""
    found, call = [], made["call"][step]
    while call >= 0:
        function, call_above, m, _ = made["calls"]["rows"][call]
        found.append((made["calls"]["functions"][function], m))
        call = call_above
    return found[::-1]


def test_the_first_start_on_a_new_m_is_traced_back_over_clone_to_who_asked_for_it() -> None:
    run = gl.run("fanout", n=20, procs=2, seed=1, record="calls")
    made = window(run.record, timeline_of(run, "test"), 0, len(run.events))
    create = next(i for i, text in enumerate(made["text"]) if text.startswith("newm: M0 makes M2"))
    assert path(made, create) == [(name, 0) for name in ("newproc", "wakep", "startm", "newm", "newm1", "newosproc", "clone")]
    start = next(i for i, text in enumerate(made["text"]) if text.startswith("M2 runs"))
    assert path(made, start)[-4:] == [("mstart", 2), ("mstart1", 2), ("schedule", 2), ("execute", 2)]
    assert path(made, start)[:7] == path(made, create)


def test_every_start_is_laid_to_an_execute_of_its_m() -> None:
    run = gl.run("mixed_io", procs=3, seed=2, until="3ms", record="calls")
    made = window(run.record, timeline_of(run, "test"), 0, len(run.events))
    starts = [i for i, kind in enumerate(run.events["kind"].astype(str)) if kind == "GoStart"]
    assert [path(made, i)[-1] for i in starts] == [("execute", made["m"][i]) for i in starts]


def test_below_level_calls_no_call_is_told() -> None:
    run = gl.run("fanout", n=5, seed=1)
    made = window(run.record, timeline_of(run, "test"), 0, len(run.events))
    assert set(made["call"]) == {-1}
    assert made["calls"] == {"functions": [], "rows": []}
