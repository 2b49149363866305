"""The price list: every field has a price, zero is zero, and what is no price is named."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from gmplab.runtime.costs import Costs, Prices, Topology
from gmplab.runtime.distributions import Constant, Exponential

NAMES = tuple(f.name for f in dataclasses.fields(Costs))
GRAINS = {"kernel_slice_ns", "gc_drain"}
"""What is no price but a step of the model, and stays where all prices are 0."""


def test_prices_has_exactly_the_fields_of_costs() -> None:
    prices = Prices(Costs())
    told = {name for name in dir(prices) if not name.startswith("_")} - {"drawn", "price"}
    assert told == set(NAMES)


def test_each_price_is_that_of_its_own_field() -> None:
    costs = Costs(**{name: 1_000 + i for i, name in enumerate(NAMES)})
    prices = Prices(costs)
    assert {name: getattr(prices, name) for name in NAMES} == dataclasses.asdict(costs)
    assert prices.drawn == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != "kernel_slice_ns"])
def test_any_price_may_be_drawn(name: str) -> None:
    law = Exponential(7)
    prices = Prices(Costs(**{name: law}))  # type: ignore[arg-type]
    assert (getattr(prices, name), prices.drawn) == (-1, [law])


def test_several_drawn_prices_are_told_apart() -> None:
    laws = {"park": Exponential(5), "ready": Constant(3), "stw": Exponential(9)}
    prices = Prices(Costs(**laws))  # type: ignore[arg-type]
    assert {name: prices.drawn[-getattr(prices, name) - 1] for name in laws} == laws
    assert len(prices.drawn) == 3


def test_zero_costs_nothing_but_the_grains() -> None:
    zero = Costs.zero()
    assert {name for name in NAMES if getattr(zero, name) != 0} == GRAINS
    assert all(getattr(zero, name) == getattr(Costs(), name) for name in GRAINS)


def test_linux_vm_is_the_default_and_costs_something() -> None:
    costs = Costs.linux_vm()
    assert costs == Costs()
    for name in NAMES:
        value = getattr(costs, name)
        assert (type(value), value > 0) == (int, True), name
    assert costs.steal_probe <= costs.steal_probe_remote  # type: ignore[operator]
    assert costs.steal_move <= costs.steal_move_remote  # type: ignore[operator]
    assert costs.futex_latency <= costs.futex_latency_remote  # type: ignore[operator]


@pytest.mark.parametrize("name", NAMES)
def test_a_negative_or_endless_price_is_named(name: str) -> None:
    least = 1 if name == "kernel_slice_ns" else 0
    with pytest.raises(ValueError) as caught:
        Prices(Costs(**{name: -1}))
    assert str(caught.value) == f"Costs: {name} = -1: must be at least {least} ns"
    with pytest.raises(ValueError) as caught:
        Prices(Costs(**{name: (1 << 62) + 1}))
    assert str(caught.value) == f"Costs: {name} = 4611686018427387905: must be at most 4611686018427387904 ns"


def test_a_kernel_slice_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError) as caught:
        Prices(Costs(kernel_slice_ns=0))
    assert str(caught.value) == "Costs: kernel_slice_ns = 0: must be at least 1 ns"


@pytest.mark.parametrize("value", [1.5, "5us", None, [1]])
def test_what_is_neither_an_int_nor_a_distribution_is_a_type_error(value: object) -> None:
    for name in ("park", "kernel_slice_ns"):
        with pytest.raises(TypeError) as caught:
            Costs(**{name: value})  # type: ignore[arg-type]
        assert str(caught.value) == f"Costs: {name} = {value!r}: must be an int of ns or a Distribution"


def test_a_bool_is_no_price() -> None:
    with pytest.raises(TypeError) as caught:
        Costs(park=True)
    assert str(caught.value) == "Costs: park = True: must be an int of ns or a Distribution"


def test_a_slice_cannot_be_drawn() -> None:
    with pytest.raises(TypeError, match="Costs: kernel_slice_ns = Exponential.5.: must be an int of ns"):
        Prices(Costs(kernel_slice_ns=Exponential(5)))  # type: ignore[arg-type]


def test_an_unknown_price_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="teleport"):
        Costs(teleport=3)  # type: ignore[call-arg]


def test_costs_are_frozen_values() -> None:
    costs = Costs(park=Exponential(5), stw=7)
    assert costs == Costs(park=Exponential(5), stw=7) != Costs()
    assert hash(costs) == hash(Costs(park=Exponential(5), stw=7))
    assert dataclasses.replace(costs, park=60, stw=1_500) == Costs()
    with pytest.raises(dataclasses.FrozenInstanceError):
        costs.park = 3  # type: ignore[misc]


@pytest.mark.parametrize("groups", [[0, 1], "01", (0, "1"), (0, -1), (True,), None])
def test_groups_are_a_tuple_of_ints(groups: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Topology(groups=groups)
    assert str(caught.value) == f"Topology: groups = {groups!r}: must be a tuple of ints from 0 up, the group of each P"


@pytest.mark.parametrize("value", [Costs(), Costs.zero(), Costs(park=Exponential(5)), Topology(), Topology((0, 0, 1))])
def test_costs_and_topologies_survive_pickling(value: object) -> None:
    back = pickle.loads(pickle.dumps(value))
    assert (type(back), back, repr(back)) == (type(value), value, repr(value))


def test_a_topology_is_flat_by_default() -> None:
    assert Topology() == Topology(()) != Topology((0, 1))
