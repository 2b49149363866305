"""What threads do to goroutines: Ms that must be woken first, Ps that are handed off or kept, Ms that are capped."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Final

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import AT_MOST, BETWEEN, MS, Experiment, Row
from gmplab.analysis.truth.measures import Latencies, Rates
from gmplab.analysis.truth.models import CONSTANT, EXPONENTIAL, GO, ONE_QUEUE, Jobs, Rounds, loaded
from gmplab.runtime.contracts import Policy
from gmplab.runtime.distributions import Distribution

WOKEN: Final[Policy] = ONE_QUEUE.replace(name="woken", spin=gl.NoSpinning())
"""An M without work sleeps at once; each arrival wakes one, if one sleeps."""
WELCH: Final = "Welch 1964; theory.setup_mg1_mean_wait"


def staying(on_ns: int) -> Policy:
    """An M without work spins for so long before it sleeps, and sees what comes to its own queue at once meanwhile."""
    return WOKEN.replace(
        name="staying", queues=gl.NoRunnext(capacity=-1), place=gl.PlaceRandom(), steal=gl.StealHalf(passes=1),
        spin=gl.SpinFor(spin_ns=on_ns, gap_ns=on_ns),
    )


def waking(c: int, load: float, setup: float, policy: Policy, size: int, how: str = "") -> Experiment:
    """M/M/c where the way from a wake-up to the M's first step is exponential."""
    costs = dataclasses.replace(gl.Costs.zero(), futex_latency=gl.Exponential(round(setup * MS)))
    name = f"M/M/{c} at load {load}, wake-ups of {setup:g} on average{how}"
    return loaded(name, Jobs(load, c, EXPONENTIAL), policy, size, Latencies(), costs=costs)


def one_server(load: float, setup: float, off_rate: float, size: int) -> list[Row]:
    """M/M/1 with setup, and with a time before it goes off."""
    expected = theory.setup_mm1(load, 1.0, setup, off_rate)
    if off_rate:
        # A constant time that as many idle times outlast as an exponential one of that rate.
        on_ns = round(MS * math.log((load + off_rate) / off_rate) / load)
        made = waking(1, load, setup, staying(on_ns), size, f", off at rate {off_rate:g}")
    else:
        made = waking(1, load, setup, WOKEN, size)
    source = "Gandhi, Harchol-Balter and Adan 2010; theory.setup_mm1"
    return [
        Row("setup and delayed off", made, "mean sojourn", "a job that finds the M asleep waits for it", expected.mean_sojourn, source),
        Row("setup and delayed off", made, "mean Ps on", "spinning costs CPU: what the latency is bought for", expected.mean_on, source),
    ]


def many_servers(c: int, load: float, setup: float, size: int) -> list[Row]:
    """M/M/c whose Ms, once they are being woken, cannot be called off."""
    made = waking(c, load, setup, WOKEN, size)
    expected = functools.cache(functools.partial(theory.setup_mmc, c, c * load, setup, 150 if c < 4 else 90))
    source = "its Markov chain, solved; theory.setup_mmc"
    return [
        Row("setup and delayed off", made, "mean sojourn", "each arrival wakes an M", lambda: expected().mean_sojourn, source),
        Row("setup and delayed off", made, "mean Ps on", "a P is at work only with a job", lambda: expected().mean_on, source),
    ]


def constant_wake(load: float, wake: float, name: str, service: Distribution, second: float, size: int) -> Row:
    """M/G/1 with a wake-up of a constant length."""
    costs = dataclasses.replace(gl.Costs.zero(), futex_latency=round(wake * MS))
    made = loaded(
        f"M/G/1 at load {load}, {name}, wake-ups of {wake:g}", Jobs(load, 1, service), WOKEN, size, Latencies(), costs=costs
    )
    return Row(
        "setup and delayed off", made, "mean wait", "a job that finds the M asleep waits for it",
        theory.setup_mg1_mean_wait(load, 1.0, second, wake), WELCH,
    )


AT_ONCE: Final[Policy] = ONE_QUEUE.replace(name="handed off at once", handoff=gl.HandoffAtOnce())
KEPT: Final[Policy] = ONE_QUEUE.replace(name="kept", handoff=gl.NoHandoff())
REPAIR: Final = "machine repair model; theory.machine_repair"
HELD: Final = "Little's law; theory.held_throughput"
POLLER: Final = (
    "an M that sleeps in epoll takes the first goroutine itself and wakes nobody; until an M looks for work again, or sysmon "
    "10 ms later, nobody watches the network though Ps idle. Go: proc.go: findRunnable"
)
SYSMON: Final = (
    "sysmon takes the P from a system call only at its second look, 20 us to 10 ms later: sooner than never, later than at once"
)


def closed(how: str, k: int, c: int, work: float, away: float, policy: Policy, size: int, kind: str = "syscall") -> Experiment:
    """k goroutines go round between c Ps and somewhere else; times in ms."""
    return Experiment(
        f"{k} goroutines, {c} Ps, {work:g} on the CPU, {away:g} away, {how}", Rounds(k, work, away, kind), policy, Rates(), size,
        procs=c, early=100, timed=True,
    )


def throughput(made: Experiment, expected: float, claim: str, source: str) -> Row:
    """So many rounds a ms, all goroutines together."""
    return Row("closed networks", made, "rounds a ms", claim, expected, source)


def handed_off(k: int, c: int, away: float, size: int) -> list[Row]:
    """The same network with the P handed off and with the P kept."""
    there, here = theory.machine_repair(k, c, 1.0, away).throughput, theory.held_throughput(k, c, 1.0, away)
    return [
        throughput(closed("P handed off at once", k, c, 1.0, away, AT_ONCE, size), there, "nobody holds a P in a system call", REPAIR),
        throughput(closed("P kept", k, c, 1.0, away, KEPT, size), here, "everybody holds a P in a system call", HELD),
    ]


def by_network(k: int, c: int, away: float, size: int) -> list[Row]:
    """Goroutines that wait in netpoll hold no M."""
    made = closed("parked in netpoll", k, c, 1.0, away, ONE_QUEUE, size, "io")
    return [
        Row(
            "closed networks", made, "mean Ps at work", "between P kept and a network that somebody always watches",
            theory.held_throughput(k, c, 1.0, away), f"{HELD}; {REPAIR}", BETWEEN, theory.machine_repair(k, c, 1.0, away).throughput,
            why=POLLER,
        ),
        Row("closed networks", made, "threads at most", "an M a P, one that comes to poll, and sysmon", c + 2.0, "Go: netpoll", AT_MOST),
    ]


def go_between(k: int, c: int, work: float, away: float, size: int) -> list[Row]:
    """Go's own handoff lies between the two; a call that is known to block is handed off at once."""
    low, high = theory.held_throughput(k, c, work, away), theory.machine_repair(k, c, work, away).throughput
    made = closed("retaken by sysmon", k, c, work, away, GO, size)
    return [
        Row(
            "closed networks", made, "rounds a ms", "between the P kept and the P handed off at once", low,
            f"{HELD}; {REPAIR}", BETWEEN, high, why=SYSMON,
        ),
        throughput(
            closed("known to block", k, c, work, away, GO, size, "blocking"), high, "Go hands off at once where it knows", REPAIR
        ),
    ]


def capped(k: int, c: int, away: float, m: int, size: int) -> Row:
    """At most m threads: who finds none waits."""
    made = closed(f"{m} threads", k, c, 1.0, away, AT_ONCE.replace(machines=gl.FixedThreads(n=m)), size)
    expected = theory.machine_repair(min(k, m), c, 1.0, away).throughput
    return throughput(made, expected, "as with so many goroutines: who has no thread is nowhere", REPAIR)


def contended(k: int, hold: float, think: float, size: int) -> Row:
    """k goroutines, each with a P of its own, and one lock: the lock is the server."""
    made = closed("one lock", k, k, hold, think, ONE_QUEUE, size, "lock")
    expected = theory.machine_repair(k, 1, hold, think).throughput * (hold + think)
    return Row("closed networks", made, "mean Ps at work", "who waits for the lock has left its P", expected, REPAIR)


ROWS: tuple[Row, ...] = (
    *one_server(0.5, 1.0, 0.0, 100_000), *one_server(0.8, 0.1, 0.0, 100_000), *one_server(0.5, 1.0, 1.0, 100_000),
    *one_server(0.5, 1.0, 0.1, 100_000), *one_server(0.5, 10.0, 1.0, 100_000),
    *many_servers(2, 0.5, 1.0, 100_000), *many_servers(4, 0.5, 1.0, 100_000),
    constant_wake(0.5, 0.2, "exponential", EXPONENTIAL, 2.0, 100_000), constant_wake(0.8, 1.0, "constant", CONSTANT, 1.0, 100_000),
    *handed_off(16, 4, 4.0, 10_000), *handed_off(32, 4, 10.0, 10_000), *handed_off(8, 1, 10.0, 10_000),
    *by_network(16, 4, 4.0, 10_000), *by_network(64, 8, 9.0, 10_000),
    *go_between(16, 4, 0.1, 0.4, 2_000), *go_between(32, 4, 1.0, 10.0, 10_000),
    capped(16, 4, 4.0, 5, 10_000), capped(16, 4, 4.0, 8, 10_000), capped(32, 4, 9.0, 12, 10_000),
    contended(8, 1.0, 10.0, 10_000), contended(4, 1.0, 3.0, 10_000),
)
