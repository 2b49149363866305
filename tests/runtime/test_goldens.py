"""Go's scheduler, decision by decision: each file of golden/ tells a program, what Go 1.27 decides, and the record."""

from __future__ import annotations

import os

import pytest

from tests.runtime.golden_story import FOLDER, Golden, goldens, missing


@pytest.mark.parametrize("golden", goldens(), ids=lambda golden: golden.path.stem)
def test_the_program_gets_the_decisions_that_go_takes(golden: Golden) -> None:
    record = golden.told(golden.run())
    assert missing(golden.expected(), record) == ""
    if os.environ.get("GMPLAB_GOLDEN") == "write":
        golden.write(record)
    assert record == Golden(golden.path).record


def test_every_golden_says_which_function_of_go_decides() -> None:
    assert len(goldens()) == len(list(FOLDER.iterdir())) > 0
    for golden in goldens():
        assert "\n# Go: " in golden.head and golden.expected(), golden.path
