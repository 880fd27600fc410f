"""Migrated databases: each is made once in a run of the tests, and copied wherever one is needed.

A fresh one costs seconds of a processor, and a run needs dozens: one for each test process, one
for each installation that a test starts. What starts from nothing (an installed copy, several
first commands at once) asks `environment.installation` alone and migrates for itself.
"""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import POSTGRESQL, ROOT, SHARED_BY_ALL, installation
from tests.services import drop_database, make_database

EMPTY, PREPARED = "migrate", "prepare"  # the command that makes it
DATABASE = "rushes.sqlite3"


def copy_empty(name: str | Path) -> None:
    """Make a database of that name with all tables and no row: a file, or one on the server."""
    with _made(EMPTY) as (folder, database):
        if POSTGRESQL:
            drop_database(POSTGRESQL, str(name))
            make_database(POSTGRESQL, str(name), template=database)
        else:
            shutil.copy(folder / DATABASE, name)


def drop(name: str | Path) -> None:
    """Take such a database away; a file goes with the folder that it lies in."""
    if POSTGRESQL:
        drop_database(POSTGRESQL, str(name))


def prepared(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of an installation that has its tables, owner and sample clip.

    Like `environment.installation`, but a first start there finds all of it done.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _made(PREPARED) as (template, database):
        shutil.copytree(template / "media", folder / "media", dirs_exist_ok=True)
        if not POSTGRESQL:
            shutil.copy(template / DATABASE, folder / DATABASE)
        return installation(folder, template=database or "template1", **more)


@contextmanager
def _made(what: str) -> Iterator[tuple[Path, str]]:
    """Yield the folder, and on the server the database, that a command has made; it is run once."""
    folder = SHARED_BY_ALL / what
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        database = folder / "database"
        if not database.exists():
            given = installation(folder)
            given.pop("REDIS_URL", None)
            command = [sys.executable, "manage.py", what]
            subprocess.run(command, cwd=ROOT, env=given, check=True, stdout=subprocess.DEVNULL)
            database.write_text(given.get("DATABASE_URL", "").rpartition("/")[2])
        yield folder, database.read_text()
