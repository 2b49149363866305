"""What must hold of `explore` itself, whatever the program: it is trusted to say that nothing else can happen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gmplab as gl
from gmplab.analysis.explore.schedule import Exact, header
from gmplab.analysis.explore.untimed import Untimed
from gmplab.analysis.explore.walk import AtRandom, Bound, ByPriority, DepthFirst, Walk
from gmplab.experiment import plan_of
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVELS

ACTS = st.sampled_from(["compute", "gosched", "lock", "send", "select", "syscall"])
BODIES = st.tuples(st.lists(ACTS, max_size=2), st.lists(ACTS, max_size=2))
"""What main does after its go statement, and what the goroutine does: nothing of it can block for ever."""
SMALL = st.tuples(st.lists(ACTS, max_size=1), st.lists(ACTS, max_size=1))
"""Such that all schedules can be seen."""
GO = gl.policy_of("go").replace(rules=gl.Rules(sysmon=False))
POLICIES = st.sampled_from(
    [GO, GO.replace(steal=gl.StealOne()), GO.replace(queues=gl.NoRunnext()), GO.replace(place=gl.PlaceGlobal()),
     GO.replace(handoff=gl.HandoffAtOnce()), GO.replace(spin=gl.NoSpinning()), GO.replace(machines=gl.FixedThreads())]
)
FULL = LEVELS.index("full")


def program(bodies: tuple[list[str], list[str]]) -> Any:
    """Main starts a goroutine; each does its acts."""

    def main() -> Any:
        c, mu = gl.Chan(8), gl.Mutex()

        def acts(names: list[str]) -> Any:
            for name in names:
                if name == "compute":
                    yield gl.compute(us=1)
                elif name == "gosched":
                    yield gl.gosched()
                elif name == "lock":
                    yield gl.acquire(mu)
                    yield gl.gosched()
                    yield gl.release(mu)
                elif name == "send":
                    yield gl.send(c, 1)
                elif name == "select":
                    yield gl.select(gl.recv_case(c), gl.send_case(c, 2))
                else:
                    yield gl.syscall(us=3)

        yield gl.go(acts, bodies[1])
        yield from acts(bodies[0])

    return main


def walked(walker: Walk, main: Any, policy: gl.Policy, procs: int) -> Walk:
    """A walk, to its end."""
    while True:
        walker.begin()
        driver = Untimed(plan_of(main, {}), policy, procs, 1, 0, walker)
        driver.run()
        walker.end(driver)
        if not walker.next():
            return walker


def seen(walker: Walk) -> tuple[set[int], set[tuple[int, int, tuple[int, ...], int]]]:
    """The states of a walk, and its steps: from where, by whose place, with which numbers, to where."""
    of = {node: state for state, node in walker.graph.node_of.items()} | {0: 0}
    steps = {
        (of[node], edge.actor, edge.numbers, of.get(edge.to, -1))
        for node, edges in enumerate(walker.graph.edges) if node in of for edge in edges
    }
    return set(of.values()), steps


@settings(max_examples=12, deadline=None, derandomize=True)
@given(bodies=BODIES, policy=POLICIES, procs=st.sampled_from([1, 2]), seed=st.integers(0, 99), walk=st.sampled_from([AtRandom, ByPriority]))
def test_a_schedule_gives_the_same_record_again(
    bodies: tuple[list[str], list[str]], policy: gl.Policy, procs: int, seed: int, walk: type[AtRandom]
) -> None:
    plan = plan_of(program(bodies), {})
    walker = walk(bound=Bound(depth=300), seed=seed)
    walker.begin()
    first = Untimed(plan, policy, procs, 1, FULL, walker)
    first.run()
    again = Untimed(plan, policy, procs, 1, FULL, Exact(tuple(walker.steps)))
    again.run()
    assert (again.n_steps, again.sched.rec.events.bytes_used()) == (first.n_steps, first.sched.rec.events.bytes_used())


@settings(max_examples=10, deadline=None, derandomize=True)
@given(bodies=SMALL, policy=POLICIES, procs=st.sampled_from([1, 2]), seed=st.integers(0, 99))
def test_where_all_was_seen_no_other_walk_comes_to_another_state_or_by_another_step(
    bodies: tuple[list[str], list[str]], policy: gl.Policy, procs: int, seed: int
) -> None:
    main = program(bodies)
    everything = walked(DepthFirst(bound=Bound(schedules=5_000)), main, policy, procs)
    assert everything.why == ""
    assume(everything.exhausted)
    states, steps = seen(everything)
    for walk in (AtRandom, ByPriority):
        some = walked(walk(bound=Bound(schedules=40), seed=seed), main, policy, procs)
        some_states, some_steps = seen(some)
        assert (some.why, some_states - states, some_steps - steps) == ("", set(), set())


@settings(max_examples=8, deadline=None, derandomize=True)
@given(bodies=SMALL)
def test_a_walk_that_turns_back_in_known_states_sees_every_state_that_one_sees_which_does_not(bodies: tuple[list[str], list[str]]) -> None:
    main = program(bodies)
    turning = walked(DepthFirst(bound=Bound(schedules=5_000)), main, GO, 2)
    states: set[int] = set()

    class Onward(DepthFirst):
        """Notes the states, and goes on from each as if it were new."""

        def turn(self, driver: Untimed, enabled: list[int]) -> Any:
            states.update(self.graph.node_of)
            self.least.clear()
            return super().turn(driver, enabled)

    onward = walked(Onward(bound=Bound(schedules=120, depth=60)), main, GO, 2)
    assume(turning.exhausted)
    assert (turning.why, onward.why, states - seen(turning)[0]) == ("", "", set())


@settings(max_examples=8, deadline=None, derandomize=True)
@given(bodies=SMALL, policy=POLICIES)
def test_steps_that_are_taken_together_hide_no_state_from_the_laws(bodies: tuple[list[str], list[str]], policy: gl.Policy) -> None:
    main = program(bodies)
    together = walked(DepthFirst(bound=Bound(schedules=5_000)), main, policy, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Untimed, "private", lambda self, mp: False)
        apart = walked(DepthFirst(bound=Bound(schedules=5_000)), main, policy, 2)
    assume(together.exhausted and apart.exhausted)
    assert (together.why, apart.why, seen(together)[0] - seen(apart)[0]) == ("", "", set())


@settings(max_examples=30, deadline=None, derandomize=True)
@given(bodies=BODIES, policy=POLICIES)
def test_the_first_schedule_on_one_p_is_that_of_a_run_without_costs(bodies: tuple[list[str], list[str]], policy: gl.Policy) -> None:
    # With one P there is nothing to choose but what comes after a select or a call; the plain answers come first.
    assume(not {"select", "syscall"} & {*bodies[0], *bodies[1]})
    # (A 61st tick is one of the open answers: here there is none.)
    policy = policy.replace(queues=replace(policy.queues, fair_tick=0))
    plan = plan_of(program(bodies), {})
    plain = DepthFirst(bound=Bound(), prune=False)
    plain.begin()
    driver = Untimed(plan, policy, 1, 1, FULL, plain)
    driver.run()
    first = Run(driver.finish(header(plan, policy, 1, 1)))
    run = gl.run(program(bodies), policy=policy, procs=1, costs=gl.Costs.zero())
    columns = ["g", "m", "p", "caller", "source", "local_q", "global_q"]
    assert first.schedule[columns].to_numpy().tolist() == run.schedule[columns].to_numpy().tolist()
