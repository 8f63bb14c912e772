# make run     three simulated trucks and their server, on this machine only   (PORT=8000, ARGS="--for 40s")
# make test    the test suite                                                  (ARGS="-k merkle")
# make campaign  every fault ten times as often; then writes docs/reliability.md
# make check   lint, types, arrows
# make bench   measures, and writes build/bench.json
# make wheelhouse  build/wheelhouse: the agent, its wheels and its installer, for a USB stick
#              (EXTRAS=pi, PLATFORM=linux_aarch64 FOR_PYTHON=3.11 for another machine)
# make clean   removes build/ and caches; the virtual environment stays
#
# The first run makes .venv by itself. Nothing is installed outside this folder.

SHELL := /bin/bash
BIN   := .venv/bin
ARGS  ?=
EXTRAS ?=
PLATFORM ?=
FOR_PYTHON ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PIP_ROOT_USER_ACTION := ignore
export PYTHONUNBUFFERED := 1

.PHONY: help run test campaign check bench wheelhouse clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed -n '1,/^$$/p'

run: .venv/.ready-to-run
	@exec $(BIN)/jagalchi-server demo $(ARGS)

test: .venv/.ready-to-test
	@exec $(BIN)/python -m pytest -q $(ARGS)

# All three run, so that one run tells everything.
campaign: export JAGALCHI_CAMPAIGN := 1
campaign: .venv/.ready-to-test
	@$(BIN)/python -m pytest -q $(ARGS)
	@exec $(BIN)/python -m tests.reliability

check: .venv/.ready-to-test
	@failed=0; \
	echo "ruff: lint";           $(BIN)/ruff check --quiet --output-format concise . || failed=1; \
	echo "mypy: types";          $(BIN)/mypy || failed=1; \
	echo "lint-imports: arrows"; $(BIN)/lint-imports --no-logo || failed=1; \
	exit $$failed

bench: .venv/.ready-to-test
	@mkdir -p build
	@exec $(BIN)/python -m tests.bench --json build/bench.json $(ARGS)

wheelhouse: .venv/.ready-to-run
	@exec bash .ci/wheelhouse.sh "$(EXTRAS)" "$(PLATFORM)" "$(FOR_PYTHON)"

clean:
	@rm -rf build *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

# A stamp is newer than the lists it was made from, or the packages are installed again.
.venv/.ready-to-run: setup.cfg pyproject.toml .ci/venv.sh
	@bash .ci/venv.sh "server"
	@touch $@

.venv/.ready-to-test: setup.cfg pyproject.toml .ci/venv.sh
	@bash .ci/venv.sh "server,postgres,dev"
	@touch $@ .venv/.ready-to-run
