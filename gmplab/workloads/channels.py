"""Goroutines that talk over channels: ping-pong, pipelines, the prime sieve."""

from __future__ import annotations

from typing import Any

from gmplab.runtime import verbs as gl
from gmplab.runtime.program import Program
from gmplab.runtime.chan import Chan
from gmplab.runtime.sim import Plan
from gmplab.runtime.sync import WaitGroup
from gmplab.workloads.parameters import Drawn, at_least, workload


@workload
def pingpong(*, rounds: int = 1_000, pairs: int = 1, compute: Drawn = "0ns", buffer: int = 0) -> Plan:
    """Pairs of goroutines hand a value to and fro.

    What does a switch cost, and do two that take turns stay on one P? Under Go the receiver goes to the sender's runnext;
    an M that spins may still steal it. Source: Go, runtime/chan_test.go: BenchmarkChanSync.

    Parameters
    ----------
    rounds : int
        How often a value goes there and back, at least 1.
    pairs : int
        At least 1.
    compute : int (ns), str or Distribution
        What each does with the value before it hands it on.
    buffer : int
        Capacity of the channels; 0: each hand-over waits for the other.

    Notes
    -----
    Each goroutine waits for another: "threadpool" needs 2 pairs + 1 threads.

    Examples
    --------
    >>> gmplab.run("pingpong", rounds=100, procs=2).metrics["n_schedules"]
    204
    """
    at_least("pingpong: rounds", rounds, 1, "round")
    at_least("pingpong: pairs", pairs, 1, "pair")
    at_least("pingpong: buffer", buffer, 0, "value")
    there = [Chan(buffer) for _ in range(pairs)]
    back = [Chan(buffer) for _ in range(pairs)]
    everyone = WaitGroup()
    ping = Program("ping").loop(rounds).compute(compute).send(there).recv(back).end().done(everyone)
    pong = Program("pong").loop(rounds).recv(there).compute(compute).send(back).end().done(everyone)
    main = Program("main").add(everyone, 2 * pairs).loop(pairs).go(pong, plus_i=True).go(ping, plus_i=True).end()
    return Plan(main.wait(everyone))


@workload
def pipeline(*, n: int = 1_000, stages: int = 4, compute: Drawn = "5us", buffer: int = 0) -> Plan:
    """n items go through stages, each a goroutine; main feeds nothing and takes what comes out.

    Do the stages run in parallel on different Ps, or does runnext keep an item's whole way on one? The first stage makes
    the items. Source: go.dev/blog/pipelines.

    Parameters
    ----------
    n : int
        Items, at least 1.
    stages : int
        At least 1.
    compute : int (ns), str or Distribution
        What a stage does with an item.
    buffer : int
        Capacity of the channels between stages.

    Notes
    -----
    Each stage waits for another: "threadpool" needs stages + 1 threads.

    Examples
    --------
    >>> gmplab.run("pipeline", n=50, stages=8, buffer=16).metrics["n_goroutines"]
    9
    """
    at_least("pipeline: n", n, 1, "item")
    at_least("pipeline: stages", stages, 1, "stage")
    at_least("pipeline: buffer", buffer, 0, "item")
    out = [Chan(buffer) for _ in range(stages)]
    first = Program("first").loop(n).compute(compute).send(out[0]).end()
    main = Program("main").go(first)
    if stages > 1:
        stage = Program("stage").loop(n).recv(out[:-1]).compute(compute).send(out[1:]).end()
        main.loop(stages - 1).go(stage, plus_i=True).end()
    return Plan(main.loop(n).recv(out[-1]).end())


@workload
def channel_tandem(*, n: int = 1_000, stages: int = 2, service: Drawn = "exp(10us)", buffer: int = 0) -> Plan:
    """A saturated line of queues: the first stage never starves, the last is never blocked.

    What do the small buffers between stages cost? An item that finds the next buffer full blocks its stage. Known
    exactly for exponential service of mean 1, each stage on a P of its own: two stages do (b + 2) / (b + 3) items a
    unit of time with capacity b, three unbuffered ones 22/39. Source: Hunt 1956, "Sequential arrays of waiting lines".

    Parameters
    ----------
    n : int
        Items, at least 1.
    stages : int
        At least 2.
    service : int (ns), str or Distribution
        Of an item at a stage.
    buffer : int
        Capacity of each channel.

    Notes
    -----
    Differs from `pipeline`: nobody stands behind the last stage. "threadpool" needs stages + 1 threads.

    Examples
    --------
    >>> run = gmplab.run("channel_tandem", n=2_000, costs=gmplab.Costs.zero())
    >>> round(2_000 * 10_000 / run.record.end_ns, 1)
    0.6
    """
    at_least("channel_tandem: n", n, 1, "item")
    at_least("channel_tandem: stages", stages, 2, "stage")
    at_least("channel_tandem: buffer", buffer, 0, "item")
    between = [Chan(buffer) for _ in range(stages - 1)]
    everyone = WaitGroup()
    first = Program("first").loop(n).compute(service).send(between[0]).end().done(everyone)
    last = Program("last").loop(n).recv(between[-1]).compute(service).end().done(everyone)
    main = Program("main").add(everyone, stages).go(first).go(last)
    if stages > 2:
        stage = Program("stage").loop(n).recv(between[:-1]).compute(service).send(between[1:]).end().done(everyone)
        main.loop(stages - 2).go(stage, plus_i=True).end()
    return Plan(main.wait(everyone))


@workload
def prime_sieve(*, n: int = 50, compute: Drawn = "100ns") -> Plan:
    """The first n primes by a chain of goroutines, each of which lets no multiple of its prime pass.

    How does a scheduler treat a long chain in which a value wakes one goroutine after the other? It really sieves: the
    run's `result` is the list of primes, checked. When main has n primes the run ends, as in Go, with the chain unfinished.
    Source: go.dev/doc/play/sieve.go; McIlroy 1968 (Hoare 1978, "Communicating sequential processes").

    Parameters
    ----------
    n : int
        Primes, at least 1.
    compute : int (ns), str or Distribution
        Of each division.

    Notes
    -----
    All wait for one another: "threadpool" needs n + 1 threads. With `run(drain=True)` the chain is a deadlock in the end.

    Examples
    --------
    >>> gmplab.run("prime_sieve", n=5).result
    [2, 3, 5, 7, 11]
    """
    at_least("prime_sieve: n", n, 1, "prime")

    def generate(numbers: Chan) -> Any:
        number = 2
        while True:
            yield gl.send(numbers, number)
            number += 1

    def sift(numbers: Chan, passed: Chan, prime: int) -> Any:
        while True:
            number = yield gl.recv(numbers)
            yield gl.compute(compute)
            if number % prime:
                yield gl.send(passed, number)

    def main() -> Any:
        found: list[int] = []
        numbers = Chan()
        yield gl.go(generate, numbers)
        while True:
            prime = yield gl.recv(numbers)
            found.append(prime)
            if len(found) == n:
                break
            passed = Chan()
            yield gl.go(sift, numbers, passed, prime)
            numbers = passed
        if found != first_primes(n):
            raise RuntimeError(f"prime_sieve: {found} came through: must be {first_primes(n)}")
        return found

    return Plan(main)


def first_primes(n: int) -> list[int]:
    """The first n primes, by division."""
    found: list[int] = []
    number = 2
    while len(found) < n:
        if all(number % prime for prime in found if prime * prime <= number):
            found.append(number)
        number += 1
    return found
