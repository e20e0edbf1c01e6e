# make run            serve the site at http://127.0.0.1:8000 (PORT=… and HOST=… choose another address)
# make test           run the tests on SQLite and PostgreSQL (ARGS=… passes arguments to pytest)
# make test-processes test running servers: first run, crashes, outages, upgrades, OpenAPI clients
# make test-next      run the same tests as make test on the next version of Django, with Python 3.12
# make test-pages     test the pages in Chromium and check their accessibility with axe-core
# make check          run the linters and check types, imports, migrations, deployment settings and API description
# make fuzz           search longer for API errors and for leaks of secrets (FUZZ_EXAMPLES=… requests per endpoint)
# make clients        generate a Python client and TypeScript types from the API description, in var/clients
# make messages       collect the texts for translation and compile the translations (heroesite/locale)
# make format         format the code and fix what the linter can fix
# make lock           update uv.lock after changing dependencies
# make screens        take screenshots of the main pages, in var/screens
# make lighthouse     score the main pages with Lighthouse
# make bench          compare with other frameworks and goals in 15 minutes and write docs/PERFORMANCE.md (ROUNDS=… HEROES=…)
# make bench-quick    compare a few cases with two frameworks in two minutes and print the results
# make profile        print how long a request spends in each layer (CASE=one|token|list|cursor|patch|post|html)
# make bench-api      measure the API: items per second in bulk, and pages of a long list
# make bench-history  measure what history and versions cost per write, on both databases
# make bench-pages    measure the pages of a register of 100,000 heroes, on both databases

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test test-processes test-next test-pages screens fuzz messages clients check format lock bench bench-quick profile bench-api bench-history bench-pages lighthouse
.DEFAULT_GOAL := run

run: .venv/installed-run
	@$(BIN)/python manage.py serve

test: .venv/installed-dev
	@$(BIN)/python -m tests $(ARGS)

test-processes: .venv/installed-dev
	@$(BIN)/python -m tests tests/processes $(ARGS)

NEXT_PYTHON ?= python3.12
test-next: .venv/installed-dev
	@command -v $(NEXT_PYTHON) >/dev/null || { echo "Django 6 needs Python 3.12 or later. Set its path: make test-next NEXT_PYTHON=/path/to/python3.12"; exit 1; }
	@$(NEXT_PYTHON) -m venv var/next
	@$(BIN)/uv export --quiet --frozen --no-hashes --no-emit-project | grep -viE '^(django==|ruff|mypy|django-stubs|djangorestframework-stubs)' > var/next/requirements.txt
	@$(BIN)/uv pip install --quiet --python var/next/bin/python -r var/next/requirements.txt 'django>=6,<7'
	@var/next/bin/python -m tests -W ignore::DeprecationWarning -W ignore::PendingDeprecationWarning $(ARGS)

test-pages: .venv/installed-dev
	@$(BIN)/python -m tests tests/browser $(ARGS)

screens: .venv/installed-dev
	@$(BIN)/python -m tests.browser.screens

fuzz: .venv/installed-dev
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-200} $(BIN)/python -m tests tests/processes/test_description.py tests/records/test_no_side_channel.py

CLIENTS := var/clients
clients: .venv/installed-dev
	@command -v npx >/dev/null || { echo "The TypeScript types need npx. To install it on Debian or Ubuntu: apt-get install npm"; exit 1; }
	@rm -rf $(CLIENTS) && mkdir -p $(CLIENTS)
	@$(BIN)/python manage.py spectacular --format openapi-json --file $(CLIENTS)/schema.json
	@PATH="$$PWD/$(BIN):$$PATH" openapi-python-client generate --path $(CLIENTS)/schema.json --meta none --output-path $(CLIENTS)/register_client
	@npx --yes openapi-typescript@7.13.0 $(CLIENTS)/schema.json --output $(CLIENTS)/register.d.ts
	@cp tests/processes/uses_types.ts $(CLIENTS)/
	@npx --yes --package typescript@5.9.3 tsc --noEmit --strict --module nodenext $(CLIENTS)/uses_types.ts $(CLIENTS)/register.d.ts

PRODUCTION := HEROESITE_ENV=production SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	DATABASE_URL=postgresql://heroesite@127.0.0.1/heroesite ALLOWED_HOSTS=heroes.example.org EMAIL_URL=dummy:

check: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

CATALOG := heroesite/locale/de/LC_MESSAGES/django.po
messages: .venv/installed-dev
	@command -v msgfmt >/dev/null || { echo "Translations need gettext. To install it on Debian or Ubuntu: apt-get install gettext"; exit 1; }
	@$(BIN)/python manage.py makemessages --locale de --no-location --no-wrap --no-obsolete $(foreach folder,.venv var tests benchmarks docs,--ignore $(folder))
	@sed -i '/^"POT-Creation-Date/d; /^"Report-Msgid-Bugs-To/d' $(CATALOG)
	@$(BIN)/python manage.py compilemessages --locale de --ignore .venv
	@test -z "$$(msgattrib --untranslated $(CATALOG))" || { msgattrib --untranslated $(CATALOG); exit 1; }
	@test -z "$$(msgattrib --only-fuzzy $(CATALOG))" || { msgattrib --only-fuzzy $(CATALOG); exit 1; }

format: .venv/installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

BENCH = $(if $(ROUNDS),ROUNDS=$(ROUNDS)) $(if $(HEROES),HEROES=$(HEROES))
bench: .venv/installed-dev
	@$(BENCH) $(BIN)/python -m benchmarks.compare

bench-quick: .venv/installed-dev
	@$(BENCH) $(BIN)/python -m benchmarks.compare quick

CASE ?= one
profile: .venv/installed-dev
	@$(BENCH) $(BIN)/python -m benchmarks.layers $(CASE)

bench-api: .venv/installed-dev
	@$(BIN)/python -m benchmarks.api

bench-history: .venv/installed-dev
	@$(BIN)/python -m benchmarks.history

bench-pages: .venv/installed-dev
	@$(BIN)/python -m benchmarks.pages

lighthouse: .venv/installed-dev
	@$(BIN)/python -m benchmarks.lighthouse

lock: .venv/installed-dev
	$(BIN)/uv lock

.venv/installed-run: uv.lock .venv/bin/uv
	@$(BIN)/uv sync --quiet --frozen --inexact --no-dev
	@touch $@

.venv/installed-dev: uv.lock .venv/bin/uv
	@$(BIN)/uv sync --quiet --frozen --inexact
	@touch $@

.venv/bin/uv:
	@command -v $(PYTHON) >/dev/null || { echo "heroesite needs Python 3.11 or later, and $(PYTHON) isn't installed. Install it, or set its path: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "heroesite needs Python 3.11 or later, and $(PYTHON) is older. Install a newer one, or set its path: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. To install it on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check uv
