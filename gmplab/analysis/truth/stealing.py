"""Many Ps with a queue each: placement by d choices, and thieves of queueing theory at finite N."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import gmplab as gl
from gmplab.analysis import theory
from gmplab.analysis.truth.entries import Experiment, Row
from gmplab.analysis.truth.measures import Latencies
from gmplab.analysis.truth.models import APART, EXPONENTIAL, Jobs, loaded, pulling, thieves
from gmplab.runtime.contracts import Policy, View

TRUE_CHAIN: Final = "exact Markov chain of N sorted queues, computed for this project"
SIMULATED: Final = "simulation of the same Markov chain for this project, 10 seeds of 12 million events, with its own interval"
T9: Final = 2.262
"""Student's t of a 95 % interval over 10 seeds: an interval divided by it is the standard error."""


def time_in_system(section: str, name: str, n: int, load: float, policy: Policy, size: int) -> tuple[str, Experiment]:
    """A section and an experiment of it."""
    return section, loaded(f"{name}, N={n}, load {load}", Jobs(load, n, EXPONENTIAL), policy, size, Latencies(), 100.0)


def choices(d: int, n: int, load: float, size: int) -> Row:
    """The shortest of d random queues."""
    section, made = time_in_system("d choices", f"best of {d} queues", n, load, APART.replace(place=gl.LeastLoaded(d=d)), size)
    return Row(
        section, made, "mean sojourn", "each job joins the shortest of d random queues",
        functools.partial(_choices, load, d, n), "mean field with its 1/N term (Gast and Van Houdt 2017); theory.d_choices",
    )


def _choices(load: float, d: int, n: int) -> float:
    return theory.d_choices(load, d, n).at_n


@dataclass(frozen=True)
class AllOfOne(gl.RandomVictims):  # type: ignore[misc]
    """All that one random victim has queued."""

    def amount(self, state: object, view: View, thief: int, victim: int, queued: int) -> int:
        """All of it."""
        return queued


THIEVES: Final[dict[str, Policy]] = {
    "one try for one": thieves(gl.RandomVictims(most=1)),
    "one try for half": thieves(gl.RandomVictims()),
    "one try for all but one": thieves(AllOfOne()),
    "pull one at rate 1": pulling(1.0, most=1),
    "pull half at rate 1": pulling(1.0),
    "pull one at rate 10": pulling(10.0, most=1),
    "one try from three up": thieves(gl.RandomVictims(most=1, threshold=2)),
    "one try for one of the longer of two": thieves(gl.TwoChoices(most=1, passes=1, runnext_pass=-1, timers_pass=-1)),
    "one try for half of the longer of two": thieves(gl.TwoChoices(passes=1, runnext_pass=-1, timers_pass=-1)),
    "tries for one, again at rate 1": pulling(1.0, most=1, at_once=True),
    "tries for half, again at rate 1": pulling(1.0, at_once=True),
    "pull one at rate 0.25": pulling(0.25, most=1),
    "pull half at rate 10": pulling(10.0),
}


def against(how: str, n: int, load: float, expected: float, size: int, interval: float = 0.0) -> Row:
    """Thieves against a number of their chain: computed, or with an interval simulated."""
    section, made = time_in_system("stealing at finite N", how, n, load, THIEVES[how], size)
    return Row(
        section, made, "mean sojourn", "idle Ps look at random others, nobody is woken", expected,
        SIMULATED if interval else TRUE_CHAIN, reference_error=interval / T9,
    )


def refined(how: str, n: int, load: float, size: int, **model: object) -> Row:
    """Thieves against the mean field with its correction for N."""
    section, made = time_in_system("stealing, mean field", how, n, load, THIEVES[how], size)
    return Row(
        section, made, "mean sojourn", "idle Ps look at random others, nobody is woken",
        functools.partial(_stealing, load, n, tuple(model.items())),
        "mean field with its 1/N term (Gast and Van Houdt 2017); theory.stealing",
    )


def _stealing(load: float, n: int, model: tuple[tuple[str, object], ...]) -> float:
    return theory.stealing(load, servers=n, **dict(model)).at_n  # type: ignore[arg-type]


ROWS: tuple[Row, ...] = (
    *(choices(2, n, load, 100_000) for n, load in ((64, 0.7), (128, 0.8), (128, 0.9))),
    choices(3, 128, 0.8, 100_000), choices(5, 128, 0.9, 100_000),
    against("one try for one", 2, 0.5, 1.585786, 60_000), against("one try for one", 2, 0.8, 3.038399, 100_000),
    against("one try for one", 4, 0.7, 2.110439, 100_000), against("one try for half", 3, 0.8, 2.659145, 100_000),
    against("one try for half", 4, 0.7, 2.028940, 100_000), against("one try for all but one", 4, 0.7, 2.110439, 100_000),
    against("pull one at rate 1", 4, 0.7, 2.299605, 100_000), against("pull half at rate 1", 4, 0.7, 2.176561, 100_000),
    against("pull one at rate 10", 4, 0.7, 1.554319, 100_000),
    against("one try for half", 2, 0.8, 3.038399, 100_000), against("one try for all but one", 16, 0.8, 2.5702, 100_000, 0.0027),
    against("one try for one", 16, 0.8, 2.5702, 100_000, 0.0027), against("one try for half", 16, 0.9, 3.0042, 150_000, 0.0076),
    against("pull one at rate 1", 32, 0.8, 3.0272, 100_000, 0.0084), against("pull half at rate 1", 32, 0.8, 2.6442, 100_000, 0.0042),
    against("pull one at rate 10", 32, 0.9, 2.0231, 150_000, 0.0145), against("one try for one", 128, 0.9, 3.5512, 200_000, 0.0072),
    refined("one try for one", 64, 0.8, 150_000), refined("one try for half", 64, 0.8, 150_000, amount="half"),
    refined("one try from three up", 64, 0.7, 150_000, threshold=3), refined("one try from three up", 128, 0.8, 150_000, threshold=3),
    refined("one try for one of the longer of two", 64, 0.7, 150_000, victims=2),
    refined("one try for one of the longer of two", 128, 0.8, 150_000, victims=2),
    refined("one try for half of the longer of two", 64, 0.7, 150_000, victims=2, amount="half"),
    refined("one try for half of the longer of two", 128, 0.8, 150_000, victims=2, amount="half"),
    refined("tries for one, again at rate 1", 64, 0.7, 150_000, retry_rate=1.0),
    refined("tries for one, again at rate 1", 128, 0.8, 150_000, retry_rate=1.0),
    refined("tries for half, again at rate 1", 64, 0.7, 150_000, retry_rate=1.0, amount="half"),
    refined("tries for half, again at rate 1", 128, 0.8, 150_000, retry_rate=1.0, amount="half"),
    refined("pull one at rate 1", 128, 0.5, 150_000, on_empty=False, retry_rate=1.0),
    refined("pull one at rate 0.25", 64, 0.7, 150_000, on_empty=False, retry_rate=0.25),
    refined("pull half at rate 10", 64, 0.8, 150_000, on_empty=False, retry_rate=10.0, amount="half"),
)
