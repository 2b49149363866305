"""The record is complete and true: rows that once were missing, or told what was not so."""

from __future__ import annotations

from typing import Any

import gmplab as gl
from tests.programs import free, rows
from tests.runtime.test_same_bytes import mixed

GO = gl.policy_of("go")


def test_who_wakes_by_its_time_out_or_by_the_kernel_has_a_row_at_that_instant() -> None:
    run = gl.run(mixed, procs=4, seed=5)
    asleep: dict[int, tuple[str, int]] = {}
    ended = set()
    for kind, m, reason, arg, aux, t in zip(
        *(run.events[name] for name in ("kind", "m", "reason", "arg", "aux", "t_ns")), strict=True
    ):
        if kind == "MPark":
            asleep[int(m)] = (reason, int(arg))
        elif kind == "MWake" and isinstance(reason, float):
            why, until = asleep.pop(int(m))
            assert why == "netpoll" or t == until, "only epoll returns before its time-out, for a descriptor"
            assert str(aux) == "<NA>"
            ended.add(why)
        elif kind in ("GoStart", "PAcquire", "Netpoll", "Sysmon", "StealPass"):
            assert int(m) not in asleep, f"m{m} acts asleep: {kind}"
        elif kind == "MWake":
            del asleep[int(m)]
    assert ended == {"backoff", "netpoll"}


def test_an_m_that_is_woken_on_its_way_to_sleep_has_a_row() -> None:
    def main() -> Any:
        a, b = gl.Chan(0), gl.Chan(0)

        def locked() -> Any:
            yield gl.lock_os_thread()
            while True:
                yield gl.recv(a)

        def other() -> Any:
            while True:
                yield gl.recv(b)

        yield gl.go(locked)
        yield gl.go(other)
        for _ in range(40):
            yield gl.compute(gl.Uniform(0, 200_000))
            yield gl.send(a, 1)
            yield gl.send(b, 1)

    # A park that takes long: the locked G is readied, and stolen by another M, before its own M sleeps.
    run = gl.run(main, procs=4, seed=1, costs=gl.Costs(park=60_000))
    run.validate()
    noted = run.events[(run.events["kind"] == "MWake") & (run.events["arg"] == 1)]
    assert set(noted["reason"]) == {"startlockedm"}
    for i, m in zip(noted.index, noted["m"], strict=True):
        mine = run.events.loc[i + 1 :]
        mine = mine[mine["m"] == m]
        assert "MPark" not in list(mine["kind"])[: list(mine["kind"]).index("GoStart")]


def test_netpollbreak_wakes_the_poller_once() -> None:
    def main() -> Any:
        wg = gl.WaitGroup(8)

        def sleeper(i: int) -> Any:
            yield gl.sleep(us=900 - 100 * i)
            yield gl.done(wg)

        yield gl.sleep(us=3_000)
        for i in range(8):
            yield gl.go(sleeper, i)
        yield gl.wait(wg)

    run = gl.run(main, procs=4, costs=gl.Costs(futex_latency=400_000))
    run.validate()
    woken: set[int] = set()
    for kind, m, reason in zip(run.events["kind"], run.events["m"], run.events["reason"], strict=True):
        if kind == "MWake" and reason == "netpollbreak":
            assert int(m) not in woken, f"m{m} is on its way already"
            woken.add(int(m))
        elif kind == "Netpoll":
            woken.discard(int(m))


def test_a_locked_parent_runs_no_child_on_its_thread() -> None:
    def main() -> Any:
        def child() -> Any:
            yield gl.compute(us=1)

        yield gl.lock_os_thread()
        yield gl.go(child)
        yield gl.sleep(us=50)

    run = free(main, procs=2, policy=GO.replace(place=gl.ChildFirst()))
    assert [(int(g), int(m)) for g, m in zip(run.schedule["g"], run.schedule["m"], strict=True) if m == 0] == [(1, 0), (1, 0)]
    assert "child_first" not in set(run.events["reason"])


def test_a_spill_by_a_goroutine_that_yields_is_counted() -> None:
    def main() -> Any:
        def child(depth: int) -> Any:
            if depth < 5:
                yield gl.go(child, depth + 1)

        yield gl.go(child, 1)
        yield gl.sleep(us=50)

    # Under ChildFirst each parent yields to its child, and the queue holds two of the five.
    run = free(main, policy=GO.replace(place=gl.ChildFirst(), queues=gl.GoQueues(capacity=2)))
    spilled = rows(run, "QOverflow")
    assert [(int(g), int(n)) for g, n in zip(spilled["g"], spilled["arg"], strict=True)] == [(3, 1), (5, 1)]
    assert run.metrics["overflows"] == 2


def test_idle_while_overloaded_counts_a_child_that_runs_first() -> None:
    def main() -> Any:
        def child() -> Any:
            yield gl.compute(us=1)

        yield gl.compute(us=10)
        for _ in range(20):
            yield gl.go(child)

    run = gl.run(main, procs=4, policy=GO.replace(place=gl.ChildFirst()))
    series = run.series
    until = [*series["t_ns"][1:], run.record.end_ns]
    both = [
        end - t for t, end, idle, runnable in zip(series["t_ns"], until, series["idle_p"], series["runnable"], strict=True)
        if idle > 0 and runnable > 0
    ]
    assert run.metrics["idle_overloaded_wall_ns"] == sum(both)


def test_the_passes_tell_all_probes_and_none_of_the_thief_itself() -> None:
    def main() -> Any:
        yield gl.go(mixed)

    run = gl.run(main, procs=4, seed=5, drain=True)
    passes = rows(run, "StealPass")
    assert int(passes["arg"][passes["position"] == 0].max()) == 3, "four Ps, one of them the thief's"
    assert int(passes["arg"].sum()) == run.metrics["steal_probes"]


def test_a_task_that_keeps_its_thread_while_it_waits_is_not_asked_to_stop() -> None:
    def main() -> Any:
        yield gl.sleep(us=60_000)

    run = gl.run(main, policy=GO.replace(block=gl.HoldThread()))
    assert list(rows(run, "PreemptRequest")["g"]) == []


def test_a_run_that_drains_ends_when_the_last_goroutine_does() -> None:
    def main() -> Any:
        def child() -> Any:
            yield gl.compute(us=30)

        yield gl.go(child)

    run = free(main, procs=2, drain=True)
    assert (run.complete, run.record.end_ns, run.metrics["n_exited"]) == (True, 30_000, 2)
    jobs = gl.Plan(main, sources=(gl.Source(gl.Program("job").compute("5us"), gl.Constant(20_000), 4),))
    late = free(jobs, procs=2, drain=True)
    assert (late.complete, late.record.end_ns, late.metrics["n_exited"]) == (True, 85_000, 6)


def test_what_an_m_stole_for_a_locked_thread_is_not_told_of_its_next_goroutine() -> None:
    def main() -> Any:
        wg = gl.WaitGroup(2)

        def worker(i: int) -> Any:
            if i == 0:
                yield gl.lock_os_thread()
            for _ in range(3):
                yield gl.sleep(us=3 + i)
                yield gl.gosched()
            yield gl.done(wg)

        yield gl.go(worker, 0)
        yield gl.go(worker, 1)
        yield gl.wait(wg)

    run = gl.run(main, procs=2)
    assert "startlockedm" in set(rows(run, "MWake")["reason"])
    assert {str(s) for s in run.schedule["source"][run.schedule["stolen"] > 0]} <= {"steal", "steal_runnext"}


def test_nothing_polls_for_ever_at_one_instant_for_a_timer_that_another_m_is_to_fire() -> None:
    def main() -> Any:
        wg = gl.WaitGroup(3)

        def worker() -> Any:
            for _ in range(5):
                yield gl.sleep(us=2)
                yield gl.gosched()
            yield gl.done(wg)

        for _ in range(3):
            yield gl.go(worker)
        yield gl.wait(wg)

    # A spinning M pauses before it takes a runnext, with a P whose timer is due; the others may not spin.
    run = free(main, procs=4, policy="go1.14")
    assert (run.complete, run.metrics["n_exited"]) == (True, 3)
