"""Structure of containers: does a file hold as many bytes as its own headers promise?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from editorapp.media.decoding.mp4_boxes import Box, box_chain
from editorapp.media.decoding.sniff import sniff
from editorapp.media.refusals import Refusal, show_bytes

_EBML_SEGMENT = b"\x18\x53\x80\x67"


def check_whole(path: Path, stream: Any) -> None:
    """Compare what the container claims with the bytes that are there.

    Raises: Refusal "truncated".
    """
    size, format = path.stat().st_size, sniff(path).format
    with path.open("rb") as file:
        claimed = _CLAIMS[format](file, size) if format in _CLAIMS else 0
    if format in {"mov", "avi"}:
        # A moved table of contents can hide a short file: ask where the last sample should end.
        claimed = max([claimed, *(entry.pos + entry.size for entry in stream.index_entries)])
    if claimed > size:
        raise Refusal("truncated", detail=_missing(format, claimed, size))


def _missing(format: str, claimed: int, size: int) -> str:
    if format == "ogg":
        return "its last page is not whole"
    return f"{show_bytes(claimed - size)} of {show_bytes(claimed)} are missing"


def is_fragmented(path: Path) -> bool:
    """Is an MP4 written in fragments? Browsers seek in those by when packets are decoded, and miss
    frames.
    """
    with path.open("rb") as file:
        return any(box.kind == b"moof" for box in _boxes(file, path.stat().st_size))


def _boxes_end(file: BinaryIO, size: int) -> int:
    """Return where the last of the top-level boxes of an MP4 or MOV file ends by its own header."""
    return max((box.end for box in _boxes(file, size)), default=0)


def _boxes(file: BinaryIO, size: int) -> Iterator[Box]:
    """Yield the top-level boxes, also one that is said to end behind the file."""
    for box in box_chain(file, 0, size):
        if box.end < box.body or not box.kind.isalnum():
            return  # padding after the last box
        yield box


def _segment_end(file: BinaryIO, size: int) -> int:
    """Return where the segment of a Matroska file ends by its header; 0 for a live recording, which
    has no length.
    """
    head = file.read(65536)
    at = head.find(_EBML_SEGMENT)
    if at < 0 or at + 5 > len(head):
        return 0
    first = head[at + 4]
    width = 9 - first.bit_length()
    if not 1 <= width <= 8:
        return 0
    unknown = (1 << (7 * width)) - 1
    value = int.from_bytes(head[at + 4 : at + 4 + width], "big") & unknown
    return 0 if value == unknown else at + 4 + width + value


def _riff_end(file: BinaryIO, size: int) -> int:
    length = int.from_bytes(file.read(8)[4:8], "little")
    return 0 if length in {0, 0xFFFFFFFF} else length + 8


def _packets_end(file: BinaryIO, size: int) -> int:
    """A transport stream is made of packets of 188 bytes (192 with a time before each)."""
    length = 188 if file.read(1) == b"\x47" else 192
    return -(-size // length) * length


def _ogg_end(file: BinaryIO, size: int) -> int:
    """Return where the last page of an Ogg file should end."""
    longest_page = 27 + 255 + 255 * 255
    start = max(0, size - longest_page)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or at + 27 > len(tail):
        return size + (1 if at >= 0 else 0)
    segments = tail[at + 26]
    table = tail[at + 27 : at + 27 + segments]
    return size + 1 if len(table) < segments else start + at + 27 + segments + sum(table)


_CLAIMS = {
    "mov": _boxes_end,
    "matroska": _segment_end,
    "avi": _riff_end,
    "ogg": _ogg_end,
    "mpegts": _packets_end,
}
