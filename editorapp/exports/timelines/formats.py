"""Timeline formats: the table of what a timeline can be written as."""

from collections.abc import Callable
from dataclasses import dataclass

from editorapp.core import spreadsheet
from editorapp.exports.timelines import edl, fcp7, fcpxml, marker_list, otio, resolve_markers
from editorapp.exports.timelines.model import EditTimeline


@dataclass(frozen=True)
class TimelineFormat:
    """A format: what people call it, what its files end with, and who writes it."""

    label: str
    ending: str
    mime_type: str
    write: Callable[[EditTimeline], str]


def _as_csv(timeline: EditTimeline) -> str:
    return "".join(spreadsheet.written(marker_list.rows(timeline)))


FORMATS: dict[str, TimelineFormat] = {
    one.ending: one
    for one in (
        TimelineFormat("OpenTimelineIO", "otio", "application/json", otio.write),
        TimelineFormat("Premiere, Resolve (FCP 7 XML)", "xml", "application/xml", fcp7.write),
        TimelineFormat("Final Cut Pro (FCPXML)", "fcpxml", "application/xml", fcpxml.write),
        TimelineFormat("EDL (CMX 3600)", "edl", "text/plain; charset=utf-8", edl.write),
        TimelineFormat(
            "Notes alone, for Resolve (EDL)",
            "markers.edl",
            "text/plain; charset=utf-8",
            resolve_markers.write,
        ),
        TimelineFormat("Notes as CSV", "csv", spreadsheet.MIME_TYPE, _as_csv),
    )
}
