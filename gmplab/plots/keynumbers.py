"""The key numbers of a run, and what stands over them, as HTML: for the dashboards and for an exported page."""

from __future__ import annotations

import html
import math

import numpy as np

from gmplab.plots.overtime import at_once, means
from gmplab.plots.stretch import between
from gmplab.plots.units import about, percent, said
from gmplab.traces.run import Run


def numbers(run: Run) -> dict[str, str]:
    """The key numbers of a run, by what they are called."""
    begin, end = between(run, None)
    m = run.metrics if run.whole is None else {**run.metrics, **of_ps(run.whole, begin, end)}
    overloaded = m["idle_overloaded_wall_ns"]
    lost = m["idle_overloaded_p_ns"] / ((end - begin) * max(len(run.record.processors), 1))
    return {
        "time": said(run.record.end_ns - begin), "schedules": whole(m["n_schedules"]),
        "utilisation": percent(round(m["utilisation"], 3)), "wait p50": said(m["wait_p50_ns"]), "wait p99": said(m["wait_p99_ns"]),
        "steals": whole(m["steals"]), "idle while overloaded": percent(round(overloaded / (end - begin), 3)),
        "P time lost by it": percent(round(lost, 3)), "Gs waiting then": about(m["idle_overloaded_g_ns"] / max(overloaded, 1)),
        "threads": whole(m["threads_peak"]),
    }


def of_ps(run: Run, t0_ns: int, t1_ns: int) -> dict[str, float]:
    """The metrics of Ps over a part of a run, which its rows alone do not tell: from its spans and counts over time."""
    edges = np.array([t0_ns, t1_ns], dtype=np.float64)
    spans, series = run.processor_spans, run.series
    busy = at_once(spans[spans["mode"] == "running"], edges)
    both = (series["idle_p"] > 0) & (series["runnable"] > 0)
    found = {"utilisation": float(busy[0]) / max(len(run.record.processors), 1)}
    for name, counted in (("wall", both), ("p", both * series["idle_p"]), ("g", both * series["runnable"])):
        found[f"idle_overloaded_{name}_ns"] = float(means(series["t_ns"], counted, edges)[0]) * (t1_ns - t0_ns)
    return found


def whole(x: float) -> str:
    """A count; of nan, one that a window does not know, "none".

    >>> whole(12_000), whole(math.nan)
    ('12,000', 'none')
    """
    return "none" if math.isnan(x) else f"{int(x):,}"


def strip(figures: dict[str, str], other: dict[str, str] | None = None, called: str = "before") -> str:
    """Key numbers in a row, each over its name; where another run, or the whole one, has another, that one stands under it."""
    cells = []
    for name, value in figures.items():
        was = (other or {}).get(name, value)
        ghost = f"<div style='opacity:.6;font-size:85%'>{called}: {html.escape(was)}</div>" if was != value else ""
        cells.append(
            f"<div style='margin:0 18px 6px 0;line-height:1.25'><div style='opacity:.7;font-size:85%'>{html.escape(name)}</div>"
            f"<div style='font-size:125%;font-weight:600'>{html.escape(value)}</div>{ghost}</div>"
        )
    return f"<div style='display:flex;flex-wrap:wrap;line-height:1.2'>{''.join(cells)}</div>"


def heading(text: str) -> str:
    """What stands over a dashboard, as HTML."""
    return f"<b style='font-size:115%'>{html.escape(text)}</b>"


def title(run: Run) -> str:
    """What ran, in a line; of a window, from when to when."""
    h = run.record.header
    end = "" if run.complete else f", stopped by {run.stopped_by}"
    part = "" if run.whole is None else ", from {} to {}".format(*map(said, between(run, None)))
    return f"{h['workload']} under {h['policy']}, P={h['procs']}, seed {h['seed']}{end}{part}"
