# Two commands do all the set-up: `make demo` and `make test`. Only Python 3.11+ (pip), git and make are needed.
SHELL := /bin/bash
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

RELEASES = $(basename $(notdir $(wildcard examples/live_event/releases/*.toml)))

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all lint lock words proving-ground

help:
	@echo "make demo      a release that passes, and one that is caught and undone (about five minutes)"
	@echo "make demo RELEASE=name   one of: $(RELEASES)"
	@echo "make test      all tests, types, style and architecture (about a quarter of an hour on two cores)"
	@echo "make proving-ground   every release of the example, watched for real (hours; goes on where it was interrupted)"
	@echo "make lock      compile the locks in requirements again"

.tools/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools uv

.venv/.ready: requirements/dev.lock pyproject.toml examples/live_event/pyproject.toml | .tools/bin/uv
	$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	VIRTUAL_ENV=.venv $(UV) pip sync --quiet --require-hashes requirements/dev.lock
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --no-build-isolation -e . -e examples/live_event
	touch $@

setup: .venv/.ready

demo: setup  ## RELEASE=name shows only that one of examples/live_event/releases
	$(BIN)/python -m live_event.demo $(if $(RELEASE),--releases $(RELEASE))

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src examples/live_event/src tests examples/live_event/tests benchmarks

test: setup lint
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadgroup --no-loadscope-reorder

test-all: setup
	$(BIN)/python -m pytest -m slow

proving-ground: setup  ## goes on where it was interrupted
	$(BIN)/python -m benchmarks.proving_ground

words: setup
	for one in en ko; do $(BIN)/pybabel compile -i src/bakewatch/report/words/$$one.po -o src/bakewatch/report/words/$$one.mo -l $$one; done

COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
  --no-emit-package pandas --no-emit-package pyarrow --no-annotate --no-header

lock: | .tools/bin/uv
	$(COMPILE) --upgrade requirements/dev.in -o requirements/dev.lock
	$(COMPILE) -c requirements/dev.lock requirements/action.in -o requirements/action.lock
