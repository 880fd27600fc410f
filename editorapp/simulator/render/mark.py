"""SimulatedMark: the word "Simulated", burned into the lower right corner of every result."""

from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from editorapp.simulator.render.planes import Array, Planes

Region: TypeAlias = tuple[slice, slice]
TEXT = "Simulated"


class SimulatedMark:
    """A small dark pill with white letters, made once for a size."""

    def __init__(self, width: int, height: int) -> None:
        size = max(11, round(min(width, height) * 0.034))
        shade, letters = _drawn(size, width, height)
        alpha = np.maximum(shade, letters)
        luma = alpha * (18 + letters * 215 // 255)
        thin = alpha[::2, ::2]
        inset, (high, wide) = _even(size * 0.7), alpha.shape
        y, x = max(0, _even(height - high - inset)), max(0, _even(width - wide - inset))
        self._luma = _place(y, x, alpha), 255 - alpha, luma
        self._chroma = _place(y // 2, x // 2, thin), 255 - thin, thin * np.uint16(128)

    def burn(self, planes: Planes) -> None:
        """Draw the mark into the picture, in place."""
        _blend(planes.y, *self._luma)
        for plane in planes.chroma:
            _blend(plane, *self._chroma)


def _place(row: int, column: int, alpha: Array) -> Region:
    return slice(row, row + alpha.shape[0]), slice(column, column + alpha.shape[1])


def _drawn(size: int, width: int, height: int) -> tuple[Array, Array]:
    """Return the pill and the letters, each 0..255 per pixel."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(TEXT)
    pad = size // 2
    wide = min(_even(right - left + 2 * pad), width)
    high = min(_even(bottom - top + pad + pad // 2), height)
    pill, words = Image.new("L", (wide, high), 0), Image.new("L", (wide, high), 0)
    ImageDraw.Draw(pill).rounded_rectangle(
        (0, 0, wide - 1, high - 1),
        high // 2,
        fill=150,
    )
    middle = ((wide - (right - left)) / 2 - left, (high - (bottom - top)) / 2 - top)
    ImageDraw.Draw(words).text(middle, TEXT, fill=255, font=font)
    return np.asarray(pill, np.uint16), np.asarray(words, np.uint16)


def _blend(plane: Array, at: Region, keep: Array, add: Array) -> None:
    rows, columns = plane[at].shape
    mixed = (plane[at] * keep[:rows, :columns] + add[:rows, :columns]) // 255
    plane[at] = mixed.astype(np.uint8)


def _even(value: float) -> int:
    return int(value) // 2 * 2
