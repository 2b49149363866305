"""Ping-pong, pipelines and tandem queues: who runs after whom."""

from __future__ import annotations

import pytest

import gmplab as gl
from tests.programs import free, started


def test_pingpong_takes_turns_by_runnext() -> None:
    run = free("pingpong", rounds=3)
    # ping (g3) was started last, so it runs first; whoever takes the other's value puts it into runnext and then waits.
    assert started(run) == [3, 2, 3, 2, 3, 2, 3, 2]


def test_pairs_of_pingpong_share_nothing() -> None:
    run = free("pingpong", procs=2, rounds=10, pairs=3, compute="1us")
    assert len(run.goroutines) == 7
    assert list(run.goroutines["run_ns"][1:]) == [10_000] * 6
    assert run.record.end_ns >= 30_000


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
def test_pipeline_hands_every_item_through_every_stage(policy: str) -> None:
    run = free("pipeline", procs=4, policy=policy, n=10, stages=3, compute="5us", record="full")
    assert sorted(run.goroutines["name"]) == ["first", "main", "stage", "stage"]
    assert sorted(run.goroutines["run_ns"]) == [0, 50_000, 50_000, 50_000]
    if policy != "go":  # there a woken stage may wait 3 us for its theft from runnext
        # The first item comes out after three stages, the others 5 us apart: the stages run in parallel.
        assert run.record.end_ns == (3 + 9) * 5_000


def test_pipeline_of_one_stage_is_a_producer() -> None:
    assert free("pipeline", procs=2, n=4, stages=1, compute="5us").record.end_ns == 20_000


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
@pytest.mark.parametrize("stages", [2, 4])
def test_channel_tandem_with_constant_service_never_blocks(policy: str, stages: int) -> None:
    run = free("channel_tandem", procs=5, policy=policy, n=10, stages=stages, service="10us")
    assert sorted(run.goroutines["run_ns"]) == [0] + [100_000] * stages
    if policy != "go":  # there a woken stage may wait 3 us for its theft from runnext
        assert run.record.end_ns == (10 + stages - 1) * 10_000


def test_channel_tandem_of_two_stages_has_hunts_throughput() -> None:
    # Hunt 1956: (b + 2) / (b + 3). With 20,000 items the standard error is near 0.5 %: 4 % is 8 of them.
    for buffer, expected in ((0, 2 / 3), (2, 4 / 5)):
        run = free("channel_tandem", procs=3, policy="segmented", n=20_000, service="exp(10us)", buffer=buffer, record="off")
        assert 20_000 * 10_000 / run.record.end_ns == pytest.approx(expected, rel=0.04)


PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71]


@pytest.mark.parametrize("policy", ["go", "segmented", "go1.0", "tokio", "cilk"])
@pytest.mark.parametrize("n", [1, 2, 20])
def test_prime_sieve_finds_the_first_primes(policy: str, n: int) -> None:
    run = gl.run("prime_sieve", n=n, policy=policy)
    assert run.result == PRIMES[:n]
    assert run.metrics["n_goroutines"] == n + 1  # main, the generator, and a filter for each prime but the last


def test_prime_sieve_holds_a_thread_for_each_filter() -> None:
    assert free("prime_sieve", procs=6, policy="threadpool", n=5).result == PRIMES[:5]
    with pytest.raises(gl.DeadlockError, match=r"\[chan send\]: generate"):
        free("prime_sieve", procs=5, policy="threadpool", n=5)


def test_prime_sieve_refuses_wrong_primes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gmplab.workloads.channels.first_primes", lambda n: [2, 3, 4])
    with pytest.raises(gl.GoPanic, match=r"RuntimeError: prime_sieve: \[2, 3, 5\] came through: must be \[2, 3, 4\]"):
        gl.run("prime_sieve", n=3)


@pytest.mark.parametrize(
    ("name", "parameter", "low", "unit"),
    [
        ("pingpong", "rounds", 1, "round"), ("pingpong", "pairs", 1, "pair"), ("pingpong", "buffer", 0, "values"),
        ("pipeline", "n", 1, "item"), ("pipeline", "stages", 1, "stage"), ("pipeline", "buffer", 0, "items"),
        ("prime_sieve", "n", 1, "prime"),
        ("channel_tandem", "n", 1, "item"), ("channel_tandem", "stages", 2, "stages"), ("channel_tandem", "buffer", 0, "items"),
    ],
)
def test_too_few_are_refused(name: str, parameter: str, low: int, unit: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: {parameter} = {low - 1}: must be at least {low} {unit}$"):
        gl.run(name, **{parameter: low - 1})
