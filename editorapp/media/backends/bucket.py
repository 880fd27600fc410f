"""Files in a bucket: the object is the truth, and this machine keeps copies of what it needs as
files.

An object is there whole or not at all (S3 shows an upload when it is complete), carries the hash of
its bytes, and never changes. So a copy is good exactly when it has that hash, and any number of
machines may hold one.
"""

import fcntl
import hashlib
import logging
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path

from editorapp.core import retry
from editorapp.media.backends.cache import Cache, is_full_disk
from editorapp.media.backends.files import OpenedFile, hash_file, on_disk_of
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
        size, key, sha256 = file.stat().st_size, _key(name), _hash_in(name) or hash_file(file)
        if self.storage.head(key) != Head(size, sha256):
            self.storage.put_file(key, file, sha256)
            if self.storage.head(key) != Head(size, sha256):
                log.error("%s is not in the bucket as it was sent", key)
                raise Refusal("storage_damaged")
        self._copied(file, name)
        return self.path(name)

    def _copied(self, file: Path, name: str) -> None:
        """Keep a file that is in the bucket as a copy.

        On a full disk there is none: that is no failure.
        """
        try:
            self._cache.put(on_disk_of(self._incoming, file, self._fresh()), name)
        except OSError as error:
            file.unlink(missing_ok=True)
            if not is_full_disk(error):
                raise

    def settling(self, file: Path) -> AbstractContextManager[None]:
        return nullcontext()  # a copy need not outlive a power cut: the object does

    def size(self, name: str) -> int | None:
        head = self.storage.head(_key(name))
        return head.size if head else None

    @contextmanager
    def held(self, name: str) -> Iterator[Path]:
        with self._copy(name):
            yield self.path(name)

    def opened(self, name: str) -> "OpenedFile | OpenedObject":
        handle = self._compared(name)
        if handle is not None:
            return OpenedFile(handle)
        head = self.storage.head(_key(name))
        if head is None:
            raise FileNotFoundError(name)
        if head.size <= COPIED_FIRST_BYTES:
            return OpenedFile(self._copy(name))
        return OpenedObject(self.storage, _key(name), head.size)

    def remove(self, folder: str) -> None:
        """Delete the originals last: where an original is, all that was made from it is."""
        prefix = _key(folder) + "/"
        found = sorted(
            (name for name, _size, _at in self.storage.list(prefix)),
            key=lambda name: name == "original",
        )
        for name in found:
            self.storage.forget(prefix + name)
            self._cache.drop(f"{folder}/{name}")

    def sweep(self, before: float, under_way: Collection[str]) -> int:
        instant = datetime.fromtimestamp(before, UTC)
        listed = self.storage.list("incoming/")
        old = [
            name
            for name, _size, at in listed
            if at < instant and name.partition("/")[0] not in under_way
        ]
        for name in old:
            self.storage.forget("incoming/" + name)
        return len(old) + self.storage.forget_unfinished(instant)

    # Copies

    def _copy(self, name: str) -> BufferedReader:
        """Return this machine's copy, open, and made now where there is none.

        Raises: FileNotFoundError, Refusal.
        """
        handle = self._compared(name)
        if handle is not None:
            return handle
        with self._alone(name):
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
        expected = _hash_in(name) or self._noted(name)
        if hashlib.file_digest(handle, "sha256").hexdigest() == expected:
            handle.seek(0)
            self._cache.note_compared(name, handle)
            return handle
        log.error("The copy of %s in the cache is damaged and is fetched again", name)
        handle.close()
        self._cache.drop(name)
        return None

    def _noted(self, name: str) -> str:
        head = self.storage.head(_key(name))
        return head.sha256 if head else ""

    def _fetch(self, name: str) -> None:
        """Copy an object here; where the disk is full, once more with all cleared away that nobody
        uses.
        """
        head = self.storage.head(_key(name))
        if head is None:
            raise FileNotFoundError(name)
        part = self._fresh()
        try:
            self._cache.make_room(head.size)
            try:
                self._write(name, head, part)
            except OSError as error:
                if not is_full_disk(error):
                    raise
                part.unlink(missing_ok=True)
                self._cache.clear()
                self._write(name, head, part)
            self._cache.put(part, name)
        except OSError as error:
            if is_full_disk(error):
                raise Refusal("disk_full") from error
            raise
        finally:
            part.unlink(missing_ok=True)

    def _write(self, name: str, head: Head, part: Path) -> None:
        digest = hashlib.sha256()
        with part.open("wb") as file:
            for data in self.storage.get(_key(name)):
                digest.update(data)
                file.write(data)
        if digest.hexdigest() != (_hash_in(name) or head.sha256):
            log.error("The object %s is not what its hash says (%s bytes)", _key(name), head.size)
            raise Refusal("storage_damaged")
        with part.open("rb") as written:
            self._cache.note_compared(name, written)  # a rename keeps what identifies it

    def _fresh(self) -> Path:
        return self._incoming / f"copy-{secrets.token_hex(8)}.part"

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Let one process at a time fetch what has this hash; the others find its copy."""
        folder = self._cache.folder / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(folder / name[:2], os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class OpenedObject:
    """An object of the bucket, read there piece by piece."""

    def __init__(self, storage: MediaStorage, key: str, size: int) -> None:
        self._storage, self._key, self.size = storage, key, size

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        return self._storage.get(self._key, start, end)


def _key(name: str) -> str:
    return "blobs/" + name


def _hash_in(name: str) -> str:
    """Return the hash that a name states: that of an original.

    What was made from it has only the object's note.
    """
    folder, _slash, what = name.rpartition("/")
    return folder.rpartition("/")[2] if what == "original" else ""
