"""Goroutines that stand in one another's way: a mutex, Gosched, one thread for all."""

from __future__ import annotations

from gmplab.runtime.program import Program
from gmplab.runtime.chan import Chan
from gmplab.runtime.sim import Plan
from gmplab.runtime.sync import Mutex, WaitGroup
from gmplab.workloads.parameters import Drawn, at_least, workload


@workload
def mutex_contention(*, n: int = 16, rounds: int = 100, think: Drawn = "exp(10us)", hold: Drawn = "exp(1us)") -> Plan:
    """n goroutines think, take one lock, hold it, give it back.

    When does the lock become the bottleneck, how long do waiters wait, and when does Go's starvation mode (a waiter of
    1 ms is handed the lock) begin to cost throughput? Source: Go, sync/mutex_test.go: BenchmarkMutexWork.

    Parameters
    ----------
    n : int
        Goroutines, at least 1.
    rounds : int
        How often each takes the lock, at least 1.
    think, hold : int (ns), str or Distribution
        Computed outside of the lock, and inside.

    Examples
    --------
    >>> run = gmplab.run("mutex_contention", n=16, think="1us", procs=4)
    >>> "sync.Mutex.Lock" in set(run.events["reason"])
    True
    """
    at_least("mutex_contention: n", n, 1, "goroutine")
    at_least("mutex_contention: rounds", rounds, 1, "round")
    lock, everyone = Mutex(), WaitGroup()
    taker = Program("taker").loop(rounds).compute(think).lock(lock).compute(hold).unlock(lock).end().done(everyone)
    return Plan(Program("main").add(everyone, n).loop(n).go(taker).end().wait(everyone))


@workload
def gosched_thrash(*, n: int = 16, rounds: int = 1_000, compute: Drawn = "1us") -> Plan:
    """n goroutines that compute a little and call Gosched, again and again.

    What does yielding cost? Under Go each Gosched goes to the tail of the global queue, under sched.lock, and every P takes
    from there. Source: Go, runtime/proc_test.go: benchmarks of Gosched.

    Parameters
    ----------
    n : int
        Goroutines, at least 1.
    rounds : int
        How often each yields, at least 1.
    compute : int (ns), str or Distribution
        Between two yields.

    Examples
    --------
    >>> gmplab.run("gosched_thrash", n=8, procs=2).metrics["gosched"]
    8000
    """
    at_least("gosched_thrash: n", n, 1, "goroutine")
    at_least("gosched_thrash: rounds", rounds, 1, "round")
    everyone = WaitGroup()
    yielder = Program("yielder").loop(rounds).compute(compute).gosched().end().done(everyone)
    return Plan(Program("main").add(everyone, n).loop(n).go(yielder).end().wait(everyone))


@workload
def locked_thread(
    *, n: int = 8, rounds: int = 100, compute: Drawn = "2us", serve: Drawn = "1us", locked: bool = True
) -> Plan:
    """Clients send requests to one server that is locked to its thread, as a GUI's or OpenGL's must be.

    What does LockOSThread cost? Whoever readies the server must hand the P to its thread and wake it, and the server's
    thread hands the P back each time it waits: compare with `locked=False`.

    Parameters
    ----------
    n : int
        Clients, at least 1.
    rounds : int
        Requests of each, at least 1.
    compute, serve : int (ns), str or Distribution
        A client's work before a request, and the server's for one.
    locked : bool
        False: the server is an ordinary goroutine.

    Notes
    -----
    "threadpool" needs n + 2 threads: everyone waits for the server.

    Examples
    --------
    >>> [gmplab.run("locked_thread", locked=locked).metrics["threads_peak"] for locked in (True, False)]
    [7, 5]
    """
    at_least("locked_thread: n", n, 1, "client")
    at_least("locked_thread: rounds", rounds, 1, "request")
    requests, replies, everyone = Chan(), Chan(), WaitGroup()
    client = Program("client").loop(rounds).compute(compute).send(requests).recv(replies).end().done(everyone)
    server = Program("server")
    if locked:
        server.lock_os_thread()
    server.loop(n * rounds).recv(requests).compute(serve).send(replies).end()
    return Plan(Program("main").add(everyone, n).go(server).loop(n).go(client).end().wait(everyone))
