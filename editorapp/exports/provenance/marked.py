"""Marked files: what leaves, with its mark in it, by what its first bytes say that it is."""

import logging
from collections.abc import Iterator
from typing import BinaryIO

from editorapp.exports.provenance import mark_exr, mark_matroska, mark_mp4, mark_pictures
from editorapp.exports.provenance.ai_mark import AiMark
from editorapp.exports.provenance.splice import (
    FileEdit,
    Marker,
    ReadableFile,
    SplicedFile,
    Unmarkable,
    seekable,
)

log = logging.getLogger(__name__)


def marked(file: ReadableFile, mark: AiMark) -> ReadableFile:
    """Return a file with its mark in it.

    Raises: Unmarkable, for a file of a kind that holds none, or that is not built as its kind says.
    """
    reading = seekable(file)
    marker = _marker_of(reading)
    try:
        edits: list[FileEdit] = marker(reading, file.size, mark.packet)
    except (IndexError, OverflowError) as error:
        raise Unmarkable("a file that is cut off") from error
    return SplicedFile(file, edits) if edits else file


def packet_in(file: ReadableFile) -> str:
    """Return the packet that a file carries; "" for none."""
    found: list[str] = []

    def read(before: str) -> str:
        found.append(before)
        return before  # which changes nothing

    reading = seekable(file)
    try:
        _marker_of(reading)(reading, file.size, read)
    except (Unmarkable, IndexError, OverflowError):
        return ""
    return "".join(found)


def is_signed(file: ReadableFile) -> bool:
    """Has its provider signed a clip already? Then it says how it was made, and stays as it is."""
    reading = seekable(file)
    try:
        is_clip = _marker_of(reading) is mark_mp4.edits
        return is_clip and mark_mp4.is_signed(reading, file.size)
    except Unmarkable:
        return False


def marked_or_plain(file: ReadableFile, mark: AiMark, *, name: str) -> ReadableFile:
    """Return a file with its mark in it; as it is where nobody can put one there, which is logged."""
    try:
        return marked(file, mark)
    except Unmarkable as error:
        log.warning("%s leaves without a mark: %s", name, error)
        return file


def marked_picture(data: bytes, mark: AiMark) -> bytes:
    """Return a picture that we made, with its mark in it."""
    made = marked(MemoryFile(data), mark)
    return b"".join(made.pieces(0, made.size))


class MemoryFile:
    """Bytes, read like a file."""

    def __init__(self, data: bytes) -> None:
        self._data, self.size = data, len(data)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        yield self._data[start:end]


def _marker_of(file: BinaryIO) -> Marker:
    """Return who marks a file. Raises: Unmarkable."""
    file.seek(0)
    head = file.read(16)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return mark_mp4.edits
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return mark_pictures.webp_edits
    for magic, marker in _BY_MAGIC.items():
        if head.startswith(magic):
            return marker
    raise Unmarkable("a kind of file that holds no mark")


_BY_MAGIC: dict[bytes, Marker] = {
    mark_matroska.MAGIC: mark_matroska.edits,
    mark_pictures.PNG_MAGIC: mark_pictures.png_edits,
    b"\xff\xd8\xff": mark_pictures.jpeg_edits,
    mark_exr.MAGIC: mark_exr.edits,
}
