"""Change of a take: how much each of its frames differs from its source, as 1 - SSIM.

Of luma alone: where things stand and how they move, whatever colours they are given. Both pictures
are brought to 8-bit Rec. 709 (HDR into range first), upright, 320 px wide, and compared by
libavfilter's `ssim`: windows of 8x8 px, 4 px apart, each counting alike.
"""

import bisect
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av.error
import av.filter
from av.video.reformatter import Interpolation, VideoReformatter

from editorapp.media.decoding import colour, tonemap
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.refusals import Refusal

WIDTH = 320
_LEAST_HEIGHT = 16
_BT709, _LIMITED_RANGE = 1, 1  # ITU-T H.273
_SAME_LENGTH = 0.01  # of clips with as many frames: then frame n is frame n

# A part of a picture as shown: left, top, width and height in fractions of it.
Part: TypeAlias = tuple[float, float, float, float]
ALL: Part = (0.0, 0.0, 1.0, 1.0)


def parts(laid: Part) -> tuple[Part, Part]:
    """Return which part of a take shows which part of its source, where the source lies on it as
    `laid` says.

    Raises: Refusal "no_frames", where none of it is to be seen.
    """
    left, top, width, height = laid
    x, y = max(0.0, left), max(0.0, top)
    w, h = min(1.0, left + width) - x, min(1.0, top + height) - y
    if w <= 0 or h <= 0:
        raise Refusal("no_frames")
    seen = ((x - left) / width, (y - top) / height, w / width, h / height)
    return (x, y, w, h), seen


def matched(take: Timeline, source: Timeline) -> list[int]:
    """Return for each frame of a take the number of the source's frame that it is compared with.

    By number where both have as many frames over the same time. Else it is the one that is on
    screen in the source when the take's frame comes, each counted from its own first frame; where
    the source is over, its last.
    """
    own, theirs = _seconds(take), _seconds(source)
    if len(own) == len(theirs) and abs(own[-1] - theirs[-1]) <= _SAME_LENGTH * theirs[-1]:
        return list(range(len(own)))
    # Clocks are rounded: a quarter of a frame is no earlier frame.
    slack = min(_step(own), _step(theirs)) / 4
    return [max(0, bisect.bisect_right(theirs, at + slack) - 1) for at in own]


def _seconds(timeline: Timeline) -> list[float]:
    first, base = timeline.pts[0], float(timeline.time_base)
    return [(pts - first) * base for pts in timeline.pts]


def _step(times: list[float]) -> float:
    return times[-1] / max(1, len(times) - 1)


class _Small:
    """Makes small pictures of one clip's frames, all of one size."""

    def __init__(self, part: Part, size: colour.Size) -> None:
        self._part, self._size = part, size
        self._reformatter, self._reformatter_in = VideoReformatter(), VideoReformatter()
        self._crop: Any = None
        self._mapper: tonemap.Mapper | None = None

    def __call__(self, frame: Any) -> Any:
        turn, hdr = colour.upright(frame), colour.transfer(frame)
        matrix = colour.swscale_matrix(frame)
        if self._part != ALL:
            frame = self._cropped(frame, turn)
        size = turn.coded(*self._size)
        if hdr:
            frame, matrix = self._in_range(frame, size, matrix, hdr), _BT709
        made = self._reformatter.reformat(
            frame,
            *size,
            "yuv420p",
            src_colorspace=matrix,
            dst_colorspace=_BT709,
            dst_color_range=_LIMITED_RANGE,
            interpolation=Interpolation.BICUBIC,
            threads=1,
        )
        return made if turn == colour.Upright() else colour.turned_frame(made, turn)

    def _in_range(self, frame: Any, size: colour.Size, matrix: int, hdr: str) -> Any:
        if self._mapper is None:
            self._mapper = tonemap.Mapper(hdr)
        linear = self._reformatter_in.reformat(
            frame,
            *size,
            "gbrp12le",
            src_colorspace=matrix,
            interpolation=Interpolation.BICUBIC,
            threads=1,
        )
        return self._mapper.mapped(linear)

    def _cropped(self, frame: Any, turn: colour.Upright) -> Any:
        if self._crop is None:
            self._crop = _crop(frame, _coded_part(self._part, turn))
        self._crop.push(frame)
        return self._crop.pull()


def _coded_part(part: Part, turn: colour.Upright) -> Part:
    """Return a part of a picture as shown as the coded picture has it."""
    x, y, w, h = part
    x, y = (1 - x - w if turn.flip_x else x), (1 - y - h if turn.flip_y else y)
    return (y, x, h, w) if turn.transposed else (x, y, w, h)


def _crop(frame: Any, part: Part) -> Any:
    """Return a graph that cuts a part out of frames like this one."""
    x, y, w, h = part
    width, height = max(2, round(w * frame.width)), max(2, round(h * frame.height))
    left = min(round(x * frame.width), frame.width - width)
    top = min(round(y * frame.height), frame.height - height)
    graph = _graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or Fraction(1, 1000),
    )
    crop = graph.add("crop", f"{width}:{height}:{left}:{top}:exact=1")
    graph.link_nodes(source, crop, graph.add("buffersink")).configure()
    return graph


def _graph() -> Any:
    graph: Any = av.filter.Graph()
    graph.threads = 1
    return graph


class _Ssim:
    """Compares pairs of small pictures."""

    def __init__(self, size: colour.Size) -> None:
        self._graph, self._count = _graph(), 0
        ssim, sink = self._graph.add("ssim"), self._graph.add("buffersink")
        self._inputs = []
        for place in range(2):
            source = self._graph.add_buffer(
                width=size[0],
                height=size[1],
                format="yuv420p",
                time_base=Fraction(1, 1000),
            )
            source.link_to(ssim, 0, place)
            self._inputs.append(source)
        ssim.link_to(sink)
        self._graph.configure()

    def of_luma(self, one: Any, other: Any) -> float:
        for source, picture in zip(self._inputs, (one, other), strict=True):
            picture.pts, picture.time_base = self._count, Fraction(1, 1000)
            source.push(picture)
        self._count += 1
        return float(self._graph.pull().metadata["lavfi.ssim.Y"])


def curve(
    take: tuple[Path, Timeline],
    source: tuple[Path, Timeline],
    *,
    laid: Part = ALL,
) -> list[float]:
    """Return for each frame of a take how much it differs from its source: 0 where it is the same,
    to four places.

    Both clips are read once, in step, each decoded by one thread. Raises: Refusal "no_frames", when
    a frame that is asked for cannot be decoded.
    """
    on_take, on_source = parts(laid)
    wanted = matched(take[1], source[1])
    with ExitStack() as opened:
        own, theirs = (_frames(opened, *clip) for clip in (take, source))
        try:
            return _compared(own, theirs, wanted, on_take, on_source)
        except (av.error.FFmpegError, StopIteration) as error:
            raise Refusal("no_frames") from error


def _frames(opened: ExitStack, path: Path, timeline: Timeline) -> Iterator[tuple[int, Any, Any]]:
    """Yield the number of each frame of a clip, the frame, and its pixel aspect."""
    stream = opened.enter_context(open_clip(path))
    stream.codec_context.thread_count = 1
    return _numbered(stream, timeline)


def _numbered(stream: Any, timeline: Timeline) -> Iterator[tuple[int, Any, Any]]:
    places = {pts: number for number, pts in enumerate(timeline.pts)}
    aspect, number = colour.pixel_aspect(stream), -1
    for frame in decoded(stream):
        number = places.get(frame.pts, number + 1)
        yield number, frame, aspect


def _compared(
    own: Iterator[tuple[int, Any, Any]],
    theirs: Iterator[tuple[int, Any, Any]],
    wanted: list[int],
    on_take: Part,
    on_source: Part,
) -> list[float]:
    at, frame, aspect = next(theirs)
    size = _size(colour.displayed_size(frame, aspect), on_source)
    small, small_source, ssim = _Small(on_take, size), _Small(on_source, size), _Ssim(size)
    values: list[float] = []
    held, held_at = None, -1
    for number, picture, _aspect in own:
        if number != len(values) or number >= len(wanted):
            break
        while at < wanted[number]:
            at, frame, _aspect = next(theirs)
        if held_at != at:
            held, held_at = small_source(frame), at
        values.append(round(1 - ssim.of_luma(small(picture), held), 4))
    if len(values) != len(wanted):
        raise Refusal("no_frames")
    return values


def _size(shown: colour.Size, part: Part) -> colour.Size:
    """Return the size at which the part of a picture of this size is compared."""
    height = WIDTH * shown[1] * part[3] / (shown[0] * part[2])
    return WIDTH, max(_LEAST_HEIGHT, round(height / 2) * 2)
