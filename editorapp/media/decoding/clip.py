"""A clip, examined: its facts, the index of its frames, and the frames that its previews are made
of.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import check_size, decoded, open_clip, picture_tracks
from editorapp.media.decoding.sniff import Sniffed
from editorapp.media.decoding.structure import check_whole, is_fragmented
from editorapp.media.decoding.timeline import OnFrame, Timeline, build, exact_rate, read_packets
from editorapp.media.refusals import Refusal, show_length

# What current Chrome, Firefox and Safari all play from a plain <video>.
_SAFE_CODECS = {
    "mp4": {"h264": {"yuv420p", "yuvj420p"}, "av1": {"yuv420p"}},
    "webm": {"vp8": {"yuv420p"}, "vp9": {"yuv420p"}, "av1": {"yuv420p"}},
}
_SAFE_SOUND = {"aac", "mp3", "opus", "vorbis"}
# A QuickTime file is an MP4 to them, whatever its name: it is given to them as one.
_SAFE_BRANDS = {"mp4": "mp4", "m4v": "mp4", "mov": "mp4", "webm": "webm"}


@dataclass(frozen=True)
class Clip:
    facts: dict[str, Any]
    timeline: Timeline


def examine(
    path: Path, sniffed: Sniffed, *, max_seconds: float, on_frame: OnFrame | None = None
) -> Clip:
    """Measure a clip. `on_frame(index, frame)` sees each frame of a clip that is short enough to be
    decoded whole.

    Raises: Refusal.
    """
    with open_clip(path, sniffed=sniffed) as (container, stream):
        _check_length(container, stream, max_seconds)
        check_whole(path, sniffed, stream)
        packets = read_packets(container, stream)
        if not packets:
            raise Refusal("no_frames")
    timeline = build(path, sniffed, packets, on_frame=on_frame)
    with open_clip(path, sniffed=sniffed) as (container, stream):
        rate, varies = exact_rate(timeline, stream)
        seconds = _seconds(timeline, rate, varies)
        if max_seconds and seconds > max_seconds:
            raise Refusal(
                "too_long", length=show_length(float(seconds)), limit=show_length(max_seconds)
            )
        facts = _facts(container, stream, sniffed)
    facts["browser_safe"] &= not (sniffed.format == "mov" and is_fragmented(path))
    facts |= {
        "size_bytes": path.stat().st_size,
        "fps": f"{rate.numerator}/{rate.denominator}",
        "variable_frame_rate": varies,
        "frame_count": len(timeline.pts),
        "duration_seconds": _show_seconds(seconds),
    }
    return Clip(facts, timeline)


def _seconds(timeline: Timeline, rate: Fraction, varies: bool) -> Fraction:
    """Return how long the picture lasts: an even clip by its rate, but for a last frame that is
    held for longer.
    """
    if varies:
        return timeline.seconds
    last = (timeline.end - timeline.pts[-1]) * timeline.time_base
    usual = 1 / rate
    return len(timeline.pts) * usual + (last - usual if last > Fraction(5, 4) * usual else 0)


def _check_length(container: Any, stream: Any, max_seconds: float) -> None:
    """Refuse by what the header claims, before hours of frames are counted."""
    if max_seconds and stream.duration and stream.time_base:
        claimed = float(stream.duration * stream.time_base)
        if claimed > max_seconds * 1.01 + 1:
            raise Refusal("too_long", length=show_length(claimed), limit=show_length(max_seconds))


def _facts(container: Any, stream: Any, sniffed: Sniffed) -> dict[str, Any]:
    """Read what the first frame says: size as displayed, colour, layout."""
    frame = next(decoded(container, stream), None)
    if frame is None:
        raise Refusal("no_frames")
    width, height = colour.displayed_size(frame, colour.pixel_aspect(stream))
    check_size(width, height)
    transfer, codec = colour.transfer(frame), stream.codec_context.codec.canonical_name
    sounds = [sound for sound in container.streams.audio if sound.codec_context is not None]
    tracks = picture_tracks(container)
    return {
        "kind": "video",
        "container": sniffed.container,
        "codec": codec,
        "width": width,
        "height": height,
        "has_audio": bool(container.streams.audio),
        "hdr": bool(transfer),
        "hdr_transfer": transfer,
        "rotation": colour.upright(frame).clockwise_degrees,
        "pixel_format": frame.format.name,
        "video_track": 1 + tracks.index(stream),
        "video_tracks": len(tracks),
        # Of several tracks a browser takes one by rules of its own.
        "browser_safe": not transfer
        and len(tracks) == 1
        and is_browser_safe(
            sniffed.container,
            codec,
            frame.format.name,
            [sound.codec_context.codec.canonical_name for sound in sounds],
        ),
    }


def is_browser_safe(container: str, codec: str, pixel_format: str, sounds: list[str]) -> bool:
    """Will current Chrome, Firefox and Safari play this file as it is?"""
    layouts = _SAFE_CODECS.get(_SAFE_BRANDS.get(container, ""), {})
    return pixel_format in layouts.get(codec, set()) and set(sounds) <= _SAFE_SOUND


def _show_seconds(seconds: Fraction) -> str:
    """Write seconds with six decimals, rounded half up, without a float in between."""
    micro = (seconds * 1_000_000 + Fraction(1, 2)) // 1
    return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"
