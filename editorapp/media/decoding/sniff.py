"""Sniffing: what a file really is, by its first bytes. Names and extensions are never looked at."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

_HEAD_BYTES = 4096
_STILL_BRANDS = {
    b"heic",
    b"heix",
    b"heim",
    b"heis",
    b"hevx",
    b"mif1",
    b"msf1",
    b"avif",
    b"avis",
    b"jpeg",
    b"crx ",
}
_MOV_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_PLAYLISTS = (
    b"#extm3u",
    b"ffconcat",
    b"v=0\r\n",
    b"v=0\n",
    b"[playlist]",
    b"<smil",
    b"<asx",
    b"[reference]",
    b"#!",
)


@dataclass(frozen=True)
class Sniffed:
    """`kind`: video, picture, or the code of the refusal (refusals.py) of what is neither.

    `format` is the demuxer's name for a video, Pillow's name for a picture; `what` names it for
    people.
    """

    kind: str
    what: str
    format: str = ""
    container: str = ""


Starts: TypeAlias = tuple[tuple[bytes, Sniffed], ...]


def _refused(kind: str, *named: tuple[bytes, str]) -> Starts:
    return tuple((start, Sniffed(kind, what)) for start, what in named)


_TRANSPORT_STREAM = Sniffed("video", "an MPEG transport stream", "mpegts", "mpegts")
_QUICKTIME = Sniffed("video", "a QuickTime file", "mov", "mov")
_AUDIO = Sniffed("audio_only", "a sound file")
_STARTS: Starts = (
    (b"OggS", Sniffed("video", "an Ogg file", "ogg", "ogv")),
    (b"\x00\x00\x01\xba", Sniffed("video", "an MPEG file", "mpeg", "mpeg")),
    (b"\x00\x00\x01\xb3", Sniffed("video", "an MPEG picture stream", "mpegvideo", "mpeg")),
    (b"\xff\xd8\xff", Sniffed("picture", "JPEG", "JPEG")),
    (b"\x89PNG\r\n\x1a\n", Sniffed("picture", "PNG", "PNG")),
    (b"GIF87a", Sniffed("picture", "GIF", "GIF")),
    (b"GIF89a", Sniffed("picture", "GIF", "GIF")),
    *_refused(
        "unsupported_picture",
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"8BPS", "Photoshop"),
        (b"\x76\x2f\x31\x01", "EXR"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cJXL ", "JPEG XL"),
        (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    ),
    (b"ID3", _AUDIO),
    (b"fLaC", _AUDIO),
    (b"\xff\xfb", _AUDIO),
    (b"\xff\xf3", _AUDIO),
    (b"\xff\xf2", _AUDIO),
    (b"\xff\xf1", _AUDIO),
    (b"\xff\xf9", _AUDIO),
    (b"MThd", _AUDIO),
    (b".snd", _AUDIO),
    *_refused(
        "unsupported_container",
        (b"FLV", "a Flash video (FLV)"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file (WMV)"),
        (b".RMF", "a RealMedia file"),
        (b"\x06\x0e\x2b\x34", "an MXF file"),
        (b"DKIF", "a raw IVF file"),
    ),
)
# In small letters, and behind white space.
_NAMED = _refused(
    "not_media",
    (b"%pdf", "a PDF document"),
    (b"pk\x03\x04", "a zip archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"mz", "a Windows program"),
    (b"\x7felf", "a program"),
    (b"sqlite format 3", "a database"),
    (b"<!doc", "a web page"),
    (b"<html", "a web page"),
)


def sniff(path: Path) -> Sniffed:
    """Say what the file at `path` is."""
    head = _head_of(path)
    if not head:
        return Sniffed("empty", "an empty file")
    return _by_structure(head) or _by_start(head, _STARTS) or _by_words(head)


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _by_start(head: bytes, table: Starts) -> Sniffed | None:
    return next((found for start, found in table if head.startswith(start)), None)


def _by_structure(head: bytes) -> Sniffed | None:
    if head[4:8] in _MOV_BOXES:
        return _mov(head)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        if b"webm" in head[:64]:
            return Sniffed("video", "a WebM file", "matroska", "webm")
        return Sniffed("video", "a Matroska file", "matroska", "mkv")
    if head[:4] == b"RIFF":
        return _riff(head[8:12])
    if _is_transport_stream(head, 0, 188) or _is_transport_stream(head, 4, 192):
        return _TRANSPORT_STREAM
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Sniffed("unsupported_picture", "BMP")
    return None


def _riff(what: bytes) -> Sniffed | None:
    if what[:3] == b"AVI":
        return Sniffed("video", "an AVI file", "avi", "avi")
    if what == b"WEBP":
        return Sniffed("picture", "WebP", "WEBP")
    return _AUDIO if what == b"WAVE" else None


def _is_transport_stream(head: bytes, start: int, step: int) -> bool:
    return head[start::step][:5] == b"\x47" * 5


def _mov(head: bytes) -> Sniffed:
    if head[4:8] != b"ftyp":
        return _QUICKTIME
    size = max(16, min(int.from_bytes(head[:4], "big"), 256))
    brand, brands = head[8:12], {head[at : at + 4] for at in range(8, size, 4) if at != 12}
    if brand in _STILL_BRANDS:
        return Sniffed("unsupported_picture", "AVIF" if brands & {b"avif", b"avis"} else "HEIC")
    if brand == b"qt  ":
        return _QUICKTIME
    if brand[:3] in {b"3gp", b"3g2", b"3gg"}:
        return Sniffed("video", "a 3GP file", "mov", "3gp")
    return Sniffed("video", "an MP4 file", "mov", "m4v" if brand[:3] == b"M4V" else "mp4")


def _by_words(head: bytes) -> Sniffed:
    words = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if _is_playlist(words):
        return Sniffed("playlist", "a playlist")
    if b"<svg" in words[:512]:
        return Sniffed("unsupported_picture", "SVG")
    usual = "a text file" if _is_text(head) else "a file of an unknown kind"
    return _by_start(words, _NAMED) or Sniffed("not_media", usual)


def _is_playlist(words: bytes) -> bool:
    is_list = words.startswith(b"<?xml") and (b"<mpd" in words or b"<smil" in words)
    return is_list or words.startswith(_PLAYLISTS)


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # A character may be cut in two where the head ends.
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode()
    return all(map(_is_of_text, text))


def _is_of_text(character: str) -> bool:
    return character.isprintable() or character in "\r\n\t\f"
