"""FCPXML 1.9: a timeline for Final Cut Pro (10.4.9 and later), and for Resolve.

Times are exact fractions of a second, whole frames of what they are of. A note is a to-do marker,
completed where it is resolved. Source: Apple's "FCPXML Reference".
"""

from fractions import Fraction
from xml.etree.ElementTree import Element

from editorapp.exports.timelines.model import (
    EditTimeline,
    PlacedClip,
    TimelineClip,
    TimelineMarker,
)
from editorapp.exports.timelines.xml_text import add, document

_COLOURS = {"": "1-1-1 (Rec. 709)", "pq": "9-16-9 (Rec. 2020 PQ)", "hlg": "9-18-9 (Rec. 2020 HLG)"}
_Shape = tuple[Fraction, int, int, str]


def write(timeline: EditTimeline) -> str:
    """Return the timeline as an .fcpxml file."""
    root = Element("fcpxml", version="1.9")
    resources = add(root, "resources")
    first = timeline.clips[0]
    own = (timeline.rate, first.width, first.height, first.hdr_transfer)
    formats = _formats(resources, timeline, own)
    assets = _assets(resources, timeline, formats)
    event = add(root, "event", name=timeline.name)
    sequence = add(
        add(event, "project", name=timeline.name),
        "sequence",
        format=formats[own],
        duration=time(timeline.frames, timeline.rate),
        tcStart=time(timeline.beginning, timeline.rate),
        tcFormat="DF" if timeline.drop else "NDF",
    )
    spine = add(sequence, "spine")
    for placed in timeline.placed():
        _asset_clip(spine, timeline, placed, assets[placed.clip.sha256])
    return document(root, doctype="fcpxml")


def time(frames: int, rate: Fraction) -> str:
    """Write how long so many frames last: "1001/24000s", "5s"."""
    seconds = frames / rate
    if seconds.denominator == 1:
        return f"{seconds.numerator}s"
    scale = rate.numerator // seconds.denominator  # in the rate's own units, as all others
    return f"{seconds.numerator * scale}/{rate.numerator}s"


def _shape(clip: TimelineClip) -> _Shape:
    return (clip.rate, clip.width, clip.height, clip.hdr_transfer)


def _formats(resources: Element, timeline: EditTimeline, own: _Shape) -> dict[_Shape, str]:
    """Write a format for each kind of picture; return their ids."""
    shapes = dict.fromkeys([own, *map(_shape, timeline.clips)])
    ids = {shape: f"r{number}" for number, shape in enumerate(shapes, start=1)}
    for (rate, width, height, transfer), name in ids.items():
        add(
            resources,
            "format",
            id=name,
            frameDuration=time(1, rate),
            width=width,
            height=height,
            colorSpace=_COLOURS.get(transfer, _COLOURS[""]),
        )
    return ids


def _assets(
    resources: Element,
    timeline: EditTimeline,
    formats: dict[_Shape, str],
) -> dict[str, str]:
    """Write an asset for each file; return their ids by its hash."""
    files = {clip.sha256: clip for clip in timeline.clips}
    ids = {sha256: f"a{number}" for number, sha256 in enumerate(files, start=1)}
    for sha256, clip in files.items():
        sound = {"hasAudio": 1, "audioSources": 1, "audioChannels": 2} if clip.has_sound else {}
        asset = add(
            resources,
            "asset",
            id=ids[sha256],
            name=clip.name,
            start="0s",
            duration=time(clip.frames, clip.rate),
            hasVideo=1,
            videoSources=1,
            format=formats[_shape(clip)],
            **sound,
        )
        add(asset, "media-rep", kind="original-media", src=clip.url)
    return ids


def _asset_clip(
    spine: Element,
    timeline: EditTimeline,
    placed: PlacedClip,
    asset: str,
) -> None:
    item = add(
        spine,
        "asset-clip",
        ref=asset,
        name=placed.clip.name,
        offset=time(timeline.beginning + placed.start, timeline.rate),
        start="0s",
        duration=time(placed.frames, timeline.rate),
        tcFormat="DF" if timeline.drop else "NDF",
    )
    for marker in sorted(placed.clip.markers, key=lambda one: one.first):
        _marker(item, marker, placed.clip.rate)


def _marker(item: Element, marker: TimelineMarker, rate: Fraction) -> None:
    add(
        item,
        "marker",
        start=time(marker.first, rate),
        duration=time(marker.frames, rate),
        value=marker.line,
        completed=int(marker.is_resolved),
        note=marker.words,
    )
