"""Metadata removal from pictures, without touching a pixel: the container is written anew, without
what is told beside.

Kept is what the pixels need: colour profiles and tables, transparency, density. Dropped: EXIF, XMP,
IPTC, comments, thumbnails, second pictures (MPF, gain maps), and whatever follows the picture's
end, like the clip of a live photo.
"""

import re
from collections.abc import Callable, Iterator
from typing import Literal

_JFIF, _ICC, _ADOBE = b"JFIF\0", b"ICC_PROFILE\0", b"Adobe"
_NEXT_MARKER = re.compile(rb"\xff(?=[^\x00\xd0-\xd7\xff])", re.S)
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
# beside all that are critical
_PNG_KEPT = frozenset(b"tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD hIST pHYs sPLT".split())
_PNG_PIXELS = frozenset({b"tRNS"})
_WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"})
_WEBP_TOLD = 0x08 | 0x04  # flags in VP8X: there is EXIF, there is XMP


def stripped(data: bytes, format: str, *, colours: bool = True) -> bytes:
    """Return a picture file without metadata; the very same bytes where there is none.

    `format`: Pillow's name. Without `colours` what a PNG says of its colours goes as well: it may
    be damaged.
    Raises: ValueError, when the file is not built as its format says.
    """
    try:
        if format == "PNG":
            return _png(data, _PNG_KEPT if colours else _PNG_PIXELS)
        return _BY_FORMAT[format](data)
    except (IndexError, KeyError) as error:
        raise ValueError(f"not a whole {format} file") from error


def _jpeg(data: bytes) -> bytes:
    if data[:2] != b"\xff\xd8":
        raise ValueError("no JPEG")
    out, at = bytearray(data[:2]), 2
    while True:
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1  # padding before a marker
        marker = data[at + 1]
        if data[at] != 0xFF or marker == 0:
            raise ValueError("no marker where one belongs")
        if marker == 0xD9:
            return bytes(out + data[at : at + 2])
        end = _jpeg_segment_end(data, at)
        out += _jpeg_segment(marker, data[at:end])
        at = end
        if marker == 0xDA:
            at = _jpeg_pixels_end(data, end)
            out += data[end:at]


def _jpeg_segment_end(data: bytes, at: int) -> int:
    end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    if end < at + 4 or end > len(data):
        raise ValueError("a segment that does not end")
    return end


def _jpeg_pixels_end(data: bytes, at: int) -> int:
    found = _NEXT_MARKER.search(data, at)
    if found is None:
        raise ValueError("pixels that do not end")
    return found.start()


def _jpeg_segment(marker: int, segment: bytes) -> bytes:
    """Return what is kept of a segment: b"" for what only tells of the picture."""
    body = segment[4:]
    if marker == 0xE0:
        if not body.startswith(_JFIF):
            return b""
        has_thumbnail = len(body) >= 14 and body[12] and body[13]
        return b"\xff\xe0\x00\x10" + body[:12] + b"\0\0" if has_thumbnail else segment
    if marker == 0xE2:
        return segment if body.startswith(_ICC) else b""
    if marker == 0xEE:
        return segment if body.startswith(_ADOBE) else b""  # says how the colours are coded
    return b"" if 0xE0 <= marker <= 0xEF or marker == 0xFE else segment


def _png(data: bytes, kept: frozenset[bytes]) -> bytes:
    chunks = _png_chunks(data)
    return _PNG_MAGIC + b"".join(
        chunk for kind, chunk in chunks if not kind[0] & 0x20 or kind in kept
    )


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the kind and the whole of each chunk, to the last."""
    if data[:8] != _PNG_MAGIC:
        raise ValueError("no PNG")
    at, kind = 8, b""
    while kind != b"IEND":
        kind = data[at + 4 : at + 8]
        end = at + 12 + _number(data, at)
        if len(kind) < 4 or end > len(data):
            raise ValueError("a chunk that does not end")
        yield kind, data[at:end]
        at = end


def _number(data: bytes, at: int, order: Literal["big", "little"] = "big") -> int:
    return int.from_bytes(data[at : at + 4], order)


def has_png_animation(data: bytes) -> bool:
    """Does a PNG announce more than one frame (APNG) before its pixels?"""
    try:
        for kind, chunk in _png_chunks(data):
            if kind in (b"acTL", b"IDAT"):
                return kind == b"acTL" and _number(chunk, 8) > 1
    except ValueError:
        pass
    return False


def _webp(data: bytes) -> bytes:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise ValueError("no WebP")
    return _riff(b"".join(_webp_chunk(kind, chunk) for kind, chunk in _riff_chunks(data)))


def _riff(chunks: bytes) -> bytes:
    length = (len(chunks) + 4).to_bytes(4, "little")
    return b"RIFF" + length + b"WEBP" + chunks


def _riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, min(len(data), 8 + _number(data, 4, "little"))
    while at + 8 <= end:
        size = _number(data, at + 4, "little")
        if at + 8 + size > len(data):
            raise ValueError("a chunk that does not end")
        chunk = data[at : at + 8 + size]
        yield data[at : at + 4], chunk + b"\0" * (size % 2)
        at += 8 + size + size % 2


def _webp_chunk(kind: bytes, chunk: bytes) -> bytes:
    if kind == b"VP8X":
        return chunk[:8] + bytes([chunk[8] & ~_WEBP_TOLD]) + chunk[9:]
    return chunk if kind in _WEBP_KEPT else b""


def _gif(data: bytes) -> bytes:
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        raise ValueError("no GIF")
    at = 13 + _gif_colours(data[10])
    out = bytearray(data[:at])
    while True:
        kind = data[at]
        if kind == 0x3B:
            return bytes(out + b"\x3b")
        if kind == 0x2C:  # a picture: its place, its colours, the size of its codes, its blocks
            end = _gif_blocks(data, at + 11 + _gif_colours(data[at + 9]))
        elif kind == 0x21:
            end = _gif_blocks(data, at + 2)
        else:
            raise ValueError("no block where one belongs")
        if kind == 0x2C or data[at + 1] == 0xF9:  # transparency; all other extensions only tell
            out += data[at:end]
        at = end


def _gif_colours(flags: int) -> int:
    return 3 * 2 ** ((flags & 0x07) + 1) if flags & 0x80 else 0


def _gif_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


_BY_FORMAT: dict[str, Callable[[bytes], bytes]] = {"JPEG": _jpeg, "WEBP": _webp, "GIF": _gif}
