"""Programs and plans: what is refused of them when they are made, and not by the policy that comes upon it later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gmplab as gl
from gmplab.errors import BodyError

P = gl.Program


@pytest.mark.parametrize(("made", "error", "message"), [
    (lambda: P(5), TypeError, "Program: name = 5: must be a text"),
    (lambda: P("a", cls=None), TypeError, "Program: cls = None: must be a text"),
    (lambda: P().send(5), TypeError, "Program.send: c = 5: must be a Chan, or a list of them"),
    (lambda: P().recv(None), TypeError, "Program.recv: c = None: must be a Chan, or a list of them"),
    (lambda: P().close(["c"]), TypeError, "Program.close: c = 'c': must be a Chan, or a list of them"),
    (lambda: P().lock(3), TypeError, "Program.lock: mu = 3: must be a Mutex, or a list of them"),
    (lambda: P().unlock("mu"), TypeError, "Program.unlock: mu = 'mu': must be a Mutex, or a list of them"),
    (lambda: P().add(5), TypeError, "Program.add: wg = 5: must be a WaitGroup, or a list of them"),
    (lambda: P().add(gl.WaitGroup(), "1"), TypeError, "Program.add: n = '1': must be an int"),
    (lambda: P().done(5), TypeError, "Program.done: wg = 5: must be a WaitGroup, or a list of them"),
    (lambda: P().wait(5), TypeError, "Program.wait: wg = 5: must be a WaitGroup, or a list of them"),
    (lambda: P().reset(5, "5us"), TypeError, "Program.reset: t = 5: must be a Timer, or a list of them"),
    (lambda: P().stop(5), TypeError, "Program.stop: t = 5: must be a Timer, or a list of them"),
    (lambda: P().go(len), TypeError, f"Program.go: program = {len!r}: must be a Program, or a list of them"),
    (lambda: P().go(P(), arg=1 << 70), ValueError, f"Program.go: arg = {1 << 70}: must be an int of -2**62 to 2**62"),
    (lambda: P().loop("3"), TypeError, "Program.loop: n = '3': must be an int of at least 1 turns"),
    (lambda: P().loop(0), ValueError, "Program.loop: n = 0: must be an int of at least 1 turns"),
    (lambda: P().gomaxprocs(1 << 70), ValueError, f"gomaxprocs: n = {1 << 70}: must be an int of 1 to 65534 Ps"),
    (lambda: gl.Plan(P(), args=5), TypeError, "Plan: args = 5: must be a tuple"),
    (lambda: gl.Plan(P(), sources=[]), TypeError, "Plan: sources = []: must be a tuple"),
    (lambda: gl.Plan(P(), params=5), TypeError, "Plan: params = 5: must be a dict"),
    (lambda: gl.recv_case(5), TypeError, "recv_case: c = 5: must be a Chan, or None"),
    (lambda: gl.send_case("c", 1), TypeError, "send_case: c = 'c': must be a Chan, or None"),
])
def test_what_a_program_cannot_use_is_told_where_it_is_given(
    made: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        made()
    assert str(caught.value) == message


def test_a_goroutine_whose_arg_has_no_object_is_told_so() -> None:
    worker = P("worker").send([gl.Chan(1), gl.Chan(1)])
    with pytest.raises(BodyError, match=r"Program 'worker': arg = 2: must be that of one of 2 objects, from 0$"):
        gl.run(P("main").go(worker, arg=2).sleep("5us"))
