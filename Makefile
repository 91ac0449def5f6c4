# The commands of this project. Everything sets itself up: Python >= 3.11 and make are all that a machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: all rehearsal test check style types tests serve bench bench-heard containers format clean

all: test

# Versions are ranges in pyproject.toml, narrowed by constraints.txt to what the tests ran with.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

rehearsal: $(READY)
	$(BIN)/twilio-openai rehearse

serve: $(READY)
	$(BIN)/twilio-openai serve

test: style types tests

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

tests: $(READY)
	$(BIN)/pytest

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)
	$(BIN)/python -m benchmarks.load

bench-heard: $(READY)
	$(BIN)/python -m benchmarks.heard

# Builds the images and proves them with a call through a stand-in tunnel; says so and ends well where no engine answers.
containers:
	deploy/check_containers.sh

clean:
	rm -rf $(VENV) build dist *.egg-info
