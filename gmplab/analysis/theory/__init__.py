"""Exact results of queueing theory: what a scheduler without costs has to give.

Units are free: rates are per unit of time, means and waits are in that unit, whichever it is. With services in ms, an
`arrival_rate` is per ms and a `mean_wait` is ms. A server is a P, a job a goroutine; "wait" is the time from runnable
to running, "sojourn" the time from runnable to exited.

All formulas are for the steady state of a work-conserving scheduler that costs nothing and does not preempt, unless
said otherwise. Approximations (Lee and Longton, Kingman) are left out: what stands here may be held against a
simulation as it is.

`erlang` has exponential service, `general` any, `sizes` orders by size, `meanfield` d choices and stealing, `makespan`
batches and graphs, `networks` jobs that go round and pipelines, `chains` what is solved as a Markov chain.
Sources, by the names used there:

- Kleinrock: L. Kleinrock, Queueing Systems, volume I: Theory, Wiley 1975.
- Harchol-Balter: M. Harchol-Balter, Performance Modeling and Design of Computer Systems, Cambridge 2013.
- Crommelin: C. D. Crommelin, Delay probability formulae when the holding times are constant, P.O. Electrical
  Engineers' Journal 25, 1932.
- Kingman: J. F. C. Kingman, On queues in which customers are served in random order, Proceedings of the Cambridge
  Philosophical Society 58, 1962.
- Hunt: G. C. Hunt, Sequential arrays of waiting lines, Operations Research 4, 1956.
- Graham: R. L. Graham, Bounds for certain multiprocessing anomalies, Bell System Technical Journal 45, 1966.
- Brent: R. P. Brent, The parallel evaluation of general arithmetic expressions, Journal of the ACM 21, 1974.
"""

from __future__ import annotations

from gmplab.analysis.theory.chains import Setup, mphc_mean_wait, setup_mg1_mean_wait, setup_mm1, setup_mmc, stationary
from gmplab.analysis.theory.erlang import DISCIPLINES, MMc, erlang_b, erlang_c, mm1, mmc, mmc_wait_second_moment, partitioned_mm1
from gmplab.analysis.theory.general import OpenQueue, interrupted_mm1_mean_sojourn, md1, mdc, mg1
from gmplab.analysis.theory.makespan import (
    Bounds, Makespan, fork_join_mean_sojourn, greedy_makespan_bounds, makespan_exponential, most_steals,
)
from gmplab.analysis.theory.meanfield import MeanField, d_choices, stealing
from gmplab.analysis.theory.networks import (
    ClosedNetwork, held_throughput, machine_repair, pipeline_throughput, tandem_throughput,
)
from gmplab.analysis.theory.sizes import psjf_mean_sojourn, sjf_mean_sojourn, srpt_mean_sojourn

__all__ = [
    "DISCIPLINES", "Bounds", "ClosedNetwork", "MMc", "Makespan", "MeanField", "OpenQueue", "Setup", "d_choices", "erlang_b", "erlang_c",
    "fork_join_mean_sojourn", "greedy_makespan_bounds", "held_throughput", "interrupted_mm1_mean_sojourn", "machine_repair",
    "makespan_exponential", "md1", "mdc", "mg1", "mm1", "mmc", "mmc_wait_second_moment", "most_steals", "mphc_mean_wait",
    "partitioned_mm1", "pipeline_throughput", "psjf_mean_sojourn",
    "setup_mg1_mean_wait", "setup_mm1", "setup_mmc", "sjf_mean_sojourn", "srpt_mean_sojourn", "stationary",
    "stealing", "tandem_throughput",
]
