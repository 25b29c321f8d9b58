PYTHON ?= python3.11
VENV ?= .venv
# Where torch's CPU build comes from when the package index has none. Asked once, for torch alone.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
SET ?= default

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --progress-bar off --no-deps --require-hashes
UV_COMPILE := uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header
CPU := -c requirements/constraints-cpu.txt

.PHONY: help run test lint models lock clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: $(VENV)/.runtime models  ## install, pull the default models, serve on port 8000
	$(BIN)/facecraft serve

test: lint models  ## install the development lock, then ruff, mypy, import-linter and pytest
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

models: $(VENV)/.runtime  ## download the models of SET and check their hashes
	$(BIN)/facecraft models pull --set $(SET)

lock:  ## compile the lock files again; needs uv and a package index that has torch's CPU build
	echo torch | $(UV_COMPILE) $(CPU) - | sed -n '/^torch==/,/--hash/p' > requirements/torch-cpu.txt  # --no-deps would drop the hash
	$(UV_COMPILE) $(CPU) --no-emit-package torch pyproject.toml --group build --group dev -o requirements/dev.txt
	$(UV_COMPILE) $(CPU) --no-emit-package torch pyproject.toml --group build \
		-c requirements/dev.txt -o requirements/cpu.txt
	env -u UV_FIND_LINKS $(UV_COMPILE) pyproject.toml --group build --group gpu --override requirements/overrides-gpu.txt \
		-c requirements/dev.txt -o requirements/gpu.txt

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.torch: requirements/torch-cpu.txt | $(VENV)/bin/python
	@echo "installing torch (CPU build)"
	$(INSTALL) --retries 1 --timeout 15 --extra-index-url $(TORCH_INDEX) -r requirements/torch-cpu.txt
	@touch $@

$(VENV)/.runtime: requirements/cpu.txt pyproject.toml $(VENV)/.torch
	@echo "installing the packages of requirements/cpu.txt"
	$(INSTALL) -r requirements/cpu.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "installing the packages of requirements/dev.txt"
	$(INSTALL) -r requirements/dev.txt
	@touch $@
