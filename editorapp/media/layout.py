"""Layout of stored files: the one place that knows their names, in a folder and in a bucket.

A content's files are `<first two of its hash>/<hash>/<what>`, below `blobs`; what is on its way in
lies below `incoming`. A name is all that a file is found by, so these stay as they are.
"""

import re

ORIGINAL = "original"
POSTER = "poster.webp"
FILMSTRIP = "filmstrip.webp"
PROXY = "proxy.mp4"  # the playable copy
FRAMES = "frames.json"
PREVIEWS = (POSTER, FILMSTRIP, FRAMES)  # made while a file is taken in

BLOBS, INCOMING = "blobs/", "incoming/"
_KEPT = {ORIGINAL, PROXY, *PREVIEWS}
_HASH = re.compile("[0-9a-f]{64}")
_SOUND = re.compile("sound-[0-9a-f]{64}-(original|proxy.mp4)")


def folder(sha256: str) -> str:
    """Return the name of the folder of a content."""
    if not _HASH.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256 in hexadecimal.")
    return f"{sha256[:2]}/{sha256}"


def name(sha256: str, what: str) -> str:
    """Return the name of a file of a content."""
    if what not in _KEPT and not _SOUND.fullmatch(what):
        raise ValueError(f"The store keeps no {what!r}.")
    return f"{folder(sha256)}/{what}"


def with_sound_of(source_sha256: str, what: str) -> str:
    """Return what a content's original, or its playable copy, is called with a source's sound."""
    return f"sound-{source_sha256}-{what}"


def stated_hash(name: str) -> str:
    """Return the hash that a name states for its bytes: of an original; "" for what is made of it."""
    folder, _slash, what = name.rpartition("/")
    return folder.rpartition("/")[2] if what == ORIGINAL else ""


def original_last(name: str) -> tuple[bool, str]:
    """Sort names so: where an original is, all that was made from it is."""
    return name.rpartition("/")[2] == ORIGINAL, name
