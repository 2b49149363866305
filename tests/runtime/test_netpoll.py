"""Who looks into epoll, and when."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import gmplab as gl
from tests.programs import rows


def waiting_on_the_network() -> Any:
    """60 goroutines that wait on descriptors, five times each."""
    wg = gl.WaitGroup(60)

    def worker(i: int) -> Any:
        for _ in range(5):
            yield gl.io(us=50 + i)
            yield gl.compute(us=3)
        yield gl.done(wg)

    for i in range(60):
        yield gl.go(worker, i)
    yield gl.wait(wg)


def looks(polling_net: bool) -> list[int]:
    """When an M looked into epoll without waiting, which takes 1 us."""
    go = gl.policy_of("go")
    run = gl.run(
        waiting_on_the_network, procs=8, record="calls", costs=replace(gl.Costs(), netpoll=1_000),
        policy=go.replace(rules=replace(go.rules, polling_net=polling_net)),
    )
    run.validate()
    parked = rows(run, "MPark")
    waited = {(t, m) for t, m, why in zip(parked["t_ns"], parked["m"], parked["reason"], strict=True) if why == "netpoll"}
    asked = run.calls[(run.calls["function"] == "netpoll") & (run.calls["m"] != 1)]
    return [int(t) for t, m in zip(asked["t_ns"], asked["m"], strict=True) if (t, m) not in waited]


def test_since_go_1_25_one_p_at_a_time_polls_without_waiting() -> None:
    # Go: proc.go: findRunnable: sched.pollingNet.
    alone, together = looks(True), looks(False)
    assert min(b - a for a, b in pairwise(alone)) >= 1_000
    assert min(b - a for a, b in pairwise(together)) < 1_000
    assert len(alone) > 10
