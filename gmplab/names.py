"""Names and what they stand for: the nearest to a wrong one, and what third-party packages add by entry points.

Nothing of a third party is imported before somebody asks for it by name, or for the whole list.
"""

from __future__ import annotations

import difflib
import warnings
from importlib.metadata import EntryPoint, entry_points
from typing import Any


def nearest(name: str, names: list[str]) -> str:
    """A hint for a wrong name."""
    close = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; one of {', '.join(sorted(names))}"


def third_party(group: str) -> dict[str, EntryPoint]:
    """What installed packages offer under an entry-point group, by name and not yet imported.

    Of two packages with one name the first in `sys.path` counts, as for modules.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=group):
        found.setdefault(entry.name, entry)
    return found


def listed(group: str) -> dict[str, Any]:
    """The objects of an entry-point group, by name. One that cannot be imported is a warning and left out."""
    found: dict[str, Any] = {}
    for name, entry in third_party(group).items():
        try:
            found[name] = entry.load()
        except Exception as e:  # noqa: BLE001, one broken package must not take the others away
            warnings.warn(f"{group}: entry point {name!r} ({entry.value}) cannot be imported: {type(e).__name__}: {e}")
    return found


def loaded(group: str, name: str, entry: EntryPoint) -> Any:
    """The object of one entry point that somebody asked for by name."""
    try:
        return entry.load()
    except Exception as e:
        raise ValueError(f"{group}: entry point {name!r} ({entry.value}) cannot be imported: {type(e).__name__}: {e}") from e
