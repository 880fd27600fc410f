"""Inspection of a file, what it really is: measured by opening and decoding it, in a child process."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.decoding.sniff import Sniffed, sniff
from editorapp.media.decoding.structure import check_whole
from editorapp.media.decoding.timeline import read_packets
from editorapp.media.refusals import Refusal

CORRUPT = {"kind": "video", "problem": "corrupt_input"}
UNSUPPORTED = {"kind": "", "problem": "unsupported_format"}


def inspect(path: str) -> dict[str, Any]:
    """Return the facts of a clip or still: kind ("video", "image" or ""), size, duration, and
    `problem`.

    Units: `duration_seconds` of the picture. `problem` is "", "unsupported_format" or
    "corrupt_input".
    """
    return _video(path) or _image(path) or UNSUPPORTED


def _video(path: str) -> dict[str, Any] | None:
    file = Path(path)
    sniffed = sniff(file)
    if sniffed.kind != "video":
        return None
    try:
        return _measured(file, sniffed)
    except Refusal as refusal:
        is_other = refusal.code in {"audio_only", "not_media", "unsupported_codec"}
        return UNSUPPORTED if is_other else CORRUPT


def _measured(file: Path, sniffed: Sniffed) -> dict[str, Any]:
    with open_clip(file, sniffed=sniffed) as stream:
        check_whole(file, sniffed, stream)
        packets = [packet for packet in read_packets(stream) if packet.is_shown]
    with open_clip(file, sniffed=sniffed) as stream:
        frame = next(decoded(stream), None)
        if frame is None:
            return CORRUPT
        width, height = colour.displayed_size(frame, colour.pixel_aspect(stream))
        return {
            "kind": "video",
            "problem": "",
            "width": width,
            "height": height,
            "codec": stream.codec_context.name,
            "container": stream.container.format.name,
            "duration_seconds": _length(packets, stream.time_base),
            "fps": str(stream.average_rate or Fraction(24)),
            "has_audio": bool(stream.container.streams.audio),
            "hdr": bool(colour.transfer(frame)),
        }


def _length(packets: list[Any], time_base: Fraction) -> float:
    """Return how long the picture lasts, by the packets' own times: headers lie, and a sound track
    may run on.
    """
    times = [packet.pts for packet in packets if packet.pts is not None]
    ends = [packet.pts + packet.duration for packet in packets if packet.pts is not None]
    return round(float((max(ends) - min(times)) * time_base), 4) if times else 0.0


def _image(path: str) -> dict[str, Any] | None:
    Image.MAX_IMAGE_PIXELS = 8000 * 8000
    try:
        with Image.open(path) as picture:
            picture.load()
            width, height = picture.size
            if picture.getexif().get(ExifTags.Base.Orientation, 1) >= 5:  # lies on its side
                width, height = height, width
            return {"kind": "image", "problem": "", "width": width, "height": height}
    except Exception:  # Pillow's decoders raise nearly anything on hostile bytes
        return None
