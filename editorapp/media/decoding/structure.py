"""Does the file hold as many bytes as its own headers promise? Containers say so in different
places.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from editorapp.media.decoding.sniff import Sniffed
from editorapp.media.refusals import Refusal, show_bytes

_EBML_SEGMENT = b"\x18\x53\x80\x67"
_BOX_HEADER = 8


def check_whole(path: Path, sniffed: Sniffed, stream: Any) -> None:
    """Compare what the container claims with the bytes that are there.

    Raises: Refusal "truncated".
    """
    size = path.stat().st_size
    claims = {
        "mov": _boxes_end,
        "matroska": _segment_end,
        "avi": _riff_end,
        "ogg": _ogg_end,
        "mpegts": _packets_end,
    }
    claimed = claims[sniffed.format](path, size) if sniffed.format in claims else 0
    if sniffed.format in {"mov", "avi"}:
        # A moved table of contents can hide a short file: ask where the last sample should end.
        entries = stream.index_entries
        claimed = max([claimed, *(entry.pos + entry.size for entry in entries)])
    if claimed > size:
        lost = "its last page is not whole" if sniffed.format == "ogg" else ""
        raise Refusal(
            "truncated",
            detail=lost or f"{show_bytes(claimed - size)} of {show_bytes(claimed)} are missing",
        )


def is_fragmented(path: Path) -> bool:
    """Is an MP4 written in fragments? Browsers seek in those by when packets are decoded, and miss
    frames.
    """
    return any(name == b"moof" for _end, name in _boxes(path))


def _boxes_end(path: Path, size: int) -> int:
    """Return where the last of the top-level boxes of an MP4 or MOV file ends by its own header."""
    return max((end for end, _name in _boxes(path)), default=0)


def _boxes(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield where each top-level box ends by its own header, and its name."""
    at, size = 0, path.stat().st_size
    with path.open("rb") as file:
        while at + _BOX_HEADER <= size:
            file.seek(at)
            header = file.read(16)
            length = int.from_bytes(header[:4], "big")
            if length == 1:
                length = int.from_bytes(header[8:16], "big")
            if length < _BOX_HEADER or not header[4:8].isalnum():
                return  # "to the end of the file", or padding after the last box
            at += length
            yield at, header[4:8]


def _segment_end(path: Path, size: int) -> int:
    """Return where the segment of a Matroska file ends by its header; 0 for a live recording, which
    has no length.
    """
    with path.open("rb") as file:
        head = file.read(65536)
    at = head.find(_EBML_SEGMENT)
    if at < 0 or at + 5 > len(head):
        return 0
    first = head[at + 4]
    width = 9 - first.bit_length()
    if not 1 <= width <= 8:
        return 0
    value = int.from_bytes(head[at + 4 : at + 4 + width], "big") & ((1 << (7 * width)) - 1)
    unknown = (1 << (7 * width)) - 1
    return 0 if value == unknown else at + 4 + width + value


def _riff_end(path: Path, size: int) -> int:
    with path.open("rb") as file:
        head = file.read(8)
    length = int.from_bytes(head[4:8], "little")
    return 0 if length in {0, 0xFFFFFFFF} else length + 8


def _packets_end(path: Path, size: int) -> int:
    """A transport stream is made of packets of 188 bytes (192 with a time before each)."""
    with path.open("rb") as file:
        length = 188 if file.read(1) == b"\x47" else 192
    return -(-size // length) * length


def _ogg_end(path: Path, size: int) -> int:
    """Return where the last page of an Ogg file should end."""
    longest_page = 27 + 255 + 255 * 255
    start = max(0, size - longest_page)
    with path.open("rb") as file:
        file.seek(start)
        tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or at + 27 > len(tail):
        return size + (1 if at >= 0 else 0)
    segments = tail[at + 26]
    table = tail[at + 27 : at + 27 + segments]
    return size + 1 if len(table) < segments else start + at + 27 + segments + sum(table)
