# Set-up needs Python (3.11 to 3.13) and make. Every target makes the environments it needs, once, and
# again when their requirements change; what set-up fetches, it fetches then, nothing is fetched later.

MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PY := .venv/bin/python
PIP := -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
STAMP := .requirements

.PHONY: help env env-dev env-tryton env-xero env-netsuite env-intacct env-odoo demo pictures up connect status test kits torture compose-test bench lint format docs requirements clean

help: ## show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' Makefile | while read -r name text; do printf '  make %-13s %s\n' "$$name" "$$text"; done

SCENARIO ?= companies
DEMO_NEEDS_companies := env-tryton env-xero
DEMO_NEEDS_group := env-netsuite env-intacct

demo: env $(DEMO_NEEDS_$(SCENARIO)) ## companies of two systems through a real Airflow, from nothing to the gate (SCENARIO=group ARGS="--exit --json FILE")
	@exec $(PY) -m demo $(SCENARIO) $(ARGS)

pictures: env-dev ## take the README's pictures of a demo that is up, with the Chromium of this machine
	@exec $(PY) -m demo.pictures $(ARGS)

up: env ## Airflow on this machine for the configured organizations, until Ctrl-C
	@exec $(PY) -m include.up

connect: env ## test a connection and write YAML files for what it sees (ARGS="CONNECTION --all")
	@exec $(PY) -m include.connect $(ARGS)

status: env ## how every organization stands
	@exec $(PY) -m include.environment run $(PY) -m include.status $(ARGS)

test: env-dev env-tryton env-xero env-netsuite env-odoo ## all tests, the demo among them (ARGS="-m 'not slow'")
	@exec $(PY) -m pytest --numprocesses 2 --no-loadscope-reorder $(ARGS)

kits: env-dev env-tryton env-odoo ## the property and the wire kit of every system in full: what the suite takes a sample of
	@exec $(PY) -m pytest --numprocesses 2 --no-loadscope-reorder --in-full tests/survival/property tests/survival/wire $(ARGS)

torture: env-dev env-tryton env-xero env-odoo ## the survival kit in full, two hours (ARGS="--json FILE --only PARTS --page")
	@exec $(PY) -m tests.survival.torture $(ARGS)

compose-test: env-dev ## docker-compose.yaml on a real Docker engine, with killed workers (10 minutes)
	@exec $(PY) -m tests.deploy

bench: env-dev ## speed beside a bare script, memory, a thousand organizations (ARGS="--json FILE"; 25 minutes)
	@exec $(PY) -m bench $(ARGS)

lint: env-dev ## ruff and mypy
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

docs: env ## make docs/model.md from the model and README.md's tables from the connectors
	@$(PY) -m include.model_page
	@$(PY) -m include.connector_tables

format: env-dev ## put the code into shape
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

requirements: env-dev ## pin what requirements*.in ask for (ARGS=--upgrade for newer versions)
	@for name in requirements requirements-s3 requirements-dev demo/requirements-tryton demo/requirements-xero \
	  demo/requirements-netsuite demo/requirements-intacct; do \
	  .venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	    --custom-compile-command "make requirements" $(ARGS) $$name.in --output-file $$name.txt || exit 1; \
	done

clean: ## remove environments and caches; .env and .data stay
	rm -rf .venv .tryton .xero .netsuite .intacct .demo .compose-test .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

env: .venv/$(STAMP)
	@mkdir -p -m 700 .data
	@$(PY) -m include.environment keys

env-dev: env .venv/$(STAMP)-dev

env-tryton: .tryton/blank.sqlite

env-xero: .xero/$(STAMP)

env-netsuite: .netsuite/$(STAMP)

env-intacct: .intacct/$(STAMP)

# Not in a folder of this checkout: it is a Debian of its own, and every checkout on this machine shares it.
env-odoo: env-dev
	@$(PY) -m tests.odoo.install

# The pins are the constraints, too: an older pip does not hold name[extra] to the version of name.
.venv/$(STAMP): requirements.txt
	@set -e; $(PY) -c '' 2>/dev/null || for python in $(PYTHON) python3.13 python3.12 python3.11 python3 none; do \
	  if [ "$$python" = none ]; then \
	    echo "Greenlight needs Python 3.11, 3.12 or 3.13; python3 here is $$(python3 --version 2>&1)" >&2; exit 1; \
	  fi; \
	  if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    "$$python" -m venv --clear .venv; break; \
	  fi; \
	done; \
	echo "installing Greenlight for $$($(PY) --version) into .venv (a minute or two, once) ..."; \
	$(PY) $(PIP) -r requirements.txt -c requirements.txt; touch $@

.venv/$(STAMP)-dev: requirements-dev.txt .venv/$(STAMP)
	@echo "installing what tests and lint need ..."
	@$(PY) $(PIP) -r requirements-dev.txt
	@touch $@

# The demo's systems and their own clients, each in an environment that knows nothing of Greenlight's.
.tryton/$(STAMP) .xero/$(STAMP) .netsuite/$(STAMP) .intacct/$(STAMP): .%/$(STAMP): demo/requirements-%.txt .venv/$(STAMP)
	@echo "installing what the demo needs of $* into .$* ..."
	@.$*/bin/python -c '' 2>/dev/null || $(PY) -m venv --clear .$*
	@.$*/bin/python $(PIP) -r demo/requirements-$*.txt
	@touch $@

# A blank database with the modules activated, to be copied by every demo and test.
.tryton/blank.sqlite: .tryton/$(STAMP)
	@echo "making Tryton's blank database ..."
	@$(PY) -c 'from pathlib import Path; from demo.tryton_server import make_template; \
	  here = Path.cwd() / ".tryton"; make_template(here / "bin" / "python", here / "blank.sqlite")'
