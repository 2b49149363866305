"""Comparing policies: means and paired differences from the same runs that `run` makes."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

import gmplab as gl
from gmplab.analysis.compare import DEFAULT_METRICS, label_of, number, percent, scale_of, short_repr
from gmplab.analysis.intervals import mean_interval


def jobs(n: int = 12) -> Any:
    def worker() -> Any:
        yield gl.compute(gl.Exponential(20_000))
        yield gl.syscall(us=50)

    for _ in range(n):
        yield gl.go(worker)
    yield gl.sleep(ms=1)


def test_every_value_is_that_of_the_run_with_this_policy_and_seed() -> None:
    c = gl.compare(["go", "threadpool"], jobs, seeds=[3, 5], metrics=["stolen", "wait_mean_ns"], procs=2)
    expected = [
        (policy, seed, metric, float(gl.run(jobs, policy=policy, seed=seed, procs=2).metrics[metric]))
        for policy in ("go", "threadpool") for seed in (3, 5) for metric in ("stolen", "wait_mean_ns")
    ]
    assert list(c.frame.itertuples(index=False, name=None)) == expected


def test_the_table_and_the_paired_differences_are_those_of_the_values() -> None:
    c = gl.compare(["go", "segmented"], jobs, seeds=range(4), metrics=["wait_mean_ns"])
    go, segmented = c.values("go", "wait_mean_ns"), c.values("segmented", "wait_mean_ns")
    means = [mean_interval(go), mean_interval(segmented)]
    assert list(c.table.itertuples(index=False, name=None)) == [
        ("wait_mean_ns", "go", 4, means[0].mean, means[0].low, means[0].high, "ns"),
        ("wait_mean_ns", "segmented", 4, means[1].mean, means[1].low, means[1].high, "ns"),
    ]
    d = mean_interval([b - a for a, b in zip(go, segmented, strict=True)])
    assert list(c.paired.itertuples(index=False, name=None)) == [
        ("wait_mean_ns", "segmented", 4, d.mean, d.low, d.high, "ns")
    ]
    assert c.difference("segmented", "wait_mean_ns") == d
    assert c.difference("go", "wait_mean_ns").high == 0


@pytest.mark.parametrize(("policy", "metric", "words"), [
    ("goo", "end_ns", "policy 'goo' was not compared; did you mean 'go'"),
    ("go", "steals", "metric 'steals' was not compared; one of end_ns"),
])
def test_a_difference_that_was_not_measured_is_refused_with_what_was(policy: str, metric: str, words: str) -> None:
    c = gl.compare(["go"], jobs, seeds=[1], metrics=["end_ns"])
    with pytest.raises(ValueError, match=words):
        c.difference(policy, metric)


def test_a_policy_and_itself_differ_by_nothing_at_every_seed() -> None:
    c = gl.compare({"one": "go", "other": "go"}, jobs, seeds=range(3))
    assert [(x.mean, x.low, x.high) for x in c.paired.itertuples()] == [(0.0, 0.0, 0.0)] * len(DEFAULT_METRICS)


def test_pairing_by_seed_takes_out_what_the_seeds_share() -> None:
    """The services are the same at a seed, so the work done differs among seeds and not among policies."""
    c = gl.compare(["go", "segmented"], jobs, seeds=range(5), metrics=["p_running_ns"], costs=gl.Costs.zero())
    table, paired = c.table.iloc[0], c.paired.iloc[0]
    assert table.high - table.low > 10_000
    assert (paired["mean"], paired.low, paired.high) == (0.0, 0.0, 0.0)


def test_the_same_comparison_twice_is_the_same() -> None:
    a, b = (gl.compare(["go", "cilk"], jobs, seeds=range(3), procs=3) for _ in range(2))
    pd.testing.assert_frame_equal(a.frame, b.frame)
    assert repr(a) == repr(b)


def test_parameters_go_to_the_run_and_to_the_workload() -> None:
    c = gl.compare(["go"], jobs, seeds=[1], metrics=["n_goroutines"], n=5)
    assert c.values("go", "n_goroutines") == [6.0]
    c = gl.compare(["go"], jobs, seeds=[1], metrics=["end_ns"], until="10us")
    assert c.values("go", "end_ns") == [10_000.0]


def test_a_metric_that_a_run_does_not_know_is_nan_and_not_counted() -> None:
    c = gl.compare(["go", "threadpool"], jobs, seeds=range(2), metrics=["steal_hit_rate"])
    assert [math.isnan(x) for x in c.values("threadpool", "steal_hit_rate")] == [True, True]
    assert c.paired.iloc[0].n == 0
    assert repr(c).splitlines()[-1].split() == ["threadpool", "-", "-"]


def test_a_function_is_a_metric_by_its_name_which_tells_the_unit() -> None:
    def slowest_ns(run: gl.Run) -> int:
        return int(run.schedule["wait_ns"].max())

    def first_to_run(run: gl.Run) -> float:
        return float(run.schedule["g"].iloc[0])

    c = gl.compare(["go", "threadpool"], jobs, seeds=[3], metrics=[slowest_ns, "wait_max_ns", first_to_run], record="schedule")
    assert c.metrics == ["slowest_ns", "wait_max_ns", "first_to_run"]
    assert [c.values(policy, "slowest_ns") for policy in c.policies] == [c.values(policy, "wait_max_ns") for policy in c.policies]
    assert c.table["unit"].tolist() == ["ns", "ns", "ns", "ns", "1", "1"]
    assert repr(c).splitlines()[3].split()[:3] == ["slowest", "us", "go"]


def test_a_metric_that_needs_more_than_the_counters_gets_it() -> None:
    c = gl.compare(["go", "threadpool"], jobs, seeds=[3], metrics=["jain", "gini"])
    assert c.values("go", "gini") == [gl.run(jobs, procs=4, seed=3).metrics["gini"]] != [0]


def test_a_function_must_not_be_called_as_a_shipped_metric_is() -> None:
    def steals(run: gl.Run) -> float:
        return 0.0

    with pytest.raises(ValueError, match="metric 'steals': is a shipped metric's name: give the function another one"):
        gl.compare(["go"], jobs, metrics=[steals])


def test_it_shows_itself_as_an_aligned_table() -> None:
    frame = pd.DataFrame(
        [("go", 0, "wait_mean_ns", 1_000.0), ("go", 1, "wait_mean_ns", 3_000.0),
         ("cilk", 0, "wait_mean_ns", 2_000.0), ("cilk", 1, "wait_mean_ns", 4_000.0)],
        columns=["policy", "seed", "metric", "value"],
    )
    c = gl.Comparison(frame, "jobs", 4)
    assert repr(c).splitlines() == [
        "jobs, P=4, 2 seeds; mean and its 95 % interval; difference to go, paired by seed",
        "",
        "metric        policy  mean         interval  difference  interval  relative",
        "wait_mean us  go         2  [-10.71, 14.71]",
        "              cilk       3  [-9.706, 15.71]          +1  [+1, +1]   +50.0 %",
    ]
    html = c._repr_html_()
    assert html.count("<tr>") == 3
    assert "<script" not in html


def test_one_policy_alone_shows_no_differences() -> None:
    c = gl.compare("go", jobs, seeds=[1], metrics=["stolen"])
    assert repr(c).splitlines()[2:] == ["metric  policy  mean  interval", "stolen  go" + repr(c).splitlines()[3][10:]]
    assert len(c.paired) == 0


def test_a_label_that_holds_html_is_escaped() -> None:
    c = gl.compare({"<b>": "go"}, jobs, seeds=[1], metrics=["stolen"])
    assert "&lt;b&gt;" in c._repr_html_()


def test_a_changed_preset_is_called_by_what_differs() -> None:
    go = gl.policy_of("go")
    assert label_of(go) == "go"
    changed = go.replace(steal=gl.StealOne(passes=2), spin=gl.SpinLimit(2))
    assert label_of(changed) == "go(steal=StealOne(passes=2), spin=SpinLimit(n=2))"
    assert label_of(go.replace(name="mine", steal=gl.StealOne())) == "mine"
    assert short_repr(gl.StealOne()) == "StealOne()"


def test_numbers_have_four_digits_and_times_a_unit() -> None:
    assert [number(x) for x in (0.0, 0.01234567, 3.5, 1234567.0, math.nan)] == ["0", "0.01235", "3.5", "1234567", "-"]
    assert (number(2.0, "+"), percent(-0.0004, 1.0), percent(1.0, 0.0)) == ("+2", "+0.0 %", "")
    assert scale_of("wait_mean_ns", [999.0, math.nan]) == (1.0, "ns")
    assert scale_of("wait_mean_ns", [999.0, 2e6]) == (1e6, "ms")
    assert scale_of("p_running_ns", [2e9]) == (1e9, "s P")
    assert scale_of("stolen", [2e9]) == (1.0, "")


# Bad input


def test_an_unknown_policy_or_metric_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="policy 'gos': .*did you mean 'go'"):
        gl.compare(["go", "gos"], jobs)
    with pytest.raises(ValueError, match="metric 'wait_p98_ns': there is no such metric; did you mean 'wait_p9"):
        gl.compare(["go"], jobs, metrics=["wait_p98_ns"])


def test_two_policies_of_one_name_need_labels() -> None:
    with pytest.raises(ValueError, match="two are called 'go': give a dict"):
        gl.compare(["go", "go"], jobs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policies": []}, "policies: none given"), ({"policies": ["go"], "seeds": []}, "seeds: none given"),
        ({"policies": ["go"], "metrics": []}, "metrics: none given"),
        ({"policies": ["go"], "confidence": 95}, "confidence = 95: must be above 0 and below 1"),
        ({"policies": ["go"], "procs": 0}, "procs = 0: must be an int of 1 to"),
        ({"policies": ["go"], "workers": 0}, "workers = 0: must be an int of at least 1 process"),
    ],
)
def test_what_cannot_be_compared_is_told(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gl.compare(workload=jobs, **arguments)


def test_what_is_no_policy_is_told() -> None:
    with pytest.raises(TypeError, match="policy = 3: must be a preset's name or a gmplab.Policy"):
        gl.compare([3], jobs)  # type: ignore[list-item]


def test_a_run_that_fails_says_under_which_policy_and_seed() -> None:
    def main() -> Any:
        yield gl.compute(us=1)
        raise KeyError("lost")

    with pytest.raises(gl.GoPanic) as failure:
        gl.compare(["go"], main, seeds=[7], record="schedule")
    assert failure.value.__notes__ == ["in compare: policy go, seed 7"]
    assert failure.value.run.stopped_by == "panic"


def test_processes_measure_what_one_does_and_a_failure_in_one_of_them_is_told_with_its_record() -> None:
    def slowest_ns(run: gl.Run) -> int:
        return int(run.metrics["wait_max_ns"])

    here, there = (gl.compare(["go", "cilk"], jobs, seeds=range(2), metrics=["stolen", slowest_ns], workers=n) for n in (1, 2))
    assert here.frame.equals(there.frame) and here.title() == there.title()

    def main() -> Any:
        yield gl.compute(us=1)
        raise KeyError("lost")

    with pytest.raises(gl.GoPanic) as failure:
        gl.compare(["go"], main, seeds=[7, 7, 8], workers=2)
    assert failure.value.__notes__[0].startswith("in compare: policy go, seed ")
    assert failure.value.run.stopped_by == "panic"
