"""Marked frames: a provider's archive of EXR frames, each with its mark, as a new zip that is written while
it is sent.

Frames are unpacked one piece at a time. How long each will be is known before, so is the whole.
"""

import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from editorapp.exports.provenance.ai_mark import AiMark
from editorapp.exports.provenance.marked import marked_or_plain
from editorapp.exports.provenance.splice import READ_BYTES, ReadableFile, seekable
from editorapp.exports.zip_stream import ZipStream


def frames_of(archive: ReadableFile, mark: AiMark) -> Iterator[tuple[str, ReadableFile]]:
    """Yield each file of an archive with its name and its mark.

    Raises: zipfile.BadZipFile, zlib.error.
    """
    with zipfile.ZipFile(seekable(archive)) as files:
        for info in files.infolist():
            if not info.is_dir():
                frame = _ZippedFrame(files, info)
                yield info.filename, marked_or_plain(frame, mark, name=info.filename)


def marked_archive(archive: ReadableFile, mark: AiMark, *, now: datetime) -> Iterator[bytes]:
    """Yield a zip of an archive's frames, each with its mark. Raises: as `frames_of`."""
    made = ZipStream(now=now)
    for name, frame in frames_of(archive, mark):
        yield from made.file(name, frame.pieces(0, frame.size), size=frame.size)
    yield from made.end()


class _ZippedFrame:
    """A file within a zip, read from its beginning on each time."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        self._archive, self._info = archive, info
        self.size = info.file_size

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        with self._archive.open(self._info) as file:
            _skip(file, start)  # type: ignore[arg-type]
            left = end - start
            while left > 0 and (data := file.read(min(READ_BYTES, left))):
                left -= len(data)
                yield data


def _skip(file: BinaryIO, count: int) -> None:
    while count > 0 and (data := file.read(min(READ_BYTES, count))):
        count -= len(data)


BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
