"""Whether the tables and totals of a record agree with its events: what `run.validate()` asks besides the replay.

The core keeps counters, sums and histograms by itself, at every level; the rows give them a second time here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gmplab.errors import TraceError
from gmplab.runtime.recorder import Record
from gmplab.traces.effects.goroutines import go_start
from gmplab.traces.frames import chunks, fields, lists
from gmplab.traces.metrics import kind_counts
from gmplab.traces.spans import RUNNABLE, RUNNING, WAITING, series_frame, transitions
from gmplab.traces.state import Row, State
from gmplab.traces.window import window
from gmplab.vocabulary import (
    CALLERS, CPU_RUN, CPU_WAIT, GC_MARK, GC_PHASE, GO_CREATE, GO_EXIT, GO_START, HISTOGRAM_BUCKETS, M_CREATE, M_EXIT,
    M_WAKE, P_HANDOFF, P_RESIZE, Q_GET, SOURCES, SPIN_START, SRC_STEAL, SRC_STEAL_RUNNEXT, STEAL_PASS, STW_END,
    STW_START, STW_STOPPED, WHY_NETPOLL_BREAK, WHY_NONE, WHYS,
)

Ints = npt.NDArray[np.int64]

TOLD: Final = (
    "t_ns", "g", "m", "p", "source", "ready_ns", "caller", "victim_p", "stolen", "local_q", "global_q", "idle_p",
    "spinning_m", "idle_m", "n_threads",
)
"""The columns of `schedule` that the events tell too."""
CUT_SHORT: Final = ("panic", "policy", "interrupt", "error")
"""What ends a run in the middle of a step."""
NEARLY: Final = 1e-9
"""How far two sums of the same floats may be apart, added in another order."""


class Starts:
    """What a GoStart does in a validation: as `effects.go_start`, and the next row of `schedule` must tell the same."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.n = 0
        self.rows = schedule_rows(record)

    def __call__(self, state: State, row: Row) -> None:
        go_start(state, row)
        t, _, g, m, p, _, reason, _ = row
        want = (
            t, g, m, p, reason, *state.search, len(state.ps[p].queue), len(state.runq), len(state.pidle), state.nmspinning,
            len(state.midle), state.threads,
        )
        got = next(self.rows, None)
        if got != want:
            self.differ(state, got, want)
        self.n += 1

    def differ(self, state: State, got: tuple[int, ...] | None, want: tuple[int, ...]) -> None:
        if got is None:
            raise TraceError(f"schedule, row {self.n}: is missing: events, row {state.row}, is a GoStart")
        i = next(i for i in range(len(want)) if got[i] != want[i])
        names = {"source": SOURCES, "caller": CALLERS}.get(TOLD[i])
        says, is_ = (names[got[i]], names[want[i]]) if names and got[i] < len(names) else (got[i], want[i])
        raise TraceError(f"schedule, row {self.n}: {TOLD[i]} = {says}, and by the events up to row {state.row} it is {is_}")

    def finish(self) -> None:
        """Raise `TraceError` where `schedule` has more rows than there were GoStarts, or one that ends before it begins."""
        if next(self.rows, None) is not None:
            raise TraceError(f"schedule, row {self.n}: the events have {self.n} GoStarts, and none for it")
        times = fields(self.record, "schedule", ("t_ns", "enter_ns"))
        bad = np.flatnonzero((times["enter_ns"] > times["t_ns"]) | (times["enter_ns"] < 0))
        if len(bad):
            i = int(bad[0])
            raise TraceError(f"schedule, row {i}: enter_ns = {times['enter_ns'][i]}: must be 0 to t_ns, {times['t_ns'][i]}")


def schedule_rows(record: Record) -> Iterator[tuple[int, ...]]:
    """The rows of `schedule`, each the columns TOLD."""
    for part in chunks(record, "schedule"):
        yield from zip(*lists(part, "schedule", TOLD), strict=True)


def totals(record: Record, state: State) -> int:
    """How many totals of a record its rows give again; raises `TraceError` at the first that differs.

    `state` is the one after the last event. A run that was cut short in the middle of a step has none to compare.
    """
    if record.stopped_by in CUT_SHORT:
        return 0
    e = fields(record, "events")
    goroutines(record, e, state.made)
    machines(record, e)
    processors(record, e)
    again = window(record, 0, record.end_ns + 1)
    counted = {**again.counters, **counters(record, e, state)}
    for name, want in counted.items():
        if name in record.counters and record.counters[name] != want:
            raise TraceError(f"counters: {name} = {record.counters[name]}, and by the events it is {want}")
    return len(counted) + latencies(record, again)


def first_wrong(table: str, key: str, keys: Ints, told: dict[str, Ints], want: dict[str, Ints]) -> None:
    """Raise `TraceError` at the first row of a table that differs from what the events say."""
    for name, values in want.items():
        bad = np.flatnonzero(told[name] != values)
        if len(bad):
            i = int(bad[0])
            raise TraceError(
                f"{table}: {key}{int(keys[i])} has {name} = {int(told[name][i])}, and by the events it is {int(values[i])}"
            )


def goroutines(record: Record, e: dict[str, Any], made: int) -> None:
    """The table `goroutines` against the events."""
    told = fields(record, "goroutines")
    order = np.argsort(told["g"], kind="stable")
    told = {name: values[order].astype(np.int64) for name, values in told.items()}
    ids = np.arange(1, made + 1)
    if len(order) != made or bool((told["g"] != ids).any()):
        raise TraceError(f"goroutines: has {len(order)} rows, and the events make g1 to g{made}: one row each")
    rows, state, following = transitions(e)
    g = e["g"][rows]
    begin = e["t_ns"][rows]
    spent = np.where(following >= 0, begin[following], record.end_ns) - begin
    kind = e["kind"][rows]
    created, exited, started = kind == GO_CREATE, kind == GO_EXIT, kind == GO_START

    def summed(of: int) -> Ints:
        sums = np.zeros(made + 1, dtype=np.int64)
        np.add.at(sums, g[state == of], spent[state == of])
        return sums[1:]

    def instant(which: Any) -> Ints:
        """The first instant at which it happened to each, -1 if never."""
        found = np.full(made + 1, -1, dtype=np.int64)
        found[g[which][::-1]] = begin[which][::-1]
        return found[1:]

    parent = np.full(made + 1, -1, dtype=np.int64)
    parent[g[created]] = e["arg"][rows[created]]
    first_wrong("goroutines", "g", ids, told, {
        "parent": parent[1:], "created_ns": instant(created), "first_run_ns": instant(started),
        "exited_ns": instant(exited), "run_ns": summed(RUNNING), "wait_ns": summed(RUNNABLE), "blocked_ns": summed(WAITING),
        "n_schedules": np.bincount(g[started], minlength=made + 1)[1:],
    })


def machines(record: Record, e: dict[str, Any]) -> None:
    """The table `machines` against the events: who was made when, by whom and why, and its end."""
    made, ended = e["kind"] == M_CREATE, e["kind"] == M_EXIT
    told: list[tuple[int, ...]] = [(m[0], m[2], m[3], m[4], m[5], m[6]) for m in record.machines]
    end = {int(m): (int(t), int(code) >> 8) for m, t, code in zip(e["m"][ended], e["t_ns"][ended], e["code"][ended], strict=True)}
    want = [
        (int(m), int(t), int(by), int(code) >> 8, *end.get(int(m), (-1, 0)))
        for m, t, by, code in zip(e["m"][made], e["t_ns"][made], e["aux"][made], e["code"][made], strict=True)
    ]
    if len(told) != len(want):
        raise TraceError(f"machines: has {len(told)} rows, and the events make {len(want)} Ms")
    for a, b, row in zip(told, want, record.machines, strict=True):
        if a != b:
            raise TraceError(f"machines: m{b[0]} is {machine_in_words(a)}, and by the events {machine_in_words(b)}")
        spent_whole("machines", f"m{b[0]}", row[7], (b[4] if b[4] >= 0 else record.end_ns) - b[1])


def spent_whole(table: str, who: str, modes: tuple[int, ...], life_ns: int) -> None:
    """Raise `TraceError` where the times in the modes do not add up to the whole life."""
    if modes and sum(modes) != life_ns:
        raise TraceError(f"{table}: the times of {who} in its modes add up to {sum(modes)} ns, and it lived {life_ns} ns")


def machine_in_words(m: tuple[int, ...]) -> str:
    return f"m{m[0]} made at {m[1]} ns by m{m[2]} for {WHYS[m[3]]}, ended at {m[4]} ns for {WHYS[m[5]] or 'nothing'}"


def processors(record: Record, e: dict[str, Any]) -> None:
    """The table `processors` against the events: a GoStart that does not inherit its slice is a tick."""
    if not bool((e["kind"] == P_RESIZE).any()):
        for p, _, _, modes in record.processors:
            spent_whole("processors", f"p{p}", modes, record.end_ns)
    ticks = (e["kind"] == GO_START) & (e["arg"] == 0)
    n = len(record.processors)
    told = {"schedtick": np.array([p[1] for p in record.processors], dtype=np.int64)}
    counted = np.bincount(e["p"][ticks], minlength=n)
    if len(counted) > n:
        raise TraceError(f"processors: has {n} rows, and a G runs on p{len(counted) - 1}")
    first_wrong("processors", "p", np.arange(n), told, {"schedtick": counted})


def counters(record: Record, e: dict[str, Any], state: State) -> dict[str, int]:
    """The counters that the events give, besides those that a window counts anew."""
    found = kind_counts(record)
    by_kind = found.reshape(256, 256).sum(axis=0)

    def of(kind: int, reason: int) -> int:
        return int(found[kind | reason << 8])

    counted = {
        "n_goroutines": int(by_kind[GO_CREATE]), "spins": int(by_kind[SPIN_START]), "handoffs": int(by_kind[P_HANDOFF]),
        "steals": of(Q_GET, SRC_STEAL) + of(Q_GET, SRC_STEAL_RUNNEXT), "threads_peak": state.threads_peak,
        "threads_exited": int(by_kind[M_EXIT]), "syscalls_lost_p": state.lost_p,
        "wakes_m": int(by_kind[M_WAKE]) - of(M_WAKE, WHY_NONE) - of(M_WAKE, WHY_NETPOLL_BREAK),
        "stw": int(by_kind[STW_START]), "gc_cycles": of(GC_PHASE, GC_MARK), **stopped(e),
        "cpu_waits": int(by_kind[CPU_WAIT]), "cpu_wait_ns": waited_for_cpus(e, record.end_ns),
    }
    stolen = (e["kind"] == Q_GET) & ((e["code"] >> 8 == SRC_STEAL) | (e["code"] >> 8 == SRC_STEAL_RUNNEXT))
    counted["stolen"] = int((e["arg"][stolen] & 0xFFFFFFFF).sum())
    counted["steal_probes"] = int(e["arg"][e["kind"] == STEAL_PASS].sum())
    if any(mp.spinning for mp in state.ms):
        # A pass may be under way, whose probes no row tells yet.
        counted["steal_probes"] = max(counted["steal_probes"], record.counters.get("steal_probes", 0))
    counted.update(idle_overloaded(record))
    return counted


def stopped(e: dict[str, Any]) -> dict[str, int]:
    """How long the world was being stopped, and how long it was stopped in all."""
    began, stands, ended = (e["t_ns"][e["kind"] == kind] for kind in (STW_START, STW_STOPPED, STW_END))
    return {
        "stw_stopping_ns": int((stands - began[: len(stands)]).sum()), "stw_total_ns": int((ended - began[: len(ended)]).sum()),
    }


def waited_for_cpus(e: dict[str, Any], end_ns: int) -> int:
    """How long Ms waited for a CPU; those that still wait, until the end."""
    began, ended = e["t_ns"][e["kind"] == CPU_WAIT], e["t_ns"][e["kind"] == CPU_RUN]
    return int(ended.sum() - began.sum()) + (len(began) - len(ended)) * end_ns


def idle_overloaded(record: Record) -> dict[str, int]:
    """The time in which a P was idle while a G was runnable: in wall time, P time and G time."""
    series = series_frame(record)
    t, idle, runnable = (series[name].to_numpy(dtype=np.int64) for name in ("t_ns", "idle_p", "runnable"))
    d = np.where((idle > 0) & (runnable > 0), np.diff(np.append(t, record.end_ns)), 0)
    return {
        "idle_overloaded_wall_ns": int(d.sum()), "idle_overloaded_p_ns": int((d * idle).sum()),
        "idle_overloaded_g_ns": int((d * runnable).sum()),
    }


def latencies(record: Record, again: Record) -> int:
    """Compare histograms, sums and fairness with those that the rows give; how many they are."""
    empty = [0] * HISTOGRAM_BUCKETS
    for key, told in record.sums.items():
        want = again.sums.get(key, (0, 0, 0, 0))
        if told != want:
            raise TraceError(f"sums: {' of class '.join(map(repr, key))} (count, sum, max, min) = {told}, and by the rows {want}")
        if record.histograms[key] != again.histograms.get(key, empty):
            raise TraceError(f"histograms: that of {' of class '.join(map(repr, key))} is not the one of the rows")
    for told_f, want_f in zip(record.jain, again.jain, strict=True):
        if not math.isclose(told_f, want_f, rel_tol=NEARLY):
            raise TraceError(f"jain: (count, sum, sum of squares) = {record.jain}, and by the rows {again.jain}")
    return 2 * len(record.sums) + 1
