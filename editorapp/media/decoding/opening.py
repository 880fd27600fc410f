"""Opening of clips: by what they are, with allow-lists for formats, protocols and codecs."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import av
import av.error
from av.stream import Disposition

from editorapp.media.decoding.size_limits import CLIP_PIXELS, check_frame_size
from editorapp.media.decoding.sniff import Sniffed, sniff
from editorapp.media.refusals import Refusal

_THREADS = 2
_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,mpeg,mpegts,mpegvideo"
# Written as one text because a reader compares it with a codec's name, not with Python.
_CODECS = """
    h264 hevc av1 vp8 vp9 mpeg1video mpeg2video mpeg4 msmpeg4v1 msmpeg4v2 msmpeg4v3 h261 h263 h263p mjpeg mjpegb
    prores dnxhd theora ffv1 ffvhuff huffyuv utvideo rawvideo png qtrle cinepak svq1 svq3 dvvideo v210 cfhd jpeg2000
    magicyuv wmv1 wmv2 wmv3 vc1 rpza vp6 vp6f indeo3 indeo4 indeo5 8bps hap v308 v408 v410 r210 yuv4 vvc
"""
CODECS = frozenset(_CODECS.split())

Places: TypeAlias = list[tuple[int, int]]  # where parts of a file begin and end


@contextmanager
def open_clip(path: Path) -> Iterator[Any]:
    """Yield the picture stream of a clip, ready to decode; `stream.container` is open as long.

    The demuxer is named and not guessed, and knows only local files: a playlist is never opened,
    whatever its name.
    Raises: Refusal.
    """
    sniffed = sniff(path)
    with _container(path, sniffed) as container:
        yield _picture_stream(container, sniffed)


def sample_places(path: Path, is_wanted: list[bool]) -> Places:
    """Return where the samples of those tracks of an MP4 or MOV lie that are wanted, also what an
    edit list hides of them.

    Raises: Refusal; ValueError, when the file has more tracks, or fewer.
    """
    with _container(path, sniff(path), ignore_editlist="1") as container:
        tracks = zip(container.streams, is_wanted, strict=True)
        entries = (one for track, is_asked in tracks if is_asked for one in track.index_entries)
        return [(one.pos, one.pos + one.size) for one in entries]


def _container(path: Path, sniffed: Sniffed, **more: str) -> Any:
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS, "enable_drefs": "0"}
    if sniffed.format == "mpegvideo":
        options.pop("enable_drefs")
    try:
        return av.open(
            str(path),
            format=sniffed.format,
            options=options | more,
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, ValueError, UnicodeError) as error:
        raise _cannot_open(sniffed) from error


def picture_tracks(container: Any) -> list[Any]:
    """Return the tracks that can be taken for the picture: not the covers of songs and films."""
    return [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]


def _cannot_open(sniffed: Sniffed) -> Refusal:
    if sniffed.container in {"mp4", "m4v", "mov", "3gp"}:
        # The table of contents is often written last; without it nothing can be read.
        return Refusal("truncated", detail="its table of contents is missing")
    return Refusal("damaged", detail=f"{sniffed.what} whose header makes no sense")


def _picture_stream(container: Any, sniffed: Sniffed) -> Any:
    pictures = picture_tracks(container)
    if not pictures:
        if container.streams.audio:
            raise Refusal("audio_only")
        raise Refusal("not_media", what=f"{sniffed.what} with no picture in it")
    # A track that nobody can decode does not stand before one that can be.
    stream = next((one for one in sorted(pictures, key=_is_not_default) if _is_known(one)), None)
    if stream is None:
        context = pictures[0].codec_context
        name = context.name if context is not None else "something unknown"
        raise Refusal("unsupported_codec", codec=name)
    context = stream.codec_context
    check_frame_size(context.width, context.height)
    context.thread_count, context.thread_type = _THREADS, "AUTO"
    context.options = {"max_pixels": str(CLIP_PIXELS)}
    return stream


def _is_not_default(stream: Any) -> bool:
    return not stream.disposition & Disposition.default


def _is_known(stream: Any) -> bool:
    """Is the track coded in a way that is taken? Decoders have names of their own (libdav1d decodes
    av1).
    """
    context = stream.codec_context
    return context is not None and context.codec.canonical_name in CODECS


def sound_tracks(container: Any) -> list[Any]:
    """Return the sound tracks that can be decoded."""
    return [track for track in container.streams.audio if track.codec_context is not None]


def demuxed(*streams: Any) -> Iterator[Any]:
    """Yield the packets of streams to the end of the file, or to where it cannot be read any more."""
    return readable(streams[0].container.demux(*streams))


def readable(packets: Iterator[Any]) -> Iterator[Any]:
    """Yield packets to the last one, or to where the file cannot be read any more."""
    with suppress(av.error.FFmpegError):
        yield from packets


def decoded(stream: Any, packets: Iterator[Any] | None = None) -> Iterator[Any]:
    """Yield the frames of a stream, in the order in which they are shown.

    `packets`: those of the stream to be decoded; without them all, from where the container stands.
    One that cannot be decoded is passed over: one damaged frame does not lose a clip.
    """
    try:
        for packet in stream.container.demux(stream) if packets is None else packets:
            yield from frames_in(stream, packet)
    except av.error.FFmpegError:
        # The file ends inside a packet: what the decoder still holds is worth having.
        yield from frames_in(stream, None)


def first_frame(path: Path) -> Any:
    """Return the first frame of a clip, looked at apart: not every container finds back to its
    beginning.

    Raises: Refusal "no_frames".
    """
    with open_clip(path) as stream:
        first = next(decoded(stream), None)
    if first is None:
        raise Refusal("no_frames")
    return first


def frames_in(stream: Any, packet: Any) -> list[Any]:
    """Return the frames that a packet of a stream gives; None is its end.

    One that is damaged is passed over.
    """
    try:
        return list(stream.decode(packet))
    except (av.error.FFmpegError, MemoryError):
        return []
