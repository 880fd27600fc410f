"""Restore: puts a backup into an empty installation."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import transaction

from editorapp.generations.checks import books
from editorapp.generations.models import Attempt, Heartbeat, Lease
from editorapp.generations.reconcile import after_restore
from editorapp.media import layout, store
from editorapp.media.models import Asset
from editorapp.ops.backup import databases, media_files
from editorapp.ops.backup.manifest import (
    LIST,
    SECRET,
    BackupRefused,
    Manifest,
    secrets_now,
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
        files = media_files.copy_in(folder, folder / LIST, Path(settings.MEDIA_ROOT))
        _put_secret(folder)
        databases.load(folder)
        call_command("migrate", verbosity=0, interactive=False)
        with transaction.atomic():
            _forget_passing()
            held: list[Attempt] = []
            if not nothing_ran_since:
                held = after_restore.hold(backed_up_at=manifest.at, now=now)
            _end_sign_ins(now)
    return Restored(
        manifest,
        files,
        [attempt.generation_id for attempt in held],
        _missing(),
        books.differences(),
        is_other_secret=_is_other_secret(manifest, folder),
    )


def _check(manifest: Manifest) -> None:
    if manifest.database != databases.vendor():
        raise BackupRefused(
            f"This backup is of {manifest.database}, and DATABASE_URL names {databases.vendor()}: restore it into the "
            "same kind of database."
        )
    if databases.is_in_use():
        raise BackupRefused(
            "The database is not empty: nothing is ever written over. Point to an empty one."
        )


def _put_secret(folder: Path) -> None:
    """Put the signing key back, unless the environment gives one: what is stored encrypted needs
    it.
    """
    kept = folder / SECRET
    if kept.is_file() and not os.environ.get("RUSHES_SECRET_KEY"):
        place = Path(settings.DATA_DIR) / SECRET
        place.unlink(missing_ok=True)  # made by this very process when it started
        place.touch(mode=0o600)
        place.write_text(kept.read_text())


def _is_other_secret(manifest: Manifest, folder: Path) -> bool:
    """Are keys that were stored encrypted unreadable now?"""
    secret, encryption = secrets_now()
    is_back = (folder / SECRET).is_file() and not os.environ.get("RUSHES_SECRET_KEY")
    ours = {*encryption, manifest.secret if is_back else secret}
    first = manifest.encryption[0] if manifest.encryption else manifest.secret
    return first not in ours


def _forget_passing() -> None:
    """Forget who held what, and signs of life: they are of processes that are gone."""
    Lease.objects.all().delete()
    Heartbeat.objects.all().delete()


def _end_sign_ins(now: datetime) -> None:
    """Let nobody in by what was used up or ended after the backup: sessions, links that work once,
    invitations.
    """
    Session.objects.all().delete()
    for links in (SignInLink, Invite):
        links.objects.filter(used_at=None, expires_at__gt=now).update(expires_at=now)


def _missing() -> list[str]:
    """Return the names of files that the database speaks of and the folder of media does not hold."""
    if getattr(settings, "S3_BUCKET", ""):
        return []
    named = Asset.objects.filter(deleted_at=None).values_list("sha256", "name")
    return sorted(
        name for sha256, name in named if not store.path(sha256, layout.ORIGINAL).exists()
    )
