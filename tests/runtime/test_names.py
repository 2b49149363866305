"""What gmplab cites of Go exists in Go 1.27.3, and what a function of Go's is called here is Go's name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gmplab.vocabulary import GO_VERSION
from tests.runtime.go_names import LIST, citations, known
from tests.runtime.golden_story import FOLDER

PACKAGE = Path(__file__).resolve().parents[2] / "gmplab"
CITING = sorted([*PACKAGE.rglob("*.py"), *FOLDER.iterdir(), *Path(__file__).parent.glob("test_*.py")])
NAMES = known()
GO_NAMED = ("proc.py", "runq.py", "syscalls.py", "sysmon.py")


def test_the_list_of_names_is_of_the_version_that_the_default_policy_models() -> None:
    assert LIST.read_text(encoding="utf-8").startswith(f"Names declared by Go {GO_VERSION}.")


@pytest.mark.parametrize("path", CITING, ids=lambda path: path.name)
def test_every_citation_names_what_go_declares(path: Path) -> None:
    for file, name in citations(path.read_text(encoding="utf-8")):
        assert file in NAMES, f"{file} is not in go_names.txt: add it to go_names.FILES"
        # A method or field may be cited without its type; sched is Go's one schedt.
        where = NAMES["runtime/runtime2.go"] if name.startswith("sched.") else NAMES[file]
        cited = name.replace("sched.", "schedt.")
        assert any(cited in (have, have.rpartition(".")[2]) for have in where), f"{file} declares no {name}"


def functions(name: str) -> list[ast.FunctionDef]:
    tree = ast.parse((PACKAGE / "runtime" / name).read_text(encoding="utf-8"))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("name", GO_NAMED)
def test_every_function_says_what_it_does(name: str) -> None:
    assert [f.name for f in functions(name) if not ast.get_docstring(f)] == []


@pytest.mark.parametrize("name", GO_NAMED)
def test_a_function_with_gos_name_cites_go(name: str) -> None:
    here = {have.rpartition(".")[2].lower() for have in NAMES["runtime/proc.go"]}
    silent = [f.name for f in functions(name) if f.name.lower() in here and not citations(ast.get_docstring(f) or "")]
    assert silent == []


def test_every_golden_cites_go() -> None:
    assert [path.name for path in FOLDER.iterdir() if not citations(path.read_text(encoding="utf-8"))] == []


def test_the_functions_of_proc_stand_in_gos_order() -> None:
    # Two are helpers that stand beside their callers: the reader of Go finds them where they are inlined or used.
    beside = {"gcstopp", "runqsteal"}
    order = [have.rpartition(".")[2].lower() for have in NAMES["runtime/proc.go"]]
    here = [f.name for f in functions("proc.py") if f.name in order and f.name not in beside]
    assert here == sorted(here, key=order.index)
