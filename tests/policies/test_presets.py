"""The presets are values with a name and a text, and say what the versions of Go did."""

from __future__ import annotations

import ast
import importlib
import pickle
from pathlib import Path

import pytest

import gmplab as gl
import gmplab.policies as policies
from gmplab.policies import PRESETS
from gmplab.runtime.contracts import CONCERNS, Component


def test_all_names_are_there() -> None:
    assert list(PRESETS) == [
        "go", "go1.21", "go1.14", "go1.5", "go1.2", "go1.1", "go1.0", "threadpool", "segmented", "tokio", "rayon", "cilk", "tbb",
        "java", "kotlin", "dotnet", "beam", "ghc", "shenango", "shinjuku", "fifo", "partitioned", "two-choices", "jsq", "srpt",
        "las", "ps", "go1.27",
    ]
    assert PRESETS["go1.27"] is PRESETS["go"]


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_is_a_documented_value(name: str) -> None:
    policy = PRESETS[name]
    assert policy.name == ("go" if name == "go1.27" else name)
    assert len(policy.doc) > 60
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert hash(pickle.loads(pickle.dumps(policy))) == hash(policy)


ZOO = ("presets", "go_versions", "other_runtimes", "textbook")


def defined_in(module: str) -> list[gl.Policy]:
    """The policies that a module of the zoo makes, not those that it imports."""
    tree = ast.parse((Path(policies.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    names = [node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    made = vars(importlib.import_module(f"gmplab.policies.{module}"))
    return [made[name] for name in names if isinstance(made[name], gl.Policy)]


def test_the_zoo_is_made_of_public_names_alone() -> None:
    # Whoever writes a scheduler of their own has the same parts.
    public = {*gl.__all__, *policies.__all__}
    used = {}
    for module in ZOO:
        tree = ast.parse((Path(policies.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            assert not (isinstance(node, ast.Import) or (isinstance(node, ast.Attribute) and node.attr.startswith("_"))), module
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gmplab"):
                own = str(node.module).rpartition(".")[2] in ZOO
                used.update({alias.name: node.module for alias in node.names if not own})
    assert {name: home for name, home in used.items() if name not in public} == {}
    assert all(getattr(gl, name) is getattr(importlib.import_module(str(home)), name) for name, home in used.items())


def test_every_preset_is_in_the_table() -> None:
    made = [policy for module in ZOO for policy in defined_in(module)]
    assert {policy.name for policy in made} | {"go1.27"} == set(PRESETS)


@pytest.mark.parametrize("policy", defined_in("other_runtimes"), ids=lambda p: p.name)
def test_another_runtimes_preset_says_where_it_is_from_how_it_differs_and_what_it_leaves_out(policy: gl.Policy) -> None:
    assert [word for word in ("Source:", "Differs:", "Not modelled:") if word not in policy.doc] == []


@pytest.mark.parametrize("policy", defined_in("textbook"), ids=lambda p: p.name)
def test_a_textbook_preset_needs_no_more_than_its_source(policy: gl.Policy) -> None:
    assert "Source:" in policy.doc or policy.name in ("threadpool", "segmented")


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_is_told_in_a_line(name: str) -> None:
    assert 20 < len(PRESETS[name].doc.partition(". ")[0]) <= 115


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        # multi_thread/worker.rs: MAX_LIFO_POLLS_PER_TICK, DEFAULT_GLOBAL_QUEUE_INTERVAL; queue.rs: LOCAL_QUEUE_CAPACITY.
        ("tokio", {"queues.runnext_limit": 3, "queues.fair_tick": 31, "queues.capacity": 256, "queues.spill_divisor": 2}),
        # rayon-core/src/sleep/mod.rs: ROUNDS_UNTIL_SLEEPY + 1.
        ("rayon", {"spin.spin_ns": 33_000, "queues.order": "lifo", "steal.most": 1}),
        ("cilk", {"place.child_first": True, "queues.order": "lifo", "steal.most": 1}),
        # scheduler_common.h: my_yield_threshold.
        ("tbb", {"spin.spin_ns": 100_000, "queues.order": "lifo", "steal.most": 1}),
        # ForkJoinPool.java: DEFAULT_COMMON_MAX_SPARES, DEFAULT_KEEPALIVE.
        ("java", {"machines.spares": 256, "machines.idle_ns": 60_000_000_000, "queues.order": "lifo", "steal.most": 1}),
        # Tasks.kt: resolution.ns, keep.alive.sec; Dispatchers.kt: io.parallelism; WorkQueue.kt: BUFFER_CAPACITY.
        ("kotlin", {"steal.runnext_backoff_ns": 100_000, "machines.idle_ns": 60_000_000_000, "machines.spares": 64}),
        # clrconfignames.h: HillClimbing_*, ThreadPool_UnfairSemaphoreSpinLimit; PortableThreadPool.GateThread.cs.
        ("dotnet", {
            "machines.wave_period": 4, "machines.max_wave": 20, "machines.wave_percent": 100, "machines.history": 8,
            "machines.bias_percent": 15, "machines.snr_percent": 300, "machines.max_change_per_second": 4,
            "machines.max_change_per_sample": 20, "machines.sample_low_ns": 10_000_000, "machines.sample_high_ns": 200_000_000,
            "machines.max_error_percent": 15, "machines.gain_percent": 200, "machines.idle_ns": 20_000_000_000,
            "control.period_ns": 500_000_000, "spin.spin_ns": 70_000,
        }),
        # erl_process.c: ERTS_RUNQ_CHECK_BALANCE_REDS_PER_SCHED is 2000 turns.
        ("beam", {"preempt.quantum_ns": 1_000_000, "control.period_ns": 2000 * 1_000_000, "machines.spares": 10, "steal.most": 1}),
        # singletonRunQueue: one is no surplus.
        ("ghc", {"preempt.quantum_ns": 20_000_000, "steal.threshold": 2}),
        ("shenango", {"spin.spin_ns": 2_000, "wake.after_ns": 5_000}),
        ("shinjuku", {"preempt.quantum_ns": 5_000, "preempt.exact": True, "queues.capacity": 0}),
    ],
)
def test_the_published_constants_of_another_runtime(name: str, facts: dict[str, object]) -> None:
    policy = PRESETS[name]
    assert {path: getattr(getattr(policy, path.partition(".")[0]), path.partition(".")[2]) for path in facts} == facts


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
        ("go1.0", "go1.1", {"sysmon", "netpoll", "redistribute", "wake_if_queued"}),
        ("go1.1", "go1.2", {"wake_if_queued", "any_resetspinning"}),
        ("go1.2", "go1.5", {"redistribute", "gc_workers"}),
        ("go1.5", "go1.14", {"timers_on_p", "template_thread", "locked_exit", "mutex_starvation", "any_resetspinning", "slice_in_syscalls",
                               "timer_wakes"}),
        ("go1.14", "go1.21", {"needspinning", "recheck_spinning_only", "wake_needs_idle", "gc_worker_drains", "timer_wakes"}),
        ("go1.21", "go", {"recheck_global", "gosched_wakep", "injectglist_wakep", "polling_net", "stw_runnext", "lazy_timers"}),
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
