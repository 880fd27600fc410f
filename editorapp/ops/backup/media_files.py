"""Media backup: stored files in and out of a backup.

They are written once, so a link is as good as a copy, and an earlier backup's file as good as a new
one; what is copied is read back as the hash that it is listed with.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from editorapp.media import layout, store
from editorapp.ops.backup.manifest import BackupRefused

PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """One file of a backup: its name below the folder of media, and the hash of its bytes."""

    name: str
    sha256: str
    size_bytes: int


def copy_out(
    media: Path,
    into: Path,
    *,
    links: bool,
    earlier: Path | None = None,
) -> list[Kept]:
    """Copy every stored file; one of an earlier backup is linked from there.

    Return what was copied.

    Raises: BackupRefused, when a file is not what its name says.
    """
    return [_copy(media, into, name, links=links, earlier=earlier) for name in _names(media)]


def _names(media: Path) -> Iterator[str]:
    for file in sorted((media / layout.BLOBS).rglob("*")):
        if file.is_file():
            yield str(file.relative_to(media))


def _copy(
    media: Path,
    into: Path,
    name: str,
    *,
    links: bool,
    earlier: Path | None,
) -> Kept:
    file, target = media / name, into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    origins = [*_same_before(file, earlier and earlier / name), *([file] if links else [])]
    is_linked = any(_link(origin, target) for origin in origins)
    sha256 = store.hash_file(target) if is_linked else copy(file, target)
    if is_linked and _is_damaged(name, sha256):  # the earlier backup's has rotted, not ours
        target.unlink()
        sha256 = copy(file, target)
    if _is_damaged(name, sha256):
        raise BackupRefused(
            f"{file} is damaged: its bytes do not have the hash that it is named by."
        )
    return Kept(name, sha256, target.stat().st_size)


def _same_before(file: Path, before: Path | None) -> list[Path]:
    """Return the earlier backup's copy of a file, where there is one of its size."""
    if before is None or not before.is_file():
        return []
    return [before] if before.stat().st_size == file.stat().st_size else []


def _is_damaged(name: str, sha256: str) -> bool:
    """Is an original another than its name says? Whatever else is kept is named by no hash, and can
    be made again.
    """
    return layout.stated_hash(name) not in ("", sha256)


def _link(file: Path, target: Path) -> bool:
    try:
        os.link(file, target)
        target.chmod(0o600)  # the origin's too: it is one file
    except OSError:  # another disk, a file system without links, or a file of another user
        target.unlink(missing_ok=True)
        return False
    return True


def copy(file: Path, target: Path) -> str:
    """Copy a file durably, and return the hash of what was copied."""
    digest = hashlib.sha256()
    with file.open("rb") as source, target.open("wb") as sink:
        while piece := source.read(PIECE_BYTES):
            digest.update(piece)
            sink.write(piece)
        sink.flush()
        os.fsync(sink.fileno())
    kept = file.stat()
    # Not its mode: that one may be open to others.
    os.utime(target, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    return digest.hexdigest()


def write_list(kept: list[Kept], file: Path) -> None:
    file.write_text("".join(f"{one.sha256}  media/{one.name}\n" for one in kept))


def copy_in(backup: Path, listed: Path, media: Path) -> int:
    """Bring every listed file back into the folder of media, each held against its hash; return how
    many.

    Raises: BackupRefused, when one is missing or damaged.
    """
    count = 0
    for line in listed.read_text().splitlines():
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
