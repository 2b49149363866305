# make demo      the main job: prints its summary, leaves CSV and PNG in out/
# make test      lint, types, imports, and the tests in both builds
# make test-all  every test at its named size
# make lab       JupyterLab on the notebooks
# make bench     the performance table
# make zoo       docs/zoo.md: every preset on four workloads, measured anew
# make docs      tutorial, how-tos, notebooks, reference and limits as a site in out/site
# make clean     everything that these made
#
# Each makes .venv if it is not there, from requirements.lock. Nothing outside of this folder is touched.
# PYTHON=python3.12 picks an interpreter; CC=false installs without compiling.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
CORE := $(wildcard gmplab/runtime/*.py gmplab/policies/*.py) gmplab/vocabulary.py gmplab/build.py
BUILT := $(VENV)/.built
# A worker for each core; a file's tests stay together, since they share what they set up (a JupyterLab, say).
PYTEST := $(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile
# Not asked of a build that may fall back, and of the uncompiled run; what asks for a compiled core gets it from `build`.
AS_IT_IS := env -u GMPLAB_PURE -u GMPLAB_REQUIRE_COMPILED
PURE := env -u GMPLAB_REQUIRE_COMPILED GMPLAB_PURE=1

.PHONY: demo build test test-all lint tests lab bench zoo docs clean
.DELETE_ON_ERROR:

test: lint tests

build: $(BUILT)

$(VENV)/.locked: requirements.lock
	@command -v $(PYTHON) >/dev/null || { echo "gmplab needs Python 3.11 or newer, and there is no $(PYTHON): make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "gmplab needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1): make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
	    rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment (Debian has that in python3-venv)" >&2; exit 1; }
	@echo "installing what requirements.lock names into $(VENV)"
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

# One native group is one unit for the compiler: whatever changed in it, all of it is compiled, in about a minute.
$(BUILT): $(VENV)/.locked pyproject.toml setup.py $(CORE)
	@echo "installing gmplab, compiling its core if there is a C compiler"
	@rm -f gmplab/runtime/*.so gmplab/policies/*.so gmplab/_build.json *__mypyc*.so
	@$(PIP) install --no-build-isolation --no-deps -e .
	@$(AS_IT_IS) $(BIN)/python -c 'from gmplab.build import describe; print("gmplab is", describe())'
	@touch $@

lint: $(BUILT)
	$(BIN)/ruff check gmplab tests setup.py
	$(BIN)/lint-imports
	$(BIN)/mypy --strict gmplab

# First as installed; then, if that was compiled, the core's tests once more from the sources.
tests: $(BUILT)
	$(PYTEST)
	@if $(AS_IT_IS) $(BIN)/python -c 'import sys; from gmplab.build import is_compiled; sys.exit(not is_compiled())'; then \
	    echo "GMPLAB_PURE=1 pytest tests/runtime"; $(PURE) $(PYTEST) tests/runtime; \
	else echo "uncompiled already: no second run"; fi

test-all: lint
	$(PYTEST) -m ""
	$(PURE) $(PYTEST) -m "" tests/runtime

demo: $(BUILT)
	$(BIN)/python -m gmplab.demo out

lab: $(BUILT)
	$(BIN)/jupyter lab notebooks/01_first_run.ipynb

bench: $(BUILT)
	GMPLAB_REQUIRE_COMPILED=1 $(BIN)/python -m bench

zoo: $(BUILT)
	$(BIN)/python docs/zoo.py

# -W: a warning is an error. -E: everything is read anew, as docstrings come from files that Sphinx does not watch.
docs: $(BUILT)
	$(BIN)/python -m sphinx -c docs -b html -E -W --keep-going -q . out/site
	@echo "open out/site/index.html"

clean:
	rm -rf $(VENV) build dist out gmplab.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f gmplab/runtime/*.so gmplab/policies/*.so gmplab/_build.json *.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
