"""The dice: the same bits in every build and for ever, and our own log, exp and normal."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmplab.runtime import dice

I64 = st.integers(-(1 << 63), (1 << 63) - 1)
BITS = st.integers(0, (1 << 63) - 1)


# --- the bits -------------------------------------------------------------------------------------------------------


def splitmix64(state: int) -> int:
    """The output function of splitmix64, as its authors publish it in C."""
    z = state % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def test_draws_are_the_published_outputs_of_splitmix64() -> None:
    # The first five outputs for the state 1234567, as lists of test vectors have them.
    published = (
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    )
    assert [dice.draw(1234567, n) for n in range(5)] == [z >> 1 for z in published]


@given(I64)
def test_mix_is_splitmix64_in_this_build_and_in_python(z: int) -> None:
    assert dice.mix(z) == splitmix64(z) >> 1 == dice._mix_py(z)


@given(I64, st.integers(0, 1 << 62))
def test_draw_is_splitmix64_at_a_counter(key: int, n: int) -> None:
    assert dice.draw(key, n) == splitmix64(key + (n + 1) * 0x9E3779B97F4A7C15) >> 1


@given(BITS, st.integers(1, 7), I64)
def test_a_stream_is_three_rounds(seed: int, concern: int, key: int) -> None:
    first = splitmix64(seed) >> 1
    second = splitmix64(first ^ concern * 0x632BE59BD9B4E01 % 2**64) >> 1
    assert dice.stream(seed, concern, key) == splitmix64(second ^ key % 2**64) >> 1


def test_streams_of_neighbours_have_nothing_in_common() -> None:
    keys = [dice.stream(seed, concern, key) for seed in range(20) for concern in range(1, 8) for key in range(50)]
    assert len(set(keys)) == len(keys)
    draws = [dice.draw(key, n) for key in keys[::7] for n in range(20)]
    assert len(set(draws)) == len(draws)


def test_a_draw_depends_on_nothing_but_its_key_and_number() -> None:
    key = dice.stream(7, dice.FOR_SERVICE, 3)
    forward = [dice.draw(key, n) for n in range(100)]
    backward = [dice.draw(key, n) for n in reversed(range(100))]
    assert forward == backward[::-1]


@given(BITS, st.integers(1, (1 << 62)))
def test_below_is_below(bits: int, n: int) -> None:
    assert 0 <= dice.below(bits, n) < n


@given(BITS)
def test_unit_lies_strictly_between_0_and_1_beside_the_fraction_of_the_bits(bits: int) -> None:
    u = dice.unit(bits)
    assert 0.0 < u < 1.0
    assert abs(u - bits / 2**63) <= 2**-53


def test_unit_at_its_ends() -> None:
    ends = [dice.unit(bits) for bits in (0, (1 << 63) - 1, ((1 << 53) - 1) << 10, ((1 << 53) - 2) << 10)]
    assert ends == [2**-54, 1 - 2**-53, 1 - 2**-53, 1 - 2**-52]
    # The normal deviate of the last one is finite too.
    assert 8.0 < dice.normal((1 << 63) - 1) < 8.4


# --- our own log, exp and normal ------------------------------------------------------------------------------------


def near(found: float, expected: float, relative: float = 1e-13) -> bool:
    return abs(found - expected) <= relative * abs(expected)


@given(st.floats(1e-300, 1e300))
def test_log_over_600_decades(x: float) -> None:
    assert near(dice.log(x), math.log(x))


@given(st.floats(0.5, 2.0))
def test_log_near_1(x: float) -> None:
    assert near(dice.log(x), math.log(x))


@given(st.integers(-1000, 1000))
def test_log_at_powers_of_2(k: int) -> None:
    # The scaling's edges: a step too many or too few would show here.
    for x in (2.0**k, math.nextafter(2.0**k, math.inf), math.nextafter(2.0**k, 0.0), 2.0**k * math.sqrt(2.0)):
        assert near(dice.log(x), math.log(x))


@given(BITS)
def test_log_of_what_is_drawn(bits: int) -> None:
    u = dice.unit(bits)
    assert near(dice.log(u), math.log(u))


@given(st.floats(-700.0, 700.0))
def test_exp_over_600_decades(x: float) -> None:
    assert near(dice.exp(x), math.exp(x))


@given(st.floats(-50.0, 50.0))
def test_exp_undoes_log(x: float) -> None:
    assert abs(dice.log(dice.exp(x)) - x) <= 1e-13 * max(1.0, abs(x))


@pytest.mark.parametrize("x", [751.0, 1e6, 1e300, math.inf])
def test_exp_ends_where_floats_do(x: float) -> None:
    assert dice.exp(x) == math.inf
    assert dice.exp(-x) == 0.0


@given(BITS)
def test_normal_is_the_inverse_of_the_normal_law(bits: int) -> None:
    # Acklam's approximation: a relative error of 1.2e-9. Above 1/2 the law itself is only known to 2**-53 of 1.
    expected = statistics.NormalDist().inv_cdf(dice.unit(bits))
    assert abs(dice.normal(bits) - expected) <= 2e-9 * abs(expected) + 1e-15
