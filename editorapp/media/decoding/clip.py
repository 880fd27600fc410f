"""Examination of clips: facts, the index of frames, and the frames that previews are made of."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import decoded, open_clip, picture_tracks, sound_tracks
from editorapp.media.decoding.size_limits import check_frame_size
from editorapp.media.decoding.sniff import sniff
from editorapp.media.decoding.structure import check_whole, is_fragmented
from editorapp.media.decoding.timeline import (
    Onlooker,
    Timeline,
    build,
    exact_rate,
    read_claims,
)
from editorapp.media.facts import JsonObject
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
    """`sounds`: the names of the codings of its sound tracks."""

    facts: JsonObject
    timeline: Timeline
    sounds: list[str]


def examine(path: Path, *, max_seconds: float, onlooker: Onlooker | None = None) -> Clip:
    """Measure a clip. The onlooker sees each frame of one that is decoded whole.

    Raises: Refusal.
    """
    sniffed = sniff(path)
    with open_clip(path) as stream:
        _check_claim(stream, max_seconds)
        check_whole(path, stream)
        claims = read_claims(stream)
        if onlooker is not None:
            onlooker.expect(stream, claims.count)
    timeline = build(path, claims, onlooker=onlooker)
    with open_clip(path) as stream:
        stream.codec_context.thread_count = 1  # more would begin frames that nobody asks for
        times = _times(timeline, stream, max_seconds)
        tracks = sound_tracks(stream.container)
        sounds = [track.codec_context.codec.canonical_name for track in tracks]
        facts = _facts(stream, sniffed.container, sounds)
    facts["browser_safe"] &= not (sniffed.format == "mov" and is_fragmented(path))
    return Clip({**facts, **times, "size_bytes": path.stat().st_size}, timeline, sounds)


def _times(timeline: Timeline, stream: Any, max_seconds: float) -> JsonObject:
    rate, varies = exact_rate(timeline, stream)
    seconds = _seconds(timeline, rate, varies)
    _check_length(seconds, max_seconds)
    return {
        "fps": f"{rate.numerator}/{rate.denominator}",
        "variable_frame_rate": varies,
        "frame_count": len(timeline.pts),
        "duration_seconds": _show_seconds(seconds),
    }


def _check_claim(stream: Any, max_seconds: float) -> None:
    """Refuse by what the header claims, before hours of frames are counted."""
    if stream.duration and stream.time_base:
        claimed = float(stream.duration * stream.time_base)
        _check_length(claimed, max_seconds, slack=max_seconds * 0.01 + 1)


def _check_length(seconds: float | Fraction, limit: float, *, slack: float = 0) -> None:
    if limit and seconds > limit + slack:
        raise Refusal("too_long", length=show_length(float(seconds)), limit=show_length(limit))


def _seconds(timeline: Timeline, rate: Fraction, varies: bool) -> Fraction:
    """Return how long the picture lasts: an even clip by its rate, but for a last frame that is
    held for longer.
    """
    if varies:
        return timeline.seconds
    return len(timeline.pts) / rate + _held_longer(timeline, 1 / rate)


def _held_longer(timeline: Timeline, usual: Fraction) -> Fraction:
    """Return for how much longer than a usual one the last frame is held: 0 where it is about as
    long.
    """
    last = (timeline.end - timeline.pts[-1]) * timeline.time_base
    return last - usual if last > Fraction(5, 4) * usual else Fraction(0)


def _facts(stream: Any, container: str, sounds: list[str]) -> JsonObject:
    """Read what the first frame says: size as displayed, colour, layout."""
    frame = next(decoded(stream), None)
    if frame is None:
        raise Refusal("no_frames")
    width, height = colour.displayed_size(frame, colour.pixel_aspect(stream))
    check_frame_size(width, height)
    transfer, codec = colour.transfer(frame), stream.codec_context.codec.canonical_name
    tracks, pixel_format = picture_tracks(stream.container), frame.format.name
    is_safe = is_browser_safe(container, codec, pixel_format, sounds)
    return {
        "kind": "video",
        "container": container,
        "codec": codec,
        "width": width,
        "height": height,
        "has_audio": bool(stream.container.streams.audio),
        "hdr": bool(transfer),
        "hdr_transfer": transfer,
        "rotation": colour.upright(frame).clockwise_degrees,
        "pixel_format": pixel_format,
        "video_track": 1 + tracks.index(stream),
        "video_tracks": len(tracks),
        # Of several tracks a browser takes one by rules of its own.
        "browser_safe": is_safe and not transfer and len(tracks) == 1,
    }


def is_browser_safe(
    container: str,
    codec: str,
    pixel_format: str,
    sounds: list[str],
) -> bool:
    """Will current Chrome, Firefox and Safari play this file as it is?"""
    layouts = _SAFE_CODECS.get(_SAFE_BRANDS.get(container, ""), {})
    return pixel_format in layouts.get(codec, set()) and set(sounds) <= _SAFE_SOUND


def _show_seconds(seconds: Fraction) -> str:
    """Write seconds with six decimals, rounded half up, without a float in between."""
    micro = (seconds * 1_000_000 + Fraction(1, 2)) // 1
    return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"
