"""Compiled queries: compiled once, asked with other values each time.

Django writes the SQL of a query anew whenever it is asked. For a page that reads a few rows by their
ids this takes several times as long as the database takes to answer; of the pages that people look at
most it was a third of the whole.
"""

import copy
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=Any)
Asked = TypeVar("Asked")
Value = int | str | date | datetime | UUID
STAND_IN = 7_000_000_000_000  # and the next ones: numbers that no query asks for of itself
_DAY = date(7000, 1, 1)
_INSTANT = datetime(7000, 1, 1, tzinfo=UTC)
# By the type of a value, what stands in for the first, second... of a call. A flag has none: the
# SQL is another for each.
STAND_INS: dict[type, Callable[[int], Value]] = {
    int: lambda place: STAND_IN + place,
    str: lambda place: f"stand-in {STAND_IN + place}",
    date: lambda place: _DAY + timedelta(days=place),
    datetime: lambda place: _INSTANT + timedelta(microseconds=place),
    UUID: lambda place: UUID(int=STAND_IN + place),
}


class NotAParameter(ValueError):
    """A value is not handed on to the database as it is: a query with it cannot be compiled once."""


class _Place(NamedTuple):
    """Where a parameter comes from: the value of a call at this place."""

    at: int


class CompiledQuery(Generic[Row]):
    """A query as a function of values: what `made` returns for them, read.

    `made` is called once for each count and kind of values, with stand-ins: it may put each anywhere
    as a parameter (a key, a bound, one of a list), and decide nothing by them.
    """

    def __init__(self, made: "Callable[..., QuerySet[Any, Row]]") -> None:
        self._made = made
        self._compiled = cache(self._compile)

    def __call__(self, *values: Value) -> list[Row]:
        """Read the rows. Raises: NotAParameter, the first time."""
        connection = connections[DEFAULT_DB_ALIAS]
        kinds = tuple(map(type, values))
        queryset, compiler, sql, params = self._compiled(connection.vendor, kinds)
        asked = [
            _as_kept(values[one.at], connection) if type(one) is _Place else one for one in params
        ]
        ready = copy.copy(compiler)  # of this call: another thread may run the same
        ready.connection = connection
        ready.as_sql = lambda *_args, **_more: (sql, asked)  # type: ignore[method-assign]
        return list(_read_by(ready, queryset))

    def _compile(
        self,
        _vendor: str,
        kinds: tuple[type, ...],
    ) -> "tuple[QuerySet[Any, Row], SQLCompiler, str, Sequence[Any]]":
        stand_ins = [STAND_INS[kind](place) for place, kind in enumerate(kinds)]
        queryset = self._made(*stand_ins)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        return queryset, compiler, sql, _with_places(params, stand_ins)


def padded(ids: Sequence[Asked], *, to: int) -> list[Asked]:
    """Return ids with the last one repeated up to a whole number of `to`: queries for any count of
    them are then few.
    """
    return [*ids, *list(ids[-1:]) * (-len(ids) % to)]


def _as_kept(value: Value, connection: BaseDatabaseWrapper) -> Any:
    """Return a value as this database is given it: what a field of it makes of it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    is_written = isinstance(value, UUID) and not connection.features.has_native_uuid_field
    return value.hex if is_written else value  # type: ignore[union-attr]


def _with_places(params: Sequence[Any], stand_ins: Sequence[Value]) -> list[Any]:
    """Return parameters with the place of each stand-in instead of it. Raises: NotAParameter."""
    connection = connections[DEFAULT_DB_ALIAS]
    places = {_as_kept(one, connection): _Place(at) for at, one in enumerate(stand_ins)}
    found = [
        places.get(one, one) if isinstance(one, int | str | date | UUID) else one for one in params
    ]
    if missing := set(places.values()).difference(one for one in found if type(one) is _Place):
        raise NotAParameter(f"{missing} of {stand_ins} is no parameter of its own.")
    return found


def _read_by(compiler: SQLCompiler, queryset: "QuerySet[Any, Row]") -> "QuerySet[Any, Row]":
    """Return the query such that it is read with this compiler, which has its SQL already."""
    query = copy.copy(queryset.query)
    query.get_compiler = lambda *_args, **_more: compiler  # type: ignore[method-assign]
    ready = queryset.all()
    ready._query = query  # type: ignore[attr-defined]
    return ready
