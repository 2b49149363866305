"""The catalogue as declarations: names, references, and that its models are made of public names alone."""

from __future__ import annotations

import ast
import collections
import doctest
import importlib
import math
from pathlib import Path

import pytest

import gmplab
from gmplab.analysis.truth import CATALOGUE, FAMILIES
from gmplab.analysis.truth.catalogue import chosen
from gmplab.analysis.truth.entries import BETWEEN, EXACT, AT_MOST, KINDS

TRUTH = Path(gmplab.__file__).parent / "analysis" / "truth"
FRAME = {"__init__", "catalogue", "entries", "measures", "verdicts", "verify"}
"""What runs and judges the catalogue; the other modules are the catalogue."""


def test_every_row_has_a_name_of_its_own_and_every_experiment_too() -> None:
    assert [name for name, n in collections.Counter(row.name for row in CATALOGUE).items() if n > 1] == []
    by_name = collections.defaultdict(set)
    for row in CATALOGUE:
        by_name[row.experiment.name].add(id(row.experiment))
    assert [name for name, found in by_name.items() if len(found) > 1] == []


def test_every_row_says_what_it_claims_and_by_whom() -> None:
    for row in CATALOGUE:
        low, high = row.references()
        assert row.kind in KINDS
        assert row.claim and row.source and row.section, row.name
        assert math.isfinite(low) and low <= high, row.name
        assert (row.tolerance == 0 and row.kind != BETWEEN) or row.why, row.name
        assert row.experiment.is_random or row.kind in (EXACT, AT_MOST), row.name


@pytest.mark.parametrize("path", sorted(p for p in TRUTH.glob("*.py") if p.stem not in FRAME), ids=lambda p: p.stem)
def test_the_catalogue_imports_public_names_alone(path: Path) -> None:
    public = {*gmplab.__all__, *gmplab.policies.__all__}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names if alias.name.startswith("gmplab")} <= {"gmplab"}
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("gmplab.runtime", "gmplab.policies", "gmplab.traces")):
            assert {alias.name for alias in node.names} <= public, f"{path.name}: {node.module}"
    # Nor by way of the package: gl.experiment, gl.runtime and the like are no public names.
    used = {
        node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "gl"
    }
    assert used <= public | {"workloads"}


def test_rows_are_chosen_by_family_section_experiment_row_and_pattern() -> None:
    assert chosen([]) == list(CATALOGUE)
    assert chosen(["queues"]) == list(FAMILIES["queues"])
    one = CATALOGUE[0]
    assert chosen([one.name]) == [one]
    assert chosen([one.experiment.name]) == [row for row in CATALOGUE if row.experiment is one.experiment]
    assert chosen(["M/D/*: mean wait", one.section])[0] == one


def test_a_name_that_means_nothing_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="verify 'queue': no such row; did you mean 'queues'"):
        chosen(["queue"])


def test_the_examples_in_the_frame_hold() -> None:
    homes = [importlib.import_module(f"gmplab.analysis.truth.{name}") for name in sorted(FRAME - {"__init__"})]
    assert [home.__name__ for home in homes if doctest.testmod(home).failed] == []


def test_seeds_follow_from_the_name_the_run_and_the_draw() -> None:
    made = CATALOGUE[0].experiment
    assert made.seed(0, 0) == made.seed(0, 0)
    assert len({made.seed(i, draw) for i in range(10) for draw in range(10)}) == 100
