"""Stage tags: clips as the stage's template and scripts read them, {% load stage %}."""

from django import template

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.web.presenters.clips import StageClip, clip_json

register = template.Library()
register.simple_tag(clip_json)  # {% clip_json asset take %}, inside of data-clip="..."


@register.simple_tag
def alone(asset: Asset, heard_as: Generation | None = None) -> list[StageClip]:
    """Return what a stage shows of one clip; of a take's result with the sound that the take has."""
    return [StageClip(asset, heard_as=heard_as)]
