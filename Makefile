# make grade [SUBMISSION=homework] [OUT=report.html] [ARGS="--profile full --data-root ..."]
# make test | bench | schemas | clean
SUBMISSION ?= homework
OUT ?= report.html
ARGS ?=

.PHONY: grade test lint bench schemas clean environment
.SILENT:

grade: environment
	$$(cat .environment) -m grader.cli $(SUBMISSION) --out $(OUT) $(ARGS)

test: environment lint
	$$(cat .environment) -m pytest -n 2 --dist worksteal -q

lint: environment
	$$(cat .environment) -m ruff check .
	$$(cat .environment) -m ruff format --check grader tests bench
	$$(cat .environment) -m mypy

bench: environment
	$$(cat .environment) bench/quick_profile.py

schemas: environment
	$$(cat .environment) -m grader.schemas docs

environment:
	sh .ci/environment

clean:
	rm -rf .venv .environment build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
