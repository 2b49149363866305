"""The examples of the verbs, and of what they work on, run: each is a program with a `main`."""

from __future__ import annotations

import doctest
import inspect
import re

import pytest

import gmplab as gl
from gmplab.runtime import distributions, durations, verbs

VERBS = verbs.__all__
OTHERS = ["Chan", "recv_case", "send_case", "Cond", "Mutex", "RWMutex", "Semaphore", "WaitGroup"]


@pytest.mark.parametrize("name", [*VERBS, *OTHERS])
def test_an_example_is_a_program_that_comes_to_its_end(name: str) -> None:
    lines = [example.source for example in doctest.DocTestParser().get_examples(inspect.getdoc(getattr(gl, name)) or "")]
    assert lines, f"{name} has no example"
    scope = {name: getattr(gl, name) for name in gl.__all__}
    exec("".join(lines), scope)
    assert gl.run(scope["main"], procs=2).complete


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_tells_each_of_its_parameters(name: str) -> None:
    told = inspect.getdoc(getattr(gl, name)) or ""
    for parameter in inspect.signature(getattr(gl, name)).parameters:
        assert re.search(rf"^(\w+, )*\*?{parameter}(, \w+)* : ", told, re.MULTILINE), parameter


def test_the_examples_of_distributions_are_true() -> None:
    (failed, tried), (also_failed, also_tried) = doctest.testmod(distributions), doctest.testmod(durations)
    assert failed + also_failed == 0 and tried + also_tried >= 10
