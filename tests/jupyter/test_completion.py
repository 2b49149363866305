"""Tab after `%gmp`: driven by the tree, so that no option is without it."""

from __future__ import annotations

import pytest

import gmplab as gl
from gmplab.commands.tree import actions
from gmplab.jupyter.completion import offers
from gmplab.jupyter.words import CELL, LINE
from gmplab.policies import COMPONENTS


@pytest.mark.parametrize(("before", "begun", "some"), [
    ("%gmp ", "", ["run", "compare", "plot", "help"]),
    ("%gmp ru", "ru", ["run"]),
    ("x = %gmp co", "co", ["compare"]),
    ("%%gmp ", "", ["run", "workload", "policy"]),
    ("%%gmp --rec", "--rec", ["--record"]),
    ("%gmp run fan", "fan", ["fanout"]),
    ("%gmp run fanout --policy go1.", "go1.", ["go1.14", "go1.21"]),
    ("%gmp run fanout --steal Steal", "Steal", ["StealHalf", "StealOne"]),
    ("%gmp run fanout --record ", "", ["off", "schedule", "full", "calls"]),
    ("%gmp run fanout --set ", "", ["n=", "compute="]),
    ("%gmp run fanout --set n=3 co", "co", ["compute="]),
    ("%gmp run fanout --when idle", "idle", ["idle_p", "idle_m"]),
    ("%gmp compare go go1", "go1", ["go1.14"]),
    ("%gmp compare go go1.14 -w fan", "fan", ["fanout"]),
    ("%gmp compare go -w fanout --metrics wait_p9", "wait_p9", ["wait_p99_ns"]),
    ("%gmp compare go -w fanout --metric sto", "sto", ["stolen"]),
    ("%gmp explain m", "m", ["mine"]),
    ("%gmp plot lat", "lat", ["latency"]),
    ("%gmp plot latency m", "m", ["mine"]),
    ("%gmp list po", "po", ["policies"]),
    ("%gmp help ru", "ru", ["run"]),
    ("%%gmp policy x --base seg", "seg", ["segmented"]),
])
def test_what_may_follow_is_offered(before: str, begun: str, some: list[str]) -> None:
    names = {"mine": gl.run("fanout", n=2), "number": 3}
    found = offers(before, names)
    assert found is not None and found[0] == begun
    assert set(some) <= set(found[1]) and all(x.startswith(begun) for x in found[1])


@pytest.mark.parametrize(("magic", "commands"), [("%gmp", LINE), ("%%gmp", CELL)])
def test_each_option_of_each_command_is_offered(magic: str, commands: dict[str, tuple[object, str]]) -> None:
    for command, (add, _) in commands.items():
        options = [o for action in actions(add) for o in action.option_strings]  # type: ignore[arg-type]
        found = offers(f"{magic} {command} -", {})
        assert found is not None and set(found[1]) == set(options), command


def test_each_concern_offers_its_components() -> None:
    for concern, names in COMPONENTS.items():
        found = offers(f"%gmp run fanout --{concern} ", {})
        assert found is not None and set(names) <= set(found[1])


@pytest.mark.parametrize("before", ["", "gmp run", "%time x", "print('%gmpx')", "x = 1 % gmp "])
def test_elsewhere_nothing_is_offered(before: str) -> None:
    assert offers(before, {}) is None
