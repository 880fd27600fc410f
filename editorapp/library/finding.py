"""Finding: the takes that pass every test, in an order, without reading all there are.

One list has the takes that are looked at, newest first, from an index: those that a text finds, those
with a tag, of a person, in a state ...; at worst all of the team. The database tests them portion by
portion. After two portions a request says how far it has looked: what is rare among very many takes
is found by looking further, and no request costs more than another. The number of queries is the same
whatever there is.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from editorapp.generations.models import Generation
from editorapp.library.id_lists import END, IdList, IndexedIds
from editorapp.library.search import TakeSearch
from editorapp.library.take_orders import NEWEST, OrderedTake, TakeOrder, TakePlace
from editorapp.teams.models import Member

# How many takes are looked at: few first, for most of what is asked for is common; then many.
PORTIONS = (64, 1_000)
MOST_LOOKED_AT = PORTIONS[-1]


@dataclass(frozen=True)
class FoundTakes:
    """A page of cards: the first take of each, in order."""

    heads: list[OrderedTake]
    after: TakePlace | None  # where the next page begins; None at the end
    is_further: bool = (
        False  # not the whole page is here: so many were looked at, and more are there
    )


@dataclass(frozen=True)
class TakeCount:
    """How many takes there are; where `is_more`, at least so many."""

    number: int
    is_more: bool

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_more else ''}"


@dataclass(frozen=True)
class TakeQuery:
    """What is looked for, and who asks.

    `ids`: a list that has every take that passes, and as few others as can be; None for no better
    one than all of the team. `newer_than`, `older_than`: ids between which all stand.
    """

    member: Member
    tests: Q = field(default_factory=Q)
    search: TakeSearch | None = None
    ids: IdList | None = None
    order: TakeOrder = NEWEST
    newer_than: int = 0
    older_than: int = END

    @cached_property
    def narrow(self) -> IdList | None:
        """The list that few takes are on, if there is one."""
        return self.search or self.ids

    @cached_property
    def listed(self) -> IdList:
        same = (("team", self.member.team_id),)
        return self.narrow or IndexedIds(Generation, "id", same, condition="trashed_at IS NULL")

    def newest(self, before: int, most: int) -> tuple[list[int], bool]:
        """Return ids to be tested, newest first, and whether these were the last."""
        ids = self.listed.newest(before=min(before, self.older_than), most=most)
        kept = [pk for pk in ids if pk > self.newer_than]
        return kept, len(ids) < most or len(kept) < len(ids)

    def passing(self, ids: Sequence[int]) -> "QuerySet[Generation]":
        """Return those of these takes that pass what the database tests."""
        return self.tested().filter(pk__in=listed_ids(ids))

    def tested(self) -> "QuerySet[Generation]":
        takes = Generation.objects.visible_to(self.member).order_by()
        return takes.filter(self.tests) if self.tests else takes

    def read(self, takes: "QuerySet[Generation]", *, is_searched: bool) -> list[OrderedTake]:
        """Return takes in this order. `is_searched`: they have the words that are searched for."""
        rows = takes.values_list("pk", "batch", self.order.field)
        found = [
            OrderedTake(pk, batch, self.order.place_of(pk, value)) for pk, batch, value in rows
        ]
        if self.search and not is_searched:
            having = self.search.among([one.take for one in found])
            found = [one for one in found if one.take in having]
        return sorted(found, key=lambda one: self.order.rank(one.place))


def find(query: TakeQuery, *, after: TakePlace | None, size: int) -> FoundTakes:
    """Return a page of `size` cards: what was sent in one go is one card."""
    if query.order is NEWEST:
        looked = _newest(query, after, size)
    elif query.narrow and (all_of_it := _all(query)) is not None:
        behind = [one for one in all_of_it if _is_behind(query.order, one.place, after)]
        looked = FoundTakes(_one_a_batch(behind), None)
    else:
        looked = _ordered(query, after, size)
    heads = _not_shown(query, looked.heads[:size], after)
    if len(looked.heads) <= size:
        return FoundTakes(heads, looked.after, looked.is_further)
    return FoundTakes(heads, looked.heads[size - 1].place)


def count(query: TakeQuery, *, most: int) -> TakeCount:
    """Count the takes that pass, as far as one request looks, up to `most`."""
    ids, is_last = query.newest(END, MOST_LOOKED_AT)
    if query.search is None:
        number = query.passing(ids).count()
    else:
        number = len(query.read(query.passing(ids), is_searched=True))
    return TakeCount(min(number, most), number > most or not is_last)


def looked_through(query: TakeQuery) -> tuple["QuerySet[Generation]", bool]:
    """Return the takes that pass among those that one request looks at, and whether these are all."""
    ids, is_last = query.newest(END, MOST_LOOKED_AT)
    return query.passing(ids), is_last


def _newest(query: TakeQuery, after: TakePlace | None, size: int) -> FoundTakes:
    before, heads = after.take if after else END, list[OrderedTake]()
    for most in PORTIONS:
        ids, is_last = query.newest(before, most)
        found = query.read(query.passing(ids), is_searched=True) if ids else []
        heads = _one_a_batch([*heads, *found])
        if is_last or len(heads) > size:
            return FoundTakes(heads, None)
        before = ids[-1]
    return FoundTakes(heads, TakePlace(before), is_further=True)


def _all(query: TakeQuery) -> list[OrderedTake] | None:
    """Return all that passes, in order; None where it is too much to be read at once."""
    ids, is_last = query.newest(END, MOST_LOOKED_AT)
    return query.read(query.passing(ids), is_searched=True) if is_last else None


def _ordered(query: TakeQuery, after: TakePlace | None, size: int) -> FoundTakes:
    takes = Generation.objects.of_team(query.member.team_id)
    if query.order.is_by_age:
        takes = takes.filter(pk__gt=query.newer_than, pk__lt=query.older_than)
    place, heads = after, list[OrderedTake]()
    for most in PORTIONS:
        rows = query.order.next_of(takes, place, most)
        heads = _one_a_batch([*heads, *_passing(query, rows)])
        if len(rows) < most or len(heads) > size:
            return FoundTakes(heads, None)
        place = rows[-1].place
    return FoundTakes(heads, place, is_further=True)


def _passing(query: TakeQuery, rows: Sequence[OrderedTake]) -> list[OrderedTake]:
    """Return those of these takes that pass, and stand in their own place."""
    there = {(one.take, one.place) for one in rows}
    found = query.read(query.passing([one.take for one in rows]), is_searched=False)
    return [one for one in found if (one.take, one.place) in there]


def _one_a_batch(takes: Iterable[OrderedTake]) -> list[OrderedTake]:
    """Return of each batch the first."""
    found: dict[int | UUID, OrderedTake] = {}
    for one in takes:
        found.setdefault(one.batch or one.take, one)
    return list(found.values())


def _is_behind(order: TakeOrder, place: TakePlace, after: TakePlace | None) -> bool:
    return after is None or order.rank(place) > order.rank(after)


def _not_shown(
    query: TakeQuery,
    heads: list[OrderedTake],
    after: TakePlace | None,
) -> list[OrderedTake]:
    """Return the heads without those whose batch stands on a page before this one: one query."""
    batches = {one.batch for one in heads if one.batch is not None}
    if after is None or not batches:
        return heads
    kin = query.tested().filter(batch__in=batches).exclude(pk__in=[one.take for one in heads])
    found = query.read(kin, is_searched=False)
    shown = {one.batch for one in found if not _is_behind(query.order, one.place, after)}
    return [one for one in heads if one.batch not in shown]


def listed_ids(ids: Sequence[int]) -> Any:
    """Return ids as one value: a query with a thousand is compiled as fast as one with two."""
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)])
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))])
