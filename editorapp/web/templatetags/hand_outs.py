"""Hand-outs in templates: what takes can be taken along as."""

from itertools import groupby

from django import template

from editorapp.core.timecode import DROP_RATES, standard_rate
from editorapp.media.models import Asset
from editorapp.web.presenters.hand_outs import KINDS, HandOutKind

register = template.Library()


@register.filter
def has_drop_frame(clip: Asset | None) -> bool:
    """Is the timecode of a clip drop frame, unless it is not wanted so?"""
    fps = clip.fps if clip is not None else None
    return fps is not None and standard_rate(fps) in DROP_RATES


@register.simple_tag
def hand_outs(has_video: object = True) -> list[tuple[str, list[HandOutKind]]]:
    """Return the kinds under their headings; without a video those that need none."""
    kinds = [kind for kind in KINDS.values() if has_video or not kind.needs_video]
    return [(group, list(found)) for group, found in groupby(kinds, key=lambda one: one.group)]
