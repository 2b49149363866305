"""When a batch of jobs or a graph of tasks is done."""

from __future__ import annotations

import math
from typing import NamedTuple

from gmplab.analysis.theory import arguments



class Makespan(NamedTuple):
    """When a batch of jobs is done.

    Examples
    --------
    >>> done = makespan_exponential(jobs=4, servers=4)
    >>> round(done.mean, 4), done._fields
    (2.0833, ('mean', 'variance', 'mean_completion'))
    """

    mean: float
    """Mean time until the last job is done."""
    variance: float
    """Its variance, in the unit of time squared."""
    mean_completion: float
    """Mean over the jobs of the time until that job is done."""


def makespan_exponential(jobs: int, servers: int, service_mean: float = 1.0) -> Makespan:
    """Time until the last of n exponential jobs, all there at time 0, is done on c servers.

    Parameters
    ----------
    jobs : int
        At least 1.
    servers : int
        At least 1.
    service_mean : float
        Mean service, above 0.

    Returns
    -------
    Makespan
        `mean`, `variance`, `mean_completion`.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    While c or more are left one ends every mean/c, and then every mean/k with k left:
    ``E = (n - c)/c + H(c)``, ``Var = (n - c)/c**2 + sum 1/k**2, k = 1..c``, c at most n, for every work-conserving
    scheduler that costs nothing. Source: order statistics of exponentials (A. Renyi, On the theory of order statistics,
    Acta Math. Hungar. 4, 1953) after a Poisson stage.

    Examples
    --------
    >>> done = makespan_exponential(jobs=10, servers=4)
    >>> round(done.mean, 5), round(done.variance**0.5, 5), round(done.mean_completion, 5)
    (3.58333, 1.34112, 1.525)
    """
    n = arguments.count("makespan_exponential", "jobs", jobs)
    c = min(n, arguments.count("makespan_exponential", "servers", servers))
    unit = arguments.number("makespan_exponential", "service_mean", service_mean)
    mean = (n - c) / c + math.fsum(1.0 / k for k in range(1, c + 1))
    variance = (n - c) / c**2 + math.fsum(1.0 / k**2 for k in range(1, c + 1))
    completion = 1.0 + (n - c) * (n - c + 1) / (2.0 * c * n)
    return Makespan(mean * unit, variance * unit * unit, completion * unit)


class Bounds(NamedTuple):
    """Between which bounds a time lies.

    Examples
    --------
    >>> greedy_makespan_bounds(work=12.0, span=3.0, servers=4)
    Bounds(lower=3.0, upper=5.25)
    """

    lower: float
    upper: float


def greedy_makespan_bounds(work: float, span: float, servers: int) -> Bounds:
    """Bounds of the time that a task graph takes on c servers under any greedy scheduler, in every single run.

    Parameters
    ----------
    work : float
        T1: the sum of all tasks, above 0.
    span : float
        Tinf: the longest path through the graph, above 0 and at most `work`.
    servers : int
        At least 1.

    Returns
    -------
    Bounds
        `lower`: what no scheduler beats; `upper`: what no greedy one exceeds (greedy: no server is idle while a task
        is ready, and a switch costs nothing).

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    ``max(T1/c, Tinf) <= T <= T1/c + (1 - 1/c) Tinf``. Source: Graham; Brent.

    Examples
    --------
    >>> greedy_makespan_bounds(work=100.0, span=10.0, servers=4)
    Bounds(lower=25.0, upper=32.5)
    """
    t1 = arguments.number("greedy_makespan_bounds", "work", work)
    tinf = arguments.number("greedy_makespan_bounds", "span", span)
    c = arguments.count("greedy_makespan_bounds", "servers", servers)
    if tinf > t1:
        raise ValueError(f"greedy_makespan_bounds: span = {span!r}: must be at most work = {work!r}")
    return Bounds(max(t1 / c, tinf), t1 / c + (1.0 - 1.0 / c) * tinf)


def fork_join_mean_sojourn(load: float) -> float:
    """Mean time until both parts of a job are done that goes to two servers, each part to its own.

    Parameters
    ----------
    load : float
        Of each server, above 0 and below 1; Poisson arrivals, exponential parts of mean 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        The load is out of its bounds.

    Notes
    -----
    ``(12 - rho) / 8 / (1 - rho)``. Source: L. Flatto and S. Hahn, Two parallel queues created by arrivals with two demands,
    SIAM J. Appl. Math. 44, 1984; R. Nelson and A. N. Tantawi, IEEE Trans. Computers 37, 1988.

    Examples
    --------
    >>> fork_join_mean_sojourn(0.5)
    2.875
    """
    rho = arguments.number("fork_join_mean_sojourn", "load", load)
    arguments.utilization("fork_join_mean_sojourn", rho, 1.0, 1, "1")
    return (12.0 - rho) / 8.0 / (1.0 - rho)


def most_steals(arity: int, height: int, servers: int) -> int:
    """How many thefts there can be at most where a complete tree of tasks starts on one of the servers.

    Parameters
    ----------
    arity : int
        Children of an inner node, at least 2.
    height : int
        Of the tree, at least 1.
    servers : int
        At least 1.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    ``sum (k - 1)**i C(h, i), i = 1..n``. Source: C. E. Leiserson, T. B. Schardl and W. Suksompong, Upper bounds on number of
    steals in rooted trees, Theory of Computing Systems 58, 2016.

    Examples
    --------
    >>> most_steals(2, 10, 4), most_steals(2, 16, 4)
    (385, 2516)
    """
    k = arguments.count("most_steals", "arity", arity, least=2)
    h = arguments.count("most_steals", "height", height)
    n = arguments.count("most_steals", "servers", servers)
    return sum((k - 1) ** i * math.comb(h, i) for i in range(1, n + 1))
