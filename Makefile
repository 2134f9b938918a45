# Everything a newcomer needs: `make run` and `make test`. The environment lives in .venv, data in var/.
.PHONY: run setup test test-setup lint lint-code lint-python lint-js lint-generated lint-docs format docs bench chaos wheel image-check lock clean

PORT ?= 8501
BIN := .venv/bin

run: setup
	@$(BIN)/python -m core sample --first-start
	$(BIN)/streamlit run app.py --server.port $(PORT)

setup:
	@sh .ci/setup run

test-setup:
	@sh .ci/setup test

# Two files at a time: half of the tests' time is waiting for browsers and services. Folder by folder: xdist's own order
# puts files of few tests last, and those in a browser are the longest.
test: test-setup
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: lint-code lint-docs

lint-code: lint-python lint-js

lint-python: test-setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lint-js: test-setup
	@sh .ci/js/check

# Parts of the documentation that are generated from the code: graph, figures, --help texts.
GENERATED := docs/architecture.md docs/commands.md docs/api.md docs/operations.md \
	core/adapters/store/migrations/blank_sqlite.sql
COG := $(BIN)/cog -I .ci

lint-generated: test-setup
	$(COG) --check --diff $(GENERATED)

# The documentation says what the code says: generated parts, paths, names, links, dependencies.
lint-docs: lint-generated
	$(BIN)/python -m pytest tests/repository

# The site goes to site/; its menu and look are in zensical.toml.
docs: test-setup
	$(COG) -r $(GENERATED)
	$(BIN)/zensical build --clean --strict

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@sh .ci/js/check fix

wheel: test-setup
	$(BIN)/python -m hatchling build -t wheel

# The image's steps in a clean root, where no container engine is at hand; a minute.
image-check: test-setup
	$(BIN)/python -m pytest tests/packaging/image_steps.py

bench: test-setup
	$(BIN)/python -m bench

# Servers killed, cut off, filled up and fed with garbage, for some 30 minutes; ends with 1 if anything was lost,
# doubled, overwritten, paid twice or crashed, or a part could not be done. PARTS="--only 'disk full'" does some.
MINUTES ?= 10
KILLS ?= 20
SEED ?= 20261128
PARTS ?=
chaos: test-setup
	$(BIN)/python -m bench.chaos --seed $(SEED) --minutes $(MINUTES) --kills $(KILLS) $(PARTS)

# Names, versions and hashes only; for every platform, Python 3.11 and 3.12.
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --quiet
lock: test-setup
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) pyproject.toml --extra dev --extra embedding --extra optimize --extra hub --extra mlflow -c requirements.lock -o requirements-dev.lock
	echo uv | $(LOCK) - -o .ci/uv.lock
	echo hatchling | $(LOCK) - -c requirements-dev.lock -o .ci/build.lock
	@sh .ci/js/lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
