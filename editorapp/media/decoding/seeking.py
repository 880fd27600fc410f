"""Seeking: a clip is entered in the middle, and what only its beginning tells a decoder is told again
there.

Encoders write some words once, before the first picture: parameter sets, and who they are.
libavcodec needs the last too: older x264 coded 4:4:4 and some motion in ways of its own. After a
seek it has not read them, and shows noise. Of all codecs that are entered in the middle
(timeline.py), H.264 alone has decoders that ask for such words.
"""

from collections.abc import Iterator
from typing import Any

import av
import av.error

_PICTURES = range(1, 6)  # the kinds of NAL units that hold one: ITU-T H.264, table 7-1
_LENGTH_WIDTH_AT = 4  # in avcC: ISO/IEC 14496-15, 5.3.3.1


def packets_from(stream: Any, at: int, *others: Any) -> Iterator[Any]:
    """Yield the packets of a picture stream, and of others, from the last keyframe that is not
    after `at`.

    The clip must have been opened just now, with nothing read. `at`: in the stream's own units.
    Raises: av.error.FFmpegError, when the container does not find there, or the file is broken off.
    """
    words = _first_words(stream)
    stream.container.seek(at, stream=stream, backward=True)
    for packet in stream.container.demux(stream, *others):
        if words and packet.size and packet.stream.index == stream.index:
            packet, words = _told(packet, words), b""
        yield packet


def _told(packet: Any, words: bytes) -> Any:
    """Return a packet with words before it."""
    made = av.Packet(words + bytes(packet))
    made.stream, made.time_base = packet.stream, packet.time_base
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    made.is_keyframe = packet.is_keyframe
    return made


def _first_words(stream: Any) -> bytes:
    """Return what stands before the picture in the first packet of a stream."""
    context = stream.codec_context
    if context.codec.canonical_name != "h264":
        return b""
    about = bytes(context.extradata or b"")
    if len(about) <= _LENGTH_WIDTH_AT or about[0] != 1:
        return b""  # a stream with start codes, as no MP4 and hardly a Matroska file has it
    data = _first_packet(stream)
    units = _by_lengths(data, (about[_LENGTH_WIDTH_AT] & 3) + 1)
    return next((data[:at] for at, header in units if header & 0x1F in _PICTURES), b"")


def _first_packet(stream: Any) -> bytes:
    """Return the first packet that holds anything; b"" where there is none."""
    try:
        return bytes(next(packet for packet in stream.container.demux(stream) if packet.size))
    except (StopIteration, av.error.FFmpegError):
        return b""


def _by_lengths(data: bytes, width: int) -> Iterator[tuple[int, int]]:
    """Yield where the length before each NAL unit stands, and the unit's first byte."""
    at = 0
    while at + width < len(data):
        yield at, data[at + width]
        at += width + int.from_bytes(data[at : at + width], "big")
