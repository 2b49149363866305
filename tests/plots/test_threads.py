"""The picture of how many Ms there are: its areas are the time that Ms spent, its line all that were alive."""

from __future__ import annotations

import numpy as np
import pytest

import gmplab as gl


@pytest.mark.parametrize("policy", ["go", "threadpool"])
def test_the_areas_are_the_time_that_ms_spent_in_each_mode_and_the_line_their_sum(policy: str) -> None:
    run = gl.run("syscall_storm", procs=3, seed=1, policy=policy)
    data = run.plot.threads().data
    part = (data["end_ns"] - data["begin_ns"]).to_numpy()
    spent = run.machine_spans.groupby(run.machine_spans["mode"].astype(str))["duration_ns"].sum()
    modes = [name for name in data.columns if name not in ("begin_ns", "end_ns", "alive")]
    assert set(modes) == set(spent.index[spent > 0])
    for mode in modes:
        assert float((data[mode] * part).sum()) == pytest.approx(float(spent[mode]))
    assert np.allclose(data[modes].sum(axis=1), data["alive"])


def test_the_line_falls_where_threads_end_and_its_words_count_them() -> None:
    policy = gl.policy_of("go").replace(machines=gl.RetireAfter(idle_ns=100_000))
    run = gl.run("syscall_storm", procs=3, seed=1, policy=policy)
    ended = int(run.machines["exited_ns"].notna().sum())
    plot = run.plot.threads()
    assert ended > 0 and f"{len(run.machines)} Ms made, {ended} ended; in the mean " in plot.alt
    assert plot.data["alive"].iloc[-1] < plot.data["alive"].max()
    assert "none ended" in gl.run("syscall_storm", procs=3, seed=1).plot.threads().alt
