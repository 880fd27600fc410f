"""Where the bytes live: one folder a content, named by its hash. Written once, whole, or not at all."""

import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from editorapp.core.fault_points import reached
from editorapp.media.refusals import Refusal

ORIGINAL, POSTER, FILMSTRIP, PROXY, FRAMES = "original", "poster.webp", "filmstrip.webp", "proxy.mp4", "frames.json"
PIECE_BYTES = 256 * 1024
_STALE_SECONDS = 24 * 60 * 60


def path(sha256: str, what: str) -> Path:
    """Return where a file of a content is kept, whether it is there or not."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"{sha256!r} is no SHA-256 in hexadecimal.")
    if what not in {ORIGINAL, POSTER, FILMSTRIP, PROXY, FRAMES}:
        raise ValueError(f"The store keeps no {what!r}.")
    return Path(settings.MEDIA_ROOT) / "blobs" / sha256[:2] / sha256 / what


def incoming() -> Path:
    """Return the folder of unfinished files. It lies beside the blobs: a rename between them is atomic."""
    folder = Path(settings.MEDIA_ROOT) / "incoming"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def workspace() -> Iterator[Path]:
    """Yield a folder for work in progress; whatever is left in it at the end is deleted."""
    folder = incoming() / f"work-{secrets.token_hex(8)}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(file: Path, sha256: str, what: str) -> Path:
    """Move a finished file to its place, durably. Where the same content is kept already, it is replaced by itself.

    Raises: Refusal "disk_full".
    """
    kept = path(sha256, what)
    with telling_full_disk():
        kept.parent.mkdir(parents=True, exist_ok=True)
        file = _beside(file)
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
        reached("keep.fsynced")
        os.replace(file, kept)
        reached("keep.renamed")
        _sync_folder(kept.parent)
    return kept


def _beside(file: Path) -> Path:
    """Return the file, copied onto the store's own disk when it lies on another: only there is a rename atomic."""
    folder = incoming()
    if file.stat().st_dev == folder.stat().st_dev:
        return file
    copy = folder / f"copy-{secrets.token_hex(8)}.part"
    try:
        shutil.copyfile(file, copy)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    file.unlink()
    return copy


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def telling_full_disk() -> Iterator[None]:
    """Turn the system's "no space left" into a sentence for people. Raises: Refusal "disk_full"."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refusal("disk_full") from error
        raise


def hash_file(file: Path) -> str:
    """Return the hash of a file's bytes, read piece by piece."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def remove(sha256: str) -> None:
    """Delete a content and all that was made from it."""
    shutil.rmtree(path(sha256, ORIGINAL).parent, ignore_errors=True)


def sweep(*, now: float | None = None) -> int:
    """Delete what unfinished uploads and killed jobs left behind more than a day ago; return how many."""
    before = (time.time() if now is None else now) - _STALE_SECONDS
    count = 0
    for item in incoming().iterdir():
        try:
            if item.stat().st_mtime >= before:
                continue
            if item.is_dir():
                shutil.rmtree(item, ignore_errors=True)
            else:
                item.unlink()
            count += 1
        except FileNotFoundError:
            continue
    return count
