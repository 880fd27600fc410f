"""A picture from outside: is it one that providers take, and does it decode to its end?"""

from pathlib import Path
from typing import Any

from PIL import Image

from editorapp.media.decoding.picture_colour import COLOURED, in_srgb
from editorapp.media.decoding.picture_file import (
    UNREADABLE,
    in_eight_bits,
    is_animated,
    opened,
    orientation,
    turned,
)
from editorapp.media.decoding.previews import POSTER_HEIGHT, POSTER_WIDTH
from editorapp.media.decoding.sniff import Sniffed
from editorapp.media.refusals import Refusal, show_bytes

MAX_SIDE_PX = 8000
MAX_PIXELS = 64_000_000
MAX_BYTES = 52_428_800


def examine_picture(path: Path, sniffed: Sniffed, *, poster: Path | None) -> dict[str, Any]:
    """Measure a picture by decoding it whole, and write its poster.

    Size is as displayed, after the orientation that a camera noted. Raises: Refusal.
    Source: docs/providers/luma-agents.md section 5 (JPEG, PNG, WebP, still GIF; 50 MB; 8,000 px a side).
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Refusal("too_big", size=show_bytes(size), limit=show_bytes(MAX_BYTES))
    data, format = path.read_bytes(), sniffed.format
    try:
        with opened(data, format) as image:
            _check_size(image)
            if is_animated(data, format):
                raise Refusal("animated_picture", what=sniffed.what)
            image.load()
            upright = turned(image, orientation(data, format))
            if poster:
                _save_poster(upright, poster)
            return _facts(upright, image.mode, sniffed, size)
    except UNREADABLE as error:
        raise Refusal("damaged_picture") from error


def _save_poster(upright: Image.Image, path: Path) -> None:
    """Write the picture small, and in the colours that its profile means."""
    small = in_eight_bits(upright).copy()
    if small.mode not in {*COLOURED, "LA"}:
        small = small.convert("RGBA" if small.has_transparency_data else "RGB")
    small.thumbnail((POSTER_WIDTH, POSTER_HEIGHT))
    small = in_srgb(small) or small
    small = small.convert("RGBA" if small.has_transparency_data else "RGB")
    small.info = {}
    small.save(path, "WEBP", quality=80, method=2)


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width > MAX_SIDE_PX or height > MAX_SIDE_PX or width * height > MAX_PIXELS:
        limit = f"{MAX_SIDE_PX:,} a side"
        raise Refusal("too_large_picture", width=f"{width:,}", height=f"{height:,}", limit=limit)


def _facts(image: Image.Image, mode: str, sniffed: Sniffed, size: int) -> dict[str, Any]:
    return {
        "kind": "image",
        "container": sniffed.format.lower(),
        "codec": sniffed.format.lower(),
        "width": image.width,
        "height": image.height,
        "size_bytes": size,
        "fps": None,
        "frame_count": 0,
        "duration_seconds": "0",
        "has_audio": False,
        "hdr": False,
        "hdr_transfer": "",
        "variable_frame_rate": False,
        "rotation": 0,
        "pixel_format": mode.lower(),
        "browser_safe": True,
    }
