"""Conditions on the whole scheduler: what can be said, where one comes true, and that a run ends there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import gmplab as gl
from gmplab.traces.replay import timeline_of
from gmplab.traces.run import Run
from gmplab.traces.snapshot import Snapshot
from gmplab.traces.state import State
from gmplab.traces.when import Condition, Moment, first_row, rows_of
from gmplab.vocabulary import G_STATUSES

CONDITIONS = {
    "P[0].depth >= 3": lambda s: len(s.processors[0].queue) + (s.processors[0].runnext is not None) >= 3,
    "max(P.depth) > 4 and idle_p == 0": lambda s: max(
        len(p.queue) + (p.runnext is not None) for p in s.processors
    ) > 4 and s.npidle == 0,
    "M[2].spinning and M[2].passes >= 1": lambda s: len(s.machines) > 2 and s.machines[2].spinning and s.machines[2].passes >= 1,
    'M[3].place == "syscall"': lambda s: len(s.machines) > 3 and s.machines[3].place == "syscall",
    'G[4].waits_for == "sync.Mutex.Lock"': lambda s: 4 in s.goroutines and s.goroutines[4].waits_for == "sync.Mutex.Lock",
    'G[4].status != "running"': lambda s: 4 in s.goroutines and s.goroutines[4].status != "running",
    "runnable - 2 * running > 1": lambda s: count(s)["runnable"] - 2 * count(s)["running"] > 1,
    "waiting >= 4 or syscall > 1": lambda s: count(s)["waiting"] >= 4 or count(s)["syscall"] > 1,
    "not gcwaiting and t_ns > 30_000": lambda s: not s.gcwaiting and s.t_ns > 30_000,
    "3 < threads <= 5": lambda s: 3 < s.n_threads <= 5,
    "P[1].m == 2 or P[1].runnext == 5": lambda s: s.processors[1].m == 2 or s.processors[1].runnext == 5,
    "sum(M.spinning) == spinning_m and idle_m < -1 + 3": lambda s: s.nmidle < 2,
    "P[7].depth < 100": lambda s: False,
}


def count(s: Snapshot) -> Counter[str]:
    """Goroutines by status."""
    return Counter(gp.status for gp in s.goroutines.values())


def main() -> Any:
    mu, wg = gl.Mutex(), gl.WaitGroup(12)

    def worker(i: int) -> Any:
        yield gl.compute(us=3 + i)
        yield gl.acquire(mu)
        yield gl.syscall(us=30)
        yield gl.release(mu)
        yield gl.sleep(us=i)
        yield gl.done(wg)

    for i in range(12):
        yield gl.go(worker, i)
    yield gl.wait(wg)


@pytest.fixture(scope="module")
def run() -> Run:
    return gl.run(main, procs=3, seed=3)


# --- where it comes true ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_edges_are_the_rows_at_which_the_snapshots_come_to_hold(run: Run, condition: str) -> None:
    held = [CONDITIONS[condition](run.at(row=i)) for i in range(len(run.events))]
    rows = [i for i, now in enumerate(held) if now and i > 0 and not held[i - 1]]
    found = run.when(condition)
    assert found.index.tolist() == rows
    assert found["t_ns"].tolist() == run.events["t_ns"].iloc[rows].tolist() and list(found) == ["t_ns", "kind", "g", "m", "p"]


def test_goroutines_are_counted_by_status_after_each_row_of_every_kind() -> None:
    from programs import stopping

    for program in (gl.run(stopping, procs=4), gl.run(main, procs=2, policy="threadpool"), gl.run("mixed_io", procs=2)):
        timeline = timeline_of(program, "test")
        moment = Moment(State(program.record.header["procs"]))
        for row in timeline.events.rows(0, len(timeline.events)):
            moment.apply(row)
            real = Counter(G_STATUSES[gp.status] for gp in moment.state.gs.values())
            assert moment.counts == {status: real[status] for status in moment.counts}


def test_what_never_comes_true_is_told_where_one_is_wanted(run: Run) -> None:
    assert run.when("threads > 99").empty
    with pytest.raises(ValueError, match="^when = 'threads > 99': never comes true in this run$"):
        first_row(run, "threads > 99")


def test_it_needs_the_events_from_the_start(run: Run) -> None:
    for part in (gl.run(main, record="schedule"), run.window("10us")):
        with pytest.raises(gl.TraceError, match="^run.when needs the events"):
            part.when("threads > 3")


# --- a run that ends there --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("cpus", [None, 2])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_run_ends_with_the_step_in_which_it_comes_true_and_its_rows_are_the_first_of_the_whole_run(
    condition: str, cpus: int | None
) -> None:
    whole = gl.run(main, procs=3, seed=3, cpus=cpus)
    made = gl.run(main, procs=3, seed=3, cpus=cpus, when=condition)
    rows = whole.when(condition).index.tolist()
    n = len(made.events)
    assert made.events.equals(whole.events.iloc[:n])
    assert made.record.header["when"] == condition
    if not rows:
        assert (made.complete, made.digest) == (True, whole.digest)
        return
    assert (made.complete, made.stopped_by) == (False, "when")
    assert rows[0] < n and made.record.end_ns == whole.events["t_ns"].iloc[rows[0]]
    after = whole.events.iloc[n]
    assert after["t_ns"] > made.record.end_ns or n - rows[0] < 12, "a step writes a few rows"
    assert made.when(condition).index[0] == rows[0]
    assert made.validate().totals > 0


def test_rows_beyond_a_chunk_of_the_recorder_are_seen_once_each() -> None:
    whole = gl.run("pingpong", rounds=3_000, procs=2)
    assert len(whole.events) > 20_000, "a chunk holds 16,384"
    never = gl.run("pingpong", rounds=3_000, procs=2, when="threads > 99")
    assert never.digest == whole.digest and never.complete
    t_ns = int(whole.events["t_ns"].iloc[18_000])
    late = gl.run("pingpong", rounds=3_000, procs=2, when=f"t_ns >= {t_ns}")
    assert late.record.end_ns == t_ns and late.events.equals(whole.events.iloc[: len(late.events)])


def test_rows_are_read_from_their_words_as_the_frames_read_them(run: Run) -> None:
    timeline = timeline_of(run, "test")
    assert list(rows_of(b"".join(run.record.tables["events"]))) == list(timeline.events.rows(0, len(timeline.events)))


def test_without_it_nothing_is_said_of_it(run: Run) -> None:
    assert "when" not in run.record.header


def test_whichever_bound_comes_first_ends_the_run() -> None:
    assert gl.run("fanout", n=100, until="1us", when="threads > 3").stopped_by == "until"
    assert gl.run("fanout", n=100, until="1s", when="threads > 3").stopped_by == "when"


# --- what can be said -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("condition", "told"), [
    ("P[0].dept > 3", "a P has no 'dept'; did you mean 'depth'?"),
    ("thread > 3", "there is no 'thread'; did you mean 'threads'?"),
    ('G[7].status == "wating"', "'wating' is none; did you mean 'waiting'?"),
    ('"sping" == M[1].place', "'sping' is none; did you mean 'spinning'?"),
    ("P[0].depth", "P[0].depth is a number: compare it, as in P[0].depth == ..."),
    ("P.depth > 3", "P.depth: say which, as in P[0].depth, or max(P.depth)"),
    ("P > 3", "P: say which and what, as in P[0].depth"),
    ("P[-1].depth > 3", "P[-1]: its number must be written out, as in P[0]"),
    ("P[x].depth > 3", "P[x]: its number must be written out, as in P[0]"),
    ("Q[0].depth > 3", "Q is none of P, M and G"),
    ("threads > '3'", "threads > '3': a number is compared to a text"),
    ('P[0].status > "idle"', "P[0].status > 'idle': texts are compared by == and !="),
    ("threads in (1, 2)", "(1, 2) is not understood: there are comparisons"),
    ("threads is 3", "threads is 3: compare by <, <=, >, >=, == or !="),
    ("mean(P.depth) > 3", "there is no mean(...): there are max, min, sum"),
    ("max(P.status) > 3", "max(P.status): max is taken of numbers, and this is a text"),
    ("max(3) > 3", "max(3): max is taken over all, as in max(P.depth)"),
    ("threads / 2 > 3", "threads / 2 is not understood: numbers are counted by + - *"),
    ("~threads > 3", "~threads is not understood"),
    ("not threads", "threads is a number: compare it, as in threads == ..."),
    ("__import__('os').system('true') == 0", "__import__('os').system(...): there are max, min, sum"),
    ("threads > None", "None is no number and no text"),
    ("threads >", "cannot be read: write a condition like P[0].depth > 200 and idle_p > 0"),
    ("", "cannot be read"), ("(" * 500 + ")" * 500, "cannot be read"), ("a; b", "cannot be read"),
])
def test_what_cannot_be_meant_is_one_line_with_the_nearest_name(condition: str, told: str) -> None:
    with pytest.raises(ValueError) as e:
        Condition(condition)
    assert str(e.value).startswith("when = ") and told in str(e.value) and "\n" not in str(e.value)
    with pytest.raises(ValueError):
        gl.run(main, when=condition)


@pytest.mark.parametrize(("given", "told"), [
    ({"record": "schedule"}, "when = 'threads > 3': is looked for in the events: record = 'schedule' must be 'full' or 'calls'"),
    ({"on": "threads"}, "when is the simulator's: on = 'threads' everything is as it is on this machine"),
])
def test_it_needs_virtual_time_and_the_events(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}$"):
        gl.run(main, when="threads > 3", **given)


def test_it_must_be_a_text() -> None:
    with pytest.raises(TypeError, match="when = 3: must be a condition as a text, like 'P"):
        gl.run(main, when=3)  # type: ignore[arg-type]
