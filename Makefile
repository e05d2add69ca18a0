# Two commands: `make repro` and `make test`. Everything else is `make help`.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(shell command -v python3.11 || command -v python3)
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help repro test lint benchmark lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16
	@echo '  EXTRA=jax, cuda, jax-cuda, tpu or ctranslate2 beside `make repro` installs that as well'

repro: $(VENV)/run.stamp $(if $(EXTRA),$(VENV)/$(EXTRA).stamp) ## set up, run what is not up to date, compare
	@python -m pipeline repro $(ARGS)

test: $(VENV)/dev.stamp ## set up, run the whole test suite
	@python -m pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations 15 $(ARGS)

lint: $(VENV)/dev.stamp ## ruff and mypy
	@ruff check . && ruff format --check . && mypy

benchmark: $(VENV)/dev.stamp ## install the peers of benchmarks/ (PyTorch, Transformers, ...)
	@$(PIP) install -q $$(python -c 'import tomllib; \
	  print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["benchmark"])')

# uv is only needed here, by those who change a dependency.
lock: $(VENV)/run.stamp ## pin pyproject.toml's dependencies again, with hashes
	@$(PIP) install -q uv
	@for extra in "" jax cuda jax-cuda tpu ctranslate2 dev; do \
	  flags="$${extra:+--extra $$extra -c requirements/run.lock}"; \
	  [ "$$extra" = dev ] && flags="$$flags --extra jax --extra ctranslate2"; \
	  uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --no-annotate $$flags -o requirements/$${extra:-run}.lock || exit 1; \
	done

clean: ## remove what the stages made; keeps the environment and DVC's cache
	rm -rf data runs reports resolved.json .digests .sources .work

$(VENV)/bin/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo 'error: Python 3.11 is needed, and neither python3.11 nor python3 is one'; exit 1; }
	@echo "Setting up $(VENV) (once; about 2 GB, some minutes)"
	@$(PYTHON) -m venv $(VENV)

# One rule for every lock file: run, dev, jax, cuda, jax-cuda, tpu, ctranslate2. A lock names all that is
# needed, so pip has nothing to resolve; where it tries (pip 23), a new release of a package that another
# asks for with an extra (google-auth[pyopenssl]) is taken for unpinned, and the set-up ends there.
$(VENV)/%.stamp: requirements/%.lock | $(VENV)/bin/python
	@echo "Installing $<"
	@$(PIP) install -q --require-hashes --no-deps -r $< 2> >(grep -v '^WARNING' >&2)
	@touch $@
