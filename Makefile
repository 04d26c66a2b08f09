# Two commands: `make run` (the demo) and `make test` (everything CI checks). Each makes what it needs.
PYTHON ?= python3.11
BIN := .venv/bin
DEMO ?= runs/demo
export PYTHONHASHSEED := 0

.PHONY: run test lint unit bench lock clean browser

run: .venv/.ok
	$(BIN)/linkage demo --out $(DEMO)

test: lint unit

lint: .venv/.ok
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .

unit: .venv/.ok browser
	$(BIN)/pytest -n 2

bench: .venv/.ok
	@for file in tests/benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

# A new lock or a new pyproject.toml is a new environment. uv is quicker; pip does the same where uv cannot reach the index.
.venv/.ok: requirements/bootstrap.txt requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q linkage
	touch $@

# Browser tests, PDF checks and the PostgreSQL round trip use Debian's packages; without them those tests say that they are skipped.
DEBIAN := chromium poppler-utils postgresql fonts-croscore
browser:
	@missing=""; for package in $(DEBIAN); do dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	  else echo "Not installed:$$missing (tests that need them are skipped; apt-get install$$missing)"; fi; fi

lock: .venv/.ok
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" pyproject.toml \
	  --extra notebooks --extra postgres --group dev -o requirements/dev.txt
	printf 'uv==0.13.8\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --custom-compile-command "make lock" - -o requirements/bootstrap.txt

clean:
	rm -rf .venv runs .mypy_cache .ruff_cache .pytest_cache
