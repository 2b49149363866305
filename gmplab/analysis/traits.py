"""What a policy is like beside its contract: no breach, and yet what its author should know. For `check_policy`.

Each trait but the last is seen in one small run without costs, where nothing but the policy can make anybody wait; that
wake-ups get lost is seen in some schedule of a small case, where the bad moment need not come by itself.
"""

from __future__ import annotations

from typing import Any

from gmplab import experiment
from gmplab.analysis.explore.exploration import Exploration, explore
from gmplab.analysis.explore.laws import BESIDE_WORK
from gmplab.analysis.explore.walk import Bound
from gmplab.analysis.questions import random_view
from gmplab.errors import GmplabError
from gmplab.policies.fakeview import OnlyView
from gmplab.runtime.verbs import compute, go, recv, send, wait
from gmplab.runtime.chan import Chan
from gmplab.runtime.contracts import Policy
from gmplab.runtime.costs import Costs
from gmplab.runtime.program import Program
from gmplab.runtime.sync import WaitGroup
from gmplab.traces.run import Run

HAND_OVERS = 400
QUEUED = (1, 2, 3, 256, 100_000)
"""Lengths of a victim's queue that a thief is asked about."""
DEEP = 150
"""Steps of a schedule of `hand_over`, at most: of Go's rules it has about 40; thieves that look on and on would go on for ever."""


def traits(policy: Policy, explored: Exploration | None) -> list[str]:
    """A sentence for each: a thief takes nothing; a P idles beside work; who comes alone waits; two starve a third; lost wake-ups."""
    told = [trait(policy) for trait in (takes_nothing, idles_beside_work, delays_who_comes_alone, starves_a_third)]
    return [sentence for sentence in (*told, loses_wake_ups(explored)) if sentence]


def some_schedules(policy: Policy, n: int) -> Exploration:
    """n schedules of `hand_over` on two Ps, drawn by priorities that change (PCT)."""
    return explore(hand_over, policy, walk="pct", prune=False, bound=Bound(schedules=n, depth=DEEP))


def hand_over() -> Any:
    """One goroutine readies another and goes on; both compute. A pool of two threads that hold their tasks comes to its end too."""
    c = Chan()

    def sender() -> Any:
        yield send(c)
        yield compute(us=1)

    yield go(sender)
    yield recv(c)
    yield compute(us=1)


def loses_wake_ups(explored: Exploration | None) -> str:
    """Whether in some schedule a P was left idle beside work, with nobody on the way there."""
    failure = explored.failure if explored is not None else None
    if failure is None or BESIDE_WORK not in failure.why:
        return ""
    return (
        f"it loses wake-ups: after {len(failure)} steps of a schedule {failure.why}. print(gmplab.explore("
        f"gmplab.analysis.traits.hand_over, policy, walk='pct').failure) tells each step"
    )


def without_costs(policy: Policy, program: Any, procs: int, **params: Any) -> Run | None:
    """The run of a program, None where it does not come to its end; `gmplab.last` stays what it was."""
    before = experiment.last
    try:
        return experiment.run(program, policy=policy, procs=procs, costs=Costs.zero(), drain=True, until="10s", **params)
    except GmplabError:
        return None
    finally:
        experiment.last = before


def takes_nothing(policy: Policy) -> str:
    """Whether thieves look and leave everything where it is."""
    steal, view = policy.steal, OnlyView(random_view(2, 1, 0))
    state = steal.start(view)
    if steal.passes == 0 or any(steal.amount(state, view, 0, 1, n) for n in QUEUED):
        return ""
    return (
        f"its thieves look and take nothing: amount gave 0 of {', '.join(map(str, QUEUED))} queued goroutines; NoStealing() "
        "is the same without the looks"
    )


def idles_beside_work(policy: Policy) -> str:
    """Whether some P is idle while a job waits, at three Ps that are busy to 90 %."""
    run = without_costs(policy, "open_loop", 3, n=300, gap="exp(10us)", service=27_000)
    idle_ns = run.metrics["idle_overloaded_wall_ns"] if run is not None else 0
    if run is None or idle_ns == 0:
        return ""
    share = 100 * idle_ns / run.record.end_ns
    return f"it is not work-conserving: some P idled beside work for {share:.2g} % of the time at a load of 90 %"


def delays_who_comes_alone(policy: Policy) -> str:
    """Whether a job waits that finds nobody else."""
    run = without_costs(policy, "open_loop", 3, n=40, gap=50_000, service="uniform(1us,40us)")
    most_ns = run.metrics["wait_max_ns"] if run is not None else 0
    return f"a job that comes alone waits up to {most_ns / 1000:.2g} us" if most_ns > 0 else ""


def starves_a_third(policy: Policy) -> str:
    """Whether, on one P, a goroutine waits for as long as two others hand over to each other."""

    def main() -> Any:
        there, back, both = Chan(), Chan(), WaitGroup(2)
        yield go(Program("third").compute(1_000))
        yield go(Program("ping").loop(HAND_OVERS).send(there).recv(back).end().done(both))
        yield go(Program("pong").loop(HAND_OVERS).recv(there).send(back).end().done(both))
        yield wait(both)

    run = without_costs(policy, main, 1)
    if run is None or list(run.schedule["g"]).index(2) < 2 * HAND_OVERS - 10:
        return ""
    return f"on one P a goroutine waits for as long as two others ready one another (seen for {HAND_OVERS} hand-overs)"
