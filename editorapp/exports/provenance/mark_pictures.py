"""PNG, JPEG and WebP: the packet where each format keeps XMP. Pixels are not touched.

What we mark are pictures that we made (media/frames.py), so none has a packet yet; one that has is
left as it is. Source: Adobe's XMP Specification, part 3; RFC 9649 (WebP).
"""

import zlib
from collections.abc import Callable
from typing import BinaryIO

from editorapp.exports.provenance.splice import FileEdit, Unmarkable

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_BYTES = 33  # the signature, and IHDR
_PNG_KEYWORD = b"XML:com.adobe.xmp\0\0\0\0\0"
_JPEG_NAMESPACE = b"http://ns.adobe.com/xap/1.0/\0"
_LONGEST_SEGMENT = 65_533
_HAS_XMP = 0x04  # of the flags of VP8X
_HAS_ALPHA = 0x10


def png_edits(file: BinaryIO, size: int, packet: Callable[[str], str]) -> list[FileEdit]:
    """Return what marks a PNG: an iTXt chunk behind its header. Raises: Unmarkable."""
    file.seek(0)
    head = file.read(_PNG_HEADER_BYTES)
    if head[:8] != PNG_MAGIC or head[12:16] != b"IHDR":
        raise Unmarkable("no PNG")
    body = b"iTXt" + _PNG_KEYWORD + packet("").encode()
    length, check = (len(body) - 4).to_bytes(4, "big"), zlib.crc32(body).to_bytes(4, "big")
    return [FileEdit(_PNG_HEADER_BYTES, _PNG_HEADER_BYTES, length + body + check)]


def jpeg_edits(file: BinaryIO, size: int, packet: Callable[[str], str]) -> list[FileEdit]:
    """Return what marks a JPEG: an APP1 segment behind JFIF's. Raises: Unmarkable."""
    file.seek(0)
    head = file.read(6)
    if head[:3] != b"\xff\xd8\xff":
        raise Unmarkable("no JPEG")
    at = 2
    if head[3] == 0xE0:  # JFIF comes first
        at += 2 + int.from_bytes(head[4:6], "big")
    body = _JPEG_NAMESPACE + packet("").encode()
    if at > size or len(body) + 2 > _LONGEST_SEGMENT:
        raise Unmarkable("no room for a segment")
    return [FileEdit(at, at, b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body)]


def webp_edits(file: BinaryIO, size: int, packet: Callable[[str], str]) -> list[FileEdit]:
    """Return what marks a WebP: an XMP chunk at its end, and the flag that says so.

    Raises: Unmarkable.
    """
    file.seek(0)
    head = file.read(30)
    end = 8 + int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP" or len(head) < 30 or end > size:
        raise Unmarkable("no WebP")
    if head[12:16] == b"VP8X":
        flag, extra = FileEdit(20, 21, bytes([head[20] | _HAS_XMP])), b""
    else:
        extra = _extended(head)
        flag = FileEdit(12, 12, extra)
    text = packet("").encode()
    chunk = b"XMP " + len(text).to_bytes(4, "little") + text + b"\0" * (len(text) % 2)
    length = (end - 8 + len(extra) + len(chunk)).to_bytes(4, "little")
    return [FileEdit(4, 8, length), flag, FileEdit(end, end, chunk)]


def _extended(head: bytes) -> bytes:
    """Return the chunk that a simple WebP lacks: its flags, and its size less one."""
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height, alpha = bits & 0x3FFF, bits >> 14 & 0x3FFF, bits >> 28 & 1
    elif head[12:16] == b"VP8 ":
        width = (int.from_bytes(head[26:28], "little") & 0x3FFF) - 1
        height, alpha = (int.from_bytes(head[28:30], "little") & 0x3FFF) - 1, 0
    else:
        raise Unmarkable("a WebP of another kind")
    flags = _HAS_XMP | (_HAS_ALPHA if alpha else 0)
    sizes = width.to_bytes(3, "little") + height.to_bytes(3, "little")
    return b"VP8X" + (10).to_bytes(4, "little") + bytes([flags, 0, 0, 0]) + sizes
