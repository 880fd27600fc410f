"""Timecode: seconds -> frame index, at an exact frame rate.

Frames count from 0; a rate is a Fraction, never a float.
"""

from fractions import Fraction


def frame_at(seconds: Fraction, fps: Fraction) -> int:
    """Return the index of the frame on screen at an instant of a clip with a constant rate."""
    return int(seconds * fps)


def show_fps(fps: Fraction | None) -> str:
    """Write a frame rate as people read it: 24, 29.97, 23.976."""
    return "" if fps is None else f"{float(fps):.3f}".rstrip("0").rstrip(".")
