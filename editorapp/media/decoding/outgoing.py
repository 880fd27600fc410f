"""Outgoing copies: files as they leave the house, upright, in sRGB, and with nothing told of place
and camera.

A picture that only has metadata loses that and keeps its pixels; one that lies on its side, or has
colours of another profile than sRGB, is coded anew: few who read pictures heed either note. A
clip's pictures, sound and times are never touched: what is told in its container is written over in
place (clip_metadata.py).
"""

import io
from contextlib import suppress
from pathlib import Path

from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from editorapp.media.decoding import clip_metadata
from editorapp.media.decoding.metadata_removal import stripped
from editorapp.media.decoding.picture_colour import in_srgb
from editorapp.media.decoding.picture_file import UNREADABLE, opened, upright
from editorapp.media.decoding.size_limits import STILL_BYTES
from editorapp.media.decoding.sniff import Sniffed, sniff
from editorapp.media.facts import JsonObject
from editorapp.media.refusals import Refusal, show_bytes


def outgoing(path: Path, out: Path) -> bool:
    """Write a file as it may leave to `out`.

    False, and nothing is written, where it may leave as it is.

    Raises: Refusal, when a picture cannot be written so that it is taken.
    """
    sniffed = sniff(path)
    if sniffed.kind == "video":
        return sniffed.format == "mov" and clip_metadata.redact(path, out)
    if sniffed.kind != "picture":
        return False
    data = path.read_bytes()
    made = _picture(data, sniffed)
    if made == data:
        return False
    out.write_bytes(made)
    return True


def _picture(data: bytes, sniffed: Sniffed) -> bytes:
    try:
        with opened(data, sniffed.format) as image:
            image.load()
            shown = upright(image, data, sniffed.format)
            right = in_srgb(shown)
            if right is None and shown is image:
                return _stripped(data, sniffed.format, image)
            return _coded(
                right or shown,
                image,
                sniffed.format,
                is_converted=right is not None,
            )
    except UNREADABLE as error:
        raise Refusal("damaged_picture") from error


def _stripped(data: bytes, format: str, image: Image.Image) -> bytes:
    """Drop the metadata; where the file is built oddly, or the pixels would be others, code it
    anew.
    """
    # What it says of its colours may be damaged: then that does not go out either.
    for colours in (True, False):
        with suppress(*UNREADABLE):
            made = stripped(data, format, colours=colours)
            with Image.open(io.BytesIO(made), formats=[format]) as again:
                same = again.mode == image.mode and again.getpalette() == image.getpalette()
                if same and (made == data or again.tobytes() == image.tobytes()):
                    return made
    return _coded(image, image, format, is_converted=False)


def _coded(
    image: Image.Image,
    original: Image.Image,
    format: str,
    *,
    is_converted: bool,
) -> bytes:
    """Write a picture anew, in its own format, with its colour profile and nothing else beside the
    pixels.
    """
    bare = image.copy()
    bare.info = {key: image.info[key] for key in ("transparency",) if key in image.info}
    icc = None if is_converted else original.info.get("icc_profile")
    profile = {"icc_profile": icc} if icc else {}
    for quality in (95, 85):
        made = io.BytesIO()
        bare.save(made, format, **_options(original, format, quality), **profile)
        if made.tell() <= STILL_BYTES:
            return made.getvalue()
    raise Refusal("too_big", size=show_bytes(made.tell()), limit=show_bytes(STILL_BYTES))


def _options(original: Image.Image, format: str, quality: int) -> JsonObject:
    if format == "JPEG":
        return {"quality": quality, "subsampling": 2 if get_sampling(original) == 2 else 0}
    if format == "WEBP":
        return {"quality": quality, "method": 4, "exact": True}
    return {"compress_level": 6} if format == "PNG" else {}
