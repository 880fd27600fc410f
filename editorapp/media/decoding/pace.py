"""Pace: which frames of a clip a copy shows, and when: each as long as it was, or so many a second."""

import bisect
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from editorapp.media.decoding.timeline import Timeline

# Clocks of containers are rounded, to 1 ms at most: a frame that is due that soon is on screen.
_ROUNDED = Fraction(1, 1000)

Span = tuple[int, int]  # the first and the last frame of a clip that are copied
Place = tuple[int, int]  # when a frame is shown in the copy, and for how long


@dataclass(frozen=True)
class Pace:
    """`places`: where each frame of the clip goes, in `time_base` units from the copy's start.

    One that is on screen for less than a frame of a slower copy goes nowhere.
    """

    time_base: Fraction
    places: dict[int, list[Place]]

    def of(self, index: int) -> list[Place]:
        return self.places.get(index, [])


def as_it_is(timeline: Timeline, span: Span) -> Pace:
    """Return the pace of a copy that shows every frame for as long as its clip does."""
    first, last = span
    ends = [*timeline.pts[first + 1 : last + 1], end_of(timeline, last)]
    start = timeline.pts[first]
    shown = zip(timeline.pts[first : last + 1], ends, strict=True)
    places = {first + at: [(pts - start, end - pts)] for at, (pts, end) in enumerate(shown)}
    return Pace(timeline.time_base, places)


def at_rate(timeline: Timeline, span: Span, rate: Fraction) -> Pace:
    """Return the pace of a copy with so many frames a second.

    Each of its frames shows what is on screen in the clip when it comes.
    """
    places: defaultdict[int, list[Place]] = defaultdict(list)
    for number, index in enumerate(shown_at(timeline, span, rate)):
        places[index].append((number, 1))
    return Pace(1 / rate, dict(places))


def shown_at(timeline: Timeline, span: Span, rate: Fraction) -> list[int]:
    """Return which frame of the clip each frame of a copy with so many a second shows."""
    first, last = span
    start, base = timeline.pts[first], timeline.time_base
    seconds = (end_of(timeline, last) - start) * base
    due = (start + (number / rate + _ROUNDED) / base for number in range(_count(seconds, rate)))
    return [min(last, bisect.bisect_right(timeline.pts, at) - 1) for at in due]


def _count(seconds: Fraction, rate: Fraction) -> int:
    """Return how many frames begin within so many seconds, the first at 0."""
    return max(1, -int(-(seconds - _ROUNDED) * rate // 1))


def end_of(timeline: Timeline, index: int) -> int:
    """Return when a frame goes, in the clip's own units."""
    following = timeline.pts[index + 1 : index + 2]
    return following[0] if following else timeline.end
