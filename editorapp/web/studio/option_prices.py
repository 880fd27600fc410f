"""Option prices: how much more or less another size or range of light would cost, said beside the
option. Read off the published prices (costs/estimate.py), nowhere else.
"""

from collections.abc import Container
from dataclasses import replace
from decimal import Decimal
from typing import Any

from editorapp.core.money import show_usd
from editorapp.costs.estimate import estimate
from editorapp.generations.request.draft import Draft
from editorapp.providers.contract import GenerationRequest
from editorapp.web.studio.choices import Choices

PRICED_FLAGS = ("hdr", "exr")


def steps(draft: Draft, choices: Choices, closed: Container[str]) -> dict[str, str]:
    """Return what each size and range of a form changes in the price of a take, by the option's
    name: "+$1.08"; "" for what is chosen or closed, and where nothing is to be won or no price is
    published. None at all where the account has to be asked for each price.
    """
    if draft.is_quoted:
        return {}
    now = _usd(draft, draft.wanted)
    flags = [one for one in choices.flags if one.option in PRICED_FLAGS]
    return {
        one.option: ""
        if one.is_chosen or one.option in closed
        else _told(now, _usd(draft, _with(draft.wanted, one.option)))
        for one in [*choices.resolutions, *flags]
    }


def _with(wanted: GenerationRequest, option: str) -> GenerationRequest:
    name, _is, value = option.partition("=")
    changed: dict[str, Any] = {name: value or True}
    return replace(wanted, **changed)


def _usd(draft: Draft, wanted: GenerationRequest) -> Decimal | None:
    """Return what would be reserved for a request; None where no price is published."""
    found = estimate(wanted, draft.facts, provider=draft.account.provider)
    return found.high_usd if found is not None else None


def _told(now: Decimal | None, then: Decimal | None) -> str:
    if now is None or then is None or now == then:
        return ""
    sign = "+" if then > now else "\N{MINUS SIGN}"
    return f"{sign}{show_usd(abs(then - now))}"
