"""Which build of the core this is: compiled or not, fresh or stale; and how to choose.

`runtime` and `policies` are ordinary Python files that setup.py compiles into extension modules beside them. The
environment decides what is imported:

- ``GMPLAB_PURE=1``: the `.py` files, although extension modules lie beside them, so that an edit runs at once;
- ``GMPLAB_REQUIRE_COMPILED=1``: the extension modules; that they are missing or stale is an `ImportError`;
- neither: the extension modules if they were made from the sources that lie beside them, else, with a warning, those
  sources. A core of which some modules are newer than others would fail far from the cause.

This module knows nothing of gmplab and only the standard library: setup.py loads it by its path, before there is a
package to import.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).resolve().parent
STAMP = "_build.json"
COMPILED = ("runtime", "policies")
BAKED_IN = ("vocabulary.py",)
"""Not compiled, but its constants are written into the compiled code."""


def sources(package: Path = PACKAGE) -> list[Path]:
    """The files that make up the native group, in a fixed order."""
    return sorted(path for part in COMPILED for path in (package / part).glob("*.py") if path.name != "__init__.py")


def fingerprint(package: Path = PACKAGE) -> str:
    """SHA-256 over the names and bytes of all that the native group is made of."""
    h = hashlib.sha256()
    for path in [*sources(package), *(package / name for name in BAKED_IN)]:
        # The length keeps a line that moves from one file's end to the next one's start from going unseen.
        content = path.read_bytes()
        h.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode())
        h.update(content)
    return h.hexdigest()


def wants_source() -> bool:
    """Whether ``GMPLAB_PURE=1`` asks for the uncompiled core."""
    return os.environ.get("GMPLAB_PURE") == "1"


def has_extension(source: Path) -> bool:
    """Whether an extension module for this Python lies beside a source."""
    return any(source.with_name(source.stem + suffix).exists() for suffix in EXTENSION_SUFFIXES)


def is_compiled() -> bool:
    """Whether the core that this process imports is compiled.

    Returns
    -------
    bool
        False under ``GMPLAB_PURE=1``, where the compiled core is stale, and where no extension module for this Python lies
        beside the sources.

    Examples
    --------
    >>> from gmplab.build import is_compiled
    >>> is_compiled()                                                   # doctest: +SKIP
    True
    """
    return SourceFinder not in sys.meta_path and not wants_source() and any(has_extension(path) for path in sources())


def is_stale() -> bool:
    """Whether the compiled core was made from other sources than those that lie beside it.

    Returns
    -------
    bool
        True where a source changed, came or went since the compilation, or where nothing says what was compiled.
        False where nothing is compiled: what does not exist is not stale.
    """
    if not any(has_extension(path) for path in sources()):
        return False
    try:
        stamp = json.loads((PACKAGE / STAMP).read_text(encoding="utf-8"))
        return bool(stamp["sha256"] != fingerprint()) or not all(has_extension(path) for path in sources())
    except (OSError, ValueError, KeyError, TypeError):
        return True


def describe() -> str:
    """The build in a line, for people.

    Examples
    --------
    >>> from gmplab.build import describe
    >>> describe()                                                      # doctest: +SKIP
    'compiled'
    """
    if wants_source():
        return "uncompiled, as GMPLAB_PURE=1 asks: the same results, some 15 times slower"
    if is_stale():
        return "uncompiled, since the compiled core was made from other sources: run `make build`; the same results, some 15 times slower"
    if not is_compiled():
        return "uncompiled (no C compiler when it was installed): the same results, some 15 times slower"
    return "compiled"


# --- docstrings -------------------------------------------------------------------------------------------------------
# mypyc drops them: what it writes for `help()` and `?` is the signature alone, "name(parameters)\n--\n\n", which Python
# takes for `__text_signature__`. What follows it is `__doc__`. Refused: setting `__doc__` after the import, since that of
# a compiled function cannot be set.
_FUNCTION = re.compile(r'(\(PyCFunction\)CPyPy_(\w+),\s*METH_[A-Z_ |]+,\s*PyDoc_STR\("(?:[^"\\]|\\.)*)"')
_CLASS = re.compile(r'(\.tp_new = (\w+)_new,(?:(?!\.tp_new).)*?\.tp_doc = PyDoc_STR\("(?:[^"\\]|\\.)*)"', re.DOTALL)
_MODULE = re.compile(r'(PyModuleDef_HEAD_INIT,\s*"[\w.]+\.(\w+)",\s*)NULL(?=, /\* docstring \*/)')


def docstrings(package: Path = PACKAGE) -> dict[str, str]:
    """The docstrings of the native group by the name that mypyc gives a thing in C: `runq___runqput`, `chan___Chan___close`."""
    found: dict[str, str | None] = {}
    for path in sources(package):
        module = ast.parse(path.read_text(encoding="utf-8"))
        found[path.stem] = ast.get_docstring(module)
        for node in module.body:
            if isinstance(node, ast.FunctionDef):
                found[f"{path.stem}___{node.name}"] = ast.get_docstring(node)
            elif isinstance(node, ast.ClassDef):
                found[f"{path.stem}___{node.name}"] = ast.get_docstring(node)
                methods = [inner for inner in node.body if isinstance(inner, ast.FunctionDef)]
                found.update({f"{path.stem}___{node.name}___{fn.name}": ast.get_docstring(fn) for fn in methods})
    return {name: text for name, text in found.items() if text}


def with_docstrings(c_source: str, docs: Mapping[str, str]) -> str:
    """The C that mypyc wrote, with the docstrings put back."""

    def literal(name: str) -> str:
        # Octal escapes: they end after three digits, where hexadecimal ones would swallow what follows.
        text = docs.get(name, "").encode()
        return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in text)

    c_source = _FUNCTION.sub(lambda m: f'{m[1]}{literal(m[2])}"', c_source)
    c_source = _CLASS.sub(lambda m: f'{m[1]}{literal(m[2])}"', c_source)
    return _MODULE.sub(lambda m: f'{m[1]}PyDoc_STR("{literal(m[2])}")', c_source)


# --- arguments --------------------------------------------------------------------------------------------------------
# mypyc reads them with a parser for all cases as soon as a function has keyword-only ones or `*args`; so all verbs that
# take a duration, and `go`. Called with positional ones alone, as almost always, they need none.
_PARSED = r'(static CPyArg_Parser parser = \{"%s:\w+", kwlist, 0\};(?:\s*PyObject \*\w+(?: = NULL)?;)+\s*if \()(!%s)'
_ONE = re.compile(_PARSED % (r"\|?O\|?\$O*", r"CPyArg_ParseStackAndKeywords\(args, nargs, kwnames, &parser, &(\w+),"))
_REST = re.compile(_PARSED % (r"%O\|\$O*", r"CPyArg_ParseStackAndKeywords\(args, nargs, kwnames, &parser, &(\w+), NULL, &(\w+),"))
REST_IN_C = """\
static inline PyObject *gmplab_rest(PyObject *const *args, size_t nargs) {
    PyObject *rest = PyTuple_New((Py_ssize_t)nargs - 1);
    for (size_t i = 1; rest != NULL && i < nargs; i++) PyTuple_SET_ITEM(rest, i - 1, Py_NewRef(args[i]));
    return rest;
}

"""


def with_quick_arguments(c_source: str) -> str:
    """The C that mypyc wrote, with one positional argument, or a first and `*args`, taken as they lie; it needs `REST_IN_C`."""
    c_source = _ONE.sub(r"\1!(kwnames == NULL && nargs == 1 && (\3 = args[0]) != NULL) && \2", c_source)
    return _REST.sub(
        r"\1!(kwnames == NULL && nargs >= 1 && (\3 = gmplab_rest(args, nargs)) != NULL && (\4 = args[0]) != NULL) && \2", c_source
    )


def without_questions(c_source: str) -> str:
    """The C that mypyc wrote, which asks for `PY` before each branch that it left out: here it is a constant, no."""
    return re.sub(r"= CPyStatic_\w+___PY;", "= 0;", c_source)


class SourceFinder:
    """Finds the `.py` of a core module although an extension module lies beside it, which Python prefers."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        package, _, module = name.rpartition(".")
        if package not in {f"gmplab.{part}" for part in COMPILED}:
            return None
        for folder in path or ():
            source = Path(folder, f"{module}.py")
            if source.exists():
                return spec_from_file_location(name, source)
        return None


def install_source_finder() -> None:
    """Make the imports that follow obey ``GMPLAB_PURE`` and ``GMPLAB_REQUIRE_COMPILED``; `gmplab` calls it first.

    Raises
    ------
    ImportError
        ``GMPLAB_REQUIRE_COMPILED=1``, and the compiled core is missing, stale, or set aside by ``GMPLAB_PURE=1``.

    Warns
    -----
    UserWarning
        The compiled core is stale, so the sources are imported.
    """
    if os.environ.get("GMPLAB_REQUIRE_COMPILED") == "1" and (not is_compiled() or is_stale()):
        raise ImportError(f"gmplab: GMPLAB_REQUIRE_COMPILED=1, but the core is {describe()}")
    if SourceFinder in sys.meta_path:
        return
    if wants_source():
        sys.meta_path.insert(0, SourceFinder)
    elif is_stale():
        sys.meta_path.insert(0, SourceFinder)
        warnings.warn(f"gmplab is {describe()}", stacklevel=2)
