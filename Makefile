# srbench: `make demo` to see it, `make test` to trust it. Everything happens in .venv, which is made once.

PYTHON ?= python3
# The versions of constraints.txt on the Python that it was made on, and the newest on others, but for `make demo`.
CONSTRAINTS ?= $(if $(filter 3.11.%,$(shell $(PYTHON) --version)),constraints.txt)
VENV := .venv
BIN := $(VENV)/bin
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
MANIFESTS := pyproject.toml constraints.txt $(wildcard plugins/*/pyproject.toml)

# Obeyed inside build environments, where an unpinned torch would bring gigabytes of CUDA.
export PIP_CONSTRAINT = $(CONSTRAINTS:%=$(CURDIR)/%)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
PIP := $(BIN)/python -m pip install --quiet

.PHONY: demo setup test lint docs benchmarks quickstart clean

demo quickstart: CONSTRAINTS = constraints.txt
demo: $(VENV)/installed  ## run the quickstart matrix and make its page
	$(BIN)/srbench run leaderboards/quickstart --out results/quickstart/pages

setup: $(VENV)/developed  ## srbench, every plugin and the tools, in .venv

test: $(VENV)/developed  ## the tests of the core and of every plugin
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/developed  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy

docs: $(VENV)/developed  ## the documentation, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

benchmarks: $(VENV)/developed  ## speed, side by side with peers
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/frechet.py
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/samplers.py
	$(BIN)/python benchmarks/tiling.py

quickstart: $(VENV)/installed  ## publish the quickstart again: its records and pages in leaderboards/quickstart
	$(BIN)/srbench run leaderboards/quickstart

clean:
	rm -rf $(VENV) site results

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Torch and the build tools first: with them in place nothing needs a build environment of its own.
$(VENV)/installed: $(MANIFESTS) | $(VENV)/bin/python
	$(PIP) torch hatchling editables
	$(PIP) --no-build-isolation --editable . $(addprefix --editable ./,$(PLUGINS))
	touch $@

# basicsr, which tests and benchmarks compare with where it can be installed, builds from source and imports torch, numpy
# and Cython while it does.
$(VENV)/developed: $(VENV)/installed
	$(PIP) setuptools wheel cython
	$(PIP) --no-build-isolation --editable '.[dev]'
	touch $@
