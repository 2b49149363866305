"""A mutex, Gosched and a locked thread: who waits for whom."""

from __future__ import annotations

import pytest

import gmplab as gl
from tests.programs import free, started


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
def test_a_mutex_lets_one_in_at_a_time(policy: str) -> None:
    run = free("mutex_contention", procs=4, policy=policy, n=3, rounds=10, think=0, hold="10us")
    assert list(run.goroutines["run_ns"][1:]) == [100_000] * 3
    # On three Ps, and main's, the lock is never free: all of the time is somebody's hold.
    assert run.record.end_ns >= 30 * 10_000
    if policy != "go":  # there a spinning waiter is preferred, and a woken one may be stolen late
        assert run.record.end_ns == 30 * 10_000


def test_without_contention_a_mutex_costs_nothing() -> None:
    run = free("mutex_contention", procs=1, n=3, rounds=10, think="5us", hold="10us")
    assert run.record.end_ns == 30 * 15_000
    assert started(run) == [4, 2, 3]


def test_gosched_goes_to_the_tail_of_the_global_queue() -> None:
    run = free("gosched_thrash", n=3, rounds=3, compute="1us")
    # g4 ran from runnext, which does not count: the tick is still 0, so the global queue is looked at first, and g4 is there.
    assert started(run) == [4, 4, 2, 3, 4, 2, 3, 4, 2, 3, 2, 3]
    assert run.metrics["gosched"] == 9


@pytest.mark.parametrize("policy", ["threadpool", "segmented"])
def test_gosched_takes_turns_on_one_queue(policy: str) -> None:
    run = free("gosched_thrash", procs=2 if policy == "threadpool" else 1, policy=policy, n=3, rounds=3, compute="1us")
    assert started(run) == [2, 3, 4] * 4
    assert run.metrics["gosched"] == 9


def test_a_locked_server_has_its_thread_for_itself_and_costs_handoffs() -> None:
    locked, free_to_move = (gl.run("locked_thread", procs=4, n=3, rounds=20, locked=locked) for locked in (True, False))
    server = locked.goroutines.set_index("name").loc["server", "g"]
    turns = locked.schedule.loc[locked.schedule["g"] == server]
    (thread,) = set(turns["m"])
    after = locked.schedule["t_ns"] > turns["t_ns"].min()
    assert set(locked.schedule.loc[after & (locked.schedule["m"] == thread), "g"]) == {server}
    # Each of the 60 requests hands a P to that thread; without the lock nobody is woken for one.
    assert (locked.metrics["handoffs"] >= 60, free_to_move.metrics["handoffs"]) == (True, 0)
    assert locked.record.end_ns > 3 * free_to_move.record.end_ns


def test_a_locked_server_serves_every_request() -> None:
    run = free("locked_thread", procs=2, policy="segmented", n=1, rounds=10, compute="2us", serve="1us")
    assert run.record.end_ns == 10 * 3_000


def test_a_pool_needs_a_thread_for_each_that_waits() -> None:
    assert free("locked_thread", procs=5, policy="threadpool", n=3, rounds=2).complete
    with pytest.raises(gl.DeadlockError):
        free("locked_thread", procs=2, policy="threadpool", n=3, rounds=2)


@pytest.mark.parametrize(
    ("name", "parameter", "unit"),
    [
        ("mutex_contention", "n", "goroutine"), ("mutex_contention", "rounds", "round"), ("gosched_thrash", "n", "goroutine"),
        ("gosched_thrash", "rounds", "round"), ("locked_thread", "n", "client"), ("locked_thread", "rounds", "request"),
    ],
)
def test_too_few_are_refused(name: str, parameter: str, unit: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: {parameter} = 0: must be at least 1 {unit}$"):
        gl.run(name, **{parameter: 0})
