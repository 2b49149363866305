"""The order of service: second moments of the wait, processor sharing and its insensitivity, sizes that are known or learnt."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import MS, Row
from gmplab.analysis.truth.measures import EachJob, Latencies
from gmplab.analysis.truth.models import CONSTANT, EXPONENTIAL, ONE_QUEUE, Jobs, loaded, sharing
from gmplab.runtime.contracts import Policy, View
from gmplab.runtime.distributions import Distribution

ORDERS: Final[dict[str, Policy]] = {
    "fcfs": ONE_QUEUE,
    "siro": ONE_QUEUE.replace(queues=gl.RandomOrder(capacity=0, fair_tick=0, batch_cap=1)),
    "lcfs": ONE_QUEUE.replace(queues=gl.LifoQueue(capacity=0, fair_tick=0, batch_cap=1)),
}
SLICE_NS: Final = 20_000
"""A fiftieth of a mean service: near enough to no slice at all, as the limits have it."""
SLICED: Final = "slices of 0.02 mean services stand for slices of no length; the source gives 2 %"
BIMODAL: Final[Distribution] = gl.Bimodal(MS // 2, 11 * MS // 2, 0.1)


def second_moments(c: int, load: float, size: int) -> list[Row]:
    """One queue under three orders that look at no sizes: the same mean, other spreads."""
    rows = []
    for order, policy in ORDERS.items():
        section = "second moment of the wait"
        made = loaded(
            f"M/M/{c} at load {load}, {order}", Jobs(load, c, EXPONENTIAL), policy, size, EachJob(), 200.0, record="schedule"
        )
        source = "Kleinrock, Kingman 1962; theory.mmc_wait_second_moment"
        rows += [
            Row(
                section, made, "mean square wait", "the order decides the spread",
                theory.mmc_wait_second_moment(c, c * load, 1.0, order), source,
            ),
            Row(
                section, made, "mean wait", "the order does not change the mean", theory.mmc(c, c * load, 1.0).mean_wait,
                "Erlang C; theory.mmc",
            ),
        ]
    return rows


def shared(name: str, c: int, load: float, service: Distribution, size: int) -> list[Row]:
    """Processor sharing: each job is slowed down alike, whatever the law of the services."""
    slowdown = theory.mmc(c, c * load, 1.0).mean_sojourn
    made = loaded(
        f"M/G/{c} shared at load {load}, {name}", Jobs(load, c, service), sharing(SLICE_NS), size, EachJob(split_ns=MS), 200.0,
        record="schedule",
    )
    section, source = "processor sharing", "insensitivity of M/G/c processor sharing; theory.mmc"
    rows = [Row(section, made, "mean sojourn", "that of M/M/c, for every law", slowdown, source, tolerance=0.02, why=SLICED)]
    if service is BIMODAL:
        rows += [
            Row(section, made, f"mean slowdown of {which} jobs", "the same for every size", slowdown, source, tolerance=0.02, why=SLICED)
            for which in ("short", "long")
        ]
    return rows


def by_size(name: str, policy: Policy, load: float, expected: float | Callable[[], float], source: str, size: int, sliced: bool) -> Row:
    """M/M/1 under an order that knows sizes, or learns them."""
    made = loaded(f"M/M/1 at load {load}, {name}", Jobs(load, 1, EXPONENTIAL), policy, size, Latencies(), 200.0)
    return Row(
        "orders by size", made, "mean sojourn", "short jobs first", expected, source, tolerance=0.02 if sliced else 0.0,
        why=SLICED if sliced else "",
    )


@dataclass(frozen=True)
class BySize(gl.ByRemainingWork):  # type: ignore[misc]
    """The job that was shortest when it came is next."""

    def rank(self, state: object, view: View, g: int) -> int:
        """What it has had and what is left."""
        size: int = view.attained_ns(g) + view.remaining_ns(g)
        return size


SHORTEST: Final[Policy] = ONE_QUEUE.replace(queues=gl.ByRemainingWork(capacity=0, fair_tick=0, batch_cap=1))
SHORTEST_WHOLE: Final[Policy] = ONE_QUEUE.replace(
    queues=BySize(capacity=0, fair_tick=0, batch_cap=1), preempt=sharing(SLICE_NS).preempt
)
LEAST_ATTAINED: Final[Policy] = ONE_QUEUE.replace(queues=gl.ByAttainedWork(capacity=0, fair_tick=0, batch_cap=1))

ROWS: tuple[Row, ...] = (
    *second_moments(1, 0.5, 60_000), *second_moments(4, 0.7, 60_000),
    *shared("exponential", 1, 0.8, EXPONENTIAL, 12_000), *shared("bimodal", 1, 0.5, BIMODAL, 12_000),
    *shared("exponential", 4, 0.8, EXPONENTIAL, 12_000), *shared("constant", 4, 0.8, CONSTANT, 12_000),
    *shared("bimodal", 4, 0.8, BIMODAL, 12_000),
    *(
        by_size(
            "shortest first", SHORTEST, load, functools.partial(theory.sjf_mean_sojourn, load),
            "Phipps 1956; theory.sjf_mean_sojourn", 100_000, False,
        )
        for load in (0.5, 0.8)
    ),
    *(
        by_size(
            "shortest remaining first", SHORTEST.replace(preempt=sharing(SLICE_NS).preempt), load,
            functools.partial(theory.srpt_mean_sojourn, load),
            "Schrage and Miller 1966; theory.srpt_mean_sojourn", 12_000, True,
        )
        for load in (0.5, 0.8)
    ),
    *(
        by_size(
            "shortest when it came first", SHORTEST_WHOLE, load, functools.partial(theory.psjf_mean_sojourn, load),
            "Harchol-Balter 2013, chapter 32; theory.psjf_mean_sojourn", 12_000, True,
        )
        for load in (0.5, 0.8)
    ),
    *(
        by_size(
            "least attained first", LEAST_ATTAINED.replace(preempt=sharing(SLICE_NS).preempt), load, theory.mm1(load, 1.0).mean_sojourn,
            "as first come first served, since exponential services do not age; theory.mm1", 12_000, False,
        )
        for load in (0.5, 0.8)
    ),
)
