"""Take orders: in which order takes stand, and where a page of them begins.

In every order but those of time there are takes without its value (no cost yet, no rating): they come
last, newest first.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, Q, QuerySet

from editorapp.core.money import MICRO
from editorapp.generations.models import Generation

Takes = QuerySet[Generation]
Key = int | None


@dataclass(frozen=True)
class TakePlace:
    """Where a page begins: behind this take, which has this value in the order."""

    take: int
    key: Key = None


class OrderedTake(NamedTuple):
    """A take where it stands in an order."""

    take: int
    batch: UUID | None
    place: TakePlace


@dataclass(frozen=True)
class TakeOrder:
    """An order by a field of takes; without one, by their age."""

    name: str
    label: str
    field: str = "pk"
    is_rising: bool = False
    tie: str = "pk"  # the take's id, as the index has it
    read: Callable[[Any], Key] = lambda value: value
    written: Callable[[int], Any] = lambda key: key
    with_value: Q = Q()

    @property
    def is_by_age(self) -> bool:
        return self.field == "pk"

    def place_of(self, take: int, value: Any) -> TakePlace:
        return TakePlace(take, None if self.is_by_age else self.read(value))

    def rank(self, place: TakePlace) -> tuple[int, int, int]:
        """Return what sorts places into this order."""
        way = 1 if self.is_rising else -1
        if self.is_by_age:
            return (0, 0, way * place.take)
        if place.key is None:
            return (1, 0, -place.take)
        return (0, way * place.key, way * place.take)

    def next_of(self, takes: Takes, after: TakePlace | None, most: int) -> list[OrderedTake]:
        """Return the next takes by the index of this order, those without a value last.

        One query, or two. A take with a value can stand among those without: it was shown.
        """
        if self.is_by_age:
            return self._read(self._behind(takes, after).order_by(*self._order()), most)
        found: list[OrderedTake] = []
        if after is None or after.key is not None:
            valued = self._behind(takes.filter(self.with_value), after)
            found = self._read(valued.order_by(*self._order()), most)
        if len(found) < most:
            bare = takes if after is None or after.key is not None else self._older(takes, after)
            found += self._read(self._bare(bare).order_by("-pk"), most - len(found), is_bare=True)
        return found

    def _bare(self, takes: Takes) -> Takes:
        """Return takes without a value, where an index of their own table has them."""
        is_own = "__" not in self.field
        return takes.filter(**{f"{self.field}__isnull": True}) if is_own else takes

    def _read(self, takes: Takes, most: int, *, is_bare: bool = False) -> list[OrderedTake]:
        rows = takes.values_list("pk", "batch", self.field)[:most]
        return [
            OrderedTake(pk, batch, TakePlace(pk) if is_bare else self.place_of(pk, value))
            for pk, batch, value in rows
        ]

    def _order(self) -> tuple[str, ...]:
        fields = (self.tie,) if self.is_by_age else (self.field, self.tie)
        return fields if self.is_rising else tuple(f"-{name}" for name in fields)

    def _older(self, takes: Takes, after: TakePlace) -> Takes:
        return takes.filter(pk__lt=after.take)

    def _behind(self, takes: Takes, after: TakePlace | None) -> Takes:
        if after is None:
            return takes
        way = "gt" if self.is_rising else "lt"
        if self.is_by_age or after.key is None:
            return takes.filter(**{f"pk__{way}": after.take})
        value = self.written(after.key)
        same = Q(**{self.field: value, f"{self.tie}__{way}": after.take})
        # An index begins at the first bound; the second leaves out what was shown.
        from_here = takes.filter(**{f"{self.field}__{way}e": value})
        return from_here.filter(same | Q(**{f"{self.field}__{way}": value}))


def _micro(amount: Any) -> Key:
    return None if amount is None else int(amount * MICRO)


NEWEST = TakeOrder("", "Newest first")
_DEAREST = TakeOrder(
    "dearest",
    "Dearest first",
    field="cost_usd",
    read=_micro,
    written=lambda key: key / MICRO,
    with_value=Q(cost_usd__isnull=False),
)
_LONGEST = TakeOrder(
    "longest",
    "Longest first",
    field="result_ms",
    with_value=Q(result_ms__isnull=False),
)
_RATED = TakeOrder(
    "rated",
    "Best rated first",
    field="mark__rating",
    tie="mark__pk",
    read=lambda value: value or None,
    with_value=Q(mark__team=F("team"), mark__rating__gt=0),
)
ORDERS: dict[str, TakeOrder] = {
    one.name: one
    for one in (
        NEWEST,
        replace(NEWEST, name="oldest", label="Oldest first", is_rising=True),
        _RATED,
        _DEAREST,
        replace(_DEAREST, name="cheapest", label="Cheapest first", is_rising=True),
        _LONGEST,
        replace(_LONGEST, name="shortest", label="Shortest first", is_rising=True),
    )
}
