"""Distributions: samples of the named laws, for ever the same, and values that name a wrong parameter.

Error probability: each statistical check below has a bound that a draw of seeds exceeds with a probability of at most
ALPHA, and there are at most CHECKS of them, so the family fails by chance in at most 1 % of draws. Seeds come from the
tests' names and were not chosen.
"""

from __future__ import annotations

import copy
import hashlib
import math
import pickle
import statistics
from bisect import bisect_right
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmplab.runtime import dice, distributions
from gmplab.runtime.distributions import (
    Bimodal, Constant, Distribution, Empirical, Erlang, Exponential, Hyperexponential, LogNormal, Pareto, Uniform,
)

BITS = st.integers(0, (1 << 63) - 1)
N = 20_000
CHECKS = 40
ALPHA = 0.01 / CHECKS
MAX_GAP = math.sqrt(math.log(2 / ALPHA) / (2 * N))
"""Dvoretzky, Kiefer, Wolfowitz, with Massart's constant: P(sup |F_n - F| > gap) <= 2 exp(-2 n gap**2), for any F."""
MAX_Z = -statistics.NormalDist().inv_cdf(ALPHA / 2)
"""Standard errors that a mean may be off, with the central limit theorem: 3.7."""


def seed_of(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")


def sampled(name: str, law: Distribution, n: int = N) -> list[int]:
    key = dice.stream(seed_of(name), dice.FOR_SERVICE, 0)
    return [law.sample(dice.draw(key, i)) for i in range(n)]


# --- the laws -------------------------------------------------------------------------------------------------------

MS = 1_000_000


def erlang_cdf(x: float, mean: float, k: int) -> float:
    y = x * k / mean
    return 1.0 - math.exp(-y) * math.fsum(y**i / math.factorial(i) for i in range(k))


def pareto_cdf(x: float, low: float, alpha: float, cap: float = math.inf) -> float:
    return 1.0 if x >= cap else max(0.0, 1.0 - (low / x) ** alpha)


# Each law, its distribution function (of ns), mean and standard deviation.
LAWS: dict[str, tuple[Distribution, Callable[[float], float], float, float]] = {
    "exponential": (Exponential(MS), lambda x: 1 - math.exp(-x / MS), MS, MS),
    "uniform": (Uniform(MS, 3 * MS), lambda x: (x - MS) / (2 * MS), 2 * MS, 2 * MS / math.sqrt(12)),
    "bimodal": (Bimodal(MS, 9 * MS, 0.1), lambda x: 1.0 if x >= 9 * MS else 0.9 * (x >= MS), 1.8 * MS, 2.4 * MS),
    "lognormal": (
        LogNormal(MS, 0.5), lambda x: statistics.NormalDist(math.log(MS), 0.5).cdf(math.log(x)),
        MS * math.exp(0.125), MS * math.exp(0.125) * math.sqrt(math.exp(0.25) - 1),
    ),
    "pareto": (Pareto(MS, 5.0), lambda x: pareto_cdf(x, MS, 5.0), 1.25 * MS, MS * math.sqrt(5 / 3) / 4),
    "hyperexponential": (
        Hyperexponential(MS, 10 * MS, 0.2), lambda x: 1 - 0.8 * math.exp(-x / MS) - 0.2 * math.exp(-x / (10 * MS)),
        2.8 * MS, MS * math.sqrt(2 * (0.8 + 20) - 2.8**2),
    ),
    "erlang": (Erlang(MS, 4), lambda x: erlang_cdf(x, MS, 4), MS, MS / 2),
    "empirical": (
        Empirical([MS, 2 * MS, 2 * MS, 7 * MS]), lambda x: (MS <= x) / 4 + (2 * MS <= x) / 2 + (7 * MS <= x) / 4,
        3 * MS, MS * math.sqrt((4 + 1 + 1 + 16) / 4),
    ),
}
DISCRETE = {"bimodal", "empirical"}


@pytest.mark.parametrize("name", LAWS)
def test_samples_follow_their_law(name: str) -> None:
    law, cdf, _, _ = LAWS[name]
    values = sorted(sampled(f"test_samples_follow_their_law[{name}]", law))
    gap = 0.0
    for x in sorted(set(values)):
        after = bisect_right(values, x) / N
        before = after - (bisect_right(values, x) - bisect_right(values, x - 1)) / N
        # A sample is rounded to ns: what is told as x lay within half a ns of it.
        gap = max(gap, abs(after - cdf(x if name in DISCRETE else x + 0.5)))
        if name not in DISCRETE:
            gap = max(gap, abs(before - max(0.0, cdf(x - 0.5))))
    assert gap <= MAX_GAP + 1e-5


@pytest.mark.parametrize("name", LAWS)
def test_the_mean_of_the_samples_is_the_mean_that_is_told(name: str) -> None:
    law, _, mean, deviation = LAWS[name]
    assert law.mean_ns() == pytest.approx(mean, rel=1e-9)
    found = statistics.fmean(sampled(f"test_the_mean_of_the_samples[{name}]", law))
    assert abs(found - mean) <= MAX_Z * deviation / math.sqrt(N)


def test_a_capped_pareto_is_cut_and_so_is_its_mean() -> None:
    law = Pareto(MS, 1.5, 20 * MS)
    values = sampled("test_a_capped_pareto", law)
    assert (min(values) >= MS, max(values)) == (True, 20 * MS)
    mean = 3 * MS - 2 * MS * 20**-0.5
    assert law.mean_ns() == pytest.approx(mean, rel=1e-9)
    # E[min(X, cap)**2] = low**2 + the integral of 2 x (low / x)**1.5.
    second = MS**2 + 4 * MS**1.5 * (math.sqrt(20 * MS) - math.sqrt(MS))
    assert abs(statistics.fmean(values) - mean) <= MAX_Z * math.sqrt((second - mean**2) / N)


def test_the_laws_agree_with_scipys() -> None:
    """The same comparison, with distribution functions that are not ours, where SciPy is installed."""
    stats = pytest.importorskip("scipy.stats")
    theirs = {
        "exponential": stats.expon(scale=MS), "uniform": stats.uniform(MS, 2 * MS),
        "erlang": stats.gamma(4, scale=MS / 4), "lognormal": stats.lognorm(0.5, scale=MS),
        "pareto": stats.pareto(5.0, scale=MS),
    }
    for name, law in theirs.items():
        values = sampled(f"test_the_laws_agree_with_scipys[{name}]", LAWS[name][0])
        assert stats.kstest(values, law.cdf).pvalue > ALPHA, name


def test_unit_is_uniform_and_neighbours_are_uncorrelated() -> None:
    key = seed_of("test_unit_is_uniform")
    values = [dice.unit(dice.draw(key, n)) for n in range(N)]
    ordered = sorted(values)
    assert max(max((i + 1) / N - u, u - i / N) for i, u in enumerate(ordered)) <= MAX_GAP
    for lag in (1, 2, 61):
        product = statistics.fmean((values[i] - 0.5) * (values[i + lag] - 0.5) for i in range(N - lag))
        # A product of two centred uniforms has the standard deviation 1/12.
        assert abs(product) <= MAX_Z / 12 / math.sqrt(N - lag)


def test_first_draws_of_neighbouring_streams_are_uniform_and_uncorrelated() -> None:
    seed = seed_of("test_first_draws_of_neighbouring_streams")
    values = [dice.unit(dice.draw(dice.stream(seed, dice.FOR_G, g), 0)) for g in range(N)]
    assert max(max((i + 1) / N - u, u - i / N) for i, u in enumerate(sorted(values))) <= MAX_GAP
    product = statistics.fmean((a - 0.5) * (b - 0.5) for a, b in zip(values, values[1:], strict=False))
    assert abs(product) <= MAX_Z / 12 / math.sqrt(N - 1)


@given(BITS)
def test_a_sample_is_never_negative_nor_beyond_64_bits(bits: int) -> None:
    extreme = (Constant(0), LogNormal(MS, 50.0), LogNormal(MS, 1e299), Pareto(MS, 1.01), Exponential(1 << 62))
    for law in (*(law for law, _, _, _ in LAWS.values()), *extreme):
        assert 0 <= law.sample(bits) <= 4_000_000_000_000_000_000


@given(BITS, st.integers(0, 1000), st.integers(0, 1000))
def test_a_uniform_reaches_both_ends_and_nothing_beyond(bits: int, low: int, width: int) -> None:
    law = Uniform(low, low + width)
    assert low <= law.sample(bits) <= low + width
    assert {law.sample(i) for i in range(width + 1)} == set(range(low, low + width + 1))


def test_certain_outcomes() -> None:
    assert {Bimodal(1, 2, 0.0).sample(b) for b in range(0, 1 << 63, 1 << 59)} == {1}
    assert {Bimodal(1, 2, 1.0).sample(b) for b in range(0, 1 << 63, 1 << 59)} == {2}
    assert {Constant(9).sample(b) for b in (0, 1, (1 << 63) - 1)} == {9}
    assert {LogNormal(7, 0.0).sample(b) for b in (0, 1, (1 << 63) - 1)} == {7}


def test_the_samples_are_what_they_always_were() -> None:
    # Pinned for both builds and all machines. Another digest is another MODEL: see the vocabulary.
    h = hashlib.sha256()
    for name, (law, _, _, _) in LAWS.items():
        h.update(f"{law!r} {sampled(name, law, 500)}\n".encode())
    assert h.hexdigest() == "bd4566cfb91d087b6164ea3e933ca01f90c3e604f691a8560ab0f605b5c48865"


# --- values ---------------------------------------------------------------------------------------------------------

NS = st.integers(0, 1 << 62)
POSITIVE = st.integers(1, 1 << 62)
P = st.floats(0.0, 1.0)


DISTRIBUTIONS: st.SearchStrategy[Distribution] = st.one_of(
    st.builds(Constant, NS), st.builds(Exponential, POSITIVE), st.builds(Bimodal, NS, NS, P),
    st.builds(lambda a, b: Uniform(min(a, b), max(a, b)), NS, NS), st.builds(LogNormal, POSITIVE, st.floats(0.0, 5.0)),
    st.builds(Pareto, POSITIVE, st.floats(1.01, 50.0)),
    st.builds(lambda a, b: Pareto(min(a, b), 1.5, max(a, b)), POSITIVE, POSITIVE),
    st.builds(Hyperexponential, POSITIVE, POSITIVE, P), st.builds(Erlang, POSITIVE, st.integers(1, 20)),
    st.builds(Empirical, st.lists(NS, min_size=1, max_size=5)),
)


@given(DISTRIBUTIONS, BITS)
def test_a_distribution_is_a_value(law: Distribution, bits: int) -> None:
    for other in (pickle.loads(pickle.dumps(law)), copy.deepcopy(law), eval(repr(law), dict(vars(distributions)))):
        assert type(other) is type(law)
        assert (other, hash(other), repr(other)) == (law, hash(law), repr(law))
        assert (other.sample(bits), other.mean_ns()) == (law.sample(bits), law.mean_ns())


def test_unequal_distributions_are_unequal() -> None:
    laws = [
        Constant(5), Constant(6), Exponential(5), Uniform(5, 6), Uniform(5, 7), Bimodal(5, 6, 0.5), Bimodal(5, 6, 0.25),
        Hyperexponential(5, 6, 0.5), LogNormal(5, 6.0), Pareto(5, 6.0), Pareto(5, 6.0, 9), Erlang(5, 6), Empirical([5]),
        Empirical([5, 6]), Empirical([6, 5]),
    ]
    for i, a in enumerate(laws):
        assert [a == b for b in laws] == [i == j for j in range(len(laws))]
    assert Constant(5) != 5


def test_a_repr_is_the_same_in_both_builds() -> None:
    laws = Bimodal(1, 2, 1), LogNormal(5, 2), Pareto(5, 2), Hyperexponential(1, 2, 0), Empirical((1, 2))
    assert [repr(law) for law in laws] == [
        "Bimodal(1, 2, 1.0)", "LogNormal(5, 2.0)", "Pareto(5, 2.0, 0)", "Hyperexponential(1, 2, 0.0)",
        "Empirical([1, 2])",
    ]


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Constant(-1), "Constant: ns = -1: must be at least 0"),
    (lambda: Constant((1 << 62) + 1), "Constant: ns = 4611686018427387905: must be at most 4611686018427387904"),
    (lambda: Exponential(0), "Exponential: mean ns = 0: must be at least 1"),
    (lambda: Uniform(-1, 5), "Uniform: low ns = -1: must be at least 0"),
    (lambda: Uniform(6, 5), "Uniform: high ns = 5: must be at least 6"),
    (lambda: Bimodal(-1, 5, 0.5), "Bimodal: short ns = -1: must be at least 0"),
    (lambda: Bimodal(1, 5, 1.5), "Bimodal: p_long = 1.5: must be a probability, 0 to 1"),
    (lambda: Bimodal(1, 5, math.nan), "Bimodal: p_long = nan: must be a probability, 0 to 1"),
    (lambda: Hyperexponential(0, 5, 0.5), "Hyperexponential: short mean ns = 0: must be at least 1"),
    (lambda: Hyperexponential(1, 5, -0.5), "Hyperexponential: p_long = -0.5: must be a probability, 0 to 1"),
    (lambda: LogNormal(0, 1.0), "LogNormal: median ns = 0: must be at least 1"),
    (lambda: LogNormal(5, -1.0), "LogNormal: sigma = -1.0: must be finite and at least 0"),
    (lambda: LogNormal(5, math.inf), "LogNormal: sigma = inf: must be finite and at least 0"),
    (lambda: Pareto(0, 2.0), "Pareto: low ns = 0: must be at least 1"),
    (lambda: Pareto(5, 1.0), "Pareto: alpha = 1.0: must be above 1, else the mean is infinite"),
    (lambda: Pareto(5, 2.0, 4), "Pareto: cap ns = 4: must be at least 5"),
    (lambda: Pareto(5, 2.0, -4), "Pareto: cap ns = -4: must be at least 5"),
    (lambda: Erlang(5, 0), "Erlang: k = 0: must be at least 1"),
    (lambda: Empirical([]), "Empirical: no values; give at least one duration in ns"),
    (lambda: Empirical([3, -3]), "Empirical: value ns = -3: must be at least 0"),
], ids=lambda value: value.partition(":")[0] if isinstance(value, str) else "")
def test_a_bad_parameter_is_named_with_its_bound(make: Callable[[], Distribution], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


@pytest.mark.parametrize(("made", "message"), [
    (lambda: Constant("1us"), "Constant: ns = '1us': must be an int of at least 0"),
    (lambda: Exponential(1.5), "Exponential: mean ns = 1.5: must be an int of at least 1"),
    (lambda: Uniform(5, None), "Uniform: high ns = None: must be an int of at least 5"),
    (lambda: Bimodal(True, 5, 0.5), "Bimodal: short ns = True: must be an int of at least 0"),
    (lambda: Hyperexponential(1, 5, "0.5"), "Hyperexponential: p_long = '0.5': must be a number"),
    (lambda: LogNormal(5, None), "LogNormal: sigma = None: must be a number"),
    (lambda: Pareto(5, [2]), "Pareto: alpha = [2]: must be a number"),
    (lambda: Pareto(5, 2.0, "9us"), "Pareto: cap ns = '9us': must be an int of at least 5"),
    (lambda: Erlang(5, 2.0), "Erlang: k = 2.0: must be an int of at least 1"),
    (lambda: Empirical(5), "Empirical: values = 5: must be a sequence of ints, in ns"),
    (lambda: Empirical([1, "2"]), "Empirical: value ns = '2': must be an int of at least 0"),
    (lambda: Empirical(np.array(5)), "Empirical: values = array(5): must be a sequence of ints, in ns"),
    (lambda: Empirical(np.array([[1, 2]])), "Empirical: value ns = array([1, 2]): must be an int of at least 0"),
    (lambda: Constant(np.array([5])), "Constant: ns = array([5]): must be an int of at least 0"),
])
def test_a_parameter_of_another_type_is_told_by_its_name(made: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        made()
    assert str(caught.value) == message


def test_what_was_measured_with_numpy_is_a_distribution() -> None:
    measured = Empirical(np.array([1_000, 3_000]))
    assert (measured, type(measured.values[0])) == (Empirical([1_000, 3_000]), int)
    assert Exponential(np.int64(5)) == Exponential(5)
    assert Pareto(5, np.int64(2)) == Pareto(5, np.float32(2)) == Pareto(5, 2.0)
