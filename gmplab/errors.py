"""Every error of gmplab's own.

A wrong argument is a plain `ValueError` or `TypeError` that names the value, the bound and the unit;
the classes here are for what a caller may want to catch by kind.
"""

from __future__ import annotations

from typing import Any, Final

PACKAGES: Final = frozenset({"anywidget", "cloudpickle", "greenlet", "ipywidgets", "matplotlib", "pyarrow"})
"""What is imported only where it is used: pip installs it with gmplab, and some environments leave it out."""


def lacking(error: ImportError) -> str:
    """A line that says which of gmplab's packages is not installed, "" where it is none of them.

    >>> lacking(ModuleNotFoundError("no", name="matplotlib.figure"))
    'matplotlib is not installed: pip install matplotlib'
    """
    package = (error.name or "").partition(".")[0]
    return f"{package} is not installed: pip install {package}" if package in PACKAGES else ""


class NotInstalled(ImportError):
    """A package that is asked for is not installed: one line that says which, and how to get it.

    Parameters
    ----------
    who : str
        Who needs it, with the verb: "the widgets need".
    package : str
        One of `PACKAGES`.

    Examples
    --------
    >>> print(NotInstalled("the widgets need", "anywidget"))
    the widgets need a package: anywidget is not installed: pip install anywidget
    """

    def __init__(self, who: str, package: str) -> None:
        super().__init__(f"{who} a package: {package} is not installed: pip install {package}", name=package)


class GmplabError(Exception):
    """Base class of gmplab's errors.

    Attributes
    ----------
    run : Run or None
        The record up to the failure, where a run was under way (`complete` is False there).
    """

    run: Any = None


class SchedError(GmplabError):
    """An invariant of the core broke: a bug of gmplab, never of the user. Go's `throw`: function, fact, ids."""


class PolicyError(GmplabError):
    """A policy component broke its contract; names the component, the answer and the bound."""


class BodyError(GmplabError):
    """A goroutine's body misused a verb."""


class GoPanic(GmplabError):
    """A goroutine's body raised, which ends the program, as a panic does in Go. The cause is `__cause__`."""


class DeadlockError(GmplabError):
    """All goroutines are asleep. Go: proc.go: checkdead."""


class ThreadLimitError(GmplabError):
    """The run needed more threads than its policy allows. Go: proc.go: checkmcount."""


class TraceError(GmplabError):
    """A file, or a record, that cannot be: names the table, the row and the fact that does not fit."""


class UsageError(ValueError):
    """What was typed at a command cannot be meant: one line, with the nearest name where a name is wrong."""
