"""Take timeline: chosen takes one after the other, their notes as markers."""

from collections.abc import Mapping, Sequence

from editorapp.core.timecode import standard_rate
from editorapp.exports.chosen import ChosenTake
from editorapp.exports.notes import TakeNote
from editorapp.exports.timelines.model import (
    EditTimeline,
    TimelineClip,
    TimelineMarker,
    timeline_of,
)
from editorapp.media.models import Asset


class NothingToLay(Exception):
    """None of the takes has a video that a timeline could hold."""

    def __init__(self) -> None:
        super().__init__("A timeline needs a take with a video: these have none yet.")


def take_timeline(
    chosen: Sequence[ChosenTake],
    *,
    name: str,
    paths: Mapping[int, str],
    drop: bool = True,
) -> EditTimeline:
    """Lay the chosen takes out, in their order; those without a video are left out.

    `paths`: of each take's video, by the take's id, beside the timeline. `drop`: see `timeline_of`.
    Raises: NothingToLay.
    """
    clips = [
        _clip(one, one.video, paths[one.take.pk])
        for one in chosen
        if one.video is not None and one.video.fps and one.video.frame_count
    ]
    if not clips:
        raise NothingToLay
    return timeline_of(name, clips, drop=drop)


def _clip(one: ChosenTake, video: Asset, path: str) -> TimelineClip:
    assert video.fps is not None
    return TimelineClip(
        take=one.take.pk,
        name=one.stem,
        path=path,
        sha256=video.sha256,
        rate=standard_rate(video.fps),
        frames=video.frame_count,
        width=video.width,
        height=video.height,
        has_sound=video.has_audio,
        hdr_transfer=video.hdr_transfer,
        markers=[_marker(note, video) for note in one.notes],
    )


def _marker(note: TakeNote, video: Asset) -> TimelineMarker:
    """Return a note as a marker within its clip; what is about the whole take lies on all of it."""
    first = min(note.first_frame or 0, video.last_frame)
    last = video.last_frame if note.first_frame is None else note.last_frame
    last = first if last is None else max(first, min(last, video.last_frame))
    return TimelineMarker(
        first=first,
        frames=last - first + 1,
        words=note.words,
        author=note.author,
        colour=note.colour,
        is_resolved=note.is_resolved,
    )
