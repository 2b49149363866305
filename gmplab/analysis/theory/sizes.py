"""M/M/1 under orders that know how long a job will take."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gmplab.analysis.theory import arguments

MOST: float = 60.0
"""Mean services up to which the integrals go: of exp(-60) more there is nothing to see in a double."""
POINTS: int = 60_001


def sjf_mean_sojourn(load: float) -> float:
    """Mean time in the system of M/M/1 where the shortest job is next and none is preempted.

    Parameters
    ----------
    load : float
        Above 0 and below 1; mean service 1.

    Returns
    -------
    float
        In mean services.

    Raises
    ------
    ValueError
        The load is out of its bounds.

    Notes
    -----
    A job of size x waits ``load / (1 - rho(x))**2``, with ``rho(x)`` the load of jobs up to x. By Simpson's rule. Source:
    T. E. Phipps, Machine repair as a priority waiting-line problem, Operations Research 4, 1956.

    Examples
    --------
    >>> round(sjf_mean_sojourn(0.5), 5), round(sjf_mean_sojourn(0.8), 5)
    (1.71269, 2.88222)
    """
    rate = arguments.number("sjf_mean_sojourn", "load", load)
    arguments.utilization("sjf_mean_sojourn", rate, 1.0, 1, "1")
    x = np.linspace(0.0, MOST, POINTS)
    up_to = rate * (1.0 - np.exp(-x) * (1.0 + x))
    return 1.0 + _simpson(np.exp(-x) * rate / (1.0 - up_to) ** 2, x)


def psjf_mean_sojourn(load: float) -> float:
    """Mean time in the system of M/M/1 where the job that was shortest when it came runs, whatever is left of it.

    Parameters
    ----------
    load : float
        Above 0 and below 1; mean service 1.

    Returns
    -------
    float
        In mean services.

    Raises
    ------
    ValueError
        The load is out of its bounds.

    Notes
    -----
    ``E[T(x)] = lambda m2(x) / (2 (1 - rho(x))**2) + x / (1 - rho(x))``, with ``m2(x)`` the second moment of sizes up to x and
    ``rho(x)`` their load. Source: Harchol-Balter, chapter 32.

    Examples
    --------
    >>> round(psjf_mean_sojourn(0.5), 5), round(psjf_mean_sojourn(0.8), 5)
    (1.53138, 2.6589)
    """
    rate = arguments.number("psjf_mean_sojourn", "load", load)
    arguments.utilization("psjf_mean_sojourn", rate, 1.0, 1, "1")
    x = np.linspace(0.0, MOST, POINTS)
    tail = np.exp(-x)
    up_to = rate * (1.0 - tail * (1.0 + x))
    second = 2.0 - tail * (x * x + 2.0 * x + 2.0)
    return _simpson(tail * (rate * second / (2.0 * (1.0 - up_to) ** 2) + x / (1.0 - up_to)), x)


def srpt_mean_sojourn(load: float) -> float:
    """Mean time in the system of M/M/1 where the job with the shortest remaining work runs: no order has a smaller one.

    Parameters
    ----------
    load : float
        Above 0 and below 1; mean service 1.

    Returns
    -------
    float
        In mean services.

    Raises
    ------
    ValueError
        The load is out of its bounds.

    Notes
    -----
    ``E[T(x)] = lambda (m2(x) + x**2 (1 - F(x))) / (2 (1 - rho(x))**2)`` + the integral of ``1 / (1 - rho(t))`` to x, with
    ``m2(x)`` the second moment of sizes up to x. Source: L. E. Schrage and L. W. Miller, The queue M/G/1 with the shortest
    remaining processing time discipline, Operations Research 14, 1966.

    Examples
    --------
    >>> round(srpt_mean_sojourn(0.5), 5), round(srpt_mean_sojourn(0.8), 5)
    (1.42537, 2.35277)
    """
    rate = arguments.number("srpt_mean_sojourn", "load", load)
    arguments.utilization("srpt_mean_sojourn", rate, 1.0, 1, "1")
    x = np.linspace(0.0, MOST, POINTS)
    tail = np.exp(-x)
    up_to = rate * (1.0 - tail * (1.0 + x))
    second = 2.0 - tail * (x * x + 2.0 * x + 2.0)
    waits = rate * (second + x * x * tail) / (2.0 * (1.0 - up_to) ** 2)
    # The time that is served, E of the integral of 1 / (1 - rho(t)) up to X, by parts: it is weighted by the tail.
    return _simpson(waits * tail + tail / (1.0 - up_to), x)


def _simpson(y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]) -> float:
    h = (x[-1] - x[0]) / (len(x) - 1)
    return float(h / 3.0 * (y[0] + y[-1] + 4.0 * y[1:-1:2].sum() + 2.0 * y[2:-1:2].sum()))
