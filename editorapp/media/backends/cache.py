"""Cache: what this machine keeps and could get again, bounded; the least recently used goes first, never
one in use. Copies of a bucket's objects, and stills that were decoded.

Whoever uses a copy holds a shared lock on the file itself; whoever clears away must get it alone.
So it holds between processes, and a process that is killed holds nothing back. A copy counts only
after this process has compared its bytes with the hash that the object carries: a damaged disk, or
a hand, may have changed it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path

from editorapp.media import layout
from editorapp.media.backends.files import alone

# Of each copy that was compared: which file it was. Changed bytes have another time of change.
# Threads need no lock for it: each step on it is a single one.
_compared: dict[Path, tuple[int, int, int]] = {}


class Cache:
    """The copies below a folder. Names are those of layout.py."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self._blobs, self._most_bytes = folder, folder / layout.BLOBS, most_bytes
        self._lock = folder / "room.lock"

    def path(self, name: str) -> Path:
        return self._blobs / name

    def open(self, name: str) -> BufferedReader | None:
        """Return a copy that nobody clears away while it is open; None, when there is none."""
        path = self.path(name)
        while True:
            handle = _opened(path)
            if handle is None:
                return None
            fcntl.flock(handle, fcntl.LOCK_SH)
            if _is_same(handle, path):  # else it was cleared away between the two calls
                _note_use(handle)
                return handle
            handle.close()

    def was_compared(self, name: str, handle: BufferedReader) -> bool:
        """Has this process compared these very bytes already?"""
        return _compared.get(self.path(name)) == _identity(handle)

    def note_compared(self, name: str, handle: BufferedReader) -> None:
        _compared[self.path(name)] = _identity(handle)

    def put(self, file: Path, name: str) -> Path:
        """Move a file in, in place of any copy of this name.

        Raises: OSError, on a full disk too.
        """
        path = self.path(name)
        with alone(self._lock):  # nobody removes the empty folder between the two calls
            self._make_room(file.stat().st_size)
            path.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, path)
        return path

    def drop(self, name: str) -> None:
        """Delete a copy, used or not: who has it open reads on."""
        self.path(name).unlink(missing_ok=True)
        _forget(self.path(name))

    def make_room(self, size: int) -> None:
        """Clear away copies until so many bytes more fit below the limit.

        What is in use stays, even above it.
        """
        with alone(self._lock):
            self._make_room(size)

    def clear(self) -> None:
        """Clear away all that is not in use: the disk is full."""
        self.make_room(self._most_bytes)

    def _make_room(self, size: int) -> None:
        found = sorted(self._found())
        total = sum(count for _used, count, _path in found) + size
        for _used, count, path in found:
            if total <= self._most_bytes:
                return
            if _clear(path):
                total -= count

    def _found(self) -> Iterator[tuple[int, int, Path]]:
        """Yield when each copy was last used, its bytes and its path."""
        for parent, _folders, files in os.walk(self._blobs):
            for file in files:
                path = Path(parent) / file
                with suppress(FileNotFoundError):
                    said = path.stat()
                    yield said.st_atime_ns, said.st_size, path


def _opened(path: Path) -> BufferedReader | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _note_use(handle: BufferedReader) -> None:
    was = os.fstat(handle.fileno())
    os.utime(handle.fileno(), ns=(time.time_ns(), was.st_mtime_ns))


def _clear(path: Path) -> bool:
    """Delete a copy unless somebody uses it; say whether it is gone.

    Its empty folders go with it.
    """
    try:
        with path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    _forget(path)
    with suppress(OSError):  # not empty
        path.parent.rmdir()
    return True


def _forget(path: Path) -> None:
    """Let whatever comes under this path be compared anew."""
    _compared.pop(path, None)


def _identity(handle: BufferedReader) -> tuple[int, int, int]:
    said = os.fstat(handle.fileno())
    return said.st_ino, said.st_size, said.st_mtime_ns


def _is_same(handle: BufferedReader, path: Path) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle.fileno()))
    except FileNotFoundError:
        return False
