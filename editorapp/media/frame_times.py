"""Frame times: when each frame of a clip is shown, for players and prices; exact, and told compactly."""

import bisect
import json
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise

from editorapp.core.timecode import frame_at
from editorapp.media import layout, store
from editorapp.media.facts import JsonObject
from editorapp.media.models import Asset


@dataclass(frozen=True)
class FrameTimes:
    """`starts`: when each frame comes on screen, and when the last one goes; ascending, in
    `time_base` units.
    """

    starts: list[int]
    time_base: Fraction

    def told(self, *, is_copy: bool) -> JsonObject:
        """Return them as players read them.

        `base`: seconds of a unit, as numerator and denominator. `first`: when the first frame comes
        on screen in the file that is played: its own copy for viewing starts at 0. `lasts`: how
        long the frames last, in runs of equal ones, as [units, frames].
        """
        return {
            "base": [self.time_base.numerator, self.time_base.denominator],
            "first": 0 if is_copy else self.starts[0],
            "lasts": self._runs(),
        }

    def _runs(self) -> list[list[int]]:
        lengths = (after - before for before, after in pairwise(self.starts))
        return [[length, len(list(run))] for length, run in groupby(lengths)]


def frame_times(asset: Asset) -> FrameTimes:
    """Return the times of a clip's frames, as they were measured when it was taken in.

    Raises: Refusal.
    """
    with store.held(asset.sha256, layout.FRAMES) as (file,):
        index = json.loads(file.read_text())
    return FrameTimes([*index["pts"], index["end"]], Fraction(index["time_base"]))


def _constant_rate(asset: Asset) -> Fraction | None:
    return None if asset.variable_frame_rate else asset.fps


def length_of(asset: Asset, first: int, last: int) -> Fraction:
    """Return for how many seconds the frames `first` to `last` of a clip, both included, are shown.

    Raises: Refusal.

    At a constant rate it is the rate that counts: the times of some containers are rounded.
    """
    if rate := _constant_rate(asset):
        return (last - first + 1) / rate
    known = frame_times(asset)
    return (known.starts[last + 1] - known.starts[first]) * known.time_base


def frames_within(asset: Asset, seconds: Fraction) -> int:
    """Return how many frames of a clip, from its first on, last no longer than some seconds.

    Raises: Refusal.
    """
    if rate := _constant_rate(asset):
        return frame_at(seconds, rate)
    known = frame_times(asset)
    return bisect.bisect_right(known.starts, known.starts[0] + seconds / known.time_base) - 1
