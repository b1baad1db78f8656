# One command sets up and does the thing: `make demo`, `make test`. Everything lives in .venv.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin

.PHONY: setup demo test check format i18n docs pictures bench chaos clean

setup: .venv/.ready

# the program alone, which is all that the demo needs
.venv/.program: pyproject.toml $(wildcard smwatch/query/compiled/*.p*x* smwatch/story/*.pyx smwatch/feeds/*.pyx)
	@test -n "$(PYTHON)" || { echo "smwatch needs Python 3.11 or newer (try: make PYTHON=/path/to/python3)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Setting up .venv (once; about a minute) …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e ".[fast]"
	@$(BIN)/python -m compileall -q smwatch plugins  # so that `check` starts fast also where Python may not write
	@touch $@

.venv/.ready: .venv/.program
	@echo "Setting up what its tests need …"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --group dev
	@touch $@

demo: .venv/.program
	@$(BIN)/smwatch demo

test: setup
	$(BIN)/python -m pytest -n auto

# what a reviewer would ask for: format, lint, types, layers, catalogues, generated pages
check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m smwatch.testing.fresh

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

i18n: setup
	$(BIN)/python -m smwatch.testing.fresh --write smwatch/locale

docs: setup
	$(BIN)/python -m smwatch.testing.fresh --write

# needs Chromium: apt-get install chromium fonts-lato
pictures: setup
	$(BIN)/python -m smwatch.demo.pictures

bench: setup
	@$(BIN)/python -m pip install -q --disable-pip-version-check --group bench
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

chaos: setup
	$(BIN)/python -m pytest tests/chaos -m "chaos or not chaos" --long

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
