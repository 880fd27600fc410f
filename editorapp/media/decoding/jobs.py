"""Jobs of the sandbox: each takes and returns what JSON can carry, and raises Refusal."""

import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from PIL import Image

from editorapp.media import layout, usual_form
from editorapp.media.decoding import change as change_curve
from editorapp.media.decoding import (
    colour,
    conversion,
    poster_filmstrip,
    reader,
    source_sound,
    transcode,
)
from editorapp.media.decoding import outgoing as outgoing_copies
from editorapp.media.decoding.archive import examine_archive
from editorapp.media.decoding.clip import Clip, examine, is_browser_safe
from editorapp.media.decoding.picture_file import opened, plain, upright
from editorapp.media.decoding.sniff import Sniffed, sniff
from editorapp.media.decoding.still_picture import examine_picture
from editorapp.media.decoding.timeline import Timeline, has_times_of
from editorapp.media.facts import JsonObject
from editorapp.media.refusals import Refusal, show_bytes

# Of a clip that is remuxed: what must be the same.
_KEPT_FACTS = ("width", "height", "rotation", "duration_seconds", "hdr_transfer")
_PATIENT = 10  # how far a job steps back behind those that somebody waits for
_OPTIONS: dict[str, JsonObject] = {
    "png": {"compress_level": 3},
    "jpeg": {"quality": 92, "subsampling": 0},
    "webp": {"quality": 90, "method": 2},
}


def take(
    path: str,
    *,
    max_seconds: float,
    expect: str,
    out: str | None = None,
) -> JsonObject:
    """Measure a file and, where `out` names a folder, write its previews and the index of its
    frames into it (named as layout.py has them).

    `expect`: "video" refuses pictures, "image" refuses clips, "any" takes both; "archive" is a zip
    of EXR frames.
    """
    file, folder = Path(path), Path(out) if out else None
    poster = folder / layout.POSTER if folder else None
    if expect == "archive":
        return {"facts": examine_archive(file, poster)}
    sniffed = sniff(file)
    _check_kind(sniffed, expect)
    if sniffed.kind == "picture":
        return {"facts": examine_picture(file, sniffed, poster=poster)}
    return {"facts": _take_clip(file, max_seconds, folder)}


def _check_kind(sniffed: Sniffed, expect: str) -> None:
    """Refuse what a file is not, in words about what it is."""
    if code := _wrong_kind(sniffed.kind, expect):
        raise Refusal(code, what=sniffed.what)


def _wrong_kind(kind: str, expect: str) -> str:
    """Return the code of what is wrong with a kind of file; "" where it is as expected."""
    if kind == "picture" and expect == "video":
        return "picture_not_video"
    if expect == "image" and kind not in {"empty", "playlist", "picture", "unsupported_picture"}:
        return "not_picture"
    return "" if kind in {"video", "picture"} else kind


def _take_clip(
    file: Path,
    max_seconds: float,
    folder: Path | None,
) -> JsonObject:
    if folder is None:
        return examine(file, max_seconds=max_seconds).facts
    collector = poster_filmstrip.Collector()
    clip = examine(file, max_seconds=max_seconds, onlooker=collector)
    strip = collector.strip(len(clip.timeline.pts))
    poster_filmstrip.save_preview(strip, folder / layout.FILMSTRIP)
    poster_filmstrip.save_preview(collector.poster(), folder / layout.POSTER)
    reader.save_index(clip.timeline, folder / layout.FRAMES)
    return clip.facts


def still(
    path: str,
    *,
    index: int,
    frames: str,
    format: str,
    max_height: int,
    out: str,
) -> JsonObject:
    """Write frame `index` of a clip as a picture file, upright and in sRGB."""
    frame, aspect = reader.frame_at(Path(path), reader.load_index(Path(frames)), index)
    pixels = colour.picture(frame, aspect, max_height=max_height)
    Image.fromarray(pixels).save(out, format.upper(), **_OPTIONS[format])
    return {"width": pixels.shape[1], "height": pixels.shape[0]}


def proxy(path: str, *, frames: str, fps: str, out: str, progress: str = "") -> JsonObject:
    """Transcode a clip for browsers, into its playable copy: the same packets where they can be kept, else
    coded anew; the file `progress`, where one is named, says how many hundredths are written.
    """
    file, made, timeline = Path(path), Path(out), reader.load_index(Path(frames))
    if _remuxed(file, made, timeline, is_kept=_could_be_kept):
        return {"how": "remuxed"}
    whole, recipe = (0, len(timeline.pts) - 1), transcode.for_browsers(timeline.seconds)
    tell = _Progress(Path(progress) if progress else None)
    transcode.copy(file, made, timeline, rate=Fraction(fps), recipe=recipe, span=whole, tell=tell)
    return {"how": "encoded"}


def watermarked(path: str, *, frames: str, fps: str, text: str, out: str) -> JsonObject:
    """Write a clip for browsers with a text burnt into every frame."""
    timeline = reader.load_index(Path(frames))
    transcode.copy(
        Path(path),
        Path(out),
        timeline,
        rate=Fraction(fps),
        recipe=transcode.for_guests(timeline.seconds, text),
        span=(0, len(timeline.pts) - 1),
    )
    return {}


class _Progress:
    """Writes a share into a file, in hundredths, as often as that is another number."""

    def __init__(self, file: Path | None) -> None:
        self.file, self.said = file, -1

    def __call__(self, share: float) -> None:
        if self.file is not None and int(100 * share) != self.said:
            self.said = int(100 * share)
            self.file.write_text(str(self.said))


def _remuxed(
    file: Path,
    made: Path,
    timeline: Timeline,
    *,
    is_kept: Callable[[Clip], bool],
) -> bool:
    """Try to keep the packets of a clip that may be, and keep the result only if it is the same
    clip.
    """
    source = examine(file, max_seconds=0)
    said = source.facts
    if not is_kept(source):
        return False
    try:
        transcode.remux(file, made, timeline)
        copied = examine(made, max_seconds=0)
    except Refusal:
        return False
    is_same = all(copied.facts[fact] == said[fact] for fact in _KEPT_FACTS)
    return is_same and has_times_of(copied.timeline, timeline)


def _could_be_kept(source: Clip) -> bool:
    said = source.facts
    is_safe = is_browser_safe("mp4", "h264", said["pixel_format"], source.sounds)
    return is_safe and said["codec"] == "h264" and not said["hdr"]


def outgoing(path: str, *, out: str) -> JsonObject:
    """Write a file as it may leave the house, where it may not leave as it is."""
    return {"is_changed": outgoing_copies.outgoing(Path(path), Path(out))}


def as_png(path: str, *, out: str) -> JsonObject:
    """Write a picture as PNG, for who takes no other format."""
    file = Path(path)
    data, format = file.read_bytes(), sniff(file).format
    with opened(data, format) as picture:
        picture.load()
        plain(upright(picture, data, format)).save(out, "PNG")
    return {}


def trim(
    path: str,
    *,
    frames: str,
    fps: str,
    first: int,
    last: int,
    out: str,
    rate: str = "",
    size: tuple[int, int] | None = None,
    max_bytes: int = 0,
    progress: str = "",
) -> JsonObject:
    """Write frames `first` to `last` of a clip, and their sound, as a clip of its own; the file
    `progress`, where one is named, says how many hundredths are written.

    `rate`, `size`, `max_bytes`: what is to be other than it is; "", None and 0 where nothing is. A
    whole clip of which nothing is keeps its packets, where an MP4 and those who read it take them.
    """
    file, made, timeline = Path(path), Path(out), reader.load_index(Path(frames))
    span, whole = (first, last), (0, len(timeline.pts) - 1)
    is_same = span == whole and not (rate or size or max_bytes)
    if is_same and _remuxed(file, made, timeline, is_kept=_could_be_sent):
        return {"how": "remuxed"}
    recipe = replace(transcode.TRIM, size=(size[0], size[1]) if size else None)
    conversion.write(
        file,
        made,
        timeline,
        span,
        fps=fps,
        rate=rate,
        recipe=recipe,
        most=max_bytes,
        tell=_Progress(Path(progress) if progress else None),
    )
    return {"how": "encoded"}


def _could_be_sent(source: Clip) -> bool:
    """Is the coding one that whoever takes MP4 files reads?"""
    said = source.facts
    is_usual = usual_form.is_usual("mp4", said["codec"], said["pixel_format"])
    is_held = said["codec"] in ("h264", "hevc") and set(source.sounds) <= {"aac", "mp3"}
    return is_usual and is_held and said["video_tracks"] == 1


def with_sound(
    path: str,
    *,
    frames: str,
    source: str,
    source_frames: str,
    is_copy: bool,
    out: str,
) -> JsonObject:
    """Write the picture of a clip as it is, and the sound of the source that it was made from.

    `is_copy`: `path` is the clip's playable copy, which begins at 0.
    """
    indexes = (reader.load_index(Path(name)) for name in (frames, source_frames))
    span = source_sound.span_of(*indexes, is_copy=is_copy)
    is_kept = source_sound.add(Path(path), Path(source), Path(out), span)
    return {"how": "copied" if is_kept else "encoded"}


def cut_with_sound(
    path: str,
    *,
    whole_frames: str,
    first: int,
    source: str,
    source_frames: str,
    max_bytes: int,
    out: str,
) -> JsonObject:
    """Write the picture of a cut as it is, and what is heard of a source in that part of the clip.

    `path` is the cut, from frame `first` of a clip on. With `max_bytes` the whole is no larger than
    that; 0 for as many as it takes.
    """
    file, made = Path(path), Path(out)
    cut = examine(file, max_seconds=0).timeline
    whole, heard = (reader.load_index(Path(name)) for name in (whole_frames, source_frames))
    span = source_sound.span_of_cut(cut, whole, first, heard)
    source_sound.add(file, Path(source), made, span, codes_anew=bool(max_bytes))
    if max_bytes and (size := made.stat().st_size) > max_bytes:
        raise Refusal("too_big", size=show_bytes(size), limit=show_bytes(max_bytes))
    return {}


def change(
    path: str,
    *,
    frames: str,
    source: str,
    source_frames: str,
    laid: list[float],
) -> JsonObject:
    """Return how much each frame of a take differs from its source: see change.py.

    `laid`: where the source lies on the take, as fractions: left, top, width, height.
    """
    os.nice(_PATIENT)
    left, top, width, height = laid
    own = Path(path), reader.load_index(Path(frames))
    theirs = Path(source), reader.load_index(Path(source_frames))
    return {"values": change_curve.curve(own, theirs, laid=(left, top, width, height))}
