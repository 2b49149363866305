"""The steps of a run for a reader that cannot ask back: what the whole scheduler looks like after each event.

A board is what the Stepper shows, as plain values under short keys: a P, an M, the global queue, the idle lists. A
window of steps has a board every `KEYFRAME` steps, and for each step the keys that it changed; so any step is a board
and a few hundred small changes away, forward or back, without a kernel. Lists are cut: a queue of a million Gs is its
length and its first few.

No widget is imported here: a table of steps can be tested, or sent elsewhere, without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

from gmplab.jupyter.callpaths import CallPaths
from gmplab.runtime.recorder import Record
from gmplab.traces.replay import Timeline
from gmplab.traces.snapshot import place_of
from gmplab.traces.state import PARKED, Row, State
from gmplab.traces.story import Teller, walk
from gmplab.vocabulary import (
    G_STATUSES, GC_PHASES, GO_CREATE, GO_EXIT, GO_PARK, GO_READY, GRUNNABLE, NO_M, P_RESIZE, P_STATUSES,
    SELECT_WAIT, STW_END, STW_START, STW_STOPPED, WAIT_REASONS,
)

Board = dict[str, Any]

KEYFRAME: Final = 256
"""Steps from one board to the next."""
MOST_STEPS: Final = 20_000
"""Steps in a window: what a browser holds without effort, and a kernel makes in a second or two."""
MOST_PS: Final = 256
MOST_MS: Final = 512
"""Ps and Ms beyond these are counted, and have no key."""
MOST_QUEUED: Final = 16
MOST_WAIT_QUEUES: Final = 12

COUNTED: Final = ("runnable", "running", "syscall", "waiting")
WHOLE: Final = frozenset({P_RESIZE, STW_START, STW_STOPPED, STW_END})
"""The kinds that may change any P and M."""
MOVES: Final = frozenset({GO_CREATE, GO_READY, GO_PARK, GO_EXIT, SELECT_WAIT})
"""The kinds that change who waits on what."""


def cut(of: Sequence[int] | Iterable[int], n: int) -> list[Any]:
    """[length, first few] of a list of length n."""
    return [n, list(islice(of, MOST_QUEUED))]


class Watch:
    """Keeps, beside a state, what would be slow to ask of it: how many Gs are in each status, and who is in hand."""

    def __init__(self, state: State) -> None:
        self.counts = dict.fromkeys(COUNTED, 0)
        self.status: dict[int, str] = {}
        self.in_hand: dict[int, int] = {}
        self.hands: dict[int, dict[int, None]] = {}
        for g in state.gs:
            self.look(state, g)

    def look(self, state: State, g: int) -> set[int]:
        """Look at a G again; returns the Ms whose hands have changed."""
        gp = state.gs.get(g)
        before, after = self.status.pop(g, ""), G_STATUSES[gp.status] if gp is not None else ""
        if before:
            self.counts[before] -= 1
        if after:
            self.counts[after] += 1
            self.status[g] = after
        held = gp is not None and gp.status == GRUNNABLE and gp.m != NO_M and state.ms[gp.m].g != g
        old, new = self.in_hand.pop(g, NO_M), gp.m if gp is not None and held else NO_M
        if old != NO_M:
            self.hands[old].pop(g)
        if new != NO_M:
            self.in_hand[g] = new
            self.hands.setdefault(new, {})[g] = None
        return {m for m in (old, new) if m != NO_M and old != new}


def p_value(state: State, p: int) -> list[Any]:
    """[status, m, m that it is promised to, runnext, length of the queue, its first few, timers]; -1: none."""
    pp = state.ps[p]
    return [P_STATUSES[pp.status], pp.m, pp.next_m, pp.runnext, *cut(pp.queue, len(pp.queue)), len(pp.timers)]


def m_value(state: State, m: int, hands: Iterable[int]) -> list[Any]:
    """[place, p, g, gs in hand, spins, passes, locked g, when its sleep ends]; -1: none."""
    mp = state.ms[m]
    place = "waits for a CPU" if mp.waits_for_cpu else place_of(mp)
    until = mp.until if mp.place == PARKED else -1
    return [place, mp.p, mp.g, sorted(hands)[:MOST_QUEUED], mp.spinning, mp.passes, mp.locked_g, until]


def waits(state: State, objects: dict[int, str]) -> list[Any]:
    """[number of wait queues, the first few: [object, reason, length, first few gs]]."""
    first = islice(state.waiters.items(), MOST_WAIT_QUEUES)
    return [
        len(state.waiters),
        [[objects.get(obj, f"object {obj}"), WAIT_REASONS[reason], *cut(gs, len(gs))] for (obj, reason), gs in first],
    ]


def sysmon(state: State) -> int:
    """The M that is sysmon, -1: none. It is made second, if at all."""
    return 1 if len(state.ms) > 1 and state.ms[1].sysmon else -1


def lists(state: State) -> Board:
    """The queues that belong to no P, and the numbers of the whole."""
    return {
        "runq": cut(state.runq, len(state.runq)), "midle": cut(reversed(state.midle), len(state.midle)),
        "pidle": cut(reversed(state.pidle), len(state.pidle)), "net": cut(state.io_ready, len(state.io_ready)),
        "world": [
            state.gomaxprocs, state.nmspinning, state.threads, state.stopping, GC_PHASES[state.gc_phase], len(state.ps),
            len(state.ms), sysmon(state),
        ],
    }


def board(state: State, watch: Watch, objects: dict[int, str]) -> Board:
    """All that is shown after a step."""
    return {
        **{f"p{p}": p_value(state, p) for p in range(min(len(state.ps), MOST_PS))},
        **{f"m{m}": m_value(state, m, watch.hands.get(m, ())) for m in range(min(len(state.ms), MOST_MS))},
        **lists(state), "wait": waits(state, objects), "n": list(watch.counts.values()),
    }


def touched(state: State, watch: Watch, row: Row, objects: dict[int, str], found: set[int]) -> Board:
    """The part of the board that a row may have changed; `found`: the Ms whose hands have changed."""
    _, kind, _, m, p, _, _, aux = row
    if kind in WHOLE:
        return board(state, watch, objects)
    ps, ms = {p, aux}, {m, aux, *found}
    for i in [*ms]:
        # Who is promised a P, or gives one up, may be named by neither column.
        if 0 <= i < len(state.ms) and state.ms[i].p >= 0:
            ps.add(state.ms[i].p)
    for i in [*ps]:
        if 0 <= i < len(state.ps) and state.ps[i].m >= 0:
            ms.add(state.ps[i].m)
    changed = {f"p{i}": p_value(state, i) for i in ps if 0 <= i < min(len(state.ps), MOST_PS)}
    changed.update(
        (f"m{i}", m_value(state, i, watch.hands.get(i, ()))) for i in ms if 0 <= i < min(len(state.ms), MOST_MS)
    )
    changed.update(lists(state))
    changed["n"] = list(watch.counts.values())
    if kind in MOVES:
        changed["wait"] = waits(state, objects)
    return changed


def window(record: Record, timeline: Timeline, first: int, last: int) -> dict[str, Any]:
    """The steps from row first to before row last of the events: columns, boards and changes, ready for JSON.

    Returns
    -------
    dict
        first, rows (of the whole run); t, kind, g, m, p, text: a value a step; boards: of the steps 0, KEYFRAME,
        2 * KEYFRAME, ...; changes: a dict a step, key to value; calls, call: see `CallPaths`, of runs at level "calls".
    """
    state = timeline.state(first - 1)
    watch = Watch(state)
    teller, paths, objects = Teller(record), CallPaths(record), record.objects
    columns: dict[str, list[Any]] = {name: [] for name in ("t", "kind", "g", "m", "p", "text", "call")}
    boards: list[Board] = []
    changes: list[Board] = []
    shown = board(state, watch, objects)
    for i, (row, text, after) in enumerate(walk(timeline, teller, first, last)):
        t, kind, g, m, p, _, _, aux = row
        found = watch.look(after, g)
        if 0 <= m < len(after.ms):
            found |= watch.look(after, after.ms[m].locked_g)
        changed = {
            key: value for key, value in touched(after, watch, row, objects, found).items() if shown.get(key) != value
        }
        shown.update(changed)
        changes.append(changed)
        if i % KEYFRAME == 0:
            boards.append(shown.copy())
        for name, value in (("t", t), ("kind", kind), ("g", g), ("m", m), ("p", p), ("text", text)):
            columns[name].append(value)
        columns["call"].append(paths.at(t, kind, m, aux))
    return {
        "first": first, "rows": len(timeline.events), **columns, "boards": boards, "changes": changes, "calls": paths.table(),
    }
