"""The steady state of a Markov chain that is told by its moves, and models that are such chains."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from gmplab.analysis.theory import arguments

State = TypeVar("State", bound=Hashable)
MOST_STATES: Final = 3_000
"""A dense matrix of these is 72 MB, and solved in a second."""


def stationary(start: State, moves: Callable[[State], Iterable[tuple[State, float]]]) -> dict[State, float]:
    """The stationary distribution of a continuous-time Markov chain.

    Parameters
    ----------
    start : hashable
        A state that can be come back to.
    moves : function
        From a state to its next states with their rates. An endless chain is cut by leaving out the moves beyond.

    Returns
    -------
    dict
        The probability of each state that can be reached.

    Raises
    ------
    ValueError
        More than 3,000 states can be reached.

    Examples
    --------
    M/M/1 at load 0.5, cut at 40 jobs:

    >>> p = stationary(0, lambda n: [(n + 1, 0.5)] * (n < 40) + [(n - 1, 1.0)] * (n > 0))
    >>> round(sum(n * share for n, share in p.items()), 6)
    1.0
    """
    index: dict[State, int] = {start: 0}
    states = [start]
    flows: list[tuple[int, int, float]] = []
    for i, state in enumerate(states):
        for other, rate in moves(state):
            if other not in index:
                if len(states) == MOST_STATES:
                    raise ValueError(f"stationary: more than {MOST_STATES} states can be reached: cut the chain sooner")
                index[other] = len(states)
                states.append(other)
            flows.append((i, index[other], rate))
    q = np.zeros((len(states), len(states)))
    for i, j, rate in flows:
        q[j, i] += rate
        q[i, i] -= rate
    # One equation is implied by the others; in its place all probabilities add up to 1.
    q[0] = 1.0
    right = np.zeros(len(states))
    right[0] = 1.0
    return dict(zip(states, np.linalg.solve(q, right).tolist(), strict=True))


def mean(p: dict[State, float], value: Callable[[State], float]) -> float:
    """The mean of a value over a distribution."""
    return float(sum(share * value(state) for state, share in p.items()))


def mphc_mean_wait(servers: int, arrival_rate: float, phases: tuple[tuple[float, float], ...], serial: bool, levels: int = 400) -> float:
    """M/PH/c: the mean wait where a service is a phase chosen at random, or several in a row.

    Parameters
    ----------
    servers : int
        At least 1.
    arrival_rate : float
        Arrivals per unit of time, above 0, less than the servers can do.
    phases : tuple of (probability, mean)
        Each an exponential; with `serial` one after the other (Erlang: equal means), else one of them, chosen by its
        probability (hyperexponential). Two phases.
    serial : bool
        Whether the phases follow one another.
    levels : int
        Where the chain is cut: so many jobs.

    Returns
    -------
    float
        The mean over all jobs.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or the chain has too many states.

    Examples
    --------
    >>> round(mphc_mean_wait(2, 1.6, ((1.0, 0.5), (1.0, 0.5)), serial=True, levels=120), 5)
    1.34239
    """
    name = "mphc_mean_wait"
    c = arguments.count(name, "servers", servers)
    rate = arguments.number(name, "arrival_rate", arrival_rate)
    (p1, m1), (p2, m2) = phases
    arguments.utilization(name, rate, m1 + m2 if serial else p1 * m1 + p2 * m2, c, "service_mean")

    def moves(state: tuple[int, int]) -> list[tuple[tuple[int, int], float]]:
        """n jobs, k of the min(n, c) that are served in the first phase."""
        n, k = state
        busy = min(n, c)
        out = []
        if n < levels:
            if n >= c:
                out.append(((n + 1, k), rate))
            elif serial:
                out.append(((n + 1, k + 1), rate))
            else:
                out += [((n + 1, k + 1), rate * p1), ((n + 1, k), rate * p2)]
        waits = n > c
        if serial:
            if k:
                out.append(((n, k - 1), k / m1))
            if busy > k:
                out.append(((n - 1, k + 1 if waits else k), (busy - k) / m2))
            return out
        for leaving, left, speed in ((k, k - 1, k / m1), (busy - k, k, (busy - k) / m2)):
            if leaving and waits:
                out += [((n - 1, left + 1), speed * p1), ((n - 1, left), speed * p2)]
            elif leaving:
                out.append(((n - 1, left), speed))
        return out

    p = stationary((0, 0), moves)
    return mean(p, lambda state: max(0, state[0] - c)) / rate


class Setup(NamedTuple):
    """Servers that are switched off without work and must start before they work again.

    Examples
    --------
    >>> setup_mm1(0.5, 1.0, 1.0)._fields
    ('mean_sojourn', 'mean_on', 'mean_starting')
    """

    mean_sojourn: float
    """Mean time in the system."""
    mean_on: float
    """Mean number of servers that are on, at work or waiting for some."""
    mean_starting: float
    """Mean number of servers that start."""


def setup_mm1(arrival_rate: float, service_mean: float, setup_mean: float, off_rate: float = 0.0) -> Setup:
    """M/M/1 whose server starts anew for a job that finds it off, and is switched off some time after its last job.

    Parameters
    ----------
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service_mean : float
        Above 0; ``arrival_rate * service_mean`` must be below 1.
    setup_mean : float
        Of the exponential start, above 0.
    off_rate : float
        It stays on after its last job for an exponential time of this rate; 0: it goes off at once.

    Returns
    -------
    Setup

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    ``E[T] = service_mean / (1 - rho) + setup_mean`` where it goes off at once. With a share q of idle times that outlast
    the time off, q (s + lambda s**2) / (1 + q lambda s) takes the place of the setup s, by decomposition. It depends on
    the law of the time that it stays on by q alone. Source: Welch 1964, "On a generalized M/G/1 queuing process in which
    the first customer of each busy period receives exceptional service"; Gandhi, Harchol-Balter and Adan 2010, "Server
    farms with setup costs".

    Examples
    --------
    >>> round(setup_mm1(0.5, 1.0, 1.0).mean_sojourn, 5), round(setup_mm1(0.5, 1.0, 1.0, off_rate=1.0).mean_sojourn, 5)
    (3.0, 2.75)
    """
    name = "setup_mm1"
    rate = arguments.number(name, "arrival_rate", arrival_rate)
    service = arguments.number(name, "service_mean", service_mean)
    s = arguments.number(name, "setup_mean", setup_mean)
    off = arguments.number(name, "off_rate", off_rate, zero=True)
    rho = arguments.utilization(name, rate, service, 1)
    q = off / (off + rate) if off > 0 else 1.0
    # Of a cycle: an idle time, a start in a share q of them, and the busy time, in which all work of the cycle is done.
    cycle = (1.0 / rate + q * s) / (1.0 - rho)
    starting = q * s / cycle
    idle_on = (1.0 / (rate + off) if off > 0 else 0.0) / cycle
    first = q * (2.0 * s + 2.0 * rate * s * s) / (2.0 * (1.0 + q * rate * s))
    return Setup(service / (1.0 - rho) + first, rho + idle_on, starting)


def setup_mg1_mean_wait(arrival_rate: float, service_mean: float, service_second_moment: float, setup: float) -> float:
    """M/G/1 where a job that finds no other must wait for a constant start, as for an M that is woken.

    Parameters
    ----------
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service_mean, service_second_moment : float
        Of the service, above 0; ``arrival_rate * service_mean`` must be below 1.
    setup : float
        The start, at least 0.

    Returns
    -------
    float
        The mean wait, the start included.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    ``lambda E[S**2] / (2 (1 - rho)) + (2 d + lambda d**2) / (2 (1 + lambda d))``. Source: Welch 1964.

    Examples
    --------
    >>> round(setup_mg1_mean_wait(0.5, 1.0, 1.0, 0.2), 6)
    0.690909
    """
    name = "setup_mg1_mean_wait"
    rate = arguments.number(name, "arrival_rate", arrival_rate)
    service = arguments.number(name, "service_mean", service_mean)
    second = arguments.number(name, "service_second_moment", service_second_moment)
    d = arguments.number(name, "setup", setup, zero=True)
    rho = arguments.utilization(name, rate, service, 1)
    return rate * second / (2.0 * (1.0 - rho)) + (2.0 * d + rate * d * d) / (2.0 * (1.0 + rate * d))


def setup_mmc(servers: int, arrival_rate: float, setup_mean: float, levels: int = 150) -> Setup:
    """M/M/c of mean service 1 whose servers go off at once without work, and whose starts, once begun, are not called off.

    Parameters
    ----------
    servers : int
        At least 1.
    arrival_rate : float
        Jobs in a mean service, above 0 and below `servers`.
    setup_mean : float
        Of the exponential start, above 0.
    levels : int
        Where the chain is cut: so many jobs.

    Returns
    -------
    Setup

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or the chain has too many states.

    Notes
    -----
    Each arrival starts a server, if one is off; a server that has started without finding work goes off again. Gandhi,
    Harchol-Balter and Adan 2010 call the start off instead, as soon as another server has taken the job: a thread that the
    kernel is waking cannot be called off. With one server the two are the same.

    Examples
    --------
    >>> round(setup_mmc(1, 0.5, 1.0, levels=80).mean_sojourn, 5)
    3.0
    """
    name = "setup_mmc"
    c = arguments.count(name, "servers", servers)
    rate = arguments.number(name, "arrival_rate", arrival_rate)
    s = arguments.number(name, "setup_mean", setup_mean)
    arguments.utilization(name, rate, 1.0, c, "1")

    def moves(state: tuple[int, int, int]) -> list[Any]:
        """n jobs, on of the servers at work, and so many that start."""
        n, on, starting = state
        out: list[Any] = []
        if n < levels:
            out.append(((n + 1, on, min(starting + 1, c - on)), rate))
        if starting:
            out.append(((n, min(on + 1, n), starting - 1), starting / s))
        if on:
            out.append(((n - 1, min(on, n - 1), starting), float(on)))
        return out

    p = stationary((0, 0, 0), moves)
    return Setup(mean(p, lambda x: x[0]) / rate, mean(p, lambda x: x[1]), mean(p, lambda x: x[2]))
