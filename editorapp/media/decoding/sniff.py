"""Sniffing: what a file really is, by its first bytes. Names and extensions are never looked at."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

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


_PICTURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_OTHER_PICTURES = (
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"8BPS", "Photoshop"),
    (b"\x76\x2f\x31\x01", "EXR"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
)
_SOUNDS = (
    b"ID3",
    b"fLaC",
    b"\xff\xfb",
    b"\xff\xf3",
    b"\xff\xf2",
    b"\xff\xf1",
    b"\xff\xf9",
    b"MThd",
    b".snd",
    b"#!AMR",
)
_OTHER_VIDEOS = (
    (b"FLV", "a Flash video (FLV)"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file (WMV)"),
    (b".RMF", "a RealMedia file"),
    (b"\x06\x0e\x2b\x34", "an MXF file"),
    (b"DKIF", "a raw IVF file"),
)
# In small letters, and behind white space.
_NAMED = (
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
Found = TypeVar("Found")


@dataclass(frozen=True)
class Sniffed:
    """`kind`: video, picture, other_picture, audio, playlist, other_video, nothing or empty.

    `format` is the demuxer's name for a video, Pillow's name for a picture; `what` names it for
    people.
    """

    kind: str
    what: str
    format: str = ""
    container: str = ""


_VIDEOS = (
    (b"OggS", Sniffed("video", "an Ogg file", "ogg", "ogv")),
    (b"\x00\x00\x01\xba", Sniffed("video", "an MPEG file", "mpeg", "mpeg")),
    (b"\x00\x00\x01\xb3", Sniffed("video", "an MPEG picture stream", "mpegvideo", "mpeg")),
)
_TRANSPORT_STREAM = Sniffed("video", "an MPEG transport stream", "mpegts", "mpegts")
_QUICKTIME = Sniffed("video", "a QuickTime file", "mov", "mov")
_AUDIO = Sniffed("audio", "a sound file")


def sniff(path: Path) -> Sniffed:
    """Say what the file at `path` is."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        return Sniffed("empty", "an empty file")
    return _video(head) or _picture(head) or _other(head)


def _by_start(head: bytes, table: tuple[tuple[bytes, Found], ...]) -> Found | None:
    return next((found for start, found in table if head.startswith(start)), None)


def _riff(head: bytes) -> bytes:
    """Return what a RIFF file holds; b"" where it is none."""
    return head[8:12] if head[:4] == b"RIFF" else b""


def _video(head: bytes) -> Sniffed | None:
    if head[4:8] in _MOV_BOXES:
        return _mov(head)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        if b"webm" in head[:64]:
            return Sniffed("video", "a WebM file", "matroska", "webm")
        return Sniffed("video", "a Matroska file", "matroska", "mkv")
    if _riff(head)[:3] == b"AVI":
        return Sniffed("video", "an AVI file", "avi", "avi")
    if _is_transport_stream(head, 0, 188) or _is_transport_stream(head, 4, 192):
        return _TRANSPORT_STREAM
    return _by_start(head, _VIDEOS)


def _is_transport_stream(head: bytes, start: int, step: int) -> bool:
    return head[start::step][:5] == b"\x47" * 5


def _mov(head: bytes) -> Sniffed:
    if head[4:8] != b"ftyp":
        return _QUICKTIME
    size = max(16, min(int.from_bytes(head[:4], "big"), 256))
    brand, brands = head[8:12], {head[at : at + 4] for at in range(8, size, 4) if at != 12}
    if brand in _STILL_BRANDS:
        return Sniffed("other_picture", "AVIF" if brands & {b"avif", b"avis"} else "HEIC")
    if brand == b"qt  ":
        return _QUICKTIME
    if brand[:3] in {b"3gp", b"3g2", b"3gg"}:
        return Sniffed("video", "a 3GP file", "mov", "3gp")
    return Sniffed("video", "an MP4 file", "mov", "m4v" if brand[:3] == b"M4V" else "mp4")


def _picture(head: bytes) -> Sniffed | None:
    if _riff(head) == b"WEBP":
        return Sniffed("picture", "WebP", "WEBP")
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Sniffed("other_picture", "BMP")
    if name := _by_start(head, _PICTURES):
        return Sniffed("picture", name, name)
    name = _by_start(head, _OTHER_PICTURES)
    return Sniffed("other_picture", name) if name else None


def _other(head: bytes) -> Sniffed:
    words = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if _is_playlist(words):
        return Sniffed("playlist", "a playlist")
    if _riff(head) == b"WAVE" or head.startswith(_SOUNDS):
        return _AUDIO
    if name := _by_start(head, _OTHER_VIDEOS):
        return Sniffed("other_video", name)
    if b"<svg" in words[:512]:
        return Sniffed("other_picture", "SVG")
    usual = "a text file" if _is_text(head) else "a file of an unknown kind"
    return Sniffed("nothing", _by_start(words, _NAMED) or usual)


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
