"""Policies of third-party packages are found by name, and a broken one takes nothing else away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gmplab as gl
from gmplab.experiment import components, policies, policy_of
from gmplab.policies import PRESETS
from tests.packages import install

MODULE = """
import gmplab as gl

class StealTwo(gl.StealHalf):
    def amount(self, state, view, thief, victim, queued):
        return min(2, queued)

gentle = gl.policy_of("go").replace(name="gentle", steal=StealTwo())
number = 7
"""
OFFERED = """
[gmplab.policies]
gentle = thieves_for_test:gentle
StealTwo = thieves_for_test:StealTwo
number = thieves_for_test:number
lost = thieves_for_test_that_is_gone:policy
go = thieves_for_test:gentle
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that offers policies, as pip would leave it."""
    install(tmp_path, monkeypatch, "thieves_for_test", MODULE, OFFERED)


def test_a_third_partys_policy_runs_by_its_name(package: None) -> None:
    def main() -> Any:
        yield gl.compute(us=1)

    assert policy_of("gentle").steal == policy_of("gentle").steal
    assert gl.run(main, policy="gentle").record.header["policy"] == "gentle"


def test_a_preset_is_not_replaced_by_an_entry_point_of_its_name(package: None) -> None:
    assert policy_of("go") is PRESETS["go"]


def test_an_unknown_name_names_the_nearest_also_among_third_parties(package: None) -> None:
    with pytest.raises(ValueError, match="policy 'gentel': no such preset; did you mean 'gentle'"):
        policy_of("gentel")


def test_a_component_asked_for_as_a_policy_is_told_where_it_belongs(package: None) -> None:
    with pytest.raises(ValueError, match=r"policy 'StealTwo': is a component: say policy_of\('go'\)\.replace\(steal=StealTwo\(\)\)"):
        policy_of("StealTwo")


def test_something_else_than_a_policy_is_told_with_its_entry_point(package: None) -> None:
    with pytest.raises(ValueError, match=r"policy 'number': its entry point \(thieves_for_test:number\) is 7: must be a gmplab.Policy"):
        policy_of("number")


def test_a_broken_entry_point_that_is_asked_for_says_why(package: None) -> None:
    told = r"gmplab.policies: entry point 'lost' \(thieves_for_test_that_is_gone:policy\) cannot be imported: ModuleNotFoundError"
    with pytest.raises(ValueError, match=told):
        policy_of("lost")


def test_a_broken_entry_point_is_a_warning_and_the_others_are_listed(package: None) -> None:
    with pytest.warns(UserWarning, match="entry point 'lost' .* cannot be imported"):
        assert list(policies()) == [*PRESETS, "gentle"]
    with pytest.warns(UserWarning, match="entry point 'lost'"):
        assert sorted(set(components("steal")) - set(gl.COMPONENTS["steal"])) == ["StealTwo"]
    with pytest.warns(UserWarning, match="entry point 'lost'"):
        assert set(components("wake")) == set(gl.COMPONENTS["wake"])


def test_an_unknown_concern_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="concern 'steel': no such concern; did you mean 'steal'"):
        components("steel")
