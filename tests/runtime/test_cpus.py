"""Ms that share CPUs, run(cpus=n): turns by round robin; who sleeps or is in a system call needs none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import gmplab as gl
from gmplab.traces.run import Run
from gmplab.vocabulary import CPU_RUN, EVENT_KINDS
from tests.programs import rows
from tests.runtime.test_same_bytes import mixed

MS = 1_000_000
FREE = replace(gl.Costs.zero(), kernel_slice_ns=MS)


def each(n: int, verb: Any) -> Any:
    """n goroutines, each of which calls the verb once; main waits for them."""

    def main() -> Any:
        wg = gl.WaitGroup(n)

        def worker() -> Any:
            yield verb()
            yield gl.done(wg)

        for _ in range(n):
            yield gl.go(worker)
        yield gl.wait(wg)

    return main


def turns(run: Run) -> list[tuple[int, str]]:
    """(instant in us, "m2 waits" or "m2 runs") of the Ms that run goroutines: sysmon's turns are left out."""
    sysmon = run.machines["m"][run.machines["why"] == "sysmon"]
    chosen = run.events[run.events["kind"].isin(["CpuWait", "CpuRun"]) & ~run.events["m"].isin(sysmon)]
    return [
        (t // 1_000, f"m{m} {'waits' if kind == 'CpuWait' else 'runs'}")
        for t, kind, m in zip(chosen["t_ns"].tolist(), chosen["kind"], chosen["m"], strict=True)
    ]


@pytest.mark.parametrize("cpus, ends", [(1, 40), (2, 20), (4, 10), (None, 10)])
def test_the_makespan_of_four_ps_is_the_work_over_the_cpus(cpus: int | None, ends: int) -> None:
    run = gl.run(each(4, lambda: gl.compute(ms=10)), procs=4, cpus=cpus, costs=replace(FREE, kernel_slice_ns=10 * MS))
    run.validate()
    assert run.record.end_ns == ends * MS


def test_two_ms_on_one_cpu_take_turns_of_a_slice() -> None:
    run = gl.run(each(2, lambda: gl.compute(us=2_500)), procs=2, cpus=1, costs=FREE)
    assert turns(run) == [
        (0, "m2 waits"), (1_000, "m0 waits"), (1_000, "m2 runs"), (2_000, "m2 waits"), (2_000, "m0 runs"),
        (3_000, "m0 waits"), (3_000, "m2 runs"), (4_000, "m2 waits"), (4_000, "m0 runs"), (4_500, "m2 runs"),
        # m2 is done and wakes m0, which had slept since 4.5 ms, before it sleeps itself.
        (5_000, "m0 waits"),
    ]
    assert run.record.end_ns == 5 * MS


def test_an_m_alone_has_one_slice_after_another_until_somebody_waits() -> None:
    def main() -> Any:
        wg = gl.WaitGroup(1)

        def late() -> Any:
            yield gl.sleep(us=300)
            yield gl.compute(us=100)
            yield gl.done(wg)

        yield gl.go(late)
        yield gl.gosched()
        yield gl.compute(us=4_000)
        yield gl.wait(wg)

    go = gl.policy_of("go")
    run = gl.run(main, procs=2, cpus=1, costs=FREE, policy=go.replace(rules=replace(go.rules, sysmon=False)))
    # m0 computes from 0 on: its third slice ends at 3 ms. The sleeper's M, awake at 2.3 ms, waits for that.
    assert turns(run)[-4:] == [(2_300, "m1 waits"), (3_000, "m0 waits"), (3_000, "m1 runs"), (3_100, "m0 runs")]


def test_a_request_to_stop_reaches_an_m_when_it_has_a_cpu_again() -> None:
    def main() -> Any:
        wg = gl.WaitGroup(3)

        def worker() -> Any:
            yield gl.compute(ms=30)
            yield gl.done(wg)

        for _ in range(3):
            yield gl.go(worker)
        yield gl.wait(wg)

    run = gl.run(main, procs=2, cpus=1, costs=FREE)
    run.validate()
    waits: set[int] = set()
    for kind, m in zip(run.events["kind"], run.events["m"], strict=True):
        if kind in ("CpuWait", "CpuRun"):
            (waits.add if kind == "CpuWait" else waits.remove)(int(m))
        assert kind != "GoStop" or int(m) not in waits
    assert run.metrics["preemptions"] > 0


@pytest.mark.parametrize("verb", [lambda: gl.sleep(ms=10), lambda: gl.syscall(ms=10), lambda: gl.io(ms=10)])
def test_who_sleeps_waits_or_is_in_a_system_call_needs_no_cpu(verb: Any) -> None:
    run = gl.run(each(4, verb), procs=4, cpus=1, costs=FREE)
    run.validate()
    assert run.record.end_ns == 10 * MS


def test_spinning_ms_take_cpu_from_running_ones() -> None:
    def ends(spin: Any, cpus: int | None) -> int:
        policy = gl.policy_of("go").replace(spin=spin)
        return gl.run(each(1, lambda: gl.compute(ms=50)), procs=4, cpus=cpus, policy=policy).record.end_ns

    alone = ends(gl.NoSpinning(), 1)
    spinning = gl.SpinFor(20 * MS)
    # With a CPU for each they take nothing; on one CPU they have it for as long as they spin.
    assert ends(spinning, None) < alone + MS
    assert ends(spinning, 1) > alone + 10 * MS


def test_a_cpu_for_each_m_gives_the_bytes_of_a_run_that_shares_none() -> None:
    for policy in ("go", "go1.1", "threadpool", "tokio"):
        own, many = (gl.run(mixed, procs=4, seed=7, policy=policy, cpus=cpus) for cpus in (None, 1_000))
        assert own.digest == many.digest
        assert (many.metrics["cpu_waits"], many.metrics["cpu_wait_ns"]) == (0, 0)


def test_the_time_that_ms_waited_is_in_the_metrics_and_the_events() -> None:
    run = gl.run(mixed, procs=4, cpus=1, costs=gl.Costs(kernel_slice_ns=50_000))
    run.validate()
    since: dict[int, int] = {}
    total = 0
    for t, kind, m in zip(run.events["t_ns"].tolist(), run.events["kind"], run.events["m"].tolist(), strict=True):
        if kind == "CpuWait":
            since[m] = t
        elif kind == "CpuRun":
            total += t - since.pop(m)
    assert run.metrics["cpu_wait_ns"] == total + sum(run.record.end_ns - t for t in since.values()) > 0
    assert run.metrics["cpu_waits"] == len(rows(run, "CpuWait"))


def test_a_snapshot_tells_who_waits_for_a_cpu() -> None:
    run = gl.run(each(2, lambda: gl.compute(us=2_500)), procs=2, cpus=1, costs=FREE)
    machines = run.at("1500us").machines
    assert [(m, mp.place) for m, mp in enumerate(machines) if mp.waits_for_cpu] == [(0, "running"), (1, "sysmon")]
    assert "waits for a CPU" in repr(run.at("1500us"))


def test_what_an_m_does_that_waits_for_a_cpu_is_refused() -> None:
    run = gl.run(each(2, lambda: gl.compute(us=2_500)), procs=2, cpus=1, costs=FREE)
    events = run.record.tables["events"][0]
    words = [events[i : i + 32] for i in range(0, len(events), 32)]
    kept = [row for row in words if row[18] != CPU_RUN]
    run.record.tables["events"] = [b"".join(kept)]
    with pytest.raises(gl.TraceError, match="m2 waits for a CPU"):
        Run(run.record).validate()
    assert EVENT_KINDS[CPU_RUN] == "CpuRun"


@pytest.mark.parametrize("cpus", [0, -1, 1.5, True, "2"])
def test_cpus_must_be_a_whole_number_or_none(cpus: Any) -> None:
    with pytest.raises(ValueError, match="must be an int of 1 to 65534 CPUs, or None: a CPU for each M"):
        gl.run(mixed, cpus=cpus)
