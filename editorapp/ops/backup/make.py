"""Backup: written while everything runs."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from editorapp.core import private_files
from editorapp.generations.coordination import heartbeat
from editorapp.media.backends import files
from editorapp.ops.backup import databases, media_files
from editorapp.ops.backup.manifest import (
    SECRET,
    BackupRefused,
    Manifest,
    fingerprint,
)


def make(
    folder: Path,
    *,
    links: bool,
    earlier: Path | None,
) -> tuple[Manifest, list[str]]:
    """Write a backup; return what it says of itself, and which files the database names that are
    not in the store.

    Raises: BackupRefused.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupRefused(f"{folder} is not empty: give each backup a folder of its own.")
    linked = []
    if earlier is not None:
        Manifest.read(earlier)
        linked.append(earlier / "media")
    if links:
        linked.append(Path(settings.MEDIA_ROOT))
    work = folder.with_name(folder.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)  # of one that was interrupted
    work.mkdir(parents=True, mode=0o700)
    try:
        made, missing = _write(work, linked)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    private_files.close([work])
    _settle(work)
    os.replace(work, folder)  # the empty one, if there is one
    files.sync_folder(folder.parent)
    return made, missing


def _settle(work: Path) -> None:
    """Bring names and what has no other copy to the disk: its lasting name is given to a whole
    backup only.
    """
    for file in work.iterdir():
        if file.is_file():
            files.sync_file(file)
    _settle_names(work)


def _settle_names(work: Path) -> None:
    for folder, _folders, _files in os.walk(work):
        files.sync_folder(Path(folder))


def _write(work: Path, linked: Sequence[Path]) -> tuple[Manifest, list[str]]:
    """Write the database first: what it names is in the store by then, and stays there."""
    named, media = media_files.names_by_hash(), work / "media"
    made_at, bucket = timezone.now(), settings.S3_BUCKET
    databases.dump(work)
    kept = [] if bucket else media_files.copy_out(Path(settings.MEDIA_ROOT), media, linked)
    media_files.write_list(kept, work)
    _keep_secret(work)
    made = Manifest(
        made_at=made_at.isoformat(),
        database=connection.vendor,
        media=f"bucket {bucket}" if bucket else "files",
        media_files=len(kept),
        media_bytes=sum(one.size_bytes for one in kept),
        secret=fingerprint(settings.SECRET_KEY),
        encryption=tuple(map(fingerprint, settings.ENCRYPTION_KEYS)),
        engine_ran=heartbeat.signs(made_at).cluster_is_alive,
    )
    made.write(work)
    return made, media_files.missing(named, media)


def _keep_secret(work: Path) -> None:
    """Keep the signing key, where it is kept in the data folder and not in the environment."""
    if os.environ.get("RUSHES_SECRET_KEY"):
        return
    kept = work / SECRET
    kept.touch(mode=0o600)
    kept.write_text(settings.SECRET_KEY)
