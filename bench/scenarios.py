"""The three loads that gmplab and its peers are timed on, in each form that a goroutine's body can have.

W1: main spawns n tasks of Exp(10 us) on 8 workers. W2: ping-pong pairs over unbuffered channels. W3: open Poisson
arrivals of Exp(10 us) on 8 servers at load 0.8. One schedule() is one task, one message, one job.

The verbs are called by their own names, as in their examples: `gl.send` costs 300 instructions more each time, since
Python does not remember where it found a name of a module that has a `__getattr__`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gmplab as gl
from gmplab import close, compute, done, go, recv, send, sleep, wait

PROCS = 8
PAIRS = 1_000
SERVICE_US = 10
LOAD = 0.8
SERVICE = gl.Exponential(SERVICE_US * 1_000)
GAP = gl.Exponential(round(SERVICE_US * 1_000 / (PROCS * LOAD)))


# --- op programs ---------------------------------------------------------------------------------------------------
def w1(n: int) -> gl.Plan:
    """n tasks, spawned by main in a loop; main waits for all."""
    wg = gl.WaitGroup(n)
    task = gl.Program("task").compute(SERVICE).done(wg)
    return gl.Plan(gl.Program("main").loop(n).go(task).end().wait(wg), name="w1")


def w2(n: int) -> gl.Plan:
    """n messages in all: each of the pairs sends there and back."""
    rounds = max(1, n // (2 * PAIRS))
    wg = gl.WaitGroup(2 * PAIRS)
    there: list[Any] = [gl.Chan() for _ in range(PAIRS)]
    back: list[Any] = [gl.Chan() for _ in range(PAIRS)]
    ping = gl.Program("ping").loop(rounds).send(there).recv(back).end().done(wg)
    pong = gl.Program("pong").loop(rounds).recv(there).send(back).end().done(wg)
    main = gl.Program("main").loop(PAIRS).go(ping, plus_i=True).go(pong, plus_i=True).end().wait(wg)
    return gl.Plan(main, name="w2")


def w3(n: int) -> gl.Plan:
    """n jobs from outside, Poisson at LOAD of PROCS servers."""
    job = gl.Program("job").compute(SERVICE)
    return gl.Plan(gl.Program("main").wait_arrivals(), sources=(gl.Source(job, GAP, n),), name="w3")


# --- the same as generators and as plain functions -----------------------------------------------------------------
def w1_generators(n: int) -> gl.Plan:
    wg = gl.WaitGroup(n)

    def task() -> Any:
        yield compute(SERVICE)
        yield done(wg)

    def main() -> Any:
        for _ in range(n):
            yield go(task)
        yield wait(wg)

    return gl.Plan(main, name="w1_generators")


def w1_functions(n: int) -> gl.Plan:
    wg = gl.WaitGroup(n)

    def task() -> None:
        compute(SERVICE)
        done(wg)

    def main() -> None:
        for _ in range(n):
            go(task)
        wait(wg)

    return gl.Plan(main, name="w1_functions")


def w2_generators(n: int) -> gl.Plan:
    rounds = max(1, n // (2 * PAIRS))
    wg = gl.WaitGroup(2 * PAIRS)

    def ping(there: gl.Chan, back: gl.Chan) -> Any:
        for _ in range(rounds):
            yield send(there)
            yield recv(back)
        yield done(wg)

    def pong(there: gl.Chan, back: gl.Chan) -> Any:
        for _ in range(rounds):
            yield recv(there)
            yield send(back)
        yield done(wg)

    def main() -> Any:
        for _ in range(PAIRS):
            there, back = gl.Chan(), gl.Chan()
            yield go(ping, there, back)
            yield go(pong, there, back)
        yield wait(wg)

    return gl.Plan(main, name="w2_generators")


def w2_functions(n: int) -> gl.Plan:
    rounds = max(1, n // (2 * PAIRS))
    wg = gl.WaitGroup(2 * PAIRS)

    def ping(there: gl.Chan, back: gl.Chan) -> None:
        for _ in range(rounds):
            send(there)
            recv(back)
        done(wg)

    def pong(there: gl.Chan, back: gl.Chan) -> None:
        for _ in range(rounds):
            recv(there)
            send(back)
        done(wg)

    def main() -> None:
        for _ in range(PAIRS):
            there, back = gl.Chan(), gl.Chan()
            go(ping, there, back)
            go(pong, there, back)
        wait(wg)

    return gl.Plan(main, name="w2_functions")


def w3_generators(n: int) -> gl.Plan:
    def job() -> Any:
        yield compute(SERVICE)

    def main() -> Any:
        for _ in range(n):
            yield sleep(GAP)
            yield go(job)

    return gl.Plan(main, name="w3_generators")


def w3_functions(n: int) -> gl.Plan:
    def job() -> None:
        compute(SERVICE)

    def main() -> None:
        for _ in range(n):
            sleep(GAP)
            go(job)

    return gl.Plan(main, name="w3_functions")


# --- many at once ---------------------------------------------------------------------------------------------------
def alive(n: int) -> gl.Plan:
    """n Gs that all wait at once for a channel to close."""
    gate, wg = gl.Chan(), gl.WaitGroup(n)
    waiter = gl.Program("waiter").recv(gate).done(wg)
    return gl.Plan(gl.Program("main").loop(n).go(waiter).end().sleep("10s").close(gate).wait(wg), name="alive")


def alive_generators(n: int) -> gl.Plan:
    gate, wg = gl.Chan(), gl.WaitGroup(n)

    def waiter() -> Any:
        yield recv(gate)
        yield done(wg)

    def main() -> Any:
        for _ in range(n):
            yield go(waiter)
        yield sleep(s=10)
        yield close(gate)
        yield wait(wg)

    return gl.Plan(main, name="alive_generators")


def alive_functions(n: int) -> gl.Plan:
    gate, wg = gl.Chan(), gl.WaitGroup(n)

    def waiter() -> None:
        recv(gate)
        done(wg)

    def main() -> None:
        for _ in range(n):
            go(waiter)
        sleep(s=10)
        close(gate)
        wait(wg)

    return gl.Plan(main, name="alive_functions")


SCENARIOS: dict[str, Callable[[int], gl.Plan]] = {
    "w1": w1, "w2": w2, "w3": w3, "w1 generators": w1_generators, "w2 generators": w2_generators,
    "w3 generators": w3_generators, "w1 functions": w1_functions, "w2 functions": w2_functions, "w3 functions": w3_functions,
    "alive": alive, "alive generators": alive_generators, "alive functions": alive_functions,
}
