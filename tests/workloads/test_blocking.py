"""System calls by the number."""

from __future__ import annotations

import pytest

import gmplab as gl
from tests.programs import free


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


@pytest.mark.parametrize(("parameter", "unit"), [("n", "goroutine"), ("calls", "call")])
def test_too_few_are_refused(parameter: str, unit: str) -> None:
    with pytest.raises(ValueError, match=f"syscall_storm: {parameter} = 0: must be at least 1 {unit}$"):
        gl.run("syscall_storm", **{parameter: 0})
