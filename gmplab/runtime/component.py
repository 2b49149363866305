"""The base of all policy components: a frozen value, whose fields are checked.

Most of this is for classes from outside of the package, which are not compiled and inherit from ones that are.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, fields
from typing import Any, Final, final

from mypy_extensions import i64, mypyc_attr

from gmplab.answers import signed
from gmplab.runtime.costs import given, in_order
from gmplab.runtime.view import View


def refuse_shadows(cls: type) -> None:
    """Refuse a plain class attribute that has a field's name: it would count in one build and not in the other."""
    annotations = cls.__dict__.get("__annotations__", {})
    for base in cls.__mro__[1:]:
        for name in getattr(base, "__dataclass_fields__", {}):
            if name not in cls.__dict__ or name in annotations:
                continue
            # A native class holds its own descriptors under the fields' names.
            if type(cls.__dict__[name]).__name__ != "getset_descriptor":
                raise TypeError(
                    f"{cls.__name__}.{name} = {cls.__dict__[name]!r} shadows the field {name!r} of {base.__name__}: pass it to "
                    f"the constructor, {cls.__name__}({name}=...), or make {cls.__name__} a frozen dataclass and annotate it"
                )


@final
class Given:
    """A default_factory that gives one value."""

    def __init__(self, value: Any) -> None:
        self.value: Any = value

    def __call__(self) -> Any:
        return self.value


def unshadow_defaults(cls: type) -> None:
    """Keep an interpreted dataclass's defaults of inherited fields out of its class dict.

    A native base reads its fields from slots. A default left in the class dict hides the slot's descriptor, so the
    slot would stay empty while Python code sees the value; a default_factory leaves nothing behind. Runs before the
    dataclass decorator.
    """
    for name in cls.__dict__.get("__annotations__", {}):
        value = cls.__dict__.get(name, dataclasses.MISSING)
        inherited = [base.__dict__[name] for base in cls.__mro__[1:] if name in base.__dict__]
        if value is dataclasses.MISSING or not inherited or type(inherited[0]).__name__ != "getset_descriptor":
            continue
        if type(value).__name__ == "getset_descriptor":
            continue
        if isinstance(value, dataclasses.Field):
            if value.default is not dataclasses.MISSING:
                value.default_factory = Given(value.default)
                value.default = dataclasses.MISSING
        else:
            setattr(cls, name, dataclasses.field(default_factory=Given(value)))


ANSWERS: Final[dict[str, Any]] = {
    "global_batch": int, "rank": int, "place": int, "probes": int, "victim": int, "each_once": bool, "amount": int, "may_spin": bool,
    "again_ns": int, "delay_ns": int, "at_entry_ns": int, "retake": bool, "should": bool, "may_create": bool, "retire_after_ns": int,
    "act": type(None),
}
"""What the core asks components, besides `start`, and the type of the answer."""


def sign_answers(cls: type) -> None:
    """Have the answers of a class from outside of the package name it where they are of a wrong type, or raise.

    The core cannot tell: it sees an answer when it is compared or, compiled, when it is unboxed.
    """
    if cls.__module__.startswith("gmplab."):
        return
    for name, wanted in ANSWERS.items():
        method = cls.__dict__.get(name)
        # A native class holds methods that the core has checked when it was compiled.
        if type(method).__name__ == "function":
            setattr(cls, name, signed(f"{cls.__name__}.{name}", method, wanted))


def takes_fields(cls: Any) -> bool:
    """Whether the constructor is that of a dataclass, and not one that somebody wrote, which takes what it likes."""
    code = getattr(cls.__init__, "__code__", None)
    # Where the dataclass decorator has made it. The name of its file would not do: that of `python -c` is the same.
    return code is None or code.co_qualname.startswith("__create_fn__")


def reduced(value: Any) -> tuple[Any, ...]:
    """How a frozen native dataclass pickles: by its constructor, since nothing else may set its fields.

    That of a class from outside of the package may take others, and there they may be set.
    """
    cls = type(value)
    values = {f.name: getattr(value, f.name) for f in fields(value)}
    if takes_fields(cls) and in_order(cls) == list(values):
        return (cls, tuple(values.values()))
    return (remade, (cls, {**values, **vars(value)}))


def remade(cls: Any, values: dict[str, Any]) -> Any:
    """A component with these fields, and whatever else it has, without its constructor."""
    made: Any = Component.__new__(cls)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


MOST_FIELD: Final[i64] = i64(1 << 31) * (1 << 31)
"""The greatest constant of a component, and its longest duration: sums with an instant must fit 64 bits.

Not the literal, which mypyc would unbox at each use.
"""


def at_least(part: Component, low: int, *names: str) -> None:
    """Raise unless these fields are ints from `low` up; for `Component.check`."""
    for name in names:
        value: object = getattr(part, name)
        told = f"{type(part).__name__}: {name} = {value!r}: must be an int of at least {low}"
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(told)
        if value < low:
            raise ValueError(told)
        if value > MOST_FIELD:
            raise ValueError(f"{told} and at most 2**62")


def yes_or_no(part: Component, *names: str) -> None:
    """Raise unless these fields are True or False; for `Component.check`."""
    for name in names:
        value: object = getattr(part, name)
        if not isinstance(value, bool):
            raise TypeError(f"{type(part).__name__}: {name} = {value!r}: must be True or False")


def one_of(part: Component, name: str, allowed: tuple[str, ...]) -> None:
    """Raise unless this field is one of these texts; for `Component.check`."""
    value: object = getattr(part, name)
    if value not in allowed:
        raise ValueError(f"{type(part).__name__}: {name} = {value!r}: must be one of {', '.join(allowed)}")


def check_types_of_fields(cls: Any, values: dict[str, Any]) -> None:
    """Raise TypeError where a field is given a value of another type: a native one refuses it too, and does not name it."""
    types = {field.name: getattr(field.type, "__name__", field.type) for field in fields(cls)}
    for name, value in values.items():
        told = f"{cls.__name__}: {name} = {value!r}: must be"
        if types[name] == "int":
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{told} an int")
            # As ints: compiled, one that does not fit would not be compared with an i64.
            if abs(value) > int(MOST_FIELD):
                raise ValueError(f"{told} an int of at most 2**62")
        elif types[name] == "bool" and not isinstance(value, bool):
            raise TypeError(f"{told} True or False")
        elif types[name] == "str" and not isinstance(value, str):
            raise TypeError(f"{told} a text")


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Component:
    """Base of all policy components: a frozen value; equal fields make equal components."""

    def start(self, view: View) -> object:
        """Make what the component must remember during one run; it is handed to each call as `state`.

        Nothing runs yet: of the view only `procs` and the dice are of use. One component serves many runs, also at the
        same time, so it may not remember anything in itself.
        """
        return None

    def check(self) -> None:
        """Raise ValueError or TypeError where a field is out of bounds. Asked when it is made, and by the core at the start.

        A subclass with fields of its own adds `super().check()` and its bounds.
        """

    def __new__(cls, *args: Any, **kwargs: Any) -> Component:
        if takes_fields(cls):
            check_types_of_fields(cls, given(cls, args, kwargs))
        return super().__new__(cls)

    def __post_init__(self) -> None:
        self.check()

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        refuse_shadows(cls)
        unshadow_defaults(cls)
        sign_answers(cls)
