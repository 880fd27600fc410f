"""Playing: the address of what a player is given of a clip, and whether it is heard."""

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.web.presenters.addresses import address


def address_of(asset: Asset, take: Generation | None = None) -> str:
    """Return what is played of a clip; of a take's result, with its source's sound where that is on."""
    if take is not None and take.has_source_sound:
        return address("takes:with_sound", take.pk, "playable")
    return address("media:file", asset.pk, "playable")


def is_heard(asset: Asset, take: Generation | None = None) -> bool:
    """Does what is played have sound?"""
    return asset.has_audio or (take is not None and take.has_source_sound)
