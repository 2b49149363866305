"""Many goroutines on threads that Python switches as often as it can: nothing is lost, nothing runs twice, nothing hangs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gmplab as gl
from gmplab.policies import PRESETS
from tests.threads.watched import live

GROUP = 10
"""Goroutines that share a channel: half of them send, half receive."""
NAMES = [name for name in PRESETS if name != "go1.27"]


@pytest.fixture(autouse=True)
def switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def crowd(n: int, each: int, held: bool, got: list[list[int]]) -> Callable[[], Any]:
    """n goroutines, each of which sends or receives `each` numbers; what each receiver got is in `got`.

    Between operations some give way, sleep, or take a lock. Where tasks keep their threads (held) channels have room for
    all, and no sender goes behind the receivers in the queue: a pool whose threads all wait for queued tasks is stuck.
    """

    def main() -> Any:
        wg, mu = gl.WaitGroup(n), gl.Mutex()
        capacities = [0, 1, 7, GROUP * each] if not held else [GROUP * each]
        channels = [gl.Chan(capacities[i % len(capacities)]) for i in range(n // GROUP)]
        inside: list[int] = []

        def pause() -> Any:
            kind = gl.intn(40)
            if kind == 0 and not held:
                yield gl.gosched()
            elif kind == 1 and not held:
                yield gl.sleep(us=50)
            elif kind == 2:
                yield gl.acquire(mu)
                inside.append(1)
                assert len(inside) == 1
                inside.pop()
                yield gl.release(mu)

        def sends(i: int, c: gl.Chan) -> Any:
            for k in range(each):
                yield gl.send(c, i * each + k)
                yield from pause()
            yield gl.done(wg)

        def receives(mine: list[int], c: gl.Chan) -> Any:
            for k in range(each):
                if k % 3 == 0:
                    _, value, _ = yield gl.select(gl.recv_case(c), gl.recv_case(None))
                else:
                    value = yield gl.recv(c)
                mine.append(value)
                yield from pause()
            yield gl.done(wg)

        for i in range(n // 2):
            yield gl.go(sends, i, channels[i % len(channels)])
        for i in range(n // 2):
            got.append([])
            yield gl.go(receives, got[i], channels[i % len(channels)])
        yield gl.wait(wg)

    return main


def stress(policy: str, n: int, each: int, seed: int) -> None:
    got: list[list[int]] = []
    held = PRESETS[policy].block.hold
    run = live(crowd(n, each, held, got), policy=policy, procs=4, seed=seed, drain=True, patience_s=60 + n * each / 1_000)
    assert run.complete
    assert Counter(x for mine in got for x in mine) == Counter(range(n // 2 * each))
    # Each goroutine ran, and ended, once.
    assert run.metrics["n_exited"] == n + 1
    assert run.goroutines["exited_ns"].notna().sum() == n + 1


def test_twenty_thousand_operations_under_go() -> None:
    stress("go", 400, 50, seed=1)


@pytest.mark.parametrize("policy", NAMES)
def test_every_preset_survives_a_thousand_operations(policy: str) -> None:
    stress(policy, 100, 10, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("policy", NAMES)
def test_every_preset_survives_a_million_operations_of_ten_thousand_goroutines(policy: str, seed: int) -> None:
    stress(policy, 10_000, 100, seed)
