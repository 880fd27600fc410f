"""Group filters: takes that stand together, and the ways to finish one, {% load groups %}.

No filter causes a query on takes read by web.presenters.cards.read_cards.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django import template

from editorapp.generations.models import Generation
from editorapp.generations.request.finish import Finish
from editorapp.web.presenters.groups import TakeGroup, ordinal, source_name, stem

register = template.Library()
register.filter("stem", stem)


@register.filter
def standing(take: Generation) -> str:
    """Return where a take of `read_cards` stands in its lineage, after a space: " 3rd of 7"; "" for the
    only one.
    """
    places = take.places  # type: ignore[attr-defined]
    return f" {ordinal(take.place)} of {places}" if places > 1 else ""  # type: ignore[attr-defined]


@register.filter
def place(group: TakeGroup, take: Generation) -> str:
    """Return where a take stands in its group: "3rd of 4"."""
    return group.place_of(take)


@register.filter
def stands(group: TakeGroup, take: Generation) -> str:
    """Return where a take of `read_cards` stands, in its batch or else in its lineage, and what it was
    made from: "3rd of 4 from bunny"; "" for the only one made from nothing of ours.
    """
    where = place(group, take) if group.is_batch else standing(take)
    source = source_name(take)
    return (f"{where} from {source}" if source else where).strip()


@register.filter
def at(values: Mapping[Any, Any], key: Any) -> Any:
    """Return the value of a key; None where there is none."""
    return values.get(key)


@register.filter
def with_batch(address: str, batch: UUID) -> str:
    """Return the address of a page on which a batch is open."""
    return f"{address}{'&' if '?' in address else '?'}batch={batch}#batch-{batch}"


@register.filter
def is_asking(finishes: Iterable[Finish]) -> bool:
    """Is the price of one of these being asked for?"""
    return any(way.is_asking for way in finishes or ())
