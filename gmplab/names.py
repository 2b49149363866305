"""Names and what they stand for: the nearest to a wrong one, and what is added to the shipped ones.

Third-party packages add by entry points, and whoever works in this process by `register`. Nothing of a third party is
imported before somebody asks for it by name, or for the whole list.
"""

from __future__ import annotations

import difflib
import warnings
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any, Final, Protocol


FROM_FILE: Final = "gmplab_file_"
"""How the module of a file that was named by its path is called; no other process finds it by that name."""


class Offer(Protocol):
    """Something that has a name and is there once it is loaded: an `importlib.metadata.EntryPoint`, or a `Registered`."""

    @property
    def value(self) -> str: ...

    def load(self) -> Any: ...


@dataclass(frozen=True)
class Registered:
    """What `register` was given, as an offer."""

    thing: Any
    value: str = "registered in this process"

    def load(self) -> Any:
        return self.thing


_registered: dict[str, dict[str, Registered]] = {}
"""By entry-point group, then by name: it stands beside what packages offer there."""


def register(group: str, name: str, thing: Any) -> None:
    """Let a name stand for a thing in this process, whatever it or a package's entry point stood for before."""
    _registered.setdefault(group, {})[name] = Registered(thing)


def is_registered(group: str, name: str) -> bool:
    """Whether a name stands for something that was registered in this process."""
    return name in _registered.get(group, {})


def nearest(name: str, names: list[str]) -> str:
    """A hint for a wrong name."""
    close = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; one of {', '.join(sorted(names))}"


def third_party(group: str) -> dict[str, Offer]:
    """What was registered, and what installed packages offer under an entry-point group, by name and not yet imported.

    Of two packages with one name the first in `sys.path` counts, as for modules.
    """
    found: dict[str, Offer] = {**_registered.get(group, {})}
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


def loaded(group: str, name: str, entry: Offer) -> Any:
    """The object of one entry point that somebody asked for by name."""
    try:
        return entry.load()
    except Exception as e:
        raise ValueError(f"{group}: entry point {name!r} ({entry.value}) cannot be imported: {type(e).__name__}: {e}") from e
