"""A Plot shows itself, saves itself whole and the same each time, and leaves matplotlib's global state alone."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from gmplab.errors import TraceError
from gmplab.plots import PLOTS, Plot, Plots
from gmplab.plots.plot import axes
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_OFF
from tests.traces.records import record


def small() -> Plot:
    fig, ax = axes(None, 2.0, 1.0)
    ax.plot([0, 1], [1, 0])
    return Plot(fig, ax, pd.DataFrame({"x": [0, 1]}), "A line falls from 1 to 0.")


def test_a_plot_reads_as_its_alternative_text() -> None:
    assert repr(small()) == "A line falls from 1 to 0."


def test_a_notebook_gets_a_sharp_png_with_its_size_on_the_page_and_its_alternative_text() -> None:
    content, shown = small()._repr_mimebundle_()
    assert sorted(content) == ["image/png", "text/html", "text/plain"]
    assert content["text/plain"] == "A line falls from 1 to 0."
    png = content["image/png"]
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (400, 200)
    assert shown["image/png"] == {
        "width": 200, "height": 100, "alt": "A line falls from 1 to 0."
    }
    tag = content["text/html"]
    assert tag.startswith('<img alt="A line falls from 1 to 0." width="200" height="100" ')
    assert base64.b64decode(tag.partition("base64,")[2].rstrip('">')) == png


@pytest.mark.parametrize(("suffix", "begin"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_same_picture_is_the_same_bytes_in_every_format(suffix: str, begin: bytes, tmp_path: Path) -> None:
    a, b = (small().save(tmp_path / f"{name}.{suffix}").read_bytes() for name in "ab")
    assert a == b
    assert a.startswith(begin)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"a.{suffix}", f"b.{suffix}"]


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="a.png exists: give another name, or overwrite=True"):
        small().save(path)
    assert path.read_bytes() == b"mine"
    assert small().save(path, overwrite=True).read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_drawn_leaves_no_file(tmp_path: Path) -> None:
    plot = small()
    plot.fig.text(0, 0, "$\\frac{$")
    with pytest.raises(ValueError, match="frac"):
        plot.save(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'a.gif' ends in '.gif': must be one of .png, .svg, .pdf"):
        small().save(tmp_path / "a.gif")


def test_a_plot_is_a_value() -> None:
    with pytest.raises(AttributeError, match="alt"):
        small().alt = "another"  # type: ignore[misc]


def test_every_plot_is_a_method_of_run_plot_with_its_documentation() -> None:
    run = Run(record())
    assert isinstance(run.plot, Plots)
    assert set(PLOTS) <= set(dir(run.plot))
    for name, function in PLOTS.items():
        assert getattr(run.plot, name).__func__ is function
        assert getattr(run.plot, name).__doc__ == function.__doc__
    with pytest.raises(AttributeError, match="there is no plot 'latencies': one of latency"):
        run.plot.latencies  # noqa: B018


@pytest.mark.parametrize("name", list(PLOTS))
def test_every_plot_draws_a_run_and_refuses_what_is_none(name: str) -> None:
    plot = PLOTS[name](Run(record()))
    assert isinstance(plot.fig, Figure)
    assert plot._repr_png_()[:4] == b"\x89PNG"
    assert len(plot.data) > 0
    with pytest.raises(TypeError, match=r"runs = 3: must be a Run, a list of them, or a dict from names to them"):
        PLOTS[name](3)
    with pytest.raises(TypeError, match="ax = 'here': must be matplotlib Axes"):
        PLOTS[name](Run(record()), ax="here")


@pytest.mark.parametrize("name", [name for name in PLOTS if name != "latency"])
def test_a_run_that_recorded_too_little_says_what_it_lacks(name: str) -> None:
    with pytest.raises(TraceError, match=f"^plot.{name} needs the .* recorded at level 'off': record at level"):
        PLOTS[name](Run(record(LEVEL_OFF)))


def test_plots_never_touch_pyplot_nor_the_settings() -> None:
    # dict.items: looking up the setting "backend" would itself import pyplot.
    code = """
import sys, matplotlib
before = dict(dict.items(matplotlib.rcParams))
import gmplab
from gmplab.plots import PLOTS
from gmplab.traces.run import Run
from tests.traces.records import record
for plot in PLOTS.values():
    plot(Run(record()))._repr_mimebundle_()
assert "matplotlib.pyplot" not in sys.modules
assert dict(dict.items(matplotlib.rcParams)) == before
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_gmplab_loads_no_matplotlib() -> None:
    code = "import sys, gmplab; assert not {'matplotlib', 'pandas'} & set(sys.modules); gmplab.plots.Plots; gmplab.Plot"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_axes_inside_a_part_of_a_figure_belong_to_the_whole_one() -> None:
    whole = Figure()
    inside = whole.subfigures(1, 2)[0].subfigures(2, 1)[1].add_subplot()
    assert axes(inside) == (whole, inside)
