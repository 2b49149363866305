"""What a policy is like beside its contract: no breach, and yet what its author should know. For `check_policy`.

Each trait is seen in one small run without costs, where nothing but the policy can make anybody wait.
"""

from __future__ import annotations

from typing import Any

from gmplab import experiment
from gmplab.errors import GmplabError
from gmplab.runtime.bodies import go, wait
from gmplab.runtime.chan import Chan
from gmplab.runtime.contracts import Policy
from gmplab.runtime.costs import Costs
from gmplab.runtime.program import Program
from gmplab.runtime.sync import WaitGroup
from gmplab.traces.run import Run

HAND_OVERS = 400


def traits(policy: Policy) -> list[str]:
    """A sentence for each of: a P idles beside work; who comes alone waits; two that ready one another starve a third."""
    return [told for trait in (idles_beside_work, delays_who_comes_alone, starves_a_third) if (told := trait(policy))]


def without_costs(policy: Policy, program: Any, procs: int, **params: Any) -> Run | None:
    """The run of a program, None where it does not come to its end; `gmplab.last` stays what it was."""
    before = experiment.last
    try:
        return experiment.run(program, policy=policy, procs=procs, costs=Costs.zero(), drain=True, until="10s", **params)
    except GmplabError:
        return None
    finally:
        experiment.last = before


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
