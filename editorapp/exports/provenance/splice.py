"""Splice: a file with a few of its bytes replaced while it is read."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

READ_BYTES = 64 * 1024


class Unmarkable(Exception):
    """A file is not built as its kind says, or of no kind that can hold a mark."""


class ReadableFile(Protocol):
    """What a file is read through: its size, and any span of its bytes."""

    @property
    def size(self) -> int: ...

    def pieces(self, start: int, end: int) -> Iterator[bytes]: ...


@dataclass(frozen=True)
class FileEdit:
    """The bytes from `start` to before `end` are replaced by `data`."""

    start: int
    end: int
    data: bytes


class SplicedFile:
    """A file with edits, read like any other."""

    def __init__(self, file: ReadableFile, edits: Sequence[FileEdit]) -> None:
        self._file = file
        self._parts = list(_parts(file.size, sorted(edits, key=lambda one: one.start)))
        self.size = sum(_length(part) for part in self._parts)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end`, as they are with the edits."""
        at = 0
        for part in self._parts:
            length = _length(part)
            first, last = max(0, start - at), min(length, end - at)
            at += length
            if first >= last:
                continue
            if isinstance(part, bytes):
                yield part[first:last]
            else:
                yield from self._file.pieces(part[0] + first, part[0] + last)


Part = bytes | tuple[int, int]


def _parts(size: int, edits: Sequence[FileEdit]) -> Iterator[Part]:
    at = 0
    for edit in edits:
        if edit.start < at or edit.end > size:
            raise Unmarkable("places that overlap")
        yield (at, edit.start)
        yield edit.data
        at = edit.end
    yield (at, size)


def _length(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part[1] - part[0]


class _SeekableFile(io.RawIOBase):
    """A readable file as one that can be sought in, for those who read headers."""

    def __init__(self, file: ReadableFile) -> None:
        self._file, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        end = min(self._file.size, self._at + len(buffer))
        data = b"".join(self._file.pieces(self._at, end)) if self._at < end else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def seekable(file: ReadableFile) -> BinaryIO:
    """Return a file that can be sought in, with READ_BYTES read at once."""
    return cast(BinaryIO, io.BufferedReader(_SeekableFile(file), READ_BYTES))


Marker = Callable[[BinaryIO, int, Callable[[str], str]], list[FileEdit]]
