# slipbench: what people do with a checkout. Every target makes .venv itself.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
KERNEL := $(wildcard datasets/physics/okada_*.[ch])

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint speed scale parity ppp fuzz killed ui clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP)  ## make .venv with the tested versions and slipbench itself

$(STAMP): pyproject.toml constraints.txt $(KERNEL)
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("slipbench needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; run make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	$(BIN)/python -m pip install --quiet --editable ".[dev]" --constraint constraints.txt
	@touch $@

demo: $(STAMP)  ## the whole walk on made data: stores, training, decoders, leaderboard (about 2 minutes on 2 cores)
	$(BIN)/slipbench run configs/pipelines/quickstart.yaml

test: lint  ## lint, types, import contracts, all tests
	$(BIN)/python -m pytest

lint: $(STAMP)  ## ruff, mypy, import contracts
	@mkdir -p .static/slipbench && for floor in platform benchmarks trainers datasets; do \
	  ln -sfn ../../$$floor .static/slipbench/$$floor; done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd .static && MYPYPATH=. ../$(BIN)/mypy --config-file ../pyproject.toml slipbench
	cd .static && PYTHONPATH=. ../$(BIN)/lint-imports --config ../pyproject.toml

speed: $(STAMP)  ## timings against the peers that are installed; writes docs/speed.md
	$(BIN)/python -m slipbench.benchmarks.speed --write docs/speed.md

scale: $(STAMP)  ## two places against one, what breaks first, a large run's cost; writes docs/scale.md (about a quarter of an hour)
	$(BIN)/python -m slipbench.benchmarks.speed.scale --write docs/scale.md

parity: $(STAMP)  ## the gridding beside GMT (needs gmt and SLIPBENCH_DATA); writes docs/results/gmt_parity.md
	$(BIN)/python -m slipbench.benchmarks.speed.parity_report "$(SLIPBENCH_DATA)" docs

ppp: $(STAMP)  ## station ESBC by RTKLIB (needs rnx2rtkp and SLIPBENCH_DATA); writes docs/results/ppp.md
	$(BIN)/python -m slipbench.platform.positioning_report docs

fuzz: $(STAMP)  ## 50,000 damaged files at every reader; prints what became of them
	$(BIN)/python -m tests.datasets.fuzz_readers --inputs 50000 --seed 1

killed: $(STAMP)  ## 20,000 samples built (about 24 GB, needs SLIPBENCH_DATA), killed four times, compared; prints a report
	$(BIN)/python -m tests.chaos.full_build

ui: $(STAMP)  ## MLflow's page on the runs of this checkout
	$(BIN)/slipbench ui

clean:  ## remove everything that make and slipbench wrote here
	rm -rf $(VENV) .static runs build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
