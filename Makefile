# make test: makes .venv if it is not there, installs what the tests need, runs lint, types and tests in both builds.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORE := $(filter-out %/__init__.py,$(wildcard gmplab/runtime/*.py gmplab/policies/*.py))

.PHONY: test lint pure compiled clean

test: lint pure compiled

$(VENV)/.installed: pyproject.toml setup.py
	$(PYTHON) -c 'import sys; sys.exit("gmplab needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check "setuptools>=77" wheel "mypy==2.4.1" "librt>=0.16,<0.17" "mypy_extensions>=1.1"
	GMPLAB_REQUIRE_COMPILED= $(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation -e '.[dev]'
	touch $@

lint: $(VENV)/.installed
	$(BIN)/ruff check gmplab tests setup.py
	$(BIN)/mypy
	$(BIN)/lint-imports

# The uncompiled suite: no .so may lie beside the sources.
pure: $(VENV)/.installed
	rm -f gmplab/runtime/*.so gmplab/policies/*.so *.so
	$(BIN)/python -m pytest -q -m "not slow"

compiled: pure
	$(BIN)/python setup.py -q build_ext --inplace
	$(BIN)/python -m pytest -q -m "not slow"

clean:
	rm -rf build out gmplab.egg-info $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name '*.so' -not -path './$(VENV)/*' -delete
