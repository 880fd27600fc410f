"""Still pictures from outside: is it one that providers take, and does it decode to its end?"""

from pathlib import Path

from PIL import Image

from editorapp.media.decoding.picture_colour import COLOURED, in_srgb
from editorapp.media.decoding.picture_file import (
    UNREADABLE,
    is_animated,
    opened,
    plain,
    upright,
)
from editorapp.media.decoding.poster_filmstrip import POSTER_HEIGHT, POSTER_WIDTH
from editorapp.media.decoding.size_limits import STILL_BYTES, check_still_size
from editorapp.media.decoding.sniff import Sniffed
from editorapp.media.facts import JsonObject
from editorapp.media.refusals import Refusal, show_bytes


def examine_picture(path: Path, sniffed: Sniffed, *, poster: Path | None) -> JsonObject:
    """Measure a picture by decoding it whole, and write its poster.

    Size is as displayed, after the orientation that a camera noted. Raises: Refusal.
    Source: docs/providers/luma-agents.md, section 5 (JPEG, PNG, WebP, still GIF; 50 MB; 8,000 px a side).
    """
    size = path.stat().st_size
    if size > STILL_BYTES:
        raise Refusal("too_big", size=show_bytes(size), limit=show_bytes(STILL_BYTES))
    data, format = path.read_bytes(), sniffed.format
    try:
        with opened(data, format) as image:
            check_still_size(*image.size)
            if is_animated(data, format):
                raise Refusal("animated_picture", what=sniffed.what)
            image.load()
            shown = upright(image, data, format)
            if poster:
                _save_poster(shown, poster)
    except UNREADABLE as error:
        raise Refusal("damaged_picture") from error
    return {
        "kind": "image",
        "container": format.lower(),
        "codec": format.lower(),
        "width": shown.width,
        "height": shown.height,
        "size_bytes": size,
        "pixel_format": image.mode.lower(),
    }


def _save_poster(shown: Image.Image, path: Path) -> None:
    """Write the picture small, and in the colours that its profile means."""
    small = _small(shown)
    small = plain(in_srgb(small) or small)
    small.info = {}
    small.save(path, "WEBP", quality=80, method=2)


def _small(shown: Image.Image) -> Image.Image:
    small = shown.copy()
    if small.mode not in {*COLOURED, "LA"}:
        small = plain(small)
    small.thumbnail((POSTER_WIDTH, POSTER_HEIGHT))
    return small
