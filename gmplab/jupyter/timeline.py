"""The Timeline: a lane a P, an M or a G, zoomable, with arrows of steals, wake-ups and spawns."""

from __future__ import annotations

import html
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from traitlets import Enum, Int

from gmplab.jupyter.packing import Columns, codes, ids, instants, packed
from gmplab.jupyter.settings import settings
from gmplab.jupyter.widget import INLINE, Widget, module, style
from gmplab.plots.lanes import NONE
from gmplab.plots.palette import IN_TURN, STATES, Look, ink_on
from gmplab.plots.picture import picture
from gmplab.plots.queues import in_words
from gmplab.plots.timeline import called, coloured
from gmplab.plots.unused import NOT_IN_USE, UNUSED, unused
from gmplab.traces.frames import n_rows
from gmplab.traces.run import Run

LANES: Final = ("P", "M", "G")
BY: Final = ("name", "g")
QUEUES: Final = "queues"
FOUND: Final = "found"
"""How long the run queues were, and where each P found what it ran: parts of the data beside the lanes, which are asked for
when somebody first points at one."""
WAKE, SPAWN, STEAL = 0, 1, 2
NARROW: Final = {
    **dict.fromkeys(("begin", "end", "a_t0", "a_t1"), instants), **dict.fromkeys(("kind", "a_kind"), codes),
    **dict.fromkeys(("g", "a_from", "a_to", "a_g", "who", "name", "why"), ids),
}
"""How the columns of a table are kept."""


class Timeline(Widget):
    """Who ran where, and when: zoom, drag, select.

    Parameters
    ----------
    run : Run
        Recorded at level "full" or more.
    lanes : {"P", "M", "G"}
        What has a lane at first.
    until_ns : int
        How far one may look, where that is beyond the run's end: the end of a longer run beside it.
    by : {"name", "g"}
        What colours running goroutines in lanes of Ps and Ms at first: their name, or their id. There are ten looks for
        ids, taken in turn.

    Attributes
    ----------
    lanes : str
        What has a lane.
    by : str
        What colours running goroutines.
    nth : int
        How many runs it has shown before this one.

    Examples
    --------
    >>> gmplab.run("fanout", n=5, procs=2).view.timeline("G").lanes
    'G'
    """

    _esm = module(
        "buffers.js", "element.js", "help.js", "keys.js", "lanes.js", "order.js", "painter.js", "colouring.js", "past.js", "telling.js",
        "drawing.js", "hands.js", "timeline.js",
    )
    _css = style()
    lanes = Enum(LANES, "P").tag(sync=True)
    by = Enum(BY, "name").tag(sync=True)
    until_ns = Int(0).tag(sync=True)
    nth = Int(0).tag(sync=True)

    def __init__(self, run: Run, lanes: str = "P", until_ns: int = 0, by: str = "name") -> None:
        if lanes not in LANES:
            raise ValueError(f"lanes = {lanes!r}: must be 'P', 'M' or 'G'")
        if by not in BY:
            raise ValueError(f"by = {by!r}: must be 'name' or 'g'")
        run.need("spans", "view.timeline")
        self.run = run
        super().__init__(lanes=lanes, by=by, until_ns=until_ns, inline=within(run), **whole(run, until_ns))

    def show(self, run: Run) -> None:
        """Show another run in the same place, from its begin to its end; what has a lane stays.

        Its spans are sent along: to be asked for them would cost a way to the page and back.

        Parameters
        ----------
        run : Run
            Recorded at level "full" or more.

        Raises
        ------
        TraceError
            The run was recorded below level "full".
        """
        run.need("spans", "view.timeline")
        self.run = run
        with self.hold_sync():
            self.nth += 1
            self.inline, self.until_ns, self.selected_g = within(run), 0, -1
            for name, value in whole(run).items():
                self.set_trait(name, value)
        if self.lanes not in self.inline:
            self.send({"kind": "run", "nth": self.nth, "part": self.lanes}, [table(run, self.lanes)])

    def reply(self, question: dict[str, Any]) -> bytes:
        # As it is: to compress it would take several times as long as to send it to a page on the same machine.
        return made(self.run, str(question.get("part", self.lanes)))

    def twin(self) -> str:
        words = html.escape(in_words(self.run)) if "series" in self.run.provides else ""
        return f"{picture(self.run)}<div><small>{words}</small></div>"


def whole(run: Run, until_ns: int = 0) -> dict[str, Any]:
    """The traits with which all of a run is in sight."""
    begin = int(run.record.header.get("window_ns", (0, 0))[0])
    return {"view": [begin, max(run.record.end_ns, until_ns, begin + 1)], "time_ns": begin}


def within(run: Run) -> dict[str, bytes]:
    """The tables that are part of the widget's state, compressed: all of a small run, none of a greater one."""
    if n_rows(run.record, "events") > settings.max_inline_spans:
        return {}
    found = {part: zlib.compress(made(run, part), 1) for part in (*LANES, QUEUES, FOUND)}
    return {part: data for part, data in found.items() if len(data) <= INLINE}


def made(run: Run, part: str) -> bytes:
    """A part of the data: lanes of a kind, or what is told of them when somebody points there."""
    return {QUEUES: depths, FOUND: finds}[part](run) if part in (QUEUES, FOUND) else table(run, part)


def table(run: Run, lanes: str) -> bytes:
    """All that is needed to draw lanes of a kind: spans by lane and in time, arrows, names, looks."""
    if lanes not in LANES:
        raise ValueError(f"lanes = {lanes!r}: must be 'P', 'M' or 'G'")
    spans, looks, n = {"P": of_processors, "M": of_machines, "G": of_goroutines}[lanes](run)
    lane = spans.pop("lane")
    starts = np.zeros(n + 1, dtype=np.uint32)
    starts[1:] = np.cumsum(np.bincount(lane, minlength=n))
    names = run.goroutines["name"].cat
    begin = int(run.record.header.get("window_ns", (0, 0))[0])
    header = run.record.header
    drawn: Columns = {**spans, **arrows(run, lanes), "who": numbers(run.goroutines["g"]), "name": names.codes.to_numpy()}
    return packed(
        {**{name: NARROW[name](column) for name, column in drawn.items()}, "starts": starts},
        lanes=lanes, looks=[as_shown(name, look) for name, look in looks.items()], names=list(names.categories), begin_ns=begin,
        end_ns=run.record.end_ns, title=f"{header.get('workload', '?')} under {header.get('policy', '?')}",
        by_g=[] if lanes == "G" else [as_shown("running", look) for look in IN_TURN],
        reasons=list(run.spans["name"].cat.categories) if lanes == "G" else [],
    )


def depths(run: Run) -> bytes:
    """How long each run queue was, the global one first, then that of each P: when that changed, and how many then waited.

    Without columns where the run does not know it, as a window that was read from a file.
    """
    if "series" not in run.provides:
        return packed({})
    rows = run.queues
    queue = numbers(rows["p"]) + 1
    starts = np.zeros(len(run.record.processors) + 2, dtype=np.uint32)
    starts[1:] = np.cumsum(np.bincount(queue, minlength=len(starts) - 1))
    return packed({"q_t": instants(rows["t_ns"].to_numpy()), "q_n": ids(rows["n"].to_numpy()), "q_starts": starts})


def finds(run: Run) -> bytes:
    """Where each P found the goroutines that it ran, by P and then in time: when, from which source and victim, how long
    they had waited.
    """
    rows = run.schedule
    p = numbers(rows["p"])
    order = np.lexsort((rows["t_ns"].to_numpy(), p))
    starts = np.zeros(len(run.record.processors) + 1, dtype=np.uint32)
    starts[1:] = np.cumsum(np.bincount(p, minlength=len(starts) - 1))
    found = {
        "f_t": instants(rows["t_ns"].to_numpy()), "f_wait": instants(rows["wait_ns"].to_numpy()),
        "f_victim": ids(numbers(rows["victim_p"])), "f_source": codes(rows["source"].cat.codes.to_numpy()),
    }
    sources = list(rows["source"].cat.categories)
    return packed({**{name: column[order] for name, column in found.items()}, "f_starts": starts}, sources=sources)


def as_shown(name: str, look: Look) -> dict[str, str]:
    """A look for the browser."""
    face = "#FFFFFF" if look.face == "white" else look.face
    return {"name": name, "face": face, "hatch": look.hatch[:1], "ink": ink_on(look.face)}


def numbers(column: Any) -> Any:
    """Ids as numbers, -1 for none."""
    return column.to_numpy(dtype=np.int64, na_value=-1)


def of_modes(run: Run, spans: pd.DataFrame, who: str) -> tuple[Columns, dict[str, Look]]:
    """What Ps or Ms did, idle time left out; running goroutines coloured by name, as in the plot."""
    looks, kind = coloured(run, spans["mode"], called(run, spans["g"], "name"), "name")
    busy = np.flatnonzero(kind != NONE)
    times = {name: spans[f"{name}_ns"].to_numpy()[busy] for name in ("begin", "end")}
    return {"lane": numbers(spans[who])[busy], **times, "kind": kind[busy], "g": numbers(spans["g"])[busy]}, looks


def of_processors(run: Run) -> tuple[Columns, dict[str, Look], int]:
    spans, looks = of_modes(run, run.processor_spans, "p")
    absent = unused(run)
    if len(absent):
        more: dict[str, Any] = {
            "lane": absent["p"], "begin": absent["begin_ns"], "end": absent["end_ns"],
            "kind": np.full(len(absent), len(looks)), "g": np.full(len(absent), -1),
        }
        spans = {name: np.concatenate([values, more[name]]) for name, values in spans.items()}
        order = np.lexsort((spans["begin"], spans["lane"]))
        spans = {name: values[order] for name, values in spans.items()}
        looks = {**looks, NOT_IN_USE: UNUSED}
    return spans, looks, len(run.record.processors)


def of_machines(run: Run) -> tuple[Columns, dict[str, Look], int]:
    spans, looks = of_modes(run, run.machine_spans, "m")
    return spans, looks, len(run.record.machines)


def of_goroutines(run: Run) -> tuple[Columns, dict[str, Look], int]:
    """What each goroutine did, and what it waited for: lane g - 1. Regions are left out, they lie over the states."""
    data = run.spans
    known = list(data["kind"].cat.categories)
    # By the code of a kind, the index of its look; a region, which lies over the states, has none.
    look_of = np.array([list(STATES).index(name) if name in STATES else NONE for name in known])
    kind = look_of[data["kind"].cat.codes]
    shown = np.flatnonzero((kind != NONE) & (data["duration_ns"].to_numpy() > 0))
    g = numbers(data["g"])[shown]
    times = {name: data[f"{name}_ns"].to_numpy()[shown] for name in ("begin", "end")}
    n = int(run.goroutines["g"].max()) if len(run.goroutines) else 0
    why = data["name"].cat.codes.to_numpy()[shown]
    return {"lane": g - 1, **times, "kind": kind[shown], "g": g, "why": why}, dict(STATES), n


def arrows(run: Run, lanes: str) -> Columns:
    """Who woke, made or stole whom: from a lane at an instant to a lane at an instant, in time; -1: no lane.

    Of a steal only lanes of Ps know both ends.
    """
    woken = run.wakeups
    woken = woken[woken["start_ns"].notna()]
    ends = {"P": ("by_p", "start_p"), "M": ("by_m", "start_m"), "G": ("by_g", "g")}[lanes]
    less = 1 if lanes == "G" else 0
    parts: list[Sequence[Any]] = [(
        woken["t_ns"].to_numpy(), numbers(woken["start_ns"]), numbers(woken[ends[0]]) - less, numbers(woken[ends[1]]) - less,
        np.where(woken["new"], SPAWN, WAKE), numbers(woken["g"]),
    )]
    if lanes == "P" and "steals" in run.provides:
        stolen = run.steals
        t = stolen["t_ns"].to_numpy()
        parts.append((t, t, numbers(stolen["victim_p"]), numbers(stolen["p"]), np.full(len(t), STEAL), numbers(stolen["g"])))
    t0, t1, source, to, kind, g = (np.concatenate(column) for column in zip(*parts, strict=True))
    known = (source >= 0) & (to >= 0)
    order = np.argsort(t0[known], kind="stable")
    made = {"a_t0": t0, "a_t1": t1, "a_from": source, "a_to": to, "a_kind": kind, "a_g": g}
    return {name: column[known][order] for name, column in made.items()}
