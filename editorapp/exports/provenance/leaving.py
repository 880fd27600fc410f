"""Leaving files: what the store keeps, as it goes out of the house."""

import logging
from dataclasses import dataclass

from editorapp.exports.provenance import signed_copies
from editorapp.exports.provenance.ai_mark import AiMark
from editorapp.exports.provenance.marked import (
    MemoryFile,
    is_signed,
    marked,
    marked_picture,
)
from editorapp.exports.provenance.reread import RereadFile
from editorapp.exports.provenance.splice import ReadableFile, Unmarkable
from editorapp.media import store
from editorapp.media.layout import ORIGINAL

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


def leaving_picture(data: bytes, mark: AiMark, *, sha256: str, what: str, name: str) -> bytes:
    """Return a picture that was made of a stored clip, as it goes out: see `leaving`."""
    made = marked_picture(data, mark)
    signed = signed_copies.signed(MemoryFile(made), mark, sha256=sha256, what=what, name=name)
    if signed is None:
        return made
    return b"".join(signed.file.pieces(0, signed.file.size))
