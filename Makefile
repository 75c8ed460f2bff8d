# SPDX-License-Identifier: Apache-2.0
# Short commands for people. `make demo` is the one to begin with.
.DEFAULT_GOAL := help
.PHONY: help venv demo demo-twins test interop check simulate journeys year crash bench fuzz-api pages translations vectors lock differences screenshots bench-pages axe

BIN := .venv/bin

help:
	@echo "make demo    two agencies on this computer exchange a case; options: make demo ARGS=--serve"
	@echo "make demo-twins  the demo once with every partner that behaves badly: lossy, late, offline ..."
	@echo "make test    run the tests; options: make test ARGS='-k merkle'"
	@echo "make interop set up the npm packages of the partner in another language (make test does it too)"
	@echo "make check   format, lint, types, import rules, project rules"
	@echo "make simulate  2,000 random histories of two nodes; others: make simulate ARGS='--seeds 500 --first 9000'"
	@echo "make differences  planted differences that both sides must name; more: make differences ARGS='--seeds 500'"
	@echo "make journeys  scenarios of the domain reference between two nodes; some: make journeys ARGS='1 16'"
	@echo "make year    statistics of a generated year of 1,000 cases on both sides; others: make year ARGS='--cases 300'"
	@echo "make crash   kill -9 two real nodes at 30 random moments; others: make crash ARGS='--kills 100 --seed 4'"
	@echo "               while parcels are read and written: make crash ARGS=--parcels"
	@echo "make bench   floor, product and peer measured side by side; quick: make bench ARGS=--quick"
	@echo "make bench-pages  server time of every page with 40,000 cases and a million messages; less: ARGS='--messages 50000'"
	@echo "make screenshots  the pictures of the README, from two nodes on this computer (needs Chromium)"
	@echo "make axe     every page in every language checked by axe-core (needs Chromium)"
	@echo "make fuzz-api  thousands of made-up requests to the staff API; more: make fuzz-api ARGS='--examples 500'"
	@echo "make venv    set up the Python packages in .venv (the others do it too)"
	@echo "make pages   write the pages of the documentation that are made from data"
	@echo "make translations  bring the .po files up to the texts of the tree; ARGS='--missing FILE' and '--take FILE' for translators"
	@echo "make vectors  write the vectors of the conformance kit again; kept bodies stay as they are"
	@echo "make lock    write requirements.lock again (needs uv)"

# An upgrade of the system can take the Python away that .venv points at.
venv: .venv/.complete
	@$(BIN)/python -c "" 2>/dev/null || { rm -f .venv/.complete; PYTHON="$(PYTHON)" tools/setup.sh; }

.venv/.complete: requirements.lock pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" tools/setup.sh

demo: venv
	@$(BIN)/exchange demo $(ARGS)

demo-twins: venv
	@$(BIN)/python -m tests.twins

test: venv
	@tools/node.sh || true
	@tools/browser.sh || true
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

axe: venv
	@tools/browser.sh || true
	@EVERY_LANGUAGE=yes $(BIN)/python -m pytest -n 0 tests/web/test_pages_in_a_browser.py -k "serious or list" $(ARGS)

interop:
	@tools/node.sh

check: venv
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/mypy tools
	@$(BIN)/lint-imports
	@$(BIN)/python -m tools.checks

simulate: venv
	@$(BIN)/python -m tests.simulate $(ARGS)

differences: venv
	@$(BIN)/python -m tests.differences $(ARGS)

journeys: venv
	@$(BIN)/python -m tests.journeys_table $(ARGS)

year: venv
	@$(BIN)/python -m tests.year $(ARGS)

crash: venv
	@$(BIN)/python -m tests.crash $(ARGS)

bench: venv
	@$(BIN)/python -m tests.bench $(ARGS)

bench-pages: venv
	@$(BIN)/python -m tests.bench.pages $(ARGS)

screenshots: venv
	@tools/browser.sh || true
	@$(BIN)/python -m tests.screenshots $(ARGS)

fuzz-api: venv
	@$(BIN)/python -m tests.fuzz_api $(ARGS)

pages: venv
	@$(BIN)/python -m tools.pages

translations: venv
	@$(BIN)/python -m tools.translations $(ARGS)

vectors: venv
	@$(BIN)/python -m tools.vectors

lock:
	@tools/lock.sh
