"""docs/zoo.md shows what docs/zoo.py measures, a row for each preset."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from gmplab.analysis.compare import Comparison

SCRIPT = Path(__file__).resolve().parents[1] / "docs" / "zoo.py"


@pytest.fixture(scope="module")
def zoo() -> ModuleType:
    """docs/zoo.py, which lies in no package."""
    spec = importlib.util.spec_from_file_location("zoo_page", SCRIPT)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["zoo_page"] = made
    spec.loader.exec_module(made)
    return made


def shown(zoo: ModuleType) -> str:
    """What stands between the page's marks."""
    text: str = zoo.PAGE.read_text(encoding="utf-8").partition(zoo.BEGIN)[2].partition(zoo.END)[0].strip()
    return text


def test_the_page_has_a_row_for_each_preset_and_its_picture(zoo: ModuleType) -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", shown(zoo), re.MULTILINE)
    assert rows == list(zoo.NAMES)
    assert zoo.PICTURE.read_text(encoding="utf-8").startswith("<?xml")
    assert "(img/zoo.svg)" in zoo.PAGE.read_text(encoding="utf-8")


def test_the_table_is_headed_by_what_is_measured(zoo: ModuleType) -> None:
    head = shown(zoo).splitlines()[0]
    titles = [column.title for load in zoo.LOADS for column in load.columns]
    assert [title for title in head.strip("| ").split(" | ") if title not in ("preset", "of go's")] == titles


def test_a_ratio_is_paired_by_seed_and_has_a_tilde_where_its_interval_holds_1(zoo: ModuleType) -> None:
    values = {"go": [10e6, 20e6, 30e6], "twice": [20e6, 40e6, 60e6], "same": [12e6, 20e6, 25e6], "more": [12e6, 26e6, 36e6]}
    frame = pd.DataFrame(
        [(p, seed, "end_ns", x) for p, xs in values.items() for seed, x in enumerate(xs)], columns=["policy", "seed", "metric", "value"]
    )
    load = zoo.Load("work", "fanout", (zoo.Column("end_ns", 1e6, "work, ms"),))
    # Student's t of 2 degrees of freedom is 4.303. "same" is 1.2, 1 and 0.833 times, whose logarithms have mean 0 and
    # deviation 0.1823, so the interval is exp(-+ 0.4530); "more" is 1.2, 1.3 and 1.2 times: 1.2325 exp(-+ 0.1148).
    assert zoo.table([Comparison(frame, "fanout", 4)], [load]).splitlines() == [
        "| preset | work, ms | of go's |", "| --- | ---: | ---: |", "| `go` | 20 ± 20 | 1 |", "| `twice` | 40 ± 50 | 2.00 |",
        "| `same` | 19 ± 20 | ~ 1.00 (0.64, 1.57) |", "| `more` | 24.7 ± 30 | 1.23 (1.10, 1.38) |",
    ]


def test_only_what_lies_between_the_marks_is_written(zoo: ModuleType) -> None:
    page = f"before\n{zoo.BEGIN}\nold\n{zoo.END}\nafter\n"
    assert zoo.page_with(page, "new") == f"before\n{zoo.BEGIN}\n\nnew\n\n{zoo.END}\nafter\n"
    with pytest.raises(SystemExit, match="the marks .* are missing"):
        zoo.page_with("nothing", "new")


@pytest.mark.slow
def test_the_page_shows_what_is_measured_today(zoo: ModuleType) -> None:
    # It is all virtual time: the same on every machine. `make zoo` writes it anew.
    assert shown(zoo) == zoo.table([zoo.measured(load) for load in zoo.LOADS])
