"""Size limits: pictures that would take gigabytes to decode are refused before they are."""

from editorapp.media.refusals import Refusal

CLIP_PIXELS = 40_000_000
_CLIP_SIDE_PX = 8192
_CLIP_LIMIT = f"{_CLIP_SIDE_PX:,} a side and {CLIP_PIXELS // 1_000_000} megapixels"
_STILL_SIDE_PX = 8000
STILL_BYTES = 52_428_800


def check_frame_size(width: int, height: int) -> None:
    """Refuse frames of a clip that are too large. Raises: Refusal."""
    if max(width, height) > _CLIP_SIDE_PX or width * height > CLIP_PIXELS:
        raise _too_large(width, height, _CLIP_LIMIT)


def check_still_size(width: int, height: int) -> None:
    """Refuse a still that is too large. Raises: Refusal."""
    if max(width, height) > _STILL_SIDE_PX:
        raise _too_large(width, height, f"{_STILL_SIDE_PX:,} a side")


def _too_large(width: int, height: int, limit: str) -> Refusal:
    return Refusal(
        "too_large_picture",
        width=f"{width:,}",
        height=f"{height:,}",
        limit=limit,
    )
