"""Colours that stay apart for colour-blind readers, and never alone: each comes with a line style or a pattern.

One colour means one thing in all plots. The colours of states were checked under normal sight, deuteranopia,
protanopia and tritanopia (least distance 17.4). Sequential maps are `cividis`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matplotlib.colors import to_rgb

BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
YELLOW: Final = "#F0E442"
GREY: Final = "#BBBBBB"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
PINK: Final = "#CC79A7"
ORANGE: Final = "#E69F00"
INK: Final = "#333333"
FAINT: Final = "#7A7A7A"
EMPTY: Final = "#F2F2F2"
PATTERN: Final = (0.0, 0.0, 0.0, 0.45)
"""The lines of a pattern: light enough to leave the colour under them."""

SEQUENTIAL: Final = "cividis"


@dataclass(frozen=True)
class Look:
    """How an area is filled: a colour and a pattern."""

    face: str
    hatch: str = ""


MODES: Final[dict[str, Look]] = {
    "running": Look(BLUE), "scheduling": Look(INK), "spinning": Look(SKY, "...."), "syscall": Look(YELLOW, "////"),
    "netpoll": Look(GREY), "locked": Look("white", "xxxx"), "held": Look("white", "||||"),
    "stopped": Look("white", "----"), "starting": Look(GREY, "\\\\\\\\"),
    "monitoring": Look(EMPTY, "...."),
}
"""What an M or a P does. Idle is missing: it is left empty, so that idle time shows at once."""

STATES: Final[dict[str, Look]] = {
    "running": Look(BLUE), "syscall": Look(YELLOW, "////"), "runnable": Look(VERMILLION, "...."), "waiting": Look(GREY),
}
"""What a goroutine does."""

HUES: Final = (BLUE, VERMILLION, GREEN, PINK, ORANGE)
"""Running goroutines told apart by name: none of them is the colour of another mode."""
IN_TURN: Final = (*(Look(hue) for hue in HUES), *(Look(hue, "----") for hue in HUES))
"""Running goroutines told apart by their id, in turn. More colours would not stay apart: ids beside each other do."""
OTHERS: Final = Look("#7F7F7F", "++++")

LINES: Final = (BLUE, VERMILLION, GREEN, PINK, ORANGE, INK, SKY)
DASHES: Final = ("-", "--", "-.", ":")


def line(i: int) -> tuple[str, str]:
    """Colour and dashes of the i-th line.

    >>> line(0), line(1)
    (('#0072B2', '-'), ('#D55E00', '--'))
    """
    return LINES[i % len(LINES)], DASHES[i % len(DASHES)]


def ink_on(face: str) -> str:
    """Black or white, whichever reads better on a colour.

    >>> ink_on("#0072B2"), ink_on("#F0E442")
    ('white', 'black')
    """
    red, green, blue = (((x + 0.055) / 1.055) ** 2.4 if x > 0.04045 else x / 12.92 for x in to_rgb(face))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "white" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "black"
