"""What the pictures of `gmplab verify` show."""

from __future__ import annotations

from typing import Any

import gmplab as gl
import pytest
from gmplab.analysis.truth import Verification
from gmplab.analysis.truth.entries import BETWEEN, EXACT, Experiment, Row
from gmplab.analysis.truth.verdicts import judge, limit
from gmplab.plots.verification import deviations, intervals

EIGHT = [9.0] * 4 + [11.0] * 4
"""Mean 10, standard error 0.37796."""


def row(name: str, expected: float, section: str = "one", **kw: Any) -> Row:
    made = Experiment(name, lambda n: gl.Plan(None), gl.policy_of("go"), lambda run, early: {}, size=100)
    return Row(section, made, "mean", "claim", expected, "source", **kw)


FOUND = Verification(
    (
        judge(row("a", 10.0), EIGHT, 100, 10), judge(row("b", 12.5, "two"), EIGHT, 100, 10),
        judge(row("c", 8.0, most=20.0, kind=BETWEEN, why="between"), EIGHT, 100, 10), judge(row("d", 10.0, kind=EXACT), [10.0], 1, 10),
    ),
    1.0, 0,
)


def test_each_row_that_chance_can_fail_is_drawn_as_a_share_of_its_limit() -> None:
    plot = deviations(FOUND)
    assert list(plot.data["name"]) == ["a: mean", "b: mean", "c: mean"]
    assert list(plot.data["share"]) == pytest.approx([0.0, -2.5 / 0.37796 / limit(8, 10), 0.0], rel=1e-4)
    assert list(plot.data["verdict"]) == ["holds", "fails", "holds"]
    assert [t.get_text() for t in plot.fig.axes[0].get_yticklabels()] == ["one", "two"]
    assert plot.alt == "3 rows of 2 sections: 2 within what is allowed, 1 not; the farthest is at 1.22 of it."


def test_intervals_are_in_percent_of_the_reference() -> None:
    data = intervals(FOUND.verdicts).data
    assert list(data["name"]) == ["a: mean", "b: mean"]
    assert list(data["measured"]) == pytest.approx([0.0, -20.0])
    assert (data["high"][0], data["low"][0]) == pytest.approx((20.44, -20.44), abs=0.01)
