# Everything a newcomer or a CI run needs. Only python3 (3.11 or newer) and make must be there;
# the rest goes into .venv, from requirements/*.txt, with hashes.

SHELL := /bin/sh
PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
DEMO := demo-out
JOBS ?= 2
PYTEST_ARGS ?=

.PHONY: help demo demo-alliance test check bench docs lock clean

help:
	@echo "make demo    a small simulated world, a scan of it, ranked findings and report.html"
	@echo "make demo-alliance  three providers, a hub and a custodian on this machine, one campaign over all"
	@echo "make test    every test that is not marked slow"
	@echo "make check   style, types, floors, documentation"
	@echo "make bench   the measurements quoted in the documentation (minutes)"
	@echo "make docs    rewrite the generated reference pages from the code"
	@echo "make lock    resolve requirements/*.txt again (needs uv)"
	@echo "make clean   remove .venv, caches and demo-out"

# --- environment ---------------------------------------------------------------------------------

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo "stillwatch needs Python 3.11 or newer; '$(PYTHON)' was not found. Name one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "stillwatch needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name another: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv .venv

# What builds the package is in the lock too: the second install fetches nothing.
.venv/stamp-run: $(BIN)/python requirements/run.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Two of the oracles come as sources only; what builds them is in the lock, too.
.venv/stamp-dev: .venv/stamp-run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --no-binary cpe,pysodium,weakrefmethod --no-build-isolation --require-hashes -r requirements/dev.txt
	@touch $@

# A kernel's cache on disk does not notice a change in a kernel it calls from another file.
KERNELS := $(wildcard src/stillwatch/sketches/*.py src/stillwatch/engine/*.py src/stillwatch/ingest/*.py src/stillwatch/ingest/json/*.py src/stillwatch/statistics/*.py src/stillwatch/coordination/*.py src/stillwatch/coordination/*/*.py)

.venv/stamp-kernels: .venv/stamp-run $(KERNELS)
	@find src -name '*.nb[ic]' -delete
	@touch $@

# --- verbs ---------------------------------------------------------------------------------------

# Exit code 1 of a scan means "findings", which is what a demonstration is for.
demo: .venv/stamp-run .venv/stamp-kernels
	@rm -rf $(DEMO)
	$(BIN)/stillwatch simulate --out $(DEMO)/world --seed 7
	$(BIN)/stillwatch scan $(DEMO)/world/logs --accounts $(DEMO)/world/accounts.csv --key $(DEMO)/stillwatch.key --out $(DEMO)/report \
	  || [ $$? -eq 1 ]
	@echo
	@echo "The report: $(CURDIR)/$(DEMO)/report/report.html"

# Needs more packages than a scan does; time is moved on, so a week takes a minute.
demo-alliance: .venv/stamp-dev .venv/stamp-kernels
	$(BIN)/stillwatch demo --alliance --out $(DEMO)/alliance

test: .venv/stamp-dev .venv/stamp-kernels
	$(BIN)/python -m pytest -n $(JOBS) $(PYTEST_ARGS)

check: .venv/stamp-dev .venv/stamp-kernels
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/docs tests/architecture $(PYTEST_ARGS)

bench: .venv/stamp-dev .venv/stamp-kernels
	$(BIN)/python bench/run.py

docs: .venv/stamp-dev
	$(BIN)/python docs/build_reference.py
	$(BIN)/python docs/build_evidence.py

lock:
	@command -v $(UV) >/dev/null 2>&1 || { echo "make lock needs uv (pip install uv); or: make lock UV=/path/to/uv" >&2; exit 2; }
	$(UV) pip compile --quiet --upgrade $(LOCK) pyproject.toml requirements/build.in -o requirements/run.txt
	$(UV) pip compile --quiet --upgrade $(LOCK) --extra dev -c requirements/run.txt pyproject.toml requirements/build.in -o requirements/dev.txt

LOCK := --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean:
	rm -rf .venv $(DEMO) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests docs bench -name __pycache__ -type d -prune -exec rm -rf {} +
