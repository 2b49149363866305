"""`Plot`: a picture, the frame behind it and its description, as one value that shows itself in a notebook.

Built on `matplotlib.figure.Figure`: pyplot's global state would draw twice in a notebook, keep every figure alive, and
break when a widget's callback runs in another thread. A bare Figure has no picture of its own in Jupyter, so a Plot
carries its mimebundle. The notebook gets a PNG at twice the size; an SVG of a long timeline would make it unopenable.
"""

from __future__ import annotations

import base64
import html
import io
import os
import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure

from gmplab.plots.pixels import indexed

SHARPNESS: Final = 2
"""Pixels of the notebook's PNG a point of the page, in each direction: sharp on today's displays."""

# What would make the bytes of a file depend on the hour, by format; Creator and Producer name only the version.
_DATES: Final[dict[str, dict[str, Any]]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
_FILES: Final[Any] = {"svg.hashsalt": "gmplab", "svg.fonttype": "path", "pdf.fonttype": 42}
# What is shown on a page has the size that `Plot.size` tells it, whatever a user's settings cut off a file; an SVG's
# letters are the page's own.
_SHOWN: Final[Any] = {"savefig.bbox": None, "svg.hashsalt": "gmplab", "svg.fonttype": "none"}

drawing: Final = threading.RLock()
"""Held while a picture is rendered: matplotlib's text and settings are not made for two threads."""


@dataclass(frozen=True, eq=False, repr=False)
class Plot:
    """A finished picture.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure; pyplot does not know it.
    ax : Axes or tuple of Axes
        Where it is drawn: to add to, or to change.
    data : pandas.DataFrame
        The numbers behind the picture, tidy, units in the names.
    alt : str
        What the picture shows, in words and numbers.

    Examples
    --------
    >>> plot = gmplab.run("fanout", n=50, procs=2).plot.latency()
    >>> plot.save("latency.svg").name
    'latency.svg'
    >>> print(plot.alt)
    Scheduling latency of fanout(n=50, compute='10us') under go on 2 Ps, seed 1: 52 schedules, median 140 µs, p99
    275 µs, longest 275 µs.
    """

    fig: Figure
    ax: Axes | tuple[Axes, ...]
    data: pd.DataFrame = field(hash=False)
    alt: str

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """The picture and its alternative text, for Jupyter and nbconvert.

        The PNG stands in it twice. In HTML, since a front end that shows an image/png drops its alternative text
        (JupyterLab 4.6 makes its image of the bytes, the width and the height alone); bare, for those that show no HTML,
        and for exports to LaTeX, which leave HTML out. HTML cannot point at the other, so each has its own; a palette
        makes both together smaller than one without it would be (`pixels.indexed`).
        """
        png, (width, height) = self._repr_png_(), self.size()
        content = {"text/html": self.tag(png), "image/png": png, "text/plain": self.alt}
        return content, {"image/png": {"width": width, "height": height, "alt": self.alt}}

    def _repr_png_(self) -> bytes:
        dpi = self.fig.dpi * SHARPNESS
        raw = np.frombuffer(rendered(self.fig, "rgba", dpi), dtype=np.uint8)
        # As matplotlib counts them; a product that lies a hair under a whole number is one.
        width, height = (int(round(inches * dpi, 6)) for inches in self.fig.get_size_inches())
        fits = raw.size == width * height * 4
        return (indexed(raw.reshape(height, width, 4), dpi) if fits else None) or rendered(self.fig, "png", dpi)

    def _repr_html_(self) -> str:
        return self.tag(self._repr_png_())

    def size(self) -> tuple[int, int]:
        """Width and height on the page, in its pixels."""
        width, height = (round(inches * self.fig.dpi) for inches in self.fig.get_size_inches())
        return width, height

    def tag(self, png: bytes) -> str:
        """An HTML image of a PNG of this picture, which a reader of the page can have read aloud."""
        return image(png, "png", self.alt, self.size())

    def save(self, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
        """Write the picture into a file: whole, or not at all; the same picture gives the same bytes.

        Parameters
        ----------
        path : path
            Its suffix says the format: .png, .svg or .pdf.
        overwrite : bool
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ValueError
            The suffix is none of the three.
        FileExistsError
            The file is there, and `overwrite` is False.
        """
        target = Path(path)
        kind = target.suffix.removeprefix(".").lower()
        if kind not in _DATES:
            raise ValueError(f"save: {target.name!r} ends in {target.suffix!r}: must be one of .png, .svg, .pdf")
        if target.exists() and not overwrite:
            raise FileExistsError(f"save: {target} exists: give another name, or overwrite=True")
        content = rendered(self.fig, kind, self.fig.dpi * SHARPNESS)
        target.parent.mkdir(parents=True, exist_ok=True)
        making = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        try:
            making.write_bytes(content)
            os.replace(making, target)
        finally:
            making.unlink(missing_ok=True)
        return target


def image(content: bytes, mime: str, alt: str, size: tuple[int, int]) -> str:
    """A picture (image/MIME) as an HTML image of so many pixels of the page, with its description."""
    data = base64.b64encode(content).decode("ascii")
    # A white card, also on a dark page: the lines and letters of the picture are dark.
    style = "max-width:100%;height:auto;background:white"
    return (
        f'<img alt="{html.escape(alt)}" width="{size[0]}" height="{size[1]}" style="{style}" '
        f'src="data:image/{mime};base64,{data}">'
    )


def rendered(fig: Figure, kind: str, dpi: float, shown: bool = False) -> bytes:
    """A figure as the bytes of a file of a kind (png, svg, pdf), or as its pixels (rgba); `shown`: on a page, in no file."""
    out = io.BytesIO()
    with drawing, matplotlib.rc_context(_SHOWN if shown or kind not in _DATES else _FILES):
        fig.savefig(out, format=kind, dpi=dpi, metadata=_DATES.get(kind))
    return out.getvalue()


def axes(ax: Axes | None, width: float = 8.0, height: float = 4.5) -> tuple[Figure, Axes]:
    """The axes to draw into, the given ones or those of a new figure of so many inches; and their figure."""
    if ax is None:
        fig = figure(width, height)
        return fig, fig.add_subplot()
    return figure_of(ax), ax


def figure(width: float, height: float) -> Figure:
    """A new figure of so many inches that pyplot does not know."""
    fig = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(fig)
    return fig


def figure_of(ax: Axes) -> Figure:
    """The whole figure that some axes are part of. Raises `TypeError` for what is no Axes."""
    if not isinstance(ax, Axes):
        raise TypeError(f"ax = {ax!r}: must be matplotlib Axes")
    fig: Any = ax.figure
    while isinstance(fig, SubFigure):
        fig = fig.figure
    assert isinstance(fig, Figure)
    return fig


def size_of(ax: Axes) -> tuple[float, float]:
    """Width and height of axes in inches, as they are before the figure's layout has shifted them."""
    box = ax.get_position()
    width, height = figure_of(ax).get_size_inches()
    return float(box.width * width), float(box.height * height)
