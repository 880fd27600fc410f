"""Readiness: can this process do its work? Each check answers "", or says what is not there."""

import hashlib
import secrets
import time
from collections.abc import Callable, Collection
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from editorapp.generations.coordination import heartbeat
from editorapp.media import store
from editorapp.media.refusals import Refusal

READY = b"ready"
WRITTEN_SECONDS = 30.0  # a probe comes every few seconds; the disk is written to less often

_migrated: set[str] = set()  # databases that were found up to date: nothing takes a migration back
_written: dict[str, float] = {}  # folder -> when it could be written to (monotonic)


def checks(now: datetime, *, exclude: Collection[str] = ()) -> dict[str, str]:
    """Return what each check found; those that need the database say so when it is away."""
    found: dict[str, str] = {}
    for name, check in CHECKS.items():
        if name in exclude:
            continue
        if found.get("database") and name in NEED_DATABASE:
            found[name] = "Not known: the database does not answer."
            continue
        try:
            found[name] = check(now)
        except DatabaseError as error:
            found[name] = f"Not known ({type(error).__name__})."
    return found


def _database(now: datetime) -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"The database does not answer ({type(error).__name__})."
    return ""


def _migrations(now: datetime) -> str:
    name = str(connection.settings_dict["NAME"])
    if name in _migrated:
        return ""
    if missing := _missing_migrations():
        return f"{missing} migrations are not applied: run `manage.py migrate`."
    _migrated.add(name)
    return ""


def _missing_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _media(now: datetime) -> str:
    """Write and delete a little file where uploads and results arrive, and one in the bucket where
    there is one.
    """
    folder = str(settings.MEDIA_ROOT)
    if time.monotonic() - _written.get(folder, -WRITTEN_SECONDS) < WRITTEN_SECONDS:
        return ""
    try:
        _write_and_delete()
    except OSError as error:
        return f"The media folder cannot be written to ({error.strerror})."
    except Refusal as refusal:
        return refusal.message
    _written[folder] = time.monotonic()
    return ""


def _write_and_delete() -> None:
    name = f"ready-{secrets.token_hex(8)}"
    file = store.incoming() / name
    file.write_bytes(READY)
    file.unlink()
    _write_to_bucket(f"ready/{name}")


def _write_to_bucket(key: str) -> None:
    if (bucket := store.bucket()) is not None:
        bucket.put_bytes(key, READY, hashlib.sha256(READY).hexdigest())
        bucket.forget(key)


CHECKS: dict[str, Callable[[datetime], str]] = {
    "database": _database,
    "migrations": _migrations,
    "engine": lambda now: heartbeat.signs(now).silence,
    "media": _media,
}
NEED_DATABASE = {"migrations", "engine"}
