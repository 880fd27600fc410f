"""Asset JSON: an asset as scripts see it."""

from typing import Any

from editorapp.media.models import Asset
from editorapp.web.presenters.addresses import file_address

FACTS = (
    *("name", "kind", "width", "height", "fps", "frame_count", "duration_seconds", "codec"),
    *("hdr", "has_audio", "variable_frame_rate", "size_bytes", "proxy"),
)


def asset_json(asset: Asset) -> dict[str, Any]:
    """Return an asset as scripts see it; urls carry a version, so that browsers may keep the
    answers.
    """
    fps = asset.fps
    return {
        "id": asset.pk,
        **{name: getattr(asset, name) for name in FACTS},
        "fps": f"{fps.numerator}/{fps.denominator}" if fps else None,
        "duration_seconds": float(asset.duration_seconds),
        **_urls(asset),
    }


def _urls(asset: Asset) -> dict[str, str | None]:
    """Return where its files are; None for what there is none of."""
    is_there = {
        "poster": True,
        "filmstrip": asset.is_video,
        "playable": asset.is_playable,
    }
    return {
        f"{what}_url": file_address(asset, what) if there else None
        for what, there in is_there.items()
    }
