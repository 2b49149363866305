"""One run on threads: the same bodies, the same record."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest

import gmplab as gl
from gmplab.errors import BodyError
from gmplab.policies import PRESETS
from tests.programs import rows, stopping
from tests.threads.watched import live, tasks
from tests.workloads.test_every_workload import SMALL


def everything() -> Any:
    """Channels, select, locks, timers, descriptors and calls, in 20 goroutines."""
    c, mu, wg = gl.Chan(4), gl.Mutex(), gl.WaitGroup(20)

    def worker(i: int) -> Any:
        yield gl.compute(us=50)
        yield gl.acquire(mu)
        yield gl.release(mu)
        if i % 4 == 0:
            yield gl.syscall(us=300)
        elif i % 4 == 1:
            yield gl.sleep(us=300)
        elif i % 4 == 2:
            yield gl.io(us=300)
        yield gl.send(c, i)
        yield gl.done(wg)

    for i in range(20):
        yield gl.go(worker, i)
    total = 0
    for _ in range(20):
        _, value, _ = yield gl.select(gl.recv_case(c), gl.recv_case(None))
        total += value
    yield gl.wait(wg)
    return total


@pytest.mark.parametrize("policy", [name for name in PRESETS if name != "go1.27"])
def test_every_preset_runs_on_threads(policy: str) -> None:
    run = live(everything, policy=policy, procs=4)
    assert (run.complete, run.result) == (True, sum(range(20)))
    assert run.record.header["on"] == "threads"


@pytest.mark.parametrize("policy", ["go", "go1.21", "go1.5", "go1.1"])
def test_the_world_stops_on_threads_too(policy: str) -> None:
    run = live(stopping, policy=policy, procs=4)
    assert run.complete
    assert run.metrics["stw"] > 0


@pytest.mark.parametrize("name", sorted(SMALL))
def test_every_workload_runs_on_threads_with_the_same_answer(name: str) -> None:
    run = live(name, procs=4, **SMALL[name])
    assert run.complete
    assert run.result == gl.run(name, procs=4, **SMALL[name]).result


def test_a_coroutine_and_a_program_run_too() -> None:
    c = gl.Chan()
    ticks = gl.Program("ticks").loop(3).send(c).end()

    async def main() -> list[object]:
        await gl.go(ticks)
        return [await gl.recv(c) for _ in range(3)]

    assert live(main).result == [None, None, None]


def test_m0_is_the_thread_that_called_run() -> None:
    def main() -> Any:
        yield gl.lock_os_thread()
        return (yield gl.syscall(call=threading.get_native_id)), threading.get_native_id()

    run = live(main)
    assert run.result == (os.getpid(), os.getpid())
    assert run.machines["tid"][0] == os.getpid()


def test_every_m_is_a_thread_with_an_id_of_its_own() -> None:
    def blocks(wg: gl.WaitGroup, go_on: threading.Event) -> Any:
        yield gl.syscall(call=go_on.wait)
        yield gl.done(wg)

    def main() -> Any:
        before = len(tasks())
        wg, go_on = gl.WaitGroup(3), threading.Event()
        for _ in range(3):
            yield gl.go(blocks, wg, go_on)
        while len(tasks()) < before + 3:
            yield gl.sleep(ms=1)
        go_on.set()
        yield gl.wait(wg)

    tids = live(main).machines["tid"].dropna().tolist()
    assert len(set(tids)) == len(tids)


def test_what_a_called_function_returns_is_the_verbs_result_and_what_it_raises_is_raised_there() -> None:
    def main() -> Any:
        got = yield gl.compute(call=divmod, args=(7, 2))
        try:
            yield gl.syscall(call=os.stat, args=("/no/such/file",))
        except FileNotFoundError as e:
            return got, e.filename

    assert live(main).result == ((3, 1), "/no/such/file")
    run = gl.run(main)
    assert run.result == ((3, 1), "/no/such/file")


def test_in_virtual_time_a_called_function_takes_the_duration_that_is_given() -> None:
    def main() -> Any:
        begin = yield gl.now()
        yield gl.syscall("5ms", call=time.perf_counter)
        middle = yield gl.now()
        yield gl.compute("3ms", call=time.perf_counter)
        return middle - begin, (yield gl.now()) - middle

    run = gl.run(main, costs=gl.Costs.zero())
    assert run.result == (5_000_000, 3_000_000)


def test_a_plain_function_is_refused_and_the_error_names_the_other_forms() -> None:
    def plain() -> None:
        gl.gosched()

    def main() -> Any:
        yield gl.go(plain)

    with pytest.raises(BodyError, match=r"go\(plain\): a plain function cannot move .* generator .* coroutine .* lock_plain=True"):
        live(main)
    with pytest.raises(BodyError, match=r"go\(main\)"):
        live(plain)


def test_a_plain_function_keeps_its_thread_where_that_is_asked_for() -> None:
    def worker(c: gl.Chan) -> None:
        seen = set()
        for _ in range(5):
            gl.sleep(us=100)
            seen.add(threading.get_native_id())
        gl.send(c, seen)

    def main() -> list[int]:
        c = gl.Chan()
        for _ in range(6):
            gl.go(worker, c)
        return [len(gl.recv(c)) for _ in range(6)]

    run = live(main, lock_plain=True, drain=True)
    assert run.result == [1] * 6
    assert len(rows(run, "LockThread")) == len(rows(run, "UnlockThread")) == 7


def test_a_compute_is_cut_by_who_asks_it_to_stop() -> None:
    def busy() -> Any:
        yield gl.compute("20s")

    def main() -> Any:
        yield gl.go(busy)
        for _ in range(5):
            yield gl.sleep(ms=2)

    run = live(main, procs=1)
    assert run.complete
    assert run.metrics["preemptions"] > 0


def test_costs_are_measured_and_cannot_be_given() -> None:
    with pytest.raises(ValueError, match="costs is the simulator's"):
        gl.run(everything, on="threads", costs=gl.Costs.zero())
    with pytest.raises(ValueError, match="on = 'thread': must be one of sim, threads"):
        gl.run(everything, on="thread")


def test_timers_of_a_program_fire_and_are_stopped_on_threads_too() -> None:
    started = []

    def alarm() -> Any:
        started.append("alarm")
        yield gl.sleep(us=1)

    def main() -> Any:
        c, t = gl.Chan(), (yield gl.new_timer(ms=3))
        yield gl.after_func("1ms", alarm)
        i, value, ok = yield gl.select(gl.recv_case(c), gl.recv_case(t.c))
        again = yield gl.reset(t, s=100)
        stopped = yield gl.stop(t)
        yield gl.sleep(ms=1)
        return i, ok, again, stopped

    run = gl.run(main, procs=2, on="threads")
    run.validate()
    assert (run.result, started) == ((1, True, False, True), ["alarm"])
