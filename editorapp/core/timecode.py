"""Timecode: seconds, frame indexes and SMPTE timecode (drop frame too), at an exact frame rate.

Frames count from 0; a rate is a Fraction, never a float. Source: SMPTE ST 12-1.
"""

import re
from fractions import Fraction

# What editing programs know; files write some of them in other fractions.
STANDARD_RATES = tuple(
    Fraction(*rate)
    for rate in (
        (24000, 1001),
        (24, 1),
        (25, 1),
        (30000, 1001),
        (30, 1),
        (48000, 1001),
        (48, 1),
        (50, 1),
        (60000, 1001),
        (60, 1),
    )
)
DROP_RATES = frozenset({Fraction(30000, 1001), Fraction(60000, 1001)})
_NEAR = Fraction(1, 200)
_MINUTES_A_DAY = 24 * 60
_TIMECODE = re.compile(r"(\d\d):([0-5]\d):([0-5]\d)([:;])(\d\d)", re.ASCII)


def frame_at(seconds: Fraction, fps: Fraction) -> int:
    """Return the index of the frame on screen at an instant of a clip with a constant rate."""
    return int(seconds * fps)


def show_fps(fps: Fraction | None) -> str:
    """Write a frame rate as people read it: 24, 29.97, 23.976."""
    return "" if fps is None else f"{float(fps):.3f}".rstrip("0").rstrip(".")


def standard_rate(fps: Fraction) -> Fraction:
    """Return the standard rate that is meant by one as a file writes it (2997/100); the same where
    none is near.
    """
    nearest = min(STANDARD_RATES, key=lambda one: abs(one - fps))
    return nearest if abs(nearest - fps) < _NEAR else fps


def counted_rate(fps: Fraction) -> int:
    """Return how many frames a second of timecode counts: 24 at 23.976, 30 at 29.97."""
    return max(1, round(fps))


def frames_a_day(fps: Fraction, *, drop: bool = False) -> int:
    """Return how many frames have a timecode of their own."""
    whole = counted_rate(fps) * 60 * _MINUTES_A_DAY
    return whole - _dropped_before(_MINUTES_A_DAY, fps) if drop else whole


def timecode(frame: int, fps: Fraction, *, drop: bool = False) -> str:
    """Write a frame as timecode: 01:00:03:18, with drop frame 01:00:03;18; past a day from 0 on.

    Raises: ValueError, for a negative frame, or drop frame at a rate that has none.
    """
    if frame < 0:
        raise ValueError(f"Frame {frame} has no timecode.")
    number = frame % frames_a_day(fps, drop=drop)
    if drop:
        number += _dropped_until(number, fps)
    seconds, frames = divmod(number, counted_rate(fps))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{';' if drop else ':'}{frames:02}"


def frame_of(text: str, fps: Fraction) -> int:
    """Return the frame that a timecode names; a semicolon before its frames says drop frame.

    Raises: ValueError, also for a number that drop frame leaves out.
    """
    match = _TIMECODE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no timecode.")
    hours, minutes, seconds, frames = (int(match[at]) for at in (1, 2, 3, 5))
    count, minute = counted_rate(fps), hours * 60 + minutes
    if hours > 23 or frames >= count:
        raise ValueError(f"{text!r} is no timecode at {show_fps(fps)} fps.")
    number = (minute * 60 + seconds) * count + frames
    if match[4] == ":":
        return number
    if minute % 10 and seconds == 0 and frames < _dropped_a_minute(fps):
        raise ValueError(f"{text!r} is left out by drop frame.")
    return number - _dropped_before(minute, fps)


def _dropped_a_minute(fps: Fraction) -> int:
    """Return how many numbers each minute leaves out, but every tenth: 2 of 30, 4 of 60."""
    if fps not in DROP_RATES:
        raise ValueError(f"There is no drop frame at {show_fps(fps)} fps.")
    return counted_rate(fps) // 15


def _dropped_before(minute: int, fps: Fraction) -> int:
    """Return how many numbers are left out before a minute of the day, or in it."""
    return _dropped_a_minute(fps) * (minute - minute // 10)


def _dropped_until(frame: int, fps: Fraction) -> int:
    """Return how many numbers are left out before the number of a frame."""
    dropped, first = _dropped_a_minute(fps), counted_rate(fps) * 60
    tens, rest = divmod(frame, first * 10 - dropped * 9)
    minutes = 0 if rest < first else 1 + (rest - first) // (first - dropped)
    return dropped * (tens * 9 + minutes)
