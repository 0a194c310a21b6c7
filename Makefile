# Each command says what it runs. As root, everything but the set-up runs under an account of its own.
.DEFAULT_GOAL := help
RUN := scripts/in-reach
PYTHON := .venv/bin/python

.PHONY: help demo test check fix bench fuzz chaos redteam docs lab lock

help: ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: ## Start everything on this machine and print the address and the accounts (DATA=DIR takes a district's files)
	@$(RUN) bash -c 'scripts/set-up && exec scripts/with-accounts scripts/as-account $(PYTHON) -m rpp_hub.cli demo $(if $(DATA),--data "$(abspath $(DATA))")'

test: ## Set up what is needed and run all tests (TESTS=path for some)
	@$(RUN) bash -c 'scripts/set-up --for-tests && exec scripts/as-account env HYPOTHESIS_STORAGE_DIRECTORY=$${TMPDIR:-/tmp}/rpp-hypothesis $(if $(TESTS),$(PYTHON) -m pytest $(TESTS),scripts/run-tests)'

check: ## Style, types and the direction of imports
	@$(RUN) bash -c 'scripts/set-up --for-tests && $(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && $(PYTHON) -m mypy && .venv/bin/lint-imports'

fix: ## Let ruff mend what it can
	@$(PYTHON) -m ruff check --fix . ; $(PYTHON) -m ruff format .

bench: ## The figures, one JSON object a line (NAME=x runs one)
	@$(RUN) bash -c 'scripts/set-up --for-tests >&2 && exec scripts/as-account $(PYTHON) -m tests.bench $(NAME)'

fuzz: ## Feed relay, gateway and supervisor what a coverage-guided fuzzer makes up (MINUTES=60)
	@$(RUN) bash -c 'scripts/set-up --for-tests >&2 && $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt && exec scripts/as-account $(PYTHON) -m tests.fuzz --minutes $(or $(MINUTES),1)'

chaos: ## Kill parts of an installation during work, fill its disk, and let workspaces misbehave beside one that answers (KILLS=200)
	@$(RUN) bash -c 'scripts/set-up --for-tests >&2 && exec scripts/as-account $(PYTHON) -m tests.chaos --kills $(or $(KILLS),200)'

redteam: ## Try every threat of the catalogue that can be tried here, and say of each what became of it
	@$(RUN) bash -c 'scripts/set-up --for-tests >&2 && exec scripts/as-account $(PYTHON) -m tests.redteam'

docs: ## Write the generated pages and pictures of the documentation anew
	@$(RUN) bash -o pipefail -c 'scripts/set-up --for-tests && $(PYTHON) scripts/write_docs.py && mkdir -p docs/images && scripts/as-account env PYTHONPATH=. $(PYTHON) scripts/take_pictures.py | tar -x --no-same-owner -C docs/images'

lab: ## Build the JupyterLab extension (needs the npm registry)
	@cd extensions/rpp-lab && npm ci && npm run build

lock: ## Lock the requirements anew (needs uv)
	@for name in hub dev fuzz workspace; do uv pip compile --quiet --no-header --no-emit-index-url --no-emit-find-links --generate-hashes --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt; done
