"""WebM and Matroska: a tag behind all else of the segment, whose length is told anew.

Source: RFC 8794 (EBML), RFC 9559 (Matroska), section 5.1.8.
"""

import re
from collections.abc import Callable
from typing import BinaryIO

from editorapp.exports.provenance.splice import FileEdit, Unmarkable

MAGIC = b"\x1a\x45\xdf\xa3"
_SEGMENT, _TAGS, _TAG, _TARGETS = 0x18538067, 0x1254C367, 0x7373, 0x63C0
_SIMPLE, _NAME, _STRING = 0x67C8, 0x45A3, 0x4487
TAG_NAME = "DIGITAL_SOURCE_TYPE"
_SOURCE_TYPE = re.compile(r'DigitalSourceType="([^"]+)"')


def edits(file: BinaryIO, size: int, packet: Callable[[str], str]) -> list[FileEdit]:
    """Return what marks the file. Raises: Unmarkable."""
    file.seek(0)
    _kind, _bytes, length = _element(file)
    if length is None:
        raise Unmarkable("a header without an end")
    start = file.seek(length, 1)
    kind, width, length = _element(file)
    if kind != _SEGMENT:
        raise Unmarkable("no segment")
    body = file.tell()
    end = size if length is None else body + length
    if end > size:
        raise Unmarkable("a segment that is cut off")
    tags = _tags(packet(""))
    if length is None:  # it goes to the end of the file, whatever that is
        return [FileEdit(size, size, tags)]
    told = _told(length + len(tags), width)
    at = start + 4
    return [FileEdit(at, at + width, told), FileEdit(end, end, tags)]


def _tags(packet: str) -> bytes:
    found = _SOURCE_TYPE.search(packet)
    assert found is not None
    said = [(TAG_NAME, found[1]), ("XMP", packet)]
    tag = _made(_TARGETS, b"") + b"".join(_simple(name, text) for name, text in said)
    return _made(_TAGS, _made(_TAG, tag))


def _simple(name: str, text: str) -> bytes:
    return _made(_SIMPLE, _made(_NAME, name.encode()) + _made(_STRING, text.encode()))


def _made(kind: int, body: bytes) -> bytes:
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + _told(len(body), 8) + body


def _told(length: int, width: int) -> bytes:
    """Return a length as so many bytes tell it. Raises: Unmarkable, when they cannot."""
    most = (1 << (7 * width)) - 1  # of which the last one means that nobody knows
    if length >= most:
        raise Unmarkable("a segment whose length has no room to grow")
    return (length | (1 << (7 * width))).to_bytes(width, "big")


def _element(file: BinaryIO) -> tuple[int, int, int | None]:
    """Read the head of an element: what it is, how many bytes tell its length, and that; None where
    nobody knows it.
    """
    kind, _width = _number(file, longest=4)
    told, width = _number(file, longest=8)
    length = told & ((1 << (7 * width)) - 1)
    return kind, width, None if length == (1 << (7 * width)) - 1 else length


def _number(file: BinaryIO, *, longest: int) -> tuple[int, int]:
    first = file.read(1)
    width = 9 - first[0].bit_length() if first and first[0] else longest + 1
    rest = file.read(width - 1) if width <= longest else b""
    if width > longest or len(rest) < width - 1:
        raise Unmarkable("an element that cannot be read")
    return int.from_bytes(first + rest, "big"), width
