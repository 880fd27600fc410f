"""Inspection of a file, what it really is: measured by opening and decoding it, in a child process."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.decoding.sniff import sniff
from editorapp.media.decoding.structure import check_whole
from editorapp.media.decoding.timeline import read_packets
from editorapp.media.refusals import Refusal
from editorapp.simulator.tables import JsonObject

CORRUPT = {"kind": "video", "problem": "corrupt_input"}
OTHER_MEDIA = {"audio_only", "not_media", "unsupported_codec"}
UNSUPPORTED = {"kind": "", "problem": "unsupported_format"}


def inspect(path: str) -> JsonObject:
    """Return the facts of a clip or still: kind ("video", "image" or ""), size, duration, and
    `problem`.

    Units: `duration_seconds` of the picture. `problem` is "", "unsupported_format" or
    "corrupt_input".
    """
    return _video(path) or _image(path) or UNSUPPORTED


def _video(path: str) -> JsonObject | None:
    file = Path(path)
    if sniff(file).kind != "video":
        return None
    try:
        return _measured(file)
    except Refusal as refusal:
        return UNSUPPORTED if refusal.code in OTHER_MEDIA else CORRUPT


def _measured(file: Path) -> JsonObject:
    with open_clip(file) as stream:
        check_whole(file, stream)
        packets = read_packets(stream)
    with open_clip(file) as stream:
        frame = next(decoded(stream), None)
        if frame is None:
            return CORRUPT
        return _facts(stream, frame) | {"duration_seconds": _length(packets, stream.time_base)}


def _facts(stream: Any, frame: Any) -> JsonObject:
    width, height = colour.displayed_size(frame, colour.pixel_aspect(stream))
    return {
        "kind": "video",
        "problem": "",
        "width": width,
        "height": height,
        "codec": stream.codec_context.name,
        "container": stream.container.format.name,
        "fps": str(stream.average_rate or Fraction(24)),
        "has_audio": bool(stream.container.streams.audio),
        "hdr": bool(colour.transfer(frame)),
    }


def _length(packets: list[Any], time_base: Fraction) -> float:
    """Return how long the picture lasts, by the packets' own times: headers lie, and a sound track
    may run on.
    """
    timed = [packet for packet in packets if packet.is_shown and packet.pts is not None]
    if not timed:
        return 0.0
    begin = min(packet.pts for packet in timed)
    end = max(packet.pts + packet.duration for packet in timed)
    return round(float((end - begin) * time_base), 4)


def _image(path: str) -> JsonObject | None:
    Image.MAX_IMAGE_PIXELS = 8000 * 8000
    try:
        with Image.open(path) as picture:
            picture.load()
            lies_on_side = picture.getexif().get(ExifTags.Base.Orientation, 1) >= 5
            width, height = picture.size[::-1] if lies_on_side else picture.size
            return {
                "kind": "image",
                "problem": "",
                "width": width,
                "height": height,
            }
    except Exception:  # Pillow's decoders raise nearly anything on hostile bytes
        return None
