# Everything starts here, for people and for CI. `make help` says what there is.
# What is given as `make run LOGS=...` reaches the command by its environment.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PY = env JAVA_HOME="$$(cat .venv/share/tidemark/java-home)" .venv/bin/python
BIN = .venv/bin
FIND = import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
DAYS ?= 1
TESTS ?= tests
WORKERS ?= 2

# Compiled modules are kept: without them each start of Python reads all its packages anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run stop world test quick kill-matrix soak histories fuzz lint format doctor bench clean

help:  ## Say what there is
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 | /p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-18s%s\n", $$1, $$2}'

setup:  ## Environment, Java and jars, as pinned; once (PYTHON= names the interpreter)
	@for p in $(PYTHON) python3.12 python3.11 python3 python /usr/bin/python3 "$$HOME"/.pyenv/versions/3.1[12].*/bin/python; do \
	  if "$$p" -c "$(FIND)" >/dev/null 2>&1; then exec "$$p" -m infra.local.bootstrap; fi; \
	done; \
	echo "setup: no Python 3.11 or 3.12 with venv was found. Install one (Debian, Ubuntu: apt install python3.11-venv;" >&2; \
	echo "macOS: brew install python@3.12), or name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1

run: setup  ## The whole pipeline: the demo, or LOGS= [JUDGMENTS=] [ITEMS=] [FEATURES=]; PORT=, TIDEMARK_HOME=
	@$(PY) -m infra.local.run

stop: setup  ## Stop what `make run` started
	@$(PY) -m infra.local.services stop

world: setup  ## Add DAYS=1 days to the demo world, for the next `make run` to find
	@$(PY) -m infra.demo.world extend --home "$${TIDEMARK_HOME:-.tidemark}" --days $(DAYS)

test: setup  ## All tests (TESTS=tests/loop for some; CATALOGS=all: the loop on Postgres too; WORKERS=0: one process)
	@$(PY) -m pytest -q -n $(WORKERS) --dist loadfile $(TESTS)

quick: setup  ## The tests that need no engine, in under a minute
	@$(PY) -m pytest -q -p tests.quick -n $(WORKERS) --dist loadfile $(TESTS)

kill-matrix: setup  ## Kill sessions at every point, in every mode and catalog, and recover (CASES="postgres later" for some)
	@$(PY) -m tests.kill $(CASES)

fuzz: setup  ## Try hostile files, specs and settings, EXAMPLES=20000 of each kind
	@FUZZ_EXAMPLES="$${EXAMPLES:-20000}" $(PY) -m pytest -q tests/hostile/test_fuzz_landing.py tests/hostile/test_fuzz_specs.py

lint: setup  ## Style, types and import contracts
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup  ## Bring the code into the house's form
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

doctor: setup  ## Say which services run and what died; check Java, jars, catalog and versions, and say what to do
	@$(PY) -m infra.local.services status; $(PY) -m tidemark doctor

bench: setup  ## Measure what the design promises, as ratios in one run
	@$(PY) -m bench

histories: setup  ## Random histories at length (EXAMPLES=300 of STEPS=25)
	@EXAMPLES="$${EXAMPLES:-300}" $(PY) -m pytest -q tests/histories/test_histories.py

soak: setup  ## Kill two runners at random moments, KILLS=200 times, and compare with an oracle: SEED=1, SCHEDULE=
	@$(PY) -m tests.soak

clean:  ## Remove caches; the environment and the homes stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
