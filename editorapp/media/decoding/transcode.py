"""Transcoding: copies of a clip, whole for every browser or cut to a range of frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.codec.context import Flags

from editorapp.media.decoding import colour, tonemap, watermark
from editorapp.media.decoding.opening import first_frame, frames_in, open_clip, readable
from editorapp.media.decoding.pace import Pace, as_it_is, end_of
from editorapp.media.decoding.seeking import packets_from
from editorapp.media.decoding.sound import Sound, has_true_times, track_of
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.refusals import Refusal

PLAYABLE_SIDE = 1920  # the longer one, of a playable copy
GUEST_SIDE = 1280  # of one with a name burnt in
LONG_SECONDS = 120  # a longer clip is coded faster and a little worse, so that it is done in time
APPLE_HEVC = "hvc1"  # how HEVC is marked where Apple's players are to play it
_BT709, _BT2020, _LIMITED_RANGE = 1, 9, 1  # ITU-T H.273


@dataclass(frozen=True)
class Recipe:
    """How to write a copy.

    `gop` is the number of frames from keyframe to keyframe, 0 the encoder's choice. `most_bits` are
    those that a second of picture may have, 0 as many as its quality takes. `size` is the copy's,
    in place of the clip's own.
    """

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    quality: int = 20  # CRF: lower is better
    preset: str = "veryfast"
    gop: int = 0
    max_side: int = 0
    most_bits: int = 0
    size: tuple[int, int] | None = None
    keeps_hdr: bool = False  # what is HDR is written as HEVC in 10 bits, whatever else is said
    watermark: str = ""  # burnt into every frame, of a copy in yuv420p


TRIM = Recipe(quality=14, keeps_hdr=True)
_HDR = Recipe(codec="libx265", pixel_format="yuv420p10le", quality=16, preset="fast")


def for_browsers(seconds: Fraction) -> Recipe:
    """Return how the playable copy of a clip is written."""
    is_long = seconds > LONG_SECONDS
    return Recipe(
        gop=6,
        quality=23 if is_long else 20,
        preset="ultrafast" if is_long else "veryfast",
        max_side=PLAYABLE_SIDE,
    )


def for_guests(seconds: Fraction, name: str) -> Recipe:
    """Return how the copy is written that somebody outside sees, with their name in it."""
    return replace(for_browsers(seconds), max_side=GUEST_SIDE, watermark=name)


class _Picture:
    """Turns decoded frames into encoded packets: upright, square pixels, even size."""

    def __init__(
        self,
        out: Any,
        frame: Any,
        aspect: Fraction,
        *,
        rate: Fraction,
        base: Fraction,
        recipe: Recipe,
    ):
        self.turn, self.base, hdr = colour.upright(frame), base, colour.transfer(frame)
        self.keeps_hdr = bool(hdr and recipe.keeps_hdr)
        self.recipe = replace(_HDR, most_bits=recipe.most_bits) if self.keeps_hdr else recipe
        shown = colour.displayed_size(frame, aspect)
        width, height = recipe.size or colour.fit(shown, recipe.max_side, recipe.max_side)
        self.size = (max(2, width // 2 * 2), max(2, height // 2 * 2))
        self.mapper = tonemap.Mapper(hdr) if hdr and not self.keeps_hdr else None
        self.reformatter = av.video.reformatter.VideoReformatter()
        self.stream = self._stream(out, frame, rate)

    def _stream(self, out: Any, frame: Any, rate: Fraction) -> Any:
        tags = (_BT2020, int(frame.color_trc), _BT2020) if self.keeps_hdr else (_BT709,) * 3
        recipe, options = self.recipe, _options(self.recipe)
        if self.keeps_hdr:
            words = "log-level=none:colorprim={}:transfer={}:colormatrix={}".format(*tags)
            options["x265-params"] = words + _bounds(recipe) + colour.mastering(frame)
        stream = out.add_stream(recipe.codec, rate=rate, options=options)
        context = stream.codec_context
        stream.width, stream.height, stream.pix_fmt = *self.size, recipe.pixel_format
        context.time_base, context.thread_count = self.base, 2
        context.flags |= Flags.frame_duration  # the last frame is shown for as long as it says
        context.color_primaries, context.color_trc, context.colorspace = tags
        context.color_range = _LIMITED_RANGE
        if self.keeps_hdr:
            context.codec_tag = APPLE_HEVC
        return stream

    def packets(self, frame: Any, pts: int, duration: int) -> list[Any]:
        """Encode one frame, shown at `pts` of the source's clock for so long."""
        made = self._prepared(frame)
        if self.recipe.watermark:
            made = watermark.burn(made, self.recipe.watermark)
        made.pts, made.time_base, made.duration, made.pict_type = pts, self.base, duration, 0
        return list(self.stream.encode(made))

    def rest(self) -> list[Any]:
        """Encode what is still held back: nothing comes after it."""
        return list(self.stream.encode(None))

    def _prepared(self, frame: Any) -> Any:
        coded = self.turn.coded(*self.size)
        matrix, reformat = colour.swscale_matrix(frame), self.reformatter.reformat
        if self.mapper:
            linear = reformat(frame, *coded, "gbrp12le", src_colorspace=matrix)
            frame, matrix = self.mapper.mapped(linear), _BT709
        made = reformat(
            frame,
            *coded,
            self.recipe.pixel_format,
            src_colorspace=matrix,
            interpolation=colour.exact(),
            dst_colorspace=_BT2020 if self.keeps_hdr else _BT709,
            dst_color_range=_LIMITED_RANGE,
        )
        return colour.turned_frame(made, self.turn) if self.turn != colour.Upright() else made


def _options(recipe: Recipe) -> dict[str, str]:
    # No B-frames: where packets come in another order than frames, an MP4 cannot say how long the
    # last frame lasts.
    options = {"crf": str(recipe.quality), "preset": recipe.preset, "bf": "0"}
    if recipe.most_bits and recipe.codec == "libx264":
        options |= {"maxrate": str(recipe.most_bits), "bufsize": str(recipe.most_bits)}
    if recipe.gop:
        options |= {"g": str(recipe.gop), "keyint_min": str(recipe.gop), "sc_threshold": "0"}
    return options


def _bounds(recipe: Recipe) -> str:
    """Return how x265 is told of the bits that a second may have."""
    most = recipe.most_bits // 1000
    return f":vbv-maxrate={most}:vbv-bufsize={most}" if most else ""


class _Writer:
    """Writes the frames of a span, and the sound that is heard with them, to an MP4.

    Both streams begin with the first picture, which says how they are written.
    """

    def __init__(
        self,
        out: Any,
        stream: Any,
        timeline: Timeline,
        span: tuple[int, int],
        *,
        rate: Fraction,
        recipe: Recipe,
        is_timed: bool,
        pace: Pace,
    ) -> None:
        self.out, self.timeline, self.span, self.pace = out, timeline, span, pace
        self.rate, self.recipe, self.is_timed = rate, recipe, is_timed
        self.track, self.aspect = track_of(stream.container), colour.pixel_aspect(stream)
        self.start, self.end = timeline.pts[span[0]], end_of(timeline, span[1])
        self.picture: _Picture | None = None
        self.sound: Sound | None = None
        self.early: list[Any] = []  # decoded before the first picture, and perhaps heard with it
        self.written = 0

    def show(self, index: int, frame: Any) -> None:
        if self.picture is None:
            self.picture = self._begun(frame)
        for at, lasts in self.pace.of(index):
            self.out.mux(self.picture.packets(frame, at, lasts))
        self.written += 1

    def hear(self, piece: Any) -> None:
        if self.sound is None:
            self.early.append(piece)
        else:
            self.out.mux(self.sound.packets(piece))

    def _begun(self, frame: Any) -> _Picture:
        base = self.timeline.time_base
        picture = _Picture(
            self.out,
            frame,
            self.aspect,
            rate=self.rate,
            base=self.pace.time_base,
            recipe=self.recipe,
        )
        if self.track is not None:
            start, end = self.start * base, self.end * base
            sound = Sound(self.out, self.track, start=start, end=end, is_timed=self.is_timed)
            self.sound = sound
            self.out.mux([packet for piece in self.early for packet in sound.packets(piece)])
            self.early.clear()
        return picture

    def finish(self) -> None:
        """Write what is still held back. Raises: Refusal, when a frame of the span never came."""
        if self.picture is None or not self._is_complete():
            missing = self.span[0] + self.written
            raise Refusal("damaged", detail=f"frame {missing} cannot be decoded")
        self.out.mux(self.picture.rest())
        if self.sound is not None:
            self.out.mux(self.sound.rest())

    def _is_complete(self) -> bool:
        first, last = self.span
        return self.written >= last - first + 1


def _new_mp4(path: Path) -> Any:
    return av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})


def copy(
    path: Path,
    out: Path,
    timeline: Timeline,
    *,
    rate: Fraction,
    recipe: Recipe,
    span: tuple[int, int],
    pace: Pace | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> None:
    """Write the frames `span[0]` to `span[1]` of a clip, with their sound, to an MP4 that starts at
    0.

    Without a `pace` of its own every frame is kept, each as long as it was: a varying rate stays
    one. `tell` hears after each frame which share of them is written, 0..1. Raises: Refusal.
    """
    is_timed = has_true_times(path)
    # Where the times of the sound make no sense, it is counted from the beginning.
    entered_at = span[0] if is_timed else 0
    with open_clip(path) as stream, _new_mp4(out) as made:
        writer = _Writer(
            made,
            stream,
            timeline,
            span,
            rate=rate,
            recipe=recipe,
            is_timed=is_timed,
            pace=pace or as_it_is(timeline, span),
        )
        for index, frame in _play(stream, writer.track, timeline, entered_at):
            if index is None:
                writer.hear(frame)
            elif span[0] <= index <= span[1]:
                writer.show(index, frame)
                tell(writer.written / (span[1] - span[0] + 1))
        writer.finish()


def _play(
    stream: Any,
    sounding: Any,
    timeline: Timeline,
    first: int,
) -> Iterator[tuple[int | None, Any]]:
    """Yield pictures with their index on the timeline, and sound with None, from before frame
    `first` to the end.
    """
    index, packets = _entered(stream, sounding, timeline, first)
    places = {pts: number for number, pts in enumerate(timeline.pts)}
    for packet in readable(packets):
        for frame in frames_in(packet.stream, packet):
            if packet.stream.type == "audio":
                yield None, frame
                continue
            index = places.get(frame.pts) if index is None else index
            if index is not None:
                yield index, frame
                index += 1


def _entered(
    stream: Any,
    sounding: Any,
    timeline: Timeline,
    first: int,
) -> tuple[int | None, Iterator[Any]]:
    """Return packets from before frame `first` on, and the index of the first frame in them; None
    where its time says which it is.
    """
    starts = [key for key in timeline.keys if key <= timeline.pts[first]]
    sounds = [] if sounding is None else [sounding]
    if starts and first > 0:
        return None, packets_from(stream, starts[-1], *sounds)
    return 0, stream.container.demux(stream, *sounds)


def remux(path: Path, out: Path, timeline: Timeline) -> None:
    """Write the same packets into an MP4 that starts at 0: for clips whose coding browsers know in
    other containers.

    Raises: Refusal "damaged", when the clip does not fit into an MP4 as it is.
    """
    if not has_true_times(path):
        raise Refusal("damaged", detail="the times of its sound make no sense")
    turned = colour.display_matrix(first_frame(path))
    try:
        with open_clip(path) as stream, _new_mp4(out) as made:
            _copy_packets(stream, made, timeline, turned)
    except (av.error.FFmpegError, ValueError) as error:
        raise Refusal("damaged", detail="its packets do not fit into an MP4") from error


def _copy_packets(
    stream: Any,
    made: Any,
    timeline: Timeline,
    turned: list[int] | None,
) -> None:
    sounding = track_of(stream.container)
    streams = [stream] if sounding is None else [stream, sounding]
    copies = {one.index: made.add_stream_from_template(one) for one in streams}
    if stream.codec_context.codec.canonical_name == "hevc":
        copies[stream.index].codec_context.codec_tag = APPLE_HEVC
    if turned:
        copies[stream.index].set_display_matrix(turned)
    for packet in with_decoding_times(stream.container.demux(*streams), stream):
        if packet.is_discard and packet.stream.index != stream.index:
            continue  # what an encoder put before the sound to warm up
        if packet.is_discard:
            raise Refusal("damaged", detail="an edit list hides some of its frames")
        _move(packet, timeline.pts[0] * timeline.time_base)
        packet.stream = copies[packet.stream.index]
        made.mux(packet)


def _move(packet: Any, start: Fraction) -> None:
    """Count a packet's times from the first picture on.

    Sound before that is noted as before the start: not played.
    """
    late = round(start / packet.time_base)
    packet.pts = _earlier(packet.pts, late)
    packet.dts = _earlier(packet.dts, late)


def _earlier(at: int | None, by: int) -> int | None:
    return None if at is None else at - by


def with_decoding_times(packets: Any, stream: Any) -> Iterator[Any]:
    """Yield packets, the first pictures with the decoding times that Matroska does not note."""
    early: list[Any] = []
    for packet in packets:
        if not packet.size:
            continue
        if packet.stream.index == stream.index and packet.dts is None:
            early.append(packet)
            continue
        if early and packet.stream.index == stream.index:
            step = max(1, round(1 / (stream.average_rate * stream.time_base)))
            for place, waiting in enumerate(early):
                waiting.dts = packet.dts - step * (len(early) - place)
            yield from early
            early.clear()
        yield packet
