"""Comparisons and sweeps as pictures: what is drawn is what their tables say."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.plots import sweep_lines, sweep_map


def swept(**vary: Any) -> gl.Sweep:
    return gl.sweep(vary, "fanout", seeds=[1, 2, 3], n=20) if "n" not in vary else gl.sweep(vary, "fanout", seeds=[1, 2, 3])


def test_a_comparison_shows_the_paired_differences_a_metric_a_picture() -> None:
    made = gl.compare(["go", "go1.1"], "fanout", seeds=range(3), n=20, metrics=["end_ns", "wait_mean_ns", "stolen", "handoffs"])
    plot = made.plot()
    assert plot.data.equals(made.paired) and len(plot.ax) == 4
    assert [ax.get_title(loc="left") for ax in plot.ax] == ["end (us)", "wait_mean (us)", "stolen", "handoffs"]
    assert plot.alt.startswith("fanout, P=4, 3 seeds; mean and its 95 % interval; difference to go, paired by seed: ")
    differing = made.paired[(made.paired["low"] > 0) | (made.paired["high"] < 0)]["metric"]
    assert [metric.replace("_ns", "") in plot.alt.split(": ")[1] for metric in differing] == [True] * len(differing)


def gaps(ax: Any) -> list[float]:
    """The free space between the numbers, or names, under the axes, in pixels."""
    ax.figure.canvas.draw()
    low, high = ax.get_xlim()
    shown = [label for at, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True) if low <= at <= high]
    boxes = [label.get_window_extent() for label in shown]
    return [right.x0 - left.x1 for left, right in zip(boxes, boxes[1:], strict=False)]


def test_no_number_of_a_comparison_runs_into_the_next() -> None:
    thieves = {"half": gl.StealHalf(), "all": gl.StealAll()}
    policies = {name: gl.policy_of("go").replace(name=name, steal=thief) for name, thief in thieves.items()}
    metrics = ["end_ns", "steals", "stolen"]
    made = gl.compare(policies, "bag", n=200, compute="exp(10us)", procs=4, seeds=range(5), metrics=metrics)
    assert min(gap for ax in made.plot().ax for gap in gaps(ax)) > 3


def test_long_names_of_a_map_are_slanted_and_short_ones_are_not() -> None:
    long = swept(handoff=[gl.RetakeBySysmon(), gl.HandoffAtOnce(), gl.NoHandoff()], policy=["go", "go1.21"])
    plot = sweep_map(long, "end_ns", x="handoff", y="policy")
    assert [(x.get_text(), x.get_rotation()) for x in plot.ax.get_xticklabels()] == [
        ("RetakeBySysmon()", 20), ("HandoffAtOnce()", 20), ("NoHandoff()", 20),
    ]
    plot = sweep_map(long, "end_ns", x="policy", y="handoff")
    assert [x.get_rotation() for x in plot.ax.get_xticklabels()] == [0, 0] and min(gaps(plot.ax)) > 3


def test_one_policy_alone_shows_its_means() -> None:
    made = gl.compare(["go"], "fanout", seeds=[1], n=5, metrics=["end_ns"])
    assert made.plot().data.equals(made.table)


def test_lines_go_along_what_is_a_number_and_there_is_one_for_each_of_the_other() -> None:
    made = swept(policy=["go", "go1.1"], procs=[1, 2, 4])
    plot = made.plot("end_ns")
    assert plot.ax.get_xlabel() == "Ps (GOMAXPROCS)" and [line.get_label() for line in plot.ax.lines] == ["policy=go", "policy=go1.1"]
    table = made.table(["end_ns"])
    for line, policy in zip(plot.ax.lines, ["go", "go1.1"], strict=True):
        assert list(line.get_xdata()) == [1, 2, 4]
        assert list(line.get_ydata()) == pytest.approx(list(table[table["policy"] == policy]["mean"] / 1e3))
    assert plot.alt.startswith("end of fanout at 6 points: least ") and "(policy=" in plot.alt


def test_names_go_along_as_points_without_a_line() -> None:
    plot = sweep_lines(swept(policy=["go", "go1.1"]), "end_ns")
    assert [x.get_text() for x in plot.ax.get_xticklabels()] == ["go", "go1.1"] and plot.ax.lines[0].get_linestyle() == "None"


def test_a_third_thing_must_be_held() -> None:
    made = swept(procs=[1, 2], policy=["go", "go1.1"], n=[5, 10])
    with pytest.raises(ValueError, match="policy: was varied too: say which value to look at, as policy='go'"):
        made.plot("end_ns")
    plot = made.plot("end_ns", policy="go")
    assert len(plot.data) == 4 and set(plot.data["policy"]) == {"go"}
    with pytest.raises(ValueError, match="policy = 'gone': was not swept; one of 'go', 'go1.1'"):
        made.plot("end_ns", policy="gone")
    with pytest.raises(ValueError, match="polcy: was not varied; did you mean 'policy'"):
        made.plot("end_ns", x="polcy")
    with pytest.raises(ValueError, match="kind = 'pie': must be 'lines' or 'map'"):
        made.plot("end_ns", kind="pie")


def test_a_map_has_a_cell_a_point() -> None:
    made = swept(procs=[1, 2, 4], policy=["go", "go1.1"])
    plot = sweep_map(made, "utilisation")
    (image,) = plot.ax.images
    means = made.table(["utilisation"]).pivot(index="policy", columns="procs", values="mean")
    assert image.get_array().ravel().tolist() == pytest.approx(means.to_numpy().ravel().tolist())
    assert len(plot.ax.texts) == 6 + 1, "each cell's mean, and the line under the heading"
    with pytest.raises(ValueError, match="one thing alone was varied: see sweep_lines"):
        sweep_map(swept(procs=[1, 2]), "end_ns")
