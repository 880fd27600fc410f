"""Boxes of MP4 and MOV files: where they lie (ISO/IEC 14496-12)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_HEADER_BYTES = 8
LONGEST_READ_BYTES = 64_000_000
_MOST_BOXES = 100_000


@dataclass(frozen=True)
class Box:
    """A box of the file: where it begins, how long its header is and where it ends."""

    kind: bytes
    start: int
    header: int
    end: int

    @property
    def body(self) -> int:
        return self.start + self.header

    @property
    def size(self) -> int:
        return self.end - self.start

    @property
    def body_bytes(self) -> int:
        return self.end - self.body


def box_chain(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield box after box as their headers say, wherever they end: who takes one that ends before
    its body must stop there.
    """
    while start + _HEADER_BYTES <= end:
        box = _box_at(file, start, end)
        yield box
        start = box.end


def _box_at(file: BinaryIO, start: int, end: int) -> Box:
    """Return the box that begins at a place; one without a length goes to `end`."""
    file.seek(start)
    head = file.read(16)
    size, header = int.from_bytes(head[:4], "big"), _HEADER_BYTES
    if size == 1:
        size, header = int.from_bytes(head[8:16], "big"), 16
    elif size == 0:
        size = end - start
    return Box(head[4:8], start, header, start + size)


def boxes_in(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places. Raises: ValueError, when one does not end within."""
    for count, box in enumerate(box_chain(file, start, end), start=1):
        if box.end < box.body or box.end > end or count > _MOST_BOXES:
            if box.kind == b"\0\0\0\0":
                return  # QuickTime ends a list with zeros
            raise ValueError(f"a box {box.kind!r} of {box.size} bytes")
        yield box


def boxes_within(file: BinaryIO, box: Box) -> Iterator[Box]:
    """Yield the boxes inside another. Raises: ValueError."""
    return boxes_in(file, box.body, box.end)


def inner_box(file: BinaryIO, box: Box, *path: bytes) -> Box | None:
    """Return the first box at a path inside another."""
    found: Box | None = box
    for kind in path:
        found = _first_within(file, found, kind) if found else None
    return found


def _first_within(file: BinaryIO, box: Box, kind: bytes) -> Box | None:
    return next((one for one in boxes_within(file, box) if one.kind == kind), None)


def read_box(file: BinaryIO, box: Box) -> bytes:
    """Return what stands in a box. Raises: ValueError, when that is too much."""
    if box.body_bytes > LONGEST_READ_BYTES:
        raise ValueError("a table that is too long")
    file.seek(box.body)
    return file.read(box.body_bytes)
