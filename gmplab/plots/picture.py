"""The static twin of a Timeline: its P lanes as an inline SVG, for where no widget can live."""

from __future__ import annotations

import html
from typing import Final

import numpy as np
import numpy.typing as npt

from gmplab.plots.lanes import COLUMNS, Slices, solid, time_in_columns
from gmplab.plots.palette import Look
from gmplab.plots.timeline import called, coloured
from gmplab.plots.units import unit_of
from gmplab.traces.run import Run

WIDE: Final = 720
LEFT: Final = 40
HIGH: Final = 16
"""Of a lane, in pixels."""
MOST_LANES: Final = 32
MOST_BOXES: Final = 4_000
"""Bins of all lanes together: the picture stays some 100 kB at most, whatever the run."""
SHADES: Final = 3
NOTE: Final = "The picture of a widget: run the cell to zoom, select and step."


def picture(run: Run, note: str = NOTE) -> str:
    """What each P did, as HTML with an inline SVG and no script: a bin has the colour of what took most of its time."""
    data = run.processor_spans
    procs = len(run.record.processors)
    t0, t1 = int(run.record.header.get("window_ns", (0, 0))[0]), max(run.record.end_ns, 1)
    looks, kind = coloured(run, data["mode"], called(run, data["g"], "name"), "name")
    slices = Slices(
        data["p"].to_numpy(dtype=np.int64), data["begin_ns"].to_numpy(), data["end_ns"].to_numpy(), kind
    )
    lanes = min(procs, MOST_LANES)
    slices = slices.where((slices.lane < lanes) & (slices.kind >= 0)).within(t0, t1)
    bins = next(n for n in (600, 300, 200, 150, 120, 100) if n * lanes <= MOST_BOXES or n == 100)
    paths = boxes(slices, len(looks), lanes, bins, t0, t1)
    high = lanes * HIGH
    drawn = "".join(
        f'<path fill="{solid(look)}" fill-opacity="{(shade + 1) / SHADES:.2g}" d="{paths[i, shade]}"/>'
        for i, look in enumerate(looks.values()) for shade in range(SHADES) if (i, shade) in paths
    )
    every = max(1, -(-lanes // 16))
    labels = "".join(
        f'<text x="{LEFT - 6}" y="{lane * HIGH + 12}" text-anchor="end">P{lane}</text>' for lane in range(0, lanes, every)
    )
    alt = f"What each of {procs} Ps did over {t1 - t0} ns"
    more = f"{' ' if note else ''}The first {lanes} of {procs} Ps." if procs > lanes else ""
    return (
        f'<div class="gmplab-twin"><svg role="img" aria-label="{alt}" viewBox="0 0 {WIDE + LEFT + 10} {high + 18}" '
        f'width="{WIDE + LEFT + 10}" style="max-width:100%;font:11px sans-serif" fill="currentColor">'
        f'<rect x="{LEFT}" width="{WIDE}" height="{high}" fill="rgba(128,128,128,.12)"/>{drawn}{labels}{axis(t0, t1, high)}'
        f"</svg>{key(looks)}<div><small>{note}{more}</small></div></div>"
    )


def boxes(slices: Slices, kinds: int, lanes: int, bins: int, t0: int, t1: int) -> dict[tuple[int, int], str]:
    """The path of each (kind, shade): bins where that kind took the most time, darker where the P was busier."""
    per = COLUMNS // bins
    time = np.zeros((kinds, lanes, bins))
    for kind in range(kinds):
        of = slices.where(slices.kind == kind)
        time[kind] = time_in_columns(of, lanes, t0, t1)[:, : bins * per].reshape(lanes, bins, per).sum(axis=2) / per
    most: npt.NDArray[np.int64] = time.argmax(axis=0) if kinds else np.zeros((lanes, bins), dtype=np.int64)
    busy = np.clip(time.sum(axis=0), 0, 1)
    code = np.where(busy > 0.02, most * SHADES + np.minimum((busy * SHADES).astype(np.int64), SHADES - 1), -1)
    step = WIDE / bins
    paths: dict[tuple[int, int], list[str]] = {}
    for lane, row in enumerate(code):
        edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), bins]
        for i, j in zip(edges[:-1], edges[1:], strict=True):
            if row[i] >= 0:
                x, wide = LEFT + i * step, (j - i) * step
                paths.setdefault(divmod(int(row[i]), SHADES), []).append(f"M{x:g} {lane * HIGH + 1}h{wide:g}v{HIGH - 2}h{-wide:g}z")
    return {which: "".join(path) for which, path in paths.items()}


def axis(t0: int, t1: int, high: int) -> str:
    """Five instants under the lanes."""
    unit = unit_of(t1)
    marks = []
    for i in range(5):
        t = t0 + (t1 - t0) * i / 4
        anchor = "start" if i == 0 else "end" if i == 4 else "middle"
        marks.append(f'<text x="{LEFT + WIDE * i / 4:g}" y="{high + 13}" text-anchor="{anchor}">{t / unit.ns:.4g} {unit.name}</text>')
    return "".join(marks)


def key(looks: dict[str, Look]) -> str:
    """What the colours mean."""
    swatch = "display:inline-block;width:10px;height:10px;margin:0 4px 0 10px;border:1px solid rgba(128,128,128,.5)"
    entries = "".join(
        f'<span><i style="{swatch};background:{solid(look)}"></i>{html.escape(name)}</span>' for name, look in looks.items()
    )
    return f'<div style="font:12px sans-serif">{entries}</div>'
