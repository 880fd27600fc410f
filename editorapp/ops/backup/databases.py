"""Database backup: the database in and out of a backup, consistent while everything runs."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import connection, connections

from editorapp.ops.backup.manifest import BackupRefused

SQLITE, POSTGRESQL = "rushes.sqlite3", "rushes.dump"


def vendor() -> str:
    """Return the kind of this installation's database: "sqlite" or "postgresql"."""
    return connection.vendor


def dump(folder: Path) -> None:
    """Write the database as it is at this instant. Raises: BackupRefused."""
    if connection.vendor == "sqlite":
        _dump_sqlite(folder / SQLITE)
    else:
        _run("pg_dump --format=custom --no-owner --no-privileges --file", str(folder / POSTGRESQL))


def load(folder: Path) -> None:
    """Put a backup's database in the place of an empty one. Raises: BackupRefused."""
    if connection.vendor == "sqlite":
        _load_sqlite(folder / SQLITE)
    else:
        _run(
            "pg_restore --clean --if-exists --no-owner --no-privileges --exit-on-error"
            " --single-transaction",
            str(folder / POSTGRESQL),
        )
    connections.close_all()


def is_in_use() -> bool:
    """Does the database hold a team? One that `migrate` has only prepared is as good as empty."""
    if connection.vendor == "sqlite" and not _sqlite().exists():
        return False
    if "teams_team" not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM teams_team LIMIT 1")
        return cursor.fetchone() is not None


def _sqlite() -> Path:
    return Path(connection.settings_dict["NAME"])


def _dump_sqlite(target: Path) -> None:
    """Copy all pages in one step: what is committed meanwhile goes to the log, and writers do not
    wait.
    """
    address = f"{_sqlite().absolute().as_uri()}?mode=ro"
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
    place = _sqlite()
    connections.close_all()
    new = place.with_name(place.name + ".restoring")
    shutil.copyfile(kept, new)
    with new.open("rb") as file:
        os.fsync(file.fileno())
    for end in ("-wal", "-shm"):  # of the empty one
        place.with_name(place.name + end).unlink(missing_ok=True)
    os.replace(new, place)


def _run(command: str, file: str) -> None:
    """Run a tool of PostgreSQL against our database.

    Its password is in the environment, not on the command line.
    """
    program, *options = command.split()
    found = _installed(program)
    said = connection.settings_dict
    # Django puts the name of the database last: the value of the last option.
    last = ["--dbname"] if said["NAME"] else ["--dbname", ""]
    (_psql, *given), env = connection.client.settings_to_cmd_args_env(said, [*options, file, *last])
    if more := said["OPTIONS"].get("options"):
        env = {**(env or {}), "PGOPTIONS": str(more)}
    done = subprocess.run(
        [found, *given],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupRefused(f"{program} failed: {done.stderr.strip()[-1000:]}")


def _installed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise BackupRefused(
            f"{program} is not installed here: install PostgreSQL's client tools, of the server's version."
        )
    return found
