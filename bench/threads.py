"""What the mode on real threads costs, beside `concurrent.futures` and asyncio on the same loads.

Each load returns how many operations it did. handoff: two in turns make calls that block; of the one P, which each gives
away, the other's thread is woken. wakeup: two that keep a thread each pass a token to and fro, so that each pass wakes a thread.
overlap: 64 at once that sleep 1 ms each time. channel: pairs pass a token over channels. switch: 10 that give way in turns.
"""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gmplab as gl

CROWD = 64
PAIRS = 50
TURNS = 10


def on_threads(main: Callable[[], Any], count: int, procs: int = 4) -> int:
    run = gl.run(main, on="threads", procs=procs, record="off", drain=True)
    assert run.complete and not run.abandoned
    return count


def nothing() -> None:
    """The shortest call there is."""


def handoff(n: int) -> int:
    def caller() -> Any:
        for _ in range(n // 2):
            yield gl.syscall(call=nothing, blocking=True)

    def main() -> Any:
        yield gl.go(caller)
        yield gl.go(caller)

    return on_threads(main, n // 2 * 2, procs=1)


def executor_handoff(n: int) -> int:
    with ThreadPoolExecutor(4) as pool:
        for _ in range(n):
            pool.submit(nothing).result()
    return n


def wakeup(n: int) -> int:
    def player(here: gl.Chan, there: gl.Chan, first: bool) -> Any:
        yield gl.lock_os_thread()
        for _ in range(n // 2):
            if first:
                yield gl.send(there)
            yield gl.recv(here)
            if not first:
                yield gl.send(there)

    def main() -> Any:
        a, b = gl.Chan(), gl.Chan()
        yield gl.go(player, a, b, True)
        yield gl.go(player, b, a, False)

    return on_threads(main, n)


def executor_wakeup(n: int) -> int:
    def player(here: queue.SimpleQueue[None], there: queue.SimpleQueue[None], first: bool) -> None:
        for _ in range(n // 2):
            if first:
                there.put(None)
            here.get()
            if not first:
                there.put(None)

    a: queue.SimpleQueue[None] = queue.SimpleQueue()
    b: queue.SimpleQueue[None] = queue.SimpleQueue()
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(player, a, b, True), pool.submit(player, b, a, False)]:
            done.result()
    return n


def overlap(n: int) -> int:
    def caller() -> Any:
        for _ in range(n // CROWD):
            yield gl.syscall(call=time.sleep, args=(0.001,))

    def main() -> Any:
        for _ in range(CROWD):
            yield gl.go(caller)

    return on_threads(main, n // CROWD * CROWD)


def executor_overlap(n: int) -> int:
    with ThreadPoolExecutor(CROWD) as pool:
        list(pool.map(time.sleep, [0.001] * (n // CROWD * CROWD)))
    return n // CROWD * CROWD


def channel(n: int) -> int:
    rounds = n // (2 * PAIRS)

    def ping(here: gl.Chan, there: gl.Chan) -> Any:
        for _ in range(rounds):
            yield gl.send(there)
            yield gl.recv(here)

    def pong(here: gl.Chan, there: gl.Chan) -> Any:
        for _ in range(rounds):
            yield gl.recv(here)
            yield gl.send(there)

    def main() -> Any:
        for _ in range(PAIRS):
            a, b = gl.Chan(), gl.Chan()
            yield gl.go(ping, a, b)
            yield gl.go(pong, b, a)

    return on_threads(main, 2 * PAIRS * rounds)


def asyncio_channel(n: int) -> int:
    rounds = n // (2 * PAIRS)

    async def ping(here: asyncio.Queue[None], there: asyncio.Queue[None]) -> None:
        for _ in range(rounds):
            await there.put(None)
            await here.get()

    async def pong(here: asyncio.Queue[None], there: asyncio.Queue[None]) -> None:
        for _ in range(rounds):
            await here.get()
            await there.put(None)

    async def main() -> None:
        players = []
        for _ in range(PAIRS):
            a: asyncio.Queue[None] = asyncio.Queue(1)
            b: asyncio.Queue[None] = asyncio.Queue(1)
            players += [ping(a, b), pong(b, a)]
        await asyncio.gather(*players)

    asyncio.run(main())
    return 2 * PAIRS * rounds


def switch(n: int) -> int:
    def gives_way() -> Any:
        for _ in range(n // TURNS):
            yield gl.gosched()

    def main() -> Any:
        for _ in range(TURNS):
            yield gl.go(gives_way)

    return on_threads(main, n // TURNS * TURNS)


def asyncio_switch(n: int) -> int:
    async def gives_way() -> None:
        for _ in range(n // TURNS):
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(*[gives_way() for _ in range(TURNS)])

    asyncio.run(main())
    return n // TURNS * TURNS


LOADS: dict[str, Callable[[int], int]] = {
    "threads handoff": handoff, "executor handoff": executor_handoff, "threads wakeup": wakeup,
    "executor wakeup": executor_wakeup, "threads overlap": overlap, "executor overlap": executor_overlap,
    "threads channel": channel, "asyncio channel": asyncio_channel, "threads switch": switch, "asyncio switch": asyncio_switch,
}
