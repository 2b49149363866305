"""Policies are values, in both builds: they pickle, compare, and a subclass's fields are what the core reads."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from typing import Any

import cloudpickle
import pytest

import gmplab as gl
from gmplab.policies import PRESETS


@dataclasses.dataclass(frozen=True)
class OnePass(gl.StealHalf):  # type: ignore[misc, name-defined]
    """Gives an inherited field another default, and adds one of its own."""

    passes: int = 1
    most: int = 2

    def amount(self, state: Any, view: Any, thief: Any, victim: Any, queued: Any) -> Any:
        return min(self.most, queued)


@dataclasses.dataclass(frozen=True)
class TwoPasses(gl.StealHalf):  # type: ignore[misc, name-defined]
    """The same with an explicit field()."""

    passes: int = dataclasses.field(default=2)


def fan_out() -> Any:
    def worker() -> Any:
        yield gl.compute(us=50)

    for _ in range(20):
        yield gl.go(worker)
    yield gl.sleep(ms=1)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_survives_pickling(name: str) -> None:
    policy = PRESETS[name]
    back = pickle.loads(pickle.dumps(policy))
    assert (back, hash(back), back.rules) == (policy, hash(policy), policy.rules)


def test_a_component_written_in_python_survives_pickling_in_its_policy() -> None:
    policy = gl.policy_of("go").replace(steal=OnePass(most=3))
    assert pickle.loads(pickle.dumps(policy)) == policy


@pytest.mark.parametrize(("steal", "passes"), [(OnePass(), 1), (TwoPasses(), 2), (OnePass(passes=3), 3), (TwoPasses(passes=3), 3)])
def test_the_core_reads_the_default_that_a_subclass_gives_an_inherited_field(steal: Any, passes: int) -> None:
    run = gl.run(fan_out, policy=gl.policy_of("go").replace(steal=steal))
    given = OnePass(passes=passes) if isinstance(steal, OnePass) else gl.StealHalf(passes=passes)
    explicit = gl.run(fan_out, policy=gl.policy_of("go").replace(steal=given))
    assert (steal.passes, run.digest) == (passes, explicit.digest)
    tried = run.events.loc[run.events["kind"] == "StealPass", "m"]
    assert len(tried) > 0


class Lenient(gl.StealHalf):  # type: ignore[misc, name-defined]
    """Has a constructor of its own, which takes a text for its passes."""

    def __init__(self, passes: str) -> None:
        super().__init__(passes=int(passes))


@pytest.mark.parametrize(("made", "error", "message"), [
    (lambda: gl.StealHalf(passes="4"), TypeError, "StealHalf: passes = '4': must be an int"),
    (lambda: gl.StealHalf(1.5), TypeError, "StealHalf: passes = 1.5: must be an int"),
    (lambda: gl.StealHalf(passes=1 << 70), ValueError, f"StealHalf: passes = {1 << 70}: must be an int of at most 2**62"),
    (lambda: gl.GoQueues(runnext=1), TypeError, "GoQueues: runnext = 1: must be True or False"),
    (lambda: gl.GoQueues(order=4), TypeError, "GoQueues: order = 4: must be a text"),
    (lambda: OnePass(most="2"), TypeError, "OnePass: most = '2': must be an int"),
    (lambda: OnePass(passes=None), TypeError, "OnePass: passes = None: must be an int"),
    (lambda: gl.StealHalf(passes=True), TypeError, "StealHalf: passes = True: must be an int"),
    (lambda: gl.Rules(sysmon=1), TypeError, "Rules: sysmon = 1: must be True or False"),
    (lambda: gl.policy_of("go").replace(name=5), TypeError, "Policy: name = 5: must be a text"),
    (lambda: gl.policy_of("go").replace(spin=1), TypeError, "Policy: spin = 1: must be an instance of gmplab.Spin, or of a subclass"),
    (
        lambda: gl.policy_of("go").replace(steal=gl.StealHalf), TypeError,
        f"Policy: steal = {gl.StealHalf!r}: must be an instance of gmplab.Steal, or of a subclass",
    ),
    (lambda: Lenient(passes="many"), ValueError, "invalid literal for int() with base 10: 'many'"),
])
def test_a_field_of_another_type_is_told_by_its_name(made: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        made()
    assert str(caught.value) == message


@pytest.mark.parametrize("made", [gl.Costs, gl.Topology, gl.Plan, gl.Rules, gl.Policy, gl.StealHalf, OnePass])
def test_whoever_asks_how_one_is_made_is_told_its_fields(made: Any) -> None:
    assert list(inspect.signature(made).parameters) == [field.name for field in dataclasses.fields(made)]


def test_a_constructor_of_ones_own_takes_what_it_likes() -> None:
    assert Lenient(passes="3").passes == 3


def test_a_constructor_of_ones_own_is_known_as_one_wherever_it_was_typed() -> None:
    # The file of what `python -c` runs has the name of that in which the dataclass decorator writes.
    names: dict[str, Any] = {"StealHalf": gl.StealHalf}
    exec("class Typed(StealHalf):\n    def __init__(self, passes):\n        super().__init__(passes=int(passes))\n", names)
    assert names["Typed"](passes="3").passes == 3


@dataclasses.dataclass(frozen=True)
class Named(gl.StealHalf):  # type: ignore[misc, name-defined]
    """Has fields that its constructor does not take by position."""

    eager: bool = dataclasses.field(default=True, kw_only=True)
    seen: int = dataclasses.field(default=0, init=False)
    n: int = 3


@pytest.mark.parametrize("made", [Lenient("3"), Named(4, 3, 3_000, 3, False, 0, False, 0, 1, 9, eager=False)])
def test_a_component_is_copied_and_sent_to_a_worker_whatever_its_constructor_takes(made: Any) -> None:
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made)), cloudpickle.loads(cloudpickle.dumps(made))):
        assert (again, type(again), again.passes) == (made, type(made), made.passes)
        policy = gl.policy_of("go").replace(steal=again)
        assert gl.run("fanout", n=9, policy=policy).complete


def test_values_by_position_are_those_of_the_parameters() -> None:
    assert Named(4, 3, 3_000, 3, False, 0, False, 0, 1, 9).n == 9
    with pytest.raises(TypeError, match="^Named: n = 'many': must be an int$"):
        Named(4, 3, 3_000, 3, False, 0, False, 0, 1, "many")
