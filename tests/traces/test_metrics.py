"""Each metric is its formula, at every level, and what is unknown is nan and not 0."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.runtime.recorder import Histogram, Record
from gmplab.traces.csv import read_csv
from gmplab.traces.metrics import COUNTERS, METRICS, bucket_top, gini, jain, quantile
from gmplab.traces.run import Run
from gmplab.traces.window import buckets
from gmplab.vocabulary import LEVEL_FULL, LEVEL_OFF, LEVEL_SCHEDULE
from tests.runtime.test_same_bytes import mixed
from tests.traces.records import bucket, histogram, record, summed


def test_latencies_are_of_all_classes_and_of_each() -> None:
    m = Run(record()).metrics
    assert (m["wait_n"], m["wait_mean_ns"], m["wait_p50_ns"], m["wait_max_ns"]) == (3, 20.0, 20, 30)
    assert (m["wait_n[web]"], m["wait_p50_ns[web]"], m["wait_mean_ns[-]"]) == (2, 20, 10.0)
    assert math.isnan(m["wait_p99_ns[db\nline two]"]) and m["wait_n[db\nline two]"] == 0
    assert m["throughput_per_s"] == 1e9 / 200


def test_time_steals_and_threads() -> None:
    m = Run(record()).metrics
    assert (m["p_running_ns"], m["p_idle_ns"], m["utilisation"]) == (160, 210, 160 / 400)
    assert (m["m_running_ns"], m["m_netpoll_ns"], m["m_starting_ns"]) == (160, 20, 10)
    assert (m["steal_hit_rate"], m["stolen_per_steal"]) == (1.0, 1.0)
    assert [m[f"threads_created[{why}]"] for why in ("boot", "sysmon", "wakep")] == [1, 1, 1]
    assert m["threads_exited[retired]"] == 1
    assert m["parks_m"] == 1


def test_every_metric_is_documented_and_every_documented_one_is_there() -> None:
    m = Run(record()).metrics
    assert {name.partition("[")[0] for name in m} == {name for name in METRICS if "[" not in name}
    assert set(COUNTERS) <= set(METRICS)
    assert all(metric.unit and metric.formula for metric in METRICS.values())


def test_each_counter_of_the_core_is_a_metric() -> None:
    def main() -> Any:
        yield gl.compute(us=1)

    assert set(gl.run(main).record.counters) == set(COUNTERS)


def test_the_metrics_do_not_depend_on_the_level_but_for_those_that_need_more() -> None:
    off, some, full = (Run(record(level)).metrics for level in (LEVEL_OFF, LEVEL_SCHEDULE, LEVEL_FULL))
    assert str(some) == str(full)
    more = {name for name in off if METRICS.get(name) and METRICS[name].level != "off"}
    assert more == {"gini"} and math.isnan(off["gini"]) and some["gini"] == 0.0
    assert str({**off, "gini": some["gini"]}) == str(some)


def test_the_summary_is_the_metrics_as_a_tidy_frame() -> None:
    run = Run(record())
    f = run.summary
    assert list(f.columns) == ["metric", "part", "value", "unit", "formula"]
    assert f[~((f["metric"] == "parks_m") & (f["part"] != ""))].shape[0] == len(run.metrics)
    parks = f[f["metric"] == "parks_m"]
    assert parks[["part", "value"]].to_numpy().tolist() == [["", 1.0], ["idle", 1.0], ["netpoll", 1.0]]
    assert "idle" not in set(Run(record(LEVEL_SCHEDULE)).summary["part"])
    assert f.set_index(["metric", "part"]).loc[("wait_mean_ns", "web"), "value"] == 25.0
    assert f.set_index(["metric", "part"]).loc[("wait_mean_ns", ""), "unit"] == "ns"
    assert not f.duplicated(["metric", "part"]).any()


def test_what_is_not_known_is_nan() -> None:
    m = Run(Record()).metrics
    assert all(math.isnan(m[name]) for name in ("wait_p99_ns", "throughput_per_s", "steals", "utilisation", "jain"))
    assert m["wait_n"] == 0


@pytest.mark.parametrize(("x", "index"), [([5, 5, 5], 1.0), ([9, 0, 0], 1 / 3), ([], math.nan), ([0, 0], 1.0)])
def test_jain(x: list[int], index: float) -> None:
    assert jain(len(x), sum(x), sum(v * v for v in x)) == pytest.approx(index, nan_ok=True)


@pytest.mark.parametrize(
    ("x", "index"),
    # 1, 2, 3, 4: the pairs differ by 1, 1, 1, 2, 2, 3, in sum 10, both ways 20; 2 n sum x = 80.
    [([1, 2, 3, 4], 20 / 80), ([4, 2, 1, 3], 0.25), ([5, 5, 5], 0.0), ([9, 0, 0], 2 / 3), ([], math.nan), ([0, 0], 0.0), ([7], 0.0)],
)
def test_gini(x: list[int], index: float) -> None:
    assert gini(x) == pytest.approx(index, nan_ok=True)


@given(st.lists(st.integers(0, 1 << 40), min_size=1, max_size=30))
def test_gini_is_the_mean_difference_of_two_over_twice_the_mean(x: list[int]) -> None:
    pairs = sum(abs(a - b) for a in x for b in x)
    assert gini(x) == pytest.approx(pairs / (2 * len(x) * sum(x)) if sum(x) else 0.0, abs=1e-12)


def test_of_a_run_it_is_the_coefficient_of_the_user_goroutines_that_exited() -> None:
    def worker(us: int) -> Any:
        yield gl.compute(us=us)

    def main() -> Any:
        yield gl.go(worker, 30)
        yield gl.go(worker, 50)
        yield gl.sleep(ms=1)

    run = gl.run(main, procs=1, costs=gl.Costs.zero(), record="schedule")
    # They differ by 20, both ways 40; 2 x 2 x 80. Main does not exit: with it the run ends.
    assert run.metrics["gini"] == run.window(0).metrics["gini"] == 0.125
    assert run.window(0, "70us").metrics["gini"] == 0.0


@given(st.lists(st.integers(0, 1 << 50), min_size=1, max_size=60), st.sampled_from([0.0, 0.25, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_at_most_one_bucket_above_the_exact_one(values: list[int], q: float) -> None:
    exact = int(np.quantile(values, q, method="inverted_cdf"))
    found = quantile(histogram(*values), q)
    assert exact <= found <= exact * 1.03125 and (exact >= 64 or found == exact)


@pytest.mark.parametrize(("q", "rank"), [(0.1, 1), (0.3, 3), (0.7, 7), (0.9, 9), (0.99, 10), (1.0, 10), (0.0, 1)])
def test_ranks_are_not_rounded_up_by_floats(q: float, rank: int) -> None:
    assert quantile(histogram(*range(1, 11)), q) == rank


@pytest.mark.parametrize("q", [-0.1, 1.1, math.nan])
def test_a_quantile_of_no_probability_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="must be 0 to 1"):
        quantile([1], q)


@given(st.integers(0, (1 << 62) - 1))
def test_the_three_spellings_of_the_buckets_agree(value: int) -> None:
    core = Histogram()
    core.add(value)
    at = bucket(value)
    assert core.counts[at] == 1
    assert buckets(np.array([value])).tolist() == [at]
    assert bucket(bucket_top(at)) == at and bucket(bucket_top(at) + 1) == at + 1


def test_a_quantile_is_never_beyond_the_greatest_value() -> None:
    r = record()
    r.histograms, r.sums = {("wait", ""): histogram(1_000_000)}, {("wait", ""): summed(1_000_000)}
    assert Run(r).metrics["wait_p99.9_ns"] == 1_000_000


def test_a_window_of_all_counts_what_the_run_counted() -> None:
    run = Run(record())
    whole = run.window(0).metrics
    same = {name for name, value in run.metrics.items() if whole.get(name) == value}
    assert {
        "wait_n", "wait_p50_ns", "wait_n[web]", "sojourn_mean_ns", "n_schedules", "steals", "stolen", "steal_passes",
        "parks_m", "threads_created", "threads_peak", "threads_exited", "syscalls", "gosched", "n_exited", "jain",
    } <= same
    assert math.isnan(whole["p_running_ns"]) and math.isnan(whole["idle_overloaded_wall_ns"])


def test_a_window_counts_only_its_time() -> None:
    m = Run(record()).window(60, 120).metrics
    assert (m["n_schedules"], m["wait_n"], m["wait_mean_ns"], m["sojourn_n"], m["syscalls"]) == (2, 2, 25.0, 0, 0)
    assert "threads_created[wakep]" not in m and m["threads_created"] == 0


def test_warm_up_is_left_out_of_latencies_and_throughput() -> None:
    r = record()
    r.header["warmup_ns"] = 100
    m = Run(r).window(0).metrics
    assert (m["wait_n"], m["wait_mean_ns"]) == (1, 20.0)
    assert (m["sojourn_n"], m["throughput_per_s"]) == (0, 0.0)


def busy_program() -> Any:
    c, wg = gl.Chan(2), gl.WaitGroup(30)

    def worker(i: int) -> Any:
        yield gl.compute(gl.Exponential(20_000))
        if i % 3 == 0:
            yield gl.syscall(gl.Uniform(1_000, 90_000))
        elif i % 3 == 1:
            yield gl.sleep(us=30)
        yield gl.gosched()
        yield gl.send(c, i)
        yield gl.done(wg)

    for i in range(30):
        yield gl.go(worker, i)
    for _ in range(30):
        yield gl.recv(c)
    yield gl.wait(wg)


@pytest.mark.parametrize("policy", ["go", "go1.1", "threadpool"])
def test_of_a_real_run_the_rows_tell_what_the_counters_tell(policy: str) -> None:
    run = gl.run(busy_program, procs=3, policy=policy, seed=5)
    whole = run.window(0).metrics
    for name, value in run.metrics.items():
        assert math.isnan(whole.get(name, math.nan)) or whole[name] == pytest.approx(value), name
    by_state = run.spans.query("kind != 'region'").groupby(["g", "kind"], observed=True)["duration_ns"]
    spent = by_state.sum().unstack(fill_value=0)
    own = run.goroutines.set_index("g")
    assert spent["running"].tolist() == own["run_ns"].tolist()
    assert spent["runnable"].tolist() == own["wait_ns"].tolist()
    series = run.series
    assert (series.drop(columns="t_ns") >= 0).all(axis=None)
    assert series["running"].max() <= 3


def test_of_a_real_run_the_tables_come_back_from_a_file(tmp_path: Path) -> None:
    run = gl.run(busy_program, procs=3, seed=5)
    back = read_csv(run.to_csv(tmp_path / "out"))
    assert back.events.equals(run.events) and back.schedule.equals(run.schedule)
    assert repr(back) == repr(run) and back.digest == run.digest


@pytest.mark.parametrize("t0", [0, 1, 5_000, 60_000, 123_456])
def test_a_windows_counts_over_time_are_those_of_the_run(t0: int) -> None:
    run = gl.run(mixed, procs=4, seed=5)
    t1 = t0 + 100_000
    part = run.window(t0, t1)
    for whole, cut in ((run.series, part.series), *queues_of(run, part)):
        assert cut["t_ns"].is_monotonic_increasing
        assert not len(cut) or (cut["t_ns"].iloc[0] >= t0 and cut["t_ns"].iloc[-1] < t1)
        for t in (t0, t0 + 1, (t0 + t1) // 2, t1 - 1):
            assert at(whole, t) == at(cut, t)


def queues_of(run: Run, part: Run) -> Any:
    """Each queue's lengths in the run and in a window of it."""
    for p in (-1, 0, 1, 2, 3):
        yield tuple(r.queues[r.queues["p"].fillna(-1) == p].drop(columns="p") for r in (run, part))


def at(frame: pd.DataFrame, t: int) -> dict[str, int]:
    """The values that hold at an instant; where none does they are 0."""
    rows = frame[frame["t_ns"] <= t].drop(columns="t_ns")
    return {str(name): int(values.iloc[-1]) if len(values) else 0 for name, values in rows.items()}


def test_a_window_of_a_window_knows_its_counts_and_one_read_from_a_file_says_that_it_does_not(tmp_path: Path) -> None:
    run = gl.run(mixed, procs=4, seed=5)
    part = run.window(20_000, 200_000)
    pd.testing.assert_frame_equal(part.window(60_000, 90_000).series, run.window(60_000, 90_000).series)
    pd.testing.assert_frame_equal(part.window(60_000, 90_000).queues, run.window(60_000, 90_000).queues)
    part.save(tmp_path / "part.gmp")
    with pytest.raises(TraceError, match="run.series needs the series of the run.*its source, or window, does not know them"):
        Run.load(tmp_path / "part.gmp").series  # noqa: B018
