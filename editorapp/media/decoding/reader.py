"""Frame reader: frame n of a clip, exactly. Seek to a keyframe before it, decode until its time comes, and
compare.
"""

import bisect
import json
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from editorapp.media.decoding.colour import pixel_aspect
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.decoding.seeking import packets_from
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.refusals import Refusal


def save_index(timeline: Timeline, path: Path) -> None:
    """Write the index beside the clip, so that a still needs no second measuring."""
    path.write_text(json.dumps(vars(timeline), default=str, separators=(",", ":")))


def load_index(path: Path) -> Timeline:
    """Read what `save_index` wrote."""
    index = json.loads(path.read_text())
    return Timeline(**{**index, "time_base": Fraction(index["time_base"])})


def frame_at(path: Path, timeline: Timeline, index: int) -> tuple[Any, Any]:
    """Return frame `index` as decoded, and its stream's pixel aspect.

    Raises: Refusal "no_such_frame"; "no_frames", when the clip cannot be decoded up to it.
    """
    if not 0 <= index < len(timeline.pts):
        raise Refusal("no_such_frame", index=index, last=len(timeline.pts) - 1)
    for start in _starts(timeline, index):
        with open_clip(path) as stream:
            frame = _from(stream, timeline, index, start)
            if frame is not None:
                return frame, pixel_aspect(stream)
    raise Refusal("no_frames")


def _starts(timeline: Timeline, index: int) -> Iterator[int | None]:
    """Yield where to start decoding, best first; None is the beginning of the file.

    A frame is right after the last keyframe that is shown before it. Should a container put its
    keyframes elsewhere than it said, an earlier one and in the end the beginning give the same
    frame, only later.
    """
    at = bisect.bisect_right(timeline.keys, timeline.pts[index]) - 1
    if at >= 0:
        yield timeline.keys[at]
    if at >= 2:
        yield timeline.keys[at - 2]
    yield None


def _from(stream: Any, timeline: Timeline, index: int, start: int | None) -> Any:
    wanted = timeline.pts[index]
    if start is None:
        # The slow way counts: some old formats give their frames no times.
        return next(islice(decoded(stream), index, None), None)
    is_first = True
    for frame in decoded(stream, _sparing(stream, packets_from(stream, start), wanted)):
        if frame.pts is None or (is_first and frame.pts > start) or frame.pts > wanted:
            return None
        if frame.pts == wanted:
            return frame
        is_first = False
    return None


def _sparing(stream: Any, packets: Iterator[Any], wanted: int) -> Iterator[Any]:
    """Yield packets, and tell the decoder before each whether it may leave it out: nothing on the
    way to the wanted frame needs what nothing refers to.

    H.264 alone says that of each picture and means it: in HEVC others of a layer above may.
    """
    context = stream.codec_context
    if context.codec.canonical_name != "h264":
        yield from packets
        return
    for packet in packets:
        context.skip_frame = "DEFAULT" if packet.pts == wanted else "NONREF"
        yield packet
