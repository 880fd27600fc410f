"""Comparison: what a take is compared with, and where that lies on its picture."""

import logging
from dataclasses import dataclass

from editorapp.generations.models import Generation
from editorapp.media import tasks
from editorapp.media.change_curve import WHOLE, Laid, find
from editorapp.media.models import Asset, ChangeCurve
from editorapp.providers.contract import POSITION, GenerationRequest, Task

log = logging.getLogger(__name__)

# Shapes that differ by less are the same, rounded to what a provider can code.
_SAME_SHAPE = 0.05
# Of a reframe: how much of it must show its source, and of its source be seen on it.
_LEAST_SHOWN = 0.05


class NotComparable(Exception):
    """The take's frames do not lie over frames of something. Says why, as a sentence."""


@dataclass(frozen=True)
class Pair:
    """A result, and the clip that its frames are compared with; `laid` says where that lies on it,
    in fractions of its picture.
    """

    result: Asset
    source: Asset
    laid: Laid = WHOLE


def pair(take: Generation, result: Asset | None = None) -> Pair:
    """Return what is compared of a take; `result`, where it is known before the take's row says it.

    Raises: NotComparable.
    """
    result = result or take.result
    if result is None or not result.is_video:
        raise NotComparable("There is no clip of this take yet.")
    if take.task == Task.GENERATE:
        raise NotComparable("It was not made from the frames of a clip.")
    source = take.made_from
    if source is None or not source.is_video:
        raise NotComparable("The clip that it was made from is not kept here.")
    if take.task == Task.REFRAME:
        return Pair(result, source, _placed(take.wanted, result, source))
    if abs(_shape(result, source) - 1) > _SAME_SHAPE:
        raise NotComparable("It has another shape than its source.")
    return Pair(result, source)


def _shape(result: Asset, source: Asset) -> float:
    """Return the source's aspect ratio over the result's."""
    if not (source.width and source.height and result.width and result.height):
        raise NotComparable("The size of one of the two is not known.")
    return source.width * result.height / (source.height * result.width)


def placement(wanted: GenerationRequest, result: Asset, source: Asset) -> Laid:
    """Return where a reframe shows its source: where it was put, else all of it in the middle.

    Raises: NotComparable, where the size of one of the two is not known.
    """
    shape = _shape(result, source)
    x, y, w, h = (getattr(wanted, name) for name in POSITION)
    if x is None or y is None or w is None or h is None:
        w, h = min(1.0, shape), min(1.0, 1 / shape)
        x, y = (1 - w) / 2, (1 - h) / 2
    return float(x), float(y), float(w), float(h)


def _placed(wanted: GenerationRequest, result: Asset, source: Asset) -> Laid:
    """Return the placement of a reframe that shows enough of its source to be compared with it."""
    x, y, w, h = placement(wanted, result, source)
    seen = _inside(x, w) * _inside(y, h)
    if seen < _LEAST_SHOWN or seen / (w * h) < _LEAST_SHOWN:
        raise NotComparable("Too little of its source is to be seen on it.")
    return x, y, w, h


def _inside(at: float, length: float) -> float:
    return max(0.0, min(1.0, at + length) - max(0.0, at))


def known_curve(take: Generation) -> ChangeCurve | None:
    """Return how much a take differs from its source; None while that is not known."""
    try:
        compared = pair(take)
    except NotComparable:
        return None
    curve = find(compared.result, compared.source, compared.laid)
    return curve if curve is not None and curve.is_ready else None


def curve(take: Generation, result: Asset | None = None) -> ChangeCurve:
    """Return how much a take differs from its source; have it measured, where nobody asked yet.

    Raises: NotComparable.
    """
    compared = pair(take, result)
    return tasks.enqueue_change(compared.result, compared.source, compared.laid)


def begin(take: Generation, result: Asset) -> None:
    """Have it measured how much a result that came differs from its source, where that can be.

    Never raises: the result is paid and kept, and whoever looks at it asks again.
    """
    try:
        curve(take, result)
    except NotComparable:
        return
    except Exception:
        log.exception("%s is not compared with its source yet", take)
