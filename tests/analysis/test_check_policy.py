"""The conformance suite passes what is right and names what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import gmplab.policies as policies
from gmplab.analysis.check_policy import Finding, check_policy, random_view
from gmplab.errors import PolicyError
from gmplab.policies import (
    PRESETS, Balance, GoQueues, PlaceLocal, RetakeBySysmon, SpinHalfBusy, StealHalf, WakeAlways,
)
from gmplab.runtime.contracts import CONCERNS, Component, Orders, Policy

GO = PRESETS["go"]
SHIPPED = [getattr(policies, name) for names in policies.COMPONENTS.values() for name in names]


def concern_of(part: type) -> str:
    """The field of a Policy that takes such a component."""
    return next(concern for concern, base in CONCERNS.items() if issubclass(part, base))


def findings(**parts: Any) -> list[str]:
    """What is found in Go's policy with these components."""
    return [str(f) for f in check_policy(GO.replace(**parts), states=4, strict=False)]


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_conforms(name: str) -> None:
    assert check_policy(PRESETS[name]) == []


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
        (Greedy(), "steal: Greedy: amount(thief=0, victim=0, queued=1) with 1 Ps returned 2: must be an int of 0 to 1"),
        (Beyond(), "steal: Beyond: victim(thief=0, pass_=0, i=1, roll=0) with 1 Ps returned 1: must be a P, 0 to 0"),
        (Hasty(), "wake: Hasty: delay_ns(why=0) with 1 Ps returned -2: must be -1 (do not wake), 0 or a delay in ns"),
        (Empty(), "queues: Empty: global_batch(size=1) with 1 Ps returned 0: must be an int of 1 to 1"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_an_answer_out_of_bounds_is_told_with_question_and_bound(part: Component, told: str) -> None:
    assert findings(**{concern_of(type(part)): part}) == [told]


def test_an_answer_of_the_wrong_type_is_told() -> None:
    (told,) = findings(handoff=Numbered())
    assert told.startswith("handoff: Numbered: retake(p=0, syscall_ns=0)") and "must be a bool" in told


def test_a_sheet_that_cannot_be_carried_out_is_told() -> None:
    assert "returned (-1, 0, 0, (1, 0, 1)): must be" in findings(control=Elsewhere())[0]
    assert "returned (0, 0, 0): must be (procs: -1 or 1 to 65534" in findings(control=NoPs())[0]


def test_a_method_that_raises_is_told() -> None:
    assert any("raised ZeroDivisionError" in told for told in findings(spin=Raising()))


class Moody(PlaceLocal):
    asked = 0

    def place(self, state: Any, view: Any, why: Any, g: Any, p: Any) -> Any:
        Moody.asked += 1
        return Moody.asked % view.procs()


def test_an_answer_that_depends_on_more_than_the_view_is_told() -> None:
    assert any("for the same view and dice" in told for told in findings(place=Moody()))


@dataclass(frozen=True)
class Sly(WakeAlways):
    after_ns: int = 0

    def delay_ns(self, state: Any, view: Any, why: Any) -> Any:
        object.__setattr__(self, "after_ns", self.after_ns + 1)
        return 0


def test_a_component_that_changes_itself_is_told() -> None:
    assert any("changed a field of the component" in told for told in findings(wake=Sly()))


@dataclass(frozen=True)
class Listed(PlaceLocal):
    order: Any = None


def test_a_field_that_is_no_value_is_told() -> None:
    (told,) = findings(place=Listed(order=[3, 1, 2]))
    assert told.startswith("place: Listed: is not hashable")


def test_a_class_that_pickle_cannot_find_is_told() -> None:
    class Local(PlaceLocal):
        pass

    assert "does not pickle" in findings(place=Local())[0]


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
    with pytest.raises(PolicyError, match=r"(?s)policy 'go' breaks its contract:\n- steal: Greedy.*\n- wake: Hasty"):
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


def test_whole_runs_are_asked_last(monkeypatch: Any) -> None:
    asked: list[Policy] = []

    def check(policy: Policy) -> list[Finding]:
        asked.append(policy)
        return [Finding("policy", "lost a G")]

    monkeypatch.setattr("gmplab.analysis.check_policy.WHOLE_RUNS", [check])
    assert findings() == ["policy: lost a G"]
    assert len(asked) == 1
    assert findings(wake=Hasty())[0].startswith("wake: Hasty") and len(asked) == 1
