"""Work that divides: fork and join, the fib tree, a divisible load, quicksort."""

from __future__ import annotations

from typing import Any, Final

from gmplab.runtime import verbs as gl
from gmplab.runtime.program import Program
from gmplab.runtime.durations import duration_ns
from gmplab.runtime.sim import Plan
from gmplab.runtime.sync import WaitGroup
from gmplab.workloads.parameters import Drawn, Duration, Numbers, at_least, at_most, workload

LARGEST_FIB: Final = 30
"""fib(30) makes 2.7 million goroutines, some GB; each step up 1.6 times as many."""


@workload
def fork_join(*, rounds: int = 100, width: int = 16, compute: Drawn = "exp(20us)") -> Plan:
    """In each round main forks `width` goroutines and waits for all of them.

    What does a barrier cost? The slowest of the round holds all up, and between rounds the Ms go idle and must be woken
    again: spinning and the wake policy decide how fast.

    Parameters
    ----------
    rounds : int
        At least 1.
    width : int
        Goroutines in a round, at least 1.
    compute : int (ns), str or Distribution
        What each computes.

    Examples
    --------
    >>> gmplab.run("fork_join", rounds=10, width=8, procs=8).metrics["n_goroutines"]
    81
    """
    at_least("fork_join: rounds", rounds, 1, "round")
    at_least("fork_join: width", width, 1, "goroutine")
    joined = WaitGroup()
    part = Program("part").compute(compute).done(joined)
    main = Program("main").loop(rounds).add(joined, width).loop(width).go(part).end().wait(joined).end()
    return Plan(main)


@workload
def fib_tree(*, n: int = 15, compute: Drawn = "1us") -> Plan:
    """The Fibonacci number n by two goroutines a call, as Cilk's papers measure work stealing.

    How near to T1 / P + Tinf does a scheduler come, and with how many steals? A tree of 2 F(n+1) - 1 calls, each of one
    `compute`, the longest chain n of them. Source: Blumofe and Leiserson 1999, "Scheduling multithreaded computations by
    work stealing".

    Parameters
    ----------
    n : int
        1 to 30.
    compute : int (ns), str or Distribution
        Of each call.

    Notes
    -----
    `run.result` is the n-th Fibonacci number, checked. A call waits for the two that it made: "threadpool" is stuck as
    soon as all its threads wait.

    Examples
    --------
    >>> gmplab.run("fib_tree", n=10, policy="cilk").result
    55
    """
    at_least("fib_tree: n", n, 1, "call")
    at_most("fib_tree: n", n, LARGEST_FIB, "which makes 2.7 million goroutines")

    def fib(k: int, answers: list[int], i: int, joined: WaitGroup) -> Any:
        yield gl.compute(compute)
        answers[i] = k
        if k > 1:
            parts, both = [0, 0], WaitGroup(2)
            yield gl.go(fib, k - 1, parts, 0, both)
            yield gl.go(fib, k - 2, parts, 1, both)
            yield gl.wait(both)
            answers[i] = sum(parts)
        yield gl.done(joined)

    def main() -> Any:
        answers, joined = [0], WaitGroup(1)
        yield gl.go(fib, n, answers, 0, joined)
        yield gl.wait(joined)
        if answers[0] != fibonacci(n):
            raise RuntimeError(f"fib_tree: fib({n}) came to {answers[0]}: must be {fibonacci(n)}")
        return answers[0]

    return Plan(main)


def fibonacci(n: int) -> int:
    """F(n), with F(0) = 0 and F(1) = 1."""
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@workload
def divisible(*, work: Duration = "10ms", grain: Duration = "10us") -> Plan:
    """One piece of work, halved until the pieces are no longer than `grain`.

    How does a load spread that only splitting sets free? A goroutine gives the half of what it has to a new one, again
    and again, then does the rest: the oldest in its queue is the largest, and that is what a thief takes. Source: Gast,
    Khatiri, Trystram and Wagner, arXiv 1805.00857.

    Parameters
    ----------
    work : int (ns) or str
        In all, at least 1 ns.
    grain : int (ns) or str
        Up to so much is not split, at least 1 ns.

    Notes
    -----
    Differs from that paper: a goroutine splits before it computes, not when a thief asks.

    Examples
    --------
    >>> run = gmplab.run("divisible", work="1ms", grain="50us", procs=4)
    >>> run.metrics["p_running_ns"] >= 1_000_000, run.record.end_ns < 1_000_000
    (True, True)
    """
    total = at_least("divisible: work", duration_ns(work, "work"), 1, "ns", "ns")
    least = at_least("divisible: grain", duration_ns(grain, "grain"), 1, "ns", "ns")
    everyone = WaitGroup()
    made: dict[int, tuple[Program, int]] = {}

    def part(size_ns: int) -> tuple[Program, int]:
        """The program that does so much work, and how many goroutines it comes to. Sizes repeat: two at each level."""
        if size_ns not in made:
            program, goroutines, keep_ns = Program("part"), 1, size_ns
            while keep_ns > least:
                half, others = part(keep_ns - keep_ns // 2)
                program.go(half)
                goroutines += others
                keep_ns //= 2
            made[size_ns] = (program.compute(keep_ns).done(everyone), goroutines)
        return made[size_ns]

    whole, goroutines = part(total)
    return Plan(Program("main").add(everyone, goroutines).go(whole).wait(everyone))


@workload
def quicksort(*, n: int = 1_000, values: Numbers = (), grain: int = 16, compare: Duration = "10ns") -> Plan:
    """Numbers are sorted in place: the left part by a new goroutine, the right one by the same.

    How does an irregular tree spread, whose parts are known only when their parent is done? It really sorts: the run's
    `result` is the sorted list, checked.

    Parameters
    ----------
    n : int
        How many ints to draw and sort, at least 1.
    values : sequence of int
        Sort these instead.
    grain : int
        Up to so many are sorted by insertion, at least 1.
    compare : int (ns) or str
        What a comparison takes; those that are made are counted.

    Examples
    --------
    >>> gmplab.run("quicksort", values=[3, 1, 2]).result
    [1, 2, 3]
    """
    at_least("quicksort: n", n, 1, "value")
    at_least("quicksort: grain", grain, 1, "value")
    each_ns = duration_ns(compare, "compare")

    def sort(a: list[int], low: int, high: int, everyone: WaitGroup) -> Any:
        while high - low > grain:
            less, more, compared = partition(a, low, high, a[low + gl.intn(high - low)])
            yield gl.compute(compared * each_ns)
            yield gl.add(everyone)
            yield gl.go(sort, a, low, less, everyone)
            low = more
        yield gl.compute(insertion(a, low, high) * each_ns)
        yield gl.done(everyone)

    def main() -> Any:
        given = list(values) or [gl.intn(n) for _ in range(n)]
        a, everyone = list(given), WaitGroup(1)
        yield gl.go(sort, a, 0, len(a), everyone)
        yield gl.wait(everyone)
        if a != sorted(given):
            raise RuntimeError(f"quicksort: {len(a)} values came back unsorted, or others than were given")
        return a

    return Plan(main)


def partition(a: list[int], low: int, high: int, pivot: int) -> tuple[int, int, int]:
    """Bring a[low:high] into three parts: below, equal to and above the pivot.

    Returns where the equal ones begin, where they end, and how many comparisons that took. Three parts, since with two
    a list of equal values would take quadratic time.
    """
    less, i, more, compared = low, low, high, 0
    while i < more:
        compared += 1
        if a[i] < pivot:
            a[less], a[i] = a[i], a[less]
            less += 1
            i += 1
            continue
        compared += 1
        if a[i] > pivot:
            more -= 1
            a[i], a[more] = a[more], a[i]
        else:
            i += 1
    return less, more, compared


def insertion(a: list[int], low: int, high: int) -> int:
    """Sort a[low:high] by insertion; returns how many comparisons that took."""
    compared = 0
    for i in range(low + 1, high):
        value, j = a[i], i
        while j > low:
            compared += 1
            if a[j - 1] <= value:
                break
            a[j] = a[j - 1]
            j -= 1
        a[j] = value
    return compared
