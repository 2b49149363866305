"""What is peculiar about each runtime of the zoo, shown by a small program: whole sequences, and nothing costs anything.

That the constants are the published ones is held by test_presets.py; what they do is held here.
"""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.traces.run import Run

FREE = gl.Costs.zero()


def run(policy: str | gl.Policy, main: Any, procs: int = 1) -> Run:
    made: Run = gl.run(main, policy=policy, procs=procs, costs=FREE, drain=True)
    return made


def turns(made: Run) -> list[tuple[int, int, int]]:
    """(us, goroutine, P) of each turn."""
    s = made.schedule
    return [(int(t) // 1_000, int(g), int(p)) for t, g, p in zip(s["t_ns"], s["g"], s["p"], strict=True)]


def order(made: Run) -> list[int]:
    return [g for _, g, _ in turns(made)]


def jobs(*us: int, tight: bool = False) -> Any:
    """Main starts a job for each length, g2 and on, and returns."""

    def main() -> Any:
        for length in us:
            yield gl.go(gl.Program("job").compute(length * 1_000, tight=tight))

    return main


def spawns_and_computes(children: int, us: int, child_us: int = 50) -> Any:
    """Main starts children, and computes itself."""

    def main() -> Any:
        for _ in range(children):
            yield gl.go(gl.Program("child").compute(child_us * 1_000))
        yield gl.compute(us=us)

    return main


def calls(n: int, ms: int, then_s: int = 0) -> Any:
    """n goroutines sit in a system call; when all are back, main sleeps."""

    def main() -> Any:
        wg = gl.WaitGroup(n)
        for _ in range(n):
            yield gl.go(gl.Program("caller").syscall(ms * 1_000_000).done(wg))
        yield gl.wait(wg)
        if then_s:
            yield gl.sleep(s=then_s)

    return main


def hand_overs() -> Any:
    """g3 and main ready one another eight times; g2 was there before."""
    there, back = gl.Chan(), gl.Chan()
    yield gl.go(gl.Program("third").compute(1_000))
    yield gl.go(gl.Program("other").loop(8).recv(there).send(back).end())
    for _ in range(8):
        yield gl.send(there)
        yield gl.recv(back)


# --- who is next on the own worker -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        # A stack: the newest first.
        (["rayon", "tbb", "java", "dotnet"], [1, 5, 4, 3, 2]),
        # A slot for the newest, a queue for the others.
        (["go", "tokio", "kotlin"], [1, 5, 2, 3, 4]),
        (["beam", "ghc", "shenango", "shinjuku"], [1, 2, 3, 4, 5]),
        # The child first; its parent, alone on the stack, goes on after it.
        (["cilk"], [1, 2, 1, 3, 1, 4, 1, 5, 1]),
    ],
)
def test_the_order_in_which_four_children_run(names: list[str], expected: list[int]) -> None:
    main = spawns_and_computes(4, us=1, child_us=1)
    assert {name: order(run(name, main)) for name in names} == dict.fromkeys(names, expected)


def test_tokios_slot_runs_three_in_a_row_and_then_the_queue_has_its_turn() -> None:
    # Main came from the slot too. Without the cap, and in Go within one time slice, the third waits for the end of both.
    assert order(run("tokio", hand_overs))[:8] == [1, 3, 1, 2, 3, 1, 3, 1]
    without = gl.policy_of("tokio").replace(queues=gl.GoQueues(runnext_limit=0, fair_tick=31))
    assert [order(run(policy, hand_overs))[-1] for policy in (without, "go")] == [2, 2]


# --- thieves ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rayon", "java", "dotnet"])
def test_a_thief_takes_one_the_oldest(name: str) -> None:
    made = run(name, spawns_and_computes(4, us=200), procs=2)
    assert turns(made) == [(0, 1, 0), (0, 2, 1), (50, 3, 1), (100, 4, 1), (150, 5, 1)]
    assert list(made.schedule["stolen"]) == [0, 1, 1, 1, 1]


def test_cilks_thief_takes_the_parent() -> None:
    # P0 runs the first child, P1 what is left of main: it starts the second.
    assert turns(run("cilk", spawns_and_computes(2, us=200), procs=2))[:4] == [(0, 1, 0), (0, 2, 0), (0, 1, 1), (0, 3, 1)]


@pytest.mark.parametrize(("name", "us", "p"), [("go", 3, 1), ("kotlin", 100, 1), ("tokio", 500, 0)])
def test_who_takes_the_newest_from_a_busy_workers_slot(name: str, us: int, p: int) -> None:
    # Go's thieves pause 3 us, Kotlin's until the task is 100 us old, Tokio's never take it.
    assert turns(run(name, spawns_and_computes(1, us=500), procs=2)) == [(0, 1, 0), (us, 2, p)]


def test_shenangos_core_comes_back_when_work_has_waited_for_5_us_and_takes_half() -> None:
    made = run("shenango", spawns_and_computes(4, us=200), procs=2)
    # g2 and g3 come over, and the thief runs the last that it took, as Go's does.
    assert (turns(made)[:3], list(made.schedule["stolen"])[:3]) == ([(0, 1, 0), (5, 3, 1), (55, 2, 1)], [0, 2, 0])


def test_a_process_of_beam_goes_back_to_the_scheduler_that_it_ran_on() -> None:
    # g2 was stolen by P1. Main, on P0, readies it: in Go it would be P0's.
    def main() -> Any:
        c = gl.Chan(1)
        yield gl.go(gl.Program("process").recv(c).compute(1_000))
        yield gl.compute(us=10)
        yield gl.send(c)
        yield gl.compute(us=10)

    assert [(us, p) for us, g, p in turns(run("beam", main, procs=2)) if g == 2] == [(0, 1), (10, 1)]


# --- system calls ----------------------------------------------------------------------------------------------------


def threads(name: str, n: int, ms: int = 1, then_s: int = 0) -> tuple[int, list[int], int]:
    """On two Ps: threads but sysmon's, in which second they ended, and the end (ms) of the calls."""
    made = run(name, calls(n, ms, then_s), procs=2)
    ended = sorted({int(t) // 10**9 for t in made.machines["exited_ns"].dropna()})
    return len(made.machines) - 1, ended, (int(made.record.end_ns) - then_s * 10**9) // 1_000_000


@pytest.mark.parametrize(
    ("name", "n", "expected"),
    [
        # A worker keeps its core in a call (block_in_place is not modelled): five calls on two workers take three rounds.
        ("tokio", 5, (2, [], 3)), ("rayon", 5, (2, [], 3)), ("shinjuku", 5, (2, [], 3)),
        # ManagedBlocker: a spare for each that is blocked, 256 of them; 300 calls take two rounds. A spare idle for 60 s ends.
        ("java", 300, (2 + 256, [60], 2)),
        # 64 blocking permits beside the CPU's; they too end after 60 s.
        ("kotlin", 100, (2 + 64, [60], 2)),
        # 10 dirty IO schedulers, which stay. Two more calls sit on the schedulers themselves: 20 calls take two rounds.
        ("beam", 20, (2 + 10, [], 2)),
        # A safe foreign call releases the capability at once, and workers are kept.
        ("ghc", 100, (2 + 99, [], 1)),
    ],
)
def test_how_many_threads_blocking_calls_get_and_when_they_end(name: str, n: int, expected: tuple[int, list[int], int]) -> None:
    assert threads(name, n, then_s=130 if name in ("java", "kotlin", "beam", "ghc") else 0) == expected


def test_dotnets_gate_thread_adds_one_thread_each_500_ms_while_work_starves_and_they_end_after_20_s() -> None:
    # Eight calls of 3 s on a pool of two: nothing is dequeued, and hill climbing has nothing to measure.
    made = run("dotnet", calls(8, 3_000, then_s=60), procs=2)
    own = made.machines[made.machines["created_ns"] > 0]
    assert [int(t) // 1_000_000 for t in own["created_ns"]] == [500, 1_000, 1_500, 2_000, 2_500]
    # Each idles from the end of its call on, 3 s later. The last stays: two threads are the least.
    assert [int(t) // 1_000_000 for t in own["exited_ns"].dropna()] == [23_500, 24_000, 24_500, 25_000]


# --- slices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lengths", "expected"),
    [
        ("shinjuku", (12, 12), [(0, 2), (5, 3), (10, 2), (15, 3), (20, 2), (22, 3)]),
        ("ps", (12, 12), [(0, 2), (5, 3), (10, 2), (15, 3), (20, 2), (22, 3)]),
        # The one that has had least: after 5 us that is the second, for all that it needs.
        ("las", (12, 3), [(0, 2), (5, 3), (8, 2), (13, 2)]),
        ("srpt", (12, 3), [(0, 3), (3, 2), (8, 2), (13, 2)]),
        ("fifo", (12, 3), [(0, 2), (12, 3)]),
        ("beam", (2_500, 1_500), [(0, 2), (1_000, 3), (2_000, 2), (3_000, 3), (3_500, 2)]),
        ("ghc", (50_000, 30_000), [(0, 2), (20_000, 3), (40_000, 2), (60_000, 3), (70_000, 2)]),
        ("tokio", (50_000, 30_000), [(0, 3), (30_000, 2)]),
    ],
)
def test_turns_of_two_jobs_on_one_worker(name: str, lengths: tuple[int, int], expected: list[tuple[int, int]]) -> None:
    assert [(us, g) for us, g, _ in turns(run(name, jobs(*lengths)))[1:]] == expected


@pytest.mark.parametrize(("name", "turns_of_both"), [("beam", [2, 3]), ("ghc", [2, 3]), ("shinjuku", [2, 3, 2, 3, 2, 3, 2, 3])])
def test_a_loop_without_calls_and_allocations_is_stopped_by_an_interrupt_alone(name: str, turns_of_both: list[int]) -> None:
    us = 20 if name == "shinjuku" else 50_000
    assert order(run(name, jobs(us, us, tight=True)))[1:] == turns_of_both


# --- placement of the textbooks --------------------------------------------------------------------------------------


def test_the_shortest_queue_is_joined_and_nobody_steals() -> None:
    # Main is on P0. The first two go to the idle Ps; then all are alike, and the first of equals is P0; then it is P1.
    made = run("jsq", spawns_and_computes(4, us=200), procs=3)
    assert turns(made) == [(0, 1, 0), (0, 2, 1), (0, 3, 2), (50, 5, 1), (200, 4, 0)]


def test_partitioned_draws_a_p_and_two_choices_the_less_loaded_of_two() -> None:
    def worst(name: str) -> int:
        """When the last of 64 equal jobs from one P ends, in us, on 8 Ps."""
        return int(run(name, jobs(*[10] * 64), procs=8).record.end_ns) // 1_000

    assert worst("jsq") <= worst("two-choices") < worst("partitioned")
