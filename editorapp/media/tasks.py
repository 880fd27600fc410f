"""Tasks: transcoding of playable copies, cutting and converting of sources, measuring how takes differ,
and the sweep; what the queue and the ticker may call.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import F, QuerySet

from editorapp.core import retry, task_queue
from editorapp.core.fault_points import reached
from editorapp.media import (
    change_curve,
    clip_jobs,
    layout,
    queueing,
    sandbox,
    source_copies,
    store,
    watermarked,
)
from editorapp.media.models import Asset, ChangeCurve, Upload
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

# Just below the queue's own limit of 600 s: the child ends first, and the row says so.
_MEASURE = "editorapp.media.tasks.measure_changes"
_COPYING, _CUTTING, _MEASURING = "copying", "cutting", "measuring"
_MARKING = "marking"
_PLACES = (_COPYING, _CUTTING, _MEASURING, _MARKING)
_LOST_AFTER = timedelta(minutes=30)
_LOST, _AT_ONCE = retry.policy("copy.lost"), 20
_PROXY_LIMITS = sandbox.SandboxLimits(wall_seconds=570, cpu_seconds=1200, file_bytes=2_000_000_000)


def make_proxy(asset_id: int) -> None:
    """Make the copy of a clip that browsers can play, or of the one that waits longest.

    One at a time: a copy may take minutes, and the other workers are for paid work. Who comes
    meanwhile leaves at once; who made one asks for the next.
    """
    with _alone() as is_first:
        was_made = is_first and _copy_next(asset_id)
    if was_made and (following := _waiting().first()) is not None:
        queueing.send_proxy(following)


def _copy_next(asset_id: int) -> bool:
    asset = _waiting().filter(pk=asset_id).first() or _waiting().first()
    return asset is not None and _copy(asset)


def is_copying() -> bool:
    """Is a worker making a copy now, or measuring a take?"""
    with ExitStack() as places:
        free = [places.enter_context(_alone(one)) for one in _PLACES]
        return not all(free)


def enqueue_change(asset: Asset, source: Asset, laid: change_curve.Laid) -> ChangeCurve:
    """Return how much a clip differs from its source; where nobody asked yet, have it measured."""
    curve, is_new = change_curve.ask(asset, source, laid)
    if is_new:
        task_queue.send(_MEASURE)
    return curve


def measure_changes() -> None:
    """Measure one of the pairs that wait; as with copies, one at a time."""
    with _alone(_MEASURING) as is_first:
        curve = change_curve.waiting().first() if is_first else None
        if curve is not None:
            change_curve.measure(curve)
    if curve is not None and change_curve.waiting().exclude(pk=curve.pk).exists():
        task_queue.send(_MEASURE)


def make_source_copies() -> None:
    """Make the part or copy of a source that waits longest; as with copies for viewing, one at a
    time.
    """
    with _alone(_CUTTING) as is_first:
        copy = source_copies.waiting().first() if is_first else None
        if copy is not None:
            source_copies.make(copy)
    if copy is not None and source_copies.waiting().exists():
        queueing.send_source_copies()


def make_watermarked() -> None:
    """Make the copy with a name in it that waits longest; as with copies for viewing, one at a
    time.
    """
    with _alone(_MARKING) as is_first:
        copy = watermarked.waiting().first() if is_first else None
        if copy is not None:
            watermarked.make(copy)
    if copy is not None and watermarked.waiting().exclude(pk=copy.pk).exists():
        queueing.send_watermarked()


def _pending() -> QuerySet[Asset]:
    return Asset.objects.filter(proxy=Asset.Proxy.PENDING, deleted_at=None).order_by("pk")


def _waiting() -> QuerySet[Asset]:
    return _pending().filter(proxy_tries__lt=_LOST.tries)


@contextmanager
def _alone(what: str = _COPYING) -> Iterator[bool]:
    """Hold the one place for making copies, or for something else, until the end or until this
    process dies.

    Yield whether it was free.
    """
    with (store.incoming().parent / f"{what}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _copy(asset: Asset) -> bool:
    """Make one copy; one that is there already will do.

    False, when none can be made now: the sweep asks again.
    """
    # Counted before it is begun: what kills its worker counts too.
    Asset.objects.filter(pk=asset.pk).update(proxy_tries=F("proxy_tries") + 1)
    state = Asset.Proxy.READY
    try:
        with store.telling_full_disk():
            if not store.exists(asset.sha256, layout.PROXY):
                _make(asset)
    except Refusal as refusal:
        log.warning("No playable copy of asset %s: %s", asset.pk, refusal.message)
        if refusal.is_passing or refusal.code == "disk_full":
            return False
        # Poster, filmstrip and stills still work; the original is untouched.
        state = Asset.Proxy.FAILED
    Asset.objects.filter(pk=asset.pk, proxy=Asset.Proxy.PENDING).update(proxy=state)
    return True


def _make(asset: Asset) -> None:
    with store.workspace() as folder:
        made = folder / layout.PROXY
        told = _progress_file(asset)
        try:
            clip_jobs.run("proxy", asset, made, limits=_PROXY_LIMITS, fps=asset.fps, progress=told)
        finally:
            told.unlink(missing_ok=True)
        reached("copy.made")
        store.keep(made, asset.sha256, layout.PROXY)
        reached("copy.kept")


def _progress_file(asset: Asset) -> Path:
    return store.incoming() / f"copying-{asset.pk}"


def copied_percent(asset: Asset) -> int | None:
    """Return how much of a playable copy is written, 0..100; None while nobody writes it here."""
    try:
        return int(_progress_file(asset).read_text())
    except (OSError, ValueError):  # not begun, just done, or being written at this moment
        return None


def sweep(now: datetime) -> None:
    """Clean up, about once an hour: uploads that were given up, files of killed jobs, copies that
    nobody makes.

    A queue may lose a task when its worker is killed; the row still says "pending", so it is asked
    for again.
    """
    under_way = Upload.objects.clear(now)
    store.sweep(now=now.timestamp(), under_way=under_way)
    lost = _pending().filter(created_at__lt=now - _LOST_AFTER)
    lost.filter(proxy_tries__gte=_LOST.tries).update(proxy=Asset.Proxy.FAILED)
    due = [asset for asset in lost if _is_due(asset, now)]
    for asset in due[:_AT_ONCE]:
        queueing.send_proxy(asset)
    source_copies.look_after_all(now)
    watermarked.sweep(now)
    change_curve.give_up_lost()
    if change_curve.waiting().filter(created_at__lt=now - _LOST_AFTER).exists():
        task_queue.send(_MEASURE)


def _is_due(asset: Asset, now: datetime) -> bool:
    """May a copy be begun once more? After so many tries only so long after the file came."""
    if not asset.proxy_tries:
        return True
    return (now - asset.created_at).total_seconds() >= _pauses_after(asset.proxy_tries)


def _pauses_after(tries: int) -> float:
    """Return the seconds of all pauses after so many tries."""
    return sum(_LOST.pause_seconds(failures) for failures in range(1, tries + 1))
