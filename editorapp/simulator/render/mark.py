"""The word "Simulated", burned into the lower right corner of every result."""

import numpy as np

from editorapp.simulator.render.clip import Planes
from editorapp.simulator.render.colour import Array


class Mark:
    """A small dark pill with white letters, made once for a size."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw, ImageFont

        size = max(11, round(min(width, height) * 0.034))
        font = ImageFont.load_default(size)
        left, top, right, bottom = font.getbbox("Simulated")
        pad = size // 2
        box = [
            min(_even(right - left + 2 * pad), width),
            min(_even(bottom - top + pad + pad // 2), height),
        ]
        pill = Image.new("L", (box[0], box[1]), 0)
        ImageDraw.Draw(pill).rounded_rectangle(
            (0, 0, box[0] - 1, box[1] - 1), box[1] // 2, fill=150
        )
        words = Image.new("L", (box[0], box[1]), 0)
        ImageDraw.Draw(words).text(
            ((box[0] - (right - left)) / 2 - left, (box[1] - (bottom - top)) / 2 - top),
            "Simulated",
            fill=255,
            font=font,
        )
        shade, letters = np.asarray(pill, np.uint16), np.asarray(words, np.uint16)
        alpha = np.maximum(shade, letters)
        colour = 18 + letters * 215 // 255
        self._keep = 255 - alpha
        self._add = alpha * colour
        self._keep_chroma = 255 - alpha[::2, ::2]
        self._add_chroma = alpha[::2, ::2] * np.uint16(128)
        inset = _even(size * 0.7)
        x, y = max(0, _even(width - box[0] - inset)), max(0, _even(height - box[1] - inset))
        self._at = (slice(y, y + box[1]), slice(x, x + box[0]))
        self._at_chroma = (slice(y // 2, (y + box[1]) // 2), slice(x // 2, (x + box[0]) // 2))

    def burn(self, planes: Planes) -> None:
        """Draw the mark into the picture, in place."""
        _blend(planes.y, self._at, self._keep, self._add)
        for plane in (planes.u, planes.v):
            _blend(plane, self._at_chroma, self._keep_chroma, self._add_chroma)


def _blend(plane: Array, at: tuple[slice, slice], keep: Array, add: Array) -> None:
    region = plane[at]
    rows, columns = region.shape
    mixed = (region * keep[:rows, :columns] + add[:rows, :columns]) // 255
    plane[at] = mixed.astype(np.uint8)


def _even(value: float) -> int:
    return int(value) // 2 * 2
