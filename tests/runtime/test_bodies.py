"""A body that misuses a verb, or panics, is told whose it was and at which line; nothing that was recorded is lost."""

from __future__ import annotations

import inspect
import traceback
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import gmplab as gl


def line_of(body: Any, text: str) -> str:
    """file:line of a body's line that has a text."""
    lines, first = inspect.getsourcelines(body)
    return f"test_bodies.py:{first + next(i for i, line in enumerate(lines) if text in line)}"


def failing(body: Any, kind: Any, **kw: Any) -> str:
    """The text of the error that a main body ends with; the record up to then is on it."""
    with pytest.raises(kind) as failure:
        gl.run(body, **kw)
    assert failure.value.run.stopped_by == "panic"
    assert len(failure.value.run.schedule) >= 1
    return str(failure.value)


def test_a_forgotten_yield_names_the_verb_and_the_line_that_noticed() -> None:
    def main() -> Any:
        gl.compute(us=1)
        yield gl.sleep(us=2)

    told = failing(main, gl.BodyError)
    assert told.startswith("goroutine 1 [main]: the verb called before this line was not yielded (compute): in a generator write")
    assert told.endswith(f"({line_of(main, 'yield gl.sleep')})")


def test_a_last_verb_that_was_not_yielded_is_told_and_not_lost() -> None:
    def main() -> Any:
        yield gl.compute(us=1)
        gl.sleep(us=2)

    told = failing(main, gl.BodyError)
    assert "the last verb of the body was not yielded (sleep)" in told
    assert told.endswith(f"({line_of(main, 'def main')})")


@pytest.mark.parametrize("on", ["sim", "threads"])
def test_what_is_no_body_is_told_with_the_line_that_started_it_by_each_driver(on: str) -> None:
    def main() -> Any:
        yield gl.compute(us=1)
        yield gl.go(3)

    told = failing(main, gl.BodyError, on=on)
    assert told.startswith("goroutine 1 [main]: go(3): must be a function or a Program")
    assert told.endswith(f"({line_of(main, 'gl.go(3)')})")


@pytest.mark.parametrize("on", ["sim", "threads"])
def test_a_main_that_cannot_be_a_body_leaves_a_record_that_can_be_shown_and_kept(on: str, tmp_path: Path) -> None:
    async def main() -> Any:
        yield 1

    with pytest.raises(gl.BodyError, match=r"go\(main\): an async generator cannot be a body") as failure:
        gl.run(main, on=on)
    run = failure.value.run
    run.validate()
    assert "stopped by panic" in repr(run) and list(run.goroutines["name"]) == ["main"]
    run.to_csv(tmp_path / "csv")
    assert gl.read_csv(tmp_path / "csv").digest == run.digest


def test_a_body_that_yields_something_else_is_told_what() -> None:
    def main() -> Any:
        yield gl.compute(us=1)
        yield 5

    assert failing(main, gl.BodyError) == (
        f"goroutine 1 [main]: a body yielded 5: it must yield what a verb returns, at once and once ({line_of(main, 'yield 5')})"
    )


def test_an_async_generator_is_no_body() -> None:
    async def body() -> Any:
        yield 1

    with pytest.raises(gl.BodyError, match=r"go\(main\): an async generator cannot be a body; use async def without yield"):
        gl.run(body)


def test_an_exception_names_its_goroutine_and_its_cause_the_line_in_every_form() -> None:
    def generator() -> Any:
        yield gl.compute(us=1)
        raise KeyError("lost")

    def plain() -> None:
        gl.compute(us=1)
        raise KeyError("lost")

    async def coroutine() -> None:
        await gl.compute(us=1)
        raise KeyError("lost")

    for body in (generator, plain, coroutine):
        with pytest.raises(gl.GoPanic) as failure:
            gl.run(body)
        assert str(failure.value) == "goroutine 1 [main]: KeyError: 'lost'"
        *_, last = traceback.walk_tb(failure.value.__cause__.__traceback__)
        assert f"test_bodies.py:{last[1]}" == line_of(body, "raise")


def test_the_runtimes_own_panic_names_the_line_of_the_verb_also_in_a_coroutine_that_waits_for_another() -> None:
    async def inner() -> None:
        await gl.release(gl.Mutex())

    async def main() -> None:
        await gl.compute(us=1)
        await inner()

    assert failing(main, gl.GoPanic) == (
        f"goroutine 1 [main]: fatal error: sync: unlock of unlocked mutex ({line_of(inner, 'await gl.release')})"
    )


def test_the_panic_of_a_waiting_sender_is_its_own_and_not_of_who_closed() -> None:
    c = gl.Chan()

    def sender() -> Any:
        yield gl.send(c, 1)

    def main() -> Any:
        yield gl.go(sender)
        yield gl.sleep(us=1)
        yield gl.close(c)
        yield gl.sleep(us=1)

    assert failing(main, gl.GoPanic) == f"goroutine 2 [sender]: send on closed channel ({line_of(sender, 'yield gl.send')})"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: gl.compute(us=-1), "ValueError: compute: us = -1: must be a number of at least 0"),
        (lambda: gl.sleep(-5), "ValueError: sleep = -5"),
        (lambda: gl.compute(1.5), "TypeError: compute = 1.5"),
        (lambda: gl.compute(us=float("nan")), "ValueError: compute: us = nan: must be a number of at least 0"),
        (lambda: gl.compute(us=float("inf")), "ValueError: compute: us = inf: must be a number of at least 0"),
        (lambda: gl.compute(us=True), "ValueError: compute: us = True: must be a number of at least 0"),
        (lambda: gl.compute(us=1, ms=1), "TypeError: compute: give one duration"),
        (lambda: gl.syscall(), "TypeError: syscall: give one duration"),
        (lambda: gl.sleep("5 lightyears"), "ValueError: sleep = '5 lightyears'"),
    ],
)
def test_a_time_that_is_none_is_told_with_its_value(call: Any, text: str) -> None:
    def main() -> Any:
        yield call()

    assert failing(main, gl.GoPanic).startswith(f"goroutine 1 [main]: {text}")


@pytest.mark.parametrize(
    "call",
    [
        lambda: gl.send("c"), lambda: gl.recv(1), lambda: gl.recv_ok(1), lambda: gl.close("c"), lambda: gl.select("c"),
        lambda: gl.acquire(gl.Chan()), lambda: gl.release(None), lambda: gl.read_lock(gl.Mutex()), lambda: gl.add("w"),
        lambda: gl.done(None), lambda: gl.wait(gl.Mutex()), lambda: gl.signal(None), lambda: gl.broadcast(1), lambda: gl.go(7),
        lambda: gl.region(5), lambda: gl.region_end(None), lambda: gl.log(b"text"),
    ],
)
def test_a_verb_of_something_else_is_the_bodys_mistake_and_not_the_policys(call: Any) -> None:
    def main() -> Any:
        yield call()

    told = failing(main, (gl.GoPanic, gl.BodyError))
    # Compiled, where a verb names its parameter's type, mypyc's own check comes before ours and says the same.
    assert told.startswith("goroutine 1 [main]: ") and ("must be a" in told or "object expected; got" in told)


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit()])
def test_what_would_leave_an_ordinary_program_is_a_panic_like_any_exception(error: BaseException) -> None:
    def generator() -> Any:
        yield gl.compute(us=1)
        raise error

    def plain() -> None:
        gl.compute(us=1)
        raise error

    for body in (generator, plain):
        assert f"]: {type(error).__name__}: {error}" in failing(body, gl.GoPanic)


def test_arguments_that_a_body_does_not_take_are_the_fault_of_who_starts_it() -> None:
    def worker(results: gl.Chan) -> Any:
        yield gl.send(results, 1)

    def main() -> Any:
        yield gl.go(worker, gl.Chan(), 2)

    told = failing(main, gl.BodyError)
    assert told.startswith("goroutine 1 [main]: go(worker): ") and "takes 1 positional argument but 2 were given" in told
    assert told.endswith(f"({line_of(main, 'yield gl.go')})")


def test_a_body_that_is_made_already_or_made_and_never_run_is_told() -> None:
    def worker(i: int) -> Any:
        yield gl.compute(us=i)

    def starts_what_is_made() -> Any:
        yield gl.go(worker(1))

    def starts_who_only_makes() -> Any:
        yield gl.go(lambda: worker(1))
        yield gl.sleep(us=5)

    told = failing(starts_what_is_made, gl.BodyError)
    assert "go(a generator or coroutine that is made already): must be a function or a Program" in told
    assert "the body returned a generator that nobody runs" in failing(starts_who_only_makes, gl.BodyError)


def test_a_verb_outside_of_a_run_is_told() -> None:
    with pytest.raises(gl.BodyError, match="no goroutine runs in this thread: call it in a body that gmplab.run"):
        gl.compute(us=1)


def test_with_drain_the_others_finish_after_main_and_the_run_ends_with_the_last() -> None:
    def worker() -> Any:
        yield gl.compute(us=50)

    def main() -> Any:
        yield gl.go(worker)
        yield gl.compute(us=1)

    run = gl.run(main, procs=1, costs=gl.Costs.zero(), drain=True)
    assert (run.complete, run.record.end_ns, list(run.goroutines["exited_ns"])) == (True, 51_000, [1_000, 51_000])
    assert gl.run(main, procs=1, costs=gl.Costs.zero()).record.end_ns == 1_000


def test_one_go_statement_that_starts_this_and_that_names_each_and_its_line() -> None:
    def a() -> Any:
        yield gl.compute(us=1)

    def b() -> None:
        gl.compute(us=1)

    async def c() -> None:
        await gl.compute(us=1)

    def main() -> Any:
        for fn in (a, b, c, a, a, gl.Program("d").compute(1_000), partial(a), b):
            yield gl.go(fn)
        yield gl.sleep(us=100)

    for _ in range(2):  # a second run has labels of its own
        run = gl.run(main, procs=1)
        assert [str(name) for name in run.goroutines["name"]] == ["main", "a", "b", "c", "a", "a", "d", "partial", "b"]
        assert {str(site) for site in run.goroutines["site"][1:]} == {line_of(main, "yield gl.go")}


def test_a_function_that_was_renamed_since_the_last_go_at_that_line_has_its_new_name() -> None:
    def worker() -> Any:
        yield gl.compute(us=1)

    def main() -> Any:
        for i in range(3):
            worker.__name__ = f"worker {i}"
            yield gl.go(worker)
        yield gl.sleep(us=100)

    assert [str(name) for name in gl.run(main, procs=1).goroutines["name"]] == ["main", "worker 0", "worker 1", "worker 2"]


def test_go_statements_in_two_functions_and_on_two_lines_are_told_apart() -> None:
    def leaf() -> Any:
        yield gl.compute(us=1)

    def first() -> Any:
        yield gl.go(leaf)
        yield gl.go(leaf)

    def second() -> Any:
        yield gl.go(leaf)
        yield gl.go(leaf)

    def main() -> Any:
        for _ in range(2):
            yield gl.go(first)
            yield gl.go(second)
            yield gl.sleep(us=100)

    leaves = gl.run(main, procs=1).goroutines.query("name == 'leaf'")
    assert leaves["site"].astype(str).nunique() == 4 and len(leaves) == 8


def test_a_verb_in_a_thread_of_the_programs_own_is_told_and_the_body_goes_on() -> None:
    told: list[str] = []

    def meddle() -> None:
        for verb in (lambda: gl.compute(us=1), lambda: gl.go(meddle)):
            try:
                verb()
            except gl.BodyError as e:
                told.append(str(e))

    def main() -> Any:
        yield gl.compute(us=1)
        thread = Thread(target=meddle)
        thread.start()
        thread.join()
        yield gl.compute(us=1)

    assert gl.run(main).complete
    assert len(told) == 2 and all("no goroutine runs in this thread" in text for text in told)


@pytest.mark.parametrize("value", ["2us", "const(2us)", 2_000, {"us": 2}, {"us": 2.0}, {"ns": 2_000}, {"ms": 0.002}])
def test_a_duration_lasts_as_long_however_it_is_given(value: Any) -> None:
    def main() -> Any:
        for _ in range(2):
            yield gl.compute(**value) if isinstance(value, dict) else gl.compute(value)

    assert gl.run(main, procs=1, costs=gl.Costs.zero()).record.end_ns == 4_000
