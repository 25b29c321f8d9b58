PYTHON ?= python3.11
VENV ?= .venv
# Where torch's CPU build comes from when the package index has none. Asked once, for torch alone.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# The models: `default` needs nothing but the package index. Images have `full`, unless SET says otherwise.
SET ?=

# Images. BUILD_FLAGS go to `docker build`, --build-arg PIP_INDEX_URL=… for instance.
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' facecraft/__init__.py)
REVISION = $(shell git describe --always --abbrev=40 --dirty --exclude '*' 2>/dev/null || echo unknown)
BUILD_FLAGS ?=
REGISTRY ?= djok
FLAVOURS ?= cpu gpu
RELEASE_DIR ?= dist
# The engine on which `publish` pulls what it pushed, as DOCKER_HOST; best a clean one. How it is reached there:
# bridge, by a published port, or host.
CLEAN_DOCKER_HOST ?=
SMOKE_NETWORK ?= bridge
SMOKE = $(PYTHON) -m docker.release.smoke --network $(SMOKE_NETWORK)

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --progress-bar off --no-deps --require-hashes
UV_COMPILE := uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header
CPU := -c requirements/constraints-cpu.txt

# Threads of several networks at the same time wait for each other asleep: spinning would take their cores.
PYTEST := OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest
# What runs without Docker, a GPU, the full models, a browser or a night; as in pyproject.toml.
USUAL := not docker and not gpu and not full and not nightly and not browser and not nginx

.PHONY: help run test test-fast test-page test-proxy test-nightly lint fmt imports models lock clean image-cpu image-gpu verify-image \
	test-image smoke publish update-checksums audit licences
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z -]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 24

run: $(VENV)/.runtime models  ## install, pull the default models, serve on port 8000
	$(BIN)/facecraft serve

test: lint models  ## lint, then all usual tests on two cores, and what they do not cover
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder -m '$(USUAL) and not alone' --cov --cov-report= $(PYTEST_ARGS)
	$(PYTEST) -m '$(USUAL) and alone' --cov --cov-append --cov-report= $(PYTEST_ARGS)
	$(BIN)/coverage report
	$(BIN)/python -m lint.branches

test-fast: $(VENV)/.dev  ## the tests that need no models and no server, in some minutes
	$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder -m '$(USUAL) and not alone and not models and not server' $(PYTEST_ARGS)

test-page: $(VENV)/.dev  ## the page in a real browser; needs Debian's chromium
	$(PYTEST) -m browser tests/service/web $(PYTEST_ARGS)

test-proxy: $(VENV)/.dev models  ## the nginx blocks of docs/; needs Debian's nginx-light and libnginx-mod-stream
	$(PYTEST) -m nginx tests/docs $(PYTEST_ARGS)

test-nightly: $(VENV)/.dev models  ## what takes minutes: load over time, ten times the mutations
	$(PYTEST) -m nightly tests/load $(PYTEST_ARGS)
	MUTATIONS=2000 $(PYTEST) tests/hostile $(PYTEST_ARGS)

lint: $(VENV)/.dev  ## ruff, mypy, import-linter, sizes, spelling, Dockerfiles and workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m lint.size
	$(BIN)/typos
	$(BIN)/hadolint docker/Dockerfile.cpu docker/Dockerfile.gpu
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --quiet --offline .github/workflows

fmt: $(VENV)/.dev  ## format the code, and correct what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

imports: $(VENV)/.dev  ## draw which room imports which, as Mermaid
	@$(BIN)/python -m lint.imports

models: $(VENV)/.runtime  ## download the models of SET (default) and check their hashes
	$(BIN)/facecraft models pull --set $(or $(SET),default)

update-checksums: $(VENV)/.runtime  ## hash every model's sources again, write models.lock, say what changed
	$(BIN)/facecraft models lock --write --lock models.lock

image-cpu image-gpu: image-%:  ## build facecraft:cpu or facecraft:gpu with the models of SET (full)
	docker build -f docker/Dockerfile.$* --build-arg MODEL_SET=$(or $(SET),full) \
		--build-arg VERSION=$(VERSION) --build-arg REVISION=$(REVISION) \
		--build-arg CREATED=$$(date -u +%Y-%m-%dT%H:%M:%SZ) $(BUILD_FLAGS) -t facecraft:$* .

verify-image:  ## check an image from the inside and the outside: IMAGE=facecraft:cpu
	$(PYTHON) -m docker.release.verify $(IMAGE)

test-image: $(VENV)/.dev  ## pytest with an engine: a corrupted model, Compose, the build context: IMAGE=facecraft:cpu
	IMAGE='$(IMAGE)' BUILD_FLAGS='$(BUILD_FLAGS)' $(PYTEST) tests/docker -m docker $(PYTEST_ARGS)

smoke:  ## run an image as a user does and restore a portrait: IMAGE=facecraft:cpu
	$(SMOKE) $(IMAGE)

publish: $(VENV)/.dev $(FLAVOURS:%=image-%)  ## build, verify, push, pull and try: REGISTRY=djok VERSION=X.Y.Z
	set -e; for flavour in $(FLAVOURS); do \
		$(PYTHON) -m docker.release.verify facecraft:$$flavour; \
	done
	set -e; for flavour in $(FLAVOURS); do \
		$(BIN)/python -m docker.release.publish facecraft:$$flavour --repository $(REGISTRY)/facecraft \
			--version $(VERSION) --flavour $$flavour --output $(RELEASE_DIR); \
		for tag in $$flavour $(VERSION)-$$flavour; do \
			$(SMOKE) --pull $(if $(CLEAN_DOCKER_HOST),--host $(CLEAN_DOCKER_HOST)) $(REGISTRY)/facecraft:$$tag; \
		done; \
	done

lock:  ## compile the lock files again; needs uv and a package index that has torch's CPU build
	echo torch | $(UV_COMPILE) $(CPU) - | sed -n '/^torch==/,/--hash/p' > requirements/torch-cpu.txt  # --no-deps would drop the hash
	$(UV_COMPILE) $(CPU) --no-emit-package torch pyproject.toml --group build --group dev -o requirements/dev.txt
	$(UV_COMPILE) $(CPU) --no-emit-package torch pyproject.toml --group build \
		-c requirements/dev.txt -o requirements/cpu.txt
	env -u UV_FIND_LINKS $(UV_COMPILE) pyproject.toml --group build --group gpu --override requirements/overrides-gpu.txt \
		-c requirements/dev.txt -o requirements/gpu.txt

audit: $(VENV)/.dev  ## look up every locked package in the advisories of the Python package index
	for lock in cpu gpu; do $(BIN)/pip-audit --strict --disable-pip --no-deps -r requirements/$$lock.txt || exit 1; done

licences: $(VENV)/.dev  ## list the licences of the packages that the service runs on
	$(BIN)/pip-licenses --with-urls --format=markdown --packages \
		$$(sed -n 's/^\([a-z0-9._-]*\)==.*/\1/p' requirements/cpu.txt requirements/torch-cpu.txt)

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

# Without $(PYTHON), uv brings it. pip installs in either case, as only pip reads the user's pip.conf.
$(BIN)/python:
	@$(PYTHON) -V >/dev/null 2>&1 || command -v uv >/dev/null || \
		{ echo "There is no $(PYTHON): install it, or uv (https://docs.astral.sh/uv), which brings it." >&2; exit 1; }
	@echo "This installs PyTorch (CPU build, 190 MB), 64 packages (270 MB) and later the models (42 MB)."
	@echo "It takes about three minutes on a line of 50 Mbit/s, and 1.7 GB on disk; for the tests 0.6 GB more."
	@if $(PYTHON) -V >/dev/null 2>&1; then $(PYTHON) -m venv $(VENV); \
	else uv venv --quiet --seed --python $(PYTHON) $(VENV); fi

$(VENV)/.torch: requirements/torch-cpu.txt | $(BIN)/python
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
