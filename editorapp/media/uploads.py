"""Receive a file in pieces: each goes straight to disk, and a broken connection costs one piece."""

import os
import secrets
from pathlib import Path
from typing import Protocol

from django.db import transaction

from editorapp.core.fault_points import reached
from editorapp.media import store
from editorapp.media.intake import take_in
from editorapp.media.models import Asset, Upload
from editorapp.media.names import safe_name
from editorapp.media.probe import check_bytes
from editorapp.media.refusals import Refusal, show_bytes
from editorapp.teams.models import Member

MAX_PIECE_BYTES = 32 * 1024 * 1024


class Body(Protocol):
    """What a request's body is read from."""

    def read(self, size: int = ..., /) -> bytes: ...


class WrongOffset(Exception):
    """A piece does not begin where the file ends; `offset` says where that is."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"The next piece begins at byte {offset}.")


def begin(*, name: str, size_bytes: int, member: Member) -> Upload:
    """Open an upload. Nothing is reserved on disk. Raises: Refusal "empty", "too_big"."""
    check_bytes(size_bytes)
    upload = Upload.objects.create(
        token=secrets.token_urlsafe(24), team=member.team, user=member.user, name=safe_name(name), size_bytes=size_bytes
    )
    reached("upload.begun")
    return upload


def part(upload: Upload) -> Path:
    """Return where the bytes of an upload are collected."""
    return store.incoming() / f"{upload.token}.part"


def offset(upload: Upload) -> int:
    """Return how many bytes have arrived: the length of the file is the truth."""
    try:
        return part(upload).stat().st_size
    except FileNotFoundError:
        return 0


def append(upload: Upload, body: Body, *, at: int, length: int) -> int:
    """Write one piece to the end of the file and return the new offset.

    Raises: WrongOffset; Refusal "too_big", when more comes than was announced, or "disk_full".
    """
    with open(part(upload), "ab") as file:
        _lock(file.fileno())
        here = file.seek(0, os.SEEK_END)
        if at != here:
            raise WrongOffset(here)
        if here + length > upload.size_bytes:
            raise Refusal("too_big", size=show_bytes(here + length), limit=show_bytes(upload.size_bytes))
        with store.telling_full_disk():
            _copy(body, file.fileno(), length)
            reached("upload.piece_written")
            return file.seek(0, os.SEEK_END)


def _lock(handle: int) -> None:
    """Let one request at a time write: a browser that tries again may overlap with itself."""
    import fcntl

    fcntl.flock(handle, fcntl.LOCK_EX)


def _copy(body: Body, handle: int, length: int) -> None:
    left = length
    while left > 0:
        try:
            data = body.read(min(left, store.PIECE_BYTES))
        except OSError as error:
            if error.errno is not None:
                raise
            return  # the browser went away; what came stays, and the next piece goes on from there
        if not data:
            return
        left -= len(data)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        reached("upload.piece_half")


def finish(upload: Upload) -> Asset:
    """Take the uploaded file in. Its row and its part are gone afterwards, taken or not.

    Raises: WrongOffset, when bytes are missing (then the upload goes on); Refusal.
    """
    here = offset(upload)
    if here != upload.size_bytes:
        raise WrongOffset(here)
    claimed = part(upload).with_suffix(".taking")
    try:
        os.rename(part(upload), claimed)  # of two requests that finish at once, one finds the file
    except FileNotFoundError:
        raise WrongOffset(0) from None
    reached("upload.taking")
    try:
        asset = take_in(claimed, name=upload.name, team=upload.team, user=upload.user)
        reached("upload.taken")
        return asset
    finally:
        upload.delete()


def cancel(upload: Upload) -> None:
    """Forget an upload and delete what has come of it."""
    with transaction.atomic():
        upload.delete()
    part(upload).unlink(missing_ok=True)
