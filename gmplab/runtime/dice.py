"""The one source of chance: counter-based 64-bit streams, and samplers made of integers and + - * / alone.

A draw is a pure function of (seed, concern, stable key, counter), so what one goroutine draws does not depend on when
it runs, and two policies see the same arrivals and the same services. libm differs between machines and is not used:
log and exp are our own. Refused: a generator with state (its order of use would leak into the results) and floats
from `random`.
"""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any, Final, final

from mypy_extensions import i64

PY: Final[bool] = __file__.endswith(".py")
"""True when this module runs uncompiled: Python's ints do not wrap, so a branch masks them."""

MOST_NS: Final = 1 << 62
"""The longest duration, 146 years: it is added to an instant, and both must fit 64 bits."""

# Concerns: the first key of every stream.
FOR_ARRIVAL: Final = 1
FOR_SERVICE: Final = 2
FOR_STEAL: Final = 3
FOR_SELECT: Final = 4
FOR_POLICY: Final = 5
FOR_G: Final = 7


def _mix_py(z: int) -> int:
    z &= 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return (z ^ (z >> 31)) >> 1


def _wide(high: i64, low: i64) -> i64:
    # A literal above 2**62 would be an object, unboxed at each use.
    return (high << 32) | low


MULTIPLY_FIRST: Final[i64] = _wide(-0x40A7B893, 0x1CE4E5B9)
MULTIPLY_SECOND: Final[i64] = _wide(-0x6B2FB645, 0x133111EB)
GOLDEN: Final[i64] = _wide(-0x61C88647, 0x7F4A7C15)
ALL_BUT_SIGN: Final[i64] = _wide(0x7FFFFFFF, 0xFFFFFFFF)


def mix(z: i64) -> i64:
    """Splitmix64's finaliser, upper 63 bits. Both branches give the same bits (a test compares them)."""
    if PY:
        return _mix_py(z)
    z = (z ^ ((z >> 30) & 0x3FFFFFFFF)) * MULTIPLY_FIRST
    z = (z ^ ((z >> 27) & 0x1FFFFFFFFF)) * MULTIPLY_SECOND
    return ((z ^ ((z >> 31) & 0x1FFFFFFFF)) >> 1) & ALL_BUT_SIGN


def stream(seed: i64, concern: i64, key: i64) -> i64:
    """The key of one stream of draws."""
    return mix(mix(mix(seed) ^ (concern * 0x632BE59BD9B4E01)) ^ key)


def draw(key: i64, n: i64) -> i64:
    """Draw number `n` of the stream `key`: 63 random bits."""
    if PY:
        return _mix_py(key + (n + 1) * 0x9E3779B97F4A7C15)
    return mix(key + (n + 1) * GOLDEN)


def below(bits: i64, n: i64) -> i64:
    """An int in [0, n) from 63 random bits. The bias is below n / 2**63."""
    return bits % n


def unit(bits: i64) -> float:
    """A float in (0, 1) from 63 random bits: a multiple of 2**-54, neither 0 nor 1."""
    k: i64 = ((bits >> 10) << 1) | 1
    if k == 18014398509481983:
        # Of 54 bits a float keeps 53: this one alone would become 1.0, and log(1 - 1.0) never ends.
        k = 18014398509481982
    return float(k) / 18014398509481984.0


LN2: Final = 0.6931471805599453


def log(x: float) -> float:
    """Natural logarithm of x > 0, by atanh's series after scaling into [0.7, 1.4]; relative error below 1e-15."""
    k: i64 = 0
    while x < 0.00390625:
        x *= 256.0
        k -= 8
    while x < 0.70710678118654752:
        x *= 2.0
        k -= 1
    while x > 1.4142135623730951:
        x *= 0.5
        k += 1
    s = (x - 1.0) / (x + 1.0)
    q = s * s
    p = 1.0 / 21.0
    p = p * q + 1.0 / 19.0
    p = p * q + 1.0 / 17.0
    p = p * q + 1.0 / 15.0
    p = p * q + 1.0 / 13.0
    p = p * q + 1.0 / 11.0
    p = p * q + 1.0 / 9.0
    p = p * q + 1.0 / 7.0
    p = p * q + 1.0 / 5.0
    p = p * q + 1.0 / 3.0
    p = p * q + 1.0
    return 2.0 * s * p + float(k) * LN2


def exp(x: float) -> float:
    """`e**x` by Taylor's series after halving into [-0.35, 0.35]; relative error below 1e-13 for `|x| < 700`."""
    if x > 750.0:
        # Infinity in some steps, not in as many as x is large; the same for 0 below.
        x = 750.0
    if x < -800.0:
        x = -800.0
    k = int(x / LN2 + (0.5 if x >= 0.0 else -0.5))
    r = x - float(k) * LN2
    p = 1.0
    for i in range(14, 0, -1):
        p = 1.0 + p * r / float(i)
    while k > 0:
        p *= 2.0
        k -= 1
    while k < 0:
        p *= 0.5
        k += 1
    return p


def _sqrt(x: float) -> float:
    y = x if x > 1.0 else 1.0
    for _ in range(60):
        z = 0.5 * (y + x / y)
        if z >= y:
            break
        y = z
    return y


def normal(bits: i64) -> float:
    """A standard normal deviate by inversion (Acklam's rational approximation, relative error 1.2e-9)."""
    p = unit(bits)
    if p < 0.02425 or p > 0.97575:
        tail = p if p < 0.5 else 1.0 - p
        q = _sqrt(-2.0 * log(tail))
        x = (
            ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q
              - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783
        ) / (
            (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q
             + 3.754408661907416) * q + 1.0
        )
        return x if p < 0.5 else -x
    q = p - 0.5
    r = q * q
    return (
        (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r
           + 1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239) * q
    ) / (
        ((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r
          + 6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1.0
    )


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


NS_OF_UNIT: Final[dict[str, int]] = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


def duration_ns(value: Any, what: str = "duration") -> int:
    """A duration in ns from an int (ns), one of numpy's too, as frames hold them, or a text such as "1.2ms".

    Raises `TypeError` for what is neither and `ValueError` for what is negative, above `MOST_NS`, unreadable, or no
    whole number of ns.

    >>> duration_ns("1.2ms")
    1200000
    """
    if isinstance(value, bool) or not (isinstance(value, str) or hasattr(value, "__index__")):
        raise TypeError(f"{what} = {value!r}: must be an int of ns or a text such as '1.2ms'")
    if isinstance(value, str):
        text = value.strip().replace("µ", "u").replace("_", "")
        unit_name = text.lstrip("+-.0123456789e").strip()
        number = text[: len(text) - len(unit_name)].strip() if unit_name else text
        digits = number[1:] if number[:1] in ("+", "-") else number
        whole, _, fraction = digits.partition(".")
        if unit_name not in NS_OF_UNIT or not (whole + fraction).isdigit():
            raise ValueError(f"{what} = {value!r}: needs a number and one of the units ns, us, ms, s")
        if number.startswith("-"):
            raise ValueError(f"{what} = {value!r}: must not be negative")
        fraction = fraction.rstrip("0")
        if len(fraction) > 9:
            raise ValueError(f"{what} = {value!r}: is no whole number of ns")
        # Whatever has more digits is too long by far, and int() would refuse to read it.
        whole = whole.lstrip("0")[:30]
        part = int(fraction or "0") * NS_OF_UNIT[unit_name]
        scale: int = 10 ** len(fraction)
        if part % scale:
            raise ValueError(f"{what} = {value!r}: is no whole number of ns")
        result = int(whole or "0") * NS_OF_UNIT[unit_name] + part // scale
    else:
        result = value.__index__()
    if result < 0:
        raise ValueError(f"{what} = {value!r}: must not be negative")
    if result > MOST_NS:
        raise ValueError(f"{what} = {value!r}: must be at most {MOST_NS} ns")
    return result


ARGUMENTS_OF: Final[dict[str, int]] = {
    "exp": 1, "const": 1, "uniform": 2, "bimodal": 3, "lognormal": 2, "pareto": 2, "hyper": 3, "erlang": 2, "empirical": 0,
}
"""The distributions that have a text, and how many arguments each takes; 0: as many as there are, at least 1."""


def _number(text: str, value: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{what} = {value!r}: {text!r} is no number") from None


def as_distribution(value: Any, what: str = "duration") -> Distribution:
    """A `Distribution` from one, from an int (ns), or from a text such as "10us" or "exp(10us)".

    Texts: exp(mean), const(x), uniform(low,high), bimodal(short,long,p), lognormal(median,sigma), pareto(low,alpha),
    hyper(short,long,p), erlang(mean,k), empirical(value,value,...).
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, str) and "(" in value:
        name, _, rest = value.strip().partition("(")
        if name not in ARGUMENTS_OF:
            raise ValueError(f"{what} = {value!r}: no such distribution; one of {', '.join(ARGUMENTS_OF)}")
        args = [a.strip() for a in rest.removesuffix(")").split(",")]
        n = ARGUMENTS_OF[name] or len(args)
        if len(args) != n or not rest.endswith(")"):
            raise ValueError(f"{what} = {value!r}: must be {name}(...) with {n} argument{'s' if n > 1 else ''}")
        first = duration_ns(args[0], what)
        if name == "empirical":
            return Empirical([duration_ns(a, what) for a in args])
        if name == "exp":
            return Exponential(first)
        if name == "const":
            return Constant(first)
        if name == "uniform":
            return Uniform(first, duration_ns(args[1], what))
        if name == "bimodal":
            return Bimodal(first, duration_ns(args[1], what), _number(args[2], value, what))
        if name == "lognormal":
            return LogNormal(first, _number(args[1], value, what))
        if name == "pareto":
            return Pareto(first, _number(args[1], value, what))
        if name == "hyper":
            return Hyperexponential(first, duration_ns(args[1], what), _number(args[2], value, what))
        if not args[1].isdecimal() or len(args[1]) > 18:
            raise ValueError(f"{what} = {value!r}: {args[1]!r} is no count")
        return Erlang(first, int(args[1]))
    return Constant(duration_ns(value, what))
