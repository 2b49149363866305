"""`explore`: all schedules of a small case, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gmplab.analysis.explore.laws import Law
from gmplab.analysis.explore.schedule import Along, Exact, Given, Schedule, header, lines, shorter
from gmplab.analysis.explore.untimed import ALL_ORDERS, ROLLS, Chooser, Untimed
from gmplab.analysis.explore.walk import WALKS, AtRandom, Bound, Walk
from gmplab.errors import NotInstalled
from gmplab.experiment import plan_of, policy_of
from gmplab.names import nearest
from gmplab.runtime.contracts import Policy, check_types
from gmplab.runtime.sim import Plan
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVELS, MAX_PROCS

EVERY: Final = 100
"""After so many runs whoever wants to know is told how far it is."""


@dataclass(frozen=True)
class Exploration:
    """What came of exploring a case.

    Attributes
    ----------
    failure : Schedule or None
        The shortest way found to where a law breaks.
    exhausted : bool
        Whether every schedule was seen, up to the `limits`; the laws then hold in all of them, if there is no failure.
    limits : tuple of str
        What was not left open, in words: nothing else was tried. () if there is nothing of the kind.
    states, edges, schedules, steps : int
        States seen, steps between them, runs made, and the steps of all runs.

    Examples
    --------
    >>> found = explore(gmplab.Program("main").compute("1us"), procs=1)
    >>> found.exhausted, found.failure, found.states > 10
    (True, None, True)
    """

    workload: str
    policy: str
    procs: int
    walk: str
    bound: Bound
    failure: Schedule | None
    exhausted: bool
    states: int
    edges: int
    schedules: int
    steps: int
    limits: tuple[str, ...] = ()

    def __str__(self) -> str:
        seen = f"{self.states:,} states and {self.edges:,} steps between them, in {self.schedules:,} runs"
        case = f"{self.workload} under {self.policy} on {self.procs} Ps ({self.walk})"
        if self.failure is not None:
            return f"{case}: FAILED after {seen}\n{self.failure}"
        if self.exhausted:
            where = f" in which {', and '.join(self.limits)}" if self.limits else ""
            return f"{case}: exhausted: the laws hold in every schedule{where}; {seen}"
        return f"{case}: nothing found up to the bound ({self.bound}); {seen}"

    __repr__ = __str__


def explore(
    workload: Any, policy: str | Policy = "go", *, procs: int = 2, bound: Bound | None = None, walk: str = "dfs", seed: int = 1,
    laws: Sequence[Law] = (), prune: bool = True, progress: Callable[[int, int], None] | None = None, **params: Any,
) -> Exploration:
    """Run a small case under every schedule, or many, and look for one that breaks a law.

    Time plays no part: at each step of the scheduler any M may be the next, computes and system calls end whenever they
    like, and so does sysmon's sleep; see `gmplab.analysis.explore.untimed`. The laws: the core's lists and counters agree,
    nothing throws, panics or deadlocks; no P sleeps beside work while the goroutines that run go on running; and, where
    all was seen, every runnable goroutine can still get to run, whatever happened before.

    Parameters
    ----------
    workload : str, function, Program or Plan
        As in `gmplab.run`. Small: the states multiply with each goroutine and P. A generator or a coroutine function may
        keep what it knows in local variables alone; other bodies, workloads that stop the world, and goroutines that both
        select and draw (`intn`) need `prune=False`.
    policy : str or Policy
        As `gmplab.run` takes it.
    procs : int
        GOMAXPROCS.
    bound : Bound, optional
        Where to stop.
    walk : {"dfs", "random", "pct"}
        Depth first, and it turns back in states that it knows; at random; or by random priorities that change a few times.
    seed : int
        Of "random" and "pct", and of what bodies draw.
    laws : sequence of function
        Your own, asked after each step: `law(view, rows)` gives None or "" if it holds, else in words what is broken.
        `view` is a `View`, `rows` are the events of the step: (t_ns, kind, g, m, p, arg, reason, aux).
    prune : bool
        Whether states are known again.
    progress : function, optional
        Called now and then with the numbers of states and of runs.
    **params
        The workload's parameters.

    Returns
    -------
    Exploration

    Raises
    ------
    ValueError, TypeError
        As `gmplab.run`.
    GmplabError
        The world was stopped, or a goroutine has selected and drawn, and prune is True.

    Examples
    --------
    >>> found = explore("fanout", policy_of("go").replace(wake=gmplab.WakeNever()), n=2)
    >>> found.failure.why
    'p1 idle beside work: g2 is in the queue of p0; every M sleeps, computes or is in a system call'
    """
    if walk not in WALKS:
        raise ValueError(f"walk = {walk!r}: must be one of {', '.join(WALKS)}{nearest(walk, list(WALKS))}")
    if isinstance(procs, bool) or not isinstance(procs, int) or not 1 <= procs <= MAX_PROCS:
        raise ValueError(f"procs = {procs!r}: must be an int of 1 to {MAX_PROCS} Ps")
    chosen = policy_of(policy)
    check_types(chosen)
    case = Case(plan_of(workload, params), chosen, procs, seed, tuple(laws))
    walker = WALKS[walk](bound=bound or Bound(), laws=case.laws, prune=prune)
    if isinstance(walker, AtRandom):
        walker.dice.seed(seed)
    search(case, walker, progress)
    never = walker.graph.never_runs() if walker.exhausted and prune and not walker.why else None
    if never is not None:
        walker.failed_at, g = never
        walker.why = f"g{g} is runnable, and whatever happens it never runs again"
    return Exploration(
        case.plan.name, case.policy.name, procs, walk, walker.bound, case.schedule(walker) if walker.why else None,
        walker.exhausted, walker.graph.states, walker.graph.steps, walker.schedules, walker.n_steps, tuple(limits(walker, procs, seed)),
    )


def limits(walker: Walk, procs: int, seed: int) -> Iterator[str]:
    """What a walk did not leave open."""
    if walker.graph.held_back:
        yield (
            f"those on their way to sleep come first while there are more than {procs} Ms, sysmon apart (in "
            f"{len(walker.graph.held_back):,} states others had to wait for them)"
        )
    if walker.drawn:
        yield f"goroutines draw what seed {seed} gives them"
    if procs > ALL_ORDERS:
        yield f"thieves walk in one of {ROLLS} orders"


@dataclass(frozen=True)
class Case:
    """What is explored."""

    plan: Plan
    policy: Policy
    procs: int
    seed: int
    laws: tuple[Law, ...]

    def driver(self, chooser: Chooser) -> Untimed:
        """One run of it. Nothing is recorded but for laws that read rows."""
        return Untimed(self.plan, self.policy, self.procs, self.seed, LEVELS.index("full") if self.laws else 0, chooser)

    def schedule(self, walker: Walk) -> Schedule:
        """The shortest schedule to what a walk found."""
        chooser: Given = Along(walker.graph.way(walker.failed_at), walker.prune)
        self.driver(chooser).run()
        steps = shorter(chooser.taken, walker.why, self.laws, self.driver)
        chooser = Exact(tuple(steps))
        driver = Untimed(self.plan, self.policy, self.procs, self.seed, LEVELS.index("full"), chooser)
        driver.run()
        run = Run(driver.finish(header(self.plan, self.policy, self.procs, self.seed)))
        return Schedule(
            walker.why, tuple(steps), lines(chooser, run), self.plan.name, dict(self.plan.params), self.policy.name,
            repr(self.policy), self.procs, self.seed, self.plan, self.policy,
        )


def search(case: Case, walker: Walk, progress: Callable[[int, int], None] | None) -> None:
    """One run after another, as the walk leads, until it has seen enough."""
    while True:
        walker.begin()
        driver = case.driver(walker)
        driver.run()
        if isinstance(driver.error, KeyboardInterrupt | NotInstalled):
            raise driver.error
        walker.end(driver)
        if progress is not None and walker.schedules % EVERY == 0:
            progress(walker.graph.states, walker.schedules)
        if not walker.next():
            return
