# make demo        compose two songs into demo/ and say where they are
# make studio      build the page of Kelly Studio into the package, with Node.js 20.19 or newer
# make test        run the tests, but for those of the workbench and of replicas, and the long ones of the page
# make test-studio  the tests of the page, its logic and in a browser: also the long ones, which make test leaves out
# make test-train  install the workbench (torch and what trains with it) and run its tests
# make test-cluster  install Ray and run the tests of replicas
# make check       formatting, lint, types, floors; the workbench's types and the pages where they are installed
# make bench       run every benchmark and print its numbers
# make docs        build the pages into site/
#
# Each needs only Python 3.11 or newer, pip, git and make: it makes .venv when that is missing and installs again
# when pyproject.toml has changed. Another Python: make demo PYTHON=python3.12.

PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PAGE := src/kelly/serving/page/index.html
PAGE_SOURCES := $(shell find studio -name node_modules -prune -o -name schema.d.ts -o -type f -print)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# A notice of the theme's, which would drown the pages' own.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.PHONY: help demo studio page test test-studio test-train test-cluster check bench docs

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.installed
	$(BIN)/kelly demo -o demo

studio:
	@command -v npm >/dev/null || { \
	echo "the page needs Node.js 20.19 or newer to be built: npm was not found" >&2; exit 1; }
	@$(MAKE) --no-print-directory $(PAGE)

# The page, where it can be built.
page:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(PAGE); \
	else echo "the page is not built, and its tests are skipped: npm was not found (Node.js 20.19 or newer)"; fi

$(PAGE): $(PAGE_SOURCES) studio/node_modules/.package-lock.json
	@echo "building the page of Kelly Studio ..."
	@cd studio && npm run --silent build >/dev/null
	@touch $@

studio/node_modules/.package-lock.json: studio/package-lock.json
	@echo "installing what the page is built with into studio/node_modules ..."
	@cd studio && npm install --silent --no-save
	@touch $@

test: $(VENV)/.installed-dev page
	$(BIN)/pytest -n $(WORKERS) --dist=worksteal --ignore=tests/training --ignore=tests/cluster --ignore=tests/studio $(ARGS)
	@if [ -z "$(ARGS)" ]; then $(MAKE) --no-print-directory test-studio MARK="not long"; fi

# By themselves: a browser that is driven from Python keeps the event loop of its process.
test-studio: $(VENV)/.installed-dev page
	@if [ -e studio/node_modules ]; then cd studio && npm test --silent; fi
	$(BIN)/pytest -n $(WORKERS) --dist=worksteal $(if $(MARK),-m "$(MARK)") tests/studio

# One process: torch takes the cores by itself.
test-train: $(VENV)/.installed-train
	$(BIN)/pytest tests/training $(ARGS)

test-cluster: $(VENV)/.installed-cluster
	$(BIN)/pytest tests/cluster $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	@if [ -e $(VENV)/.installed-train ]; then $(BIN)/mypy; \
	else echo "types of the workbench not checked: make test-train installs it"; $(BIN)/mypy --exclude 'kelly/(training|cli/workbench)'; fi
	$(BIN)/lint-imports --no-logo
	@if [ -e studio/node_modules ]; then cd studio && npm run --silent check; \
	else echo "the page not checked: make studio installs what that needs"; fi
	@if [ -x $(BIN)/mkdocs ]; then $(BIN)/mkdocs build --strict; \
	else echo "pages not built: mkdocs is not installed (make docs installs it)"; fi

bench: $(VENV)/.installed-dev
	@for script in benchmarks/*/run.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

docs: $(VENV)/.installed-docs
	$(BIN)/mkdocs build --strict

# pip comes last when a venv is made, so its presence says that the venv is whole.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	echo "Kelly needs Python 3.11 or newer; got $$($(PYTHON) --version 2>/dev/null || echo $(PYTHON), which does not run); make PYTHON=... names another" >&2; \
	exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/pip
	@echo "installing Kelly into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/pip
	@echo "installing Kelly and the developer's tools into $(VENV) ..."
	@$(PIP) --editable '.[dev]'
	@touch $(VENV)/.installed $@

# torch first: asked for by another package it would come with gigabytes for graphics cards.
$(VENV)/.installed-train: pyproject.toml | $(BIN)/pip
	@echo "installing Kelly, the developer's tools and the workbench into $(VENV) ..."
	@$(PIP) torch==2.13.0
	@$(PIP) --editable '.[dev,train]'
	@touch $(VENV)/.installed $(VENV)/.installed-dev $@

$(VENV)/.installed-cluster: pyproject.toml | $(BIN)/pip
	@echo "installing Kelly, the developer's tools and Ray into $(VENV) ..."
	@$(PIP) --editable '.[dev,cluster]'
	@touch $(VENV)/.installed $(VENV)/.installed-dev $@

$(VENV)/.installed-docs: pyproject.toml | $(BIN)/pip
	@echo "installing Kelly and the tools for the pages into $(VENV) ..."
	@$(PIP) --editable '.[dev,docs]'
	@touch $(VENV)/.installed $(VENV)/.installed-dev $@
