"""Resumable uploads: a file comes in pieces, each goes straight to where it stays, and a broken connection costs one
piece.

Whatever a browser asks may be asked again, because its answer may have been lost: beginning the
same file gives the same upload, a piece that is there is not written twice, and finishing gives the
same asset or the same refusal.
"""

import logging
import secrets
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone

from editorapp.core.fault_points import reached
from editorapp.media import store
from editorapp.media.display_names import safe_name
from editorapp.media.facts import JsonObject
from editorapp.media.intake import take_in
from editorapp.media.models import Asset, Upload
from editorapp.media.probe import check_bytes
from editorapp.media.refusals import Refusal, show_bytes
from editorapp.media.timing import Timing
from editorapp.media.uploads import part_file, running_hash
from editorapp.media.uploads.claim import claimed
from editorapp.media.uploads.part_file import Body, PartFile
from editorapp.teams.models import Member

if TYPE_CHECKING:
    from editorapp.media.uploads.piece_objects import PieceObjects

log = logging.getLogger(__name__)

MAX_PIECE_BYTES = 32 * 1024 * 1024


class WrongOffset(Exception):
    """A piece does not begin where the file ends; `offset` says where that is."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        super().__init__(f"The next piece begins at byte {offset}.")


def begin(*, name: str, size_bytes: int, member: Member, mark: str = "") -> Upload:
    """Open an upload, or return the one that there is of this very file: same person, name, size
    and mark.

    `mark`: what the browser knows the file again by; "" always opens a new one. Nothing is reserved
    on disk.
    Raises: Refusal "empty", "too_big".
    """
    check_bytes(size_bytes)
    of_file = {
        "team": member.team,
        "user": member.user,
        "name": safe_name(name),
        "size_bytes": size_bytes,
        "mark": mark,
    }
    if mark and (known := _known(of_file)):
        return known
    try:
        with transaction.atomic():
            upload = Upload.objects.create(token=secrets.token_urlsafe(24), **of_file)
    except IntegrityError:  # the same file was begun twice at once
        if (known := _known(of_file)) is None:
            raise
        return known
    reached("upload.begun")
    return upload


def _known(of_file: JsonObject) -> Upload | None:
    """Return this person's upload of a file: the one under way, or the one that became an asset a
    moment ago.

    One that was refused is tried anew.
    """
    uploads = Upload.objects.filter(**of_file)
    if (open_one := uploads.under_way().first()) is not None:
        _touch(open_one)
        return open_one
    taken = (
        uploads.filter(asset__isnull=False, asset__deleted_at=None).select_related("asset").last()
    )
    if taken is not None and taken.asset and store.exists(taken.asset.sha256, store.ORIGINAL):
        return taken
    return None


def _touch(upload: Upload) -> None:
    """Note that somebody still sends it: what nobody resumes is cleared away."""
    Upload.objects.filter(pk=upload.pk).update(touched_at=timezone.now())


def _pieces(upload: Upload) -> "PartFile | PieceObjects":
    """Return what collects the bytes of an upload."""
    storage = store.bucket()
    if storage is None:
        return PartFile(upload.token)
    # It needs the packages of a bucket.
    from editorapp.media.uploads.piece_objects import PieceObjects

    return PieceObjects(upload.token, storage)


def offset(upload: Upload) -> int:
    """Return how many bytes have arrived, here or on any machine.

    Raises: Refusal, when the storage does not say.
    """
    here = _pieces(upload).offset()
    # Asked after the pieces, which are gone as soon as it has ended.
    return upload.size_bytes if _has_ended(upload) else here


def checksum(upload: Upload, size: int) -> int:
    """Return the CRC-32 of the first `size` bytes, which have arrived, so that a browser can
    compare its file.

    Raises: Refusal, when the storage does not answer.
    """
    if upload.asset is None:
        return _pieces(upload).checksum(size)
    with store.held(upload.asset.sha256, store.ORIGINAL) as (original,):
        return part_file.crc32_of(original, size)


def append(upload: Upload, body: Body, *, at: int, length: int) -> int:
    """Take one piece and return the new offset.

    Raises: WrongOffset; Refusal "too_big", when more comes than was announced, or what is wrong
    with the disk or the storage.
    """
    if upload.finished_at is not None:
        raise WrongOffset(upload.size_bytes)
    pieces = _pieces(upload)
    if at + length > upload.size_bytes:
        if at != (here := pieces.offset()):
            raise WrongOffset(here)
        raise _too_big(at + length, upload.size_bytes)
    _touch(upload)
    end = pieces.append(body, at=at, length=length)
    if end is None:
        raise WrongOffset(offset(upload))
    return end


def _too_big(size: int, limit: int) -> Refusal:
    return Refusal("too_big", size=show_bytes(size), limit=show_bytes(limit))


def finish(upload: Upload, *, timing: Timing | None = None) -> Asset:
    """Take the uploaded file in; asked again, give the same asset, or the same refusal.

    Its pieces are gone afterwards, taken or refused. Where it is not the file that is in the way (a
    storage that does not answer, a decoder that was killed, an error of ours) they stay, so that it
    can be finished later, on any machine.

    Raises: WrongOffset, when bytes are missing: then the upload goes on; BeingTaken; Refusal.
    """
    if upload.finished_at is not None:
        return _outcome(upload)
    with claimed(upload) as is_ours:
        if not is_ours:
            return _outcome(upload)
        here = _pieces(upload).offset()
        if here != upload.size_bytes:
            raise WrongOffset(here)
        try:
            asset = _take(upload, timing)
        except Refusal as refusal:
            if not refusal.is_passing:
                _end(upload, refusal_code=refusal.code, refusal_message=refusal.message)
            raise
        _end(upload, asset=asset)
    return asset


def _take(upload: Upload, timing: Timing | None) -> Asset:
    sha256 = running_hash.result(upload.token, size=upload.size_bytes)
    file = _pieces(upload).whole()
    reached("upload.taking")
    asset = take_in(
        file,
        name=upload.name,
        team=upload.team,
        user=upload.user,
        sha256=sha256,
        timing=timing,
    )
    reached("upload.taken")
    return asset


def _end(upload: Upload, **outcome: object) -> None:
    """Write down how it ended, and only then forget its pieces."""
    now = timezone.now()
    Upload.objects.filter(pk=upload.pk).update(finished_at=now, touched_at=now, **outcome)
    _forget(upload)


def _has_ended(upload: Upload) -> bool:
    return not Upload.objects.under_way().filter(pk=upload.pk).exists()


def _outcome(upload: Upload) -> Asset:
    """Return what became of an upload that has ended. Raises: Refusal."""
    upload.refresh_from_db()
    if upload.asset is None:
        raise Refusal.retold(upload.refusal_code, upload.refusal_message)
    return upload.asset


def cancel(upload: Upload) -> None:
    """Forget an upload and delete what has come of it.

    What a silent storage keeps of it is swept a day later.
    """
    with transaction.atomic():
        upload.delete()
    _forget(upload)


def _forget(upload: Upload) -> None:
    try:
        _pieces(upload).forget()
    except Refusal as refusal:
        log.warning("The pieces of an upload stay for now: %s", refusal.message)
