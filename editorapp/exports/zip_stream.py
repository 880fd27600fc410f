"""Zip stream: a zip that is written while it is sent. Files are stored as they are, one piece in memory at a
time, and nothing lies on the disk.

The sizes and checksums stand behind each file, and past 4 GB in the 64-bit form.
"""

import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, cast

_MODE = 0o644 << 16


class ZipStream:
    """A zip: what is added is handed out at once. Call `end` when all is in."""

    def __init__(self, *, now: datetime) -> None:
        self._out = _Collected()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._out), "w", zipfile.ZIP_STORED)
        self._at = now.astimezone(UTC).timetuple()[:6]

    def file(self, name: str, pieces: Iterable[bytes], *, size: int) -> Iterator[bytes]:
        """Add a file; yield what is to be sent. `size`: how many bytes will come."""
        info = zipfile.ZipInfo(name, self._at)
        info.external_attr = _MODE
        info.file_size = size  # says whether the 64-bit form is needed
        with self._zip.open(info, "w") as member:
            yield self._out.taken()
            for piece in pieces:
                member.write(piece)
                yield self._out.taken()
        yield self._out.taken()

    def text(self, name: str, text: str) -> Iterator[bytes]:
        """Add a file of text."""
        data = text.encode()
        return self.file(name, [data], size=len(data))

    def end(self) -> Iterator[bytes]:
        """Yield the list of all files, with which a zip ends."""
        self._zip.close()
        yield self._out.taken()


class _Collected:
    """A file that can only be written, and is emptied after each step."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """All is there already."""

    def taken(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data
