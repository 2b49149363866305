"""The conformance suite passes what is right and names what is wrong."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import pytest

import gmplab as gl
import gmplab.policies as policies
from gmplab.analysis.check_policy import Finding, Report, check_policy, check_schedules
from gmplab.analysis.questions import random_view
from gmplab.analysis.traits import hand_over
from gmplab.analysis.trials import Trial, outcome, trials
from gmplab.errors import PolicyError
from gmplab.policies import (
    PRESETS, AsyncPreempt, Balance, FixedThreads, GoQueues, HoldThread, PlaceLocal, RandomVictims, RetakeBySysmon, SpinHalfBusy, StealHalf,
    WakeAlways, WakeIfNoneSpinning,
)
from gmplab.runtime.contracts import CONCERNS, Component, Orders

GO = PRESETS["go"]
SHIPPED = [getattr(policies, name) for names in policies.COMPONENTS.values() for name in names]


def concern_of(part: type) -> str:
    """The field of a Policy that takes such a component."""
    return next(concern for concern, base in CONCERNS.items() if issubclass(part, base))


def findings(**parts: Any) -> list[str]:
    """What is found in Go's policy with these components."""
    return [str(f) for f in check_policy(GO.replace(**parts), states=2, programs=2, schedules=5, strict=False)]


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_conforms(name: str) -> None:
    assert check_policy(PRESETS[name], states=2, programs=8, schedules=10) == []


@pytest.mark.parametrize("part", SHIPPED, ids=lambda part: part.__name__)
def test_every_shipped_component_conforms_also_as_an_interpreted_subclass(part: type, monkeypatch: Any) -> None:
    made: Any = type(f"My{part.__name__}", (part,), {"__module__": __name__})
    # Where pickle looks for it.
    monkeypatch.setitem(globals(), made.__name__, made)
    for component in (part(), made()):
        assert findings(**{concern_of(part): component}) == []


class Greedy(StealHalf):
    def amount(self, state: Any, view: Any, thief: Any, victim: Any, queued: Any) -> Any:
        return queued + 1


class Beyond(StealHalf):
    def victim(self, state: Any, view: Any, thief: Any, pass_: Any, i: Any, roll: Any) -> Any:
        return view.procs() if i else thief


class Raising(SpinHalfBusy):
    def may_spin(self, state: Any, view: Any, m: Any) -> Any:
        return 1 // view.nmspinning() > 0


class Numbered(RetakeBySysmon):
    def retake(self, state: Any, view: Any, p: Any, syscall_ns: Any) -> Any:
        return 1


class Hasty(WakeAlways):
    def delay_ns(self, state: Any, view: Any, why: Any) -> Any:
        return -2


class Empty(GoQueues):
    def global_batch(self, state: Any, view: Any, size: Any) -> Any:
        return 0


class Elsewhere(Balance):
    def act(self, state: Any, view: Any, orders: Orders) -> None:
        orders.move(1, 0, view.procs())


class NoPs(Balance):
    def act(self, state: Any, view: Any, orders: Orders) -> None:
        orders.set_procs(0)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (Greedy(), "steal: Greedy: amount(thief=0, victim=0, queued=1) with 1 P returned 2: must be an int of 0 to 1"),
        (Beyond(), "steal: Beyond: victim(thief=0, pass_=0, i=1, roll=0) with 2 Ps returned 2: must be a P, 0 to 1"),
        (Hasty(), "wake: Hasty: delay_ns(why=0) with 1 P returned -2: must be -1 (do not wake), 0 or a delay in ns"),
        (Empty(), "queues: Empty: global_batch(size=1) with 1 P returned 0: must be an int of 1 to 1"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_an_answer_out_of_bounds_is_told_with_question_and_bound(part: Component, told: str) -> None:
    assert findings(**{concern_of(type(part)): part}) == [told]


class Boastful(RandomVictims):
    def each_once(self) -> bool:
        return True


def test_a_pass_that_claims_to_visit_each_p_once_and_does_not_is_told() -> None:
    (told,) = findings(steal=Boastful(n=2))
    assert told.startswith("steal: Boastful: victim(thief=0, pass_=0, probes=2, roll=")
    assert told.endswith(" with 1 P returned [0, 0]: must be each of the 1 Ps once, since each_once says so")


def test_who_probes_otherwise_than_a_shipped_thief_is_not_held_to_its_claim() -> None:
    class Brief(StealHalf):
        def probes(self, state: Any, view: Any, thief: Any) -> Any:
            return 1

    assert findings(steal=Brief()) == []


def test_an_answer_of_the_wrong_type_is_told() -> None:
    (told,) = findings(handoff=Numbered())
    assert told.startswith("handoff: Numbered: retake(p=0, syscall_ns=0)") and "must be a bool" in told


def test_a_sheet_that_cannot_be_carried_out_is_told() -> None:
    assert "returned (-1, 0, 0, (1, 0, 1)): must be" in findings(control=Elsewhere())[0]
    assert "returned (0, 0, 0): must be (procs: -1 or 1 to 65534" in findings(control=NoPs())[0]


def test_a_method_that_raises_is_told() -> None:
    assert any("raised ZeroDivisionError" in told for told in findings(spin=Raising()))


class Moody(PlaceLocal):
    """Counts in its class."""

    asked = 0

    def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
        Moody.asked += 1
        return Moody.asked % view.procs()


class Gambler(PlaceLocal):
    """Has dice of its own."""

    def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
        return random.randrange(view.procs())


class Hurried(PlaceLocal):
    """Looks at the clock on the wall."""

    def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
        return time.perf_counter_ns() // 100 % view.procs()


@pytest.mark.parametrize("place", [Moody(), Gambler(), Hurried()], ids=lambda x: type(x).__name__)
def test_an_answer_that_depends_on_more_than_the_view_is_told(place: PlaceLocal) -> None:
    assert any("for the same view and dice" in told for told in findings(place=place))


SHARED: list[int] = []


class Hoarder(PlaceLocal):
    """Gives all runs one state."""

    def start(self, view: Any) -> Any:
        return SHARED


class Later(PlaceLocal):
    """Is another one from the third run on."""

    runs = 0

    def start(self, view: Any) -> Any:
        Later.runs += 1
        return Later.runs

    def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
        return p if state < 3 else -1


def test_what_one_run_leaves_to_the_next_is_told() -> None:
    assert findings(place=Hoarder()) == ["place: Hoarder: start gave two runs the same object, a list"]
    Later.runs = 0
    # Two runs side by side agree; the third does not.
    assert findings(place=Later()) == ["place: Later: place(why=0, g=0, p=0) with 1 P returned 0 in one run and -1 in the next"]


class Peeking(PlaceLocal):
    """Uses what only the view of the tests has."""

    def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
        return view.queued.index(min(view.queued))


class Meddling(PlaceLocal):
    """Reaches for the core behind the view, and moves what it finds."""

    def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
        view.s.runq.pop()
        return p


@pytest.mark.parametrize(("place", "name"), [(Peeking(), "queued"), (Meddling(), "s")], ids=["the test's view", "the core"])
def test_a_component_may_use_the_methods_of_a_view_alone(place: PlaceLocal, name: str) -> None:
    (found,) = check_policy(GO.replace(place=place), states=1, strict=False)
    assert str(found).endswith(f"with 1 P raised AttributeError: 'OnlyView' object has no attribute {name!r}")
    assert found.advice.startswith("use the methods of View alone: now_ns, procs, queue_len, head, load")


@dataclass(frozen=True)
class Sly(WakeAlways):
    after_ns: int = 0

    def delay_ns(self, state: Any, view: Any, why: Any) -> Any:
        object.__setattr__(self, "after_ns", self.after_ns + 1)
        return 0


def test_a_component_that_changes_itself_is_told() -> None:
    assert any("Sly: changed a field of itself: {'after_ns': 0} became" in told for told in findings(wake=Sly()))


@dataclass(frozen=True)
class Listed(PlaceLocal):
    order: Any = None


def test_a_field_that_is_no_value_is_told() -> None:
    (told,) = findings(place=Listed(order=[3, 1, 2]))
    assert told.startswith("place: Listed: is not hashable")


def test_a_field_that_does_not_pickle_is_told() -> None:
    assert "does not pickle (TypeError: cannot pickle 'generator' object)" in findings(place=Listed(order=iter_of_nothing()))[0]


def iter_of_nothing() -> Any:
    """A generator: it hashes and does not pickle."""
    yield from ()


def test_a_class_that_only_cloudpickle_can_take_along_is_fine() -> None:
    class Local(PlaceLocal):
        pass

    assert findings(place=Local()) == []


IN_MAIN = """
import sys
import cloudpickle, gmplab as gl

class StealTwo(gl.StealHalf):
    def amount(self, state, view, thief, victim, queued):
        return min(2, queued)

policy = gl.policy_of("go").replace(steal=StealTwo())
assert gl.check_policy(policy, states=1, programs=1) == []
sys.stdout.buffer.write(cloudpickle.dumps(policy))
"""
ELSEWHERE = """
import pickle, sys
import gmplab as gl

policy = pickle.loads(sys.stdin.buffer.read())
print(policy.steal.amount(None, None, 0, 1, 9), gl.run("fanout", n=20, policy=policy).complete)
"""


def test_a_component_of_a_notebook_goes_to_another_process_by_cloudpickle() -> None:
    def python(code: str, given: bytes = b"") -> bytes:
        return subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, check=True).stdout

    assert python(ELSEWHERE, python(IN_MAIN)) == b"2 True\n"


class Thawed(PlaceLocal):
    """Can be changed."""

    __setattr__ = object.__setattr__


def test_a_component_that_can_be_changed_is_told() -> None:
    assert findings(place=Thawed()) == ["place: Thawed: is not frozen: its field 'child_first' can be set"]


def test_a_constant_out_of_bounds_is_told() -> None:
    steal = StealHalf()
    object.__setattr__(steal, "passes", -1)
    assert findings(steal=steal) == ["policy: policy 'go': steal: StealHalf: passes = -1: must be an int of at least 0"]


def test_a_component_of_another_concern_is_told_or_refused() -> None:
    # Compiled, the policy cannot even be made.
    try:
        (told,) = findings(steal=WakeAlways())
    except TypeError as e:
        told = str(e)
    assert "WakeAlways" in told and "Steal" in told


@dataclass(frozen=True)
class Always64(GoQueues):
    capacity: int = 64


def test_another_default_in_an_interpreted_subclass_works_or_is_told() -> None:
    found = findings(queues=Always64())
    assert found == [] or found == [
        "queues: Always64: the field 'capacity' has no value in the compiled build: pass it to the constructor instead "
        "of giving it another default in an interpreted subclass"
    ]


def test_a_stateful_component_that_forgets_gomaxprocs_changes_is_told() -> None:
    assert any("Frozen: victim(" in told and "must be a P, 0 to 2" in told for told in findings(steal=Frozen()))


class Frozen(StealHalf):
    def start(self, view: Any) -> Any:
        return view.procs()

    def victim(self, state: Any, view: Any, thief: Any, pass_: Any, i: Any, roll: Any) -> Any:
        return (roll + i) % state


def test_findings_are_raised_together_unless_asked_for() -> None:
    with pytest.raises(PolicyError, match=r"(?s)policy 'go' breaks its contract; tried: .*\n- steal: Greedy.*\n- wake: Hasty"):
        check_policy(GO.replace(steal=Greedy(), wake=Hasty()))
    found = check_policy(GO.replace(wake=Hasty()), strict=False)
    assert isinstance(found[0], Finding) and found[0].component == "wake: Hasty"


@pytest.mark.parametrize(("policy", "error"), [("go", TypeError), (None, TypeError)])
def test_something_else_than_a_policy_is_refused(policy: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="must be a gmplab.Policy"):
        check_policy(policy)


def test_the_number_of_states_is_checked() -> None:
    with pytest.raises(ValueError, match="states = 0: must be an int of at least 1"):
        check_policy(GO, states=0)


def test_a_random_view_is_the_same_for_the_same_seed() -> None:
    a, b, c = random_view(8, 1, 3), random_view(8, 1, 3), random_view(8, 2, 3)
    assert (a.queued, a.at_ns, a.below(1_000)) == (b.queued, b.at_ns, b.below(1_000))
    assert a.queued != c.queued


STUCK = GO.replace(
    name="stuck", block=HoldThread(), machines=FixedThreads(n=1), preempt=AsyncPreempt(quantum_ns=1_000, exact=True),
)
"""Who waits for a mutex holds the only thread, and who has it was preempted."""


def test_a_program_that_does_not_come_to_its_end_is_made_small_and_told() -> None:
    (found,) = check_policy(STUCK, states=1, strict=False)
    assert found.component == "policy"
    assert found.fact.startswith("a program fails: procs=1, seed=")
    assert "main and 2 goroutines (" in found.fact and "lock" in found.fact and ": DeadlockError: " in found.fact
    assert "it differs from Go's policy in block, preempt, machines: put those back one by one" in found.advice


def test_a_report_says_what_was_tried_what_failed_and_what_to_do() -> None:
    lines = str(check_policy(GO.replace(name="mine", wake=Hasty()), states=1, strict=False)).splitlines()
    assert lines[0].startswith("policy 'mine' breaks its contract; tried: ")
    assert lines[0].endswith("questions in random states of 1 to 64 Ps, no program, since the answers are wrong already")
    assert lines[1] == "- wake: Hasty: delay_ns(why=0) with 1 P returned -2: must be -1 (do not wake), 0 or a delay in ns"
    assert lines[2].startswith("  What to do: keep to the bound in every state")
    report = check_policy(GO, states=1, programs=3)
    assert isinstance(report, Report) and report == []
    assert str(report).endswith("3 random programs, each twice, 100 schedules of a small one") and "keeps its contract" in str(report)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("go", []), ("threadpool", []),
        # A stack, and looks of 1 us.
        ("rayon", ["it is not work-conserving: ", "a job that comes alone waits up to 0.96 us", "on one P a goroutine waits "]),
        ("java", ["on one P a goroutine waits for as long as two others ready one another (seen for 400 hand-overs)"]),
        ("jsq", ["it is not work-conserving: some P idled beside work for 4.5 % of the time at a load of 90 %"]),
        ("shenango", ["it is not work-conserving: ", "a job that comes alone waits up to 5 us"]),
    ],
)
def test_what_is_no_breach_and_good_to_know_is_told(name: str, told: list[str]) -> None:
    report = check_policy(PRESETS[name], states=1, programs=1, schedules=20)
    assert (list(report), len(report.traits)) == ([], len(told))
    assert [trait.startswith(begin) for trait, begin in zip(report.traits, told, strict=True)] == [True] * len(told)
    assert str(report).splitlines()[1:] == [f"- no breach, but good to know: {trait}" for trait in report.traits]


class Forgetful(WakeIfNoneSpinning):
    """Who readies a goroutine wakes nobody."""

    def delay_ns(self, state: Any, view: Any, why: Any) -> Any:
        return -1 if why == gl.FOR_READY else super().delay_ns(state, view, why)


def test_a_wake_up_that_is_lost_in_one_bad_moment_is_told() -> None:
    # A run in virtual time of the same program shows nothing: no P idles beside work in it.
    policy = GO.replace(wake=Forgetful())
    run = gl.run(hand_over, policy=policy, procs=2, costs=gl.Costs.zero(), drain=True)
    (told,) = [trait for trait in check_policy(policy, states=1, programs=1).traits if trait.startswith("it loses wake-ups: ")]
    assert (run.metrics["idle_overloaded_wall_ns"], "idle beside work: g" in told, told[-7:]) == (0, True, "ch step")
    again = gl.explore(hand_over, policy, walk="pct", bound=gl.Bound(schedules=100))
    assert again.failure is not None and "idle beside work" in again.failure.why


class Late(WakeIfNoneSpinning):
    """Is asked for something that it cannot answer only where an M spins while a goroutine is readied."""

    def delay_ns(self, state: Any, view: Any, why: Any) -> Any:
        return 0 if why != gl.FOR_READY or view.nmspinning() == 0 else -2


def test_a_failure_of_one_schedule_is_a_breach_and_told_with_its_length() -> None:
    explored = gl.explore(hand_over, GO.replace(wake=Late()), walk="pct", prune=False, bound=gl.Bound(schedules=100, depth=150))
    (found,) = check_schedules(explored)
    assert found.fact.startswith("fails in a schedule of ") and "Late.delay_ns returned -2" in found.fact
    assert check_schedules(gl.explore(hand_over, GO, walk="pct", bound=gl.Bound(schedules=3))) == []


class Idler(StealHalf):
    """Looks, and takes nothing."""

    def amount(self, state: Any, view: Any, thief: Any, victim: Any, queued: Any) -> Any:
        return 0


def test_a_thief_that_takes_nothing_keeps_the_contract_and_is_told() -> None:
    report = check_policy(GO.replace(steal=Idler()), states=1, programs=8)
    assert list(report) == []
    assert report.traits[0] == (
        "its thieves look and take nothing: amount gave 0 of 1, 2, 3, 256, 100000 queued goroutines; NoStealing() is the same "
        "without the looks"
    )


def test_a_check_leaves_the_last_run_alone() -> None:
    run = gl.run("fanout", n=3)
    check_policy(GO, states=1, programs=2)
    assert gl.last is run


def test_random_programs_are_the_same_for_the_same_seed_and_go_runs_them() -> None:
    assert trials(5, 1) == trials(5, 1) != trials(5, 2)
    assert outcome(GO, Trial((("compute", "spawn"), ()), 2, 1, True))[1] == ""
