"""DATABASE_URL and REDIS_URL: what is made of them, and what is said when they cannot be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from editorapp.core import services
from tests.environment import ROOT

POSTGRESQL = "postgresql://rushes:s3cr%40t@db.example:5433/studio"


def test_without_an_address_it_is_a_sqlite_file_in_the_data_folder(tmp_path: Path) -> None:
    found = services.database("", folder=tmp_path)

    assert found["NAME"] == tmp_path / "rushes.sqlite3"
    assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("url", "name"),
    [("sqlite:///own.sqlite3", "own.sqlite3"), ("sqlite:////srv/own.sqlite3", "/srv/own.sqlite3")],
)
def test_a_sqlite_address_keeps_the_measured_options(tmp_path: Path, url: str, name: str) -> None:
    found = services.database(f"{url}?timeout=5", folder=tmp_path)

    assert found["NAME"] == tmp_path / name
    assert found["OPTIONS"] == {**services.SQLITE_OPTIONS, "timeout": 5}


def test_postgresql_keeps_its_connections_and_checks_them(tmp_path: Path) -> None:
    found = services.database(f"{POSTGRESQL}?sslmode=require&connect_timeout=3", folder=tmp_path)

    assert (found["HOST"], found["PORT"], found["NAME"], found["PASSWORD"]) == (
        "db.example",
        5433,
        "studio",
        "s3cr@t",
    )
    assert (found["CONN_MAX_AGE"], found["CONN_HEALTH_CHECKS"]) == (60, True)
    assert (found["OPTIONS"]["sslmode"], found["OPTIONS"]["connect_timeout"]) == ("require", 3)
    assert "keepalives_idle" in found["OPTIONS"]


@pytest.mark.parametrize(
    "url", ["mysql://a:hidden@c/d", "hello", "sqlite://", "postgis://a:hidden@c/d", "oracle://x"]
)
def test_a_database_that_cannot_be_used_is_said_without_its_password(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        services.database(url, folder=tmp_path)

    assert "DATABASE_URL" in str(refused.value) and "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "module"), [(POSTGRESQL, "psycopg"), ("redis://127.0.0.1/0", "redis")]
)
def test_a_missing_driver_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch, url: str, module: str
) -> None:
    find = services.importlib.util.find_spec
    monkeypatch.setattr(
        services.importlib.util, "find_spec", lambda name: None if name == module else find(name)
    )

    with pytest.raises(ImproperlyConfigured, match="pip install -r requirements-server.lock"):
        services.redis(url) if module == "redis" else services.database(url, folder=tmp_path)


def test_what_cannot_be_used_ends_a_command_with_one_sentence_and_no_traceback(
    tmp_path: Path,
) -> None:
    environment = {**os.environ, "RUSHES_DATA_DIR": str(tmp_path), "REDIS_URL": "http://127.0.0.1"}

    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 1
    assert (
        ended.stderr.strip()
        == "REDIS_URL cannot be read: write redis://host:6379/0 (or rediss://, or unix://)."
    )


def test_redis_is_asked_with_time_limits_that_the_address_may_change() -> None:
    found = services.redis("rediss://:pass%40word@cache.example:6380/2?socket_timeout=9")

    assert found.startswith("rediss://:pass%40word@cache.example:6380/2?")
    assert "socket_connect_timeout=3" in found and "socket_timeout=9" in found


def test_the_queue_and_the_cache_are_in_redis_where_there_is_one() -> None:
    assert services.broker("") == {"orm": "default", "poll": 0.3}
    assert services.broker("redis://x/1") == {"redis": "redis://x/1"}
    assert services.caches("redis://x/1")["default"]["LOCATION"] == "redis://x/1"
