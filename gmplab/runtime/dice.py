"""The one source of chance: counter-based 64-bit streams, and functions for samplers made of integers and + - * / alone.

A draw is a pure function of (seed, concern, stable key, counter), so what one goroutine draws does not depend on when
it runs, and two policies see the same arrivals and the same services. libm differs between machines and is not used:
log and exp are our own. Refused: a generator with state (its order of use would leak into the results) and floats
from `random`.
"""

from __future__ import annotations

from typing import Final

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
