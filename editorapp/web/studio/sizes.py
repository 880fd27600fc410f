"""Sizes: what a result can be made as, each with what it would change in the price beside it."""

from collections.abc import Mapping

from django.utils.safestring import SafeString

from editorapp.web.presenters.kept_parts import kept_part
from editorapp.web.studio.choices import Choices


def drawn(choices: Choices, steps: Mapping[str, str]) -> SafeString:
    """Write the resolutions and the switches of a form; `steps`: see option_prices.steps."""
    return kept_part(
        "studio/_sizes.html",
        is_priced=bool(steps),
        resolutions=tuple((one, steps.get(one.option, "")) for one in choices.resolutions),
        flags=tuple((one, steps.get(one.option, ""), one.option in steps) for one in choices.flags),
    )
