"""Resolve's markers: an EDL of nothing but the notes, as Resolve itself writes and reads them for a timeline
that is there already, with their colours and how long they last.

Resolve lays them at the record timecode of the timeline, so it must begin where ours does.
"""

from collections.abc import Iterator

from editorapp.core.sanitizing import clean_text
from editorapp.exports.timelines.model import EditTimeline, MarkerColour, PlacedClip, TimelineMarker

_COLOURS = {
    MarkerColour.RED: "Red",
    MarkerColour.YELLOW: "Yellow",
    MarkerColour.GREEN: "Green",
    MarkerColour.CYAN: "Cyan",
    MarkerColour.BLUE: "Blue",
    MarkerColour.MAGENTA: "Fuchsia",
}


def write(timeline: EditTimeline) -> str:
    """Return the timeline's notes as an .edl file."""
    return "\n".join(_lines(timeline)) + "\n"


def _lines(timeline: EditTimeline) -> Iterator[str]:
    yield f"TITLE: {_plain(timeline.name)}"
    yield f"FCM: {'DROP FRAME' if timeline.drop else 'NON-DROP FRAME'}"
    placed = [(one, marker) for one in timeline.placed() for marker in one.clip.markers]
    for number, (one, marker) in enumerate(placed, start=1):
        yield from _marker(timeline, one, marker, number)


def _marker(
    timeline: EditTimeline,
    placed: PlacedClip,
    marker: TimelineMarker,
    number: int,
) -> Iterator[str]:
    first = timeline.shown_at(placed, marker.first)
    last = timeline.shown_at(placed, marker.last)
    at = f"{timeline.timecode(first)} {timeline.timecode(first + 1)}"
    done = " (resolved)" if marker.is_resolved else ""
    name = f"{_plain(marker.author)}{done}"
    yield ""
    yield f"{number:03}  001      V     C        {at} {at}  "
    colour = f"|C:ResolveColor{_COLOURS[marker.colour]}"
    yield f"{_plain(marker.words)} {colour} |M:{name} |D:{last - first + 1}"


def _plain(text: str) -> str:
    """Return a text in one line, without what parts the fields."""
    return " ".join(clean_text(text).replace("|", "/").split())
