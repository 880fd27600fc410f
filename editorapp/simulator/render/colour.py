"""Colour codes of ITU-T H.273, and the type in which all drawing modules speak of pictures."""

from typing import Any, TypeAlias

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Tables: TypeAlias = tuple[Array, ...]  # of all values of a byte
Size: TypeAlias = tuple[int, int]  # width and height in pixels
Point: TypeAlias = tuple[int, int]
BT709, PQ, HLG, BT2020 = 1, 16, 18, 9
LIMITED_RANGE, FULL_RANGE = 1, 2
# With P3 (11, 12): a clip in them stays in them, whatever becomes of its pixels.
WIDE_PRIMARIES = (BT2020, 11, 12)
