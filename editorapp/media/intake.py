"""Take a file in: measure it, make its previews, store it once, and write its row.

The one door for every file.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from editorapp.core.fault_points import reached
from editorapp.media import outgoing, sandbox, store, tasks
from editorapp.media.display_names import safe_name
from editorapp.media.facts import MediaFacts
from editorapp.media.models import Asset
from editorapp.media.probe import NO_LIMIT, check_readable, facts_from, measure
from editorapp.media.refusals import Refusal
from editorapp.media.timing import Timing
from editorapp.teams.models import Team, User

log = logging.getLogger(__name__)

_MIME = {
    "mp4": "video/mp4",
    "m4v": "video/x-m4v",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "mpeg": "video/mpeg",
    "mpegts": "video/mp2t",
    "ogv": "video/ogg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "zip": "application/zip",
}


def take_in(
    path: Path,
    *,
    name: str,
    team: Team,
    user: User | None,
    origin: str = Asset.Origin.UPLOAD,
    is_simulated: bool = False,
    expect: str = "any",
    max_bytes: int | None = None,
    max_seconds: int | None = None,
    sha256: str | None = None,
    spent: Timing | None = None,
) -> Asset:
    """Move a file from disk into the store and return its asset; the same bytes give the same asset
    again.

    The file at `path` is gone afterwards, taken or not. `expect` is "video", "image" or "any".
    Limits are the
    settings' unless given; probe.NO_LIMIT lifts one. `sha256`: its hash, where the caller has it
    from the very bytes.
    Raises: Refusal, and then nothing of the file is left.
    """

    def measured(folder: Path) -> dict[str, Any]:
        return measure(path, expect=expect, max_seconds=max_seconds, out=folder)

    about = {
        "name": name,
        "team": team,
        "user": user,
        "origin": origin,
        "is_simulated": is_simulated,
    }
    return _take(
        path,
        measured,
        about,
        expect=expect,
        max_bytes=max_bytes,
        sha256=sha256,
        spent=spent or Timing(),
    )


def take_in_archive(
    path: Path,
    *,
    name: str,
    team: Team,
    user: User | None,
    origin: str = Asset.Origin.RESULT,
    is_simulated: bool = False,
) -> Asset:
    """Take in a zip of EXR frames that a provider made. Like `take_in` in everything else.

    Raises: Refusal.
    """

    def measured(folder: Path) -> dict[str, Any]:
        facts: dict[str, Any] = sandbox.run(
            "take_archive", path=str(path.resolve()), out=str(folder)
        )["facts"]
        return facts

    about = {
        "name": name,
        "team": team,
        "user": user,
        "origin": origin,
        "is_simulated": is_simulated,
    }
    return _take(
        path,
        measured,
        about,
        expect=Asset.Kind.ARCHIVE,
        max_bytes=NO_LIMIT,
        sha256=None,
        spent=Timing(),
    )


def _take(
    path: Path,
    measured: Callable[[Path], dict[str, Any]],
    about: dict[str, Any],
    *,
    expect: str,
    max_bytes: int | None,
    sha256: str | None,
    spent: Timing,
) -> Asset:
    try:
        with store.workspace() as folder, store.telling_full_disk():
            check_readable(path, max_bytes)
            with spent.on("hash"):
                sha256 = sha256 or store.hash_file(path)
            asset = _known(about["team"], sha256, expect)
            if asset is None:
                reached("intake.hashed")
                with store.settling(path), spent.on("measure"):
                    facts = facts_from(measured(folder))
                reached("intake.measured")
                with spent.on("store"):
                    _keep(path, folder, sha256)
                asset = _row(facts, sha256, **about)
                with spent.on("outgoing"):
                    _prepare_to_leave(asset)
            return asset
    finally:
        path.unlink(missing_ok=True)


def _prepare_to_leave(asset: Asset) -> None:
    """Make what goes out for a file now, so that no send has to wait for it; what fails is made
    before it is sent.
    """
    if asset.kind not in (Asset.Kind.VIDEO, Asset.Kind.IMAGE):
        return
    try:
        outgoing.note(asset, outgoing.make(asset))
    except Refusal as refusal:
        log.warning("What goes out for asset %s is not made yet: %s", asset.pk, refusal.message)


def _known(team: Team, sha256: str, expect: str) -> Asset | None:
    """Return the team's asset of this content; one that was deleted is there again.

    None where the stored file is not what it was any more: then the bytes that came take its place.
    """
    asset = Asset.objects.filter(team=team, sha256=sha256).first()
    if asset is None or expect not in {"any", asset.kind} or asset.kind == Asset.Kind.UNREADABLE:
        return None
    if not store.is_whole(sha256):
        return None
    if asset.deleted_at is not None:
        Asset.objects.filter(pk=asset.pk).update(deleted_at=None)
        asset.deleted_at = None
    return asset


def _keep(path: Path, folder: Path, sha256: str) -> None:
    """Put the previews in place before the original: where the original is, everything is."""
    previews = [
        what for what in (store.POSTER, store.FILMSTRIP, store.FRAMES) if (folder / what).exists()
    ]
    try:
        for what in previews:
            store.keep(folder / what, sha256, what)
        store.keep(path, sha256, store.ORIGINAL)
    except Refusal:
        _forget_previews(sha256)
        raise


def _forget_previews(sha256: str) -> None:
    """Leave nothing of a content whose original could not be kept, unless it is kept for somebody
    else.
    """
    try:
        if not store.exists(sha256, store.ORIGINAL):
            store.remove(sha256)
    except Refusal as refusal:
        log.warning("Previews of a file that was not taken stay: %s", refusal.message)


def _row(
    facts: MediaFacts,
    sha256: str,
    *,
    name: str,
    team: Team,
    user: User | None,
    origin: str,
    is_simulated: bool,
) -> Asset:
    needs_proxy = facts.kind == Asset.Kind.VIDEO and not facts.browser_safe
    fps = facts.fps
    values = {
        "name": safe_name(name, fallback=facts.kind),
        "created_by": user,
        "origin": origin,
        "is_simulated": is_simulated,
        "mime_type": _MIME[facts.container],
        "kind": facts.kind,
        "container": facts.container,
        "codec": facts.codec,
        "pixel_format": facts.pixel_format,
        "width": facts.width,
        "height": facts.height,
        "rotation": facts.rotation,
        "size_bytes": facts.size_bytes,
        "fps_numerator": fps.numerator if fps else 0,
        "fps_denominator": fps.denominator if fps else 1,
        "frame_count": facts.frame_count,
        "duration_seconds": facts.duration_seconds,
        "has_audio": facts.has_audio,
        "hdr": facts.hdr,
        "hdr_transfer": facts.hdr_transfer,
        "variable_frame_rate": facts.variable_frame_rate,
        "video_track": facts.video_track,
        "video_tracks": facts.video_tracks,
        "proxy": Asset.Proxy.PENDING if needs_proxy else Asset.Proxy.NOT_NEEDED,
    }
    try:
        with transaction.atomic():
            asset, is_new = Asset.objects.get_or_create(team=team, sha256=sha256, defaults=values)
            if (
                asset.kind == Asset.Kind.UNREADABLE
            ):  # until now: the decoders have learned something
                is_new = bool(Asset.objects.filter(pk=asset.pk, kind=asset.kind).update(**values))
                asset.refresh_from_db()
            if is_new and needs_proxy:
                tasks.enqueue_proxy(asset)
    except IntegrityError:
        return Asset.objects.get(team=team, sha256=sha256)  # the same file came twice at once
    reached("intake.row_written")
    return asset
