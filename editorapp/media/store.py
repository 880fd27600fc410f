"""Store: every file, named by the hash of its content (layout.py); written once, whole, or not at all.

One of two backends keeps them: a folder of this machine, or a bucket that any number of machines
share. Who needs a file as a file holds it (`held`); who asks whether it is there (`exists`) is told
what the backend itself says.
"""

import logging
import secrets
import shutil
import socket
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import DatabaseError, transaction
from django.utils import timezone

from editorapp.alerts import alerts
from editorapp.alerts.models import AlertKind
from editorapp.media import layout, still_store
from editorapp.media.backends.files import OpenedFile, hash_file, refusing_full_disk
from editorapp.media.backends.folder import Folder
from editorapp.media.layout import ORIGINAL
from editorapp.media.refusals import Refusal

if TYPE_CHECKING:
    from editorapp.media.backends.bucket import Bucket, OpenedObject
    from editorapp.media.backends.s3 import MediaStorage

# What keeps the files, and what reads one of them; folder.py says what is asked of both.
Backend: TypeAlias = "Folder | Bucket"
Opened: TypeAlias = "OpenedFile | OpenedObject"

log = logging.getLogger(__name__)

_STALE_SECONDS = 24 * 60 * 60


def bucket() -> "MediaStorage | None":
    """Return the bucket of this installation; None, when a folder keeps its files."""
    storage = storages["default"]
    return None if isinstance(storage, FileSystemStorage) else cast("MediaStorage", storage)


def backend() -> Backend:
    """Return what keeps the files of this installation, as the settings say."""
    storage, root = bucket(), Path(settings.MEDIA_ROOT)
    if storage is None:
        return Folder(root / layout.BLOBS, incoming())
    # Imported here: an installation without a bucket has no need of the packages.
    from editorapp.media.backends.bucket import Bucket
    from editorapp.media.backends.cache import Cache

    return Bucket(storage, Cache(root / "cache", settings.CACHE_BYTES), incoming())


def path(sha256: str, what: str) -> Path:
    """Return where this machine has a file of a content, or would have it.

    To use the file, hold it.
    """
    return backend().path(layout.name(sha256, what))


def exists(sha256: str, what: str) -> bool:
    """Is the file kept? Raises: Refusal, when the storage does not say."""
    return backend().exists(layout.name(sha256, what))


def is_whole(sha256: str) -> bool:
    """Is the original kept, with the very bytes that it is named by? Raises: Refusal, when the
    storage does not say.

    Of a bucket it is enough that it is there: its storage holds a hash of its own, and copies from
    it are checked.
    """
    if bucket() is not None:
        return exists(sha256, ORIGINAL)
    kept = path(sha256, ORIGINAL)
    return kept.exists() and hash_file(kept) == sha256


@contextmanager
def held(sha256: str, *whats: str) -> Iterator[list[Path]]:
    """Give the paths of files of a content, which stay there until the end.

    Raises: Gone, when one is not kept; Refusal, when it cannot be brought here.
    """
    kept = backend()
    with ExitStack() as stack:
        try:
            paths = [stack.enter_context(kept.held(layout.name(sha256, what))) for what in whats]
        except FileNotFoundError as error:
            raise Gone from error
        yield paths


def opened(sha256: str, what: str) -> Opened:
    """Return a file for reading parts of it.

    Raises: Gone; Refusal, when the storage does not answer.
    """
    try:
        return backend().opened(layout.name(sha256, what))
    except FileNotFoundError as error:
        raise Gone from error


class Gone(Refusal):
    """The store does not keep this file (any more)."""

    def __init__(self) -> None:
        super().__init__("gone")


def incoming() -> Path:
    """Return the folder of unfinished files.

    It lies beside the blobs: a rename between them is atomic.
    """
    folder = Path(settings.MEDIA_ROOT) / layout.INCOMING
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
    """Move a finished file to its place, durably.

    Where the same content is kept already, it is replaced by itself.

    Raises: Refusal "disk_full", or one that says what is wrong with the bucket.
    """
    with telling_full_disk():
        return backend().put(file, layout.name(sha256, what))


@contextmanager
def settling(file: Path) -> Iterator[None]:
    """Prepare, while something else is done with it, that a file can be kept without waiting for
    the disk.

    Raises: Refusal "disk_full".
    """
    with telling_full_disk(), backend().settling(file):
        yield


@contextmanager
def telling_full_disk() -> Iterator[None]:
    """Turn the system's "no space left" into a sentence for people, and an alert.

    Raises: Refusal "disk_full".
    """
    try:
        with refusing_full_disk():
            yield
    except Refusal as refusal:
        if refusal.code == "disk_full":  # here, or in the sandbox
            _alarm()
        raise


def disk_subject() -> str:
    """Return what an alert about this machine's disk is about; short enough for a sign of life by
    that name.
    """
    return f"disk:{socket.gethostname()}"[:60]


def _alarm() -> None:
    """Tell the admins at once.

    The alert checks, which measure the same disk, close it when there is room again.
    """
    try:
        with transaction.atomic():
            alerts.open(
                AlertKind.DISK_FULL,
                disk_subject(),
                message=_disk_full_message(),
                team_id=None,
                path="/status/",
                now=timezone.now(),
            )
    except DatabaseError as error:  # the database lies there too
        log.error("The disk is full, and so no alert could be written: %s", error)


def _disk_full_message() -> str:
    return (
        f"A file could not be stored: the disk of {socket.gethostname()} is full. Delete what is not needed under "
        f"{settings.DATA_DIR}, or move it to a larger disk."
    )


def remove(sha256: str) -> None:
    """Delete a content and all that was made from it.

    Raises: Refusal, when the storage does not answer.
    """
    backend().remove(layout.folder(sha256))
    still_store.forget(sha256)


def sweep(*, now: float | None = None, under_way: Collection[str] = ()) -> int:
    """Delete what unfinished uploads and killed jobs left behind more than a day ago; return how
    many.

    `under_way`: the tokens of uploads that somebody still sends; of a long one the first pieces may
    be old.
    """
    before = (time.time() if now is None else now) - _STALE_SECONDS
    count = sum(_swept(item, before, under_way) for item in incoming().iterdir())
    try:
        return count + backend().sweep(before, under_way)
    except Refusal as refusal:
        log.warning("The bucket was not swept: %s", refusal.message)  # the next sweep does it
        return count


def _swept(item: Path, before: float, under_way: Collection[str]) -> bool:
    try:
        if item.stat().st_mtime >= before or item.name.removesuffix(".part") in under_way:
            return False
        _delete(item)
    except FileNotFoundError:
        return False
    except OSError as error:  # of this one: the others go, and the next sweep tries it again
        log.warning("%s could not be swept: %s", item.name, error.strerror)
        return False
    return True


def _delete(item: Path) -> None:
    if item.is_dir():
        shutil.rmtree(item, ignore_errors=True)
    else:
        item.unlink()
