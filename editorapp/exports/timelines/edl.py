"""EDL (CMX 3600): one picture track, cut after cut, with a locator for each note.

It holds one frame rate and says it nowhere. Source: SMPTE 258M, and Avid's locators (`* LOC:`), which
stand at the record timecode.
"""

from collections.abc import Iterator

from editorapp.core.sanitizing import clean_text
from editorapp.core.timecode import timecode
from editorapp.exports.timelines.model import EditTimeline, PlacedClip, TimelineMarker


class MixedRates(Exception):
    """Clips of several frame rates fit into no EDL."""

    def __init__(self) -> None:
        super().__init__(
            "An EDL holds one frame rate, and these takes have several: "
            "choose takes of one rate, or another format."
        )


def write(timeline: EditTimeline) -> str:
    """Return the timeline as an .edl file. Raises: MixedRates."""
    if not timeline.has_one_rate:
        raise MixedRates
    return "\n".join(_lines(timeline)) + "\n"


def _lines(timeline: EditTimeline) -> Iterator[str]:
    yield f"TITLE: {_plain(timeline.name)}"
    yield f"FCM: {'DROP FRAME' if timeline.drop else 'NON-DROP FRAME'}"
    for placed in timeline.placed():
        yield ""
        yield _event(timeline, placed)
        yield f"* FROM CLIP NAME: {_plain(placed.clip.name)}"
        yield f"* SOURCE FILE: {_plain(placed.clip.path.rpartition('/')[2])}"
        for marker in placed.clip.markers:
            yield _locator(timeline, placed, marker)


def _event(timeline: EditTimeline, placed: PlacedClip) -> str:
    track = "B" if placed.clip.has_sound else "V"
    source = (timecode(at, timeline.rate, drop=timeline.drop) for at in (0, placed.frames))
    record = (timeline.timecode(at) for at in (placed.start, placed.end))
    return f"{placed.number:03}  AX       {track:<5} C        {' '.join((*source, *record))}"


def _locator(timeline: EditTimeline, placed: PlacedClip, marker: TimelineMarker) -> str:
    at = timeline.timecode(timeline.shown_at(placed, marker.first))
    until = ""
    if marker.frames > 1:  # a locator is an instant
        until = f" (until {timeline.timecode(timeline.shown_at(placed, marker.last))})"
    done = " (resolved)" if marker.is_resolved else ""
    return f"* LOC: {at} {marker.colour.upper():<7} {_plain(marker.line)}{until}{done}"


def _plain(text: str) -> str:
    return " ".join(clean_text(text).split())
