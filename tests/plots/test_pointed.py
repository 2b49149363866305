"""What a page without a script tells whoever points at the map of run queues."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gmplab as gl
from gmplab.plots.plot import Plot
from gmplab.plots.pointed import MOST_CELLS, with_lengths
from gmplab.traces.run import Run
from tests.traces.records import record

CELL = re.compile(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="1"><title>([^<]*)</title></rect>')


def told(plot: Plot) -> list[tuple[int, int, int, str]]:
    """Of each cell the column, the row, how many columns it has, and its title."""
    return [(int(x), int(y), int(wide), title) for x, y, wide, title in CELL.findall(with_lengths(plot._repr_html_(), plot))]


def test_each_cell_in_which_somebody_waited_has_a_title_and_neighbours_that_are_the_same_have_one() -> None:
    plot = Run(record()).plot.queues()
    # One waits in the global queue, and in P0's 1, 3, 2, 3 and 2.
    found = [(row, title) for _, row, _, title in told(plot)]
    assert ([row for row, _ in found][0], {row for row, _ in found}) == (0, {0, 1})
    assert found[0][1].startswith("the global queue: 1 goroutine; ")
    assert all(title.startswith("P0: ") for row, title in found if row == 1)


@pytest.mark.parametrize("options", [{"procs": 4}, {"procs": 64, "n": 3000}])
def test_what_is_told_is_what_the_data_say_also_where_cells_lie_together(options: dict[str, int]) -> None:
    run = gl.run("fanout" if "n" in options else "mixed_io", seed=1, **options)
    plot = run.plot.queues()
    data = plot.data
    names = data["queue"].unique().tolist()
    grids = {name: data[name].to_numpy().reshape(len(names), -1) for name in ("n", "least", "most")}
    found = told(plot)
    assert 0 < len(found) <= MOST_CELLS
    covered = np.zeros_like(grids["most"])
    for x, row, wide, title in found:
        part = slice(x, x + wide)
        covered[row, part] += 1
        least, most = int(grids["least"][row, part].min()), int(grids["most"][row, part].max())
        name = "the global queue" if names[row] == "global" else names[row]
        if least == most:
            assert title.startswith(f"{name}: {most} goroutine")
        else:
            mean = grids["n"][row, part].mean()
            assert f"goroutines on average, {least} to {most}; " in title
            assert float(title.split(": ")[1].split()[0]) == pytest.approx(mean, rel=5e-3)
    # Once each, and where nobody waited nothing is told but beside one in whose cell somebody did.
    assert covered.max() == 1 and (covered[grids["most"] > 0] == 1).all()


def test_where_nobody_waited_it_is_the_picture_alone() -> None:
    plot = gl.run("fanout", n=1, procs=1, costs=gl.Costs.zero()).plot.queues(t=(1, 2))
    assert with_lengths("picture", plot) == "picture"
