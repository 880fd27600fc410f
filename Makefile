# Two commands: `make run` and `make test`. Everything they need is installed into .venv by themselves.
PYTHON ?= python3
PORT ?= 8000
PY = .venv/bin/python
# Hundreds of processes start in the tests: none compiles our modules for itself, whatever the environment says.
export PYTHONDONTWRITEBYTECODE =
# Six processes for two cores: two thirds of what each does is wait, for a provider, a browser or a process that starts.
# In the order of tests/conftest.py, not the longest list of tests first: files of few and long tests would be the last.
PYTEST = $(PY) -m pytest -n 6 --dist loadfile --no-loadscope-reorder
LINT = $(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy
# What must hold on PostgreSQL and Redis as on SQLite: money, claims, leases, the engine, the queue, several machines.
ON_SERVERS = tests/costs tests/library tests/review tests/inbox tests/exports/test_provenance.py tests/alerts/test_alerts.py tests/journeys/test_machines.py \
  tests/core/test_exists_by_row.py tests/kill/test_short_run.py $(addprefix tests/teams/test_,ways_out.py sign_in.py) \
  $(addprefix tests/generations/test_,accounts.py batch.py books.py branches.py cluster.py clock_steps.py \
  claims.py database_trouble.py engine.py enqueue.py fair_order.py lineage.py lineage_stale.py lineage_tree.py offboarding.py \
  parked.py pause.py races.py reclaim.py reconcile_release.py reconcile_settle.py retry_policies.py \
  selection.py stop_following.py ticker.py trash.py unknown_outcomes.py unusable_answers.py verification.py) \
  $(addprefix tests/web/test_,queue.py comments.py costs.py every_figure.py bad_requests.py gallery_filters.py \
  guests.py hostile_values.py lineage.py organise.py playlists.py rounds.py team_accounts.py trash.py \
  upload_again.py verdicts.py)

.PHONY: run test lint kill hostile bench seed shots lock clean

run: .venv/.run
	@$(PY) manage.py studio --port $(PORT)

# While mypy thinks, the tests are compiled: six processes that begin at once would each do it for themselves.
test: .venv/.test
	@$(PY) -m pytest --collect-only --quiet > /dev/null & $(LINT) && wait
	@$(PY) tests/browser.py --install
	$(PYTEST)
	@$(PY) -m tests.services --or-tell -- $(PYTEST) $(ON_SERVERS)

lint: .venv/.test
	$(LINT)

# A hundred takes while processes are killed two hundred times, on both databases: about six minutes each.
kill: .venv/.test
	$(PY) -m tests.kill --every-point
	$(PY) -m tests.kill --every-point --database postgresql

# A provider that misbehaves, each way at each of the three wires; `make test` lets one stand for what they share.
hostile: .venv/.test
	RUSHES_TEST_EVERY_WIRE=1 $(PY) -m pytest tests/hostile

bench: .venv/.test
	$(PY) -m tests.bench

# Two years of N takes into an empty installation, RUSHES_DATA_DIR or DATABASE_URL: rows only, no files.
N ?= 10000
seed: .venv/.test
	$(PY) -m tests.seed $(N)

# Every screen in every state, at four widths in both themes: SHOTS=folder, SCREENS="studio queue" for some.
shots: .venv/.test
	$(PY) -m tests.shots

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
