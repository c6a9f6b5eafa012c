# Two commands from a bare checkout: `make demo` and `make test`. Everything else serves the maintainers.
# The README gives the same steps for Windows, without make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check coverage mutants lint docs site tutorial maps sample bench clean

demo: $(VENV)/.installed
	$(BIN)/python -m siting demo -o out/demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal --nbmake --nbmake-timeout=300 tests notebooks
	$(BIN)/python -m pytest -n auto --dist worksteal --doctest-modules siting

# The linters, and the tests of what changed since BASE (the last commit, if none is named).
check: lint
	$(BIN)/python -m tools.changed_tests $(BASE) | xargs -r $(BIN)/python -m pytest -q -n auto --dist worksteal

coverage: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal --cov tests

# Hours: once a month, and before a release.
mutants: $(VENV)/.installed-dev
	$(BIN)/python -m tools.mutants

lint: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.check_docstrings
	$(BIN)/python -m tools.check_templates

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/print_reference.py
	$(BIN)/python docs/print_schemas.py

# The documentation as pages that need no network: out/site/index.html. A test builds it too.
site: $(VENV)/.installed-dev
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs out/site

tutorial: $(VENV)/.installed-dev
	$(BIN)/python -m tools.tutorial --pictures

maps: $(VENV)/.installed-dev
	$(BIN)/python maps/render.py

sample: $(VENV)/.installed-dev
	$(BIN)/python data/make_sample.py

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/covering.py
	$(BIN)/python benchmarks/porto_alegre.py

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# What is imported is compiled then; pip would compile all that the packages hold, which takes longer than to fetch them.
$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --editable ".[dev]"
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) out
