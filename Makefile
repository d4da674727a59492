# Every target sets up what it needs; Python 3.11 or later and make are enough for all but those that name more.
# One program, whose path may have spaces.
PYTHON ?= python3
LAB = .venv
TEST = .venv-test
WORKSHOP = .venv-workshop
# Other people's code: environments in the checkout, told by what is in them, for their names are anybody's choice.
HOLDERS = $(shell find . -maxdepth 3 -name pyvenv.cfg -o -maxdepth 3 -name conda-meta)
OTHERS = $(patsubst ./%/,%,$(dir $(HOLDERS)))
NOT = $(OTHERS:%=--extend-exclude=%)

always:

.PHONY: always lab drift lock test test-pythons test-oldest test-real test-long test-workshop bench docs pictures lint fix clean

# A workspace of its own: a person's other layouts stay as they are. It shows the table of contents, the list of steps.
WORKSPACE = /lab/workspaces/instagram-login/tree/notebooks/1_set_up.ipynb

lab: $(LAB)/ready  ## open JupyterLab at 1_set_up.ipynb (OPTIONS=--no-browser and the like are passed on)
	@$(LAB)/bin/jupyter lab workspaces import tools/workspace.json >/dev/null
	@git config filter.notebook.clean "'$(PYTHON)' tools/clean_notebook.py" 2>/dev/null || true  # saving changes nothing for git
	$(LAB)/bin/jupyter lab --ServerApp.root_dir=. --FileContentsManager.post_save_hook=helpers.project.git.saved --LabApp.default_url=$(WORKSPACE) $(OPTIONS)

test: $(TEST)/ready lint  ## everything that needs nothing but Python
	$(TEST)/bin/python -m pytest -n 2 --dist loadfile

test-pythons:  ## make test on each Python that the project names, as far as they are here
	"$(PYTHON)" tools/pythons.py

test-oldest:  ## make test with the oldest versions that the project declares
	"$(PYTHON)" tools/environment.py $(TEST)-oldest test --oldest
	$(TEST)-oldest/bin/python -m pytest -n 2 --dist loadfile

drift: $(TEST)/ready  ## what the kit relies on, compared with what is published now
	$(TEST)/bin/python tools/drift.py

lock: $(TEST)/ready  ## the versions and hashes that make lab installs (needs uv)
	$(TEST)/bin/python tools/lock.py

test-real: $(TEST)/ready-real  ## the same contracts and logins on four real Strapis (needs Node 20+, npm and Chromium; fetches nginx and Caddy by apt-get)
	$(TEST)/bin/python -m tests.real.strapi
	$(TEST)/bin/python -m pytest -m 'real and not long' -n 2 -p tests.real.by_version

test-long: $(TEST)/ready-real  ## what of it is repeated, and takes too long for every change
	$(TEST)/bin/python -m tests.real.strapi
	$(TEST)/bin/python -m pytest -m long -n 2 -p tests.real.by_version

test-workshop: $(WORKSHOP)/ready-test  ## two attendees on a real hub; as root also that nothing is shared (needs Node 20+ and npm)
	$(WORKSHOP)/bin/python -m pytest -m workshop

bench: $(TEST)/ready-bench  ## everything measured side by side, written to docs/benchmarks.md
	$(TEST)/bin/python -m tests.bench

docs: $(TEST)/ready  ## the pages of docs/failures, written from helpers/failures/
	$(TEST)/bin/python -m helpers.doctor.failure_page docs/failures

pictures: $(TEST)/ready-real  ## the pictures of docs, taken while the browser tests click through the notebooks
	PICTURES=docs $(TEST)/bin/python -m pytest -m real tests/real/test_browser_notebooks.py tests/real/test_browser_meta.py tests/real/test_browser_go_live_notebook.py -k 'clicked_through or every_mistake or (going_live and light)'

lint: $(TEST)/ready
	$(TEST)/bin/ruff check . $(NOT)
	$(TEST)/bin/ruff format --check . $(NOT)
	$(TEST)/bin/codespell $(OTHERS:%=--skip=%)
	$(TEST)/bin/mypy

fix: $(TEST)/ready  ## repair what lint complains about, as far as a tool can
	$(TEST)/bin/ruff check --fix . $(NOT)
	$(TEST)/bin/ruff format . $(NOT)

clean:
	rm -rf $(LAB) $(TEST) $(TEST)-* $(WORKSHOP) .real build *.egg-info

# An environment that is right stays as it is; one of another Python than was asked for is made anew.
EXACTLY = $(if $(filter file default undefined,$(origin PYTHON)),,--exactly)

$(LAB)/ready: always
	@"$(PYTHON)" tools/environment.py $(LAB) lab $(EXACTLY)

$(TEST)/ready: always
	@"$(PYTHON)" tools/environment.py $(TEST) test $(EXACTLY)

$(TEST)/ready-bench: $(TEST)/ready
	$(TEST)/bin/python -m pip install --quiet -e '.[test,real,bench]'
	touch $@

# Debian's Chromium, because it blocks third-party cookies as Safari does.
$(TEST)/ready-real: $(TEST)/ready
	command -v chromium >/dev/null || { apt-get update --quiet && apt-get install --quiet --yes chromium; }
	$(TEST)/bin/python -m pip install --quiet -e '.[test,real,lab]'
	touch $@

# Its Python must be one that other users may run; the workshop's own rule finds it.
$(WORKSHOP)/ready-test: pyproject.toml
	$(MAKE) -C workshop ready
	$(WORKSHOP)/bin/python -m pip install --quiet -e '.[test,lab,workshop]'
	touch $@
