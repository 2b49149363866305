"""Any service: M/G/1, M/D/1 and M/D/c."""

from __future__ import annotations

import cmath
import math
from typing import NamedTuple

from gmplab.analysis.theory import arguments



class OpenQueue(NamedTuple):
    """What is known exactly of a queue whose service is not exponential.

    Examples
    --------
    >>> md1(0.8, 1.0)._fields
    ('utilization', 'p_wait', 'mean_wait', 'mean_sojourn')
    """

    utilization: float
    """Fraction of time that a server is busy."""
    p_wait: float
    """Probability that a job waits."""
    mean_wait: float
    """Mean wait over all jobs."""
    mean_sojourn: float
    """Mean of wait and service together."""


def mg1(arrival_rate: float, service_mean: float, service_second_moment: float) -> OpenQueue:
    """M/G/1, the Pollaczek-Khinchine formula: Poisson arrivals, one server, any service.

    Parameters
    ----------
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service_mean : float
        E[S], above 0; ``arrival_rate * service_mean`` must be below 1.
    service_second_moment : float
        E[S**2], at least ``service_mean**2``.

    Returns
    -------
    OpenQueue
        `utilization`, `p_wait`, `mean_wait`, `mean_sojourn`.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    ``E[W] = lambda E[S**2] / (2 (1 - rho))``, for every order of service that does not look at sizes or preempt.
    Source: Kleinrock, chapter 5; Harchol-Balter, chapter 23.

    Examples
    --------
    Nine jobs in ten take 0.5, one takes 5.5:

    >>> round(mg1(0.8, 1.0, 0.9 * 0.5**2 + 0.1 * 5.5**2).mean_wait, 9)
    6.5
    """
    rate = arguments.number("mg1", "arrival_rate", arrival_rate)
    mean = arguments.number("mg1", "service_mean", service_mean)
    second = arguments.number("mg1", "service_second_moment", service_second_moment)
    rho = arguments.utilization("mg1", rate, mean, 1)
    # A caller's rounding is no error.
    if second < mean * mean * (1.0 - 1e-12):
        raise ValueError(
            f"mg1: service_second_moment = {service_second_moment!r}: "
            f"must be at least service_mean**2 = {mean * mean:.6g}"
        )
    wait = rate * second / (2.0 * (1.0 - rho))
    return OpenQueue(rho, rho, wait, wait + mean)


def md1(arrival_rate: float, service: float) -> OpenQueue:
    """M/D/1: Poisson arrivals, one server, every service the same. The wait is half of M/M/1's.

    Parameters
    ----------
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service : float
        The service of each job, above 0; ``arrival_rate * service`` must be below 1.

    Returns
    -------
    OpenQueue
        `utilization`, `p_wait`, `mean_wait`, `mean_sojourn`.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    `mg1` with ``E[S**2] = service**2``. Source: Kleinrock, chapter 5.

    Examples
    --------
    >>> md1(0.5, 1.0).mean_wait
    0.5
    """
    rate = arguments.number("md1", "arrival_rate", arrival_rate)
    mean = arguments.number("md1", "service", service)
    arguments.utilization("md1", rate, mean, 1, "service")
    return mg1(rate, mean, mean * mean)


def mdc(servers: int, arrival_rate: float, service: float) -> OpenQueue:
    """M/D/c: Poisson arrivals, one queue for all servers, every service the same.

    Parameters
    ----------
    servers : int
        At least 1.
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service : float
        The service of each job, above 0; ``arrival_rate * service / servers`` must be below 1.

    Returns
    -------
    OpenQueue
        `utilization`, `p_wait`, `mean_wait`, `mean_sojourn`.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    Who is in the system one service later is who arrived meanwhile and who queued: ``X' = max(X - c, 0) + Poisson(a)``,
    ``a = arrival_rate * service``. With the c - 1 roots z of ``z**c = exp(a (z - 1))`` inside of the unit circle, other
    than 1, the generating function gives ``E[queue] = sum 1/(1 - z) - (c (c - 1) - a**2) / (2 (c - a))`` and
    ``P(no wait) = (c - a) / prod (1 - z)``. Source: Crommelin. The sum cancels at light load: the absolute error is
    about 1e-14 c**2 services, so a wait shorter than that is not resolved.

    Examples
    --------
    >>> queue = mdc(8, 6.4, 1.0)
    >>> round(queue.p_wait, 5), round(queue.mean_wait, 5)
    (0.4338, 0.15195)
    """
    c = arguments.count("mdc", "servers", servers)
    rate = arguments.number("mdc", "arrival_rate", arrival_rate)
    mean = arguments.number("mdc", "service", service)
    rho = arguments.utilization("mdc", rate, mean, c, "service")
    a = rate * mean
    inverses, product = 0.0, 1.0
    for k in range(1, c // 2 + 1):
        z = _crommelin_root(rho, k, c)
        # Roots come in conjugate pairs, but for the real one in the middle of an even c.
        alone = 2 * k == c
        inverses += (1.0 / (1.0 - z)).real * (1.0 if alone else 2.0)
        product *= (1.0 - z).real if alone else abs(1.0 - z) ** 2
    queue = max(0.0, inverses - (c * (c - 1.0) - a * a) / (2.0 * (c - a)))
    wait = queue / rate
    return OpenQueue(rho, min(1.0, max(0.0, 1.0 - (c - a) / product)), wait, wait + mean)


def _crommelin_root(rho: float, k: int, c: int) -> complex:
    """The k-th root inside of the unit circle of z = w exp(rho (z - 1)), w a c-th root of 1."""
    w = cmath.exp(2j * math.pi * k / c)
    z = 0j
    # The map contracts by rho; it brings Newton's method near enough.
    for _ in range(40):
        z = w * cmath.exp(rho * (z - 1.0))
    for _ in range(60):
        image = w * cmath.exp(rho * (z - 1.0))
        step = (z - image) / (1.0 - rho * image)
        z -= step
        if abs(step) < 1e-16:
            break
    return z


def interrupted_mm1_mean_sojourn(arrival_rate: float, service_mean: float, interruption_rate: float, interruption: float) -> float:
    """M/M/1 whose server stands still now and then for a constant time, as where the world is stopped.

    Parameters
    ----------
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service_mean : float
        Above 0; ``arrival_rate * service_mean * (1 + interruption_rate * interruption)`` must be below 1.
    interruption_rate : float
        Interruptions per unit of time that the server does not stand still, also while it is idle; above 0.
    interruption : float
        How long each takes, above 0. A job that is interrupted goes on after it.

    Returns
    -------
    float
        Mean time in the system.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    With ``a = 1 + xi D``, ``E[C] = a s`` and ``E[C**2] = 2 a**2 s**2 + xi D**2 s``: ``T = lambda E[C**2] / (2 (1 - lambda a s))
    + xi D**2 / (2 a) + a s``. Source: B. Avi-Itzhak and P. Naor, Some queuing problems with the service station subject to
    breakdown, Operations Research 11, 1963.

    Examples
    --------
    >>> round(interrupted_mm1_mean_sojourn(0.5, 1.0, 0.05, 1.0), 5), round(interrupted_mm1_mean_sojourn(0.8, 1.0, 0.02, 2.0), 5)
    (2.26065, 6.41941)
    """
    name = "interrupted_mm1_mean_sojourn"
    rate = arguments.number(name, "arrival_rate", arrival_rate)
    mean = arguments.number(name, "service_mean", service_mean)
    xi = arguments.number(name, "interruption_rate", interruption_rate)
    d = arguments.number(name, "interruption", interruption)
    a = 1.0 + xi * d
    rho = arguments.utilization(name, rate, a * mean, 1, "(service_mean and its interruptions)")
    second = 2.0 * a * a * mean * mean + xi * d * d * mean
    return rate * second / (2.0 * (1.0 - rho)) + xi * d * d / (2.0 * a) + a * mean
