"""A policy that answers nonsense is told its name, its answer and the bound, at once; the record up to then is kept."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl


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


@pytest.mark.parametrize(("component", "base", "method"), [
    ("place", gl.PlaceLocal, "place"), ("steal", gl.StealHalf, "victim"), ("wake", gl.WakeIfNoneSpinning, "delay_ns"),
])
def test_an_answer_of_a_wrong_type_is_the_policys_mistake(component: str, base: Any, method: str) -> None:
    with pytest.raises(gl.PolicyError, match="policy 'go' raised TypeError") as failure:
        gl.run(busy, procs=4, policy=answering(component, base, method, "p0"))
    assert failure.value.run.stopped_by == "policy"


def test_a_component_that_raises_is_the_policys_mistake_and_its_exception_the_cause() -> None:
    class Broken(gl.StealHalf):  # type: ignore[misc, name-defined]
        def amount(self, state: Any, view: Any, thief: Any, victim: Any, queued: Any) -> Any:
            return queued // 0

    with pytest.raises(gl.PolicyError, match="policy 'go' raised ZeroDivisionError") as failure:
        gl.run(busy, procs=4, policy=gl.policy_of("go").replace(steal=Broken()))
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


def test_a_start_that_raises_names_the_component() -> None:
    def start(self: Any, setup: Any) -> Any:
        raise KeyError("mine")

    liar = type("Liar", (gl.StealHalf,), {"start": start})
    with pytest.raises(gl.PolicyError, match="Liar.start raised KeyError: 'mine'"):
        gl.run(busy, policy=gl.policy_of("go").replace(steal=liar()))
