"""OpenEXR: two attributes of the header, and the table of offsets moved by as much.

Source: "OpenEXR File Layout".
"""

import re
from collections.abc import Callable
from typing import BinaryIO

from editorapp.exports.provenance.splice import FileEdit, Unmarkable

MAGIC = b"\x76\x2f\x31\x01"
_NOT_PLAIN = 0x200 | 0x800 | 0x1000  # tiles, deep data, several parts
_LONGEST_HEADER = 1_000_000
# Lines in one block, by how they are compressed: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A, DWAA, DWAB.
_LINES = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256)
_SOURCE_TYPE = re.compile(r'DigitalSourceType="([^"]+)"')


def edits(file: BinaryIO, size: int, packet: Callable[[str], str]) -> list[FileEdit]:
    """Return what marks a frame of scan lines. Raises: Unmarkable."""
    file.seek(0)
    head = file.read(8)
    if head[:4] != MAGIC or int.from_bytes(head[4:8], "little") & _NOT_PLAIN:
        raise Unmarkable("no EXR of scan lines")
    found, end = _attributes(file, size)
    if "digitalSourceType" in found:
        return []
    text = packet("")
    said = _SOURCE_TYPE.search(text)
    assert said is not None
    made = _attribute("digitalSourceType", said[1]) + _attribute("xmp", text)
    table = end + 1
    count = _block_count(found)
    file.seek(table)
    offsets = file.read(count * 8)
    if len(offsets) != count * 8:
        raise Unmarkable("a table of offsets that is cut off")
    moved = b"".join(_moved(offsets[at : at + 8], len(made)) for at in range(0, len(offsets), 8))
    return [FileEdit(end, end, made), FileEdit(table, table + len(offsets), moved)]


def _attribute(name: str, text: str) -> bytes:
    data = text.encode()
    return name.encode() + b"\0string\0" + len(data).to_bytes(4, "little") + data


def _moved(offset: bytes, by: int) -> bytes:
    """Return an offset of a block behind what came in; one of a block that is missing is 0."""
    number = int.from_bytes(offset, "little")
    return (number + by if number else 0).to_bytes(8, "little")


def _attributes(file: BinaryIO, size: int) -> tuple[dict[str, bytes], int]:
    """Return the header's attributes, and where the zero lies that ends it."""
    found: dict[str, bytes] = {}
    while True:
        at = file.tell()
        name = _text(file)
        if not name:
            return found, at
        _text(file)
        length = int.from_bytes(file.read(4), "little")
        if file.tell() + length > min(size, _LONGEST_HEADER):
            raise Unmarkable("a header that does not end")
        found[name] = file.read(length)


def _text(file: BinaryIO) -> str:
    """Read a name up to its zero."""
    data = bytearray()
    while (one := file.read(1)) != b"\0":
        data += one
        if not one or len(data) > 255:
            raise Unmarkable("a name that does not end")
    return data.decode("latin-1")


def _block_count(found: dict[str, bytes]) -> int:
    try:
        window, lines = found["dataWindow"], _LINES[found["compression"][0]]
    except (KeyError, IndexError) as error:
        raise Unmarkable("a header without its window, or of an unknown compression") from error
    top, bottom = (int.from_bytes(window[at : at + 4], "little", signed=True) for at in (4, 12))
    if not 0 <= bottom - top < 100_000:
        raise Unmarkable("a window of no height")
    return -(-(bottom - top + 1) // lines)
