"""What the goroutines do: named, documented workloads, each a function of keyword parameters that returns a `Plan`.

`gmplab.run("fanout", n=1000)` and `gmplab.run(gmplab.workloads.fanout, n=1000)` run one. Another package adds its own
by the decorator `workload` and an entry point of the group `gmplab.workloads`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gmplab.runtime.sim import Plan
from gmplab.workloads.blocking import syscall_storm
from gmplab.workloads.channels import channel_tandem, pingpong, pipeline
from gmplab.workloads.parameters import Drawn, Duration, Files, Numbers, is_workload, parse_parameters, workload
from gmplab.workloads.spawning import bag, fanout

WORKLOADS: Final[dict[str, Callable[..., Plan]]] = {
    fn.__name__: fn for fn in (fanout, bag, pingpong, pipeline, channel_tandem, syscall_storm)
}
"""The shipped workloads by name."""

__all__ = [
    "WORKLOADS", "Drawn", "Duration", "Files", "Numbers", "bag", "channel_tandem", "fanout", "is_workload",
    "parse_parameters", "pingpong", "pipeline", "syscall_storm", "workload",
]
