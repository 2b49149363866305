"""Exponential service: Erlang's formulas, and the M/M/c queue under several orders of service."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from gmplab.analysis.theory import arguments


DISCIPLINES: Final = ("fcfs", "siro", "lcfs")
"""Orders of service: first come first served, in random order, last come first served (none of them preempts)."""


def erlang_b(servers: int, offered_load: float) -> float:
    """Probability that an arrival finds all servers busy where nobody can wait (M/G/c/c).

    Parameters
    ----------
    servers : int
        At least 1.
    offered_load : float
        Arrival rate times mean service, at least 0; it may exceed `servers`.

    Returns
    -------
    float
        A probability.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    By the recursion ``B(k) = a B(k-1) / (k + a B(k-1))``, ``B(0) = 1``: no factorials, so it neither overflows nor
    cancels. Source: Kleinrock, chapter 3; Harchol-Balter, chapter 14.

    Examples
    --------
    >>> erlang_b(2, 1.0)
    0.2
    """
    c = arguments.count("erlang_b", "servers", servers)
    a = arguments.number("erlang_b", "offered_load", offered_load, zero=True)
    blocked = 1.0
    for k in range(1, c + 1):
        blocked = a * blocked / (k + a * blocked)
    return blocked


def erlang_c(servers: int, offered_load: float) -> float:
    """Probability that an arrival has to wait in an M/M/c queue.

    Parameters
    ----------
    servers : int
        At least 1.
    offered_load : float
        Arrival rate times mean service, from 0 to below `servers`.

    Returns
    -------
    float
        A probability.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    ``C = B / (1 - rho (1 - B))`` with Erlang's B and ``rho = offered_load / servers``. Source: Kleinrock, chapter 3;
    Harchol-Balter, chapter 14.

    Examples
    --------
    >>> round(erlang_c(8, 6.4), 5)
    0.45764
    """
    c = arguments.count("erlang_c", "servers", servers)
    a = arguments.number("erlang_c", "offered_load", offered_load, zero=True)
    if a >= c:
        raise ValueError(
            f"erlang_c: offered_load = {offered_load!r}: must be below servers = {c}, or the queue grows without end"
        )
    blocked = erlang_b(c, a)
    return blocked / (1.0 - a / c * (1.0 - blocked))


@dataclass(frozen=True)
class MMc:
    """The steady state of an M/M/c queue, first come first served; made by `mmc`, `mm1` and `partitioned_mm1`.

    Parameters
    ----------
    servers : int
        How many servers share the queue.
    arrival_rate : float
        Arrivals per unit of time, in all.
    service_mean : float
        Mean service.

    Examples
    --------
    >>> queue = mmc(servers=2, arrival_rate=1.5, service_mean=1.0)
    >>> round(queue.p_wait, 3), round(queue.mean_wait, 3)
    (0.643, 1.286)
    """

    servers: int
    arrival_rate: float
    service_mean: float

    @property
    def utilization(self) -> float:
        """Fraction of time that a server is busy (rho)."""
        return self.arrival_rate * self.service_mean / self.servers

    @property
    def p_wait(self) -> float:
        """Probability that a job waits: Erlang's C."""
        return erlang_c(self.servers, self.arrival_rate * self.service_mean)

    @property
    def drain_rate(self) -> float:
        """Rate of the exponential that the wait of a waiting job follows: c mu - lambda."""
        return self.servers / self.service_mean * (1.0 - self.utilization)

    @property
    def mean_wait(self) -> float:
        """Mean wait over all jobs, those that do not wait included."""
        return self.p_wait / self.drain_rate

    @property
    def mean_sojourn(self) -> float:
        """Mean of wait and service together."""
        return self.mean_wait + self.service_mean

    @property
    def mean_queue(self) -> float:
        """Mean number of jobs that wait (Little's law)."""
        return self.arrival_rate * self.mean_wait

    def wait_tail(self, t: float) -> float:
        """Probability of a wait longer than `t`."""
        return self.p_wait * math.exp(-self.drain_rate * arguments.number("wait_tail", "t", t, zero=True))

    def wait_quantile(self, p: float) -> float:
        """The wait that a fraction `p` of the jobs does not exceed; 0 where so many do not wait at all.

        >>> round(mmc(4, 3.2, 1.0).wait_quantile(0.99), 5)
        5.11048
        """
        p = arguments.probability("wait_quantile", p)
        return max(0.0, math.log(self.p_wait / (1.0 - p)) / self.drain_rate)

    def sojourn_tail(self, t: float) -> float:
        """Probability of a sojourn longer than `t`."""
        x = arguments.number("sojourn_tail", "t", t, zero=True) / self.service_mean
        d = self.drain_rate * self.service_mean
        if abs(d - 1.0) > 0.01:
            waited = (d * math.exp(-x) - math.exp(-d * x)) / (d - 1.0)
        elif d != 1.0:
            # The same without its cancellation.
            waited = math.exp(-x) * (1.0 - math.expm1((1.0 - d) * x) / (d - 1.0))
        else:
            waited = math.exp(-x) * (1.0 + x)
        return (1.0 - self.p_wait) * math.exp(-x) + self.p_wait * waited

    def sojourn_quantile(self, p: float) -> float:
        """The sojourn that a fraction `p` of the jobs does not exceed.

        >>> round(mmc(4, 3.2, 1.0).sojourn_quantile(0.99), 5)
        6.8932
        """
        p = arguments.probability("sojourn_quantile", p)
        low, high = 0.0, self.service_mean
        while self.sojourn_tail(high) > 1.0 - p:
            low, high = high, 2.0 * high
        for _ in range(200):
            middle = 0.5 * (low + high)
            if middle in (low, high):
                break
            if self.sojourn_tail(middle) > 1.0 - p:
                low = middle
            else:
                high = middle
        return high


def mmc(servers: int, arrival_rate: float, service_mean: float) -> MMc:
    """M/M/c: Poisson arrivals, exponential service, one queue for all servers.

    Parameters
    ----------
    servers : int
        At least 1.
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service_mean : float
        Mean service, above 0; ``arrival_rate * service_mean / servers`` must be below 1.

    Returns
    -------
    MMc
        `p_wait`, `mean_wait`, `mean_sojourn`, `mean_queue`, `utilization`, and the methods `wait_quantile`,
        `wait_tail`, `sojourn_quantile`, `sojourn_tail`.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    The means hold for every order of service that does not look at sizes; the quantiles are those of first come first
    served. ``P(W > t) = C exp(-(c mu - lambda) t)``. Source: Kleinrock, chapter 3; Harchol-Balter, chapter 14.

    Examples
    --------
    >>> queue = mmc(servers=8, arrival_rate=6.4, service_mean=1.0)
    >>> round(queue.p_wait, 5), round(queue.mean_wait, 5), round(queue.mean_sojourn, 5)
    (0.45764, 0.28603, 1.28603)
    """
    c = arguments.count("mmc", "servers", servers)
    rate = arguments.number("mmc", "arrival_rate", arrival_rate)
    mean = arguments.number("mmc", "service_mean", service_mean)
    arguments.utilization("mmc", rate, mean, c)
    return MMc(c, rate, mean)


def mm1(arrival_rate: float, service_mean: float) -> MMc:
    """M/M/1: `mmc` with one server.

    Parameters
    ----------
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service_mean : float
        Mean service, above 0; ``arrival_rate * service_mean`` must be below 1.

    Returns
    -------
    MMc
        See `mmc`. The sojourn is exponential with mean ``service_mean / (1 - rho)``.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    Source: Kleinrock, chapter 3.

    Examples
    --------
    >>> mm1(0.5, 1.0).mean_wait
    1.0
    """
    rate = arguments.number("mm1", "arrival_rate", arrival_rate)
    mean = arguments.number("mm1", "service_mean", service_mean)
    arguments.utilization("mm1", rate, mean, 1)
    return MMc(1, rate, mean)


def partitioned_mm1(servers: int, arrival_rate: float, service_mean: float) -> MMc:
    """As many separate M/M/1 queues as servers: each arrival goes to a random one, and nobody steals.

    Parameters
    ----------
    servers : int
        At least 1.
    arrival_rate : float
        Arrivals per unit of time to all queues together, above 0.
    service_mean : float
        Mean service, above 0; ``arrival_rate * service_mean / servers`` must be below 1.

    Returns
    -------
    MMc
        One of the queues (its `servers` is 1, its `arrival_rate` and `mean_queue` are one queue's share); what it says
        of waits and sojourns holds for any job.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, or there is no steady state.

    Notes
    -----
    A Poisson stream that is split at random is independent Poisson streams. Source: Kleinrock, chapter 3;
    Harchol-Balter, chapter 14, compares it with one shared queue.

    Examples
    --------
    >>> apart, shared = partitioned_mm1(4, 3.2, 1.0), mmc(4, 3.2, 1.0)
    >>> round(apart.mean_sojourn / shared.mean_sojourn, 4)
    2.8644
    """
    c = arguments.count("partitioned_mm1", "servers", servers)
    rate = arguments.number("partitioned_mm1", "arrival_rate", arrival_rate)
    mean = arguments.number("partitioned_mm1", "service_mean", service_mean)
    arguments.utilization("partitioned_mm1", rate, mean, c)
    return MMc(1, rate / c, mean)


def mmc_wait_second_moment(servers: int, arrival_rate: float, service_mean: float, discipline: str = "fcfs") -> float:
    """Second moment of the wait in an M/M/c queue under an order of service.

    Parameters
    ----------
    servers : int
        At least 1.
    arrival_rate : float
        Arrivals per unit of time, above 0.
    service_mean : float
        Mean service, above 0; ``arrival_rate * service_mean / servers`` must be below 1.
    discipline : {"fcfs", "siro", "lcfs"}
        First come first served, in random order, last come first served; none preempts.

    Returns
    -------
    float
        E[W**2], in the unit of `service_mean` squared. The variance is this less the square of ``mmc(...).mean_wait``,
        which is the same for all three.

    Raises
    ------
    ValueError
        A parameter is out of its bounds, there is no steady state, or the discipline is unknown.

    Notes
    -----
    FCFS: ``2 C / (c mu - lambda)**2``; SIRO: ``2 / (2 - rho)`` times as much; LCFS: ``1 / (1 - rho)`` times as much.
    Source: Kleinrock, chapter 3 (FCFS); Kingman (SIRO); LCFS from the
    busy period of the exponential that drains the queue, Kleinrock, chapter 5.

    Examples
    --------
    >>> [round(mmc_wait_second_moment(4, 3.2, 1.0, order), 5) for order in DISCIPLINES]
    [1.86385, 3.10642, 9.31926]
    """
    name = "mmc_wait_second_moment"
    c = arguments.count(name, "servers", servers)
    rate = arguments.number(name, "arrival_rate", arrival_rate)
    mean = arguments.number(name, "service_mean", service_mean)
    rho = arguments.utilization(name, rate, mean, c)
    if discipline not in DISCIPLINES:
        raise ValueError(f"{name}: discipline = {discipline!r}: must be one of {', '.join(DISCIPLINES)}")
    queue = MMc(c, rate, mean)
    fcfs = 2.0 * queue.p_wait / queue.drain_rate**2
    return fcfs * {"fcfs": 1.0, "siro": 2.0 / (2.0 - rho), "lcfs": 1.0 / (1.0 - rho)}[discipline]
