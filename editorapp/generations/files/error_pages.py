"""Error pages: what came over a link is the file, a page in its place, or nothing.

Told by its first bytes.

The type that a server names is asked only of what is no container: storages name a video anything.
"""

from pathlib import Path

from editorapp.media.decoding.sniff import sniff

HEAD_BYTES = 512
PAGE_TYPES = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/xml",
    "application/xhtml",
)
PAGE_STARTS = (b"<", b"{", b"[")
ARCHIVE_START = b"PK"
ARCHIVE = "exr"


def problem_with(path: Path, *, kind: str, media_type: str) -> str:
    """Say that a file is plainly not the one that was linked to, as a sentence; "" where it may be.

    It is the way's or the server's fault, as a 5xx is, and says nothing of the result.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        return "The link answered with an empty file."
    if is_container(path, kind=kind):
        return ""
    words = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    named = media_type.partition(";")[0].strip().lower()
    if not words or words.startswith(PAGE_STARTS) or named.startswith(PAGE_TYPES):
        return f"The link answered with a page{f' ({named})' if named else ''}, not with the file."
    return ""


def is_container(path: Path, *, kind: str) -> bool:
    """Does a file begin as the kind of result does: a video, or an archive of frames?"""
    if kind == ARCHIVE:
        with path.open("rb") as file:
            return file.read(len(ARCHIVE_START)) == ARCHIVE_START
    return sniff(path).kind in {"video", "unsupported_container"}
