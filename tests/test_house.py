"""The house: what two files say twice is said alike, and the environment decides which build is imported."""

from __future__ import annotations

import ast
import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import gmplab
import gmplab.policies
import gmplab.runtime.bodies
import gmplab.runtime.events
import gmplab.runtime.runq
from gmplab import build
from gmplab.vocabulary import MODEL, SCHEMA

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]


def name_of(requirement: str) -> str:
    """The normalised name of a requirement: `mypy_extensions>=1.1` is `mypy-extensions`."""
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found.group()).lower()


def locked() -> dict[str, str]:
    """The entries of requirements.lock by name: the line with the version, and its hashes."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.findall(r"^[a-z0-9].*(?:\n    .*)*", text, re.MULTILINE)
    return {name_of(entry): entry for entry in entries}


def python(folder: Path, code: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run code where `gmplab` is the one in `folder`."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GMPLAB_")}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env={**clean, "PYTHONPATH": str(folder), **env}, capture_output=True,
        text=True, check=False,
    )


# What is written twice


def test_conda_installs_what_pip_installs() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    conda = set(re.findall(r"^  - ([^:\n]+)$", text.partition("\ndependencies:\n")[2], re.MULTILINE))
    pip = {f"python{PROJECT['project']['requires-python']}", *PROJECT["project"]["dependencies"], *EXTRAS["lab"]}
    assert conda - pip == {"pip", "c-compiler"}
    assert pip - conda == set()


def test_the_build_asks_for_the_same_mypy_and_librt_as_the_package_and_its_developers() -> None:
    wanted = {name_of(r): r for r in [*PROJECT["project"]["dependencies"], *EXTRAS["dev"]]}
    assert {r: wanted[name_of(r)] for r in PROJECT["build-system"]["requires"]} == {
        r: r for r in PROJECT["build-system"]["requires"]
    }


def test_the_lock_names_every_dependency_with_hashes_and_no_url() -> None:
    entries = locked()
    wanted = [*PROJECT["project"]["dependencies"], *EXTRAS["dev"], *EXTRAS["lab"], *PROJECT["build-system"]["requires"]]
    assert {name_of(r) for r in wanted} - set(entries) == set()
    assert [name for name, entry in entries.items() if "--hash=sha256:" not in entry] == []
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_changelog_tells_the_model_and_the_schema() -> None:
    unreleased = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").partition("## Unreleased")[2].partition("\n## ")[0]
    assert f"MODEL {MODEL}" in unreleased
    assert f"SCHEMA {'.'.join(map(str, SCHEMA))}" in unreleased


def test_the_citation_names_the_version_and_the_licence() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {PROJECT['project']['version']}\n" in citation
    assert f"license: {PROJECT['project']['license']}\n" in citation


# Which build is imported


def where_proc_is(folder: Path, **env: str) -> str:
    done = python(folder, "import gmplab.runtime.proc as proc; print(proc.__file__)", **env)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip()).suffix


def test_pure_imports_the_source_though_an_extension_lies_beside_it() -> None:
    assert where_proc_is(ROOT, GMPLAB_PURE="1") == ".py"
    compiled = build.has_extension(build.PACKAGE / "runtime" / "proc.py")
    assert where_proc_is(ROOT) == (Path(build.EXTENSION_SUFFIXES[0]).suffix if compiled else ".py")


def test_an_edit_makes_the_fingerprint_another(tmp_path: Path) -> None:
    package = tmp_path / "gmplab"
    shutil.copytree(build.PACKAGE, package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    assert build.fingerprint(package) == build.fingerprint()
    for name in ("runtime/proc.py", "policies/steal.py", "vocabulary.py"):
        before = build.fingerprint(package)
        with open(package / name, "a", encoding="utf-8") as f:
            f.write("# an edit\n")
        assert build.fingerprint(package) != before, name
    before = build.fingerprint(package)
    (package / "runtime" / "another.py").write_text("", encoding="utf-8")
    assert build.fingerprint(package) != before


@pytest.fixture
def uncompiled(tmp_path: Path) -> Path:
    """A folder with the package, without extension modules."""
    shutil.copytree(build.PACKAGE, tmp_path / "gmplab", ignore=shutil.ignore_patterns("*.so", "__pycache__", build.STAMP))
    return tmp_path


def pretend_compiled(folder: Path) -> None:
    """Lay empty extension modules beside the sources: enough to be seen, not to be imported."""
    suffix = build.EXTENSION_SUFFIXES[0]
    for source in build.sources(folder / "gmplab"):
        source.with_name(source.stem + suffix).touch()


def test_a_compiled_core_that_is_required_and_missing_is_an_import_error(uncompiled: Path) -> None:
    done = python(uncompiled, "import gmplab", GMPLAB_REQUIRE_COMPILED="1")
    assert done.returncode == 1
    assert "ImportError: gmplab: GMPLAB_REQUIRE_COMPILED=1, but the core is uncompiled" in done.stderr


def test_a_stale_core_is_an_import_error_where_a_compiled_one_is_required(uncompiled: Path) -> None:
    pretend_compiled(uncompiled)
    stamp = uncompiled / "gmplab" / build.STAMP
    stamp.write_text(f'{{"sha256": "{build.fingerprint(uncompiled / "gmplab")}"}}', encoding="utf-8")
    assert python(uncompiled, "import gmplab", GMPLAB_REQUIRE_COMPILED="1").returncode == 0
    with open(uncompiled / "gmplab" / "runtime" / "proc.py", "a", encoding="utf-8") as f:
        f.write("# an edit\n")
    done = python(uncompiled, "import gmplab", GMPLAB_REQUIRE_COMPILED="1")
    assert "ImportError: gmplab: GMPLAB_REQUIRE_COMPILED=1, but the core is uncompiled, since the compiled core was made" in done.stderr


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": 3}'])
def test_an_extension_of_unknown_origin_is_stale(uncompiled: Path, text: str) -> None:
    pretend_compiled(uncompiled)
    (uncompiled / "gmplab" / build.STAMP).write_text(text, encoding="utf-8")
    code = "from gmplab.build import is_compiled, is_stale; print(is_compiled(), is_stale())"
    done = python(uncompiled, code)
    assert done.stdout == "False True\n" and "UserWarning: gmplab is uncompiled, since the compiled core was made from other" in done.stderr


def test_a_stale_core_is_set_aside_with_a_warning_and_the_sources_run(uncompiled: Path) -> None:
    pretend_compiled(uncompiled)
    done = python(uncompiled, "import gmplab; print(gmplab.run('fanout', n=2).complete)")
    assert done.stdout == "True\n" and "run `make build`" in done.stderr


def test_required_and_set_aside_at_once_is_told() -> None:
    done = python(ROOT, "import gmplab", GMPLAB_REQUIRE_COMPILED="1", GMPLAB_PURE="1")
    assert "but the core is uncompiled, as GMPLAB_PURE=1 asks" in done.stderr


# Docstrings, which mypyc drops


def test_docstrings_are_put_back_into_the_c_that_mypyc_writes() -> None:
    c = (
        '{"put", (PyCFunction)CPyPy_runq___put, METH_FASTCALL | METH_KEYWORDS, PyDoc_STR("put(g)\\n--\\n\\n") /* docstring */},\n'
        '.tp_new = runq___Queue_new,\n.tp_flags = 1,\n.tp_doc = PyDoc_STR("Queue(n)\\n--\\n\\n"),\n'
        '.tp_new = runq___Bare_new,\n.tp_doc = PyDoc_STR("Bare()\\n--\\n\\n"),\n'
        'PyModuleDef_HEAD_INIT,\n    "gmplab.runtime.runq",\n    NULL, /* docstring */\n'
    )
    docs = {"runq": 'Says "why".', "runq___put": "Adds\n1.5 µs\\n?", "runq___Queue": "A queue."}
    assert build.with_docstrings(c, docs) == (
        '{"put", (PyCFunction)CPyPy_runq___put, METH_FASTCALL | METH_KEYWORDS, '
        'PyDoc_STR("put(g)\\n--\\n\\nAdds\\0121.5 \\302\\265s\\134n\\077") /* docstring */},\n'
        '.tp_new = runq___Queue_new,\n.tp_flags = 1,\n.tp_doc = PyDoc_STR("Queue(n)\\n--\\n\\nA queue."),\n'
        '.tp_new = runq___Bare_new,\n.tp_doc = PyDoc_STR("Bare()\\n--\\n\\n"),\n'
        'PyModuleDef_HEAD_INIT,\n    "gmplab.runtime.runq",\n    PyDoc_STR("Says \\042why\\042."), /* docstring */\n'
    )


def test_the_docstrings_are_found_by_their_names_in_c() -> None:
    docs = build.docstrings()
    assert docs["runq"].startswith(inspect.getdoc(sys.modules["gmplab.runtime.runq"]) or "-")
    assert {"verbs_time___compute", "view___View___now_ns", "steal___StealHalf"} <= set(docs)


PUBLIC = [name for name in sorted({*gmplab.__all__, *gmplab.policies.__all__}) if callable(getattr(gmplab, name))]


@pytest.mark.parametrize("name", PUBLIC)
def test_help_shows_a_public_names_docstring_in_both_builds(name: str) -> None:
    thing = getattr(gmplab, name)
    path = build.PACKAGE.parent / Path(*thing.__module__.split(".")).with_suffix(".py")
    definitions = [
        node for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == thing.__name__
    ]
    written = ast.get_docstring(definitions[0])
    # Without one a dataclass shows its signature, and other classes that of their base.
    assert written is None or inspect.getdoc(thing) == written


def test_what_is_compiled_imports_nothing_that_the_build_alone_does_not_have_and_was_not_told_of() -> None:
    # `pip install .` compiles in an environment of its own, which has what [build-system] requires and no more.
    there = {name_of(r) for r in PROJECT["build-system"]["requires"]}
    overrides = [part for part in PROJECT["tool"]["mypy"]["overrides"] if part.get("ignore_missing_imports")]
    excused = {name.partition(".")[0] for part in overrides for name in part["module"]}
    foreign: set[str] = set()
    for path in build.sources(ROOT / "gmplab"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                foreign |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                foreign.add(str(node.module).partition(".")[0])
    foreign -= {"gmplab", *sys.stdlib_module_names}
    assert "greenlet" in foreign
    assert {name for name in foreign - excused if name_of(name) not in there} == set()


def test_what_the_compiled_core_calls_in_c_is_there_in_python_and_in_c() -> None:
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    calls = dict(re.findall(r'\(f"\{bodies\}\.(\w+)", \[.*?"(\w+)", ERR', text))
    assert {"calling_frame", "code_of", "function_code", "function_name", "instruction", "resumed", "thread_ident"} == set(calls)
    for name, c in calls.items():
        assert callable(getattr(gmplab.runtime.bodies, name))
        assert f"*{c}(" in text or f"int64_t {c}(" in text or c == "PyThread_get_thread_ident"
    assert callable(gmplab.runtime.events.last_due)
    assert '("gmplab.runtime.events.last_due", ' in text and "int64_t gmplab_last_due(" in text


def test_positional_arguments_are_taken_as_they_lie_where_mypyc_would_parse_them() -> None:
    def parsed(form: str, given: str, declared: str = "") -> str:
        return (
            f'  static CPyArg_Parser parser = {{"{form}:x", kwlist, 0}};\n  PyObject *obj_a;{declared}\n  PyObject *obj_b = NULL;\n'
            f"  if (!CPyArg_ParseStackAndKeywords(args, nargs, kwnames, &parser, {given}, &obj_b)) {{\n"
        )

    one = build.with_quick_arguments(parsed("|O$O", "&obj_a"))
    assert "if (!(kwnames == NULL && nargs == 1 && (obj_a = args[0]) != NULL) && !CPyArg_ParseStackAndKeywords(args, " in one
    rest = build.with_quick_arguments(parsed("%O|$O", "&obj_rest, NULL, &obj_a", " PyObject *obj_rest;"))
    assert "(obj_rest = gmplab_rest(args, nargs)) != NULL && (obj_a = args[0]) != NULL) && !CPyArg_ParseStackAndKeywords" in rest
    for form in ("OO|$O", "|OO$O", "%OO|$O", "%|$O", "O|O"):
        assert build.with_quick_arguments(parsed(form, "&obj_a")) == parsed(form, "&obj_a")


def test_the_compiled_core_does_not_ask_whether_it_is_compiled() -> None:
    asked = "    cpy_r_r0 = CPyStatic_dice___PY;\n    if (likely(cpy_r_r0 != 2)) goto CPyL3;\n    CPyStatic_dice___PY = cpy_r_r32;\n"
    assert build.without_questions(asked) == asked.replace("cpy_r_r0 = CPyStatic_dice___PY", "cpy_r_r0 = 0")


def test_no_two_test_files_have_one_name() -> None:
    """pytest takes them for one module, and refuses the second of them only if one process collects both."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
