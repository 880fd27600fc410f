"""The jobs that the sandbox's child does: each takes and returns what JSON can carry, and raises
Refusal.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from editorapp.media.decoding import colour, encode, previews, reader
from editorapp.media.decoding import outgoing as outgoing_copies
from editorapp.media.decoding.archive import examine_archive
from editorapp.media.decoding.clip import examine, is_browser_safe
from editorapp.media.decoding.opening import open_clip
from editorapp.media.decoding.picture_file import in_eight_bits, opened, orientation, turned
from editorapp.media.decoding.sniff import Sniffed, sniff
from editorapp.media.decoding.still_picture import examine_picture
from editorapp.media.decoding.timeline import Timeline, has_times_of, read_packets
from editorapp.media.refusals import Refusal

_LONG_SECONDS = 120  # a longer clip is coded faster and a little worse, so that it is done in time
_PROXY_SIDE = 1920
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
_OPTIONS: dict[str, dict[str, Any]] = {
    "png": {"compress_level": 3},
    "jpeg": {"quality": 92, "subsampling": 0},
    "webp": {"quality": 90, "method": 2},
}


def take(path: str, *, max_seconds: float, expect: str, out: str | None = None) -> dict[str, Any]:
    """Measure a file and, where `out` names a folder, write poster.webp, filmstrip.webp and
    frames.json into it.

    `expect`: "video" refuses pictures, "image" refuses clips, "any" takes both.
    """
    file, folder = Path(path), Path(out) if out else None
    sniffed = sniff(file)
    _check_kind(sniffed, expect)
    if sniffed.kind == "picture":
        return {
            "facts": examine_picture(
                file, sniffed, poster=folder / "poster.webp" if folder else None
            )
        }
    return {"facts": _take_clip(file, sniffed, max_seconds, folder)}


def _check_kind(sniffed: Sniffed, expect: str) -> None:
    """Refuse what a file is not, in words about what it is."""
    kind, what = sniffed.kind, sniffed.what
    if kind == "empty":
        raise Refusal("empty")
    if kind == "playlist":
        raise Refusal("playlist")
    if kind == "picture" and expect == "video":
        raise Refusal("picture_not_video", what=what)
    if kind == "other_picture":
        raise Refusal("unsupported_picture", what=what)
    if expect == "image" and kind != "picture":
        raise Refusal("not_picture", what=what)
    if kind == "audio":
        raise Refusal("audio_only")
    if kind == "other_video":
        raise Refusal("unsupported_container", what=what)
    if kind == "nothing":
        raise Refusal("not_media", what=what)


def _take_clip(
    file: Path, sniffed: Sniffed, max_seconds: float, folder: Path | None
) -> dict[str, Any]:
    if folder is None:
        return examine(file, sniffed, max_seconds=max_seconds).facts
    collector = previews.Collector(*_expected(file, sniffed))
    clip = examine(file, sniffed, max_seconds=max_seconds, on_frame=collector)
    if not collector.columns:
        previews.fill(collector, file, clip.timeline)
    previews.save_strip(collector, len(clip.timeline.pts), folder / "filmstrip.webp")
    previews.save_poster(next(iter(collector.posters.values())), folder / "poster.webp")
    reader.save_index(clip.timeline, folder / "frames.json")
    return clip.facts


def _expected(file: Path, sniffed: Sniffed) -> tuple[int, Any]:
    """Return about how many frames there will be, and their pixels' shape."""
    with open_clip(file, sniffed=sniffed) as (container, stream):
        aspect = colour.pixel_aspect(stream)
        count = sum(packet.is_shown for packet in read_packets(container, stream))
    return count, lambda: aspect


def still(
    path: str, *, index: int, frames: str, format: str, max_height: int, out: str
) -> dict[str, Any]:
    """Write frame `index` of a clip as a picture file, upright and in sRGB."""
    frame, aspect = reader.frame_at(Path(path), reader.load_index(Path(frames)), index)
    pixels = colour.picture(frame, aspect, max_height=max_height)
    Image.fromarray(pixels).save(out, _FORMATS[format], **_OPTIONS[format])
    return {"width": pixels.shape[1], "height": pixels.shape[0]}


def take_archive(path: str, *, out: str) -> dict[str, Any]:
    """Measure a zip of EXR frames and write its poster."""
    return {"facts": examine_archive(Path(path), Path(out) / "poster.webp")}


def proxy(path: str, *, frames: str, fps: str, out: str) -> dict[str, Any]:
    """Write a copy of a clip that browsers play: the same packets where they can be kept, else
    coded anew.
    """
    file, made, timeline = Path(path), Path(out), reader.load_index(Path(frames))
    if _remuxed(file, made, timeline):
        return {"how": "remuxed"}
    is_long = timeline.seconds > _LONG_SECONDS
    recipe = encode.Recipe(
        gop=6,
        quality=23 if is_long else 20,
        preset="ultrafast" if is_long else "veryfast",
        max_width=_PROXY_SIDE,
        max_height=_PROXY_SIDE,
    )
    whole = (0, len(timeline.pts) - 1)
    encode.copy(file, made, timeline, rate=Fraction(fps), recipe=recipe, span=whole)
    return {"how": "encoded"}


def _remuxed(file: Path, made: Path, timeline: Timeline) -> bool:
    """Try to keep the packets, and keep the result only if it is the same clip."""
    sniffed = sniff(file)
    said = examine(file, sniffed, max_seconds=0).facts
    with open_clip(file, sniffed=sniffed) as (container, _):
        sounds = [
            s.codec_context.codec.canonical_name
            for s in container.streams.audio
            if s.codec_context is not None
        ]
    if (
        said["hdr"]
        or said["codec"] != "h264"
        or not is_browser_safe("mp4", "h264", said["pixel_format"], sounds)
    ):
        return False
    try:
        encode.remux(file, made, timeline)
        copied = examine(made, sniff(made), max_seconds=0)
    except Refusal:
        return False
    same = ("width", "height", "rotation", "duration_seconds")
    return has_times_of(copied.timeline, timeline) and all(
        copied.facts[fact] == said[fact] for fact in same
    )


def outgoing(path: str, *, out: str) -> dict[str, Any]:
    """Write a file as it may leave the house, where it may not leave as it is."""
    return {"is_changed": outgoing_copies.outgoing(Path(path), Path(out))}


def as_png(path: str, *, out: str) -> dict[str, Any]:
    """Write a picture as PNG, for who takes no other format."""
    file = Path(path)
    data, format = file.read_bytes(), sniff(file).format
    with opened(data, format) as picture:
        picture.load()
        shown = turned(in_eight_bits(picture), orientation(data, format))
        shown.convert("RGBA" if shown.has_transparency_data else "RGB").save(out, "PNG")
    return {}


def trim(path: str, *, frames: str, fps: str, first: int, last: int, out: str) -> dict[str, Any]:
    """Write frames `first` to `last` of a clip, and their sound, as a clip of its own."""
    file, timeline = Path(path), reader.load_index(Path(frames))
    frame, _ = reader.frame_at(file, timeline, first)
    recipe = encode.Recipe(quality=14)
    if colour.transfer(frame):
        recipe = encode.Recipe(
            codec="libx265", pixel_format="yuv420p10le", quality=16, preset="fast", keeps_hdr=True
        )
    encode.copy(file, Path(out), timeline, rate=Fraction(fps), recipe=recipe, span=(first, last))
    return {}
