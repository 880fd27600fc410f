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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.decoding.sniff import Sniffed, sniff
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
_TIMED_NOTES = {
    b"meta",
    b"text",
    b"sbtl",
    b"subt",
    b"data",
    b"camm",
}  # handlers of tracks that are no picture or sound
_MOST_TOLD_BYTES = 64_000_000
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


def redact(path: Path, sniffed: Sniffed, out: Path) -> bool:
    """Copy a clip without what it tells of place and camera.

    False, and nothing is written, where it tells nothing.

    Where the copy would not be the same clip, none is made either: pictures and times come first.
    """
    if sniffed.format != "mov":
        return False
    try:
        with path.open("rb") as file:
            boxes, samples = _found(file, path.stat().st_size)
    except (ValueError, OSError) as error:
        log.warning("The metadata of a clip stays, for its boxes make no sense: %s", error)
        return False
    if not boxes:
        return False
    shutil.copyfile(path, out)
    os.chmod(out, 0o600)
    with out.open("r+b") as file:
        for box in boxes:
            file.seek(box.start + 4)
            file.write(b"free")
            _clear(file, box.body, box.end)
        for start, end in samples:
            _clear(file, start, end)
    before = _pictures_and_sound(path, sniffed)
    if before is not None and before == _pictures_and_sound(out, sniff(out)):
        return True
    log.warning("The metadata of a clip stays: without it, it would not be the same clip")
    out.unlink()
    return False


def _found(file: BinaryIO, size: int) -> tuple[list[Box], list[tuple[int, int]]]:
    """Return the boxes that are cleared, and the places of samples that are. Raises: ValueError."""
    boxes: list[Box] = []
    samples: list[tuple[int, int]] = []
    for top in _boxes(file, 0, size):
        if top.kind in {b"meta", b"uuid"} and _tells(file, top):
            boxes.append(top)
        if top.kind != b"moov":
            continue
        inner = list(_boxes(file, top.body, top.end))
        is_whole = all(one.kind != b"mvex" for one in inner)
        for box in inner:
            if box.kind in _TOLD and _tells(file, box):
                boxes.append(box)
            if box.kind == b"trak" and is_whole and _handler(file, box) in _TIMED_NOTES:
                samples += _samples(file, box)
                boxes.append(box)
            elif box.kind == b"trak":
                within = _boxes(file, box.body, box.end)
                boxes += [one for one in within if one.kind in _TOLD and _tells(file, one)]
    return boxes, samples


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places. Raises: ValueError, when one does not end within."""
    count = 0
    while start + 8 <= end:
        file.seek(start)
        head = file.read(16)
        size, kind, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, header = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - start
        count += 1
        if size < header or start + size > end or count > _MOST_BOXES:
            if kind == b"\0\0\0\0" or not head.strip(b"\0"):
                return  # QuickTime ends a list with zeros
            raise ValueError(f"a box {kind!r} of {size} bytes")
        yield Box(kind, start, header, start + size)
        start += size


def _tells(file: BinaryIO, box: Box) -> bool:
    if box.end - box.start > _MOST_TOLD_BYTES:
        return False
    file.seek(box.body)
    said = file.read(box.end - box.body).lower()
    return any(word in said for word in _TELLS)


def _inner(file: BinaryIO, box: Box, *kinds: bytes) -> Box | None:
    """Return the first box at a path inside another."""
    found: Box | None = box
    for kind in kinds:
        if found is None:
            return None
        found = next((one for one in _boxes(file, found.body, found.end) if one.kind == kind), None)
    return found


def _handler(file: BinaryIO, track: Box) -> bytes:
    box = _inner(file, track, b"mdia", b"hdlr")
    return _read(file, box)[8:12] if box else b""


def _read(file: BinaryIO, box: Box) -> bytes:
    if box.end - box.body > _MOST_TOLD_BYTES:
        raise ValueError("a table that is too long")
    file.seek(box.body)
    return file.read(box.end - box.body)


def _numbers(data: bytes, at: int, count: int, width: int) -> list[int]:
    if at + count * width > len(data):
        raise ValueError("a table that does not end")
    return [
        int.from_bytes(data[place : place + width], "big")
        for place in range(at, at + count * width, width)
    ]


def _samples(file: BinaryIO, track: Box) -> list[tuple[int, int]]:
    """Return where a track's samples lie. Raises: ValueError."""
    table = _inner(file, track, b"mdia", b"minf", b"stbl")
    found = (
        {one.kind: _read(file, one) for one in _boxes(file, table.body, table.end)} if table else {}
    )
    if not {b"stsz", b"stsc"} <= found.keys() or not {b"stco", b"co64"} & found.keys():
        raise ValueError("a track without a table of its samples")
    sizes_in, runs_in = found[b"stsz"], found[b"stsc"]
    same, count = _numbers(sizes_in, 4, 2, 4)
    sizes = [same] * min(count, 10_000_000) if same else _numbers(sizes_in, 12, count, 4)
    offsets_in, width = (found[b"stco"], 4) if b"stco" in found else (found[b"co64"], 8)
    offsets = _numbers(offsets_in, 8, _numbers(offsets_in, 4, 1, 4)[0], width)
    runs = _numbers(runs_in, 8, 3 * _numbers(runs_in, 4, 1, 4)[0], 4)
    firsts, per_chunk = runs[0::3], runs[1::3]
    places, at, run = [], 0, 0
    for chunk, start in enumerate(offsets, start=1):
        while run + 1 < len(firsts) and firsts[run + 1] <= chunk:
            run += 1
        end = start + sum(sizes[at : at + per_chunk[run]]) if per_chunk else start
        at += per_chunk[run] if per_chunk else 0
        places.append((start, end))
    return places


def _clear(file: BinaryIO, start: int, end: int) -> None:
    """Write zeros over a part of the file, within its length."""
    end = min(end, file.seek(0, os.SEEK_END))
    file.seek(start)
    while start < end:
        start += file.write(bytes(min(end - start, 1 << 20)))


def _pictures_and_sound(path: Path, sniffed: Sniffed) -> Any:
    """Return what must be the same: each packet of picture and sound, its times, and how the
    picture is turned.
    """
    with suppress(Refusal), open_clip(path, sniffed=sniffed) as (container, stream):
        frame = next(decoded(container, stream), None)
        turned = colour.display_matrix(frame) if frame is not None else None
        packets = []
        with open_clip(path, sniffed=sniffed) as (again, pictures):
            sounds = [one for one in again.streams.audio if one.codec_context is not None]
            for packet in again.demux(pictures, *sounds):
                times = (
                    packet.pts,
                    packet.dts,
                    packet.duration,
                    packet.is_keyframe,
                    packet.is_discard,
                )
                packets.append((packet.stream.type, *times, zlib.crc32(bytes(packet))))
        return turned, packets
    return None
