"""Typed amounts: the dollars that a form names."""

from collections.abc import Mapping
from decimal import Decimal

from editorapp.core.money import NotAnAmount, usd_typed


def amount_or_none(values: Mapping[str, str], name: str) -> Decimal | None:
    """Return the dollars that a form names; None where it names none."""
    try:
        return usd_typed(values.get(name, ""))
    except NotAnAmount:
        return None
