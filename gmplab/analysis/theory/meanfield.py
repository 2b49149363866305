"""Many servers that look at random others: placement by d choices and work stealing, as fixed points and at finite N.

The state is the share x_i of servers that hold at least i jobs, i = 1..K: of N servers N x_i do. Each transition changes
some of the x_i by 1/N, at N times a rate that is a polynomial of x. For N without bound x follows dx/dt = f(x), whose
fixed point is the mean field; Gast and Van Houdt's refinement adds what the fluctuations of N servers do to it, V/N, so
that what is left is of the order of 1/N^2.

Sources: Vvedenskaya, Dobrushin and Karpelevich 1996, Mitzenmacher 1996 (d choices); Mitzenmacher 1998, "Analyses of load
stealing models based on differential equations", Minnebo and Van Houdt 2014 (stealing); N. Gast and B. Van Houdt, A
refined mean field approximation, Proc. ACM on Measurement and Analysis of Computing Systems 1, 2017.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from gmplab.analysis.theory import arguments

Vector = npt.NDArray[np.float64]
LEAST_SHARE: Final = 1e-12
"""Levels are kept up to where fewer servers than this hold so many jobs."""
LEVELS: Final = (40, 80, 160, 320)
"""How many are tried."""


class MeanField(NamedTuple):
    """Mean time in the system.

    Examples
    --------
    >>> found = d_choices(0.8, 2)
    >>> round(found.limit, 3), found._fields
    (1.947, ('limit', 'at_n'))
    """

    limit: float
    """For N without bound."""
    at_n: float
    """For the N servers asked for, up to the order of 1/N**2; the limit where none were."""


class _Model(NamedTuple):
    """Transitions of the shares: `changes` has a row each, `rates(x, e)` gives their rates for 1/N = e."""

    changes: Vector
    rates: Callable[[Vector, float], Vector]
    start: Vector

    def drift(self, x: Vector, e: float = 0.0) -> Vector:
        out: Vector = self.rates(x, e) @ self.changes
        return out


def d_choices(arrival_rate: float, d: int, servers: int = 0) -> MeanField:
    """Mean time in the system where each job joins the shortest of d random queues.

    Parameters
    ----------
    arrival_rate : float
        Jobs a server and mean service, above 0 and below 1. Service is exponential.
    d : int
        Queues looked at, drawn with replacement, at least 2.
    servers : int
        N; 0: without bound.

    Returns
    -------
    MeanField
        In mean services.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Notes
    -----
    ``x_i = lambda**((d**i - 1)/(d - 1))`` for N without bound.

    Examples
    --------
    >>> round(d_choices(0.8, 2).limit, 5)
    1.94736
    >>> round(d_choices(0.7, 2, servers=128).at_n, 4)
    1.6239
    """
    rate = _rate("d_choices", arrival_rate)
    choices = arguments.count("d_choices", "d", d, least=2)
    n = arguments.count("d_choices", "servers", servers, least=0)
    levels = [rate]
    while levels[-1] > LEAST_SHARE:
        levels.append(rate * levels[-1] ** choices)
    k = len(levels)

    def rates(x: Vector, e: float) -> Vector:
        above = np.append(x, 0.0)
        below = np.concatenate(([1.0], x[:-1])) ** choices
        return np.concatenate((rate * (below - x**choices), x - above[1:]))

    model = _Model(np.vstack((np.eye(k), -np.eye(k))), rates, np.array(levels))
    return _refined(model, _fixed_point(model), rate, n)


def stealing(
    arrival_rate: float, *, threshold: int = 2, amount: str = "one", victims: int = 1, on_empty: bool = True,
    retry_rate: float = 0.0, servers: int = 0,
) -> MeanField:
    """Mean time in the system where servers without work steal from random others, and nobody is told of new work.

    Parameters
    ----------
    arrival_rate : float
        Jobs a server and mean service, each to a server of its own, above 0 and below 1. Service is exponential.
    threshold : int
        Jobs that a victim must have, the one in service counted; at least 2.
    amount : {"one", "half", "all but one"}
        What is taken; half of all, rounded down, is Go's half of the queued ones, rounded up.
    victims : int
        How many are looked at together; the longest is robbed.
    on_empty : bool
        Whether a server that runs out of work tries at once.
    retry_rate : float
        Tries a mean service while it is idle, at least 0.
    servers : int
        N; 0: without bound. With more than one victim they are drawn with replacement, the thief among them.

    Returns
    -------
    MeanField
        In mean services.

    Raises
    ------
    ValueError
        A parameter is out of its bounds.

    Examples
    --------
    The golden ratio, and pulling at rate 1, (1 + (1 - l) r) / ((1 - l) (1 + r)):

    >>> round(stealing(0.5).limit, 6), round(stealing(0.7, on_empty=False, retry_rate=1.0).limit, 4)
    (1.618034, 2.1667)
    """
    name = "stealing"
    rate = _rate(name, arrival_rate)
    least = arguments.count(name, "threshold", threshold, least=2)
    looked_at = arguments.count(name, "victims", victims)
    retry = arguments.number(name, "retry_rate", retry_rate, zero=True)
    n = arguments.count(name, "servers", servers, least=0)
    if amount not in ("one", "half", "all but one"):
        raise ValueError(f"{name}: amount = {amount!r}: must be 'one', 'half' or 'all but one'")
    for k in LEVELS:
        model = _thieves(k, rate, least, amount, looked_at, on_empty, retry)
        x = _fixed_point(model)
        if x[-1] < LEAST_SHARE:
            break
    return _refined(model, x, rate, n)


def _thieves(k: int, rate: float, least: int, amount: str, looked_at: int, on_empty: bool, retry: float) -> _Model:
    """The transitions of `stealing` for servers that hold up to k jobs."""
    held = np.arange(1, k + 1)
    rob = held[least - 1 :]
    taken = {"one": np.ones_like(rob), "half": rob // 2, "all but one": rob - 1}[amount]
    loot = np.array([(held <= i).astype(float) - ((held > j - i) & (held <= j)) for i, j in zip(taken, rob, strict=True)])
    first = np.eye(k)[:1]
    # Arrivals, services, tries at the end of work that succeed, tries while idle that succeed.
    changes = np.vstack((np.eye(k), -np.eye(k), loot - first, loot))

    def rates(x: Vector, e: float) -> Vector:
        above = np.append(x[1:], 0.0)
        exactly = x - above
        longest = (1.0 - above) ** looked_at - (1.0 - x) ** looked_at
        # One victim is one of the N - 1 others.
        robbed = (longest * (1.0 + e) if looked_at == 1 else longest)[least - 1 :]
        ending, idle = exactly[0], 1.0 - x[0]
        served = exactly.copy()
        tries = ending * robbed if on_empty else np.zeros_like(robbed)
        served[0] -= tries.sum()
        return np.concatenate((rate * (np.concatenate(([1.0], x[:-1])) - x), served, tries, retry * idle * robbed))

    return _Model(changes, rates, rate ** np.arange(1, k + 1, dtype=float))


def _rate(function: str, arrival_rate: float) -> float:
    rate = arguments.number(function, "arrival_rate", arrival_rate)
    arguments.utilization(function, rate, 1.0, 1, "1")
    return rate


def _fixed_point(model: _Model) -> Vector:
    """Where the drift is 0, by Newton's method."""
    x = model.start
    for _ in range(100):
        step = np.linalg.solve(_jacobian(model, x), model.drift(x))
        x = np.clip(x - step, 0.0, 1.0)
        if np.abs(step).max() < 1e-14:
            break
    return x


def _refined(model: _Model, x: Vector, rate: float, n: int) -> MeanField:
    """The mean time in the system at a fixed point, and with N servers, by Little's law."""
    limit = float(x.sum() / rate)
    return MeanField(limit, limit if n == 0 else limit + float(_refinement(model, x).sum() / rate / n))


def _jacobian(model: _Model, x: Vector, h: float = 1e-5) -> Vector:
    """df/dx by central differences, which are exact for polynomials of the second degree."""
    columns = []
    for i in range(len(x)):
        unit = np.zeros(len(x))
        unit[i] = h
        columns.append((model.drift(x + unit) - model.drift(x - unit)) / (2 * h))
    return np.array(columns).T


def _refinement(model: _Model, x: Vector) -> npt.NDArray[Any]:
    """V of Gast and Van Houdt: A V + B:W / 2 + df/de = 0, where A W + W A' + Q = 0."""
    a = _jacobian(model, x)
    q = model.changes.T @ (model.rates(x, 0.0)[:, None] * model.changes)
    w = _lyapunov(a, q)
    values, vectors = np.linalg.eigh((w + w.T) / 2)
    bent = np.zeros(len(x))
    h = 1e-4
    for value, u in zip(values, vectors.T, strict=True):
        bent += value * (model.drift(x + h * u) - 2 * model.drift(x) + model.drift(x - h * u)) / (h * h)
    others = (model.drift(x, 1e-4) - model.drift(x, -1e-4)) / 2e-4
    return np.linalg.solve(a, -bent / 2 - others)


def _lyapunov(a: Vector, q: Vector) -> npt.NDArray[Any]:
    """W with A W + W A' + Q = 0 for a stable A, by Smith's method with doubling (R. A. Smith 1968)."""
    one = np.eye(len(a))
    inverse = np.linalg.inv(one - a)
    u = inverse @ (one + a)
    w: npt.NDArray[Any] = 2.0 * inverse @ q @ inverse.T
    for _ in range(60):
        more = u @ w @ u.T
        w = w + more
        u = u @ u
        if np.abs(more).max() <= 1e-15 * np.abs(w).max():
            break
    return w
