"""All rows, by family, and which of them a name means."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Sequence
from typing import Final

from gmplab.analysis.truth import bags, batches, channels, disciplines, interruptions, lists, published, queues, stealing, threads
from gmplab.analysis.truth.entries import Row
from gmplab.names import nearest

FAMILIES: Final[dict[str, tuple[Row, ...]]] = {
    "queues": queues.ROWS, "disciplines": disciplines.ROWS, "stealing": stealing.ROWS, "threads": threads.ROWS,
    "batches": batches.ROWS, "bags": bags.ROWS, "lists": lists.ROWS, "channels": channels.ROWS,
    "interruptions": interruptions.ROWS, "published": published.ROWS,
}
"""The rows of each module of the catalogue."""

CATALOGUE: Final[tuple[Row, ...]] = tuple(row for rows in FAMILIES.values() for row in rows)
"""Every row. Two rows of one name are a mistake, which a test looks for."""

FAMILY_OF: Final[dict[str, str]] = {row.name: family for family, rows in FAMILIES.items() for row in rows}
"""The family of each row, by the row's name."""

N_BY_CHANCE: Final = sum(row.is_judged_by_chance for row in CATALOGUE)
"""How many rows share the catalogue's error probability."""


def chosen(names: Sequence[str]) -> list[Row]:
    """The rows that names mean, in the catalogue's order: a family, a section, an experiment or a row, or a pattern with *.

    Raises
    ------
    ValueError
        A name means no row, with the nearest one.

    Examples
    --------
    >>> [row.name for row in chosen(["M/M/2*: mean wait"])]
    ['M/M/2 at load 0.5: mean wait']
    """
    if not names:
        return list(CATALOGUE)
    found: set[str] = set()
    for name in names:
        of_name = {row.name for row in CATALOGUE if any(fnmatch.fnmatchcase(known, name) for known in names_of(row))}
        if not of_name:
            known = sorted({known for row in CATALOGUE for known in names_of(row)})
            # All of them are hundreds: where none is near, the families.
            near = difflib.get_close_matches(name, known, 1) or list(FAMILIES)
            raise ValueError(f"verify {name!r}: no such row{nearest(name, near)}")
        found |= of_name
    return [row for row in CATALOGUE if row.name in found]


def names_of(row: Row) -> tuple[str, ...]:
    """What a row may be called by."""
    return FAMILY_OF[row.name], row.section, row.experiment.name, row.name
