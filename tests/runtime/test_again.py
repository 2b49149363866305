"""A program may run again: what an earlier run left in its channels and locks is gone."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.errors import DeadlockError


def leaves_a_value() -> gl.Program:
    return gl.Program("main").send(gl.Chan(1)).compute("1us")


def leaves_it_closed() -> gl.Program:
    return gl.Program("main").close(gl.Chan(1))


def leaves_it_locked() -> gl.Program:
    return gl.Program("main").lock(gl.Mutex()).compute("1us")


def leaves_a_count() -> gl.Program:
    return gl.Program("main").add(gl.WaitGroup(2), -1)


def leaves_a_sender_waiting() -> gl.Program:
    c = gl.Chan(0)
    return gl.Program("main").go(gl.Program("sender").send(c)).sleep("1us").recv(gl.Chan(0))


def of_a_source() -> gl.Plan:
    visitor = gl.Program("visitor").send(gl.Chan(3))
    return gl.Plan(gl.Program("main").wait_arrivals(), sources=(gl.Source(visitor, gl.Constant(1_000), 3),))


@pytest.mark.parametrize("make", [leaves_a_value, leaves_it_closed, leaves_it_locked, leaves_a_count, of_a_source])
def test_the_second_run_of_a_program_is_the_first_again(make: Any) -> None:
    program = make()
    assert [gl.run(program).digest for _ in range(3)] == [gl.run(make()).digest] * 3


def test_who_waited_in_a_run_that_failed_does_not_wait_in_the_next() -> None:
    program = leaves_a_sender_waiting()
    texts = []
    for _ in range(2):
        with pytest.raises(DeadlockError) as stuck:
            gl.run(program)
        texts.append(str(stuck.value))
    assert texts[0] == texts[1]
    assert "goroutine 2 [chan send]: sender on chan#" in texts[0]


def test_programs_that_start_one_another_are_renewed_once() -> None:
    ping, pong, c = gl.Program("ping"), gl.Program("pong"), gl.Chan(1)
    ping.go(pong).recv(c)
    pong.send(c)
    main = gl.Program("main").go(ping).sleep("10us")
    assert gl.run(main).digest == gl.run(main).digest


def test_a_chain_of_many_programs_is_renewed() -> None:
    c = gl.Chan(1)
    last = gl.Program("last").send(c)
    for _ in range(3_000):
        last = gl.Program("next").go(last)
    main = gl.Program("main").go(last).recv(c)
    assert gl.run(main, record="off").metrics["n_goroutines"] == 3_002
    assert gl.run(main, record="off").complete


def test_a_channel_made_outside_of_the_body_is_as_new_in_each_run() -> None:
    c, mu, held = gl.Chan(1), gl.Mutex(), gl.Semaphore(1)
    ready = gl.Cond(mu)

    def main() -> Any:
        yield gl.send(c, "left")
        yield gl.acquire(mu)
        yield gl.acquire(held)
        yield gl.signal(ready)
        yield gl.release(mu)
        yield gl.acquire(mu)
        return len(c)

    runs = [gl.run(main) for _ in range(3)]
    assert [run.result for run in runs] == [1, 1, 1]
    assert len({run.digest for run in runs}) == 1


def test_a_cond_used_first_while_its_mutex_is_held_leaves_it_held() -> None:
    mu = gl.Mutex()
    cond = gl.Cond(mu)

    def waiter() -> Any:
        yield gl.acquire(mu)
        yield gl.wait(cond)
        yield gl.release(mu)

    def main() -> Any:
        yield gl.go(waiter)
        yield gl.sleep(us=5)
        yield gl.acquire(mu)
        yield gl.signal(cond)
        yield gl.release(mu)
        yield gl.sleep(us=5)

    assert [gl.run(main).metrics["n_exited"] for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("plain", [False, True])
def test_a_run_inside_a_body_is_a_run_of_its_own(plain: bool) -> None:
    def inner() -> Any:
        yield gl.compute(us=7)
        return (yield gl.now())

    def inner_plain() -> int:
        gl.compute(us=7)
        return int(gl.now())

    def outer() -> Any:
        yield gl.compute(us=1)
        made = gl.run(inner, costs=gl.Costs.zero())
        yield gl.compute(us=2)
        return made.result, (yield gl.now())

    def outer_plain() -> Any:
        gl.compute(us=1)
        made = gl.run(inner_plain, costs=gl.Costs.zero())
        gl.compute(us=2)
        return made.result, gl.now()

    assert gl.run(outer_plain if plain else outer, costs=gl.Costs.zero()).result == (7_000, 3_000)


def test_a_run_inside_a_body_may_not_use_what_the_outer_run_uses() -> None:
    c = gl.Chan(1)

    def inner() -> Any:
        yield gl.recv(c)

    def main() -> Any:
        yield gl.send(c, 1)
        gl.run(inner)

    with pytest.raises(gl.BodyError, match="chan#0 .* is used by another run, which goes on"):
        gl.run(main)
    # The outer run has ended: now it may be used.
    assert gl.run(gl.Program("main").send(c).recv(c)).complete
