"""Jobs that go round, and pipelines: closed networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gmplab.analysis.theory import arguments
from gmplab.analysis.theory.chains import stationary



def pipeline_throughput(capacity: int, first_mean: float = 1.0, second_mean: float = 1.0) -> float:
    """Jobs per unit of time through two exponential stages with a channel between.

    The first stage always has another job, the second can always deliver.

    Parameters
    ----------
    capacity : int
        Room of the channel, at least 0; 0: unbuffered.
    first_mean, second_mean : float
        Mean work of the stages on one job, above 0. Each stage has a server of its own.

    Returns
    -------
    float
        Throughput. It is the same with the stages exchanged.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    A job that the first stage has finished and cannot send blocks it. The jobs past the first stage are a birth-death
    chain on 0..b+2, so with ``r = second_mean / first_mean`` the throughput is
    ``(1 + r + ... + r**(b+1)) / (1 + r + ... + r**(b+2)) / first_mean``; equal stages give (b+2)/(b+3) jobs a mean.
    Source: Hunt.

    Examples
    --------
    >>> round(pipeline_throughput(capacity=0), 6), round(pipeline_throughput(0, 1.0, 0.5), 6)
    (0.666667, 0.857143)
    """
    b = arguments.count("pipeline_throughput", "capacity", capacity, least=0)
    first = arguments.number("pipeline_throughput", "first_mean", first_mean)
    second = arguments.number("pipeline_throughput", "second_mean", second_mean)
    # Reversible, so that the slow stage may come first; then r <= 1 and nothing overflows.
    slow, fast = max(first, second), min(first, second)
    r = fast / slow
    powers = [r**k for k in range(b + 3)]
    return math.fsum(powers[:-1]) / math.fsum(powers) / slow


def tandem_throughput(service_means: Sequence[float], capacity: int) -> float:
    """Jobs per unit of time through several exponential stages with channels of the same capacity between them.

    Parameters
    ----------
    service_means : sequence of float
        Of each stage, above 0; at least two stages.
    capacity : int
        Room of each channel, at least 0.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or the chain has too many states (4 stages: capacity up to 11).

    Notes
    -----
    The state counts the jobs that stage i has done and stage i + 1 has not. A stage whose job finds no room is blocked
    after service, as a goroutine in a send. The stationary distribution is solved for; two stages are
    `pipeline_throughput`.

    Examples
    --------
    >>> round(tandem_throughput([1.0, 1.0, 1.0], 0), 6), round(tandem_throughput([1.0, 2.0, 1.0], 1), 6)
    (0.564103, 0.448061)
    """
    name = "tandem_throughput"
    means = [arguments.number(name, "service_means", x) for x in service_means]
    if len(means) < 2:
        raise ValueError(f"{name}: service_means = {service_means!r}: must be at least 2 stages")
    room = arguments.count(name, "capacity", capacity, least=0) + 2
    last = len(means) - 1

    def works(between: tuple[int, ...]) -> list[bool]:
        """Whether each stage works; a blocked stage keeps its last job, and so has one place less for the next."""
        out, blocked = [False] * (last + 1), False
        for i in reversed(range(last + 1)):
            blocked = i < last and between[i] >= room - blocked
            out[i] = not blocked and (i == 0 or between[i - 1] > 0)
        return out

    def moves(between: tuple[int, ...]) -> list[tuple[tuple[int, ...], float]]:
        out = []
        for i, working in enumerate(works(between)):
            if working:
                after = list(between)
                if i > 0:
                    after[i - 1] -= 1
                if i < last:
                    after[i] += 1
                out.append((tuple(after), 1.0 / means[i]))
        return out

    p = stationary((0,) * last, moves)
    return sum(share for between, share in p.items() if between[-1] > 0) / means[-1]


class ClosedNetwork(NamedTuple):
    """The steady state of jobs that go round between servers and a place without queue.

    Examples
    --------
    >>> found = machine_repair(jobs=4, servers=1, service_mean=1.0, think_mean=3.0)
    >>> found._fields
    ('throughput', 'mean_response', 'utilization')
    """

    throughput: float
    """Rounds per unit of time, of all jobs together."""
    mean_response: float
    """Mean time of one visit to the servers, wait and service."""
    utilization: float
    """Fraction of time that a server is busy."""


def machine_repair(jobs: int, servers: int, service_mean: float, think_mean: float) -> ClosedNetwork:
    """K jobs that alternate between c servers and a think time (a syscall whose P is handed off at once).

    Parameters
    ----------
    jobs : int
        K, at least 1. Where at most m threads exist and a syscall keeps its thread, ``min(K, m)``.
    servers : int
        c, at least 1: the Ps; 1 where a critical section is the server.
    service_mean : float
        Mean of the exponential work between two syscalls, above 0.
    think_mean : float
        Mean time outside (the syscall), above 0.

    Returns
    -------
    ClosedNetwork
        `throughput`, `mean_response`, `utilization`.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    The number n at the servers is a birth-death chain with birth rate (K - n)/Z and death rate min(n, c)/S. It
    holds for any law of the think time with that mean (an infinite-server station), not for any law of the work.
    Source: Kleinrock, chapter 3 (finite population, machine repair).

    Examples
    --------
    >>> round(machine_repair(jobs=16, servers=4, service_mean=1.0, think_mean=4.0).throughput, 6)
    3.053844
    """
    big_k = arguments.count("machine_repair", "jobs", jobs)
    c = arguments.count("machine_repair", "servers", servers)
    s = arguments.number("machine_repair", "service_mean", service_mean)
    z = arguments.number("machine_repair", "think_mean", think_mean)
    logs = [0.0]
    for n in range(big_k):
        logs.append(logs[-1] + math.log((big_k - n) * s / (z * min(n + 1, c))))
    top = max(logs)
    weights = [math.exp(x - top) for x in logs]
    total = math.fsum(weights)
    busy = math.fsum(min(n, c) * w for n, w in enumerate(weights)) / total
    at_servers = math.fsum(n * w for n, w in enumerate(weights)) / total
    throughput = busy / s
    return ClosedNetwork(throughput, at_servers / throughput, busy / c)


def held_throughput(jobs: int, servers: int, service_mean: float, think_mean: float) -> float:
    """Throughput of the same network where a job keeps its server while it thinks (no handoff of the P).

    Parameters
    ----------
    jobs : int
        At least 1.
    servers : int
        At least 1.
    service_mean : float
        Mean work between two syscalls, above 0.
    think_mean : float
        Mean time of the syscall, above 0.

    Returns
    -------
    float
        Rounds per unit of time, of all jobs together.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    ``min(K, c) / (S + Z)``, for any laws: a server is never without a job while there are enough. Source:
    Little's law with the servers as the system.

    Examples
    --------
    >>> held_throughput(jobs=16, servers=4, service_mean=1.0, think_mean=4.0)
    0.8
    """
    big_k = arguments.count("held_throughput", "jobs", jobs)
    c = arguments.count("held_throughput", "servers", servers)
    s = arguments.number("held_throughput", "service_mean", service_mean)
    z = arguments.number("held_throughput", "think_mean", think_mean)
    return min(big_k, c) / (s + z)
