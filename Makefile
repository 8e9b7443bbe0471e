# Two commands matter: `make demo` and `make test`. Each sets up all it needs on a machine that has
# Python 3.11 or newer, make and a network.
.DEFAULT_GOAL := help
PYTHON ?= python3
export UV_PYTHON_PREFERENCE ?= system

# uv is used where it is installed, else a private copy is brought in by pip, inside the checkout.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)

.PHONY: help setup demo test check lint types contract unit fmt chaos torture bench

help: ## What there is to make
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.uv/bin/uv:
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet uv

setup: | $(filter .uv/bin/uv,$(UV)) ## Install everything, as locked
	@$(UV) sync --frozen --quiet

demo: setup ## Make three videos through the API, and say what is in them
	$(UV) run --frozen reelrouter demo

# The official clients for Node, which judge the API in the acceptance tests.
CLIENTS := tests/acceptance/node/node_modules/.package-lock.json

$(CLIENTS): tests/acceptance/node/package-lock.json
	@command -v npm >/dev/null || { echo "make test needs Node.js 20 or newer with npm, for the official clients"; exit 1; }
	npm ci --prefix tests/acceptance/node --ignore-scripts --no-audit --no-fund
	@touch $@

# Adapters on their emulators, over real HTTP: `make test` runs them, `make check` does without.
VENDORS := tests/providers tests/emulators tests/testing

test: check $(CLIENTS) ## Everything that must be green
	$(UV) run --frozen pytest -n 2 -m "film or postgres" --ignore=tests/acceptance
	$(UV) run --frozen pytest -n 2 $(VENDORS)
	$(UV) run --frozen pytest -n 2 --dist loadfile tests/acceptance

check: setup ## Lint, types, import contract, unit tests: about a minute and a half
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint types contract unit

lint:
	$(UV) run --frozen ruff check
	$(UV) run --frozen ruff format --check

types:
	$(UV) run --frozen mypy

contract:
	$(UV) run --frozen lint-imports

unit:
	$(UV) run --frozen pytest -n 2 -m "not film and not postgres" --ignore=tests/acceptance $(VENDORS:%=--ignore=%)

fmt: setup ## Format and fix what can be fixed
	$(UV) run --frozen ruff format
	$(UV) run --frozen ruff check --fix

chaos: setup ## 500 jobs over five vendors with every fault at random, and kills; minutes
	CHAOS_JOBS=500 CHAOS_KILLS=6 $(UV) run --frozen pytest tests/acceptance/test_chaos.py

torture: setup ## Kill, fill, stop and mislead a gateway, ten minutes on each database; nothing may be lost
	$(UV) run --frozen python -m tests.torture

bench: setup ## Measure, each figure beside its floor in the same run
	$(UV) run --frozen python -m bench
