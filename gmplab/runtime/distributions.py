"""Distributions of durations: what a service, a gap between arrivals or a price is drawn from.

Each is a frozen value that samples from 63 random bits, without a state: the same bits, the same duration.
"""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any, final

from mypy_extensions import i64

from gmplab.runtime.dice import MOST_NS, draw, exp, log, mix, normal, unit


def _ns(x: float) -> i64:
    if x >= 4.0e18:
        return 4_000_000_000_000_000_000
    return i64(x + 0.5)


class Distribution:
    """What durations are drawn from. One draw is one call of `sample` with 63 random bits.

    The shipped ones are `Constant`, `Exponential`, `Uniform`, `Bimodal`, `LogNormal`, `Pareto`, `Hyperexponential`,
    `Erlang` and `Empirical`; all parameters are ns unless named otherwise. They are values: equal parameters make equal
    distributions, and they pickle.
    """

    def sample(self, bits: i64) -> i64:
        """One duration in ns, at least 0, from 63 random bits."""
        raise NotImplementedError

    def mean_ns(self) -> float:
        """The mean, in ns."""
        raise NotImplementedError

    def parameters(self) -> tuple[Any, ...]:
        """What the constructor was given."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        # A native object has no dict that pickle could copy.
        return type(self), self.parameters()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Distribution) and type(other) is type(self) and other.parameters() == self.parameters()

    def __hash__(self) -> int:
        return hash(repr(self))


def _whole(name: str, what: str, value: Any, low: int) -> int:
    # What is given is typed Any, and not i64, that both builds tell the same. An int of numpy's is one.
    if isinstance(value, bool):
        raise _no_int(name, what, value, low)
    try:
        n: int = operator.index(value)
    except TypeError:
        raise _no_int(name, what, value, low) from None
    if n < low:
        raise ValueError(f"{name}: {what} = {n}: must be at least {low}")
    if n > MOST_NS:
        raise ValueError(f"{name}: {what} = {n}: must be at most {MOST_NS}")
    return n


def _no_int(name: str, what: str, value: Any, low: int) -> TypeError:
    return TypeError(f"{name}: {what} = {value!r}: must be an int of at least {low}")


def _real(name: str, what: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: {what} = {value!r}: must be a number")
    return float(value)


@final
class Constant(Distribution):
    """Always the same.

    Parameters
    ----------
    ns : int
        At least 0.

    Examples
    --------
    >>> Constant(5_000).mean_ns()
    5000.0
    """

    def __init__(self, ns: Any) -> None:
        self.ns: i64 = _whole("Constant", "ns", ns, 0)

    def sample(self, bits: i64) -> i64:
        return self.ns

    def mean_ns(self) -> float:
        return float(self.ns)

    def parameters(self) -> tuple[Any, ...]:
        return (self.ns,)

    def __repr__(self) -> str:
        return f"Constant({self.ns})"


@final
class Exponential(Distribution):
    """Exponential: Poisson arrivals, services without a memory.

    Parameters
    ----------
    ns : int
        The mean, at least 1.

    Examples
    --------
    >>> Exponential(10_000).mean_ns()
    10000.0
    """

    def __init__(self, ns: Any) -> None:
        self.ns: i64 = _whole("Exponential", "mean ns", ns, 1)

    def sample(self, bits: i64) -> i64:
        return _ns(-log(unit(bits)) * float(self.ns))

    def mean_ns(self) -> float:
        return float(self.ns)

    def parameters(self) -> tuple[Any, ...]:
        return (self.ns,)

    def __repr__(self) -> str:
        return f"Exponential({self.ns})"


@final
class Uniform(Distribution):
    """Any ns from `low` to `high`, both possible.

    Parameters
    ----------
    low, high : int
        In ns, 0 <= low <= high.

    Examples
    --------
    >>> Uniform(5_000, 15_000).mean_ns()
    10000.0
    """

    def __init__(self, low: Any, high: Any) -> None:
        self.low: i64 = _whole("Uniform", "low ns", low, 0)
        self.high: i64 = _whole("Uniform", "high ns", high, low)

    def sample(self, bits: i64) -> i64:
        return self.low + bits % (self.high - self.low + 1)

    def mean_ns(self) -> float:
        return (float(self.low) + float(self.high)) / 2.0

    def parameters(self) -> tuple[Any, ...]:
        return (self.low, self.high)

    def __repr__(self) -> str:
        return f"Uniform({self.low}, {self.high})"


@final
class Bimodal(Distribution):
    """One of two lengths: most are short, a few are long.

    Parameters
    ----------
    short, long : int
        In ns, at least 0.
    p_long : float
        The probability of `long`, 0 to 1.

    Examples
    --------
    >>> Bimodal(10_000, 1_000_000, 0.01).mean_ns()
    19900.0
    """

    def __init__(self, short: Any, long: Any, p_long: Any) -> None:
        self.short: i64 = _whole("Bimodal", "short ns", short, 0)
        self.long: i64 = _whole("Bimodal", "long ns", long, 0)
        self.p_long: float = _real("Bimodal", "p_long", p_long)
        if not 0.0 <= self.p_long <= 1.0:
            raise ValueError(f"Bimodal: p_long = {p_long!r}: must be a probability, 0 to 1")

    def sample(self, bits: i64) -> i64:
        return self.long if unit(bits) < self.p_long else self.short

    def mean_ns(self) -> float:
        return float(self.short) * (1.0 - self.p_long) + float(self.long) * self.p_long

    def parameters(self) -> tuple[Any, ...]:
        return (self.short, self.long, self.p_long)

    def __repr__(self) -> str:
        return f"Bimodal({self.short}, {self.long}, {self.p_long!r})"


@final
class LogNormal(Distribution):
    """Log-normal: the logarithm is normal.

    Parameters
    ----------
    median : int
        In ns, at least 1.
    sigma : float
        The standard deviation of the logarithm, at least 0.

    Examples
    --------
    >>> LogNormal(10_000, 0.0).mean_ns()
    10000.0
    """

    def __init__(self, median: Any, sigma: Any) -> None:
        self.median: i64 = _whole("LogNormal", "median ns", median, 1)
        self.sigma: float = _real("LogNormal", "sigma", sigma)
        if not 0.0 <= self.sigma < 1e300:
            raise ValueError(f"LogNormal: sigma = {sigma!r}: must be finite and at least 0")

    def sample(self, bits: i64) -> i64:
        return _ns(float(self.median) * exp(self.sigma * normal(bits)))

    def mean_ns(self) -> float:
        return float(self.median) * exp(self.sigma * self.sigma / 2.0)

    def parameters(self) -> tuple[Any, ...]:
        return (self.median, self.sigma)

    def __repr__(self) -> str:
        return f"LogNormal({self.median}, {self.sigma!r})"


@final
class Pareto(Distribution):
    """Pareto: `P(X > x) = (low / x)**alpha` for x >= low.

    Parameters
    ----------
    low : int
        The least, in ns, at least 1.
    alpha : float
        Above 1; at 2 or less the variance is infinite.
    cap : int
        Cut at so many ns, at least `low`; 0: not cut.

    Examples
    --------
    >>> Pareto(10_000, 1.5).mean_ns()
    30000.0
    """

    def __init__(self, low: Any, alpha: Any, cap: Any = 0) -> None:
        self.low: i64 = _whole("Pareto", "low ns", low, 1)
        self.alpha: float = _real("Pareto", "alpha", alpha)
        if not self.alpha > 1.0:
            raise ValueError(f"Pareto: alpha = {alpha!r}: must be above 1, else the mean is infinite")
        self.cap: i64 = 0
        if cap != 0:
            self.cap = _whole("Pareto", "cap ns", cap, low)

    def sample(self, bits: i64) -> i64:
        x = _ns(float(self.low) * exp(-log(unit(bits)) / self.alpha))
        return self.cap if 0 < self.cap < x else x

    def mean_ns(self) -> float:
        a = self.alpha
        low = float(self.low)
        if self.cap == 0:
            return a * low / (a - 1.0)
        ratio = low / float(self.cap)
        return a * low / (a - 1.0) - low * exp((a - 1.0) * log(ratio)) / (a - 1.0)

    def parameters(self) -> tuple[Any, ...]:
        return (self.low, self.alpha, self.cap)

    def __repr__(self) -> str:
        return f"Pareto({self.low}, {self.alpha!r}, {self.cap})"


@final
class Hyperexponential(Distribution):
    """Exponential with one of two means: more variable than exponential.

    Parameters
    ----------
    short, long : int
        The means, in ns, at least 1.
    p_long : float
        The probability of `long`, 0 to 1.

    Examples
    --------
    >>> Hyperexponential(10_000, 1_000_000, 0.01).mean_ns()
    19900.0
    """

    def __init__(self, short: Any, long: Any, p_long: Any) -> None:
        self.short: i64 = _whole("Hyperexponential", "short mean ns", short, 1)
        self.long: i64 = _whole("Hyperexponential", "long mean ns", long, 1)
        self.p_long: float = _real("Hyperexponential", "p_long", p_long)
        if not 0.0 <= self.p_long <= 1.0:
            raise ValueError(f"Hyperexponential: p_long = {p_long!r}: must be a probability, 0 to 1")

    def sample(self, bits: i64) -> i64:
        mean = self.long if unit(mix(bits)) < self.p_long else self.short
        return _ns(-log(unit(bits)) * float(mean))

    def mean_ns(self) -> float:
        return float(self.short) * (1.0 - self.p_long) + float(self.long) * self.p_long

    def parameters(self) -> tuple[Any, ...]:
        return (self.short, self.long, self.p_long)

    def __repr__(self) -> str:
        return f"Hyperexponential({self.short}, {self.long}, {self.p_long!r})"


@final
class Erlang(Distribution):
    """Sum of `k` exponentials: less variable than exponential.

    Parameters
    ----------
    ns : int
        The mean of the sum, at least 1.
    k : int
        At least 1.

    Examples
    --------
    >>> Erlang(10_000, 4).mean_ns()
    10000.0
    """

    def __init__(self, ns: Any, k: Any) -> None:
        self.ns: i64 = _whole("Erlang", "mean ns", ns, 1)
        self.k: i64 = _whole("Erlang", "k", k, 1)

    def sample(self, bits: i64) -> i64:
        total = 0.0
        for i in range(self.k):
            total -= log(unit(draw(bits, i)))
        return _ns(total * float(self.ns) / float(self.k))

    def mean_ns(self) -> float:
        return float(self.ns)

    def parameters(self) -> tuple[Any, ...]:
        return (self.ns, self.k)

    def __repr__(self) -> str:
        return f"Erlang({self.ns}, {self.k})"


@final
class Empirical(Distribution):
    """One of the given values, each as likely as the others.

    Parameters
    ----------
    values : sequence of int
        Each in ns, at least 0; at least one.

    Examples
    --------
    >>> Empirical([1_000, 2_000, 6_000]).mean_ns()
    3000.0
    """

    def __init__(self, values: Any) -> None:
        try:
            each = iter(values)
        except TypeError:
            raise TypeError(f"Empirical: values = {values!r}: must be a sequence of ints, in ns") from None
        self.values: list[int] = [_whole("Empirical", "value ns", value, 0) for value in each]
        if not self.values:
            raise ValueError("Empirical: no values; give at least one duration in ns")

    def sample(self, bits: i64) -> i64:
        n: i64 = len(self.values)
        return self.values[bits % n]

    def mean_ns(self) -> float:
        return float(sum(self.values)) / float(len(self.values))

    def parameters(self) -> tuple[Any, ...]:
        return (self.values,)

    def __repr__(self) -> str:
        return f"Empirical({self.values!r})"
