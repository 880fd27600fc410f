"""FCP 7 XML (xmeml 5): what Premiere, Resolve and Avid read of a timeline with markers.

Source: Apple's "Final Cut Pro XML Interchange Format", version 5.
"""

from fractions import Fraction
from xml.etree.ElementTree import Element

from editorapp.core.timecode import counted_rate
from editorapp.exports.timelines.model import (
    EditTimeline,
    MarkerColour,
    PlacedClip,
    TimelineMarker,
)
from editorapp.exports.timelines.xml_text import add, document

_RGB = {
    MarkerColour.RED: (255, 0, 0),
    MarkerColour.YELLOW: (255, 220, 0),
    MarkerColour.GREEN: (0, 170, 60),
    MarkerColour.CYAN: (0, 190, 190),
    MarkerColour.BLUE: (0, 90, 255),
    MarkerColour.MAGENTA: (220, 0, 180),
}


def write(timeline: EditTimeline) -> str:
    """Return the timeline as an .xml file."""
    root = Element("xmeml", version="5")
    sequence = add(root, "sequence", id="sequence-1")
    add(sequence, "name", timeline.name)
    add(sequence, "duration", timeline.frames)
    _rate(sequence, timeline.rate)
    _timecode(sequence, timeline)
    media = add(sequence, "media")
    placed = list(timeline.placed())
    video = add(media, "video")
    first = timeline.clips[0]
    _picture(add(video, "format"), first.width, first.height, timeline.rate)
    _track(video, placed, "video")
    if any(one.clip.has_sound for one in placed):
        _track(add(media, "audio"), [one for one in placed if one.clip.has_sound], "audio")
    return document(root, doctype="xmeml")


def _rate(parent: Element, rate: Fraction) -> None:
    element = add(parent, "rate")
    add(element, "timebase", counted_rate(rate))
    add(element, "ntsc", "TRUE" if rate.denominator == 1001 else "FALSE")


def _timecode(parent: Element, timeline: EditTimeline) -> None:
    element = add(parent, "timecode")
    _rate(element, timeline.rate)
    add(element, "string", timeline.timecode(0))
    add(element, "frame", timeline.beginning)
    add(element, "displayformat", "DF" if timeline.drop else "NDF")


def _picture(parent: Element, width: int, height: int, rate: Fraction) -> None:
    element = add(parent, "samplecharacteristics")
    _rate(element, rate)
    add(element, "width", width)
    add(element, "height", height)
    add(element, "pixelaspectratio", "square")
    add(element, "fielddominance", "none")


def _track(parent: Element, clips: list[PlacedClip], kind: str) -> None:
    track = add(parent, "track")
    for placed in clips:
        _clip_item(track, placed, kind)


def _clip_item(track: Element, placed: PlacedClip, kind: str) -> None:
    clip = placed.clip
    item = add(track, "clipitem", id=f"{kind}-{placed.number}")
    add(item, "name", clip.name)
    add(item, "duration", clip.frames)
    _rate(item, clip.rate)
    for tag, frame in (("in", 0), ("out", clip.frames)):
        add(item, tag, frame)
    for tag, frame in (("start", placed.start), ("end", placed.end)):
        add(item, tag, frame)
    if kind == "video":
        _file(item, placed)
    else:
        add(item, "file", id=f"file-{placed.number}")  # described with the picture
        source = add(item, "sourcetrack")
        add(source, "mediatype", "audio")
        add(source, "trackindex", 1)
    if clip.has_sound:
        _links(item, placed.number)
    if kind == "video":
        for marker in clip.markers:
            _marker(item, marker)


def _file(item: Element, placed: PlacedClip) -> None:
    clip = placed.clip
    file = add(item, "file", id=f"file-{placed.number}")
    add(file, "name", clip.path.rpartition("/")[2])
    add(file, "pathurl", clip.url)
    _rate(file, clip.rate)
    add(file, "duration", clip.frames)
    media = add(file, "media")
    _picture(add(media, "video"), clip.width, clip.height, clip.rate)
    if clip.has_sound:
        add(add(media, "audio"), "channelcount", 1)


def _links(item: Element, number: int) -> None:
    """Say that picture and sound of a clip go together."""
    for kind in ("video", "audio"):
        link = add(item, "link")
        add(link, "linkclipref", f"{kind}-{number}")
        add(link, "mediatype", kind)


def _marker(item: Element, marker: TimelineMarker) -> None:
    """Write a marker; its end is the frame behind its last, -1 where it is one frame."""
    element = add(item, "marker")
    add(element, "name", marker.line[:80])
    add(element, "comment", f"{marker.line}{' (resolved)' if marker.is_resolved else ''}")
    add(element, "in", marker.first)
    add(element, "out", marker.first + marker.frames if marker.frames > 1 else -1)
    colour = add(element, "color")
    for name, value in zip(("red", "green", "blue"), _RGB[marker.colour], strict=True):
        add(colour, name, value)
