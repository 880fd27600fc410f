"""Loaded by pytest before Django's settings are read (see pyproject.toml): every test process gets
state of its own.

Tests run on SQLite in a folder of their own, whatever the machine's own DATABASE_URL says. With
RUSHES_TEST_DATABASE_URL and RUSHES_TEST_REDIS_URL (see tests/services.py) they run on those servers
instead.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

OURS = (
    "RUSHES_SIMULATOR_URL",
    "RUSHES_ENCRYPTION_KEYS",
    "RUSHES_MEDIA_DIR",
    "DATABASE_URL",
    "REDIS_URL",
    "RUSHES_EMAIL_URL",
    "RUSHES_ALERT_EMAIL",
    "RUSHES_ALERT_WEBHOOK",
    "RUSHES_METRICS_TOKEN",
    "RUSHES_LOG_FORMAT",
    "RUSHES_LOG_LEVEL",
    "RUSHES_ORIGINS",
    "RUSHES_C2PA_CERTIFICATE",
    "RUSHES_C2PA_KEY",
)
_folder = tempfile.mkdtemp(prefix="rushes-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
# The first process makes it and takes it away; those of pytest-xdist find it in their environment.
_is_first = "RUSHES_TEST_SHARED_FOLDER" not in os.environ
SHARED_BY_ALL = Path(os.environ.setdefault("RUSHES_TEST_SHARED_FOLDER", f"{_folder}-shared"))
SHARED_BY_ALL.mkdir(exist_ok=True)


def pytest_unconfigure() -> None:
    """Take the folder away: pytest-xdist ends some of its processes without what they would do at
    their exit.
    """
    shutil.rmtree(_folder, ignore_errors=True)
    if _is_first:
        shutil.rmtree(SHARED_BY_ALL, ignore_errors=True)


for _name in list(os.environ):
    if _name.startswith(("LUMA_", "GMI_", "SCENARIO_")) or _name in OURS:
        del os.environ[_name]
os.environ["RUSHES_DATA_DIR"] = _folder
os.environ["RUSHES_SECRET_KEY"] = "only for tests"

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("RUSHES_SHARED") or ROOT.parent / "shared")
MEDIA = SHARED / "media"
POSTGRESQL = os.environ.get("RUSHES_TEST_DATABASE_URL", "")
REDIS = os.environ.get("RUSHES_TEST_REDIS_URL", "")


def installation(folder: Path, *, template: str = "template1", **more: str) -> dict[str, str]:
    """Return the environment of processes that are an installation of their own, with its state
    under `folder`.

    On PostgreSQL and Redis it gets a database (a copy of `template`) and an empty number of its
    own: call it once for each.
    """
    given = {**os.environ, "RUSHES_DATA_DIR": str(folder)}
    if POSTGRESQL:
        from tests.services import make_database

        given["DATABASE_URL"] = make_database(
            POSTGRESQL, f"rushes_{os.urandom(6).hex()}", template=template
        )
    if REDIS:
        given["REDIS_URL"] = _unused_redis()
    return {**given, **more}


def _unused_redis() -> str:
    """Return the address of a numbered database in Redis that nobody else uses; 0 counts those
    given away.
    """
    from redis import Redis

    server = REDIS.rpartition("/")[0]
    with Redis.from_url(f"{server}/0") as counter:
        most = int(counter.config_get("databases")["databases"])
        number = 1 + int(counter.incr("rushes-tests:given")) % (most - 1)
    with Redis.from_url(f"{server}/{number}") as chosen:
        chosen.flushdb()
    return f"{server}/{number}"


# The tests' own: pytest-django makes a database beside this one, `test_<name>` and xdist's worker's
# name.
if POSTGRESQL:
    os.environ["DATABASE_URL"] = POSTGRESQL
if REDIS:
    os.environ["REDIS_URL"] = _unused_redis()
