# Laurel. `make help` lists what there is. Every command sets up what it needs; a second run starts at once.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
export PYTHONPATH := platform
# Demo and tests start many processes: what one of them has compiled, the next need not.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test faults verify-outside bench-exam bench-credentials record-stripe check lock migrate browser clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

# The environment, from the hashed lock. Flask-Principal is published as source only, so pip builds that one.
$(READY): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Laurel needs Python 3.11 or newer (set PYTHON=…)."; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (once) …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(PY) -m laurel.web.fonts
	@touch $@

demo: $(READY) ## run the site with its content, a payment sandbox and a worker (PORT=8000)
	@exec $(PY) -m laurel demo --port $(PORT)

# One process more than cores: those that wait for a browser or a server leave their core to another.
test: $(READY) browser ## run all tests, on SQLite and PostgreSQL, and the journeys in Chromium
	@$(PY) -m pytest -n $$($(PY) -c 'import os; print(len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else "auto")') --dist loadgroup -q

faults: $(READY) browser ## hurt real processes while answers are saved, and print what came of it (ONLY="F2 F2c")
	@$(PY) -m tests.faults $(ONLY)

verify-outside: $(READY) ## let a verifier that is not ours judge fresh, revoked, old and changed certificates (needs Node.js)
	@command -v npm >/dev/null || { echo "This needs Node.js 18 or newer with npm."; exit 1; }
	@cd tests/outside && npm install --silent
	@PYTHONPATH=platform:. $(PY) -m tests.outside $(OPTIONS)

check: $(READY) ## format, lint, import contracts, types, templates
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@test ! -e platform/__init__.py || { echo "platform/__init__.py hides Python's own platform module. Remove it."; exit 1; }
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/mypy
	@$(VENV)/bin/djlint templates --lint --quiet

migrate: $(READY) ## bring the database to the newest schema
	@$(PY) -m laurel migrate

bench-exam: $(READY) ## how fast answers are saved, beside a floor, as a table (about 8 minutes; OPTIONS="--quick" for one)
	@PYTHONPATH=platform:. $(PY) -m bench.exam $(OPTIONS)

bench-credentials: $(READY) ## how long certificates take to sign, to render and to verify, as a table (about half a minute)
	@PYTHONPATH=platform:. $(PY) -m bench.credentials

record-stripe: $(READY) ## write down all that is said to and by the payment sandbox (DIR=recordings)
	@PYTHONPATH=platform:. $(PY) -m tests.stripesim.record $(or $(DIR),recordings)

browser: $(READY) ## find Chromium, or install it
	@$(PY) tests/browser.py

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet
lock: $(READY) ## pin and hash every dependency anew
	@$(PY) -m pip install --quiet --disable-pip-version-check uv
	@$(PY) -m $(LOCK) -o requirements/prod.txt
	@$(PY) -m $(LOCK) --extra dev -o requirements/dev.txt

clean: ## remove the environment and the demo's data
	rm -rf $(VENV) instance
