# `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: help setup lock lint test demo cluster bench

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.ready ## make .venv with everything in it

$(VENV)/.ready: requirements.lock pyproject.toml
	@command -v python3 >/dev/null || { echo "python3 (3.11 or newer) is needed: install the package python3" >&2; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "python3 is older than 3.11: install a newer one" >&2; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "python3 lacks venv: install the package python3-venv" >&2; exit 1; }
	python3 -m venv $(VENV)
	awk '/^uv==/ {p=1; print; next} /^[^ #]/ {p=0} p' requirements.lock > $(VENV)/uv.lock
	$(PY) -m pip install --quiet --require-hashes --requirement $(VENV)/uv.lock
	$(VENV)/bin/uv pip sync --quiet --python $(PY) --compile-bytecode --require-hashes requirements.lock
	$(VENV)/bin/uv pip install --quiet --python $(PY) --no-deps --editable .
	@touch $@

lock: ## write requirements.lock from pyproject.toml
	$(VENV)/bin/uv pip compile --quiet --universal --all-extras --group dev --generate-hashes --no-emit-index-url \
	  --python-version 3.11 --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml
