"""Filter kinds: how a filter of the gallery is read from the address, and which takes pass it.

A filter says which takes pass as a test of the database, and, where an index has such takes in order,
as a list of ids: see library/finding.py.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from django.db.models import Q
from django.http import QueryDict

from editorapp.core.request_values import BadValue, as_decimal, as_whole, text
from editorapp.library.id_lists import IndexedIds
from editorapp.teams.models import Member

Value = str | int
Values = tuple[Value, ...]
Test = Callable[[Values, Member], Q]
Ids = Callable[[Values, Member], IndexedIds | None]
Options = Mapping[Value, str]
MOST_VALUES = 20  # of one filter
MOST_LISTED = 8  # values of which each is a list of its own
MOST_DIGITS = 12


class Filter(Protocol):
    """One thing that takes are narrowed by."""

    @property
    def name(self) -> str:
        """Its name in the address."""

    @property
    def label(self) -> str:
        """What the form calls it."""

    def read(self, query: QueryDict) -> Values:
        """Read its values; none is no filter. Raises: BadValue."""

    def test(self, values: Values, member: Member) -> Q:
        """Return which takes pass."""

    def ids(self, values: Values, member: Member) -> IndexedIds | None:
        """Return the list of the takes that pass, of an index that has them in order, if any."""


def _no_list(_values: Values, _member: Member) -> None:
    return None


@dataclass(frozen=True)
class ChoiceFilter:
    """Some of the choices that there are; a choice that there is not (any more) is let go."""

    name: str
    label: str
    choices: Callable[[], Mapping[str, str]]
    passes: Test
    listed: Ids = _no_list
    is_one: bool = False  # one at a time: a number of stars, a mark of one's own

    def read(self, query: QueryDict) -> Values:
        choices = self.choices()
        said = (value for value in query.getlist(self.name) if value in choices)
        return _once(said, most=1 if self.is_one else MOST_VALUES)

    def test(self, values: Values, member: Member) -> Q:
        return self.passes(values, member)

    def ids(self, values: Values, member: Member) -> IndexedIds | None:
        return self.listed(values, member) if len(values) <= MOST_LISTED else None


@dataclass(frozen=True)
class RowFilter:
    """Some rows of a table, by their ids; 0 for none at all where `bare` names that."""

    name: str
    label: str
    passes: Test
    listed: Ids = _no_list
    bare: str = ""

    def read(self, query: QueryDict) -> Values:
        return _once(self._id(text) for text in query.getlist(self.name) if text)

    def _id(self, text: str) -> int:
        low = 0 if self.bare else 1
        if (number := as_whole(text)) is None or number < low:
            raise BadValue(self.name, "a whole number from 1 to 2⁶³ belongs here, in digits.")
        return number

    def test(self, values: Values, member: Member) -> Q:
        return self.passes(values, member)

    def ids(self, values: Values, member: Member) -> IndexedIds | None:
        is_listed = len(values) <= MOST_LISTED and 0 not in values
        return self.listed(values, member) if is_listed else None


@dataclass(frozen=True)
class TextFilter:
    """One exact text."""

    name: str
    label: str
    passes: Test
    listed: Ids = _no_list

    def read(self, query: QueryDict) -> Values:
        return tuple(filter(None, [text(query, self.name, most=64)]))

    def test(self, values: Values, member: Member) -> Q:
        return self.passes(values, member)

    def ids(self, values: Values, member: Member) -> IndexedIds | None:
        return self.listed(values, member)


@dataclass(frozen=True)
class BoundFilter:
    """A bound of a number: cost, length."""

    name: str
    label: str
    says: str  # with {} for the number
    passes: Callable[[Decimal], Q]

    def read(self, query: QueryDict) -> Values:
        if not (said := query.get(self.name, "").strip().removeprefix("$")):
            return ()
        number = as_decimal(said)
        if number is None or number < 0 or len(number.as_tuple().digits) > MOST_DIGITS:
            raise BadValue(self.name, "a number from 0 belongs here, like 1.08.")
        return (format(number.normalize(), "f"),)

    def test(self, values: Values, _member: Member) -> Q:
        return self.passes(Decimal(values[0]))

    def ids(self, values: Values, member: Member) -> IndexedIds | None:
        return None


@dataclass(frozen=True)
class DateFilter:
    """The first or the last day."""

    name: str
    label: str
    says: str
    passes: Callable[[date], Q]

    def read(self, query: QueryDict) -> Values:
        if not (said := query.get(self.name, "").strip()):
            return ()
        try:
            day = date.fromisoformat(said) if len(said) == len("2026-01-01") else None
        except ValueError:
            day = None
        if day is None or not 2000 <= day.year <= 2999:
            raise BadValue(self.name, "a day belongs here, like 2026-01-31.")
        return (day.isoformat(),)

    def test(self, values: Values, _member: Member) -> Q:
        return self.passes(date.fromisoformat(str(values[0])))

    def ids(self, values: Values, member: Member) -> IndexedIds | None:
        return None


def _once(values: Iterable[Value], *, most: int = MOST_VALUES) -> Values:
    """Return values in their order, each once, so many at most."""
    return tuple(dict.fromkeys(values))[:most]
