# Every target sets up first; a fresh clone needs nothing but make and Python.
#   make setup PYTHON=python3.12 VENV=.venv312    another Python beside the usual one
#   make test PYTEST_ARGS="-k grid -x"            arguments for pytest

SHELL := /bin/sh
VENV ?= .venv
CORES ?= 2
PYTEST_ARGS ?=
LOCK_ARGS ?=
BENCH_ARGS ?=
FORMAT ?= operetta
FUZZ_SECONDS ?= 300

BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := envs/requirements.lock

# A Python counts only if it runs (version managers leave commands that do not), is
# of a version in the lock, and can make environments (Debian splits that off).
WORKS := -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	"$$name" $(WORKS) >/dev/null 2>&1 && echo "$$name" && break; done)

.PHONY: setup demo test test-full torture check format schema lock bench fuzz clean

setup: $(READY)

# The stamp is written last, so an interrupted installation starts again.
$(READY): $(LOCK) pyproject.toml
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then \
		echo "make setup: no working Python 3.11, 3.12 or 3.13 with venv was found." >&2; \
		echo "Install one (Debian and Ubuntu: python3 and python3-venv) or name it: make setup PYTHON=/path/to/python3.12" >&2; \
		exit 1; \
	fi; \
	if ! "$$python" $(WORKS) >/dev/null 2>&1; then \
		echo "make setup: PYTHON=$$python is not a working Python 3.11 to 3.13 with venv." >&2; \
		echo "Give another one: make setup PYTHON=/path/to/python3.12" >&2; \
		exit 1; \
	fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "making $(VENV) with $$("$$python" --version)"; \
		"$$python" -m venv --clear $(VENV); \
	fi
	@echo "installing the packages of $(LOCK) into $(VENV) (some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The config's schema and key table, from its models.
schema: setup
	$(BIN)/python -m tiles2zarr.config.docs

demo: setup
	@$(BIN)/python -m tiles2zarr.demo demo/raw
	$(BIN)/snakemake --cores $(CORES)
	@$(BIN)/python -m tiles2zarr.demo --summary demo/out/demo.zarr

test: setup
	$(BIN)/python -m pytest -n 2 -m "not full" $(PYTEST_ARGS)

test-full: setup
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

# Steps killed and failing at every file-system call (needs strace and an hour), and runs
# killed at random moments.
torture: setup
	$(BIN)/python -m pytest -m full tests/resume $(PYTEST_ARGS)

# The last line holds what no linter sees: import order, and the generated schema and
# tables in step with the models.
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/python -m pytest -q tests/unit -k "schema or imports or project"

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

# One lock for Python 3.11 to 3.13, made with uv. LOCK_ARGS=--upgrade takes new releases.
lock:
	@command -v uv >/dev/null || { echo "make lock: uv is not installed. Install it with: pip install uv" >&2; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 \
		--extra dev --extra validate --extra s3 --extra dask --extra cluster --extra archive --extra czi --extra nd2 --extra lif \
		--no-emit-index-url --no-emit-find-links --no-annotate \
		--custom-compile-command "make lock" $(LOCK_ARGS) \
		pyproject.toml --output-file $(LOCK) >/dev/null

# The whole workflow as processes, medians of three runs; BENCH_ARGS="--size M --reference
# /path/to/python" times another size, and the reference converter in turn.
bench: setup
	$(BIN)/python -m tiles2zarr.bench --cores $(CORES) $(BENCH_ARGS)

# Coverage-guided fuzzing of one parser for FUZZ_SECONDS, where atheris is installed.
fuzz: setup
	PYTHONPATH=workflow:. $(BIN)/python tests/fuzz/run_atheris.py $(FORMAT) -max_total_time=$(FUZZ_SECONDS)

clean:
	rm -rf $(VENV) demo results .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis
