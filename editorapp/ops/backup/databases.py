"""The database in and out of a backup, consistent while everything runs."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection, connections

from editorapp.ops.backup.manifest import BackupRefused

SQLITE, POSTGRESQL = "rushes.sqlite3", "rushes.dump"
# libpq's names in the environment for what settings may say in OPTIONS.
_OPTIONS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "service": "PGSERVICE",
    "passfile": "PGPASSFILE",
    "options": "PGOPTIONS",
}


def vendor() -> str:
    """Return the kind of this installation's database: "sqlite" or "postgresql"."""
    return connection.vendor


def dump(folder: Path) -> None:
    """Write the database as it is at this instant. Raises: Refused."""
    if connection.vendor == "sqlite":
        _dump_sqlite(folder / SQLITE)
    else:
        _run(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--file",
            str(folder / POSTGRESQL),
        )


def load(folder: Path) -> None:
    """Put a backup's database in the place of an empty one. Raises: Refused."""
    if connection.vendor == "sqlite":
        _load_sqlite(folder / SQLITE)
    else:
        _run(
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
            "--dbname",
            _said()["NAME"],
            str(folder / POSTGRESQL),
        )
    connections.close_all()


def is_in_use() -> bool:
    """Does the database hold a team? One that `migrate` has only prepared is as good as empty."""
    if connection.vendor == "sqlite" and not Path(_said()["NAME"]).exists():
        return False
    if "teams_team" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM teams_team LIMIT 1")
        return cursor.fetchone() is not None


def _said() -> dict[str, Any]:
    return connection.settings_dict


def _dump_sqlite(target: Path) -> None:
    """Copy all pages in one step: what is committed meanwhile goes to the log, and writers do not
    wait.
    """
    address = f"{Path(_said()['NAME']).absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=60)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
        found = copy.execute("PRAGMA integrity_check").fetchone()[0]
        # A log beside the copy would be lost with the next move of the file.
        copy.execute("PRAGMA journal_mode=DELETE")
    if found != "ok":
        raise BackupRefused(f"The copy of the database is damaged ({found}): is the disk in order?")


def _load_sqlite(kept: Path) -> None:
    place = Path(_said()["NAME"])
    connections.close_all()
    new = place.with_name(place.name + ".restoring")
    shutil.copyfile(kept, new)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    for log in (place.with_name(place.name + "-wal"), place.with_name(place.name + "-shm")):
        log.unlink(missing_ok=True)  # of the empty one
    os.replace(new, place)


def _run(program: str, *arguments: str) -> None:
    """Run a tool of PostgreSQL against our database.

    Its password is in the environment, not on the command line.
    """
    found = shutil.which(program)
    if found is None:
        raise BackupRefused(
            f"{program} is not installed here: install PostgreSQL's client tools, of the server's version."
        )
    said = _said()
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    given = {name: str(said[ours]) for name, ours in names.items() if said.get(ours)}
    given |= {
        _OPTIONS[name]: str(value)
        for name, value in said.get("OPTIONS", {}).items()
        if name in _OPTIONS
    }
    done = subprocess.run(
        [found, *arguments],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupRefused(f"{program} failed: {done.stderr.strip()[-1000:]}")
