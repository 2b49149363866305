"""The same loads in SimPy, as its users write them: generator processes, Resource, Store.

Each returns how many tasks, messages or jobs were done. Dice are `random.Random(1)`: the peers' own, in their own units.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Generator
from typing import Any

import simpy

from bench.scenarios import LOAD, PROCS, SERVICE_US

Process = Generator[Any, Any, None]


def w1_tasks_as_data(n: int) -> int:
    """Workers are processes; tasks are numbers in one deque a worker, a thief takes half. The leanest idiom: no G, no M."""
    env, dice = simpy.Environment(), random.Random(1)
    queues: list[deque[float]] = [deque() for _ in range(PROCS)]
    queues[0].extend(dice.expovariate(1 / SERVICE_US) for _ in range(n))
    done = [0]

    def worker(i: int) -> Process:
        mine = queues[i]
        while True:
            if not mine:
                victim = max(queues, key=len)
                if not victim:
                    return
                for _ in range((len(victim) + 1) // 2):
                    mine.append(victim.popleft())
            yield env.timeout(mine.popleft())
            done[0] += 1

    for i in range(PROCS):
        env.process(worker(i))
    env.run()
    return done[0]


def w1_process_a_task(n: int) -> int:
    """Every task a process that asks for one of the processors."""
    env, dice = simpy.Environment(), random.Random(1)
    cpus = simpy.Resource(env, PROCS)
    done = [0]

    def task() -> Process:
        with cpus.request() as cpu:
            yield cpu
            yield env.timeout(dice.expovariate(1 / SERVICE_US))
        done[0] += 1

    def main() -> Process:
        for _ in range(n):
            env.process(task())
        yield env.timeout(0)

    env.process(main())
    env.run()
    return done[0]


def w2(n: int, pairs: int = 1_000) -> int:
    """Ping-pong pairs over stores of capacity 1 (SimPy has no rendezvous), without a limit of processors."""
    env = simpy.Environment()
    rounds = max(1, n // (2 * pairs))
    done = [0]

    def ping(there: simpy.Store, back: simpy.Store) -> Process:
        for _ in range(rounds):
            yield there.put(1)
            yield back.get()
            done[0] += 2

    def pong(there: simpy.Store, back: simpy.Store) -> Process:
        for _ in range(rounds):
            yield there.get()
            yield back.put(1)

    for _ in range(pairs):
        there, back = simpy.Store(env, 1), simpy.Store(env, 1)
        env.process(ping(there, back))
        env.process(pong(there, back))
    env.run()
    return done[0]


def w3(n: int) -> int:
    """Every job a process that asks for one of the servers."""
    env, dice = simpy.Environment(), random.Random(1)
    servers = simpy.Resource(env, PROCS)
    done = [0]

    def job() -> Process:
        with servers.request() as server:
            yield server
            yield env.timeout(dice.expovariate(1 / SERVICE_US))
        done[0] += 1

    def source() -> Process:
        for _ in range(n):
            yield env.timeout(dice.expovariate(PROCS * LOAD / SERVICE_US))
            env.process(job())

    env.process(source())
    env.run()
    return done[0]


PEERS = {"w1 as data": w1_tasks_as_data, "w1 as processes": w1_process_a_task, "w2": w2, "w3": w3}
