"""What a run suffers from, in words: one rule a complaint, each with its evidence and its time.

A rule reads the frames, and is silent where nothing is wrong or where the run does not know the facts. Its bounds stand
beside it, with why they are what they are. Times are shares of the whole run, or of what the goroutines waited.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from gmplab.traces.run import Run
from gmplab.vocabulary import MODES

SLICE_NS: Final = 10_000_000
"""Go: proc.go: forcePreemptNS. Longer than that nobody waits for one that computes."""


@dataclass(frozen=True)
class Finding:
    """One complaint.

    Parameters
    ----------
    rule : str
        Which rule: one of `RULES`.
    share : float
        How much of the run it concerns, 0 to 1: what the findings are ordered by.
    t0_ns, t1_ns : int
        Where to look: the worst part.
    message : str
        What is wrong, with numbers, and what may help.
    evidence : pandas.DataFrame
        The rows it rests on, the worst first.
    g, p, m : int, optional
        Whom it concerns most.
    """

    rule: str
    share: float
    t0_ns: int
    t1_ns: int
    message: str
    evidence: pd.DataFrame = field(repr=False, compare=False)
    g: int | None = None
    p: int | None = None
    m: int | None = None

    def __str__(self) -> str:
        return f"{self.rule}: {self.message} [{ms(self.t0_ns)} to {ms(self.t1_ns)}]"


class Findings(list[Finding]):
    """The findings of a run, the gravest first; shows itself as text and as a table.

    Parameters
    ----------
    found : iterable of Finding
    silent : dict of str to str
        Rules that could not look, and which fact they lack.
    """

    def __init__(self, found: Iterable[Finding], silent: dict[str, str]) -> None:
        super().__init__(found)
        self.silent = silent

    @property
    def frame(self) -> pd.DataFrame:
        """rule, share, t0_ns, t1_ns, g, p, m, message: a row a finding."""
        columns = ["rule", "share", "t0_ns", "t1_ns", "g", "p", "m", "message"]
        made = pd.DataFrame([[getattr(x, c) for c in columns] for x in self], columns=columns)
        return made.astype({"g": "Int64", "p": "Int64", "m": "Int64"})

    def lines(self) -> list[str]:
        """A line a finding, and one for the rules that could not look."""
        lines = [f"- {finding}" for finding in self] or ["nothing to complain of"]
        if self.silent:
            lacking = ", ".join(f"{rule} (needs {fact})" for rule, fact in self.silent.items())
            lines.append(f"not looked at: {lacking}")
        return lines

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'><b>{html.escape(x.rule)}</b></td><td>{x.share:.0%}</td>"
            f"<td>{ms(x.t0_ns)} to {ms(x.t1_ns)}</td><td style='text-align:left'>{html.escape(x.message)}</td></tr>" for x in self
        )
        rest = "" if self and not self.silent else f"<p>{html.escape(self.lines()[-1])}</p>"
        head = "<tr><th style='text-align:left'>finding</th><th>share</th><th>worst at</th><th style='text-align:left'>what</th></tr>"
        return (f"<table>{head}{rows}</table>" if self else "") + rest


def findings(run: Run) -> Findings:
    """What a run suffers from.

    Parameters
    ----------
    run : Run
        Recorded at level "full"; at a lower one fewer rules can look.

    Returns
    -------
    Findings
        A list of `Finding`, the gravest first.

    Examples
    --------
    >>> [found.rule for found in gmplab.run("syscall_storm", procs=2).findings()]
    ['retake latency']
    """
    found: list[Finding] = []
    silent: dict[str, str] = {}
    if run.record.end_ns > 0:
        for name, rule in RULES.items():
            lacking = next((fact for fact in rule.needs if fact not in run.provides), None)
            if lacking is not None:
                silent[name] = lacking
                continue
            one = rule.look(run)
            if one is not None:
                found.append(one)
    return Findings(sorted(found, key=lambda x: -x.share), silent)


# --- parts ------------------------------------------------------------------------------------------------------------
def ms(ns: int) -> str:
    """An instant, in ms."""
    return f"{ns / 1e6:.3f} ms"


def span(ns: float) -> str:
    """A duration in the unit that suits it."""
    for scale, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "us")):
        if ns >= scale:
            return f"{ns / scale:.3g} {unit}"
    return f"{ns:.0f} ns"


def name_of(run: Run, g: int) -> str:
    """G7 (worker)."""
    names = run.goroutines.loc[run.goroutines["g"] == g, "name"]
    return f"G{g} ({names.iloc[0]})" if len(names) and str(names.iloc[0]) else f"G{g}"


# --- the rules --------------------------------------------------------------------------------------------------------
IDLE_SHARE: Final = 0.10
"""Waking an M takes some us, so a little of it is everywhere; a tenth of the run is more than wake-ups explain."""
PATIENT_NS: Final = 10_000
"""A G that waits for less is on its way: two that play ping-pong are runnable at each instant, and nothing is wrong."""


def idle_while_overloaded(run: Run) -> Finding | None:
    """A P has nothing to do while a goroutine that could run waits."""
    spans = run.spans
    waits = spans[(spans["kind"] == "runnable") & (spans["duration_ns"] >= PATIENT_NS)]
    if waits.empty:
        return None
    both = overlap(stretches_of(waits), run.series, run.record.end_ns)
    total = int(both["duration_ns"].sum())
    share = total / run.record.end_ns
    if share < IDLE_SHARE:
        return None
    return Finding(
        "idle while overloaded", share, int(both["begin_ns"].iloc[0]), int(both["end_ns"].iloc[0]),
        f"for {span(total)} of {span(run.record.end_ns)} a P was idle while a goroutine waited that had to wait for {span(PATIENT_NS)} "
        f"or more, the longest {span(both['duration_ns'].iloc[0])} at once: nobody was woken, or thieves did not find it "
        f"(wake, spin, steal, place)",
        both,
    )


def stretches_of(spans: pd.DataFrame) -> pd.DataFrame:
    """Intervals that may overlap, as those that do not: begin_ns, end_ns."""
    rows = spans.sort_values("begin_ns")
    begin, end = rows["begin_ns"].to_numpy(dtype=np.int64), np.maximum.accumulate(rows["end_ns"].to_numpy(dtype=np.int64))
    first = np.flatnonzero(np.append(True, begin[1:] > end[:-1])) if len(begin) else np.array([], dtype=np.int64)
    return pd.DataFrame({"begin_ns": begin[first], "end_ns": np.append(end[first[1:] - 1], end[-1:]) if len(begin) else first})


def overlap(waits: pd.DataFrame, series: pd.DataFrame, end_ns: int) -> pd.DataFrame:
    """The parts of some intervals in which a P was idle: begin_ns, end_ns, duration_ns, the longest first."""
    idle = series["idle_p"].to_numpy() > 0
    t = np.append(series["t_ns"].to_numpy(dtype=np.int64), end_ns)
    changes = np.flatnonzero(np.append(True, idle[1:] != idle[:-1]))
    ends = np.append(t[changes[1:]], end_ns)
    found = []
    i = 0
    for begin, end in waits.itertuples(index=False):
        while i > 0 and ends[i - 1] > begin:
            i -= 1
        while i < len(changes) and t[changes[i]] < end:
            if idle[changes[i]] and ends[i] > begin:
                found.append((max(begin, t[changes[i]]), min(end, ends[i])))
            i += 1
    made = pd.DataFrame(found, columns=["begin_ns", "end_ns"], dtype="int64")
    made["duration_ns"] = made["end_ns"] - made["begin_ns"]
    return made.sort_values("duration_ns", ascending=False, ignore_index=True, kind="stable")


STARVED_NS: Final = 2 * SLICE_NS
"""One slice is what preemption allows the one before; two mean that others came first twice."""


def starvation(run: Run) -> Finding | None:
    """A goroutine that could run waited for longer than two time slices."""
    waited = run.schedule[run.schedule["wait_ns"] >= STARVED_NS].sort_values("wait_ns", ascending=False)
    if waited.empty:
        return None
    row = waited.iloc[0]
    g = int(row["g"])
    return Finding(
        "starvation", min(1.0, float(row["wait_ns"]) / run.record.end_ns), int(row["t_ns"] - row["wait_ns"]), int(row["t_ns"]),
        f"{name_of(run, g)} waited {span(row['wait_ns'])} for a P, {len(waited)} waits were longer than {span(STARVED_NS)}; "
        f"it was found as {row['source']}: look at what ran before it (preempt, queues)",
        waited, g=g, p=int(row["p"]),
    )


STORM_PER_P: Final = 4
"""Threads for each P beyond which most of them sleep in the kernel."""


def thread_storm(run: Run) -> Finding | None:
    """System calls made many more threads than there are Ps."""
    made = run.machines[run.machines["why"].astype(str) == "handoffp"]
    n, procs = len(made), len(run.processors)
    if n <= STORM_PER_P * procs:
        return None
    retired = int(made["exited_ns"].notna().sum())
    idle = float(made["idle_ns"].sum()) / max(1.0, float(made[[f"{mode}_ns" for mode in MODES]].sum().sum()))
    return Finding(
        "thread storm", n / len(run.machines), int(made["created_ns"].min()), int(made["created_ns"].max()),
        f"{n} threads for {procs} Ps were made since the P of one in a system call was handed off; they then slept {idle:.0%} of their "
        f"time, and {'none' if retired == 0 else retired} ended (machines, handoff)",
        made.sort_values("created_ns"), m=int(made["m"].iloc[0]),
    )


RETAKE_SHARE: Final = 0.05


def retake_latency(run: Run) -> Finding | None:
    """A P stood in a system call while goroutines in its own queue could have run."""
    spans = run.processor_spans
    calls = spans[spans["mode"] == "syscall"]
    if calls.empty:
        return None
    queued = run.queues[run.queues["p"].notna()]
    waits = [waiting_behind(calls[calls["p"] == p], queued[queued["p"] == p]) for p in calls["p"].unique()]
    found = pd.concat([w for w in waits if len(w)], ignore_index=True) if any(len(w) for w in waits) else calls.iloc[:0]
    total = int(found["duration_ns"].sum()) if len(found) else 0
    share = total / (run.record.end_ns * len(run.processors))
    if share < RETAKE_SHARE:
        return None
    found = found.sort_values("duration_ns", ascending=False, ignore_index=True)
    row = found.iloc[0]
    return Finding(
        "retake latency", share, int(row["begin_ns"]), int(row["end_ns"]),
        f"Ps stood in system calls for {span(total)} with goroutines in their own queues, at most {span(row['duration_ns'])} at once "
        f"(P{int(row['p'])}): sysmon takes a P from a system call at its second look, 20 us to 10 ms later (handoff)",
        found, p=int(row["p"]), m=int(row["m"]),
    )


def waiting_behind(calls: pd.DataFrame, queued: pd.DataFrame) -> pd.DataFrame:
    """Those stays of one P in system calls at whose begin, or during which, its queue held a goroutine."""
    if calls.empty or queued.empty:
        return calls.iloc[:0]
    t, n = queued["t_ns"].to_numpy(), queued["n"].to_numpy()
    keep = []
    for begin, end in zip(calls["begin_ns"].to_numpy(), calls["end_ns"].to_numpy(), strict=True):
        first, last = np.searchsorted(t, begin, "right") - 1, np.searchsorted(t, end, "left")
        keep.append(bool((n[max(first, 0) : last] > 0).any()))
    return calls[np.array(keep, dtype=bool)]


SPIN_SHARE: Final = 0.15


def spinning_waste(run: Run) -> Finding | None:
    """Ms spun for much of the time, and found little."""
    m = run.metrics
    times = sum(float(m[f"p_{mode}_ns"]) for mode in ("running", "scheduling", "spinning", "syscall", "idle"))
    share = float(m["p_spinning_ns"]) / times if times else 0.0
    hits = float(m["steal_hit_rate"])
    if share < SPIN_SHARE or hits > 0.5:
        return None
    spans = run.processor_spans
    spinning = spans[spans["mode"] == "spinning"].sort_values("duration_ns", ascending=False, ignore_index=True)
    row = spinning.iloc[0]
    return Finding(
        "spinning waste", share, int(row["begin_ns"]), int(row["end_ns"]),
        f"{share:.0%} of the time of the Ps went into looking for work, and {hits:.0%} of the passes over victims found any: "
        f"fewer Ps, or a tighter limit of spinning Ms, would save CPU (spin, wake)",
        spinning, p=int(row["p"]), m=int(row["m"]),
    )


CHAIN: Final = 100
"""So many schedules in a row out of runnext, while the queue behind it is not empty."""


def runnext_chain(run: Run) -> Finding | None:
    """Two or more goroutines hand a P to one another by runnext while others wait in its queue."""
    rows = run.schedule.sort_values(["p", "t_ns"], kind="stable")
    chained = ((rows["source"] == "runnext") & (rows["local_q"] > 0)).to_numpy()
    p = rows["p"].to_numpy()
    starts = np.flatnonzero(np.append(True, (chained[1:] != chained[:-1]) | (p[1:] != p[:-1])))
    lengths = np.diff(np.append(starts, len(rows)))
    long = [i for i in np.argsort(-lengths, kind="stable") if lengths[i] >= CHAIN and chained[starts[i]]]
    if not long:
        return None
    first, n = int(starts[long[0]]), int(lengths[long[0]])
    part = rows.iloc[first : first + n]
    names = sorted({name_of(run, int(g)) for g in part["g"].unique()[:4]})
    t0, t1 = int(part["t_ns"].iloc[0]), int(part["t_ns"].iloc[-1])
    total = sum(int(rows["t_ns"].iloc[starts[i] + lengths[i] - 1] - rows["t_ns"].iloc[starts[i]]) for i in long)
    return Finding(
        "runnext ping-pong", min(1.0, total / run.record.end_ns), t0, t1,
        f"{n} schedules in a row on P{int(part['p'].iloc[0])} came out of runnext ({', '.join(names)}) for {span(t1 - t0)}, while up to "
        f"{int(part['local_q'].max())} goroutines waited in its queue: they get their turn when the inherited time slice ends (queues)",
        part, g=int(part["g"].iloc[0]), p=int(part["p"].iloc[0]),
    )


CONVOY: Final = 3
"""Waiters at a lock beyond which its holder never finds it free."""
LOCKS: Final = ("sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock")


def lock_convoy(run: Run) -> Finding | None:
    """Goroutines stand in line at a lock for most of the time that they do not compute."""
    spans = run.spans
    waits = spans[spans["kind"].isin(["waiting"]) & spans["name"].isin(LOCKS)]
    if waits.empty:
        return None
    total = float(waits["duration_ns"].sum())
    line = total / run.record.end_ns
    if line < CONVOY:
        return None
    running = float(spans.loc[spans["kind"] == "running", "duration_ns"].sum())
    worst = waits.sort_values("duration_ns", ascending=False, ignore_index=True)
    row = worst.iloc[0]
    return Finding(
        "lock convoy", total / (total + running), int(row["begin_ns"]), int(row["end_ns"]),
        f"on average {line:.1f} goroutines stood at a lock; they waited {span(total)} in all, in {len(waits)} waits, and computed "
        f"{span(running)}: hold it for less, or split it; more Ps will not help",
        worst, g=int(row["g"]),
    )


LATE_NS: Final = 1_000_000


def late_timers(run: Run) -> Finding | None:
    """Timers fired late: no P looked at its heap when they were due."""
    fired = run.events.loc[run.events["kind"] == "TimerFire", ["t_ns", "g", "m", "p", "arg"]].rename(columns={"arg": "due_ns"})
    if fired.empty:
        return None
    fired["late_ns"] = fired["t_ns"] - fired["due_ns"]
    late = fired[fired["late_ns"] >= LATE_NS].sort_values("late_ns", ascending=False, ignore_index=True)
    if late.empty:
        return None
    row = late.iloc[0]
    return Finding(
        "timers late", len(late) / len(fired), int(row["due_ns"]), int(row["t_ns"]),
        f"{len(late)} of {len(fired)} timers fired more than {span(LATE_NS)} late, at most {span(row['late_ns'])}: a P that computes "
        f"looks at its timers only in schedule(), and no other was there to steal them",
        late, g=None if pd.isna(row["g"]) else int(row["g"]), p=int(row["p"]),
    )


GC_SHARE: Final = 0.02
"""Of the run's time, stopped. Go aims at less than a ms a cycle."""
GC_LATENCY: Final = 2.0
"""The mean wait during a cycle, by that outside of cycles."""


def gc_disturbance(run: Run) -> Finding | None:
    """Garbage collection stopped the world for long, or made goroutines wait."""
    phases = run.events.loc[run.events["kind"] == "GCPhase", ["t_ns", "reason"]]
    if phases.empty:
        return None
    begins = phases.loc[phases["reason"] == "mark", "t_ns"].to_numpy()
    offs = phases.loc[phases["reason"] == "off", "t_ns"].to_numpy()
    ends = np.array([next((o for o in offs if o > b), run.record.end_ns) for b in begins])
    t = run.schedule["t_ns"].to_numpy()
    inside = np.zeros(len(t), dtype=bool)
    for begin, end in zip(begins, ends, strict=True):
        inside |= (t >= begin) & (t < end)
    waits = run.schedule["wait_ns"].to_numpy(dtype=float)
    if not inside.any() or inside.all():
        return None
    during, outside = float(np.nanmean(waits[inside])), float(np.nanmean(waits[~inside]))
    stopped = float(run.metrics["stw_total_ns"]) / run.record.end_ns
    if stopped < GC_SHARE and during < GC_LATENCY * max(outside, 1.0):
        return None
    worst = int(np.argmax(np.where(inside, waits, -1)))
    cycles = pd.DataFrame({"begin_ns": begins, "end_ns": ends})
    return Finding(
        "GC disturbance", float((ends - begins).sum()) / run.record.end_ns, int(t[worst] - waits[worst]), int(t[worst]),
        f"in {len(begins)} cycles goroutines waited {span(during)} on average, {span(outside)} outside of them; the world stood "
        f"{span(float(run.metrics['stw_total_ns']))} in all: a quarter of the Ps marks, the others share the rest",
        cycles, g=int(run.schedule["g"].iloc[worst]),
    )


@dataclass(frozen=True)
class Rule:
    """A rule, and the facts of a run that it reads."""

    look: Callable[[Run], Finding | None]
    needs: tuple[str, ...]


RULES: Final[dict[str, Rule]] = {
    "idle while overloaded": Rule(idle_while_overloaded, ("series", "spans")),
    "starvation": Rule(starvation, ("schedule", "goroutines")),
    "thread storm": Rule(thread_storm, ("machines", "processors")),
    "retake latency": Rule(retake_latency, ("events", "series")),
    "spinning waste": Rule(spinning_waste, ("modes", "counters", "events")),
    "runnext ping-pong": Rule(runnext_chain, ("schedule", "goroutines")),
    "lock convoy": Rule(lock_convoy, ("spans",)),
    "timers late": Rule(late_timers, ("events",)),
    "GC disturbance": Rule(gc_disturbance, ("events", "schedule", "counters")),
}
"""Every rule by its name."""
