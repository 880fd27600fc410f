"""Source clip: read frame by frame with its exact times, as pictures of one kind."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageOps

from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import decoded, demuxed, first_frame, frames_in, open_clip
from editorapp.media.decoding.sound import has_true_times, track_of
from editorapp.simulator.render import hdr
from editorapp.simulator.render.planes import (
    HLG,
    PQ,
    Planes,
    Size,
)


@dataclass(frozen=True)
class Shot:
    """One frame of a clip: picture, index from 0, and its time and length in units of the clip's
    time base.
    """

    planes: Planes
    index: int
    pts: int
    duration: int


@dataclass(frozen=True)
class Clock:
    """How a clip counts time: frames a second, and the unit of its instants in seconds."""

    fps: Fraction
    time_base: Fraction


class SourceClip:
    """A clip being read: its size as displayed, its clock, its sound."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._opened = ExitStack()
        first = first_frame(self._path)
        self.stream = self._opened.enter_context(open_clip(self._path))
        self.audio = track_of(self.stream.container)
        self.fps = Fraction(self.stream.average_rate or self.stream.guessed_rate or 24)
        self.time_base = Fraction(self.stream.time_base or 1 / self.fps)
        self._look_at(first)
        self._to_sdr: hdr.Converter | None = None

    def _look_at(self, first: Any) -> None:
        self.quarters = round((first.rotation or 0) / 90) % 4
        width = round(first.width * colour.pixel_aspect(self.stream))
        self.width, self.height = self.lying(width, first.height)
        self.transfer, self.primaries = int(first.color_trc or 0), int(first.color_primaries or 0)
        self.first_pts = int(first.pts or 0)

    def lying(self, width: int, height: int) -> Size:
        """Return a size as displayed in the frames' own position, or the other way round."""
        return (height, width) if self.quarters % 2 else (width, height)

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (PQ, HLG)

    @cached_property
    def has_timed_sound(self) -> bool:
        """Do the noted times of the sound make sense? Asked by who writes sound: the file is read
        through for it.
        """
        return has_true_times(self._path)

    @property
    def starts_at(self) -> Fraction:
        """The first picture's instant on the source's clock, in seconds: 0 of the result."""
        return self.first_pts * self.time_base

    def close(self) -> None:
        self._opened.close()

    def shots_and_sound(self, width: int, height: int) -> Iterator[Shot | Any]:
        """Yield each frame at the size asked for as a Shot, and in between the sound's decoded
        frames.
        """
        size = self.lying(width, height)
        held: tuple[Planes, int, int] | None = None
        index, step = 0, max(1, round(1 / self.fps / self.time_base))
        streams = [self.stream, self.audio] if self.audio else [self.stream]
        packets = demuxed(*streams)
        for frame in chain.from_iterable(frames_in(one.stream, one) for one in packets):
            if isinstance(frame, av.AudioFrame):
                yield frame
                continue
            pts = index * step if frame.pts is None else frame.pts - self.first_pts
            if held is not None:
                pts = max(pts, held[1] + 1)
                step = pts - held[1]
                yield Shot(held[0], index, held[1], step)
                index += 1
            held = (
                self.planes(frame, *size),
                max(0, pts),
                int(frame.duration or 0),
            )
        if held is not None:
            yield Shot(held[0], index, held[1], held[2] if 2 * held[2] >= step else step)

    def planes(self, frame: Any, width: int, height: int) -> Planes:
        """Return a frame of this size upright and as SDR; an HDR one through the curve that `hdr`
        undoes.
        """
        if not self.is_hdr:
            return Planes.of(frame, width, height).turned(self.quarters)
        if self._to_sdr is None:
            name = f"from_{hdr.name_of(self.transfer)}"
            self._to_sdr = hdr.Converter(name, width, height)
        return Planes(self._to_sdr.convert(frame).to_ndarray()).turned(self.quarters)


def still(path: str, width: int, height: int, *, last: bool = False) -> Planes:
    """Return a picture, or a clip's first or last frame, filling the size: the middle of it,
    nothing stretched.
    """
    try:
        with Image.open(path) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGB")
    except OSError:
        picture = _frame_of(path, last=last)
    filling = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
    return Planes.of(av.VideoFrame.from_image(filling), width, height)


def _frame_of(path: str, *, last: bool) -> Any:
    with closing(SourceClip(path)) as source:
        frames = decoded(source.stream)
        frame = next(frames)
        for later in frames if last else ():
            frame = later
        size = source.lying(source.width, source.height)
        return source.planes(frame, even(size[0]), even(size[1])).picture()


def even(value: float) -> int:
    return max(2, round(value / 2) * 2)


def fitted(width: int, height: int, short_side: int) -> Size:
    """Return the output size: the short side as asked for, the shape kept, both even."""
    scale = short_side / min(width, height)
    return even(width * scale), even(height * scale)
