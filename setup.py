"""The mypyc build and nothing else: `runtime` and `policies` become one native group, where a C compiler works.

Without one the package installs and runs uncompiled. GMPLAB_REQUIRE_COMPILED=1 makes that an error.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent

# By its path: `import gmplab` would import what is only being built.
_spec = importlib.util.spec_from_file_location("gmplab_build", ROOT / "gmplab" / "build.py")
assert _spec is not None and _spec.loader is not None
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

BUILDING = {"bdist_wheel", "build", "build_ext", "develop", "editable_wheel", "install"}


def why_not() -> str:
    """Why the native group cannot be built here, "" if it can."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "probe.c"), Path(folder, "probe.so")
        source.write_text("#include <Python.h>\nint probe(void) { return PY_MAJOR_VERSION; }\n", encoding="ascii")
        headers = [f"-I{sysconfig.get_paths()[name]}" for name in ("include", "platinclude")]
        try:
            done = subprocess.run(
                [*compiler, *headers, "-fPIC", "-shared", str(source), "-o", str(made)], check=False, capture_output=True, text=True,
            )
        except OSError as e:
            return f"there is no C compiler ({e})"
        if "Python.h" in done.stderr:
            return "the C compiler does not find Python.h (a package like python3-dev has it)"
        if done.returncode != 0 or not made.exists():
            return f"the C compiler {shlex.join(compiler)!r} does not work"
    try:
        import mypyc.build  # noqa: F401
    except ImportError as e:
        return f"mypyc is not installed ({e})"
    return ""


IN_C = """\

static inline PyObject *gmplab_calling_frame(void) {
    PyObject *frame = (PyObject *)PyEval_GetFrame();
    return Py_NewRef(frame != NULL ? frame : Py_None);
}

static inline PyObject *gmplab_code_of(PyObject *frame) {
    return (PyObject *)PyFrame_GetCode((PyFrameObject *)frame);
}

static inline int64_t gmplab_instruction(PyObject *frame) {
    return PyFrame_GetLasti((PyFrameObject *)frame);
}

static inline PyObject *gmplab_function_code(PyObject *fn) {
    return Py_NewRef(PyFunction_Check(fn) ? PyFunction_GET_CODE(fn) : Py_None);
}

static inline PyObject *gmplab_function_name(PyObject *fn) {
    return Py_NewRef(((PyFunctionObject *)fn)->func_name);
}

static inline int64_t gmplab_last_due(VecI64 front, int64_t at, int64_t t) {
    const int64_t *nodes = front.items;
    while (nodes[nodes[at + 3]] <= t) at = nodes[at + 3];
    return at;
}

static inline PyObject *gmplab_resumed(PyObject *body, PyObject *value, PyObject *returned) {
    PyObject *result = NULL;
    switch (PyIter_Send(body, value, &result)) {
    case PYGEN_NEXT:
        return result;
    case PYGEN_RETURN:
        if (PyList_SetItem(returned, 0, result) < 0) return NULL;
        return Py_NewRef(returned);
    default:
        return NULL;
    }
}

"""
"""What `runtime.bodies` has as functions of the same names, for the compiled core: there each verb comes by."""


def call_in_c() -> None:
    """Teach mypyc which functions are calls of C, of the same effect; if this mypyc cannot be taught, they are what they were."""
    try:
        from mypyc.ir.ops import ERR_MAGIC, ERR_NEVER
        from mypyc.ir.rtypes import RVec, bit_rprimitive, int64_rprimitive, list_rprimitive, object_rprimitive
        from mypyc.primitives.registry import function_op

        x, i64, bodies = object_rprimitive, int64_rprimitive, "gmplab.runtime.bodies"
        for name, args, returns, c, errors in (
            (f"{bodies}.thread_ident", [], int64_rprimitive, "PyThread_get_thread_ident", ERR_NEVER),
            ("gmplab.runtime.events.last_due", [RVec(int64_rprimitive), i64, i64], i64, "gmplab_last_due", ERR_NEVER),
            ("builtins.callable", [x], bit_rprimitive, "PyCallable_Check", ERR_NEVER),
            (f"{bodies}.calling_frame", [], x, "gmplab_calling_frame", ERR_NEVER),
            (f"{bodies}.code_of", [x], x, "gmplab_code_of", ERR_NEVER),
            (f"{bodies}.instruction", [x], int64_rprimitive, "gmplab_instruction", ERR_NEVER),
            (f"{bodies}.function_code", [x], x, "gmplab_function_code", ERR_NEVER),
            (f"{bodies}.function_name", [x], x, "gmplab_function_name", ERR_NEVER),
            (f"{bodies}.resumed", [x, x, list_rprimitive], x, "gmplab_resumed", ERR_MAGIC),
        ):
            function_op(name=name, arg_types=args, return_type=returns, c_function_name=c, error_kind=errors)
    except (ImportError, AttributeError, TypeError) as e:
        print(f"gmplab: this mypyc takes no calls of C ({e}): verbs are slower, with the same results", file=sys.stderr)


def extensions() -> list[Extension]:
    """The native group, or nothing and a word why."""
    if not BUILDING & set(sys.argv):
        return []
    reason = why_not()
    if reason:
        if os.environ.get("GMPLAB_REQUIRE_COMPILED") == "1":
            raise SystemExit(f"gmplab: GMPLAB_REQUIRE_COMPILED=1, but {reason}")
        print(f"gmplab: {reason}; installing uncompiled: the same results, some 15 times slower", file=sys.stderr)
        return []
    from mypyc.build import mypycify

    call_in_c()
    paths = [str(path.relative_to(ROOT)) for path in build.sources(ROOT / "gmplab")]
    # A name of its own: by default it is a hash of the paths, and each new module would leave an orphan behind.
    # --always-false=PY: what is for the uncompiled core alone is not compiled.
    group: list[Extension] = mypycify(["--always-false=PY", *paths], opt_level="3", group_name="gmplab")
    for extension in group:
        # A fused multiply-add would round differently from the uncompiled build.
        # Nobody outside interposes a function of ours, so calls between them may be direct, or inlined.
        extension.extra_compile_args = [*extension.extra_compile_args, "-ffp-contract=off", "-fno-semantic-interposition"]
        for source in map(Path, extension.sources):
            if source.name == "__native_gmplab.c":
                written = source.read_text(encoding="utf-8")
                documented = build.with_docstrings(written, build.docstrings(ROOT / "gmplab"))
                quick = build.with_quick_arguments(build.without_questions(documented))
                # Behind the headers, which have the types.
                headers, last, rest = quick.partition('#include "__native_gmplab.h"\n')
                source.write_text(headers + last + IN_C + build.REST_IN_C + rest, encoding="utf-8")
    return group


class BuildAndStamp(build_ext):
    """Leaves beside the extension modules which sources they were made from."""

    made_from = build.fingerprint(ROOT / "gmplab")

    def run(self) -> None:
        super().run()
        if self.extensions:
            package = (ROOT if self.inplace else Path(self.build_lib)) / "gmplab"
            package.mkdir(parents=True, exist_ok=True)
            (package / build.STAMP).write_text(json.dumps({"sha256": self.made_from}) + "\n", encoding="ascii")


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildAndStamp})
