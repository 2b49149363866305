"""What Tab offers after `%gmp` and `%%gmp`: commands, options, and the names that each takes, read from the tree."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from gmplab.commands.tree import PRICES, SECTIONS, actions
from gmplab.experiment import components, policies, workload_of, workloads
from gmplab.jupyter.words import CELL, LINE, RESULTS
from gmplab.policies import COMPONENTS
from gmplab.traces.metrics import METRICS
from gmplab.traces.run import Run
from gmplab.traces.when import SCALARS
from gmplab.vocabulary import LEVELS

MAGIC: Final = re.compile(r"(?:^|[=\s])(%%?)gmp\s+(.*)$", re.DOTALL)
"""The magic at the end of what stands left of the cursor, also as `x = %gmp ...`."""


def offers(before: str, names: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """What may follow.

    Parameters
    ----------
    before : str
        The line up to the cursor.
    names : mapping
        The user's variables: those that hold runs are offered where a run is wanted.

    Returns
    -------
    (str, list of str) or None
        The begun word, and what it may become; None outside of the magic.

    Examples
    --------
    >>> offers("%gmp ru", {})
    ('ru', ['run'])
    >>> offers("%gmp run fanout --rec", {})
    ('--rec', ['--record'])
    """
    found = MAGIC.search(before)
    if found is None:
        return None
    cell = found[1] == "%%"
    commands = CELL if cell else LINE
    *typed, begun = re.split(r"\s+", found[2])
    if not typed and not (cell and begun.startswith("-")):
        return begun, starting(begun, list(commands))
    command = typed[0] if typed and typed[0] in commands else "run" if cell else ""
    if not command:
        return begun, []
    return begun, starting(begun, wanted(commands[command][0], typed, begun, names))


def starting(begun: str, options: list[str]) -> list[str]:
    """Those that begin so, in order."""
    return [option for option in options if option.startswith(begun)]


def wanted(add: Any, typed: list[str], begun: str, names: Mapping[str, Any]) -> list[str]:
    """What a command takes at the place of the begun word."""
    taken = actions(add)
    by_option = {option: action for action in taken for option in action.option_strings}
    if begun.startswith("-"):
        return [option for option in by_option if option.startswith("--") or len(option) == 2]
    last = next((word for word in reversed(typed) if word.startswith("-")), "")
    many = last in by_option and by_option[last].nargs == "+"
    if last in by_option and by_option[last].nargs != 0 and (many or typed[-1] == last):
        return values(by_option[last], typed, names)
    positional = [action for action in taken if not action.option_strings]
    return [x for action in positional for x in values(action, typed, names)]


def values(action: argparse.Action, typed: list[str], names: Mapping[str, Any]) -> list[str]:
    """The names that an argument takes."""
    dest = action.dest
    if dest in COMPONENTS:
        return list(components(dest))
    if dest == "settings":
        return parameters(typed)
    if dest == "axes":
        return [*(f"{name}=" for name in ("P", "policy", "costs", "until", *COMPONENTS)), *parameters(typed)]
    return VALUES[dest](names) if dest in VALUES else []


def parameters(typed: list[str]) -> list[str]:
    """The parameters of the workload that was typed."""
    for word in typed[1:]:
        try:
            return [f"{name}=" for name in inspect.signature(workload_of(word)).parameters]
        except (ValueError, TypeError):
            continue
    return []


def plots(names: Mapping[str, Any]) -> list[str]:
    """The plots."""
    from gmplab.plots import PLOTS  # matplotlib is slow to load

    return list(PLOTS)


def held(names: Mapping[str, Any], kinds: Any) -> dict[str, Any]:
    """The notebook's variables that hold results of some kinds, its own `_1` and the like left out."""
    return {name: x for name, x in names.items() if isinstance(x, kinds) and not name.startswith("_")}


VALUES: Final[dict[str, Callable[[Mapping[str, Any]], list[str]]]] = {
    "workload": lambda names: list(workloads()), "policy": lambda names: list(policies()),
    "policies": lambda names: list(policies()), "base": lambda names: list(policies()),
    "record": lambda names: list(LEVELS), "costs": lambda names: list(PRICES), "section": lambda names: [*SECTIONS, RESULTS],
    "metrics": lambda names: list(METRICS), "view": plots, "about": lambda names: list(LINE),
    "run": lambda names: sorted(held(names, Run)), "when": lambda names: list(SCALARS),
}
"""By what the argument is called in the tree."""
