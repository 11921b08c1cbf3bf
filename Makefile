# Every target sets up its environment, .venv, when it is missing or older than pyproject.toml.
# PYTHON says which Python makes it; ARGS goes to the tool: make test ARGS="tests/workflows -x".

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
QUICKSTART := examples/quickstart

.PHONY: help run test test-long test-orchestrators lint types docs bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/installed ## Train, deploy and predict on real data, and say what happened
	@$(BIN)/python $(QUICKSTART)/make_data.py
	@$(BIN)/lolpop run classification -c $(QUICKSTART)/lolpop.yaml $(ARGS)
	@echo && echo "lolpop is in .venv/bin, which this puts on the path: source .venv/bin/activate"

# There are as many workers as cores: estimators that start threads of their own would only get in their way.
# A file is the work of one worker: the examples of a page go on from each other.
test: .venv/tools ## Run the tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

# What takes too long for each change, for the night: runs that are ended at random moments, and many writers.
test-long: .venv/tools ## Test what runs lose when they are ended at random moments, or write at once
	@$(BIN)/python -m benchmarks.faults signals --count 300 $(ARGS)
	@$(BIN)/python -m benchmarks.faults kills --count 50 $(ARGS)
	@$(BIN)/python -m benchmarks.faults cached --count 30 $(ARGS)
	@$(BIN)/python -m benchmarks.faults writers --seconds 60 --processes 16 $(ARGS)
	@$(MAKE) test-orchestrators ARGS=

# Orchestrators agree with nothing beside them: the tests make an environment for each, once, in .environments.
test-orchestrators: .venv/tools ## Test flows in Airflow, Prefect, Dagster and Metaflow, which it installs
	@TEST_ENVIRONMENTS=.environments $(BIN)/python -m pytest -o faulthandler_timeout=0 tests/orchestrators $(ARGS)

lint: .venv/tools ## Check the style, and that the layers hold
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports

types: .venv/tools ## Check the types of both packages, and what users' type checkers see
	@$(BIN)/mypy
	@$(BIN)/mypy tests/typing
	@$(BIN)/pyright --pythonpath $(BIN)/python

docs: .venv/docs ## Build the documentation site in site/; a broken link is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet $(ARGS) && echo "site/index.html"

bench: .venv/tools ## Measure the budgets, side by side with plain code
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## Remove the environment, caches, and what runs of the examples made
	rm -rf .venv .environments build dist site .*_cache .hypothesis .benchmarks .coverage*
	rm -rf $(wildcard examples/*/data examples/*/out examples/*/.lolpop)
	find . -name __pycache__ -prune -exec rm -rf {} +

# What was set up is marked by an empty file, written last: an interrupted installation is started again.
.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "lolpop needs Python 3.11 or newer. Say where it is: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	@echo "Setting up .venv, which takes a minute or two …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --editable ".[all]"
	@$(BIN)/python -m compileall -q lolpop containers  # as pip does for what is not editable
	@touch $@

.venv/tools: .venv/installed
	@echo "Adding the tools for tests, style and types …"
	@$(BIN)/python -m pip install --quiet --group test --group lint --group types
	@touch $@

.venv/docs: .venv/installed
	@echo "Adding what builds the documentation …"
	@$(BIN)/python -m pip install --quiet --group docs
	@touch $@
