"""How a verb asks: it writes a request on the G that runs in this thread; and how the verbs read what they are given.

See `bodies.py` for how a body runs, and `perform.py` for what is done.
"""

from __future__ import annotations

from typing import Any, Final, Optional

from mypy_extensions import i64

from gmplab.errors import BodyError
from gmplab.runtime.bodies import FORM_GREENLET, HOW_TO_ASK, TOKEN, VERBS, Call, Here, Raised, form_of, here, nowhere
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.durations import as_distribution, duration_ns
from gmplab.runtime.model import G

INFINITE: Final = float("inf")


def request(op: i64, a: i64 = 0, b: i64 = 0, obj: object = None, value: object = None) -> Any:
    """Write a request on the current G. Generators get the token; a greenlet waits here for the result."""
    place = here()
    running = place.g
    if running is None:
        raise nowhere()
    # Held to its type once.
    gp: G = running
    if gp.asked:
        raise not_yielded(gp)
    gp.op = op
    gp.a = a
    gp.b = b
    gp.obj = obj
    gp.value = value
    gp.asked = True
    if gp.form == FORM_GREENLET:
        return switched(place)
    return TOKEN


def not_yielded(gp: G) -> BodyError:
    return BodyError(f"the verb called before this line was not yielded ({VERBS[gp.op]}): {HOW_TO_ASK}")


def switched(place: Here) -> Any:
    """Let the hub perform the request of the greenlet that runs here, and come back with its result."""
    hub = place.hub
    assert hub is not None
    got = hub.switch(hub.main)
    if isinstance(got, Raised):
        raise got.error
    return got


_texts: Final[dict[str, Distribution]] = {}
"""What a body gives as text, often in a loop, is read once."""


def _of_text(text: str, what: str) -> Distribution:
    known = _texts.get(text)
    if known is None:
        known = as_distribution(text, what)
        if len(_texts) >= 1_024:
            _texts.clear()
        _texts[text] = known
    return known


def _whole(n: Any, scale: i64) -> i64:
    """An int as ns, if it is none that has to be looked at more closely: else -1."""
    if type(n) is int and 0 <= n <= 1_000_000:
        small: i64 = n
        return small * scale
    return -1


def span(value: Any, ns: Any, us: Any, ms: Any, s: Any, what: str) -> tuple[i64, Optional[Distribution]]:
    """A duration as the timed verbs take it: (ns, None), or (-1, what it is drawn from)."""
    if ns is None and us is None and ms is None and s is None and value is not None:
        if isinstance(value, Distribution):
            return -1, value
        if isinstance(value, int) and not isinstance(value, bool):
            return duration_ns(value, what), None
        return -1, _of_text(value, what) if type(value) is str else as_distribution(value, what)
    given: Any = None
    unit = ""
    n = 0 if value is None else 1
    scale = 1
    for name, v, of in (("ns", ns, 1), ("us", us, 1_000), ("ms", ms, 1_000_000), ("s", s, 1_000_000_000)):
        if v is not None:
            n += 1
            unit = name
            given = v
            scale = of
    if n != 1:
        raise TypeError(f"{what}: give one duration: an int of ns, a text such as '5us', a distribution, or us=, ms=, s=")
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given < INFINITE:
        raise ValueError(f"{what}: {unit} = {given!r}: must be a number of at least 0")
    return duration_ns(round(given * scale), what), None


def timed(op: i64, value: Any, ns: Any, us: Any, ms: Any, s: Any, what: str, b: i64) -> Any:
    # What is asked for most, first.
    if ns is None and ms is None and s is None:
        if us is None:
            # In a variable: `if isinstance(...)` would have mypyc look at the type a second time.
            drawn_from = isinstance(value, Distribution)
            if drawn_from:
                return request(op, -1, b, value, None)
            a = _whole(value, 1)
            if a >= 0:
                return request(op, a, b, None, None)
        elif value is None:
            a = _whole(us, 1_000)
            if a >= 0:
                return request(op, a, b, None, None)
    a, drawn = span(value, ns, us, ms, s, what)
    return request(op, a, b, drawn)


def calling(op: i64, call: Any, args: Any, value: Any, ns: Any, us: Any, ms: Any, s: Any, what: str) -> Any:
    if not callable(call):
        raise TypeError(f"{what}: call = {call!r}: must be a function")
    if form_of(call, what) != FORM_GREENLET:
        raise TypeError(f"{what}: call = {call!r}: must be a plain function: start a body with go(...), or yield from it")
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"{what}: args = {args!r}: must be a tuple of the function's arguments")
    a: i64 = 0
    takes: Optional[Distribution] = None
    if not (value is None and ns is None and us is None and ms is None and s is None):
        a, takes = span(value, ns, us, ms, s, what)
    return request(op, a, 1, Call(call, tuple(args), takes))


def checked(x: Any, kind: Any, verb: str) -> Any:
    """x, which a verb was given; `TypeError` if it is not of a kind that the verb takes."""
    if not isinstance(x, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        names = ", ".join([k.__name__ for k in kinds])
        raise TypeError(f"{verb}: {x!r}: must be {'an' if names[0] in 'aeiou' else 'a'} {names}")
    return x
