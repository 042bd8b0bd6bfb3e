# Everything here needs only make and Python 3.11 or newer; the rest goes into .venv.
PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?= -n auto
UV ?= $(shell command -v uv)
BIN := $(VENV)/bin
SPHINX := $(BIN)/sphinx-build --keep-going -b html
# Without bytecode each of hundreds of processes would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-all test-oldest test-newest test-vscode lint ontology reference mutation docs examples live bench screenshots vsix clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed  ## build the example spec and ask it a question
	$(SPHINX) -q example_docs build/example_docs
	$(BIN)/policyspec graph example_docs -o build/example_docs.ttl
	@printf '\nWhich user-overridable defaults touch honesty?\n\n'
	@$(BIN)/policyspec query example_docs user-overridable-defaults-touching --param topic=honesty
	@printf '\nThe site:  %s\nThe graph: %s\n' \
	  'file://$(CURDIR)/build/example_docs/index.html' '$(CURDIR)/build/example_docs.ttl'

test: $(VENV)/.dev  ## the tests, without the long suites (Python only)
	$(BIN)/pytest -m 'not slow' $(PYTEST_ARGS)

test-all: $(VENV)/.standards  ## all tests
	$(BIN)/pytest --hypothesis-profile=explore $(PYTEST_ARGS)

test-oldest: .venv-oldest/.test  ## the tests, with the lowest versions that pyproject.toml promises
	.venv-oldest/bin/pytest -m 'not slow' $(PYTEST_ARGS)

test-newest: .venv-newest/.test  ## the tests, with the newest versions that pyproject.toml allows
	.venv-newest/bin/pytest -m 'not slow' $(PYTEST_ARGS)

lint: $(VENV)/.dev  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

ontology: $(VENV)/.dev  ## the shapes, JSON-LD context and JSON Schemas that follow from ontology and model
	$(BIN)/python tools/ontology.py

reference: $(VENV)/.dev  ## the parts of the documentation that are read off the code
	$(BIN)/python tools/reference.py

mutation: $(VENV)/.mutation  ## wrong copies of what decides, and which of them the tests do not find out
	$(BIN)/mutmut run
	$(BIN)/mutmut results

examples: $(VENV)/.dev  ## the example spec, every warning an error
	$(SPHINX) -q -nW example_docs build/example_docs

live: $(VENV)/.live  ## the example spec in a browser, built anew as you edit it or the ontology
	$(BIN)/sphinx-autobuild -n --watch ontology example_docs build/live

docs: $(VENV)/.dev  ## the documentation, every warning an error
	$(SPHINX) -q -nW docs build/docs
	@echo 'The documentation: file://$(CURDIR)/build/docs/index.html'

bench: $(VENV)/.installed  ## what things cost, against a floor in the same run
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.authoring
	$(BIN)/python -m benchmarks.reasoning
	$(BIN)/python -m benchmarks.decision
	$(BIN)/python -m benchmarks.evals
	$(BIN)/python -m benchmarks.editor
	$(BIN)/python -m benchmarks.handbook_pdf
	$(BIN)/python -m benchmarks.releases
	$(BIN)/python -m benchmarks.web

screenshots: $(VENV)/.dev  ## the pictures of the example spec in README and documentation
	$(BIN)/python tools/screenshots.py

vsix:  ## the extension for VS Code (needs npm)
	$(PYTHON) tools/vsix.py

test-vscode: $(VENV)/.dev vsix  ## try it in VS Code: make test-vscode CODE_SERVER=FOLDER
	$(BIN)/python tools/in_vscode.py $(CODE_SERVER)

clean:  ## remove what was built, the virtual environment included
	rm -rf $(VENV) .venv-oldest .venv-newest .venv-wheel build dist mutants .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# Makes an environment, $(1); an older one is replaced.
made = $(if $(UV),$(UV) venv --quiet --clear --seed --python $(PYTHON) $(1) ||) $(PYTHON) -m venv --clear $(1)
# Puts packages, $(2), into an environment, $(1): with uv where there is one, which is faster.
by_pip = $(1)/bin/python -m pip --disable-pip-version-check install --quiet
fill = $(if $(UV),$(UV) pip install --quiet --python $(1)/bin/python $(2) ||) \
  { $(by_pip) --upgrade 'pip>=25.1' && $(by_pip) $(2); }

# Stamp files: a second run installs nothing.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo 'Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(call made,$(VENV)) || { rm -rf $(VENV); \
	  echo 'No virtual environment could be made. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml
	$(call fill,$(VENV),--editable '.[all]')
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	$(call fill,$(VENV),--constraint constraints.txt --group dev --editable .)
	@touch $@ $(VENV)/.installed

.venv-oldest/.test: pyproject.toml constraints-oldest.txt
	$(call made,.venv-oldest)
	$(call fill,.venv-oldest,--constraint constraints-oldest.txt --group test --editable .)
	@touch $@

.venv-newest/.test: pyproject.toml
	$(call made,.venv-newest)
	$(call fill,.venv-newest,--group test --editable .)
	@touch $@

# The wheel alone, with the versions that $(VENV) has got, so that uv need not ask for them again.
alone = --constraint constraints.txt "$$(echo build/wheel/*.whl)[pdf]"
.venv-wheel/.installed: $(VENV)/.dev
	rm -rf build/wheel
	$(BIN)/python -m build --no-isolation --outdir build/wheel . >/dev/null
	$(call made,.venv-wheel)
	$(if $(UV),$(UV) pip install --quiet --offline --python .venv-wheel/bin/python $(alone) ||) { $(call fill,.venv-wheel,$(alone)); }
	@touch $@

$(VENV)/.standards: $(VENV)/.dev
	$(call fill,$(VENV),--group standards)
	@touch $@

$(VENV)/.live: $(VENV)/.installed
	$(call fill,$(VENV),--group live)
	@touch $@

$(VENV)/.mutation: $(VENV)/.dev
	$(call fill,$(VENV),--constraint constraints.txt --group mutation)
	@touch $@
