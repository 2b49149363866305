"""The simulator and the threads tell the same story of the same program, wherever time has no say in it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

import gmplab as gl
from gmplab.traces.run import Run
from tests.programs import rows
from tests.threads.watched import live

GO = gl.policy_of("go")
UNTIMED = GO.replace(
    name="go without time", preempt=gl.NoPreemption(), rules=dataclasses.replace(GO.rules, mutex_starvation=False),
)
"""Where time decides nothing: neither how long a goroutine has run, nor how long it has waited for a Mutex."""


def both(main: Callable[..., Any], **kw: Any) -> tuple[Run, Run]:
    simulated = gl.run(main, drain=True, **kw)
    simulated.validate()
    return simulated, live(main, drain=True, **kw)


def switches(run: Run) -> list[tuple[int, str, str]]:
    """Who got to run, found where, after whom: in order."""
    return list(zip(run.schedule["g"], run.schedule["source"], run.schedule["caller"], strict=True))


def blocks(run: Run) -> list[tuple[int, str]]:
    """Who parked, on what: in order."""
    parks = rows(run, "GoPark")
    return list(zip(parks["g"], parks["reason"], strict=True))


def pingpong() -> Any:
    """40 round trips over two unbuffered channels."""
    ping, pong = gl.Chan(), gl.Chan()

    def player() -> Any:
        for _ in range(40):
            yield gl.recv(ping)
            yield gl.send(pong)

    yield gl.go(player)
    for _ in range(40):
        yield gl.send(ping)
        yield gl.recv(pong)


def sieve() -> Any:
    """The primes below 60, each a goroutine that lets through what it does not divide."""

    def numbers(out: gl.Chan) -> Any:
        for n in range(2, 60):
            yield gl.send(out, n)
        yield gl.close(out)

    def sifts(prime: int, source: gl.Chan, out: gl.Chan) -> Any:
        while (got := (yield gl.recv_ok(source)))[1]:
            if got[0] % prime:
                yield gl.send(out, got[0])
        yield gl.close(out)

    source = gl.Chan()
    yield gl.go(numbers, source)
    primes = []
    while (got := (yield gl.recv_ok(source)))[1]:
        primes.append(got[0])
        out = gl.Chan()
        yield gl.go(sifts, got[0], source, out)
        source = out
    return primes


def contended() -> Any:
    """8 goroutines want one lock, and give way while they hold it."""
    mu, cond_wg = gl.Mutex(), gl.WaitGroup(8)

    def wants() -> Any:
        for _ in range(10):
            yield gl.acquire(mu)
            yield gl.gosched()
            yield gl.release(mu)
        yield gl.done(cond_wg)

    for _ in range(8):
        yield gl.go(wants)
    yield gl.wait(cond_wg)


@pytest.mark.parametrize("main", [pingpong, sieve, contended])
def test_on_one_p_both_switch_and_block_in_the_same_order(main: Callable[[], Any]) -> None:
    simulated, real = both(main, procs=1, policy=UNTIMED)
    assert switches(simulated) == switches(real)
    assert blocks(simulated) == blocks(real)
    assert len(switches(real)) > 40
    assert simulated.result == real.result
    # Nobody has a P to give: m0 and sysmon.
    assert simulated.metrics["threads_created"] == real.metrics["threads_created"] == 2


N, TIMES = 30, 4


def sleepers() -> Any:
    """30 goroutines sleep four times each."""

    def sleeps() -> Any:
        for _ in range(TIMES):
            yield gl.sleep(ms=2)

    for _ in range(N):
        yield gl.go(sleeps)


def test_timers_on_four_ps_block_and_switch_as_often_in_both() -> None:
    simulated, real = both(sleepers, procs=4, policy=UNTIMED)
    for run in (simulated, real):
        assert Counter(blocks(run)) == Counter({(g, "sleep"): TIMES for g in range(2, N + 2)})
        assert run.goroutines.set_index("g")["n_schedules"].to_dict() == {1: 1} | dict.fromkeys(range(2, N + 2), TIMES + 1)
        assert run.metrics["timers_fired"] == N * TIMES
        # m0, sysmon, and an M for each other P at most, but that one more may be made while another is on its way home:
        # it has given its P up and not yet put itself on midle.
        assert 2 <= run.metrics["threads_created"] <= 2 + 2 * 4


def callers() -> Any:
    """30 goroutines block in two calls each."""

    def blocks_twice() -> Any:
        for _ in range(2):
            yield gl.syscall(ms=3, blocking=True)

    for _ in range(N):
        yield gl.go(blocks_twice)


def test_blocking_calls_on_four_ps_hand_as_many_ps_off_in_both() -> None:
    simulated, real = both(callers, procs=4, policy=UNTIMED)
    for run in (simulated, real):
        assert Counter(rows(run, "GoSyscall")["g"]) == Counter(dict.fromkeys(range(2, N + 2), 2))
        # Each call that is known to block hands its P off at once, whatever the others do, and nothing else does.
        assert run.metrics["handoffs"] == run.metrics["syscalls_lost_p"] == 2 * N
        assert blocks(run) == []
        # At least the four Ps' Ms and sysmon; at most an M for each that is in a call, for each P, sysmon, and one that is
        # in epoll or on its way home.
        assert 5 <= run.metrics["threads_created"] <= N + 4 + 2
        # Once to begin with, and again after each call that found no P when it came back.
        assert run.goroutines["n_schedules"].between(1, 3).all()


def pipeline() -> Any:
    """60 numbers through three stages on unbuffered channels."""
    channels = [gl.Chan() for _ in range(4)]

    def stage(source: gl.Chan, out: gl.Chan) -> Any:
        while (got := (yield gl.recv_ok(source)))[1]:
            yield gl.send(out, got[0] + 1)
        yield gl.close(out)

    def feed() -> Any:
        for n in range(60):
            yield gl.send(channels[0], n)
        yield gl.close(channels[0])

    for i in range(3):
        yield gl.go(stage, channels[i], channels[i + 1])
    yield gl.go(feed)
    total = 0
    while (got := (yield gl.recv_ok(channels[3])))[1]:
        total += got[0]
    return total


def test_a_pipeline_on_four_ps_blocks_the_same_goroutines_on_the_same_things_within_bounds() -> None:
    simulated, real = both(pipeline, procs=4, policy=UNTIMED)
    for run in (simulated, real):
        assert run.result == sum(range(60)) + 3 * 60
        on = Counter(blocks(run))
        # Who feeds only sends, main only receives, a stage does both; each operation blocks once at most.
        assert set(on) <= {(5, "chan send"), (1, "chan receive")} | {(g, f"chan {d}") for g in (2, 3, 4) for d in ("send", "receive")}
        assert all(n <= 61 for n in on.values())
        # A number is handed over by two that meet, and who comes first blocks: of the two operations of each of the 4 times
        # 60 meetings exactly one does; of a close, who waits already has blocked.
        handed_over = sum(on.values())
        assert 4 * 60 <= handed_over <= 4 * 61
        # Each block is one switch back, and each goroutine begins once.
        assert len(run.schedule) == handed_over + 5
