"""Previews: what people see of a file before they open it; a poster, and for a clip a filmstrip."""

import bisect
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from editorapp.media.decoding import colour
from editorapp.media.decoding.colour import Pixels
from editorapp.media.decoding.reader import frame_at
from editorapp.media.decoding.timeline import Timeline

STRIP_COLUMNS = 30
STRIP_HEIGHT = 90
POSTER_WIDTH = POSTER_HEIGHT = 720
_MAX_COLUMN_WIDTH = 360


def strip_frames(frame_count: int) -> list[int]:
    """Return the frames on a filmstrip: column c stands for the c-th of equal parts and shows its
    middle frame.
    """
    return [
        min(frame_count - 1, (2 * c + 1) * frame_count // (2 * STRIP_COLUMNS))
        for c in range(STRIP_COLUMNS)
    ]


class Collector:
    """Keeps small copies of the frames that the previews need, while a clip is decoded for its
    index.
    """

    poster: Pixels

    def __init__(self, expected_frames: int, aspect: Fraction) -> None:
        self._wanted = set(strip_frames(max(1, expected_frames)))
        self._aspect = aspect
        self.columns: dict[int, Pixels] = {}

    def __call__(self, index: int, frame: Any) -> None:
        if index in self._wanted or not self.columns:
            self.add(index, frame)

    def add(self, index: int, frame: Any) -> None:
        large = colour.picture(
            frame,
            self._aspect,
            max_width=POSTER_WIDTH,
            max_height=POSTER_HEIGHT,
        )
        if not self.columns or self._is_dull(large):
            self.poster = large
        self.columns[index] = _small(large)

    def _is_dull(self, other: Pixels) -> bool:
        # A poster near the beginning, where something is usually to be seen; a dull one is replaced.
        return _interest(other) > 1.6 * _interest(self.poster)


def _interest(pixels: Pixels) -> float:
    """How much there is to see: the spread of brightness, near 0 for black, white and fades."""
    return float(pixels[::4, ::4].mean(axis=2).std()) + 1


def _small(large: Pixels) -> Pixels:
    size = (_column_width(large), STRIP_HEIGHT)
    return np.asarray(Image.fromarray(large).resize(size, Image.Resampling.BILINEAR))


def _column_width(large: Pixels) -> int:
    height, width = large.shape[:2]
    return min(_MAX_COLUMN_WIDTH, max(8, round(width * STRIP_HEIGHT / height)))


def fill(collector: Collector, path: Path, timeline: Timeline) -> None:
    """Fetch the frames of a long clip's filmstrip one by one: nearest keyframes where they are
    close enough.
    """
    part = (timeline.pts[-1] - timeline.pts[0]) / STRIP_COLUMNS
    for index in strip_frames(len(timeline.pts)):
        frame, _aspect = frame_at(path, timeline, _cheap(timeline, index, part))
        collector.add(index, frame)


def _cheap(timeline: Timeline, index: int, part: float) -> int:
    """Return the keyframe nearest to a frame if it lies in the same column of the strip, else the
    frame itself.
    """
    at = timeline.pts[index]
    near = min(timeline.keys, key=lambda key: abs(key - at), default=None)
    if near is None or abs(near - at) > part / 2:
        return index
    return bisect.bisect_left(timeline.pts, near)


def save_strip(collector: Collector, frame_count: int, path: Path) -> None:
    """Write the filmstrip: STRIP_COLUMNS equal columns, one row."""
    known = sorted(collector.columns)
    chosen = [_nearest(known, index) for index in strip_frames(frame_count)]
    first, columns = collector.columns[known[0]], [collector.columns[index] for index in chosen]
    same = [column if column.shape == first.shape else first for column in columns]
    save_preview(np.concatenate(same, axis=1), path)


def _nearest(known: list[int], index: int) -> int:
    return min(known, key=lambda have: abs(have - index))


def save_preview(pixels: Pixels, path: Path) -> None:
    Image.fromarray(pixels).save(path, "WEBP", quality=80, method=2)
