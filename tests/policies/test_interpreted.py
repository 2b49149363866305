"""A shipped component and an interpreted subclass of it give the same bytes, in the compiled build too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gmplab as gl
from gmplab.policies import COMPONENTS, PRESETS
from gmplab.runtime.contracts import CONCERNS
from gmplab.workloads import WORKLOADS
from tests.runtime.test_same_bytes import mixed

GO = gl.policy_of("go")
ANSWERS = {
    "queues": ("global_batch", "rank"), "place": ("place",), "steal": ("probes", "victim", "each_once", "amount"),
    "spin": ("may_spin", "again_ns"), "wake": ("delay_ns",), "handoff": ("at_entry_ns", "retake"), "block": (),
    "preempt": ("should",), "machines": ("may_create", "retire_after_ns"), "control": ("act",),
}
"""What the core asks a component of each concern, besides `start`."""
CLASSES = [(concern, getattr(gl, name)) for concern, names in COMPONENTS.items() for name in names]


def bare(part: type) -> Any:
    """class Sub(part): pass."""
    return type(f"Bare{part.__name__}", (part,), {})


def relaying(concern: str, part: type) -> Any:
    """A subclass that overrides every answer and start, and gives what its base gives."""

    def relay(method: str) -> Any:
        def asked(self: Any, *args: Any) -> Any:
            return getattr(super(made, self), method)(*args)

        return asked

    made: Any = type(f"Relaying{part.__name__}", (part,), {method: relay(method) for method in ("start", *ANSWERS[concern])})
    return made


def interpreted(policy: gl.Policy, form: str) -> gl.Policy:
    """The same policy, each component an instance of an interpreted subclass with the same fields."""
    parts = {}
    for concern in COMPONENTS:
        part = getattr(policy, concern)
        cls = bare(type(part)) if form == "bare" else relaying(concern, type(part))
        parts[concern] = cls(**{name: getattr(part, name) for name in part.__dataclass_fields__})
    return policy.replace(**parts)


def digest(policy: gl.Policy, procs: int = 3, workload: Any = mixed) -> str:
    # strict=False: some policies strand work, and must do so in the same way.
    given = {"files": Path(__file__).parent} if workload == "wordcount" else {}
    found: str = gl.run(workload, procs=procs, policy=policy, seed=11, strict=False, until="50ms", **given).digest
    return found


def test_the_answers_that_are_relayed_are_all_that_a_concern_has() -> None:
    for concern, part in CLASSES:
        base = CONCERNS[concern]
        asked = {name for name, value in vars(base).items() if callable(value) and not name.startswith("_")} - {"check", "start"}
        assert set(ANSWERS[concern]) == asked, part


@pytest.mark.parametrize(("concern", "part"), CLASSES, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_an_interpreted_subclass_gives_the_same_bytes(concern: str, part: Any) -> None:
    period = {"period_ns": 30_000} if concern == "control" and part is not gl.NoControl else {}
    expected = digest(GO.replace(**{concern: part(**period)}))
    assert digest(GO.replace(**{concern: bare(part)(**period)})) == expected
    assert digest(GO.replace(**{concern: relaying(concern, part)(**period)})) == expected


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_of_interpreted_components_gives_the_same_bytes(name: str) -> None:
    assert digest(interpreted(PRESETS[name], "relaying")) == digest(PRESETS[name])


@pytest.mark.slow
@pytest.mark.parametrize("procs", [1, 2, 8])
@pytest.mark.parametrize("workload", list(WORKLOADS))
@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_on_every_workload_gives_the_same_bytes_interpreted(name: str, workload: str, procs: int) -> None:
    expected = digest(PRESETS[name], procs, workload)
    for form in ("bare", "relaying"):
        assert digest(interpreted(PRESETS[name], form), procs, workload) == expected
