# One address for everything: `make run` to look, `make check` before a commit.
# `run` and `test` set up all that they need; nothing is installed outside .venv.

PYTHON ?= python3
PORT ?= 8000
DATA ?= ./data
BIN := .venv/bin
INSTALL := $(BIN)/uv pip install --quiet --require-hashes

.DEFAULT_GOAL := help
.PHONY: help run test coverage lint types imports templates spelling migrations check bench \
	requirements encryption-key format

help: ## Show what there is to make.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

.venv/uv: requirements/uv.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r requirements/uv.txt
	@touch $@

.venv/demo: .venv/uv requirements/demo.txt
	@echo "Installing what Keyfob needs into .venv"
	@VIRTUAL_ENV=.venv $(INSTALL) -r requirements/demo.txt
	@touch $@

.venv/dev: .venv/uv requirements/dev.txt
	@echo "Installing what the checks need into .venv"
	@VIRTUAL_ENV=.venv $(INSTALL) --compile-bytecode -r requirements/dev.txt
	@touch $@

run: .venv/demo ## Run all of Keyfob on this machine; PORT and DATA may be given.
	@PORT=$(PORT) DATA=$(DATA) exec $(BIN)/python -m tools.run

test: .venv/dev ## Run the tests.
	@$(BIN)/python -m pytest -q -n auto --dist loadfile

coverage: .venv/dev ## Run the tests and see what they do not reach; takes twice as long.
	@$(BIN)/python -m pytest -q -n auto --dist loadfile --cov --cov-report=term

lint: .venv/dev ## Look for what is untidy or wrong in the Python code.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: .venv/dev ## Tidy the code.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@find templates -name '*.html' | xargs $(BIN)/djade --target-version 5.2

types: .venv/dev ## Check the types of code and tests.
	@$(BIN)/mypy .

imports: .venv/dev ## Check that imports go down the floors only.
	@$(BIN)/lint-imports

templates: .venv/dev ## Check the templates.
	@find templates -name '*.html' | xargs $(BIN)/djade --target-version 5.2 --check
	@$(BIN)/djlint --quiet --lint templates

spelling: .venv/dev ## Look for misspelled words.
	@$(BIN)/typos

migrations: .venv/dev ## Check that no migration is missing.
	@DJANGO_SETTINGS_MODULE=tools.settings_for_types $(BIN)/python manage.py \
		makemigrations --check --dry-run

check: lint types imports templates spelling migrations test ## Run all of the checks, as CI does.

bench: .venv/dev ## Measure; each figure is a ratio against an anchor of the same run.
	@$(BIN)/python -m bench.vehicle_data
	@$(BIN)/python -m bench.receiver
	@$(BIN)/python -m bench.leaving
	@$(BIN)/python -m bench.webhooks
	@$(BIN)/python -m bench.sse
	@$(BIN)/python -m bench.live

# The names of package registries stay out of the files: whoever installs chooses one.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate \
	--no-emit-index-url --custom-compile-command "make requirements" pyproject.toml

requirements: .venv/uv ## Pin what pyproject.toml asks for, with hashes.
	@echo uv | $(subst pyproject.toml,-,$(COMPILE)) -o requirements/uv.txt
	@$(COMPILE) -o requirements/run.txt
	@$(COMPILE) --extra demo -c requirements/run.txt -o requirements/demo.txt
	@$(COMPILE) --extra demo --extra dev -c requirements/run.txt -o requirements/dev.txt

encryption-key: ## Print a new key for ENCRYPTION_KEYS.
	@$(PYTHON) -c "import base64, secrets; \
		print(f'k{secrets.token_hex(2)}:' + base64.b64encode(secrets.token_bytes(32)).decode())"
