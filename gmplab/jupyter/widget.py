"""What the widgets have in common: the traits that links couple, how their data reaches the browser, the static twin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import anywidget
from traitlets import Dict, Int, List

from gmplab.jupyter.twin import Twinned

STATIC: Final = Path(__file__).parent / "static"
INLINE: Final = 512 * 1024
"""Data of at most so many bytes is part of the widget's state: it is there at once, also while the kernel is busy, and
after the page is loaded anew. More is sent when the page asks, or a notebook saved with its widgets would be unopenable."""
_IMPORT: Final = re.compile(r"^import [^;]*? from \"\./[\w.]+\";\n", re.MULTILINE)


def module(*names: str) -> str:
    """Files of static/ as one ES module, the last one's default export being the widget.

    The browser gets a widget's module as text, without an address that `import "./lanes.js"` could start from. So the
    files, which import each other as files do, are laid one after the other and those imports left out.
    """
    return "\n".join(_IMPORT.sub("", (STATIC / name).read_text(encoding="utf-8")) for name in names)


def style() -> str:
    """The style sheet of all widgets."""
    return (STATIC / "widgets.css").read_text(encoding="utf-8")


class Widget(Twinned, anywidget.AnyWidget):
    """A view of one run. Any two can be linked by their traits, in the browser: `jslink((a, "time_ns"), (b, "time_ns"))`.

    Attributes
    ----------
    time_ns : int
        The instant that is looked at, ns since the start.
    view : [t0, t1] in ns
        The part of the run that a timeline shows.
    selected_g : int
        The chosen goroutine, -1: none.
    """

    time_ns = Int(0).tag(sync=True)
    view = List(Int(), [0, 1]).tag(sync=True)
    selected_g = Int(-1).tag(sync=True)
    inline = Dict().tag(sync=True)

    def __init__(self, **state: Any) -> None:
        super().__init__(**state)
        self.on_msg(self._asked)

    def offer(self, part: str, made: bytes) -> None:
        """Put a part of the data into the widget's state, if it is small enough."""
        if len(made) <= INLINE:
            self.inline = {**self.inline, part: made}

    def reply(self, question: dict[str, Any]) -> bytes:
        """The data that the page asks for: {"kind": "need", "part": ..., "step": ...}."""
        raise NotImplementedError

    def _asked(self, _: Any, message: Any, buffers: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == "need":
            self.send({**message, "kind": "data"}, [self.reply(message)])
