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
