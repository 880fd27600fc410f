"""Fitting copy: the one MP4 copy of a source that a model takes, and what of it is then other.

Only what breaks a limit is changed. Pure: the page makes the copy, and the rules are asked of it
before it is offered.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from editorapp.core.timecode import show_fps
from editorapp.media.facts import MediaFacts
from editorapp.providers.spec import Case, Fix, Fixes, Limits, Words

# Few bytes for many pixels look worse than fewer pixels do: below so many bits a pixel the copy is
# made smaller, to one of these longer sides.
_LEAST_BITS_A_PIXEL = 0.05
_SIDES = (1920, 1280, 960, 640)


@dataclass(frozen=True)
class FittingCopy:
    """`size` and `fps` are None, and `most_bytes` 0, where the source's own will do."""

    size: tuple[int, int] | None = None
    fps: Fraction | None = None
    most_bytes: int = 0

    @property
    def label(self) -> str:
        parts = [f"{self.size[0]}x{self.size[1]}"] if self.size else []
        parts += [f"{show_fps(self.fps)} fps"] if self.fps else []
        words = f"{', '.join(parts)} MP4 copy".lstrip()
        article = "an" if words[0] in "8M" else "a"  # "an 854x480 ...", "an MP4 copy"
        most = f" of at most {self.most_bytes / 1e6:,.0f} MB" if self.most_bytes else ""
        return f"Make {article} {words}{most}"

    @property
    def changes(self) -> dict[str, Any]:
        """Return what it is as the changes of a form."""
        said = {
            "copy_size": f"{self.size[0]}x{self.size[1]}" if self.size else "",
            "copy_fps": str(self.fps or ""),
            "copy_bytes": str(self.most_bytes or ""),
        }
        return {"mp4_copy": True} | {name: value for name, value in said.items() if value}


def fitting_copy(case: Case, words: Words) -> Fixes:
    """Offer the copy that every limit of the model is met by; nothing where it is no file of ours."""
    named = case.wanted.source
    if case.source is None or named is None or named.asset_id is None:
        return ()
    made = copy_of(case.source, case.limits)
    return (Fix(made.label, made.changes),)


def copy_of(source: MediaFacts, limits: Limits) -> FittingCopy:
    """Return the copy of a source that is within the limits."""
    fps, most = _rate(source, limits.max_source_fps), _bytes(source, limits.max_file_bytes)
    size = _size(source, limits)
    if most:
        size = _worth_its_bytes(size or (source.width, source.height), source, fps, most) or size
    return FittingCopy(size, fps, most)


def _rate(source: MediaFacts, most: float | None) -> Fraction | None:
    """Return the highest rate that leaves out whole frames and no parts of them."""
    if most is None or source.fps is None or source.fps <= most:
        return None
    return source.fps / math.ceil(source.fps / Fraction(most))


def _bytes(source: MediaFacts, most: int | None) -> int:
    return most if most is not None and source.size_bytes > most else 0


def _size(source: MediaFacts, limits: Limits) -> tuple[int, int] | None:
    longer, shorter = max(source.width, source.height), min(source.width, source.height)
    if limits.max_source_side is not None and longer > limits.max_source_side:
        return _scaled(source, Fraction(limits.max_source_side, longer))
    if limits.min_source_side is not None and shorter < limits.min_source_side:
        return _scaled(source, Fraction(limits.min_source_side, shorter), rounding=math.ceil)
    return None


def _scaled(source: MediaFacts, scale: Fraction, *, rounding: Any = math.floor) -> tuple[int, int]:
    """Return the even size that is nearest on the safe side."""
    width, height = (2 * rounding(side * scale / 2) for side in (source.width, source.height))
    return max(2, width), max(2, height)


def _worth_its_bytes(
    size: tuple[int, int],
    source: MediaFacts,
    fps: Fraction | None,
    most: int,
) -> tuple[int, int] | None:
    """Return a size for which so many bytes are enough; None where they are for the one given."""
    rate, seconds = fps or source.fps or Fraction(25), Fraction(source.duration_seconds)
    pixels = most * 8 / (max(seconds, Fraction(1)) * rate * Fraction(_LEAST_BITS_A_PIXEL))
    if size[0] * size[1] <= pixels:
        return None
    longer = max(source.width, source.height)
    found = (_scaled(source, Fraction(side, longer)) for side in _SIDES if side < max(size))
    fitting = [one for one in found if one[0] * one[1] <= pixels]
    return fitting[0] if fitting else _scaled(source, Fraction(min(_SIDES[-1], longer), longer))
