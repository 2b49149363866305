"""How long a CPU hog really runs, and who runs after it: derived step by step from sysmon's rule and its changing period.

sysmon observes, then preempts: at a look that finds a new schedtick it notes the tick and the instant; at a look that
finds the noted tick 10 ms or more after that instant it asks the G to stop. Its looks come after 20 us, 51 times; then
after 40, 80, 160, 320, 640, 1280, 2560 and 5120 us; then every 10 ms. A look that takes a P from a syscall makes it begin
again with 20 us. So a slice is never 10 ms:

    cold      20    ms: the stop is a new tick, noted at the next look, 10 ms later; asked to stop at the one after that.
    woken up  11.22 ms: after a retake the looks are at 20, 40, ..., 1020, 1060, 1140, 1300, 1620, 2260, 3540, 6100 and
                        11220 us; the tick is noted at the first of them, and the first that is 10 ms later is the last.
    hot       10.02 ms: where sysmon retakes something at least every 50 looks it looks every 20 us for ever: noted 20 us
                        after the stop, asked to stop 10 ms after that.

Go: proc.go: sysmon, retake, preemptone, goschedImpl.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import gmplab as gl
from tests.programs import free, rows


def hog() -> Any:
    yield gl.compute(s=10)


# Cold. Let k hogs begin at 0 on one P, which sysmon takes for noted at 0.
#     11.22 ms  the first look 10 ms after 0: the first hog stops. The next one begins, with a new tick, after that look.
#     21.22 ms  the tick is new: it is noted.
#     31.22 ms  10 ms later, to the ns: the second hog stops, after 20 ms.
# Where each of sysmon's sleeps takes s longer, it is 2 * (10 ms + s).


def sysmon_looks(slack: int, until: int) -> list[int]:
    """When sysmon looks, if it never retakes a P."""
    looks, delay, idle, now = [], 20_000, 0, 0
    while now < until:
        if idle > 50:
            delay = min(delay * 2, 10_000_000)
        now += delay + slack
        looks.append(now)
        idle += 1
    return looks


def preemptions(looks: list[int]) -> list[int]:
    """When the hogs of one P are stopped: a stop is a new tick, which only a later look can note."""
    stops, noted, is_noted = [], 0, True
    for now in looks:
        if not is_noted:
            noted, is_noted = now, True
        elif noted + 10_000_000 <= now:
            stops.append(now)
            is_noted = False
    return stops


@pytest.mark.parametrize("k", [2, 3, 7])
@pytest.mark.parametrize(("slack", "first", "slice_"), [(0, 11_220_000, 20_000_000), (50_000, 14_170_000, 20_100_000)])
def test_cpu_hogs_on_one_p_take_turns_of_two_of_sysmons_longest_sleeps(k: int, slack: int, first: int, slice_: int) -> None:
    # The order: g(k+1) had runnext, and ran in main's slice, so the tick is still 0 when it stops: fairness takes it back.
    # Then all are first come, first served.
    # Go 1.27.3, asked for the slices of two hogs with GOMAXPROCS=1 on two shared CPUs: from 12 ms, where the kernel let
    # the old hog's thread wait and so begin the new slice late, over 16 and 20 ms to 40 ms, where it let sysmon wait.
    def main() -> Any:
        for _ in range(k):
            yield gl.go(hog)
        yield gl.sleep(ms=400)

    run = gl.run(main, procs=1, costs=replace(gl.Costs.zero(), usleep_slack=slack), until="300ms")
    stops = rows(run, "GoStop")
    expected = [first + slice_ * i for i in range((300_000_000 - first) // slice_ + 1)]
    assert list(stops["t_ns"]) == expected == [t for t in preemptions(sysmon_looks(slack, 300_000_000)) if t <= 300_000_000]
    turn = [k + 1, *range(2, k + 1)]
    assert [int(g) for g in stops["g"]] == [k + 1, *(turn[i % k] for i in range(len(expected) - 1))]


def test_a_hog_that_gets_the_p_of_a_syscall_has_11_220_us() -> None:
    # One P, two hogs, and main, which does nothing but calls of 25 ms.
    #    0.02 ms  sysmon's first look: a P's first call is taken at once. 3, in runnext, begins in main's slice: tick 0,
    #             which sysmon takes for noted at 0.
    #   11.24 ms  11.22 ms after the retake: 3 is asked to stop. Fairness (tick 0) takes it back, with a new tick.
    #   25    ms  main comes back, finds no P, and joins the global queue.
    #   31.24 ms  cold by now: 3 has had 20 ms. 2 begins, from the local queue.
    #   51.24 ms  2 has had 20 ms. Main, before 3 in the global queue, begins, enters a call again; 3 came to the local
    #             queue in the same batch.
    #   61.24 ms  sysmon notes the tick, and the call.
    #   71.24 ms  10 ms later: it takes the P. 3 begins, and sysmon is awake.
    #   82.46 ms  3 has had 11.22 ms.
    def main() -> Any:
        for _ in range(2):
            yield gl.go(hog)
        while True:
            yield gl.syscall(ms=25)

    run = free(main, until="100ms")
    turns = [(int(t) / 1e6, int(g)) for t, g in zip(run.schedule["t_ns"], run.schedule["g"], strict=True)]
    assert turns == [(0, 1), (0.02, 3), (11.24, 3), (31.24, 2), (51.24, 1), (71.24, 3), (82.46, 2)]
    assert [t / 1e6 for t in rows(run, "PRetake")["t_ns"]] == [0.02, 71.24]


def test_beside_a_p_that_sysmon_retakes_all_the_time_a_hog_has_10_020_us() -> None:
    # Go's own complaint (#60693): nobody waits for a P of the two, and the hog is stopped a hundred times a second.
    def child() -> Any:
        yield gl.compute(us=1)

    def caller() -> Any:
        while True:
            yield gl.go(child)
            yield gl.syscall(us=45)

    def main() -> Any:
        yield gl.go(hog)
        yield gl.compute(us=10)
        yield gl.go(caller)
        yield gl.sleep(ms=400)

    run = free(main, procs=2, until="61ms")
    # With the child in its queue the caller's P is taken at the second look, at most 40 us after its call's begin.
    assert set(rows(run, "Sysmon")["arg"]) == {20_000}
    assert list(rows(run, "GoStop").query("g == 2")["t_ns"]) == [10_020_000 * i for i in range(1, 7)]


# Several Ps. n hogs run, the others wait in queues. All n ticks are noted at one look and all n hogs stopped at another,
# P 0 first: each goes to the global tail. Only then, P 0 first again, each P looks for its next G:
#     where 61 divides its tick, the global head; else the head of its own queue; else min(size, size // n + 1) from the
#     global head, the first of which it runs.
# So the n that stopped are behind all who waited in the global queue, not behind those in local queues: turns are not fair.


def turns(n: int, rings: list[list[int]], everyone: list[int], running: list[int], tick: list[int]) -> list[int]:
    """Who runs on each P after a stop; the queues and ticks change as they do."""
    everyone += running
    chosen = []
    for p in range(n):
        if tick[p] % 61 == 0 and everyone:
            chosen.append(everyone.pop(0))
        elif rings[p]:
            chosen.append(rings[p].pop(0))
        else:
            k = min(len(everyone), len(everyone) // n + 1)
            rings[p] = everyone[1:k]
            chosen.append(everyone[0])
            del everyone[:k]
        tick[p] += 1
    return chosen


@pytest.mark.parametrize(("n", "k"), [(2, 3), (3, 7), (4, 6), (8, 20)])
def test_on_n_ps_all_hogs_stop_at_the_same_look_and_each_p_takes_its_own_queues_head_or_a_share(n: int, k: int) -> None:
    def main() -> Any:
        for _ in range(k):
            yield gl.go(hog)
        yield gl.sleep(s=2)

    run = free(main, procs=n, until="1500ms")
    # Before the first stop: who was stolen by whom is the thieves' luck.
    before = run.at("11ms")
    rings = [list(p.queue) for p in before.processors]
    everyone = list(before.global_queue)
    running = [int(run.schedule.query("g > 1 and p == @p and t_ns < 11_000_000")["g"].iloc[-1]) for p in range(n)]
    tick = [int(run.schedule.query("p == @p and t_ns < 11_000_000 and source != 'runnext'").shape[0]) for p in range(n)]
    later = run.schedule.query("t_ns > 11_000_000")
    stops = [int(t) for t in later["t_ns"].unique()]
    assert stops == list(range(11_220_000, 1_500_000_000, 20_000_000))
    for _, chosen in later.sort_values("p").groupby("t_ns"):
        running = turns(n, rings, everyone, running, tick)
        assert [int(g) for g in chosen["g"]] == running
