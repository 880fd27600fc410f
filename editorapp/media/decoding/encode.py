"""Copies of a clip: the one that every browser plays, and the one that is cut to a range of frames."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error

from editorapp.media.decoding import colour, tonemap
from editorapp.media.decoding.frame_durations import FrameDurations
from editorapp.media.decoding.opening import decoded, open_clip, readable
from editorapp.media.decoding.seeking import packets_from
from editorapp.media.decoding.sound import Sound, has_true_times, track_of
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.refusals import Refusal

_BT709 = 1


@dataclass(frozen=True)
class Recipe:
    """How to write a copy.

    `gop` is the number of frames from keyframe to keyframe, 0 the encoder's choice.
    """

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    quality: int = 20  # CRF: lower is better
    preset: str = "veryfast"
    gop: int = 0
    max_width: int = 0
    max_height: int = 0
    keeps_hdr: bool = False


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
        self.recipe, self.turn, self.base = recipe, colour.upright(frame), base
        self.hdr = colour.transfer(frame)
        width, height = colour.fit(
            colour.displayed_size(frame, aspect), recipe.max_width, recipe.max_height
        )
        self.size = (max(2, width // 2 * 2), max(2, height // 2 * 2))
        self.mapper = tonemap.Mapper(self.hdr) if self.hdr and not recipe.keeps_hdr else None
        self.reformatter, self.last = av.video.reformatter.VideoReformatter(), None
        self.stream = self._stream(out, frame, rate)
        self.durations = FrameDurations()

    def _stream(self, out: Any, frame: Any, rate: Fraction) -> Any:
        recipe = self.recipe
        # No B-frames: where packets come in another order than frames, an MP4 cannot say how long
        # the last frame lasts.
        options = {"crf": str(recipe.quality), "preset": recipe.preset, "bf": "0"}
        if recipe.gop:
            options |= {"g": str(recipe.gop), "keyint_min": str(recipe.gop), "sc_threshold": "0"}
        keeps = self.hdr and recipe.keeps_hdr
        tags = (9, int(frame.color_trc), 9) if keeps else (_BT709, _BT709, _BT709)
        if recipe.codec == "libx265":
            options["x265-params"] = (
                f"log-level=none:colorprim={tags[0]}:transfer={tags[1]}:colormatrix={tags[2]}"
            )
            if keeps:
                options["x265-params"] += colour.mastering(frame)
        stream = out.add_stream(recipe.codec, rate=rate, options=options)
        context = stream.codec_context
        stream.width, stream.height, stream.pix_fmt = *self.size, recipe.pixel_format
        context.time_base, context.thread_count = self.base, 2
        context.color_primaries, context.color_trc, context.colorspace = tags
        context.color_range = 1
        if recipe.codec == "libx265":
            context.codec_tag = "hvc1"  # what Apple's players ask for
        return stream

    def packets(self, frame: Any, pts: int, duration: int) -> list[Any]:
        """Encode one frame, shown at `pts` of the source's clock for so long."""
        made = self._prepared(frame)
        made.pts, made.time_base, made.pict_type = pts, self.base, 0
        self.durations.note(pts, duration)
        return self.durations.on(self.stream.encode(made))

    def rest(self) -> list[Any]:
        """Encode what is still held back: nothing comes after it."""
        return self.durations.on(self.stream.encode(None))

    def _prepared(self, frame: Any) -> Any:
        coded = self.size[::-1] if self.turn.transposed else self.size
        source = colour.swscale_matrix(frame)
        target = {
            "dst_colorspace": 9 if self.hdr and self.recipe.keeps_hdr else _BT709,
            "dst_color_range": 1,
        }
        if self.mapper:
            frame = self.mapper.mapped(
                self.reformatter.reformat(frame, *coded, "gbrp12le", src_colorspace=source)
            )
            source = _BT709
        made = self.reformatter.reformat(
            frame,
            *coded,
            self.recipe.pixel_format,
            src_colorspace=source,
            interpolation=colour.exact(),
            **target,
        )
        return colour.turned_frame(made, self.turn) if self.turn != colour.Upright() else made


def copy(
    path: Path,
    out: Path,
    timeline: Timeline,
    *,
    rate: Fraction,
    recipe: Recipe,
    span: tuple[int, int],
) -> None:
    """Write the frames `span[0]` to `span[1]` of a clip, with their sound, to an MP4 that starts at
    0.

    Every frame is kept, each as long as it was: a varying rate stays one. Raises: Refusal.
    """
    first = timeline.pts[span[0]]
    ends = [*timeline.pts[1:], timeline.end]
    base = timeline.time_base
    is_timed = _has_true_sound(path)
    with (
        open_clip(path) as (container, stream),
        av.open(str(out), "w", format="mp4", options={"movflags": "+faststart"}) as made,
    ):
        sounding, aspect = track_of(container), colour.pixel_aspect(stream)
        picture, sound, written = None, None, 0
        early: list[Any] = []  # decoded before the first picture, and perhaps heard with it
        # Where the times of the sound make no sense, it is counted from the beginning.
        for index, frame in _play(
            container, stream, sounding, timeline, span[0] if is_timed else 0
        ):
            if index is not None and not span[0] <= index <= span[1]:
                continue
            if index is not None:
                if picture is None:
                    picture = _Picture(made, frame, aspect, rate=rate, base=base, recipe=recipe)
                    # Both streams must be there before the first packet is written.
                    if sounding is not None:
                        span_end = ends[span[1]] * base
                        sound = Sound(
                            made, sounding, start=first * base, end=span_end, is_timed=is_timed
                        )
                        made.mux([packet for piece in early for packet in sound.packets(piece)])
                        early.clear()
                made.mux(
                    picture.packets(
                        frame, timeline.pts[index] - first, ends[index] - timeline.pts[index]
                    )
                )
                written += 1
            elif sound is not None:
                made.mux(sound.packets(frame))
            else:
                early.append(frame)
        if picture is None or written < span[1] - span[0] + 1:
            raise Refusal("damaged", detail=f"frame {span[0] + written} cannot be decoded")
        made.mux(picture.rest())
        if sound is not None:
            made.mux(sound.rest())


def _has_true_sound(path: Path) -> bool:
    with open_clip(path) as (container, _):
        return has_true_times(container)


def _play(
    container: Any, stream: Any, sounding: Any, timeline: Timeline, first: int
) -> Iterator[tuple[int | None, Any]]:
    """Yield pictures with their index on the timeline, and sound with None, from before frame
    `first` to the end.
    """
    index: int | None = 0
    starts = [key for key in timeline.keys if key <= timeline.pts[first]]
    sounds = [] if sounding is None else [sounding]
    if starts and first > 0:
        packets = packets_from(container, stream, starts[-1], *sounds)
        index = None
    else:
        packets = container.demux(stream, *sounds)
    places = {pts: number for number, pts in enumerate(timeline.pts)}
    sound: list[tuple[None, Any]] = []
    for packet in readable(packets):
        with contextlib.suppress(av.error.FFmpegError):
            for frame in packet.stream.decode(packet):
                if packet.stream.type == "audio":
                    sound.append((None, frame))
                    continue
                if index is None:
                    index = places.get(frame.pts)
                if index is None:
                    continue
                yield index, frame
                index += 1
                # Sound waits for the first picture, which says how both are written.
                yield from sound
                sound.clear()
    yield from sound


def remux(path: Path, out: Path, timeline: Timeline) -> None:
    """Write the same packets into an MP4 that starts at 0: for clips whose coding browsers know in
    other containers.

    Raises: Refusal "damaged", when the clip does not fit into an MP4 as it is.
    """
    if not _has_true_sound(path):
        raise Refusal("damaged", detail="the times of its sound make no sense")
    with open_clip(path) as (container, stream):
        frame = next(decoded(container, stream), None)
        turned = colour.display_matrix(frame) if frame is not None else None
    try:
        with (
            open_clip(path) as (container, stream),
            av.open(str(out), "w", format="mp4", options={"movflags": "+faststart"}) as made,
        ):
            sounding = track_of(container)
            known = [] if sounding is None else [sounding]
            copies = {s.index: made.add_stream_from_template(s) for s in [stream, *known]}
            if turned:
                copies[stream.index].set_display_matrix(turned)
            for packet in _with_decoding_times(container.demux(stream, *known), stream):
                if packet.is_discard and packet.stream.index != stream.index:
                    continue  # what an encoder put before the sound to warm up
                if packet.is_discard:
                    raise Refusal("damaged", detail="an edit list hides some of its frames")
                _move(packet, timeline.pts[0] * timeline.time_base)
                packet.stream = copies[packet.stream.index]
                made.mux(packet)
    except (av.error.FFmpegError, ValueError) as error:
        raise Refusal("damaged", detail="its packets do not fit into an MP4") from error


def _move(packet: Any, start: Fraction) -> None:
    """Count a packet's times from the first picture on.

    Sound before that is noted as before the start: not played.
    """
    late = round(start / packet.time_base)
    packet.pts = packet.pts if packet.pts is None else packet.pts - late
    packet.dts = packet.dts if packet.dts is None else packet.dts - late


def _with_decoding_times(packets: Any, stream: Any) -> Iterator[Any]:
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
