# What can be done here; `make help` lists it. `demo` and `test` first set up .venv where that is still to be done.

PYTHON ?=
PORT ?= 8000
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3 python3.13 python3.12 python3.11)
BIN := .venv/bin

# $(call run,SCRIPT …): finds a Python that is new enough and complete, and lets it run the script.
define run
@for python in $(CANDIDATES); do \
	if "$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		exec "$$python" $(1); \
	fi; \
done; \
echo "No Python 3.11 or newer with venv and pip among: $(CANDIDATES). Install one (on Debian and Ubuntu also" \
	"python3-venv), or name yours: make $@ PYTHON=python3.12" >&2; exit 1
endef

.PHONY: help demo test shipped lock clean
.NOTPARALLEL:

help: ## list the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}'

demo: ## import the mock data, train, suggest for the mock cases, then the web pages with demo people (PORT=8000)
	$(call run,scripts/setup.py requirements.lock)
	@$(BIN)/pathway demo
	@exec $(BIN)/pathway serve --demo --port $(PORT)

test: ## check style, types and directions of imports, and run the tests
	$(call run,scripts/setup.py requirements-dev.lock)
	@$(BIN)/python scripts/chromium.py
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@told=$$($(BIN)/lint-imports --no-logo) || { echo "$$told"; exit 1; }
	@$(BIN)/pytest -n 2

shipped: ## make the mock data, the model and its audit that are shipped anew
	$(call run,scripts/setup.py requirements.lock)
	@$(BIN)/python scripts/ship.py

lock: ## write both lock files anew, with the newest versions that pyproject.toml allows
	$(call run,scripts/lock.py)

clean: ## remove the environment, the demo's files and all caches
	rm -rf .venv .venv-peers .demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
