"""Outgoing copies: a file as it leaves the house: pictures upright and in sRGB, and nothing told of place and camera.

A picture that only has metadata loses that and keeps its pixels; one that lies on its side, or has colours of another
profile than sRGB, is coded anew: few who read pictures heed either note. A clip's pictures, sound and times are never
touched: what is told in its container is written over in place (clip_metadata.py).
"""

import io
import struct
import warnings
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps
from PIL.JpegImagePlugin import get_sampling

from editorapp.media.decoding import clip_metadata
from editorapp.media.decoding.sniff import Sniffed, sniff
from editorapp.media.decoding.still_picture import MAX_BYTES
from editorapp.media.decoding.strip import stripped
from editorapp.media.refusals import Refusal, show_bytes

_ORIENTATION = 0x0112
_SRGB = ImageCms.createProfile("sRGB")
_CONVERTED = {"RGB": "RGB", "RGBA": "RGBA", "L": "RGB", "CMYK": "RGB"}  # modes that a profile can be taken from
_ALIKE = 2  # of 255: profiles whose colours differ by no more are the same


def outgoing(path: Path, out: Path) -> bool:
    """Write a file as it may leave to `out`. False, and nothing is written, where it may leave as it is.

    Raises: Refusal, when a picture cannot be written so that it is taken.
    """
    sniffed = sniff(path)
    if sniffed.kind == "video":
        return clip_metadata.redact(path, sniffed, out)
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
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=[sniffed.format]) as image:
            warnings.simplefilter("ignore")
            image.load()
            is_turned = _orientation(image) in range(2, 9)
            upright = ImageOps.exif_transpose(image) if is_turned else image
            right = _in_srgb(upright)
            if right is None and not is_turned:
                return _stripped(data, sniffed.format, image)
            return _coded(right or upright, image, sniffed.format, is_converted=right is not None)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refusal("damaged_picture") from error


def _orientation(image: Image.Image) -> int:
    """Return how the camera says that the picture is turned: 1 where it says nothing that can be read."""
    try:
        said = image.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return 1
    return said if isinstance(said, int) else 1


def _stripped(data: bytes, format: str, image: Image.Image) -> bytes:
    """Drop the metadata; where the file is built oddly, or the pixels would be others, code it anew."""
    try:
        made = stripped(data, format)
        if made == data:
            return data
        with Image.open(io.BytesIO(made), formats=[format]) as again:
            same = again.mode == image.mode and again.getpalette() == image.getpalette()
            if same and again.tobytes() == image.tobytes():
                return made
    except (OSError, SyntaxError, ValueError, EOFError):
        pass
    return _coded(image, image, format, is_converted=False)


def _in_srgb(image: Image.Image) -> Image.Image | None:
    """Return the picture with its colours in sRGB; None where they are that, or nobody says what they are."""
    icc = image.info.get("icc_profile")
    if image.mode not in {*_CONVERTED, "P", "LA", "PA"} or (not icc and image.mode != "CMYK"):
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc)) if icc else None
        if profile is None or _is_srgb(profile, image.mode):
            return image.convert("RGB") if image.mode == "CMYK" else None
        flat, alpha = _without_alpha(image)
        made = _through(flat, profile)
        if alpha is not None:
            made.putalpha(alpha)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return image.convert("RGB") if image.mode == "CMYK" else None  # a profile that says nothing
    made.info = {}
    return made


def _without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if not image.has_transparency_data:
        return (image if image.mode in _CONVERTED else image.convert("RGB")), None
    with_alpha = image.convert("LA" if image.mode in ("L", "LA") else "RGBA")
    alpha = with_alpha.getchannel("A")
    return with_alpha.convert("L" if with_alpha.mode == "LA" else "RGB"), alpha


def _through(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    made = ImageCms.profileToProfile(
        image,
        profile,
        _SRGB,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode=_CONVERTED[image.mode],
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert made is not None
    return made


def _is_srgb(profile: ImageCms.ImageCmsProfile, mode: str) -> bool:
    """Does the profile mean the same colours as sRGB? Its name may be anything, so some colours are tried."""
    if mode == "CMYK":
        return False
    steps = range(0, 256, 51)
    if mode in ("L", "LA"):
        tried = Image.frombytes("L", (256, 1), bytes(range(256)))
    else:
        colours = (value for red in steps for green in steps for blue in steps for value in (red, green, blue))
        tried = Image.frombytes("RGB", (216, 1), bytes(colours))
    before, after = tried.convert("RGB").tobytes(), _through(tried, profile).tobytes()
    return max(abs(one - other) for one, other in zip(before, after, strict=True)) <= _ALIKE


def _coded(image: Image.Image, original: Image.Image, format: str, *, is_converted: bool) -> bytes:
    """Write a picture anew, in its own format, with its colour profile and nothing else beside the pixels."""
    icc = None if is_converted else original.info.get("icc_profile")
    bare = image.copy()
    bare.info = {key: image.info[key] for key in ("transparency",) if key in image.info}
    for quality in (95, 85):
        made = io.BytesIO()
        bare.save(made, format, **_options(original, format, quality), **({"icc_profile": icc} if icc else {}))
        if made.tell() <= MAX_BYTES:
            return made.getvalue()
    raise Refusal("too_big", size=show_bytes(made.tell()), limit=show_bytes(MAX_BYTES))


def _options(original: Image.Image, format: str, quality: int) -> dict[str, Any]:
    if format == "JPEG":
        return {"quality": quality, "subsampling": 2 if get_sampling(original) == 2 else 0}
    if format == "WEBP":
        return {"quality": quality, "method": 4, "exact": True}
    return {"compress_level": 6} if format == "PNG" else {}
