"""Picture files, opened for their pixels: what is told beside them never stops it.

Metadata are taken out before a decoder sees them, because it would stop at text that is no text, at
a note that is too long, or take a second picture (the gain map of a phone) for the next one of a
film.
"""

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps

from editorapp.media.decoding.metadata_removal import has_png_animation, stripped

# What Pillow raises.
UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)


_UNREADABLE_NOTE = (
    *UNREADABLE,
    TypeError,
    KeyError,
    IndexError,
    OverflowError,
    struct.error,
)


@contextmanager
def opened(data: bytes, format: str) -> Iterator[Image.Image]:
    """Yield the first picture of a file: its header is read, its pixels are decoded with `load()`.

    `format`: Pillow's name. Raises: one of UNREADABLE.
    """
    # Our own limit is checked before a pixel is decoded, and says more.
    Image.MAX_IMAGE_PIXELS = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _opened(data, format) as image:
            yield image


def _opened(data: bytes, format: str) -> Image.Image:
    for colours in (True, False):  # notes about colours may be damaged as well
        try:
            return _read(stripped(data, format, colours=colours), format)
        except UNREADABLE:
            continue
    return _read(data, format)


def _read(data: bytes, format: str) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=[format])


def is_animated(data: bytes, format: str) -> bool:
    """Does the file hold a film? A JPEG never does: its second picture is a gain map, a depth map,
    or a thumbnail.
    """
    if format == "JPEG":
        return False
    if format == "PNG":
        return has_png_animation(data)
    with _read(data, format) as image:
        return bool(getattr(image, "is_animated", False))


def _orientation(data: bytes, format: str) -> int:
    """Return how the camera says that the picture is turned (EXIF, 1 to 8): 1 where it says nothing
    readable.
    """
    try:
        said = _noted_turn(data, format)
    except _UNREADABLE_NOTE:
        return 1
    return said if said in range(1, 9) else 1


def _noted_turn(data: bytes, format: str) -> Any:
    """Return what the camera noted, whatever that is. Raises: one of _UNREADABLE_NOTE."""
    with warnings.catch_warnings(), _read(data, format) as image:
        warnings.simplefilter("ignore")
        return image.getexif().get(ExifTags.Base.Orientation, 1)


def upright(image: Image.Image, data: bytes, format: str) -> Image.Image:
    """Return the picture of a file as its camera held it, in 8 bits a colour; the very same where
    it is that.
    """
    said, shallow = _orientation(data, format), _in_eight_bits(image)
    if said == 1:
        return shallow
    shallow.getexif()[ExifTags.Base.Orientation] = said
    return ImageOps.exif_transpose(shallow)


def plain(image: Image.Image) -> Image.Image:
    """Return the picture in red, green and blue, with its transparency if it has one."""
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Return grey of 16 bits in 8, with its transparency; any other picture as it is.

    Pillow's own conversion cuts off at 255, so that nearly everything becomes white.
    """
    if not image.mode.startswith("I;16"):
        return image
    deep = np.asarray(image)
    made = Image.fromarray(((deep.astype(np.uint32) + 128) // 257).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        made.putalpha(Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8)))
    made.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return made
