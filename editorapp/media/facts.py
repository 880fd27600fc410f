"""Facts of a stored picture or clip."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]  # of what goes through a pipe, or lies in a file


@dataclass(frozen=True)
class MediaFacts:
    """Facts of one file, measured by probing it.

    Units: `width` and `height` as displayed, after rotation; `duration_seconds` of the picture, not
    of a longer sound track; frames are counted from 0 in the order in which they are shown.
    """

    kind: str  # "video" or "image"
    container: str
    codec: str
    width: int
    height: int
    size_bytes: int
    fps: Fraction | None = None
    frame_count: int = 0
    duration_seconds: Decimal = Decimal(0)
    has_audio: bool = False
    hdr: bool = False
    hdr_transfer: str = ""  # "pq", "hlg" or ""
    variable_frame_rate: bool = False
    rotation: int = 0
    pixel_format: str = ""
    video_track: int = 1  # which of the file's video tracks is taken, counted from 1
    video_tracks: int = 1
    browser_safe: bool = True  # current Chrome, Firefox and Safari can play the file itself
