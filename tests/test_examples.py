"""The examples of docstrings, run as they stand: what one shows is what comes out."""

from __future__ import annotations

import doctest
import importlib
import io
import pkgutil
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
from numpydoc.validate import validate

import gmplab
import gmplab.plots
import gmplab.policies
import gmplab.workloads
from gmplab.runtime.contracts import Component

WITH_THEIR_OWN_TEST = (
    "gmplab.runtime.verbs", "gmplab.runtime.chan", "gmplab.runtime.sync", "gmplab.analysis.theory.", "gmplab.analysis.truth.",
)
"""Of the first three the examples are programs: tests/runtime/test_verb_docs.py runs each `main`."""


def source(name: str, package: bool) -> str:
    """The text of a module, also of one that is compiled."""
    path = Path(gmplab.__path__[0]).parent / name.replace(".", "/")
    return (path / "__init__.py" if package else path.with_suffix(".py")).read_text(encoding="utf-8")


MODULES = [
    name for _, name, package in pkgutil.walk_packages(gmplab.__path__, "gmplab.")
    if not name.startswith(WITH_THEIR_OWN_TEST) and ">>> " in source(name, package)
]


@pytest.mark.parametrize("name", MODULES)
def test_each_example_of_a_module_is_true(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(importlib.import_module("gmplab.experiment"), "last", None)
    # What an example registers is there for that example alone.
    monkeypatch.setattr(importlib.import_module("gmplab.names"), "_registered", {})
    module: Any = importlib.import_module(name)
    offered = {public: getattr(gmplab, public) for public in dir(gmplab)}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    said = io.StringIO()
    for test in doctest.DocTestFinder().find(module, name, globs={**offered, "gmplab": gmplab, "gl": gmplab, **vars(module)}):
        with redirect_stderr(io.StringIO()):
            runner.run(test, out=said.write)
    assert not runner.failures, said.getvalue()


@pytest.mark.parametrize("package", [gmplab, gmplab.policies, gmplab.workloads, gmplab.plots], ids=lambda package: package.__name__)
def test_each_public_name_has_an_example_or_its_base_class_does(package: Any) -> None:
    # A SchedError is never the user's to make, and shows nothing but itself.
    without = {"Distribution", "SchedError"}
    for name in package.__all__:
        thing = getattr(package, name)
        if not callable(thing) or not thing.__module__.startswith("gmplab") or isinstance(thing, type) and issubclass(thing, Component):
            continue
        errors = {code for code, _ in validate(f"{thing.__module__}.{thing.__qualname__}")["errors"]}
        assert ("EX01" in errors) is (name in without), name
    for concern, base in gmplab.runtime.contracts.CONCERNS.items():
        assert ">>> " in (base.__doc__ or ""), concern
