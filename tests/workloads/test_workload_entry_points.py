"""Workloads of third-party packages are found by name, and a broken one takes nothing else away."""

from __future__ import annotations

from pathlib import Path

import pytest

import gmplab as gl
from gmplab.experiment import workload_of, workloads
from gmplab.workloads import WORKLOADS
from tests.packages import install

MODULE = """
from gmplab import Plan, Program, workload

@workload
def visitor(*, n: int = 3) -> Plan:
    return Plan(Program("main").loop(n).compute("1us").end())

number = 42
"""
OFFERED = """
[gmplab.workloads]
visitor = visitors_for_test:visitor
fanout = visitors_for_test:visitor
number = visitors_for_test:number
lost = visitors_for_test_that_are_gone:workload
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that offers workloads, as pip would leave it."""
    install(tmp_path, monkeypatch, "visitors_for_test", MODULE, OFFERED)


def test_a_third_partys_workload_runs_by_its_name(package: None) -> None:
    run = gl.run("visitor", n=5, costs=gl.Costs.zero())
    assert (run.record.header["workload"], run.record.end_ns) == ("visitor", 5_000)


def test_a_shipped_workload_is_not_replaced_by_an_entry_point_of_its_name(package: None) -> None:
    assert workload_of("fanout") is WORKLOADS["fanout"]


def test_an_unknown_name_names_the_nearest_also_among_third_parties(package: None) -> None:
    with pytest.raises(ValueError, match="^workload 'visitr': no such workload; did you mean 'visitor'"):
        gl.run("visitr")


def test_a_name_that_is_near_nothing_gets_the_list() -> None:
    with pytest.raises(ValueError, match="^workload 'xyzzy': no such workload; one of bag, "):
        gl.run("xyzzy")


def test_something_else_than_a_workload_is_told_with_its_entry_point(package: None) -> None:
    told = r"workload 'number': its entry point \(visitors_for_test:number\) is 42: must be a function decorated with gmplab.workload"
    with pytest.raises(ValueError, match=told):
        gl.run("number")


def test_a_broken_entry_point_that_is_asked_for_says_why(package: None) -> None:
    told = r"entry point 'lost' \(visitors_for_test_that_are_gone:workload\) cannot be imported: ModuleNotFoundError"
    with pytest.raises(ValueError, match=told):
        gl.run("lost")


def test_a_broken_entry_point_is_a_warning_and_the_others_are_listed(package: None) -> None:
    with pytest.warns(UserWarning, match="entry point 'lost' .* cannot be imported"):
        assert list(workloads()) == [*WORKLOADS, "visitor"]
