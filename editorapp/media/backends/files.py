"""Small things that both backends do with files on this machine."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

READ_BYTES = 256 * 1024


class OpenedFile:
    """An open file. What was opened can be read to its end, also after its name is gone."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self.size = os.fstat(handle.fileno()).st_size

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        with self._handle as handle:
            handle.seek(start)
            left = end - start
            while left > 0 and (data := handle.read(min(READ_BYTES, left))):
                left -= len(data)
                yield data


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


def on_disk_of(folder: Path, file: Path, copy: Path) -> Path:
    """Return the file, moved to `copy` when it lies on another disk than the folder: only within
    one is a rename atomic.
    """
    if file.stat().st_dev == folder.stat().st_dev:
        return file
    try:
        shutil.copyfile(file, copy)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    file.unlink()
    return copy
