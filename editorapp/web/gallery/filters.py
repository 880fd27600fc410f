"""Filters: what the address bar narrows the gallery to, searches for, and in which order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import reduce
from operator import and_
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from editorapp.core.paging import cursor
from editorapp.core.request_values import BadValue, as_decimal, row_id, text
from editorapp.generations.models import Generation
from editorapp.library.finding import TakeQuery
from editorapp.library.id_lists import END, IndexedIds
from editorapp.library.search import TakeSearch
from editorapp.library.take_orders import NEWEST, ORDERS, TakeOrder, TakePlace
from editorapp.teams.models import Member
from editorapp.web.gallery.filter_kinds import Value, Values
from editorapp.web.gallery.filter_table import FILTERS, LISTED, start_of

LONGEST_SEARCH = 200
# Takes made at the same time get their ids in any order; a day is far more than they can be apart.
DISORDER = timedelta(days=1)


@dataclass(frozen=True)
class Filters:
    """What an address says. `said`: the values of each filter that is set."""

    said: Mapping[str, Values] = field(default_factory=dict)
    q: str = ""
    order: TakeOrder = NEWEST
    view: int | None = None  # the saved view that was opened

    @classmethod
    def read(cls, query: QueryDict) -> "Filters":
        """Read the address bar. A choice that there is not (any more) is let go.

        Raises: BadValue.
        """
        read = {name: one.read(query) for name, one in FILTERS.items() if name in query}
        return cls(
            said={name: values for name, values in read.items() if values},
            q=text(query, "q", most=LONGEST_SEARCH),
            order=ORDERS.get(query.get("sort", ""), NEWEST),
            view=row_id(query, "view"),
        )

    @property
    def any(self) -> bool:
        """Does it narrow anything?"""
        return bool(self.said or self.q)

    @property
    def is_plain(self) -> bool:
        """Is it all of the gallery, newest first?"""
        return not self.any and self.order is NEWEST

    def query(self, member: Member) -> TakeQuery:
        """Return what is looked for. One query to search, one for each bound of dates."""
        tests = [FILTERS[name].test(values, member) for name, values in self.said.items()]
        return TakeQuery(
            member,
            tests=reduce(and_, tests, Q()),
            search=TakeSearch.read(member.team_id, self.q) if self.q else None,
            ids=self._listed(member),
            order=self.order,
            newer_than=self._newer_than(member),
            older_than=self._older_than(member),
        )

    def _listed(self, member: Member) -> IndexedIds | None:
        for name in LISTED:
            if name in self.said and (ids := FILTERS[name].ids(self.said[name], member)):
                return ids
        return None

    def _newer_than(self, member: Member) -> int:
        if "since" not in self.said:
            return 0
        at = start_of(date.fromisoformat(str(self.said["since"][0]))) - DISORDER
        takes = Generation.objects.of_team(member.team_id).filter(created_at__lt=at)
        return takes.order_by("-created_at").values_list("pk", flat=True).first() or 0

    def _older_than(self, member: Member) -> int:
        if "until" not in self.said:
            return END
        at = start_of(date.fromisoformat(str(self.said["until"][0]))) + DISORDER * 2
        takes = Generation.objects.of_team(member.team_id).filter(created_at__gte=at)
        return takes.order_by("created_at").values_list("pk", flat=True).first() or END

    def without(self, name: str, value: Value | None = None) -> "Filters":
        """Return these filters with one value of one let go, or with the whole of it."""
        if name == "q":
            return replace(self, q="")
        left = () if value is None else tuple(one for one in self.said[name] if one != value)
        return self.having(name, *left)

    def having(self, name: str, *values: Value) -> "Filters":
        """Return these filters with one of them set to these values."""
        said = {**self.said, name: values}
        return replace(self, said={key: kept for key, kept in said.items() if kept})

    def pairs(self) -> Iterator[tuple[str, Any]]:
        """Return what stands in the address, each name with each of its values."""
        if self.q:
            yield "q", self.q
        for name, values in self.said.items():
            yield from ((name, value) for value in values)
        if self.order is not NEWEST:
            yield "sort", self.order.name

    def text(self) -> str:
        """Return the address behind its "?", as a saved view keeps it."""
        return urlencode(list(self.pairs()))

    def address(self, *, after: TakePlace | None = None, name: str = "gallery:page") -> str:
        """Return an address with these filters: of the page, or of the part behind a place."""
        pairs = list(self.pairs())
        if self.view:
            pairs.append(("view", self.view))
        if after is not None:
            pairs += place_said(after)
        return reverse(name) + (f"?{urlencode(pairs)}" if pairs else "")


def place_said(place: TakePlace) -> list[tuple[str, Any]]:
    """Return where a page begins as an address says it."""
    key = [] if place.key is None else [("past", place.key)]
    return [("before", place.take), *key]


def place_read(query: QueryDict, order: TakeOrder) -> TakePlace | None:
    """Return where the page begins that an address asks for; None for the first.

    Raises: BadValue.
    """
    if (take := cursor(query)) is None:
        return None
    if not (past := query.get("past", "")) or order.is_by_age:
        return TakePlace(take)
    if (key := as_decimal(past)) is None or key != int(key) or abs(key) >= END:
        raise BadValue("past", "a whole number belongs here.")
    return TakePlace(take, int(key))
