"""Database backup: the database in and out of a backup, consistent while everything runs."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import connection, connections

from editorapp.media.backends.files import sync_file
from editorapp.ops.backup.manifest import BackupRefused
from editorapp.teams.models import Team

SQLITE, POSTGRESQL = "rushes.sqlite3", "rushes.dump"


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
    return _is_prepared() and Team.objects.exists()


def _is_prepared() -> bool:
    return Team._meta.db_table in connection.introspection.table_names()


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
    new = _brought_beside(place, kept)
    for end in ("-wal", "-shm"):  # of the empty one
        place.with_name(place.name + end).unlink(missing_ok=True)
    os.replace(new, place)


def _brought_beside(place: Path, kept: Path) -> Path:
    new = place.with_name(place.name + ".restoring")
    shutil.copyfile(kept, new)
    sync_file(new)
    return new


def _run(command: str, file: str) -> None:
    """Run a tool of PostgreSQL against our database.

    Its password is in the environment, not on the command line.
    """
    program, *options = command.split()
    found = shutil.which(program)
    if found is None:
        raise BackupRefused(
            f"{program} is not installed here: install PostgreSQL's client tools, of the server's version."
        )
    said = connection.settings_dict
    # Django puts the name of the database last: the value of the last option.
    last = ["--dbname"] if said["NAME"] else ["--dbname", ""]
    (_psql, *given), env = connection.client.settings_to_cmd_args_env(said, [*options, file, *last])
    env = {**os.environ, **(env or {})}
    if more := said["OPTIONS"].get("options"):
        env["PGOPTIONS"] = str(more)
    done = subprocess.run([found, *given], env=env, capture_output=True, text=True)
    if done.returncode:
        raise BackupRefused(f"{program} failed: {done.stderr.strip()[-1000:]}")
