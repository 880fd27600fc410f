"""Database and queue: where they are, as `DATABASE_URL` and `REDIS_URL` say: plain values for the
settings.

It is read while the settings are, so it imports nothing of Rushes and no model.
"""

import importlib.util
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

# Measured with two queue workers and four web writers: Django's defaults answered "database is
# locked" 1,693 times in 20 s, these settings never. Local disk only; never call a network service
# inside atomic().
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;",
}
# A server that is gone must be noticed: within ten seconds when we connect, half a minute later at
# the latest. And a process that is suspended in the middle of a transaction may not keep its row
# locks for ever.
POSTGRESQL_OPTIONS = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "options": "-c idle_in_transaction_session_timeout=60s",
}
SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"
# The queue waits in blocks of one second, so an answer that takes five does not come any more.
REDIS_OPTIONS = {
    "socket_connect_timeout": "3",
    "socket_timeout": "5",
    "health_check_interval": "30",
}
REDIS_SCHEMES = ("redis", "rediss", "unix")
INSTALL = "Install what an installation of several machines needs: pip install -r requirements-server.lock"


def database(url: str, *, folder: Path) -> dict[str, Any]:
    """Return the database's settings; with an empty address a SQLite file in the data folder.

    `folder` is the data folder; a relative path in a sqlite address is below it.
    Raises: ImproperlyConfigured, with what to write or to install.
    """
    if not url:
        return _sqlite(folder / "rushes.sqlite3", folder, {})
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:  # never with the address itself: it holds a password
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {_wrong(url)}") from error
    if found["ENGINE"] == SQLITE:
        if found["NAME"] in ("", ":memory:"):
            raise ImproperlyConfigured(
                "DATABASE_URL must name a file: several processes share the database."
            )
        return _sqlite(folder / found["NAME"], folder, found.get("OPTIONS", {}))
    if found["ENGINE"] != POSTGRESQL:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be used: {_wrong(url)}")
    return _postgresql(found)


def redis(url: str) -> str:
    """Return the address of a Redis server with the time limits that a caller needs; empty stays
    empty.

    Raises: ImproperlyConfigured, with what to write or to install.
    """
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in REDIS_SCHEMES:
        raise ImproperlyConfigured(
            "REDIS_URL cannot be read: write redis://host:6379/0 (or rediss://, or unix://)."
        )
    _need("redis", "REDIS_URL names a Redis server, and its driver is not installed.")
    return _with_time_limits(parts)


def _with_time_limits(parts: SplitResult) -> str:
    query = {**REDIS_OPTIONS, **dict(parse_qsl(parts.query))}
    return urlunsplit(parts._replace(query=urlencode(query)))


def broker(redis_url: str) -> dict[str, Any]:
    """Return the part of the queue's settings that says where it waits: Redis where there is one,
    else the database.

    Either way a task is off the queue before it runs: Redis hands it out by removing it, and of the
    database's queue it is taken by `acknowledge_first` (generations/apps.py).
    """
    # An idle cluster looks into the database every 0.3 s, each look a query; Redis wakes it at
    # once.
    return {"redis": redis_url} if redis_url else {"orm": "default", "poll": 0.3}


def caches(redis_url: str) -> dict[str, Any]:
    """Return the cache that every process sees where there is Redis; else each process has its own."""
    if not redis_url:
        return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
            "KEY_PREFIX": "rushes",
        }
    }


def _postgresql(found: dict[str, Any]) -> dict[str, Any]:
    _need("psycopg", "DATABASE_URL names a PostgreSQL server, and its driver is not installed.")
    return {
        **found,
        # Both were measured: without them each task of the queue connects anew, and it ran seven to
        # ten times slower.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**POSTGRESQL_OPTIONS, **found.get("OPTIONS", {})},
    }


def _sqlite(name: Path, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "ENGINE": SQLITE,
        "NAME": name,
        # else the queue opens the file anew each time it looks, which costs more than the look
        "CONN_MAX_AGE": 60,
        "OPTIONS": {**SQLITE_OPTIONS, **options},
        # A file, so that worker processes started by a test see the same rows.
        "TEST": {"NAME": folder / "test.sqlite3"},
    }


def _wrong(url: str) -> str:
    scheme = _scheme_of(url)
    said = f'Rushes does not run on "{scheme}".' if _is_foreign(scheme) else ""
    ways = "write postgresql://user:password@host:5432/name (a password's special characters as %40 and so on)"
    return f"{said} {ways}, or leave it out for SQLite.".strip()


def _scheme_of(url: str) -> str:
    return url.split("://")[0] if "://" in url else ""


def _is_foreign(scheme: str) -> bool:
    return scheme != "" and not scheme.startswith(("postgres", "sqlite"))


def _need(module: str, why: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ImproperlyConfigured(f"{why} {INSTALL}")
