"""Watermark: words burnt into a picture, slanting all over it, so that cropping takes them away only
with the picture.

Light letters with a dark edge: they show on what is bright and on what is dark.
"""

from functools import lru_cache
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw

from editorapp.media.decoding.lettering import font

_ANGLE = 24  # degrees
_LETTERS, _EDGE = 0.34, 0.28  # how much of the picture the letters and their edge take
_SMALLEST, _PART_OF_SIDE = 11, 24  # px; the letters are a 24th of the shorter side
_BLACK, _WHITE = 16, 235  # of luma in limited range

Veil = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


@lru_cache(maxsize=8)
def veil(width: int, height: int, text: str) -> Veil:
    """Return what is laid over a picture: how much of each pixel is taken, 0 to 1, and whether by
    white, 1.0, or by black, 0.0.

    Shapes: (height, width), float32.
    """
    letters, edges = _drawn(width, height, text)
    weight = letters * _LETTERS + edges * (1 - letters) * _EDGE
    return weight.astype(np.float32), (letters > 0.5).astype(np.float32)


def burn(frame: Any, text: str) -> Any:
    """Return a copy of a video frame in yuv420p, limited range, with the words in it."""
    pixels = frame.to_ndarray(format="yuv420p")
    weight, is_white = veil(frame.width, frame.height, text)
    luma = pixels[: frame.height].astype(np.float32)
    aim = _BLACK + (_WHITE - _BLACK) * is_white
    pixels[: frame.height] = np.rint(luma + weight * (aim - luma)).astype(np.uint8)
    return av.VideoFrame.from_ndarray(pixels, format="yuv420p")


def on_picture(picture: Image.Image, text: str) -> Image.Image:
    """Return an RGB copy of a picture with the words in it."""
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float32)
    weight, is_white = (one[..., None] for one in veil(*picture.size, text))
    burnt = pixels + weight * (255 * is_white - pixels)
    return Image.fromarray(np.rint(burnt).astype(np.uint8))


def _drawn(width: int, height: int, text: str) -> tuple[Any, Any]:
    """Draw the words in slanting rows; return letters and their edges, 0 to 1."""
    side = int(np.hypot(width, height)) + 2
    written = font(max(_SMALLEST, min(width, height) // _PART_OF_SIDE))
    sheets = [Image.new("L", (side, side)) for _each in range(2)]
    length, tall = max(8, round(written.getlength(text))), round(written.getbbox(text)[3])
    across, down = length + 4 * tall, 5 * tall
    for row, top in enumerate(range(0, side, max(1, down))):
        for left in range(-(row % 2) * across // 2, side, across):
            ImageDraw.Draw(sheets[0]).text((left, top), text, font=written, fill=255)
            edge = max(1, tall // 14)
            pen = ImageDraw.Draw(sheets[1])
            pen.text((left, top), text, font=written, fill=255, stroke_width=edge)
    return tuple(_turned(sheet, width, height) for sheet in sheets)


def _turned(sheet: Image.Image, width: int, height: int) -> Any:
    turned = sheet.rotate(_ANGLE, resample=Image.Resampling.BILINEAR)
    left, top = (sheet.width - width) // 2, (sheet.height - height) // 2
    part = turned.crop((left, top, left + width, top + height))
    return np.asarray(part, dtype=np.float32) / 255
