"""Sizes tag: what a result can be made as, each with its price beside it, {% load sizes %}."""

from collections.abc import Mapping

from django import template
from django.utils.safestring import SafeString

from editorapp.web.presenters.kept_parts import kept_part
from editorapp.web.studio.choices import Choices

register = template.Library()


@register.simple_tag
def sizes(choices: Choices, steps: Mapping[str, str]) -> SafeString:
    """Write the resolutions and the switches of a form; `steps`: see web.studio.option_prices."""
    return kept_part(
        "studio/_sizes.html",
        is_priced=bool(steps),
        resolutions=tuple((one, steps.get(one.option, "")) for one in choices.resolutions),
        flags=tuple((one, steps.get(one.option, ""), one.option in steps) for one in choices.flags),
    )
