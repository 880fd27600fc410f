"""Intake: measure a file, make its previews, store it once, and write its row.

The one door for every file.
"""

import logging
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from editorapp.core.fault_points import reached
from editorapp.media import outgoing, queueing, store
from editorapp.media.display_names import safe_name
from editorapp.media.facts import JsonObject, MediaFacts
from editorapp.media.layout import PREVIEWS
from editorapp.media.models import Asset
from editorapp.media.probe import check_readable, facts_from, measure
from editorapp.media.refusals import Refusal
from editorapp.media.signals import came_back
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
    timing: Timing | None = None,
) -> Asset:
    """Move a file from disk into the store and return its asset; the same bytes give the same asset
    again.

    The file at `path` is gone afterwards, taken or not. `expect` is "video", "image", "archive" (a
    zip of EXR frames that a provider made) or "any": a clip or a picture. Limits are the settings'
    unless given; probe.NO_LIMIT lifts one. `sha256`: its hash, where the caller has it from the
    very bytes.
    Raises: Refusal, and then nothing of the file is left.
    """
    timing = timing or Timing()
    try:
        with store.workspace() as folder, store.telling_full_disk():
            check_readable(path, max_bytes)
            with timing.on("hash"):
                sha256 = sha256 or store.hash_file(path)
            asset = _known(team, sha256, expect)
            if asset is None and origin == Asset.Origin.UPLOAD:
                asset = _returned(path, sha256, team, expect)
            if asset is not None:
                _brought(asset, user)
            else:
                reached("intake.hashed")
                facts = _store(
                    path,
                    folder,
                    sha256,
                    timing,
                    expect=expect,
                    max_seconds=max_seconds,
                )
                about = {
                    "name": safe_name(name, fallback=facts.kind),
                    "created_by": user,
                    "origin": origin,
                    "is_simulated": is_simulated,
                }
                asset = _row(team, sha256, about | _values(facts))
                _brought(asset, user)
                with timing.on("outgoing"):
                    _prepare_to_leave(asset)
            return asset
    finally:
        path.unlink(missing_ok=True)


def _store(
    path: Path,
    folder: Path,
    sha256: str,
    timing: Timing,
    **limits: Any,
) -> MediaFacts:
    """Measure a file, and keep it and its previews. Raises: Refusal."""
    with store.settling(path), timing.on("measure"):
        facts = facts_from(measure(path, out=folder, **limits))
    reached("intake.measured")
    with timing.on("store"):
        _keep(path, folder, sha256)
    return facts


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
    if asset.deleted_at is not None:
        _restore(asset)  # before the look: who deletes it now looks at the row last
    return asset if store.is_whole(sha256) else None


def _returned(path: Path, sha256: str, team: Team, expect: str) -> Asset | None:
    """Return the team's asset that a file is a copy of, as it was handed out."""
    about = {"path": path, "sha256": sha256, "team": team}
    for _receiver, original in came_back.send_robust(sender=Asset, **about):
        if isinstance(original, str) and (asset := _known(team, original, expect)) is not None:
            return asset
    return None


def _brought(asset: Asset, user: User | None) -> None:
    """Note who brought bytes that somebody else had brought before: they may see the file, too."""
    if user is not None and user.pk != asset.created_by_id and asset.origin != asset.Origin.RESULT:
        asset.brought_by.add(user)


def _restore(asset: Asset) -> None:
    Asset.objects.filter(pk=asset.pk).update(deleted_at=None)
    asset.deleted_at = None


def _keep(path: Path, folder: Path, sha256: str) -> None:
    """Put the previews in place before the original: where the original is, everything is."""
    previews = [what for what in PREVIEWS if (folder / what).exists()]
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


def _values(facts: MediaFacts) -> JsonObject:
    """Return the facts as a row has them."""
    values = asdict(facts)
    needs_copy = not values.pop("browser_safe")
    fps = values.pop("fps") or Fraction(0)
    return values | {
        "mime_type": _MIME[facts.container],
        "fps_numerator": fps.numerator,
        "fps_denominator": fps.denominator,
        "proxy": Asset.Proxy.PENDING if needs_copy else Asset.Proxy.NOT_NEEDED,
    }


def _row(team: Team, sha256: str, values: JsonObject) -> Asset:
    try:
        with transaction.atomic():
            asset, is_new = Asset.objects.get_or_create(team=team, sha256=sha256, defaults=values)
            # Until now: the decoders have learned something.
            if asset.kind == Asset.Kind.UNREADABLE:
                is_new = bool(Asset.objects.filter(pk=asset.pk, kind=asset.kind).update(**values))
                asset.refresh_from_db()
            if is_new and asset.proxy == Asset.Proxy.PENDING:
                queueing.send_proxy(asset)
    except IntegrityError:
        return Asset.objects.get(team=team, sha256=sha256)  # the same file came twice at once
    reached("intake.row_written")
    return asset
