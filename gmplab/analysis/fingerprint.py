"""A name for what a run's numbers follow from: equal for equal code and values, also in another process.

Pickles as they are will not do: those of code from a notebook hold the cell's number and file, a class made there an
identity that is drawn anew in each process, and of what stands in a file they hold the name alone. What gmplab and Python
hold goes by its name: `MODEL` tells what changed there.
"""

from __future__ import annotations

import hashlib
import io
import sys
import types
from pathlib import Path
from typing import Any, Final

import cloudpickle

KNOWN: Final = frozenset({*sys.stdlib_module_names, "gmplab"})
"""Packages whose code is told by its name."""


class Canonical(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickles code without where it stands, classes of a notebook by what they hold, and what stands in a file by that file."""

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, types.CodeType):
            held = (
                thing.co_name, thing.co_code, thing.co_consts, thing.co_names, thing.co_varnames, thing.co_freevars,
                thing.co_cellvars, thing.co_argcount, thing.co_kwonlyargcount, thing.co_flags,
            )
            return tuple, (held,)
        if isinstance(thing, (type, types.FunctionType)) and is_found_by_name(thing):
            if thing.__module__.partition(".")[0] not in KNOWN:
                return tuple, ((thing.__module__, thing.__qualname__, source_of(thing.__module__)),)
        elif isinstance(thing, type):
            own = {k: v for k, v in vars(thing).items() if k not in ("__dict__", "__weakref__", "__module__", "__doc__", "__firstlineno__")}
            # A component's answers as they were written, without the check that the package puts around them.
            plain = {k: getattr(v, "__wrapped__", v) for k, v in own.items()}
            return tuple, ((thing.__name__, thing.__bases__, sorted(plain.items())),)
        return super().reducer_override(thing)


def source_of(module: str) -> str:
    """SHA-256, as hex, of the file that a module was read from; "" where there is none."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return "" if file is None or not Path(file).is_file() else hashlib.sha256(Path(file).read_bytes()).hexdigest()


def is_found_by_name(thing: type | types.FunctionType) -> bool:
    """Whether this class or function is found by its name, in a module other than the main one."""
    if thing.__module__ == "builtins":
        return True
    found: Any = None if thing.__module__ == "__main__" else sys.modules.get(thing.__module__)
    for part in thing.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is thing


def fingerprint(thing: Any) -> str:
    """SHA-256, as hex, of a value and of all the code that it leads to.

    Examples
    --------
    >>> fingerprint(lambda n: n + 1) == fingerprint(lambda n: n + 1), fingerprint(lambda n: n + 1) == fingerprint(lambda n: n + 2)
    (True, False)
    """
    out = io.BytesIO()
    Canonical(out).dump(thing)
    return hashlib.sha256(out.getvalue()).hexdigest()
