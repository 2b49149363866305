"""Pixels as a PNG of few bytes, for what a notebook keeps: its colours in a palette, a byte a pixel.

A picture of ours has a few hundred colours: some dozen that mean something, and what lies between them at the edges of
letters and lines. The most frequent are kept as they are, so that each area has its colour exactly; of the rest each
becomes the one that is nearest. That is less than half the bytes, and looks the same.
"""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

Bytes = npt.NDArray[np.uint8]

MOST: Final = 256
"""Colours of a palette, of which a pixel's byte chooses one."""
FREQUENT: Final = 192
"""Of them, those that are kept since they are frequent; the others since they are far from all that are kept."""
MANY: Final = 4096
"""Of more colours than this, as a photograph has, a palette would show."""


def indexed(pixels: Bytes, dpi: float) -> bytes | None:
    """Pixels as a PNG with a palette; None where they are translucent, or have too many colours for one.

    Parameters
    ----------
    pixels : array of uint8, height x width x 4
        Red, green, blue, opacity.
    dpi : float
        Pixels an inch, for programs that place the picture on paper.
    """
    picture = Image.fromarray(pixels)
    found: Any = picture.getcolors(MANY)
    if found is None or any(opacity < 255 for _, (*_, opacity) in found):
        return None
    # By count, and equal counts by colour: the same picture gives the same bytes.
    found.sort(reverse=True)
    counts = np.array([n for n, _ in found], dtype=np.float64)
    colours = np.array([colour[:3] for _, colour in found], dtype=np.int64)
    kept = colours[palette(colours, counts)]
    nearest = distances(colours, kept).argmin(axis=1).astype(np.uint8)
    # Where each of the 2^24 colours is in the palette; pages of it that are not looked at take no memory.
    place = np.zeros(1 << 24, dtype=np.uint8)
    place[colours @ [1, 1 << 8, 1 << 16]] = nearest
    made = Image.fromarray(place[pixels.view("<u4")[..., 0] & 0xFFFFFF])
    made.putpalette(kept.astype(np.uint8).tobytes())
    out = io.BytesIO()
    made.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def palette(colours: npt.NDArray[np.int64], counts: npt.NDArray[np.float64]) -> list[int]:
    """Which colours to keep, of colours by falling count."""
    if len(colours) <= MOST:
        return list(range(len(colours)))
    kept = list(range(FREQUENT))
    off = distances(colours, colours[kept]).min(axis=1)
    while len(kept) < MOST:
        kept.append(int((off * counts).argmax()))
        off = np.minimum(off, distances(colours, colours[kept[-1:]])[:, 0])
    return kept


def distances(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The square of how far each colour of a is from each of b."""
    return np.asarray(((a[:, None] - b[None]) ** 2).sum(axis=2))
