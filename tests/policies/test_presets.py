"""The presets are values with a name and a text, and say what the versions of Go did."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest

import gmplab.policies as policies
from gmplab.policies import PRESETS
from gmplab.runtime.contracts import CONCERNS, Component


def test_all_names_are_there() -> None:
    assert list(PRESETS) == [
        "go", "go1.21", "go1.14", "go1.5", "go1.2", "go1.1", "go1.0", "threadpool", "segmented", "tokio", "cilk",
        "dotnet", "go1.27",
    ]
    assert PRESETS["go1.27"] is PRESETS["go"]


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_is_a_documented_value(name: str) -> None:
    policy = PRESETS[name]
    assert policy.name == ("go" if name == "go1.27" else name)
    assert len(policy.doc) > 60
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert hash(pickle.loads(pickle.dumps(policy))) == hash(policy)


def test_no_two_presets_are_the_same_scheduler() -> None:
    bare = [p.replace(name="", doc="") for name, p in PRESETS.items() if name != "go1.27"]
    assert len(set(bare)) == len(bare)


def test_the_numbers_are_gos() -> None:
    go = PRESETS["go"]
    assert (go.queues.capacity, go.queues.spill_divisor, go.queues.fair_tick, go.queues.batch_cap) == (256, 2, 61, 128)
    assert (go.steal.passes, go.steal.runnext_pass, go.steal.runnext_backoff_ns) == (4, 3, 3_000)
    assert (go.preempt.quantum_ns, go.preempt.mode, go.machines.max_threads) == (10_000_000, "async", 10_000)


@pytest.mark.parametrize(
    ("older", "newer", "changed"),
    [
        ("go1.0", "go1.1", {"sysmon", "netpoll", "redistribute", "any_resetspinning"}),
        ("go1.1", "go1.2", set()),
        ("go1.2", "go1.5", {"redistribute", "gc_workers"}),
        ("go1.5", "go1.14", {"timers_on_p", "locked_exit", "mutex_starvation", "any_resetspinning"}),
        ("go1.14", "go1.21", {"needspinning", "recheck_spinning_only", "wake_needs_idle"}),
        ("go1.21", "go", {"recheck_global", "gosched_wakep", "injectglist_wakep", "polling_net", "stw_runnext"}),
    ],
)
def test_the_rules_that_changed_between_two_versions(older: str, newer: str, changed: set[str]) -> None:
    a, b = PRESETS[older].rules, PRESETS[newer].rules
    assert {name for name in a.__dataclass_fields__ if getattr(a, name) != getattr(b, name)} == changed


def test_the_road_from_threads_to_go_changes_block_then_the_rest() -> None:
    pool, segmented = PRESETS["threadpool"], PRESETS["segmented"]
    assert pool.replace(name=segmented.name, doc=segmented.doc, block=segmented.block) == segmented


def test_every_component_is_exported_and_documented() -> None:
    homes = {name for names in policies._HOMES.values() for name in names}
    assert homes | {"COMPONENTS"} == set(policies.__all__)
    for names in policies.COMPONENTS.values():
        for name in names:
            part = getattr(policies, name)
            assert issubclass(part, Component)
            assert part() == part() and hash(part()) == hash(part())
    with pytest.raises(AttributeError, match="no attribute 'StealTwo'"):
        policies.StealTwo  # noqa: B018


@pytest.mark.parametrize("concern", list(policies.COMPONENTS))
def test_every_component_and_each_of_its_answers_has_a_docstring(concern: str) -> None:
    # From the source: a compiled class shows none.
    module = ast.parse((Path(policies.__file__).parent / f"{concern}.py").read_text(encoding="utf-8"))
    found = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    assert len(ast.get_docstring(module) or "") > 80
    for name in policies.COMPONENTS[concern]:
        assert len(ast.get_docstring(found[name]) or "") > 40, name
        answers = [f for f in found[name].body if isinstance(f, ast.FunctionDef) and f.name != "check"]
        assert [f.name for f in answers if not ast.get_docstring(f)] == []


def test_components_are_listed_by_concern_with_gos_first() -> None:
    assert [*policies.COMPONENTS, "rules"] == list(CONCERNS)
    for concern, names in policies.COMPONENTS.items():
        assert all(issubclass(getattr(policies, name), CONCERNS[concern]) for name in names)
        assert type(getattr(PRESETS["go"], concern)).__name__ == names[0]
