# Everything a user runs. Set-up happens once: .venv/.ready is newer than the lock, or it is made again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export GX_ANALYTICS_ENABLED := false

.PHONY: results test test-all ui bench lint lock clean

results: $(READY)  ## set up, refresh the study, say where the tables are
	@$(BIN)/cbe refresh

test: $(READY)  ## set up, pass the tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile

test-all: $(READY)  ## the tests with the whole simulations
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m ""

ui: $(READY)  ## Dagster's web UI on http://127.0.0.1:3000
	@$(BIN)/cbe ui

bench: $(READY)  ## speed and memory, as ratios
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.reading
	@$(BIN)/python -m bench.inference

lint: $(READY)
	@$(BIN)/ruff check cbe_assets tests bench

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("cbe_assets needs Python 3.11 or newer; PYTHON=/path/to/python3.11 make ... chooses one" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) (once, some minutes)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib cbe_assets || true
	@touch $(READY)

lock:  ## rewrite requirements.lock from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --extra test --extra build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements.lock

clean:  ## what can be made again
	rm -rf data/warehouse data/exports .dagster
