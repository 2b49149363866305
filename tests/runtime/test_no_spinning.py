"""What Go leaves to spinning Ms must still be done where the policy lets none spin."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from tests.programs import free, rows


def test_an_m_that_sleeps_in_epoll_wakes_by_the_timers_of_all_ps() -> None:
    # The sleeper's timer lies on P 1. m2 sleeps in epoll until it is due, but leaves it earlier for the reader, whom it
    # runs on P 0. When it sleeps again it has seen P 0's timers alone, as nobody spins: the sleeper slept for ever.
    def main() -> Any:
        wg = gl.WaitGroup(2)

        def sleeper() -> Any:
            yield gl.sleep(us=100)
            yield gl.done(wg)

        def reader() -> Any:
            yield gl.io(us=50)
            yield gl.done(wg)

        yield gl.go(reader)
        yield gl.go(sleeper)
        yield gl.compute(us=20)
        yield gl.wait(wg)

    run = free(main, procs=2, policy=gl.policy_of("go").replace(spin=gl.NoSpinning()), until="10ms")
    asleep = rows(run, "TimerSet").iloc[0]
    assert (int(asleep["p"]), list(rows(run, "TimerFire")["t_ns"]), run.complete) == (1, [int(asleep["arg"])], True)


@pytest.mark.parametrize("policy", ["partitioned", "two-choices", "jsq", "fifo"])
def test_where_nobody_steals_no_sleeper_sleeps_for_ever(policy: str) -> None:
    # An M left epoll, or came from another P, and slept again until the timers of its last P alone: of 20 of these runs
    # some 3 never ended.
    def main() -> Any:
        wg = gl.WaitGroup(12)

        def sleeper() -> Any:
            for _ in range(6):
                yield gl.compute(gl.Uniform(1_000, 60_000))
                yield gl.sleep(gl.Uniform(1_000, 400_000))
            yield gl.done(wg)

        for _ in range(12):
            yield gl.go(sleeper)
        yield gl.wait(wg)

    runs = [gl.run(main, policy=policy, procs=4, seed=seed, until="1s", record="off") for seed in range(20)]
    assert [run.stopped_by for run in runs] == [""] * 20
