"""Asset JSON: an asset as scripts see it."""

from typing import Any

from django.urls import reverse

from editorapp.media.models import Asset

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
    return {f"{what}_url": _url(asset, what) if there else None for what, there in is_there.items()}


def _url(asset: Asset, what: str) -> str:
    return f"{reverse('media:file', args=[asset.pk, what])}?v={asset.sha256[:12]}"
