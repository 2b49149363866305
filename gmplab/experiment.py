"""`run()`: names become objects here and nowhere else, and the driver is picked."""

from __future__ import annotations

import gc
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import gmplab.policies
from gmplab.errors import GmplabError, NotInstalled
from gmplab.interrupts import interruptible
from gmplab.names import is_registered, listed, loaded, nearest, register as let_stand, third_party
from gmplab.policies import COMPONENTS, PRESETS
from gmplab.progress import Progress
from gmplab.runtime.program import Program
from gmplab.runtime.bodies import here
from gmplab.runtime.contracts import CONCERNS, Component, Policy
from gmplab.runtime.costs import Costs, Topology
from gmplab.runtime.durations import duration_ns
from gmplab.runtime.outside import Source
from gmplab.runtime.recorder import Record
from gmplab.runtime.sim import Plan, simulate
from gmplab.threads.live import live
from gmplab.traces.run import Run
from gmplab.traces.when import Watch
from gmplab.vocabulary import GO_VERSION, LEVELS, MAX_PROCS, MODEL, SCHEMA
from gmplab.workloads import WORKLOADS, is_workload
from gmplab.workloads.parameters import parameters_of, text_of

last: Any = None
"""The newest result: a run, also one that failed; after `%gmp compare` or `%gmp sweep` what they found."""
DRIVERS = ("sim", "threads")
"""What a run can run on."""


POLICIES = "gmplab.policies"
"""The entry-point group of third-party policies: each name is a `Policy`, or a component class."""


def policies() -> dict[str, Policy]:
    """All policies by name: the presets, then those of third-party packages (entry points `gmplab.policies`)."""
    others = {name: made for name, made in listed(POLICIES).items() if isinstance(made, Policy)}
    return {**PRESETS, **{name: made for name, made in others.items() if name not in PRESETS}}


def components(concern: str) -> dict[str, type[Component]]:
    """All component classes of a concern by name: the shipped ones, then those of third-party packages."""
    if concern not in COMPONENTS:
        raise ValueError(f"concern {concern!r}: no such concern{nearest(concern, list(COMPONENTS))}")
    shipped = {name: getattr(gmplab.policies, name) for name in COMPONENTS[concern]}
    others = {
        name: made for name, made in listed(POLICIES).items() if isinstance(made, type) and issubclass(made, CONCERNS[concern])
    }
    return {**others, **shipped}


def policy_of(policy: str | Policy) -> Policy:
    """A preset or a third party's policy by name, or the policy itself.

    Parameters
    ----------
    policy : str or Policy
        "go", "tokio", "go1.14": `gmplab list policies` lists them; a Policy is returned as it is.

    Returns
    -------
    Policy
        A frozen value: `replace` makes another one of it.

    Raises
    ------
    ValueError
        No such name, with the nearest one; or its entry point cannot be imported, or is no Policy.

    Examples
    --------
    >>> policy_of("go").replace(steal=gmplab.StealOne()).steal.most
    1
    """
    if isinstance(policy, str):
        return PRESETS[policy] if policy in PRESETS else third_party_policy(policy)
    if not isinstance(policy, Policy):
        raise TypeError(f"policy = {policy!r}: must be a preset's name or a gmplab.Policy")
    return policy


def third_party_policy(name: str) -> Policy:
    """The policy of this name among the entry points."""
    offered = third_party(POLICIES)
    if name not in offered:
        raise ValueError(f"policy {name!r}: no such preset{nearest(name, [*PRESETS, *offered])}")
    made = loaded(POLICIES, name, offered[name])
    if isinstance(made, Policy):
        return made
    for concern in COMPONENTS:
        if isinstance(made, type) and issubclass(made, CONCERNS[concern]):
            raise ValueError(f"policy {name!r}: is a component: say policy_of('go').replace({concern}={made.__name__}())")
    raise ValueError(f"policy {name!r}: its entry point ({offered[name].value}) is {made!r}: must be a gmplab.Policy or a component class")


WORKLOAD_GROUP = "gmplab.workloads"
"""The entry-point group of third-party workloads: each name is a function that `gmplab.workload` decorated."""


def workloads() -> dict[str, Callable[..., Plan]]:
    """All workloads by name: the shipped ones, then those of third-party packages (entry points `gmplab.workloads`)."""
    others = {name: made for name, made in listed(WORKLOAD_GROUP).items() if is_workload(made) or is_registered(WORKLOAD_GROUP, name)}
    return {**WORKLOADS, **{name: made for name, made in others.items() if name not in WORKLOADS}}


def workload_of(name: str) -> Callable[..., Plan]:
    """A shipped workload or a third party's, by name.

    Raises
    ------
    ValueError
        No such name, with the nearest one; or its entry point cannot be imported, or is no workload.
    """
    if name in WORKLOADS:
        return WORKLOADS[name]
    offered = third_party(WORKLOAD_GROUP)
    if name not in offered:
        raise ValueError(f"workload {name!r}: no such workload{nearest(name, [*WORKLOADS, *offered])}")
    made: Callable[..., Plan] = loaded(WORKLOAD_GROUP, name, offered[name])
    if not is_workload(made) and not is_registered(WORKLOAD_GROUP, name):
        raise ValueError(
            f"workload {name!r}: its entry point ({offered[name].value}) is {made!r}: must be a function decorated with gmplab.workload"
        )
    return made


def register(name: str, thing: Any, replace: bool = False) -> None:
    """Give a policy or a workload a name in this process, to be used wherever a shipped one's can be.

    Parameters
    ----------
    name : str
        Begins with a letter; letters, digits and . _ + - may follow.
    thing : Policy, function, Program or Plan
        A policy; or what `run` takes as a workload: a function is the main goroutine's body, its parameters the workload's.
    replace : bool
        Whether the name may stand for something else so far. A shipped name always keeps its meaning.

    Raises
    ------
    ValueError
        The name is a shipped one's, or is taken and `replace` is False, or cannot be a name.
    TypeError
        The thing is neither.

    Examples
    --------
    >>> register("no-stealing", policy_of("go").replace(steal=gmplab.policies.NoStealing()), replace=True)
    >>> "no-stealing" in policies()
    True
    """
    if not re.fullmatch(r"[A-Za-z_][\w.+-]*", name):
        raise ValueError(f"name {name!r}: must begin with a letter and hold only letters, digits and . _ + -")
    is_policy = isinstance(thing, Policy)
    if not is_policy and (isinstance(thing, type) or not (callable(thing) or isinstance(thing, Plan | Program))):
        raise TypeError(f"{name}: {thing!r}: must be a gmplab.Policy, or a workload: a function, a Program or a Plan")
    group, kind = (POLICIES, "policy") if is_policy else (WORKLOAD_GROUP, "workload")
    if name in (PRESETS if is_policy else WORKLOADS):
        raise ValueError(f"name {name!r}: is a shipped {kind}'s: take another")
    if is_registered(group, name) and not replace:
        raise ValueError(f"name {name!r}: a {kind} has it already: take another, or replace it")
    let_stand(group, name, thing)


def plan_of(workload: Any, params: dict[str, Any]) -> Plan:
    """A plan from a workload or its name, a Plan, a Program, or a function that is the main goroutine's body."""
    given = workload if isinstance(workload, str) else ""
    if isinstance(workload, str):
        workload = workload_of(workload)
    if is_workload(workload):
        made: Plan = workload(**params)
        return made
    if isinstance(workload, Plan | Program):
        if params:
            raise TypeError(f"a {type(workload).__name__} takes no parameters: {', '.join(params)}")
        return workload if isinstance(workload, Plan) else Plan(workload, name=given or workload.name)
    if not callable(workload):
        raise TypeError(
            f"workload = {workload!r}: must be a workload or its name, a function (the main goroutine), a Program or a Plan"
        )
    name = given or getattr(workload, "__name__", type(workload).__name__)
    body = body_of(workload, name, params)
    return Plan(body, name=name, params={parameter: text_of(value) for parameter, value in params.items()})


def body_of(fn: Callable[..., Any], name: str, params: dict[str, Any]) -> Callable[..., Any]:
    """A function as a body without parameters; `TypeError` with those that it has where `params` do not fit."""
    try:
        takes = inspect.signature(fn)
    except ValueError:  # some of those written in C cannot be asked
        return bind(fn, params)
    try:
        takes.bind(**params)
    except TypeError as e:
        raise TypeError(f"{name}: {e} (it has {parameters_of(fn)})") from None
    return bind(fn, params) if params else fn


def bind(fn: Callable[..., Any], params: dict[str, Any]) -> Callable[..., Any]:
    """fn with its parameters given, still a generator, coroutine or plain function."""
    if inspect.isgeneratorfunction(fn):

        def generator() -> Any:
            return (yield from fn(**params))

        return generator
    if inspect.iscoroutinefunction(fn):

        async def coroutine() -> Any:
            return await fn(**params)

        return coroutine

    def plain() -> Any:
        return fn(**params)

    return plain


def run(
    workload: Any, *, on: str = "sim", procs: int = 4, policy: str | Policy = "go", seed: int = 1, record: str = "full",
    costs: Costs | None = None, topology: Topology | None = None, cpus: int | None = None, kernel_threads: int | None = None,
    until: int | str | None = None, when: str | None = None, max_events: int = 0, max_rows: int = 0, warmup: int | str = 0,
    drain: bool = False, arrive: str | None = None, strict: bool = True, progress: bool | Callable[[int, int], None] = False,
    lock_plain: bool = False, **params: Any,
) -> Run:
    """Run a workload, in virtual time or on real threads, and return its record.

    Parameters
    ----------
    workload : str, function, Program or Plan
        A workload's name ("fanout", see `gmplab.workloads`), a workload, a plan, or the main goroutine's body: a function
        or a Program. When main returns the run ends, unless `drain`; what it returned is the run's `result`.
    on : {"sim", "threads"}
        "sim": in virtual time. "threads": an M is a thread, this one m0, and time is real: costs are what things cost,
        the same seed gives other interleavings, and blocking calls block. See docs/threads.md.
    procs : int
        GOMAXPROCS, 1 to 65534.
    policy : str or Policy
        A preset's name, or a policy.
    seed : int
        The same inputs and seed give the same bytes.
    record : {"off", "schedule", "full", "calls"}
        What is recorded ("calls": also which function of the runtime called which, for `run.calltree`); counters
        and latency histograms are exact at every level.
    costs : Costs, optional
        Default: `Costs.linux_vm()`.
    topology : Topology, optional
        Which Ps are near one another, for costs that depend on it; default: all are.
    cpus : int, optional
        How many CPUs the Ms share, in turns of `Costs.kernel_slice_ns`; by default each M has its own. Differs: on a
        machine Ms always share. See `gmplab.runtime.cpus`; the metrics `cpu_waits` and `cpu_wait_ns` tell the effect.
    kernel_threads : int, optional
        How many threads the kernel grants the program (ulimit -u, pids.max), at least 2: m0 and sysmon. A clone beyond
        is tried again, and the 20th refusal ends the run. Go's own limit is `Machines.max_threads`.
    until : int (ns) or str, optional
        Where the run ends at the latest.
    when : str, optional
        A condition at whose first rising edge the run ends, after the step in which it came true: "P[0].depth > 200 and
        idle_p > 0", see `run.when`. It is looked at after each event, which takes some microseconds, in virtual time only,
        and needs level "full" or more. `stopped_by` is then "when".
    max_events : int
        After how many events of the simulator it ends at the latest; 0: no bound.
    max_rows : int
        With how many rows in all tables together it ends, so that its record fits in memory (up to 64 bytes a row); 0: no
        bound. It is looked at between events, and what the last of them wrote stays.
    warmup : int (ns) or str
        From when latencies count.
    drain : bool
        True: the run goes on when main has returned, until all other goroutines have.
    arrive : {"direct", "netpoll"}, optional
        How arrivals come; default: direct under `Costs.zero()`, else netpoll.
    strict : bool
        False: a run that fails is returned, `complete` False, and nothing is raised.
    progress : bool or function
        True: a bar on stderr, or in the notebook, once the run has taken half a second. A function is called every
        16,384 steps with the virtual instant (ns) and the schedules so far; a `KeyboardInterrupt` that it raises ends
        the run as Ctrl-C would.
    lock_plain : bool
        On threads a body must be able to move between them, which a plain function cannot. True: one may run all the
        same, with a thread locked to it until it returns.
    **params
        The workload's parameters, or the body's arguments.

    Raises
    ------
    ValueError
        An unknown name, with the nearest, or a value out of bounds.
    TypeError
        A parameter that the workload does not have, with those that it has, or a value of a wrong type.
    DeadlockError, GoPanic, ThreadLimitError, PolicyError, BodyError
        With `.run`, the record so far.

    Examples
    --------
    >>> run("fanout", n=100, procs=2).complete
    True
    >>> def main():
    ...     yield compute(us=5)
    >>> run(main, procs=2).metrics["p_running_ns"]
    5000
    """
    global last
    if record not in LEVELS:
        raise ValueError(f"record = {record!r}: must be one of {', '.join(LEVELS)}")
    if isinstance(procs, bool) or not isinstance(procs, int) or not 1 <= procs <= MAX_PROCS:
        raise ValueError(f"procs = {procs!r}: must be an int of 1 to {MAX_PROCS} Ps")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 1 << 62:
        raise ValueError(f"seed = {seed!r}: must be an int of 0 to 2**62 - 1")
    if arrive not in (None, "direct", "netpoll"):
        raise ValueError(f"arrive = {arrive!r}: must be 'direct' or 'netpoll'")
    if cpus is not None and (isinstance(cpus, bool) or not isinstance(cpus, int) or not 1 <= cpus <= MAX_PROCS):
        raise ValueError(f"cpus = {cpus!r}: must be an int of 1 to {MAX_PROCS} CPUs, or None: a CPU for each M")
    if kernel_threads is not None and (
        isinstance(kernel_threads, bool) or not isinstance(kernel_threads, int) or not 2 <= kernel_threads < 1 << 30
    ):
        raise ValueError(f"kernel_threads = {kernel_threads!r}: must be an int of at least 2 threads (m0, sysmon), or None: no limit")
    for bound, most in (("events", max_events), ("rows", max_rows)):
        if isinstance(most, bool) or not isinstance(most, int) or not 0 <= most < 1 << 62:
            raise ValueError(f"max_{bound} = {most!r}: must be an int of at least 0 {bound}; 0: no bound")
    watch = None if when is None else Watch(when, procs)
    if when is not None and LEVELS.index(record) < LEVELS.index("full"):
        raise ValueError(f"when = {when!r}: is looked for in the events: record = {record!r} must be 'full' or 'calls'")
    for what, value, kind in (("costs", costs, Costs), ("topology", topology, Topology)):
        if value is not None and not isinstance(value, kind):
            raise TypeError(f"{what} = {value!r}: must be a gmplab.{kind.__name__}, or None")
    for what, flag in (("drain", drain), ("strict", strict), ("lock_plain", lock_plain)):
        if not isinstance(flag, bool):
            raise TypeError(f"{what} = {flag!r}: must be True or False")
    chosen = policy_of(policy)
    plan = plan_of(workload, params)
    for source in plan.sources:
        if not isinstance(source, Source):
            raise TypeError(f"Plan: sources: {source!r}: must be a gmplab.Source")
    if on not in DRIVERS:
        raise ValueError(f"on = {on!r}: must be one of {', '.join(DRIVERS)}")
    of_sim = {"costs": costs, "topology": topology, "cpus": cpus, "kernel_threads": kernel_threads, "when": when}
    given = [what for what, value in of_sim.items() if value is not None]
    if on == "threads" and given:
        raise ValueError(f"{given[0]} is the simulator's: on = 'threads' everything is as it is on this machine")
    prices = costs if costs is not None else Costs.linux_vm()
    direct = not chosen.rules.netpoll or (on == "sim" and prices == Costs.zero())
    how = arrive or ("direct" if direct else "netpoll")
    until_ns = -1 if until is None else duration_ns(until, "until")
    warmup_ns = duration_ns(warmup, "warmup")
    header: dict[str, Any] = {
        "workload": plan.name, "params": dict(plan.params), "policy": chosen.name, "policy_repr": repr(chosen),
        "procs": procs, "cpus": cpus, "kernel_threads": kernel_threads, "seed": seed, "level": record,
        "costs": repr(prices) if on == "sim" else "measured", "arrive": how, "warmup_ns": warmup_ns, "until_ns": until_ns,
        "schema": list(SCHEMA), "model": MODEL, "go_version": GO_VERSION,
    }
    if when is not None:
        header["when"] = when
    asked: dict[str, Any] = {
        "procs": procs, "seed": seed, "level": LEVELS.index(record), "until_ns": until_ns, "max_events": max_events,
        "max_rows": max_rows, "warmup_ns": warmup_ns, "drain": drain, "arrive": how, "header": header,
    }
    with interruptible(), greenlets_of_its_own(), beating(progress, plan.name, until_ns) as beat:
        if on == "threads":
            header["on"] = on
            made, error = live(plan, chosen, lock_plain=lock_plain, pulse=beat, **asked)
        else:
            with uncollected():
                made, error = simulate(
                    plan, chosen, costs=prices, topology=topology or Topology(), cpus=cpus or 0,
                    kernel_threads=kernel_threads or 0, pulse=beat, when=watch, **asked,
                )
    return finished(made, error, strict)


def beating(progress: bool | Callable[[int, int], None], what: str, until_ns: int) -> Any:
    """What the driver calls now and then: a bar, a function of the caller's, or what only lets interrupts through."""
    if isinstance(progress, bool):
        return Progress(what, until_ns) if progress else nullcontext(pulse)
    if not callable(progress):
        raise TypeError(f"progress = {progress!r}: must be True, False or a function of an instant (ns) and the schedules so far")
    return nullcontext(progress)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's garbage collection: it would look at millions of live goroutines over and over."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def greenlets_of_its_own() -> Iterator[None]:
    """A run makes the greenlets of its plain functions; one inside a body gives the outer run's back when it ends."""
    place = here()
    outer = place.hub
    try:
        yield
    finally:
        place.hub = outer


def pulse(t_ns: int, n_schedules: int) -> None:
    """Called by the driver every 16,384 steps: as Python code it lets an interrupt through a compiled loop."""


def finished(record: Record, error: BaseException | None, strict: bool) -> Run:
    """The run, or its error with the run on it."""
    global last
    if isinstance(error, NotInstalled):
        # No fact about the program: it is told also where a failure is not raised, and is no result.
        raise error.with_traceback(None) from None
    made = Run(record)
    last = made
    if error is None:
        return made
    if isinstance(error, KeyboardInterrupt):
        error.run = made  # type: ignore[attr-defined]
        raise error
    if isinstance(error, GmplabError):
        error.run = made
    if strict or record.stopped_by == "error":
        raise error
    return made
