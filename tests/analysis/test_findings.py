"""Each rule has a run in which it complains, and one in which it has nothing to say."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import gmplab as gl
from gmplab.analysis.findings import RULES, findings, overlap, stretches_of
from gmplab.traces.run import Run

GO = gl.policy_of("go")


def hog_and_sleeper() -> Any:
    """A timer is due at 5 ms, and the only P computes from 1 ms on for 30 ms."""

    def sleeper() -> Any:
        yield gl.sleep(ms=5)

    yield gl.go(sleeper)
    yield gl.sleep(us=10)
    yield gl.compute(ms=30)


def two_of_three(turns: int) -> Any:
    """Two goroutines play ping-pong on one P, a third waits behind them."""

    def main() -> Any:
        there, back = gl.Chan(), gl.Chan()

        def pong() -> Any:
            for _ in range(turns):
                yield gl.recv(there)
                yield gl.send(back)

        def third() -> Any:
            yield gl.compute(us=1)

        yield gl.go(pong)
        yield gl.gosched()
        yield gl.go(third)
        yield gl.go(third)
        for _ in range(turns):
            yield gl.send(there)
            yield gl.recv(back)

    return main


def made(workload: Any, **options: Any) -> Run:
    return gl.run(workload, seed=1, strict=False, **{"procs": 4, **options})


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "idle while overloaded": (
        {"workload": "fork_join", "policy": GO.replace(wake=gl.policies.WakeNever())}, {"workload": "fork_join"},
    ),
    "starvation": (
        {"workload": "mixed_io", "policy": "go1.1", "procs": 1, "burst": "30ms"}, {"workload": "mixed_io", "procs": 4},
    ),
    "thread storm": (
        {"workload": "syscall_storm", "procs": 2, "syscall": "exp(10ms)", "blocking": True},
        {"workload": "syscall_storm", "procs": 2, "syscall": "exp(10ms)", "blocking": True,
         "policy": GO.replace(machines=gl.policies.FixedThreads(4))},
    ),
    "retake latency": (
        {"workload": "syscall_storm"}, {"workload": "syscall_storm", "policy": GO.replace(handoff=gl.policies.HandoffAtOnce())},
    ),
    "spinning waste": ({"workload": "pingpong"}, {"workload": "fanout"}),
    "runnext ping-pong": ({"workload": two_of_three(200), "procs": 1}, {"workload": two_of_three(40), "procs": 1}),
    "lock convoy": ({"workload": "mutex_contention"}, {"workload": "mutex_contention", "think": "exp(100us)"}),
    "timers late": ({"workload": hog_and_sleeper, "procs": 1}, {"workload": hog_and_sleeper, "procs": 2}),
    "GC disturbance": ({"workload": "gc_pauses", "n": 2000}, {"workload": "gc_pauses", "n": 2000, "every": "exp(50ms)", "mark": "100us"}),
}


def test_each_rule_has_its_two_runs() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_complains_where_it_should_with_evidence_and_time(rule: str) -> None:
    run = made(**CASES[rule][0])
    finding = RULES[rule].look(run)
    assert finding is not None and finding.rule == rule
    assert 0 <= finding.t0_ns <= finding.t1_ns <= run.record.end_ns and 0 < finding.share <= 1
    assert len(finding.evidence) and finding.message and str(finding).startswith(f"{rule}: ")


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_silent_where_nothing_is_wrong(rule: str) -> None:
    assert RULES[rule].look(made(**CASES[rule][1])) is None


def test_the_late_timer_is_the_sleepers_and_as_late_as_the_time_slice_made_it() -> None:
    (row,) = RULES["timers late"].look(made(**CASES["timers late"][0])).evidence.itertuples()  # type: ignore[union-attr]
    assert row.g == 2 and row.late_ns == row.t_ns - row.due_ns > 5_000_000


def test_findings_come_gravest_first_and_show_themselves() -> None:
    found = findings(made("mutex_contention"))
    assert [f.share for f in found] == sorted((f.share for f in found), reverse=True) and "lock convoy" in [f.rule for f in found]
    assert repr(found).split("\n")[0] == f"- {found[0]}" and found.silent == {}
    assert list(found.frame["rule"]) == [f.rule for f in found] and found.frame["g"].dtype == "Int64"
    assert "<b>lock convoy</b>" in found._repr_html_()


def test_a_run_without_faults_says_so() -> None:
    assert repr(made("fanout").findings()) == "nothing to complain of"


def test_rules_that_cannot_look_are_named_with_what_they_lack() -> None:
    found = made("fanout", n=50, record="off").findings()
    assert list(found) == [] and set(found.silent) == set(RULES) - {"thread storm"}
    assert "not looked at: idle while overloaded (needs series)" in repr(found)


@pytest.mark.parametrize("workload", ["pingpong", "timers", "syscall_storm", "gc_pauses", "open_loop"])
@pytest.mark.parametrize("procs", [1, 3])
def test_every_rule_bears_every_run_and_its_windows(workload: str, procs: int) -> None:
    run = made(workload, procs=procs, until="3ms")
    for part in (run, run.window("200us", "600us")):
        for finding in findings(part):
            assert 0 < finding.share <= 1


def test_an_empty_run_has_no_findings() -> None:
    def nothing() -> Any:
        return
        yield

    assert list(made(nothing).findings()) == []


def test_stretches_join_what_touches_and_overlaps() -> None:
    many = pd.DataFrame({"begin_ns": [20, 0, 2, 30], "end_ns": [25, 10, 4, 31]})
    assert stretches_of(many).values.tolist() == [[0, 10], [20, 25], [30, 31]]
    assert stretches_of(many.iloc[:0]).values.tolist() == []


def test_overlap_is_where_a_wait_meets_an_idle_p() -> None:
    waits = pd.DataFrame({"begin_ns": [0, 40, 90], "end_ns": [20, 80, 95]})
    series = pd.DataFrame({"t_ns": [0, 10, 50, 60, 92], "idle_p": [0, 1, 0, 2, 0]})
    assert overlap(waits, series, 100).values.tolist() == [[60, 80, 20], [10, 20, 10], [40, 50, 10], [90, 92, 2]]
