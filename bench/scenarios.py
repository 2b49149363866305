"""The three loads that gmplab and its peers are timed on, as gmplab programs.

W1: main spawns n tasks of Exp(10 us) on 8 workers. W2: ping-pong pairs over unbuffered channels. W3: open Poisson
arrivals of Exp(10 us) on 8 servers at load 0.8. One schedule() is one task, one message, one job.
"""

from __future__ import annotations

from typing import Any

import gmplab as gl

PROCS = 8
SERVICE_US = 10
LOAD = 0.8


def w1(n: int) -> gl.Plan:
    """n tasks, spawned by main in a loop; main waits for all."""
    wg = gl.WaitGroup(n)
    task = gl.Program("task").compute(gl.Exponential(SERVICE_US * 1_000)).done(wg)
    return gl.Plan(gl.Program("main").loop(n).go(task).end().wait(wg), name="w1")


def w2(n: int, pairs: int = 1_000) -> gl.Plan:
    """n messages in all: each of the pairs sends there and back."""
    rounds = max(1, n // (2 * pairs))
    wg = gl.WaitGroup(2 * pairs)
    there: list[Any] = [gl.Chan() for _ in range(pairs)]
    back: list[Any] = [gl.Chan() for _ in range(pairs)]
    ping = gl.Program("ping").loop(rounds).send(there).recv(back).end().done(wg)
    pong = gl.Program("pong").loop(rounds).recv(there).send(back).end().done(wg)
    main = gl.Program("main").loop(pairs).go(ping, plus_i=True).go(pong, plus_i=True).end().wait(wg)
    return gl.Plan(main, name="w2")


def w3(n: int) -> gl.Plan:
    """n jobs from outside, Poisson at LOAD of PROCS servers."""
    job = gl.Program("job").compute(gl.Exponential(SERVICE_US * 1_000))
    gap = gl.Exponential(round(SERVICE_US * 1_000 / (PROCS * LOAD)))
    return gl.Plan(gl.Program("main").wait_arrivals(), sources=(gl.Source(job, gap, n),), name="w3")


SCENARIOS = {"w1": w1, "w2": w2, "w3": w3}
