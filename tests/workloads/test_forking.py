"""Fork and join, the fib tree, divisible work and quicksort: what they compute, and how far from the bounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmplab as gl
from gmplab.workloads.forking import insertion, partition
from tests.programs import free, started


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
def test_fork_join_waits_for_the_slowest_of_each_round(policy: str) -> None:
    # Of 4 forks on 3 threads ("threadpool": main holds a fourth) two run one after the other.
    procs = 4 if policy == "threadpool" else 3
    run = free("fork_join", procs=procs, policy=policy, rounds=5, width=4, compute="10us")
    assert list(run.goroutines["run_ns"][1:]) == [10_000] * 20
    assert run.record.end_ns == 5 * 20_000


def test_fork_join_on_one_p_runs_the_last_of_each_round_first() -> None:
    assert started(free("fork_join", rounds=2, width=3, compute="1us")) == [4, 2, 3, 7, 5, 6]


@pytest.mark.parametrize("policy", ["go", "segmented", "cilk", "tokio", "go1.1"])
def test_fib_tree_adds_up_and_keeps_grahams_bound(policy: str) -> None:
    run = free("fib_tree", procs=4, policy=policy, n=10, compute="100us")
    assert run.result == 55
    calls = 2 * 89 - 1
    assert run.metrics["n_goroutines"] == calls + 1
    assert sum(run.goroutines["run_ns"]) == calls * 100_000
    work, longest = calls * 100_000, 10 * 100_000
    assert max(work / 4, longest) <= run.record.end_ns
    if policy == "segmented":  # the others may wait up to some us for what lies in a runnext, or to be woken
        assert run.record.end_ns <= work / 4 + (1 - 1 / 4) * longest


def test_fib_tree_is_stuck_in_a_thread_pool() -> None:
    with pytest.raises(gl.DeadlockError, match=r"\[sync.WaitGroup.Wait\]: fib"):
        free("fib_tree", procs=4, policy="threadpool", n=10)


def test_fib_tree_says_its_bounds() -> None:
    with pytest.raises(ValueError, match="fib_tree: n = 0: must be at least 1 call$"):
        gl.run("fib_tree", n=0)
    with pytest.raises(ValueError, match="fib_tree: n = 31: must be at most 30, which makes 2.7 million goroutines$"):
        gl.run("fib_tree", n=31)


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
def test_divisible_work_is_all_done_in_pieces_no_longer_than_the_grain(policy: str) -> None:
    run = free("divisible", procs=3, policy=policy, work="1001us", grain="10us")
    pieces = sorted(run.goroutines["run_ns"][1:])
    assert len(pieces) == 128 and sum(pieces) == 1_001_000
    assert set(pieces) == {7_820, 7_821}


def test_a_part_gives_its_larger_half_away_first() -> None:
    run = free("divisible", work=7, grain=2)
    # 7 = 4 + 3: g2 keeps 1 of 7; g3 has 4, g4 the 2 that 3 leaves, g5 the 2 that 4 leaves.
    assert list(run.goroutines["run_ns"]) == [0, 1, 2, 2, 2]
    assert started(run) == [2, 4, 3, 5]


def test_work_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="divisible: work = 0: must be at least 1 ns$"):
        gl.run("divisible", work=0)
    with pytest.raises(ValueError, match="divisible: grain = 0: must be at least 1 ns$"):
        gl.run("divisible", grain="0us")


@settings(max_examples=25, deadline=None)
@given(
    values=st.lists(st.integers(-50, 50), min_size=1, max_size=120), grain=st.integers(1, 20),
    policy=st.sampled_from(["go", "threadpool", "segmented", "cilk"]), seed=st.integers(0, 9),
)
def test_quicksort_sorts_as_python_does(values: list[int], grain: int, policy: str, seed: int) -> None:
    assert gl.run("quicksort", values=values, grain=grain, policy=policy, seed=seed).result == sorted(values)


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.integers(0, 9), min_size=1, max_size=30), data=st.data())
def test_a_partition_has_three_parts_and_counts_its_comparisons(values: list[int], data: st.DataObject) -> None:
    low = data.draw(st.integers(0, len(values) - 1))
    high = data.draw(st.integers(low + 1, len(values)))
    a, pivot = list(values), values[low]
    less, more, compared = partition(a, low, high, pivot)
    inside = values[low:high]
    assert sorted(a[low:high]) == sorted(inside) and a[:low] + a[high:] == values[:low] + values[high:]
    assert [x < pivot for x in a[low:less]] == [True] * (less - low)
    assert a[less:more] == [pivot] * inside.count(pivot)
    assert [x > pivot for x in a[more:high]] == [True] * (high - more)
    assert compared == 2 * len(inside) - (less - low)


def test_insertion_counts_its_comparisons() -> None:
    for values, compared in (([1, 2, 3, 4], 3), ([4, 3, 2, 1], 6), ([5], 0), ([], 0)):
        a = list(values)
        assert (insertion(a, 0, len(a)), a) == (compared, sorted(values))


def test_quicksort_draws_its_values_from_the_runs_seed() -> None:
    runs = [gl.run("quicksort", n=200, policy=policy, seed=seed) for policy, seed in (("go", 1), ("segmented", 1), ("go", 2))]
    assert runs[0].result == runs[1].result != runs[2].result
    assert len(runs[0].result) == 200 and all(0 <= x < 200 for x in runs[0].result)
    # The same comparisons under both policies, and nothing else takes time.
    assert sum(runs[0].goroutines["run_ns"]) > 0
    free_runs = [free("quicksort", procs=3, n=200, policy=policy) for policy in ("go", "threadpool")]
    assert sorted(free_runs[0].goroutines["run_ns"]) == sorted(free_runs[1].goroutines["run_ns"])


def test_quicksort_refuses_a_wrong_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmplab.workloads.forking.insertion", lambda a, low, high: 0)
    with pytest.raises(gl.GoPanic, match="RuntimeError: quicksort: 3 values came back unsorted"):
        gl.run("quicksort", values=[2, 3, 1])


def test_quicksort_says_what_it_takes() -> None:
    with pytest.raises(ValueError, match="quicksort: n = 0: must be at least 1 value$"):
        gl.run("quicksort", n=0)
    with pytest.raises(ValueError, match="quicksort: grain = 0: must be at least 1 value$"):
        gl.run("quicksort", grain=0)
    with pytest.raises(TypeError, match="quicksort: values: 1.5 among them: must be ints$"):
        gl.run("quicksort", values=[1, 1.5])
