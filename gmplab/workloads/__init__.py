"""What the goroutines do: named, documented workloads, each a function of keyword parameters that returns a `Plan`.

`gmplab.run("fanout", n=1000)` and `gmplab.run(gmplab.workloads.fanout, n=1000)` run one. Another package adds its own
by the decorator `workload` and an entry point of the group `gmplab.workloads`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmplab.runtime.sim import Plan
from gmplab.workloads.blocking import mixed_io, syscall_storm, timers
from gmplab.workloads.channels import channel_tandem, pingpong, pipeline, prime_sieve
from gmplab.workloads.collecting import gc_pauses
from gmplab.workloads.contention import gosched_thrash, locked_thread, mutex_contention
from gmplab.workloads.forking import divisible, fib_tree, fork_join, quicksort
from gmplab.workloads.parameters import Drawn, Duration, Files, Numbers, is_workload, parse_parameters, workload
from gmplab.workloads.precedence import dag
from gmplab.workloads.queueing import closed, open_loop
from gmplab.workloads.spawning import bag, fanout
from gmplab.workloads.words import wordcount

WORKLOADS: Final[dict[str, Callable[..., Plan]]] = {
    fn.__name__: fn
    for fn in (
        fanout, bag, fork_join, fib_tree, divisible, quicksort, dag, pingpong, pipeline, channel_tandem, prime_sieve,
        mutex_contention, gosched_thrash, locked_thread, syscall_storm, mixed_io, timers, open_loop, closed, wordcount,
        gc_pauses,
    )
}
"""The shipped workloads by name."""

__all__ = [
    "WORKLOADS", "Drawn", "Duration", "Files", "Numbers", "bag", "channel_tandem", "closed", "dag", "divisible",
    "fanout", "fib_tree", "fork_join", "gc_pauses", "gosched_thrash", "is_workload", "locked_thread", "mixed_io",
    "mutex_contention", "open_loop", "parse_parameters", "pingpong", "pipeline", "prime_sieve", "quicksort",
    "syscall_storm", "timers", "wordcount", "workload",
]
