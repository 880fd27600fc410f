"""Conformance: is a result what was asked for? Small deviations are said and kept; a length far off is not taken
for the result.
"""

from collections.abc import Iterator
from decimal import Decimal

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.providers.contract import Task

# The line for each task, as shares of the length that was to be expected, and how much is never
# held against it. An edit, a modification or a reframe keeps its source's length; a new clip has
# the length asked for, and one that goes on from an earlier clip may come with that clip, so it has
# no upper end.
TOO_SHORT, TOO_LONG, NEW_TOO_LONG = 0.5, 1.5, 2.0
LEAST_SECONDS = 0.5
USUAL_SECONDS = 5.0  # of a new clip where no length was asked for: every provider's default


SOURCE_CAME = "The file that came is the source itself, byte for byte."


def is_source(generation: Generation, video: Asset) -> bool:
    """Did the provider give back what it was given?"""
    source = _kept_source(generation)
    return source is not None and video.sha256 in (source.sha256, source.outgoing_sha256)


def _kept_source(generation: Generation) -> Asset | None:
    """Return the clip whose length and frames the result keeps; None for a new clip."""
    return None if generation.task == Task.GENERATE else generation.source_asset


def expected_seconds(generation: Generation) -> float | None:
    """Return how long a result is to be; None where its source is not known here."""
    if generation.task == Task.GENERATE:
        return _asked_seconds(generation.wanted.duration)
    source = generation.source_asset
    return float(source.duration_seconds) or None if source else None


def _asked_seconds(asked: object) -> float | None:
    if asked is None:
        return USUAL_SECONDS
    digits = str(asked).removesuffix("s")
    return float(digits) if digits.isdecimal() else None


def far_off(generation: Generation, video: Asset) -> str:
    """Say that a result is far too short or too long to be what was asked for; "" where it is not."""
    expected = expected_seconds(generation)
    came = float(video.duration_seconds)
    if expected is None or abs(came - expected) <= LEAST_SECONDS:
        return ""
    most = NEW_TOO_LONG if generation.task == Task.GENERATE else TOO_LONG
    is_short = came < TOO_SHORT * expected
    if not is_short and (came <= most * expected or generation.wanted.is_extension):
        return ""
    far = "short" if is_short else "long"
    lasts = f"lasts {came:.2f} s and should last about {expected:.2f} s"
    return f"The file that came {lasts}: far too {far}."


def odd(generation: Generation, video: Asset, exr: Asset | None) -> str:
    """Say what about a result is not as it was asked for; it is kept all the same, because it is
    paid.
    """
    found = [SOURCE_CAME] if is_source(generation, video) else []
    found += _other_length(video, _kept_source(generation))
    if generation.request.get("exr") and exr is None:
        found.append("EXR frames were asked for, and the provider sent none.")
    if generation.request.get("hdr") and not video.hdr:
        found.append("HDR was asked for, and the result is not HDR.")
    return " ".join(found)


def _other_length(video: Asset, source: Asset | None) -> Iterator[str]:
    """Say that a result does not have its source's length, or its frames."""
    if source is None or not source.fps:
        return
    off: Decimal = abs(video.duration_seconds - source.duration_seconds)
    frame = 1 / float(source.fps)
    if float(off) > 1.5 * frame:
        lasts = f"The result lasts {video.duration_seconds:.2f} s"
        yield f"{lasts} and its source {source.duration_seconds:.2f} s."
    elif video.fps == source.fps and abs(video.frame_count - source.frame_count) > 1:
        yield f"The result has {video.frame_count} frames and its source {source.frame_count}."
