"""Change curves: how much each frame of a clip differs from its source; measured once, by a worker,
and kept.
"""

import logging
from statistics import fmean

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from editorapp.core import retry
from editorapp.core.compiled_query import CompiledQuery
from editorapp.media import layout, sandbox, store
from editorapp.media.models import Asset, ChangeCurve
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

WHOLE = (0.0, 0.0, 1.0, 1.0)
# Just below the queue's own limit of 600 s.
_LIMITS = sandbox.SandboxLimits(wall_seconds=570, cpu_seconds=900)
_LOST = retry.policy("copy.lost")
_UNREADABLE = "Not every frame of the take and of its source can be decoded."
_GONE = "The file of the take or of its source is not kept any more."
_TRIED = "It was tried several times, and never came to an end."

Laid = tuple[float, float, float, float]


def find(asset: Asset, source: Asset, laid: Laid = WHOLE) -> ChangeCurve | None:
    """Return what is known of a pair; None where nobody asked yet."""
    return next(iter(_known(asset.pk, source.pk, _told(laid))), None)


@CompiledQuery
def _known(asset: int, source: int, laid: str) -> "QuerySet[ChangeCurve]":
    return ChangeCurve.objects.filter(asset_id=asset, source_id=source, laid=laid)


def ask(asset: Asset, source: Asset, laid: Laid = WHOLE) -> tuple[ChangeCurve, bool]:
    """Return what is known of a pair, and whether this is the first time that it is asked for.

    `laid`: where the source lies on the clip, as fractions: left, top, width, height.
    """
    try:
        with transaction.atomic():
            return ChangeCurve.objects.get_or_create(asset=asset, source=source, laid=_told(laid))
    except IntegrityError:  # asked for twice at once
        return ChangeCurve.objects.get(asset=asset, source=source, laid=_told(laid)), False


def _told(laid: Laid) -> str:
    return " ".join(f"{part:.5g}" for part in laid)


def waiting() -> "QuerySet[ChangeCurve]":
    """Return those that are to be measured, the newest first: people look at what was made last."""
    pending = ChangeCurve.objects.filter(state=ChangeCurve.Standing.PENDING)
    return pending.filter(tries__lt=_LOST.tries).order_by("-pk")


def give_up_lost() -> None:
    """Say of those that were begun too often that there is none."""
    lost = ChangeCurve.objects.filter(state=ChangeCurve.Standing.PENDING, tries__gte=_LOST.tries)
    lost.update(state=ChangeCurve.Standing.NONE, reason=_TRIED)


def measure(curve: ChangeCurve) -> None:
    """Measure a pair and write down what came of it; what passes is tried again with the next
    sweep.
    """
    # Counted before it is begun: what kills its worker counts too.
    ChangeCurve.objects.filter(pk=curve.pk).update(tries=F("tries") + 1)
    try:
        values = _values(curve)
    except store.Gone:
        _write(curve, state=ChangeCurve.Standing.NONE, reason=_GONE)
    except Refusal as refusal:
        log.warning("No %s: %s", curve, refusal.message)
        if not refusal.is_ours:
            _write(curve, state=ChangeCurve.Standing.NONE, reason=_UNREADABLE)
    else:
        mean = round(fmean(values), 4)
        _write(curve, state=ChangeCurve.Standing.READY, values=values, mean=mean)


def _write(curve: ChangeCurve, **fields: object) -> None:
    pending = ChangeCurve.objects.filter(pk=curve.pk, state=ChangeCurve.Standing.PENDING)
    pending.update(**fields)


def _values(curve: ChangeCurve) -> list[float]:
    own, theirs = curve.asset.sha256, curve.source.sha256
    with (
        store.held(own, store.ORIGINAL, layout.FRAMES) as (path, frames),
        store.held(theirs, store.ORIGINAL, layout.FRAMES) as (source, source_frames),
    ):
        said = sandbox.run(
            "change",
            limits=_LIMITS,
            path=path,
            frames=frames,
            source=source,
            source_frames=source_frames,
            laid=[float(part) for part in curve.laid.split()],
        )
    return list(said["values"])
