# make demo and make test need Python 3.11 or later and nothing else: what they use is installed into $(VENV).

PYTHON ?= python3
VENV ?= .venv
SAM ?= sam
ARCH ?= arm64

MADE = $(VENV)/.made

.PHONY: demo test differential lint bench build clean

demo: $(MADE)
	$(VENV)/bin/tocsin demo

# The slowest modules stand first (tests/acceptance): in this order none is waited for at the end.
test: $(MADE)
	$(VENV)/bin/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

# Needs Debian's prometheus-alertmanager, some minutes and a machine with little else to do.
differential: $(MADE)
	TOCSIN_DIFFERENTIAL=300 $(VENV)/bin/python -m pytest tests/differential

lint: $(MADE)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/cfn-lint template.yaml infra/*.yaml

bench: $(MADE)
	$(VENV)/bin/python -m tests.benchmarks

# Needs the SAM command line and a python3.13 with pip on the PATH; deploy with the same Architecture.
build:
	$(SAM) build --parameter-overrides Architecture=$(ARCH)

clean:
	rm -rf .venv* .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist shared/*.egg-info

$(MADE): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable '.[dev]'
	touch $@
