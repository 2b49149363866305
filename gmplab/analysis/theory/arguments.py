"""What a formula may be given: each check returns the value, or a `ValueError` that gives the value and its bound."""

from __future__ import annotations

import math
from typing import Any


def count(function: str, name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least `least`."""
    try:
        whole = not isinstance(value, bool) and value == int(value)
    except (TypeError, ValueError, OverflowError):
        whole = False
    if not whole or value < least:
        raise ValueError(f"{function}: {name} = {value!r}: must be a whole number of at least {least}")
    return int(value)


def number(function: str, name: str, value: Any, *, zero: bool = False) -> float:
    """A finite number above 0, or with `zero` at least 0."""
    bound = "at least 0" if zero else "above 0"
    try:
        x = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{function}: {name} = {value!r}: must be a finite number {bound}") from None
    if not math.isfinite(x) or x < 0.0 or (x == 0.0 and not zero):
        raise ValueError(f"{function}: {name} = {value!r}: must be a finite number {bound}")
    return x


def utilization(
    function: str, arrival_rate: float, service_mean: float, servers: int, service: str = "service_mean"
) -> float:
    """The load of each server, below 1."""
    load = arrival_rate * service_mean / servers
    if load >= 1.0:
        what = f"arrival_rate * {service}" + (" / servers" if servers > 1 else "")
        raise ValueError(f"{function}: {what} = {load:.6g}: must be below 1, or the queue grows without end")
    return load


def probability(function: str, value: Any) -> float:
    """A probability from 0 to below 1."""
    try:
        p = float(value)
    except (TypeError, ValueError, OverflowError):
        p = math.nan
    if not 0.0 <= p < 1.0:
        raise ValueError(f"{function}: p = {value!r}: must be a probability from 0 to below 1")
    return p
