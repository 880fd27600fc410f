"""Restore: puts a backup into an empty installation."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction

from editorapp.generations.checks import books
from editorapp.generations.models import Heartbeat, Lease
from editorapp.generations.reconcile import after_restore
from editorapp.ops.backup import databases, media_files
from editorapp.ops.backup.manifest import (
    SECRET,
    BackupRefused,
    Manifest,
    fingerprint,
)
from editorapp.ops.supervisor import EngineLock
from editorapp.teams.models import Invite, SignInLink


@dataclass(frozen=True)
class Restored:
    """What came back: `held` are takes that may have been sent since, `missing` names of files that
    are not there.
    """

    manifest: Manifest
    files: int
    held: list[int]
    missing: list[str]
    differences: list[str]
    is_other_secret: bool


def bring_back(
    folder: Path,
    *,
    nothing_ran_since: bool,
    now: datetime,
) -> Restored:
    """Put a backup in the place of an empty installation, and hold what may have been sent since.

    Raises: BackupRefused.
    """
    manifest = Manifest.read(folder)
    with EngineLock() as lock:
        if not lock.take("a restore"):
            raise BackupRefused(
                f"The data folder is in use by {EngineLock.holder()}: stop that first."
            )
        _check(manifest)
        media = Path(settings.MEDIA_ROOT)
        count = media_files.copy_in(folder, media)
        key = _put_secret(folder)
        databases.load(folder)
        call_command("migrate", verbosity=0, interactive=False)
        at = datetime.fromisoformat(manifest.made_at)
        with transaction.atomic():
            # Who held what, and signs of life, are of processes that are gone.
            Lease.objects.all().delete()
            Heartbeat.objects.all().delete()
            held = [] if nothing_ran_since else after_restore.hold(backed_up_at=at, now=now)
            _end_sign_ins(now)
    return Restored(
        manifest,
        count,
        [attempt.generation_id for attempt in held],
        media_files.missing(media_files.names_by_hash(), media),
        books.differences(),
        is_other_secret=_is_other_secret(manifest, key),
    )


def _check(manifest: Manifest) -> None:
    if manifest.database != connection.vendor:
        raise BackupRefused(
            f"This backup is of {manifest.database}, and DATABASE_URL names {connection.vendor}: restore it into the "
            "same kind of database."
        )
    if databases.is_in_use():
        raise BackupRefused(
            "The database is not empty: nothing is ever written over. Point to an empty one."
        )


def _put_secret(folder: Path) -> str:
    """Put the signing key back, unless the environment gives one: what is stored encrypted needs
    it. Return the one that holds from the next start.
    """
    kept = folder / SECRET
    if not kept.is_file() or os.environ.get("RUSHES_SECRET_KEY"):
        return settings.SECRET_KEY
    place = settings.DATA_DIR / SECRET
    place.unlink(missing_ok=True)  # made by this very process when it started
    place.touch(mode=0o600)
    place.write_text(kept.read_text())
    return place.read_text()


def _is_other_secret(manifest: Manifest, key: str) -> bool:
    """Are keys that were stored encrypted unreadable now?"""
    ours = map(fingerprint, (key, *settings.ENCRYPTION_KEYS))
    return (*manifest.encryption, manifest.secret)[0] not in ours


def _end_sign_ins(now: datetime) -> None:
    """Let nobody in by what was used up or ended after the backup: sessions, links that work once,
    invitations.
    """
    Session.objects.all().delete()
    for links in (SignInLink, Invite):
        links.objects.filter(used_at=None, expires_at__gt=now).update(expires_at=now)
