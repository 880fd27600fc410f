"""Source sound: a picture's own packets, untouched, with another clip's sound beside them."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import av
import av.error

from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import (
    demuxed,
    first_frame,
    frames_in,
    open_clip,
)
from editorapp.media.decoding.sniff import sniff
from editorapp.media.decoding.sound import Sound, has_true_times, track_of
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.decoding.transcode import APPLE_HEVC, with_decoding_times
from editorapp.media.refusals import Refusal

# What every browser and editing program plays out of an MP4, and at the same instant (of MP3 they
# take the coder's delay differently); all else is coded anew, as AAC.
_COPIED = "aac"
_TIMED_FORMATS = frozenset({"mov", "matroska"})  # by the demuxer's first name
# A decoder needs what stands before the first piece that is heard: kept, and noted as not played.
_LEAD_SECONDS = Fraction(1, 8)
_GAP_SECONDS = Fraction(1, 100)

Timed: TypeAlias = tuple[float, Any]  # when a packet is to be read, in seconds, and the packet


@dataclass(frozen=True)
class Span:
    """When a picture is shown: from `start` on its file's clock, for so many `seconds`.

    `source_start` is when the picture of the clip begins whose sound is heard, on that clip's clock.
    """

    start: Fraction
    seconds: Fraction
    source_start: Fraction

    @property
    def end(self) -> Fraction:
        return self.start + self.seconds


def span_of(picture: Timeline, source: Timeline, *, is_copy: bool) -> Span:
    """Return the span of a clip, or of its playable copy, which begins at 0."""
    start = Fraction(0) if is_copy else picture.pts[0] * picture.time_base
    return Span(start, picture.seconds, source.pts[0] * source.time_base)


def span_of_cut(cut: Timeline, whole: Timeline, first: int, source: Timeline) -> Span:
    """Return the span of a cut that begins with frame `first` of a whole clip, itself at 0."""
    into = (whole.pts[first] - whole.pts[0]) * whole.time_base
    return Span(Fraction(0), cut.seconds, source.pts[0] * source.time_base + into)


def add(picture: Path, source: Path, out: Path, span: Span, *, codes_anew: bool = False) -> bool:
    """Write a picture's packets as they are, and a source's sound, the two beginning together.

    The sound ends with the picture. Say whether its packets were kept: what an MP4 does not hold is
    coded anew, as AAC; with `codes_anew` all is, in as few bytes as copies have.

    Raises: Refusal, "damaged" where the packets of the picture fit into no MP4.
    """
    is_timed = has_true_times(source)
    turned = colour.display_matrix(first_frame(picture))
    try:
        with (
            open_clip(picture) as stream,
            open_clip(source) as beside,
            _made_like(picture, out) as made,
        ):
            track = track_of(beside.container)
            if track is None:
                raise Refusal("no_sound")
            shown = _picture_copy(made, stream, turned)
            is_kept = is_timed and not codes_anew and _can_be_kept(source, span)
            heard = _kept if is_kept else _coded
            sound = heard(made, track, span, is_timed=is_timed)
            for _at, packet in heapq.merge(shown, sound, key=lambda one: one[0]):
                made.mux(packet)
    except (av.error.FFmpegError, ValueError) as error:
        raise Refusal("damaged", detail="its packets do not fit into an MP4") from error
    return is_kept


def _made_like(picture: Path, out: Path) -> Any:
    """Open a file of the picture's own kind: an MP4, or a MOV, which holds more codings."""
    kind = "mov" if sniff(picture).container == "mov" else "mp4"
    return av.open(str(out), "w", format=kind, options={"movflags": "+faststart"})


def _picture_copy(made: Any, stream: Any, turned: list[int] | None) -> Iterator[Timed]:
    copy = made.add_stream_from_template(stream)
    if stream.codec_context.codec.canonical_name == "hevc":
        copy.codec_context.codec_tag = APPLE_HEVC
    if turned:
        copy.set_display_matrix(turned)
    return _packets(stream, copy)


def _packets(stream: Any, copy: Any) -> Iterator[Timed]:
    for packet in with_decoding_times(demuxed(stream), stream):
        if packet.is_discard:
            raise Refusal("damaged", detail="an edit list hides some of its frames")
        at = float(packet.dts * packet.time_base)
        packet.stream = copy
        yield at, packet


def _can_be_kept(source: Path, span: Span) -> bool:
    """Can the sound be copied: coded as players know it, and without a gap or a hidden piece?"""
    with open_clip(source) as stream:
        track = track_of(stream.container)
        codec = track.codec_context.codec.canonical_name
        if codec != _COPIED or _format_of(stream) not in _TIMED_FORMATS:
            return False
        heard = [one for one in demuxed(track) if one.size and _is_heard(one, span)]
        return _is_even(heard)


def _format_of(stream: Any) -> str:
    return str(stream.container.format.name.partition(",")[0])


def _is_even(packets: list[Any]) -> bool:
    """Does each packet begin where the one before it ends, and is none hidden but the first ones?"""
    if any(one.pts is None or not one.duration for one in packets):
        return False
    hidden = [one.is_discard for one in packets]
    if hidden != sorted(hidden, reverse=True):
        return False
    gaps = ((after.pts - before.pts - before.duration) for before, after in pairwise(packets))
    return all(abs(gap) * packets[0].time_base <= _GAP_SECONDS for gap in gaps)


def _is_heard(packet: Any, span: Span) -> bool:
    """Does a packet belong to the picture, or warm the decoder up for it? None outlasts it."""
    if packet.pts is None:
        return True
    begins = packet.pts * packet.time_base - span.source_start
    ends = begins + (packet.duration or 0) * packet.time_base
    return ends > -_LEAD_SECONDS and ends <= span.seconds


def _kept(made: Any, track: Any, span: Span, *, is_timed: bool) -> Iterator[Timed]:
    """Copy the sound's packets, moved to where the picture begins.

    What comes before that is noted as before the start: not played.
    """
    copy = made.add_stream_from_template(track)
    return _moved(track, copy, span)


def _moved(track: Any, copy: Any, span: Span) -> Iterator[Timed]:
    for packet in demuxed(track):
        if not packet.size or not _is_heard(packet, span):
            continue
        by = round((span.start - span.source_start) / packet.time_base)
        packet.pts += by
        packet.dts = packet.pts
        at = float(packet.dts * packet.time_base)
        packet.stream = copy
        yield at, packet


def _coded(made: Any, track: Any, span: Span, *, is_timed: bool) -> Iterator[Timed]:
    start = span.source_start
    sound = Sound(made, track, start=start, end=start + span.seconds, is_timed=is_timed)
    return _encoded(sound, track, span)


def _encoded(sound: Sound, track: Any, span: Span) -> Iterator[Timed]:
    for packet in demuxed(track):
        for frame in frames_in(track, packet):
            yield from _laid(sound.packets(frame), span)
    yield from _laid(sound.rest(), span)


def _laid(packets: list[Any], span: Span) -> Iterator[Timed]:
    for packet in packets:
        by = round(span.start / packet.time_base)
        packet.pts, packet.dts = packet.pts + by, packet.dts + by
        yield float(packet.dts * packet.time_base), packet
