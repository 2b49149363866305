"""Timer.Stop and Timer.Reset, of channels' timers and of those that start a goroutine; each as Go 1.27.3 does, asked.

Go: time.go: timer.stop, timer.modify, timer.maybeRunChan; time/sleep.go: NewTimer, AfterFunc.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmplab as gl
from tests.programs import free, rows


def child() -> Any:
    yield gl.compute(us=1)


def heaps(run: gl.Run) -> list[tuple[str, int, int]]:
    """(TimerSet, TimerStop or TimerFire, the instant in us, P) of the program's timers."""
    e = run.events[run.events["kind"].isin({"TimerSet", "TimerStop", "TimerFire"}) & run.events["g"].isna()]
    return [(str(k), int(t) // 1_000, int(p)) for k, t, p in zip(e["kind"], e["t_ns"], e["p"], strict=True)]


def test_stop_and_reset_tell_whether_the_timer_was_pending_and_nobody_receives_what_was_sent_before() -> None:
    # The same program in Go, with ms for us, printed: false false true default false (the value) false false true.
    def main() -> Any:
        told = []
        t = yield gl.new_timer(us=50)
        told.append((yield gl.recv(t.c)))
        told.append((yield gl.stop(t)))
        told.append((yield gl.reset(t, us=20)))
        # It is due, but nobody looked at the channel: stopping it is in time.
        yield gl.compute(us=30)
        told.append((yield gl.stop(t)))
        told.append((yield gl.select(gl.recv_case(t.c), default=True))[0])
        told.append((yield gl.reset(t, us=20)))
        yield gl.sleep(us=40)
        told.append((yield gl.recv(t.c)))
        f = yield gl.after_func("10us", child)
        yield gl.sleep(us=20)
        told.append((yield gl.stop(f)))
        told.append((yield gl.reset(f, us=10)))
        told.append((yield gl.stop(f)))
        return told

    # The value is the instant at which it was due, whenever it is received.
    assert free(main).result == [50_000, False, False, True, -1, False, 100_000, False, False, True]


def test_what_was_sent_while_the_receiver_was_on_its_way_elsewhere_is_taken_back() -> None:
    # Go: chan.go: timerchandrain. The select was won by the other channel; the timer fires before its goroutine runs.
    def selects(c: gl.Chan) -> Any:
        t = yield gl.new_timer(us=50)
        taken = yield gl.select(gl.recv_case(t.c), gl.recv_case(c))
        told.extend([taken[0], (yield gl.stop(t)), (yield gl.select(gl.recv_case(t.c), default=True))[0]])

    def main() -> Any:
        c = gl.Chan()
        yield gl.go(selects, c)
        yield gl.sleep(us=10)
        yield gl.send(c)
        yield gl.compute(us=60)
        yield gl.sleep(us=10)

    told: list[Any] = []
    run = free(main)
    assert told == [1, True, -1]
    assert heaps(run) == [("TimerSet", 0, 0), ("TimerFire", 70, 0)]


def test_a_channels_timer_lies_in_a_heap_only_while_somebody_waits_on_it() -> None:
    # Go 1.23: time.go: timer.needsAdd, blockTimerChan, unblockTimerChan.
    def sends(c: gl.Chan) -> Any:
        yield gl.sleep(us=10)
        yield gl.send(c)

    def main() -> Any:
        c = gl.Chan()
        t = yield gl.new_timer(us=50)
        yield gl.go(sends, c)
        got = yield gl.select(gl.recv_case(t.c), gl.recv_case(c))
        yield gl.sleep(us=20)
        yield gl.recv(t.c)
        return got[0], len(t.c)

    run = free(main)
    assert run.result == (1, 0)
    assert heaps(run) == [("TimerSet", 0, 0), ("TimerStop", 10, 0), ("TimerSet", 30, 0), ("TimerFire", 50, 0)]


def test_before_1_23_it_lay_there_and_what_it_had_sent_was_received_after_a_reset() -> None:
    # The trap that Go 1.23 closed: `if !t.Stop() { <-t.C }` before a Reset.
    def main() -> Any:
        t = yield gl.new_timer(us=50)
        yield gl.sleep(us=60)
        again = yield gl.reset(t, us=50)
        return again, (yield gl.recv(t.c)), (yield gl.now())

    old, new = (free(main, policy=policy) for policy in ("go1.21", "go"))
    assert old.result == (False, 50_000, 60_000)
    assert heaps(old) == [("TimerSet", 0, 0), ("TimerFire", 50, 0), ("TimerSet", 60, 0)]
    assert new.result == (True, 110_000, 110_000)


def test_a_function_starts_as_a_goroutine_without_a_parent_in_runnext_of_the_p_that_fires() -> None:
    # Go: time/sleep.go: goFunc; proc.go: newproc. Main's P is busy: a thief fires its timer.
    def long() -> Any:
        yield gl.compute(us=20)

    def main() -> Any:
        yield gl.after_func("10us", child, name="alarm", cls="late")
        yield gl.go(long)
        yield gl.compute(us=100)

    run = free(main, procs=2)
    alarm = run.goroutines.query("name == 'alarm'").iloc[0]
    assert (alarm["parent"] is pd.NA, alarm["cls"], int(alarm["created_ns"])) == (True, "late", 23_000)
    made = rows(run, "GoCreate").query("g == 3").iloc[0]
    assert (int(made["p"]), made["reason"]) == (1, "runnext")
    assert heaps(run) == [("TimerSet", 0, 0), ("TimerFire", 23, 0)]


def test_timers_and_sleepers_that_are_due_at_once_run_in_the_order_of_their_instants() -> None:
    # Go: time.go: timers.run pops one by one: each goes into runnext, and kicks the one before it to the tail.
    order: list[str] = []

    def says(what: str) -> Any:
        order.append(what)
        yield gl.compute(us=1)

    def sleeper(us: int) -> Any:
        yield gl.sleep(us=us)
        order.append(f"sleeper {us}")

    def main() -> Any:
        yield gl.after_func("12us", says, "function 12")
        yield gl.go(sleeper, 13)
        yield gl.go(sleeper, 11)
        yield gl.after_func("14us", says, "function 14")
        yield gl.sleep(us=1)
        yield gl.compute(us=20)
        yield gl.sleep(us=20)

    free(main)
    assert order == ["function 14", "sleeper 11", "function 12", "sleeper 13"]


def test_a_timer_set_anew_stays_in_the_heap_of_its_p_and_a_stopped_one_joins_that_of_who_sets_it() -> None:
    # Go: time.go: timer.modify: timerHeaped keeps its ts.
    def other(t: gl.Timer) -> Any:
        yield gl.reset(t, us=100)
        yield gl.stop(t)
        yield gl.reset(t, us=100)
        yield gl.compute(us=50)
        yield gl.stop(t)

    def main() -> Any:
        t = yield gl.after_func("50us", child)
        yield gl.go(other, t)
        yield gl.compute(us=80)

    # The thief comes after its pause of 3 us.
    assert heaps(free(main, procs=2)) == [
        ("TimerSet", 0, 0), ("TimerStop", 3, 0), ("TimerSet", 3, 0), ("TimerStop", 3, 0), ("TimerSet", 3, 1), ("TimerStop", 53, 1),
    ]


def test_timers_of_a_destroyed_p_move_to_the_stoppers() -> None:
    # Go: proc.go: (*p).destroy; time.go: timers.take.
    def other() -> Any:
        yield gl.after_func("200us", child)
        yield gl.compute(us=20)

    def main() -> Any:
        yield gl.go(other)
        yield gl.compute(us=50)
        yield gl.gomaxprocs(1)
        yield gl.sleep(us=500)

    run = free(main, procs=2)
    assert heaps(run) == [("TimerSet", 3, 1), ("TimerStop", 50, 1), ("TimerSet", 50, 0), ("TimerFire", 203, 0)]
    assert run.at("100us").processors[0].timers == ((203_000, "timer#1"), (550_000, "g1"))
    run.validate()


def test_a_timeout_is_a_select_with_a_timer_in_all_forms_of_a_body() -> None:
    def generator() -> Any:
        c = gl.Chan()
        t = yield gl.new_timer("exp(50us)")
        yield gl.after_func("30us", child)
        yield gl.select(gl.recv_case(c), gl.recv_case(t.c))
        yield gl.stop(t)
        yield gl.reset(t, ms=1)

    def plain() -> None:
        c = gl.Chan()
        t = gl.new_timer("exp(50us)")
        gl.after_func("30us", child)
        gl.select(gl.recv_case(c), gl.recv_case(t.c))
        gl.stop(t)
        gl.reset(t, ms=1)

    async def coroutine() -> None:
        c = gl.Chan()
        t = await gl.new_timer("exp(50us)")
        await gl.after_func("30us", child)
        await gl.select(gl.recv_case(c), gl.recv_case(t.c))
        await gl.stop(t)
        await gl.reset(t, ms=1)

    tables = [gl.run(body, procs=2).record.tables for body in (generator, plain, coroutine)]
    assert tables[0]["events"] == tables[1]["events"] == tables[2]["events"]


def test_an_op_program_sets_and_stops_timers_too() -> None:
    job = gl.Program("job").compute("1us")
    timeout, alarm = gl.Timer(), gl.Timer(job, name="alarm")
    main = gl.Program("main").reset(timeout, "20us").reset(alarm, "10us").recv(timeout.c)
    main = main.reset(alarm, "30us").stop(alarm).reset(alarm, "exp(10us)").sleep("1ms")
    run = free(main)
    assert list(run.goroutines["name"]) == ["main", "alarm", "alarm"]
    assert int(run.goroutines["created_ns"].iloc[1]) == 10_000
    # As new in the next run.
    assert free(main).digest == run.digest


def test_what_a_timer_starts_draws_from_the_dice_of_who_set_it() -> None:
    # Whatever the policy, and whenever it fires.
    drawn: dict[str, list[int]] = {}

    def draws(policy: str) -> Any:
        drawn[policy].append(gl.intn(1_000_000))
        yield gl.compute(us=1)

    def main(policy: str) -> Any:
        for us in (30, 10, 20):
            yield gl.after_func(us * 1_000, draws, policy)
        yield gl.sleep(ms=5)

    for policy in ("go", "go1.0"):
        drawn[policy] = []
        gl.run(gl.Plan(main, (policy,)), policy=policy, procs=4)
    assert sorted(drawn["go"]) == sorted(drawn["go1.0"])
    assert len(set(drawn["go"])) == 3


@pytest.mark.parametrize("verb", [gl.stop, lambda x: gl.reset(x, 5)])
def test_what_is_no_timer_is_told(verb: Any) -> None:
    def main() -> Any:
        yield verb(gl.Mutex())

    with pytest.raises(gl.GoPanic, match="TypeError: (stop|reset): mutex#0: must be a Timer"):
        free(main)


def test_who_waits_on_a_stopped_timer_waits_for_ever() -> None:
    def main() -> Any:
        t = yield gl.new_timer(us=50)
        yield gl.stop(t)
        yield gl.recv(t.c)

    with pytest.raises(gl.DeadlockError, match="goroutine 1 .chan receive.: main on timer#1"):
        free(main)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["reset", "stop", "wait", "sleep", "look", "recv"]), st.integers(0, 30)), max_size=20))
def test_a_timer_gives_what_a_clock_and_one_number_give(acts: list[tuple[str, int]]) -> None:
    # The one number: when it is due, 0 if it is not set. The clock decides, whoever looked at the heap in between.
    def main() -> Any:
        t, due, found = gl.Timer(), 0, []
        for act, us in acts:
            now = yield gl.now()
            if act == "reset":
                found.append(((yield gl.reset(t, us=us)), due > 0))
                due = max(now + us * 1_000, 1)
            elif act == "stop":
                found.append(((yield gl.stop(t)), due > 0))
                due = 0
            elif act == "wait":
                yield gl.compute(us=us)
            elif act == "sleep":
                yield gl.sleep(us=us)
            elif act == "look":
                got = yield gl.select(gl.recv_case(t.c), default=True)
                found.append((got[1], due if 0 < due <= now else None))
                due = due if due > now else 0
            elif due > 0:
                found.append(((yield gl.recv(t.c)), due))
                due = 0
        return found

    for told, expected in free(main, procs=2).result:
        assert told == expected
