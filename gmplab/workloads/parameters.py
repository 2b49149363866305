"""What makes a function a workload, and its parameters: their types, their checks, their texts.

Conventions, by annotation:

- `Drawn`: a duration that is drawn anew at each use: an int (ns), a text such as "10us" or "exp(10us)", or a
  `Distribution`, as `as_distribution` takes it. It is named for what it is: `compute`, `gap`, `service`.
- `Duration`: one fixed duration: an int (ns) or a text, as `duration_ns` takes it.
- `int`, `float`, `bool`: a number of whatever its name says; where it has a unit, the unit is in the name.
- `Numbers`, `Files`: several ints; several paths, folders or glob patterns.

Nothing is drawn here: a workload is set up without a seed, and what is drawn comes from the run's own dice.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, ParamSpec, get_type_hints

from gmplab.names import nearest
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.durations import as_distribution, duration_ns
from gmplab.runtime.sim import Plan

P = ParamSpec("P")

Drawn = int | str | Distribution
Duration = int | str
Numbers = Sequence[int]
Files = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

LONGEST_TEXT: Final = 200
"""A parameter's text in the header is cut to about so many characters: the header is read by people."""


def workload(fn: Callable[P, Plan]) -> Callable[P, Plan]:
    """Make a function that returns a `Plan` a workload: its arguments are checked, its plan knows how it was set up.

    Parameters
    ----------
    fn : function
        With keyword parameters, annotated as this module's docstring says, each with a default if it can have one.

    Returns
    -------
    function
        It raises `TypeError` for a parameter that `fn` has not, that is missing or of a wrong type, and `ValueError`
        for a duration that cannot be. `run(it, n=10)` and `run(it(n=10))` are the same.

    Examples
    --------
    >>> from gmplab import Program
    >>> @workload
    ... def one(*, compute: Drawn = "10us") -> Plan:
    ...     return Plan(Program("main").compute(compute))
    >>> one(compute="1ms").params
    {'compute': "'1ms'"}
    >>> one(computes=1)
    Traceback (most recent call last):
    TypeError: one: no parameter 'computes'; did you mean 'compute'? (it has compute)
    """
    name = fn.__name__
    make: Callable[..., Plan] = fn

    @functools.wraps(fn)
    def made(*args: P.args, **kwargs: P.kwargs) -> Plan:
        given = arguments(fn, args, kwargs)
        plan = make(**given)
        if not isinstance(plan, Plan):
            raise TypeError(f"{name}: returned {plan!r}: a workload must return a gmplab.Plan")
        plan.name = name
        plan.params = {parameter: text_of(value) for parameter, value in given.items()}
        return plan

    made.is_workload = True  # type: ignore[attr-defined]
    return made


def is_workload(x: object) -> bool:
    """Whether x is a function that `workload` decorated.

    Parameters
    ----------
    x : object
        Anything.

    Examples
    --------
    >>> is_workload(gmplab.workloads.fanout), is_workload("fanout"), is_workload(len)
    (True, False, False)
    """
    return callable(x) and getattr(x, "is_workload", False) is True


def arguments(fn: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters with their values, defaults included, each of its type; or a `TypeError` that names the culprit."""
    if args:
        raise TypeError(f"{fn.__name__}: takes keyword parameters only: {parameters_of(fn)}")
    given = {}
    for parameter in inspect.signature(fn).parameters.values():
        value = kwargs.get(parameter.name, parameter.default)
        if value is inspect.Parameter.empty:
            raise TypeError(f"{fn.__name__}: the parameter {parameter.name!r} must be given")
        given[parameter.name] = value
    unknown(fn, kwargs)
    hints = get_type_hints(fn)
    for parameter_name, value in given.items():
        check(f"{fn.__name__}: {parameter_name}", value, hints.get(parameter_name))
    return given


def unknown(fn: Callable[..., Any], names: Mapping[str, Any]) -> None:
    """Raise `TypeError` at the first name that is no parameter of fn."""
    known = list(inspect.signature(fn).parameters)
    for name in names:
        if name not in known:
            hint = nearest(name, known).split("; one of")[0]
            raise TypeError(f"{fn.__name__}: no parameter {name!r}{hint} (it has {parameters_of(fn)})")


def parameters_of(fn: Callable[..., Any]) -> str:
    """The parameters of fn, as an error lists them."""
    return ", ".join(inspect.signature(fn).parameters) or "none"


def check(what: str, value: Any, hint: Any) -> None:
    """Raise where a value is not of its parameter's type."""
    if hint == Drawn:
        as_distribution(value, what)
    elif hint == Duration:
        duration_ns(value, what)
    elif hint is int and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError(f"{what} = {value!r}: must be an int")
    elif hint is float and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError(f"{what} = {value!r}: must be a number")
    elif hint is bool and not isinstance(value, bool):
        raise TypeError(f"{what} = {value!r}: must be True or False")
    elif hint == Numbers:
        for number in value:
            if isinstance(number, bool) or not isinstance(number, int):
                raise TypeError(f"{what}: {number!r} among them: must be ints")


def at_least(what: str, value: int, low: int, unit: str, units: str = "") -> int:
    """The value, or a `ValueError` that gives it, its bound and its unit; `units` where that does not end in s."""
    if value < low:
        raise ValueError(f"{what} = {value}: must be at least {low} {unit if low == 1 else units or unit + 's'}")
    return value


def at_most(what: str, value: int, high: int, why: str) -> int:
    """The value, or a `ValueError` that gives it, its bound and the bound's reason."""
    if value > high:
        raise ValueError(f"{what} = {value}: must be at most {high}, {why}")
    return value


def text_of(value: Any) -> str:
    """A value's text for the header: the same in every process, and not long.

    An object without a text of its own is told by its qualified name, a long one by its start and its SHA-256.
    """
    text = repr(value)
    if re.search(r" at 0x[0-9a-fA-F]+", text):
        text = f"<{getattr(value, '__qualname__', type(value).__qualname__)}>"
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}... (sha256 {hashlib.sha256(text.encode()).hexdigest()})"
    return text


# --- from the command line ------------------------------------------------------------------------------------------------
TRUTHS: Final = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _whole(text: str, what: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{what} = {text!r}: must be a whole number") from None


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{what} = {text!r}: must be a number") from None


def _truth(text: str, what: str) -> bool:
    if text.lower() not in TRUTHS:
        raise ValueError(f"{what} = {text!r}: must be true or false")
    return TRUTHS[text.lower()]


def _drawn(text: str, what: str) -> str:
    as_distribution(text, what)
    return text


def _duration(text: str, what: str) -> str:
    duration_ns(text, what)
    return text


def _numbers(text: str, what: str) -> list[int]:
    return [_whole(part.strip(), what) for part in text.split(",")]


def _files(text: str, what: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _itself(text: str, what: str) -> str:
    return text


CONVERTERS: Final[list[tuple[Any, Callable[[str, str], Any]]]] = [
    (int, _whole), (float, _number), (bool, _truth), (Drawn, _drawn), (Duration, _duration), (Numbers, _numbers),
    (Files, _files), (str, _itself),
]
"""How a text becomes a value, by the parameter's annotation. Not a dict: some annotations do not hash."""


def parse_parameters(fn: Callable[..., Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """Values for a workload's parameters from texts, as the command line has them: `--set n=1000 compute=exp(10us)`.

    Parameters
    ----------
    fn : function
        A workload; its annotations say what each text becomes.
    texts : mapping of str to str
        Parameters by name, as they were typed: "10us", "4".

    Returns
    -------
    dict of str to object
        For the parameters given, and for no other; `fn(**values)` or `run(fn, **values)` takes them. Durations stay
        texts, and are checked. `Numbers` and `Files` are split at commas.

    Raises
    ------
    TypeError
        A name that is no parameter of fn, with the nearest and the list; or one whose type has no text.
    ValueError
        A text that is no value of its type, with name and text.

    Examples
    --------
    >>> from gmplab.workloads import fanout
    >>> parse_parameters(fanout, {"n": "1_000", "compute": "exp(10us)"})
    {'n': 1000, 'compute': 'exp(10us)'}
    """
    unknown(fn, texts)
    hints = get_type_hints(fn)
    values = {}
    for name, text in texts.items():
        convert = next((how for hint, how in CONVERTERS if hint == hints.get(name)), None)
        if convert is None:
            raise TypeError(f"{fn.__name__}: {name}: has no text form; give it from Python")
        values[name] = convert(text, f"{fn.__name__}: {name}")
    return values
