"""M/M/c in three shapes, M/D/c and M/G/1: rows that theory knows exactly."""

from __future__ import annotations

import functools

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import MS, Experiment, Row
from gmplab.analysis.truth.measures import Latencies, edge
from gmplab.analysis.truth.models import APART, CONSERVING, CONSTANT, EXPONENTIAL, ONE_QUEUE, Jobs, loaded
from gmplab.runtime.contracts import Policy
from gmplab.runtime.distributions import Distribution

ERLANG_C = "Erlang C; theory.mmc"


def open_queue(
    name: str, load: float, procs: int, service: Distribution, policy: Policy, size: int, measure: Latencies | None = None
) -> Experiment:
    """Jobs of 1 ms on average."""
    return loaded(name, Jobs(load, procs, service), policy, size, measure or Latencies())


def one_queue(c: int, load: float, size: int) -> list[Row]:
    """M/M/c with one queue: means, and tails at the quantiles 0.9 and 0.95."""
    queue = theory.mmc(c, c * load, 1.0)
    wait, sojourn = edge(queue.wait_quantile(0.9) * MS), edge(queue.sojourn_quantile(0.95) * MS)
    one = open_queue(f"M/M/{c} at load {load}", load, c, EXPONENTIAL, ONE_QUEUE, size, Latencies(wait, sojourn))
    section = "M/M/c, one queue"
    return [
        Row(section, one, "share that waits", "so many jobs find all Ps busy", queue.p_wait, ERLANG_C),
        Row(section, one, "mean wait", "so long a job waits on average", queue.mean_wait, ERLANG_C),
        Row(section, one, "mean sojourn", "so long a job stays on average", queue.mean_sojourn, ERLANG_C),
        Row(
            section, one, "share with a long wait", f"so many wait longer than {wait} ns, about the 0.9 quantile",
            queue.wait_tail(wait / MS), ERLANG_C,
        ),
        Row(
            section, one, "share with a long sojourn", f"so many stay longer than {sojourn} ns, about the 0.95 quantile",
            queue.sojourn_tail(sojourn / MS), ERLANG_C,
        ),
    ]


def conserving(how: str, c: int, load: float, policy: Policy, size: int) -> list[Row]:
    """M/M/c with a queue for each P and stealing that costs nothing: the means of one queue, whoever steals what."""
    queue = theory.mmc(c, c * load, 1.0)
    many = open_queue(f"M/M/{c} at load {load}, {how}", load, c, EXPONENTIAL, policy, size)
    section = "M/M/c, stealing for nothing"
    return [
        Row(section, many, "share that waits", "as with one queue: no P idles beside work", queue.p_wait, ERLANG_C),
        Row(section, many, "mean wait", "as with one queue: no P idles beside work", queue.mean_wait, ERLANG_C),
    ]


def partitioned(c: int, load: float, size: int) -> list[Row]:
    """As many M/M/1 as Ps."""
    queue = theory.partitioned_mm1(c, c * load, 1.0)
    over = edge(queue.sojourn_quantile(0.95) * MS)
    apart = open_queue(f"{c} times M/M/1 at load {load}", load, c, EXPONENTIAL, APART, size, Latencies(0, over))
    section = "M/M/1 for each P"
    return [
        Row(section, apart, "mean wait", "a random P for each job, nobody steals", queue.mean_wait, "M/M/1; theory.partitioned_mm1"),
        Row(
            section, apart, "share with a long sojourn", f"so many stay longer than {over} ns, about the 0.95 quantile",
            queue.sojourn_tail(over / MS), "M/M/1; theory.partitioned_mm1",
        ),
    ]


def constant(c: int, load: float, size: int) -> list[Row]:
    """M/D/c."""
    queue = theory.mdc(c, c * load, 1.0)
    same = open_queue(f"M/D/{c} at load {load}", load, c, CONSTANT, ONE_QUEUE, size)
    source = "Crommelin 1932; theory.mdc"
    return [
        Row("M/D/c", same, "share that waits", "jobs that are all alike", queue.p_wait, source),
        Row("M/D/c", same, "mean wait", "jobs that are all alike", queue.mean_wait, source),
    ]


LAWS: dict[str, tuple[Distribution, float]] = {
    "Erlang-4": (gl.Erlang(MS, 4), 1.25),
    "hyperexponential": (gl.Hyperexponential(round(MS / 1.7745966692), round(MS / 0.2254033308), 0.1127016654), 5.0),
    "bimodal 0.5, 5.5": (gl.Bimodal(MS // 2, 11 * MS // 2, 0.1), 3.25),
    "one in 200 a thousand times longer": (gl.Bimodal(166_806, 166_805_671, 0.005), 139.15),
}
"""Service of mean 1 ms and its second moment; the hyperexponential one has a squared coefficient of variation of 4 and
balanced means."""


def any_service(law: str, load: float, size: int) -> list[Row]:
    """M/G/1."""
    service, second = LAWS[law]
    queue = theory.mg1(load, 1.0, second)
    one = open_queue(f"M/G/1 at load {load}, {law}", load, 1, service, ONE_QUEUE, size)
    claim = "it grows with the second moment of the service"
    return [Row("M/G/1", one, "mean wait", claim, queue.mean_wait, "Pollaczek, Khinchine; theory.mg1")]


H2_SHORT = (1.0 + 0.6**0.5) / 2.0
PHASES: dict[str, tuple[tuple[tuple[float, float], ...], bool]] = {
    "Erlang-2": (((1.0, 0.5), (1.0, 0.5)), True),
    "hyperexponential": (((H2_SHORT, 0.5 / H2_SHORT), (1.0 - H2_SHORT, 0.5 / (1.0 - H2_SHORT))), False),
}
"""The phases of a service as `theory.mphc_mean_wait` takes them."""


def phases(law: str, service: Distribution, c: int, load: float, levels: int, size: int) -> Row:
    """M/PH/c, which is not what Lee and Longton's approximation says."""
    made = open_queue(f"M/PH/{c} at load {load}, {law}", load, c, service, ONE_QUEUE, size)
    expected = functools.partial(theory.mphc_mean_wait, c, c * load, *PHASES[law], levels)
    return Row(
        "M/PH/c", made, "mean wait", "the law counts beyond its second moment", expected,
        "its Markov chain, solved; theory.mphc_mean_wait",
    )


ROWS: tuple[Row, ...] = (
    *one_queue(1, 0.8, 100_000), *one_queue(2, 0.5, 100_000), *one_queue(4, 0.8, 100_000), *one_queue(8, 0.9, 150_000),
    *one_queue(16, 0.9, 150_000),
    *conserving("half stolen", 4, 0.8, CONSERVING, 100_000),
    *conserving("all stolen from a neighbour", 4, 0.8, CONSERVING.replace(steal=gl.StealNeighbour()), 100_000),
    *conserving("one stolen, newest first", 8, 0.9, CONSERVING.replace(queues=gl.LifoQueue(capacity=-1), steal=gl.StealOne()), 100_000),
    *partitioned(4, 0.8, 100_000), *partitioned(8, 0.5, 100_000),
    *constant(1, 0.8, 100_000), *constant(4, 0.8, 100_000), *constant(8, 0.9, 150_000),
    *(row for law in list(LAWS)[:3] for load in (0.5, 0.8) for row in any_service(law, load, 100_000)),
    *any_service("one in 200 a thousand times longer", 0.5, 100_000),
    phases("Erlang-2", gl.Erlang(MS, 2), 4, 0.8, 150, 100_000), phases("Erlang-2", gl.Erlang(MS, 2), 2, 0.5, 80, 100_000),
    phases("hyperexponential", LAWS["hyperexponential"][0], 4, 0.5, 120, 100_000),
    phases("hyperexponential", LAWS["hyperexponential"][0], 4, 0.8, 250, 100_000),
)
