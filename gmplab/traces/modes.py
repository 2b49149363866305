"""What each M, and each P, did from instant to instant, as frames over `stays`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.runtime.recorder import Record
from gmplab.traces.columns import REASONS, P, dtype_of
from gmplab.traces.frames import REASON_CODES, dtype_for, fields, nullable
from gmplab.traces.stays import Stays, machine_stays, processor_stays
from gmplab.vocabulary import M_CREATE, M_PARK, M_WAKE, MODES, P_IDLE, P_RELEASE, P_STOP

Ints = npt.NDArray[Any]

ALL_MODES: Final = (*MODES, "monitoring")
"""`vocabulary.MODES`, and that of sysmon between its deep sleeps."""


def machine_spans(record: Record) -> pd.DataFrame:
    """One row per stay of an M in a mode; by M, then in time.

    Returns
    -------
    pandas.DataFrame
        m; mode (vocabulary.MODES; sysmon's "monitoring"); begin_ns, end_ns (of what is still open: the end of the run),
        duration_ns; g (running, syscall: whose); p (the P that it had as the stay began, null: none); why (of one that
        sleeps: the reason; starting: who made or woke it; vocabulary.WHYS).
    """
    e = fields(record, "events")
    found = machine_stays(e)
    frame, row = spans_of(e, found, record.end_ns, "m", "Int32")
    kind = e["kind"][row]
    of_threads = (kind == M_CREATE) | (kind == M_PARK) | (kind == M_WAKE)
    # The P in the row of a thread that is made or woken is the one that it is to get.
    p = np.where(of_threads, -1, e["p"][row])
    why = np.where(of_threads, REASON_CODES[e["code"][row]], -1)
    return frame.assign(
        p=nullable(p, dtype_of(P, len(record.processors)), "machine_spans"),
        why=pd.Categorical.from_codes(why, dtype=dtype_for(REASONS)).remove_unused_categories(),
    )


def processor_spans(record: Record) -> pd.DataFrame:
    """One row per stay of a P in a mode; by P, then in time.

    Returns
    -------
    pandas.DataFrame
        p; mode (vocabulary.MODES: that of its M; "idle": no M has it); begin_ns, end_ns, duration_ns; g (running,
        syscall: whose); m (its M; null: none).
    """
    e = fields(record, "events")
    frame, row = spans_of(e, processor_stays(e), record.end_ns, "p", dtype_of(P, len(record.processors)))
    # Waking or making an M says that it will have the P.
    alone = np.isin(e["kind"][row], (P_RELEASE, P_IDLE, P_STOP, M_CREATE, M_WAKE))
    return frame.assign(m=nullable(np.where(alone, -1, e["m"][row]), "Int32", "processor_spans"))


def spans_of(e: dict[str, Ints], found: Stays, end_ns: int, who: str, dtype: str) -> tuple[pd.DataFrame, Ints]:
    """The columns that both frames have, and the row of `events` where each begins.

    Stays of no length are left out; what goes on as it was on both sides of one is one span.
    """
    t = np.append(e["t_ns"], end_ns)
    begin, end = t[found.begin], t[found.end]
    long = end > begin
    lane, mode, g, row = found.who, found.mode, found.g, found.begin
    if not long.all():
        lane, mode, g, row, begin, end = (x[long] for x in (lane, mode, g, row, begin, end))
    fresh = np.ones(len(lane), dtype=bool)
    fresh[1:] = (lane[1:] != lane[:-1]) | (mode[1:] != mode[:-1]) | (g[1:] != g[:-1]) | (begin[1:] != end[:-1])
    if not fresh.all():
        first = np.flatnonzero(fresh)
        end = end[np.append(first[1:], len(lane))[: len(first)] - 1]
        lane, mode, g, row, begin = (x[first] for x in (lane, mode, g, row, begin))
    where = f"spans by {who}"
    frame = pd.DataFrame(
        {
            who: nullable(lane, dtype, where), "mode": pd.Categorical.from_codes(mode, dtype=dtype_for(ALL_MODES)),
            "begin_ns": begin, "end_ns": end, "duration_ns": end - begin, "g": nullable(g, "Int64", where),
        },
        copy=False,
    )
    return frame, row
