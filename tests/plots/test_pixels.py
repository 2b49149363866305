"""A picture's pixels in a palette: exact where it has few colours, near where it has more, left alone where it has too many."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

import gmplab as gl
from gmplab.plots.pixels import MANY, MOST, indexed
from gmplab.plots.plot import rendered


def pixels(colours: np.ndarray, opacity: int = 255) -> np.ndarray:
    """A picture of one row, a pixel a colour."""
    return np.concatenate([colours, np.full((len(colours), 1), opacity)], axis=1).astype(np.uint8)[None]


def shown(png: bytes | None) -> np.ndarray:
    assert png is not None
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def greys(n: int) -> np.ndarray:
    """n colours near the diagonal, each once."""
    i = np.arange(n)
    return np.stack([i % 256, i // 2 % 256, i // 7 % 256], axis=1)


def test_few_colours_stay_as_they_are() -> None:
    few = greys(MOST)
    assert shown(indexed(pixels(few), 200))[0].tolist() == few.tolist()


def test_of_more_the_frequent_ones_stay_and_the_others_become_the_nearest() -> None:
    often = np.repeat([[0, 114, 178], [255, 255, 255]], 1000, axis=0)
    rare = greys(400)
    found = shown(indexed(pixels(np.concatenate([often, rare])), 200))[0]
    assert found[:2000].tolist() == often.tolist()
    assert np.abs(found[2000:] - rare).max() <= 8


def test_what_a_palette_would_spoil_is_left_alone() -> None:
    assert indexed(pixels(greys(3), opacity=128), 200) is None
    many = np.stack([np.arange(MANY + 1) % 256, np.arange(MANY + 1) // 256, np.zeros(MANY + 1)], axis=1)
    assert indexed(pixels(many), 200) is None


@pytest.mark.parametrize("name", ["timeline", "latency", "queues"])
def test_a_plot_on_a_page_has_less_than_half_the_bytes_and_looks_as_its_file(name: str) -> None:
    plot = getattr(gl.run("mixed_io", procs=4, seed=1).plot, name)()
    rendered(plot.fig, "png", 200)  # the layout settles with the first
    file = rendered(plot.fig, "png", plot.fig.dpi * 2)
    page = plot._repr_png_()
    assert len(page) < len(file) / 2
    off = np.abs(shown(page) - shown(file)).max(axis=2)
    assert (off > 8).mean() < 1e-4 and off.mean() < 0.1
    assert plot._repr_png_() == page


def test_settings_that_cut_a_file_do_not_cut_the_page() -> None:
    plot = gl.run("fanout", n=5, procs=2).plot.steal_rate()
    with matplotlib.rc_context({"savefig.bbox": "tight"}):
        assert shown(plot._repr_png_()).shape == (900, 1600, 3)
