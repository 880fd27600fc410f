"""Bucket backend: files in S3-compatible storage. The object is the truth, and
this machine keeps copies of what it needs as files.

An object is there whole or not at all (S3 shows an upload when it is complete), carries the hash of
its bytes, and never changes. So a copy is good exactly when it has that hash, and any number of
machines may hold one.
"""

import hashlib
import logging
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from editorapp.core import retry
from editorapp.media import layout
from editorapp.media.backends.cache import Cache
from editorapp.media.backends.files import (
    OpenedFile,
    alone,
    fresh_part,
    hash_file,
    is_full_disk,
    on_disk_of,
    refusing_full_disk,
)
from editorapp.media.backends.s3 import Head, MediaStorage
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

# What is shorter is copied before it is shown. Of a longer file a player gets its first bytes from
# the bucket at once.
COPIED_FIRST_BYTES = 8_000_000


class Bucket:
    """The backend of an installation with RUSHES_S3_BUCKET."""

    def __init__(self, storage: MediaStorage, cache: Cache, incoming: Path) -> None:
        self.storage, self._cache, self._incoming = storage, cache, incoming

    def path(self, name: str) -> Path:
        return self._cache.path(name)

    def put(self, file: Path, name: str) -> Path:
        """Write the object, look whether it is there as it should be, and keep the file as this
        machine's copy.
        """
        head = head_of(file, name)
        if self._head(name) != head:
            self._send(file, name, head)
        self._copied(file, name)
        return self.path(name)

    def _send(self, file: Path, name: str, head: Head) -> None:
        self.storage.put_file(_key(name), file, head.sha256)
        if self._head(name) != head:
            log.error("%s is not in the bucket as it was sent", name)
            raise Refusal("storage_damaged")

    def _head(self, name: str) -> Head | None:
        return self.storage.head(_key(name))

    def _known(self, name: str) -> Head:
        """Return what is said of an object. Raises: FileNotFoundError, Refusal."""
        head = self._head(name)
        if head is None:
            raise FileNotFoundError(name)
        return head

    def _copied(self, file: Path, name: str) -> None:
        """Keep a file that is in the bucket as a copy.

        On a full disk there is none: that is no failure.
        """
        try:
            self._cache.put(on_disk_of(self._incoming, file), name)
        except OSError as error:
            file.unlink(missing_ok=True)
            if not is_full_disk(error):
                raise

    def settling(self, file: Path) -> AbstractContextManager[None]:
        return nullcontext()  # a copy need not outlive a power cut: the object does

    def exists(self, name: str) -> bool:
        return self._head(name) is not None

    @contextmanager
    def held(self, name: str) -> Iterator[Path]:
        with self._copy(name):
            yield self.path(name)

    def opened(self, name: str) -> "OpenedFile | OpenedObject":
        handle = self._compared(name)
        if handle is not None:
            return OpenedFile(handle)
        head = self._known(name)
        if head.size <= COPIED_FIRST_BYTES:
            return OpenedFile(self._copy(name))
        return OpenedObject(self.storage, _key(name), head.size)

    def remove(self, folder: str) -> None:
        """Delete the originals last: where an original is, all that was made from it is."""
        prefix = _key(folder) + "/"
        names = [name for name, _size, _at in self.storage.list(prefix)]
        for name in sorted(names, key=layout.original_last):
            self.storage.forget(prefix + name)
            self._cache.drop(f"{folder}/{name}")

    def sweep(self, before: float, under_way: Collection[str]) -> int:
        instant = datetime.fromtimestamp(before, UTC)
        listed = self.storage.list(layout.INCOMING)
        old = [
            name
            for name, _size, at in listed
            if at < instant and name.partition("/")[0] not in under_way
        ]
        for name in old:
            self.storage.forget(layout.INCOMING + name)
        return len(old) + self.storage.forget_unfinished(instant)

    # Copies

    def _copy(self, name: str) -> BufferedReader:
        """Return this machine's copy, open, and made now where there is none.

        Raises: FileNotFoundError, Refusal.
        """
        handle = self._compared(name)
        if handle is not None:
            return handle
        # One process at a time fetches what has this hash; the others find its copy.
        with alone(self._cache.folder / "locks" / name[:2]):
            # A crowded cache may clear away what was just put there.
            for _try in range(retry.policy("bucket.copy").tries):
                handle = self._compared(name)
                if handle is not None:
                    return handle
                self._fetch(name)
        raise Refusal("cache_full")

    def _compared(self, name: str) -> BufferedReader | None:
        """Return the copy when its bytes are what the name or the object says; a wrong one is
        dropped.
        """
        handle = self._cache.open(name)
        if handle is None or self._cache.was_compared(name, handle):
            return handle
        expected = layout.stated_hash(name) or self._noted(name)
        if hashlib.file_digest(handle, "sha256").hexdigest() == expected:
            handle.seek(0)
            self._cache.note_compared(name, handle)
            return handle
        log.error("The copy of %s in the cache is damaged and is fetched again", name)
        handle.close()
        self._cache.drop(name)
        return None

    def _noted(self, name: str) -> str:
        head = self._head(name)
        return head.sha256 if head else ""

    def _fetch(self, name: str) -> None:
        """Copy an object here. Raises: FileNotFoundError; Refusal "disk_full"."""
        head = self._known(name)
        part = fresh_part(self._incoming)
        try:
            with refusing_full_disk():
                self._cache.make_room(head.size)
                self._write_with_room(name, head, part)
                self._cache.put(part, name)
        finally:
            part.unlink(missing_ok=True)

    def _write_with_room(self, name: str, head: Head, part: Path) -> None:
        """Write; where the disk is full, once more with all cleared away that nobody uses."""
        try:
            self._write(name, head, part)
        except OSError as error:
            if not is_full_disk(error):
                raise
            part.unlink(missing_ok=True)
            self._cache.clear()
            self._write(name, head, part)

    def _write(self, name: str, head: Head, part: Path) -> None:
        digest = hashlib.sha256()
        with part.open("wb") as file:
            for data in self.storage.get(_key(name)):
                digest.update(data)
                file.write(data)
        if digest.hexdigest() != (layout.stated_hash(name) or head.sha256):
            log.error("The object %s is not what its hash says (%s bytes)", _key(name), head.size)
            raise Refusal("storage_damaged")
        with part.open("rb") as written:
            self._cache.note_compared(name, written)  # a rename keeps what identifies it


class OpenedObject:
    """An object of the bucket, read there piece by piece."""

    def __init__(self, storage: MediaStorage, key: str, size: int) -> None:
        self._storage, self._key, self.size = storage, key, size

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        return self._storage.get(self._key, start, end)

    def spans(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes as `pieces` does: nothing is held open between two readings."""
        return self.pieces(start, end)


def _key(name: str) -> str:
    return layout.BLOBS + name


def head_of(file: Path, name: str) -> Head:
    """Return what the object of a file must say: of an original the hash that names it, whatever
    lies in the file.
    """
    return Head(file.stat().st_size, layout.stated_hash(name) or hash_file(file))
