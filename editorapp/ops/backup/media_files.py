"""Media backup: stored files in and out of a backup.

They are written once, so a link is as good as a copy, and an earlier backup's file as good as a new
one; what is copied is read back as the hash that it is listed with.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from editorapp.media import layout
from editorapp.media.backends.files import hash_file, sync_file
from editorapp.media.models import Asset
from editorapp.ops.backup.manifest import LIST, BackupRefused


@dataclass(frozen=True)
class Kept:
    """One file of a backup: its name below the folder of media, and the hash of its bytes."""

    name: str
    sha256: str
    size_bytes: int


def copy_out(media: Path, into: Path, linked: Sequence[Path]) -> list[Kept]:
    """Copy every stored file, or link it from the first of these folders that has it; return what
    the backup has.

    Raises: BackupRefused, when a file is not what its name says.
    """
    return [_copy(file, str(file.relative_to(media)), into, linked) for file in _stored(media)]


def _stored(media: Path) -> list[Path]:
    return sorted(file for file in (media / layout.BLOBS).rglob("*") if file.is_file())


def _copy(file: Path, name: str, into: Path, linked: Sequence[Path]) -> Kept:
    target = into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    is_linked = any(_link(folder / name, file, target) for folder in linked)
    sha256 = hash_file(target) if is_linked else copy(file, target)
    if is_linked and _is_damaged(name, sha256):  # the earlier backup's has rotted, not ours
        target.unlink()
        sha256 = copy(file, target)
    if _is_damaged(name, sha256):
        raise BackupRefused(
            f"{file} is damaged: its bytes do not have the hash that it is named by."
        )
    return Kept(name, sha256, target.stat().st_size)


def _is_damaged(name: str, sha256: str) -> bool:
    """Is an original another than its name says? Whatever else is kept is named by no hash, and can
    be made again.
    """
    return layout.stated_hash(name) not in ("", sha256)


def _link(origin: Path, file: Path, target: Path) -> bool:
    """Link an origin that is as long as the file that it should be."""
    try:
        if not _is_as_long(origin, file):
            return False
        os.link(origin, target)
        target.chmod(0o600)  # the origin's too: it is one file
    except OSError:  # not there, on another disk, without links, or a file of another user
        target.unlink(missing_ok=True)
        return False
    return True


def _is_as_long(origin: Path, file: Path) -> bool:
    return origin.stat().st_size == file.stat().st_size


def copy(file: Path, target: Path) -> str:
    """Copy a file durably, and return the hash of the copy."""
    shutil.copyfile(file, target)
    sync_file(target)
    _copy_times(file, target)
    return hash_file(target)


def _copy_times(file: Path, target: Path) -> None:
    """Give a copy the times of its file; not its mode: that one may be open to others."""
    kept = file.stat()
    os.utime(target, ns=(kept.st_atime_ns, kept.st_mtime_ns))


def write_list(kept: list[Kept], backup: Path) -> None:
    (backup / LIST).write_text("".join(f"{one.sha256}  media/{one.name}\n" for one in kept))


def copy_in(backup: Path, media: Path) -> int:
    """Bring every listed file back into the folder of media, each held against its hash; return how
    many.

    Raises: BackupRefused, when one is missing or damaged.
    """
    count = 0
    for line in (backup / LIST).read_text().splitlines():
        sha256, _space, name = line.partition("  ")
        file, target = backup / name, media / name.removeprefix("media/")
        if not file.is_file():
            raise BackupRefused(f"{file} is missing from the backup.")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".restoring")
        if copy(file, part) != sha256:
            part.unlink()
            raise BackupRefused(f"{file} is damaged: its bytes are not those that were backed up.")
        os.replace(part, target)
        count += 1
    return count


def names_by_hash() -> dict[str, str]:
    """Return the names of the files that the database speaks of, by the hashes of their content."""
    return dict(Asset.objects.filter(deleted_at=None).values_list("sha256", "name"))


def missing(named: Mapping[str, str], media: Path) -> list[str]:
    """Return the names of files that a folder of media lacks; with a bucket, none has to be there."""
    if settings.S3_BUCKET:
        return []
    blobs = media / layout.BLOBS
    return sorted(
        name
        for sha256, name in named.items()
        if not (blobs / layout.name(sha256, layout.ORIGINAL)).exists()
    )
