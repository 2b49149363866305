"""A run from wherever it was kept: a file of `save`, or a folder of tables."""

from __future__ import annotations

import os
from pathlib import Path

from gmplab.traces.run import Run


def load(path: str | os.PathLike[str]) -> Run:
    """The run that `save`, `to_csv` or `to_parquet` wrote.

    Parameters
    ----------
    path : path
        A file of `save`, or a folder of CSV or Parquet tables.

    Returns
    -------
    Run

    Raises
    ------
    FileNotFoundError
        There is nothing.
    TraceError
        It is damaged, or none of gmplab's.

    Examples
    --------
    >>> gmplab.run("fanout", n=10).save("fanout.gmp").name
    'fanout.gmp'
    >>> load("fanout.gmp").metrics["n_goroutines"]
    11
    """
    where = Path(path)
    if not where.is_dir():
        return Run.load(where)
    # They need pyarrow, which a saved file does not.
    from gmplab.traces.csv import read_csv
    from gmplab.traces.parquet import read_parquet

    return read_parquet(where) if any(where.glob("*.parquet")) else read_csv(where)
