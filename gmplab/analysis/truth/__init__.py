"""Experiments whose results are known, and what the core makes of them.

`entries` says what an experiment and a row are, `models` and `measures` what they are made of, `queues` and the modules
beside it are the catalogue, `verify` runs it and `verdicts` judges it. Every model is expressed from outside the core: as
a workload, a policy and costs, by names that are public.
"""

from __future__ import annotations

from gmplab.analysis.truth.catalogue import CATALOGUE, FAMILIES
from gmplab.analysis.truth.entries import Experiment, Row
from gmplab.analysis.truth.verdicts import Verdict
from gmplab.analysis.truth.verify import Verification, verify

__all__ = ["CATALOGUE", "FAMILIES", "Experiment", "Row", "Verdict", "Verification", "verify"]
