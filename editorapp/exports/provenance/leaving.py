"""Leaving files: what the store keeps, as it goes out of the house."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from editorapp.exports.provenance import signed_copies
from editorapp.exports.provenance.ai_mark import AiMark
from editorapp.exports.provenance.marked import (
    MemoryFile,
    is_signed,
    marked,
    marked_picture,
)
from editorapp.exports.provenance.marked_frames import BROKEN, marked_archive
from editorapp.exports.provenance.reread import RereadFile
from editorapp.exports.provenance.splice import ReadableFile, Unmarkable
from editorapp.media import store
from editorapp.media.layout import ORIGINAL
from editorapp.media.models import Asset

log = logging.getLogger(__name__)

ITS_PROVIDER = "its provider"


@dataclass(frozen=True)
class LeavingFile:
    """A file as it goes out. `tag`: what tells it from the stored one, for ETags; `is_marked`: does it
    say how it was made?; `signed_by`: in whose name it is signed, "" where it is not.
    """

    file: ReadableFile
    tag: str
    is_marked: bool = False
    signed_by: str = ""


def leaving(
    sha256: str,
    mark: AiMark | None,
    *,
    what: str = ORIGINAL,
    name: str,
) -> LeavingFile:
    """Return a stored file as it goes out: with its mark, where it has one, and signed, where this
    installation signs and files of this kind can be.

    `name`: what it is called, for the log and in the signature. Raises: store.Gone; Refusal, when
    the storage does not answer.
    """
    opened = store.opened(sha256, what)
    if mark is None:
        return LeavingFile(opened, "")
    if what == ORIGINAL:
        mark = replace(mark, original_sha256=sha256)
    file = RereadFile(opened)
    if is_signed(file):
        return LeavingFile(file, "", is_marked=True, signed_by=ITS_PROVIDER)
    try:
        made = marked(file, mark)
    except Unmarkable as error:
        log.warning("%s leaves without a mark: %s", name, error)
        return LeavingFile(file, "")
    signed = signed_copies.signed(made, mark, sha256=sha256, what=what, name=name)
    if signed is not None:
        tag = f"-{mark.tag}-{signed.tag}"
        return LeavingFile(signed.file, tag, is_marked=True, signed_by=signed.signed_by)
    return LeavingFile(made, f"-{mark.tag}", is_marked=True)


def leaving_whole(
    asset: Asset,
    mark: AiMark | None,
    *,
    name: str,
    now: datetime,
) -> tuple[LeavingFile, Iterator[bytes]]:
    """Return an original as it goes out, and all its bytes: as `leaving`, but of an archive each frame
    has its mark, and how long it will be is not known; as it is where it cannot be read.

    Raises: as `leaving`, before the first byte.
    """
    if mark is None or asset.kind != Asset.Kind.ARCHIVE:
        made = leaving(asset.sha256, mark, name=name)
        return made, made.file.pieces(0, made.file.size)
    archive = RereadFile(store.opened(asset.sha256, ORIGINAL))
    try:
        pieces = _begun(marked_archive(archive, mark, now=now))
    except BROKEN as error:
        log.warning("%s leaves without marks: %s", name, error)
        return LeavingFile(archive, ""), archive.pieces(0, archive.size)
    return LeavingFile(archive, f"-{mark.tag}", is_marked=True), pieces


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Return the pieces, once the first of them is there. Raises: what making it raises."""
    first = next(pieces)
    return chain([first], pieces)


def leaving_picture(data: bytes, mark: AiMark, *, sha256: str, what: str, name: str) -> bytes:
    """Return a picture that was made of a stored clip, as it goes out: see `leaving`."""
    made = marked_picture(data, mark)
    signed = signed_copies.signed(MemoryFile(made), mark, sha256=sha256, what=what, name=name)
    if signed is None:
        return made
    return b"".join(signed.file.pieces(0, signed.file.size))
