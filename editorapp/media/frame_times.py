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


def moment_of(asset: Asset, index: int) -> Fraction:
    """Return how many seconds after its first frame a frame of a clip comes on screen; of one past
    its end, by its mean rate.

    Raises: Refusal.
    """
    rate = _constant_rate(asset)
    if rate is None and index <= asset.frame_count:
        known = frame_times(asset)
        return (known.starts[index] - known.starts[0]) * known.time_base
    return index / (rate or asset.fps or Fraction(1))


def frame_shown(asset: Asset, seconds: Fraction) -> int:
    """Return the frame of a clip that is on screen some seconds after its first one came, or the
    next where that comes within half a frame; the number of its frames, or more, past its end.

    Raises: Refusal.
    """
    if rate := _constant_rate(asset):
        return frame_at(seconds + 1 / (2 * rate), rate)
    known = frame_times(asset)
    starts, at = known.starts, known.starts[0] + seconds / known.time_base
    after = bisect.bisect_right(starts, at)
    if after == len(starts):
        return asset.frame_count
    # A frame that stays longer than others is none the less the one that is seen.
    usual = 1 / (asset.fps * known.time_base) if asset.fps else starts[after]
    half = min(Fraction(starts[after] - starts[after - 1]), Fraction(usual)) / 2
    return after if starts[after] - at <= half else after - 1


def frames_within(asset: Asset, seconds: Fraction) -> int:
    """Return how many frames of a clip, from its first on, last no longer than some seconds.

    Raises: Refusal.
    """
    if rate := _constant_rate(asset):
        return frame_at(seconds, rate)
    known = frame_times(asset)
    return bisect.bisect_right(known.starts, known.starts[0] + seconds / known.time_base) - 1
