"""docs/verify.md and the catalogue say the same: a row that is new, gone or claims another number is written anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gmplab
from gmplab.analysis.truth import CATALOGUE, FAMILIES, Row
from gmplab.analysis.truth.entries import AT_MOST
from gmplab.analysis.truth.verify import digits
from gmplab.vocabulary import MODEL

PAGE = Path(gmplab.__file__).parent.parent / "docs" / "verify.md"
AGAIN = "write it anew: gmplab verify -j 2 --page docs/verify.md"


def told() -> dict[tuple[str, str], str]:
    """What the page says is expected, by experiment and statistic."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [line.removeprefix("| ").split(" | ") for line in lines]
    return {(row[0], row[1]): row[2] for row in cells if row[0] != "experiment"}


def expected(row: Row) -> str:
    low, high = row.references()
    text = digits(low) if low == high else f"{digits(low)} to {digits(high)}"
    return f"at most {text}" if row.kind == AT_MOST else text


def test_the_page_has_every_row_of_the_catalogue_and_no_other_and_a_plot_of_each_family() -> None:
    page = set(told())
    catalogue = {(row.experiment.name, row.statistic) for row in CATALOGUE}
    assert (sorted(catalogue - page), sorted(page - catalogue)) == ([], []), AGAIN
    text = PAGE.read_text(encoding="utf-8")
    assert [family for family in FAMILIES if f"## {family.capitalize()}\n" not in text] == []
    drawn = [family for family, rows in FAMILIES.items() if any(row.is_judged_by_chance for row in rows)]
    pictures = re.findall(r"\(img/(.*?)\)", text)
    assert pictures == ["verify.png", *(f"verify-{family}.png" for family in drawn)]
    assert [name for name in pictures if not (PAGE.parent / "img" / name).exists()] == []


def test_the_page_was_written_at_scale_1_from_the_seeds_that_follow_from_the_names() -> None:
    assert f": {len(CATALOGUE)} of {len(CATALOGUE)} rows at scale 1: " in PAGE.read_text(encoding="utf-8"), AGAIN


@pytest.mark.slow
def test_the_page_is_of_the_model_that_the_core_is_and_expects_what_the_catalogue_does() -> None:
    assert f"**What was run** (model {MODEL}):" in PAGE.read_text(encoding="utf-8"), AGAIN
    page = told()
    of_page = {row.name: page[row.experiment.name, row.statistic] for row in CATALOGUE}
    assert of_page == {row.name: expected(row) for row in CATALOGUE}, AGAIN
