"""A picture from outside: is it one that providers take, and does it decode to its end?"""

import warnings
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from editorapp.media.decoding.previews import POSTER_HEIGHT, POSTER_WIDTH
from editorapp.media.decoding.sniff import Sniffed
from editorapp.media.refusals import Refusal, show_bytes

MAX_SIDE_PX = 8000
MAX_PIXELS = 64_000_000
MAX_BYTES = 52_428_800


def examine_picture(path: Path, sniffed: Sniffed, *, poster: Path | None) -> dict[str, Any]:
    """Measure a picture by decoding it whole, and write its poster.

    Size is as displayed, after the orientation that a camera noted. Raises: Refusal.
    Source: contracts/luma-agents.md section 5 (JPEG, PNG, WebP, still GIF; 50 MB; 8,000 px a side).
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Refusal("too_big", size=show_bytes(size), limit=show_bytes(MAX_BYTES))
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before a pixel is decoded, and says more
    try:
        with warnings.catch_warnings(), Image.open(path, formats=[sniffed.format]) as image:
            warnings.simplefilter("ignore")
            _check(image, sniffed)
            image.load()
            upright = ImageOps.exif_transpose(image)
            facts = _facts(upright, image.mode, sniffed, size)
            if poster:
                small = upright.convert("RGBA" if _has_alpha(upright) else "RGB")
                small.thumbnail((POSTER_WIDTH, POSTER_HEIGHT))
                small.save(poster, "WEBP", quality=80, method=2)
            return facts
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise Refusal("damaged_picture") from error


def _check(image: Image.Image, sniffed: Sniffed) -> None:
    width, height = image.size
    if width > MAX_SIDE_PX or height > MAX_SIDE_PX or width * height > MAX_PIXELS:
        limit = f"{MAX_SIDE_PX:,} a side"
        raise Refusal("too_large_picture", width=f"{width:,}", height=f"{height:,}", limit=limit)
    if getattr(image, "is_animated", False):
        raise Refusal("animated_picture", what=sniffed.what)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info


def _facts(image: Image.Image, mode: str, sniffed: Sniffed, size: int) -> dict[str, Any]:
    return {
        "kind": "image", "container": sniffed.format.lower(), "codec": sniffed.format.lower(), "width": image.width,
        "height": image.height, "size_bytes": size, "fps": None, "frame_count": 0, "duration_seconds": "0",
        "has_audio": False, "hdr": False, "hdr_transfer": "", "variable_frame_rate": False, "rotation": 0,
        "pixel_format": mode.lower(), "browser_safe": True,
    }  # fmt: skip
