"""Who ran while a goroutine waited for a P: those that it has to thank for its latency."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from gmplab.traces.run import Run

COLUMNS: Final = ("g", "name", "cls", "ran_ns", "ran_there_ns", "share")


def antagonists(run: Run, g: int) -> pd.DataFrame:
    """Who ran while a goroutine was runnable, on any P and on the one where it ran next.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.
    g : int
        The goroutine that waited.

    Returns
    -------
    pandas.DataFrame
        A row a goroutine, who ran longest first: g, name, cls; ran_ns, its time running while g was runnable;
        ran_there_ns, of this on the P where g ran next (0 where g never did); share, ran_ns over g's time runnable. On
        several Ps the shares add up to more than 1.

    Raises
    ------
    ValueError
        There is no such goroutine.
    TraceError
        The run was recorded below level "full".

    Examples
    --------
    >>> gmplab.run("mixed_io", procs=4).antagonists(6)[["g", "name", "ran_ns", "share"]].head(2)
       g      name    ran_ns     share
    0  2  cruncher  10415945  0.992302
    1  3  cruncher  10343530  0.985404
    """
    run.need("spans", "run.antagonists")
    goroutines = run.goroutines.set_index("g")
    if g not in goroutines.index:
        raise ValueError(f"g = {g!r}: there is no such goroutine: this run has 1 to {max(goroutines.index, default=0)}")
    spans = run.spans
    own = spans[spans["g"] == g]
    waits = own[own["kind"] == "runnable"]
    runs = own[own["kind"] == "running"].set_index("begin_ns")["p"]
    ran_on = runs[~runs.index.duplicated()].reindex(waits["end_ns"]).to_numpy(dtype=np.int64, na_value=-1)
    others = spans[(spans["kind"] == "running") & (spans["g"] != g)]
    everywhere = waited(others, waits)
    there = np.zeros(len(others), dtype=np.int64)
    places = others["p"].to_numpy(dtype=np.int64, na_value=-1)
    for p in np.unique(ran_on[ran_on >= 0]):
        there[places == p] = waited(others[places == p], waits[ran_on == p])
    found = pd.DataFrame({"g": others["g"].to_numpy(), "ran_ns": everywhere, "ran_there_ns": there})
    found = found.groupby("g", as_index=False).sum()
    found = found[found["ran_ns"] > 0].sort_values(["ran_ns", "g"], ascending=[False, True], ignore_index=True)
    whole = max(int(waits["duration_ns"].sum()), 1)
    return found.assign(
        name=goroutines["name"].reindex(found["g"]).array, cls=goroutines["cls"].reindex(found["g"]).array,
        share=found["ran_ns"] / whole,
    )[list(COLUMNS)]


def waited(spans: pd.DataFrame, waits: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Of each span, the time that lies in one of the waits, which do not overlap."""
    begin, end = waits["begin_ns"].to_numpy(), waits["end_ns"].to_numpy()
    before = np.concatenate([[0], np.cumsum(end - begin)])

    def until(t: Any) -> Any:
        """How long it has waited until an instant."""
        i = np.searchsorted(begin, t, side="right")
        inside = np.minimum(t, end[i - 1]) - begin[i - 1] if len(begin) else 0
        return np.where(i > 0, before[i - 1] + inside, 0)

    return np.asarray(until(spans["end_ns"].to_numpy()) - until(spans["begin_ns"].to_numpy()), dtype=np.int64)
