# Every target makes its environment by itself: all it takes is make and a Python from 3.11 on with venv.
# Output of the set-up goes to stderr, so that stdout belongs to the command that was asked for.
#
#   make demo [ONCE=1] [JSON=1]      make test [ARGS="tests/test_mail -k charset"]      make PYTHON=python3.13 VENV=.venv-3.13 test

.SILENT:
.DELETE_ON_ERROR:
.PHONY: help demo test torture fuzz soak lint format bench lock clean

ifndef PYTHON
PYTHON := $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
endif
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
on = $(filter-out 0 no off false,$($(1)))

help:
	echo 'make demo    the daemon on an embedded mail server with sample mails (ONCE=1: end by itself, JSON=1: JSON Lines)'
	echo 'make test    the tests; what needs a server is skipped where it is not installed (ARGS="-k word")'
	echo 'make torture the long form of the reliability tests, with their figures at the end (hours; ARGS="-k word")'
	echo 'make fuzz    one parser under a fuzzer (PARSER=facebook.notification SECONDS=60)'
	echo 'make soak    the daemon under random faults for a time (HOURS=1)'
	echo 'make lint    style, types and the arrows between the rooms'
	echo 'make format  mend the style'
	echo 'make bench   the measurements of docs/performance.md (some minutes)'
	echo 'make lock    resolve requirements.lock anew (needs uv)'
	echo 'make clean   remove everything that was built'

$(READY): requirements.lock pyproject.toml
	test -n "$(PYTHON)" || { echo 'Python 3.11 or newer with venv is needed: make PYTHON=/path/to/python3.12 …' >&2; exit 2; }
	echo 'Making $(VENV) from requirements.lock (once, about a minute) …' >&2
	rm -f $@
	$(PYTHON) -m venv --clear $(VENV) >&2
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock >&2
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable . >&2
	touch $@

demo: $(READY)
	$(BIN)/interest-ingest demo $(if $(call on,ONCE),--once) $(if $(call on,JSON),--json)

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# The modules that have a long form are those that import tests.torture. One process: they measure CPU and memory.
torture: $(READY)
	mkdir -p build
	rm -f build/torture.txt
	INTEREST_INGEST_TORTURE=1 INTEREST_INGEST_REPORT="$(CURDIR)/build/torture.txt" $(BIN)/python -m pytest -o timeout=14400 \
		$$(grep -rl --include='test_*.py' 'tests.torture' tests) $(ARGS); \
		result=$$?; test ! -f build/torture.txt || cat build/torture.txt; exit $$result

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz $(PARSER) -max_total_time=$(or $(SECONDS),60)

soak: $(READY)
	$(BIN)/python -m tests.soak --hours $(or $(HOURS),1)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy src parsers tests bench
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)
	$(BIN)/python -m bench $(ARGS)

# Hashes of every file of every version, for all platforms; no address of a package index may stand in it.
lock:
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command 'make lock' --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .venv-* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
