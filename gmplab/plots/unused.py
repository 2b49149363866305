"""When Ps are not in use: GOMAXPROCS may grow and shrink while a run goes on, and a P that is destroyed is not idle."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from gmplab.plots.palette import EMPTY, Look
from gmplab.traces.frames import order_by
from gmplab.traces.run import Run

NOT_IN_USE: Final = "not in use"
UNUSED: Final = Look(EMPTY, "///")
"""Where there is no P; idle time is left empty."""


def unused(run: Run) -> pd.DataFrame:
    """When Ps that a run had at some time were not in use: before GOMAXPROCS reached them, or after it had shrunk.

    Returns
    -------
    pandas.DataFrame
        p, begin_ns, end_ns: one row per stretch, by P and then in time. A window of a run does not know which Ps were in
        use at its begin: there, a stretch begins only after the P was in use.
    """
    spans = run.processor_spans
    p, first, last = spans["p"].to_numpy(dtype=np.int64), spans["begin_ns"].to_numpy(), spans["end_ns"].to_numpy()
    late = made_late(run)
    ends_there = np.append(p[1:] != p[:-1], True)[: len(p)]
    if not len(late) and (last == np.where(ends_there, run.record.end_ns, np.append(first[1:], 0)[: len(p)])).all():
        # As nearly all runs are: each P's spans leave no gap.
        return pd.DataFrame({"p": late, "begin_ns": late, "end_ns": late})
    known = np.union1d(late, p)
    # Beside its spans a P has one without length at the end, and if it was made late, one at the begin: the rest are gaps.
    who = np.concatenate([late, p, known])
    ends = np.full(len(known), run.record.end_ns)
    zero = np.zeros(len(late), dtype=np.int64)
    begin = np.concatenate([zero, first, ends])
    end = np.concatenate([zero, last, ends])
    order = order_by(who)
    who, begin, end = who[order], begin[order], end[order]
    gap = (who[1:] == who[:-1]) & (begin[1:] > end[:-1])
    return pd.DataFrame({"p": who[1:][gap], "begin_ns": end[:-1][gap], "end_ns": begin[1:][gap]})


def made_late(run: Run) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The Ps that were not in use as the run began; none of a window, which does not know."""
    n = len(run.record.processors)
    first = n if "window_ns" in run.record.header else int(run.record.header.get("procs", n))
    return np.arange(min(first, n), n, dtype=np.int64)
