"""Random programs under a policy: does every goroutine come to its end, once, and the same way each time?

A trial is plain data, so that one that fails can be made smaller. Its goroutines depend on nothing that another still
has to begin: also a pool of one thread comes to the end of them, and whoever does not is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from gmplab import experiment
from gmplab.errors import GmplabError
from gmplab.runtime.verbs import acquire, compute, go, gosched, io, release, sleep, syscall
from gmplab.runtime.contracts import Policy
from gmplab.runtime.costs import Costs
from gmplab.runtime.dice import below, draw, stream
from gmplab.runtime.distributions import Uniform
from gmplab.runtime.sync import Mutex
from gmplab.traces.replay import validate
from gmplab.traces.run import Run

ACTS: Final = ("compute", "gosched", "sleep", "syscall", "blocking call", "io", "lock", "spawn")
UNTIL: Final = "10s"
"""Virtual time that no trial needs: each act takes at most 90 us."""
MAX_EVENTS: Final = 1 << 20


@dataclass(frozen=True)
class Trial:
    """One program and how it is run.

    Parameters
    ----------
    goroutines : tuple of tuple of str
        What each goroutine that main makes does, from `ACTS`.
    procs, seed : int
    free : bool
        Zero costs, else those of the Linux VM.
    """

    goroutines: tuple[tuple[str, ...], ...]
    procs: int
    seed: int
    free: bool

    def __str__(self) -> str:
        bodies = "; ".join(", ".join(acts) or "nothing" for acts in self.goroutines)
        costs = "Costs.zero()" if self.free else "Costs.linux_vm()"
        return f"procs={self.procs}, seed={self.seed}, {costs}, main and {len(self.goroutines)} goroutines ({bodies})"


def trials(n: int, seed: int) -> list[Trial]:
    """n random trials: few Ps and many, few goroutines and many, with and without costs."""
    made = []
    for i in range(n):
        key = stream(seed, 1, i)
        acts = [
            tuple(ACTS[below(draw(key, 100 * g + k), len(ACTS))] for k in range(below(draw(key, 100 * g + 99), 6)))
            for g in range(1 + below(draw(key, 1), 12))
        ]
        made.append(Trial(tuple(acts), (1, 2, 3, 8)[i % 4], seed * 1_000 + i, i % 8 < 4))
    return made


def program(trial: Trial) -> Any:
    """Main makes the goroutines, computes a little and returns; the run drains the others."""

    def main() -> Any:
        mu = Mutex()

        def worker(acts: tuple[str, ...]) -> Any:
            for act in acts:
                if act == "compute":
                    yield compute(Uniform(0, 20_000))
                elif act == "gosched":
                    yield gosched()
                elif act == "sleep":
                    yield sleep(Uniform(1, 9_000))
                elif act == "syscall":
                    yield syscall(Uniform(0, 90_000))
                elif act == "blocking call":
                    yield syscall(us=20, blocking=True)
                elif act == "io":
                    yield io(us=7)
                elif act == "lock":
                    yield acquire(mu)
                    yield compute(us=3)
                    yield release(mu)
                else:
                    yield go(worker, ("compute",))

        for acts in trial.goroutines:
            yield go(worker, acts)
        yield compute(us=1)

    return main


def tried(policy: Policy, trial: Trial) -> Run:
    """The run of one trial; `gmplab.last` stays what it was."""
    before = experiment.last
    try:
        return experiment.run(
            program(trial), procs=trial.procs, policy=policy, seed=trial.seed,
            costs=Costs.zero() if trial.free else Costs.linux_vm(), until=UNTIL, max_events=MAX_EVENTS, drain=True,
        )
    finally:
        experiment.last = before


def outcome(policy: Policy, trial: Trial) -> tuple[str, str]:
    """The digest of a trial's run, and what went wrong in it; "" for nothing."""
    try:
        run = tried(policy, trial)
        if run.record.complete:
            # Whoever has meddled with the core leaves a record that cannot be.
            validate(run)
    except GmplabError as e:
        return "", f"{type(e).__name__}: {e}"
    # Those of the system, as the one that changes GOMAXPROCS, wait for ever.
    user = run.goroutines[run.goroutines["kind"] == "user"]
    left = user["g"][user["exited_ns"].isna()].tolist()
    if not run.record.complete:
        return run.digest, f"goroutines {left} have not come to their end after {UNTIL} or {MAX_EVENTS} events"
    return run.digest, f"the run is over, and goroutines {left} have never ended" if left else ""


def smallest(policy: Policy, trial: Trial, budget: int = 40) -> tuple[Trial, str]:
    """A smaller trial that fails too, found by leaving parts out, and its failure.

    At most `budget` are tried, a tenth of them where each takes a million steps.
    """
    told = outcome(policy, trial)[1]
    if told.startswith("SchedError"):
        budget //= 10
    again = True
    while again:
        again = False
        for smaller in parts_of(trial):
            budget -= 1
            if budget < 0:
                return trial, told
            fails = outcome(policy, smaller)[1]
            if fails:
                trial, told, again = smaller, fails, True
                break
    return trial, told


def parts_of(trial: Trial) -> list[Trial]:
    """The trial with fewer goroutines, one act less, or fewer Ps; what leaves out most comes first."""
    gs = trial.goroutines
    found = [replace(trial, goroutines=half) for half in (gs[: len(gs) // 2], gs[len(gs) // 2 :]) if len(gs) > 1]
    found += [replace(trial, goroutines=gs[:i] + gs[i + 1 :]) for i in range(len(gs))]
    found += [
        replace(trial, goroutines=(*gs[:i], acts[:k] + acts[k + 1 :], *gs[i + 1 :])) for i, acts in enumerate(gs) for k in range(len(acts))
    ]
    return found + [replace(trial, procs=n) for n in (1, 2, 3) if n < trial.procs]
