"""Saturated pipelines: stages that block after service, with channels between them."""

from __future__ import annotations

import functools

from gmplab.analysis import theory
from gmplab.analysis.truth.entries import Experiment, Row
from gmplab.analysis.truth.measures import Items
from gmplab.analysis.truth.models import CONSERVING, ONE_QUEUE, Tandem
from gmplab.runtime.contracts import Policy


def tandem(means: tuple[float, ...], buffer: int, size: int, policy: Policy = ONE_QUEUE, how: str = "") -> Row:
    """Stages with these mean services, each on a P of its own."""
    made = Experiment(
        f"stages of {', '.join(f'{x:g}' for x in means)}, channels of {buffer}{how}", Tandem(means, buffer), policy, Items(), size,
        procs=len(means), early=200,
    )
    source = "Hunt 1956; theory.pipeline_throughput" if len(means) == 2 else "its Markov chain, solved; theory.tandem_throughput"
    return Row(
        "pipelines", made, "items a ms", "a stage whose item finds no room waits with it",
        functools.partial(theory.tandem_throughput, means, buffer), source,
    )


ROWS: tuple[Row, ...] = (
    tandem((1.0, 1.0), 0, 20_000), tandem((1.0, 1.0), 1, 20_000), tandem((1.0, 1.0), 8, 20_000),
    tandem((1.0, 1.0), 2, 20_000, CONSERVING, ", stealing"),
    tandem((1.0, 0.5), 1, 20_000), tandem((0.5, 1.0), 1, 20_000),
    tandem((1.0, 1.0, 1.0), 0, 20_000), tandem((1.0, 1.0, 1.0), 4, 20_000), tandem((1.0, 2.0, 1.0), 1, 20_000),
    tandem((1.0, 1.0, 1.0, 1.0), 2, 20_000),
)
