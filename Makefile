# `make run` shows the tracker; `make test` proves it. Both stand on `make setup`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MEMBERS ?= 168000
WORKERS ?= 2
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help setup run test test-axe test-faults lint format bench pictures texts lock clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with everything in it

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'The tracker needs Python 3.11 or newer: set PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo 'This Python cannot make virtual environments: install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## Show a demonstration union on http://127.0.0.1:8000
	TRACKER_DEMO=1 $(BIN)/tracker db upgrade
	TRACKER_DEMO=1 $(BIN)/tracker demo --once
	TRACKER_DEMO=1 $(BIN)/tracker serve --port $(PORT)

test: setup ## Run every test, on SQLite and PostgreSQL, in a real browser where Chromium is there
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(WORKERS)

test-axe: setup ## Look at every page as every reader, in every language, light and dark, full and empty (an hour and more)
	TRACKER_TEST_AXE=1 PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n $(WORKERS) tests/browser/test_everything.py

test-faults: setup ## Kill, fill, cut off and crowd the tracker for long, on both engines (an hour)
	TRACKER_TEST_FAULTS=long PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n 1 -s tests/faults

lint: setup ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## Put the code into its one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Measure against plain SQL (MEMBERS=168000)
	MEMBERS=$(MEMBERS) $(BIN)/python -m benchmarks.run

pictures: setup ## Take the README's pictures anew, while `make run` serves (needs Chromium)
	$(BIN)/python docs/take_pictures.py http://127.0.0.1:$(PORT)

texts: setup ## Gather what pages say, and bring the translators' files up to date
	$(BIN)/pybabel -q extract --mapping babel.cfg --keywords "lazy mark pgettext:1c,2" --no-location --sort-output \
		--omit-header --output instance/texts.pot .
	for language in fr_CA es; do \
		$(BIN)/pybabel -q update --input-file instance/texts.pot --output-file tracker/language/$$language.po \
			--locale $$language --no-fuzzy-matching --ignore-obsolete --omit-header; done

lock: setup ## Write the locks anew from pyproject.toml: all of it, and what a server needs (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --output-file requirements.lock
	uv pip compile pyproject.toml --extra install --universal --python-version 3.11 --constraint requirements.lock \
		--generate-hashes --no-emit-index-url --no-header --no-annotate --output-file deploy/requirements.lock

clean: ## Remove what was made, the demonstration's data included
	rm -rf $(VENV) instance .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/out
