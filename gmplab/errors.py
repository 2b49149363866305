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

    Examples
    --------
    >>> def main():
    ...     yield gmplab.recv(gmplab.Chan())
    >>> try:
    ...     gmplab.run(main)
    ... except gmplab.GmplabError as e:
    ...     print(e.run.stopped_by, e.run.complete)
    deadlock False
    """

    run: Any = None


class SchedError(GmplabError):
    """An invariant of the core broke: a bug of gmplab, never of the user. Go's `throw`: function, fact, ids."""


class PolicyError(GmplabError):
    """A policy component broke its contract; names the component, the answer and the bound.

    Examples
    --------
    >>> class TakeTooMany(gmplab.StealHalf):
    ...     def amount(self, state, view, thief, victim, queued):
    ...         return queued + 1
    >>> greedy = gmplab.policy_of("go").replace(steal=TakeTooMany())
    >>> try:
    ...     gmplab.run("fanout", n=100, procs=2, policy=greedy)
    ... except gmplab.PolicyError as e:
    ...     print(e)
    TakeTooMany.amount returned 66: must be 0 to 65, what the victim has
    """


class BodyError(GmplabError):
    """A goroutine's body misused a verb.

    Examples
    --------
    >>> def main():
    ...     gmplab.compute(us=1)
    ...     yield gmplab.compute(us=2)
    >>> try:
    ...     gmplab.run(main)
    ... except gmplab.BodyError as e:
    ...     print(e.run.stopped_by)
    panic
    """


class GoPanic(GmplabError):
    """A goroutine's body raised, which ends the program, as a panic does in Go. The cause is `__cause__`.

    Examples
    --------
    >>> def main():
    ...     yield gmplab.compute(us=1)
    ...     {}["missing"]
    >>> try:
    ...     gmplab.run(main)
    ... except gmplab.GoPanic as e:
    ...     print(e, e.run.stopped_by)
    goroutine 1 [main]: KeyError: 'missing' panic
    """


class DeadlockError(GmplabError):
    """All goroutines are asleep. Go: proc.go: checkdead.

    Examples
    --------
    >>> def main():
    ...     yield gmplab.recv(gmplab.Chan())
    >>> try:
    ...     gmplab.run(main)
    ... except gmplab.DeadlockError as e:
    ...     print(e)
    all goroutines are asleep - deadlock!
    goroutine 1 [chan receive]: main on chan#1 (cap 0)
    """


class ThreadLimitError(GmplabError):
    """The run needed more threads than its policy allows. Go: proc.go: checkmcount.

    Examples
    --------
    >>> few = gmplab.policy_of("go").replace(machines=gmplab.KeepThreads(max_threads=5))
    >>> try:
    ...     gmplab.run("syscall_storm", policy=few)
    ... except gmplab.ThreadLimitError as e:
    ...     print(e)
    runtime: program exceeds 5-thread limit: thread exhaustion at t=149000 ns
    """


class TraceError(GmplabError):
    """A file, or a record, that cannot be: names the table, the row and the fact that does not fit.

    Examples
    --------
    >>> try:
    ...     gmplab.run("fanout", n=10, record="off").spans
    ... except gmplab.TraceError as e:
    ...     print(e)
    run.spans needs the spans of the run, which was recorded at level 'off': record at level 'full' or more
    """


class UsageError(ValueError):
    """What was typed at a command cannot be meant: one line, with the nearest name where a name is wrong."""
