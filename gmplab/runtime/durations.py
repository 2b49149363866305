"""Durations and distributions as they are typed: 5_000, "5us", "exp(10us)"."""

from __future__ import annotations

from typing import Any, Final

from gmplab.runtime.dice import MOST_NS
from gmplab.runtime.distributions import (
    Bimodal, Constant, Distribution, Empirical, Erlang, Exponential, Hyperexponential, LogNormal, Pareto, Uniform,
)

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
