"""What main returns is the run's result, in each form; a goroutine draws ints and durations from its own stream."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl


def test_main_gives_the_runs_result_in_each_form() -> None:
    def generator() -> Any:
        yield gl.compute(us=1)
        return "of a generator"

    async def coroutine() -> str:
        await gl.compute(us=1)
        return "of a coroutine"

    def plain() -> str:
        gl.compute(us=1)
        return "of a function"

    assert [gl.run(body).result for body in (generator, coroutine, plain)] == [
        "of a generator", "of a coroutine", "of a function",
    ]
    assert gl.run(gl.Program("main").compute(1)).result is None


@pytest.mark.parametrize("drain", [False, True])
def test_what_other_goroutines_return_is_dropped(drain: bool) -> None:
    def worker() -> Any:
        yield gl.compute(us=1)
        return "the worker's"

    def main() -> Any:
        yield gl.go(worker)
        yield gl.sleep(us=5)
        yield gl.go(worker)
        return "main's"

    assert gl.run(main, drain=drain).result == "main's"


def test_a_main_that_did_not_come_to_its_end_has_no_result() -> None:
    def main() -> Any:
        yield gl.compute(ms=1)
        return 5

    assert gl.run(main, until="10us").result is None


def test_a_goroutine_draws_the_same_whatever_the_policy_and_whenever_it_runs() -> None:
    def worker(drawn: dict[int, Any], i: int) -> Any:
        yield gl.sleep("exp(10us)")
        first = gl.intn(1_000_000)
        yield gl.gosched()
        drawn[i] = (first, gl.sample("exp(10us)"), gl.sample(gl.Uniform(1, 6)), gl.sample(7))

    def main() -> Any:
        drawn: dict[int, Any] = {}
        for i in range(20):
            yield gl.go(worker, drawn, i)
        yield gl.sleep(ms=50)
        return drawn

    go = gl.run(main, seed=3)
    assert len(go.result) == 20 and len(set(go.result.values())) == 20
    assert all(0 <= n < 1_000_000 and 1 <= die <= 6 and fixed == 7 for n, _, die, fixed in go.result.values())
    for policy in ("segmented", "tokio", "go1.1"):
        other = gl.run(main, seed=3, policy=policy)
        assert other.result == go.result
        assert other.digest != go.digest
    assert gl.run(main, seed=4).result != go.result


def test_intn_says_its_bounds() -> None:
    def main(n: Any) -> Any:
        yield gl.compute(us=1)
        gl.intn(n)

    for n in (0, -1, 1 << 63, 1.5, True):
        with pytest.raises(gl.GoPanic, match=r"ValueError: intn: n = .*: must be an int of 1 to 2\*\*63 - 1"):
            gl.run(main, n=n)
    with pytest.raises(gl.BodyError, match="no goroutine runs in this thread"):
        gl.intn(5)


def test_a_draining_run_ends_with_its_last_goroutine() -> None:
    def worker() -> Any:
        yield gl.compute(us=5)

    def main() -> Any:
        yield gl.go(worker)
        yield gl.go(worker)

    run = gl.run(main, procs=1, drain=True, costs=gl.Costs.zero())
    assert (run.complete, run.record.end_ns) == (True, 10_000)
