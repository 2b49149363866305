"""Two accounts of one run must agree: spans come from events, the sums of each goroutine from the core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gmplab as gl
from gmplab.policies import PRESETS
from gmplab.traces.run import Run
from tests.programs import stopping
from tests.runtime.test_same_bytes import mixed


def arrivals() -> Any:
    job = gl.Program("job").compute(gl.Exponential(20_000)).syscall("30us")
    return gl.Plan(gl.Program("main").wait_arrivals(), sources=(gl.Source(job, gl.Exponential(9_000), 60),))


def runs(name: str) -> list[Run]:
    return [gl.run(workload, procs=4, policy=name, seed=5, strict=False) for workload in (mixed, arrivals(), stopping)]


@pytest.mark.parametrize("name", list(PRESETS))
def test_spans_add_up_to_what_the_core_counted(name: str) -> None:
    for run in runs(name):
        spans = run.spans[run.spans["kind"] != "region"]
        sums = spans.pivot_table(index="g", columns="kind", values="duration_ns", aggfunc="sum", observed=False).fillna(0)
        core = run.goroutines.set_index("g").reindex(sums.index)
        for kind, column in (("running", "run_ns"), ("runnable", "wait_ns"), ("waiting", "blocked_ns")):
            assert list(sums[kind]) == list(core[column]), kind


@pytest.mark.parametrize("name", list(PRESETS))
def test_counts_over_time_are_never_negative_and_end_at_the_threads_that_live(name: str) -> None:
    for run in runs(name):
        assert int(run.series.min().min()) >= 0
        assert int(run.series["threads"].iloc[-1]) == run.metrics["threads_created"] - run.metrics["threads_exited"]


@pytest.mark.parametrize("name", ["go", "threadpool", "go1.0"])
def test_files_give_back_equal_frames_and_metrics(name: str, tmp_path: Path) -> None:
    run = runs(name)[0]
    for back in (
        gl.read_csv(run.to_csv(tmp_path / "csv")), gl.read_parquet(run.to_parquet(tmp_path / "parquet")),
        Run.load(run.save(tmp_path / "r.gmp")),
    ):
        assert (back.digest, str(back.metrics)) == (run.digest, str(run.metrics))
        for table in ("schedule", "events", "goroutines", "machines", "processors"):
            assert getattr(back, table).equals(getattr(run, table)), table
