"""Exact results of queueing theory: what a scheduler without costs has to give.

Units are free: rates are per unit of time, means and waits are in that unit, whichever it is. With services in ms, an
`arrival_rate` is per ms and a `mean_wait` is ms. A server is a P, a job a goroutine; "wait" is the time from runnable
to running, "sojourn" the time from runnable to exited.

All formulas are for the steady state of a work-conserving scheduler that costs nothing and does not preempt, unless
said otherwise. Approximations (Lee and Longton, Kingman) are left out: what stands here may be held against a
simulation as it is.

Sources, by the names used below:

- Kleinrock: L. Kleinrock, Queueing Systems, volume I: Theory, Wiley 1975.
- Harchol-Balter: M. Harchol-Balter, Performance Modeling and Design of Computer Systems, Cambridge 2013.
- Crommelin: C. D. Crommelin, Delay probability formulae when the holding times are constant, P.O. Electrical
  Engineers' Journal 25, 1932.
- Kingman: J. F. C. Kingman, On queues in which customers are served in random order, Proceedings of the Cambridge
  Philosophical Society 58, 1962.
- Hunt: G. C. Hunt, Sequential arrays of waiting lines, Operations Research 4, 1956.
- Graham: R. L. Graham, Bounds for certain multiprocessing anomalies, Bell System Technical Journal 45, 1966.
- Brent: R. P. Brent, The parallel evaluation of general arithmetic expressions, Journal of the ACM 21, 1974.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

DISCIPLINES: Final = ("fcfs", "siro", "lcfs")
"""Orders of service: first come first served, in random order, last come first served (none of them preempts)."""


def _count(function: str, name: str, value: Any, least: int = 1) -> int:
    try:
        whole = not isinstance(value, bool) and value == int(value)
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole or value < least:
        raise ValueError(f"{function}: {name} = {value!r}: must be a whole number of at least {least}")
    return int(value)


def _number(function: str, name: str, value: Any, *, zero: bool = False) -> float:
    bound = "at least 0" if zero else "above 0"
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{function}: {name} = {value!r}: must be a finite number {bound}") from None
    if not math.isfinite(number) or number < 0.0 or (number == 0.0 and not zero):
        raise ValueError(f"{function}: {name} = {value!r}: must be a finite number {bound}")
    return number


def _utilization(
    function: str, arrival_rate: float, service_mean: float, servers: int, service: str = "service_mean"
) -> float:
    load = arrival_rate * service_mean / servers
    if load >= 1.0:
        what = f"arrival_rate * {service}" + (" / servers" if servers > 1 else "")
        raise ValueError(f"{function}: {what} = {load:.6g}: must be below 1, or the queue grows without end")
    return load


def _probability(function: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0.0 <= number < 1.0:
        raise ValueError(f"{function}: p = {value!r}: must be a probability from 0 to below 1")
    return number


# --- Erlang ---------------------------------------------------------------------------------------------------------


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
    c = _count("erlang_b", "servers", servers)
    a = _number("erlang_b", "offered_load", offered_load, zero=True)
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
    c = _count("erlang_c", "servers", servers)
    a = _number("erlang_c", "offered_load", offered_load, zero=True)
    if a >= c:
        raise ValueError(
            f"erlang_c: offered_load = {offered_load!r}: must be below servers = {c}, or the queue grows without end"
        )
    blocked = erlang_b(c, a)
    return blocked / (1.0 - a / c * (1.0 - blocked))


# --- open queues ----------------------------------------------------------------------------------------------------


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
        return self.p_wait * math.exp(-self.drain_rate * _number("wait_tail", "t", t, zero=True))

    def wait_quantile(self, p: float) -> float:
        """The wait that a fraction `p` of the jobs does not exceed; 0 where so many do not wait at all.

        >>> round(mmc(4, 3.2, 1.0).wait_quantile(0.99), 5)
        5.11048
        """
        p = _probability("wait_quantile", p)
        return max(0.0, math.log(self.p_wait / (1.0 - p)) / self.drain_rate)

    def sojourn_tail(self, t: float) -> float:
        """Probability of a sojourn longer than `t`."""
        x = _number("sojourn_tail", "t", t, zero=True) / self.service_mean
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
        p = _probability("sojourn_quantile", p)
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
    c = _count("mmc", "servers", servers)
    rate = _number("mmc", "arrival_rate", arrival_rate)
    mean = _number("mmc", "service_mean", service_mean)
    _utilization("mmc", rate, mean, c)
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
    rate = _number("mm1", "arrival_rate", arrival_rate)
    mean = _number("mm1", "service_mean", service_mean)
    _utilization("mm1", rate, mean, 1)
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
    c = _count("partitioned_mm1", "servers", servers)
    rate = _number("partitioned_mm1", "arrival_rate", arrival_rate)
    mean = _number("partitioned_mm1", "service_mean", service_mean)
    _utilization("partitioned_mm1", rate, mean, c)
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
    c = _count(name, "servers", servers)
    rate = _number(name, "arrival_rate", arrival_rate)
    mean = _number(name, "service_mean", service_mean)
    rho = _utilization(name, rate, mean, c)
    if discipline not in DISCIPLINES:
        raise ValueError(f"{name}: discipline = {discipline!r}: must be one of {', '.join(DISCIPLINES)}")
    queue = MMc(c, rate, mean)
    fcfs = 2.0 * queue.p_wait / queue.drain_rate**2
    return fcfs * {"fcfs": 1.0, "siro": 2.0 / (2.0 - rho), "lcfs": 1.0 / (1.0 - rho)}[discipline]


class OpenQueue(NamedTuple):
    """What is known exactly of a queue whose service is not exponential."""

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
    rate = _number("mg1", "arrival_rate", arrival_rate)
    mean = _number("mg1", "service_mean", service_mean)
    second = _number("mg1", "service_second_moment", service_second_moment)
    rho = _utilization("mg1", rate, mean, 1)
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
    rate = _number("md1", "arrival_rate", arrival_rate)
    mean = _number("md1", "service", service)
    _utilization("md1", rate, mean, 1, "service")
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
    c = _count("mdc", "servers", servers)
    rate = _number("mdc", "arrival_rate", arrival_rate)
    mean = _number("mdc", "service", service)
    rho = _utilization("mdc", rate, mean, c, "service")
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


# --- batches and graphs ---------------------------------------------------------------------------------------------


class Makespan(NamedTuple):
    """When a batch of jobs is done."""

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
    n = _count("makespan_exponential", "jobs", jobs)
    c = min(n, _count("makespan_exponential", "servers", servers))
    unit = _number("makespan_exponential", "service_mean", service_mean)
    mean = (n - c) / c + math.fsum(1.0 / k for k in range(1, c + 1))
    variance = (n - c) / c**2 + math.fsum(1.0 / k**2 for k in range(1, c + 1))
    completion = 1.0 + (n - c) * (n - c + 1) / (2.0 * c * n)
    return Makespan(mean * unit, variance * unit * unit, completion * unit)


class Bounds(NamedTuple):
    """Between which bounds a time lies."""

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
    t1 = _number("greedy_makespan_bounds", "work", work)
    tinf = _number("greedy_makespan_bounds", "span", span)
    c = _count("greedy_makespan_bounds", "servers", servers)
    if tinf > t1:
        raise ValueError(f"greedy_makespan_bounds: span = {span!r}: must be at most work = {work!r}")
    return Bounds(max(t1 / c, tinf), t1 / c + (1.0 - 1.0 / c) * tinf)


# --- pipelines and closed networks ----------------------------------------------------------------------------------


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
    b = _count("pipeline_throughput", "capacity", capacity, least=0)
    first = _number("pipeline_throughput", "first_mean", first_mean)
    second = _number("pipeline_throughput", "second_mean", second_mean)
    # Reversible, so that the slow stage may come first; then r <= 1 and nothing overflows.
    slow, fast = max(first, second), min(first, second)
    r = fast / slow
    powers = [r**k for k in range(b + 3)]
    return math.fsum(powers[:-1]) / math.fsum(powers) / slow


class ClosedNetwork(NamedTuple):
    """The steady state of jobs that go round between servers and a place without queue."""

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
    big_k = _count("machine_repair", "jobs", jobs)
    c = _count("machine_repair", "servers", servers)
    s = _number("machine_repair", "service_mean", service_mean)
    z = _number("machine_repair", "think_mean", think_mean)
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
    big_k = _count("held_throughput", "jobs", jobs)
    c = _count("held_throughput", "servers", servers)
    s = _number("held_throughput", "service_mean", service_mean)
    z = _number("held_throughput", "think_mean", think_mean)
    return min(big_k, c) / (s + z)
