"""Local files: reading, hashing, making durable; what both backends do with them."""

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from editorapp.media.refusals import Refusal

READ_BYTES = 256 * 1024


def blocks(read: Callable[[int], bytes], left: int, *, most: int = READ_BYTES) -> Iterator[bytes]:
    """Yield what `read` gives, block by block, until so many bytes have come or there are no more."""
    while left > 0 and (data := read(min(most, left))):
        left -= len(data)
        yield data


class OpenedFile:
    """An open file. What was opened can be read to its end, also after its name is gone."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self.size = os.fstat(handle.fileno()).st_size

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end`; once, and the file is let go of afterwards."""
        with self._handle as handle:
            handle.seek(start)
            yield from blocks(handle.read, end - start)

    def spans(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end`; the file stays open."""
        for at in range(start, end, READ_BYTES):
            yield os.pread(self._handle.fileno(), min(READ_BYTES, end - at), at)


def hash_file(file: Path) -> str:
    """Return the hash of a file's bytes, read piece by piece."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sync_file(file: Path) -> None:
    """Return once the file's bytes are on the disk."""
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


def sync_folder(folder: Path) -> None:
    """Return once the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fresh_part(incoming: Path) -> Path:
    """Return a path that nobody uses, for a copy that is under way."""
    return incoming / f"copy-{secrets.token_hex(8)}.part"


def on_disk_of(incoming: Path, file: Path) -> Path:
    """Return the file, moved when it lies on another disk: only within one is a rename atomic."""
    if file.stat().st_dev == incoming.stat().st_dev:
        return file
    copy = _copied(incoming, file)
    file.unlink()
    return copy


def _copied(incoming: Path, file: Path) -> Path:
    copy = fresh_part(incoming)
    try:
        shutil.copyfile(file, copy)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    return copy


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Let one process at a time do what is done inside, by a lock on a file for it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def is_full_disk(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def refusing_full_disk() -> Iterator[None]:
    """Turn the system's "no space left" into a sentence for people. Raises: Refusal "disk_full"."""
    try:
        yield
    except OSError as error:
        if is_full_disk(error):
            raise Refusal("disk_full") from error
        raise
