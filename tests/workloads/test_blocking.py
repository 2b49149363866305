"""System calls, sockets and timers: every call is made, and takes what it takes."""

from __future__ import annotations

import pytest

import gmplab as gl
from tests.programs import free, started


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
def test_syscall_storm_makes_every_call(policy: str) -> None:
    run = free("syscall_storm", procs=3, policy=policy, n=6, calls=4, compute="5us", syscall="100us")
    assert run.metrics["syscalls"] == 24
    if policy != "go":
        # Nobody takes a P from a call: 6 callers x 4 x 105 us on the threads that main does not hold.
        assert run.record.end_ns == 6 * 4 * 105_000 // (2 if policy == "threadpool" else 3)


def test_a_call_known_to_block_gives_the_p_away_at_once() -> None:
    run = free("syscall_storm", procs=1, n=6, calls=4, compute="5us", syscall="100us", blocking=True)
    # The callers start 5 us apart and never meet again: the last is done 5 x 5 us after the first.
    assert run.record.end_ns == 4 * 105_000 + 5 * 5_000
    assert (run.metrics["syscalls_lost_p"], run.metrics["handoffs"]) == (24, 24)


@pytest.mark.parametrize("policy", ["go", "threadpool", "segmented"])
def test_mixed_io_has_its_three_classes(policy: str) -> None:
    run = free(
        "mixed_io", procs=8, policy=policy, cpu=2, net=3, files=2, rounds=5, burst="1ms", compute="20us", wait="500us",
        syscall="200us",
    )
    by_class = run.goroutines.groupby("cls", observed=True)["run_ns"].apply(list).to_dict()
    assert {cls: by_class[cls] for cls in ("cpu", "net", "file")} == {
        "cpu": [5_000_000] * 2, "net": [100_000] * 3, "file": [100_000] * 2,
    }
    assert run.record.end_ns == 5_000_000


def test_mixed_io_may_lack_a_class_but_not_all() -> None:
    run = free("mixed_io", cpu=0, net=1, files=0, rounds=2, compute="20us", wait="500us")
    assert list(run.goroutines["name"]) == ["main", "handler"]
    assert run.record.end_ns == 1_040_000
    with pytest.raises(ValueError, match=r"mixed_io: cpu \+ net \+ files = 0: must be at least 1 goroutine$"):
        gl.run("mixed_io", cpu=0, net=0, files=0)
    with pytest.raises(ValueError, match="mixed_io: net = -1: must be at least 0 goroutines$"):
        gl.run("mixed_io", net=-1)


def test_timers_tick_together_on_one_p_and_take_turns() -> None:
    run = free("timers", n=3, ticks=2, period="1ms", compute="5us")
    # All sleep at 0 and wake at 1 ms; they compute one after the other, 5 us apart, and stay so far apart.
    assert run.record.end_ns == 2 * 1_005_000 + 2 * 5_000
    assert run.metrics["timers_fired"] == 6
    # The timers of one instant fire in the order in which they were set (4, 2, 3), and the last takes runnext.
    assert started(run) == [4, 2, 3, 3, 4, 2, 3, 4, 2]


def test_a_sleeper_of_a_thread_pool_holds_its_thread() -> None:
    for procs, rounds in ((2, 6), (4, 2), (7, 1)):
        run = free("timers", procs=procs, policy="threadpool", n=6, ticks=1, period="1ms", compute="5us")
        assert run.record.end_ns == rounds * 1_005_000  # one thread is main's


@pytest.mark.parametrize(
    ("name", "parameter", "unit"),
    [
        ("syscall_storm", "n", "goroutine"), ("syscall_storm", "calls", "call"), ("mixed_io", "rounds", "round"),
        ("timers", "n", "goroutine"), ("timers", "ticks", "tick"),
    ],
)
def test_too_few_are_refused(name: str, parameter: str, unit: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: {parameter} = 0: must be at least 1 {unit}$"):
        gl.run(name, **{parameter: 0})
