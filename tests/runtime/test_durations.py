"""Durations and distributions as texts: they mean what they say, or say what they lack."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmplab.runtime import durations
from gmplab.runtime.distributions import (
    Bimodal, Constant, Distribution, Empirical, Erlang, Exponential, Hyperexponential, LogNormal, Pareto, Uniform,
)
from gmplab.runtime.durations import as_distribution, duration_ns

MS = 1_000_000
NS = st.integers(0, 1 << 62)
POSITIVE = st.integers(1, 1 << 62)
P = st.floats(0.0, 1.0)


@pytest.mark.parametrize(("text", "ns"), [
    ("0ns", 0), ("1ns", 1), ("1us", 1_000), ("1µs", 1_000), ("1.2ms", 1_200_000), ("1.50us", 1_500), (".5us", 500),
    ("2.s", 2 * 10**9), ("+3ms", 3_000_000), (" 7 us ", 7_000), ("1_000us", 1_000_000), ("007ns", 7),
    ("0.000000001s", 1),
    ("1.000000000000000s", 10**9), ("4611686018427387904ns", 1 << 62),
])
def test_a_duration_is_read(text: str, ns: int) -> None:
    assert duration_ns(text) == ns


@pytest.mark.parametrize("text", [
    "", "5", "ms", ".ms", "-ms", "+us", "1.-5ms", "1.+5ms", "1.2.3ms", "--1ms", "+-1ms", "- 1ms", "1e3ms", "5 m",
    "5 min", "5S", "us5", "1,5ms", "1 000us", "nan", "infs", "5us 3", "٣ms",
])
def test_an_unreadable_duration_says_what_it_needs(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        duration_ns(text, "quantum")
    assert str(caught.value) == f"quantum = {text!r}: needs a number and one of the units ns, us, ms, s"


@pytest.mark.parametrize(("value", "message"), [
    ("-1ms", "sleep = '-1ms': must not be negative"),
    ("-0.5ms", "sleep = '-0.5ms': must not be negative"),
    ("-.5ms", "sleep = '-.5ms': must not be negative"),
    (-5, "sleep = -5: must not be negative"),
    ("0.5ns", "sleep = '0.5ns': is no whole number of ns"),
    ("1.0005us", "sleep = '1.0005us': is no whole number of ns"),
    ("0.0000000001s", "sleep = '0.0000000001s': is no whole number of ns"),
    ((1 << 62) + 1, "sleep = 4611686018427387905: must be at most 4611686018427387904 ns"),
    ("4611686018427387905ns", "sleep = '4611686018427387905ns': must be at most 4611686018427387904 ns"),
    ("5000000000s", "sleep = '5000000000s': must be at most 4611686018427387904 ns"),
    ("9" * 5000 + "s", f"sleep = '{'9' * 5000}s': must be at most 4611686018427387904 ns"),
])
def test_a_duration_out_of_bounds_is_named(value: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        duration_ns(value, "sleep")
    assert str(caught.value) == message


@pytest.mark.parametrize("value", [1.5, True, None, b"1ms", [1], 1 + 0j])
def test_what_is_no_duration_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError) as caught:
        duration_ns(value)
    assert str(caught.value) == f"duration = {value!r}: must be an int of ns or a text such as '1.2ms'"
    with pytest.raises(TypeError):
        as_distribution(value)


def test_an_instant_of_a_frame_is_an_instant() -> None:
    at = np.int64(1_500)
    assert duration_ns(at) == 1_500 and type(duration_ns(at)) is int
    with pytest.raises(TypeError, match="must be an int of ns"):
        duration_ns(np.float64(1.5))


@given(NS)
def test_a_duration_goes_out_as_text_and_comes_back(ns: int) -> None:
    assert duration_ns(ns) == duration_ns(f"{ns}ns") == duration_ns(f"+{ns:_} ns") == ns
    for unit, size in durations.NS_OF_UNIT.items():
        whole, rest = divmod(ns, size)
        digits = len(str(size)) - 1
        text = f"{whole}.{rest:0{digits}d}{unit}" if digits else f"{whole}{unit}"
        assert duration_ns(text) == ns


@pytest.mark.parametrize(("value", "law"), [
    (5, Constant(5)), ("10us", Constant(10_000)), ("const(5ns)", Constant(5)), ("exp(10us)", Exponential(10_000)),
    ("uniform(1us,2us)", Uniform(1_000, 2_000)), ("bimodal(1us, 1ms, 0.01)", Bimodal(1_000, MS, 0.01)),
    ("lognormal(1ms,1.5)", LogNormal(MS, 1.5)), ("pareto(1us,2)", Pareto(1_000, 2.0)),
    ("hyper(1us,1ms,0.5)", Hyperexponential(1_000, MS, 0.5)), ("erlang(1ms,4)", Erlang(MS, 4)),
    ("empirical(1us,1us,5ms)", Empirical([1_000, 1_000, 5 * MS])), ("empirical(7ns)", Empirical([7])),
    (" exp( 1.5us ) ", Exponential(1_500)),
])
def test_a_distribution_is_read(value: Any, law: Distribution) -> None:
    assert as_distribution(value) == law
    assert as_distribution(law) is law


KNOWN = "exp, const, uniform, bimodal, lognormal, pareto, hyper, erlang, empirical"


@pytest.mark.parametrize(("text", "message"), [
    ("gauss(1us)", f"gap = 'gauss(1us)': no such distribution; one of {KNOWN}"),
    ("Exp(1us)", f"gap = 'Exp(1us)': no such distribution; one of {KNOWN}"),
    ("(1us)", f"gap = '(1us)': no such distribution; one of {KNOWN}"),
    ("exp(10us", "gap = 'exp(10us': must be exp(...) with 1 argument"),
    ("exp(10us)s", "gap = 'exp(10us)s': must be exp(...) with 1 argument"),
    ("exp(10us,5us)", "gap = 'exp(10us,5us)': must be exp(...) with 1 argument"),
    ("uniform(1us)", "gap = 'uniform(1us)': must be uniform(...) with 2 arguments"),
    ("pareto(1us,2,9us)", "gap = 'pareto(1us,2,9us)': must be pareto(...) with 2 arguments"),
    ("bimodal(1us,2us)", "gap = 'bimodal(1us,2us)': must be bimodal(...) with 3 arguments"),
    ("empirical(1us,2", "gap = 'empirical(1us,2': must be empirical(...) with 2 arguments"),
    ("empirical()", "gap = '': needs a number and one of the units ns, us, ms, s"),
    ("exp()", "gap = '': needs a number and one of the units ns, us, ms, s"),
    ("exp(10)", "gap = '10': needs a number and one of the units ns, us, ms, s"),
    ("exp(-1us)", "gap = '-1us': must not be negative"),
    ("exp(0ns)", "Exponential: mean ns = 0: must be at least 1"),
    ("bimodal(1us,2us,half)", "gap = 'bimodal(1us,2us,half)': 'half' is no number"),
    ("bimodal(1us,2us,2)", "Bimodal: p_long = 2.0: must be a probability, 0 to 1"),
    ("lognormal(1us,)", "gap = 'lognormal(1us,)': '' is no number"),
    ("erlang(1us,2.5)", "gap = 'erlang(1us,2.5)': '2.5' is no count"),
    ("erlang(1us,-2)", "gap = 'erlang(1us,-2)': '-2' is no count"),
    ("5 parsecs", "gap = '5 parsecs': needs a number and one of the units ns, us, ms, s"),
])
def test_a_bad_text_says_what_is_wrong_with_it(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        as_distribution(text, "gap")
    assert str(caught.value) == message


@given(st.text(max_size=30) | st.text("expcontsuifrmblgahyd(),.0123456789+-enu ", max_size=30))
def test_any_text_is_a_distribution_or_a_value_error(text: str) -> None:
    try:
        law = as_distribution(text)
    except ValueError:
        return
    assert isinstance(law, Distribution)
    assert law.sample(1 << 61) >= 0


@given(POSITIVE, NS, NS, P, st.floats(1.01, 50.0), st.integers(1, 20))
def test_every_law_that_has_a_text_is_read_back(mean: int, a: int, b: int, p: float, shape: float, k: int) -> None:
    low, high = sorted((a, b))
    assert as_distribution(f"exp({mean}ns)") == Exponential(mean)
    assert as_distribution(f"uniform({low}ns,{high}ns)") == Uniform(low, high)
    assert as_distribution(f"bimodal({a}ns,{b}ns,{p!r})") == Bimodal(a, b, p)
    assert as_distribution(f"hyper({mean}ns,1us,{p!r})") == Hyperexponential(mean, 1_000, p)
    assert as_distribution(f"lognormal({mean}ns,{shape!r})") == LogNormal(mean, shape)
    assert as_distribution(f"pareto({mean}ns,{shape!r})") == Pareto(mean, shape)
    assert as_distribution(f"erlang({mean}ns,{k})") == Erlang(mean, k)
