"""Spinning Ms over time (nmspinning, those on their way to wake included) are those of the series, and their ends those of the events."""

from __future__ import annotations

import numpy as np
import pytest

import gmplab as gl
from gmplab.plots import spinning


def test_the_area_is_the_time_that_ms_spun_and_each_end_is_counted_once() -> None:
    run = gl.run("mutex_contention", rounds=10, procs=4)
    plot = spinning(run)
    series = run.series
    held = np.diff(np.append(series["t_ns"], run.record.end_ns))
    assert plot.data["spinning_m"].mean() * run.record.end_ns == pytest.approx((series["spinning_m"] * held).sum())
    stops = run.events[run.events["kind"] == "SpinStop"]["reason"].value_counts()
    assert (plot.data["found"].sum(), plot.data["gave_up"].sum()) == (stops["found"], stops["gave_up"])
    assert f"spinning ended {stops['found'] + stops['gave_up']} times" in plot.alt


def test_without_spinning_it_says_so() -> None:
    plot = spinning(gl.run("fanout", n=5, procs=1, policy=gl.policy_of("go").replace(spin=gl.policies.NoSpinning())))
    assert "no M was spinning" in [x.get_text() for x in plot.ax.texts] and "0 in the mean, at most 0" in plot.alt
