"""Metadata of clips: what an MP4 or MOV file tells of place and camera is written over where it
lies.

No byte moves: the boxes become free space of the same length, so neither pictures nor sound, times,
edit lists nor the rotation change; and that they have not is compared. Tracks of timed notes (an
action camera's positions, a drone's subtitles) go with their samples. Files in pieces (fragmented)
keep such tracks: they would have to be written anew, as would other containers, and transport
streams, whose notes lie inside the pictures' own stream.
"""

import logging
import os
import shutil
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from editorapp.media.decoding import colour
from editorapp.media.decoding.mp4_boxes import (
    LONGEST_READ_BYTES,
    Box,
    boxes_in,
    boxes_within,
    inner_box,
    read_box,
)
from editorapp.media.decoding.opening import (
    Places,
    first_frame,
    open_clip,
    sample_places,
    sound_tracks,
)
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

# In small letters: what a box says that tells of a place, a camera, or a person. A program's name
# alone does not.
_TELLS = (
    b"\xa9xyz",
    b"loci",
    b"location",
    b"gps",
    b"\xa9mak",
    b"\xa9mod",
    b"\xa9aut",
    b"\xa9art",
    b"auth",
    b"make",
    b"model",
    b"com.apple.quicktime",
    b"com.android",
    b"manufacturer",
    b"xmpmeta",
    b"rdf:",
    b"serial",
)
_TOLD = {b"udta", b"meta", b"uuid"}  # where it is told: of the whole file, or of a track
# Handlers of tracks that are no picture or sound.
_TIMED_NOTES = {b"meta", b"text", b"sbtl", b"subt", b"data", b"camm"}
_CLEARED_AT_ONCE_BYTES = 1 << 20


def redact(path: Path, out: Path) -> bool:
    """Copy an MP4 or MOV without what it tells of place and camera.

    False, and nothing is written, where it tells nothing.

    Where the copy would not be the same clip, none is made either: pictures and times come first.
    """
    try:
        with path.open("rb") as file:
            boxes, is_notes = _telling(file, path.stat().st_size)
        samples = sample_places(path, is_notes) if any(is_notes) else []
    except (ValueError, OSError, Refusal) as error:
        log.warning("The metadata of a clip stays, for its boxes make no sense: %s", error)
        return False
    if not boxes:
        return False
    shutil.copyfile(path, out)
    os.chmod(out, 0o600)
    _write_over(out, boxes, samples)
    if _is_same_clip(path, out):
        return True
    log.warning("The metadata of a clip stays: without it, it would not be the same clip")
    out.unlink()
    return False


def _telling(file: BinaryIO, size: int) -> tuple[list[Box], list[bool]]:
    """Return the boxes that are cleared, and for each track whether its samples are.

    Raises: ValueError.
    """
    boxes: list[Box] = []
    is_notes: list[bool] = []
    for top in boxes_in(file, 0, size):
        if top.kind in {b"meta", b"uuid"} and _tells(file, top):
            boxes.append(top)
        if top.kind == b"moov":
            inner = list(boxes_within(file, top))
            boxes += _telling_among(file, inner)
            is_whole = all(one.kind != b"mvex" for one in inner)
            for track in (one for one in inner if one.kind == b"trak"):
                is_notes.append(is_whole and _handler(file, track) in _TIMED_NOTES)
                within = boxes_within(file, track)
                boxes += [track] if is_notes[-1] else _telling_among(file, within)
    return boxes, is_notes


def _telling_among(file: BinaryIO, boxes: Iterable[Box]) -> list[Box]:
    return [box for box in boxes if box.kind in _TOLD and _tells(file, box)]


def _tells(file: BinaryIO, box: Box) -> bool:
    if box.size > LONGEST_READ_BYTES:
        return False
    said = read_box(file, box).lower()
    return any(word in said for word in _TELLS)


def _handler(file: BinaryIO, track: Box) -> bytes:
    box = inner_box(file, track, b"mdia", b"hdlr")
    return read_box(file, box)[8:12] if box else b""


def _write_over(path: Path, boxes: list[Box], samples: Places) -> None:
    with path.open("r+b") as file:
        for box in boxes:
            _make_free(file, box)
        for start, end in samples:
            _clear(file, start, end)


def _make_free(file: BinaryIO, box: Box) -> None:
    """Make of a box one that holds nothing."""
    file.seek(box.start + 4)
    file.write(b"free")
    _clear(file, box.body, box.end)


def _clear(file: BinaryIO, start: int, end: int) -> None:
    """Write zeros over a part of the file, within its length."""
    end = min(end, file.seek(0, os.SEEK_END))
    file.seek(start)
    while start < end:
        start += file.write(bytes(min(end - start, _CLEARED_AT_ONCE_BYTES)))


def _is_same_clip(path: Path, copy: Path) -> bool:
    before = _pictures_and_sound(path)
    return before is not None and before == _pictures_and_sound(copy)


def _pictures_and_sound(path: Path) -> Any:
    """Return what must be the same: each packet of picture and sound, its times, and how the
    picture is turned.
    """
    with suppress(Refusal), open_clip(path) as stream:
        turned = colour.display_matrix(first_frame(path))
        packets = stream.container.demux(stream, *sound_tracks(stream.container))
        return turned, [_told_by(packet) for packet in packets]
    return None


def _told_by(packet: Any) -> tuple[Any, ...]:
    times = packet.pts, packet.dts, packet.duration
    flags = packet.is_keyframe, packet.is_discard
    return packet.stream.type, *times, *flags, zlib.crc32(bytes(packet))
