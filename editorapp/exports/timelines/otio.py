"""OpenTimelineIO: a timeline as JSON of its schemas (Timeline.1, Clip.2, Marker.2), read by Resolve and
Premiere among others.

Source: https://opentimelineio.readthedocs.io, "OpenTimelineIO file format specification".
"""

import json
from fractions import Fraction
from typing import Any

from editorapp.exports.timelines.model import EditTimeline, TimelineClip, TimelineMarker

Node = dict[str, Any]


def write(timeline: EditTimeline) -> str:
    """Return the timeline as an .otio file."""
    tracks = [_track("Video", timeline.clips)]
    heard = [clip for clip in timeline.clips if clip.has_sound]
    if heard and len(heard) == len(timeline.clips):
        tracks.append(_track("Audio", heard))
    root = _node(
        "Timeline.1",
        name=timeline.name,
        global_start_time=_time(timeline.beginning, timeline.rate),
        tracks=_node(
            "Stack.1", name="tracks", source_range=None, effects=[], markers=[], children=tracks
        ),
        metadata={"rushes": {"drop_frame": timeline.drop}},
    )
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"


def _node(schema: str, **fields: Any) -> Node:
    return {"OTIO_SCHEMA": schema, "metadata": {}, **fields}


def _track(kind: str, clips: Any) -> Node:
    return _node(
        "Track.1",
        name=f"{kind[0]}1",
        kind=kind,
        source_range=None,
        effects=[],
        markers=[],
        children=[_clip(clip, with_markers=kind == "Video") for clip in clips],
    )


def _clip(clip: TimelineClip, *, with_markers: bool) -> Node:
    whole = _range(0, clip.frames, clip.rate)
    reference = _node(
        "ExternalReference.1",
        name=clip.path.rpartition("/")[2],
        target_url=clip.url,
        available_range=whole,
        metadata={"rushes": {"sha256": clip.sha256}},
    )
    return _node(
        "Clip.2",
        name=clip.name,
        source_range=whole,
        effects=[],
        markers=[_marker(one, clip.rate) for one in clip.markers] if with_markers else [],
        media_references={"DEFAULT_MEDIA": reference},
        active_media_reference_key="DEFAULT_MEDIA",
        metadata={"rushes": {"take": clip.take}},
    )


def _marker(marker: TimelineMarker, rate: Fraction) -> Node:
    return _node(
        "Marker.2",
        name=marker.line,
        comment=marker.words,
        color=marker.colour.upper(),
        marked_range=_range(marker.first, marker.frames, rate),
        metadata={"rushes": {"author": marker.author, "is_resolved": marker.is_resolved}},
    )


def _range(first: int, frames: int, rate: Fraction) -> Node:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(first, rate),
        "duration": _time(frames, rate),
    }


def _time(frames: int, rate: Fraction) -> Node:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(frames)}
