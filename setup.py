"""The mypyc build and nothing else: `runtime` and `policies` become one native group, where a C compiler works.

Without one the package installs and runs uncompiled. GMPLAB_REQUIRE_COMPILED=1 makes that an error.
"""

import glob
import os
import shutil
import subprocess
import sys
import tempfile

from setuptools import setup

SOURCES = sorted(
    path for path in glob.glob("gmplab/runtime/*.py") + glob.glob("gmplab/policies/*.py") if not path.endswith("__init__.py")
)


def why_not() -> str:
    """Why the native group cannot be built here, "" if it can."""
    compiler = os.environ.get("CC", "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"no C compiler: {compiler!r} is not on the PATH"
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "try.c")
        with open(source, "w", encoding="ascii") as f:
            f.write("int main(void) { return 0; }\n")
        done = subprocess.run([compiler, source, "-o", os.path.join(folder, "try")], check=False, capture_output=True)
        if done.returncode != 0 or not os.path.exists(os.path.join(folder, "try")):
            return f"the C compiler {compiler!r} does not work"
    try:
        import mypyc.build  # noqa: F401
    except ImportError:
        return "mypyc is not installed"
    return ""


def extensions() -> list:
    if not {"build_ext", "bdist_wheel", "editable_wheel", "install", "build"} & set(sys.argv):
        return []
    reason = why_not()
    if reason:
        if os.environ.get("GMPLAB_REQUIRE_COMPILED") == "1":
            raise SystemExit(f"gmplab: GMPLAB_REQUIRE_COMPILED=1, but {reason}")
        print(f"gmplab: {reason}; installing uncompiled: the same results, some 15 times slower", file=sys.stderr)
        return []
    from mypyc.build import mypycify

    modules = mypycify(SOURCES, opt_level="3")
    for module in modules:
        # A fused multiply-add would round differently from the uncompiled build.
        module.extra_compile_args = [*module.extra_compile_args, "-ffp-contract=off"]
    return modules


setup(ext_modules=extensions())
