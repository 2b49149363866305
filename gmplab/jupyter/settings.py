"""How widgets show themselves, in one place for all: `%config GmpMagics` sets it, a script may as well.

No widget is imported here, since the magics are there also where anywidget is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_INLINE_SPANS: Final = 12_000


@dataclass
class Settings:
    """What holds for every widget that is made, or shown, from now on.

    Parameters
    ----------
    static : bool
        True: a widget shows its static twin alone, HTML without a script. For documents that are executed and exported.
    max_inline_spans : int
        A Timeline of a run of at most so many events has its spans within: they are there while the kernel is busy, and a
        notebook that is saved with its widgets is larger for it. Those of longer runs the page asks the kernel for.

    Examples
    --------
    >>> from gmplab.jupyter.settings import settings
    >>> settings
    Settings(static=False, max_inline_spans=12000)
    """

    static: bool = False
    max_inline_spans: int = MAX_INLINE_SPANS


settings: Final = Settings()
"""Those that hold."""
