"""Receive a file in pieces: each goes straight to where it stays, and a broken connection costs one piece."""

import logging
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from editorapp.core.fault_points import reached
from editorapp.media import part_file, running_hash, store
from editorapp.media.intake import take_in
from editorapp.media.models import Asset, Upload
from editorapp.media.names import safe_name
from editorapp.media.part_file import Body, PartFile
from editorapp.media.probe import check_bytes
from editorapp.media.refusals import Refusal, show_bytes
from editorapp.media.spent import Spent
from editorapp.teams.models import Member

log = logging.getLogger(__name__)

MAX_PIECE_BYTES = 32 * 1024 * 1024
# A machine that died while it took a file in is not waited for any longer: its pieces are still in the bucket.
_TAKEN_AGAIN_AFTER = timedelta(minutes=30)


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


class Pieces(Protocol):
    """Where the bytes of one upload are collected: a PartFile or PieceObjects."""

    def offset(self) -> int: ...

    def append(self, body: Body, *, at: int, length: int) -> int | None: ...

    def whole(self, size: int) -> Path: ...

    def forget(self) -> None: ...


def _pieces(upload: Upload) -> Pieces:
    storage = store.bucket()
    if storage is None:
        return PartFile(upload.token)
    from editorapp.media.piece_objects import PieceObjects  # it needs the packages of a bucket

    return PieceObjects(upload.token, storage)


def part(upload: Upload) -> Path:
    """Return where this machine collects the bytes of an upload."""
    return part_file.path(upload.token)


def offset(upload: Upload) -> int:
    """Return how many bytes have arrived, here or on any machine. Raises: Refusal, when the storage does not say."""
    return _pieces(upload).offset()


def append(upload: Upload, body: Body, *, at: int, length: int) -> int:
    """Take one piece and return the new offset.

    Raises: WrongOffset; Refusal "too_big", when more comes than was announced, or what is wrong with the disk or the
    storage.
    """
    pieces = _pieces(upload)
    if at + length > upload.size_bytes:
        if at != (here := pieces.offset()):
            raise WrongOffset(here)
        raise Refusal("too_big", size=show_bytes(at + length), limit=show_bytes(upload.size_bytes))
    reached = pieces.append(body, at=at, length=length)
    if reached is None:
        raise WrongOffset(pieces.offset())
    return reached


def finish(upload: Upload, *, spent: Spent | None = None) -> Asset:
    """Take the uploaded file in. Its row and its pieces are gone afterwards, taken or not; but where the storage does
    not answer both stay, so that it can be finished later, on any machine.

    Raises: WrongOffset, when bytes are missing (then the upload goes on) or somebody else finishes it; Refusal.
    """
    pieces = _pieces(upload)
    here = pieces.offset()
    if here != upload.size_bytes:
        raise WrongOffset(here)
    if store.bucket() is not None and not _claim(upload):
        raise WrongOffset(0)
    try:
        asset = _take(upload, pieces, here, spent)
    except Refusal as refusal:
        if refusal.is_passing:
            Upload.objects.filter(pk=upload.pk).update(claimed_at=None)
        else:
            cancel(upload)
        raise
    except WrongOffset:
        raise
    except BaseException:
        cancel(upload)
        raise
    cancel(upload)
    return asset


def _take(upload: Upload, pieces: Pieces, size: int, spent: Spent | None) -> Asset:
    sha256 = running_hash.result(upload.token, size=size)
    try:
        file = pieces.whole(size)
    except FileNotFoundError:
        raise WrongOffset(0) from None  # of two requests that finish at once, one finds the file
    reached("upload.taking")
    asset = take_in(file, name=upload.name, team=upload.team, user=upload.user, sha256=sha256, spent=spent)
    reached("upload.taken")
    return asset


def _claim(upload: Upload) -> bool:
    """Of several requests that finish an upload at once, on any machines, one may."""
    free = Q(claimed_at=None) | Q(claimed_at__lt=timezone.now() - _TAKEN_AGAIN_AFTER)
    return bool(Upload.objects.filter(free, pk=upload.pk).update(claimed_at=timezone.now()))


def cancel(upload: Upload) -> None:
    """Forget an upload and delete what has come of it. What a silent storage keeps of it is swept a day later."""
    with transaction.atomic():
        upload.delete()
    try:
        _pieces(upload).forget()
    except Refusal as refusal:
        log.warning("The pieces of an upload stay for now: %s", refusal.message)
