"""Conversion: a copy of a clip with fewer frames a second, of another size, or of fewer bytes."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from editorapp.media.decoding import pace, transcode
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.refusals import Refusal, show_bytes

# Of the bytes that a copy may have, its picture gets so much at each try; tables of contents and
# sound have the rest.
_SHARES = (Fraction(96, 100), Fraction(80, 100), Fraction(60, 100))
_SOUND_BITS = 192_000
_LEAST_BITS = 50_000


def write(
    path: Path,
    out: Path,
    timeline: Timeline,
    span: pace.Span,
    *,
    fps: str,
    rate: str,
    recipe: transcode.Recipe,
    most: int,
    tell: Callable[[float], None] = lambda share: None,
) -> None:
    """Write the frames of a span, and their sound, as an MP4.

    `rate`: frames a second, "" for the clip's own at `fps`; `most`: bytes, 0 for as many as it takes;
    `tell` hears how much of a try is written, 0..1.

    Raises: Refusal; "too_big", where it cannot be made so small.
    """
    written = Fraction(rate or fps)
    chosen = pace.at_rate(timeline, span, written) if rate else None
    seconds = (pace.end_of(timeline, span[1]) - timeline.pts[span[0]]) * timeline.time_base
    for share in _SHARES if most else (Fraction(1),):
        bounded = replace(recipe, most_bits=_bits(most * share, seconds))
        transcode.copy(
            path,
            out,
            timeline,
            rate=written,
            recipe=bounded,
            span=span,
            pace=chosen,
            tell=tell,
        )
        if not most or out.stat().st_size <= most:
            return
    raise Refusal("too_big", size=show_bytes(out.stat().st_size), limit=show_bytes(most))


def _bits(most: Fraction, seconds: Fraction) -> int:
    """Return the bits that a second of picture may have: an encoder may be a second ahead."""
    if not most:
        return 0
    return max(_LEAST_BITS, int(most * 8 / (seconds + 1)) - _SOUND_BITS)
