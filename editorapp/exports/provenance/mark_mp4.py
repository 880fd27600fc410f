"""MP4 and MOV: the packet in a `uuid` box behind all others, so that no offset in the file changes.

Source: ISO/IEC 14496-12; Adobe's XMP Specification, part 3.
"""

from collections.abc import Callable
from typing import BinaryIO

from editorapp.exports.provenance.ai_mark import LONGEST_PACKET
from editorapp.exports.provenance.splice import FileEdit, Unmarkable
from editorapp.media.decoding.mp4_boxes import Box, boxes_in

C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_LONGEST_SIZE = 2**32


def edits(file: BinaryIO, size: int, packet: Callable[[str], str]) -> list[FileEdit]:
    """Return what marks the file. Raises: Unmarkable."""
    boxes = _boxes(file, size)
    before, found = _old(file, boxes)
    text = packet(before)
    if text == before:
        return []
    body = b"uuid" + XMP_UUID + text.encode()
    made = (len(body) + 4).to_bytes(4, "big") + body
    last = boxes[-1]
    # An index of fragments is found from the end of the file: it stays there.
    at = last.start if last.kind == b"mfra" else size
    return [*_hidden(found), *_ended(file, last), FileEdit(at, at, made)]


def is_signed(file: BinaryIO, size: int) -> bool:
    """Has somebody signed the file already (C2PA)? Whatever is added to it then would break that.

    Raises: Unmarkable.
    """
    for box in _boxes(file, size):
        file.seek(box.body)
        if box.kind == b"uuid" and file.read(16) == C2PA_UUID:
            return True
    return False


def _boxes(file: BinaryIO, size: int) -> list[Box]:
    try:
        boxes = list(boxes_in(file, 0, size))
    except ValueError as error:
        raise Unmarkable("boxes that do not end") from error
    if not boxes:
        raise Unmarkable("no boxes")
    return boxes


def _old(file: BinaryIO, boxes: list[Box]) -> tuple[str, Box | None]:
    """Return the packet that is there already, and its box."""
    for box in boxes:
        if box.kind != b"uuid" or not 16 <= box.body_bytes <= LONGEST_PACKET:
            continue
        file.seek(box.body)
        data = file.read(box.body_bytes)
        if data[:16] == XMP_UUID:
            return data[16:].decode("utf-8", "replace"), box
    return "", None


def _hidden(box: Box | None) -> list[FileEdit]:
    """Make free space of a box: what it said stands in ours."""
    return [FileEdit(box.start + 4, box.start + 8, b"free")] if box else []


def _ended(file: BinaryIO, last: Box) -> list[FileEdit]:
    """Say where the last box ends, if it says only that it is the last."""
    file.seek(last.start)
    if file.read(4) != b"\0\0\0\0":
        return []
    if last.size >= _LONGEST_SIZE:
        raise Unmarkable("a last box without an end that is too long")
    return [FileEdit(last.start, last.start + 4, last.size.to_bytes(4, "big"))]
