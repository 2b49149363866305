"""A policy that answers nonsense is told its name, its answer and the bound, at once; the record up to then is kept."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.runtime.contracts import ANSWERS, CONCERNS, Component


def busy() -> Any:
    """Asks every component: spawns, yields, syscalls of both kinds, idle Ms, thieves, a full queue's global share."""

    def worker() -> Any:
        yield gl.compute(us=20)
        yield gl.gosched()
        yield gl.syscall(us=30)
        yield gl.syscall(us=5, blocking=True)
        yield gl.compute(us=20)

    for _ in range(30):
        yield gl.go(worker)
    yield gl.sleep(ms=2)


def answering(component: str, base: Any, method: str, answer: Any) -> Any:
    """The default policy with one component that gives one answer to one question."""
    liar = type("Liar", (base,), {method: lambda self, *asked: answer})
    return gl.policy_of("go").replace(**{component: liar()})


@pytest.mark.parametrize(
    ("component", "base", "method", "answer", "bound"),
    [
        ("place", gl.PlaceLocal, "place", 4, "must be -1 (global) or a P, 0 to 3"),
        ("place", gl.PlaceLocal, "place", -2, "must be -1 (global) or a P, 0 to 3"),
        ("steal", gl.StealHalf, "probes", -1, "must be 0 to "),
        ("steal", gl.StealHalf, "victim", 4, "must be a P, 0 to 3"),
        ("steal", gl.StealHalf, "victim", -1, "must be a P, 0 to 3"),
        ("steal", gl.StealHalf, "amount", 1_000, "what the victim has"),
        ("spin", gl.SpinHalfBusy, "again_ns", -2, "must be -1 (give up) or a gap in ns"),
        ("spin", gl.SpinHalfBusy, "again_ns", (1 << 62) + 1, "at most 2**62"),
        ("wake", gl.WakeIfNoneSpinning, "delay_ns", (1 << 62) + 1, "at most 2**62"),
        ("handoff", gl.RetakeBySysmon, "at_entry_ns", (1 << 62) + 1, "at most 2**62"),
        ("machines", gl.KeepThreads, "retire_after_ns", -2, "must be -1 (never) or a time in ns"),
        ("machines", gl.KeepThreads, "retire_after_ns", 1 << 63, "must fit 64 bits"),
        ("wake", gl.WakeIfNoneSpinning, "delay_ns", -2, "must be -1 (do not wake), 0 or a delay in ns"),
        ("handoff", gl.RetakeBySysmon, "at_entry_ns", -2, "must be -1 (leave it to sysmon), 0 or ns"),
        ("queues", gl.GoQueues, "global_batch", 0, "must be 1 to "),
        ("queues", gl.GoQueues, "global_batch", 9_999, "the queue's size"),
    ],
)
def test_an_answer_out_of_bounds_names_the_component_the_answer_and_the_bound(
    component: str, base: Any, method: str, answer: int, bound: str
) -> None:
    with pytest.raises(gl.PolicyError) as failure:
        gl.run(busy, procs=4, policy=answering(component, base, method, answer))
    assert str(failure.value).startswith(f"Liar.{method} returned {answer}: ") and bound in str(failure.value)
    assert (failure.value.run.stopped_by, len(failure.value.run.schedule) > 0) == ("policy", True)


@pytest.mark.parametrize(
    ("component", "base", "method", "answer", "wanted"),
    [
        ("place", gl.PlaceLocal, "place", "p0", "an int"), ("place", gl.PlaceLocal, "place", True, "an int"),
        ("steal", gl.StealHalf, "victim", None, "an int"), ("steal", gl.StealHalf, "amount", 1.0, "an int"),
        ("wake", gl.WakeIfNoneSpinning, "delay_ns", "1us", "an int"), ("spin", gl.SpinHalfBusy, "may_spin", 1, "True or False"),
        ("handoff", gl.RetakeBySysmon, "retake", None, "True or False"), ("machines", gl.KeepThreads, "may_create", 0, "True or False"),
    ],
)
def test_an_answer_of_a_wrong_type_names_the_component_the_answer_and_the_type(
    component: str, base: Any, method: str, answer: Any, wanted: str
) -> None:
    with pytest.raises(gl.PolicyError) as failure:
        gl.run(busy, procs=4, policy=answering(component, base, method, answer))
    assert str(failure.value) == f"Liar.{method} returned {answer!r}: must be {wanted}"
    assert failure.value.run.stopped_by == "policy"


def test_a_component_that_raises_is_named_and_its_exception_the_cause() -> None:
    class Broken(gl.StealHalf):  # type: ignore[misc, name-defined]
        def amount(self, state: Any, view: Any, thief: Any, victim: Any, queued: Any) -> Any:
            return queued // 0

    with pytest.raises(gl.PolicyError, match="^Broken.amount raised ZeroDivisionError") as failure:
        gl.run(busy, procs=4, policy=gl.policy_of("go").replace(steal=Broken()))
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


def test_a_control_that_answers_is_told_where_its_orders_go() -> None:
    policy = answering("control", gl.Balance, "act", 3)
    with pytest.raises(gl.PolicyError, match="^Liar.act returned 3: must be None: what it wants it writes into orders"):
        gl.run(busy, procs=4, policy=policy.replace(control=type(policy.control)(period_ns=20_000)))


def test_all_that_the_core_asks_is_signed() -> None:
    asked = {name for part in CONCERNS.values() if issubclass(part, Component) for name in vars(part) if not name.startswith("_")}
    fields = {name for part in CONCERNS.values() for name in part.__dataclass_fields__}
    assert asked - fields - {"check", "start"} == set(ANSWERS)


def test_a_start_that_raises_names_the_component() -> None:
    def start(self: Any, setup: Any) -> Any:
        raise KeyError("mine")

    liar = type("Liar", (gl.StealHalf,), {"start": start})
    with pytest.raises(gl.PolicyError, match="Liar.start raised KeyError: 'mine'"):
        gl.run(busy, policy=gl.policy_of("go").replace(steal=liar()))
