# make demo   a folder becomes a searchable library, in one command
# make test   the whole test suite
# Both make .venv by themselves; nothing else is needed than python3 (3.11), python3-venv, make and git.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_HOME ?= $(CURDIR)/.levada

.PHONY: demo test lint format soak bench up down clean

demo: $(VENV)/runtime
	@LEVADA_HOME="$(DEMO_HOME)" $(BIN)/python -m apps.demo examples/library

# Some processes; tests/conftest.py says how many, and what stays together.
test: $(VENV)/development
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/development
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# 500 random kills, 300 of runs that follow a Drive, thousands of stories on a Drive, and whatever else runs long.
soak: $(VENV)/development
	$(BIN)/python -m pytest -m soak --timeout 14400

bench: $(VENV)/development
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	$(BIN)/python -m benchmarks

up: $(VENV)/runtime
	$(BIN)/python -m apps.cli up

down: $(VENV)/runtime
	$(BIN)/python -m apps.cli down

clean:
	rm -rf $(VENV) "$(DEMO_HOME)"

$(VENV)/runtime: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Levada into $(VENV) (this once; some minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/development: $(VENV)/runtime
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
