"""A schedule as a value: printed, saved, replayed, made shorter."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from gmplab.analysis.explore.graph import Edge
from gmplab.analysis.explore.laws import Law
from gmplab.analysis.explore.state import fingerprint
from gmplab.analysis.explore.untimed import CLOCK, NOBODY, Chooser, Pruned, Untimed
from gmplab.analysis.explore.walk import Broken, Step, broken
from gmplab.errors import TraceError
from gmplab.experiment import plan_of, policy_of, workload_of
from gmplab.runtime.contracts import Policy
from gmplab.runtime.model import (
    PH_COMPUTED, PH_DROPPED, PH_EXECUTE, PH_EXITSYSCALL, PH_FIND, PH_FOUND, PH_HELD, PH_IDLE, PH_LOCKED_WOKEN, PH_MSTART, PH_NETPOLL,
    PH_NETPOLL_DONE, PH_RECHECK, PH_RUN, PH_SCHEDULE, PH_SPIN_GAP, PH_STEAL, PH_STEAL_RUNNEXT, PH_SYSCALL_DONE,
    PH_SYSMON_ROUND, PH_WOKEN, M,
)
from gmplab.runtime.sim import Plan
from gmplab.traces.replay import timeline_of
from gmplab.traces.run import Run
from gmplab.traces.story import Teller, walk
from gmplab.vocabulary import GO_VERSION, LEVELS, MODEL, SCHEMA, UNTIMED
from gmplab.workloads import is_workload

PHASES: Final = {
    PH_MSTART: "mstart", PH_SCHEDULE: "schedule", PH_FIND: "findrunnable", PH_STEAL: "stealwork", PH_STEAL_RUNNEXT: "runqgrab",
    PH_IDLE: "the last look", PH_DROPPED: "nmspinning--", PH_RECHECK: "recheck",
    PH_NETPOLL: "netpoll, or stopm", PH_WOKEN: "woken", PH_FOUND: "found",
    PH_EXECUTE: "execute", PH_RUN: "runs", PH_COMPUTED: "has computed", PH_SYSCALL_DONE: "exitsyscall",
    PH_EXITSYSCALL: "exitsyscallnop", PH_SYSMON_ROUND: "sysmon", PH_HELD: "held", PH_NETPOLL_DONE: "netpoll",
    PH_SPIN_GAP: "spins", PH_LOCKED_WOKEN: "lockedwoken",
}
"""Where an M is before a step, in Go's words where there are some."""
TRIES: Final = 400
"""How many shorter schedules are tried, at most."""


@dataclass(frozen=True)
class Schedule:
    """Who does the next step, from the start to where a law breaks.

    Parameters
    ----------
    why : str
        What is broken at its end.
    steps : tuple of tuple of int
        Each step: the actor (an M's id; -1: the next instant comes), then the numbers chosen in it: the case of a select,
        an order of victims, a policy's draw, whether a schedtick is a 61st.
    told : tuple of str
        A line a step: who did what.
    workload, policy : str
        Their names. `params`: the workload's parameters as text; `policy_repr`: the whole policy.
    procs, seed : int
        As they were in the exploration.

    Examples
    --------
    >>> found = gmplab.explore("fanout", gmplab.policy_of("go").replace(wake=gmplab.WakeNever()), n=2).failure
    >>> len(found.steps) == len(found.told), found.procs, found.workload
    (True, 2, 'fanout')
    """

    why: str
    steps: tuple[Step, ...]
    told: tuple[str, ...]
    workload: str
    params: dict[str, str]
    policy: str
    policy_repr: str
    procs: int
    seed: int
    plan: Plan | None = field(default=None, compare=False, repr=False)
    chosen: Policy | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        head = f"{self.workload} under {self.policy} on {self.procs} Ps: {self.why}"
        return "\n".join([head, *(f"{i:4}  {line}" for i, line in enumerate(self.told, 1))])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as JSON."""
        known = {name: getattr(self, name) for name in SAVED}
        Path(path).write_text(json.dumps({"what": WHAT, "model": MODEL, **known}, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Schedule:
        """Read what `save` wrote.

        Raises
        ------
        TraceError
            It is no schedule, or one of another MODEL of the core, whose steps are others.
        OSError
        """
        try:
            known = json.loads(Path(path).read_text(encoding="utf-8"))
            if known["what"] != WHAT:
                raise TraceError(f"{path}: is no schedule of gmplab")
            if known["model"] != MODEL:
                raise TraceError(f"{path}: is of MODEL {known['model']}, and this is MODEL {MODEL}: explore anew")
            known = {name: known[name] for name in SAVED}
            known["steps"] = tuple(tuple(int(n) for n in step) for step in known["steps"])
            known["told"] = tuple(str(line) for line in known["told"])
            return cls(**known)
        except (ValueError, KeyError, TypeError) as e:
            raise TraceError(f"{path}: is no schedule of gmplab ({type(e).__name__}: {e})") from e


WHAT: Final = "gmplab schedule"
SAVED: Final = ("why", "steps", "told", "workload", "params", "policy", "policy_repr", "procs", "seed")


def replay(schedule: Schedule | str | os.PathLike[str], workload: Any = None, policy: str | Policy | None = None) -> Run:
    """Run a schedule again, and record everything.

    Parameters
    ----------
    schedule : Schedule or path
        One that was found, or the file of `Schedule.save`.
    workload, policy : optional
        As `gmplab.run` takes them, where the schedule's own names do not say which: for functions and policies of one's
        own, in another process than the one that found it.

    Returns
    -------
    Run
        With all events, so `run.at(row=...)`, `run.story()`, plots and exports work. Time stands still in it, but where
        the schedule says that the next instant comes: rows tell the order. It is not complete; `stopped_by` says why.

    Raises
    ------
    TraceError
        The schedule does not fit: another workload, policy or version. It names the step.

    Examples
    --------
    >>> found = gmplab.explore("fanout", gmplab.policy_of("go").replace(wake=gmplab.WakeNever()), n=2).failure
    >>> run = replay(found)
    >>> run.stopped_by, len(run.story()) == len(run.events)
    ('schedule', True)
    """
    found = schedule if isinstance(schedule, Schedule) else Schedule.load(schedule)
    plan = plan_for(found, workload)
    chosen = policy_of(policy) if policy is not None else found.chosen or policy_of(found.policy)
    if repr(chosen) != found.policy_repr:
        raise TraceError(f"schedule: was found under {found.policy_repr}, and policy {chosen.name!r} is {chosen!r}")
    exact = Exact(found.steps)
    driver = Untimed(plan, chosen, found.procs, found.seed, LEVELS.index("full"), exact)
    driver.run()
    if len(exact.taken) < len(found.steps) and not exact.misfit:
        exact.misfit = f"schedule, step {len(exact.taken) + 1}: the run has ended ({driver.error or 'main returned'})"
    if exact.misfit:
        raise TraceError(exact.misfit)
    return Run(driver.finish(header(plan, chosen, found.procs, found.seed)))


def plan_for(schedule: Schedule, workload: Any) -> Plan:
    """What a schedule is a schedule of."""
    if workload is None and schedule.plan is not None:
        return schedule.plan
    if workload is None or isinstance(workload, str):
        workload = workload_of(workload or schedule.workload)
    return plan_of(workload, {name: value_of(text) for name, text in schedule.params.items()} if is_workload(workload) else {})


def value_of(text: str) -> Any:
    """A parameter from its text in a plan: a literal, or what the workload itself makes of a text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def header(plan: Plan, policy: Policy, procs: int, seed: int) -> dict[str, Any]:
    """The header of a run without time."""
    return {
        "workload": plan.name, "params": dict(plan.params), "policy": policy.name, "policy_repr": repr(policy), "procs": procs,
        "cpus": None, "seed": seed, "level": "full", "costs": UNTIMED, "arrive": "direct", "warmup_ns": 0, "until_ns": -1,
        "schema": list(SCHEMA), "model": MODEL, "go_version": GO_VERSION,
    }


class Given(Chooser):
    """Answers that are known before; it notes what was done, and where each step began."""

    def __init__(self) -> None:
        self.orders = {}
        self.numbers: list[int] = []
        self.taken: list[Step] = []
        self.began: list[tuple[str, int]] = []

    def take(self, driver: Untimed, step: Iterable[int]) -> int:
        actor, *self.numbers = step
        self.taken.append((actor,))
        self.began.append((who(driver, actor), int(driver.sched.rec.events.rows)))
        return actor

    def number(self, n: int) -> int:
        number = self.numbers.pop(0) if self.numbers else 0
        self.taken[-1] += (number,)
        return min(number, n - 1)


class Exact(Given):
    """The steps of a schedule, and nothing else."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        super().__init__()
        self.steps = steps
        self.misfit = ""

    def actor(self, driver: Untimed) -> int:
        i = len(self.taken)
        enabled = driver.enabled()
        if i == len(self.steps):
            if not enabled:
                return NOBODY
            raise Pruned
        if self.steps[i][0] not in enabled:
            have = ", ".join(name(actor) for actor in enabled) or "nobody"
            self.misfit = f"schedule, step {i + 1}: {name(self.steps[i][0])} cannot act here, but {have} can"
            raise Pruned
        return self.take(driver, self.steps[i])


class Along(Given):
    """The way that a graph's edges tell, in whichever run: they name actors by their places."""

    def __init__(self, edges: list[Edge], prune: bool) -> None:
        super().__init__()
        self.edges = edges
        self.prune = prune

    def actor(self, driver: Untimed) -> int:
        i = len(self.taken)
        enabled = driver.enabled()
        if i == len(self.edges) or not enabled:
            if i == len(self.edges) and enabled:
                raise Pruned
            return NOBODY
        edge = self.edges[i]
        actors = {place: actor for actor, place in fingerprint(driver)[1].items()} if self.prune else {}
        return self.take(driver, (actors.get(edge.actor, edge.actor), *edge.numbers))


class Roughly(Given):
    """Steps that may not all be possible: those that are not are left out. It stops where a law breaks."""

    def __init__(self, steps: list[Step], laws: tuple[Law, ...]) -> None:
        super().__init__()
        self.steps = list(reversed(steps))
        self.laws = laws

    def actor(self, driver: Untimed) -> int:
        why = broken(driver, self.laws)
        if why:
            raise Broken(why)
        enabled = driver.enabled()
        if not enabled:
            return NOBODY
        while self.steps:
            step = self.steps.pop()
            if step[0] in enabled:
                return self.take(driver, step)
        raise Pruned


def name(actor: int) -> str:
    return "the clock" if actor == CLOCK else f"m{actor}"


def who(driver: Untimed, actor: int) -> str:
    """The actor, its P and G, and where it is."""
    if actor == CLOCK:
        return "the clock"
    mp = driver.sched.allm[actor]
    p = f" p{mp.p.id}" if mp.p is not None else ""
    g = f" g{mp.curg.goid}" if mp.curg is not None else ""
    return f"{f'm{actor}{p}{g}':<10} {where(mp)}"


def where(mp: M) -> str:
    if mp.wakes > 0:
        return "wakep"
    if mp.toready is not None:
        return "ready"
    if mp.phase == PH_MSTART and mp.is_sysmon:
        return "sysmon"
    return PHASES.get(mp.phase, f"phase {mp.phase}")


def shorter(steps: list[Step], why: str, laws: tuple[Law, ...], driver_of: Any) -> list[Step]:
    """Steps with which the same breaks, with whatever can be left out left out; `driver_of(chooser)` makes a driver.

    Windows of steps are left out, large ones first; what then cannot be done is left out too (delta debugging:
    Zeller and Hildebrandt 2002).
    """
    tries = 0
    size = max(1, len(steps) // 2)
    while size > 0:
        at = 0
        while at < len(steps) and tries < TRIES:
            tries += 1
            chooser = Roughly(steps[:at] + steps[at + size :], laws)
            driver = driver_of(chooser)
            driver.run()
            if alike(told_failure(driver), why) and len(chooser.taken) < len(steps):
                steps = chooser.taken
            else:
                at += size
        size //= 2
    return steps


def told_failure(driver: Untimed) -> str:
    """Why a run failed, "" if it did not."""
    if driver.error is not None:
        return str(driver.error)
    return str(driver.pruned) if isinstance(driver.pruned, Broken) else ""


def alike(a: str, b: str) -> bool:
    """Whether two failures are the same but for ids."""
    return re.sub(r"\d+", "#", a) == re.sub(r"\d+", "#", b)


def lines(chooser: Given, run: Run) -> tuple[str, ...]:
    """A line a step of a run that `chooser` led: who did what."""
    timeline = timeline_of(run, "schedule")
    teller = Teller(run.record)
    # None, where a law breaks at the start.
    ends = [*(row for _, row in chooser.began[1:]), len(timeline.events)][: len(chooser.began)]
    out = []
    for (head, first), last, step in zip(chooser.began, ends, chooser.taken, strict=True):
        said = " ".join(sentence for _, sentence, _ in walk(timeline, teller, first, last)) if last > first else ""
        numbers = f" [chose {', '.join(map(str, step[1:]))}]" if len(step) > 1 else ""
        out.append(f"{head:<24}{numbers}  {said}".rstrip())
    return tuple(out)
