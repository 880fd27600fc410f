"""Picture colours: from the profile that a file names to sRGB, which all browsers and providers
understand.
"""

import io
from itertools import chain, product

from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
# Modes that a profile can be taken from.
COLOURED = {"RGB": "RGB", "RGBA": "RGBA", "L": "RGB", "CMYK": "RGB"}
_ALIKE = 2  # of 255: profiles whose colours differ by no more are the same


def in_srgb(image: Image.Image) -> Image.Image | None:
    """Return the picture with its colours in sRGB; None where they are that, or nobody says what
    they are.
    """
    icc = image.info.get("icc_profile")
    untold = image.convert("RGB") if image.mode == "CMYK" else None
    if not icc or image.mode not in {*COLOURED, "P", "LA", "PA"}:
        return untold
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if _is_srgb(profile, image.mode):
            return untold
        flat, alpha = _without_alpha(image)
        made = _through(flat, profile)
        if alpha is not None:
            made.putalpha(alpha)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return untold  # a profile that says nothing
    made.info = {}
    return made


def _without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if not image.has_transparency_data:
        return (image if image.mode in COLOURED else image.convert("RGB")), None
    with_alpha = image.convert("LA" if image.mode in ("L", "LA") else "RGBA")
    alpha = with_alpha.getchannel("A")
    return with_alpha.convert("L" if with_alpha.mode == "LA" else "RGB"), alpha


def _through(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    made = ImageCms.profileToProfile(
        image,
        profile,
        _SRGB,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode=COLOURED[image.mode],
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert made is not None
    return made


def _is_srgb(profile: ImageCms.ImageCmsProfile, mode: str) -> bool:
    """Does the profile mean the same colours as sRGB? Its name may be anything, so some colours are
    tried.
    """
    if mode == "CMYK":
        return False
    if mode in ("L", "LA"):
        tried = Image.frombytes("L", (256, 1), bytes(range(256)))
    else:
        colours = bytes(chain.from_iterable(product(range(0, 256, 51), repeat=3)))
        tried = Image.frombytes("RGB", (216, 1), colours)
    before, after = tried.convert("RGB").tobytes(), _through(tried, profile).tobytes()
    return max(abs(one - other) for one, other in zip(before, after, strict=True)) <= _ALIKE
