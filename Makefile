# The entry points for people and for CI. `make help` lists them.
# Variables such as LOGS in `make run LOGS=...` are passed to the command in its environment.
.DEFAULT_GOAL := help
SHELL := /bin/sh

PY = env JAVA_HOME="$$(cat .venv/share/tidemark/java-home)" .venv/bin/python
BIN = .venv/bin
FIND = import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
TESTS ?= tests
WORKERS ?= 2

# Keep compiled modules: without them, every start of Python compiles all packages again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run stop world test quick kill-matrix soak histories fuzz lint format doctor bench bench-labels bench-train clean

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 | /p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-18s%s\n", $$1, $$2}'

setup:  ## Install the pinned environment, Java and jars, unless they are there (PYTHON= names the interpreter)
	@for p in $(PYTHON) python3.12 python3.11 python3 python /usr/bin/python3 "$$HOME"/.pyenv/versions/3.1[12].*/bin/python; do \
	  if "$$p" -c "$(FIND)" >/dev/null 2>&1; then exec "$$p" -m infra.local.bootstrap; fi; \
	done; \
	echo "setup: found no Python 3.11 or 3.12 with venv. Install one (Debian, Ubuntu: apt install python3.11-venv;" >&2; \
	echo "macOS: brew install python@3.12), or name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1

run: setup  ## Run the whole pipeline on the demo, or on LOGS= [JUDGMENTS=] [ITEMS=] [FEATURES=]; PORT=, TIDEMARK_HOME=
	@$(PY) -m infra.local.run

stop: setup  ## Stop the services that `make run` started
	@$(PY) -m infra.local.services stop

world: setup  ## Add DAYS=1 days of logs to the demo, or make one: WORLD=easy, plain, stuck, hard, SESSIONS=, SWAPS=, ...
	@$(PY) -m infra.demo.world

test: setup  ## Run the tests (TESTS=tests/loop: some; CATALOGS=all: the loop on Postgres too; LONG=1: the long ones too)
	@$(PY) -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(if $(LONG),,-m "not long") $(TESTS)

quick: setup  ## Run the tests that need no engine and no services, in about a minute
	@$(PY) -m pytest -q -p tests.quick -n $(WORKERS) --dist worksteal $(TESTS)

kill-matrix: setup  ## Kill sessions at every named point, on both catalogs, and recover them (CASES="postgres later": some)
	@$(PY) -m tests.kill $(CASES)

fuzz: setup  ## Test with hostile files, specs and settings, EXAMPLES=20000 of each kind
	@FUZZ_EXAMPLES="$${EXAMPLES:-20000}" $(PY) -m pytest -q tests/hostile/test_fuzz_landing.py tests/hostile/test_fuzz_specs.py

lint: setup  ## Check style, types and import contracts
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup  ## Format the code and apply ruff's automatic fixes
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

doctor: setup  ## Show which services run and which died; check Java, jars, catalog and versions; say what to do
	@$(PY) -m infra.local.services status; $(PY) -m tidemark doctor

bench: setup  ## Measure the design's performance promises, as ratios within one run
	@$(PY) -m bench

bench-labels: setup  ## Judge relevance labels by true grades (WORLDS=plain-1,easy-1 SESSIONS=200000 SETTINGS=500,none MORE= KEEP=)
	@$(PY) -m bench.labels $(if $(WORLDS),--worlds $(WORLDS)) $(if $(SESSIONS),--sessions $(SESSIONS)) \
	  $(if $(SETTINGS),--settings $(SETTINGS)) $(if $(MORE),--more $(MORE)) $(if $(KEEP),--keep "$(KEEP)")

bench-train: setup  ## Measure memory and time of a training run beside a plain fit (SETTINGS="rows=1200000 features=200 rounds=50")
	@$(PY) -m bench.training $(SETTINGS)

histories: setup  ## Run many random histories (EXAMPLES=300 of STEPS=25 steps each)
	@EXAMPLES="$${EXAMPLES:-300}" $(PY) -m pytest -q tests/histories/test_histories.py

soak: setup  ## Kill two runners at random moments, KILLS=200 times, and compare with an oracle (SEED=1, SCHEDULE=)
	@$(PY) -m tests.soak

clean:  ## Remove caches; keep the environment and the homes
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
