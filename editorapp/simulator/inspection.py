"""What a file really is: measured by opening and decoding it, in a child process."""

from fractions import Fraction
from typing import Any

# Never formats that name other files (playlists, scripts): a text called .mp4 must not be followed.
VIDEO_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,ogg,flv"
OPTIONS = {"protocol_whitelist": "file", "format_whitelist": VIDEO_FORMATS}


def inspect(path: str) -> dict[str, Any]:
    """Return the facts of a clip or still: kind ("video", "image" or ""), size, duration, and `problem`.

    Units: `duration_seconds` of the picture. `problem` is "", "unsupported_format" or "corrupt_input".
    """
    return _video(path) or _image(path) or {"kind": "", "problem": "unsupported_format"}


def _video(path: str) -> dict[str, Any] | None:
    import av

    try:
        with av.open(path, options=OPTIONS, metadata_errors="ignore") as container:
            if not container.streams.video:
                return {"kind": "", "problem": "unsupported_format"}
            stream = container.streams.video[0]
            frame = next(container.decode(stream), None)
            if frame is None:
                return {"kind": "video", "problem": "corrupt_input"}
            seconds, packets = _length(container, stream)
            # The index names more frames than the file holds: it was cut off on its way.
            if packets < 0.98 * stream.frames:
                return {"kind": "video", "problem": "corrupt_input"}
            width, height = frame.width, frame.height
            if frame.rotation % 180:
                width, height = height, width
            found = {
                "kind": "video", "problem": "", "width": width, "height": height, "codec": stream.codec_context.name,
                "container": container.format.name, "duration_seconds": seconds,
                "fps": str(stream.average_rate or Fraction(24)), "has_audio": bool(container.streams.audio),
                "hdr": frame.color_trc in (16, 18),
            }  # fmt: skip
    except (av.FFmpegError, ValueError, EOFError) as error:
        # Known by its first bytes but unreadable: a clip that was cut off or damaged.
        return {"kind": "video", "problem": "corrupt_input"} if _looks_like_video(path, error) else None
    return found


def _length(container: Any, stream: Any) -> tuple[float, int]:
    """Return how long the picture lasts, and in how many packets.

    By the packets' own times: headers lie, and a sound track may run on.
    """
    container.seek(0)
    first, end, count = None, 0.0, 0
    for packet in container.demux(stream):
        if packet.pts is None:
            continue
        count += 1
        at = float(packet.pts * packet.time_base)
        first = at if first is None else min(first, at)
        end = max(end, at + float((packet.duration or 0) * packet.time_base))
    return round(end - (first or 0.0), 4), count


def _looks_like_video(path: str, error: Exception) -> bool:
    with open(path, "rb") as file:
        head = file.read(16)
    return head[4:8] in (b"ftyp", b"moov", b"mdat") or head[:4] in (b"\x1a\x45\xdf\xa3", b"RIFF", b"OggS")


def _image(path: str) -> dict[str, Any] | None:
    from PIL import ExifTags, Image

    Image.MAX_IMAGE_PIXELS = 8000 * 8000
    try:
        with Image.open(path) as picture:
            picture.load()
            width, height = picture.size
            if picture.getexif().get(ExifTags.Base.Orientation, 1) >= 5:  # lies on its side
                width, height = height, width
            return {"kind": "image", "problem": "", "width": width, "height": height}
    except Exception:  # Pillow's decoders raise nearly anything on hostile bytes
        return None
