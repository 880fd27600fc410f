"""Previews: what people see of a file before they open it; a poster, and for a clip a filmstrip.

A filmstrip costs one pass through the clip. One whose keyframes are close enough is made of those
alone; any other is made while all of it is decoded for its index.
"""

import bisect
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from av.video.reformatter import Interpolation
from PIL import Image

from editorapp.media.decoding import colour
from editorapp.media.decoding.colour import Pixels
from editorapp.media.decoding.opening import decoded, demuxed, frames_in, open_clip
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.refusals import Refusal

Decode: TypeAlias = Callable[[Any, Iterator[Any]], Iterator[Any]]  # of a stream's packets: frames

MOST_COLUMNS = 60
STRIP_HEIGHT = 90
POSTER_WIDTH = POSTER_HEIGHT = 720
# A strip of keyframes alone has at least so many columns. With fewer it would tell too little of
# the clip, and all of it is decoded instead.
_FEWEST_KEYS = 12
_MAX_COLUMN_WIDTH = 360
_MAX_STRIP_WIDTH = 16383  # of a WebP
# Beyond so much picture nothing is decoded for the strip but keyframes, however few: no clip is
# refused for want of time over its previews.
_PATIENCE_PIXELS = 12_000_000_000


def strip_frames(frame_count: int, columns: int) -> list[int]:
    """Return the frames on a filmstrip: column c stands for the c-th of equal parts and shows its
    middle frame.
    """
    middles = ((2 * c + 1) * frame_count // (2 * columns) for c in range(columns))
    return [min(frame_count - 1, middle) for middle in middles]


def key_frames(keys: list[int], frame_count: int, columns: int) -> list[int]:
    """Return for each of equal parts of a clip the keyframe that is nearest to its middle; nothing
    where a part has none of its own.

    `keys`: the numbers of the frames that are keyframes, ascending.
    """
    chosen = []
    for c, middle in enumerate(strip_frames(frame_count, columns)):
        first = bisect.bisect_left(keys, -(-c * frame_count // columns))
        end = bisect.bisect_left(keys, -(-(c + 1) * frame_count // columns))
        if first == end:
            return []
        chosen.append(min(keys[first:end], key=lambda key: abs(key - middle)))
    return chosen


class Collector:
    """Keeps small copies of the frames that the previews need, while a clip is decoded.

    It is told what to expect, then shown frames in their order.
    """

    columns: dict[int, Pixels]

    def __init__(self) -> None:
        self._most_columns, self._aspect, self._pixels = MOST_COLUMNS, Fraction(1), 0
        self._wanted: set[int] = set()
        self._forget()

    def _forget(self) -> None:
        self.columns = {}
        self._keys: list[int] = []  # of a strip of keyframes: the one of each column
        self._best: Any = None  # the frame that the poster shows, and how much is to be seen on it
        self._interest = 0.0

    def expect(self, stream: Any, frame_count: int) -> None:
        """Prepare for about so many frames of a stream; what was seen before is forgotten."""
        self._forget()
        context = stream.codec_context
        self._aspect = colour.pixel_aspect(stream)
        self._pixels = context.width * context.height * frame_count
        self._most_columns = _most_columns(context.width, context.height, self._aspect)
        self._wanted = set(strip_frames(max(1, frame_count), self._count(frame_count)))

    def can_do_with(self, keys: list[int], frame_count: int) -> bool:
        """Are a clip's keyframes enough for its strip?"""
        is_enough = len(self._of_keys(keys, frame_count)) >= _FEWEST_KEYS
        return is_enough or (bool(keys) and self._pixels > _PATIENCE_PIXELS)

    def see(self, index: int, frame: Any) -> None:
        """Look at a frame while all are decoded: some are wanted, and the first for the poster."""
        if index in self._wanted or not self.columns:
            self._add(index, frame)

    def fill(self, path: Path, timeline: Timeline) -> None:
        """Fetch the keyframes of a clip that is not decoded: one opening, one pass, and nothing
        else decoded.

        Raises: Refusal "no_frames", when none of them can be.
        """
        places = {pts: index for index, pts in enumerate(timeline.pts)}
        keys = [places[key] for key in timeline.keys]
        self._keys = self._of_keys(keys, len(places)) or keys[:1]
        # The first one, too: it tells the decoder what is told only once.
        times = {timeline.pts[index] for index in (*keys[:1], *self._keys)}
        for decode in (decoded, _decoded_apart):
            left = times - {timeline.pts[index] for index in self.columns}
            if left:
                self._fill(path, decode, left, places)
        if not self.columns:
            raise Refusal("no_frames")

    def _fill(
        self,
        path: Path,
        decode: Decode,
        times: set[int],
        places: dict[int, int],
    ) -> None:
        with open_clip(path) as stream:
            for frame in decode(stream, _packets_at(stream, times)):
                if frame.pts in times:
                    self._add(places[frame.pts], frame)

    def strip(self, frame_count: int) -> Pixels:
        """Return the filmstrip of a clip of so many frames: equal columns, one row."""
        known = sorted(self.columns)
        shown = self._keys or strip_frames(frame_count, self._count(frame_count))
        columns = [self.columns[_nearest(known, index)] for index in shown]
        first = columns[0]
        same = [column if column.shape == first.shape else first for column in columns]
        return np.concatenate(same, axis=1)

    def poster(self) -> Pixels:
        return colour.picture(
            self._best,
            self._aspect,
            max_width=POSTER_WIDTH,
            max_height=POSTER_HEIGHT,
        )

    def _count(self, frame_count: int) -> int:
        return max(1, min(self._most_columns, frame_count))

    def _of_keys(self, keys: list[int], frame_count: int) -> list[int]:
        """Return the keyframes of as many columns as can have one of their own."""
        for columns in range(min(self._count(frame_count), len(keys)), 0, -1):
            if chosen := key_frames(keys, frame_count, columns):
                return chosen
        return []

    def _add(self, index: int, frame: Any) -> None:
        column = _column(frame, self._aspect)
        self.columns[index] = column
        # A poster near the beginning, where something is usually to be seen; a dull one is
        # replaced.
        interest = _interest(column)
        if self._best is None or interest > 1.6 * self._interest:
            self._best, self._interest = frame, interest


def _most_columns(width: int, height: int, aspect: Fraction) -> int:
    """Return how many columns fit into one picture, whichever way round the clip is shown."""
    shape = max(width * aspect / height, height / (width * aspect))
    widest = min(_MAX_COLUMN_WIDTH, max(1, round(STRIP_HEIGHT * shape)))
    return min(MOST_COLUMNS, _MAX_STRIP_WIDTH // widest)


def _packets_at(stream: Any, times: set[int]) -> Iterator[Any]:
    """Yield the packets of the frames at these times, and the end of the file."""
    for packet in demuxed(stream):
        if not packet.size or packet.pts in times:
            yield packet


def _decoded_apart(stream: Any, packets: Iterator[Any]) -> Iterator[Any]:
    """Yield the frames of packets of which each is decoded as if it were the only one.

    Where keyframes are no fresh start (H.264 with open groups), a decoder that misses what lies
    between them keeps some to itself.
    """
    for packet in packets:
        if packet.size:
            yield from frames_in(stream, packet)
            yield from frames_in(stream, None)
            stream.codec_context.flush_buffers()


def _interest(pixels: Pixels) -> float:
    """How much there is to see: the spread of brightness, near 0 for black, white and fades."""
    return float(pixels.mean(axis=2).std()) + 1


def _column(frame: Any, aspect: Fraction) -> Pixels:
    """Return a frame as a column of the strip, always STRIP_HEIGHT high."""
    small = colour.picture(
        frame,
        aspect,
        max_width=_MAX_COLUMN_WIDTH,
        max_height=STRIP_HEIGHT,
        smaller_by=Interpolation.AREA,
    )
    height, width = small.shape[:2]
    size = (_column_width(width, height), STRIP_HEIGHT)
    if size == (width, height):
        return small
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BILINEAR))


def _column_width(width: int, height: int) -> int:
    return min(_MAX_COLUMN_WIDTH, max(8, round(width * STRIP_HEIGHT / height)))


def _nearest(known: list[int], index: int) -> int:
    return min(known, key=lambda have: abs(have - index))


def save_preview(pixels: Pixels, path: Path) -> None:
    Image.fromarray(pixels).save(path, "WEBP", quality=80, method=2)
