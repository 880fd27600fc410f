"""Watermarked copies: a clip as somebody outside sees it, with their name burnt into every frame.

Made by a worker, one at a time, once for each clip and name; kept while they are looked at, and made
anew where they are gone. A copy lies where a content of its own would, so all that holds, copies and
removes contents does so with it.
"""

import hashlib
import io
import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from PIL import Image

from editorapp.core import retry
from editorapp.media import layout, queueing, sandbox, still_store, store
from editorapp.media.decoding import watermark
from editorapp.media.models import Asset, WatermarkedCopy
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

MOST_WAITING_OF_ONE = 10  # of one name: as many as a comparison shows, and its source
MOST_WAITING = 60
KEPT = timedelta(days=7)  # since somebody last looked at it
_NOTED_AGAIN = timedelta(hours=1)
_LOST = retry.policy("cut.lost")
_LIMITS = sandbox.SandboxLimits(wall_seconds=570, cpu_seconds=1200, file_bytes=2_000_000_000)
_FORM = 1  # of the copies: another one, when they are made otherwise
_PICTURE_OPTIONS: dict[str, dict[str, int]] = {
    "PNG": {"compress_level": 3},
    "WEBP": {"quality": 85, "method": 2},
    "JPEG": {"quality": 90},
}


class TooManyWait(Exception):
    """So many copies are to be made that no other one is asked for now."""


def ask(
    asset: Asset,
    text: str,
    part: str = layout.ORIGINAL,
    *,
    now: datetime,
) -> WatermarkedCopy:
    """Return the copy of a clip with a text in it, ready or not; the first who asks has it made.

    `part`: the file of the clip whose sound it has: see media/source_sound.py. Raises: TooManyWait.
    """
    key = _key(asset, text, part)
    found = WatermarkedCopy.objects.filter(key=key).first()
    if found is None:
        return _asked(asset, text, part, key, now=now)
    if found.used_at < now - _NOTED_AGAIN:
        WatermarkedCopy.objects.filter(pk=found.pk).update(used_at=now)
    return found


def file_of(copy: WatermarkedCopy) -> tuple[str, str]:
    """Return how the store knows the file of a copy: of which content, and which of its files."""
    return copy.key, layout.PROXY


def lost(copy: WatermarkedCopy) -> None:
    """Have a copy made anew whose file is not there any more."""
    WatermarkedCopy.objects.filter(pk=copy.pk).update(state=_State.PENDING, tries=0)
    queueing.send_watermarked()


def picture(data: bytes, text: str) -> bytes:
    """Return a picture of ours (poster, filmstrip, still) with a text in it, in its own format."""
    with Image.open(io.BytesIO(data)) as opened:
        kind, out = str(opened.format), io.BytesIO()
        watermark.on_picture(opened, text).save(out, kind, **_PICTURE_OPTIONS[kind])
    return out.getvalue()


def kept_picture(asset: Asset, text: str, what: str, read: Callable[[], bytes]) -> bytes:
    """Return a picture of a clip with a text in it, as it was kept; else made of what `read` gives.

    `what`: which picture it is, with the ending of its format. Raises: as `read`.
    """
    name = f"{layout.folder(_key(asset, text, 'pictures'))}/{what}"
    if (kept := still_store.find(name)) is not None:
        return kept
    made = picture(read(), text)
    still_store.keep(made, name, store.incoming())
    return made


def waiting() -> "QuerySet[WatermarkedCopy]":
    """Return those that are to be made, the first that was asked for first."""
    rows = WatermarkedCopy.objects.filter(state=_State.PENDING, tries__lt=_LOST.tries)
    return rows.select_related("asset").order_by("pk")


def make(copy: WatermarkedCopy) -> None:
    """Make a copy, and write down what came of it."""
    rows = WatermarkedCopy.objects.filter(pk=copy.pk)
    # Counted before it is begun: what kills its worker counts too.
    rows.update(tries=F("tries") + 1)
    state = _State.READY
    try:
        _write(copy)
    except Refusal as refusal:
        log.warning("No %s: %s", copy, refusal.message)
        if refusal.is_ours and not isinstance(refusal, store.Gone):
            return  # asked for again by the sweep
        state = _State.NONE
    rows.filter(state=_State.PENDING).update(state=state)


def sweep(now: datetime) -> None:
    """Delete what nobody looks at any more, give up what was begun too often, and have the rest of
    what waits made.
    """
    unused = WatermarkedCopy.objects.filter(Q(used_at__lt=now - KEPT) | _of_deleted())
    for copy in unused[:500]:
        store.remove(copy.key)
        copy.delete()
    given_up = WatermarkedCopy.objects.filter(state=_State.PENDING, tries__gte=_LOST.tries)
    given_up.update(state=_State.NONE)
    if waiting().exists():
        queueing.send_watermarked()


_State = WatermarkedCopy.Making


def _of_deleted() -> Q:
    return Q(asset__deleted_at__isnull=False)


def _asked(asset: Asset, text: str, part: str, key: str, *, now: datetime) -> WatermarkedCopy:
    waits = waiting()
    if waits.filter(text=text).count() >= MOST_WAITING_OF_ONE or waits.count() >= MOST_WAITING:
        raise TooManyWait
    try:
        with transaction.atomic():
            made = WatermarkedCopy.objects.create(
                asset=asset,
                text=text,
                part=part,
                key=key,
                asked_at=now,
                used_at=now,
            )
    except IntegrityError:  # asked for twice at once
        return WatermarkedCopy.objects.get(key=key)
    queueing.send_watermarked()
    return made


def _key(asset: Asset, text: str, part: str) -> str:
    said = f"watermarked {_FORM}\n{asset.pk}\n{asset.sha256}\n{part}\n{text}"
    return hashlib.sha256(said.encode()).hexdigest()


def _write(copy: WatermarkedCopy) -> None:
    """Write the file of a copy. Raises: Refusal; store.Gone."""
    asset = copy.asset
    with ExitStack() as stack:
        folder = stack.enter_context(store.workspace())
        stack.enter_context(store.telling_full_disk())
        path, frames = stack.enter_context(store.held(asset.sha256, copy.part, layout.FRAMES))
        made = folder / layout.PROXY
        sandbox.run(
            "watermarked",
            limits=_LIMITS,
            path=path,
            frames=frames,
            fps=asset.fps,
            text=copy.text,
            out=made,
        )
        store.keep(made, copy.key, layout.PROXY)
