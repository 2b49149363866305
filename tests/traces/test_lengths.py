"""The lengths of run queues, rebuilt from the events, are those that the core wrote beside each schedule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from gmplab.policies import PRESETS
from gmplab.traces.run import Run
from gmplab.vocabulary import GO_CREATE, P_ACQUIRE, P_RELEASE, Q_DRAIN, Q_GLOBAL, Q_LOCAL, Q_OVERFLOW, Q_RUNNEXT
from tests.traces.records import event_row, record
from tests.traces.test_agreement import runs


def rows(run: Run) -> list[list[int | None]]:
    return [[None if pd.isna(p) else int(p), int(t), int(n)] for p, t, n in run.queues.itertuples(index=False)]


def of(*events: bytes) -> Run:
    r = record()
    r.tables["events"] = [b"".join(events)]
    return Run(r)


def put(t: int, g: int, queue: int, p: int) -> bytes:
    return event_row(t, GO_CREATE, g=g, m=0, p=0, arg=-1, reason=queue, aux=p)


def test_a_queue_has_a_row_where_its_length_changes_with_runnext_counted_and_the_global_one_first() -> None:
    # g1 made into runnext of P0; g2 and g3 into its queue at 30; at 50 one and the one after it are stolen; at 90 g2 comes
    # back, and at 100 is taken while g1 goes to the global queue.
    assert rows(Run(record())) == [[None, 100, 1], [0, 0, 1], [0, 30, 3], [0, 50, 2], [0, 90, 3], [0, 100, 2]]


def test_a_full_queue_sends_its_head_and_a_drained_one_everything() -> None:
    run = of(
        put(0, 2, Q_RUNNEXT, 1), put(1, 3, Q_LOCAL, 1), put(2, 4, Q_LOCAL, 1), put(3, 5, Q_LOCAL, 1), put(4, 6, Q_GLOBAL, -1),
        event_row(5, Q_OVERFLOW, g=5, m=0, p=1, arg=1), event_row(6, P_RELEASE, m=0, p=1), event_row(7, Q_DRAIN, m=0, p=1),
        event_row(8, P_ACQUIRE, m=0, p=1), put(9, 7, Q_LOCAL, 1), event_row(10, Q_DRAIN, m=0, p=1, arg=1),
    )
    assert rows(run) == [
        [None, 4, 1], [None, 5, 3], [None, 7, 5], [None, 10, 6],
        [1, 0, 1], [1, 1, 2], [1, 2, 3], [1, 3, 4], [1, 5, 2], [1, 7, 0], [1, 9, 1], [1, 10, 0],
    ]
    assert run.series["global_q"].iloc[-1] == 6


def length(run: Run, p: int | None, t: Any) -> Any:
    """The length of a queue at some instants."""
    q = run.queues
    q = q[q["p"].isna() if p is None else (q["p"] == p).fillna(False)]
    return np.append(0, q["n"])[np.searchsorted(q["t_ns"], t, side="right")]


@pytest.mark.parametrize("name", list(PRESETS))
def test_lengths_agree_with_what_the_core_saw_at_each_schedule(name: str) -> None:
    for run in runs(name):
        assert int(run.queues["n"].min()) >= 0
        # Instants whose last event is a GoStart: what holds from then on is what that schedule saw.
        last = run.events.drop_duplicates("t_ns", keep="last")
        seen = run.schedule[run.schedule["t_ns"].isin(last.loc[last["kind"] == "GoStart", "t_ns"])]
        seen = seen.drop_duplicates("t_ns", keep="last")
        assert len(seen) > 30
        assert length(run, None, seen["t_ns"]).tolist() == seen["global_q"].tolist()
        for p, mine in seen.groupby("p"):
            runnext = length(run, int(p), mine["t_ns"]) - mine["local_q"].to_numpy()
            assert set(runnext.tolist()) <= {0, 1}


@pytest.mark.parametrize("name", ["go", "threadpool", "tokio"])
def test_no_more_goroutines_are_queued_than_are_runnable(name: str) -> None:
    for run in runs(name):
        queued = sum(length(run, p, run.series["t_ns"]) for p in (None, 0, 1, 2, 3))
        assert (queued <= run.series["runnable"]).all()
        assert (length(run, None, run.series["t_ns"]) == run.series["global_q"]).all()
