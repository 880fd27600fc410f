"""Backup: written while everything runs."""

import os
import shutil
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from editorapp.core import private_files
from editorapp.generations.coordination import heartbeat
from editorapp.media import layout
from editorapp.media.backends import files
from editorapp.media.models import Asset
from editorapp.ops.backup import databases, media_files
from editorapp.ops.backup.manifest import (
    LIST,
    SECRET,
    BackupRefused,
    Manifest,
    secrets_now,
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
    if earlier is not None:
        Manifest.read(earlier)
    work = folder.with_name(folder.name + ".partial")
    shutil.rmtree(work, ignore_errors=True)  # of one that was interrupted
    work.mkdir(parents=True, mode=0o700)
    try:
        made, missing = _write(work, links=links, earlier=earlier)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    private_files.close([work])
    _settle(work)
    if folder.exists():
        folder.rmdir()
    os.replace(work, folder)
    files.sync_folder(folder.parent)
    return made, missing


def _settle(work: Path) -> None:
    """Bring names and what has no other copy to the disk: its lasting name is given to a whole
    backup only.
    """
    for file in work.iterdir():
        if file.is_file():
            files.sync_file(file)
    for folder, _folders, _files in os.walk(work):
        files.sync_folder(Path(folder))


def _write(
    work: Path,
    *,
    links: bool,
    earlier: Path | None,
) -> tuple[Manifest, list[str]]:
    """Write the database first: what it names is in the store by then, and stays there."""
    named = dict(Asset.objects.filter(deleted_at=None).values_list("sha256", "name"))
    made_at, bucket = timezone.now(), getattr(settings, "S3_BUCKET", "")
    databases.dump(work)
    kept = [] if bucket else _media(work, links=links, earlier=earlier)
    media_files.write_list(kept, work / LIST)
    _keep_secret(work)
    secret, encryption = secrets_now()
    made = Manifest(
        made_at=made_at.isoformat(),
        database=databases.vendor(),
        media=f"bucket {bucket}" if bucket else "files",
        media_files=len(kept),
        media_bytes=sum(one.size_bytes for one in kept),
        secret=secret,
        encryption=encryption,
        engine_ran=heartbeat.signs(made_at).cluster_is_alive,
    )
    made.write(work)
    there = {layout.stated_hash(one.name) for one in kept}
    gone = [name for sha256, name in named.items() if sha256 not in there]
    return made, [] if bucket else sorted(gone)


def _media(
    work: Path,
    *,
    links: bool,
    earlier: Path | None,
) -> list[media_files.Kept]:
    root, before = Path(settings.MEDIA_ROOT), earlier and earlier / "media"
    return media_files.copy_out(root, work / "media", links=links, earlier=before)


def _keep_secret(work: Path) -> None:
    """Keep the signing key, where it is kept in the data folder and not in the environment."""
    if os.environ.get("RUSHES_SECRET_KEY"):
        return
    kept = work / SECRET
    kept.touch(mode=0o600)
    kept.write_text(settings.SECRET_KEY)
