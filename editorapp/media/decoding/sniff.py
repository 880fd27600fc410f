"""What a file really is, by its first bytes. Names and extensions are never looked at."""

from dataclasses import dataclass
from pathlib import Path

HEAD_BYTES = 4096
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
_NAMED: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a database"),
    (b"<!doc", "a web page"),
    (b"<html", "a web page"),
)
_AUDIO = (
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
_OTHER_VIDEO = (
    (b"FLV", "a Flash video (FLV)"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file (WMV)"),
    (b".RMF", "a RealMedia file"),
    (b"\x06\x0e\x2b\x34", "an MXF file"),
    (b"DKIF", "a raw IVF file"),
)


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


def sniff(path: Path) -> Sniffed:
    """Say what the file at `path` is."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        return Sniffed("empty", "an empty file")
    return _video(head) or _picture(head) or _other(head)


def _video(head: bytes) -> Sniffed | None:
    if head[4:8] in _MOV_BOXES:
        return _mov(head)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        container = "webm" if b"webm" in head[:64] else "mkv"
        return Sniffed(
            "video",
            "a WebM file" if container == "webm" else "a Matroska file",
            "matroska",
            container,
        )
    if head[:4] == b"RIFF" and head[8:11] == b"AVI":
        return Sniffed("video", "an AVI file", "avi", "avi")
    if head[:4] == b"OggS":
        return Sniffed("video", "an Ogg file", "ogg", "ogv")
    if head[:4] == b"\x00\x00\x01\xba":
        return Sniffed("video", "an MPEG file", "mpeg", "mpeg")
    if head[:4] == b"\x00\x00\x01\xb3":
        return Sniffed("video", "an MPEG picture stream", "mpegvideo", "mpeg")
    for start, step in ((0, 188), (4, 192)):
        if len(head) > start + 4 * step and all(head[start + n * step] == 0x47 for n in range(5)):
            return Sniffed("video", "an MPEG transport stream", "mpegts", "mpegts")
    return None


def _mov(head: bytes) -> Sniffed:
    if head[4:8] != b"ftyp":
        return Sniffed("video", "a QuickTime file", "mov", "mov")
    size = max(16, min(int.from_bytes(head[:4], "big"), 256))
    brand, brands = head[8:12], {head[at : at + 4] for at in range(8, size, 4) if at != 12}
    if brand in _STILL_BRANDS:
        name = "AVIF" if b"avif" in brands or b"avis" in brands else "HEIC"
        return Sniffed("other_picture", name)
    if brand == b"qt  ":
        return Sniffed("video", "a QuickTime file", "mov", "mov")
    if brand[:3] in {b"3gp", b"3g2", b"3gg"}:
        return Sniffed("video", "a 3GP file", "mov", "3gp")
    return Sniffed("video", "an MP4 file", "mov", "m4v" if brand[:3] == b"M4V" else "mp4")


def _picture(head: bytes) -> Sniffed | None:
    if head[:3] == b"\xff\xd8\xff":
        return Sniffed("picture", "JPEG", "JPEG")
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return Sniffed("picture", "PNG", "PNG")
    if head[:6] in {b"GIF87a", b"GIF89a"}:
        return Sniffed("picture", "GIF", "GIF")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Sniffed("picture", "WebP", "WEBP")
    others = (
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"8BPS", "Photoshop"),
        (b"\x76\x2f\x31\x01", "EXR"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cJXL ", "JPEG XL"),
        (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    )
    for magic, name in others:
        if head.startswith(magic):
            return Sniffed("other_picture", name)
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Sniffed("other_picture", "BMP")
    return None


def _other(head: bytes) -> Sniffed:
    words = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if words.startswith(_PLAYLISTS) or (
        words.startswith(b"<?xml") and (b"<mpd" in words or b"<smil" in words)
    ):
        return Sniffed("playlist", "a playlist")
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE" or head.startswith(_AUDIO):
        return Sniffed("audio", "a sound file")
    for magic, name in _OTHER_VIDEO:
        if head.startswith(magic):
            return Sniffed("other_video", name)
    if b"<svg" in words[:512]:
        return Sniffed("other_picture", "SVG")
    for magic, name in _NAMED:
        if words.startswith(magic.lower()):
            return Sniffed("nothing", name)
    return Sniffed("nothing", "a text file" if _is_text(head) else "a file of an unknown kind")


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # A character may be cut in two where the head ends.
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character in "\r\n\t\f" for character in text)
