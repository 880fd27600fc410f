"""Partial file: a result on its way to our disk: the bytes that came, what they are a part of, and who writes
them now.

Beside each part lies a note (`.note`): what is certainly on the disk, of how much, and the
provider's name for these very bytes (a strong ETag). So whoever claims the row after a killed
worker goes on from there; without a note, or once the bytes at the provider are others, from the
start. A lock that dies with its holder keeps two from one file.
"""

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Self

SYNC_BYTES = 4 * 1024 * 1024  # how much may have to be fetched again after a power cut


@dataclass
class Progress:
    """How far a download has come, over all its connections.

    `validator` is "" where it cannot be taken up.

    `total` is the length that the server announced, and None where it did not; `media_type` what it
    says that it is.
    """

    received: int = 0
    total: int | None = None
    validator: str = ""
    media_type: str = ""

    def start_over(self) -> None:
        """Take nothing up: what lies behind the link now may be another file."""
        self.received = 0
        self.validator = ""


class PartialFile:
    """One file being collected, held by this process alone until `close`."""

    def __init__(self, path: Path, file: BinaryIO, progress: Progress) -> None:
        self.path = path
        self.file = file
        self.progress = progress
        self._synced = progress.received

    @classmethod
    def begin(cls, path: Path) -> Self:
        """Begin a part anew."""
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w+b")
        _lock(file)
        _note(path).unlink(missing_ok=True)
        return cls(path, file, Progress())

    @classmethod
    def take_up(cls, left: Path, path: Path) -> Self | None:
        """Go on with what somebody else left, under a name of our own; None where it is still being
        written or no note says what it is.

        Bytes after the last note may be missing from the disk although the file is longer: they are
        fetched again.
        """
        try:
            file = left.open("r+b")
        except FileNotFoundError:
            return None
        try:
            _lock(file)
            progress = Progress(**json.loads(_note(left).read_text()))
            progress.received = min(progress.received, os.fstat(file.fileno()).st_size)
            os.rename(left, path)  # gone, where another was faster
            os.rename(_note(left), _note(path))
        except (OSError, ValueError, TypeError):
            file.close()
            return None
        file.truncate(progress.received)
        return cls(path, file, progress)

    def write(self, piece: bytes) -> None:
        """Add what came. Now and then it is made durable and noted, where it can be taken up at
        all.
        """
        self.file.write(piece)
        if self.progress.validator and self.progress.received - self._synced >= SYNC_BYTES:
            self.sync()

    def go_to(self, received: int) -> None:
        """Write on from here, and drop what lies behind."""
        self.progress.received = self._synced = received
        self.file.seek(received)
        self.file.truncate()

    def sync(self) -> None:
        """Bring what came onto the disk, then note how much that is."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self._synced = self.progress.received
        note = _note(self.path)
        if not self.progress.validator:
            note.unlink(missing_ok=True)
            return
        new = note.with_suffix(".new")
        new.write_text(json.dumps(asdict(self.progress)))
        os.replace(new, note)

    def close(self) -> None:
        """Let go of the file; what came stays for the next."""
        with contextlib.suppress(OSError):  # a full disk has been told of already
            self.file.close()

    def finish(self) -> Path:
        """Let go of a whole file, which needs no note any more, and return where it lies."""
        self.close()
        _note(self.path).unlink(missing_ok=True)
        return self.path

    def drop(self) -> None:
        """Delete what came."""
        self.close()
        drop(self.path)


def drop(path: Path) -> None:
    """Delete a part and its note."""
    path.unlink(missing_ok=True)
    _note(path).unlink(missing_ok=True)


def collect(folder: Path, stem: str, ending: str, *, token: object) -> PartialFile:
    """Return where to collect a file: what a killed worker left of it, or a new part.

    The name is of this claim alone, so a worker that was taken for dead never writes what another
    reads. Of what is left the longest is taken up; the rest goes, but for what somebody still
    writes.
    """
    path = folder / f"{stem}-{token}{ending}"
    taken = None
    for left in sorted(folder.glob(f"{stem}-*{ending}"), key=_size, reverse=True):
        if taken is None and (taken := PartialFile.take_up(left, path)):
            continue
        # what somebody writes now is left to them
        with contextlib.suppress(FileNotFoundError, BlockingIOError), left.open("rb") as file:
            _lock(file)
            drop(left)
    return taken or PartialFile.begin(path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _lock(file: BinaryIO) -> None:
    """Take the lock that dies with its holder. Raises: BlockingIOError, where somebody has it."""
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _note(path: Path) -> Path:
    return path.with_suffix(".note")
