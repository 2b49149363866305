"""How a run shows itself: eight aligned lines, and in a notebook a card with a small picture of its Ps over time."""

from __future__ import annotations

import html
import math
from typing import Final

import numpy as np
import numpy.typing as npt

from gmplab.runtime.recorder import Record
from gmplab.traces.frames import fields, order_by
from gmplab.traces.metrics import Number
from gmplab.vocabulary import MODES

WIDE: Final = 640
"""Width of the picture, in pixels."""
BINS: Final = 160
MOST_LANES: Final = 12
"""More Ps than this are drawn as averages over groups of them: the card stays below 60 kB whatever the run."""
LANE: Final = 9
SHADES: Final = 4


def us(ns: Number) -> str:
    """Nanoseconds as microseconds, "-" where unknown.

    >>> us(12_345), us(float("nan"))
    ('12.3', '-')
    """
    return "-" if math.isnan(ns) else f"{ns / 1e3:.1f}"


def plain(value: Number) -> str:
    """A count, "-" where unknown."""
    return "-" if math.isnan(value) else f"{value:g}" if isinstance(value, float) else str(value)


def share(part: Number, whole: Number) -> str:
    """A share in percent, "-" where unknown."""
    return "-" if math.isnan(part) or math.isnan(whole) or whole == 0 else f"{100 * part / whole:.0f} %"


def lines(record: Record, m: dict[str, Number]) -> list[tuple[str, str]]:
    """The eight lines of a run: (what, value)."""
    h = record.header
    state = "complete" if record.complete else f"stopped by {record.stopped_by or 'nobody knows what'}"
    window = "window_ns" in h
    begin = int(h["window_ns"][0]) if window else 0
    span = f"{begin / 1e6:.3f} to {record.end_ns / 1e6:.3f} ms" if window else f"{record.end_ns / 1e6:.3f} ms"
    ps = sum(m[f"p_{mode}_ns"] for mode in MODES)

    def of_p(mode: str) -> str:
        return share(m[f"p_{mode}_ns"], ps)

    on = " on threads" if h.get("on") == "threads" else ""
    named = f"{h.get('workload', '?')}{on} under {h.get('policy', '?')}, P={h.get('procs', '?')}, seed {h.get('seed', '?')}"
    return [
        ("run", f"{' '.join(named.split())}, {state}"),
        ("time", f"{span}; {plain(m['n_schedules'])} schedules; recorded: {h.get('level', '?')}"),
        ("goroutines", f"{plain(m['n_goroutines'])} made, {plain(m['n_exited'])} done; Jain {rounded(m['jain'])}"),
        (
            "wait us",
            f"mean {us(m['wait_mean_ns'])}, p50 {us(m['wait_p50_ns'])}, p99 {us(m['wait_p99_ns'])}, "
            f"max {us(m['wait_max_ns'])}",
        ),
        (
            "P time",
            f"running {of_p('running')}, scheduling {of_p('scheduling')}, spinning {of_p('spinning')}, "
            f"syscall {of_p('syscall')}, idle {of_p('idle')}",
        ),
        ("steals", f"{plain(m['steals'])} of {plain(m['steal_passes'])} passes, {plain(m['stolen'])} goroutines moved"),
        (
            "threads",
            f"{plain(m['threads_created'])} made, {plain(m['threads_peak'])} at once, "
            f"{plain(m['threads_exited'])} ended, {plain(m['parks_m'])} parks",
        ),
        (
            "syscalls",
            f"{plain(m['syscalls'])}, {plain(m['syscalls_lost_p'])} lost their P; {plain(m['handoffs'])} handoffs, "
            f"{plain(m['preemptions'])} preemptions",
        ),
    ]


def rounded(x: Number) -> str:
    """A ratio with three digits, "-" where unknown."""
    return "-" if math.isnan(x) else f"{x:.3f}"


def text(record: Record, m: dict[str, Number]) -> str:
    """The eight lines, aligned."""
    return "\n".join(f"{what:<11}{value}" for what, value in lines(record, m))


def busy(record: Record) -> npt.NDArray[np.float64]:
    """The share of each bin of time that each lane's Ps spent with a goroutine; an array of lanes x BINS.

    From `schedule` alone: a goroutine has its P from its row until its M enters schedule() again, or the P goes to
    another M, whichever comes first. Time in a syscall counts as busy while the P stays.
    """
    s = fields(record, "schedule", ("t_ns", "enter_ns", "m", "p"))
    t, m, p = s["t_ns"], s["m"], s["p"]
    begin = int(record.header.get("window_ns", (0, 0))[0])
    end = np.full(len(t), record.end_ns, dtype=np.int64)
    for who, until in ((m, s["enter_ns"]), (p, t)):
        # A stable sort of 16-bit ids is numpy's radix sort, ten times faster than one of 32 bits.
        order = order_by(who)
        same = who[order[1:]] == who[order[:-1]]
        here = order[:-1][same]
        end[here] = np.minimum(end[here], until[order[1:][same]])
    procs = max(len(record.processors), int(p.max()) + 1 if len(p) else 1)
    lanes = min(procs, MOST_LANES)
    width = max(record.end_ns - begin, 1) / BINS
    a = np.clip((t - begin) / width, 0, BINS)
    b = np.maximum(np.clip((end - begin) / width, 0, BINS), a)
    lane = p.astype(np.int64) * lanes // procs
    # Integrate: the busy time up to each bin's edge is a sum of ramps, so two passes of sums give every bin.
    size = lanes * (BINS + 2)
    total, slope = np.zeros(size), np.zeros(size)
    for x, sign in ((a, 1.0), (b, -1.0)):
        i = x.astype(np.int64)
        place = lane * (BINS + 2) + i
        total += sign * np.bincount(place, weights=i + 1 - x, minlength=size)
        slope += sign * np.bincount(place + 1, minlength=size)
    filled = total.reshape(lanes, -1) + np.cumsum(slope.reshape(lanes, -1), axis=1)
    per_lane = np.bincount(np.arange(procs) * lanes // procs, minlength=lanes)
    return np.asarray(np.clip(filled[:, :BINS] / per_lane[:, None], 0.0, 1.0))


def picture(record: Record) -> str:
    """An inline SVG: a lane a P (or a group of Ps), darker where it was busier; "" where no schedule was recorded."""
    if not record.tables.get("schedule"):
        return ""
    shares = busy(record)
    step = WIDE / BINS
    high = len(shares) * LANE
    paths: list[list[str]] = [[] for _ in range(SHADES)]
    for lane, row in enumerate(shares):
        shade = np.ceil(row * SHADES - 1e-9).astype(int)
        edges = [0, *(np.flatnonzero(np.diff(shade)) + 1).tolist(), BINS]
        for i, j in zip(edges[:-1], edges[1:], strict=True):
            if shade[i] > 0:
                paths[shade[i] - 1].append(f"M{i * step:g} {lane * LANE}h{(j - i) * step:g}v{LANE - 1}H{i * step:g}z")
    drawn = "".join(
        f'<path fill-opacity="{(i + 1) / SHADES:g}" d="{"".join(path)}"/>' for i, path in enumerate(paths) if path
    )
    return (
        f'<svg role="img" aria-label="Busy time of {len(record.processors)} Ps over the run" '
        f'viewBox="0 0 {WIDE} {high}" width="{WIDE}" height="{high}" preserveAspectRatio="none" fill="#2a78b5" '
        f'style="max-width:100%;background:rgba(128,128,128,.12)">{drawn}</svg>'
    )


def card(record: Record, m: dict[str, Number]) -> str:
    """The card of a run in a notebook: no script, at most 60 kB."""
    cell = 'style="text-align:left;padding:1px 12px 1px 0"'
    rows = "".join(
        f"<tr><th {cell}>{html.escape(what)}</th><td {cell}>{html.escape(shortened(value))}</td></tr>"
        for what, value in lines(record, m)
    )
    return f'<div class="gmplab-run"><table>{rows}</table>{picture(record)}</div>'


def shortened(value: str, most: int = 400) -> str:
    """A text of at most so many characters."""
    return value if len(value) <= most else f"{value[: most - 3]}..."
