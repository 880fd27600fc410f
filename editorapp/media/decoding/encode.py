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
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.refusals import Refusal

_SOUND_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
_BT709 = 1


@dataclass(frozen=True)
class Recipe:
    """How to write a copy. `gop` is the number of frames from keyframe to keyframe, 0 the encoder's choice."""

    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    quality: int = 20  # CRF: lower is better
    preset: str = "veryfast"
    gop: int = 0
    b_frames: int = 2
    max_width: int = 0
    max_height: int = 0
    keeps_hdr: bool = False


class _Picture:
    """Turns decoded frames into encoded packets: upright, square pixels, even size."""

    def __init__(self, out: Any, frame: Any, aspect: Fraction, *, rate: Fraction, base: Fraction, recipe: Recipe):
        self.recipe, self.turn, self.base = recipe, colour.upright(frame), base
        self.hdr = colour.transfer(frame)
        width, height = colour.fit(colour.displayed_size(frame, aspect), recipe.max_width, recipe.max_height)
        self.size = (max(2, width // 2 * 2), max(2, height // 2 * 2))
        self.mapper = tonemap.Mapper(self.hdr) if self.hdr and not recipe.keeps_hdr else None
        self.reformatter, self.last = av.video.reformatter.VideoReformatter(), None
        self.stream = self._stream(out, frame, rate)

    def _stream(self, out: Any, frame: Any, rate: Fraction) -> Any:
        recipe = self.recipe
        options = {"crf": str(recipe.quality), "preset": recipe.preset, "bf": str(recipe.b_frames)}
        if recipe.gop:
            options |= {"g": str(recipe.gop), "keyint_min": str(recipe.gop), "sc_threshold": "0"}
        keeps = self.hdr and recipe.keeps_hdr
        tags = (9, int(frame.color_trc), 9) if keeps else (_BT709, _BT709, _BT709)
        if recipe.codec == "libx265":
            options["x265-params"] = f"log-level=none:colorprim={tags[0]}:transfer={tags[1]}:colormatrix={tags[2]}"
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

    def packets(self, frame: Any, pts: int) -> list[Any]:
        """Encode one frame, shown at `pts` of the source's clock."""
        made = self._prepared(frame)
        made.pts, made.time_base, made.pict_type = pts, self.base, 0
        return list(self.stream.encode(made))

    def _prepared(self, frame: Any) -> Any:
        coded = self.size[::-1] if self.turn.transposed else self.size
        source = colour.swscale_matrix(frame)
        target = {"dst_colorspace": 9 if self.hdr and self.recipe.keeps_hdr else _BT709, "dst_color_range": 1}
        if self.mapper:
            frame = self.mapper.mapped(self.reformatter.reformat(frame, *coded, "gbrp12le", src_colorspace=source))
            source = _BT709
        made = self.reformatter.reformat(
            frame, *coded, self.recipe.pixel_format, src_colorspace=source, interpolation=colour.exact(), **target
        )
        return colour.turned_frame(made, self.turn) if self.turn != colour.Upright() else made


class _Sound:
    """Turns decoded sound into AAC."""

    def __init__(self, out: Any, source: Any) -> None:
        context = source.codec_context
        rate = context.sample_rate if context.sample_rate in _SOUND_RATES else 48000
        layout = "mono" if context.layout.nb_channels == 1 else "stereo"
        self.stream = out.add_stream("aac", rate=rate, layout=layout)
        self.stream.codec_context.bit_rate = 96_000 if layout == "mono" else 160_000
        self.resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        self.rate = rate

    def packets(self, frame: Any, start: Fraction, end: Fraction) -> list[Any]:
        """Encode one piece of sound, the part of it between two instants of the source; `start` becomes 0."""
        packets: list[Any] = []
        for piece in self.resampler.resample(frame):
            if piece.pts is None:
                continue
            at: Fraction = piece.pts * (piece.time_base or Fraction(1, self.rate))
            if at >= start - Fraction(1, 1000) and at < end:
                piece.pts, piece.time_base = max(0, round((at - start) * self.rate)), Fraction(1, self.rate)
                packets += self.stream.encode(piece)
        return packets


def copy(path: Path, out: Path, timeline: Timeline, *, rate: Fraction, recipe: Recipe, span: tuple[int, int]) -> None:
    """Write the frames `span[0]` to `span[1]` of a clip, with their sound, to an MP4 that starts at 0.

    Every frame is kept, each as long as it was: a varying rate stays one. Raises: Refusal.
    """
    first = timeline.pts[span[0]]
    end = timeline.pts[span[1] + 1] if span[1] + 1 < len(timeline.pts) else timeline.end
    base = timeline.time_base
    with (
        open_clip(path) as (container, stream),
        av.open(str(out), "w", format="mp4", options={"movflags": "+faststart"}) as made,
    ):
        sounding = next((s for s in container.streams.audio if s.codec_context is not None), None)
        aspect, picture, sound, written = colour.pixel_aspect(stream), None, None, 0
        for index, frame in _play(container, stream, sounding, timeline, span[0]):
            if index is not None and not span[0] <= index <= span[1]:
                continue
            if index is not None:
                if picture is None:
                    picture = _Picture(made, frame, aspect, rate=rate, base=base, recipe=recipe)
                    # Both streams must be there before the first packet is written.
                    sound = _Sound(made, sounding) if sounding is not None else None
                made.mux(picture.packets(frame, timeline.pts[index] - first))
                written += 1
            elif picture is not None and sound is not None:
                made.mux(sound.packets(frame, first * base, end * base))
        if picture is None or written < span[1] - span[0] + 1:
            raise Refusal("damaged", detail=f"frame {span[0] + written} cannot be decoded")
        made.mux(picture.stream.encode(None))
        if sound is not None:
            made.mux(sound.stream.encode(None))


def _play(
    container: Any, stream: Any, sounding: Any, timeline: Timeline, first: int
) -> Iterator[tuple[int | None, Any]]:
    """Yield pictures with their index on the timeline, and sound with None, from before frame `first` to the end."""
    index: int | None = 0
    starts = [key for key in timeline.keys if key <= timeline.pts[first]]
    if starts and first > 0:
        container.seek(starts[-1], stream=stream, backward=True)
        index = None
    places = {pts: number for number, pts in enumerate(timeline.pts)}
    streams = [stream] if sounding is None else [stream, sounding]
    sound: list[tuple[None, Any]] = []
    for packet in _packets(container, streams):
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


def _packets(container: Any, streams: list[Any]) -> Iterator[Any]:
    packets = container.demux(*streams)
    while True:
        try:
            yield next(packets)
        except (StopIteration, av.error.FFmpegError):
            return


def remux(path: Path, out: Path) -> None:
    """Write the same packets into an MP4: for clips whose coding browsers know, in a container they do not.

    Raises: Refusal "damaged", when the clip does not fit into an MP4 as it is.
    """
    with open_clip(path) as (container, stream):
        frame = next(decoded(container, stream), None)
        turned = colour.display_matrix(frame) if frame is not None else None
    try:
        with (
            open_clip(path) as (container, stream),
            av.open(str(out), "w", format="mp4", options={"movflags": "+faststart"}) as made,
        ):
            known = [s for s in container.streams.audio if s.codec_context is not None][:1]
            copies = {s.index: made.add_stream_from_template(s) for s in [stream, *known]}
            if turned:
                copies[stream.index].set_display_matrix(turned)
            for packet in _with_decoding_times(container.demux(stream, *known), stream):
                if packet.is_discard and packet.stream.index != stream.index:
                    continue  # what an encoder put before the sound to warm up
                if packet.is_discard:
                    raise Refusal("damaged", detail="an edit list hides some of its frames")
                packet.stream = copies[packet.stream.index]
                made.mux(packet)
    except (av.error.FFmpegError, ValueError) as error:
        raise Refusal("damaged", detail="its packets do not fit into an MP4") from error


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
