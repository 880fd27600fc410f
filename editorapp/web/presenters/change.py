"""Change: how much a take differs from its source, in words and as the curve's drawing reads it."""

from editorapp.generations import comparison
from editorapp.generations.models import Generation
from editorapp.media.facts import JsonObject
from editorapp.media.models import ChangeCurve
from editorapp.web.presenters import addresses


def address(take: Generation) -> str:
    """Return where a take's curve is told; "" where it has none. Causes no query."""
    try:
        comparison.pair(take)
    except comparison.NotComparable:
        return ""
    return addresses.address("takes:change", take.pk)


def words(take: Generation) -> str:
    """Say how much a take differs from its source; "" while that is not known."""
    curve = comparison.known_curve(take)
    if curve is None or curve.mean is None:
        return ""
    percent = round(100 * min(1.0, curve.mean))
    much = f"{percent} %" if percent else "less than 1 %"
    return f"{much} on average, most at frame {curve.most}"


def told(curve: ChangeCurve) -> JsonObject:
    """Return a curve as scripts read it: `values` has one for each frame of the result."""
    return {
        "state": curve.state,
        "values": curve.values,
        "mean": curve.mean,
        "most": curve.most,
        "least": curve.least,
        "reason": curve.reason,
    }


def none(reason: str) -> JsonObject:
    """Return what is told of a take that has no curve."""
    return told(ChangeCurve(state=ChangeCurve.Standing.NONE, reason=reason))
