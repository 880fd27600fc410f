"""Marker list: a timeline's clips and notes as rows of a spreadsheet."""

from collections.abc import Iterator

from editorapp.core.spreadsheet import Cell
from editorapp.core.timecode import show_fps, timecode
from editorapp.exports.timelines.model import EditTimeline, PlacedClip, TimelineMarker

COLUMNS = (
    "what",
    "take",
    "clip",
    "file",
    "fps",
    "first_frame",
    "last_frame",
    "timeline_timecode",
    "clip_timecode",
    "author",
    "colour",
    "is_resolved",
    "words",
)


def rows(timeline: EditTimeline) -> Iterator[list[Cell]]:
    """Yield a header, and a row for each clip and for each of its notes."""
    yield list(COLUMNS)
    for placed in timeline.placed():
        yield _row(timeline, placed, None)
        for marker in placed.clip.markers:
            yield _row(timeline, placed, marker)


def _row(timeline: EditTimeline, placed: PlacedClip, marker: TimelineMarker | None) -> list[Cell]:
    clip = placed.clip
    first, last = (marker.first, marker.last) if marker else (0, clip.frames - 1)
    drop = timeline.drop and clip.rate == timeline.rate
    return [
        "note" if marker else "clip",
        clip.take,
        clip.name,
        clip.path,
        show_fps(clip.rate),
        first,
        last,
        timeline.timecode(timeline.shown_at(placed, first)),
        timecode(first, clip.rate, drop=drop),
        marker.author if marker else "",
        marker.colour.value if marker else "",
        ("yes" if marker.is_resolved else "no") if marker else "",
        marker.words if marker else "",
    ]
