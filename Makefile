# `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
# Trust what the machine trusts, as pip does.
export UV_SYSTEM_CERTS ?= 1

.PHONY: help setup demo test lint lock lock-check cluster bench soak

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready ## make .venv with everything in it

$(VENV)/.ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Error: no $(PYTHON) on PATH: install the package python3 (3.11 or newer)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Error: $$($(PYTHON) -V) is too old: syncd needs 3.11 or newer (make PYTHON=python3.12 …)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Error: $(PYTHON) cannot make virtual environments: install the package python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv $(VENV)
	@awk '/^uv==/ {p=1; print; next} /^[^ ]/ {p=0} p' requirements.lock > $(VENV)/uv.txt
	@$(PY) -m pip --disable-pip-version-check install --quiet --require-hashes --requirement $(VENV)/uv.txt
	@$(UV) pip sync --quiet --python $(PY) --compile-bytecode --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@$(PY) -m compileall -q syncd
	@touch $@

demo: setup ## see a key travel from OpenBao to a restarted Deployment (CLUSTER=1: on a real control plane)
	@PYTHONPATH=. $(PY) config/quickstart/demo.py $(if $(CLUSTER),--cluster)

test: setup ## run the tests (ARGS="-k plan" chooses)
	@$(PY) -m pytest $(ARGS)

lint: setup lock-check ## check style, types and layers
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

lock: setup ## write requirements.lock from pyproject.toml
	@$(UV) pip compile --quiet --universal --all-extras --group dev --generate-hashes --no-emit-index-url \
	  --python-version 3.11 --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml

lock-check: setup ## check that requirements.lock is in step with pyproject.toml
	@$(PY) -m pytest -q tests/test_lock.py

cluster: setup ## start a local control plane, print its kubeconfig, stop on Ctrl-C
	@$(PY) -m tests.servers.controlplane up

bench: setup ## run the benchmarks (about 10 minutes)
	@set -e; for file in $(filter-out benchmarks/soak.py,$(wildcard benchmarks/*.py)); do echo "== $$file"; PYTHONPATH=. $(PY) $$file; done

soak: setup ## run syncd for MINUTES=30 under faults and kills, and judge what it did
	@PYTHONPATH=. $(PY) benchmarks/soak.py --minutes $(or $(MINUTES),30)
