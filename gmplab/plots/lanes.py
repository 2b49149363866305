"""Lanes of slices over time: what a timeline of Ps and the life of Ms have in common.

A slice that is a pixel wide is a rectangle. Narrower ones are merged: of each pixel of a lane that holds such slices, each
kind gets a part of the height, by its time, so that a lane of a million slices shows shares and not the last one drawn.
All boxes of a kind are one collection: a run of a million rows is drawn in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from gmplab.plots.palette import FAINT, PATTERN, Look, ink_on
from gmplab.plots.plot import size_of
from gmplab.plots.runs import CHARACTER
from gmplab.plots.units import unit_of

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

PIXELS: Final = 900
"""Width of a lane on the page, about; narrower than one of these, slices are merged."""
PATTERNED: Final = 6
"""From so many pixels on a slice has its pattern, or a white edge that parts it from the next."""
MOST_LANES: Final = 256
"""More lanes than this cannot be told apart: the first so many are drawn."""
LINE: Final = 0.15
"""Height of the name of a lane, in inches."""
MOST_LABELS: Final = 300
ROWS: Final = 25
FILLED: Final = 21
"""Rows of the image of a lane, and how many of them are filled; the rest is the gap to the next."""
COLUMNS: Final = 2 * PIXELS
"""Of the image: as many as the sharp PNG has pixels."""
HEIGHT: Final = FILLED / ROWS
NONE: Final = -1
"""The kind of a slice that is left empty."""


@dataclass(frozen=True)
class Slices:
    """Slices of lanes: arrays of the same length.

    Parameters
    ----------
    lane : array of int
        From 0, the top one.
    begin_ns, end_ns : array of int
        When.
    kind : array of int
        Index in the looks that `draw` is given, NONE: empty.
    """

    lane: Ints
    begin_ns: Ints
    end_ns: Ints
    kind: Ints

    def within(self, t0: int, t1: int) -> Slices:
        """Their parts between two instants."""
        inside = (self.end_ns > t0) & (self.begin_ns < t1)
        return Slices(
            self.lane[inside], np.maximum(self.begin_ns[inside], t0), np.minimum(self.end_ns[inside], t1), self.kind[inside]
        )

    def where(self, mask: npt.NDArray[np.bool_]) -> Slices:
        """Some of them."""
        return Slices(self.lane[mask], self.begin_ns[mask], self.end_ns[mask], self.kind[mask])


def draw(ax: Axes, slices: Slices, looks: Mapping[str, Look], t0: int, t1: int) -> int:
    """Draw slices, each kind in its look; returns how many of those with a look were narrower than a pixel."""
    slices = slices.within(t0, t1)
    length = slices.end_ns - slices.begin_ns
    pixel = (t1 - t0) / PIXELS
    broad = length >= PATTERNED * pixel
    if not broad.all():
        picture = painted(slices.where(~broad), list(looks.values()), t0, t1)
        foot = len(picture) / ROWS - 0.5
        ax.imshow(picture, extent=(t0, t1, foot, -0.5), aspect="auto", interpolation="nearest", zorder=1)
    for kind, look in enumerate(looks.values()):
        of = slices.where(broad & (slices.kind == kind))
        if len(of.lane):
            found = boxes(of.begin_ns, of.end_ns, of.lane - HEIGHT / 2, of.lane + HEIGHT / 2)
            ax.add_collection(PolyCollection(found, **filled(look)))
    return int(((length < pixel) & (slices.kind != NONE)).sum())


def filled(look: Look) -> dict[str, Any]:
    """How broad slices are filled: with a pattern, or with a white edge that parts each from the next."""
    if look.hatch:
        return {"facecolor": look.face, "hatch": look.hatch, "edgecolor": PATTERN, "linewidth": 0.0}
    return {"facecolor": look.face, "edgecolor": "white", "linewidth": 0.4}


def solid(look: Look) -> str:
    """The colour of a look without its pattern; one that is all pattern becomes grey."""
    return FAINT if look.face == "white" else look.face


def boxes(x0: Any, x1: Any, y0: Any, y1: Any) -> Any:
    """Corners of boxes: an array of n x 4 x 2, for a PolyCollection."""
    x0, x1, y0, y1 = np.broadcast_arrays(x0, x1, y0, y1)
    return np.stack([np.stack(xy, axis=-1) for xy in ((x0, y0), (x0, y1), (x1, y1), (x1, y0))], axis=1).astype(np.float64)


def painted(narrow: Slices, looks: Sequence[Look], t0: int, t1: int) -> npt.NDArray[np.uint8]:
    """An image of narrow slices: ROWS rows a lane, COLUMNS along, red, green, blue, alpha.

    In each column of a lane every kind has rows in proportion to its time there, the first kind at the lane's foot; time
    that is idle, or belongs to broad slices alone, is transparent.
    """
    lanes = int(narrow.lane.max()) + 1 if len(narrow.lane) else 0
    times = [time_in_columns(narrow.where(narrow.kind == kind), lanes, t0, t1) for kind in range(NONE, len(looks))]
    whole = np.sum(times, axis=0)
    upto = np.cumsum(times[1:], axis=0)
    picture = np.zeros((lanes, ROWS, COLUMNS, 4), dtype=np.uint8)
    colours = [[round(255 * x) for x in to_rgba(solid(look))] for look in looks]
    gap = (ROWS - FILLED) // 2
    for level in range(FILLED):
        # A row belongs to the first kind whose time, with that of those under it, reaches over the row's middle.
        middle = whole * ((level + 0.5) / FILLED)
        row = picture[:, ROWS - 1 - gap - level]
        for kind in range(len(looks) - 1, -1, -1):
            row[upto[kind] > middle] = colours[kind]
        row[(upto[-1] <= middle) if len(looks) else slice(None)] = 0
    return picture.reshape(lanes * ROWS, COLUMNS, 4)


def time_in_columns(slices: Slices, lanes: int, t0: int, t1: int) -> Floats:
    """The time that slices spend in each column of each lane, in columns' widths: an array of lanes x COLUMNS."""
    wide = COLUMNS + 2
    total, slope = np.zeros(lanes * wide), np.zeros(lanes * wide)
    # The time up to each column's end is a sum of ramps, so two passes of sums give every column.
    for instants, sign in ((slices.begin_ns, 1.0), (slices.end_ns, -1.0)):
        x = (instants - t0) * (COLUMNS / (t1 - t0))
        column = x.astype(np.int64)
        place = slices.lane * wide + column
        total += sign * np.bincount(place, column + 1 - x, lanes * wide)
        slope += sign * np.bincount(place + 1, minlength=lanes * wide)
    time = total.reshape(lanes, wide) + np.cumsum(slope.reshape(lanes, wide), axis=1)
    # What the sums of ramps leave of rounding is no time.
    return np.where(time > 1e-9, time, 0.0)[:, :COLUMNS]


def label(ax: Axes, slices: Slices, words: Sequence[str], looks: Mapping[str, Look], t0: int, t1: int) -> None:
    """Write into slices that are wide enough what they are; none where it would be a clutter."""
    inches = (np.minimum(slices.end_ns, t1) - np.maximum(slices.begin_ns, t0)) * (size_of(ax)[0] / (t1 - t0))
    fits = np.flatnonzero(inches >= np.array([CHARACTER * (len(word) + 1) for word in words])).tolist()
    if len(fits) > MOST_LABELS:
        return
    faces = [look.face for look in looks.values()]
    for i in fits:
        middle = (max(int(slices.begin_ns[i]), t0) + min(int(slices.end_ns[i]), t1)) / 2
        ax.text(
            middle, int(slices.lane[i]), words[i], ha="center", va="center", fontsize=7, clip_on=True,
            color=ink_on(faces[slices.kind[i]]),
        )


def dress(ax: Axes, names: Sequence[str], t0: int, t1: int) -> None:
    """The axes of lanes: time along, in a unit that suits it, and a name for each lane, or for some if there are many."""
    n = max(len(names), 1)
    room = max(size_of(ax)[1] / LINE, 1)
    every = next(step for step in (1, 2, 4, 8, 16, 32, 64, 128, 256) if n / step <= room or step == 256)
    ax.set_yticks(range(0, len(names), every), [names[i] for i in range(0, len(names), every)], fontsize="small")
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(n - 0.5, -0.5)
    time_axis(ax, t0, t1)
    ax.spines[["top", "right", "left"]].set_visible(False)


class TimeTicks(FuncFormatter):
    """The numbers along an axis of time in a unit; an axis that has them is one."""

    def __init__(self, unit_ns: int) -> None:
        super().__init__(lambda ns, _: f"{ns / unit_ns:.10g}")


def shows_time(ax: Axes) -> bool:
    """Whether the axis along is one of time, in ns."""
    return isinstance(ax.xaxis.get_major_formatter(), TimeTicks)


def time_axis(ax: Axes, t0: int, t1: int) -> None:
    """An axis of time along, in the unit that suits its end."""
    ax.set_xlim(t0, t1)
    unit = unit_of(t1)
    bins = min(max(int(size_of(ax)[0] / 0.8), 2), 9)
    # Round numbers of the unit, and not of ns: an axis that ends at 1.2 s has ticks at 0.2 s.
    ticks = [x * unit.ns for x in MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10]).tick_values(t0 / unit.ns, t1 / unit.ns)]
    ax.set_xticks([x for x in ticks if t0 <= x <= t1])
    ax.xaxis.set_major_formatter(TimeTicks(unit.ns))
    ax.set_xlabel(f"time since the start ({unit.name})")


def key(looks: Mapping[str, Look]) -> list[Patch]:
    """The entries of a legend."""
    return [
        Patch(facecolor=look.face, hatch=look.hatch or None, edgecolor=PATTERN, linewidth=0.0, label=name)
        for name, look in looks.items()
    ]


def tall(lanes: int, each: float = 0.3, rest: float = 1.9) -> float:
    """The height of a figure of so many lanes, in inches."""
    return min(max(each * lanes, 1.0), 7.5) + rest
