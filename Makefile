# Two commands: `make run` and `make test`. Everything they need is installed into .venv by themselves.
PYTHON ?= python3
PORT ?= 8000
PY = .venv/bin/python
# What must hold on PostgreSQL and Redis as on SQLite: money, claims, leases, the engine, the queue, people, machines.
ON_SERVERS = tests/core tests/costs tests/teams tests/review tests/alerts tests/journeys/test_machines.py \
  $(addprefix tests/generations/test_,accounts.py batch.py books.py cluster.py engine.py enqueue.py following.py order.py \
  outcomes.py pausing.py races.py search.py settle.py takeover.py ticker.py) \
  $(addprefix tests/web/test_,costs.py engine_room.py people.py queue.py roles.py)

.PHONY: run test lint bench lock clean

run: .venv/.run
	@$(PY) manage.py studio --port $(PORT)

test: .venv/.test lint
	@$(PY) tests/browser.py --install
	$(PY) -m pytest -n 2 --dist loadfile
	@$(PY) -m tests.services --or-tell -- $(PY) -m pytest -n 2 --dist loadfile $(ON_SERVERS)

lint: .venv/.test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: .venv/.test
	$(PY) -m tests.bench

.venv/.run: requirements.lock
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@echo "Installing Rushes (once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/.test: requirements-dev.lock .venv/.run
	@echo "Installing what the tests need (once) ..."
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# After a change of the dependencies in pyproject.toml. Needs `uv` on the PATH.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra server pyproject.toml -o requirements-server.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
