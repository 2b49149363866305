"""The random graph: no task before its parents, the bounds of the makespan, the same graph under every policy."""

from __future__ import annotations

import pytest

import gmplab as gl
from gmplab.workloads.precedence import Graph
from tests.programs import free, started


@pytest.mark.parametrize("policy", ["go", "segmented", "threadpool"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_makespan_lies_between_the_bounds(policy: str, seed: int) -> None:
    run = free("dag", procs=5, policy=policy, n=60, layers=6, seed=seed)
    threads = 4 if policy == "threadpool" else 5  # main holds one
    work, longest = run.result["work"], run.result["longest_way"]
    assert sum(run.goroutines["run_ns"]) == work
    assert max(work / threads, longest) <= run.record.end_ns
    if policy != "go":  # Graham's bound is for who leaves no P idle; there work in a runnext waits some us
        assert run.record.end_ns <= work / threads + (1 - 1 / threads) * longest


def test_the_graph_is_the_same_under_every_policy_and_another_for_another_seed() -> None:
    bounds = [free("dag", procs=4, policy=policy).result for policy in ("go", "segmented", "cilk", "tokio")]
    assert bounds[0] == bounds[1] == bounds[2] == bounds[3] != free("dag", procs=4, seed=2).result


def test_a_task_is_started_by_the_last_of_its_parents() -> None:
    run = free("dag", procs=2, n=3, layers=3, parents=1, compute="10us")
    assert list(run.goroutines["parent"][1:]) == [1, 2, 3]
    assert run.result == {"work": 30_000, "longest_way": 30_000}
    assert run.record.end_ns == 30_000


def test_priorities_are_the_longest_ways_to_the_end() -> None:
    # 0 -> 1 -> 3, 0 -> 2
    graph = Graph([5, 1, 9, 7], [[], [0], [0], [1]], [[1, 2], [3], [], []])
    assert graph.priorities() == [14, 8, 9, 7]


def test_a_policy_sees_the_longest_way_as_the_weight() -> None:
    class LongestFirst(gl.ByRemainingWork):  # type: ignore[misc, name-defined]
        def rank(self, state: object, view: gl.View, g: int) -> int:
            return (1 << 40) - view.weight(g)

    policy = gl.policy_of("go").replace(queues=LongestFirst())
    run = free("dag", policy=policy, n=8, layers=1)
    works = [run.goroutines["run_ns"][g - 1] for g in started(run)]
    assert works == sorted(works, reverse=True) and len(set(works)) == 8


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"layers": 0}, "dag: layers = 0: must be at least 1 layer$"),
        ({"n": 0}, r"dag: n = 0: must be at least 10 tasks \(one a layer\)$"),
        ({"n": 4, "layers": 5}, r"dag: n = 4: must be at least 5 tasks \(one a layer\)$"),
        ({"parents": 0}, "dag: parents = 0: must be at least 1 parent$"),
    ],
)
def test_too_few_are_refused(given: dict[str, int], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        gl.run("dag", **given)
