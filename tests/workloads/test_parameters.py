"""A workload's parameters: what is wrong is named, with what there is; texts become values; the header tells them."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import gmplab as gl
from gmplab.workloads import WORKLOADS, Drawn, Duration, Numbers, parse_parameters, workload
from gmplab.workloads.parameters import text_of


@workload
def sampler(
    *, n: int = 1, share: float = 0.5, deep: bool = False, gap: Drawn = "1us", limit: Duration = 5, values: Numbers = (),
    other: Any = None,
) -> gl.Plan:
    """One parameter of each type."""
    return gl.Plan(gl.Program("main").compute(gap))


def test_texts_become_values_of_the_parameters_types() -> None:
    texts = {"n": "1_000", "share": "0.25", "deep": "yes", "gap": "exp(10us)", "limit": "2ms", "values": "3, 1,2"}
    assert parse_parameters(sampler, texts) == {
        "n": 1000, "share": 0.25, "deep": True, "gap": "exp(10us)", "limit": "2ms", "values": [3, 1, 2],
    }


@pytest.mark.parametrize(
    ("texts", "error"),
    [
        ({"n": "many"}, "sampler: n = 'many': must be a whole number"),
        ({"n": "1.5"}, "sampler: n = '1.5': must be a whole number"),
        ({"share": "half"}, "sampler: share = 'half': must be a number"),
        ({"deep": "maybe"}, "sampler: deep = 'maybe': must be true or false"),
        ({"gap": "10"}, "sampler: gap = '10': needs a number and one of the units ns, us, ms, s"),
        ({"gap": "expo(1us)"}, "sampler: gap = 'expo(1us)': no such distribution; one of exp, "),
        ({"limit": "-1ms"}, "sampler: limit = '-1ms': must not be negative"),
        ({"values": "1,x"}, "sampler: values = 'x': must be a whole number"),
    ],
)
def test_a_text_that_is_no_value_is_named(texts: dict[str, str], error: str) -> None:
    with pytest.raises(ValueError) as told:
        parse_parameters(sampler, texts)
    assert str(told.value).startswith(error)


def test_an_unknown_parameter_is_told_the_nearest_and_the_list() -> None:
    told = "sampler: no parameter 'gaps'; did you mean 'gap'? (it has n, share, deep, gap, limit, values, other)"
    for attempt in (
        lambda: parse_parameters(sampler, {"gaps": "1us"}),
        lambda: sampler(gaps="1us"),  # type: ignore[call-arg]
        lambda: gl.run(sampler, gaps="1us"),
    ):
        with pytest.raises(TypeError) as error:
            attempt()
        assert str(error.value) == told


def test_a_parameter_whose_type_has_no_text_is_told() -> None:
    with pytest.raises(TypeError, match="sampler: other: has no text form; give it from Python"):
        parse_parameters(sampler, {"other": "1"})


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"n": "3"}, "sampler: n = '3': must be an int"),
        ({"n": True}, "sampler: n = True: must be an int"),
        ({"share": "1"}, "sampler: share = '1': must be a number"),
        ({"deep": 1}, "sampler: deep = 1: must be True or False"),
        ({"gap": 1.5}, "sampler: gap = 1.5: must be an int of ns or a text"),
        ({"limit": None}, "sampler: limit = None: must be an int of ns or a text"),
    ],
)
def test_a_value_of_a_wrong_type_is_named(given: dict[str, Any], error: str) -> None:
    with pytest.raises(TypeError) as told:
        sampler(**given)
    assert str(told.value).startswith(error)


def test_a_workload_takes_no_positional_arguments() -> None:
    with pytest.raises(TypeError, match="fanout: takes keyword parameters only: n, compute"):
        gl.workloads.fanout(3)


def test_a_function_that_returns_no_plan_is_no_workload() -> None:
    @workload
    def empty() -> gl.Plan:
        return None  # type: ignore[return-value]

    with pytest.raises(TypeError, match="empty: returned None: a workload must return a gmplab.Plan"):
        empty()


def test_a_missing_parameter_is_named() -> None:
    @workload
    def needy(*, n: int) -> gl.Plan:
        return gl.Plan(gl.Program("main").loop(n).compute(1).end())

    with pytest.raises(TypeError, match="needy: the parameter 'n' must be given"):
        gl.run(needy)


def test_by_name_by_function_and_by_plan_are_the_same_run() -> None:
    runs = [gl.run("fanout", n=5), gl.run(gl.workloads.fanout, n=5), gl.run(gl.workloads.fanout(n=5))]
    assert [r.record.header["workload"] for r in runs] == ["fanout"] * 3
    assert [r.record.header["params"] for r in runs] == [{"n": "5", "compute": "'10us'"}] * 3
    assert len({r.digest for r in runs}) == 1


def test_a_parameters_text_holds_no_address_and_is_not_long() -> None:
    assert text_of(sampler) == "<sampler>"
    assert text_of(gl.Exponential(5)) == "Exponential(5)"
    assert text_of(object()) == "<object>"
    long = text_of(list(range(1000)))
    assert len(long) < 300 and long.startswith("[0, 1, 2, ") and long == text_of(list(range(1000)))
    assert long != text_of(list(range(1001)))


def test_bodies_take_parameters_and_are_told_which() -> None:
    def main(n: int, compute: str = "1us") -> Any:
        for _ in range(n):
            yield gl.compute(compute)

    run = gl.run(main, n=3, costs=gl.Costs.zero())
    assert (run.record.end_ns, run.record.header["params"]) == (3_000, {"n": "3"})
    with pytest.raises(TypeError, match=r"main: missing a required argument: 'n' \(it has n, compute\)"):
        gl.run(main)
    with pytest.raises(TypeError, match=r"main: got an unexpected keyword argument 'm' \(it has n, compute\)"):
        gl.run(main, n=1, m=2)
    with pytest.raises(TypeError, match="a Program takes no parameters: n"):
        gl.run(gl.Program("main").compute(1), n=1)
    with pytest.raises(TypeError, match="workload = 5: must be a workload or its name"):
        gl.run(5)


@pytest.mark.parametrize("name", sorted(WORKLOADS))
def test_every_workload_is_documented_and_leaves_runs_own_parameters_alone(name: str) -> None:
    fn = WORKLOADS[name]
    own = set(inspect.signature(gl.run).parameters)
    doc = inspect.getdoc(fn) or ""
    for parameter in inspect.signature(fn).parameters.values():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.name not in own
        assert parameter.name in doc
    assert ">>> " in doc
    assert getattr(gl.workloads, name) is fn
