"""What a page without a script tells whoever points at a picture: an SVG over it whose cells have titles.

The browser shows the title of what is under the pointer, also where scripts are forbidden. Nothing of it is seen, and
who has the page read aloud has the picture's words.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from gmplab.plots.plot import Plot
from gmplab.plots.units import about, counted, unit_of

MOST_CELLS: Final = 2_000
"""More cells than this are told as means over several: some 200 kB at most, whatever the run."""


def with_lengths(picture: str, plot: Plot) -> str:
    """The picture of run queues with the length of each under the pointer.

    Parameters
    ----------
    picture : str
        The plot as HTML, drawn already: before that nobody knows where its axes are.
    plot : Plot
        As `gmplab.plots.queues` makes it.

    Returns
    -------
    str
        The picture as HTML; as it was where no goroutine was queued.
    """
    assert isinstance(plot.ax, Axes)
    names = plot.data["queue"].unique().tolist()
    columns = len(plot.data) // max(len(names), 1)
    every = next((n for n in (1, 2, 3, 4, 6, 8, 12) if len(cells(plot.data, columns, n)) <= MOST_CELLS), 24)
    found = cells(plot.data, columns, every)
    if not found:
        return picture
    box = plot.ax.get_position()
    where = f"left:{100 * box.x0:.4g}%;top:{100 * (1 - box.y1):.4g}%;width:{100 * box.width:.4g}%;height:{100 * box.height:.4g}%"
    # Not "all": the stroke that is not there would be half a row wide, and the cell below would be what is pointed at.
    # No line's height, or the box would be a little higher than the picture.
    return (
        f'<div style="position:relative;line-height:0;margin-bottom:7px;width:fit-content;max-width:100%">{picture}'
        f'<svg aria-hidden="true" viewBox="0 0 {columns} {len(names)}" preserveAspectRatio="none" '
        f'style="position:absolute;{where}"><g fill="none" pointer-events="fill">{"".join(found)}</g></svg></div>'
    )


def cells(data: pd.DataFrame, columns: int, every: int) -> list[str]:
    """A rectangle with a title for each cell in which somebody waited: of so many columns together, and of neighbours in
    which it was the same all the time.
    """
    return [
        f'<rect x="{first}" y="{row}" width="{stop - first}" height="1"><title>{html.escape(title)}</title></rect>'
        for row, (name, queue) in enumerate(data.groupby("queue", sort=False))
        for first, stop, title in of_queue(str(name), queue, columns, every)
    ]


def of_queue(name: str, queue: pd.DataFrame, columns: int, every: int) -> Iterator[tuple[int, int, str]]:
    """The cells of one queue in which somebody waited: the first column, the one after the last, and what is told."""
    starts = np.arange(0, columns, every)
    least, most = (of.reduceat(queue[end].to_numpy(), starts) for of, end in ((np.minimum, "least"), (np.maximum, "most")))
    mean = np.add.reduceat(queue["n"].to_numpy(), starts) / np.diff(np.append(starts, columns))
    begin, end = queue["begin_ns"].to_numpy(), queue["end_ns"].to_numpy()
    i = 0
    while i < len(starts):
        j = i + 1
        while j < len(starts) and least[i] == most[i] == least[j] == most[j]:
            j += 1
        first, stop = int(starts[i]), int(starts[j]) if j < len(starts) else columns
        if most[i] > 0:
            length = counted(int(most[i]), "goroutine") if least[i] == most[i] else (
                f"{about(float(mean[i]))} goroutines on average, {least[i]:,} to {most[i]:,}"
            )
            whose = "the global queue" if name == "global" else name
            unit = unit_of(float(end[stop - 1]))
            yield first, stop, f"{whose}: {length}; {begin[first] / unit.ns:.6g} to {end[stop - 1] / unit.ns:.6g} {unit.name}"
        i = j
