"""Slices that are a pixel wide are drawn as they are; narrower ones share the height of their pixel by time."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

from gmplab.plots import lanes
from gmplab.plots.lanes import COLUMNS, FILLED, HEIGHT, NONE, PIXELS, ROWS, Slices
from gmplab.plots.palette import BLUE, YELLOW, Look
from gmplab.plots.plot import axes

LOOKS = {"running": Look(BLUE), "syscall": Look(YELLOW, "////")}


def slices(*rows: tuple[int, int, int, int]) -> Slices:
    return Slices(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)


def drawn(given: Slices, t0: int, t1: int) -> tuple[int, list[tuple[str, list[list[float]]]]]:
    """(how many were merged, for each collection its colour and the extents of its boxes: x0, x1, top, bottom)."""
    ax = axes(None)[1]
    n = lanes.draw(ax, given, LOOKS, t0, t1)
    found = []
    for c in ax.collections:
        assert isinstance(c, PolyCollection)
        corners = np.asarray([path.vertices[:4] for path in c.get_paths()])
        extents = [[v[:, 0].min(), v[:, 0].max(), v[:, 1].min(), v[:, 1].max()] for v in corners]
        name = {BLUE: "blue", YELLOW: "yellow"}[to_hex(c.get_facecolor()[0]).upper()]
        found.append((f"{name} {c.get_hatch()}" if c.get_hatch() else name, np.round(extents, 3).tolist()))
    return n, found


def column(given: Slices, lane: int, at: int, t1: int) -> str:
    """One column of the image of a lane, from its foot up: a letter a row, "b" blue, "y" yellow, "." empty."""
    picture = lanes.painted(given, list(LOOKS.values()), 0, t1)
    letters = {(0, 0x72, 0xB2, 255): "b", (0xF0, 0xE4, 0x42, 255): "y", (0, 0, 0, 0): "."}
    rows = picture[lane * ROWS : (lane + 1) * ROWS, at][::-1]
    return "".join(letters[tuple(int(x) for x in row)] for row in rows)


def test_a_broad_slice_is_a_box_in_its_lane_and_an_empty_one_is_not_drawn() -> None:
    given = slices((0, 100, 300, 0), (1, 0, 900, 1), (1, 0, 900, NONE))
    assert drawn(given, 0, PIXELS) == (
        0, [("blue", [[100, 300, -0.42, 0.42]]), ("yellow ////", [[0, 900, 0.58, 1.42]])]
    )


def test_what_lies_outside_is_cut_off() -> None:
    given = slices((0, 0, 5_000, 0), (0, 0, 1_000, 1))
    assert drawn(given, 1_000, 1_000 + PIXELS) == (0, [("blue", [[1_000, 1_900, -HEIGHT / 2, HEIGHT / 2]])])


def test_a_slice_of_a_few_pixels_is_painted_plain_since_its_pattern_would_hide_its_colour() -> None:
    few = slices((0, 2, 7, 1))
    assert drawn(few, 0, PIXELS) == (0, [])
    full, none = ".." + FILLED * "y" + "..", ROWS * "."
    assert [column(few, 0, at, PIXELS) for at in (3, 4, 13, 14)] == [none, full, full, none]


def test_slices_narrower_than_a_pixel_share_its_height_by_time_and_idle_time_stays_empty() -> None:
    # A column is 21 ns: 10 of running, 1 of a system call, 10 idle. The next one: 5 of running, 16 of a system call.
    given = slices((1, 0, 4, 0), (1, 4, 5, 1), (1, 5, 15, NONE), (1, 15, 26, 0), (1, 26, 42, 1))
    t1 = 21 * COLUMNS
    assert column(given, 1, 0, t1) == ".." + 10 * "b" + "y" + 10 * "." + ".."
    assert column(given, 1, 1, t1) == ".." + 5 * "b" + 16 * "y" + ".."
    assert column(given, 0, 0, t1) == ROWS * "."
    assert drawn(given, 0, t1)[0] == 4


def test_the_time_in_columns_adds_up_to_the_slices() -> None:
    given = slices((2, 7, 13, 0), (0, 0, 100, 0))
    time = lanes.time_in_columns(given, 3, 0, 10 * COLUMNS)
    assert np.allclose(time[2, :3], [0.3, 0.3, 0])
    assert np.allclose(time.sum(axis=1), [10, 0, 0.6])


def test_a_million_slices_become_one_image() -> None:
    begin = np.arange(1_000_000, dtype=np.int64)
    ax = axes(None)[1]
    n = lanes.draw(ax, Slices(begin % 64, begin, begin + 1, begin // 64 % 2), LOOKS, 0, 1_000_000)
    assert n == 1_000_000
    assert (len(ax.images), len(ax.collections)) == (1, 0)
    assert np.asarray(ax.images[0].get_array()).shape == (64 * ROWS, COLUMNS, 4)


@pytest.mark.parametrize(
    ("t0", "t1", "unit", "ticks"),
    [
        (0, 900, "ns", ["0", "100", "200", "300", "400", "500", "600", "700", "800", "900"]),
        (0, 2_000_000, "ms", ["0", "0.25", "0.5", "0.75", "1", "1.25", "1.5", "1.75", "2"]),
        (1_000_000, 1_500_000, "ms", ["1", "1.1", "1.2", "1.3", "1.4", "1.5"]),
    ],
)
def test_the_axis_of_time_has_round_numbers_of_a_unit_that_suits_it(t0: int, t1: int, unit: str, ticks: list[str]) -> None:
    ax = axes(None, 10.0)[1]
    lanes.time_axis(ax, t0, t1)
    assert ax.get_xlabel() == f"time since the start ({unit})"
    assert [x.get_text() for x in ax.get_xticklabels()] == ticks
    assert lanes.shows_time(ax) and not lanes.shows_time(axes(None, 10.0)[1])


def test_many_lanes_are_named_one_in_so_many() -> None:
    ax = axes(None, 10.0, lanes.tall(100))[1]
    lanes.dress(ax, [f"P{p}" for p in range(100)], 0, 10)
    assert [x.get_text() for x in ax.get_yticklabels()] == [f"P{p}" for p in range(0, 100, 4)]
    assert ax.get_ylim() == (99.5, -0.5)
