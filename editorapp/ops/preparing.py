"""Preparing: brings an installation's tables, first team and sample clip up to date.

Safe to call at every start.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection

from editorapp.core import private_files
from editorapp.media import intake, sample
from editorapp.media.models import Asset
from editorapp.providers import accounts
from editorapp.teams.first_run import ensure_owner
from editorapp.teams.models import Member

# Any number that nobody else uses on this database server's advisory locks: "rushes", read as one.
ADVISORY_LOCK = int.from_bytes(b"rushes")
PATIENCE_SECONDS = 60.0  # for a database server that starts together with us

Say = Callable[[str], None]


def prepare_database(say: Say) -> None:
    """Bring the tables up to date; of several processes that start at once, one does it and the
    others wait.
    """
    with _tables_up_to_date(say):
        pass


def prepare(say: Say) -> Member:
    """Bring everything up to date that a server needs and return the owner; of several at once, one
    does it.

    Keys that admins entered are stored anew under the present secret.
    """
    with _tables_up_to_date(say):
        owner = ensure_owner()
        _ensure_sample(owner)
        accounts.renew_keys()
    return owner


@contextmanager
def _tables_up_to_date(say: Say) -> Iterator[None]:
    """Bring the tables up to date, and hold the place for preparing until the end."""
    close_to_others(say)
    wait_for_database(say)
    with _alone(say):
        call_command("migrate", verbosity=0, interactive=False)
        yield


def close_to_others(say: Say) -> None:
    """Close to other users of this machine what is kept here and was open to them, and say so in a
    line.
    """
    closed, left = private_files.close(_private_places())
    if closed:
        say(
            f"{closed} files and folders in {settings.DATA_DIR} could be read by other users of this machine: closed."
        )
    if left:
        say(
            f"{left} files and folders there are another user’s and stay open: give them to the user of Rushes."
        )


def _private_places() -> list[Path]:
    """Return what only the user of Rushes may read."""
    places = [settings.DATA_DIR, Path(settings.MEDIA_ROOT)]
    if settings.IS_SHARED:
        return places
    # SQLite gives what it writes beside the database the database's own mode.
    database = settings.DATABASES["default"]["NAME"]
    return places + [Path(f"{database}{end}") for end in ("", "-wal", "-shm")]


def wait_for_database(say: Say, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a database server that is still starting.

    Raises: OperationalError, when it does not answer in time.
    """
    until, is_said = time.monotonic() + seconds, False
    while True:
        try:
            return connection.ensure_connection()
        except OperationalError:
            if connection.vendor == "sqlite" or time.monotonic() > until:
                raise
        if not is_said:
            say("Waiting for the database ...")
            is_said = True
        time.sleep(0.5)


def warn(say: Say) -> None:
    """Say what several machines must share and this one has only for itself."""
    has_own = (settings.DATA_DIR / "secret.key").exists()
    if settings.IS_SHARED and has_own and not os.environ.get("RUSHES_SECRET_KEY"):
        say(
            "This machine made a signing key of its own. With several, set the same RUSHES_SECRET_KEY on each: else "
            "they cannot read each other's sign-ins, queued tasks and stored provider keys."
        )


@contextmanager
def _alone(say: Say) -> Iterator[None]:
    """Hold the one place for preparing, over all machines that share the database; freed when its
    holder dies.
    """
    if connection.vendor != "postgresql":
        with (settings.RUN_DIR / "prepare.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        if not cursor.fetchone()[0]:
            say("Another process prepares the database; waiting for it ...")
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        try:
            yield
        finally:
            with suppress(DatabaseError):  # a connection that broke has let go of it
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def _ensure_sample(owner: Member) -> None:
    """Draw the sample clip for a team that has no clip yet."""
    if Asset.objects.filter(team=owner.team).exists():
        return
    path = settings.RUN_DIR / "sample.mp4"
    sample.draw(path)
    intake.take_in(
        path,
        name=sample.NAME,
        team=owner.team,
        user=owner.user,
        origin=Asset.Origin.SAMPLE,
    )
