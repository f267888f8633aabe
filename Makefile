# Everything is installed into .venv, from versions locked with their hashes. `make` alone lists the targets.

PYTHON ?= python3
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test coverage bench soak lock clean

help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

setup: ## Install what the service needs into .venv
	@scripts/install requirements.txt

setup-dev:
	@scripts/install requirements-dev.txt
	@scripts/install-browser

run: setup ## Start the service on http://127.0.0.1:8000 (see .env.example for its settings)
	@exec .venv/bin/daozhang serve

test: setup-dev ## Run the gates and every test; ARGS="-k calendar" picks some
	@scripts/test -m "not soak" $(ARGS)

coverage: setup-dev ## Run the tests and list the lines that they do not reach
	@scripts/coverage -m "not soak" $(ARGS)

bench: setup-dev ## Measure how fast and how good it is
	@exec .venv/bin/python -m benchmarks $(ARGS)

soak: setup-dev ## Run the long fault and load tests
	@exec .venv/bin/python -m pytest -m soak $(ARGS)

lock: setup ## Write the requirements files anew, with the newest versions that pyproject.toml allows
	@scripts/lock

clean: ## Remove .venv and what the tools left behind; the data in var/ stays
	rm -rf .venv .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache build htmlcov *.egg-info
	find bot knowledge triage tests -name __pycache__ -type d -prune -exec rm -rf {} +
